"""A rule looked at for a patient: made up or from a record, alone or with all rules; what cannot be looked at is said."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from engine.facts import Gap, PatientFacts
from engine.finding import Truth
from fhir_adapters.workbench.desk import Desk
from fhir_adapters.workbench.looks import Look, Scope, look
from fhir_adapters.workbench.patients import ChartLine, FromRecord, MadeUp, Patient, chart

NOW, TODAY = datetime(2026, 3, 1, 12, tzinfo=UTC), date(2026, 3, 1)
LOW = MadeUp({"patient": {"age": "71 years"}, "labs": ["lab-egfr 42 mL/min/1.73m2 on 2026-02-08"]})


def looked(desk: Desk, patient: Patient, scope: Scope = "rule") -> Look:
    return look(desk.edit, patient, scope, now=NOW, today=TODAY)


def record(*patients: str, **order: Any) -> bytes:
    entries: list[dict[str, Any]] = []
    for name in patients:
        subject = {"reference": f"Patient/{name}"}
        entries.append({"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1955-01-01"})
        entries.append(
            {
                "resourceType": "MedicationRequest",
                "id": f"order-{name}",
                "status": "draft",
                "intent": "order",
                "subject": subject,
                "medicationCodeableConcept": {
                    "coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]
                },
                "dosageInstruction": [
                    {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}
                ],
                **order,
            }
        )
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in entries]}
    ).encode()


def test_a_made_up_patient_has_the_card_that_the_tests_see(desk: Desk) -> None:
    found = looked(desk, LOW)
    assert found.reasons == ()
    [face] = found.faces
    assert (face.indicator, face.summary) == (
        "warning",
        "Kidney function is reduced (eGFR 42): start intrathecal baclofen with a lower dose",
    )
    assert face.suggestions == (("Note the lower dose", False),)
    assert len(face.reasons) == 2
    assert found.outcome is Truth.MET
    assert found.expectation == {"outcome": "met", "card": "warning", "summary": face.summary}
    assert found.tally == "1 rule looked at: 1 met, 0 not met, 0 unknown"


def test_with_all_rules_the_other_cards_are_there_too(desk: Desk) -> None:
    found = looked(desk, LOW, "all")
    assert found.tally.startswith("3 rules looked at")
    assert len(found.faces) >= 1
    assert [explanation.rule for explanation in found.explanations] == ["baclofen-it.renal-impairment"]


def test_what_is_typed_decides(desk: Desk) -> None:
    desk.type(desk.saved_text.replace("parameter kidney-limit", "40 mL/min/1.73m2"))
    assert looked(desk, LOW).faces == ()


def test_what_cannot_be_understood_of_a_patient_is_said(desk: Desk) -> None:
    found = looked(desk, MadeUp({"conditions": ["chronic-kidny-disease"]}))
    assert found.faces == ()
    [reason] = found.reasons
    assert "did you mean chronic-kidney-disease?" in reason


def test_a_record_is_decided_as_by_the_service(desk: Desk) -> None:
    found = looked(desk, FromRecord(record("a"), "the pasted text"))
    assert found.reasons == ()
    assert found.outcome is Truth.UNKNOWN
    assert [face.indicator for face in found.faces] == ["info"]
    assert [line.title for line in found.chart][:2] == ["Patient", "Orders"]
    assert found.chart[0].entries == ("71 years, female",)
    assert found.chart[1].entries == ("M03BX01",)


def test_of_several_patients_one_is_looked_at(desk: Desk) -> None:
    content = record("a", "b")
    assert looked(desk, FromRecord(content, "x")).patients == 2
    assert looked(desk, FromRecord(content, "x", number=1)).patients == 2


@pytest.mark.parametrize("content", [b"", b"{", b"no json at all", b'{"a": 1}'])
def test_what_is_no_record_is_said_without_its_words(desk: Desk, content: bytes) -> None:
    found = looked(desk, FromRecord(content, "x"))
    assert found.reasons
    assert "no json" not in " ".join(found.reasons)


def test_a_record_at_another_hook_says_where_the_rule_is_looked_at(desk: Desk) -> None:
    found = looked(desk, FromRecord(record("a"), "x", hook="patient-view"))
    assert "patient-view" in " ".join(found.reasons)


def test_a_list_with_entries_that_could_not_be_read_is_not_drawn_as_empty(desk: Desk) -> None:
    bundle = json.loads(record("a"))
    bundle["entry"] += [{"resource": None}, 5]
    found = looked(desk, FromRecord(json.dumps(bundle).encode(), "x"))
    gaps = {line.title: line.gap for line in found.chart}
    assert gaps["Allergies"] == "2 entries of the allergy list could not be read"
    assert gaps["Conditions"] == "2 entries of the problem list could not be read"
    empty = {line.title for line in looked(desk, FromRecord(record("a"), "x")).chart if not line.gap}
    assert empty == gaps.keys() & empty >= {"Allergies", "Conditions", "Orders"}


def test_an_order_that_could_not_be_read_is_drawn_though_no_other_is_there() -> None:
    facts = PatientFacts(NOW, order_gaps=(Gap("MedicationRequest/1", "it is not an object"),))
    assert chart(facts)[1] == ChartLine("Orders", (), "1 order of this session could not be read")


def test_what_could_not_be_read_is_said_also_where_the_rule_is_not_looked_at(desk: Desk) -> None:
    found = looked(desk, FromRecord(b'{"resourceType": "Patient", "id": "a", "birthDate": 7}', "x"))
    assert found.reasons[1:] == ("Choose that under Ask.",)
    assert "Patient/a: it is not a date" in found.issues


def test_a_record_does_not_show_in_what_is_printed_of_a_patient() -> None:
    assert "Zebrafinch" not in repr(FromRecord(b"Zebrafinch", "x"))
