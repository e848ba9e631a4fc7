"""Accounts: nothing that was sent is lost without a word."""

import json
from datetime import UTC, datetime

from engine.facts import PatientFacts
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.accounts import Account, account
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext

P = {"reference": "Patient/p"}
CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}


def test_every_resource_is_read_ignored_with_a_reason_or_reported():
    resources = [
        {"resourceType": "Patient", "id": "p"},
        {"resourceType": "Condition", "id": "1", "subject": P, "code": CODE, "clinicalStatus": "active"},
        {"resourceType": "Condition", "id": "1", "subject": P, "code": CODE, "clinicalStatus": "active"},
        {"resourceType": "Condition", "id": "2", "subject": P, "code": CODE, "verificationStatus": "refuted"},
        {"resourceType": "Condition", "id": "3", "subject": P},
        {"resourceType": "Condition", "id": "4", "subject": {"reference": "Patient/q"}, "code": CODE},
        {"resourceType": "Medication", "id": "m", "code": CODE},
        {"resourceType": "Medication", "id": "of-ingredients", "ingredient": [{"itemCodeableConcept": CODE}]},
        {"resourceType": "Medication", "id": "nothing", "code": 7},
        {"resourceType": "Medication", "id": "a-mistake", "code": CODE, "status": "entered-in-error"},
        {"resourceType": "Practitioner", "id": "d"},
        {"resourceType": "Claim", "id": "1"},
        {"resourceType": "Claim", "id": "2"},
        {"id": "no type"},
    ]
    sent = json.dumps({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]}).encode()
    record = read_record(sent)
    facts, issues = patient_facts(record, ReviewContext("patient-view"), now=datetime(2026, 6, 1, tzinfo=UTC))
    accounts = account(record, facts, issues)
    assert accounts == {
        "": Account(1, unreadable=1),
        "Claim": Account(2, ignored={"no rule looks into resources of this type": 2}),
        "Condition": Account(
            5,
            read=1,
            unreadable=1,
            ignored={
                "it is refuted": 1,
                "the same resource was sent more than once": 1,
                "it is about someone or something else": 1,
            },
        ),
        "Medication": Account(4, read=2, unreadable=2),
        "Practitioner": Account(1, read=1),
        "Patient": Account(1, read=1),
    }
    assert sum(found.total for found in accounts.values()) == len(resources)
    assert all(found.unaccounted == 0 for found in accounts.values())


def test_what_became_of_nothing_is_told():
    condition = {"resourceType": "Condition", "id": "1", "subject": P, "code": CODE}
    record = read_record(json.dumps({"resourceType": "Bundle", "entry": [{"resource": condition}]}).encode())
    accounts = account(record, PatientFacts(datetime(2026, 6, 1, tzinfo=UTC)), DataIssues())
    assert accounts["Condition"].unaccounted == 1
