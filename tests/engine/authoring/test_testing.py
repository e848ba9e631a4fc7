"""The tests of rules run on the real engine; a failure says in words what was expected, what came out, and why."""

from __future__ import annotations

from datetime import date

import pytest

from engine.authoring.boundaries import Boundaries
from engine.authoring.mutants import mutant_reports
from engine.authoring.testing import Report, deciding, read_case_file, read_tests, run_tests
from engine.errors import RuleFileError
from engine.finding import Truth
from engine.outcome import RuleOutcome

RENAL = "baclofen-it/warnings/renal-impairment"
HEAD = "today: 2026-03-01\ntests:\n  - name: it is so\n"
LOW = "    labs: [lab-egfr 42 mL/min/1.73m2 on 2026-02-08]\n"


@pytest.fixture
def failures(folder):
    """What one test of the kidney rule says when it fails."""

    def run(test: str) -> list[str]:
        folder.write(f"{RENAL}.test.yaml", HEAD + test)
        (result,) = run_tests(folder.load(), select="renal").results
        return [*result.failures]

    return run


def test_all_tests_of_a_folder_run_and_pass(mini):
    report = run_tests(mini)
    assert report.ok
    assert len(report.results) == 15
    assert {result.rule for result in report.results} == {rule.id for rule in mini.rules.rules}


@pytest.mark.parametrize(("select", "names"), [("wrong-route", 3), ("eGFR", 2), ("no such test", 0)])
def test_some_are_chosen_by_rule_or_by_name(mini, select, names):
    assert len(run_tests(mini, select=select).results) == names


@pytest.mark.parametrize(
    ("truths", "decides"),
    [
        ((Truth.NOT_MET, Truth.UNKNOWN, Truth.MET), Truth.MET),
        ((Truth.NOT_MET, Truth.UNKNOWN), Truth.UNKNOWN),
        ((Truth.NOT_MET,), Truth.NOT_MET),
    ],
)
def test_of_several_orders_the_one_for_which_the_rule_is_met_decides_then_the_open_one(mini, truths, decides):
    rule = mini.rules.rule("baclofen-it.wrong-route")
    assert deciding(RuleOutcome(rule, truth) for truth in truths).outcome is decides


def test_no_test_at_all_is_no_success():
    assert not Report(()).ok


def test_a_rule_without_tests_does_not_keep_others_from_running(folder):
    folder.remove(f"{RENAL}.test.yaml")
    assert len(run_tests(folder.load()).results) == 8


def test_a_test_file_with_a_problem_is_no_success(folder):
    folder.write(f"{RENAL}.test.yaml", "tests: []\n")
    report = run_tests(folder.load())
    assert not report.ok
    assert {problem.code for problem in report.problems} == {"key-missing", "value-wrong"}
    assert report.failed == ()


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("not_met", ["outcome: expected not met, got met"]),
        ("{card: info}", ["card: expected info, got warning"]),
        ("{card: none}", ["card: expected none, got warning"]),
        ("{detail_has: [kidneys, liver]}", ["detail: expected “liver” in "]),
        ("{detail_lacks: [liver, kidneys]}", ["detail: expected no “kidneys” in “"]),
        ("{suggestions: [Cancel]}", ["suggestions: expected Cancel, got Note the lower dose"]),
        ("{suggestions: []}", ["suggestions: expected none, got Note the lower dose"]),
        ("{evidence: [Condition/1]}", ["evidence: expected Condition/1, got Observation/1"]),
        ("{evidence: []}", ["evidence: expected none, got Observation/1"]),
        ("{missing: [eGFR]}", ["missing: expected “eGFR”, got nothing"]),
        ("{summary: Too low}", ["summary: expected “Too low”\n"]),
        (
            "{outcome: unknown, card: critical}",
            ["outcome: expected unknown, got met", "card: expected critical, got warning"],
        ),
    ],
)
def test_a_failure_says_what_was_expected_and_what_came_out(failures, expect, said):
    found = failures(f"{LOW}    expect: {expect}\n")
    assert len(found) == len(said)
    assert all(line.startswith(start) for line, start in zip(found, said, strict=True))


def test_a_failure_where_there_is_no_card(failures):
    normal = "    labs: [lab-egfr 90 mL/min/1.73m2 on 2026-02-08]\n"
    assert failures(
        f"{normal}    expect: {{card: info, summary: x, detail_has: [y], detail_lacks: [w], suggestions: [z]}}\n"
    ) == [
        "card: expected info, got none",
        "summary: expected “x”\n                got “”",
        "detail: expected “y” in “”",
        "detail: expected a card without “w”, got none",
        "suggestions: expected z, got none",
    ]


def test_reasons_for_what_is_unknown_are_said(failures):
    assert failures("    expect: {missing: [allergy list]}\n") == [
        "missing: expected “allergy list”, got eGFR: none is on record"
    ]


