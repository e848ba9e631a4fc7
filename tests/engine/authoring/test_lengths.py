"""Lengths of time: one is called shorter only where it is, whatever the day."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.authoring.reasoning.lengths import counted, in_days, shorter
from engine.authoring.reasoning.regions import EVERYWHERE, compared
from engine.dates import past
from engine.language import duration

LENGTHS = st.builds(
    "{} {}".format, st.integers(1, 40), st.sampled_from(["hours", "days", "weeks", "months", "years"])
)
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2 weeks", "14 days", True),
        ("14 days", "2 weeks", True),
        ("1 month", "31 days", True),
        ("1 month", "30 days", False),
        ("28 days", "1 month", True),
        ("29 days", "1 month", False),
        ("1 year", "366 days", True),
        ("1 year", "365 days", False),
        ("365 days", "1 year", True),
        ("366 days", "12 months", False),
        ("13 months", "397 days", True),
        ("13 months", "396 days", False),
        ("393 days", "13 months", True),
        ("394 days", "13 months", False),
        ("24 months", "732 days", True),
        ("48 hours", "2 days", True),
        ("49 hours", "2 days", False),
        ("1 day", "72 hours", False),
        ("12 hours", "24 hours", True),
    ],
)
def test_a_length_is_shorter_where_its_longest_is_no_longer_than_the_shortest_of_the_other(
    one: str, other: str, expected: bool
) -> None:
    assert shorter(one, other) is expected


@settings(max_examples=400)
@given(one=LENGTHS, other=LENGTHS, now=MOMENTS)
def test_what_was_within_the_shorter_was_within_the_longer(one: str, other: str, now: datetime) -> None:
    assume(shorter(one, other))
    short, long = (past(now, *duration(text)) for text in (one, other))
    assert long.first <= short.first
    assert short.last <= long.last


@settings(max_examples=400)
@given(length=LENGTHS, now=MOMENTS)
def test_the_days_of_a_length_hold_what_the_calendar_makes_of_it(length: str, now: datetime) -> None:
    kind, count = counted(length)
    assume(kind != "hours")
    days = Fraction((now.date() - past(now, *duration(length)).first.date()).days)
    assert not (in_days(kind, compared("between", count, count)) & compared("between", days, days)).empty


def test_of_days_nothing_is_sure_that_is_counted_in_hours() -> None:
    assert in_days("hours", compared("below", Fraction(3))) == EVERYWHERE
