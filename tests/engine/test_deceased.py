"""A patient who has died: every card says so, nothing new is offered, and an order without a card gets one."""

from dataclasses import replace

import pytest

from engine.cards import Card, CardSuggestion
from engine.concepts import CodedText
from engine.deceased import told_of_death
from engine.facts import Gap, MedicationFact, OrderAction, PatientFacts, Person
from engine.rule import Indicator, SuggestionSpec
from tests.engine.builders import ADULT, NOW, on

ORDERED = PatientFacts(NOW, orders=(MedicationFact("MedicationRequest/1", CodedText(text="m"), draft=True),))
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
    for told in told_of_death([CARD, CARD], replace(ORDERED, person=person)):
        assert told.detail == (
            f"**The record says that this patient has died{when}: check that it is the right patient.**\n\nAs ever."
        )
        assert told.suggestions == (HOLD,)
        assert told.summary == CARD.summary


@pytest.mark.parametrize("person", [None, ADULT])
def test_nothing_is_said_of_who_lives_or_is_not_known(person: Person | None) -> None:
    assert told_of_death([CARD], replace(ORDERED, person=person)) == (CARD,)
    assert told_of_death([], replace(ORDERED, person=person)) == ()


DEAD = replace(ADULT, deceased=True, died=on("2025-10-01"))


class TestWithoutAnyOtherCard:
    """Silence on an order for somebody who has died would pass for an order that is safe."""

    @pytest.mark.parametrize("action", [OrderAction.START, OrderAction.CHANGE])
    def test_one_card_says_it_for_all_orders_that_give_something(self, action: OrderAction) -> None:
        order = replace(ORDERED.orders[0], action=action)
        (card,) = told_of_death([], replace(ORDERED, person=DEAD, orders=(order, order)))
        assert (
            card.summary == "The record says that this patient has died: check that it is the right patient"
        )
        assert card.detail.startswith("**The record says that this patient has died (1 Oct 2025)")
        assert (card.indicator, card.rules, card.suggestions, card.order) == (Indicator.WARNING, (), (), None)

    def test_so_it_does_for_an_order_that_cannot_be_read(self) -> None:
        facts = replace(ORDERED, person=DEAD, orders=(), order_gaps=(Gap("MedicationRequest/1", "why"),))
        assert len(told_of_death([], facts)) == 1

    def test_opening_the_record_and_stopping_a_medicine_bring_none(self) -> None:
        for action in (OrderAction.STOP, OrderAction.HOLD):
            order = replace(ORDERED.orders[0], action=action)
            assert told_of_death([], replace(ORDERED, person=DEAD, orders=(order,))) == ()
        assert told_of_death([], replace(ORDERED, person=DEAD, orders=())) == ()

    def test_an_order_that_is_only_in_the_background_brings_none(self) -> None:
        order = replace(ORDERED.orders[0], selected=False)
        assert told_of_death([], replace(ORDERED, person=DEAD, orders=(order,))) == ()