def test_the_most_certain_of_several_orders_is_the_rules_outcome(failures):
    orders = (
        "    orders: [baclofen-oral-product, {is: baclofen-intrathecal, route: none}, baclofen-intrathecal]\n"
    )
    assert failures(f"{orders}{LOW}    expect: met\n") == []


def test_a_failure_names_its_place_and_explains_the_rule(folder):
    folder.write(f"{RENAL}.test.yaml", f"{HEAD}{LOW}    expect: not_met\n")
    (result,) = run_tests(folder.load()).failed
    head, failure, blank, *explanation = result.render().splitlines()
    assert head == "rules/baclofen-it/warnings/renal-impairment.test.yaml:3:11  it is so"
    assert (failure, blank) == ("  outcome: expected not met, got met", "")
    assert explanation[0].startswith("baclofen-it.renal-impairment 1.0.0")


@pytest.mark.parametrize("status", ["status: draft", "status: retired", "status: active\nexperimental: true"])
def test_a_rule_is_tested_whatever_its_status(folder, status):
    folder.edit(f"{RENAL}.yaml", "status: active", status)
    assert not run_tests(folder.load(), select="renal").failed


def test_settings_of_a_test_that_do_not_fit_the_rule_are_its_failure(failures):
    (said,) = failures("    parameters: {kidney-limit: thirty}\n    expect: met\n")
    assert said.startswith("the rule cannot be run: ")
    assert "'thirty' is not a number followed by a unit" in said


def test_a_rule_that_yields_is_tested_with_the_rule_it_yields_to(folder):
    folder.edit(
        "baclofen-it/monitoring/epilepsy.yaml",
        "if_unknown: silent",
        "yields_to: [baclofen-it.renal-impairment]",
    )
    folder.write(
        "baclofen-it/monitoring/epilepsy.test.yaml",
        "today: 2026-03-01\nshared: {patient: {age: 40 years}, conditions: [epilepsy, chronic-kidney-disease]}\n"
        "tests:\n  - name: the kidneys speak for both\n    expect: {outcome: met, card: none}\n"
        "  - name: without them epilepsy speaks\n    conditions: [epilepsy]\n    labs: [lab-egfr 90 mL/min/1.73m2 on 2026-02-01]\n"
        "    expect: {card: info}\n",
    )
    assert run_tests(folder.load(), select="epilepsy").ok


@pytest.mark.parametrize(
    "broken", ["concepts:\n\tx: 1\n", "concepts: {chronic-kidney-disease: {titel: x}}\n"]
)
def test_what_a_broken_file_of_concepts_would_have_named_is_no_mistake_of_a_test(folder, broken):
    """It is still no test that could run."""
    folder.write("concepts/conditions.yaml", broken)
    folder.write(f"{RENAL}.test.yaml", HEAD + "    conditions: [chronic-kidney-disease]\n    expect: met\n")
    loaded = folder.load()
    beside = read_case_file(loaded, "baclofen-it.renal-impairment")
    assert beside is not None
    assert beside[2] == []
    assert {fault.code for fault in run_tests(loaded, select="renal").problems} == {"unknown-concept"}


def test_engines_are_kept_between_tests_and_freed_at_the_end(mini):
    tests = read_tests(mini, "baclofen-it.renal-impairment")
    assert tests is not None
    first, *_, other = tests.cases
    assert tests.run(first).passed
    assert tests.run(first).passed
    assert tests.run(other).passed
    tests.close()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("will-monitor", "will-monitr"),
        ("condition: chronic-kidney-disease", "condition: chronic-kidny-disease"),
        ("condition: chronic-kidney-disease", "finding: no-such"),
        ("condition: chronic-kidney-disease", "parameter: no-such\n      is: x"),
        ("medicine: baclofen-intrathecal", "medicine: baclofen-intratecal"),
        ("status: active", "status: active\nyields_to: [baclofen-it.no-such]"),
        ("statement: WP-02", "statement: WP-7"),
    ],
)
def test_a_rule_that_names_what_does_not_exist_is_not_run(folder, old, new):
    """Nor does it end in an error of its own: what is not there is named, with its place."""
    folder.edit(f"{RENAL}.yaml", old, new)
    loaded = folder.load()
    report = run_tests(loaded, select="renal")
    assert (report.ok, report.results) == (False, ())
    assert {problem.file for problem in report.problems} == {f"rules/{RENAL}.yaml"}
    assert run_tests(loaded, select="epilepsy").ok
    assert [*mutant_reports(loaded, select="renal")] == []
    with pytest.raises(RuleFileError, match="there is no"):
        Boundaries(loaded, "baclofen-it.renal-impairment", today=date(2026, 3, 1))
