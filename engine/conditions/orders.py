"""Conditions on the order under review: route, dose, way of giving, ingredients, reason, category, batch, action, taper."""

from __future__ import annotations

from collections.abc import Iterator

from engine.concepts import CodedText, Membership
from engine.conditions.context import TRUTH_OF_MEMBERSHIP, Context
from engine.doses import at_most, changed, daily, dose_before, falls, test_dose, together
from engine.errors import UnitError
from engine.facts import Dosage, MedicationFact, OrderAction
from engine.finding import Finding, Missing, Truth, any_of, met, not_met, truth_of, unknown
from engine.language import (
    ActionLeaf,
    BatchLeaf,
    CategoryLeaf,
    DoseLeaf,
    DoseTest,
    GivenAsLeaf,
    IngredientLeaf,
    ReasonLeaf,
    RouteLeaf,
    TaperLeaf,
    TestDose,
)
from engine.medicines import contradicts_itself, route_in, strengths
from engine.quantity import Quantity, QuantityInterval
from engine.words import UNREAD_STATUS, amount, entry, listing, unit_words


def _decide(
    truth: Truth, order: MedicationFact, what: str, why: str, values: dict[str, str] | None = None
) -> Finding:
    source = entry(order)
    if truth is Truth.UNKNOWN:
        return unknown(Missing(what, why, None, (order.reference,)), evidence=(source,))
    return met(source, values=values) if truth is Truth.MET else not_met(source, values=values)


def _order(context: Context) -> MedicationFact | None:
    return context.subject.medication


def _no_order(context: Context) -> Finding:
    """What is not known of an order that could not be read, or of therapy that only a pump tells of."""
    return unknown(*context.subject.missing)


def route(leaf: RouteLeaf, context: Context) -> Finding:
    """The route of every dosage instruction (CI-04, CI-05); a route given as text counts only where its words are known.

    Words that name another of the medicine's routes, right or wrong, deny the one that is asked for; a route that is said to be
    two of them at once leaves it open.
    """
    order = _order(context)
    if order is None:
        return _no_order(context)
    test = leaf.route
    routes = [dosage.route for dosage in order.dosages if dosage.route is not None]
    labels = {"label": listing(list(dict.fromkeys(r.label for r in routes if r.label)))}
    recognised = [r for r in routes if r.codings or _recognised(r, context)]
    if test.stated is not None:
        return _decide(truth_of(bool(recognised) == test.stated), order, "route", "", labels)
    if test.is_ is not None:
        truth = any_of(_is_route(test.is_, r, context) for r in routes)
    else:
        truth = any_of(~_is_route(test.other_than or "", r, context) for r in routes)
    unreadable = len(recognised) < max(len(order.dosages), 1)
    if truth is Truth.NOT_MET and unreadable:
        truth = Truth.UNKNOWN
    finding = _decide(truth, order, "route", "the order does not state a route that can be read", labels)
    if truth is not Truth.UNKNOWN and any(_recognised(r, context) for r in recognised):
        finding = finding.noting("the route was recognised from text, it has no code that is known")
    return finding


def _is_route(concept: str, route: CodedText, context: Context) -> Truth:
    if contradicts_itself(context.concepts, context.medicine, route):
        return Truth.UNKNOWN
    truth = TRUTH_OF_MEMBERSHIP[route_in(context.concepts, concept, route)]
    return Truth.NOT_MET if truth is Truth.UNKNOWN and _recognised(route, context) else truth


def _recognised(route: CodedText, context: Context) -> bool:
    """Whether the words of a route, of whose code nothing is known, name one that tells the medicine from its siblings."""
    concepts, medicine = context.concepts, context.medicine
    named = [
        each for each in (medicine.routes, medicine.wrong_routes, medicine.other_routes) if each is not None
    ]
    coded = {concepts.membership(each, route.codings) for each in named}
    return coded == {Membership.UNKNOWN} and any(
        route_in(concepts, each, route) is Membership.YES for each in named
    )


def _doses(test: DoseTest, order: MedicationFact, context: Context) -> Iterator[QuantityInterval | None]:
    """The amounts a test looks at, one for each dosage or ingredient; None where there should be one and it cannot be read."""
    if test.of == "concentration":
        yield from map(QuantityInterval.exactly, strengths(context.concepts, context.medicine, order))
        return
    if test.of == "day":
        yield from _a_day(order)
        return
    for dosage in order.dosages:
        if dosage.rate is None and (dosage.once or dosage.daily is None):
            yield dosage.dose


