"""Conditions on the patient: age and sex."""

from __future__ import annotations

from datetime import date
from typing import Final

from engine.conditions.context import Context
from engine.dates import DateInterval, age_on, age_relation
from engine.facts import ListName, MedicationFact
from engine.finding import BIRTH_DATE, SEX, Evidence, Finding, Missing, Truth, met, not_met, truth_of, unknown
from engine.language import AgeLeaf, SexLeaf
from engine.words import age_words, list_state

_COARSE: Final = "too coarse for this age limit"


def _no_person(what: str, context: Context) -> Finding:
    state, detail = context.facts.person_state, context.facts.person_detail
    found = "the patient was not found"
    why = found if state.complete else list_state(ListName.PATIENT, state, detail)
    return unknown(Missing(what, why, ListName.PATIENT))


def age(leaf: AgeLeaf, context: Context) -> Finding:
    """Age on the day of the order; a birth date, or a day of the order, too coarse for the limit is unknown (PE-01)."""
    person = context.facts.person
    if person is None:
        return _no_person("age", context)
    if person.birth is None:
        return unknown(_of_birth(person.birth_problem, person.reference))
    order = context.subject.medication if context.subject.kind == "order" else None
    today = context.facts.now.date()
    first, last = _days(order, today)
    assert leaf.age.comparison is not None, "the model of the condition asks for one"
    word, (limit, *upper) = leaf.age.comparison
    truth = truth_of(age_relation(person.birth, first, word, limit, *upper, until=last))
    evidence = Evidence(person.reference, "birth date", person.birth.describe())
    ages = age_on(person.birth, first, last)
    values = {"value": age_words(ages)} if ages is not None else {}
    if truth is not Truth.UNKNOWN:
        return met(evidence, values=values) if truth is Truth.MET else not_met(evidence, values=values)
    if ages is None and last == today:
        missing = _of_birth("the birth date is after today", person.reference)
    elif order is not None and (ages is None or first < last):
        missing = _of_order(order, person.birth, last, person.reference)
    else:
        missing = _of_birth(f"the birth date is {_COARSE}", person.reference)
    return unknown(missing, evidence=(evidence,))


def _days(order: MedicationFact | None, today: date) -> tuple[date, date]:
    """The first and the last day on which the order under review may have been written; today where it does not say.

    An order is written before it is signed, so that a date ahead is a slip, which must not make a child old enough: no day is
    after today. One whose date cannot be read may be of any day.
    """
    if order is not None and order.authored is not None:
        return min(order.authored.earliest.date(), today), min(order.authored.latest.date(), today)
    return (date.min if order is not None and order.misdated else today), today


def _of_birth(why: str, reference: str) -> Missing:
    return Missing("age", why, ListName.PATIENT, (reference,), BIRTH_DATE)


def _of_order(order: MedicationFact, birth: DateInterval, last: date, patient: str) -> Missing:
    """What is wrong with the date of the order, or with both dates, where that leaves the age open."""
    both = (order.reference, patient)
    if order.authored is None:
        return Missing("age", "the date of the order cannot be read", None, (order.reference,))
    if last < birth.earliest.date():
        return Missing("age", "the order is dated before the birth date", None, both)
    if birth.earliest.date() < birth.latest.date():
        return Missing("age", f"the birth date and the date of the order are {_COARSE}", None, both)
    return Missing("age", f"the date of the order is {_COARSE}", None, (order.reference,))


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
