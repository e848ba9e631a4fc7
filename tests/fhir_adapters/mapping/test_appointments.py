"""Appointments of STU3 to R5."""

import pytest

from engine.concepts import UNREAD, CodedText
from engine.dates import DateInterval
from engine.facts import AppointmentFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.appointments import appointment

STATUSES = [
    "proposed",
    "pending",
    "booked",
    "arrived",
    "fulfilled",
    "cancelled",
    "noshow",
    "checked-in",
    "waitlist",
]
REFILL = {"text": "pump refill"}


def read(*, draft=False, **members):
    issues = DataIssues()
    resource = {"resourceType": "Appointment", "status": "booked", "serviceType": [REFILL], **members}
    found = appointment(resource, "Appointment/a", issues, draft=draft)
    return found, [(issue.element, issue.effect) for issue in issues]


@pytest.mark.parametrize("status", STATUSES)
def test_statuses_are_kept(status):
    found, issues = read(status=status, draft=True)
    assert found == AppointmentFact("Appointment/a", status, None, (CodedText(text="pump refill"),), True)
    assert issues == []


def test_errors_do_not_count_and_other_statuses_are_gaps():
    assert read(status="entered-in-error") == (None, [("status", "ignored")])
    for status in ("kept", None):
        assert isinstance(read(status=status)[0], Gap)


@pytest.mark.parametrize(
    "members",
    [
        {"serviceType": REFILL},
        {"serviceType": [{"concept": REFILL}]},
        {"serviceType": None, "reasonCode": [REFILL]},
        {"serviceType": None, "reason": [REFILL]},
        {"serviceType": None, "reason": [{"concept": REFILL}]},
        {"serviceType": None, "appointmentType": REFILL},
        {"serviceType": None, "specialty": [REFILL]},
    ],
)
def test_what_it_is_for(members):
    found, _ = read(**members)
    assert isinstance(found, AppointmentFact)
    assert found.services == (CodedText(text="pump refill"),)


def test_one_that_does_not_say_what_it_is_for_stays_and_is_listed():
    found, issues = read(serviceType=None)
    assert isinstance(found, AppointmentFact)
    assert (found.services, issues) == ((), [("serviceType", "unreadable")])


def test_a_service_that_is_only_referred_to_may_be_any_whatever_the_reason_is():
    """R5 refers to a HealthcareService, which nobody sends along."""
    found, _ = read(
        serviceType=[{"reference": {"reference": "HealthcareService/1"}}], reason=[{"concept": REFILL}]
    )
    assert isinstance(found, AppointmentFact)
    assert found.services == (CodedText((UNREAD,)), CodedText(text="pump refill"))


@pytest.mark.parametrize(
    ("members", "start", "issues"),
    [
        ({"start": "2026-07-01T10:00:00Z"}, DateInterval.parse("2026-07-01T10:00:00Z"), []),
        (
            {"requestedPeriod": [{"start": "2026-07-01", "end": "2026-07-01"}]},
            DateInterval.parse("2026-07-01"),
            [],
        ),
        ({"start": "next week"}, None, [("start", "unreadable")]),
        ({}, None, []),
    ],
)
def test_start(members, start, issues):
    found, said = read(**members)
    assert isinstance(found, AppointmentFact)
    assert (found.start, said) == (start, issues)


def test_of_several_times_that_are_wanted_the_earliest_counts():
    later, sooner = ({"start": f"2026-{month}-01", "end": f"2026-{month}-02"} for month in ("08", "07"))
    for wanted in ([later, sooner], [sooner, later]):
        found, _ = read(status="proposed", requestedPeriod=wanted)
        assert isinstance(found, AppointmentFact)
        assert found.start is not None
        assert found.start.earliest.month == 7
