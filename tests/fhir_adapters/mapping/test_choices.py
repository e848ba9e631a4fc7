"""Choices: two types of one element that differ are named, and neither of them wins because it is looked at first."""

from typing import Any

import pytest

from engine.concepts import UNREAD, CodedText, Coding, Membership
from engine.dates import DateInterval
from engine.medicines import medicine_in
from fhir_adapters.mapping.choices import either
from tests.engine.builders import CONCEPTS
from tests.fhir_adapters.mapping.samples import (
    ATC,
    DOSAGE,
    SAMPLES,
    Resource,
    amount,
    coded,
    condition,
    observation,
    procedure,
    request,
    resource,
)
from tests.fhir_adapters.mapping.test_shapes import read

EARLY, LATE = "2020-01-01", "2026-05-01"
PERIOD = {"start": LATE, "end": LATE}
STATEMENT = SAMPLES["a statement"]
GIVEN = {**SAMPLES["an administration"], "effectiveDateTime": EARLY}
SERVICE = resource("ServiceRequest", status="active", intent="order", code=coded("1"))
BOUNDS = {"boundsPeriod": {"start": EARLY, "end": EARLY}, "boundsDuration": amount(10, "d")}


def dosed(**members: Any) -> Resource:
    return request(dosageInstruction=[{**DOSAGE, **members}])


def within_timing(**repeat: Any) -> Resource:
    return dosed(timing={"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", **repeat}})


def holding(**ingredient: Any) -> Resource:
    medication = {"resourceType": "Medication", "id": "m", "ingredient": [ingredient]}
    return resource(
        "MedicationRequest", status="active", intent="order", medicationReference={"reference": "#m"}, contained=[medication]
    )  # fmt: skip


def replaced_on(*dates: str) -> Resource:
    values = {"valueCode": [{"text": dates[0]}], "valueString": dates[-1]}
    return resource(
        "Device", status="active", type=coded("1"), property=[{"type": {"text": "ERI"}, **values}]
    )


CONTRADICTIONS: dict[str, tuple[Resource, str]] = {
    "effective[x] of an observation": (observation(effectiveInstant="2020-01-01T10:00:00Z"), "effective[x]"),
    "effective[x] of an observation, one a timing": (
        observation(effectiveTiming={"event": [EARLY]}),
        "effective[x]",
    ),
    "value[x]": (observation(valueQuantity=amount(1, "mg"), valueString="2 mg"), "value[x]"),
    "value[x] of a component": (
        observation(component=[{"code": coded("1"), "valueBoolean": True, "valueInteger": 0}]),
        "component[0].value[x]",
    ),
    "onset[x]": (condition(onsetDateTime=EARLY, onsetPeriod=PERIOD), "onset[x]"),
    "onset[x], one no date": (condition(onsetDateTime=EARLY, onsetString="in spring"), "onset[x]"),
    "abatement[x]": (condition(abatementDateTime=EARLY, abatementBoolean=False), "abatement[x]"),
    "performed[x]": (procedure(performedDateTime=EARLY, performedPeriod=PERIOD), "performed[x]"),
    "performed[x] of R4 and occurrence[x] of R5": (
        procedure(performedDateTime=EARLY, occurrenceDateTime=LATE),
        "performed[x]",
    ),
    "occurrence[x] of a service": ({**SERVICE, "occurrenceDateTime": EARLY, "occurrencePeriod": PERIOD}, "occurrence[x]"),
    "effective[x] of a statement": ({**STATEMENT, "effectiveDateTime": EARLY}, "effective[x]"),
    "effective[x] of an administration": ({**GIVEN, "effectivePeriod": PERIOD}, "effective[x]"),
    "effective[x] of R4 and occurrence[x] of R5": ({**GIVEN, "occurenceDateTime": LATE}, "effective[x]"),
    "period of R4 and actualPeriod of R5": (
        {**SAMPLES["an encounter"], "actualPeriod": {"start": EARLY}},
        "period[x]",
    ),
    "medication[x]": (
        request(medicationReference={"reference": "#m"}, contained=[SAMPLES["an order of a product"]["contained"][0]]),
        "medication[x]",
    ),
    "medication[x] of R4 and medication of R5": (request(medication={"concept": coded("1")}), "medication[x]"),
    "item[x] of an ingredient": (
        holding(itemCodeableConcept=coded("1"), itemReference={"display": "baclofen"}),
        "medication",
    ),
    "strength[x] of an ingredient": (
        holding(itemCodeableConcept=coded("1"), strengthQuantity=amount(1, "mg"), strength=amount(2, "mg")),
        "medication",
    ),
    "bounds[x]": (within_timing(**BOUNDS), "dosageInstruction[0]"),
    "bounds[x], a range": (
        within_timing(boundsDuration=amount(1, "d"), boundsRange={"low": amount(10, "d")}),
        "dosageInstruction[0]",
    ),
    "dose[x]": (
        dosed(doseAndRate=[{"doseQuantity": amount(50, "ug"), "doseRange": {"low": amount(1, "mg")}}]),
        "dosageInstruction[0]",
    ),
    "rate[x]": (
        dosed(doseAndRate=[{"rateQuantity": amount(5, "ug/d"), "rateRange": {"low": amount(1, "ug/h")}}]),
        "dosageInstruction[0]",
    ),
    "asNeeded[x]": (dosed(asNeededBoolean=False, asNeededCodeableConcept=coded("1")), "dosageInstruction[0]"),
    "deceased[x]": (
        {**SAMPLES["a patient"], "deceasedBoolean": False},
        "deceased[x]",
    ),
    "value[x] of a property": (replaced_on(EARLY, LATE), "property"),
}  # fmt: skip


