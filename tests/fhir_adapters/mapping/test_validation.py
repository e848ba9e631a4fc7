"""Conformance to R4B: reported by element, without values, and never a reason not to read."""

import json

import pytest
from msgspec import Raw

from fhir_adapters.mapping.validation import conformance, prepare
from fhir_adapters.wire import Entry

SOUND = {
    "resourceType": "Condition",
    "id": "c",
    "subject": {"reference": "Patient/p"},
    "code": {"text": "epilepsy"},
    "onsetDateTime": "2019-05",
}


def faults(resource, type_=None):
    entry = Entry(type_ or resource["resourceType"], "X/1", {}, Raw(json.dumps(resource).encode()))
    return [(issue.element, issue.reason) for issue in conformance([entry])]


def test_a_sound_resource_conforms():
    assert faults(SOUND) == []


@pytest.mark.parametrize(
    ("members", "element", "reason"),
    [
        ({"severety": "severe"}, "severety", "R4B has no such element"),
        ({"Jane Doe": 1}, "?", "R4B has no such element"),
        (
            {"onsetDateTime": "in May"},
            "onsetDateTime",
            "the value is not in the form, or of the choice, that R4B prescribes",
        ),
        ({"category": {"text": "x"}}, "category", "R4B has a list here"),
        ({"code": {"text": ""}}, "code.text", "the text is empty, or not in the form that R4B prescribes"),
        ({"stage": [{"summary": 7}]}, "stage[0].summary", "the value is not of the type that R4B prescribes"),
        (
            {"onsetString": "as a child"},
            "",
            "the value is not in the form, or of the choice, that R4B prescribes",
        ),
    ],
)
def test_what_does_not_conform_is_named_by_element(members, element, reason):
    assert faults({**SOUND, **members}) == [(element, reason)]


def test_a_required_element_that_is_missing_is_named():
    order = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"text": "x"},
    }
    assert faults(order) == [("intent", "a required element is missing")]


@pytest.mark.parametrize("type_", ["MedicationOrder", "NoSuchThing", "../x", ""])
def test_a_type_that_is_not_of_r4b_is_said_to_be_none(type_):
    assert faults({**SOUND, "resourceType": type_}, type_) == [("", "R4B has no resource of this type")]


@pytest.mark.parametrize("raw", [b"", b"[]", b"7", b"null", b'{"resourceType": "Patient"}', b"[" * 5000])
def test_no_input_is_an_error(raw):
    assert len(conformance([Entry("Condition", "X/1", {}, Raw(raw))])) >= 1


def test_depth_that_the_models_cannot_stand_is_reported():
    deep = json.dumps({**SOUND, "extension": "HERE"}).replace(
        '"HERE"', '[{"extension": ' * 400 + "1" + "}]" * 400
    )
    found = conformance([Entry("Condition", "X/1", {}, Raw(deep.encode()))])
    assert [issue.reason for issue in found] == ["it cannot be validated"]


def test_models_are_loaded_for_the_types_that_there_are():
    prepare(["Condition", "DeviceUsage"])
