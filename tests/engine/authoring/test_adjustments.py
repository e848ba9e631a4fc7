"""A site's adjustments: what it may set of a rule that it did not write, for how long, and that nobody can overlook it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from engine.authoring.adjustments import expired_problems
from engine.authoring.folder import Loaded
from engine.authoring.testing import read_tests, run_tests
from engine.cards import cards_of
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.finding import Truth
from engine.outcome import Evaluation
from tests.engine.authoring.conftest import Folder

KIDNEY = "baclofen-it.renal-impairment"
FILE = "local/adjustments.yaml"


def adjust(folder: Folder, rule: str, settings: str, until: str = "2026-06-30") -> Loaded:
    """The small rules folder with one adjustment."""
    why = f"reason: Decided after a trial., approved_by: drug committee, until: {until}"
    return folder.write(FILE, f"adjustments:\n  {rule}: {{set: {settings}, {why}}}\n").load()


def facts_on(loaded: Loaded, case: str, day: date) -> PatientFacts:
    """The patient of a test of the kidney rule, asked about on a day."""
    tests = read_tests(loaded, KIDNEY)
    assert tests is not None
    facts = tests.facts(next(each for each in tests.cases if each.name == case))
    return replace(facts, now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def asked(
    loaded: Loaded, case: str, day: date = date(2026, 3, 1)
) -> tuple[Evaluation, list[tuple[str, str]]]:
    """What the rules come to, and urgency and rules of the cards."""
    engine = Engine(loaded.rules, loaded.concepts)
    evaluation = engine.evaluate(facts_on(loaded, case, day))
    cards = [(card.indicator.value, ", ".join(card.rules)) for card in cards_of(evaluation, engine.rules)]
    engine.close()
    return evaluation, cards


def kidney(evaluation: Evaluation) -> Truth:
    return next(outcome.outcome for outcome in evaluation.outcomes if outcome.rule.id == KIDNEY)


def test_a_rule_that_a_site_does_not_show_is_looked_at_all_the_same(folder: Folder) -> None:
    evaluation, cards = asked(adjust(folder, KIDNEY, "{status: retired}"), "a diagnosis is enough")
    assert kidney(evaluation) is Truth.MET
    assert cards == []


def test_another_urgency(folder: Folder) -> None:
    _, cards = asked(adjust(folder, KIDNEY, "{indicator: info}"), "a diagnosis is enough")
    assert cards == [("info", KIDNEY)]


@pytest.mark.parametrize(
    ("limit", "truth"), [("30 mL/min/1.73m2", Truth.NOT_MET), ("50 mL/min/1.73m2", Truth.MET)]
)
def test_a_limit_of_one_rule(folder: Folder, limit: str, truth: Truth) -> None:
    loaded = adjust(folder, KIDNEY, f"{{parameters: {{kidney-limit: {limit}}}}}")
    evaluation, _ = asked(loaded, "eGFR 42 three weeks ago warns")
    assert kidney(evaluation) is truth


def test_it_ends_by_itself_while_the_engine_runs_on(folder: Folder) -> None:
    loaded = adjust(folder, KIDNEY, "{status: retired}", until="2026-06-30")
    assert asked(loaded, "a diagnosis is enough", date(2026, 6, 30))[1] == []
    assert asked(loaded, "a diagnosis is enough", date(2026, 7, 1))[1] == [("warning", KIDNEY)]


def test_adjustments_end_one_by_one(folder: Folder) -> None:
    why = "reason: Ours., approved_by: drug committee"
    epilepsy = f"  baclofen-it.epilepsy: {{set: {{indicator: critical}}, {why}, until: 2026-09-30}}\n"
    text = f"adjustments:\n  {KIDNEY}: {{set: {{indicator: info}}, {why}, until: 2026-06-30}}\n{epilepsy}"
    rules = folder.write(FILE, text).load().rules
    days = [date(2026, 6, 1), date(2026, 7, 1), date(2026, 10, 1)]
    assert [sorted(rules.adjusted_on(day)) for day in days] == [
        ["baclofen-it.epilepsy", KIDNEY],
        ["baclofen-it.epilepsy"],
        [],
    ]


def test_the_tests_beside_a_rule_are_about_the_rule_as_it_ships(folder: Folder) -> None:
    loaded = adjust(folder, KIDNEY, "{status: retired}", until="2030-01-01")
    assert run_tests(loaded, select=KIDNEY).ok


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{status: retired}", "not shown"),
        ("{indicator: info}", "adjusted to info as its urgency"),
        ("{indicator: info, parameters: {kidney-limit: 45 mL/min/1.73m2}}",
         "adjusted to info as its urgency and kidney-limit 45 mL/min/1.73m2"),
    ],
)  # fmt: skip
def test_every_adjustment_is_a_warning_with_its_reason(folder: Folder, settings: str, said: str) -> None:
    [problem] = adjust(folder, KIDNEY, settings).problems
    assert (problem.code, problem.severity, problem.file) == ("adjusted-at-site", "warning", f"rules/{FILE}")
    assert problem.message == f"at this site {KIDNEY} is {said} until 2026-06-30: Decided after a trial."
    assert problem.help.startswith("approved by drug committee")


def test_one_that_has_ended_is_reported(folder: Folder) -> None:
    loaded = adjust(folder, KIDNEY, "{status: retired}")
    assert list(expired_problems(loaded, date(2026, 6, 30))) == []
    [problem] = expired_problems(loaded, date(2026, 7, 1))
    assert (problem.code, problem.severity) == ("adjustment-expired", "warning")
    assert problem.message == f"this ended on 2026-06-30: {KIDNEY} is as it ships again"


@pytest.mark.parametrize(
    ("rule", "settings", "code", "message", "help"),
    [
        ("baclofen-it.renal-impairmant", "{status: retired}", "unknown-rule", "there is no rule baclofen-it.renal-impairmant",
         "did you mean baclofen-it.renal-impairment?"),
        (KIDNEY, "{}", "value-wrong", "an adjustment sets status, indicator or parameters", ""),
        (KIDNEY, "{status: active}", "value-wrong", None, None),
        (KIDNEY, "{parameters: {kidney-limits: 45 mL/min/1.73m2}}", "setting-not-adjustable",
         f"{KIDNEY} has no limit that is the setting kidney-limits", "did you mean kidney-limit?"),
        (KIDNEY, "{parameters: {kidney-limit: 45 mg/dL}}", "setting-not-adjustable",
         "45 mg/dL is not the same kind of amount as 60 mL/min/1.73m2", "write number and unit alike"),
        (KIDNEY, "{parameters: {kidney-limit: low}}", "setting-not-adjustable",
         "low is not the same kind of amount as 60 mL/min/1.73m2", "write number and unit alike"),
    ],
)  # fmt: skip
def test_what_an_adjustment_cannot_be(
    folder: Folder, rule: str, settings: str, code: str, message: str | None, help: str | None
) -> None:
    loaded = adjust(folder, rule, settings)
    [problem] = loaded.problems
    assert problem.code == code
    assert message is None or (problem.message, problem.help) == (message, help)
    assert loaded.rules.adjustments == {}


def test_a_file_that_does_not_fit_hides_no_name(folder: Folder) -> None:
    folder.write(
        FILE,
        f"adjustments:\n  {KIDNEY}: {{set: {{parameters: {{kidney-limits: low}}}}, until: soon}}\n"
        "  baclofen-it.epilepsi: now\n",
    )
    found = {problem.code: problem.help for problem in folder.load().problems if problem.help}
    assert found["setting-not-adjustable"] == "did you mean kidney-limit?"
    assert found["unknown-rule"] == "did you mean baclofen-it.epilepsy?"


@pytest.mark.parametrize("text", ["- x\n", "adjustments: none\n"])
def test_a_file_that_is_no_list_of_adjustments_has_no_names(folder: Folder, text: str) -> None:
    assert [problem.code for problem in folder.write(FILE, text).load().problems] == ["value-wrong"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("summary: \"Kidney function", "summary: \"Below {parameter.kidney-limit}, kidney function"),
        ("    - condition: chronic-kidney-disease", "    - {parameter: kidney-limit, is: x}"),
    ],
)  # fmt: skip
def test_a_setting_that_the_rule_also_speaks_of_is_set_for_the_whole_pack(
    folder: Folder, old: str, new: str
) -> None:
    folder.edit("baclofen-it/warnings/renal-impairment.yaml", old, new)
    loaded = adjust(folder, KIDNEY, "{parameters: {kidney-limit: 45 mL/min/1.73m2}}")
    [problem] = loaded.problems
    assert problem.code == "setting-not-adjustable"
    assert problem.help == "set it for the whole pack in local/parameters.yaml"


def test_a_value_with_which_the_rule_does_not_hold_together(folder: Folder) -> None:
    folder.edit(
        "baclofen-it/pack.yaml", "parameters:\n", "parameters:\n  urgency: {value: warning, note: Ours.}\n"
    )
    folder.edit(
        "baclofen-it/warnings/renal-impairment.yaml", "indicator: warning", "indicator: parameter urgency"
    )
    [problem] = adjust(folder, KIDNEY, "{parameters: {urgency: loud}}").problems
    assert (problem.code, problem.message) == (
        "adjustment-unfit",
        f"with these settings {KIDNEY} does not hold together",
    )
    assert adjust(folder, KIDNEY, "{parameters: {urgency: info}}").rules.adjustments.keys() == {KIDNEY}
