"""Timings: how often a day, and what counts as once."""

from fractions import Fraction

import pytest

from fhir_adapters.mapping.timings import DAYS, Schedule, schedule

FOUR_TIMES = ["08:00:00", "12:00:00", "18:00:00", "22:00:00"]
CODES = "the codes of the timing contradict each other"
CONTRADICTED = "the times of day of the timing contradict its frequency"


def read(timing) -> tuple[Schedule, list[str]]:
    problems: list[str] = []
    return schedule(timing, problems), problems


def repeat(**members):
    return {"repeat": members}


@pytest.mark.parametrize(
    ("timing", "fewest", "most"),
    [
        (repeat(frequency=2, period=1, periodUnit="d"), 2, 2),
        (repeat(frequency=1, period=6, periodUnit="h"), 4, 4),
        (repeat(frequency=1, period=4, periodMax=6, periodUnit="h"), 4, 6),
        (repeat(frequency=1, frequencyMax=3, period=1, periodUnit="d"), 1, 3),
        (repeat(frequency=3), 3, 3),
        (repeat(period=1.0, periodUnit="d"), 1, 1),
        (repeat(frequency=1, period=15, periodUnit="min"), 96, 96),
        (repeat(timeOfDay=["08:00:00", "20:00:00"]), 2, 2),
        (repeat(when=["ACM", "HS"]), 2, 2),
        (repeat(when=["PC"]), 3, 3),
        (repeat(frequency=1, period=1, periodUnit="d", when=["PC"]), 1, 1),  # after one of the meals
        (repeat(frequency=4, timeOfDay=FOUR_TIMES), 4, 4),
        (repeat(frequency=1, period=6, periodUnit="h", timeOfDay=FOUR_TIMES), 4, 4),
        (repeat(frequency=1, frequencyMax=4, period=1, periodUnit="d", timeOfDay=FOUR_TIMES), 1, 4),
        (
            repeat(frequency=4, period=1, periodUnit="wk", timeOfDay=FOUR_TIMES),
            Fraction(4, 7),
            Fraction(4, 7),
        ),
        (
            repeat(frequency=1, period=2, periodMax=3, periodUnit="d", timeOfDay=["08:00:00"]),
            Fraction(1, 3),
            Fraction(1, 2),
        ),
        ({"code": {"coding": [{"code": "BID"}]}}, 2, 2),
        ({"code": {"coding": [{"code": "Q4H"}]}}, 6, 6),
        ({"code": {"text": "tid"}}, 3, 3),
        ({"code": {"coding": [{"code": "BID"}, {"code": "Q12H"}], "text": "bd"}}, 2, 2),
        ({"code": {"text": "BID"}, "event": ["2024-05-01"]}, 2, 2),  # the first of them
        ({"code": {"text": "BID"}, "repeat": {"frequency": 2, "period": 1}}, 2, 2),
        (repeat(frequency=1, period=1, periodUnit="mo"), Fraction(16, 487), Fraction(16, 487)),
        (
            {
                "code": {"coding": [{"code": "QD"}]},
                "repeat": {"frequency": 1, "period": 1, "periodUnit": "d"},
            },
            1,
            1,
        ),
        (
            {"event": ["2024-05-01T08:00:00Z"], "repeat": {"frequency": 1, "period": 24, "periodUnit": "h"}},
            1,
            1,
        ),
    ],
)
def test_administrations_a_day(timing, fewest, most):
    found, problems = read(timing)
    assert (found.fewest, found.most, found.once) == (fewest, most, False)
    assert problems in ([], ["the period of the frequency has no unit"])


@pytest.mark.parametrize(
    "timing",
    [
        repeat(frequency=1, period=1, periodUnit="wk"),
        repeat(frequency=1, period=12.0, periodUnit="d"),
        repeat(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "thu"]),
        {"code": {"coding": [{"code": "QOD"}]}},
    ],
)
def test_schedules_with_days_between(timing):
    assert read(timing)[0].some_days


@pytest.mark.parametrize(
    "timing",
    [
        pytest.param(repeat(count=1), id="count of one"),
        pytest.param(
            repeat(count=1, frequency=1, period=1, periodUnit="d"), id="count of one, with a frequency"
        ),
        pytest.param({"event": ["2024-05-01T08:00:00Z"]}, id="one event"),
        pytest.param({"code": {"text": "once"}}, id="the word"),
        pytest.param({"code": {"coding": [{"code": "STAT"}]}}, id="at once and once"),
        pytest.param(
            repeat(frequency=1, period=1, periodUnit="d", boundsDuration={"value": 1, "unit": "d"}),
            id="as much time as one takes",
        ),
        pytest.param(
            repeat(frequency=1, period=1, periodUnit="d", boundsRange={"high": {"value": 1, "unit": "d"}}),
            id="at most as much time as one takes",
        ),
    ],
)
def test_what_counts_as_once(timing):
    assert read(timing)[0].once


