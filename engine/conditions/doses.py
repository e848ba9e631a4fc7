"""Conditions on how much an order gives, and in which way: single doses, the dose of a day, the concentration, the way of giving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.conditions.context import Context
from engine.conditions.orders import decide, no_order, order_of
from engine.doses import (
    a_day,
    at_most,
    by_number,
    changed,
    content,
    dose_before,
    may_run,
    same,
    states_nothing,
    takes_a_day,
    test_dose,
)
from engine.errors import UnitError
from engine.facts import UNREAD_ROUTE, Dosage, MedicationFact
from engine.finding import Finding, Truth, any_of, not_met, truth_of
from engine.language import DoseLeaf, DoseTest, GivenAsLeaf, TestDose
from engine.medicines import strengths
from engine.quantity import Quantity, QuantityInterval
from engine.words import amount, entry, unit_words

_ANOTHERS = "the amount is a volume, and the concentration is that of another ingredient"


def _doses(test: DoseTest, order: MedicationFact, context: Context) -> Iterator[QuantityInterval | None]:
    """The amounts a test looks at, one for each dosage or ingredient; None where there should be one and it cannot be read.

    A dose that may be a single one, and takes a day or longer at its rate, is at most given at once.
    """
    if test.of == "concentration":
        yield from map(QuantityInterval.exactly, strengths(context.concepts, context.medicine, order))
        return
    if test.of == "day":
        yield from a_day(order)
        return
    for dosage in order.dosages:
        if dosage.once is not False:
            slowly = dosage.once is None and takes_a_day(
                dosage.dose, dosage.rate and (dosage.daily or dosage.rate)
            )
            yield at_most(dosage.dose) if slowly else dosage.dose


def _own_amounts(order: MedicationFact, context: Context) -> MedicationFact:
    """An order without the amounts that were worked out of volumes by the concentration of something else than the medicine."""
    own = any(strengths(context.concepts, context.medicine, order))
    if own or not any(dosage.by_volume for dosage in order.dosages):
        return order
    return replace(order, dosages=tuple(_unread(d) if d.by_volume else d for d in order.dosages))


def _unread(dosage: Dosage) -> Dosage:
    return replace(dosage, dose=None, rate=None, daily=None, problems=(_ANOTHERS, *dosage.problems))


_AMOUNT_WORDS = {"bolus": "single dose", "day": "daily dose", "concentration": "concentration"}


def dose(leaf: DoseLeaf, context: Context) -> Finding:
    """The dose or concentration of the order (DO-02, DO-04, DO-06): the highest that any of its instructions names.

    Of a day it is what the instructions that are followed at the same time come to.
    """
    order, test = order_of(context), leaf.dose
    if order is None:
        return no_order(context)
    order, what = _own_amounts(order, context), _AMOUNT_WORDS[test.of]
    found = list(_doses(test, order, context))
    stated = [value for value in found if value is not None]
    if test.stated is not None:
        return decide(truth_of(bool(stated) == test.stated), order, what, "")
    if not found and test.of != "concentration" and any(d.dose or d.rate or d.daily for d in order.dosages):
        return not_met(entry(order))
    if not stated:
        return decide(Truth.UNKNOWN, order, what, _why_not(order, "the order does not state it"))
    judged = [(value, _dose_truth(test, value, context)) for value in stated]
    truth = any_of([answer for _, answer in judged] + [Truth.UNKNOWN] * (len(found) - len(stated)))
    shown = next((value for value, answer in judged if answer is Truth.MET), stated[0])
    values = {"value": amount(shown), "unit": unit_words(shown.unit)}
    return decide(truth, order, what, _why_open(test, order), values)


def _why_not(order: MedicationFact, otherwise: str) -> str:
    problems = (problem for dosage in order.dosages for problem in dosage.problems)
    return next((problem for problem in problems if problem != UNREAD_ROUTE), otherwise)


def _dose_truth(test: DoseTest, value: QuantityInterval, context: Context) -> Truth:
    try:
        return _compared(test, value, context)
    except UnitError:
        return Truth.UNKNOWN


def _compared(test: DoseTest, value: QuantityInterval, context: Context) -> Truth:
    if test.one_of is not None:
        same = []
        for text in test.one_of:
            known = Quantity.parse(text)
            same.append(truth_of(value.relation_to(known, "between", known)))
        return any_of(same)
    if test.rise_above is not None:
        return _change(test.rise_above, value, context)
    if test.fall_above is not None:
        return _change(-test.fall_above, value, context)
    if test.above_test_dose is not None:
        return _first(test.above_test_dose, value, context)
    assert test.comparison is not None
    word, limits = test.comparison
    return truth_of(value.relation_to(limits[0], word, limits[1] if limits[1:] else None))


def _why_open(test: DoseTest, order: MedicationFact) -> str:
    numbers = by_number(order)
    if test.of == "day" and None in numbers and len(numbers) > 1:
        return "only some of its instructions are numbered, so that it is open which are followed at the same time"
    if test.rise_above is not None or test.fall_above is not None:
        return "the therapy's dose before is not known"
    if test.above_test_dose is not None:
        return "the test dose is not on record"
    return _why_not(order, "the amount cannot be compared with the limit")


def _change(percent: float, value: QuantityInterval, context: Context) -> Truth:
    """Whether the daily dose differs by more than so many percent from that of the therapy before (DO-02, DC-01).

    Therapy that is only known from what was given or handed out has a dose that is not known, unless those were test doses.
    """
    running = _dose_before(context)
    if running is None:
        therapy = context.therapy
        open_ = therapy.certainty is Truth.UNKNOWN or any(may_run(m, value) for m in therapy.medications)
        return Truth.UNKNOWN if open_ else Truth.NOT_MET
    before = list(a_day(_own_amounts(running, context)))
    ends = [(end, each.unit) for each in before if each is not None for end in (each.low, each.high)]
    exact = [Quantity(end, unit) for end, unit in ends if end is not None]
    if not before or len(exact) < 2 * len(before):
        return Truth.UNKNOWN
    # Of a dose that lies between two ends, or of several steps, a change counts where each of them tells the same.
    truths = {changed(value, end, percent) for end in exact}
    return truths.pop() if len(truths) == 1 else Truth.UNKNOWN


def _first(test: TestDose, value: QuantityInterval, context: Context) -> Truth:
    """Whether the first daily dose of a pump exceeds the last test dose so many times (DO-02)."""
    if context.therapy.certainty is Truth.UNKNOWN:
        return Truth.UNKNOWN
    if _dose_before(context) is not None:
        return Truth.NOT_MET
    own = (m for m in context.record.holding(context.medicine) if context.is_own(m) is Truth.MET)
    last = test_dose(own, Quantity.parse(test.largest))
    if last is None:
        return Truth.UNKNOWN
    return changed(value, Quantity(last.value, f"{last.unit}/d"), 100 * (test.times - 1))


def _dose_before(context: Context) -> MedicationFact | None:
    order, therapy = order_of(context), context.therapy
    certain = order is not None and therapy.certainty is Truth.MET
    return dose_before(order, therapy.medications) if order is not None and certain else None


def given_as(leaf: GivenAsLeaf, context: Context) -> Finding:
    """A single bolus, a continuous infusion, or a refill of the reservoir (DO-05, IND-03).

    What goes on makes an infusion; one dose once, a bolus; a volume to dispense without any dose but its own content, a refill.
    """
    order = order_of(context)
    if order is None:
        return no_order(context)
    why = "the order does not say whether it is a bolus, an infusion or a refill"
    return decide(_way(leaf.given_as, order, context), order, "way of giving", why)


_ONCE = {"bolus": True, "infusion": False}


def _way(way: str, order: MedicationFact, context: Context) -> Truth:
    told = {dosage.once for dosage in order.dosages} or {None}
    undecided = told == {None}
    if undecided and _fills(order, context):
        return truth_of(way == "refill")
    if way == "refill":
        return Truth.UNKNOWN if undecided else Truth.NOT_MET
    if _ONCE[way] in told:
        return Truth.MET
    return Truth.UNKNOWN if None in told else Truth.NOT_MET


def _fills(order: MedicationFact, context: Context) -> bool:
    """Whether an order of which nobody says how often is of a volume to dispense, and of no dose but what that volume holds."""
    if order.volume is None:
        return False
    holds = content(order.volume, list(strengths(context.concepts, context.medicine, order)))
    return all(states_nothing(dosage) or _is_content(dosage, holds) for dosage in order.dosages)


def _is_content(dosage: Dosage, holds: tuple[Quantity, ...]) -> bool:
    stated = dosage.dose.exact if dosage.dose is not None else None
    alone = dosage.rate is None and dosage.daily is None
    return alone and stated is not None and any(same(stated, each) for each in holds)
