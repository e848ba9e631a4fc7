"""Regions: the amounts for which a comparison is met, as stretches of a line; exact, and closed under *and* and *not*."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from engine.quantity import Comparison

Edge = tuple[Fraction | None, int]
"""A cut through the line: just below a number (0) or just above it (1); without a number, where the line begins (0) or ends (1)."""


@dataclass(frozen=True, slots=True)
class Region:
    """Stretches of the line from one cut to the next, in order and apart from each other."""

    stretches: tuple[tuple[Edge, Edge], ...]

    @property
    def empty(self) -> bool:
        """Whether no amount is in it."""
        return not self.stretches

    def __and__(self, other: Region) -> Region:
        """What is in both."""
        return Region(tuple(_common(self, other)))

    def __invert__(self) -> Region:
        """What is not in it."""
        cuts = [_START, *(cut for stretch in self.stretches for cut in stretch), _END]
        pairs = zip(cuts[::2], cuts[1::2], strict=True)
        return Region(tuple(pair for pair in pairs if _place(pair[0]) < _place(pair[1])))


_START: Final[Edge] = (None, 0)
_END: Final[Edge] = (None, 1)

EVERYWHERE: Final = Region(((_START, _END),))


def _place(edge: Edge) -> tuple[int, Fraction, int]:
    """What sorts cuts from left to right."""
    number, side = edge
    return (0, number, side) if number is not None else (2 * side - 1, Fraction(0), 0)


def _common(one: Region, other: Region) -> Iterator[tuple[Edge, Edge]]:
    for first_low, first_high in one.stretches:
        for second_low, second_high in other.stretches:
            low, high = max(first_low, second_low, key=_place), min(first_high, second_high, key=_place)
            if _place(low) < _place(high):
                yield low, high


def compared(word: Comparison, *limits: Fraction) -> Region:
    """The amounts that are ``below``, ``at_or_below``, … these limits."""
    first, last = limits[0], limits[-1]
    match word:
        case "below":
            return Region(((_START, (first, 0)),))
        case "at_or_below":
            return Region(((_START, (first, 1)),))
        case "above":
            return Region((((first, 1), _END),))
        case "at_or_above":
            return Region((((first, 0), _END),))
    return Region((((first, 0), (last, 1)),))
