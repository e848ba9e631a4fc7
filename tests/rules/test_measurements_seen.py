"""Measurements under the codes that records use: what the pack that ships makes of them, from the request to the rule.

What is measured may hide reduced kidneys or a slow pulse: under a code of any list it is read, and under one of none it is never passed
over where its words say what it is.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import Decision, decide_request

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PATIENT = {"reference": "Patient/p"}
MET, NOT_MET, UNKNOWN = "met", "not_met", "unknown"

Resource = dict[str, Any]


@cache
def shipped() -> tuple[Engine, Services]:
    loaded = load_rules()
    return Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts)


def measured(code: str, value: float, unit: str, when: str = "2026-04-29", text: str = "") -> Resource:
    """An observation by a LOINC code; without words, none but the code can tell what it is."""
    return {
        "resourceType": "Observation", "id": f"o{code}", "status": "final", "subject": PATIENT, "effectiveDateTime": when,
        "code": {"coding": [{"system": LOINC, "code": code}]} | ({"text": text} if text else {}),
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    }  # fmt: skip


def signed(*found: Resource) -> Decision:
    """What becomes of an intrathecal test dose for a woman of 50 of whom nothing but these observations is on record."""
    engine, services = shipped()
    service = services.by_id["primum-order-sign"]
    draft = {
        "resourceType": "MedicationRequest", "id": "draft", "status": "draft", "intent": "order", "subject": PATIENT,
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]},
        "dosageInstruction": [{"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}],
    }  # fmt: skip
    prefetch: Resource = {
        template.key: {"resourceType": "Bundle", "type": "searchset", "total": 0}
        for template in service.templates
        if template.lists
    }
    entries = [{"resource": resource} for resource in found]
    prefetch["labs"] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    prefetch["patient"] = {
        "resourceType": "Patient",
        "id": "p",
        "birthDate": "1976-01-01",
        "gender": "female",
    }
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "p",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": draft}]},
        },
        "prefetch": prefetch,
    }
    return decide_request(json.dumps(body).encode(), service, engine, now=NOW)


def came(decision: Decision, rule: str = "kidney-function") -> str:
    """How a rule ended."""
    (found,) = [each for each in decision.evaluation.outcomes if each.rule.id == f"baclofen-it.{rule}"]
    return found.outcome.value


EGFR_90 = measured("98979-8", 90, "mL/min/{1.73_m2}", "2026-03-01")
CREATININE_FINE = measured("2160-0", 0.8, "mg/dL", "2026-03-01")
IN_BLOOD = ["2160-0", "38483-4", "21232-4", "35203-9", "11042-9", "40248-7", "72271-0"]
IN_MOLES = ["14682-9", "77140-2", "59826-8", "101475-2", "51619-5", "40264-4"]


@pytest.mark.parametrize(
    "earlier", [None, EGFR_90, CREATININE_FINE], ids=["alone", "after eGFR", "after creatinine"]
)
@pytest.mark.parametrize(
    ("code", "high", "unit"), [(code, 5.2, "mg/dL") for code in IN_BLOOD] + [(code, 460, "umol/L") for code in IN_MOLES]
)  # fmt: skip
def test_creatinine_is_read_under_the_codes_of_serum_plasma_and_blood(
    earlier: Resource | None, code: str, high: float, unit: str
) -> None:
    latest = measured(code, high, unit)
    assert came(signed(*filter(None, (earlier, latest)))) == MET


@pytest.mark.parametrize("code", ["11041-1", "51620-3", "44784-7"])
def test_after_dialysis_or_at_its_highest_it_stands_for_none_and_leaves_an_older_one_open(code: str) -> None:
    """0.9 mg/dL after dialysis is no healthy kidney."""
    for older in (EGFR_90, CREATININE_FINE):
        assert came(signed(older)) == NOT_MET
        assert came(signed(older, measured(code, 0.9, "mg/dL"))) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    ["Creatinine", "Kreatinin (Enzym.)", "Kreatinin i. Serum", "Créatinine plasmatique", "Kreatynina w surowicy", "Creatinina"],
)  # fmt: skip
@pytest.mark.parametrize("older", [EGFR_90, CREATININE_FINE])
def test_under_a_code_of_no_list_its_words_leave_an_older_value_open(text: str, older: Resource) -> None:
    assert came(signed(older, measured("40250-3", 5.2, "mg/dL", text=text))) == UNKNOWN
    assert came(signed(older, measured("40250-3", 5.2, "mg/dL"))) == NOT_MET


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("Creatinine [Mass/volume] in Urine", 12, "mg/dL"),
        ("Kreatinin im Spontanurin", 12, "mg/dL"),
        ("Kreatinin im Harn", 12, "mg/dL"),
        ("Kreatynina w moczu", 12, "mg/dL"),
        ("Créatinine urinaire", 12, "mg/dL"),
        ("Creatinina en orina", 12, "mg/dL"),
        ("Creatinine in Dialysis fluid", 12, "mg/dL"),
        ("Albumin/Creatinine", 30, "mg/g"),
        ("Creatine kinase", 5, "mg/dL"),
        ("Creatinine", 120, "mg/dL"),  # in no blood
    ],
)
def test_what_else_is_called_so_does_not(text: str, value: float, unit: str) -> None:
    assert came(signed(CREATININE_FINE, measured("40250-3", value, unit, text=text))) == NOT_MET


@pytest.mark.parametrize(
    ("hook", "key", "codes"),
    [
        ("order-sign", "labs", (*IN_BLOOD, *IN_MOLES, "11041-1")),
        ("order-sign", "vitals", ("59417-6", "2709-4", "89276-0", "8306-3", "3138-5")),
        ("patient-view", "vitals", ("69000-8", "8459-0", "8331-1")),
    ],
)
def test_they_are_asked_for_by_all_of_these_codes(hook: str, key: str, codes: tuple[str, ...]) -> None:
    """A server that sends what is asked for, and no more, sends them, and what leaves them open."""
    templates = shipped()[1].by_id[f"primum-{hook}"].templates
    (query,) = [template.query for template in templates if template.key == key]
    assert [code for code in codes if f"{LOINC}|{code}" not in query] == []


@pytest.mark.parametrize(
    ("code", "text", "outcome"),
    [
        ("59408-5", "", MET),
        ("59410-1", "", MET),
        ("2709-4", "", MET),
        ("20564-1", "", MET),
        ("89276-0", "", UNKNOWN),  # in exercise
        ("40250-3", "Sauerstoffsättigung", UNKNOWN),
        ("40250-3", "SpO2 (left hand)", UNKNOWN),
        ("2711-0", "Oxygen saturation in Venous blood", NOT_MET),
        ("2711-0", "", NOT_MET),
    ],
)
def test_so_are_the_other_measurements_that_rules_ask_for(code: str, text: str, outcome: str) -> None:
    found = measured(code, 84, "%", "2026-05-01T10:00:00Z", text)
    assert came(signed(found), "breathing-disorder") == outcome
