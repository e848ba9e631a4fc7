"""Witnesses of the conditions on measurements and on the person: values, age, sex, pregnancy and breastfeeding.

What a witness is stands in :mod:`engine.authoring.witnesses`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from engine.authoring.estimate_witnesses import estimate_witnesses
from engine.authoring.mutations import moved
from engine.authoring.witnesses import HOURS, Side, Witness, World, limits, not_supplied, shifted
from engine.conditions.pregnancy import (
    BREASTFEEDING,
    NOT_BREASTFEEDING,
    NOT_PREGNANT,
    POSSIBLY_PREGNANT,
    PREGNANT,
)
from engine.language import AgeLeaf, LabLeaf, LactationLeaf, MeasurementLeaf, PregnancyLeaf, SexLeaf
from engine.quantity import Quantity
from engine.terms import Bounded, duration


def _measurement(leaf: MeasurementLeaf, world: World) -> Iterator[Witness]:
    concept = str(leaf.lab if isinstance(leaf, LabLeaf) else getattr(leaf, "vital", ""))
    key = "labs" if isinstance(leaf, LabLeaf) else "vitals"
    title = world.title(concept)
    recent = world.edge("1 hour") if duration(leaf.within)[1] == HOURS else world.today.isoformat()
    edge, beyond = world.edge(leaf.within), world.edge(leaf.within, beyond=True)
    values = list(limits(leaf))
    if leaf.is_ is not None:
        values = [(leaf.is_, "inside")]
    elif not values:
        known = world.concepts.concept(concept)
        low, high = known.plausible or (1, 1)
        values = [(f"{(low + high) / 2:g} {known.unit or '1'}", "inside")]
    for value, side in values:
        yield Witness(f"{title} of {value}", {key: [f"{concept} {value} on {recent}"]}, side)
    asked = leaf.comparison is not None or leaf.is_ is not None
    counts: Side = "missing" if leaf.if_missing == "unknown" and asked else "outside"
    # A limit that a site has to set may leave nothing inside it.
    for inside in [value for value, side in values if side == "inside"][:1]:
        said = f"{title} of {inside} on {edge} (the last day that counts)"
        yield Witness(said, {key: [f"{concept} {inside} on {edge}"]}, "inside")
        said = f"{title} of {inside} on {beyond} (out of time)"
        yield Witness(said, {key: [f"{concept} {inside} on {beyond}"]}, counts)
    yield Witness(f"no {title} on record", {key: []}, counts)
    if isinstance(leaf, LabLeaf):
        yield from estimate_witnesses(leaf, world, recent)
    yield from not_supplied("observations")


_AGES: Final = {"a": "year", "mo": "month", "wk": "week", "d": "day"}
"""The units in which ages are counted, as the calendar calls them."""


def _age(leaf: AgeLeaf, world: World) -> Iterator[Witness]:
    """The birthdays at the limits: who is *above 65 years* has had the 66th birthday."""
    for text, birthday_is in _birthdays(leaf.age):
        limit = Quantity.parse(text)
        if limit.unit not in _AGES or limit.value <= 0 or limit.value % 1:
            continue  # nobody has a birthday then
        born = shifted(world.today, -int(limit.value), _AGES[limit.unit])
        other: Side = "outside" if birthday_is == "inside" else "inside"
        yield Witness(
            f"the patient is {text} old today", {"patient": {"born": born.isoformat()}}, birthday_is
        )
        day_before = (born + timedelta(days=1)).isoformat()
        yield Witness(f"the patient will be {text} old tomorrow", {"patient": {"born": day_before}}, other)
    yield Witness("no birth date on record", {"patient": {"born": None}}, "missing")
    yield from not_supplied("patient")


def _birthdays(test: Bounded) -> Iterator[tuple[str, Side]]:
    if test.below is not None:
        yield test.below, "outside"
    if test.at_or_above is not None:
        yield test.at_or_above, "inside"
    if test.at_or_below is not None:
        yield moved(test.at_or_below, 1), "outside"
    if test.above is not None:
        yield moved(test.above, 1), "inside"
    if test.between is not None:
        yield test.between[0], "inside"
        yield moved(test.between[1], 1), "outside"


def _sex(leaf: SexLeaf, world: World) -> Iterator[Witness]:
    for sex in leaf.sex:
        yield Witness(f"recorded sex {sex}", {"patient": {"sex": sex}}, "inside")
    other = next((sex for sex in ("female", "male", "other") if sex not in leaf.sex), None)
    if other is not None:
        yield Witness(f"recorded sex {other}", {"patient": {"sex": other}}, "outside")
    yield Witness("no sex on record", {"patient": {"sex": None}}, "missing")


_FERTILE: Final = {"age": "30 years", "sex": "female"}


def _pregnancy(leaf: PregnancyLeaf, world: World) -> Iterator[Witness]:
    concepts = {"current": PREGNANT, "possible": POSSIBLY_PREGNANT, "excluded": NOT_PREGNANT}
    for state, concept in concepts.items():
        side: Side = "inside" if state == leaf.pregnancy else "outside"
        yield Witness(
            f"{world.title(concept)} on the problem list",
            {"conditions": [concept], "patient": _FERTILE},
            side,
        )
    silence: Side = (
        "inside" if leaf.pregnancy == "unstated" else "missing" if leaf.if_missing == "unknown" else "outside"
    )
    yield Witness("nothing said of pregnancy", {"conditions": [], "patient": _FERTILE}, silence)
    yield from not_supplied("conditions", "observations")


def _lactation(leaf: LactationLeaf, world: World) -> Iterator[Witness]:
    for concept in (BREASTFEEDING, NOT_BREASTFEEDING):
        setup = {"conditions": [concept], "patient": _FERTILE}
        side: Side = "inside" if concept == BREASTFEEDING else "outside"
        yield Witness(f"{world.title(concept)} on the problem list", setup, side)
    yield from not_supplied("conditions", "observations")


VALUE_WRITERS: Final[Mapping[str, Callable[[Any, World], Iterator[Witness]]]] = MappingProxyType(
    {
        "age": _age,
        "lab": _measurement,
        "lactation": _lactation,
        "pregnancy": _pregnancy,
        "sex": _sex,
        "vital": _measurement,
    }
)
"""What makes the witnesses of each noun."""
