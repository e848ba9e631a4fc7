"""Dates as records state them: moments known only within an interval, and the questions rules ask of them.

A FHIR date may be a year, a month, a day or an instant (FHIR R4, 2.24.0.1 Primitive Types). All become a
:class:`DateInterval`: the event happened at some moment between two ends, both included. A question is
answered True or False when every moment of the interval agrees, and None when it depends on the moment.

Conventions:

* A date without a zone is that calendar day in UTC, since a record does not say where it was written; of what has happened, a
  day that has begun in any zone is today. An instant
  keeps the offset it was written with, so that a card shows the date the record shows.
* Ages count completed years, months, weeks or days, as CQL's ``AgeInYearsAt`` does: one is four from the
fourth
  birthday on, and *above 65 years* begins with the 66th birthday.
* A month of age is complete when its day number is reached. Who was born on 29 February has birthday on 1
March
  in common years.
* Spans of days and longer look at whole days: what happened on the day twelve months ago is *within 12
months*,
  and so is all of today. Spans of hours and minutes look at the clock.
* *Now* is an aware datetime; *today* is its day in UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Final, Literal

from engine.errors import QuantityError, UnitError
from engine.quantity import Comparison, Quantity, QuantityInterval

Precision = Literal["year", "month", "day", "instant"]

_COARSEST_FIRST: Final[tuple[Precision, ...]] = ("year", "month", "day", "instant")
_MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORDS: Final = {"year": "a", "month": "mo", "week": "wk", "day": "d", "hour": "h", "minute": "min"}
_MONTHS: Final = {"a": 12, "mo": 1}
_SPANS: Final = {
    "wk": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
}
_EARLIEST_ZONE: Final = timedelta(hours=14)
"""How far the first zone to begin a day (UTC+14) is ahead of UTC."""
_BY_THE_CLOCK: Final = frozenset({"h", "min"})
_FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
_LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T(.+))?)?)?")
_TIME = re.compile(
    r"((?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?)(Z|[+-][0-9]{2}:[0-9]{2})?"
)


@dataclass(frozen=True, slots=True)
class DateInterval:
    """A moment that lies between two aware datetimes, both included, and the precision it was recorded with.

    The last moment of a day is 23:59:59.999999; both ends of an instant are the same. An open end is the
    first or the last moment that a datetime can hold.
    """

    earliest: datetime
    latest: datetime
    precision: Precision

    @classmethod
    def parse(cls, text: object) -> DateInterval | None:
        """Return the interval of a FHIR date, dateTime or instant; None when it is none of them.

        Of a time without a zone, which FHIR forbids, only the day is kept.
        """
        match = _DATE.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            return None
        try:
            return cls._read(*match.groups())
        except ValueError:
            return None

    @classmethod
    def _read(cls, year: str, month: str | None, day: str | None, clock: str | None) -> DateInterval | None:
        first = date(int(year), int(month or 1), int(day or 1))
        if month is None:
            return cls._days(first, first.replace(month=12, day=31), "year")
        if day is None:
            return cls._days(first, first.replace(day=monthrange(first.year, first.month)[1]), "month")
        if clock is None:
            return cls._days(first, first, "day")
        match = _TIME.fullmatch(clock)
        if match is None:
            return None
        if match[2] is None:
            return cls._days(first, first, "day")
        instant = datetime.fromisoformat(f"{first.isoformat()}T{clock}")
        return cls(instant, instant, "instant")

    @classmethod
    def _days(cls, first: date, last: date, precision: Precision) -> DateInterval:
        return cls(_start_of(first), datetime.combine(last, time.max, UTC), precision)

    @classmethod
    def spanning(cls, start: DateInterval | None, end: DateInterval | None) -> DateInterval | None:
        """Return the interval from the start's first moment to the end's last, as a FHIR Period means it.

        A missing end is open, so that nothing more is known than "since" or "until". None when both are
        missing or the end lies before the start. The precision is the coarser of the two.
        """
        known = [side for side in (start, end) if side is not None]
        if not known:
            return None
        earliest = _FIRST_MOMENT if start is None else start.earliest
        latest = _LAST_MOMENT if end is None else end.latest
        precision = min((side.precision for side in known), key=_COARSEST_FIRST.index)
        return cls(earliest, latest, precision) if earliest <= latest else None

    def up_to(self, now: datetime) -> DateInterval:
        """Return the part up to the end of today, for what has happened; a future date stays as it is.

        "2025", written in a record of May 2025, lies between January and May.
        """
        if self.latest <= now:
            return self
        today = _end_of(now)
        if self.earliest <= today < self.latest:
            return DateInterval(self.earliest, today, self.precision)
        return self

    def describe(self) -> str:
        """Return the date in words for a card: ``14 Mar 2025``, ``Mar 2025``, ``2025``, ``since 2025``."""
        first, last = self._words(self.earliest), self._words(self.latest)
        if self.earliest == _FIRST_MOMENT:
            return "at an unknown time" if self.latest == _LAST_MOMENT else f"until {last}"
        if self.latest == _LAST_MOMENT:
            return f"since {first}"
        return first if first == last else f"{first} to {last}"

    def _words(self, moment: datetime) -> str:
        year = f"{moment.year:04d}"
        if self.precision == "year":
            return year
        month = f"{_MONTH_NAMES[moment.month - 1]} {year}"
        return month if self.precision == "month" else f"{moment.day} {month}"


def is_future(interval: DateInterval, now: datetime) -> bool | None:
    """Say whether the moment lies after ``now``; None when it may. Today's date is not in the future."""
    if interval.earliest > now:
        return True
    return False if interval.latest <= _end_of(now) else None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time between two aware datetimes, both included."""

    first: datetime
    last: datetime

    def holds(self, interval: DateInterval) -> bool | None:
        """Say whether a moment lies in it; None when the moment may."""
        if self.first <= interval.earliest and interval.latest <= self.last:
            return True
        return None if interval.earliest <= self.last and self.first <= interval.latest else False


def has_begun(interval: DateInterval, now: datetime) -> bool:
    """Say whether a date may be today's: it is of this day in UTC, or without a zone, and its day has begun somewhere on earth."""
    return interval.earliest <= _end_of(now) or (
        interval.precision != "instant" and interval.earliest - now <= _EARLIEST_ZONE
    )


