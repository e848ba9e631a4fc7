"""Traces: how each line of a rule came out for one patient, kept as a tree of the same shape as the rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.finding import Evidence, Finding, Missing, Truth, once
from engine.language import Leaf, NoneOf, Tree

Path = tuple[str | int, ...]
"""Where a condition stands in its file, such as ``("when", "any", 1)``."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One condition or group with its finding; a group's finding carries only its truth, its children carry the evidence."""

    path: Path
    condition: Tree
    finding: Finding
    children: tuple[Trace, ...] = ()

    @property
    def truth(self) -> Truth:
        """What this condition or group came to."""
        return self.finding.truth

    def leaves(self) -> Iterator[Trace]:
        """Every condition with a noun at or below this one, in the order of the file."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def deciding(self) -> list[Trace]:
        """The conditions that made this truth what it is: for a met *any* the met ones, for a failed *all* the failed ones.

        Below a ``none`` the sense turns round: it is met because its members are not.
        """
        if not self.children:
            return [self]
        wanted = self.truth
        if type(self.condition) is NoneOf:
            wanted = ~wanted
        return [leaf for child in self.children if child.finding.truth is wanted for leaf in child.deciding()]

    def evidence(self) -> tuple[Evidence, ...]:
        """The evidence of the deciding conditions, each entry once, in the order of the file."""
        return once(entry for leaf in self.deciding() for entry in leaf.finding.evidence)

    def missing(self) -> tuple[Missing, ...]:
        """What was missing in the conditions that left this unknown."""
        return once(entry for leaf in self.deciding() for entry in leaf.finding.missing)

    def notes(self) -> tuple[str, ...]:
        """The remarks of the deciding conditions."""
        return once(note for leaf in self.deciding() for note in leaf.finding.notes)

    def values(self) -> dict[str, str]:
        """Placeholders of every named condition: ``{"egfr.value": "42", …}``; the first that has a value wins."""
        found: dict[str, str] = {}
        for leaf in self.leaves():
            name = leaf.condition.as_ if isinstance(leaf.condition, Leaf) else None
            if name is not None:
                for key, value in leaf.finding.values.items():
                    found.setdefault(f"{name}.{key}", value)
        return found