def _a_day(order: MedicationFact) -> Iterator[QuantityInterval | None]:
    """What the instructions of doses that go on come to in a day: those of one number together, as FHIR numbers what follows one another.

    One without a number among others that have one may run beside any of these, or not (Dosage.sequence).
    """
    found = _numbered(order)
    free = [dosage.daily for dosage in found.pop(None, [])] if len(found) > 1 else []
    for dosages in found.values():
        beside = [dosage.daily for dosage in dosages]
        yield from together([*beside, *map(at_most, free)])
        if free:
            yield from together([*map(at_most, beside), *free])


def _numbered(order: MedicationFact) -> dict[int | None, list[Dosage]]:
    found: dict[int | None, list[Dosage]] = {}
    for dosage in order.dosages:
        stated = dosage.daily is not None or dosage.rate is not None or dosage.dose is not None
        if not dosage.once and (stated or dosage.problems):
            found.setdefault(dosage.sequence, []).append(dosage)
    return found


_AMOUNT_WORDS = {"bolus": "single dose", "day": "daily dose", "concentration": "concentration"}


def dose(leaf: DoseLeaf, context: Context) -> Finding:
    """The dose or concentration of the order (DO-02, DO-04, DO-06): the highest that any of its instructions names.

    Of a day it is what the instructions that are followed at the same time come to.
    """
    order, test = _order(context), leaf.dose
    if order is None:
        return _no_order(context)
    what = _AMOUNT_WORDS[test.of]
    found = list(_doses(test, order, context))
    stated = [value for value in found if value is not None]
    if test.stated is not None:
        return _decide(truth_of(bool(stated) == test.stated), order, what, "")
    if not found and test.of != "concentration" and any(d.dose or d.rate or d.daily for d in order.dosages):
        return not_met(entry(order))
    if not stated:
        return _decide(Truth.UNKNOWN, order, what, _why_not(order, "the order does not state it"))
    judged = [(value, _dose_truth(test, value, context)) for value in stated]
    truth = any_of([answer for _, answer in judged] + [Truth.UNKNOWN] * (len(found) - len(stated)))
    shown = next((value for value, answer in judged if answer is Truth.MET), stated[0])
    values = {"value": amount(shown), "unit": unit_words(shown.unit)}
    return _decide(truth, order, what, _why_open(test, order), values)


def _why_not(order: MedicationFact, otherwise: str) -> str:
    problems = [problem for dosage in order.dosages for problem in dosage.problems]
    return problems[0] if problems else otherwise


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
    numbers = _numbered(order)
    if test.of == "day" and None in numbers and len(numbers) > 1:
        return "only some of its instructions are numbered, so that it is open which are followed at the same time"
    if test.rise_above is not None or test.fall_above is not None:
        return "the therapy's dose before is not known"
    if test.above_test_dose is not None:
        return "the test dose is not on record"
    return "the amount cannot be compared with the limit"


def _change(percent: float, value: QuantityInterval, context: Context) -> Truth:
    """Whether the daily dose differs by more than so many percent from that of the therapy before (DO-02, DC-01)."""
    running = _dose_before(context)
    if running is None:
        return Truth.UNKNOWN if context.therapy.certainty is Truth.UNKNOWN else Truth.NOT_MET
    last = daily(running)
    return Truth.UNKNOWN if last is None else changed(value, last, percent)


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
    order, therapy = _order(context), context.therapy
    certain = order is not None and therapy.certainty is Truth.MET
    return dose_before(order, therapy.medications) if order is not None and certain else None


def given_as(leaf: GivenAsLeaf, context: Context) -> Finding:
    """A single bolus, a continuous infusion, or a refill of the reservoir (DO-05, IND-03).

    A rate or a repeated dose makes an infusion; one dose once, a bolus; a volume to dispense without any dose, a refill.
    """
    order = _order(context)
    if order is None:
        return _no_order(context)
    ways = {way for dosage in order.dosages if (way := _way(dosage)) is not None}
    if not ways and order.volume is not None:
        ways = {"refill"}
    truth = Truth.UNKNOWN if not ways else truth_of(leaf.given_as in ways)
    return _decide(
        truth, order, "way of giving", "the order does not say whether it is a bolus, an infusion or a refill"
    )


