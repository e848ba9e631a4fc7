"""The cases at the limits of a rule, the record around them in which they decide, and what becomes of those an author confirms."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.authoring.boundaries import Boundaries, BoundarySeen
from engine.authoring.confirmed import add_confirmed, with_cases
from engine.authoring.folder import Loaded
from engine.authoring.testing import read_tests, run_tests
from engine.errors import RuleFileError
from engine.finding import Truth
from tests.engine.authoring.conftest import Folder

TODAY = date(2026, 3, 1)
RENAL = "baclofen-it.renal-impairment"
FILE = "baclofen-it/warnings/renal-impairment.yaml"
TESTS = "baclofen-it/warnings/renal-impairment.test.yaml"
WHEN = """when:
  any:
    - condition: chronic-kidney-disease
    - lab: lab-egfr
      below: parameter kidney-limit
      within: 12 months
      as: egfr
unless:
  procedure: surgery
  status: planned
"""


def looked(loaded: Loaded, rule: str = RENAL) -> list[BoundarySeen]:
    boundaries = Boundaries(loaded, rule, today=TODAY)
    found = [*boundaries.seen()]
    boundaries.close()
    return found


def by_path(seen: list[BoundarySeen], path: str) -> dict[str, BoundarySeen]:
    return {each.case.said: each for each in seen if ".".join(map(str, each.case.path)) == path}


def changed(folder: Folder, when: str, more: str = "") -> list[BoundarySeen]:
    """What becomes of the rule with another condition, without tests of its own."""
    folder.edit(FILE, WHEN, when).remove(TESTS)
    if more:
        folder.edit(FILE, "card:\n", f"{more}card:\n")
    return looked(folder.load())


def test_each_condition_is_looked_at_where_it_decides(mini: Loaded) -> None:
    seen = looked(mini)
    assert all(each.decided and each.as_meant for each in seen)
    assert by_path(seen, "when.any.1")["eGFR of 59 mL/min/1.73m2"].outcome is Truth.MET
    assert by_path(seen, "when.any.1")["eGFR of 60 mL/min/1.73m2"].outcome is Truth.NOT_MET
    # The laboratory value would leave the diagnosis open, so that it has one above the limit.
    diagnosis = by_path(seen, "when.any.0")["chronic kidney disease on the problem list"]
    assert diagnosis.case.setup["labs"] == ["lab-egfr 60 mL/min/1.73m2 on 2026-03-01"]
    # The exception is looked at with the card that it takes away.
    exception = by_path(seen, "unless")["operation planned"]
    assert (exception.outcome, exception.truth) == (Truth.NOT_MET, Truth.MET)
    assert by_path(seen, "unless")["operation not on record"].card == "warning"


def test_a_case_says_in_a_sentence_what_came_out(mini: Loaded) -> None:
    cases = {each.case.said: each for each in looked(mini)}
    assert cases["eGFR of 59 mL/min/1.73m2"].name == "eGFR of 59 mL/min/1.73m2 means a card (warning)"
    assert cases["eGFR of 59 mL/min/1.73m2"].expect == {
        "outcome": "met",
        "card": "warning",
        "summary": "Kidney function is reduced (eGFR 59): start intrathecal baclofen with a lower dose",
    }
    assert cases["eGFR of 60 mL/min/1.73m2"].expect == {"outcome": "not_met", "card": "none"}
    assert cases["eGFR of 60 mL/min/1.73m2"].name == "eGFR of 60 mL/min/1.73m2 means no card"
    assert cases["no eGFR on record"].name == "no eGFR on record leaves it open"


def test_what_the_file_tests_already_is_known(mini: Loaded) -> None:
    tested = [each.case.said for each in looked(mini) if each.tested]
    assert tested == ["no eGFR on record", "operation not on record"]


def test_the_day_and_the_patient_are_those_of_the_test_file(folder: Folder) -> None:
    folder.edit(TESTS, "today: 2026-03-01", "today: 2027-05-01")
    case = by_path(looked(folder.load()), "when.any.1")["eGFR of 59 mL/min/1.73m2"].case
    assert case.setup["labs"] == ["lab-egfr 59 mL/min/1.73m2 on 2027-05-01"]
    assert case.setup["patient"] == {"age": "71 years", "sex": "female"}


def test_an_empty_list_is_written_where_the_file_would_fill_it(folder: Folder) -> None:
    folder.edit(TESTS, "shared:\n", "shared:\n  conditions: [epilepsy]\n")
    case = by_path(looked(folder.load()), "when.any.0")["chronic kidney disease not on the problem list"].case
    assert case.setup["conditions"] == []


def test_of_several_that_must_be_met_the_others_are(folder: Folder) -> None:
    when = """when:
  at_least: 2
  of:
    - condition: chronic-kidney-disease
    - condition: epilepsy
    - none: [{procedure: surgery, status: planned}]
