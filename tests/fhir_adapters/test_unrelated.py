"""What no rule looks into, beside a record: it changes no answer, wherever in the record it stands.

Of no concern is a resource of a type that no rule reads, and what a server sends along with what was found: resources that others
refer to, and words that tell of no problem. A list in which nothing else came is a list that was searched and is empty. Where a
resource stands alone in an answer and does not say that it only came along, nobody knows what was answered.
"""

import json
from copy import deepcopy

import pytest

from engine.facts import ListName, ListState
from fhir_adapters.record import LIST_OF, SUPPORTING, read_prefetch
from fhir_adapters.resource_types import RESOURCE_TYPES
from tests.fhir_adapters.test_removal import ANSWERS, decided

KEYS = {name.value: (name,) for name in ListName}
CLAIM = {"resourceType": "Claim", "id": "x", "status": "active", "patient": {"reference": "Patient/p"}}
PROVENANCE = {"resourceType": "Provenance", "id": "v", "target": [{"reference": "Condition/epilepsy"}]}
PRACTITIONER = {"resourceType": "Practitioner", "id": "d"}


def outcome(*severities):
    return {"resourceType": "OperationOutcome", "issue": [{"severity": each} for each in severities]}


INCLUDED = [
    pytest.param(CLAIM, "include", id="a claim"),
    pytest.param(PROVENANCE, "include", id="its provenance"),
    pytest.param(PRACTITIONER, "include", id="who wrote it"),
    pytest.param({"resourceType": "Medication", "id": "other"}, "include", id="a medicine"),
    pytest.param(outcome("information"), "outcome", id="words of the server"),
    pytest.param(outcome("success", "information"), "outcome", id="words of a server of R5"),
]


def answers(name, resource, mode):
    found = deepcopy(ANSWERS)
    found[name.value]["entry"].append({"resource": resource, **({"search": {"mode": mode}} if mode else {})})
    return found


def read(sent):
    prefetch = {key: json.dumps(answer).encode() for key, answer in sent.items()}
    return read_prefetch(prefetch, keys=KEYS, patient_id="p")


@pytest.mark.parametrize(("resource", "mode"), INCLUDED)
def test_what_came_along_with_a_list_changes_no_answer_be_it_full_or_empty(resource, mode):
    expected = decided(read(ANSWERS))
    for name in ListName:
        record = read(answers(name, resource, mode))
        assert record.state(name) is read(ANSWERS).state(name)
        if name in (
            ListName.ALLERGIES,
            ListName.CONDITIONS,
            ListName.DEVICES,
        ):  # one has entries, one is empty
            assert decided(record) == expected, name


@pytest.mark.parametrize("type_", sorted(RESOURCE_TYPES - LIST_OF.keys() - SUPPORTING - {"OperationOutcome"}))
def test_a_resource_that_no_rule_reads_changes_no_list_that_holds_something(type_):
    resource = {**CLAIM, "resourceType": type_, "subject": {"reference": "Patient/q"}}
    record = read(answers(ListName.CONDITIONS, resource, None) | {"theirs": resource})
    assert [record.state(name) for name in ListName] == [read(ANSWERS).state(name) for name in ListName]
    assert [record.gaps(name) for name in ListName] == [()] * len(ListName)
    assert record.entries(type_) == []


@pytest.mark.parametrize(
    ("resource", "mode"),
    [
        pytest.param(CLAIM, None, id="it does not say that it came along"),
        pytest.param(CLAIM, "match", id="it says that it was found"),
        pytest.param(outcome("error"), "outcome", id="an error"),
        pytest.param(outcome("warning"), "outcome", id="a warning"),
        pytest.param(outcome("information", "fatal"), "outcome", id="an error among others"),
        pytest.param(outcome(), "outcome", id="words that say nothing"),
        pytest.param({"resourceType": "OperationOutcome", "issue": "none"}, "outcome", id="words that nobody can read"),
        pytest.param({"resourceType": "allergyintolerance"}, "include", id="a type that nobody knows"),
    ],
)  # fmt: skip
def test_what_may_be_the_answer_itself_leaves_an_empty_list_open(resource, mode):
    record = read(answers(ListName.DEVICES, resource, mode))
    open_ = record.state(ListName.DEVICES) is ListState.PARTIAL or record.gaps(ListName.DEVICES)
    assert open_


def test_what_is_of_the_list_counts_whatever_it_is_said_to_be():
    device = {"resourceType": "Device", "id": "1", "patient": {"reference": "Patient/p"}}
    record = read(answers(ListName.DEVICES, device, "include"))
    assert record.state(ListName.DEVICES) is ListState.PRESENT
    assert [entry.reference for entry in record.entries("Device")] == ["Device/1"]
