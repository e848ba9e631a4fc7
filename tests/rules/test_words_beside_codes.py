"""Words beside a code that denies what they name: what the pack that ships makes of such entries, by way of FHIR.

A code that says less than the words (epilepsy, some allergy, paracetamol) must not hide a contraindication that a reader would see.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.concepts import CodedText, Coding, Membership
from engine.evaluation import Engine
from engine.free_text import is_of
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
        (diagnosis, "drug-resistant-epilepsy", coded(US, "G40.909", "Uncontrolled epilepsy despite 3 medicines")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "schwer einstellbare Epilepsie")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "e\u0301pilepsie re\u0301fractaire")),
        (diagnosis, "epilepsy", coded(WHO, "I10", "", "Epilepsy")),
        (diagnosis, "epilepsy", coded(SNOMED, "161480008", "", "H/O: epilepsy")),
        (diagnosis, "head-injury", coded(US, "L70.0", "Head injury 3 weeks ago")),
        (diagnosis, "head-injury", coded(SNOMED, "38341003", "Schädel-Hirn-Trauma")),
        (diagnosis, "kidney-function", coded(US, "L70.0", "CKD stage 5 on haemodialysis")),
        (diagnosis, "infection", coded(SNOMED, "76571007", "", "Septic shock")),
        (diagnosis, "infection", coded(US, "L70.0", "septicaemia")),
        (diagnosis, "infection", coded(WHO, "L70.0", "choc septique")),
        (diagnosis, "infection", coded(WHO, "L70.0", "méningite")),
        (diagnosis, "infection", coded(WHO, "L70.0", "hersenvliesontsteking")),
        (diagnosis, "infection", coded(US, "L70.0", "pneumonia")),
        (diagnosis, "allergy", coded(WHO, "T88.7", "Overgevoeligheid voor baclofen")),
        (diagnosis, "allergy", coded(WHO, "L27.0", "Baclofen rash")),
        (diagnosis, "allergy", coded(WHO, "T88.7", "Angioödem nach Lioresal")),
        (diagnosis, "allergy", coded(US, "T42.8X5A", "Adverse effect of baclofen")),
        (diagnosis, "allergy", coded(US, "Z97.8", "Allergies: penicillin; baclofen")),
        (diagnosis, "allergy", coded(US, "Z88.8", "Allergy to Lioresal")),
        (allergy, "allergy", coded(SNOMED, "416098002", "Lioresal", "Drug allergy")),
        (allergy, "allergy", coded(SNOMED, "416098002", "Baklofen")),
        (allergy, "allergy", coded(SNOMED, "416098002", "Baclofène")),
        (allergy, "allergy", coded(RXNORM, "1007660", "Gablofen")),
        (taken, "opioids", coded(ATC, "N02BE01", "Paracetamol 500 mg / Codeine 30 mg")),
        (taken, "opioids", coded(ATC, "N02BE51", "paracetamol, combinations: with codeine")),
        (taken, "opioids", coded(ATC, "N02BE51", "Co-codamol 30/500")),
        (taken, "opioids", coded(ATC, "B05BB01", "Morfine 50 mg/50 ml NaCl 0.9%")),
        (taken, "opioids", coded(ATC, "V07AB", "Morphin in NaCl 0,9%")),
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
        (taken, "opioids", coded(ATC, "N02BE01", "Paracetamol (without codeine)")),
        (taken, "opioids", coded(ATC, "N04BC07", "Apomorphin")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "Epilepsie, keine Pharmakoresistenz")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "epilepsia no refractaria")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "niet refractair")),
        (diagnosis, "drug-resistant-epilepsy", coded(WHO, "G40.9", "padaczka nielekooporna")),
        (diagnosis, "drug-resistant-epilepsy", coded(US, "Z16.24", "Resistance to multiple antibiotics - no seizures")),
        (diagnosis, "drug-resistant-epilepsy", coded(US, "F33.2", "Treatment-resistant depression; ECT (seizure therapy)")),
        (diagnosis, "drug-resistant-epilepsy", coded(SNOMED, "44054006", "Insulin resistance; hx febrile seizure")),
        (diagnosis, "epilepsy", coded(US, "Z82.0", "", "Family history of epilepsy")),
        (diagnosis, "infection", coded(US, "Z23", "meningitis vaccine")),
        (diagnosis, "infection", coded(US, "Z83.1", "brother died of meningitis")),
        (diagnosis, "infection", coded(US, "L70.0", "no sepsis; ruled out meningitis")),
        (diagnosis, "infection", coded(US, "Z86.19", "h/o sepsis 2012")),
        (diagnosis, "infection", coded(US, "Z48.0", "asepsis maintained")),
        (diagnosis, "allergy", coded(US, "Z45.1", "Baclofen pump; penicillin allergy")),
        (diagnosis, "allergy", coded(US, "Z97.8", "Baclofen withdrawal, no allergies")),
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


@pytest.mark.parametrize(
    "words",
    [
        "Morphine arrêtée",
        "Pas de morphine",
        "sans morphine",
        "Geen morphine",
        "morphine suspendida",
        "niet meer: morphine",
    ],
)
def test_a_medicine_in_words_alone_that_are_denied_is_not_said_to_be_taken(words: str) -> None:
    assert came(taken({"text": words}), "opioids") == "unknown"
    assert came(taken({"text": "Morphine 10 mg"}), "opioids") == "met"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ({"text": "NKDA"}, "not_met"),
        ({"text": "Keine Allergien bekannt"}, "not_met"),
        (coded(SNOMED, "1631000175102"), "unknown"),
        ({"text": "Pollen"}, "unknown"),
    ],
)
def test_that_none_is_known_is_an_answer_and_that_nobody_asked_is_none(
    code: dict[str, Any], outcome: str
) -> None:
    assert came(allergy(code), "allergy") == outcome


def test_that_no_medicines_are_known_leaves_the_list_empty() -> None:
    assert came(taken(coded(SNOMED, "787481004")), "medication-list-empty") == "met"


@pytest.mark.parametrize(
    ("code", "display", "may_be"),
    [
        ("I12.9", "Hypertensive renal disease without renal failure", False),
        ("N18.1", "Chronic kidney disease, stage 1", False),
        ("I12.9", "Hypertensive renal disease, CKD stage 4", True),
        ("Q61.2", "Polycystic kidney, adult type; acute kidney injury", True),
    ],
)
def test_reduced_kidney_function_in_words(code: str, display: str, may_be: bool) -> None:
    entry = CodedText((Coding(WHO, code, display),))
    expected = Membership.UNKNOWN if may_be else Membership.NO
    assert is_of(shipped()[0].concepts, "renal-impairment", entry) is expected
