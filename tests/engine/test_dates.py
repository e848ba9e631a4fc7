"""Partial and zoned dates: what they mean, and what can be said of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.dates import Age, DateInterval, age_on, age_relation, coming, is_future, within
from engine.errors import QuantityError, UnitError
from engine.quantity import Quantity

NOW = datetime(2025, 3, 14, 10, 0, tzinfo=UTC)
AGE_OPS = ["below", "at_or_below", "above", "at_or_above"]


def known(text: str) -> DateInterval:
    interval = DateInterval.parse(text)
    assert interval is not None
    return interval


def years(number: int) -> Quantity:
    return Quantity(Decimal(number), "a")


class TestReading:
    @pytest.mark.parametrize(
        ("text", "earliest", "latest", "precision"),
        [
            ("2025", "2025-01-01T00:00:00+00:00", "2025-12-31T23:59:59.999999+00:00", "year"),
            ("2024-02", "2024-02-01T00:00:00+00:00", "2024-02-29T23:59:59.999999+00:00", "month"),
            ("2025-03-14", "2025-03-14T00:00:00+00:00", "2025-03-14T23:59:59.999999+00:00", "day"),
            ("2025-03-14T10:30:00Z", "2025-03-14T10:30:00+00:00", "2025-03-14T10:30:00+00:00", "instant"),
            ("2025-03-14T10:30Z", "2025-03-14T10:30:00+00:00", "2025-03-14T10:30:00+00:00", "instant"),
            (
                "2025-03-14T01:00:00.5+02:00",
                "2025-03-13T23:00:00.5+00:00",
                "2025-03-13T23:00:00.5+00:00",
                "instant",
            ),
            (
                "2025-03-14T10:30:00.123456789Z",
                "2025-03-14T10:30:00.123456Z",
                "2025-03-14T10:30:00.123456Z",
                "instant",
            ),
            ("9999-12-31", "9999-12-31T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00", "day"),
        ],
    )
    def test_a_fhir_date_is_all_the_moments_it_may_mean(self, text, earliest, latest, precision):
        assert DateInterval.parse(text) == DateInterval(
            datetime.fromisoformat(earliest), datetime.fromisoformat(latest), precision
        )

    def test_a_time_without_a_zone_keeps_only_its_day(self):
        assert DateInterval.parse("2025-03-14T10:30:00") == DateInterval.parse("2025-03-14")

    @pytest.mark.parametrize(
        "text",
        [
            None,
            2025,
            "",
            "yesterday",
            "0000",
            "2025-13",
            "2023-02-29",
            "2023-02-30",
            "25-03-14",
            "2025-3-14",
            "2025-03-14T",
            "2025-03-14T24:00:00Z",
            "2025-03-14T10:61:00Z",
            "2025-03-14T10:30:00+99:00",
            "2025-03-14 10:30",
            "2025\n",
            "٢٠٢٥",
        ],
    )
    def test_what_is_no_date_is_none(self, text):
        assert DateInterval.parse(text) is None

    @given(
        st.text()
        | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|\+[0-9]{2}:[0-9]{2})")
    )
    def test_reading_never_raises_and_never_turns_an_interval_round(self, text):
        interval = DateInterval.parse(text)
        assert interval is None or interval.earliest <= interval.latest

    @given(st.dates())
    def test_a_day_lies_within_its_month_and_its_month_within_its_year(self, day):
        text = day.isoformat()
        of_day, of_month, of_year = known(text), known(text[:7]), known(text[:4])
        assert of_year.earliest <= of_month.earliest <= of_day.earliest
        assert of_day.latest <= of_month.latest <= of_year.latest


class TestPeriods:
    def test_a_period_reaches_from_its_first_to_its_last_moment_with_the_coarser_precision(self):
        period = DateInterval.spanning(known("2024"), known("2025-03-14"))
        assert period == DateInterval(known("2024").earliest, known("2025-03-14").latest, "year")

    def test_a_missing_end_is_open(self):
        ongoing, past = (
            DateInterval.spanning(known("2020-05"), None),
            DateInterval.spanning(None, known("2020-05")),
        )
        assert ongoing is not None
        assert past is not None
        assert ongoing.latest > datetime(9999, 12, 31, tzinfo=UTC)
        assert past.earliest == datetime(1, 1, 1, tzinfo=UTC)
        assert (ongoing.describe(), past.describe()) == ("since May 2020", "until May 2020")

    def test_a_period_without_ends_or_that_ends_before_it_starts_is_none(self):
        assert DateInterval.spanning(None, None) is None
        assert DateInterval.spanning(known("2025"), known("2024")) is None

    def test_what_has_happened_did_so_by_the_end_of_today(self):
        assert known("2025").up_to(NOW) == DateInterval(
            known("2025").earliest, known("2025-03-14").latest, "year"
        )
        assert known("2024").up_to(NOW) == known("2024")
        assert known("2026").up_to(NOW) == known("2026")


class TestWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("2025", "2025"),
            ("2025-03", "Mar 2025"),
            ("2025-03-04", "4 Mar 2025"),
            ("2025-03-14T23:30:00-08:00", "14 Mar 2025"),
        ],
    )
    def test_a_card_shows_as_much_of_a_date_as_the_record_does(self, text, words):
        assert known(text).describe() == words

    def test_a_period_is_written_with_both_ends_unless_they_read_the_same(self):
        written = [
            DateInterval.spanning(known(start), known(end))
            for start, end in [("2025-03-01", "2025-03-14"), ("2025-03-14T08:00:00Z", "2025-03-14T09:00:00Z")]
        ]
        assert [period.describe() for period in written if period] == [
            "1 Mar 2025 to 14 Mar 2025",
            "14 Mar 2025",
        ]

    def test_nothing_known_is_said_so(self):
        whole = DateInterval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "year")
        assert whole.describe() == "at an unknown time"


class TestWithin:
    @pytest.mark.parametrize(
        ("text", "amount", "unit", "answer"),
        [
            ("2024-03-14", 12, "months", True),
            ("2024-03-13", 12, "months", False),
            ("2024-04", 12, "mo", True),
            ("2024-03", 12, "months", None),
            ("2023", 1, "year", False),
            ("2024", 1, "a", None),
            ("2025-03-14", 1, "day", True),
            ("2025-03-13", 1.5, "weeks", True),
            ("2025-03-14T15:00:00Z", 1, "d", True),
            ("2025-03-15", 12, "months", True),  # a day that has begun in Kiribati
            ("2025-03-15", 24, "hours", None),
            ("2025-03-15T00:00:00Z", 12, "months", None),  # with a zone it is ahead, which is a slip
            ("2025-03-16", 12, "months", None),
            ("2026", 12, "months", None),
            ("2025-03-14T11:00:00Z", 12, "months", True),  # by another clock
            ("2025-03-13T10:00:00Z", 24, "hours", True),
            ("2025-03-13T09:59:59Z", 24, "h", False),
            ("2025-03-14T10:00:01Z", 24, "hours", None),
            ("2025-03-13", 24, "hours", None),
            ("2025-03-14T09:45:00Z", 20, "min", True),
            ("1850", 99999, "years", True),
            ("1850", 1e9, "days", True),
            ("2024-09-14", 0.5, "years", True),
        ],
    )
    def test_the_past_is_counted_in_whole_days_or_by_the_clock(self, text, amount, unit, answer):
        assert within(known(text), NOW, amount, unit) is answer

    @pytest.mark.parametrize(
        ("text", "amount", "unit", "answer"),
        [
            ("2025-03-14", 3, "months", True),
            ("2025-06-14", 3, "months", True),
            ("2025-06-15", 3, "months", False),
            ("2025-06", 3, "months", None),
            ("2025-03-13", 3, "months", False),
            ("2025-03-14T11:00:00Z", 2, "hours", True),
            ("2025-03-14T09:00:00Z", 2, "hours", False),
            ("9000", 99999, "years", True),
        ],
    )
    def test_the_coming_time_is_counted_alike(self, text, amount, unit, answer):
        assert coming(NOW, amount, unit).holds(known(text)) is answer

    def test_a_month_before_the_31st_is_the_last_day_of_a_shorter_month(self):
        at = datetime(2025, 3, 31, tzinfo=UTC)
        assert within(known("2025-02-28"), at, 1, "month") is True
        assert within(known("2025-02-27"), at, 1, "month") is False
        at = datetime(2025, 5, 31, tzinfo=UTC)
        assert within(known("2025-04-30"), at, 1, "month") is True
        assert within(known("2025-04-29"), at, 1, "month") is False

    def test_a_span_in_no_unit_of_time_or_in_fractions_of_months_is_the_rules_mistake(self):
        with pytest.raises(UnitError, match="'mg' is not a unit of time"):
            within(known("2025"), NOW, 1, "mg")
        with pytest.raises(QuantityError, match="whole number of months"):
            within(known("2025"), NOW, 1.3, "months")

    @given(
        st.dates(date(2020, 1, 1), date(2026, 12, 31)),
        st.integers(1, 40),
        st.sampled_from(["mo", "a", "wk", "d"]),
    )
    def test_a_partial_date_never_contradicts_a_day_inside_it(self, day, amount, unit):
        exact = within(known(day.isoformat()), NOW, amount, unit)
        assert (exact is None) is (day > date(2025, 3, 15))
        for partial in (known(day.isoformat()[:7]), known(day.isoformat()[:4])):
            assert exact is None or within(partial, NOW, amount, unit) in (exact, None)
            assert coming(NOW, amount, unit).holds(partial) in (
                coming(NOW, amount, unit).holds(known(day.isoformat())),
                None,
            )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2025-03-15", True),
        ("2025-03-14T10:00:01Z", True),
        ("2025-03-14", False),
        ("2025-03-14T10:00:00Z", False),
        ("2024", False),
        ("2025", None),
    ],
)
def test_today_is_not_the_future_and_this_year_may_be(text, answer):
    assert is_future(known(text), NOW) is answer


class TestAge:
    def test_an_exact_birth_date_gives_one_age_in_four_counts(self):
        ages = age_on(known("2020-02-14"), date(2025, 3, 14))
        assert ages is not None
        assert ages.youngest == ages.oldest == Age(years=5, months=61, weeks=265, days=1855)

    def test_a_birth_year_gives_the_youngest_and_the_oldest_age(self):
        ages = age_on(known("2020"), date(2025, 3, 14))
        assert ages is not None
        assert (ages.youngest.years, ages.oldest.years) == (4, 5)

    def test_a_birth_this_year_has_happened_by_today_and_one_after_today_has_not(self):
        ages = age_on(known("2025"), date(2025, 3, 14))
        assert ages is not None
        assert (ages.youngest.days, ages.oldest.days) == (0, 72)
        assert age_on(known("2025-03-15"), date(2025, 3, 14)) is None
        assert age_relation(known("2025-03-15"), date(2025, 3, 14), "below", years(4)) is None

    def test_on_a_day_that_is_only_known_within_limits_the_age_lies_between_those_of_the_first_and_the_last(
        self,
    ):
        ages = age_on(known("2020"), date(2024, 6, 1), date(2025, 3, 14))
        assert ages is not None
        assert (ages.youngest.years, ages.oldest.years) == (3, 5)
        since_birth = age_on(known("2025-03-01"), date(1900, 1, 1), date(2025, 3, 14))
        assert since_birth is not None
        assert (since_birth.youngest.days, since_birth.oldest.days) == (0, 13)

    @pytest.mark.parametrize(("on", "answer"), [(date(2025, 3, 13), True), (date(2025, 3, 14), False)])
    def test_one_is_below_four_years_until_the_day_before_the_fourth_birthday(self, on, answer):
        assert age_relation(known("2021-03-14"), on, "below", years(4)) is answer

    @pytest.mark.parametrize(("on", "complete"), [("2025-02-28", 0), ("2025-03-01", 1), ("2028-02-29", 4)])
    def test_who_was_born_on_a_leap_day_has_birthday_on_1_march_in_common_years(self, on, complete):
        ages = age_on(known("2024-02-29"), date.fromisoformat(on))
        assert ages is not None
        assert ages.oldest.years == complete

    @pytest.mark.parametrize(
        ("op", "limit", "answer"),
        [
            ("above", "64 years", True),
            ("above", "65 years", False),
            ("at_or_above", "65 years", True),
            ("at_or_below", "65 years", True),
            ("at_or_above", "785 months", True),
            ("below", "785 months", False),
            ("above", "3400 weeks", True),
            ("below", "20000 days", False),
        ],
    )
    def test_ages_count_completed_units(self, op, limit, answer):
        assert age_relation(known("1959-10-01"), date(2025, 3, 14), op, Quantity.parse(limit)) is answer

    @pytest.mark.parametrize(
        ("birth", "answer"),
        [
            ("2021-03-15", False),
            ("2021-03-14", True),
            ("2007-03-15", True),
            ("2007-03-14", False),
            ("2021", None),
            ("2007-03", None),
            ("2012", True),
        ],
    )
    def test_between_4_and_17_years_lasts_from_the_4th_to_the_18th_birthday(self, birth, answer):
        assert age_relation(known(birth), date(2025, 3, 14), "between", years(4), years(17)) is answer

    def test_between_is_open_when_the_birth_date_spans_all_of_it(self):
        lifetime = DateInterval.spanning(known("1950"), known("2025"))
        assert lifetime is not None
        assert age_relation(lifetime, date(2025, 3, 14), "between", years(4), years(17)) is None

    def test_a_limit_that_is_no_whole_age_is_the_rules_mistake(self):
        with pytest.raises(UnitError, match="not in mg"):
            age_relation(known("2020"), date(2025, 3, 14), "below", Quantity.parse("4 mg"))
        with pytest.raises(QuantityError, match="whole number"):
            age_relation(known("2020"), date(2025, 3, 14), "below", Quantity.parse("4.5 years"))
        with pytest.raises(QuantityError, match="two ages"):
            age_relation(known("2020"), date(2025, 3, 14), "between", years(4))

    @given(st.dates(date(2000, 1, 1), date(2025, 3, 14)), st.sampled_from(AGE_OPS), st.integers(0, 26))
    def test_a_partial_birth_date_never_contradicts_a_day_inside_it(self, born, op, limit):
        on = date(2025, 3, 14)
        exact = age_relation(known(born.isoformat()), on, op, years(limit))
        for partial in (born.isoformat()[:7], born.isoformat()[:4]):
            assert age_relation(known(partial), on, op, years(limit)) in (exact, None)

    @given(st.dates(date(1900, 1, 1), date(2025, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
    def test_nobody_grows_younger(self, born, on):
        assume(born <= on)
        before, after = (age_on(known(born.isoformat()), day) for day in (on, on + timedelta(days=1)))
        assert before is not None
        assert after is not None
        assert before.oldest.years <= after.oldest.years
        assert before.oldest.months <= after.oldest.months
