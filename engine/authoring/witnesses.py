"""Witnesses: for a condition, the smallest entries of a record just inside it, just outside it, and without what it needs.

Each is written as a test writes it (:mod:`engine.authoring.cases`). What it *aims* at is what the condition ought to come to; what it does
come to is the engine's to say. ``order`` adds to the order under review (or to the therapy, where no order brings the rule up), its
``given_as`` asking for some amount that is given so; ``beside`` are further orders of the session; the other keys are those of a test.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

from engine.authoring.mutations import moved
from engine.concepts import ConceptLibrary
from engine.finding import Truth
from engine.medicine import Medicine
from engine.rule import SharedFinding
from engine.terms import Bounded, duration

Side = Literal["inside", "outside", "missing"]
Setup = Mapping[str, Any]

_AIMS: Final[Mapping[Side, Truth]] = {"inside": Truth.MET, "outside": Truth.NOT_MET, "missing": Truth.UNKNOWN}
HOURS: Final = "hour"
"""The unit of time that looks at the clock, not at days."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A few entries of a record: in words, as a test writes them, and on which side of the condition they are meant to be."""

    said: str
    setup: Setup
    side: Side

    @property
    def aims(self) -> Truth:
        """What the condition ought to come to."""
        return _AIMS[self.side]


@dataclass(frozen=True, slots=True)
class World:
    """What witnesses are made of: the day of the tests, the concepts, the rule's medicine, shared findings, values of settings."""

    today: date
    concepts: ConceptLibrary
    medicine: Medicine
    findings: Mapping[str, SharedFinding]
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def title(self, concept: str) -> str:
        """A concept in words, without an article."""
        known = self.concepts.concepts.get(concept)
        return re.sub("^(the|an?) ", "", known.title) if known is not None else concept

    def edge(self, within: str, *, ahead: bool = False, beyond: bool = False) -> str:
        """The last day (or, for hours, moment) of a window of time before or after today; ``beyond``: the first outside it."""
        number, unit = duration(within)
        sign = 1 if ahead else -1
        if unit == HOURS:
            noon = datetime.combine(self.today, time(12, tzinfo=UTC))
            minutes = number * 60 + (1 if beyond else 0)
            return (noon + sign * timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (shifted(self.today, sign * number, unit) + timedelta(days=sign if beyond else 0)).isoformat()

    def other_medicine(self, *not_these: str) -> str:
        """Some medicine that is neither the rule's nor one of these."""
        named = (self.medicine.substance, *not_these)
        own = {member for name in named for member in self.concepts.members(name)}
        return next(
            name
            for name, concept in self.concepts.concepts.items()
            if own.isdisjoint(self.concepts.members(name))
            and any(code.system in ("atc", "rxnorm") for code in concept.codes)
        )


def shifted(day: date, number: int, unit: str) -> date:
    """The day so many years, months, weeks or days later, or before for a negative number."""
    if unit in ("year", "month"):
        months = day.year * 12 + day.month - 1 + number * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return day + timedelta(days=number * (7 if unit == "week" else 1))


def limits(test: Bounded) -> Iterator[tuple[str, Side]]:
    """The amounts at each limit of a comparison and one last digit beyond it, with the side on which they lie; none below zero."""
    for amount, side in _limits(test):
        if not amount.startswith("-"):
            yield amount, side


def _limits(test: Bounded) -> Iterator[tuple[str, Side]]:
    if test.below is not None:
        yield from ((moved(test.below, -1), "inside"), (test.below, "outside"))
    if test.at_or_below is not None:
        yield from ((test.at_or_below, "inside"), (moved(test.at_or_below, 1), "outside"))
    if test.above is not None:
        yield from ((moved(test.above, 1), "inside"), (test.above, "outside"))
    if test.at_or_above is not None:
        yield from ((test.at_or_above, "inside"), (moved(test.at_or_above, -1), "outside"))
    if test.between is not None:
        low, high = test.between
        yield from (
            (low, "inside"),
            (high, "inside"),
            (moved(low, -1), "outside"),
            (moved(high, 1), "outside"),
        )


def not_supplied(*lists: str) -> Iterator[Witness]:
    """Lists that did not arrive."""
    for name in lists:
        words = (
            "the patient's own data did not arrive"
            if name == "patient"
            else f"the list of {name} did not arrive"
        )
        yield Witness(words, {"missing": [name]}, "missing")
