"""Deceased: what every card says first where the record has it that the patient has died.

The usual reason is that the wrong record is open, so the cards stay as they are; only nothing new is offered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.cards import Card
from engine.facts import Person


def told_of_death(cards: Iterable[Card], person: Person | None) -> tuple[Card, ...]:
    """The cards, of a patient who has died with a line that says so and without offers to create anything."""
    if person is None or not person.deceased:
        return tuple(cards)
    when = f" ({person.died.describe()})" if person.died is not None else ""
    said = f"**The record says that this patient has died{when}: check that it is the right patient.**"
    return tuple(
        replace(
            card,
            detail=f"{said}\n\n{card.detail}",
            suggestions=tuple(each for each in card.suggestions if not each.spec.creates),
        )
        for card in cards
    )
