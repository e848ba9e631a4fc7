"""Procedures: done, planned or not done, and when, in every FHIR version."""

import pytest

from engine.dates import DateInterval
from engine.facts import Gap, ProcedureFact
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.procedures import procedure

IMPLANT = {"coding": [{"system": "http://snomed.info/sct", "code": "440607000"}]}


def read(**members):
    issues = DataIssues()
    resource = {"resourceType": "Procedure", "id": "x", "status": "completed", "code": IMPLANT, **members}
    found = procedure(resource, "Procedure/x", issues)
    return found, [(issue.element, issue.effect) for issue in issues]


@pytest.mark.parametrize(
    ("status", "done", "issues"),
    [
        ("completed", True, []),
        ("stopped", True, [("status", "assumed")]),
        ("aborted", True, [("status", "assumed")]),
        ("unknown", True, [("status", "assumed")]),
        (None, True, [("status", "assumed")]),
        ("preparation", False, []),
        ("in-progress", False, []),
        ("on-hold", False, []),
        ("suspended", False, []),
    ],
)
def test_whether_it_was_done(status, done, issues):
    found, said = read(status=status)
    assert isinstance(found, ProcedureFact)
    assert (found.done, said) == (done, issues)
    assert found.certain is (issues == [])


@pytest.mark.parametrize(
    ("members", "element"),
    [
        ({"status": "not-done"}, "status"),
        ({"status": "entered-in-error"}, "status"),
        ({"notDone": True}, "notDone"),
        ({"notPerformed": True}, "notPerformed"),
    ],
)
def test_what_was_not_done_never_counts(members, element):
    assert read(**members) == (None, [(element, "ignored")])


@pytest.mark.parametrize(
    "members",
    [{"status": "done"}, {"code": None}, {"code": {"coding": [{"system": "http://snomed.info/sct"}]}}],
)
def test_what_cannot_be_read_is_a_gap(members):
    assert isinstance(read(**members)[0], Gap)


@pytest.mark.parametrize(
    ("members", "when", "issues"),
    [
        ({"performedDateTime": "2024-05"}, DateInterval.parse("2024-05"), []),
        ({"occurrenceDateTime": "2024-05"}, DateInterval.parse("2024-05"), []),
        (
            {"performedPeriod": {"start": "2024-05-01", "end": "2024-05-01"}},
            DateInterval.parse("2024-05-01"),
            [],
        ),
        (
            {"occurrencePeriod": {"start": "2024-05-01", "end": "2024-05-01"}},
            DateInterval.parse("2024-05-01"),
            [],
        ),
        ({"performedDateTime": "last year"}, None, [("performedDateTime", "unreadable")]),
        ({"performedString": "last year"}, None, [("performedString", "ignored")]),
        ({"occurrenceAge": {"value": 3}}, None, [("occurrenceAge", "ignored")]),
        ({}, None, []),
    ],
)
def test_when(members, when, issues):
    found, said = read(**members)
    assert isinstance(found, ProcedureFact)
    assert (found.performed, said) == (when, issues)
