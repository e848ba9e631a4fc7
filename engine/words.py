"""Words: how facts, dates and gaps of a record read on a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal

from engine.dates import AgeInterval, DateInterval
from engine.facts import (
    AllergyFact,
    AppointmentFact,
    ConditionFact,
    DeviceFact,
    EncounterFact,
    FactList,
    ListName,
    ListState,
    MedicationFact,
    ObservationFact,
    ProcedureFact,
    ServiceFact,
)
from engine.finding import Evidence, Missing
from engine.quantity import QuantityInterval

LIST_TITLES = {
    ListName.PATIENT: "patient's own data",
    ListName.ALLERGIES: "allergy list",
    ListName.CONDITIONS: "problem list",
    ListName.MEDICATIONS: "medication list",
    ListName.OBSERVATIONS: "list of laboratory values and observations",
    ListName.PROCEDURES: "list of procedures",
    ListName.DEVICES: "list of devices",
    ListName.APPOINTMENTS: "list of appointments",
    ListName.ENCOUNTERS: "list of encounters",
    ListName.SERVICES: "list of requested services",
}

WORDED = "words that may say so, beside a code that does not"
"""What an entry has whose code denies what its words name."""

NOTED = "a note that may say so, beside a code that does not"
"""What an entry has whose code denies what nothing but its notes name."""

_STATE_WORDS = {
    ListState.NOT_SUPPLIED: "did not arrive",
    ListState.FAILED: "could not be read from the record",
    ListState.PARTIAL: "arrived incomplete",
}

Dated = (
    MedicationFact
    | ConditionFact
    | AllergyFact
    | ObservationFact
    | ProcedureFact
    | DeviceFact
    | AppointmentFact
    | EncounterFact
    | ServiceFact
)


def list_state(name: ListName, state: ListState, detail: str = "") -> str:
    """Why a list that is not complete cannot deny anything, as a clause; ``detail`` is what happened to it."""
    clause = f"the {LIST_TITLES[name]} {_STATE_WORDS[state]}"
    return f"{clause}: {detail}" if detail else clause


def incomplete(name: ListName, facts: FactList[Dated], what: str) -> Iterator[Missing]:
    """What a search of a list that found nothing must say: the list's state, and its entries that could not be read."""
    if not facts.state.complete:
        yield Missing(what, list_state(name, facts.state, facts.detail), name)
    if facts.gaps:
        yield Missing(
            what, unreadable(name, len(facts.gaps)), name, tuple(gap.reference for gap in facts.gaps)
        )


def unreadable(name: ListName, count: int) -> str:
    """That some entries of a list could not be read, as a clause."""
    return f"{entries_of(name, count)} could not be read"


def unread_orders(count: int) -> str:
    """That some orders of the session could not be read, as a clause."""
    return f"{count} {'order' if count == 1 else 'orders'} of this session could not be read"


def uncoded(name: ListName, count: int) -> str:
    """That some entries of a list are in no system that is mapped, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} no code that is known here"


def vague(name: ListName, count: int) -> str:
    """That the codes of some entries of a list say too little, as a clause."""
    return f"{entries_of(name, count)} {'has a code that says' if count == 1 else 'have codes that say'} too little"


def worded(name: ListName, count: int) -> str:
    """That the words of some entries of a list may say what their codes deny, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} {WORDED}"


def noted(name: ListName, count: int) -> str:
    """That the notes of some entries of a list may say what their codes deny, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} {NOTED}"


def unanswered(name: ListName, count: int) -> str:
    """That a terminology server has not told of the codes of some entries of a list, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} {UNANSWERED}"


UNANSWERED = "a code on which the terminology server did not answer, or that it does not know"


def undated(name: ListName, count: int) -> str:
    """That some entries of a list are without a date that tells, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} no date, or one too coarse"


def dated_ahead(name: ListName, count: int) -> str:
    """That some entries of a list, of what has happened, have a date that lies ahead, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} a date that lies ahead"


def lapsed(name: ListName, count: int) -> str:
    """That some entries of a list are active although their time is over, as a clause."""
    return f"{entries_of(name, count)} {'has' if count == 1 else 'have'} {LAPSED}"


