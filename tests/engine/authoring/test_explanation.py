"""An explanation shows each line of the rule beside what it came to for the patient."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.authoring.case_facts import facts_of
from engine.authoring.cases import CaseFile
from engine.authoring.explanation import explain, explain_text
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.finding import Truth

VARIANTS = """  variants:
    - when: {at_least: 2, of: [{condition: epilepsy}, {sex: [female, unknown], because: for the test}]}
      indicator: info
    - when: {condition: epilepsy}
      indicator: critical
"""


@pytest.fixture
def outcome_of(mini):
    """The outcome of a rule for a patient who is told as in a test."""

    def look(rule_id="baclofen-it.renal-impairment", loaded=mini, **setup):
        case = CaseFile.model_validate(
            {"today": "2026-03-01", "tests": [{"name": "n", "expect": "met", **setup}]}
        ).tests[0]
        rule = loaded.rules.rule(rule_id)
        engine = Engine(replace(loaded.rules, rules=(rule,)), loaded.concepts)
        (found,) = engine.evaluate(facts_of(case, date(2026, 3, 1), rule, loaded.concepts)).outcomes
        engine.close()
        return found

    return look


def test_every_line_of_the_rule_stands_beside_what_decided_it(outcome_of, mini):
    outcome = outcome_of(labs=["lab-egfr 42 mL/min/1.73m2 on 2026-02-08"], missing=["procedures"])
    assert explain_text(outcome, mini).splitlines() == [
        "baclofen-it.renal-impairment 1.0.0                          MET  order: baclofen",
        "  medicine: baclofen-intrathecal                            met      baclofen (MedicationRequest/order-1)",
        "  when any                                                  met",
        "    condition: chronic-kidney-disease                       not met",
        "    lab: lab-egfr below 60 mL/min/1.73m2 within 12 months   met      42 mL/min/1.73 m²; CKD-EPI, 8 Feb 2026 (Observation/1)",
        "  unless procedure: surgery status planned                  unknown  an operation: the list of procedures did not arrive",
    ]


def test_every_line_has_its_place_in_the_file(outcome_of, mini):
    lines = explain(outcome_of(), mini).lines
    assert [line.position.line for line in lines if line.position] == [9, 10, 11, 16]


def test_what_is_unknown_says_what_was_missing(outcome_of, mini):
    explanation = explain(outcome_of(orders=[{"is": "baclofen-intrathecal", "route": "none"}]), mini)
    assert explanation.outcome is Truth.UNKNOWN
    assert explanation.lines[0].truth is Truth.UNKNOWN
    assert explanation.lines[0].why.startswith("whether this order is intrathecal baclofen: ")


def test_a_rule_that_nothing_brought_up_says_so(outcome_of, mini):
    assert explain_text(outcome_of(orders=[]), mini).split("  ")[-1] == (
        "nothing brought it up (order of baclofen-intrathecal)"
    )


def test_remarks_of_a_finding_are_told(outcome_of, mini):
    outcome = outcome_of(conditions=[{"is": "chronic-kidney-disease", "suspected": True}])
    assert (
        "Chronic kidney disease (Condition/1); chronic kidney disease: suspected, not confirmed"
        in explain_text(outcome, mini)
    )


def test_variants_show_which_was_chosen(folder, outcome_of):
    folder.edit("baclofen-it/monitoring/epilepsy.yaml", "card:\n", f"card:\n{VARIANTS}")
    loaded = load_rules(folder.path)
    text = explain_text(
        outcome_of("baclofen-it.epilepsy", loaded, patient={"age": "40 years"}, conditions=["epilepsy"]),
        loaded,
    )
    assert "  variant 1 at least 2 of                                   unknown" in text
    assert "    sex: female, unknown  " in text
    assert "  variant 2, chosen condition: epilepsy                     met" in text


def test_a_rule_that_yields_and_a_rule_that_failed_say_so(outcome_of, mini):
    outcome = outcome_of(conditions=["chronic-kidney-disease"])
    assert "  yields to baclofen-it.other" in explain_text(
        replace(outcome, yielded_to="baclofen-it.other"), mini
    )
    failed = replace(
        outcome, outcome=Truth.UNKNOWN, when=None, unless=None, error="the rule failed (KeyError)"
    )
    assert explain_text(failed, mini).splitlines()[-1].split("  ")[1] == "error: the rule failed (KeyError)"


def test_nested_options_are_written_as_in_the_file(outcome_of, mini):
    outcome = outcome_of(
        "baclofen-it.wrong-route", orders=[{"is": "baclofen-intrathecal", "route": "route-intravenous"}]
    )
    assert "  when route: other_than route-intrathecal  " in explain_text(outcome, mini)


def test_what_would_change_the_outcome_stands_with_its_place_in_the_file(outcome_of, mini):
    (told,) = explain(outcome_of(labs=["lab-egfr 72 mL/min/1.73m2 on 2026-02-08"]), mini).would_change
    assert told.outcome is Truth.MET
    assert told.sentence == (
        "A card would appear if the patient had chronic kidney disease, "
        "or if the latest eGFR in the last 12 months were below 60 mL/min/1.73m2."
    )
    assert [(way[0].becomes, way[0].position and way[0].position.line) for way in told.ways] == [
        (Truth.MET, 10),
        (Truth.MET, 11),
    ]


def test_an_order_that_may_be_another_medicine_has_no_line_to_change(outcome_of, mini):
    unclear = explain(outcome_of(orders=[{"is": "baclofen-intrathecal", "route": "none"}]), mini)
    assert unclear.would_change[0].ways[0][0].position is None
