"""Doses: what a medicine's entries say, one beside another, of how much is given: step by step, before, in a test, over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final

from engine.errors import UnitError
from engine.facts import NO_DOSE, Dosage, MedicationFact
from engine.finding import Truth, truth_of
from engine.quantity import Quantity, QuantityInterval, compare, convert

ROUNDED: Final = Decimal("0.05")
"""How far a dose may lie from what its rate gives and still be the same: two significant digits, as pumps and orders round rates, may be
off by 5 % (1.05 written as 1.0 or 1.1)."""


def administered_once(
    said: bool | None,
    dose: QuantityInterval | None,
    rate: QuantityInterval | None,
    hours: Decimal | None = None,
) -> bool | None:
    """Whether a dosage is a single administration (True) or goes on, as repeated doses or a continuous rate (False).

    ``said`` is what its timing says: once, again and again, or (None) neither; ``hours`` how long one lasts. A rate beside a dose is how
    fast that is given: unless it is given again and again, the two are an infusion where the dose is what the rate gives in the hours
    stated, a day or more, or else in a day (``ROUNDED``); what happens once is then that it begins. None where both readings are open: a
    dose of which nobody says how often, a rate that runs once for less than a day, and any other single dose that takes a day or longer.
    """
    lasts = hours is None or hours >= 24
    if dose is None:
        if rate is None:
            return said
        return False if lasts or not said else None
    if rate is None or said is False:
        return said
    given = _in_unit(rate, f"{dose.unit}/d")
    if given is not None and lasts and _is_given(dose, given, hours or Decimal(24)):
        return False
    return True if said and not takes_a_day(dose, rate) and (hours is None or hours < 24) else None


def takes_a_day(dose: QuantityInterval | None, rate: QuantityInterval | None) -> bool:
    """Whether a dose takes a day or longer to give at the rate beside it, so that a day gets what the rate gives, once or not."""
    given = _in_unit(rate, f"{dose.unit}/d") if dose is not None else None
    return dose is not None and given is not None and not _is_below(dose.low, given.high)


def _is_given(dose: QuantityInterval, a_day: QuantityInterval, hours: Decimal) -> bool:
    """Whether a dose is what a rate gives in so many hours, but for what is rounded."""
    if dose.exact is None or a_day.exact is None:
        return False
    given = a_day.exact.value * hours / 24
    return abs(dose.exact.value - given) <= given * ROUNDED


def said_once(dosage: Dosage) -> bool:
    """Whether a dosage is what it is only because its timing says that it is given once."""
    return dosage.once is not False and administered_once(None, dosage.dose, dosage.rate) is not dosage.once


def _is_below(one: Decimal | None, other: Decimal | None) -> bool:
    return one is None or other is None or one < other


def runs(medication: MedicationFact) -> bool:
    """Whether an entry is of a dose that goes on: one of single doses only, such as a test dose or a filling, is not."""
    return not medication.dosages or not all(dosage.once for dosage in medication.dosages)


def may_run(medication: MedicationFact, ordered: QuantityInterval) -> bool:
    """Whether an entry tells of a pump that runs: by a dose that goes on, or by one above the dose ordered for a day, which fills it."""
    return runs(medication) or not all(_fits(dosage.dose, ordered) for dosage in medication.dosages)


def _fits(dose: QuantityInterval | None, ordered: QuantityInterval) -> bool:
    found = _in_unit(dose, ordered.unit.removesuffix("/d"))
    return found is not None and found.high is not None and not _is_below(ordered.high, found.high)


def states_nothing(dosage: Dosage) -> bool:
    """Whether an instruction says nothing of an amount, not even what cannot be read."""
    stated = dosage.dose is not None or dosage.rate is not None or dosage.daily is not None
    return not stated and set(dosage.problems) <= {NO_DOSE}


def content(volume: Quantity, strengths: Sequence[Quantity]) -> tuple[Quantity, ...]:
    """What a volume holds: itself, and the mass of the medicine in it where its only strength is a concentration."""
    try:
        (strength,) = strengths
        mass = convert(volume, "mL").value * convert(strength, "ug/mL").value
    except (ValueError, UnitError):
        return (volume,)
    return (volume, Quantity(mass, "ug"))


def a_day(medication: MedicationFact) -> Iterator[QuantityInterval | None]:
    """What the instructions of doses that go on come to in a day: those of one number together, as FHIR numbers what follows one another.

    One without a number among others that have one may run beside any of these, or not (Dosage.sequence).
    """
    found = by_number(medication)
    free = [dosage.daily for dosage in found.pop(None, [])] if len(found) > 1 else []
    for dosages in found.values():
        beside = [dosage.daily for dosage in dosages]
        yield from together([*beside, *map(at_most, free)])
        if free:
            yield from together([*map(at_most, beside), *free])


def by_number(medication: MedicationFact) -> dict[int | None, list[Dosage]]:
    """The instructions of doses that go on, or may, by the numbers that order them in time."""
    found: dict[int | None, list[Dosage]] = {}
    for dosage in medication.dosages:
        stated = dosage.daily is not None or dosage.rate is not None or dosage.dose is not None
        if dosage.once is not True and (stated or dosage.problems):
            found.setdefault(dosage.sequence, []).append(dosage)
    return found


def together(amounts: Sequence[QuantityInterval | None]) -> Iterator[QuantityInterval | None]:
    """What amounts that are given side by side come to, in each unit that one of them has; None when none of them can be read.

    Where one cannot be read, or not be converted, the sum has no upper end.
    """
    units = dict.fromkeys(amount.unit for amount in amounts if amount is not None)
    if len(amounts) == 1 or not units:
        yield amounts[0]
        return
    for unit in units:
        yield _sum([_in_unit(amount, unit) for amount in amounts], unit)


def at_most(amount: QuantityInterval | None) -> QuantityInterval | None:
    """An amount that may be given, or not."""
    if amount is None:
        return None
    return QuantityInterval(Decimal(0), True, amount.high, amount.high_inclusive, amount.unit)


def _sum(amounts: Sequence[QuantityInterval | None], unit: str) -> QuantityInterval:
    read = [amount for amount in amounts if amount is not None]
    highs = [amount.high for amount in read if amount.high is not None]
    low = sum((amount.low for amount in read if amount.low is not None), Decimal(0))
    high = sum(highs, Decimal(0)) if len(highs) == len(amounts) else None
    return QuantityInterval(
        low, all(a.low_inclusive for a in read), high, all(a.high_inclusive for a in read), unit
    )


def _in_unit(amount: QuantityInterval | None, unit: str) -> QuantityInterval | None:
    if amount is None or amount.unit == unit:
        return amount
    try:
        return amount.converted(unit)
    except UnitError:
        return None


def falls(medication: MedicationFact) -> bool:
    """Whether the dose falls step by step: two or more instructions in sequence, each lower than the one before (DC-01, IX-02).

    Where only some of them are numbered, nobody knows which follows which.
    """
    if len({dosage.sequence is None for dosage in medication.dosages}) > 1:
        return False
    steps = [d.daily or d.dose for d in sorted(medication.dosages, key=lambda d: d.sequence or 0)]
    exact = [step.exact for step in steps if step is not None and step.exact is not None]
    if len(exact) < 2 or len(exact) != len(steps):
        return False
    try:
        return all(
            QuantityInterval.exactly(after).relation_to(before, "below") is True
            for before, after in pairwise(exact)
        )
    except UnitError:
        return False


def changed(value: QuantityInterval, base: Quantity, percent: float) -> Truth:
    """Whether a value lies more than so many percent above a base, or below it where the percent are negative.

    Raises:
        UnitError: the two do not measure the same thing.
    """
    limit = Quantity(base.value * (100 + Decimal(str(percent))) / 100, base.unit)
    return truth_of(value.relation_to(limit, "above" if percent >= 0 else "below"))


def daily(medication: MedicationFact) -> Quantity | None:
    """The exact amount in 24 hours that an entry's instructions come to; None when one cannot be read, and when they say several."""
    stated = [amount.exact if amount is not None else None for amount in a_day(medication)]
    first = stated[0] if stated else None
    return first if first is not None and all(same(first, other) for other in stated) else None


