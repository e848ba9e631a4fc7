"""The record of one patient by concept, so that a condition looks up the entries that it may be about and reads no others.

Made for one evaluation and gone with it. A list is sorted by its codes when the first condition asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

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
from engine.words import Dated, entry, label_of


@dataclass(frozen=True, slots=True)
class Presumed:
    """A code that counts as nothing that rules look for, only because no list has it (:meth:`ConceptLibrary.presuming`).

    ``system`` is the canonical URI, ``concepts`` are those that were looked for, ``references`` the entries that have it, and ``label``
    what it is called there: the first in the alphabet where it has several names. ``alone`` says that an entry has it without a code of a
    hierarchy by prefix (ICD) beside it, which tells what it is.
    """

    list: ListName
    system: str
    code: str
    concepts: frozenset[str]
    references: tuple[str, ...]
    label: str = ""
    alone: bool = True


class Record:
    """The facts of one patient with the concepts that they are looked at with.

    ``identities`` is what :func:`engine.medicines.identified` has told so far, ``pumps`` what :func:`engine.pumps.pumps_on_record`
    has found of each medicine, ``counting`` which entries of the medication list, by their id, have a status that was asked for.
    """

    __slots__ = (
        "_evidence",
        "_holding",
        "_lists",
        "_named",
        "concepts",
        "counting",
        "facts",
        "identities",
        "pumps",
    )

    def __init__(self, facts: PatientFacts, concepts: ConceptLibrary) -> None:
        """Nothing is sorted yet."""
        self.facts = facts
        self.concepts = concepts
        self._lists: dict[ListName, _ByConcept] = {}
        self._holding: dict[str, tuple[MedicationFact, ...]] = {}
        self._evidence: dict[int, Evidence] = {}
        self._named: dict[int, frozenset[str]] = {}
        self.identities: dict[tuple[str, int], Truth] = {}
        self.pumps: dict[str, tuple[Evidence, ...]] = {}
        self.counting: dict[str, frozenset[int]] = {}

    def members(self, name: ListName, concept: str) -> tuple[Any, ...]:
        """The entries of a list with a code that is in a concept, in the order of the list."""
        return self._list(name).members(concept)

    def unclear(self, name: ListName, concept: str) -> tuple[Any, ...]:
        """The entries of a list of which nothing on hand can tell whether they are in a concept: by their codes, or without any."""
        found = self.towards(name, concept)
        return tuple(entry for entry in found.possible if id(entry) in found.unclear)

    def unlisted(self, name: ListName) -> tuple[Any, ...]:
        """The entries of a list that have a code which no concept lists, or none at all."""
        return self._list(name).unlisted()

    def possible(self, name: ListName, concept: str) -> tuple[Any, ...]:
        """The entries of a list that are not known to be outside a concept: by their codes, or because their words name it."""
        return self._list(name).towards(concept).possible

    def towards(self, name: ListName, concept: str) -> Towards:
        """Where the entries of a list stand towards a concept."""
        return self._list(name).towards(concept)

    def awaits(self, name: ListName, concept: str, entry: Any) -> bool:
        """Whether a terminology server was asked if a code of an entry of a list is in a concept, and has not answered."""
        codes = _CODES.get(name, _own_code)(entry)
        return any(self.concepts.awaits(concept, code.codings) for code in codes)

    def is_called(self, name: ListName, concept: str, entry: Any) -> bool:
        """Whether the words of an entry of a list, or what is noted beside it, name a concept, whatever its codes say."""
        said = Said.of(_CODES.get(name, _own_code)(entry), _notes_of(entry))
        return has_words(self.concepts, concept) and said.names(self.concepts, concept)

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
        found: dict[tuple[ListName, str, str], tuple[set[str], dict[str, None], set[str], set[bool]]] = {}
        for name, listed in self._lists.items():
            everything = [listed]
            if name is ListName.MEDICATIONS:
                everything.append(_ByConcept(self.facts.orders, codes_of, self.concepts, listed.asked))
            for coding, system, concepts, item, alone in (
                each for one in everything for each in one.presumed()
            ):
                place = (name, system, coding.code)
                asked, references, labels, by_itself = found.setdefault(place, (set(), {}, set(), set()))
                by_itself.add(alone)
                asked |= concepts
                references[item.reference] = None
                labels.add(coding.display or label_of(item))
        return tuple(
            Presumed(
                *key,
                frozenset(concepts),
                tuple(references),
                min(labels - {""}, default=""),
                True in by_itself,
            )
            for key, (concepts, references, labels, by_itself) in sorted(found.items())
        )

    def _list(self, name: ListName) -> _ByConcept:
        found = self._lists.get(name)
        if found is None:
            facts: FactList[Any] = getattr(self.facts, name.value)
            codes = _CODES.get(name, _own_code)
            found = self._lists[name] = _ByConcept(facts.items, codes, self.concepts)
        return found


class Towards(NamedTuple):
    """Where the entries of a list stand towards one concept: the members and others by their ids, and all that are possible, in order.

    Nothing keeps the ``unclear`` ones out but that the concept does not list them; the ``vague`` ones of these have a code that says
    less than it. Possible are both, and those whose words name the concept; ``mentioned`` says whether any words of it stand there.
    """

    members: frozenset[int]
    vague: frozenset[int]
    unclear: frozenset[int]
    possible: tuple[Any, ...]
    mentioned: bool

    def holds(self, entry: Any) -> Truth:
        """Whether a possible entry is in the concept: only its words, or nothing at all, may tell of the others."""
        return Truth.MET if id(entry) in self.members else Truth.UNKNOWN

    def leaves_open(self, entry: Any) -> bool:
        """Whether an entry has a code that says less than the concept, so that it neither means nor denies it."""
        return id(entry) in self.vague

    def denies(self, entry: Any) -> bool:
        """Whether an entry has codes, each of which denies that it is in the concept, whatever the words beside them say."""
        return id(entry) not in self.unclear and id(entry) not in self.members


class _Alike(NamedTuple):
    """The entries of a list that have the same codes, and the same notes beside them."""

    codes: tuple[CodedText, ...]
    notes: str
    places: list[int]


class _ByConcept:
    """The entries of one list by the concepts that they are in, and the others by the code systems of what nobody knows.

    Entries are known by their places here. Those that have the same codes, as the reader of the record gives them, are looked at together.
    """

    __slots__ = (
        "_alike",
        "_codes",
        "_concepts",
        "_heard",
        "_items",
        "_left_open",
        "_said",
        "_towards",
        "_unnamed",
        "_within",
        "asked",
    )

    def __init__(
        self,
        items: tuple[Any, ...],
        codes: Callable[[Any], tuple[CodedText, ...]],
        concepts: ConceptLibrary,
        asked: Iterable[str] = (),
    ) -> None:
        self._items, self._codes, self._concepts = items, codes, concepts
        self.asked = set(asked)
        self._towards: dict[str, Towards] = {}
        self._said: tuple[Said, ...] = ()
        self._heard: Said | None = None
        alike: dict[tuple[str | int, ...], _Alike] = {}
        for place, item in enumerate(items):
            own, notes = codes(item), _notes_of(item)
            alike.setdefault((notes, *map(id, own)), _Alike(own, notes, [])).places.append(place)
        self._alike = tuple(alike.values())
        self._within: dict[str, set[int]] = {}
        self._left_open: dict[str, set[int]] = {}
        self._unnamed: dict[frozenset[str], set[int]] = {}
        for own, _, places in self._alike:
            for standing in [concepts.standing(code.codings) for code in own] or [NO_STANDING]:
                for concept in standing.within:
                    self._within.setdefault(concept, set()).update(places)
                for concept in standing.left_open:
                    self._left_open.setdefault(concept, set()).update(places)
                if not standing.listed:
                    self._unnamed.setdefault(standing.systems, set()).update(places)

    def members(self, concept: str) -> tuple[Any, ...]:
        return self._at(self._within.get(concept, ()))

    def unlisted(self) -> tuple[Any, ...]:
        return self._at(set[int]().union(*self._unnamed.values()))

    def holding(self, concept: str) -> tuple[Any, ...]:
        """What is possible, and what is denied by nothing but that the concept's list says it is complete."""
        complete = self._concepts.takes_for_complete
        unlisted = (places for systems, places in self._unnamed.items() if complete(concept, systems))
        return (*self.towards(concept).possible, *self._at(set[int]().union(*unlisted)))

    def towards(self, concept: str) -> Towards:
        """Where the entries stand towards a concept, worked out once for all that ask."""
        found = self._towards.get(concept)
        if found is None:
            self.asked.add(concept)
            members, denied_by = self._within.get(concept, set()), self._concepts.denied_by
            vague = self._left_open.get(concept, set()) - members
            unnamed = (places for systems, places in self._unnamed.items() if not denied_by(concept, systems))
            unclear = vague.union(*unnamed) - members
            mentioned = self._mentioned(concept)
            possible = self._at({*members, *unclear, *(self._named(concept) if mentioned else ())})
            ids = [frozenset(map(id, self._at(places))) for places in (members, vague, unclear)]
            found = self._towards[concept] = Towards(ids[0], ids[1], ids[2], possible, mentioned)
        return found

    def _mentioned(self, concept: str) -> bool:
        """Whether any words of a concept stand in the list, so that each entry is to be read for them."""
        if not has_words(self._concepts, concept):
            return False
        if self._heard is None:
            self._said = tuple(Said.of(alike.codes, alike.notes) for alike in self._alike)
            self._heard = Said.together(self._said)
        return self._heard.may_name(self._concepts, concept)

    def _named(self, concept: str) -> Iterator[int]:
        """The places of entries whose words name a concept."""
        for said, alike in zip(self._said, self._alike, strict=True):
            if said.names(self._concepts, concept):
                yield from alike.places

    def presumed(self) -> Iterator[tuple[Coding, str, set[str], Any, bool]]:
        """Each coding that is outside concepts only for want of being listed, its system, the concepts, the entry, and if it is alone."""
        for systems, places in self._unnamed.items():
            alone = not any(map(self._concepts.is_hierarchical, systems))
            presuming: dict[str, set[str]] = {}
            for concept in self.asked:
                for system in self._concepts.presuming(concept, systems):
                    presuming.setdefault(system, set()).add(concept)
            for item in self._at(places) if presuming else ():
                for coding, told in self._unnamed_codings(item, systems):
                    system = self._concepts.system_uri(coding.system)
                    if concepts := presuming.get(system, set()) - told:
                        yield coding, system, concepts, item, alone

    def _unnamed_codings(self, item: Any, systems: frozenset[str]) -> Iterator[tuple[Coding, set[str]]]:
        """The codings of an entry that no list of the rules has, with the concepts that are not denied for all that."""
        for code in self._codes(item):
            standing = self._concepts.standing(code.codings)
            if standing.systems == systems and not standing.listed:
                tells = standing.within or standing.left_open
                told = {concept for concept in self.asked if tells and self._tells(concept, code)}
                yield from ((coding, told) for coding in code.codings)

    def _tells(self, concept: str, code: CodedText) -> bool:
        return self._concepts.membership(concept, code.codings) is not Membership.NO

    def _at(self, places: Iterable[int]) -> tuple[Any, ...]:
        return tuple([self._items[place] for place in sorted(places)])


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
