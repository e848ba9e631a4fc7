"""One patient as STU3, R4, R4B and R5 write it, in any order, and with anything put in any place of it."""

import json
import random
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.concepts import CodedText, Coding
from engine.facts import FactList
from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext, read_context

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
P = {"reference": "Patient/p"}
SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PATIENT_VIEW = ReviewContext("patient-view", "p")
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1980-02", "gender": "female"}

# The first unit loads the unit libraries, which takes longer than Hypothesis allows one example.
untimed = settings(deadline=None, max_examples=60)


def snomed(code):
    return {"coding": [{"system": SNOMED, "code": code}]}


def status(code):
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/any", "code": code}]}


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def raw(value):
    return json.dumps(value).encode()


def read(*resources):
    return patient_facts(read_record(raw(bundle(*resources))), PATIENT_VIEW, now=NOW)


def in_version(version):
    """One patient as the four versions of FHIR write it."""
    stu3, r5 = version == "STU3", version == "R5"
    code = (lambda code: code) if stu3 else status
    concept = (lambda concept: {"concept": concept}) if r5 else (lambda concept: concept)
    patient = "patient" if stu3 else "subject"
    return [
        PATIENT,
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": P,
            "code": snomed("84757009"),
            "clinicalStatus": code("active"),
            "verificationStatus": code("provisional"),
            "onsetDateTime": "2019",
            ("assertedDate" if stu3 else "recordedDate"): "2019-05-01",
        },
        {
            "resourceType": "AllergyIntolerance",
            "id": "l",
            "patient": P,
            "code": snomed("387342009"),
            "clinicalStatus": code("active"),
            "verificationStatus": code("confirmed"),
            "type": status("intolerance") if r5 else "intolerance",
            ("assertedDate" if stu3 else "recordedDate"): "2020-01-01",
        },
        {
            "resourceType": "Observation",
            "id": "o",
            "status": "final",
            "subject": P,
            "code": {"coding": [{"system": LOINC, "code": "2160-0"}]},
            "effectiveDateTime": "2026-05-01",
            "valueQuantity": {"value": 1.2, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"},
        },
        {
            "resourceType": "Procedure",
            "id": "x",
            "status": "completed",
            "subject": P,
            "code": snomed("440607000"),
            ("occurrenceDateTime" if r5 else "performedDateTime"): "2024-03",
        },
        {
            "resourceType": "Device",
            "id": "d",
            "status": "active",
            "type": [snomed("5639009")] if r5 else snomed("5639009"),
            **({} if r5 else {"patient": P}),
        },
        {
            "resourceType": "DeviceUsage" if r5 else "DeviceUseStatement",
            "id": "u",
            "status": "active",
            ("patient" if r5 else "subject"): P,
            "device": {"reference": {"reference": "Device/d"}} if r5 else {"reference": "Device/d"},
        },
        # R5 took the patient from devices: there this is what says whose one is.
        *(
            [
                {
                    "resourceType": "DeviceAssociation",
                    "id": "a",
                    "device": {"reference": "Device/d"},
                    "status": status("implanted"),
                    "subject": P,
                    "period": {"start": "2024-03"},
                }
            ]
            if r5
            else []
        ),
        {
            "resourceType": "Appointment",
            "id": "t",
            "status": "booked",
            "start": "2026-07-01T10:00:00Z",
            "serviceType": [concept(snomed("108220007"))],
            "participant": [{"actor": P, "status": "accepted"}],
            **({"subject": P} if r5 else {}),
        },
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "completed" if r5 else "finished",
            "class": [{"coding": [{"system": ACT, "code": "IMP"}]}] if r5 else {"system": ACT, "code": "IMP"},
            "subject": P,
            ("actualPeriod" if r5 else "period"): {"start": "2026-04-01", "end": "2026-04-02"},
        },
        {
            "resourceType": "ProcedureRequest" if stu3 else "ServiceRequest",
            "id": "s",
            "status": "active",
            "intent": "order",
            "subject": P,
            "code": concept(snomed("113091000")),
            "occurrenceDateTime": "2026-07",
        },
        {
            "resourceType": "MedicationRequest",
            "id": "m",
            "status": "active",
            "intent": "order",
            "subject": P,
            "authoredOn": "2026-01-01",
            **(
                {"medication": {"concept": snomed("387342009")}}
                if r5
                else {"medicationCodeableConcept": snomed("387342009")}
            ),
        },
        {"resourceType": "Practitioner", "id": patient},
    ]


