"""A patient who has died: every card says so, and nothing new is offered."""

from dataclasses import replace

import pytest

from engine.cards import Card, CardSuggestion
from engine.deceased import told_of_death
from engine.facts import Person
from engine.rule import Indicator, SuggestionSpec
from tests.engine.builders import ADULT, on

TEST = CardSuggestion(SuggestionSpec(label="Request it", request="Pregnancy test"), "MedicationRequest/1")
HOLD = CardSuggestion(SuggestionSpec(label="Hold", set_status="on-hold"), "MedicationRequest/1")
CARD = Card(
    tier="warnings", indicator=Indicator.WARNING, summary="s", detail="As ever.", rules=("itb.a",), pack="itb", topic="t",
    topic_title="T", source_label="L", source_url=None, order="MedicationRequest/1", suggestions=(TEST, HOLD),
)  # fmt: skip


@pytest.mark.parametrize(
    ("person", "when"),
    [
        (replace(ADULT, deceased=True, died=on("2025-10-01")), " (1 Oct 2025)"),
        (replace(ADULT, deceased=True), ""),
    ],
)
def test_each_card_says_first_that_the_patient_has_died_and_offers_nothing_new(
    person: Person, when: str
) -> None:
    for told in told_of_death([CARD, CARD], person):
        assert told.detail == (
            f"**The record says that this patient has died{when}: check that it is the right patient.**\n\nAs ever."
        )
        assert told.suggestions == (HOLD,)
        assert told.summary == CARD.summary


@pytest.mark.parametrize("person", [None, ADULT])
def test_nothing_is_said_of_who_lives_or_is_not_known(person: Person | None) -> None:
    assert told_of_death([CARD], person) == (CARD,)
