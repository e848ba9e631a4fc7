"""The one line of a card that holds several rules: what brought them up is named as long as there is room for it."""

from dataclasses import replace
from typing import Any

import pytest

from engine.cards import SUMMARY_LIMIT, cards_of
from engine.concepts import CodedText
from engine.facts import MedicationFact
from engine.rule import Rule
from tests.engine.builders import coded, diagnosis, evaluate, medicine, order, patient, rule, rule_set


def called(concept: str, words: str) -> CodedText:
    """A medicine of a kind with the words of a product."""
    return replace(coded(concept), text=words)


MORPHINE = medicine(called("opioids", "Morphine 10 mg tablets"), reference="MedicationRequest/2")
TIZANIDINE = medicine(called("relaxants", "Tizanidine 4 mg tablets"), reference="MedicationRequest/3")


def met_by(name: str, concept: str, kind: str = "interaction", **more: Any) -> Rule:
    """A rule that is met by a medicine of a kind, and gives it a name."""
    when = {"medication": concept, "as": "partner"}
    return rule(name, kind=kind, when=when, **more)


def summary(*rules: Rule, medicines: tuple[MedicationFact, ...] = (MORPHINE, TIZANIDINE)) -> str:
    facts = patient(orders=[order()], medications=medicines, conditions=[diagnosis()])
    (card,) = cards_of(evaluate(facts, *rules), rule_set(rules))
    assert len(card.summary) <= SUMMARY_LIMIT
    return card.summary


OPIOID, RELAXANT = met_by("opioid", "opioids"), met_by("relaxant", "relaxants")


def test_interactions_are_named_with_their_medicines() -> None:
    assert summary(OPIOID, RELAXANT) == (
        "Intrathecal baclofen: Opioid (Morphine 10 mg tablets) and Relaxant (Tizanidine 4 mg tablets)"
    )


def test_an_interaction_with_something_else_has_its_title_only() -> None:
    anaesthesia = rule("anaesthesia", kind="interaction", when={"condition": "epilepsy"})
    assert (
        summary(OPIOID, anaesthesia)
        == "Intrathecal baclofen: Anaesthesia and Opioid (Morphine 10 mg tablets)"
    )


def test_an_interaction_that_needs_no_condition_has_its_title_only() -> None:
    assert summary(rule("any-other", kind="interaction"), OPIOID) == (
        "Intrathecal baclofen: Any other and Opioid (Morphine 10 mg tablets)"
    )


def test_other_rules_are_named_by_their_titles() -> None:
    rules = [met_by("one", "opioids", "warning"), met_by("two", "relaxants", "warning")]
    assert summary(*rules) == "Intrathecal baclofen: One and Two"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (80, f"Opioid (Morphine {'x' * 80}) and Relaxant"),
        (120, "Opioid and Relaxant"),
    ],
)
def test_where_there_is_no_room_the_least_urgent_lose_their_medicines_first(length: int, words: str) -> None:
    long = medicine(called("opioids", f"Morphine {'x' * length}"), reference="MedicationRequest/2")
    found = summary(OPIOID, RELAXANT, medicines=(long, TIZANIDINE))
    assert found == f"Intrathecal baclofen: {words}"


def test_line_breaks_of_a_record_do_not_get_into_the_line() -> None:
    broken = medicine(called("opioids", "Morphine\n10 mg"), reference="MedicationRequest/2")
    assert summary(OPIOID, RELAXANT, medicines=(broken, TIZANIDINE)) == (
        "Intrathecal baclofen: Opioid (Morphine 10 mg) and Relaxant (Tizanidine 4 mg tablets)"
    )