@pytest.mark.parametrize(
    "timing",
    [
        repeat(count=2),
        repeat(count=1, countMax=3),
        repeat(frequency=1, period=1, periodUnit="d", boundsDuration={"value": 7, "unit": "d"}),
        repeat(frequency=1, period=1, periodUnit="d", boundsRange={"low": {"value": 1, "unit": "d"}}),
        {"event": ["2024-05-01", "2024-05-02"]},
        {"event": []},
        {},
    ],
)
def test_what_does_not_count_as_once(timing):
    assert not read(timing)[0].once


def test_the_event_of_a_single_dose_is_its_time():
    found = read({"event": ["2024-05-01"]})[0]
    assert found.at is not None
    assert found.at.describe() == "1 May 2024"
    assert (found.start, found.end) == (None, None)


def test_bounds_are_the_time_of_a_repeated_dose():
    found = read(repeat(frequency=1, period=1, periodUnit="d", boundsPeriod={"start": "2024-05-01"}))[0]
    assert found.start is not None
    assert found.end is None


def test_the_length_of_an_administration():
    assert read(repeat(duration=30, durationMax=90, durationUnit="min"))[0].hours == Fraction(3, 2)


@pytest.mark.parametrize(
    ("timing", "problem"),
    [
        (repeat(frequency=0, period=1, periodUnit="d"), "the frequency cannot be read"),
        (repeat(frequency="two", period=1, periodUnit="d"), "the frequency cannot be read"),
        (repeat(frequency=2, period=1, periodUnit="fortnight"), "the frequency cannot be read"),
        (repeat(frequency=2, period=1), "the period of the frequency has no unit"),
        ({"code": {"text": "now and then"}}, "the code of the timing is not known"),
        (
            {
                "code": {"coding": [{"code": "BID"}]},
                "repeat": {"frequency": 3, "period": 1, "periodUnit": "d"},
            },
            "the code of the timing contradicts its frequency",
        ),
        (repeat(frequency=1, period=1, periodUnit="d", timeOfDay=FOUR_TIMES), CONTRADICTED),
        (repeat(frequency=6, period=1, periodUnit="d", timeOfDay=FOUR_TIMES), CONTRADICTED),
        (repeat(frequency=1, period=1, periodUnit="wk", timeOfDay=FOUR_TIMES), CONTRADICTED),
        (repeat(frequency=1, period=1, periodUnit="d", when=["MORN", "EVE"]), CONTRADICTED),
        (repeat(frequency=4, period=1, periodUnit="d", when=["PC"]), CONTRADICTED),
        ("twice a day", "the timing cannot be read"),
        ({"code": {"coding": [{"code": "BID"}, {"code": "TID"}]}}, CODES),
        ({"code": {"coding": [{"code": "ONCE"}], "text": "Q1H"}}, CODES),
        (
            {"code": {"text": "once"}, "repeat": {"frequency": 24}},
            "the code of the timing contradicts its frequency",
        ),
        (
            {"code": {"text": "once"}, "repeat": {"count": 3}},
            "the code of the timing contradicts its frequency",
        ),
        ({"code": {"text": "once"}, "repeat": {"frequency": 0}}, "the frequency cannot be read"),
        ({"event": ["2024-05-01"], "repeat": {"frequency": 0}}, "the frequency cannot be read"),
        (
            {"code": {"text": "once"}, "event": ["2024-05-01", "2024-05-02"]},
            "the code of the timing contradicts its events",
        ),
        ({"event": ["2024-05-01", "soon"]}, "an event of the timing cannot be read"),
    ],
)
def test_a_timing_that_cannot_be_read_says_why_and_nothing_else(timing, problem):
    found, problems = read(timing)
    assert problems == [problem]
    assert (found.most, found.once) == (None, None)
    assert found.unclear == (problem != "the code of the timing is not known")


def test_no_timing_is_no_problem():
    assert read(None) == (Schedule(), [])


def test_a_month_is_the_mean_of_four_years():
    assert DAYS["mo"] * 48 == 4 * 365 + 1
