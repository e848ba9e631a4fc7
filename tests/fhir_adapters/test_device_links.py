"""Whose a Device is that names no patient, as in R5: the patient's of whom an association or a use speaks."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.facts import ListName, PatientFacts
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import PatientRecord, read_record
from fhir_adapters.review import ReviewContext

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
THIS, OTHER = {"reference": "Patient/p"}, {"reference": "Patient/q"}
PATIENT = {"resourceType": "Patient", "id": "p"}
DEVICE = {"resourceType": "Device", "id": "d", "status": "active", "type": [{"text": "pump"}]}


def association(of: dict[str, str] | None, code: str = "implanted", **members: Any) -> dict[str, Any]:
    who = {"subject": of} if of is not None else {}
    status = {"coding": [{"system": "http://hl7.org/fhir/deviceassociation-status", "code": code}]}
    named = {"id": "a", "device": {"reference": "Device/d"}, "status": status}
    return {"resourceType": "DeviceAssociation", **named, **who, **members}


def usage(of: dict[str, str], status: str = "active") -> dict[str, Any]:
    device = {"reference": {"reference": "Device/d"}}
    return {"resourceType": "DeviceUsage", "id": "u", "status": status, "patient": of, "device": device}


def read(*resources: dict[str, Any]) -> tuple[PatientRecord, PatientFacts]:
    entries = [{"resource": each} for each in (PATIENT, *resources)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    record = read_record(json.dumps(bundle).encode(), patient_id="p")
    return record, patient_facts(record, ReviewContext("patient-view", "p"), now=NOW)[0]


def of_the_device(record: PatientRecord) -> list[tuple[str, str]]:
    return [(issue.effect, issue.reason) for issue in record.issues if issue.reference == "Device/d"]


ASSUMED = [("assumed", "it names no patient; taken as this patient's")]
IGNORED = [("ignored", "it is about someone or something else")]


@pytest.mark.parametrize(
    ("links", "issues"),
    [
        ([], ASSUMED),
        ([association(THIS)], []),
        ([usage(THIS)], []),
        ([association(OTHER)], IGNORED),
        ([usage(OTHER)], IGNORED),
        ([association({"reference": "Practitioner/x"})], IGNORED),
        ([association({"reference": "a name"})], [("unreadable", "whose it is cannot be read")]),
        (
            [association({"reference": "a name"}, id="b"), association(OTHER)],
            [("unreadable", "whose it is cannot be read")],
        ),
        ([association({"reference": "a name"}, id="b"), association(THIS)], []),
        # It was another's before, or is at the same time.
        ([association(OTHER, id="b"), association(THIS)], []),
        ([association(OTHER), usage(THIS)], []),
        # What is no link says nothing of whose it is.
        ([association(OTHER, "entered-in-error")], ASSUMED),
        ([association(THIS, "entered-in-error")], ASSUMED),
        ([usage(OTHER, "not-done")], ASSUMED),
        ([usage(OTHER, "intended")], ASSUMED),
        ([association(None)], ASSUMED),
        ([association(OTHER, device={"reference": "Device/elsewhere"})], ASSUMED),
        ([association(OTHER, device={"display": "pump"})], ASSUMED),
    ],
)
def test_a_device_is_whose_its_links_say(links: list[dict[str, Any]], issues: list[tuple[str, str]]) -> None:
    for resources in ([DEVICE, *links], [*links, DEVICE]):
        record, facts = read(*resources)
        assert of_the_device(record) == issues
        assert ("Device/d" in {fact.reference for fact in facts.devices.items}) is (issues in ([], ASSUMED))


def test_a_device_that_names_its_patient_is_theirs() -> None:
    record, _ = read({**DEVICE, "patient": THIS}, association(OTHER))
    assert of_the_device(record) == []
    record, _ = read({**DEVICE, "patient": OTHER}, association(THIS))
    assert of_the_device(record) == IGNORED


def test_a_device_of_another_patient_does_not_leave_an_empty_list_of_devices() -> None:
    """What was sent is nobody's here, so that it is not known whether all of this patient's came."""
    record, facts = read(DEVICE, association(OTHER))
    assert not record.state(ListName.DEVICES).complete
    assert (facts.devices.items, facts.devices.gaps) == ((), ())


@pytest.mark.parametrize(("code", "in_use"), [("implanted", True), ("explanted", False), ("unknown", None)])
def test_an_association_and_its_device_say_the_same_of_use(code: str, in_use: bool | None) -> None:
    _, facts = read(DEVICE, association(THIS, code))
    assert [(fact.reference, fact.active) for fact in facts.devices.items] == [
        ("Device/d", in_use),
        ("DeviceAssociation/a", in_use),
    ]


def test_an_association_entered_in_error_leaves_open_what_its_device_is_to_the_patient() -> None:
    _, facts = read(DEVICE, association(THIS, "entered-in-error"))
    assert [(fact.reference, fact.active) for fact in facts.devices.items] == [("Device/d", None)]


def test_an_association_tells_of_a_device_that_it_contains() -> None:
    """No Device of its own is in the record, and the pump must not go unseen."""
    _, facts = read(association(THIS, device={"reference": "#d"}, contained=[DEVICE]))
    assert [(fact.reference, fact.code.text) for fact in facts.devices.items] == [
        ("DeviceAssociation/a", "pump")
    ]


def test_an_association_with_a_device_that_was_not_sent_is_a_gap() -> None:
    _, facts = read(association(THIS))
    assert (facts.devices.items, [gap.reference for gap in facts.devices.gaps]) == (
        (),
        ["DeviceAssociation/a"],
    )
