"""Deceased: what is said where the record has it that the patient has died.

The usual reason is that the wrong record is open, so the cards stay as they are, each says it first, and only nothing new is offered.
Where an order would start or change a medicine and no rule has a card for it, one card says just that: silence would pass for an
order that is safe. Opening the record, and stopping what the patient was given, bring no card: that is what is done after a death.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from engine.cards import Card
from engine.facts import OrderAction, PatientFacts
from engine.rule import Indicator

TOPIC: Final = "deceased"
"""The topic of the card that says it alone; it belongs to no pack and rests on no rule."""

_GIVES: Final = (OrderAction.START, OrderAction.CHANGE, OrderAction.UNKNOWN)


def told_of_death(cards: Iterable[Card], facts: PatientFacts) -> tuple[Card, ...]:
    """The cards, of a patient who has died with a line that says so and without offers to create anything.

    Where there are none, the one card for all orders that would give something, or that cannot be read.
    """
    person = facts.person
    if person is None or not person.deceased:
        return tuple(cards)
    when = f" ({person.died.describe()})" if person.died is not None else ""
    said = f"**The record says that this patient has died{when}: check that it is the right patient.**"
    told = tuple(
        replace(
            card,
            detail=f"{said}\n\n{card.detail}",
            suggestions=tuple(each for each in card.suggestions if not each.spec.creates),
        )
        for card in cards
    )
    gives = any(order.selected and order.action in _GIVES for order in facts.orders)
    return told or ((_alone(said),) if gives or facts.order_gaps else ())


def _alone(said: str) -> Card:
    return Card(
        tier="warnings",
        indicator=Indicator.WARNING,
        summary="The record says that this patient has died: check that it is the right patient",
        detail=f"{said}\n\nThe rules looked at the orders and at the record all the same; no other card came of it.",
        rules=(),
        pack="",
        topic=TOPIC,
        topic_title="The patient has died",
        source_label="The patient's record",
        source_url=None,
        order=None,
    )
