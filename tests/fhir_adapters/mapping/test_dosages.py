"""Dosages: one dose, its rate, and the amount a day, alike from every FHIR version."""

from decimal import Decimal

import pytest

from engine.facts import Dosage
from engine.quantity import Quantity, QuantityInterval
from fhir_adapters.mapping.dosages import DosageReading, read_dosages

UCUM = "http://unitsofmeasure.org"
STRENGTH = Quantity(Decimal(500), "ug/mL")
DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
TWICE = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
ONCE = {"repeat": {"count": 1}}


def amount(value, unit):
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def reading(raw, concentration: Quantity | None = None, given: bool = False) -> DosageReading:
    found = read_dosages([raw], concentration, given=given)
    assert len(found) == 1
    return found[0]


def dosage(raw, concentration: Quantity | None = None, given: bool = False) -> Dosage:
    return reading(raw, concentration, given).dosage


def ordered(dose=None, rate=None, **members):
    entry = {"doseQuantity": dose, "rateQuantity": rate}
    return {"doseAndRate": [{name: value for name, value in entry.items() if value}], **members}


def shown(interval: QuantityInterval | None) -> str:
    if interval is None:
        return "unknown"
    low, high = ("…" if end is None else f"{end.normalize():f}" for end in (interval.low, interval.high))
    return f"{low if low == high else f'{low} to {high}'} {interval.unit}"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param({"doseQuantity": amount(50, "ug"), "timing": TWICE}, id="STU3"),
        pytest.param({"doseAndRate": [{"doseQuantity": amount(50, "ug")}], "timing": TWICE}, id="R4 to R5"),
        pytest.param(
            {"doseAndRate": {"doseQuantity": amount(50, "ug")}, "timing": TWICE}, id="an object for the array"
        ),
        pytest.param({"dose": amount(50, "ug"), "timing": TWICE}, id="as an administration has it"),
    ],
)
def test_every_version_says_the_same(raw):
    found = dosage(raw)
    assert (shown(found.dose), found.per_day, shown(found.daily)) == ("50 ug", Decimal(2), "100 ug/d")
    assert found.problems == ()


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (amount(50, "ug"), "50 ug"),
        ({"value": 50, "unit": "mcg"}, "50 ug"),
        ({"value": 50, "unit": "µg"}, "50 ug"),
        ({"value": 50, "unit": "microgram"}, "50 ug"),
        ({"value": 0.05, "unit": "MG"}, "0.05 mg"),
        (amount(0.00005, "g"), "0.00005 g"),
        (amount(0.1, "mL"), "50 ug"),
        (amount(0.0001, "L"), "50 ug"),
    ],
)
def test_a_dose_is_a_mass_whatever_its_unit(stated, expected):
    assert shown(dosage(ordered(stated), STRENGTH).dose) == expected


def test_a_volume_without_a_known_concentration_stays_one_and_says_so():
    found = dosage(ordered(amount(0.1, "mL"), timing=DAILY))
    assert shown(found.dose) == "0.1 mL"
    assert shown(found.daily) == "0.1 mL/d"
    assert found.problems == ("the amount is a volume, and the concentration is not known",)


def test_the_volume_of_a_dose_is_kept_beside_its_mass():
    assert reading({"dose": amount(20, "mL")}, STRENGTH, given=True).volume == Quantity(Decimal(20), "mL")


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (amount(4, "ug/h"), "96 ug/d"),
        (amount(100, "ug/d"), "100 ug/d"),
        ({"value": 100, "unit": "mcg/day"}, "100 ug/d"),
        (amount(700, "ug/wk"), "100 ug/d"),
        (amount(0.01, "mL/h"), "120 ug/d"),
    ],
)
def test_a_rate_runs_for_24_hours_a_day(stated, expected):
    found = dosage(ordered(rate=stated), STRENGTH)
    assert (shown(found.daily), found.once, found.problems) == (expected, False, ())


@pytest.mark.parametrize(
    "raw",
    [
        {"rateRatio": {"numerator": amount(2.4, "mg"), "denominator": amount(24, "h")}},
        {"doseAndRate": [{"rateRatio": {"numerator": amount(2.4, "mg"), "denominator": amount(24, "h")}}]},
    ],
)
def test_a_rate_may_be_a_ratio(raw):
    assert shown(dosage(raw).daily) == "2.4 mg/d"


def test_an_amount_in_a_time_is_a_rate_also_where_the_dose_belongs():
    found = dosage(ordered(amount(240, "ug/d"), timing=DAILY))
    assert (found.dose, shown(found.rate), shown(found.daily)) == (None, "240 ug/d", "240 ug/d")


@pytest.mark.parametrize(
    "unit", ["ug/d", "ug/24.h", "ug/(24.h)", "mcg/day", "ug/24h", "ug/24 hours", "ug.d-1", "mcg per day"]
)
def test_a_rate_is_told_in_a_dose_however_it_is_spelt(unit):
    for stated in ({"value": 240, "unit": unit}, amount(240, unit)):
        found = dosage(ordered(stated, timing=DAILY))
        assert (found.dose, shown(found.rate), shown(found.daily)) == (None, "240 ug/d", "240 ug/d")
        assert found.problems == ()


