"""Conditions on the patient: age and sex."""

from __future__ import annotations

from datetime import date

from engine.conditions.context import Context
from engine.dates import age_on, age_relation
from engine.facts import ListName
from engine.finding import BIRTH_DATE, SEX, Evidence, Finding, Missing, Truth, met, not_met, truth_of, unknown
from engine.language import AgeLeaf, SexLeaf
from engine.words import age_words, list_state


def _no_person(what: str, context: Context) -> Finding:
    state, detail = context.facts.person_state, context.facts.person_detail
    found = "the patient was not found"
    why = found if state.complete else list_state(ListName.PATIENT, state, detail)
    return unknown(Missing(what, why, ListName.PATIENT))


def age(leaf: AgeLeaf, context: Context) -> Finding:
    """Age on the day of the order; a birth date too coarse for the limit is unknown (PE-01)."""
    person = context.facts.person
    if person is None:
        return _no_person("age", context)
    if person.birth is None:
        return unknown(
            Missing("age", person.birth_problem, ListName.PATIENT, (person.reference,), BIRTH_DATE)
        )
    day = _day(context)
    assert leaf.age.comparison is not None, "the model of the condition asks for one"
    word, limits = leaf.age.comparison
    truth = truth_of(age_relation(person.birth, day, word, *limits))
    evidence = Evidence(person.reference, "birth date", person.birth.describe())
    ages = age_on(person.birth, day)
    values = {"value": age_words(ages)} if ages is not None else {}
    if truth is Truth.UNKNOWN:
        why = "the birth date is too coarse for this age limit, or after the day of the order"
        return unknown(
            Missing("age", why, ListName.PATIENT, (person.reference,), BIRTH_DATE), evidence=(evidence,)
        )
    return met(evidence, values=values) if truth is Truth.MET else not_met(evidence, values=values)


def _day(context: Context) -> date:
    """The day the order under review was written, where it says so and that is not to come; else today.

    An order is written before it is signed, so that a date ahead is a slip, which must not make a child old enough.
    """
    now = context.facts.now
    order = context.subject.medication if context.subject.kind == "order" else None
    written = order.authored if order is not None else None
    exact = written is not None and written.precision in ("day", "instant")
    return min(written.earliest.date() if written is not None and exact else now.date(), now.date())


def sex(leaf: SexLeaf, context: Context) -> Finding:
    """Administrative sex; a record without one is unknown, a record that says "unknown" is that value."""
    person = context.facts.person
    if person is None:
        return _no_person("sex", context)
    if person.sex is None:
        why = "the record does not state it"
        return unknown(Missing("sex", why, ListName.PATIENT, (person.reference,), SEX))
    evidence = Evidence(person.reference, person.sex)
    return met(evidence) if person.sex in leaf.sex else not_met(evidence)
