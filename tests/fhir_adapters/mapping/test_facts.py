"""A record as facts: states, gaps, modifier extensions, and what is passed on."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.dates import DateInterval
from engine.facts import FactList, Gap, ListName, ListState
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_prefetch, read_record
from fhir_adapters.review import ReviewContext

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
P = {"reference": "Patient/p"}
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
NOT_DONE = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDone"
PATIENT_VIEW = ReviewContext("patient-view", "p")
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1980-02", "gender": "female"}


def snomed(code):
    return {"coding": [{"system": SNOMED, "code": code}]}


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def raw(value):
    return json.dumps(value).encode()


def read(*resources):
    return patient_facts(read_record(raw(bundle(*resources))), PATIENT_VIEW, now=NOW)


def test_lists_carry_their_state_and_what_happened():
    sent = {"conditions": b'{"resourceType": "OperationOutcome"}', "allergies": b"null"}
    keys = {
        "conditions": (ListName.CONDITIONS,),
        "allergies": (ListName.ALLERGIES,),
        "labs": (ListName.OBSERVATIONS,),
    }
    facts, _ = patient_facts(read_prefetch(sent, keys=keys, patient_id="p"), PATIENT_VIEW, now=NOW)
    assert facts.conditions == FactList(
        ListState.FAILED, detail="the query failed: an OperationOutcome came instead"
    )
    assert facts.allergies == FactList(ListState.EMPTY)
    assert facts.observations == FactList(ListState.NOT_SUPPLIED)
    assert (facts.person, facts.person_state) == (None, ListState.NOT_SUPPLIED)


def test_of_a_record_that_another_one_has_replaced_no_list_is_complete():
    """After a merge the allergies stand in the other record, and an empty list here means nothing."""
    link = [{"other": {"reference": "Patient/q"}, "type": "replaced-by"}]
    diagnosis = {"resourceType": "Condition", "id": "c", "subject": P, "code": snomed("84757009")}
    facts, _ = read(PATIENT | {"link": link}, diagnosis)
    assert facts.allergies == FactList(ListState.PARTIAL, detail="another record has replaced this one")
    assert (facts.conditions.state, len(facts.conditions.items)) == (ListState.PARTIAL, 1)
    assert facts.person is not None
    assert read(PATIENT, diagnosis)[0].conditions.state is ListState.PRESENT


def test_a_list_of_nothing_that_counts_is_still_complete():
    facts, _ = read(
        PATIENT, {"resourceType": "Condition", "id": "c", "subject": P, "verificationStatus": "refuted"}
    )
    assert facts.conditions == FactList(ListState.PRESENT)


def test_what_cannot_be_read_is_a_gap_and_costs_no_other():
    good = {
        "resourceType": "Condition",
        "id": "good",
        "subject": P,
        "code": snomed("1"),
        "clinicalStatus": "active",
    }
    facts, _ = read(PATIENT, {"resourceType": "Condition", "id": "bad", "subject": P}, good, {"no": "type"})
    assert [fact.reference for fact in facts.conditions.items] == ["Condition/good"]
    assert facts.conditions.gaps == (
        Gap("Condition/bad", "it does not say what it is"),
        Gap("the file, entry 4", "it cannot be read as a FHIR resource"),
    )


@pytest.mark.parametrize(
    ("type_", "members"),
    [
        ("Condition", {"clinicalStatus": "active"}),
        ("AllergyIntolerance", {}),
        ("Observation", {"status": "final"}),
        ("Procedure", {"status": "completed"}),
        ("Device", {"type": snomed("1")}),
        ("ServiceRequest", {"status": "active"}),
    ],
)
def test_modifier_extensions_hold_for_every_resource(type_, members):
    def gaps_and_items(extension):
        resource = {
            "resourceType": type_,
            "id": "1",
            "code": snomed("1"),
            **members,
            "modifierExtension": [extension],
        }
        facts, _ = read(PATIENT, resource)
        lists = [getattr(facts, name.value) for name in ListName if name is not ListName.PATIENT]
        return sum(len(found.gaps) for found in lists), sum(len(found.items) for found in lists)

    assert gaps_and_items({"url": "https://example.org/opposite", "valueBoolean": True}) == (1, 0)
    assert gaps_and_items({"url": NOT_DONE, "valueBoolean": True}) == (0, 0)
    assert gaps_and_items({"url": NOT_DONE, "valueBoolean": False}) == (0, 1)


def test_a_patient_with_a_modifier_that_is_not_understood_is_nobody():
    facts, issues = read({**PATIENT, "modifierExtension": [{"url": "https://example.org/animal"}]})
    assert facts.person is None
    assert [issue.reference for issue in issues if issue.effect == "unreadable"] == ["Patient/p"]


def test_a_text_in_the_place_of_a_reference_names_the_patient_and_a_number_nobody():
    condition = {"resourceType": "Condition", "id": "1", "code": snomed("1")}
    facts, issues = read(PATIENT, {**condition, "subject": "Patient/p"})
    assert [fact.reference for fact in facts.conditions.items] == ["Condition/1"]
    assert "subject" not in {issue.element for issue in issues}
    facts, issues = read(PATIENT, {**condition, "subject": 7})
    assert (facts.conditions.items, len(facts.conditions.gaps)) == ((), 1)
    said = [issue.reason for issue in issues if issue.reference == "Condition/1"]
    assert said == ["whose it is cannot be read"]


@pytest.mark.parametrize("status", [["stopped"], {"coding": [{"code": "STOPPED"}]}])
def test_of_a_status_that_is_read_in_another_form_nothing_is_said(status):
    statement = {"resourceType": "MedicationStatement", "id": "1", "status": status, "subject": P}
    facts, issues = read(PATIENT, {**statement, "medicationCodeableConcept": snomed("1")})
    assert [fact.status.value for fact in facts.medications.items] == ["ended"]
    assert "status" not in {issue.element for issue in issues}


def test_dstu2_orders_in_the_record_are_gaps():
    facts, issues = read(PATIENT, {"resourceType": "MedicationOrder", "id": "1", "patient": P})
    assert "subject" not in {
        issue.element for issue in issues
    }  # it names its patient, which is not overlooked
    assert facts.medications.gaps == (Gap("MedicationOrder/1", "a medicine of DSTU2 is not read"),)


CODED = {"code": snomed("1")}
MEDICINE = {"medicationCodeableConcept": snomed("1"), "patient": P}


@pytest.mark.parametrize(
    ("type_", "members", "counted"),
    [
        # Evidence, and no proof that there is nothing.
        ("Condition", {**CODED, "patient": P, "clinicalStatus": "active", "dateRecorded": "2015-01-01"}, 1),
        ("AllergyIntolerance", {"patient": P, "substance": snomed("1"), "status": "active"}, 1),
        ("AllergyIntolerance", {"patient": P, **CODED, "status": "refuted"}, 0),
        # What an appointment is for stands in an element that is later called otherwise.
        (
            "Appointment",
            {"participant": [{"actor": P}], "status": "booked", "type": snomed("1"), "reason": snomed("2")},
            1,
        ),
        # The flag that denies a medicine is called otherwise there, so that it is not even evidence.
        ("MedicationStatement", {**MEDICINE, "status": "active", "wasNotTaken": True}, 0),
        ("MedicationStatement", {**MEDICINE, "status": "active", "reasonForUseReference": {}}, 0),
        ("MedicationAdministration", {**MEDICINE, "status": "in-progress", "wasNotGiven": True}, 0),
        ("MedicationAdministration", {**MEDICINE, "status": "completed", "effectiveTimeDateTime": "2026"}, 0),
    ],
)
def test_what_is_written_in_dstu2_is_a_gap(type_, members, counted):
    facts, issues = read(PATIENT, {"resourceType": type_, "id": "1", **members})
    lists = [getattr(facts, name.value) for name in ListName if name is not ListName.PATIENT]
    gap = Gap(f"{type_}/1", "it is written in DSTU2, which cannot be read for sure")
    assert [found for each in lists for found in each.gaps] == [gap]
    assert sum(len(each.items) for each in lists) == counted
    assert (gap.reference, gap.why) in [(issue.reference, issue.reason) for issue in issues]


def test_values_reach_the_engine_exactly():
    lab = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": P,
        "code": {"coding": [{"system": LOINC, "code": "2160-0"}]},
        "valueQuantity": {"value": 1.10, "unit": "mg/dL"},
    }
    text = raw(bundle(PATIENT, lab)).replace(b'"value": 1.1', b'"value": 1.1000000000000000000001')
    facts, _ = patient_facts(read_record(text), PATIENT_VIEW, now=NOW)
    value = facts.observations.items[0].value
    assert getattr(value, "low", None) == Decimal("1.1000000000000000000001")


def test_parameters_and_hook_are_passed_on():
    facts, _ = patient_facts(
        read_record(raw(bundle(PATIENT))),
        ReviewContext("encounter-start"),
        now=NOW,
        parameters={"country": "SE"},
    )
    assert (facts.hook, facts.now, facts.parameters) == ("encounter-start", NOW, {"country": "SE"})
    assert facts.person is not None
    assert (facts.person.birth, facts.person.sex) == (DateInterval.parse("1980-02"), "female")