UNREAD_STATUS = "its status cannot be read"
"""Why nobody knows what an order of the session does."""

LAPSED = "an active status, but a time that is over"


def unsettled(name: ListName, count: int) -> str:
    """That some entries of a list were broken off, or do not say that they were done, as a clause."""
    return (
        f"{entries_of(name, count)} {'does' if count == 1 else 'do'} not say that all was brought to an end"
    )


def in_use_or_not(name: ListName, count: int) -> str:
    """That some entries of a list leave open whether they are of what is in use, as a clause."""
    said = "does not say whether it is" if count == 1 else "do not say whether they are"
    return f"{entries_of(name, count)} {said} in use"


def entries_of(name: ListName, count: int) -> str:
    """So many entries of a list: ``2 entries of the problem list``."""
    return f"{count} {'entry' if count == 1 else 'entries'} of the {LIST_TITLES[name]}"


def date_of(fact: Dated) -> DateInterval | None:
    """The date that a person would put beside a fact."""
    match fact:
        case ConditionFact():
            return fact.onset or fact.recorded
        case MedicationFact():
            return fact.started or fact.authored
        case ObservationFact():
            return fact.effective
        case ProcedureFact():
            return fact.performed
        case AllergyFact():
            return fact.recorded
        case AppointmentFact():
            return fact.start
        case EncounterFact():
            return fact.period
        case ServiceFact():
            return fact.occurrence
        case _:
            return fact.replace_by


def label_of(fact: Dated) -> str:
    """What a fact is called, as the record calls it."""
    match fact:
        case MedicationFact():
            return fact.label
        case AllergyFact():
            return next((substance.label for substance in fact.substances if substance.label), "")
        case AppointmentFact():
            return fact.services[0].label if fact.services else "appointment"
        case EncounterFact():
            kinds = (*((fact.class_code,) if fact.class_code else ()), *fact.types)
            return kinds[0].label if kinds else "encounter"
        case _:
            return fact.code.label


def entry(fact: Dated) -> Evidence:
    """A fact as evidence."""
    when = date_of(fact)
    return Evidence(fact.reference, label_of(fact), when.describe() if when is not None else "")


def amount(value: QuantityInterval) -> str:
    """A measured value in words: ``42``, ``under 30``, ``over 60``, ``5 to 7``."""
    if value.exact is not None:
        return plain(value.exact.value)
    low, high = value.low, value.high
    if low is None:
        words = "at most" if value.high_inclusive else "under"
        return f"{words} {plain(high)}" if high is not None else "an unstated amount"
    if high is None:
        return f"{'at least' if value.low_inclusive else 'over'} {plain(low)}"
    return f"{plain(low)} to {plain(high)}"


def plain(number: Decimal) -> str:
    """A decimal without an exponent and without idle zeros, rounded to three places, or to three digits where it is below one."""
    text = f"{_THREE_DIGITS.plus(number):f}" if abs(number) < 1 else f"{number:.3f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_THREE_DIGITS = Context(prec=3)

_UNIT_WORDS = {
    "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    "ug": "micrograms",
    "ug/d": "micrograms/day",
    "ug/mL": "micrograms/mL",
    "Cel": "°C",
}


def unit_words(unit: str) -> str:
    """A UCUM unit as a prescriber reads it; ``ug`` is spelled out, because µ has been read as m before."""
    return _UNIT_WORDS.get(unit, unit.replace("[", "").replace("]", ""))


def listing(words: Sequence[str], last: str = "and") -> str:
    """Words joined as a sentence does: ``a``, ``a and b``, ``a, b and c``; ``last`` is the joining word."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def age_words(ages: AgeInterval) -> str:
    """An age as one says it: days in the first month, months in the first two years, then years; a range when it is not certain."""
    unit = "days" if ages.oldest.months < 1 else "months" if ages.oldest.years < 2 else "years"
    young, old = getattr(ages.youngest, unit), getattr(ages.oldest, unit)
    if young == old:
        return f"{old} {unit[:-1] if old == 1 else unit}"
    return f"{young} to {old} {unit}"
