"""Concepts: named clinical ideas and the codes that mean them; the only place where codes are compared.

A rule says ``condition: epilepsy-any``; this module answers whether a coding of the record is a member. The answer has three
values, because a code in a system nobody mapped is not a "no".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from copy import copy
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from engine.code_index import CodeIndex, Known, Standing
from engine.code_systems import CodeSystems
from engine.concept import SHARED, CodeSystem, Concept
from engine.denials import Denials
from engine.errors import ConceptError
from engine.expansions import Expansion, TerminologySource, sources
from engine.expressions import focus_concepts
from engine.grammars import holds
from engine.medicine import Medicine
from engine.quantity import Quantity, convert
from engine.vocabulary import Vocabulary, Worded

CODINGS_KEPT: Final = 200_000
"""Codings whose concepts are remembered; more than a site's whole terminology is not worth keeping."""


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


@dataclass(slots=True)
class ConceptLibrary:
    """All concepts of a rules folder, indexed for look-up; answers membership of codings.

    ``expansions`` (from a terminology server, pinned on disk) and ``local_codes`` (a site's map) can only add members: neither can
    switch off a code that ships with the rules, and what a server adds to one concept denies nothing of another. ``local_groups`` are
    those of the site's codes of which all that begin so count, too. ``sources`` says where the expansions come from.
    """

    concepts: Mapping[str, Concept]
    systems: Mapping[str, CodeSystem]
    medicines: Mapping[str, Medicine] = field(default_factory=dict)
    expansions: Mapping[str, Expansion] = field(default_factory=dict)
    local_codes: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    local_strengths: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    local_groups: frozenset[tuple[str, str]] = frozenset()
    sources: tuple[TerminologySource, ...] = field(init=False)
    _codes: CodeIndex = field(init=False, repr=False)
    _added: dict[tuple[str, str], frozenset[str]] = field(init=False, repr=False)
    _unanswered: dict[tuple[str, str], set[str]] = field(init=False, repr=False)
    _excluded: CodeIndex = field(init=False, repr=False)
    _systems: CodeSystems = field(init=False, repr=False)
    _members: dict[str, frozenset[str]] = field(init=False, repr=False)
    _including: dict[str, set[str]] = field(init=False, repr=False)
    _leaving_open: dict[str, frozenset[str]] = field(init=False, repr=False)
    _opened: dict[str, set[str]] = field(init=False, repr=False)
    _silent: frozenset[str] = field(init=False, repr=False)
    _cache: dict[tuple[str, str], Known] = field(init=False, repr=False)
    _standings: dict[tuple[Coding, ...], Standing] = field(init=False, repr=False)
    _denials: Denials = field(init=False, repr=False)
    _vocabulary: Vocabulary = field(init=False, repr=False)
    _strengths: dict[tuple[str, str], set[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the indexes; raise ConceptError for an include or a system that does not exist."""
        self._systems = CodeSystems(self.systems)
        self._codes, self._excluded, self._including, self._cache = CodeIndex(), CodeIndex(), {}, {}
        self._standings, self._added, self._unanswered = {}, {}, {}
        self._members = {concept_id: self._closure(concept_id, ()) for concept_id in self.concepts}
        self._leaving_open = {
            concept_id: frozenset(name for member in members for name in self.concepts[member].left_open_by)
            for concept_id, members in self._members.items()
        }
        self._opened = {}
        for concept_id, wider in self._leaving_open.items():
            for name in wider:
                self._opened.setdefault(name, set()).add(concept_id)
        self._silent = frozenset(each.id for each in self.concepts.values() if each.says_nothing)
        for concept in self.concepts.values():
            for included in concept.includes:
                self._including.setdefault(included, set()).add(concept.id)
            for index, listed in ((self._codes, concept.codes), (self._excluded, concept.exclude)):
                for entry in listed:
                    own, *editions = self._systems.uris(entry.system)
                    shared = editions if len(self._systems.normal(own, entry.code)) <= SHARED else []
                    for uri in (own, *shared):
                        self._list(index, uri, entry.code, concept.id, prefix=entry.prefix)
        self._map(self.local_codes, self.local_groups)
        self._strengths = {}
        of_lists = ((c.system, c.code, c.strength) for each in self.concepts.values() for c in each.codes)
        of_site = ((*key, each) for key, found in self.local_strengths.items() for each in found)
        for system, code, strength in (*of_lists, *of_site):
            if strength is not None:
                self._strengths.setdefault(self._systems.place(system, code), set()).add(strength)
        for concept_id, expansion in self.expansions.items():
            self._add((concept_id, system, code) for system, code in expansion.codes)
        self.sources = sources(self.expansions)
        self._denials = Denials(self.concepts, self._members, self._systems)
        substances = {medicine.substance for medicine in self.medicines.values()}
        self._vocabulary = Vocabulary(self.concepts, self._members, self._systems, substances)

    def _closure(self, concept_id: str, seen: tuple[str, ...]) -> frozenset[str]:
        if concept_id in seen:
            raise ConceptError(f"concept {concept_id} includes itself: {' → '.join((*seen, concept_id))}")
        concept = self.concepts.get(concept_id)
        if concept is None:
            raise ConceptError(f"concept {seen[-1]} includes {concept_id}, which does not exist")
        below = [self._closure(included, (*seen, concept_id)) for included in concept.includes]
        return frozenset({concept_id}).union(*below)

    def _list(self, index: CodeIndex, uri: str, code: str, concept_id: str, *, prefix: bool = False) -> None:
        hierarchical = self._systems.is_hierarchical(uri)
        normal = self._systems.normal(uri, code)
        index.add(uri, normal, concept_id, prefix=prefix, hierarchical=hierarchical)

    def _map(
        self,
        local_codes: Mapping[tuple[str, str], frozenset[str]],
        groups: Set[tuple[str, str]] = frozenset(),
    ) -> None:
        for (system, code), concept_ids in local_codes.items():
            uri = self.system_uri(system)
            for concept_id in concept_ids:
                self._list(self._codes, uri, code, concept_id, prefix=(system, code) in groups)

    def _add(self, members: Iterable[tuple[str, str, str]]) -> None:
        for concept_id, system, code in members:
            uri = self.system_uri(system)
            key = (uri, self._systems.normal(uri, code))
            self._added[key] = self._added.get(key, frozenset()) | {concept_id}

    def with_members(
        self, members: Iterable[tuple[str, str, str]], unanswered: Iterable[tuple[str, str, str]] = ()
    ) -> ConceptLibrary:
        """The same concepts with more codes in them, each as (concept, system, code); this library stays as it is.

        ``unanswered`` are codes of which nobody has said whether they are in a concept, although that was asked: they leave it open.
        """
        more = copy(self)
        more._added, more._cache, more._standings = dict(self._added), {}, {}
        more._add(members)
        more._unanswered = {}
        for concept_id, system, code in unanswered:
            more._unanswered.setdefault(self._systems.place(system, code), set()).add(concept_id)
        return more

    def with_local_codes(self, local_codes: Mapping[tuple[str, str], frozenset[str]]) -> ConceptLibrary:
        """The same concepts with more codes of a site's own; this library stays as it is."""
        more = copy(self)
        more.local_codes = {**self.local_codes, **local_codes}
        more._codes, more._cache, more._standings = self._codes.copy(), {}, {}
        more._map(local_codes)
        return more

    def strength_of(self, product: CodedText) -> Quantity | None:
        """What a mL of a product holds by its code; None where no list says it, or where two say it differently."""
        said = {
            strength
            for coding in product.codings
            for strength in self._strengths.get(self._systems.place(coding.system, coding.code), ())
        }
        found = {convert(Quantity.parse(strength), "ug/mL") for strength in said}
        return found.pop() if len(found) == 1 else None

    def system_uri(self, system: str) -> str:
        """The canonical URI of a system in any of its spellings (:meth:`engine.code_systems.CodeSystems.uri`)."""
        return self._systems.uri(system)

    def knows_system(self, system: str) -> bool:
        """Whether the system, in any of its spellings, is described in ``systems.yaml``."""
        return self._systems.all_described((self.system_uri(system),))

    def place(self, coding: Coding) -> tuple[str, str]:
        """The canonical URI of the system that a coding is of, and its code as it is compared there."""
        return self._systems.place(coding.system, coding.code)

    def is_hierarchical(self, uri: str) -> bool:
        """Whether the system with this canonical URI is a hierarchy by prefix (ATC, ICD)."""
        return self._systems.is_hierarchical(uri)

    def concepts_of(self, coding: Coding) -> frozenset[str]:
        """Every concept that lists this coding itself, or a beginning of it; includes are resolved by :meth:`membership`."""
        return self._known(coding).listed_in

    def opened_by(self, coding: Coding) -> frozenset[str]:
        """Every concept of which this coding says too little: it neither means nor denies it."""
        known = self._known(coding)
        return known.left_open - known.within

    def names(self, coding: Coding) -> bool:
        """Whether any concept lists this coding, leaves it out, or has been given it by a terminology server."""
        known = self._known(coding)
        return known.listed or bool(known.listed_in)

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
        code = self._systems.normal(uri, coding.code)
        if not self._is_written(uri, code):
            uri, code = self._systems.place(uri, code)
            if not holds(uri, code):
                return self._of_focus_concepts(uri, coding.code)
        listed, excluded = self._codes.concepts(uri, code), self._excluded.concepts(uri, code)
        counted = (frozenset(listed) | self._added.get((uri, code), frozenset())) - excluded
        if counted and counted <= self._silent:
            return Known(counted)
        within = self._with_including(counted, excluded)
        below = self._codes.below(uri, code) | self._unanswered.get((uri, code), set())
        in_doubt = self._with_including(below, excluded)
        untold = frozenset().union(*(self._opened.get(each, ()) for each in within | in_doubt)) - in_doubt
        return Known(counted, within, in_doubt | untold, bool(listed or excluded), uri, code, untold)

    def _is_written(self, uri: str, code: str) -> bool:
        """Whether a list, a site or a terminology server has just this code, whatever its system can hold."""
        indexes = (self._codes, self._excluded)
        return (uri, code) in self._added or any(index.whole(uri, code) for index in indexes)

    def _of_focus_concepts(self, uri: str, code: str) -> Known:
        """What is known of an expression of SNOMED CT; nothing of anything else that is no code."""
        parts = [self._known(Coding(uri, focus)) for focus in focus_concepts(uri, code)]
        return Known(
            frozenset().union(*(part.listed_in for part in parts)),
            frozenset().union(*(part.within for part in parts)),
            frozenset().union(*(part.left_open for part in parts)),
        )

    def _with_including(self, concepts: Iterable[str], excluded: Set[str]) -> frozenset[str]:
        """The concepts and all that include one of them, unless they leave the code out."""
        found: set[str] = set()
        waiting = list(concepts)
        while waiting:
            concept_id = waiting.pop()
            if concept_id not in found and concept_id not in excluded:
                found.add(concept_id)
                waiting += self._including.get(concept_id, ())
        return frozenset(found)

    def membership(self, concept_id: str, codings: Iterable[Coding]) -> Membership:
        """Whether any of the codings of one entry is a member of the concept.

        Any yes is yes. No is an answer only from a system that the concept has codes in, that can hold the code and whose lists can
        deny, or from a code that the library names elsewhere. Anything else (no coding, no system, an unmapped system, a code that is
        none, an unlisted product) is unknown.
        An expression of SNOMED CT (:mod:`engine.expressions`) is a member where one of its focus concepts is, and denies nothing.
        A code that says less than the concept neither means nor denies it, where its system is a hierarchy by prefix (``G40``, where
        ``G40.3`` is asked for) or the concept says so (any implanted pump, where an intrathecal one is asked for).
        """
        standing = self.standing(tuple(codings))
        if concept_id in standing.within:
            return Membership.YES
        denied = bool(self.denied_by(concept_id, standing.systems)) or standing.listed
        return Membership.NO if denied and concept_id not in standing.left_open else Membership.UNKNOWN

    def standing(self, codings: tuple[Coding, ...]) -> Standing:
        """Where the codings of one entry stand, for :meth:`membership` in any concept."""
        found = self._standings.get(codings)
        if found is None:
            if len(self._standings) >= CODINGS_KEPT:
                self._standings.clear()
            known = [self._known(coding) for coding in codings]
            denies = UNREAD not in codings
            open_by = (
                each.left_open - (self._denials.told_beside(each, known) if denies else frozenset())
                for each in known
                if not self._is_above_any(each, known)
            )
            found = self._standings[codings] = Standing(
                frozenset().union(*(each.within for each in known)),
                frozenset().union(*open_by),
                denies and any(each.listed for each in known),
                frozenset(each.system for each in known if denies and each.system),
            )
        return found

    def _is_above_any(self, one: Known, others: Iterable[Known]) -> bool:
        """Whether a code says less than one beside it, in a hierarchy by prefix: the two mean the same, and that one says what."""
        return self._systems.is_hierarchical(one.system) and any(
            one.system == other.system and one.code != other.code and other.code.startswith(one.code)
            for other in others
        )

    def denied_by(self, concept_id: str, systems: frozenset[str]) -> frozenset[str]:
        """The systems by which an entry that nothing lists is outside a concept: :meth:`engine.denials.Denials.denied_by`."""
        return self._denials.denied_by(self.concept(concept_id).id, systems)

    def leaving_open(self, concept_id: str) -> frozenset[str]:
        """The concepts that say less than this one: their codes neither mean nor deny it; ConceptError when there is none."""
        return self._leaving_open[self.concept(concept_id).id]

    def leaves_open(self, concept_id: str, codings: tuple[Coding, ...]) -> bool:
        """Whether the codings of one entry do not tell whether it is in the concept because they say less, or nobody answered of them."""
        standing = self.standing(codings)
        return concept_id in standing.left_open and concept_id not in standing.within

    def awaits(self, concept_id: str, codings: tuple[Coding, ...]) -> bool:
        """Whether a terminology server was asked if one of the codings is in the concept, and has not answered."""
        asked = (self._unanswered.get(self._systems.place(each.system, each.code), set()) for each in codings)
        return any(not self.members(concept_id).isdisjoint(concepts) for concepts in asked)

    def takes_for_complete(self, concept_id: str, systems: frozenset[str]) -> bool:
        """Whether an entry of these systems that nothing lists is outside a concept only because that says its list is complete.

        So it is where the systems themselves deny nothing (RxNorm): a product that came to the market since is in no list either.
        """
        return self._denials.takes_for_complete(concept_id, systems)

    def presuming(self, concept_id: str, systems: frozenset[str]) -> frozenset[str]:
        """The systems of an entry that nothing lists, by which it is outside a concept only for want of being listed; or none.

        So it is beside a pinned expansion, too, which lacks what was retired (:meth:`engine.denials.Denials.presuming`).
        """
        return self._denials.presuming(concept_id, systems)

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
        return self._vocabulary.worded(self.concept(concept_id).id)

    def ingredients_of(self, concept_id: str) -> frozenset[str]:
        """The names, in one word, of the substances that a concept and those it includes list."""
        return self._vocabulary.ingredients(concept_id)

    def substances_of(self, concept_id: str) -> Mapping[str, frozenset[tuple[str, str]]]:
        """The substances that a concept and those it includes list: their names in small letters, each with its codes by system."""
        return self._vocabulary.substances(self.concept(concept_id).id)

    def medicine(self, medicine_id: str) -> Medicine:
        """The medicine with this id; ConceptError when there is none."""
        try:
            return self.medicines[medicine_id]
        except KeyError:
            raise ConceptError(f"there is no medicine {medicine_id}") from None
