"""A dosage is a single dose, at whatever rate, or goes on: as repeated doses or a continuous rate, under a largest dose or not."""

import pytest

from tests.fhir_adapters.mapping.test_dosages import (
    DAILY,
    ONCE,
    STRENGTH,
    TWICE,
    amount,
    dosage,
    ordered,
    reading,
    shown,
)


def test_a_single_dose_at_a_rate_is_one_however_the_rate_is_told():
    for rate in (amount(50, "ug/min"), amount(0.1, "mL/min"), amount(0.1, "mL/h")):
        found = dosage(ordered(amount(50, "ug"), rate, timing=ONCE), STRENGTH)
        assert (found.once, found.daily, found.problems) == (True, None, ()), rate


def test_a_single_dose_that_its_rate_gives_in_a_day_begins_an_infusion_and_one_that_takes_longer_may():
    begun, longer = (
        dosage(ordered(amount(dose, "ug"), amount(10, "ug/h"), timing=ONCE)) for dose in (240, 480)
    )
    assert (begun.once, shown(begun.daily)) == (False, "240 ug/d")
    assert (longer.once, shown(longer.daily)) == (None, "0 to 240 ug/d")


def test_a_dose_at_a_rate_without_how_often_is_open():
    found = dosage(ordered(amount(50, "mg"), amount(50, "mg/min")))
    assert (found.once, shown(found.dose), shown(found.daily)) == (None, "50 mg", "0 to 72000 mg/d")
    assert found.problems == ("whether the dose is given once or the rate runs on is not stated",)


def test_a_dose_that_is_a_day_of_the_rate_beside_it_is_the_infusion():
    found = dosage(ordered(amount(240, "ug"), amount(0.02, "mL/h")), STRENGTH)
    assert (found.once, shown(found.daily), found.problems) == (False, "240 ug/d", ())


@pytest.mark.parametrize(
    ("rate", "timing", "once", "daily"),
    [
        (amount(5, "mg/d"), {"event": ["2026-11-29T10:00:00Z"]}, False, "5 mg/d"),
        (amount(0.2, "mg/h"), {"event": ["2026-11-29T10:00:00Z"]}, False, "4.8 mg/d"),
        (
            amount(0.2, "mg/h"),
            {"repeat": {"count": 1, "duration": 24, "durationUnit": "h"}},
            False,
            "4.8 mg/d",
        ),
        (amount(0.2, "mg/h"), {"repeat": {"count": 1, "duration": 6, "durationUnit": "h"}}, None, "1.2 mg/d"),
        (amount(5, "mg/d"), {"code": {"text": "once"}, "repeat": {"frequency": 24}}, None, "5 mg/d"),
    ],
)
def test_a_rate_that_runs_once_goes_on_unless_its_length_is_short(rate, timing, once, daily):
    found = dosage(ordered(rate=rate, timing=timing))
    assert (found.once, found.dose, shown(found.daily)) == (once, None, daily)


def test_an_event_is_the_time_of_a_single_dose_and_the_beginning_of_a_rate():
    event = {"event": ["2026-11-29T10:00:00Z"]}
    single, rate = (
        reading(ordered(*amounts, timing=event))
        for amounts in ([amount(50, "ug")], [None, amount(5, "ug/h")])
    )
    assert single.start is not None
    assert single.start == single.end == rate.start
    assert rate.end is None


def test_a_rate_that_cannot_be_read_may_be_an_infusion_although_it_is_once():
    found = dosage(ordered(rate={"value": 5, "unit": "foo/bar"}, timing=ONCE))
    assert (found.once, found.rate) == (None, None)
    assert dosage(ordered({"value": 5}, timing=ONCE)).once is True


def test_a_dose_at_a_rate_under_a_timing_that_contradicts_itself_has_no_amount_a_day():
    timing = {"code": {"text": "once"}, "repeat": {"frequency": 24}}
    found = dosage(ordered(amount(90, "ug"), amount(10, "ug/h"), timing=timing))
    assert (found.once, shown(found.dose), found.daily) == (None, "90 ug", None)


@pytest.mark.parametrize("raw", ["1 tablet", {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}])
def test_what_is_not_read_at_all_may_be_anything(raw):
    assert dosage(raw).once is None


