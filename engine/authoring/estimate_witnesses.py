"""Witnesses of estimates: a creatinine on either side of each limit, and without what the formula needs.

What a witness is stands in :mod:`engine.authoring.witnesses`. All of them are of one man of 70 years and 70 kg.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from engine.authoring.witnesses import Side, Witness, World, shifted
from engine.conditions.estimates import BODY_WITHIN, CREATININE, FORMULAS, HEIGHT, WEIGHT
from engine.errors import UnitError
from engine.kidney import creatinine_clearance, egfr_ckd_epi_2021
from engine.quantity import Quantity, QuantityInterval
from engine.record_nouns import EstimateFrom, LabLeaf
from engine.terms import Bounded

_YEARS, _KILOGRAMS = 70, 70
_FIRST, _LAST = 20, 2000
"""Hundredths of mg/dL between which a limit is looked for."""

_RATES: Final[Mapping[EstimateFrom, Callable[[Decimal], float]]] = {
    "creatinine": lambda milligrams: egfr_ckd_epi_2021(milligrams, _YEARS, "male"),
    "creatinine-and-weight": lambda milligrams: creatinine_clearance(milligrams, _YEARS, _KILOGRAMS, "male"),
}


def estimate_witnesses(leaf: LabLeaf, world: World, recent: str) -> Iterator[Witness]:
    """The witnesses of a laboratory value that may be estimated; ``recent`` is a day on which one counts."""
    if leaf.estimate is None or leaf.is_ is not None:
        return
    titles = {concept: world.title(concept) for concept in (CREATININE, HEIGHT, WEIGHT)}
    person = {"born": shifted(world.today, -_YEARS, "year").isoformat(), "sex": "male"}
    weighed = [f"{WEIGHT} {_KILOGRAMS} kg on {recent}"] if WEIGHT in FORMULAS[leaf.estimate].needs else []
    beside = f", {titles[WEIGHT]} of {_KILOGRAMS} kg" if weighed else ""
    whose = f"a man of {_YEARS} years"

    def setup(milligrams: Decimal, vitals: list[str], patient: Mapping[str, Any]) -> Mapping[str, Any]:
        labs = [f"{CREATININE} {milligrams} mg/dL on {recent}"]
        return {"labs": labs, "vitals": vitals, "patient": patient}

    inside: Decimal | None = None
    for milligrams, rate, side in _sides(leaf.estimate, leaf):
        said = f"{titles[CREATININE]} of {milligrams} mg/dL{beside}, {whose}: estimated as {rate}"
        yield Witness(said, setup(milligrams, weighed, person), side)
        inside = milligrams if side == "inside" else inside
    if inside is None:
        return
    lacking = [
        ("no sex on record", {**person, "sex": None}),
        ("no birth date on record", {**person, "born": None}),
    ]
    child = shifted(world.today, -10, "year").isoformat()
    lacking.append(("a child" if weighed else "a child without a height", {**person, "born": child}))
    for said, patient in lacking:
        yield Witness(
            f"{titles[CREATININE]} of {inside} mg/dL, {said}", setup(inside, weighed, patient), "missing"
        )
    if weighed:
        edge, beyond = world.edge(BODY_WITHIN), world.edge(BODY_WITHIN, beyond=True)
        dated: tuple[tuple[str, Side, list[str]], ...] = (
            (
                f"{titles[WEIGHT]} on {edge} (the last day that counts)",
                "inside",
                [f"{WEIGHT} {_KILOGRAMS} kg on {edge}"],
            ),
            (
                f"{titles[WEIGHT]} on {beyond} (out of time)",
                "missing",
                [f"{WEIGHT} {_KILOGRAMS} kg on {beyond}"],
            ),
            (f"no {titles[WEIGHT]} on record", "missing", []),
        )
        for said, side, vitals in dated:
            yield Witness(
                f"{titles[CREATININE]} of {inside} mg/dL, {said}", setup(inside, vitals, person), side
            )


def _sides(source: EstimateFrom, test: Bounded) -> Iterator[tuple[Decimal, int, Side]]:
    """Each pair of neighbouring creatinines, in mg/dL, of which the rates lie on both sides of a limit; one, where all lie on one."""
    found = [
        (milligrams, rate, _side(rate, FORMULAS[source].unit, test))
        for milligrams in (Decimal(hundredths) / 100 for hundredths in range(_FIRST, _LAST))
        for rate in (round(_RATES[source](milligrams)),)
    ]
    across = [pair for pair in pairwise(found) if pair[0][2] != pair[1][2]]
    yield from dict.fromkeys(each for pair in across for each in pair) if across else found[80:81]


def _side(rate: int, unit: str, test: Bounded) -> Side:
    if test.comparison is None:
        return "inside"
    word, quantities = test.comparison
    value = QuantityInterval.exactly(Quantity(Decimal(rate), unit))
    try:
        upper = quantities[1] if quantities[1:] else None
        return "inside" if value.relation_to(quantities[0], word, upper) else "outside"
    except UnitError:
        return "missing"
