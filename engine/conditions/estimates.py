"""Estimates: glomerular filtration from creatinine where none, or an older one, is reported (statement WP-12)."""

from __future__ import annotations

from typing import NamedTuple

from engine.conditions.context import Context
from engine.conditions.values import (
    as_new,
    doubts,
    implausible,
    newest_of,
    observations,
    unclear_observations,
)
from engine.dates import age_on
from engine.errors import UnitError
from engine.facts import ListName, ObservationFact
from engine.finding import Evidence, Missing
from engine.kidney import egfr_bedside_schwartz, egfr_ckd_epi_2021
from engine.quantity import Quantity, QuantityInterval, convert
from engine.words import entry, incomplete

CREATININE, HEIGHT = "lab-creatinine", "vital-height"
"""The concepts an estimate stands on; they are part of the language, not of a pack."""

PERSON = ListName.PATIENT.value
_GROWTH = "6 months"
_CKD_EPI = "estimated from creatinine by CKD-EPI 2021"
_SCHWARTZ = "estimated from creatinine and height by the bedside Schwartz formula"


class Estimate(NamedTuple):
    """A rate, the entries it is made from, what a card must add to it, and why these entries may not be the latest."""

    rate: QuantityInterval
    sources: tuple[Evidence, ...]
    note: str
    creatinine: ObservationFact
    doubts: tuple[Missing, ...]


def estimated_gfr(context: Context, within: str) -> Estimate | Missing:
    """The filtration rate from the latest creatinine: CKD-EPI 2021 from 18 years, bedside Schwartz from 1 to 17 (needs a height).

    What is missing or unusable (no creatinine, a unit that cannot be converted, sex other than female or male, an age that is not
    certain) comes back in words, never as a guess. Creatinine comes from muscle, which is often lost in spasticity: who looks at an
    estimate is told so.
    """
    latest = _latest(context, CREATININE, within)
    if not latest:
        unusable = _possible(context, within)
        if unusable:
            why = f"no creatinine of the last {within} can be used for an estimate: the value, the date or the code does not tell"
            references = tuple(fact.reference for fact in unusable)
            return Missing("creatinine", why, ListName.OBSERVATIONS, references)
        nothing = f"no creatinine of the last {within} to estimate it from"
        gaps = incomplete(ListName.OBSERVATIONS, context.facts.observations, "creatinine")
        return next(gaps, Missing("creatinine", nothing, ListName.OBSERVATIONS))

    creatinine = latest[0]

    def refuse(why: str, lacks: str | None = None) -> Missing:
        return Missing("creatinine", why, ListName.OBSERVATIONS, (creatinine.reference,), lacks)

    if len({fact.value for fact in latest}) > 1:
        return refuse("creatinine values of the same moment contradict each other")
    milligrams = _exact(context, CREATININE, creatinine, "mg/dL")
    if milligrams is None:
        return refuse("the creatinine value cannot be used: not one plausible amount in a known unit")
    person = context.facts.person
    if person is None or person.birth is None:
        return refuse("creatinine is on record, but not the birth date that an estimate needs", PERSON)
    measured = creatinine.effective.earliest.date() if creatinine.effective else context.facts.now.date()
    age = age_on(person.birth, measured)
    if age is None or age.youngest.years != age.oldest.years:
        return refuse("creatinine is on record, but the birth date is too coarse for an estimate", PERSON)
    years, sources = age.youngest.years, [entry(creatinine)]
    rivals = doubts(context, context.concepts.concept(CREATININE), within, creatinine)
    try:
        if years < 18:
            heights = _latest(context, HEIGHT, _GROWTH)
            centimetres = _exact(context, HEIGHT, heights[0], "cm") if heights else None
            if centimetres is None:
                return refuse("a child's estimate needs a height of the last 6 months", HEIGHT)
            sources.append(entry(heights[0]))
            rivals += doubts(context, context.concepts.concept(HEIGHT), _GROWTH, heights[0])
            rate, way = egfr_bedside_schwartz(milligrams, centimetres, years), _SCHWARTZ
        elif person.sex in ("female", "male"):
            rate, way = egfr_ckd_epi_2021(milligrams, years, person.sex), _CKD_EPI
        else:
            return refuse("creatinine is on record, but not the sex that an estimate needs", PERSON)
    except ValueError:
        return refuse("an estimate is not made for this age or these values")
    note = f"{way}; where muscle is lost, the true rate is lower"
    return Estimate(_rate(rate), tuple(sources), note, creatinine, tuple(dict.fromkeys(rivals)))


def later_creatinine(context: Context, within: str, reported: ObservationFact) -> tuple[ObservationFact, ...]:
    """The entries that may be a creatinine after a reported rate; one of the same stated time is what the rate was made from."""
    return tuple(
        fact
        for fact in _possible(context, within)
        if as_new(fact, reported) and (fact.effective is None or fact.effective != reported.effective)
    )


def _possible(context: Context, within: str) -> list[ObservationFact]:
    timely, undated = observations(context, CREATININE, within)
    return [*timely, *undated, *unclear_observations(context, context.concepts.concept(CREATININE), within)]


def _rate(rate: float) -> QuantityInterval:
    return QuantityInterval.exactly(Quantity.parse(f"{round(rate)} mL/min/{{1.73_m2}}"))


def _latest(context: Context, concept: str, within: str) -> list[ObservationFact]:
    timely, _ = observations(context, concept, within)
    amounts = [fact for fact in timely if isinstance(fact.value, QuantityInterval)]
    return newest_of(amounts) if amounts else []


def _exact(context: Context, concept_id: str, fact: ObservationFact, unit: str) -> float | None:
    concept = context.concepts.concept(concept_id)
    value = fact.value
    try:
        if not isinstance(value, QuantityInterval) or value.exact is None or implausible(concept, value):
            return None
        return float(convert(value.exact, unit, concept.substance).value)
    except UnitError:
        return None