@pytest.mark.parametrize(
    ("stated", "by_volume"),
    [
        (ordered(amount(1, "mL"), timing=ONCE), True),
        (ordered(rate=amount(1, "mL/d")), True),
        (ordered(amount(50, "ug"), timing=ONCE), False),
        (ordered(rate=amount(50, "ug/d")), False),
    ],
)
def test_whether_a_mass_was_worked_out_of_a_volume_is_kept(stated, by_volume):
    assert dosage(stated, STRENGTH).by_volume is by_volume
    assert not dosage(stated).by_volume


@pytest.mark.parametrize(
    "limit",
    [
        pytest.param({"numerator": amount(15, "mg"), "denominator": amount(1, "d")}, id="STU3, R4"),
        pytest.param([{"numerator": amount(15, "mg"), "denominator": amount(24, "h")}], id="R5"),
        pytest.param(
            {"numerator": amount(15, "mg"), "denominator": amount(1, "wk")}, id="all of a week in one day"
        ),
    ],
)
def test_the_largest_dose_per_period_caps_the_day(limit):
    found = dosage(ordered(amount(10, "mg"), timing=TWICE, asNeededBoolean=True, maxDosePerPeriod=limit))
    assert shown(found.daily) == "0 to 15 mg/d"


def test_the_largest_dose_per_period_is_better_than_nothing():
    limit = {"numerator": amount(15, "mg"), "denominator": amount(1, "d")}
    found = dosage(ordered(amount(5, "mg"), maxDosePerPeriod=limit))
    assert shown(found.daily) == "0 to 15 mg/d"
    assert "only the largest amount a day is stated" in found.problems


BELOW = "the largest dose per period is below the dose that is ordered"


@pytest.mark.parametrize(
    ("raw", "daily"),
    [
        pytest.param(ordered(amount(10, "mg"), timing=TWICE), "15 to 20 mg/d", id="the doses of a day"),
        pytest.param(ordered(amount(20, "mg"), timing=ONCE), None, id="a single dose"),
        pytest.param(ordered(amount(20, "mg")), None, id="a dose, nobody says how often"),
        pytest.param(
            ordered(amount(20, "mg"), timing=DAILY, asNeededBoolean=True), "0 to 20 mg/d", id="as needed"
        ),
        pytest.param(ordered(rate=amount(16, "mg/d")), "15 to 16 mg/d", id="a rate"),
    ],
)
def test_a_largest_dose_per_period_below_what_is_ordered_leaves_the_day_between_the_two(raw, daily):
    found = dosage(raw | {"maxDosePerPeriod": {"numerator": amount(15, "mg"), "denominator": amount(1, "d")}})
    assert (shown(found.daily) if found.daily is not None else None) == daily
    assert BELOW in found.problems


def test_a_largest_dose_per_period_says_nothing_where_how_often_contradicts_itself():
    limit = {"numerator": amount(15, "mg"), "denominator": amount(1, "d")}
    timing = {"code": {"coding": [{"code": "BID"}, {"code": "TID"}]}}
    assert dosage(ordered(amount(5, "mg"), timing=timing, maxDosePerPeriod=limit)).daily is None
    assert dosage(ordered(amount(5, "mg"), timing=ONCE, maxDosePerPeriod=limit)).daily is None


def test_a_largest_dose_per_period_does_not_cap_a_rate():
    limit = {"numerator": amount(1, "mg"), "denominator": amount(1, "d")}
    found = dosage(ordered(rate=amount(5, "mg/d"), timing=TWICE, maxDosePerPeriod=limit))
    assert shown(found.daily) == "0 to 5 mg/d"


@pytest.mark.parametrize("per", [amount(15, "mL"), amount(25, "mg")])
def test_a_largest_dose_per_period_that_is_above_or_cannot_be_compared_caps_nothing(per):
    limit = {"numerator": per, "denominator": amount(1, "d")}
    found = dosage(ordered(amount(10, "mg"), timing=TWICE, asNeededBoolean=True, maxDosePerPeriod=limit))
    assert shown(found.daily) == "0 to 20 mg/d"
