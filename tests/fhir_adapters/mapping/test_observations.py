"""Observations: every kind of value, component, status and time."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.concepts import CodedText, Coding
from engine.dates import DateInterval
from engine.facts import Gap, ObservationFact
from engine.quantity import QuantityInterval
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.observations import observations

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
CREATININE = {"coding": [{"system": LOINC, "code": "2160-0"}]}


def read(**members):
    issues = DataIssues()
    resource = {"resourceType": "Observation", "id": "o", "status": "final", "code": CREATININE, **members}
    resource.setdefault("effectiveDateTime", "2026-05-01")
    found = observations(resource, "Observation/o", issues, now=NOW)
    return found, [(issue.element, issue.effect) for issue in issues]


def one(**members) -> ObservationFact:
    ((fact,), _) = read(**members)
    assert isinstance(fact, ObservationFact)
    return fact


def amount(value, unit="mg/dL", **members):
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **members}


def between(low, high, unit="mg/dL", low_inclusive=True, high_inclusive=True):
    ends = [None if end is None else Decimal(end) for end in (low, high)]
    return QuantityInterval(ends[0], low_inclusive, ends[1], high_inclusive, unit)


POSITIVE = {"coding": [{"system": "http://snomed.info/sct", "code": "10828004"}]}


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ({"valueQuantity": amount(1.2)}, between("1.2", "1.2")),
        ({"valueQuantity": amount(Decimal("1.20"))}, between("1.20", "1.20")),
        (
            {"valueQuantity": amount(5, comparator="<")},
            between(None, "5", low_inclusive=False, high_inclusive=False),
        ),
        ({"valueQuantity": amount(60, comparator=">=")}, between("60", None, high_inclusive=False)),
        ({"valueQuantity": {"value": 1.2, "unit": "mg/dL"}}, between("1.2", "1.2")),
        ({"valueRange": {"low": amount(1), "high": amount(2)}}, between("1", "2")),
        (
            {"valueRatio": {"numerator": amount(4, "mg"), "denominator": amount(2, "mL")}},
            between("2", "2", "mg/mL"),
        ),
        ({"valueCodeableConcept": POSITIVE}, CodedText((Coding("http://snomed.info/sct", "10828004"),))),
        ({"valueCodeableConcept": {"text": "positive"}}, CodedText(text="positive")),
        ({"valueString": "positive"}, CodedText(text="positive")),
        ({"valueBoolean": True}, True),
        ({"valueBoolean": False}, False),
        ({"valueInteger": 3}, between("3", "3", "1")),
    ],
)
def test_values(members, value):
    assert one(**members).value == value
    assert one(**members).absent == ""


@pytest.mark.parametrize(
    ("members", "absent", "issues"),
    [
        ({}, "the entry has no value", []),
        (
            {"dataAbsentReason": {"coding": [{"code": "not-performed"}]}},
            "the record has no value (not-performed)",
            [],
        ),
        (
            {"dataAbsentReason": {"text": "lost"}},
            "the record has no value, and says why in words",
            [],
        ),
        (
            {"valueQuantity": amount(1.2), "dataAbsentReason": {"coding": [{"code": "error"}]}},
            "it has a value and a reason for having none",
            [("value[x]", "unreadable")],
        ),
        (
            {"valueQuantity": amount(1.2), "valueString": "2.1"},
            "it has more than one value",
            [("value[x]", "unreadable")],
        ),
        ({"valueQuantity": {"value": 1.2}}, "the value has no unit", [("value[x]", "unreadable")]),
        (
            {"valueQuantity": {"value": "high", "unit": "mg/dL"}},
            "the value has no number that can be read",
            [("value[x]", "unreadable")],
        ),
        (
            {"valueQuantity": {"value": 1.2, "unit": "spoons"}},
            "the value has a unit that is not understood",
            [("value[x]", "unreadable")],
        ),
        (
            {"valueSampledData": {"data": "1 2 3"}},
            "the value is sampled data, which no rule compares",
            [("value[x]", "unreadable")],
        ),
        (
            {"valueTime": "12:00"},
            "the value is a time of day, which no rule compares",
            [("value[x]", "unreadable")],
        ),
        (
            {"valueDateTime": "2026"},
            "the value is a date, which no rule compares",
            [("value[x]", "unreadable")],
        ),
        (
            {"valuePeriod": {"start": "2026"}},
            "the value is a period, which no rule compares",
            [("value[x]", "unreadable")],
        ),
        (
            {"valueCodeableConcept": {"coding": [{"display": ""}]}},
            "the value cannot be read",
            [("value[x]", "unreadable")],
        ),
        ({"valueBoolean": "perhaps"}, "the value cannot be read", [("value[x]", "unreadable")]),
        ({"valueInteger": "three"}, "the value cannot be read", [("value[x]", "unreadable")]),
        ({"valueString": ""}, "the value cannot be read", [("value[x]", "unreadable")]),
    ],
)
def test_an_absent_value_says_why(members, absent, issues):
    found, said = read(**members)
    (fact,) = found
    assert isinstance(fact, ObservationFact)
    assert (fact.value, fact.absent, said) == (None, absent, issues)


@pytest.mark.parametrize(
    ("status", "preliminary", "issues"),
    [
        ("final", False, []),
        ("amended", False, []),
        ("corrected", False, []),
        ("appended", False, []),
        ("preliminary", True, []),
        ("unknown", True, [("status", "assumed")]),
        (None, False, [("status", "assumed")]),
    ],
)
def test_statuses_that_count(status, preliminary, issues):
    found, said = read(status=status, valueBoolean=True)
    (fact,) = found
    assert isinstance(fact, ObservationFact)
    assert (fact.preliminary, said) == (preliminary, issues)


@pytest.mark.parametrize("status", ["registered", "specimen-in-process", "cancelled", "entered-in-error"])
def test_statuses_that_do_not_count(status):
    assert read(status=status, valueBoolean=True) == ([], [("status", "ignored")])


def test_a_status_that_fhir_does_not_define_is_a_gap():
    assert read(status="done")[0] == [Gap("Observation/o", "its status is not a code that FHIR defines")]


BLOOD_PRESSURE = {"coding": [{"system": LOINC, "code": "85354-9"}]}
SYSTOLIC = {"coding": [{"system": LOINC, "code": "8480-6"}]}
DIASTOLIC = {"coding": [{"system": LOINC, "code": "8462-4"}]}


def test_components_are_observations_of_their_own():
    components = [
        {"code": SYSTOLIC, "valueQuantity": amount(120, "mm[Hg]")},
        {"code": DIASTOLIC, "dataAbsentReason": {"coding": [{"code": "error"}]}},
    ]
    found, issues = read(code=BLOOD_PRESSURE, component=components, status="preliminary")
    when = DateInterval.parse("2026-05-01")
    assert found == [
        ObservationFact(
            "Observation/o",
            CodedText((Coding(LOINC, "8480-6"),)),
            between("120", "120", "mm[Hg]"),
            when,
            preliminary=True,
        ),
        ObservationFact(
            "Observation/o",
            CodedText((Coding(LOINC, "8462-4"),)),
            None,
            when,
            "the record has no value (error)",
            preliminary=True,
        ),
    ]
    assert issues == []


def test_an_observation_with_a_value_and_components_is_both():
    found, _ = read(valueBoolean=True, component=[{"code": SYSTOLIC, "valueBoolean": False}])
    assert [fact.value for fact in found if isinstance(fact, ObservationFact)] == [True, False]


def test_one_component_without_a_code_costs_no_other():
    found, issues = read(component=[{"valueBoolean": True}, {"code": SYSTOLIC, "valueBoolean": True}])
    assert [type(fact) for fact in found] == [Gap, ObservationFact]
    assert issues == [("component[0].code", "unreadable")]


def test_an_observation_without_a_code_is_a_gap():
    assert read(code=None, valueBoolean=True)[0] == [Gap("Observation/o", "it does not say what it is")]


@pytest.mark.parametrize(
    ("members", "earliest", "latest", "issues"),
    [
        ({"effectiveDateTime": "2026-05"}, "2026-05-01", "2026-05-31", []),
        ({"effectivePeriod": {"start": "2026-05-01", "end": "2026-05-02"}}, "2026-05-01", "2026-05-02", []),
        ({"effectiveInstant": "2026-05-01T10:00:00Z"}, "2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z", []),
        ({"effectiveTiming": {"event": ["2026-05-03", "2026-05-01"]}}, "2026-05-01", "2026-05-03", []),
        (
            {"effectiveTiming": {"repeat": {"boundsPeriod": {"start": "2026-05-01", "end": "2026-05-04"}}}},
            "2026-05-01",
            "2026-05-04",
            [],
        ),
        ({"issued": "2026-05-01"}, "2026-05-01", "2026-05-01", [("effective[x]", "assumed")]),
        (
            {"effectiveDateTime": "yesterday", "issued": "2026-05-01"},
            "2026-05-01",
            "2026-05-01",
            [("effectiveDateTime", "unreadable"), ("effective[x]", "assumed")],
        ),
    ],
)
def test_times(members, earliest, latest, issues):
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": CREATININE,
        "valueBoolean": True,
        **members,
    }
    said = DataIssues()
    (fact,) = observations(resource, "Observation/o", said, now=NOW)
    assert isinstance(fact, ObservationFact)
    first, last = DateInterval.parse(earliest), DateInterval.parse(latest)
    assert fact.effective is not None
    assert first is not None
    assert last is not None
    assert (fact.effective.earliest, fact.effective.latest) == (first.earliest, last.latest)
    assert [(issue.element, issue.effect) for issue in said] == issues


@pytest.mark.parametrize(
    "members",
    [
        {"effectiveDateTime": "yesterday", "effectivePeriod": {"start": "2026-05-01", "end": "2026-05-02"}},
        {"effectiveDateTime": "2026-04-01", "effectiveInstant": "soon"},
        {"effectiveTiming": {"event": ["2026-05-01"]}, "effectiveDateTime": "2026-04-01"},
    ],
)
def test_the_time_of_its_issue_settles_no_contradiction_between_times(members):
    """It would make the newest value of an old one."""
    resource = {
        "status": "final",
        "code": CREATININE,
        "valueBoolean": True,
        "issued": "2026-05-30",
        **members,
    }
    said = DataIssues()
    (fact,) = observations(resource, "Observation/o", said, now=NOW)
    assert isinstance(fact, ObservationFact)
    assert fact.effective is None
    assert [(issue.element, issue.effect) for issue in said] == [("effective[x]", "unreadable")]


def test_without_any_time_there_is_none():
    resource = {"status": "final", "code": CREATININE, "valueBoolean": True}
    (fact,) = observations(resource, "Observation/o", DataIssues(), now=NOW)
    assert isinstance(fact, ObservationFact)
    assert fact.effective is None


@pytest.mark.parametrize(
    ("when", "effect"),
    [
        ({"effectiveDateTime": "2026-05-10"}, None),
        ({"effectiveDateTime": "2026-05"}, None),
        ({"effectiveDateTime": "2026-05-10T12:04:00Z"}, "assumed"),
        ({"effectiveDateTime": "2026-05-11"}, "assumed"),  # has begun in Kiribati, and in New Zealand
        ({"effectiveDateTime": "2026-05-11T00:30:00Z"}, "not checked"),
        ({"effectiveDateTime": "2026-05-11T00:30:00+13:00"}, None),
        ({"effectiveDateTime": "2026-05-12"}, "not checked"),
        ({"effectivePeriod": {"start": "2026-05-12"}}, "not checked"),
        ({"effectivePeriod": {"end": "2026-05-12"}}, None),
        ({"effectiveDateTime": None, "issued": "2062-01-01T00:00:00Z"}, "not checked"),
    ],
)
def test_a_date_ahead_of_now_is_named(when, effect):
    """It is kept: whether it may be passed over is for the rules to say."""
    found, issues = read(**({} if "effectiveDateTime" in when else {"effectiveDateTime": None}), **when)
    assert len(found) == 1
    assert [each for each in issues if each != ("effective[x]", "assumed")] == (
        [("effective[x]", "not checked")] if effect == "not checked" else []
    )
    if "issued" not in when:
        assert [name for _, name in issues] == ([effect] if effect else [])