def test_the_same_patient_in_four_versions_of_fhir_is_the_same():
    facts, issues = read(*in_version("R4"))
    assert facts.conditions.items[0].suspected
    assert facts.devices.items[1].code == CodedText((Coding(SNOMED, "5639009"),))
    assert [issue.effect for issue in issues if issue.reference != "Bundle"] == []
    for version in ("STU3", "R4B", "R5"):
        others, said = read(*in_version(version))
        others_services = [
            fact.reference.replace("ProcedureRequest", "ServiceRequest") for fact in others.services.items
        ]
        assert others_services == [fact.reference for fact in facts.services.items]
        if version == "R5":
            *devices, associated = others.devices.items
            assert replace(associated, reference="Device/d") == devices[0]
            others = replace(others, devices=FactList.of(*devices))
        renamed = {"ProcedureRequest/s": "ServiceRequest/s", "DeviceUsage/u": "DeviceUseStatement/u"}
        text, expected = repr(others), repr(facts)
        for name, usual in renamed.items():
            text = text.replace(name, usual)
        assert text == expected
        assert {i.reference for i in said if i.effect != "ignored"} == {"Bundle"}


SHUFFLED = [
    *in_version("R4"),
    *(
        {
            "resourceType": "Condition",
            "id": f"c{n}",
            "subject": P,
            "code": snomed(str(n)),
            "clinicalStatus": "active",
        }
        for n in range(5)
    ),
    {"resourceType": "Condition", "id": "uncoded", "subject": P},
    {
        "resourceType": "Condition",
        "id": "c",
        "subject": P,
        "code": snomed("84757009"),
        "clinicalStatus": "resolved",
    },
    {"resourceType": "Condition", "subject": P, "code": snomed("7"), "clinicalStatus": "remission"},
    {"resourceType": "Claim", "id": "z"},
]


def without_places(values):
    """What a resource without id is called tells where it stood."""
    return re.sub(r"entry \d+", "entry", repr(values))


@untimed
@given(st.randoms(use_true_random=False))
def test_shuffling_a_record_never_changes_the_facts(order: random.Random):
    shuffled = SHUFFLED[:]
    order.shuffle(shuffled)
    (expected, issues), (found, said) = read(*SHUFFLED), read(*shuffled)
    assert without_places(found) == without_places(expected)
    assert without_places(sorted(map(repr, said))) == without_places(sorted(map(repr, issues)))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def disturbed(draw):
    """A sound resource with some of its members, at any depth, replaced by any JSON."""
    resource = json.loads(
        json.dumps(draw(st.sampled_from([r for v in ("STU3", "R4", "R5") for r in in_version(v)])))
    )
    for _ in range(draw(st.integers(1, 3))):
        where = resource
        while True:
            keys = list(where) if isinstance(where, dict) else list(range(len(where)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(where[key], dict | list) and where[key] and draw(st.booleans()):
                where = where[key]
                continue
            where[key] = draw(JSON)
            break
    return resource


@untimed
@given(st.lists(disturbed(), max_size=4))
def test_disturbed_resources_become_facts_gaps_or_issues_but_never_errors(resources):
    try:
        record = read_record(raw(bundle(PATIENT, *resources)), patient_id="p")
    except FhirDataError:
        return
    patient_facts(record, PATIENT_VIEW, now=NOW)


@untimed
@given(st.one_of(JSON, JSON.map(lambda value: {"resourceType": "Bundle", "entry": [{"resource": value}]})))
def test_any_json_is_read_or_refused_with_our_error(value):
    try:
        record = read_record(raw(value))
        session = read_context("order-sign", raw({"draftOrders": value}))
    except FhirDataError:
        return
    patient_facts(record, session, now=NOW)


@untimed
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_our_error_or_read(value):
    with suppress(FhirDataError):
        read_record(value)
