"""Substances: how many different ones some medicines are, whatever their codes, strengths and names.

An order and its reconciled statement are one medicine in two code systems as a rule, and a patient on it takes one. What two entries
share tells that they are the same, what cannot both be true of one that they differ; where neither can be told, it is left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from engine.concepts import ConceptLibrary
from engine.facts import MedicationFact
from engine.finding import Truth
from engine.grammars import ATC
from engine.record import codes_of, said_of

Place = tuple[str, str]

SUBSTANCE_LEVEL: Final = 7
"""Characters of an ATC code of the fifth level, which names a substance (WHO Collaborating Centre, structure and principles)."""


class Identity(NamedTuple):
    """By what one medicine is told from another.

    ``places`` are its codes, each with the canonical URI of its system, without those of ATC that name no more than a group of
    medicines; ``groups`` are all of hierarchical systems; ``names`` the substances of a concept that its words or its codes name, and
    ``label`` what it is called.
    """

    places: frozenset[Place]
    groups: frozenset[Place]
    names: frozenset[str]
    label: str


def identity_of(concepts: ConceptLibrary, concept: str | None, medication: MedicationFact) -> Identity:
    """The identity of a medicine among those of a concept; without one, among all."""
    codings = (coding for code in codes_of(medication) for coding in code.codings)
    read = {concepts.place(coding) for coding in codings if concepts.standing((coding,)).systems}
    groups = frozenset(place for place in read if concepts.is_hierarchical(place[0]))
    places = frozenset(place for place in read if place[0] != ATC or len(place[1]) == SUBSTANCE_LEVEL)
    spoken = said_of(medication).casefold()
    known = concepts.substances_of(concept) if concept is not None else {}
    names = {name for name, listed in known.items() if name in spoken or not listed.isdisjoint(places)}
    return Identity(places, groups, frozenset(names), medication.label.casefold())


def _same(one: Identity, other: Identity) -> Truth:
    """Whether two entries are the same medicine."""
    if not one.places.isdisjoint(other.places):
        return Truth.MET
    if one.names and other.names:
        if one.names == other.names:
            return Truth.MET
        return Truth.NOT_MET if one.names.isdisjoint(other.names) else Truth.UNKNOWN
    apart = [_apart(mine, others) for mine in one.groups for others in other.groups]
    if True in apart:
        return Truth.NOT_MET
    return Truth.MET if one.label and one.label == other.label else Truth.UNKNOWN


def _apart(one: Place, other: Place) -> bool:
    """Whether two codes of a hierarchy by prefix are of one system, and neither says less than the other."""
    both = one[0] == other[0]
    return both and not (one[1].startswith(other[1]) or other[1].startswith(one[1]))


class Substances:
    """Some medicines, put together where they are the same; the order in which they come changes nothing."""

    __slots__ = ("groups",)

    def __init__(self, identities: Iterable[Identity]) -> None:
        self.groups: list[list[Identity]] = []
        once = dict.fromkeys(identities)  # renewals of one order are many, and tell no more than one of them
        for identity in sorted(once, key=lambda each: (sorted(each.places), each.label)):
            alike = [
                group for group in self.groups if any(_same(identity, each) is Truth.MET for each in group)
            ]
            others = [group for group in self.groups if group not in alike]
            self.groups = [*others, [identity, *(each for group in alike for each in group)]]

    @property
    def different(self) -> int:
        """How many surely differ from each other: those that differ from most are put together as long as each differs from all."""
        towards = [sum(_differ(one, other) for other in self.groups) for one in self.groups]
        by_number = sorted(zip(towards, self.groups, strict=True), key=lambda each: -each[0])
        chosen: list[list[Identity]] = []
        for _, group in by_number:
            if all(_differ(group, other) for other in chosen):
                chosen.append(group)
        return len(chosen)

    def are_at_least(self, count: int) -> Truth:
        """Whether so many are different: unknown while those that cannot be told apart could make up the number."""
        if len(self.groups) < count:
            return Truth.NOT_MET
        return Truth.MET if self.different >= count else Truth.UNKNOWN


def _differ(one: Sequence[Identity], other: Sequence[Identity]) -> bool:
    return any(_same(mine, others) is Truth.NOT_MET for mine in one for others in other)
