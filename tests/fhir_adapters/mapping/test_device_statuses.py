"""Whether a device is in use: True, False, or None, with an issue, where the record contradicts itself or leaves it open."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.facts import DeviceFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.devices import device, device_use

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
OVER, RUNNING, TO_COME = {"start": "2020", "end": "2021"}, {"start": "2020", "end": "2027"}, {"start": "2027"}
PUMP = {"resourceType": "Device", "id": "d", "status": "active", "type": {"text": "pump"}}


def status(code: str) -> dict[str, Any]:
    """A status of R5's association, which is a CodeableConcept."""
    return {"coding": [{"system": "http://hl7.org/fhir/deviceassociation-status", "code": code}]}


def statement(type_: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": type_, "device": {"reference": "Device/d"}, **members}


def association(code: str, **members: Any) -> dict[str, Any]:
    return statement("DeviceAssociation", status=status(code), **members)


def read(resource: dict[str, Any], **named: Any) -> tuple[Any, list[tuple[str, str]]]:
    """Whether what a statement names is in use (or what else was read), and the elements of the issues."""
    issues = DataIssues()
    found = device_use(resource, "X/1", issues, resolve={"Device/d": {**PUMP, **named}}.get, now=NOW)
    use = found.active if isinstance(found, DeviceFact) else found
    return use, [(issue.element, issue.effect) for issue in issues]


ON_RECORD = ("DeviceUseStatement", "DeviceUsage")


@pytest.mark.parametrize("type_", ON_RECORD)
@pytest.mark.parametrize(
    ("time", "in_use"),
    [
        ({"timingPeriod": OVER}, None),
        ({"timingPeriod": {"end": "2026-05-31"}}, None),
        ({"timingPeriod": {"end": "2026-06-01"}}, True),  # today is not over
        ({"timingPeriod": RUNNING}, True),
        ({"timingPeriod": {"start": "2020"}}, True),
        ({"timingPeriod": TO_COME}, None),
        ({"timingPeriod": {"start": "2026"}}, True),  # it may have begun
        ({"timingPeriod": {"start": "2021", "end": "2020"}}, None),  # it ends before it begins
        ({"timingPeriod": {"start": "2020", "end": ["2021"]}}, None),
        ({"timingPeriod": "2021"}, None),
        ({"timingPeriod": {"extension": [{"url": "urn:x:unknown"}]}}, True),  # nothing is stated
        ({"timingTiming": {"repeat": {"boundsPeriod": OVER}}}, None),
        ({"timingTiming": {"repeat": {"boundsPeriod": RUNNING}}}, True),
        ({"timingTiming": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}, True),
        ({"timingTiming": {"event": ["2020-05-02"]}}, True),
        # One moment is when it was put in or seen in use; nothing ends by that.
        ({"timingDateTime": "2020-05-02"}, True),
        ({"timingDateTime": "2027-05-02"}, None),
        ({"timingDateTime": "in May"}, None),
    ],
)
def test_a_use_that_is_active_beside_a_time_that_says_otherwise_is_left_open(
    type_: str, time: dict[str, Any], in_use: bool | None
) -> None:
    found, issues = read(statement(type_, status="active", **time))
    assert found is in_use
    assert issues == ([] if in_use else [(*time, "assumed")])


def test_stu3_has_a_period_of_use_beside_how_often_it_was_used() -> None:
    often = {"timingTiming": {"repeat": {"frequency": 1}}}
    for when, in_use in ((OVER, None), (RUNNING, True)):
        assert read(statement("DeviceUseStatement", status="active", whenUsed=when, **often))[0] is in_use


def test_a_use_that_is_said_to_be_over_is_over_whatever_its_time() -> None:
    for code in ("completed", "stopped"):
        for when in (OVER, RUNNING, TO_COME):
            assert read(statement("DeviceUsage", status=code, timingPeriod=when)) == (False, [])


@pytest.mark.parametrize(
    ("said", "in_use"),
    [
        ({"usageStatus": {"coding": [{"code": "always"}]}}, True),
        ({"usageStatus": {"text": "Sometimes"}}, True),
        ({"usageStatus": {"coding": [{"code": "always"}], "text": "day and night"}}, True),
        ({"usageStatus": {"coding": [{"code": "never"}]}}, None),
        ({"usageStatus": {"coding": [{"code": "always"}, {"code": "never"}]}}, None),
        ({"usageStatus": {"coding": [{"code": "stopped"}]}}, None),
        ({"usageStatus": 5}, None),
        ({"adherence": {"code": {"coding": [{"code": "always"}]}}}, True),
        ({"adherence": {"code": {"coding": [{"code": "never"}]}}}, None),
        ({"adherence": {"reason": [{"text": "lost"}]}}, None),
    ],
)
def test_a_use_of_r5_counts_as_far_as_it_says_that_there_is_some(
    said: dict[str, Any], in_use: bool | None
) -> None:
    found, issues = read(statement("DeviceUsage", status="active", **said))
    assert found is in_use
    assert issues == ([] if in_use else [(*said, "assumed")])


@pytest.mark.parametrize(
    ("resource", "in_use"),
    [
        (association("implanted"), True),
        (association("attached"), True),
        (association("implanted", period={"start": "2020"}), True),
        (association("implanted", period=RUNNING), True),
        (association("explanted"), False),
        (association("explanted", period=OVER), False),
        (association("unknown"), None),
        (statement("DeviceAssociation"), None),  # FHIR requires a status
        (association("implanted", period=OVER), None),
        (association("attached", period=TO_COME), None),
        (association("attached", period="2020"), None),
        (association("implanted", statusReason=[{"coding": [{"code": "placed"}]}]), True),
        (association("implanted", statusReason=[{"text": "Placed"}, {"coding": [{"code": "failed"}]}]), None),
        (association("attached", statusReason=[{"coding": [{"code": "disconnected"}]}]), None),
    ],
)
def test_an_association_of_r5_says_whether_the_device_is_in_or_on_the_patient(
    resource: dict[str, Any], in_use: bool | None
) -> None:
    found, issues = read(resource)
    assert found is in_use
    assert bool(issues) is (in_use is None)


def test_an_association_that_is_none_says_nothing_and_one_that_cannot_be_read_is_a_gap() -> None:
    assert read(association("entered-in-error")) == (None, [("status", "ignored")])
    assert isinstance(read(association("glued"))[0], Gap)
    assert isinstance(read(association("implanted"), modifierExtension=[{"url": "urn:x:y"}])[0], Gap)
    assert read(association("implanted"), status="entered-in-error") == (None, [("status", "ignored")])


def test_a_device_that_is_marked_inactive_is_out_of_use_but_for_r5_where_the_mark_is_of_the_record() -> None:
    assert read(statement("DeviceUseStatement", status="active"), status="inactive") == (False, [])
    assert read(association("explanted"), status="inactive") == (False, [])
    assert read(association("implanted"), status="inactive") == (None, [("device", "assumed")])


def of_device(*associations: dict[str, Any], **members: Any) -> tuple[bool | None, list[tuple[str, str]]]:
    """Whether a Device is in use by the associations that name it, and the elements of the issues."""
    issues = DataIssues()
    found = device({**PUMP, **members}, "Device/d", issues, now=NOW, associations=associations)
    assert isinstance(found, DeviceFact)
    return found.active, [(issue.element, issue.effect) for issue in issues]


IN, OUT, ERROR = association("implanted"), association("explanted"), association("entered-in-error")
OPEN = (None, [("status", "assumed")])


@pytest.mark.parametrize(
    ("associations", "expected"),
    [
        ((), (True, [])),
        ((IN,), (True, [])),
        ((IN, ERROR), (True, [])),
        ((OUT,), (False, [])),  # of R5's Device only the record is active
        ((ERROR,), OPEN),
        ((ERROR, ERROR), OPEN),
        ((IN, OUT), OPEN),  # nobody can tell which is the later one
        ((association("unknown"),), OPEN),
        ((association("implanted", period=OVER),), OPEN),
        ((association("glued"),), OPEN),
        (({**IN, "modifierExtension": [{"url": "urn:x:y"}]},), OPEN),
        (({**IN, "modifierExtension": [{"url": "urn:x/notDone", "valueBoolean": True}]},), OPEN),
        (({**IN, "implicitRules": "urn:x:rules"},), OPEN),
    ],
)
def test_a_device_is_in_use_as_its_associations_say(
    associations: tuple[dict[str, Any], ...], expected: tuple[bool | None, list[tuple[str, str]]]
) -> None:
    assert of_device(*associations) == expected


def test_a_device_out_of_use_by_its_own_status_stays_so_unless_an_association_says_otherwise() -> None:
    assert of_device(status="inactive") == (False, [])
    assert of_device(OUT, status="inactive") == (False, [])
    assert of_device(IN, status="inactive") == OPEN


def test_an_association_settles_a_status_that_is_unknown() -> None:
    for known, in_use in ((IN, True), (OUT, False)):
        assert of_device(known, status="unknown") == (in_use, [("status", "assumed")])


@pytest.mark.parametrize(("said", "in_use"), [("available", True), ("lost", None), ("destroyed", None)])
def test_a_device_of_r5_that_is_no_longer_to_be_had_may_be_in_use_or_not(
    said: str, in_use: bool | None
) -> None:
    lost = {"coding": [{"code": said}]}
    assert of_device(availabilityStatus=lost)[0] is in_use
    assert of_device(availabilityStatus=lost, status="inactive")[0] is False
