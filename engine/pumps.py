"""Pumps: what in a record tells that the patient has the device that gives a medicine (inventory T-ITB-CURRENT).

A device counts unless it is known to be out of use, a diagnosis while it is current, and a procedure once it was done and until one
takes the pump away. What the pump holds none of them says. A device in words that nobody knows may be a pump of a new brand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from engine.concepts import CodedText, ConceptLibrary, Membership
from engine.facts import Course, DeviceFact, ListName, ProcedureFact
from engine.finding import Evidence, Truth
from engine.free_text import mentions, names, spoken_of
from engine.letters import plain
from engine.medicine import Medicine
from engine.record import Record
from engine.words import entry

# In English, Polish, the Scandinavian languages and German.
_TAKEN_AWAY: Final = re.compile(r"(?<!\w)(?:remov|explant|extract|usuni|fjern|entfern)\w*")
_PUT_BACK: Final = re.compile(
    r"(?<!\w)(?:replac|exchang|chang|revis|re-?implant|wymian|utskift|udskift|byt|austausch|wechsel)\w*"
)


def pumps_on_record(medicine: Medicine, record: Record) -> tuple[Evidence, ...]:
    """Pumps on record, and diagnoses and procedures of patients who have one, looked for once for all that ask."""
    found = record.pumps.get(medicine.id)
    if found is None:
        found = record.pumps[medicine.id] = tuple(map(entry, _pumps(medicine, record)))
    return found


def _pumps(medicine: Medicine, record: Record) -> list[Any]:
    devices = _called(ListName.DEVICES, (medicine.device, medicine.presence), record)
    diagnoses = _called(ListName.CONDITIONS, (medicine.presence,), record)
    return [
        *(fact for fact in devices if fact.active is not False),
        *(fact for fact in diagnoses if fact.course is Course.CURRENT),
        *_procedures(medicine, record),
    ]


def devices_in_words(medicine: Medicine, record: Record) -> tuple[DeviceFact, ...]:
    """Devices that may be in use and have no code of a system that is known, and no words that name a pump or another kind of device.

    Devices of such a system are no part of it: nearly every device that patients have is coded in SNOMED CT, and no list has them all.
    """
    if medicine.device is None:
        return ()
    known = tuple(filter(None, (medicine.device, medicine.presence, medicine.other_devices)))
    return tuple(
        fact
        for fact in record.facts.devices.items
        if fact.active is not False and _in_words_alone(record.concepts, known, fact.code)
    )


def _in_words_alone(concepts: ConceptLibrary, known: Iterable[str], code: CodedText) -> bool:
    standing = concepts.standing(code.codings)
    if standing.listed or any(map(concepts.knows_system, standing.systems)):
        return False
    spoken = spoken_of(code)
    return not any(mentions(concepts, concept, spoken) for concept in known)


def _called(name: ListName, concepts: Iterable[str | None], record: Record) -> list[Any]:
    """The entries of a list that are in one of some concepts, by their codes or, whatever those say, by their words."""
    found: dict[int, Any] = {}
    for concept in filter(None, concepts):
        towards = record.towards(name, concept)
        for fact in towards.possible:
            if towards.holds(fact) is Truth.MET or (
                towards.mentioned and names(record.concepts, concept, spoken_of(fact.code))
            ):
                found[id(fact)] = fact
    return list(found.values())


def _says_less(medicine: Medicine, concepts: ConceptLibrary, code: CodedText) -> bool:
    """Whether a code speaks of any implanted pump, and not of the medicine's own."""
    return medicine.device is not None and concepts.leaves_open(medicine.device, code.codings)


def takes_away(spoken: str) -> bool:
    """Whether words say that a device is taken away for good; one that is replaced is not."""
    said = plain(spoken)
    return _TAKEN_AWAY.search(said) is not None and _PUT_BACK.search(said) is None


class _Removal(NamedTuple):
    """A procedure that takes a pump away, and whether that is the medicine's own; else it may be any implanted pump."""

    fact: ProcedureFact
    own: bool

    @property
    def over(self) -> bool:
        """Whether it is known to have been brought to its end; until then the pump is there."""
        return self.fact.done and self.fact.certain


def _procedures(medicine: Medicine, record: Record) -> Iterator[ProcedureFact]:
    """The procedures that were done on a pump that is not known to be gone since, and the removals that were not brought to an end.

    A code for the removal of any implanted pump takes back only what says no more than that there was one.
    """
    called = _called(ListName.PROCEDURES, (medicine.presence,), record)
    told = (_Removal(fact, own=True) for fact in called if takes_away(spoken_of(fact.code)))
    removals = {id(each.fact): each for each in (*_coded_removals(medicine, record), *told)}
    for fact in called:
        own = not _says_less(medicine, record.concepts, fact.code)
        undone = any(_undoes(each, fact) for each in removals.values() if each.own or not own)
        if fact.done and not undone and id(fact) not in removals:
            yield fact
    yield from (each.fact for each in removals.values() if not each.over)


def _coded_removals(medicine: Medicine, record: Record) -> Iterator[_Removal]:
    concepts, removal = record.concepts, medicine.removal
    if removal is None:
        return
    for fact in record.possible(ListName.PROCEDURES, removal):
        own = concepts.membership(removal, fact.code.codings) is Membership.YES
        if own or concepts.leaves_open(removal, fact.code.codings):
            yield _Removal(fact, own)


def _undoes(removal: _Removal, fact: ProcedureFact) -> bool:
    """Whether a removal surely came on a later day than a procedure: what is replaced is taken out and put in on one day."""
    when, before = removal.fact.performed, fact.performed
    if not removal.over or when is None or before is None:
        return False
    return when.earliest.date() > before.latest.date()
