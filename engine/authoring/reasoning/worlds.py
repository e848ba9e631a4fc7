"""Worlds: whether any patient can bring some conditions to some truths at the same time.

Conditions are taken apart into claims, one way after the other, until a way is found that does not contradict itself: then such a
patient may exist. Only when every way contradicts itself can none exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from engine.authoring.reasoning.claims import Claim, claim_of
from engine.authoring.reasoning.contradiction import Literals, contradict
from engine.concepts import ConceptLibrary
from engine.finding import Truth
from engine.language import All, AnyOf, AtLeast, FindingLeaf, Leaf, NoneOf, Tree
from engine.logic import agreeing, members_of
from engine.rule import SharedFinding

MOST_STEPS: Final = 5_000
"""How many steps one question may take; beyond, nothing is claimed."""

Truths = frozenset[Truth]
"""The truths of which a condition is to have one."""

MET: Final = frozenset({Truth.MET})
NOT_MET: Final = frozenset({Truth.NOT_MET})
POSSIBLE: Final = frozenset({Truth.MET, Truth.UNKNOWN})
REFUTABLE: Final = frozenset({Truth.NOT_MET, Truth.UNKNOWN})

Goal = tuple[Tree, Truths]
"""A condition, and what it is to be: `MET`, `NOT_MET`, `POSSIBLE` or `REFUTABLE`."""

Way = tuple[Goal, ...]
"""Goals that together make a group what it is to be."""


class _TooManyWays(Exception):
    """The question would take too many steps."""


class Reasoning:
    """Answers about conditions, from what is known of the concepts and the shared findings."""

    def __init__(self, library: ConceptLibrary, findings: Mapping[str, SharedFinding]) -> None:
        self.library, self.findings = library, findings
        self._claims: dict[Leaf, Claim] = {}

    def impossible(self, *goals: Goal) -> bool:
        """Whether no patient can be so; False also where that cannot be told."""
        self._steps = MOST_STEPS
        try:
            return not self._possible(goals, (), ())
        except _TooManyWays:
            return False

    def constant(self, tree: Tree) -> bool | None:
        """True for a condition that is never not met, False for one that is never met, else None."""
        if self.impossible((tree, MET)):
            return False
        return True if self.impossible((tree, NOT_MET)) else None

    def claim(self, leaf: Leaf) -> Claim:
        """What a condition claims."""
        if leaf not in self._claims:
            self._claims[leaf] = claim_of(leaf, self.library)
        return self._claims[leaf]

    def _possible(self, goals: Way, left: Sequence[Sequence[Way]], taken: Literals) -> bool:
        self._steps -= 1
        if self._steps < 0:
            raise _TooManyWays
        choices, literals = [*left], [*taken]
        waiting = [*goals]
        while waiting:
            tree, wanted = waiting.pop()
            if isinstance(tree, FindingLeaf) and tree.finding in self.findings:
                waiting.append((self.findings[tree.finding].when, wanted))
            elif isinstance(tree, Leaf):
                literals.append((self.claim(tree), wanted))
            else:
                choices.append([*_ways(tree, wanted)])
        if contradict(literals, self.library):
            return False
        if not choices:
            return True
        choices.sort(key=len)
        return any(self._possible(way, choices[1:], literals) for way in choices[0])


def _ways(tree: All | AnyOf | NoneOf | AtLeast, wanted: Truths) -> Iterator[Way]:
    """The ways in which a group can come to a truth that is wanted of it."""
    _, members = members_of(tree)
    each = frozenset(~truth for truth in wanted) if isinstance(tree, NoneOf) else wanted
    size = agreeing(tree, met=Truth.NOT_MET not in wanted)
    for chosen in combinations(members, size):
        yield tuple((member, each) for member in chosen)
