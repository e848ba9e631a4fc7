"""An order of intrathecal baclofen for each patient that nobody here wrote, through the service.

No real client orders it, so the order is put on top: the record around it stays real. The patients are kept outside the
project, in `../shared/realdata`; without that folder these tests are skipped.
"""

import json
import tarfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from engine.authoring.loading import load_rules
from fhir_adapters.app import application
from fhir_adapters.settings import Settings

PATIENTS = Path(__file__).resolve().parents[4] / "shared" / "realdata" / "patients.tar.xz"
TODAY = date(2020, 1, 1)

KEY_OF = {
    "AllergyIntolerance": "allergies",
    "Condition": "conditions",
    "MedicationRequest": "medicationRequests",
    "MedicationStatement": "medicationStatements",
    "MedicationAdministration": "medicationAdministrations",
    "Observation": "labs",
    "Procedure": "procedures",
    "Device": "devices",
}

pytestmark = pytest.mark.skipif(not PATIENTS.exists(), reason="../shared/realdata is not here")

Call = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def shipped(calling: Callable[[FastAPI], Call]) -> Call:
    """The service with the rules that ship with the project."""
    loaded = load_rules()
    now = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
    return calling(application(loaded.rules, loaded.concepts, Settings(), clock=lambda: now))


@pytest.fixture(scope="module")
def records() -> dict[str, list[dict[str, Any]]]:
    """The resources of each patient by file, of those files that hold one patient, who has an id."""
    found = {}
    with tarfile.open(PATIENTS) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                resources = [entry["resource"] for entry in json.loads(file.read())["entry"]]
                patients = [each for each in resources if each["resourceType"] == "Patient"]
                if len(patients) == 1 and "id" in patients[0]:
                    found[member.name] = resources
    return found


def order_for(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """An order-sign request that brings the whole record along."""
    patient = next(each for each in resources if each["resourceType"] == "Patient")
    draft = {
        "resourceType": "MedicationRequest", "id": "draft", "status": "draft", "intent": "order",
        "subject": {"reference": f"Patient/{patient['id']}"},
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]},
        "dosageInstruction": [{"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}],
    }  # fmt: skip
    prefetch: dict[str, Any] = {"patient": patient}
    for type_, key in KEY_OF.items():
        entries = [{"resource": each} for each in resources if each["resourceType"] == type_]
        prefetch[key] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return {
        "hook": "order-sign",
        "hookInstance": "0b0e8f0c-8a55-4b4c-9f4e-1f0f5b8f6a57",
        "context": {
            "userId": "Practitioner/1",
            "patientId": patient["id"],
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        },
        "prefetch": prefetch,
    }


def is_under_four(born: str) -> bool:
    """Whether somebody with a whole birth date is under four today, reckoned without Primum."""
    year, month, day = map(int, born.split("-"))
    return (TODAY.year, TODAY.month, TODAY.day) < (year + 4, month, day)


def answers_of(shipped: Call, records: dict[str, list[dict[str, Any]]], every: int) -> dict[str, Any]:
    """The answers by file; each must have come, and have looked at every rule without a defect."""
    found = {}
    for name in sorted(records)[::every]:
        answer = shipped("POST", "/cds-services/primum-order-sign", json=order_for(records[name]))
        assert answer.status_code == 200, name
        found[name] = answer.json()
        rules = found[name]["extension"]["org.primum.evaluation"]["rules"]
        assert [rule["id"] for rule in rules if "error" in rule] == [], name
    return found


def check(answers: dict[str, Any], records: dict[str, list[dict[str, Any]]]) -> int:
    """Hold the age rule against the calendar; return for how many patients there is a card that stops the order."""
    stopped = 0
    for name, answer in answers.items():
        patient = next(each for each in records[name] if each["resourceType"] == "Patient")
        critical = [
            card["source"]["topic"]["code"] for card in answer["cards"] if card["indicator"] == "critical"
        ]
        born = patient.get("birthDate", "")
        if len(born) == 10 and born <= TODAY.isoformat():
            assert ("baclofen-it.age-under-4" in critical) == is_under_four(born), name
        stopped += bool(critical)
    return stopped


def test_every_twelfth_patient_gets_the_cards_of_an_order(
    shipped: Call, records: dict[str, list[dict[str, Any]]]
) -> None:
    check(answers_of(shipped, records, 12), records)


@pytest.mark.full
def test_every_patient_gets_the_cards_of_an_order(
    shipped: Call, records: dict[str, list[dict[str, Any]]]
) -> None:
    assert len(records) > 350
    stopped = check(answers_of(shipped, records, 1), records)
    assert stopped == 20  # 19 children, and one patient with sepsis: docs/realdata.md
