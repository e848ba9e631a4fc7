"""Answers: what came under one prefetch key, or in a file, as entries still in their bytes and a state.

Clients send searchsets, collections, single resources, lists of resources, wrappers of before CDS Hooks 1.0
and, where their query failed, an OperationOutcome; the type that a Bundle claims for itself is not asked
(conformance rows CH-081 to CH-086).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from msgspec import Raw

from engine.facts import ListState
from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.elements import code, node, text, whole
from fhir_adapters.references import normal_reference
from fhir_adapters.wire import (
    Entry,
    Head,
    RawJson,
    Slot,
    decode_array,
    decode_head,
    decode_object,
    decode_resource,
    decode_slots,
    decode_value,
)

# Bundles that by their nature hold a selection of a record, or several states of it.
_EXCERPTS: Final = frozenset({"document", "message", "history", "transaction-response", "batch-response"})

# Those of every resource and of a Bundle, R5's issues among them, and what some servers add to any resource.
_OF_BUNDLES: Final = (
    "resourceType id meta implicitRules language text contained extension modifierExtension "
    "identifier type timestamp total link entry signature issues"
)
_MEMBERS: Final = frozenset(_OF_BUNDLES.split())
_MISSPELT: Final = "it has a list that no Bundle has, whose entries nobody has read"

# FHIR allows 64 characters; the specification of CDS Hooks 3.0 itself shows drafts with 194.
_LONGEST_ID: Final = 256


@dataclass(frozen=True, slots=True)
class Answer:
    """The entries of one answer (None for each that cannot be read), its state, and why it is not *present*.

    ``excerpt`` marks a lone resource, and Bundles that are a selection by their nature, so that they cannot stand
    for a whole record. ``more`` and ``total`` are what a search says of itself: that there are further pages, and
    how many matches. ``lines`` are the line numbers of the entries, where they came as lines.
    """

    state: ListState
    slots: tuple[Slot | None, ...] = ()
    detail: str = ""
    excerpt: bool = False
    more: bool = False
    total: int = 0
    lines: tuple[int, ...] = ()

    def place(self, index: int) -> str:
        """Where an entry stood, to name it when it has no id of its own."""
        return f"line {self.lines[index]}" if self.lines else f"entry {index + 1}"


_NO_RESOURCE: Final = Answer(
    ListState.NOT_SUPPLIED, detail="an object that is not a FHIR resource came instead of one"
)


def read_answer(raw: RawJson) -> Answer:
    """Read one prefetch value, or one page of a search.

    Raises:
        FhirDataError: it is not JSON.
    """
    head = decode_head(raw)
    if head is None:
        return _without_object(raw)
    if head.resourceType == "Bundle":
        answer = _of_bundle(head)
        return _with_odd_members(answer, raw) if answer.state.complete else answer
    if head.resourceType == "OperationOutcome":
        return Answer(ListState.FAILED, detail="the query failed: an OperationOutcome came instead")
    if isinstance(head.resourceType, str):
        return Answer(ListState.PRESENT, (Slot(resource=_as_raw(raw)),), excerpt=True)
    if memoryview(head.resource).nbytes:
        return _unwrapped(head)
    return _NO_RESOURCE


def joined(pages: Iterable[Answer]) -> Answer:
    """The pages of one search, in their order, as one answer; complete if the last is the end."""
    found = list(pages)
    slots = tuple(slot for page in found for slot in page.slots)
    failed = next((page for page in found if page.state in (ListState.FAILED, ListState.NOT_SUPPLIED)), None)
    if failed is not None:
        return replace(failed, state=ListState.PARTIAL, slots=slots) if slots else failed
    return (
        _searched(slots, more=found[-1].more, total=found[-1].total)
        if found
        else Answer(ListState.NOT_SUPPLIED)
    )


def _without_object(raw: RawJson) -> Answer:
    """A list of resources or entries (HealthChain's client sends one) is read; null is a known nothing."""
    if decode_array(raw) is not None:
        slots = tuple(decode_slots(raw))
        return Answer(ListState.PRESENT if slots else ListState.EMPTY, slots)
    if decode_value(raw) is None:
        return Answer(ListState.EMPTY)
    return Answer(ListState.NOT_SUPPLIED, detail="a text or number came instead of a resource")


def _of_bundle(head: Head) -> Answer:
    links = head.link if isinstance(head.link, list) else [head.link] if head.link is not None else []
    more = any(text(node(link).get("relation")).lower() == "next" for link in links)
    stated = head.total if head.type in (None, "searchset") else None
    total = whole(stated)
    slots = tuple(head.entry or ())
    excerpt = isinstance(head.type, str) and head.type in _EXCERPTS
    if stated is not None and total is None:
        why = "how many entries the search found cannot be read"
        return Answer(ListState.PARTIAL, slots, why, excerpt=excerpt, more=more)
    return _searched(slots, more=more, total=total or 0, excerpt=excerpt)


def _with_odd_members(answer: Answer, raw: RawJson) -> Answer:
    """A Bundle that has a list which no Bundle has (``Entry``, ``resources``): entries may be there, also beside right ones."""
    members = decode_object(raw) or {}
    odd = any(_may_hold_entries(value) for name, value in members.items() if name not in _MEMBERS)
    return replace(answer, state=ListState.PARTIAL, detail=_MISSPELT) if odd else answer


def _may_hold_entries(raw: RawJson) -> bool:
    """Whether a member is a list of anything, or one entry or resource in the place of a list."""
    members = decode_object(raw)
    return (
        bool(decode_array(raw)) if members is None else not {"resource", "resourceType"}.isdisjoint(members)
    )


def _searched(slots: tuple[Slot | None, ...], *, more: bool, total: int, excerpt: bool = False) -> Answer:
    state, why = ListState.PRESENT if slots else ListState.EMPTY, ""
    if more:
        state, why = ListState.PARTIAL, "only a part of the pages was sent"
    elif total > len(slots) or total > sum(1 for slot in slots if slot is None or _is_match(slot)):
        state, why = ListState.PARTIAL, "the search found more entries than were sent"
    elif not any(slot is None or _is_match(slot) for slot in slots):
        state = ListState.EMPTY  # what only came along with matches, of which there are none, answers nothing
    return Answer(state, slots, why, excerpt=excerpt, more=more, total=total)


def _is_match(slot: Slot) -> bool:
    mode = slot.search.get("mode") if isinstance(slot.search, dict) else None
    return mode not in ("include", "outcome")


def _unwrapped(head: Head) -> Answer:
    """What the ``{response, resource}`` wrapper of drafts before CDS Hooks 1.0 holds."""
    status = head.response.get("status") if isinstance(head.response, dict) else None
    if isinstance(status, str) and status[:1] in ("4", "5"):
        return Answer(ListState.FAILED, detail=f"the query failed with status {status[:3]}")
    inner = decode_head(head.resource)
    bare = inner is not None and not isinstance(inner.resourceType, str)
    return _NO_RESOURCE if bare else read_answer(head.resource)


def _as_raw(raw: RawJson) -> Raw:
    return raw if isinstance(raw, Raw) else Raw(raw)


def read_lines(raw: bytes) -> Answer | None:
    """NDJSON: one resource a line, None for each line that holds none; None when no line holds a resource."""
    lines = {number: _line(line) for number, line in enumerate(raw.splitlines(), start=1) if line.strip()}
    if not any(lines.values()):
        return None
    return Answer(ListState.PRESENT, tuple(lines.values()), lines=tuple(lines))


def _line(line: bytes) -> Slot | None:
    try:
        head = decode_head(line)
    except FhirDataError:
        return None
    return Slot(resource=Raw(line)) if head is not None and isinstance(head.resourceType, str) else None


def entries_of(answer: Answer, where: str) -> Iterator[Entry | str]:
    """Each entry, decoded to the members that are read, or in words the place of one that is no resource.

    A resource without id gets that of its full URL, which is what others in the Bundle refer to; without
    either it is called by its place.
    """
    expected = ""
    for index, slot in enumerate(answer.slots):
        resource = None if slot is None else decode_resource(slot.resource, expected)
        if slot is None or resource is None:
            yield f"{where}, {answer.place(index)}"
            continue
        expected = resource["resourceType"]
        full_url = slot.fullUrl if isinstance(slot.fullUrl, str) else ""
        if full_url and not resource.get("id"):
            resource["id"] = normal_reference(full_url).removeprefix("urn:uuid:").rpartition("/")[2]
        id_ = resource.get("id")
        if type(id_) is not str or id_ != id_.strip() or len(id_) > _LONGEST_ID:
            id_ = code(id_) if len(str(id_)) <= _LONGEST_ID else ""
        name = f"{expected}/{id_}" if id_ else f"{expected} ({where}, {answer.place(index)})"
        yield Entry(expected, name, resource, slot.resource, full_url)
