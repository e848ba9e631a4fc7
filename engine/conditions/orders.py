"""Conditions on the order under review: route, ingredients, reason, category, batch, action, taper."""

from __future__ import annotations

from engine.concepts import CodedText, Membership
from engine.conditions.context import TRUTH_OF_MEMBERSHIP, Context
from engine.doses import falls
from engine.facts import MedicationFact, OrderAction
from engine.finding import Finding, Missing, Truth, any_of, met, not_met, truth_of, unknown
from engine.language import (
    ActionLeaf,
    BatchLeaf,
    CategoryLeaf,
    IngredientLeaf,
    ReasonLeaf,
    RouteLeaf,
    TaperLeaf,
)
from engine.medicines import contradicts_itself, route_in
from engine.words import UNREAD_STATUS, entry, listing


def decide(
    truth: Truth, order: MedicationFact, what: str, why: str, values: dict[str, str] | None = None
) -> Finding:
    """What a condition on an order comes to: the order is its evidence, and what is missing where it is unknown."""
    source = entry(order)
    if truth is Truth.UNKNOWN:
        return unknown(Missing(what, why, None, (order.reference,)), evidence=(source,))
    return met(source, values=values) if truth is Truth.MET else not_met(source, values=values)


def order_of(context: Context) -> MedicationFact | None:
    """The order that is asked about, where it could be read."""
    return context.subject.medication


def no_order(context: Context) -> Finding:
    """What is not known of an order that could not be read, or of therapy that only a pump tells of."""
    return unknown(*context.subject.missing)


def route(leaf: RouteLeaf, context: Context) -> Finding:
    """The route of every dosage instruction (CI-04, CI-05); a route given as text counts only where its words are known.

    Words that name another of the medicine's routes, right or wrong, deny the one that is asked for; a route that is said to be
    two of them at once leaves it open.
    """
    order = order_of(context)
    if order is None:
        return no_order(context)
    test = leaf.route
    routes = [dosage.route for dosage in order.dosages if dosage.route is not None]
    labels = {"label": listing(list(dict.fromkeys(r.label for r in routes if r.label)))}
    recognised = [r for r in routes if r.codings or _recognised(r, context)]
    if test.stated is not None:
        return decide(truth_of(bool(recognised) == test.stated), order, "route", "", labels)
    if test.is_ is not None:
        truth = any_of(_is_route(test.is_, r, context) for r in routes)
    else:
        truth = any_of(~_is_route(test.other_than or "", r, context) for r in routes)
    unreadable = len(recognised) < max(len(order.dosages), 1)
    if truth is Truth.NOT_MET and unreadable:
        truth = Truth.UNKNOWN
    finding = decide(truth, order, "route", "the order does not state a route that can be read", labels)
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


def ingredient(leaf: IngredientLeaf, context: Context) -> Finding:
    """What else is in the ordered medicine (DO-04, DO-07)."""
    order, test = order_of(context), leaf.ingredient
    if order is None:
        return no_order(context)
    if not order.ingredients:
        if test.other_than is not None and order.product.codings:
            return not_met(entry(order))
        return decide(Truth.UNKNOWN, order, "ingredients", "the order does not list them")
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
    return decide(
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
    return decide(truth, order, what, f"the order's {what} has no code that is known here")


def reason(leaf: ReasonLeaf, context: Context) -> Finding:
    """The reason the order gives (IND-01); an order without one does not give this one."""
    order = order_of(context)
    return (
        no_order(context) if order is None else _coded(order, order.reasons, leaf.reason, context, "reason")
    )


def category(leaf: CategoryLeaf, context: Context) -> Finding:
    """The order's category (DO-13), or that of any entry of the therapy (DC-06); what has none is in none."""
    if context.subject.kind == "therapy":
        findings = [_category(entry, leaf, context) for entry in context.therapy.medications]
        decided = any_of(finding.truth for finding in findings)
        return next((finding for finding in findings if finding.truth is decided), not_met())
    order = order_of(context)
    return no_order(context) if order is None else _category(order, leaf, context)


def _category(order: MedicationFact, leaf: CategoryLeaf, context: Context) -> Finding:
    return _coded(order, order.category, leaf.category, context, "category")


def batch(leaf: BatchLeaf, context: Context) -> Finding:
    """Whether the batch has expired (DO-11); without a batch on record it is not met, as the inventory asks.

    One that may be on record, and of which nobody can read when it expires, leaves it open.
    """
    order = order_of(context)
    if order is None:
        return no_order(context)
    expiry = order.batch_expiry
    if expiry is not None and expiry.latest <= context.facts.now:
        return decide(Truth.MET, order, "expiry date", "", {"date": expiry.describe()})
    truth = Truth.UNKNOWN if order.batch_problem else Truth.NOT_MET
    return decide(truth, order, "expiry date", order.batch_problem)


def action(leaf: ActionLeaf, context: Context) -> Finding:
    """What the order does, and the coded reason that goes with it (DC-01, DC-05)."""
    order = order_of(context)
    if order is None:
        return no_order(context)
    if order.action is OrderAction.UNKNOWN:
        return decide(Truth.UNKNOWN, order, "what the order does", UNREAD_STATUS)
    if order.action != OrderAction(leaf.action) or leaf.reason is None:
        return decide(truth_of(order.action == OrderAction(leaf.action)), order, "action", "")
    codes = (order.status_reason,) if order.status_reason is not None else ()
    return _coded(order, codes, leaf.reason, context, "status reason")


def taper(leaf: TaperLeaf, context: Context) -> Finding:
    """Whether the dose falls step by step: two or more instructions in sequence, each lower than the one before (DC-01).

    The order itself, or another of the session for the same medicine: to taper something else off makes no stop gradual.
    """
    order = order_of(context)
    if order is None:
        return no_order(context)
    others = (o for o in context.facts.orders if o is not order and o.action is not OrderAction.STOP)
    planned = any_of(
        [
            truth_of(falls(order)),
            *(context.is_own(other) for other in others if falls(other)),
        ]
    )
    why = f"an order with a falling dose cannot be told from {context.medicine.title}"
    return decide(planned, order, "a planned taper", why)
