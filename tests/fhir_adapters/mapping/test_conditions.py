"""Diagnoses and their course: the inventory's CURRENT, REMISSION and EVER, in every FHIR version."""

from datetime import UTC, datetime

import pytest

from engine.concepts import CodedText, Coding
from engine.dates import DateInterval
from engine.facts import ConditionFact, Course, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.conditions import condition

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BORN = DateInterval.parse("1980-06-01")
SNOMED = "http://snomed.info/sct"
EPILEPSY = {"coding": [{"system": SNOMED, "code": "84757009", "display": "Epilepsy"}]}


def read(*, draft=False, code=EPILEPSY, **members):
    issues = DataIssues()
    resource = {"resourceType": "Condition", "id": "c", "code": code, **members}
    found = condition(resource, "Condition/c", issues, now=NOW, birth=BORN, draft=draft)
    return found, [(issue.element, issue.effect) for issue in issues]


def concept(code, system="http://terminology.hl7.org/CodeSystem/condition-clinical"):
    return {"coding": [{"system": system, "code": code}]}


CLINICAL = {
    "active": Course.CURRENT,
    "recurrence": Course.CURRENT,
    "relapse": Course.CURRENT,
    "remission": Course.REMISSION,
    "inactive": Course.PAST,
    "resolved": Course.PAST,
}


@pytest.mark.parametrize("shape", [str, concept])
@pytest.mark.parametrize(("status", "course"), CLINICAL.items())
def test_course_by_clinical_status(status, course, shape):
    found, issues = read(clinicalStatus=shape(status))
    assert isinstance(found, ConditionFact)
    assert (found.course, found.suspected, issues) == (course, False, [])


@pytest.mark.parametrize("status", [{}, {"clinicalStatus": "unknown"}])
def test_without_a_clinical_status_it_is_current_which_is_assumed(status):
    found, issues = read(**status)
    assert isinstance(found, ConditionFact)
    assert (found.course, issues) == (Course.CURRENT, [("clinicalStatus", "assumed")])


@pytest.mark.parametrize("shape", [str, concept])
@pytest.mark.parametrize(
    ("status", "suspected"),
    [
        ("confirmed", False),
        ("provisional", True),
        ("differential", True),
        ("unconfirmed", True),
        ("unknown", True),
    ],
)
def test_certainty_by_verification_status(status, suspected, shape):
    found, _ = read(clinicalStatus="active", verificationStatus=shape(status))
    assert isinstance(found, ConditionFact)
    assert found.suspected is suspected


@pytest.mark.parametrize("shape", [str, concept])
@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_what_was_denied_never_counts_and_is_listed(status, shape):
    assert read(clinicalStatus="active", verificationStatus=shape(status)) == (
        None,
        [("verificationStatus", "ignored")],
    )


@pytest.mark.parametrize("element", ["clinicalStatus", "verificationStatus"])
@pytest.mark.parametrize("value", ["aktiv", concept("local"), 7])
def test_a_status_that_fhir_does_not_define_is_a_gap(element, value):
    found, issues = read(**{element: value})
    assert found == Gap("Condition/c", f"its {element} is not a code that FHIR defines")
    assert issues == [(element, "unreadable")]


@pytest.mark.parametrize(
    ("element", "codes"),
    [("verificationStatus", ("refuted", "confirmed")), ("clinicalStatus", ("resolved", "active"))],
)
def test_a_status_that_says_two_things_is_a_gap_whichever_comes_first(element, codes):
    for said in (codes, codes[::-1]):
        found, issues = read(**{element: {"coding": [{"code": code} for code in said]}})
        assert found == Gap("Condition/c", f"its {element} says two different things")
        assert issues == [(element, "unreadable")]


YEARS_7, YEARS_90 = {"value": 7, "unit": "a"}, {"value": 90, "unit": "a"}
ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}


