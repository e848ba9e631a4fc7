"""Requested services, of all request resources."""

import pytest

from engine.concepts import UNREAD, CodedText, Coding
from engine.dates import DateInterval
from engine.facts import Gap, ServiceFact
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.services import service

SNOMED = "http://snomed.info/sct"
MRI = {"coding": [{"system": SNOMED, "code": "113091000"}]}
READ_MRI = CodedText((Coding(SNOMED, "113091000"),))


def read(known=None, *, draft=False, **members):
    issues = DataIssues()
    resource = {"status": "active", "intent": "order", "code": MRI, **members}
    found = service(resource, "ServiceRequest/s", issues, resolve=(known or {}).get, draft=draft)
    return found, [(issue.element, issue.effect) for issue in issues]


@pytest.mark.parametrize(
    ("status", "issues"),
    [("active", []), ("unknown", [("status", "assumed")]), (None, [("status", "assumed")])],
)
def test_open_requests_count(status, issues):
    assert read(status=status) == (ServiceFact("ServiceRequest/s", READ_MRI), issues)


@pytest.mark.parametrize(
    "status",
    [
        "draft",
        "on-hold",
        "suspended",
        "revoked",
        "cancelled",
        "stopped",
        "completed",
        "ended",
        "entered-in-error",
    ],
)
def test_what_is_over_on_hold_or_drafted_elsewhere_does_not_count(status):
    assert read(status=status) == (None, [("status", "ignored")])


def test_drafts_of_the_session_count_while_they_are_drafts():
    for status in ("draft", "active", "on-hold"):
        found, _ = read(status=status, draft=True)
        assert found == ServiceFact("ServiceRequest/s", READ_MRI, draft=True)
    assert read(status="revoked", draft=True)[0] is None


def test_a_request_not_to_do_something_is_none():
    assert read(doNotPerform=True) == (None, [("doNotPerform", "ignored")])


@pytest.mark.parametrize("members", [{"status": "open"}, {"code": None}])
def test_what_cannot_be_read_is_a_gap(members):
    assert isinstance(read(**members)[0], Gap)


DEVICE = {"resourceType": "Device", "type": MRI}


@pytest.mark.parametrize(
    "members",
    [
        {"code": {"concept": MRI}},
        {"codeCodeableConcept": MRI},
        {"codeReference": {"reference": "Device/d"}},
        {"code": {"reference": {"reference": "Device/d"}}},
        {"itemCodeableConcept": MRI},
        {"itemReference": {"reference": "Device/d"}},
        {"item": {"concept": MRI}},
        {"serviceRequested": [MRI]},
        {"category": [MRI]},
        {"oralDiet": {"type": [MRI]}},
        {"supplement": [{"type": MRI}]},
        {"supplement": [{"type": {"concept": MRI}}]},
        {"enteralFormula": {"baseFormulaType": MRI}},
        {"lensSpecification": [{"product": MRI}]},
        {"orderedItem": {"itemCodeableConcept": MRI}},
    ],
)
def test_what_is_wanted_by_the_names_of_all_request_resources(members):
    found, _ = read({"Device/d": DEVICE}, **{"code": None, **members})
    assert isinstance(found, ServiceFact)
    assert found.code == READ_MRI


@pytest.mark.parametrize(
    "members",
    [
        {"occurrenceDateTime": "2026-07"},
        {"occurrencePeriod": {"start": "2026-07", "end": "2026-07"}},
        {"code": None, "oralDiet": {"type": [MRI]}, "dateTime": "2026-07"},
        {"code": None, "lensSpecification": [{"product": MRI}], "dateWritten": "2026-07"},
    ],
)
def test_when(members):
    found, _ = read(**members)
    assert isinstance(found, ServiceFact)
    assert found.occurrence == DateInterval.parse("2026-07")


def test_either_of_two_things_that_are_wanted_is_requested_and_neither_denied():
    found, _ = read({"Device/d": DEVICE}, code={"text": "pump"}, codeReference={"reference": "Device/d"})
    assert isinstance(found, ServiceFact)
    assert found.code == CodedText((*READ_MRI.codings, UNREAD), "pump")


def test_a_timing_is_no_day():
    found, issues = read(occurrenceTiming={"event": ["2026-07"]})
    assert isinstance(found, ServiceFact)
    assert (found.occurrence, issues) == (None, [("occurrenceTiming", "ignored")])


@pytest.mark.parametrize("intent", ["proposal", "option", "plan"])
def test_what_is_only_proposed_or_planned_is_marked_and_said(intent):
    assert read(intent=intent) == (
        ServiceFact("ServiceRequest/s", READ_MRI, proposed=True),
        [("intent", "assumed")],
    )
    assert read(intent=intent, draft=True) == (ServiceFact("ServiceRequest/s", READ_MRI, draft=True), [])


def test_when_it_was_written():
    found, _ = read(authoredOn="2026-07")
    assert found.authored == DateInterval.parse("2026-07")


def test_a_timing_beside_a_date_contradicts_it():
    found, issues = read(occurrenceTiming={"event": ["2026-07-01"]}, occurrenceDateTime="2026-05-01")
    assert isinstance(found, ServiceFact)
    assert (found.occurrence, issues) == (None, [("occurrence[x]", "unreadable")])
