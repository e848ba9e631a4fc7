"""Words beside a code that denies what they name: what the pack that ships makes of such entries, by way of FHIR.

A code that says less than the words (epilepsy, some allergy, paracetamol) must not hide a contraindication that a reader would see.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.concepts import Coding, Membership
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import Decision, decide_request

ATC, SNOMED = "http://www.whocc.no/atc", "http://snomed.info/sct"
WHO, US = "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PATIENT = {"reference": "Patient/p"}


@cache
def shipped() -> tuple[Engine, Services]:
    loaded = load_rules()
    return Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts)


def signed(key: str, entry: dict[str, Any]) -> Decision:
    """What becomes of an intrathecal order of a patient of whom one entry is on record, in the list of a prefetch key."""
    engine, services = shipped()
    service = services.by_id["primum-order-sign"]
    draft = {
        "resourceType": "MedicationRequest", "id": "draft", "status": "draft", "intent": "order", "subject": PATIENT,
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "M03BX01"}]},
        "dosageInstruction": [{"route": {"coding": [{"system": SNOMED, "code": "72607000"}]}}],
    }  # fmt: skip
    prefetch: dict[str, Any] = {
        template.key: {"resourceType": "Bundle", "type": "searchset", "total": 0}
        for template in service.templates
        if template.lists
    }
    prefetch[key] = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": entry}]}
    prefetch["patient"] = {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}
    orders = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p", "draftOrders": orders},
        "prefetch": prefetch,
    }
    return decide_request(
        json.dumps(body).encode(), service, engine, now=datetime(2026, 5, 1, 12, tzinfo=UTC)
    )


def coded(system: str, code: str, text: str = "", display: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def diagnosis(code: dict[str, Any]) -> Decision:
    active = coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")
    entry = {
        "resourceType": "Condition",
        "id": "c",
        "subject": PATIENT,
        "clinicalStatus": active,
        "code": code,
    }
    return signed("conditions", entry)


def allergy(code: dict[str, Any]) -> Decision:
    active = coded("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active")
    entry = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": PATIENT,
        "clinicalStatus": active,
        "code": code,
    }
    return signed("allergies", entry)


def taken(code: dict[str, Any]) -> Decision:
    entry = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": PATIENT,
        "medicationCodeableConcept": code,
    }
    return signed("medicationRequests", entry)


def came(decision: Decision, rule: str) -> str:
    """How a rule ended."""
    (found,) = [each for each in decision.evaluation.outcomes if each.rule.id == f"baclofen-it.{rule}"]
    return found.outcome.value


def told(decision: Decision) -> list[str]:
    """The data issues that speak of words."""
    return [issue.reason for issue in decision.issues if "has words that may say" in issue.reason]


@pytest.mark.parametrize(
    ("decide", "rule", "code"),
    [
        (diagnosis, "drug-resistant-epilepsy", coded(SNOMED, "84757009", "Drug-resistant epilepsy", "Epilepsy")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "refractory epilepsy")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "Padaczka lekooporna")),
        (diagnosis, "drug-resistant-epilepsy", coded(US, "G40.909", "Intractable epilepsy")),
        (diagnosis, "drug-resistant-epilepsy", coded(US, "G40.909", "pharmacoresistant")),
        (diagnosis, "drug-resistant-epilepsy", coded(SNOMED, "28055006", "", "West syndrome, intractable epilepsy")),
        (diagnosis, "infection", coded(SNOMED, "10001005", "", "Bacterial sepsis")),
        (diagnosis, "allergy", coded(US, "Z88.8", "Allergy to Lioresal")),
        (allergy, "allergy", coded(SNOMED, "416098002", "Lioresal", "Drug allergy")),
        (allergy, "allergy", coded(SNOMED, "416098002", "Baklofen")),
        (allergy, "allergy", coded(SNOMED, "416098002", "Baclofène")),
        (allergy, "allergy", coded(RXNORM, "1007660", "Gablofen")),
        (taken, "opioids", coded(ATC, "N02BE01", "Paracetamol 500 mg / Codeine 30 mg")),
        (taken, "opioids", coded(ATC, "N02BE51", "paracetamol, combinations: with codeine")),
    ],
)  # fmt: skip
def test_leave_a_rule_open_and_are_told_without_being_repeated(
    decide: Any, rule: str, code: dict[str, Any]
) -> None:
    decision = decide(code)
    assert came(decision, rule) == "unknown"
    (reason,) = told(decision)
    assert reason.startswith(
        "1 entry has words that may say what a rule looks for, beside a code that does not: "
    )
    quoted = code.get("text") or code["coding"][0]["display"]
    assert quoted not in reason
    assert any(quoted in card.detail for card in decision.cards)


@pytest.mark.parametrize(
    ("decide", "rule", "code"),
    [
        (diagnosis, "drug-resistant-epilepsy",
         coded(US, "G40.909", "Epilepsy, unspecified, not intractable, without status epilepticus")),
        (diagnosis, "drug-resistant-epilepsy", coded(US, "G40.909", "Epilepsy without mention of intractable epilepsy")),
        (diagnosis, "drug-resistant-epilepsy", coded(SNOMED, "84757009", "non-refractory epilepsy")),
        (diagnosis, "drug-resistant-epilepsy", coded(US, "G43.919", "Migraine, unspecified, intractable")),
        (diagnosis, "allergy", coded(US, "Z45.1", "Baclofen pump")),
        (diagnosis, "allergy", coded(US, "Z88.0", "Allergy status to penicillin")),
        (allergy, "allergy", coded(SNOMED, "294505008", "Amoxicillin")),
        (taken, "opioids", coded(ATC, "N02BE01", "Paracetamol 500 mg")),
        (taken, "opioids", coded(ATC, "R05DA04", "Codeine linctus")),
    ],
)  # fmt: skip
def test_that_deny_it_or_speak_of_something_else_leave_the_code_its_say(
    decide: Any, rule: str, code: dict[str, Any]
) -> None:
    decision = decide(code)
    assert came(decision, rule) == "not_met"
    assert told(decision) == []


def test_an_allergy_to_baclofen_counts_among_the_diagnoses_too() -> None:
    decision = diagnosis(coded(SNOMED, "294234003"))
    assert came(decision, "allergy") == "met"
    assert next(card.indicator.value for card in decision.cards) == "critical"


def test_every_code_of_epilepsy_and_every_header_says_resistant_or_not_or_does_not_say() -> None:
    """EHRs send headers of ICD-10-CM, too (G40.9): each that stands above a listed code is in one of the three concepts."""
    library = shipped()[0].concepts
    kinds = ("epilepsy-drug-resistant", "epilepsy-not-resistant", "epilepsy-unspecified-resistance")
    listed = {
        entry.code.replace(".", "")
        for kind in kinds
        for entry in library.concept(kind).codes
        if entry.system == "icd-10-cm" and entry.code.startswith("G40")
    }
    assert len(listed) > 90
    above = {code[:length] for code in listed for length in range(3, len(code) + 1)}
    for code in sorted(above):
        within = [kind for kind in kinds if library.membership(kind, (Coding(US, code),)) is Membership.YES]
        assert len(within) == 1, (code, within)
