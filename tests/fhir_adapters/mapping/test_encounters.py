"""Encounters of STU3 to R5, in the words of R4."""

import pytest

from engine.concepts import CodedText, Coding
from engine.dates import DateInterval
from engine.facts import EncounterFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.encounters import encounter

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
INPATIENT = {"system": ACT, "code": "IMP"}
READ_INPATIENT = CodedText((Coding(ACT, "IMP"),))


def read(*, in_context="", **members):
    issues = DataIssues()
    resource = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "in-progress",
        "class": INPATIENT,
        **members,
    }
    found = encounter(resource, "Encounter/e", issues, in_context=in_context)
    return found, [(issue.element, issue.effect) for issue in issues]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("planned", "planned"),
        ("arrived", "arrived"),
        ("triaged", "triaged"),
        ("in-progress", "in-progress"),
        ("onleave", "onleave"),
        ("on-hold", "onleave"),
        ("finished", "finished"),
        ("discharged", "finished"),
        ("completed", "finished"),
        ("cancelled", "cancelled"),
        ("discontinued", "cancelled"),
        ("unknown", "unknown"),
    ],
)
def test_statuses(written, read_as):
    found, issues = read(status=written)
    assert isinstance(found, EncounterFact)
    assert (found.status, issues) == (read_as, [])


def test_errors_do_not_count_and_other_statuses_are_gaps():
    assert read(status="entered-in-error") == (None, [("status", "ignored")])
    for status in ("over", None):
        assert isinstance(read(status=status)[0], Gap)


@pytest.mark.parametrize("written", [INPATIENT, {"coding": [INPATIENT]}, [{"coding": [INPATIENT]}]])
def test_class_of_every_version(written):
    found, _ = read(**{"class": written})
    assert isinstance(found, EncounterFact)
    assert found.class_code == READ_INPATIENT


def test_period_by_either_name_and_types():
    for element in ("period", "actualPeriod"):
        found, _ = read(
            **{element: {"start": "2026-05-01", "end": "2026-05-01"}, "type": [{"text": "check-up"}]}
        )
        assert isinstance(found, EncounterFact)
        assert (found.period, found.types) == (
            DateInterval.parse("2026-05-01"),
            (CodedText(text="check-up"),),
        )


def test_one_that_does_not_say_what_it_is_stays_and_is_listed():
    found, issues = read(**{"class": None})
    assert isinstance(found, EncounterFact)
    assert (found.class_code, issues) == (None, [("class", "unreadable")])


@pytest.mark.parametrize(("named", "marked"), [("e", True), ("f", False), ("", False)])
def test_the_one_that_the_hook_names_is_marked(named, marked):
    found, _ = read(in_context=named)
    assert isinstance(found, EncounterFact)
    assert found.in_context is marked


def test_one_without_an_id_is_not_the_one_of_a_hook_that_names_none():
    found, _ = read(id=None)
    assert isinstance(found, EncounterFact)
    assert not found.in_context


def test_one_that_says_what_it_is_by_its_type_alone_is_not_listed():
    found, issues = read(**{"class": None}, type=[{"text": "ward round"}])
    assert isinstance(found, EncounterFact)
    assert (found.class_code, found.types, issues) == (None, (CodedText(text="ward round"),), [])
