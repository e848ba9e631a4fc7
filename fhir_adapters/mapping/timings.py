"""How often a medicine is given, from a FHIR Timing of any version."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from engine.dates import DateInterval
from engine.quantity import read_value
from fhir_adapters.mapping.choices import stated
from fhir_adapters.mapping.elements import (
    Json,
    Problems,
    as_list,
    code,
    codeable_concept,
    date_interval,
    node,
    period_ends,
    quantity,
    text,
)

# Mean lengths of the Julian calendar, as UCUM has them.
DAYS: Final = {
    "s": Fraction(1, 86400),
    "min": Fraction(1, 1440),
    "h": Fraction(1, 24),
    "d": Fraction(1),
    "wk": Fraction(7),
    "mo": Fraction(1461, 48),
    "a": Fraction(1461, 4),
}

# v3 GTSAbbreviation, with what else prescribers write for the same.
_PER_DAY: Final = {
    **dict.fromkeys(("QD", "DAILY", "AM", "PM", "BED", "QHS", "QAM", "QPM"), Fraction(1)),
    **dict.fromkeys(("BID", "BD"), Fraction(2)),
    **dict.fromkeys(("TID", "TDS"), Fraction(3)),
    **dict.fromkeys(("QID", "QDS"), Fraction(4)),
    "QOD": Fraction(1, 2),
    "WK": Fraction(1, 7),
    "MO": Fraction(48, 1461),
}
_EVERY_HOURS: Final = re.compile(r"Q([0-9]{1,3})H")
_ONE: Final = Decimal(1)
_BOUNDS: Final = ("boundsPeriod", "boundsDuration", "boundsRange")
_ONCE: Final = frozenset({"ONCE", "STAT", "SINGLE", "1X", "X1", "ONE TIME", "ONE-TIME", "SINGLE DOSE"})

# v3 TimingEvent: meals without a name are three a day.
_EVERY_MEAL: Final = frozenset({"C", "AC", "PC"})


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a Timing says: at least ``fewest`` and at most ``most`` administrations a day, on average.

    With no word on how often, ``most`` is None. ``once`` says whether it is a single administration, and is None
    where neither that nor how often is stated; ``unclear`` is true where what it says of that contradicts itself or
    cannot be read. ``hours`` is the length of one, ``some_days`` true where there are days without one; all of it
    lies between ``start`` and ``end``, or begins ``at`` the only event.
    """

    fewest: Fraction | None = None
    most: Fraction | None = None
    once: bool | None = None
    some_days: bool = False
    hours: Fraction | None = None
    start: DateInterval | None = None
    end: DateInterval | None = None
    at: DateInterval | None = None
    unclear: bool = False


_UNSTATED: Final = Schedule()
_UNCLEAR: Final = Schedule(unclear=True)


def schedule(value: object, problems: Problems) -> Schedule:
    """Read a Timing.

    It is *once* when ``repeat.count`` is 1, when there is one ``event`` and nothing says how often, when the code
    says so, and when no more than one administration fits into ``boundsDuration`` or ``boundsRange``. Where the codes, the
    frequency and the times of day contradict one another, nothing is known of how often.
    """
    if not isinstance(value, dict) or not value:
        if value is not None and value != {}:
            problems.append("the timing cannot be read")
            return _UNCLEAR
        return _UNSTATED
    repeat = _bounded_once(node(value.get("repeat")), problems)
    start, end = period_ends(repeat.get("boundsPeriod"))
    found = _how_often(value, repeat, problems)
    return replace(found, hours=_hours(repeat), start=start, end=end)


def _how_often(raw: Json, repeat: Json, problems: Problems) -> Schedule:
    words = _words(raw.get("code"))
    coded = {often for word in words if (often := _by_code(word)) is not None}
    single = not _ONCE.isdisjoint(words)
    if len(coded) + single > 1:
        problems.append("the codes of the timing contradict each other")
        return _UNCLEAR
    by_code, before, clash = next(iter(coded), None), len(problems), ""
    fewest, most = _frequency(repeat, problems)
    unread, named = len(problems) > before, _named_times(repeat)
    if most is None:
        fewest = most = max(named, default=None)
    elif named and not _fit(fewest or most, most, named, repeat):
        clash = "the times of day of the timing contradict its frequency"
    if most is None:
        if by_code is None and raw.get("event") is not None and not unread:
            return _by_events(as_list(raw["event"]), single, problems)
        fewest = most = by_code
    elif by_code is not None and not (fewest or 0) <= by_code <= most:
        clash = clash or "the code of the timing contradicts its frequency"
    if single and ((most or 0) > 1 or (read_value(repeat.get("count")) or 0) > 1):
        clash = clash or "the code of the timing contradicts its frequency"
    if clash:
        problems.append(clash)
    if clash or (unread and most is None):
        return _UNCLEAR
    if any(words) and not (coded or single) and most is None:
        problems.append("the code of the timing is not known")
    days = as_list(repeat.get("dayOfWeek"))
    some_days = bool(most and most < 1) or 0 < len(days) < 7
    once = _single(repeat, single, most) or (None if most is None else False)
    return Schedule(fewest, most, once, some_days)


