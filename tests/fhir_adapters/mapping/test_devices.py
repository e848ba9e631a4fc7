"""Devices, statements of their use, and when they are to be replaced (DC-04)."""

from datetime import UTC, datetime

import pytest

from engine.concepts import CodedText, Coding
from engine.dates import DateInterval
from engine.facts import DeviceFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.devices import device, device_use

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SNOMED = "http://snomed.info/sct"
PUMP = {"coding": [{"system": SNOMED, "code": "5639009"}]}
READ_PUMP = CodedText((Coding(SNOMED, "5639009"),))
DEVICE = {"resourceType": "Device", "id": "d", "status": "active", "type": PUMP}


def read(**members):
    issues = DataIssues()
    found = device({**DEVICE, **members}, "Device/d", issues, now=NOW)
    return found, [(issue.element, issue.effect) for issue in issues]


def use(known=None, **members):
    issues = DataIssues()
    resource = {
        "resourceType": "DeviceUseStatement",
        "status": "active",
        "device": {"reference": "Device/d"},
        **members,
    }
    found = device_use(resource, "DeviceUseStatement/u", issues, resolve=(known or {}).get, now=NOW)
    return found, [(issue.element, issue.effect) for issue in issues]


@pytest.mark.parametrize(
    ("status", "active", "issues"),
    [
        ("active", True, []),
        ("available", True, []),
        ("inactive", False, []),
        ("not-available", False, []),
        ("unknown", None, [("status", "assumed")]),
        (None, True, [("status", "assumed")]),
    ],
)
def test_whether_it_is_active(status, active, issues):
    found, said = read(status=status)
    assert isinstance(found, DeviceFact)
    assert (found.active, said) == (active, issues)


def test_errors_do_not_count_and_unknown_statuses_are_gaps():
    assert read(status="entered-in-error") == (None, [("status", "ignored")])
    assert isinstance(read(status="broken")[0], Gap)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, READ_PUMP),
        ({"type": [PUMP]}, READ_PUMP),
        (
            {"type": [PUMP, {"coding": [{"system": SNOMED, "code": "1"}], "text": "pump"}]},
            CodedText((Coding(SNOMED, "5639009"), Coding(SNOMED, "1")), "pump"),
        ),
        ({"type": None, "deviceName": [{"name": "SynchroMed"}]}, CodedText(text="SynchroMed")),
        ({"type": None, "name": [{"value": "SynchroMed"}]}, CodedText(text="SynchroMed")),
        # A name may say more than the type: that of R4, R5 and STU3, and the model of each.
        ({"deviceName": [{"name": "SynchroMed II"}]}, CodedText(READ_PUMP.codings, "SynchroMed II")),
        ({"displayName": "SynchroMed II"}, CodedText(READ_PUMP.codings, "SynchroMed II")),
        ({"udi": {"name": "SynchroMed II"}}, CodedText(READ_PUMP.codings, "SynchroMed II")),
        ({"model": "SynchroMed II"}, CodedText(READ_PUMP.codings, "SynchroMed II")),
        (
            {
                "type": {"coding": [{"system": SNOMED, "code": "5639009", "display": "Pump"}]},
                "deviceName": [{"name": "pump"}, {"name": "SynchroMed II"}, {"name": "SynchroMed II"}],
                "modelNumber": "8637-40",
            },
            CodedText((Coding(SNOMED, "5639009", "Pump"),), "Pump; SynchroMed II; 8637-40"),
        ),
        (
            {"type": {"text": "Pump"}, "deviceName": [{"name": "pump"}], "modelNumber": None},
            CodedText(text="Pump"),
        ),
    ],
)
def test_what_it_is(members, code):
    found, _ = read(**members)
    assert isinstance(found, DeviceFact)
    assert found.code == code


def test_a_device_of_no_type_is_a_gap():
    assert read(type=None)[0] == Gap("Device/d", "it does not say what it is")


ELECTIVE = {"text": "Elective replacement date"}


@pytest.mark.parametrize(
    ("members", "when", "issues"),
    [
        ({"property": [{"type": ELECTIVE, "valueString": "2026-03-01"}]}, "2026-03-01", []),
        ({"property": [{"type": ELECTIVE, "valueCode": [{"text": "2026-03"}]}]}, "2026-03", []),
        ({"property": [{"type": {"text": "ERI"}, "valueCodeableConcept": {"text": "2026"}}]}, "2026", []),
        ({"property": [{"type": {"text": "colour"}, "valueString": "2026-03-01"}]}, None, []),
        ({"property": [{"type": ELECTIVE, "valueString": "soon"}]}, None, [("property", "unreadable")]),
        # For an implant this is commonly the date until which it could be implanted.
        ({"expirationDate": "2020-01-01"}, None, [("expirationDate", "not checked")]),
        ({}, None, []),
    ],
)
def test_when_it_is_to_be_replaced(members, when, issues):
    found, said = read(**members)
    assert isinstance(found, DeviceFact)
    assert (found.replace_by, said) == (DateInterval.parse(when), issues)


@pytest.mark.parametrize(
    ("members", "active"),
    [
        ({}, True),
        ({"status": "on-hold"}, True),
        ({"status": "completed"}, False),
        ({"status": "stopped"}, False),
    ],
)
def test_a_use_says_what_its_device_is(members, active):
    found, issues = use({"Device/d": DEVICE}, **members)
    assert found == DeviceFact("DeviceUseStatement/u", READ_PUMP, active)
    assert issues == []


@pytest.mark.parametrize(
    ("used", "code"),
    [
        ({"reference": "Device/elsewhere", "display": "baclofen pump"}, CodedText(text="baclofen pump")),
        ({"reference": {"display": "baclofen pump"}}, CodedText(text="baclofen pump")),
        ({"concept": PUMP}, READ_PUMP),
        ({"reference": {"reference": "Device/d"}}, READ_PUMP),
    ],
)
def test_a_use_of_a_device_by_display_concept_or_codeable_reference(used, code):
    found, _ = use({"Device/d": DEVICE}, device=used)
    assert isinstance(found, DeviceFact)
    assert found.code == code


@pytest.mark.parametrize("status", ["intended", "not-done", "entered-in-error"])
def test_a_use_that_is_none_does_not_count(status):
    assert use({"Device/d": DEVICE}, status=status) == (None, [("status", "ignored")])


def test_a_use_of_an_unknown_device_is_a_gap():
    assert use()[0] == Gap("DeviceUseStatement/u", "it does not say what it is")


def test_a_use_that_names_a_device_and_says_what_it_is_says_both():
    """R5's reference may have a concept beside it, and the Device be called otherwise."""
    other = {"coding": [{"system": "https://hospital.example/codes", "code": "PUMP"}]}
    found, _ = use({"Device/d": DEVICE}, device={"concept": other, "reference": {"reference": "Device/d"}})
    assert isinstance(found, DeviceFact)
    assert [coding.code for coding in found.code.codings] == ["PUMP", "5639009"]
