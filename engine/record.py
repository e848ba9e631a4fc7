"""The record of one patient by concept, so that a condition looks up the entries that it may be about and reads no others.

Made for one evaluation and gone with it. A list is sorted by its codes when the first condition asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.code_index import NO_STANDING
from engine.concepts import CodedText, Coding, ConceptLibrary, Membership
from engine.facts import (
    AllergyFact,
    ConditionFact,
    EncounterFact,
    FactList,
    ListName,
    MedicationFact,
    PatientFacts,
)
from engine.finding import Evidence, Truth
from engine.free_text import Said, has_words, spoken_of, words_that_name
from engine.medicine import Medicine
from engine.words import Dated, entry


@dataclass(frozen=True, slots=True)
class Presumed:
    """A code that counts as nothing that rules look for, only because no list has it (:meth:`ConceptLibrary.presuming`).

    ``system`` is the canonical URI, ``concepts`` are those that were looked for, ``references`` the entries that have it.
    """

    list: ListName
    system: str
    code: str
    concepts: frozenset[str]
    references: tuple[str, ...]


class Record:
    """The facts of one patient with the concepts that they are looked at with.

    ``identities`` is what :func:`engine.medicines.identified` has told so far, ``counting`` which entries of the medication list,
    by their id, have a status that was asked for.
    """

    __slots__ = ("_evidence", "_holding", "_lists", "_named", "concepts", "counting", "facts", "identities")

    def __init__(self, facts: PatientFacts, concepts: ConceptLibrary) -> None:
        """Nothing is sorted yet."""
        self.facts = facts
        self.concepts = concepts
        self._lists: dict[ListName, _ByConcept] = {}
        self._holding: dict[str, tuple[MedicationFact, ...]] = {}
        self._evidence: dict[int, Evidence] = {}
        self._named: dict[int, frozenset[str]] = {}
        self.identities: dict[tuple[str, int], Truth] = {}
        self.counting: dict[str, frozenset[int]] = {}

    def members(self, name: ListName, concept: str) -> tuple[Any, ...]:
        """The entries of a list with a code that is in a concept, in the order of the list."""
        return self._list(name).members(concept)

    def unclear(self, name: ListName, concept: str) -> tuple[Any, ...]:
        """The entries of a list of which nothing on hand can tell whether they are in a concept: by their codes, or without any."""
        return self._list(name).unclear(concept)

    def unlisted(self, name: ListName) -> tuple[Any, ...]:
        """The entries of a list that have a code which no concept lists, or none at all."""
        return self._list(name).unlisted()

    def possible(self, name: ListName, concept: str) -> tuple[Any, ...]:
        """The entries of a list that are not known to be outside a concept: by their codes, or because their words name it."""
        return self._list(name).possible(concept)

    def leaves_open(self, name: ListName, concept: str, entry: Any) -> bool:
        """Whether an entry of a list has a code that says less than a concept, so that it neither means nor denies it."""
        codes = _CODES.get(name, _own_code)(entry)
        return any(self.concepts.leaves_open(concept, code.codings) for code in codes)

    def denies(self, name: ListName, concept: str, entry: Any) -> bool:
        """Whether an entry of a list has codes, each of which denies that it is in a concept, whatever the words beside them say."""
        codes = _CODES.get(name, _own_code)(entry)
        found = {self.concepts.membership(concept, code.codings) for code in codes}
        return found == {Membership.NO}

    def is_noted(self, concept: str, entry: Any) -> bool:
        """Whether nothing but what is noted beside a diagnosis or an allergy names a concept."""
        if not isinstance(entry, AllergyFact | ConditionFact) or not entry.notes:
            return False
        codes = entry.substances if isinstance(entry, AllergyFact) else (entry.code,)
        return not Said.of(codes).names(self.concepts, concept)

    def holding(self, medicine: Medicine) -> tuple[MedicationFact, ...]:
        """The entries of the medication list that may hold the substance of a medicine: no other can be it.

        Among them are those that only a list that says it is complete does not have: their route may tell of it.
        """
        found = self._holding.get(medicine.id)
        if found is None:
            concepts = (medicine.substance, medicine.products, medicine.other_products)
            own = {
                id(medication)
                for concept in concepts
                if concept is not None
                for medication in self._list(ListName.MEDICATIONS).holding(concept)
            }
            found = tuple(m for m in self.facts.medications.items if id(m) in own)
            self._holding[medicine.id] = found
        return found

    def named(self, medication: MedicationFact) -> frozenset[str]:
        """The words by which an entry or an order may name a substance (:func:`engine.free_text.words_that_name`)."""
        found = self._named.get(id(medication))
        if found is None:
            found = self._named[id(medication)] = words_that_name(said_of(medication))
        return found

    def evidence(self, fact: Dated) -> Evidence:
        """An entry as evidence, put into words once for all rules that it decides."""
        found = self._evidence.get(id(fact))
        if found is None:
            found = self._evidence[id(fact)] = entry(fact)
        return found

    def presumed(self) -> tuple[Presumed, ...]:
        """The codes, of the record and of the orders under review, that something was looked for among and that no list has."""
        found: dict[tuple[ListName, str, str], tuple[set[str], dict[str, None]]] = {}
        for name, listed in self._lists.items():
            everything = [listed]
            if name is ListName.MEDICATIONS:
                everything.append(_ByConcept(self.facts.orders, codes_of, self.concepts, listed.asked))
            for system, code, concepts, reference in (each for one in everything for each in one.presumed()):
                asked, references = found.setdefault((name, system, code), (set(), {}))
                asked |= concepts
                references[reference] = None
        return tuple(
            Presumed(*key, frozenset(concepts), tuple(references))
            for key, (concepts, references) in sorted(found.items())
        )

    def _list(self, name: ListName) -> _ByConcept:
        found = self._lists.get(name)
        if found is None:
            facts: FactList[Any] = getattr(self.facts, name.value)
            codes = _CODES.get(name, _own_code)
            found = self._lists[name] = _ByConcept(facts.items, codes, self.concepts)
        return found


class _ByConcept:
    """The entries of one list by the concepts that they are in, and the others by the code systems of what nobody knows."""

    __slots__ = ("_called", "_codes", "_concepts", "_items", "_said", "_unnamed", "_within", "asked")

    def __init__(
        self,
        items: tuple[Any, ...],
        codes: Callable[[Any], Iterable[CodedText]],
        concepts: ConceptLibrary,
        asked: Iterable[str] = (),
    ) -> None:
        self._items, self._codes, self._concepts = items, codes, concepts
        self.asked = set(asked)
        self._said: tuple[Said, ...] | None = None
        self._called: dict[str, frozenset[int]] = {}
        self._within: dict[str, list[int]] = {}
        self._unnamed: dict[frozenset[str], list[int]] = {}
        for place, item in enumerate(items):
            standings = [concepts.standing(code.codings) for code in codes(item)] or [NO_STANDING]
            for standing in standings:
                for concept in standing.within:
                    self._within.setdefault(concept, []).append(place)
                if not standing.named:
                    self._unnamed.setdefault(standing.systems, []).append(place)

    def members(self, concept: str) -> tuple[Any, ...]:
        return self._at(self._within.get(concept, ()))

    def unclear(self, concept: str) -> tuple[Any, ...]:
        return self._at(self._undenied(concept).difference(self._within.get(concept, ())))

    def unlisted(self) -> tuple[Any, ...]:
        return self._at(place for places in self._unnamed.values() for place in places)

    def possible(self, concept: str) -> tuple[Any, ...]:
        return self._at(self._possible(concept))

    def _possible(self, concept: str) -> set[int]:
        return self._undenied(concept).union(self._within.get(concept, ()), self._named(concept))

    def _named(self, concept: str) -> frozenset[int]:
        """The places of entries whose words name a concept."""
        if not has_words(self._concepts, concept):
            return frozenset()
        if self._said is None:
            self._said = tuple(Said.of(self._codes(item), _notes_of(item)) for item in self._items)
        found = self._called.get(concept)
        if found is None:
            places = (place for place, said in enumerate(self._said) if said.names(self._concepts, concept))
            found = self._called[concept] = frozenset(places)
        return found

    def holding(self, concept: str) -> tuple[Any, ...]:
        """What is possible, and what is denied by nothing but that the concept's list says it is complete."""
        complete = self._concepts.takes_for_complete
        unlisted = (places for systems, places in self._unnamed.items() if complete(concept, systems))
        return self._at(self._possible(concept).union(*unlisted))

    def _undenied(self, concept: str) -> set[int]:
        """The places of entries that nothing names, in no system that denies what the concept does not list, or that say too little."""
        self.asked.add(concept)
        denying = self._concepts.denying(concept)
        found = {
            place
            for systems, places in self._unnamed.items()
            if denying.isdisjoint(systems)
            for place in places
        }
        return found.union(*(self._within.get(other, ()) for other in self._concepts.leaving_open(concept)))

    def presumed(self) -> Iterator[tuple[str, str, set[str], str]]:
        """System, code, concepts and reference of each coding that is outside the concepts only for want of being listed."""
        for systems, places in self._unnamed.items():
            presuming: dict[str, set[str]] = {}
            for concept in self.asked:
                for system in self._concepts.presuming(concept, systems):
                    presuming.setdefault(system, set()).add(concept)
            for item in self._at(places) if presuming else ():
                for coding, told in self._unnamed_codings(item, systems):
                    system = self._concepts.system_uri(coding.system)
                    if concepts := presuming.get(system, set()) - told:
                        yield system, coding.code, concepts, item.reference

    def _unnamed_codings(self, item: Any, systems: frozenset[str]) -> Iterator[tuple[Coding, set[str]]]:
        """The codings of an entry that no list of the rules has, with the concepts that are not denied for all that."""
        for code in self._codes(item):
            standing = self._concepts.standing(code.codings)
            if standing.systems == systems and not standing.named:
                told = {concept for concept in self.asked if standing.within and self._tells(concept, code)}
                yield from ((coding, told) for coding in code.codings)

    def _tells(self, concept: str, code: CodedText) -> bool:
        return self._concepts.membership(concept, code.codings) is not Membership.NO

    def _at(self, places: Iterable[int]) -> tuple[Any, ...]:
        return tuple(self._items[place] for place in sorted(set(places)))


def _own_code(entry: Any) -> tuple[CodedText, ...]:
    return (entry.code,)


def _notes_of(entry: Any) -> str:
    return entry.notes if isinstance(entry, ConditionFact) else ""


def _of_encounter(entry: EncounterFact) -> tuple[CodedText, ...]:
    return (entry.class_code, *entry.types) if entry.class_code is not None else entry.types


def codes_of(medication: MedicationFact) -> tuple[CodedText, ...]:
    """The product's code and its active ingredients' codes: any of them may say what the medicine is."""
    return (
        medication.product,
        *(ingredient.code for ingredient in medication.ingredients if ingredient.active),
    )


def said_of(medication: MedicationFact) -> str:
    """What a person would read of a medicine and of its active ingredients."""
    return "; ".join(map(spoken_of, codes_of(medication)))


_CODES: Mapping[ListName, Callable[[Any], tuple[CodedText, ...]]] = {
    ListName.ALLERGIES: lambda entry: entry.named,
    ListName.MEDICATIONS: codes_of,
    ListName.APPOINTMENTS: lambda entry: entry.services,
    ListName.ENCOUNTERS: _of_encounter,
}