@pytest.mark.parametrize(("both", "element"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_two_types_of_one_element_that_differ_are_named(both: Resource, element: str) -> None:
    _, issues = read(both)
    assert element in {issue.element for issue in issues}


AGREEING = [
    observation(effectivePeriod={"start": "2026-03-01", "end": "2026-03-01"}),
    condition(onsetDateTime=EARLY, onsetPeriod={"start": EARLY, "end": EARLY}, clinicalStatus=coded("active")),
    procedure(performedDateTime=EARLY, occurrenceDateTime=EARLY),
    {**SERVICE, "occurrenceDateTime": EARLY, "occurrencePeriod": {"start": EARLY, "end": EARLY}},
    {**STATEMENT, "effective": STATEMENT["effectivePeriod"]},
    request(medication=coded("M03BX01", ATC)),
    replaced_on(EARLY),
]  # fmt: skip


@pytest.mark.parametrize("both", AGREEING, ids=lambda each: each["resourceType"])
def test_two_that_say_the_same_are_one(both: Resource) -> None:
    _, issues = read(both)
    assert issues == []


NO_DATES = [
    (condition(onsetAge=amount(12, "a")), "onsetAge"),
    (condition(onsetString="2020"), "onsetString"),
    (condition(abatementRange={"low": amount(12, "a")}, clinicalStatus=coded("resolved")), "abatementRange"),
    (procedure(performedAge=amount(12, "a")), "performedAge"),
    (procedure(occurrenceTiming={"event": [EARLY]}), "occurrenceTiming"),
    ({**SERVICE, "occurrenceTiming": {"event": [EARLY]}}, "occurrenceTiming"),
]


@pytest.mark.parametrize(
    ("resource", "element"), NO_DATES, ids=lambda each: each if isinstance(each, str) else None
)
def test_of_a_type_that_is_no_date_none_is_made_and_that_is_said_alike(
    resource: Resource, element: str
) -> None:
    _, issues = read(resource)
    said = {issue.element: (issue.effect, issue.reason) for issue in issues}
    assert said[element] == ("ignored", "no date is made of it: only dates and periods are read here")


class TestWhatIsMadeOfThem:
    """Whatever the first of two says alone, it is not said once the other contradicts it."""

    def test_dates_that_differ_are_all_the_time_between_them(self) -> None:
        facts, _ = read(procedure(performedDateTime=EARLY, occurrenceDateTime=LATE))
        between = DateInterval.spanning(DateInterval.parse(EARLY), DateInterval.parse(LATE))
        assert [found.performed for found in facts.procedures.items] == [between]

    def test_a_date_beside_what_is_no_date_is_none(self) -> None:
        facts, _ = read(condition(onsetDateTime=EARLY, onsetString="in spring"))
        assert [found.onset for found in facts.conditions.items] == [None]

    def test_a_problem_has_not_ended_while_it_is_also_said_not_to_have(self) -> None:
        for also, course in (({}, "past"), ({"abatementBoolean": False}, "current")):
            facts, _ = read(condition(abatementDateTime=EARLY, **also))
            assert [found.course for found in facts.conditions.items] == [course]

    def test_a_medicine_is_taken_that_has_ended_by_one_of_two_times_only(self) -> None:
        ended = {**STATEMENT, "effectivePeriod": {"start": EARLY, "end": EARLY}}
        for also, status in (({}, "ended"), ({"effectiveDateTime": LATE}, "current")):
            facts, _ = read({**ended, **also})
            assert [found.status for found in facts.medications.items] == [status]

    def test_an_order_has_not_ended_by_one_of_two_bounds(self) -> None:
        for bounds, status in (({"boundsPeriod": BOUNDS["boundsPeriod"]}, "ended"), (BOUNDS, "current")):
            facts, _ = read(within_timing(**bounds))
            assert [found.status for found in facts.medications.items] == [status]

    def test_a_range_of_bounds_is_read_like_a_duration(self) -> None:
        for bounds in ({"boundsDuration": amount(1, "d")}, {"boundsRange": {"high": amount(1, "d")}}):
            facts, issues = read(within_timing(**bounds))
            assert ([found.dosages[0].once for found in facts.medications.items], issues[1:]) == ([True], [])

    def test_a_medicine_is_either_of_two(self) -> None:
        facts, _ = read(request(medication={"concept": coded("N02BE01", ATC)}))
        (found,) = facts.medications.items
        assert medicine_in(CONCEPTS, "baclofen", found) is Membership.YES

    @pytest.mark.parametrize(
        ("second", "answer"),
        [
            (coded("N02BE51", ATC), Membership.NO),
            ({"text": "a syrup"}, Membership.UNKNOWN),
            (coded("7", "urn:site"), Membership.UNKNOWN),
        ],
    )
    def test_and_is_denied_only_where_both_are_known(self, second: Resource, answer: Membership) -> None:
        order = request(medication={"concept": second})
        facts, _ = read({**order, "medicationCodeableConcept": coded("N02BE01", ATC)})
        (found,) = facts.medications.items
        assert medicine_in(CONCEPTS, "baclofen", found) is answer


def test_either_of_two_meanings_counts_and_denies_nothing() -> None:
    one, other = CodedText((Coding(ATC, "M03BX01"),)), CodedText((Coding(ATC, "N02BE01"),), "words")
    assert either([one, one]) == one
    assert either([]) == CodedText()
    assert either([one, other]) == CodedText((*one.codings, *other.codings, UNREAD), "words")


CODINGS = {
    "a list": {"code": ["1"]}, "an empty list": {"code": []}, "a flag": {"code": True}, "a fraction": {"code": 1.5},
    "nothing": {"code": ""}, "blanks": {"code": " \t"}, "an object": {"code": {"value": "1"}},
    "a zero-width space": {"code": "84757009\u200b"}, "NUL": {"code": "84757009\0"}, "a turn of direction": {"code": "\u202e84757009"},
    "wide digits": {"code": "\uff18\uff14"}, "a zero-width space in the system": {"code": "1", "system": "urn:x\u200b"},
    "a number for the system": {"code": "84757009", "system": 5}, "a blank system": {"code": "84757009", "system": " "},
}  # fmt: skip
PLACES: dict[str, tuple[Resource, str]] = {
    "a problem": (condition(), "conditions"),
    "an allergy": (resource("AllergyIntolerance", code=coded("1")), "allergies"),
    "a value": (observation(), "observations"),
    "a procedure": (procedure(), "procedures"),
    "a device": (resource("Device", status="active", type=coded("1")), "devices"),
    "an encounter": (resource("Encounter", status="planned", type=[coded("1")]), "encounters"),
    "an appointment": (SAMPLES["an appointment"] | {"reasonCode": []}, "appointments"),
    "a service": (SERVICE, "services"),
    "an order": (request(), "medications"),
    "a statement": (STATEMENT, "medications"),
    "an administration": (GIVEN, "medications"),
    "a dispense": (SAMPLES["a dispense"], "medications"),
}
NAMES = ("code", "type", "serviceType", "medicationCodeableConcept")


def coded_in(list_name: str, item: Any) -> tuple[Coding, ...]:
    of = {
        "medications": "product",
        "allergies": "substances",
        "encounters": "types",
        "appointments": "services",
    }
    concept: CodedText | tuple[CodedText, ...] = getattr(item, of.get(list_name, "code"))
    return concept.codings if isinstance(concept, CodedText) else concept[0].codings


@pytest.mark.parametrize("unread", CODINGS.values(), ids=CODINGS)
@pytest.mark.parametrize(("sample", "where"), PLACES.values(), ids=PLACES)
def test_beside_a_coding_that_cannot_be_read_no_other_denies(
    sample: Resource, where: str, unread: Resource
) -> None:
    element = next(name for name in NAMES if name in sample)
    as_list = isinstance(sample[element], list)
    concept = sample[element][0] if as_list else sample[element]
    both = {"coding": [{"system": "http://snomed.info/sct", **unread}, *concept["coding"]]}
    facts, issues = read({**sample, element: [both] if as_list else both})
    (item,) = getattr(facts, where).items
    assert UNREAD in coded_in(where, item)
    path = f"{element}[0]" if as_list else element
    assert any(issue.element.startswith(f"{path}.coding[0].") for issue in issues)


@pytest.mark.parametrize(
    "nothing", [{"display": "Epilepsy"}, {"system": "urn:x"}, {"code": None}, {"code": 84757009}]
)
def test_a_coding_without_a_code_or_with_a_number_for_one_is_no_doubt(nothing: Resource) -> None:
    facts, _ = read({**condition(), "code": {"coding": [*coded("1")["coding"], nothing]}})
    assert UNREAD not in facts.conditions.items[0].code.codings