def _by_events(events: list[Any], single: bool, problems: Problems) -> Schedule:
    """By the moments at which it is given, where nothing else says how often."""
    moments = [date for event in events if isinstance(event, str) and (date := date_interval(event))]
    if len(moments) < len(events):
        problems.append("an event of the timing cannot be read")
    elif single and len(moments) > 1:
        problems.append("the code of the timing contradicts its events")
    elif len(moments) == 1:
        return Schedule(once=True, at=moments[0])
    elif moments:
        most = Fraction(max(Counter(event[:10] for event in events).values()))
        return Schedule(Fraction(0), most, once=False, some_days=True)
    return _UNCLEAR if events else _UNSTATED


def _bounded_once(repeat: Json, problems: Problems) -> Json:
    """The members of a repeat, without its bounds where it has several types of them: they say different things."""
    if len(stated(repeat, _BOUNDS)) < 2:
        return repeat
    problems.append("the bounds of the timing are stated in more than one way")
    return {name: value for name, value in repeat.items() if name not in _BOUNDS}


def _single(repeat: Json, said: bool, most: Fraction | None) -> bool:
    count, upper = read_value(repeat.get("count")), read_value(repeat.get("countMax"))
    if count is not None and count > 0:
        return max(count, upper or count) == 1
    if said:
        return True
    bounds = quantity(repeat.get("boundsDuration") or repeat.get("boundsRange"), "", [])
    unit = DAYS.get(bounds.unit) if bounds else None
    if bounds is None or unit is None or bounds.high is None or not most:
        return False
    return Fraction(bounds.high) * unit * most <= 1


def _frequency(repeat: Json, problems: Problems) -> tuple[Fraction | None, Fraction | None]:
    """Administrations a day by ``frequency``, ``period`` and their maxima; a frequency alone is per day."""
    names = ("frequency", "frequencyMax", "period", "periodMax")
    numbers = {name: read_value(repeat[name]) for name in names if repeat.get(name) is not None}
    if not numbers:
        return None, None
    written = repeat.get("periodUnit") or repeat.get("periodUnits")
    unit = code(written) or "d"
    if unit not in DAYS or any(number is None or number <= 0 for number in numbers.values()):
        problems.append("the frequency cannot be read")
        return None, None
    if written is None and "period" in numbers:
        problems.append("the period of the frequency has no unit")
        return None, None
    often, length = numbers.get("frequency") or _ONE, numbers.get("period") or _ONE
    most_often = max(often, numbers.get("frequencyMax") or often)
    longest = max(length, numbers.get("periodMax") or length)
    return _per_day(often, longest, unit), _per_day(most_often, length, unit)


@lru_cache(maxsize=512)
def _per_day(times: Decimal, length: Decimal, unit: str) -> Fraction:
    # Remembered, because the schedules of a record are few and fractions are slow, also to look up.
    return Fraction(times) / (Fraction(length) * DAYS[unit])


def _fit(fewest: Fraction, most: Fraction, named: tuple[Fraction, ...], repeat: Json) -> bool:
    """Whether so many administrations a day, on average, can be those at the times of day that are named.

    Of a period of several days not all need have them: twice a week can be both times of one day.
    """
    unit = DAYS[code(repeat.get("periodUnit") or repeat.get("periodUnits")) or "d"]
    lengths = [read_value(repeat[name]) or _ONE for name in ("period", "periodMax") if repeat.get(name)]
    days = max(Fraction(max(lengths, default=_ONE)) * unit, Fraction(1))
    return fewest <= max(named) and most * days >= min(named)


def _named_times(repeat: Json) -> tuple[Fraction, ...]:
    """Administrations a day by times of day, meals and parts of the day: the fewest and the most, nothing where none are named.

    Meals without a name are three where no frequency says which.
    """
    clock = {entry for entry in as_list(repeat.get("timeOfDay")) if text(entry)}
    if clock:
        return (Fraction(len(clock)),)
    moments = {code(entry) for entry in as_list(repeat.get("when"))} - {""}
    if not moments:
        return ()
    return Fraction(len(moments)), Fraction(sum(3 if moment in _EVERY_MEAL else 1 for moment in moments))


def _words(value: object) -> list[str]:
    """The codes and the text of the timing."""
    concept = codeable_concept(value)
    return [entry.code.upper() for entry in concept.codings] + [concept.text.upper()]


def _by_code(word: str) -> Fraction | None:
    every = _EVERY_HOURS.fullmatch(word)
    if every:
        return Fraction(24, int(every[1])) if int(every[1]) else None
    return _PER_DAY.get(word)


def _hours(repeat: Json) -> Fraction | None:
    longest = read_value(repeat.get("durationMax")) or read_value(repeat.get("duration"))
    unit = DAYS.get(code(repeat.get("durationUnit")))
    return Fraction(longest) * unit * 24 if longest and longest > 0 and unit else None