@pytest.mark.parametrize("unit", ["ug/kg/d", "ug/d/kg", "ug.kg-1.d-1"])
def test_a_rate_by_body_weight_is_one_wherever_the_weight_stands(unit):
    assert shown(dosage(ordered(amount(5, unit))).rate) == "5 ug/kg/d"


def test_a_rate_over_12_hours_without_brackets_is_not_understood():
    """UCUM reads it as amount times hours, divided by 12; whoever wrote it did not."""
    found = dosage(ordered(amount(120, "ug/12.h"), timing=DAILY))
    assert (found.dose, found.rate) == (None, None)
    assert found.problems == ("the dose has a unit that is not understood",)


def test_a_dose_that_is_a_rate_beside_the_same_rate_is_that_rate():
    found = dosage(ordered(amount(96, "ug/d"), amount(4, "ug/h")))
    assert (found.dose, shown(found.rate), shown(found.daily)) == (None, "4 ug/h", "96 ug/d")


def test_a_dose_that_is_a_rate_beside_another_rate_is_neither():
    found = dosage(ordered(amount(100, "ug/d"), amount(4, "ug/h")))
    assert (found.dose, found.rate, found.daily) == (None, None, None)
    assert found.problems == ("the dose is a rate, and another rate is stated",)


def test_a_rate_of_volume_without_concentration_is_a_volume_a_day():
    found = dosage(ordered(rate=amount(0.5, "mL/d")))
    assert shown(found.daily) == "0.5 mL/d"
    assert found.problems == ("the amount is a volume, and the concentration is not known",)


def test_a_rate_that_runs_part_of_the_day():
    timing = {
        "repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "duration": 30, "durationUnit": "min"}
    }
    assert shown(dosage(ordered(rate=amount(10, "mg/h"), timing=timing)).daily) == "10 mg/d"


def test_a_rate_with_a_frequency_but_no_duration_is_an_upper_limit():
    found = dosage(ordered(rate=amount(10, "mg/h"), timing=TWICE))
    assert shown(found.daily) == "0 to 240 mg/d"
    assert found.problems == ("how long the rate runs is not stated, so 24 hours of it are an upper limit",)


def test_a_dose_and_the_rate_that_gives_it_agree():
    assert shown(dosage(ordered(amount(500, "mg"), amount(1, "g/h"), timing=TWICE)).daily) == "1000 mg/d"


def test_a_dose_that_the_rate_cannot_give_leaves_the_amount_a_day_unknown():
    """As the content of a full reservoir beside the rate of the pump."""
    found = dosage(ordered(amount(10, "mg"), amount(100, "ug/d"), timing=DAILY))
    assert found.daily is None
    assert found.problems == ("the rate cannot give the dose that is stated",)