def happened(interval: DateInterval, now: datetime, span: Span) -> bool | None:
    """Say whether what has happened did so in a span before now; None when it may have.

    So it may where its date lies ahead: that is a slip, and nobody knows of which day. A day that has begun somewhere is today.
    """
    ahead = interval.earliest > now
    if ahead and has_begun(interval, now):
        interval = DateInterval(_start_of(now.astimezone(UTC).date()), _end_of(now), interval.precision)
    answer = span.holds(interval.up_to(now))
    return None if ahead and answer is False else answer


def within(interval: DateInterval, now: datetime, amount: float | Decimal, unit: str) -> bool | None:
    """Say whether what has happened did so in the last ``amount`` of ``unit`` (:func:`happened`).

    The unit is a word (``month``, ``months``) or UCUM's code (``mo``), from years to minutes.

    Raises:
        UnitError: not a unit of time.
        QuantityError: a number of years or months that is not a whole number of months.
    """
    return happened(interval, now, past(now, amount, unit))


def past(now: datetime, amount: float | Decimal, unit: str) -> Span:
    """Return the last ``amount`` of ``unit``, for :func:`within` to be asked of many moments."""
    since = _moved(now, -float(amount), unit)
    if _code(unit) in _BY_THE_CLOCK:
        return Span(since, now)
    return Span(_start_of(since.date()), _end_of(now))


