"""Amounts: what entries of one moment say of a measure in a unit, which may be no more than that it lies between two ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import inf, isclose
from typing import Final

from engine.concept import Concept
from engine.conditions.values import implausible
from engine.errors import UnitError
from engine.facts import ObservationFact
from engine.quantity import Quantity, QuantityInterval

INEXACT: Final = "with a comparator or as a range"
"""How an amount is on record that is not one number."""

_SAME: Final = 1e-3
"""Amounts closer than this are one amount in two units: laboratories convert creatinine by 88.4, its molar mass by 88.40."""


def amount_of(
    concept: Concept, name: str, facts: Sequence[ObservationFact], unit: str
) -> QuantityInterval | str:
    """What entries of the same moment say in a unit; in words why they say nothing that can be calculated with.

    Where one is known more exactly than another, all that any of them allows is possible; where no amount is allowed by all of them,
    they contradict each other.
    """
    amounts: list[QuantityInterval] = []
    for said in (fact.value for fact in facts if isinstance(fact.value, QuantityInterval)):
        value = _converted(concept, said, unit)
        if isinstance(value, str):
            return f"the {name} value cannot be used: {value}"
        amounts.append(value)
    first = amounts[0]
    if all(_same(first.low, other.low) and _same(first.high, other.high) for other in amounts):
        return first
    if max(map(_lowest, amounts)) > min(map(_highest, amounts)) * (1 + _SAME):
        return f"{name} values of the same moment contradict each other"
    low, high = min(amounts, key=_lowest), max(amounts, key=_highest)
    return QuantityInterval(low.low, low.low_inclusive, high.high, high.high_inclusive, unit)


def _converted(concept: Concept, value: QuantityInterval, unit: str) -> QuantityInterval | str:
    try:
        if implausible(concept, value):
            return "it is not plausible"
        amount = value.converted(unit, concept.substance)
    except UnitError:
        return f"its unit cannot be converted to {unit}"
    # What nobody has is no end: "0 to 1 mg/dL" says no more than "up to 1 mg/dL".
    low, high = (_end(concept, end, unit) for end in (amount.low, amount.high))
    if low is None and high is None:
        return "its comparator or range does not bound it"
    return replace(amount, low=low, high=high)


def _end(concept: Concept, end: Decimal | None, unit: str) -> Decimal | None:
    if end is None or implausible(concept, QuantityInterval.exactly(Quantity(end, unit))):
        return None
    return end


def _lowest(amount: QuantityInterval) -> float:
    return -inf if amount.low is None else float(amount.low)


def _highest(amount: QuantityInterval) -> float:
    return inf if amount.high is None else float(amount.high)


def _same(end: Decimal | None, other: Decimal | None) -> bool:
    return end is other if end is None or other is None else isclose(end, other, rel_tol=_SAME)