def test_a_range_of_doses_and_of_frequencies_is_a_range_a_day():
    timing = {"repeat": {"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}}
    raw = {
        "doseAndRate": [{"doseRange": {"low": amount(50, "ug"), "high": amount(75, "ug")}}],
        "timing": timing,
    }
    found = dosage(raw)
    assert (shown(found.daily), found.per_day) == ("50 to 150 ug/d", None)


def test_on_some_days_is_anything_up_to_the_dose_in_a_day():
    weekly = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}
    assert shown(dosage(ordered(amount(10, "mg"), timing=weekly)).daily) == "0 to 10 mg/d"


def test_a_single_dose_has_no_amount_a_day():
    found = dosage(ordered(amount(50, "ug"), timing=ONCE))
    assert (found.once, shown(found.dose), found.daily, found.problems) == (True, "50 ug", None, ())


def test_an_administration_is_one_dose_but_an_order_without_timing_is_not():
    assert dosage({"dose": amount(50, "ug")}, given=True).once
    untimed = dosage(ordered(amount(50, "ug")))
    assert not untimed.once
    assert untimed.problems == ("how often the dose is given is not stated",)


@pytest.mark.parametrize(
    "as_needed",
    [
        pytest.param({"asNeededBoolean": True}, id="STU3, R4"),
        pytest.param({"asNeededCodeableConcept": {"text": "pain"}}, id="STU3, R4, for a reason"),
        pytest.param({"asNeeded": True}, id="R5"),
        pytest.param({"asNeededFor": [{"text": "pain"}]}, id="R5, for a reason"),
    ],
)
def test_as_needed_leaves_an_upper_limit(as_needed):
    found = dosage(ordered(amount(10, "mg"), timing=TWICE, **as_needed))
    assert shown(found.daily) == "0 to 20 mg/d"
    assert found.problems == ("it is given as needed, so that the amount a day is at most what is stated",)


def test_as_needed_without_saying_how_often_leaves_nothing():
    assert dosage(ordered(amount(10, "mg"), asNeededBoolean=True)).daily is None


class TestSeveralDoseAndRates:
    def entry(self, type_, value, unit):
        return {"type": {"coding": [{"code": type_}]}, "doseQuantity": amount(value, unit)}

    def test_what_was_ordered_goes_before_what_was_calculated_or_is_handed_out(self):
        """Epic sends all three, the tablets as *admin-amount*."""
        entries = [
            self.entry("calculated", 31, "mg"),
            self.entry("admin-amount", 1, "{tablet}"),
            self.entry("ordered", 30, "mg"),
        ]
        assert shown(dosage({"doseAndRate": entries}).dose) == "30 mg"

    def test_what_was_calculated_counts_where_the_order_is_by_body_weight(self):
        entries = [self.entry("ordered", 5, "mg/kg"), self.entry("calculated", 350, "mg")]
        assert shown(dosage({"doseAndRate": entries}).dose) == "350 mg"

    def test_two_different_doses_are_not_chosen_between(self):
        entries = [{"doseQuantity": amount(50, "ug")}, {"doseQuantity": amount(75, "ug")}]
        found = dosage({"doseAndRate": entries})
        assert found.dose is None
        assert found.problems == ("the dose is stated more than once, and differently",)

    @pytest.mark.parametrize(
        "other",
        [
            {"doseRange": {"low": amount(50, "ug"), "high": amount(9, "mg")}},
            {"doseRange": {"low": amount(50, "foo")}},
            {"doseSimpleQuantity": amount(50, "mg")},
        ],
    )
    def test_two_choices_of_one_dose_that_differ_are_none(self, other):
        found = dosage({"doseAndRate": [{"doseQuantity": amount(50, "ug"), **other}]})
        assert found.dose is None
        assert "the dose is stated more than once, and differently" in found.problems

    def test_two_choices_that_say_the_same_are_one(self):
        same = {"doseQuantity": amount(50, "ug"), "doseSimpleQuantity": amount(50, "ug")}
        assert shown(dosage({"doseAndRate": [same]}).dose) == "50 ug"

    def test_a_rate_and_a_ratio_that_differ_are_none(self):
        ratio = {"numerator": amount(9, "mg"), "denominator": amount(1, "d")}
        found = dosage({"doseAndRate": [{"rateQuantity": amount(50, "ug/d"), "rateRatio": ratio}]})
        assert (found.rate, found.daily) == (None, None)
        assert found.problems == ("the rate is stated more than once, and differently",)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("1 tablet", "the dosage is not structured"),
        ({"text": "1 tablet in the morning"}, "the dose is given in words only"),
        ({}, "no dose is stated"),
        (ordered({"value": 1}), "the dose has no unit"),
        (ordered(amount(-5, "ug")), "the dose is below zero"),
        (ordered(amount(1, "ug"), amount(20, "min"), timing=DAILY), "the rate is not an amount in a time"),
        ({"doseAndRate": ["x"]}, "the dose and rate cannot be read"),
        (ordered(amount(1, "ug"), timing=DAILY, route=5), "the route cannot be read"),
        (
            ordered(amount(1, "ug"), timing=DAILY, maxDosePerPeriod={"numerator": amount(1, "ug")}),
            "the largest dose per period cannot be read",
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_in_words(raw, problem):
    assert dosage(raw).problems == (problem,)


def test_a_route_in_words_stays_words():
    """CI-04: whether they mean the intrathecal route is not decided here."""
    route = dosage(ordered(amount(1, "ug"), timing=DAILY, route={"text": "i.th."})).route
    assert route is not None
    assert (route.codings, route.text) == ((), "i.th.")


def test_no_route_is_none():
    assert dosage(ordered(amount(1, "ug"), timing=DAILY, route={})).route is None


@pytest.mark.parametrize(
    ("periods", "places"),
    [
        ([("2026-12-01", "2026-12-08"), ("2026-12-08", "2026-12-15")], [1, 2]),  # the day on which one ends, the next begins
        ([("2026-12-01", "2026-12-08"), ("2026-12-09", None)], [1, 2]),
        ([("2026-12-01", "2026-12-08"), ("2026-12-07", "2026-12-15")], [None, None]),
        ([("2026-12-01", None), ("2026-12-08", "2026-12-15")], [None, None]),
        ([("2026-12-01", "2026-12-08"), (None, "2026-12-15")], [None, None]),
        ([("2026-12-01", "2026-12-08")], [None]),
    ],
)  # fmt: skip
def test_what_follows_one_another_by_its_time_is_numbered(periods, places):
    """Two steps of a titration are never given on the same day; what runs beside another is."""
    timed = [
        ordered(
            amount(1, "ug"),
            timing={"repeat": {**DAILY["repeat"], "boundsPeriod": {"start": start, "end": end}}},
        )
        for start, end in periods
    ]
    assert [found.dosage.sequence for found in read_dosages(timed, None)] == places
    numbered = read_dosages([{**each, "sequence": 7} for each in timed], None)
    assert {found.dosage.sequence for found in numbered} == {7}


def test_sequence_and_text_are_kept():
    found = dosage({"sequence": 2, "text": " then 40 ug ", "doseQuantity": amount(40, "ug")})
    assert (found.sequence, found.text) == (2, "then 40 ug")
