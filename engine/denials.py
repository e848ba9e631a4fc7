"""Denials: in which code systems a code that no concept lists is none of a concept, and where that is no more than presumed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from engine.code_index import Known
from engine.code_systems import CodeSystems
from engine.concept import Concept
from engine.grammars import SNOMED


class Denials:
    """What the lists of concepts deny, each concept's with those of all that it includes (``members``); systems are canonical URIs.

    A concept's own word (``complete_in``) comes first. Else a system denies that is left open by none of the concepts below, and that
    either denies by itself (``unlisted: "no"``) and has codes of one of them, or is complete in each of them that has codes at all:
    what is complete for one member of a class is not so for the class.
    """

    __slots__ = ("_firmly", "_presumed", "_systems", "denying")

    def __init__(
        self, concepts: Mapping[str, Concept], members: Mapping[str, frozenset[str]], systems: CodeSystems
    ) -> None:
        self._systems = systems
        closed = {concept.id: self._uris(concept.complete_in) for concept in concepts.values()}
        by_themselves = {uri for uri, system in systems.by_uri.items() if system.hierarchical}
        self.denying: dict[str, frozenset[str]] = {}
        self._firmly: dict[str, frozenset[str]] = {}
        self._presumed: dict[str, frozenset[str]] = {}
        for concept_id, below in members.items():
            listing = [concepts[member] for member in below]
            denying = closed[concept_id] | (
                self._of_lists(listing, closed) - self._left_open(listing, closed)
            )
            self.denying[concept_id] = denying
            self._presumed[concept_id] = denying - closed[concept_id] - by_themselves
            self._firmly[concept_id] = denying - self._presumed[concept_id]

    def _uris(self, names: tuple[str, ...]) -> frozenset[str]:
        return frozenset(uri for name in names for uri in self._systems.uris(name))

    def _left_open(self, below: list[Concept], closed: Mapping[str, frozenset[str]]) -> frozenset[str]:
        return frozenset().union(*(self._uris(each.open_in) - closed[each.id] for each in below))

    def _of_lists(self, below: list[Concept], closed: Mapping[str, frozenset[str]]) -> frozenset[str]:
        listed = self._uris(tuple({code.system for each in below for code in each.codes}))
        denying = frozenset(uri for uri in listed if self._systems.by_uri[uri].unlisted == "no")
        complete = [closed[each.id] for each in below if each.codes or closed[each.id]]
        return denying | frozenset.intersection(*complete) if complete else denying

    def denied_by(self, concept_id: str, systems: Set[str]) -> frozenset[str]:
        """The systems of an entry that nothing lists, by which it is outside a concept; or none.

        SNOMED CT, whose lists cannot hold its hierarchy, only presumes so. Where another code of the entry is in a system that nobody
        described, which alone would leave it open, that is no denial: more codes must not take a doubt away.
        """
        denying = self.denying[concept_id] & systems
        if SNOMED in denying and not self._systems.all_described(systems):
            return denying - ({SNOMED} & self._presumed[concept_id])
        return denying

    def presuming(self, concept_id: str, systems: Set[str]) -> frozenset[str]:
        """Those of them by which it is outside for no other reason than that no list has it; none where any denies for another one.

        A hierarchical system denies by its own codes, and a concept by its word; in SNOMED CT a code may be a kind of what is listed.
        """
        denying = self.denied_by(concept_id, systems)
        return denying if denying <= self._presumed[concept_id] else frozenset()

    def told_beside(self, one: Known, others: Iterable[Known]) -> frozenset[str]:
        """The concepts that a code leaves open for saying no more, while one beside it denies them for more than want of being listed.

        "Allergy to drug" beside penicillin is the allergy to penicillin. What SNOMED CT only presumes takes no doubt away.
        """
        return frozenset(
            concept_id
            for concept_id in one.untold
            if any(
                each.system in self._firmly[concept_id] and concept_id not in each.left_open
                for each in others
            )
        )

    def takes_for_complete(self, concept_id: str, systems: Set[str]) -> bool:
        """Whether it is outside only because the concept says that its list is complete, in systems that deny nothing themselves."""
        denying = self.denied_by(concept_id, systems)
        return bool(denying) and all(self._systems.by_uri[uri].unlisted == "unknown" for uri in denying)
