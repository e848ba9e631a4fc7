"""What is fuzzed: any bytes at all taken for a record, for the orders under review and for prefetched answers, up to the cards.

Only ``FhirDataError`` (the whole cannot be read) may leave the reading, no rule may fail, and the answer can be written.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Final
from uuid import UUID
from zlib import crc32

from msgspec import Raw

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.rule import Hook
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.decision import decide
from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import PatientRecord, read_prefetch, read_record
from fhir_adapters.review import ReviewContext, read_context

NOW: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
LONGEST: Final = 64 * 1024
"""Bytes of the longest case: what is longer finds nothing that these do not."""
DECIDED: Final = 16
"""One case in so many, always the same ones, goes through all rules, which takes fifty times as long as reading it."""

_HOOKS: Final = {Hook.ORDER_SIGN: "draftOrders", Hook.PATIENT_VIEW: "", Hook.APPOINTMENT_BOOK: "appointments"}


class Defect(AssertionError):
    """Something that must not happen did."""


@cache
def engine_and_services() -> tuple[Engine, Services]:
    """The rules that ship."""
    loaded = load_rules()
    return Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts)


def check(data: bytes, *, thorough: bool = False) -> None:
    """Take a case through one hook and, some of them, through the rules; ``thorough``: through every hook and the rules.

    Raises:
        Defect: a rule failed, or the answer cannot be written.
        Exception: whatever left the reading and is no FhirDataError.
    """
    if len(data) > LONGEST:
        return
    engine, services = engine_and_services()
    number = crc32(data)
    for hook in _HOOKS if thorough else [list(_HOOKS)[number // DECIDED % len(_HOOKS)]]:
        service = services.of(hook)
        assert service is not None
        context = _context(hook, _HOOKS[hook], data)
        for record in _records(data, service):
            _check(record, context, engine, decides=thorough or number % DECIDED == 0)


def _records(data: bytes, service: HookService) -> list[PatientRecord]:
    """The case as a file, and as what came under every prefetch key."""
    records = [
        read_prefetch(dict.fromkeys(service.keys, data), keys=service.keys, patient_id="p1"),
        read_prefetch({key: (data, Raw(b"{}")) for key in service.keys}, keys=service.keys, patient_id="p1"),
    ]
    with suppress(FhirDataError):
        records.append(read_record(data, patient_id="p1"))
    return records


def _context(hook: Hook, field: str, data: bytes) -> ReviewContext:
    """The case as what the user has just done, or a patient's record that was just opened where it cannot be that."""
    before = b'{"patientId": "p1", "userId": "Practitioner/example", "encounterId": "e1"'
    try:
        return read_context(hook.value, before + b', "%s": %s}' % (field.encode(), data))
    except FhirDataError:
        return read_context(Hook.PATIENT_VIEW.value, before + b"}")


def _check(record: PatientRecord, context: ReviewContext, engine: Engine, *, decides: bool) -> None:
    patient_facts(record, context, now=NOW)
    if not decides:
        return
    decision = decide(record, context, engine, now=NOW, new_uuid=lambda: UUID(int=0))
    errors = {outcome.error for outcome in decision.evaluation.outcomes if outcome.error}
    if errors:
        raise Defect(", ".join(sorted(errors)))
    encode(decision.response)
