"""Concepts: named clinical ideas and the codes that mean them; the only place where codes are compared.

A rule says ``condition: epilepsy-any``; this module answers whether a coding of the record is a member. The answer has three
values, because a code in a system nobody mapped is not a "no".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from engine.code_index import CodeIndex, Known, Standing
from engine.concept import CodeSystem, Concept
from engine.errors import ConceptError
from engine.expansions import Expansion, TerminologySource, sources
from engine.expressions import focus_concepts
from engine.grammars import holds
from engine.medicine import Medicine

CODINGS_KEPT: Final = 200_000
"""Codings whose concepts are remembered; more than a site's whole terminology is not worth keeping."""

SHORTEST_NAME: Final = 5
"""Letters of the name of a substance by which it is recognised in free text."""

# SNOMED CT URI Standard, 2.2 and 2.3: an edition and a version of it; and FHIR's canonical with a version behind a bar.
_EDITION: Final = re.compile(r"(http://snomed\.info/sct)/[0-9]+(?:/version/[0-9]+)?/?|([^|]+)\|.*", re.ASCII)
_OID: Final = re.compile(r"(?:urn:)?(?:oid:)?([0-2](?:\.(?:0|[1-9][0-9]*))+)", re.ASCII | re.IGNORECASE)


class Membership(StrEnum):
    """Whether a coded entry is a member of a concept: ``yes``, ``no``, or ``unknown`` when nothing on hand can tell."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one code system (FHIR Coding); ``system`` is the canonical URI, empty when the record gave none."""

    system: str
    code: str
    display: str = ""


UNREAD: Final = Coding("", "")
"""Stands for a coding whose code cannot be read, beside others: it may be any, so that the others deny nothing."""


@dataclass(frozen=True, slots=True)
class CodedText:
    """A FHIR CodeableConcept: any number of codings for one meaning, and the text as it was entered."""

    codings: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def label(self) -> str:
        """The words a person would read: the text, else the first display, else the first code."""
        if self.text:
            return self.text
        for coding in self.codings:
            if coding.display:
                return coding.display
        return self.codings[0].code if self.codings else ""


class Worded(NamedTuple):
    """Words of a concept, in small letters.

    ``within`` are the concepts in whose entries alone they are looked for, none for any entry; ``unless`` the words beside which
    they name nothing.
    """

    texts: tuple[str, ...]
    within: tuple[str, ...]
    unless: tuple[str, ...]


def _small(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(str.casefold, words))