def states_a_day(medication: MedicationFact) -> bool:
    """Whether an entry says anything of a dose that goes on, be it what cannot be read."""
    return any(not states_nothing(dosage) for dosages in by_number(medication).values() for dosage in dosages)


def dose_before(order: MedicationFact, therapy: Iterable[MedicationFact]) -> MedicationFact | None:
    """The entry whose dose an order changes: the one it replaces, else the newest; None where no dose has been running."""
    entries = [entry for entry in _running(therapy) if entry is not order]
    replaced = [entry for entry in entries if entry.reference in (order.replaces, order.reference)]
    return max(replaced or entries, key=_newest, default=None)


def test_dose(medications: Iterable[MedicationFact], largest: Quantity) -> Quantity | None:
    """The newest single dose on record that can have been a test dose; larger ones fill the reservoir (DO-02)."""
    given = [
        (medication, dosage.dose.exact)
        for medication in medications
        for dosage in medication.dosages
        if dosage.dose is not None and dosage.dose.exact is not None and _is_test(dosage, largest)
    ]
    return max(given, key=lambda pair: _newest(pair[0]))[1] if given else None


def risen(doses: Iterable[tuple[datetime, Quantity]], percent: float, since: datetime) -> Truth:
    """Whether the newest daily dose is more than so many percent above the one that was given at a moment (DO-12).

    Where the record begins later, its first dose takes the place of that one; fewer than two doses show no rise.

    Raises:
        UnitError: the doses do not measure the same thing.
    """
    dated = sorted(doses, key=lambda pair: pair[0])
    if len(dated) < 2 or dated[-1][0] <= since:
        return Truth.NOT_MET
    earlier = [dose for moment, dose in dated[:-1] if moment <= since] or [dated[0][1]]
    return changed(QuantityInterval.exactly(dated[-1][1]), earlier[-1], percent)


def dated_doses(medications: Iterable[MedicationFact]) -> Iterator[tuple[datetime, Quantity]]:
    """The daily doses of those entries that state one and say since when."""
    for medication in _running(medications):
        began, amount = medication.started or medication.authored, daily(medication)
        if began is not None and amount is not None:
            yield began.latest, amount


def unread_doses(medications: Iterable[MedicationFact]) -> Iterator[MedicationFact]:
    """The entries of a dose that goes on whose amount in 24 hours is not known exactly, although they say something of it."""
    return (entry for entry in _running(medications) if states_a_day(entry) and daily(entry) is None)


def _running(medications: Iterable[MedicationFact]) -> Iterator[MedicationFact]:
    return (entry for entry in medications if entry.kind in ("request", "statement") and runs(entry))


def same(one: Quantity, other: Quantity | None) -> bool:
    """Whether two amounts are equal; what cannot be converted into the other is not."""
    try:
        return other is not None and compare(one, other) == 0
    except UnitError:
        return False


def _newest(medication: MedicationFact) -> tuple[float, str]:
    began = medication.started or medication.authored
    return (began.latest.timestamp() if began is not None else float("-inf"), medication.reference)


def _is_test(dosage: Dosage, largest: Quantity) -> bool:
    try:
        return (
            dosage.once is True
            and dosage.dose is not None
            and dosage.dose.relation_to(largest, "at_or_below") is True
        )
    except UnitError:
        return False
