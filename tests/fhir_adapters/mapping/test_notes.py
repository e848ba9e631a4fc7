"""Notes beside entries: where they stand in each resource, and what is said of those that no rule reads."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import Raw

from fhir_adapters.issues import MOST_NAMED, DataIssue
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.mapping.notes import notes
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import Entry

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
P = {"reference": "Patient/p"}
NOTE = [{"text": "first"}, {"text": "second", "time": "2026-01-01"}]


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"note": NOTE}, "first; second"),
        ({"note": {"text": "one where a list belongs"}}, "one where a list belongs"),
        ({"comment": "as STU3 has it"}, "as STU3 has it"),
        (
            {"note": NOTE, "reaction": [{"description": "rash", "note": [{"text": "on both arms"}]}]},
            "first; second; rash; on both arms",
        ),
        ({}, ""),
        ({"note": [{"authorString": "nobody"}, "text", 5, None]}, ""),
        ({"note": "text", "comment": 5, "reaction": "rash"}, ""),
    ],
)
def test_all_that_is_noted(resource: dict[str, Any], said: str) -> None:
    assert notes(resource) == said


def issues_of(*resources: dict[str, Any], review: ReviewContext | None = None) -> list[DataIssue]:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": each} for each in ({"resourceType": "Patient", "id": "p"}, *resources)],
    }
    record = read_record(json.dumps(bundle).encode())
    _, issues = patient_facts(record, review or ReviewContext("patient-view", "p"), now=NOW)
    return [issue for issue in issues if issue.element == "note"]


NOT_READ = "a note, and notes are not read"
READ_LITTLE = "a note, of which only what their own code may hide is read"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("AllergyIntolerance", READ_LITTLE),
        ("Condition", READ_LITTLE),
        ("Device", NOT_READ),
        ("DeviceUseStatement", NOT_READ),
        ("MedicationAdministration", NOT_READ),
        ("MedicationDispense", NOT_READ),
        ("MedicationRequest", NOT_READ),
        ("MedicationStatement", NOT_READ),
        ("Observation", NOT_READ),
        ("Procedure", NOT_READ),
        ("ServiceRequest", NOT_READ),
    ],
)
def test_every_entry_with_a_note_is_named_and_its_words_are_not_repeated(kind: str, why: str) -> None:
    entry = {"resourceType": kind, "id": "1", "subject": P, "patient": P, "note": NOTE}
    assert issues_of(entry, {**entry, "id": "2", "note": []}) == [
        DataIssue(kind, "note", "not checked", f"1 entry has {why}: {kind}/1")
    ]


def test_a_type_that_no_rule_looks_into_is_named_for_that_alone() -> None:
    assert issues_of({"resourceType": "Immunization", "id": "1", "patient": P, "note": NOTE}) == []


def test_one_issue_counts_many() -> None:
    entry = {"resourceType": "Observation", "status": "final", "subject": P, "note": NOTE}
    (issue,) = issues_of(*({**entry, "id": f"{number:02}"} for number in range(MOST_NAMED + 2)))
    assert issue.reason.startswith(f"{MOST_NAMED + 2} entries have {NOT_READ}: Observation/00, ")
    assert issue.reason.endswith("Observation/24, 2 more")


def test_an_order_under_review_is_named_once_although_it_is_on_the_list_as_well() -> None:
    order = {"resourceType": "MedicationRequest", "id": "1", "status": "draft", "subject": P, "note": NOTE}
    drafted = Entry("MedicationRequest", "MedicationRequest/1", order, Raw(json.dumps(order).encode()))
    review = ReviewContext("order-sign", "p", orders=(drafted,))
    assert [issue.reason for issue in issues_of(order, review=review)] == [
        f"1 entry has {NOT_READ}: MedicationRequest/1"
    ]