@dataclass(slots=True)
class ConceptLibrary:
    """All concepts of a rules folder, indexed for look-up; answers membership of codings.

    ``expansions`` (from a terminology server, pinned on disk) and ``local_codes`` (a site's map) can only add members: neither can
    switch off a code that ships with the rules, and what a server adds to one concept denies nothing of another. ``sources`` says
    where the expansions come from.
    """

    concepts: Mapping[str, Concept]
    systems: Mapping[str, CodeSystem]
    medicines: Mapping[str, Medicine] = field(default_factory=dict)
    expansions: Mapping[str, Expansion] = field(default_factory=dict)
    local_codes: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    sources: tuple[TerminologySource, ...] = field(init=False)
    _codes: CodeIndex = field(init=False, repr=False)
    _added: dict[tuple[str, str], frozenset[str]] = field(init=False, repr=False)
    _excluded: CodeIndex = field(init=False, repr=False)
    _uris: dict[str, CodeSystem] = field(init=False, repr=False)
    _members: dict[str, frozenset[str]] = field(init=False, repr=False)
    _including: dict[str, set[str]] = field(init=False, repr=False)
    _leaving_open: dict[str, frozenset[str]] = field(init=False, repr=False)
    _denying: dict[str, frozenset[str]] = field(init=False, repr=False)
    _presuming: dict[str, frozenset[str]] = field(init=False, repr=False)
    _cache: dict[tuple[str, str], Known] = field(init=False, repr=False)
    _standings: dict[tuple[Coding, ...], Standing] = field(init=False, repr=False)
    _ingredients: dict[str, frozenset[str]] = field(init=False, repr=False)
    _worded: dict[str, tuple[Worded, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the indexes; raise ConceptError for an include or a system that does not exist."""
        self._uris = {
            uri: system for system in self.systems.values() for uri in (system.uri, *system.aliases)
        }
        self._codes, self._excluded, self._including, self._cache = CodeIndex(), CodeIndex(), {}, {}
        self._standings, self._added, self._ingredients = {}, {}, {}
        self._members = {concept_id: self._closure(concept_id, ()) for concept_id in self.concepts}
        self._leaving_open = {
            concept_id: frozenset(name for member in members for name in self.concepts[member].left_open_by)
            for concept_id, members in self._members.items()
        }
        self._worded = {concept_id: self._words_of(members) for concept_id, members in self._members.items()}
        for concept in self.concepts.values():
            for included in concept.includes:
                self._including.setdefault(included, set()).add(concept.id)
            for index, listed in ((self._codes, concept.codes), (self._excluded, concept.exclude)):
                for entry in listed:
                    uri = self._described(entry.system).uri
                    index.add(uri, self._normal(uri, entry.code), concept.id, prefix=entry.prefix)
        self._map(self.local_codes)
        for concept_id, expansion in self.expansions.items():
            self._add((concept_id, system, code) for system, code in expansion.codes)
        self.sources = sources(self.expansions)
        self._denying = {concept_id: self._systems_that_deny(concept_id) for concept_id in self.concepts}
        self._presuming = {concept_id: self._systems_that_presume(concept_id) for concept_id in self.concepts}

    def _closure(self, concept_id: str, seen: tuple[str, ...]) -> frozenset[str]:
        if concept_id in seen:
            raise ConceptError(f"concept {concept_id} includes itself: {' → '.join((*seen, concept_id))}")
        concept = self.concepts.get(concept_id)
        if concept is None:
            raise ConceptError(f"concept {seen[-1]} includes {concept_id}, which does not exist")
        below = [self._closure(included, (*seen, concept_id)) for included in concept.includes]
        return frozenset({concept_id}).union(*below)

    def _words_of(self, members: Iterable[str]) -> tuple[Worded, ...]:
        below = (self.concepts[member] for member in sorted(members))
        return tuple(
            Worded(_small(each.texts), each.texts_in, _small(each.texts_unless))
            for each in below
            if each.texts
        )

    def _described(self, name: str) -> CodeSystem:
        system = self.systems.get(name)
        if system is None:
            raise ConceptError(f"code system {name} is not described in systems.yaml")
        return system

    def _map(self, local_codes: Mapping[tuple[str, str], frozenset[str]]) -> None:
        for (system, code), concept_ids in local_codes.items():
            uri = self.system_uri(system)
            for concept_id in concept_ids:
                self._codes.add(uri, self._normal(uri, code), concept_id)

    def _add(self, members: Iterable[tuple[str, str, str]]) -> None:
        for concept_id, system, code in members:
            uri = self.system_uri(system)
            key = (uri, self._normal(uri, code))
            self._added[key] = self._added.get(key, frozenset()) | {concept_id}

    def with_members(self, members: Iterable[tuple[str, str, str]]) -> ConceptLibrary:
        """The same concepts with more codes in them, each as (concept, system, code); this library stays as it is."""
        more = copy(self)
        more._added, more._cache, more._standings = dict(self._added), {}, {}
        more._add(members)
        return more

    def with_local_codes(self, local_codes: Mapping[tuple[str, str], frozenset[str]]) -> ConceptLibrary:
        """The same concepts with more codes of a site's own; this library stays as it is."""
        more = copy(self)
        more.local_codes = {**self.local_codes, **local_codes}
        more._codes, more._cache, more._standings = self._codes.copy(), {}, {}
        more._map(local_codes)
        return more

    def _systems_that_deny(self, concept_id: str) -> frozenset[str]:
        """The systems in which a code that is not listed is not in the concept.

        The concept's own word for it (``complete_in``) comes first. Otherwise a system denies where none of the
        concepts below is open in it, and either it is one that denies and they have codes in it, or they are all complete in it:
        what is complete for one member of a class is not so for the class.
        """
        below = [self.concepts[member] for member in self._members[concept_id]]
        closed = {concept.id: self._closed_in(concept) for concept in below}
        listed = {self._described(code.system) for concept in below for code in concept.codes}
        open_in = {
            uri
            for concept in below
            for uri in {self._described(name).uri for name in concept.open_in} - closed[concept.id]
        }
        denying = {system.uri for system in listed if system.unlisted == "no"}
        stating = [closed[concept.id] for concept in below if concept.codes or closed[concept.id]]
        if stating:
            denying |= frozenset.intersection(*stating)
        return frozenset(denying - open_in) | closed[concept_id]

    def _closed_in(self, concept: Concept) -> frozenset[str]:
        return frozenset(self._described(name).uri for name in concept.complete_in)

    def system_uri(self, system: str) -> str:
        """The canonical URI of a system given by URI, OID, URN or short name, also with a version or an edition in it.

        Of a system that is not described an OID is written as FHIR wants it (``urn:oid:1.2.3``), anything else as it is.
        """
        if system in self.systems:
            return self.systems[system].uri
        if edition := _EDITION.fullmatch(system):
            system = edition[1] or edition[2]
        known = self._uris.get(system) or self._uris.get(system.rstrip("/"))
        if known is None and (oid := _OID.fullmatch(system)):
            system = f"urn:oid:{oid[1]}"
            known = self._uris.get(system)
        return known.uri if known else system

    def knows_system(self, system: str) -> bool:
        """Whether the system, in any of its spellings, is described in ``systems.yaml``."""
        return self.system_uri(system) in self._uris

    def _normal(self, uri: str, code: str) -> str:
        system = self._uris.get(uri)
        if system is None or not system.hierarchical:
            return code
        return code.replace(".", "").replace(" ", "").rstrip("+*†!-").upper()

    def concepts_of(self, coding: Coding) -> frozenset[str]:
        """Every concept that lists this coding itself, or a beginning of it; includes are resolved by :meth:`membership`."""
        return self._known(coding).named

    def names(self, coding: Coding) -> bool:
        """Whether any concept lists this coding, leaves it out, or has been given it by a terminology server."""
        known = self._known(coding)
        return known.anywhere or bool(known.named)

    def _known(self, coding: Coding) -> Known:
        key = (coding.system, coding.code)
        known = self._cache.get(key)
        if known is None:
            if len(self._cache) >= CODINGS_KEPT:
                self._cache.clear()
            known = self._cache[key] = self._look_up(coding)
        return known

    def _look_up(self, coding: Coding) -> Known:
        if not coding.system:
            return Known()
        uri = self.system_uri(coding.system)
        code = self._normal(uri, coding.code)
        listed, excluded = self._codes.concepts(uri, code), self._excluded.concepts(uri, code)
        counted = frozenset(listed) | self._added.get((uri, code), frozenset())
        within: set[str] = set()
        waiting = list(counted)
        while waiting:
            concept_id = waiting.pop()
            if concept_id not in within and concept_id not in excluded:
                within.add(concept_id)
                waiting += self._including.get(concept_id, ())
        named, anywhere = counted - excluded, bool(listed or excluded)
        if anywhere or named or holds(uri, code):
            return Known(named, frozenset(within), anywhere, is_code=True)
        parts = [self._known(Coding(uri, focus)) for focus in focus_concepts(uri, coding.code)]
        return Known(
            frozenset().union(*(part.named for part in parts)),
            frozenset().union(*(part.within for part in parts)),
        )

    def membership(self, concept_id: str, codings: Iterable[Coding]) -> Membership:
        """Whether any of the codings of one entry is a member of the concept.

        Any yes is yes. No is an answer only from a system that the concept has codes in, that can hold the code and whose lists can
        deny, or from a code that the library names elsewhere. Anything else (no coding, no system, an unmapped system, a code that is
        none, an unlisted product) is unknown.
        An expression of SNOMED CT (:mod:`engine.expressions`) is a member where one of its focus concepts is, and denies nothing.
        A code that says less than the concept (epilepsy, where a kind of epilepsy is asked for) is not a member of it, unless the
        concept says that it leaves it open (any implanted pump, where an intrathecal one is asked for).
        """
        standing = self.standing(tuple(codings))
        if concept_id in standing.within:
            return Membership.YES
        denied = not self.denying(concept_id).isdisjoint(standing.systems) or standing.named
        left_open = not self._leaving_open[concept_id].isdisjoint(standing.within)
        return Membership.NO if denied and not left_open else Membership.UNKNOWN

    def standing(self, codings: tuple[Coding, ...]) -> Standing:
        """Where the codings of one entry stand, for :meth:`membership` in any concept."""
        found = self._standings.get(codings)
        if found is None:
            if len(self._standings) >= CODINGS_KEPT:
                self._standings.clear()
            known = [self._known(coding) for coding in codings]
            denies = UNREAD not in codings
            found = self._standings[codings] = Standing(
                frozenset().union(*(each.within for each in known)),
                denies and any(each.anywhere for each in known),
                frozenset(
                    self.system_uri(coding.system)
                    for coding, each in zip(codings, known, strict=True)
                    if denies and each.is_code
                ),
            )
        return found

    def denying(self, concept_id: str) -> frozenset[str]:
        """The URIs of the systems in which a code that nothing lists is not in the concept; ConceptError when there is none."""
        try:
            return self._denying[concept_id]
        except KeyError:
            raise ConceptError(f"there is no concept {concept_id}") from None

    def leaving_open(self, concept_id: str) -> frozenset[str]:
        """The concepts that say less than this one: their codes neither mean nor deny it; ConceptError when there is none."""
        return self._leaving_open[self.concept(concept_id).id]

    def leaves_open(self, concept_id: str, codings: tuple[Coding, ...]) -> bool:
        """Whether it is only because they say less that the codings of one entry do not tell whether it is in the concept."""
        within = self.standing(codings).within
        return concept_id not in within and not self.leaving_open(concept_id).isdisjoint(within)

    def takes_for_complete(self, concept_id: str, systems: frozenset[str]) -> bool:
        """Whether an entry of these systems that nothing lists is outside a concept only because that says its list is complete.

        So it is where the systems themselves deny nothing (RxNorm): a product that came to the market since is in no list either.
        """
        denying = self.denying(concept_id) & systems
        return bool(denying) and all(self._uris[uri].unlisted == "unknown" for uri in denying)

    def presuming(self, concept_id: str, systems: frozenset[str]) -> frozenset[str]:
        """The systems of an entry that nothing lists, by which it is outside a concept only for want of being listed; or none.

        A hierarchical system denies by its own codes, and a concept by its word (``complete_in``); any other denial is a presumption, as
        the code may be a kind of what is listed (SNOMED CT). So is one beside a pinned expansion, which lacks what was retired.
        """
        denying = self.denying(concept_id) & systems
        return denying if denying <= self._presuming[concept_id] else frozenset()

    def _systems_that_presume(self, concept_id: str) -> frozenset[str]:
        hierarchical = {uri for uri, system in self._uris.items() if system.hierarchical}
        return self._denying[concept_id] - self._closed_in(self.concepts[concept_id]) - hierarchical

    def concept(self, concept_id: str) -> Concept:
        """The concept with this id; ConceptError when there is none."""
        try:
            return self.concepts[concept_id]
        except KeyError:
            raise ConceptError(f"there is no concept {concept_id}") from None

    def members(self, concept_id: str) -> frozenset[str]:
        """The concept and all that it includes, as ids."""
        return self._members[self.concept(concept_id).id]

    def worded(self, concept_id: str) -> tuple[Worded, ...]:
        """The words by which a concept, and each that it includes, is recognised in free text."""
        return self._worded[self.concept(concept_id).id]

    def ingredients_of(self, concept_id: str) -> frozenset[str]:
        """The names, in one word, of the substances that a concept and those it includes list.

        They are the displays of codes that are those of ingredients (RxNorm), where an unlisted product denies nothing.
        """
        found = self._ingredients.get(concept_id)
        if found is None:
            listed = (code for member in self.members(concept_id) for code in self.concepts[member].codes)
            names = (
                code.display.casefold()
                for code in listed
                if self._described(code.system).unlisted == "unknown"
            )
            found = frozenset(name for name in names if len(name) >= SHORTEST_NAME and name.isalpha())
            self._ingredients[concept_id] = found
        return found

    def medicine(self, medicine_id: str) -> Medicine:
        """The medicine with this id; ConceptError when there is none."""
        try:
            return self.medicines[medicine_id]
        except KeyError:
            raise ConceptError(f"there is no medicine {medicine_id}") from None