def _way(dosage: Dosage) -> str | None:
    if dosage.rate is not None:
        return "infusion"
    if dosage.once:
        return "bolus"
    return "infusion" if dosage.daily is not None or dosage.per_day is not None else None


def ingredient(leaf: IngredientLeaf, context: Context) -> Finding:
    """What else is in the ordered medicine (DO-04, DO-07)."""
    order, test = _order(context), leaf.ingredient
    if order is None:
        return _no_order(context)
    if not order.ingredients:
        if test.other_than is not None and order.product.codings:
            return not_met(entry(order))
        return _decide(Truth.UNKNOWN, order, "ingredients", "the order does not list them")
    truths = []
    for part in order.ingredients:
        if test.is_ is not None:
            truths.append(context.is_in(test.is_, part.code))
        else:
            truths.append(~any_of(context.is_in(concept, part.code) for concept in test.other_than or ()))
    labels = listing(
        list(
            dict.fromkeys(
                p.code.label for p, t in zip(order.ingredients, truths, strict=True) if t is Truth.MET
            )
        )
    )
    return _decide(
        any_of(truths),
        order,
        "ingredients",
        "an ingredient has no code that is known here",
        {"label": labels},
    )


def _coded(
    order: MedicationFact, codes: tuple[CodedText, ...], concept: str, context: Context, what: str
) -> Finding:
    if not codes:
        return not_met(entry(order))
    truth = any_of(context.is_in(concept, code) for code in codes)
    return _decide(truth, order, what, f"the order's {what} has no code that is known here")


def reason(leaf: ReasonLeaf, context: Context) -> Finding:
    """The reason the order gives (IND-01); an order without one does not give this one."""
    order = _order(context)
    return (
        _no_order(context) if order is None else _coded(order, order.reasons, leaf.reason, context, "reason")
    )


def category(leaf: CategoryLeaf, context: Context) -> Finding:
    """The order's category (DO-13), or that of any entry of the therapy (DC-06); what has none is in none."""
    if context.subject.kind == "therapy":
        findings = [_category(entry, leaf, context) for entry in context.therapy.medications]
        decided = any_of(finding.truth for finding in findings)
        return next((finding for finding in findings if finding.truth is decided), not_met())
    order = _order(context)
    return _no_order(context) if order is None else _category(order, leaf, context)


def _category(order: MedicationFact, leaf: CategoryLeaf, context: Context) -> Finding:
    return _coded(order, order.category, leaf.category, context, "category")


def batch(leaf: BatchLeaf, context: Context) -> Finding:
    """Whether the batch has expired (DO-11); without a batch on record it is not met, as the inventory asks.

    One that may be on record, and of which nobody can read when it expires, leaves it open.
    """
    order = _order(context)
    if order is None:
        return _no_order(context)
    expiry = order.batch_expiry
    if expiry is not None and expiry.latest <= context.facts.now:
        return _decide(Truth.MET, order, "expiry date", "", {"date": expiry.describe()})
    truth = Truth.UNKNOWN if order.batch_problem else Truth.NOT_MET
    return _decide(truth, order, "expiry date", order.batch_problem)


def action(leaf: ActionLeaf, context: Context) -> Finding:
    """What the order does, and the coded reason that goes with it (DC-01, DC-05)."""
    order = _order(context)
    if order is None:
        return _no_order(context)
    if order.action is OrderAction.UNKNOWN:
        return _decide(Truth.UNKNOWN, order, "what the order does", UNREAD_STATUS)
    if order.action != OrderAction(leaf.action) or leaf.reason is None:
        return _decide(truth_of(order.action == OrderAction(leaf.action)), order, "action", "")
    codes = (order.status_reason,) if order.status_reason is not None else ()
    return _coded(order, codes, leaf.reason, context, "status reason")


def taper(leaf: TaperLeaf, context: Context) -> Finding:
    """Whether the dose falls step by step: two or more instructions in sequence, each lower than the one before (DC-01).

    The order itself, or another of the session for the same medicine: to taper something else off makes no stop gradual.
    """
    order = _order(context)
    if order is None:
        return _no_order(context)
    others = (o for o in context.facts.orders if o is not order and o.action is not OrderAction.STOP)
    planned = any_of(
        [
            truth_of(falls(order)),
            *(context.is_own(other) for other in others if falls(other)),
        ]
    )
    why = f"an order with a falling dose cannot be told from {context.medicine.title}"
    return _decide(planned, order, "a planned taper", why)