def coming(now: datetime, amount: float | Decimal, unit: str) -> Span:
    """Return the coming ``amount`` of ``unit``, with all of today if in days.

    Units and errors are those of :func:`within`.
    """
    until = _moved(now, float(amount), unit)
    if _code(unit) in _BY_THE_CLOCK:
        return Span(now, until)
    return Span(_start_of(now.astimezone(UTC).date()), _end_of(until))


@dataclass(frozen=True, slots=True)
class Age:
    """An age counted four times over: completed years, or months, or weeks, or days since birth."""

    years: int
    months: int
    weeks: int
    days: int


@dataclass(frozen=True, slots=True)
class AgeInterval:
    """The youngest and the oldest that somebody with a partly known birth date can be."""

    youngest: Age
    oldest: Age


_AGE_UNITS: Final[dict[str, Callable[[Age], int]]] = {
    "a": attrgetter("years"),
    "mo": attrgetter("months"),
    "wk": attrgetter("weeks"),
    "d": attrgetter("days"),
}


def age_on(birth: DateInterval, on: date, until: date | None = None) -> AgeInterval | None:
    """Return the possible ages on a day, or on one of the days up to ``until``; None when the birth lies after it.

    Nobody is of an age before birth, so that the days begin with it.
    """
    first, last = birth.earliest.date(), until or on
    if first > last:
        return None
    begin = max(on, first)
    return AgeInterval(_age(min(birth.latest.date(), begin), begin), _age(first, last))


def age_relation(
    birth: DateInterval,
    on: date,
    op: Comparison,
    limit: Quantity,
    upper: Quantity | None = None,
    *,
    until: date | None = None,
) -> bool | None:
    """Say whether the age in completed units is ``op`` the limit (``4 a``, ``18 mo``, ``6 wk``, ``28 d``).

    None when the birth date leaves it open, or the day, which may be any from ``on`` to ``until``, and where the birth lies
    after that. ``between`` needs ``upper`` and includes both ends: between 4 and 17 years ends with the 18th birthday.

    Raises:
        UnitError: the limit is not in years, months, weeks or days.
        QuantityError: the limit is not a whole number, or ``between`` lacks ``upper``.
    """
    if op == "between":
        if upper is None:
            raise QuantityError("'between' needs two ages")
        answers = {
            age_relation(birth, on, "at_or_above", limit, until=until),
            age_relation(birth, on, "at_or_below", upper, until=until),
        }
        return False if False in answers else None if None in answers else True
    count = _AGE_UNITS.get(limit.unit)
    if count is None:
        raise UnitError(f"an age is in years, months, weeks or days, not in {limit.unit}")
    if limit.value != limit.value.to_integral_value():
        raise QuantityError("an age limit is a whole number: write months instead of a fraction of years")
    ages = age_on(birth, on, until)
    if ages is None:
        return None
    youngest, oldest = Decimal(count(ages.youngest)), Decimal(count(ages.oldest))
    return QuantityInterval(youngest, True, oldest, True, limit.unit).relation_to(limit, op)


def _age(birth: date, on: date) -> Age:
    months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)
    days = (on - birth).days
    return Age(months // 12, months, days // 7, days)


def _code(unit: str) -> str:
    return _WORDS.get(unit.removesuffix("s"), unit)


def _moved(moment: datetime, amount: float, unit: str) -> datetime:
    """Return the moment in UTC moved by months or by exact time, no further than a datetime reaches."""
    code, moment = _code(unit), moment.astimezone(UTC)
    months, span = _MONTHS.get(code), _SPANS.get(code)
    try:
        if span is not None:
            return moment + span * amount
        if months is not None:
            return _months_later(moment, amount * months)
    except (OverflowError, ValueError):
        return _LAST_MOMENT if amount > 0 else _FIRST_MOMENT
    raise UnitError(f"'{unit}' is not a unit of time")


def _months_later(moment: datetime, months: float) -> datetime:
    if not months.is_integer():
        raise QuantityError("a span of time is a whole number of months")
    year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
    # A month after 31 January is the last day of February.
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end_of(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time.max, UTC)
