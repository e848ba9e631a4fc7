"""What is given, how fast, how often and how much a day, from a FHIR Dosage of any version.

STU3 has dose and rate on the Dosage itself, R4 and later in ``doseAndRate``, an administration as ``dose``
and ``rate[x]``. Amounts a day are per ``d``, so that none can be taken for one dose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from engine.dates import DateInterval
from engine.doses import administered_once, takes_a_day
from engine.facts import NO_DOSE, UNREAD_ROUTE, Dosage
from engine.quantity import Quantity, QuantityInterval
from fhir_adapters.mapping.elements import (
    NOTHING,
    Json,
    Problems,
    amount,
    as_list,
    boolean,
    codeable_concept,
    converted,
    node,
    nodes,
    quantity,
    scaled,
    text,
    whole,
)
from fhir_adapters.mapping.shapes import MODIFIED, modifies, readable, says_nothing
from fhir_adapters.mapping.timings import DAYS, Schedule, schedule

AS_NEEDED: Final = "it is given as needed, so that the amount a day is at most what is stated"

_FLAGS: Final = ("asNeededBoolean", "asNeeded")
_REASONS: Final = ("asNeededCodeableConcept", "asNeededFor")
_DOSE: Final = ("doseQuantity", "doseRange", "dose", "doseSimpleQuantity")
_RATES: Final = ("ug/d", "mL/d", "ug/kg/d", "mL/kg/d", "ug/m2/d")
_RATE: Final = ("rateQuantity", "rateRatio", "rateRange", "rateSimpleQuantity")


@dataclass(frozen=True, slots=True)
class DosageReading:
    """A dosage, when it starts and ends by its timing, the volume of one dose where it is one, and whether it gives nothing.

    It gives nothing (``nothing``) where all its amounts can be read and are exactly zero.
    """

    dosage: Dosage
    start: DateInterval | None = None
    end: DateInterval | None = None
    volume: Quantity | None = None
    nothing: bool = False


def read_dosages(
    value: object, concentration: Quantity | None, *, given: bool = False
) -> tuple[DosageReading, ...]:
    """Every Dosage of a resource.

    ``concentration`` (in a mass per mL) turns volumes into masses; ``given`` marks what was administered,
    which is one dose even without a timing.
    """
    return _in_turn(tuple(_dosage(entry, concentration, given) for entry in as_list(value)))


def partly_numbered(readings: Sequence[DosageReading]) -> bool:
    """Whether some dosages have a number and others have none: these may run beside any of the numbered ones."""
    return len({reading.dosage.sequence is None for reading in readings}) > 1


def _in_turn(readings: tuple[DosageReading, ...]) -> tuple[DosageReading, ...]:
    """Numbered, where no dosage has a number and each begins when the one before has ended: they follow one another."""
    if any(reading.dosage.sequence is not None for reading in readings):
        return readings
    follow = (
        before.end is not None and after.start is not None and after.start.earliest >= before.end.earliest
        for before, after in pairwise(readings)
    )
    if len(readings) < 2 or not all(follow):
        return readings
    return tuple(
        replace(reading, dosage=replace(reading.dosage, sequence=place))
        for place, reading in enumerate(readings, 1)
    )


def _dosage(raw: Any, concentration: Quantity | None, given: bool) -> DosageReading:
    if not isinstance(raw, dict):
        return DosageReading(Dosage(once=None, text=text(raw), problems=("the dosage is not structured",)))
    if modifies(raw):
        return DosageReading(Dosage(once=None, text=text(raw.get("text")), problems=(MODIFIED,)))
    problems: Problems = []
    dose, rate = _dose_and_rate(raw, problems)
    nothing = not problems and _is_zero(dose, rate)
    dose, rate = _told_apart(dose, rate, problems)
    times = schedule(raw.get("timing"), problems)
    volume = converted(dose, "mL") if dose is not None else None
    if dose is not None and volume is not None:
        dose = _mass(volume, dose, concentration, problems)
    of_rate: Problems = []
    by_rate = _of_rate(rate, concentration, of_rate) if rate is not None else None
    said = True if given and dose is not None and times.most is None else times.once
    unread = times.unclear or (dose is None and rate is None and _is_rated(raw))
    once = None if unread else administered_once(said, dose, by_rate, _plain(times.hours))
    daily = None
    if once is not True:
        problems += of_rate
        daily = _daily(dose, rate, by_rate, times, once, problems)
    bounded = once is not True and times.most is None and not times.unclear and rate is None
    daily = _limited(daily, dose, rate, bounded, raw, concentration, problems)
    route = codeable_concept(raw.get("route"))
    if raw.get("route") and not (route.codings or route.text):
        problems.append(UNREAD_ROUTE)
    if dose is None and rate is None and not problems:
        problems.append("the dose is given in words only" if text(raw.get("text")) else NO_DOSE)
    return DosageReading(
        Dosage(
            route=route if route.codings or route.text else None,
            dose=dose,
            rate=rate,
            per_day=_plain(times.most) if times.most == times.fewest and not times.once else None,
            daily=daily,
            once=once,
            sequence=whole(raw.get("sequence")),
            text=text(raw.get("text")),
            problems=tuple(dict.fromkeys(problems)),
            by_volume=concentration is not None and any(map(_is_volume, (volume, rate))),
        ),
        times.start or times.at,
        times.end or (times.at if once is True else None),
        volume.exact if volume is not None else None,
        nothing,
    )


def _is_volume(stated: QuantityInterval | None) -> bool:
    return stated is not None and any(converted(stated, unit) is not None for unit in ("mL", "mL/d"))


def _is_rated(raw: Json) -> bool:
    """Whether a rate is stated, be it one that cannot be read."""
    entries = (raw, *nodes(raw.get("doseAndRate")))
    return any(not says_nothing(entry.get(name)) for entry in entries for name in _RATE)


def _is_zero(*amounts: QuantityInterval | None) -> bool:
    stated = [amount.exact for amount in amounts if amount is not None]
    return bool(stated) and all(found is not None and found.value == 0 for found in stated)


def _dose_and_rate(raw: Json, problems: Problems) -> tuple[QuantityInterval | None, QuantityInterval | None]:
    stated = raw.get("doseAndRate")
    if stated is None:
        return _first(raw, _DOSE, "the dose", problems), _first(raw, _RATE, "the rate", problems)
    entries = nodes(stated)
    if len(entries) < len(as_list(stated)):
        problems.append("the dose and rate cannot be read")
    return _preferred(entries, _DOSE, "the dose", problems), _preferred(entries, _RATE, "the rate", problems)


def _preferred(
    entries: list[Json], names: tuple[str, ...], what: str, problems: Problems
) -> QuantityInterval | None:
    """What was ordered, or what was calculated from it where the order is by body weight or surface."""
    by_type: dict[int, list[QuantityInterval]] = {}
    for entry in entries:
        found = _first(entry, names, what, problems)
        if found is not None:
            by_type.setdefault(_rank(entry.get("type")), []).append(found)
    pools = [by_type[rank] for rank in sorted(by_type)]
    absolute = [pool for pool in pools if not any(_per_body(found.unit) for found in pool)]
    pool = (absolute or pools or [[]])[0]
    if len(set(pool)) > 1:
        problems.append(f"{what} is stated more than once, and differently")
        return None
    return pool[0] if pool else None


def _rank(type_: object) -> int:
    """``doseAndRate.type`` by how near it is to what was ordered; vendors add types such as *admin-amount*."""
    if type_ is None:
        return 1
    said = {coding.code for coding in codeable_concept(type_).codings}
    return 0 if "ordered" in said else 2 if "calculated" in said else 3


def _per_body(unit: str) -> bool:
    return "/kg" in unit or "/m2" in unit


def _first(raw: Json, names: tuple[str, ...], what: str, problems: Problems) -> QuantityInterval | None:
    values = [found for name in names if (found := raw.get(name)) is not None and found != NOTHING]
    readings = [quantity(value, what, problems) for value in values]
    if len(set(readings)) > 1:
        problems.append(f"{what} is stated more than once, and differently")
        return None
    stated = readings[0] if readings else None
    if stated is not None and any(end is not None and end < 0 for end in (stated.low, stated.high)):
        problems.append(f"{what} is below zero")
        return None
    return stated


def _told_apart(
    dose: QuantityInterval | None, rate: QuantityInterval | None, problems: Problems
) -> tuple[QuantityInterval | None, QuantityInterval | None]:
    """Dose and rate by their units: an amount in a time is a rate wherever it stands, and nothing else is one."""
    stated, rate = rate, _as_rate(rate)
    if stated is not None and rate is None:
        problems.append("the rate is not an amount in a time")
    also = _as_rate(dose)
    if also is None:
        return dose, rate
    if rate is not None and converted(also, rate.unit) != rate:
        problems.append("the dose is a rate, and another rate is stated")
        return None, None
    return None, rate or also


def _as_rate(stated: QuantityInterval | None) -> QuantityInterval | None:
    """An amount with the time it is given in as the last part of its unit (``ug/kg/d``); None where there is none."""
    if stated is None or ("/" in stated.unit and stated.unit.rpartition("/")[2] in DAYS):
        return stated
    # What spells the time otherwise (ug.d-1, ug/d/kg) is told by what it measures.
    return next((found for unit in _RATES if (found := converted(stated, unit)) is not None), None)


def _mass(
    volume: QuantityInterval, stated: QuantityInterval, concentration: Quantity | None, problems: Problems
) -> QuantityInterval:
    """A volume, or a volume a day, as the mass in it; as it was stated where the concentration is not known."""
    if concentration is None:
        problems.append("the amount is a volume, and the concentration is not known")
        return stated
    unit = volume.unit.replace("mL", concentration.unit.removesuffix("/mL"), 1)
    return scaled(volume, Fraction(concentration.value), unit) or stated


def _daily(
    dose: QuantityInterval | None,
    rate: QuantityInterval | None,
    by_rate: QuantityInterval | None,
    times: Schedule,
    once: bool | None,
    problems: Problems,
) -> QuantityInterval | None:
    """The amount in 24 hours of what goes on, or may: of a rate that runs on, or of the doses of a day.

    A rate with a frequency but no duration may pause, one that runs once may end, and one beside a dose may only
    be how fast that is given: 24 hours of it are an upper limit. Of a rate by the day, once is a whole day. On the
    days of a schedule that leaves days out, anything from nothing to a full day's doses may be given.
    """
    by_dose = _of_doses(dose, times)
    if rate is None:
        if dose is not None and by_dose is None:
            problems.append("how often the dose is given is not stated")
        return by_dose
    if by_rate is None:
        return None
    if by_dose is not None and not times.once:
        most = converted(by_rate, by_dose.unit)
        if most is None or most.high is None or by_dose.high is None or by_dose.high <= most.high:
            return by_dose
        problems.append("the rate cannot give the dose that is stated")
        return None
    if dose is not None and once is None and not times.once:
        problems.append("whether the dose is given once or the rate runs on is not stated")
        if times.unclear:
            return None
        return by_rate if times.hours is None and takes_a_day(dose, by_rate) else _at_most(by_rate)
    runs_on = once is False or not times.once
    if times.most is None and runs_on and (times.hours is None or times.hours >= 24):
        return by_rate
    if rate.unit.endswith("/d") and (times.most == 1 or (times.once and not times.hours)):
        return by_rate
    share = times.hours * (1 if times.once else times.most or 0) / 24 if times.hours else Fraction(0)
    if share:
        return scaled(by_rate, min(share, Fraction(1)), by_rate.unit)
    problems.append("how long the rate runs is not stated, so 24 hours of it are an upper limit")
    return _at_most(by_rate)


def _of_doses(dose: QuantityInterval | None, times: Schedule) -> QuantityInterval | None:
    if dose is None or not times.most or times.fewest is None:
        return None
    unit = f"{dose.unit}/d"
    if times.some_days:
        full = scaled(dose, max(times.most, Fraction(1)), unit)
        return _at_most(full) if full is not None else None
    high = scaled(dose, times.most, unit)
    low = high if times.fewest == times.most else scaled(dose, times.fewest, unit)
    if low is None or high is None:
        return None
    return QuantityInterval(low.low, dose.low_inclusive, high.high, dose.high_inclusive, unit)


def _of_rate(
    rate: QuantityInterval, concentration: Quantity | None, problems: Problems
) -> QuantityInterval | None:
    volume = converted(rate, "mL/d")
    if volume is None:
        return converted(rate, f"{rate.unit.rpartition('/')[0]}/d")
    return _mass(volume, volume, concentration, problems)


def _at_most(most: QuantityInterval) -> QuantityInterval:
    return QuantityInterval(Decimal(0), True, most.high, most.high_inclusive, most.unit)


def _limited(
    daily: QuantityInterval | None,
    dose: QuantityInterval | None,
    rate: QuantityInterval | None,
    bounded: bool,
    raw: Json,
    concentration: Quantity | None,
    problems: Problems,
) -> QuantityInterval | None:
    """The daily amount under ``asNeeded`` and ``maxDosePerPeriod``, which leave only an upper limit.

    The largest amount caps doses; what a rate may come to stays open. It is all that is known of a day where nothing else says how
    often (``bounded``). Where what is ordered lies above it, one of the two is a slip: the day gets an amount between them.
    """
    if any(boolean(raw.get(name)) is False for name in _FLAGS) and any(raw.get(name) for name in _REASONS):
        problems.append("whether it is given as needed is stated in more than one way, and differently")
    unclear = not all(readable(raw, name) for name in _FLAGS)
    if unclear or any(boolean(raw.get(name)) for name in _FLAGS) or any(raw.get(name) for name in _REASONS):
        problems.append("whether it is given as needed cannot be read" if unclear else AS_NEEDED)
        daily = _at_most(daily) if daily is not None else None
    for entry in as_list(raw.get("maxDosePerPeriod")):
        limit = _limit(entry, concentration, problems)
        if limit is None:
            continue
        if _is_above(daily, limit) or _is_above(dose, replace(limit, unit=limit.unit.removesuffix("/d"))):
            problems.append("the largest dose per period is below the dose that is ordered")
            daily = _down_to(daily, limit)
        elif daily is None and bounded:
            problems.append("only the largest amount a day is stated")
            daily = limit
        elif daily is not None and rate is None:
            daily = _capped(daily, converted(limit, daily.unit))
    return daily


def _is_above(ordered: QuantityInterval | None, limit: QuantityInterval) -> bool:
    least = converted(ordered, limit.unit) if ordered is not None else None
    return least is not None and least.low is not None and limit.high is not None and least.low > limit.high


def _down_to(daily: QuantityInterval | None, limit: QuantityInterval) -> QuantityInterval | None:
    found = converted(limit, daily.unit) if daily is not None else None
    if daily is None or daily.low is None or found is None or found.high is None:
        return None
    return replace(daily, low=min(daily.low, found.high), low_inclusive=True)


def _capped(daily: QuantityInterval, limit: QuantityInterval | None) -> QuantityInterval:
    if limit is None or limit.high is None or (daily.high is not None and daily.high <= limit.high):
        return daily
    return replace(daily, high=limit.high, high_inclusive=True)


def _limit(entry: object, concentration: Quantity | None, problems: Problems) -> QuantityInterval | None:
    """The most in one day that a Ratio of amount to time allows; of a longer time, all of it in one day."""
    what = "the largest dose per period"
    over = quantity(node(entry).get("numerator"), what, problems)
    under = amount(node(entry).get("denominator"), what, problems)
    days = DAYS.get(under.unit) if under is not None else None
    if over is None or under is None or days is None or under.value <= 0:
        problems.append(f"{what} cannot be read")
        return None
    volume = converted(over, "mL")
    if volume is not None:
        over = _mass(volume, over, concentration, problems)
    daily = scaled(over, 1 / min(Fraction(under.value) * days, Fraction(1)), f"{over.unit}/d")
    return _at_most(daily) if daily is not None else None


def _plain(number: Fraction | None) -> Decimal | None:
    return None if number is None else Decimal(number.numerator) / Decimal(number.denominator)
