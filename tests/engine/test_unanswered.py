"""What a terminology server was asked about and did not answer: it leaves rules open, and the reason says so."""

from dataclasses import replace

import pytest

from engine.concepts import CodedText, Coding
from engine.finding import Truth
from engine.grammars import SNOMED
from engine.rule import Rule
from tests.engine.builders import diagnosis, evaluate, medicine, order, patient, rule

JUVENILE = CodedText((Coding(SNOMED, "6204001"),), "Juvenile absence epilepsy")
WHY = "a code on which the terminology server did not answer, or that it does not know"


@pytest.mark.parametrize(
    ("asking", "concept", "why"),
    [
        (rule("epilepsy", when={"condition": "epilepsy"}), "epilepsy", f"1 entry of the problem list has {WHY}"),
        (rule("opioids", when={"medication": "opioids"}), "opioids", f"1 entry of the medication list has {WHY}"),
    ],
)  # fmt: skip
def test_an_entry_whose_code_was_not_answered_leaves_the_rule_open(
    asking: Rule, concept: str, why: str
) -> None:
    facts = patient(
        orders=[order()], conditions=[diagnosis(JUVENILE)], medications=[medicine(JUVENILE, "oral")]
    )
    facts = replace(facts, unanswered=frozenset({(concept, SNOMED, "6204001")}))
    (outcome,) = evaluate(facts, asking).outcomes
    assert outcome.outcome is Truth.UNKNOWN
    assert [entry.why for entry in outcome.missing] == [why]