"""
    seen = changed(folder, when)
    assert by_path(seen, "when.of.0")["chronic kidney disease on the problem list"].decided
    assert by_path(seen, "when.of.1")["epilepsy on the problem list"].decided


def test_variants_are_looked_at_with_the_card_that_they_change(folder: Folder) -> None:
    more = """  variants:
    - when: {lab: lab-egfr, below: 30 mL/min/1.73m2, within: 12 months}
      indicator: critical
    - when: {condition: epilepsy}
      indicator: info
"""
    folder.edit(FILE, "  suggestions:\n", f"{more}  suggestions:\n")
    seen = looked(folder.load())
    assert by_path(seen, "card.variants.0.when")["eGFR of 29 mL/min/1.73m2"].card == "critical"
    assert by_path(seen, "card.variants.1.when")["epilepsy on the problem list"].card == "info"
    assert by_path(seen, "card.variants.1.when")["epilepsy not on the problem list"].card == "warning"


@pytest.mark.parametrize(
    ("when", "said", "order"),
    [
        ("when: {given_as: bolus}\n", "ordered as a single dose", {"dose": "1 ug", "once": True}),
        (
            "when:\n  all: [{given_as: bolus}, {dose: {of: bolus, above: 100 ug}}]\n",
            "a single dose of 101 ug",
            {"dose": "101 ug", "once": True},
        ),
        (
            "when:\n  all: [{given_as: bolus}, {dose: {of: day, above: 100 ug/d}}]\n",
            "a daily dose of 101 ug/d",
            {"daily": "101 ug/d"},
        ),
    ],
)
def test_what_an_order_must_say_stands_in_one_order(
    folder: Folder, when: str, said: str, order: dict[str, Any]
) -> None:
    case = next(each.case for each in changed(folder, when) if each.case.said == said)
    assert case.setup["orders"] == [{"is": "baclofen-intrathecal", **order}]


@pytest.mark.parametrize(
    ("when", "said", "order"),
    [
        (
            "when:\n  all: [{given_as: bolus}, {dose: {of: bolus, above: 100 ug}}]\n",
            "ordered as a single dose",
            {"dose": "101 ug", "once": True},
        ),
        (
            "when: {dose: {of: day, above: 100 ug/d}}\nunless: {given_as: refill}\n",
            "ordered as an infusion",
            {"daily": "101 ug/d"},
        ),
        (
            "when: {dose: {of: day, above: 100 ug/d}}\nunless: {given_as: refill}\n",
            "ordered as a filling",
            {"volume": "20 mL"},
        ),
    ],
)
def test_an_order_that_is_given_in_a_way_keeps_the_amount_that_the_rest_of_the_rule_asks_for(
    folder: Folder, when: str, said: str, order: dict[str, Any]
) -> None:
    each = next(each for each in changed(folder, when) if each.case.said == said)
    assert each.case.setup["orders"] == [{"is": "baclofen-intrathecal", **order}]
    assert each.decided


def test_where_no_order_brings_the_rule_up_the_therapy_is_written_out(folder: Folder) -> None:
    seen = changed(folder, "brought_up_by: [therapy]\nwhen: {dose: {of: day, above: 100 ug/d}}\n")
    case = by_path(seen, "when")["a daily dose of 101 ug/d"]
    assert case.case.setup["medications"] == [{"is": "baclofen-intrathecal", "daily": "101 ug/d"}]
    assert case.case.setup["therapy"] == "none"
    assert case.as_meant


def test_a_rule_about_stopping_is_asked_about_an_order_that_stops(folder: Folder) -> None:
    seen = changed(folder, "brought_up_by: [stop]\nwhen: {reason: epilepsy}\n")
    (inside, *_) = by_path(seen, "when").values()
    assert inside.case.setup["orders"] == [
        {"is": "baclofen-intrathecal", "action": "stop", "reasons": ["epilepsy"]}
    ]
    assert inside.as_meant


def test_a_rule_about_therapy_that_has_ended_is_asked_about_that(folder: Folder) -> None:
    seen = changed(folder, "brought_up_by: [ended]\nwhen: {condition: epilepsy}\n")
    case = by_path(seen, "when")["epilepsy on the problem list"]
    assert case.case.setup["medications"] == [
        {"is": "baclofen-intrathecal", "status": "ended", "ended": "2026-02-28"}
    ]
    assert case.as_meant


def test_what_no_case_can_bring_about_is_left_out_of_the_record(folder: Folder) -> None:
    """No laboratory value lies below zero, so that nothing can make the first condition met for the second."""
    when = "when:\n  all: [{lab: lab-egfr, below: 0 mL/min/1.73m2, within: 1 year}, {condition: epilepsy}]\n"
    case = by_path(changed(folder, when), "when.all.1")["epilepsy on the problem list"]
    assert (case.truth, case.outcome) == (Truth.MET, Truth.UNKNOWN)
    assert "labs" not in case.case.setup


def test_a_rule_that_nothing_can_bring_up_has_no_cases(folder: Folder) -> None:
    folder.edit(TESTS, "shared:\n", "shared:\n  orders: []\n")
    assert looked(folder.load()) == []


def test_a_case_can_be_put_in_other_ways(mini: Loaded) -> None:
    boundaries = Boundaries(mini, RENAL, today=TODAY)
    case = next(each for each in boundaries.cases() if each.said == "eGFR of 59 mL/min/1.73m2")
    told = boundaries.request(case, lambda engine, facts: str(facts.observations.items[0].value).encode())
    boundaries.close()
    assert b"59" in told


def test_confirmed_cases_become_tests_that_pass_and_comments_stay(folder: Folder) -> None:
    folder.edit(TESTS, "tests:\n", "tests:\n  # The limit is the site's.\n")
    before = (folder.path / TESTS).read_text()
    loaded = folder.load()
    new = [each for each in looked(loaded) if not each.tested]
    path = add_confirmed(loaded, RENAL, new, today=TODAY)
    assert path == folder.path / TESTS
    assert path.read_text().startswith(before)
    report = run_tests(folder.load(), select=RENAL)
    assert report.ok
    assert len(report.results) > 7
    assert all(each.tested for each in looked(folder.load()))


def test_where_there_are_no_tests_a_file_is_made(folder: Folder) -> None:
    folder.remove(TESTS)
    loaded = folder.load()
    path = add_confirmed(loaded, RENAL, looked(loaded)[:2], today=TODAY)
    assert path.read_text().splitlines()[1:4] == [
        "today: 2026-03-01",
        "tests:",
        path.read_text().splitlines()[3],
    ]
    assert run_tests(folder.load(), select=RENAL).ok


def test_two_cases_of_one_name_are_told_apart(folder: Folder) -> None:
    loaded = folder.load()
    case, other = looked(loaded)[:2]
    alike = replace(
        other, case=replace(other.case, said=case.case.said), outcome=case.outcome, card=case.card
    )
    add_confirmed(loaded, RENAL, [case, case, alike], today=TODAY)
    tests = read_tests(folder.load(), RENAL)
    assert tests is not None
    assert [each.name for each in tests.cases[-3:]][1:] == [case.name, f"{case.name} (2)"]


SETUP = {"labs": ["lab-egfr 59 mL/min/1.73m2 on 2026-03-01"]}
CASE = {"name": "new: one", "setup": SETUP, "expect": {"outcome": "met"}}


def test_a_test_goes_after_the_last_one_also_where_something_follows() -> None:
    text = "tests:\n  - name: old\n    expect: met  # why\ntoday: 2026-03-01\n"
    assert with_cases(text, [CASE], "r.test.yaml") == (
        "tests:\n  - name: old\n    expect: met  # why\n\n"
        '  - name: "new: one"\n    labs: [lab-egfr 59 mL/min/1.73m2 on 2026-03-01]\n    expect:\n      outcome: met\n\n'
        "today: 2026-03-01\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "today: 2026-03-01\ntests: [{name: old, expect: met}]\n",
        "today: 2026-03-01\ntests:\n- name: old\n  expect: met\n",
    ],
)
def test_where_no_test_can_be_added_nothing_is(text: str) -> None:
    with pytest.raises(RuleFileError, match="two spaces and a dash"):
        with_cases(text, [CASE], "r.test.yaml")


def test_what_would_not_load_is_not_written(folder: Folder) -> None:
    with pytest.raises(RuleFileError, match="not known here"):
        with_cases(
            "today: 2026-03-01\ntests:\n  - name: old\n    expect: met\n",
            [{**CASE, "setup": {"lab": []}}],
            "r.test.yaml",
        )
    loaded = folder.load()
    folder.edit(TESTS, "tests:\n", "tests: [\n")
    with pytest.raises(RuleFileError):
        add_confirmed(loaded, RENAL, [], today=TODAY)


@pytest.mark.parametrize("text", ["tests: 3\n", "today: 2026-03-01\ntests: [no test]\n", "- a list\n"])
def test_to_a_test_file_with_a_problem_nothing_is_added_and_the_problem_is_named(
    folder: Folder, text: str
) -> None:
    loaded = folder.load()
    folder.write(TESTS, text)
    with pytest.raises(RuleFileError, match=r"renal-impairment\.test\.yaml:"):
        add_confirmed(loaded, RENAL, [], today=TODAY)
    assert (folder.path / TESTS).read_text() == text


@pytest.mark.parametrize(
    ("age", "birthdays"),
    [
        ("below: 4 a", ["2022-03-01", "2022-03-02"]),
        ("below: 2 mo", ["2026-01-01", "2026-01-02"]),
        ("at_or_above: 0 days", []),
    ],
)
def test_an_age_may_have_a_unit_of_ucum_and_a_limit_without_a_birthday_has_no_case(
    folder: Folder, age: str, birthdays: list[str]
) -> None:
    seen = changed(folder, f"when: {{age: {{{age}}}}}\n")
    assert [born for each in seen if (born := each.case.setup.get("patient", {}).get("born"))] == birthdays


def test_what_is_written_twice_is_one_case(folder: Folder) -> None:
    seen = changed(folder, "when: {sex: [male, male]}\n")
    assert [each.case.said for each in seen].count("recorded sex male") == 1
