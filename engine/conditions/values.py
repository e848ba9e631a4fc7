"""Values: finding the observations of a concept in time, and judging whether a value can be one at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf

from engine.concepts import Concept
from engine.conditions.context import Context
from engine.facts import ListName, ObservationFact
from engine.finding import Truth
from engine.quantity import Quantity, QuantityInterval


def observations(
    context: Context, concept_id: str, within: str | None
) -> tuple[list[ObservationFact], list[ObservationFact]]:
    """Observations of a concept in the time before now, newest first; and those whose date does not tell whether they are."""
    timely, doubtful = [], []
    for fact in context.record.members(ListName.OBSERVATIONS, concept_id):
        truth = context.happened_within(fact.effective, within)
        if truth is Truth.MET:
            timely.append(fact)
        elif truth is Truth.UNKNOWN:
            doubtful.append(fact)
    return sorted(timely, key=newest_first), sorted(doubtful, key=newest_first)


def uncoded_observations(context: Context, concept_id: str, within: str | None) -> int:
    """How many observations of the time before now have no code that tells whether they are of the concept."""
    return sum(
        context.happened_within(fact.effective, within) is not Truth.NOT_MET
        for fact in context.record.unclear(ListName.OBSERVATIONS, concept_id)
    )


def newest_of(facts: Sequence[ObservationFact]) -> list[ObservationFact]:
    """The newest of observations that are sorted so, with all that may be from the same moment."""
    first = facts[0].effective
    return [
        fact
        for fact in facts
        if first is None or fact.effective is None or fact.effective.latest >= first.earliest
    ]


def newest_first(fact: ObservationFact) -> tuple[float, float, str]:
    """A key that sorts observations by time, the newest first and undated ones last, and those of one moment by reference."""
    when = fact.effective
    if when is None:
        return (inf, inf, fact.reference)
    return (-when.latest.timestamp(), -when.earliest.timestamp(), fact.reference)


def in_its_unit(concept: Concept, value: QuantityInterval) -> QuantityInterval:
    """The value with a unit that the concept counts as its own put in its place (``mL/min`` for an indexed filtration rate)."""
    return (
        replace(value, unit=concept.unit)
        if concept.unit is not None and value.unit in concept.same_units
        else value
    )


def implausible(concept: Concept, value: QuantityInterval) -> bool:
    """Whether a value lies outside what the concept calls plausible; raises UnitError when its unit does not fit."""
    if concept.plausible is None or concept.unit is None:
        return False
    low, high = _bounds(*concept.plausible, concept.unit)
    return value.relation_to(low, "below", substance=concept.substance) is True or (
        value.relation_to(high, "above", substance=concept.substance) is True
    )


@lru_cache(maxsize=256)
def _bounds(low: float, high: float, unit: str) -> tuple[Quantity, Quantity]:
    """What the concept files say in numbers, which every value of a concept is held against."""
    return Quantity.parse(f"{low} {unit}"), Quantity.parse(f"{high} {unit}")