@pytest.mark.parametrize(
    ("members", "course"),
    [
        ({"abatementDateTime": "2020-01-01"}, Course.PAST),
        ({"abatementDateTime": "2020"}, Course.PAST),
        ({"abatementDateTime": "2030-01-01"}, Course.CURRENT),
        # This year may be over for it, or not: it stays current.
        ({"abatementDateTime": "2026"}, Course.CURRENT),
        ({"abatementDateTime": "soon"}, Course.CURRENT),
        ({"abatementPeriod": {"start": "2019", "end": "2020"}}, Course.PAST),
        ({"abatementPeriod": {"start": "2019"}}, Course.CURRENT),
        ({"abatementBoolean": True}, Course.PAST),
        ({"abatementBoolean": False}, Course.CURRENT),
        # An age is held against that of the patient, who is 46.
        ({"abatementAge": YEARS_7}, Course.PAST),
        ({"abatementAge": YEARS_90}, Course.CURRENT),
        ({"abatementAge": {**YEARS_7, "comparator": ">"}}, Course.CURRENT),
        ({"abatementAge": {"value": 7, "unit": "mg"}}, Course.CURRENT),
        ({"abatementRange": {"low": YEARS_7, "high": {"value": 9, "unit": "a"}}}, Course.PAST),
        ({"abatementRange": {"low": YEARS_7, "high": YEARS_90}}, Course.CURRENT),
        # What says nothing ends nothing.
        ({"abatementAge": ABSENT}, Course.CURRENT),
        ({"abatementAge": 7}, Course.CURRENT),
        ({"abatementRange": {"low": {}}}, Course.CURRENT),
        ({"abatementRange": {"low": YEARS_7}}, Course.CURRENT),
        ({"abatementString": "when she moved"}, Course.CURRENT),
    ],
)
def test_without_a_status_it_has_ended_when_an_abatement_is_certainly_past(members, course):
    found, said = read(**members)
    assert isinstance(found, ConditionFact)
    assert found.course is course
    assert ("clinicalStatus", "assumed") in said


@pytest.mark.parametrize("status", ["active", "recurrence", "relapse"])
@pytest.mark.parametrize(
    ("members", "contradicts"),
    [
        ({"abatementDateTime": "2020-01-01"}, True),
        ({"abatementBoolean": True}, True),
        ({"abatementAge": YEARS_7}, True),
        ({"abatementDateTime": "2030-01-01"}, False),
        ({"abatementAge": ABSENT}, False),
    ],
)
def test_an_abatement_never_makes_what_is_said_to_be_active_past(status, members, contradicts):
    found, said = read(clinicalStatus=status, **members)
    assert isinstance(found, ConditionFact)
    assert found.course is Course.CURRENT
    assert (("clinicalStatus", "assumed") in said) is contradicts


def test_an_age_at_which_it_ended_says_nothing_of_a_patient_whose_birth_is_not_known():
    resource = {"code": EPILEPSY, "abatementAge": YEARS_7}
    found = condition(resource, "Condition/c", DataIssues(), now=NOW)
    assert isinstance(found, ConditionFact)
    assert found.course is Course.CURRENT


def test_remission_stays_remission_whatever_has_abated():
    found, issues = read(clinicalStatus="remission", abatementDateTime="2020")
    assert isinstance(found, ConditionFact)
    assert (found.course, issues) == (Course.REMISSION, [])


@pytest.mark.parametrize(
    ("members", "onset", "recorded"),
    [
        ({"onsetDateTime": "2019-04"}, "2019-04", None),
        ({"onsetPeriod": {"start": "2019-04-01", "end": "2019-04-30"}}, "2019-04", None),
        ({"recordedDate": "2019-04-02T10:00:00Z"}, None, "2019-04-02T10:00:00Z"),
        ({"assertedDate": "2019-04-02"}, None, "2019-04-02"),
        ({"dateRecorded": "2019-04-02"}, None, "2019-04-02"),
        ({"onsetAge": {"value": 12, "unit": "a"}}, None, None),
    ],
)
def test_dates(members, onset, recorded):
    found, _ = read(clinicalStatus="active", **members)
    assert isinstance(found, ConditionFact)
    began = found.onset and (found.onset.earliest, found.onset.latest)
    expected = DateInterval.parse(onset)
    assert began == (expected and (expected.earliest, expected.latest))
    assert found.recorded == DateInterval.parse(recorded)


def test_a_condition_without_a_code_may_be_what_a_rule_looks_for():
    for code in (None, {}, {"coding": [{"system": SNOMED}]}):
        assert read(clinicalStatus="active", code=code)[0] == Gap("Condition/c", "it does not say what it is")


def test_text_without_a_code_is_kept():
    found, _ = read(clinicalStatus="active", code={"text": "fits"})
    assert isinstance(found, ConditionFact)
    assert found.code == CodedText(text="fits")


def test_a_draft_is_marked():
    found, _ = read(draft=True, clinicalStatus="active")
    assert found == ConditionFact(
        "Condition/c", CodedText((Coding(SNOMED, "84757009", "Epilepsy"),)), Course.CURRENT, draft=True
    )


@pytest.mark.parametrize(
    ("abatement", "said"),
    [
        ("2027", [("clinicalStatus", "assumed")]),
        ("2026-06-02", [("clinicalStatus", "assumed")]),
        ("2026", []),  # it may have come
        ("2026-06-01", []),
        ("2020", []),
    ],
)
def test_what_is_past_before_its_abatement_is_past_and_named(abatement, said):
    found, issues = read(clinicalStatus="resolved", abatementDateTime=abatement)
    assert isinstance(found, ConditionFact)
    assert (found.course, issues) == (Course.PAST, said)
