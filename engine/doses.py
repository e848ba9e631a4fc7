"""Doses: what a medicine's entries say, one beside another, of how much is given: step by step, before, in a test, over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from engine.errors import UnitError
from engine.facts import Dosage, MedicationFact
from engine.finding import Truth, truth_of
from engine.quantity import Quantity, QuantityInterval


def runs(medication: MedicationFact) -> bool:
    """Whether an entry is of a dose that goes on: one of single doses only, such as a test dose or a filling, is not."""
    return not medication.dosages or not all(dosage.once for dosage in medication.dosages)


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
    """The exact amount in 24 hours that an entry states; None when it states none, or several."""
    stated = {dosage.daily.exact for dosage in medication.dosages if dosage.daily is not None}
    return stated.pop() if len(stated) == 1 else None


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


def _running(medications: Iterable[MedicationFact]) -> Iterator[MedicationFact]:
    return (entry for entry in medications if entry.kind in ("request", "statement") and runs(entry))


def _newest(medication: MedicationFact) -> tuple[float, str]:
    began = medication.started or medication.authored
    return (began.latest.timestamp() if began is not None else float("-inf"), medication.reference)


def _is_test(dosage: Dosage, largest: Quantity) -> bool:
    try:
        return (
            dosage.once
            and dosage.dose is not None
            and dosage.dose.relation_to(largest, "at_or_below") is True
        )
    except UnitError:
        return False
