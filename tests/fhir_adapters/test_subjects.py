"""Whose a resource is where it names a patient of the right id by the address of a server."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Raw

from engine.facts import Gap, ListName
from engine.rule import Hook
from fhir_adapters.cds_hooks.envelope import read_request
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_prefetch

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HERE, ELSEWHERE = "https://ehr.example.org/fhir", "https://lab.example.org/fhir"
ANOTHER = "it names a patient of this id on another server"


def of_patient(base: str, type_: str = "Condition") -> dict[str, Any]:
    return {"resourceType": type_, "id": "1", "subject": {"reference": f"{base}/Patient/p"}}


def searched(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@pytest.mark.parametrize(
    ("base", "server", "kept", "said"),
    [
        (HERE, HERE, True, []),
        (ELSEWHERE, HERE, False, [("unreadable", ANOTHER)]),
        (
            ELSEWHERE,
            None,
            True,
            [
                (
                    "assumed",
                    "it names a patient of this id on a server of which nobody said whose it is; taken as this patient's",
                )
            ],
        ),
    ],
    ids=["the same server", "another server", "no server is named"],
)
def test_an_address_is_held_against_the_server_of_the_request(base, server, kept, said):
    """What may be another patient's can neither tell of this one, nor show that there is nothing."""
    sent = {"conditions": Raw(json.dumps(searched(of_patient(base))).encode())}
    keys = {"conditions": (ListName.CONDITIONS,)}
    record = read_prefetch(sent, keys=keys, patient_id="p", server=server)
    assert bool(record.entries("Condition")) is kept
    assert record.gaps(ListName.CONDITIONS) == (() if kept else (Gap("Condition/1", ANOTHER),))
    of_entry = [issue for issue in record.issues if issue.reference == "Condition/1"]
    assert [(issue.effect, issue.reason) for issue in of_entry] == said


@pytest.mark.parametrize(("base", "checked"), [(HERE, True), (ELSEWHERE, False)])
def test_an_order_for_a_patient_of_another_server_is_not_checked_against_this_record(base, checked):
    order = {**of_patient(base, "MedicationRequest"), "medicationCodeableConcept": {"text": "m"}}
    context = {"userId": "Practitioner/1", "patientId": "p", "draftOrders": searched(order)}
    call = {"hook": "order-sign", "hookInstance": "1", "context": context, "fhirServer": HERE}
    request = read_request(json.dumps(call).encode(), Hook.ORDER_SIGN)
    record = read_prefetch({}, keys={}, patient_id="p", server=request.server)
    facts, _ = patient_facts(record, request.context, now=NOW)
    why = "the order names another patient than the request, on another server"
    assert len(facts.orders) == checked
    assert facts.order_gaps == (() if checked else (Gap("MedicationRequest/1", why),))
