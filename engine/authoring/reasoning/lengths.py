"""Lengths: what is sure of lengths of time in different units, by the calendar: a month is 28 to 31 days, a year 365 or 366."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from engine.authoring.reasoning.regions import EVERYWHERE, Edge, Region
from engine.language import duration

UNITS: Final[Mapping[str, tuple[str, int]]] = {
    "year": ("months", 12),
    "month": ("months", 1),
    "week": ("days", 7),
    "day": ("days", 1),
    "hour": ("hours", 1),
}
"""For each unit the kind of time that it is counted in, and how many of these it is."""


def counted(text: str) -> tuple[str, Fraction]:
    """The kind of a length of time, months, days or hours, and how many of these it is."""
    count, unit = duration(text)
    kind, step = UNITS[unit]
    return kind, Fraction(count * step)


def shorter(one: str, other: str) -> bool:
    """Whether what happened within the one time happened within the other, whatever the day; False also where that is not sure.

    Hours count to the minute and days whole, to the end of today: what was within some hours was within as many days.
    """
    if one == other:
        return True
    (kind, count), (other_kind, other_count) = counted(one), counted(other)
    if kind == other_kind:
        return count <= other_count
    if other_kind == "hours":
        return False
    longest = count / 24 if kind == "hours" else _days(kind, count)[1]
    return longest <= _days(other_kind, other_count)[0]


def in_days(kind: str, region: Region) -> Region:
    """A region of days in which surely lies what lies in this one of months or days; of other kinds nothing is sure."""
    if kind not in ("days", "months"):
        return EVERYWHERE
    return Region(tuple((_moved(kind, low, 0), _moved(kind, high, 1)) for low, high in region.stretches))


def _moved(kind: str, edge: Edge, end: int) -> Edge:
    number, side = edge
    return edge if number is None else (_days(kind, number)[end], side)


def _days(kind: str, count: Fraction) -> tuple[Fraction, Fraction]:
    """The fewest and the most days that it can be."""
    if kind == "days":
        return count, count
    years, months = divmod(count, 12)
    return Fraction(365 * years + 28 * months), Fraction(366 * years + 31 * months)
