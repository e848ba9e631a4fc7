"""Questions: what a file asks, whether it is a CDS Hooks request or a record of one patient or of several."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Raw

from engine.evaluation import Engine
from engine.facts import ListName, ListState
from engine.rule import Hook
from fhir_adapters.bundles import Answer, entries_of, read_answer, read_lines
from fhir_adapters.cds_hooks.envelope import hook_of, read_request
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import Decision, decide
from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.elements import reference, text
from fhir_adapters.outcomes import Refusal
from fhir_adapters.record import PatientRecord, read_prefetch, read_record
from fhir_adapters.references import normal_reference
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import Entry, decode_object


class RecordHook(StrEnum):
    """The hooks that a record alone can be asked; the others need to be told what is under review."""

    PATIENT_VIEW = Hook.PATIENT_VIEW
    ORDER_SELECT = Hook.ORDER_SELECT
    ORDER_SIGN = Hook.ORDER_SIGN
    ENCOUNTER_START = Hook.ENCOUNTER_START
    ENCOUNTER_DISCHARGE = Hook.ENCOUNTER_DISCHARGE


@dataclass(frozen=True, slots=True)
class Question:
    """One patient's record, and what is under review; ``lists`` are those whose state the answer tells."""

    record: PatientRecord
    context: ReviewContext
    lists: frozenset[ListName]
    instance: str = ""

    @property
    def patient(self) -> str:
        """The patient's reference; empty when nothing names one."""
        return f"Patient/{self.context.patient_id}" if self.context.patient_id else ""

    def decide(self, engine: Engine, now: datetime) -> Decision:
        """The decision, as the service would take it."""
        return decide(self.record, self.context, engine, now=now, lists=self.lists, instance=self.instance)


def read_file(path: Path) -> bytes:
    """The bytes of a file, or of standard input for ``-``.

    Raises:
        Refusal: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Refusal(400, "not-found", f"the file cannot be read ({reason})") from None


def questions_of(raw: bytes, hook: RecordHook | None, services: Services) -> Iterator[Question]:
    """The questions of a file: one for a request, one for each patient of a record.

    ``hook`` is what a record is asked; a request says so itself. Without it a record is asked ``order-sign``
    about its draft medication requests, and ``patient-view`` when it holds none.

    Raises:
        CdsError: the file cannot be read, or no active rule answers its hook.
    """
    if _is_request(raw):
        yield _of_request(raw, services)
        return
    for part in _patients(raw):
        yield _of_record(part, hook, services)


def _is_request(raw: bytes) -> bool:
    try:
        members = decode_object(raw.removeprefix(b"\xef\xbb\xbf"))
    except FhirDataError:
        return False
    return (
        members is not None and "resourceType" not in members and not {"hook", "context"}.isdisjoint(members)
    )


def _of_request(raw: bytes, services: Services) -> Question:
    named = hook_of(raw)
    service = next((service for service in services.by_id.values() if service.hook == named), None)
    if service is None:
        raise FhirDataError(
            f"no active rule answers the hook of this request; there are rules for {_hooks(services)}"
        )
    request = read_request(raw, service.hook)
    patient, server = request.context.patient_id, request.server
    record = read_prefetch(request.prefetch, keys=service.keys, patient_id=patient, server=server)
    lists = frozenset[ListName]().union(*service.keys.values())
    return Question(record, request.context, lists, request.instance)


def _of_record(raw: bytes, hook: RecordHook | None, services: Services) -> Question:
    record = read_record(raw)
    if not (any(record) or record.left_out):
        raise FhirDataError("this is no CDS Hooks request and holds no FHIR resource")
    drafts = tuple(
        e for e in record.entries("MedicationRequest") if text(e.resource.get("status")) == "draft"
    )
    asked = Hook(hook or (RecordHook.ORDER_SIGN if drafts else RecordHook.PATIENT_VIEW))
    if services.of(asked) is None:
        raise FhirDataError(
            f"no active rule answers the hook {asked}; there are rules for {_hooks(services)}"
        )
    orders = drafts if asked in (Hook.ORDER_SELECT, Hook.ORDER_SIGN) else ()
    context = ReviewContext(asked.value, patient_id=record.identity.id, orders=orders)
    return Question(record, context, frozenset(ListName))


def _hooks(services: Services) -> str:
    return ", ".join(service.hook for service in services.by_id.values())


def _patients(raw: bytes) -> Iterator[bytes]:
    """The file itself when it is about one patient, else a Bundle for each.

    What names no patient (a Medication, an entry that cannot be read) goes with everyone.
    """
    answer = _answer(raw)
    entries = [entry if isinstance(entry, Entry) else None for entry in entries_of(answer, "the file")]
    names = _names(entry for entry in entries if entry is not None)
    owners = [None if entry is None else _owner(entry, names) for entry in entries]
    patients = list(dict.fromkeys(owner for owner in owners if owner is not None))
    if len(patients) < 2:
        yield raw
        return
    type_ = "document" if answer.excerpt else "collection"
    cut_short = answer.state is ListState.PARTIAL
    for patient in patients:
        kept = [entry for entry, owner in zip(entries, owners, strict=True) if owner in (patient, None)]
        bundle = {"resourceType": "Bundle", "type": type_, "entry": [_slot(entry) for entry in kept]}
        yield msgspec.json.encode(bundle | ({"link": [{"relation": "next"}]} if cut_short else {}))


def _answer(raw: bytes) -> Answer:
    try:
        return read_answer(raw.removeprefix(b"\xef\xbb\xbf"))
    except FhirDataError:
        lines = read_lines(raw)
        if lines is None:
            raise
        return lines


def _names(entries: Iterator[Entry]) -> Mapping[str, str]:
    """Every way in which the file's own patients may be named, and the reference that it means."""
    names: dict[str, str] = {}
    for entry in entries:
        if entry.type == "Patient":
            bare = entry.reference.rpartition("/")[2]
            names |= dict.fromkeys(
                (entry.reference, f"urn:uuid:{bare}", entry.full_url or bare), entry.reference
            )
    return names


def _owner(entry: Entry, names: Mapping[str, str]) -> str | None:
    if entry.type == "Patient":
        return entry.reference
    written = reference(entry.resource.get("subject") or entry.resource.get("patient"))
    if not written:
        return None
    found = names.get(written) or names.get(normal_reference(written))
    return found or (normal_reference(written) if normal_reference(written).startswith("Patient/") else None)


def _slot(entry: Entry | None) -> dict[str, str | Raw] | None:
    if entry is None:
        return None
    return {"resource": entry.raw} | ({"fullUrl": entry.full_url} if entry.full_url else {})
