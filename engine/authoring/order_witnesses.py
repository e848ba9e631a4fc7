"""Witnesses of the conditions on the order under review, on therapy with the rule's medicine, and on who and where.

What a witness is stands in :mod:`engine.authoring.witnesses`. Amounts that a condition leaves open are given in micrograms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from engine.authoring.list_witnesses import LIST_WRITERS
from engine.authoring.mutations import moved
from engine.authoring.value_witnesses import VALUE_WRITERS
from engine.authoring.witnesses import Side, Witness, World, limits
from engine.language import (
    ActionLeaf,
    BatchLeaf,
    CategoryLeaf,
    DoseLeaf,
    FindingLeaf,
    GivenAsLeaf,
    IngredientLeaf,
    Leaf,
    ParameterLeaf,
    ReasonLeaf,
    RouteLeaf,
    SpecialtyLeaf,
    SupplyLeaf,
    TaperLeaf,
    TherapyLeaf,
    Tree,
)
from engine.logic import members_of
from engine.terms import duration

_BEFORE: Final = Decimal(100)
"""Micrograms a day of a therapy that an order changes."""

_DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}


def witnesses(leaf: Leaf, world: World) -> Iterator[Witness]:
    """The cases just inside, just outside and missing of any condition; of a shared finding those of its own conditions.

    A None among the keys of an order takes what stands around it away.
    """
    if isinstance(leaf, FindingLeaf):
        for member in _leaves(world.findings[leaf.finding].when):
            yield from witnesses(member, world)
        return
    yield from _WRITERS[leaf.noun](leaf, world)


def _leaves(tree: Tree) -> Iterator[Leaf]:
    if isinstance(tree, Leaf):
        yield tree
        return
    for member in members_of(tree)[1]:
        yield from _leaves(member)


def _ordered(said: str, side: Side, **keys: Any) -> Witness:
    return Witness(said, {"order": keys}, side)


def _route(leaf: RouteLeaf, world: World) -> Iterator[Witness]:
    test, own = leaf.route, world.medicine.routes
    wrong = world.medicine.wrong_routes or world.medicine.other_routes
    if test.stated is not None:
        sides: tuple[Side, Side] = ("inside", "outside") if test.stated else ("outside", "inside")
        for usual in filter(None, (own,)):
            yield _ordered(f"ordered by {world.title(usual)}", sides[0], route=usual)
        yield _ordered("ordered without a route", sides[1], route="none")
        return
    named = test.is_ or test.other_than
    for route in dict.fromkeys(filter(None, (named, own, wrong))):
        side: Side = "inside" if (route == named) == (test.is_ is not None) else "outside"
        yield _ordered(f"ordered by {world.title(str(route))}", side, route=route)
    yield _ordered("ordered without a route", "missing", route="none")


def _dose(leaf: DoseLeaf, world: World) -> Iterator[Witness]:
    test = leaf.dose
    key, words, more = {
        "bolus": ("dose", "a single dose", {"once": True}),
        "day": ("daily", "a daily dose", {}),
        "concentration": ("strength", "a concentration", {}),
    }[test.of]
    usual = {"bolus": "1 ug", "day": "1 ug/d", "concentration": "1 ug/mL"}[test.of]
    if test.stated is not None:
        yield _ordered(f"{words} of {usual}", "inside" if test.stated else "outside", **{key: usual}, **more)
        yield _ordered(f"{words} not stated", "outside" if test.stated else "inside", **{key: None})
        return
    amounts: list[tuple[str, Side]] = list(limits(test))
    beside: dict[str, Any] = {}
    if test.one_of is not None:
        amounts = [(test.one_of[0], "inside"), (moved(test.one_of[-1], 1), "outside")]
    change = test.rise_above or (-test.fall_above if test.fall_above is not None else None)
    if change is not None:
        edge = _BEFORE * (100 + Decimal(str(change))) / 100
        beyond = edge + (1 if change > 0 else -1)
        amounts = [(f"{beyond:f} ug/d", "inside"), (f"{edge:f} ug/d", "outside")]
        running = {"is": world.medicine.id, "daily": f"{_BEFORE} ug/d", "started": world.edge("1 month")}
        beside = {"medications": [running]}
        words = f"after {_BEFORE} ug/d {words}"
    if test.above_test_dose is not None:
        given = {
            "is": world.medicine.id,
            "kind": "administration",
            "status": "ended",
            "dose": "25 ug",
            "once": True,
        }
        edge = 25 * Decimal(str(test.above_test_dose.times))
        amounts = [(f"{edge + 1:f} ug/d", "inside"), (f"{edge:f} ug/d", "outside")]
        beside = {"medications": [{**given, "started": world.edge("1 day")}]}
        words = f"after a test dose of 25 ug {words}"
    for amount, side in amounts:
        yield Witness(f"{words} of {amount}", {"order": {key: amount, **more}, **beside}, side)
    yield Witness(f"{words} not stated", {"order": {key: None}, **beside}, "missing")
    if beside:
        alone: Side = "missing" if test.above_test_dose is not None else "outside"
        setup = {"order": {key: amounts[0][0]}, "medications": []}
        yield Witness("a daily dose without any before it", setup, alone)


_WAYS: Final[Mapping[str, str]] = {
    "bolus": "ordered as a single dose",
    "infusion": "ordered as an infusion",
    "refill": "ordered as a filling",
}


def _given_as(leaf: GivenAsLeaf, world: World) -> Iterator[Witness]:
    for way, words in _WAYS.items():
        yield _ordered(words, "inside" if way == leaf.given_as else "outside", given_as=way)
    yield _ordered("ordered without saying how it is given", "missing", dose=None)


def _ingredient(leaf: IngredientLeaf, world: World) -> Iterator[Witness]:
    test, own = leaf.ingredient, world.medicine.substance
    listed = test.other_than or ()
    other = test.is_ or world.other_medicine(*listed)
    yield _ordered(
        f"{world.title(other)} among the ingredients", "inside", ingredients=[{"is": own}, {"is": other}]
    )
    plain = next(iter(listed), own)
    yield _ordered(f"only {world.title(plain)} among the ingredients", "outside", ingredients=[{"is": plain}])
    uncoded = [{"is": own}, {"text": "something without a code"}]
    yield _ordered("an ingredient without a code", "missing", ingredients=uncoded)


def _reason(leaf: ReasonLeaf, world: World) -> Iterator[Witness]:
    yield _ordered(f"ordered because of {world.title(leaf.reason)}", "inside", reasons=[leaf.reason])
    yield _ordered("ordered without a reason", "outside")


def _category(leaf: CategoryLeaf, world: World) -> Iterator[Witness]:
    yield _ordered(
        f"the order's category is {world.title(leaf.category)}", "inside", categories=[leaf.category]
    )
    yield _ordered("the order has no category", "outside")


def _batch(leaf: BatchLeaf, world: World) -> Iterator[Witness]:
    yield _ordered("the batch expired yesterday", "inside", batch_expiry=world.edge("1 day"))
    yield _ordered("the batch expires today", "outside", batch_expiry=world.today.isoformat())
    yield _ordered("no batch is named", "outside")


def _therapy(leaf: TherapyLeaf, world: World) -> Iterator[Witness]:
    test, own = leaf.therapy, world.medicine.id
    within = test.within
    if test.status == "stopped":
        entry = {"is": own, "status": "ended"}
        if within is None:
            yield Witness("the therapy has ended", {"therapy": "none", "medications": [entry]}, "inside")
        else:
            for beyond in (False, True):
                day = world.edge(within, beyond=beyond)
                setup = {"therapy": "none", "medications": [{**entry, "ended": day}]}
                yield Witness(f"the therapy ended on {day}", setup, "outside" if beyond else "inside")
    elif test.rise_above is not None:
        assert test.over is not None
        edge = _BEFORE * (100 + Decimal(str(test.rise_above))) / 100
        for amount in (edge + 1, edge):
            before = {"is": own, "daily": f"{_BEFORE} ug/d", "started": world.edge(test.over)}
            now = {"is": own, "daily": f"{amount:f} ug/d", "started": world.edge("1 day")}
            words = f"the daily dose rose from {_BEFORE} to {amount:f} ug/d over {test.over}"
            yield Witness(words, {"medications": [before, now]}, "inside" if amount > edge else "outside")
    elif (window := within or test.longer_than) is not None:
        for beyond in (False, True):
            day = world.edge(window, beyond=beyond)
            fits = beyond == (test.longer_than is not None)
            setup = {"medications": [{"is": own, "started": day}]}
            yield Witness(f"the therapy began on {day}", setup, "inside" if fits else "outside")
        yield Witness("the start of the therapy is not known", {"medications": [{"is": own}]}, "missing")
    else:
        yield Witness("the patient has the medicine", {"therapy": "current"}, "inside")
    yield Witness("the patient has not had the medicine", {"therapy": "none", "medications": []}, "outside")
    yield Witness(
        "the list of medications did not arrive", {"therapy": "none", "missing": ["medications"]}, "missing"
    )


def _action(leaf: ActionLeaf, world: World) -> Iterator[Witness]:
    keys: dict[str, Any] = {"action": leaf.action}
    words = f"ordered to {leaf.action} the therapy"
    if leaf.reason is not None:
        yield _ordered(words, "outside", **keys)
        words += f" because of {world.title(leaf.reason)}"
        keys["status_reason"] = leaf.reason
    yield _ordered(words, "inside", **keys)
    other = "change" if leaf.action != "change" else "start"
    yield _ordered(f"ordered to {other} the therapy", "outside", action=other)


def _taper(leaf: TaperLeaf, world: World) -> Iterator[Witness]:
    steps = [{"daily": "100 ug/d", "sequence": 1}, {"daily": "50 ug/d", "sequence": 2}]
    yield _ordered("ordered in falling doses", "inside", dosages=steps)
    yield _ordered("ordered in one dose", "outside", daily="100 ug/d")


def _supply(leaf: SupplyLeaf, world: World) -> Iterator[Witness]:
    number, unit = duration(leaf.supply.empty_within)
    days, today = number * _DAYS.get(unit, 1), world.today.isoformat()
    for supply in (days, days + 1):
        entry = {"is": world.medicine.id, "started": today, "supply_days": supply}
        setup = {"therapy": "none", "medications": [entry]}
        yield Witness(f"filled today for {supply} days", setup, "inside" if supply == days else "outside")
    yield Witness("no filling on record", {"therapy": "current", "medications": []}, "missing")
    yield Witness("the list of medications did not arrive", {"missing": ["medications"]}, "missing")


def _specialty(leaf: SpecialtyLeaf, world: World) -> Iterator[Witness]:
    yield Witness(
        f"the prescriber is of {world.title(leaf.specialty)}", {"specialties": [leaf.specialty]}, "inside"
    )
    yield Witness("the prescriber's specialty is not known", {"specialties": []}, "missing")


def _parameter(leaf: ParameterLeaf, world: World) -> Iterator[Witness]:
    yield Witness(f"{leaf.parameter} set to {leaf.is_}", {"parameters": {leaf.parameter: leaf.is_}}, "inside")
    others = [value for value in world.choices.get(leaf.parameter, ("other",)) if value != leaf.is_]
    for other in others[:1]:
        yield Witness(
            f"{leaf.parameter} set to something else", {"parameters": {leaf.parameter: other}}, "outside"
        )


_WRITERS: Final[Mapping[str, Callable[[Any, World], Iterator[Witness]]]] = {
    "action": _action,
    "batch": _batch,
    "category": _category,
    "dose": _dose,
    "given_as": _given_as,
    "ingredient": _ingredient,
    "parameter": _parameter,
    "reason": _reason,
    "route": _route,
    "specialty": _specialty,
    "supply": _supply,
    "taper": _taper,
    "therapy": _therapy,
    **LIST_WRITERS,
    **VALUE_WRITERS,
}
