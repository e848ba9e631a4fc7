"""Estimates: kidney function from creatinine where none, or an older one, is reported (statement WP-12).

A formula never guesses: what it needs and cannot have comes back in words, with the datum that the answer waits for. What is known
only to lie somewhere (a creatinine over 4 mg/dL, the year of a birth) gives a rate that lies somewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from engine.conditions.amounts import INEXACT, amount_of
from engine.conditions.context import Context
from engine.conditions.values import (
    as_new,
    doubts,
    newest_of,
    observations,
    unclear_observations,
)
from engine.dates import AgeInterval, DateInterval, age_on
from engine.facts import ListName, ObservationFact, Person
from engine.finding import BIRTH_DATE, NOTHING, SEX, Datum, Evidence, Missing
from engine.kidney import Sex, creatinine_clearance, egfr_bedside_schwartz, egfr_ckd_epi_2021
from engine.quantity import QuantityInterval
from engine.record_nouns import EstimateFrom
from engine.words import entry, incomplete

CREATININE, HEIGHT, WEIGHT = "lab-creatinine", "vital-height", "vital-weight"
"""The concepts an estimate stands on; they are part of the language, not of a pack."""

ADULT: Final = 18
"""Years from which the formulas of adults hold."""

BODY_WITHIN: Final = "6 months"
"""How old a height or a weight may be (ours, not the label's).

Children grow, and in six months a sick adult loses what counts as malnutrition, more than 5 % (GLIM criteria, Clin Nutr 2019;38:1-9).
"""

_ADULTS_ONLY: Final = "creatinine clearance is estimated for adults only"
_MUSCLE: Final = "where muscle is lost, the true rate is lower"


class Estimate(NamedTuple):
    """A rate, the entries it is made from, what a card must add to it, and why these entries may not be the latest.

    The first entry of ``used`` is the creatinine. ``loose`` says why the rate may lie anywhere between two ends, where it does.
    """

    rate: QuantityInterval
    used: tuple[ObservationFact, ...]
    notes: tuple[str, ...]
    doubts: tuple[Missing, ...]
    loose: tuple[Missing, ...] = ()

    @property
    def sources(self) -> tuple[Evidence, ...]:
        """The entries as evidence."""
        return tuple(map(entry, self.used))


_Ends = tuple[Decimal | int | None, Decimal | int | None]
"""What gives the lowest rate and what the highest; None where there is no end on that side."""


class _Amount(NamedTuple):
    """A height or a weight: its entry, what it is called, and how much it is in the unit that was asked for."""

    fact: ObservationFact
    name: str
    value: QuantityInterval

    @property
    def ends(self) -> _Ends:
        """What gives the lowest rate and what the highest, for a rate that rises with it."""
        return self.value.low, self.value.high


class _Calculated(NamedTuple):
    """The lowest and the highest that a formula gives, in words how, and the height or weight that it took beside the creatinine."""

    rate: tuple[float | None, float | None]
    note: str
    body: _Amount | None = None


@dataclass(frozen=True, slots=True)
class _Sample:
    """A creatinine that can be calculated with, in mg/dL, the age on its day, which is certain to be that of a child or of an adult.

    ``coarse`` says why the age is not one number of years, where it is not, and which datum would tell.
    """

    context: Context
    fact: ObservationFact
    creatinine: QuantityInterval
    age: AgeInterval
    person: Person
    coarse: tuple[str, Datum | None] | None = None

    @property
    def is_of_child(self) -> bool:
        """Whether it is from before the 18th birthday."""
        return self.age.oldest.years < ADULT

    @property
    def ends(self) -> tuple[_Ends, _Ends]:
        """Creatinine and age, of both of which more means a lower rate."""
        return (self.creatinine.high, self.creatinine.low), (self.age.oldest.years, self.age.youngest.years)

    def refuse(self, why: str, lacks: Datum | None = None) -> Missing:
        return _refused(self.fact, why, lacks)

    def known_sex(self) -> Sex | Missing:
        """Female or male: the formulas know no other."""
        sex = self.person.sex
        if sex == "female" or sex == "male":
            return sex
        lacks = NOTHING if sex == "other" else SEX
        return self.refuse("creatinine is on record, but not the sex that an estimate needs", lacks)

    def body(self, concept: str, name: str, unit: str, whose: str) -> _Amount | Missing:
        """The latest height or weight of those that are young enough."""
        why, lacks = (
            f"{whose} needs a {name} of the last {BODY_WITHIN}",
            Datum(self.context.title(concept), concept),
        )
        facts = _newest(self.context, concept, BODY_WITHIN)
        if not facts:
            return self.refuse(why, lacks)
        value = amount_of(self.context.concepts.concept(concept), name, facts, unit)
        if isinstance(value, str):
            return self.refuse(f"{why}: {value}", lacks)
        return _Amount(facts[0], name, value)

    def loose(self, body: _Amount | None) -> Iterator[Missing]:
        """Why the rate may lie anywhere between two ends."""
        amounts = [("creatinine", self.creatinine)] + ([(body.name, body.value)] if body is not None else [])
        for name, value in amounts:
            if value.exact is None:
                why = f"{name} is on record {INEXACT}, and the limit lies between what it may mean"
                yield self.refuse(why)
        if self.coarse is not None:
            what, lacks = self.coarse
            why = f"the {what} is too coarse for an estimate that tells on which side of the limit it is"
            yield self.refuse(why, lacks)


def _filtration(sample: _Sample) -> _Calculated | Missing:
    """The glomerular filtration rate: CKD-EPI 2021 from 18 years, bedside Schwartz from 1 to 17 (needs a height)."""
    if sample.is_of_child:
        height = sample.body(HEIGHT, "height", "cm", "a child's estimate")
        if isinstance(height, Missing):
            return height
        rate = _between(
            lambda creatinine, years, centimetres: egfr_bedside_schwartz(creatinine, centimetres, years),
            *sample.ends,
            height.ends,
        )
        note = f"estimated from creatinine and height by the bedside Schwartz formula; {_MUSCLE}"
        return _Calculated(rate, note, height)
    sex = sample.known_sex()
    if isinstance(sex, Missing):
        return sex
    rate = _between(lambda creatinine, years: egfr_ckd_epi_2021(creatinine, years, sex), *sample.ends)
    return _Calculated(rate, f"estimated from creatinine by CKD-EPI 2021; {_MUSCLE}")


def _clearance(sample: _Sample) -> _Calculated | Missing:
    """The creatinine clearance of an adult after Cockcroft and Gault, with the actual weight, as its authors had it."""
    if sample.is_of_child:
        return sample.refuse(f"the latest creatinine is from before the 18th birthday, and {_ADULTS_ONLY}")
    sex = sample.known_sex()
    if isinstance(sex, Missing):
        return sex
    weight = sample.body(WEIGHT, "body weight", "kg", "an estimate")
    if isinstance(weight, Missing):
        return weight
    rate = _between(
        lambda creatinine, years, kilograms: creatinine_clearance(creatinine, years, kilograms, sex),
        *sample.ends,
        weight.ends,
    )
    note = f"estimated from creatinine and actual body weight after Cockcroft and Gault; {_MUSCLE}, and in obesity, too"
    return _Calculated(rate, note, weight)


def _between(formula: Callable[..., float], *ends: _Ends) -> tuple[float | None, float | None]:
    """What a formula gives for its lowest and for its highest rate; None where a value that it takes has no end on that side."""
    lowest, highest = (None if None in values else formula(*values) for values in zip(*ends, strict=True))
    return lowest, highest


class Formula(NamedTuple):
    """What an estimate gives and in which unit.

    ``body`` is what of the body it needs beside creatinine: the weight of adults, where it is for them only, or the height of children.
    ``outdating`` are the concepts of which a later entry makes a reported rate an old one.
    """

    unit: str
    body: str
    outdating: tuple[str, ...]
    adults_only: bool
    calculate: Callable[[_Sample], _Calculated | Missing]

    @property
    def needs(self) -> tuple[str, str]:
        """The concepts that it may stand on."""
        return CREATININE, self.body


FORMULAS: Final[Mapping[EstimateFrom, Formula]] = {
    "creatinine": Formula("mL/min/{1.73_m2}", HEIGHT, (CREATININE,), False, _filtration),
    "creatinine-and-weight": Formula("mL/min", WEIGHT, (CREATININE, WEIGHT), True, _clearance),
}
"""What each word of ``estimate`` stands for."""


def estimated(source: EstimateFrom, context: Context, within: str) -> Estimate | tuple[Missing, ...]:
    """The rate from the latest creatinine of a time, and what else its formula needs.

    What is missing or unusable (no creatinine, a unit that cannot be converted, sex other than female or male, an age that is not
    certain) comes back in words, never as a guess. Creatinine comes from muscle, which is often lost in spasticity: who looks at an
    estimate is told so.
    """
    formula, child = FORMULAS[source], _child(context)
    if child is not None and formula.adults_only:
        # Before anything else: no blood is to be drawn for it.
        return (Missing("creatinine", _ADULTS_ONLY, ListName.PATIENT, (child.reference,), NOTHING),)
    sample = _sample(context, within)
    if isinstance(sample, Missing):
        return (sample, *_lacking_beside(sample, formula, context))
    try:
        calculated = formula.calculate(sample)
    except ValueError:
        return (sample.refuse("an estimate is not made for this age or these values"),)
    if isinstance(calculated, Missing):
        return (calculated, *_lacking_beside(calculated, formula, context))
    used = [(CREATININE, within, sample.fact)]
    if calculated.body is not None:
        used.append((formula.body, BODY_WITHIN, calculated.body.fact))
    rivals = [
        rival
        for name, time, fact in used
        for rival in doubts(context, context.concepts.concept(name), time, fact)
    ]
    marks = [f"{context.title(name)}: a preliminary value" for name, _, fact in used if fact.preliminary]
    # Ends are rounded as one rate is, and included, so that what is rounded to an end lies inside.
    low, high = (None if end is None else Decimal(round(end)) for end in calculated.rate)
    rate = QuantityInterval(low, True, high, True, formula.unit)
    facts = tuple(fact for _, _, fact in used)
    notes, loose = (calculated.note, *marks), tuple(sample.loose(calculated.body))
    return Estimate(rate, facts, notes, tuple(dict.fromkeys(rivals)), loose)


def outdating(
    source: EstimateFrom, context: Context, within: str, reported: ObservationFact
) -> tuple[ObservationFact, ...]:
    """The entries that may be a creatinine, or a weight, after a reported rate; of the same stated time are those it was made from."""
    return tuple(
        fact
        for concept in FORMULAS[source].outdating
        for fact in _possible(context, concept, within if concept == CREATININE else BODY_WITHIN)
        if as_new(fact, reported) and (fact.effective is None or fact.effective != reported.effective)
    )


def _child(context: Context) -> Person | None:
    """The patient, where it is certain that they are a child today."""
    person = context.facts.person
    age = age_on(person.birth, context.facts.now.date()) if person is not None and person.birth else None
    return person if age is not None and age.oldest.years < ADULT else None


def _lacking_beside(first: Missing, formula: Formula, context: Context) -> Iterator[Missing]:
    """What else is wanting, so that all of it can be requested and completed at once; nothing where no estimate is to be had."""
    person, child = context.facts.person, _child(context)
    if first.lacks == NOTHING:
        return
    wanting: list[tuple[Datum, str]] = []
    sized = formula.adults_only or child is not None
    if sized and (first.lacks is not None or not first.references) and _is_without(formula.body, context):
        body = Datum(context.title(formula.body), formula.body)
        wanting.append((body, f"an estimate needs a {body.name} of the last {BODY_WITHIN}, too"))
    if person is not None and person.birth is None:
        wanting.append((BIRTH_DATE, "an estimate needs the birth date, too"))
    if person is not None and child is None and person.sex not in ("female", "male"):
        wanting.append((NOTHING if person.sex == "other" else SEX, "an estimate needs the sex, too"))
    for lacks, why in wanting:
        if lacks != first.lacks:
            yield Missing("creatinine", why, ListName.OBSERVATIONS, (), lacks)


def _is_without(concept: str, context: Context) -> bool:
    """Whether nothing on record can be a height or weight of those that are young enough."""
    return context.facts.observations.state.complete and not _possible(context, concept, BODY_WITHIN)


def _sample(context: Context, within: str) -> _Sample | Missing:
    facts = _newest(context, CREATININE, within)
    if not facts:
        unusable = _possible(context, CREATININE, within)
        if unusable:
            why = f"no creatinine of the last {within} can be used for an estimate: the value, the date or the code does not tell"
            references = tuple(fact.reference for fact in unusable)
            return Missing("creatinine", why, ListName.OBSERVATIONS, references)
        nothing = f"no creatinine of the last {within} to estimate it from"
        gaps = incomplete(ListName.OBSERVATIONS, context.facts.observations, "creatinine")
        return next(gaps, Missing("creatinine", nothing, ListName.OBSERVATIONS))
    creatinine = facts[0]
    milligrams = amount_of(context.concepts.concept(CREATININE), "creatinine", facts, "mg/dL")
    if isinstance(milligrams, str):
        return _refused(creatinine, milligrams)
    person = context.facts.person
    if person is None or person.birth is None:
        why = "creatinine is on record, but not the birth date that an estimate needs"
        return _refused(creatinine, why, NOTHING if person is None else BIRTH_DATE)
    now = DateInterval(context.facts.now, context.facts.now, "instant")
    measured = (creatinine.effective or now).up_to(context.facts.now)
    first, last = measured.earliest.date(), measured.latest.date()
    age, coarse = age_on(person.birth, first, last), _coarse(person.birth, first, last)
    if age is None or age.youngest.years < ADULT <= age.oldest.years:
        what, lacks = coarse or _BIRTH
        return _refused(
            creatinine, f"creatinine is on record, but the {what} is too coarse for an estimate", lacks
        )
    return _Sample(context, creatinine, milligrams, age, person, coarse)


_BIRTH: Final = ("birth date", BIRTH_DATE)


def _coarse(birth: DateInterval, first: date, last: date) -> tuple[str, Datum | None] | None:
    """Why the age in the days of a measurement is not one number of years: for the birth date, or for these days.

    Those that begin before the birth are too coarse as well.
    """
    ages = [age for age in (age_on(birth, day) for day in (first, last)) if age is not None]
    if any(age.youngest.years != age.oldest.years for age in ages):
        return _BIRTH
    differ = len(ages) == 1 or len({age.oldest.years for age in ages}) > 1
    return ("date of the creatinine", None) if differ else None


def _refused(creatinine: ObservationFact, why: str, lacks: Datum | None = None) -> Missing:
    return Missing("creatinine", why, ListName.OBSERVATIONS, (creatinine.reference,), lacks)


def _possible(context: Context, concept: str, within: str) -> list[ObservationFact]:
    timely, undated = observations(context, concept, within)
    return [*timely, *undated, *unclear_observations(context, context.concepts.concept(concept), within)]


def _newest(context: Context, concept: str, within: str) -> list[ObservationFact]:
    """The latest amounts of a concept: several, where they may be of the same moment."""
    timely, _ = observations(context, concept, within)
    amounts = [fact for fact in timely if isinstance(fact.value, QuantityInterval)]
    return newest_of(amounts) if amounts else []
