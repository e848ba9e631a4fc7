"""Plays: the generated patients, each in the situations in which rules are asked, as the engine sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from engine.facts import PatientFacts
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import RecordHook, questions_of
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.screening.cohort import pump_patients
from fhir_adapters.screening.noise import dose_changes, first_doses, ordinary_orders

SITUATIONS = 4
"""In how many situations each patient is played."""


def played_patients(count: int, now: datetime, services: Services) -> Iterator[tuple[str, PatientFacts]]:
    """So many pump patients by name and situation: the dose is changed, a test dose or an everyday medicine ordered, the record opened.

    ``services`` are those of the rules that are asked; a situation that none of them knows is left out.
    """
    cohort = list(pump_patients(count, now.date()))
    plays = (
        ("dose change", RecordHook.ORDER_SIGN, dose_changes(cohort, now)),
        ("test dose", RecordHook.ORDER_SIGN, first_doses(cohort)),
        ("everyday order", RecordHook.ORDER_SIGN, ordinary_orders(cohort)),
        ("record opened", RecordHook.PATIENT_VIEW, iter(cohort)),
    )
    asked = {str(service.hook) for service in services.by_id.values()}
    for situation, hook, bundles in plays:
        for number, bundle in enumerate(bundles if str(hook) in asked else ()):
            for question in questions_of(msgspec.json.encode(bundle), hook, services):
                facts, _ = patient_facts(question.record, question.context, now=now)
                yield f"pump patient {number}, {situation}", facts
