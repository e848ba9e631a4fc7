"""Records and requests that nobody here wrote; needs ``../shared/realdata`` and is skipped without it."""

import json
import tarfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.facts import ListName
from fhir_adapters.errors import ContextError, FhirVersionError
from fhir_adapters.mapping.accounts import account
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_prefetch, read_record
from fhir_adapters.review import ReviewContext, read_context
from fhir_adapters.wire import decode_value

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "realdata"
NOW = datetime(2020, 1, 1, tzinfo=UTC)
KEYS = {
    "Patient": (ListName.PATIENT,),
    "patient": (ListName.PATIENT,),
    "Condition": (ListName.CONDITIONS,),
    "conditions": (ListName.CONDITIONS,),
    "Observation": (ListName.OBSERVATIONS,),
    "MedicationRequest": (ListName.MEDICATIONS,),
    "MedicationStatement": (ListName.MEDICATIONS,),
}

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="../shared/realdata is not here")


@pytest.fixture(scope="session")
def patients(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patients")
    with tarfile.open(SHARED / "patients.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def requests():
    for path in [*(SHARED / "requests").glob("*.json"), *(SHARED / "captured").glob("*.json")]:
        sent = json.loads(path.read_bytes())
        sent = sent.get("body", sent)
        yield path.name, json.loads(sent) if isinstance(sent, str) else sent


def sent_types(resources):
    return Counter(resource["resourceType"] for resource in resources)


def measured(observation):
    """What an Observation says, counted as plainly as one can: its own value, or that it has none, and each of its components."""
    components = observation.get("component") or []
    own = any(name.startswith("value") or name == "dataAbsentReason" for name in observation)
    return len(components) + (own or not components)


def test_every_resource_and_every_component_of_every_patient_is_accounted_for(patients):
    components = 0
    for path in patients:
        sent = path.read_bytes()
        record = read_record(sent)
        facts, issues = patient_facts(record, ReviewContext("patient-view"), now=NOW)
        accounts = account(record, facts, issues)
        resources = [entry["resource"] for entry in json.loads(sent)["entry"]]
        assert {type_: found.total for type_, found in accounts.items()} == sent_types(resources), path.name
        assert [type_ for type_, found in accounts.items() if found.unaccounted] == [], path.name
        told = Counter(fact.reference for fact in facts.observations.items)
        told.update(gap.reference for gap in facts.observations.gaps)
        for resource in resources:
            name = f"{resource['resourceType']}/{resource.get('id')}"
            if name in told:  # what is left out whole is accounted for above
                assert told[name] == measured(resource), (path.name, name)
                components += len(resource.get("component") or ())
    assert components > 1000


def test_what_is_not_decoded_is_not_needed(patients):
    """A record of whole resources gives the same facts: the members that are skipped are read by nothing."""
    for path in patients[::8]:
        record = read_record(path.read_bytes())
        facts, issues = patient_facts(record, ReviewContext("patient-view"), now=NOW)
        for entry in record:
            entry.resource.clear()
            entry.resource.update(decode_value(entry.raw))
        whole, said = patient_facts(record, ReviewContext("patient-view"), now=NOW)
        assert whole == facts
        assert list(said) == list(issues)


def members(value):
    """Every resource of a prefetch value, as plainly as one can say it."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        return [entry.get("resource", entry) for entry in value.get("entry") or []]
    if isinstance(value, dict) and "resourceType" in value:
        return [value] if value["resourceType"] != "OperationOutcome" else []
    if isinstance(value, dict):
        return members(value.get("resource"))
    return [entry.get("resource", entry) for entry in value] if isinstance(value, list) else []


def test_every_resource_of_every_request_is_accounted_for():
    seen = 0
    for name, sent in requests():
        prefetch = sent.get("prefetch") if isinstance(sent, dict) else None
        if not prefetch:
            continue
        context = ReviewContext(sent["hook"], sent["context"]["patientId"])
        raw = {key: json.dumps(value).encode() for key, value in prefetch.items()}
        record = read_prefetch(raw, keys=KEYS, patient_id=context.patient_id)
        facts, issues = patient_facts(record, context, now=NOW)
        accounts = account(record, facts, issues)
        expected = sent_types(resource for value in prefetch.values() for resource in members(value))
        assert {type_: found.total for type_, found in accounts.items()} == expected, name
        assert [type_ for type_, found in accounts.items() if found.unaccounted] == [], name
        seen += sum(expected.values())
    assert seen > 500


def test_every_context_is_read_or_refused_for_a_reason():
    refused = {}
    orders = 0
    for name, sent in requests():
        if not isinstance(sent, dict) or not isinstance(sent.get("context"), dict):
            continue
        try:
            session = read_context(sent["hook"], json.dumps(sent["context"]).encode())
        except (ContextError, FhirVersionError) as error:
            refused[name[:3]] = str(error)
            continue
        facts, _ = patient_facts(read_prefetch({}, keys={}, patient_id=session.patient_id), session, now=NOW)
        drafts = [entry for entry in session.orders if entry.type == "MedicationRequest"]
        assert len(facts.orders) + len(facts.order_gaps) == len(drafts) + len(session.gaps) + len(
            session.dispatched
        ), name
        orders += len(facts.orders)
    assert refused == {
        "040": "context.draftOrders is missing",
        "121": "context.selections[0] names no entry of context.draftOrders",
    }
    assert orders > 90
