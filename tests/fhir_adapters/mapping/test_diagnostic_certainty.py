"""The letter of a German diagnosis: confirmed, suspected, excluded, or the state after it."""

import json

import pytest

from engine.facts import ConditionFact, Course, Gap
from fhir_adapters.mapping.diagnostic_certainty import certainties
from fhir_adapters.wire import decode_resource
from tests.fhir_adapters.mapping.test_conditions import concept, read

GERMAN, WHO = "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://hl7.org/fhir/sid/icd-10"
EXTENSION = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
LETTERS = "https://fhir.kbv.de/CodeSystem/KBV_CS_SFHIR_ICD_DIAGNOSESICHERHEIT"
SNOMED = {"system": "http://snomed.info/sct", "code": "84757009"}


def marked(letter, system=GERMAN, code="G40.9"):
    said = {"url": EXTENSION, "valueCoding": {"system": LETTERS, "code": letter}}
    return {"system": system, "code": code, "extension": [{"url": "https://example.org/side"}, said]}


def diagnosis(*codings, **members):
    return read(code={"coding": list(codings)}, **members)


@pytest.mark.parametrize(
    "coding",
    [
        marked("A"),
        marked("a", WHO),
        {**marked(""), "extension": [{"url": EXTENSION, "valueCode": "A"}]},
        *(
            {"system": GERMAN, "code": code}
            for code in ("G40.9A", "G40.9 A", "g409a", "G40A", "G40.9+A", "G40.-A")
        ),
        {"system": "http://fhir.de/CodeSystem/dimdi/icd-10-gm", "code": "G40.9A"},
        {"system": "http://fhir.de/CodeSystem/bfarm/icd-10-gm|2026", "code": "G40.9A"},
        {"system": "http://hl7.org/fhir/sid/icd-10-de", "code": "G40.9A"},
        {"system": "urn:oid:1.2.276.0.76.5.409", "code": "G40.9A"},
    ],
)
def test_what_is_excluded_is_no_diagnosis_whatever_stands_beside_it(coding):
    for codings in ([coding], [coding, SNOMED]):
        assert diagnosis(*codings, verificationStatus=concept("refuted", VERIFICATION))[0] is None
        assert diagnosis(*codings) == (None, [("code", "ignored")])


VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


@pytest.mark.parametrize(
    ("codings", "members"),
    [
        ([marked("A")], {"verificationStatus": concept("confirmed", VERIFICATION)}),
        ([marked("A"), marked("G", code="G40.3")], {}),
        ([{"system": WHO, "code": "G40.9A"}], {}),  # in Sweden a kind of G40.9
        ([{"system": "urn:oid:2.16.840.1.113883.6.3", "code": "G40.9A"}], {}),
    ],
)
def test_where_it_may_be_excluded_or_not_nobody_knows(codings, members):
    found, issues = diagnosis(*codings, **members)
    assert found == Gap("Condition/c", "it is marked as excluded (A), and may not be")
    assert issues == [("code", "unreadable")]


@pytest.mark.parametrize("coding", [marked("V"), {"system": GERMAN, "code": "G40.9V"}])
def test_a_suspicion_is_one_beside_any_status(coding):
    assert diagnosis(coding, clinicalStatus=concept("active"))[0].suspected


@pytest.mark.parametrize(
    ("clinical", "course", "issues"),
    [
        (None, Course.PAST, [("clinicalStatus", "assumed")]),
        ("unknown", Course.PAST, [("clinicalStatus", "assumed")]),
        ("active", Course.CURRENT, []),
        ("remission", Course.REMISSION, []),
        ("resolved", Course.PAST, []),
    ],
)
def test_a_state_after_is_past_unless_the_status_says_otherwise(clinical, course, issues):
    members = {} if clinical is None else {"clinicalStatus": concept(clinical)}
    found, told = diagnosis(marked("Z"), **members)
    assert (found.course, told) == (course, issues)


@pytest.mark.parametrize(
    ("system", "code", "kept"),
    [
        (GERMAN, "G40.9G", "G40.9"),
        (GERMAN, "G40.9 Z", "G40.9"),
        (GERMAN, "G40.9", "G40.9"),
        (GERMAN, "G40.9!", "G40.9!"),
        (GERMAN, "G40.9X", "G40.9X"),
        (WHO, "G40.9G", "G40.9G"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "S06.0X0A", "S06.0X0A"),  # an initial encounter
        ("http://hl7.org/fhir/sid/icd-10-cm", "S09.90A", "S09.90A"),
    ],
)
def test_the_letter_is_no_part_of_a_german_code_and_of_every_other(system, code, kept):
    found, _ = diagnosis({"system": system, "code": code}, clinicalStatus=concept("active"))
    assert isinstance(found, ConditionFact)
    assert found.code.codings[0].code == kept
    assert not found.suspected


def test_however_the_json_is_written_an_extension_arrives():
    written = json.dumps({"resourceType": "Condition", "code": {"coding": [marked("A")]}})
    found = decode_resource(written.replace("icd-10-gm-d", "\\u0069cd-10-gm-d").encode())
    assert found is not None
    assert certainties(found["code"]) == {"A"}
