"""Notes: the free text beside an entry, which no rule reads but for the little that its code may hide.

What a note says of an allergy or a diagnosis is looked at only where the code of the entry says no: there it can make that unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from fhir_adapters.issues import DataIssue, not_checked
from fhir_adapters.mapping.elements import Json, nodes, text
from fhir_adapters.record import LIST_OF
from fhir_adapters.wire import Entry

_READ: Final = frozenset({"AllergyIntolerance", "Condition"})
_READ_LITTLE: Final = "a note, of which only what their own code may hide is read"
_NOT_READ: Final = "a note, and notes are not read"


def notes(resource: Json) -> str:
    """All that is noted beside an entry: notes, the comment of STU3, and what is said of reactions."""
    return "; ".join(filter(None, _notes(resource)))


def _notes(resource: Json) -> Iterator[str]:
    for note in nodes(resource.get("note")):
        yield text(note.get("text"))
    yield text(resource.get("comment"))
    for reaction in nodes(resource.get("reaction")):
        yield text(reaction.get("description"))
        yield from _notes(reaction)


def note_issues(entries: Iterable[Entry]) -> Iterator[DataIssue]:
    """One issue for each kind of resource whose entries have notes; their words are not repeated."""
    noted = [
        (entry.type, entry.reference) for entry in entries if entry.type in LIST_OF and notes(entry.resource)
    ]
    yield from not_checked((each for each in noted if each[0] in _READ), "note", _READ_LITTLE)
    yield from not_checked((each for each in noted if each[0] not in _READ), "note", _NOT_READ)
