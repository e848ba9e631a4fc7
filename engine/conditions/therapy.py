"""Conditions on the therapy with the rule's own medicine, its supply, the ordering user, and the site's settings."""

from __future__ import annotations

from datetime import datetime, timedelta

from engine.conditions.context import Context
from engine.doses import daily, dated_doses, risen, runs, states_a_day, unread_doses
from engine.errors import UnitError
from engine.facts import ListName, MedicationFact, TherapyStatus
from engine.finding import Finding, Missing, Truth, any_of, met, not_met, truth_of, unknown
from engine.language import ParameterLeaf, SpecialtyLeaf, SupplyLeaf, TherapyLeaf, duration
from engine.medicines import strengths
from engine.quantity import convert
from engine.words import entry, incomplete


def therapy(leaf: TherapyLeaf, context: Context) -> Finding:
    """Where the therapy stands: current, begun within or longer ago than a time, stopped within a time, or at any time."""
    test = leaf.therapy
    what = f"therapy with {context.medicine.title}"
    if test.status != "current":
        return _ever(test.status == "stopped", test.within, what, context)
    current = context.therapy
    if current.certainty is not Truth.MET:
        return (
            unknown(*current.missing, evidence=current.evidence)
            if current.certainty is Truth.UNKNOWN
            else not_met()
        )
    if test.rise_above is not None:
        return _rise(test.rise_above, test.over or "", context)
    values = {"date": current.evidence[0].date or "an unknown date", "label": current.evidence[0].label}
    limit = test.within or test.longer_than
    if limit is None:
        return met(*current.evidence, values=values)
    if current.started is None:
        return unknown(
            Missing(what, "its start is not on record", ListName.MEDICATIONS), evidence=current.evidence
        )
    recent = context.happened_within(current.started, limit)
    earlier = list(incomplete(ListName.MEDICATIONS, context.facts.medications, what))
    if recent is Truth.MET and earlier:  # what is missing of the list may have begun before
        return unknown(*earlier, evidence=current.evidence)
    truth = recent if test.within is not None else ~recent
    if truth is Truth.UNKNOWN:
        return unknown(
            Missing(what, "its start is too coarse a date", ListName.MEDICATIONS), evidence=current.evidence
        )
    return met(*current.evidence, values=values) if truth is Truth.MET else not_met(*current.evidence)


def _rise(percent: float, over: str, context: Context) -> Finding:
    """Whether the daily dose has risen (DO-12): entries that have ended count, and the order under review is the newest."""
    facts, subject = context.facts, context.subject.medication
    held = context.record.holding(context.medicine)
    own = [m for m in held if context.is_own(m) is Truth.MET]
    doses = list(dated_doses(own))
    what = f"the doses of {context.medicine.title}"
    ordered = daily(subject) if subject is not None and context.subject.kind == "order" else None
    if ordered is not None:
        doses.append((facts.now, ordered))
    try:
        truth = risen(doses, percent, facts.now - length_ahead(*duration(over)))
    except UnitError:
        return unknown(Missing(what, "their units cannot be converted", ListName.MEDICATIONS))
    evidence = context.therapy.evidence
    earlier = list(incomplete(ListName.MEDICATIONS, facts.medications, what))
    if truth is not Truth.MET and earlier:
        return unknown(*earlier, evidence=evidence)
    ordering = (subject,) if subject is not None and context.subject.kind == "order" else ()
    unread = tuple(each.reference for each in unread_doses((*own, *ordering)))
    if truth is not Truth.MET and unread:
        missing = Missing(what, "a dose of it cannot be read", ListName.MEDICATIONS, unread)
        return unknown(missing, evidence=evidence)
    return met(*evidence) if truth is Truth.MET else not_met(*evidence)


def _ever(stopped: bool, limit: str | None, what: str, context: Context) -> Finding:
    found: list[MedicationFact] = []
    doubtful: list[MedicationFact] = []
    for fact in context.record.holding(context.medicine):
        if fact.status is TherapyStatus.PLANNED or (stopped and not _has_ended(fact)):
            continue
        own = context.is_own(fact)
        timely = context.has_happened_within(fact.ended, limit) if stopped else Truth.MET
        if own is Truth.MET and timely is Truth.MET:
            found.append(fact)
        elif own is not Truth.NOT_MET and timely is not Truth.NOT_MET:
            doubtful.append(fact)
    if found:
        return met(
            *map(entry, found),
            values={"date": _when(found[0], stopped), "label": found[0].label},
        )
    missing = list(incomplete(ListName.MEDICATIONS, context.facts.medications, what))
    if not (stopped or missing or doubtful) and context.therapy.certainty is Truth.UNKNOWN:
        missing += context.therapy.missing
    if doubtful:
        references = tuple(fact.reference for fact in doubtful)
        missing.append(
            Missing(
                what,
                "earlier entries do not say when, or whether, they were it",
                ListName.MEDICATIONS,
                references,
            )
        )
    return unknown(*missing, evidence=tuple(map(entry, doubtful))) if missing else not_met()


def _has_ended(fact: MedicationFact) -> bool:
    """Whether an entry is of therapy that has ended; a single dose is none."""
    return fact.status is TherapyStatus.ENDED and fact.kind in ("request", "statement") and runs(fact)


def _when(fact: MedicationFact, stopped: bool) -> str:
    return (fact.ended.describe() if stopped and fact.ended else entry(fact).date) or "an unknown date"


def supply(leaf: SupplyLeaf, context: Context) -> Finding:
    """When the reservoir is empty (DC-03): the last filling, plus volume times concentration over daily dose.

    A stated expected supply duration takes the place of the arithmetic. Any factor that is missing makes it unknown, by name. A
    filling on a day is taken for one at its beginning, and days ahead are whole days.
    """
    what = "the day the pump runs empty"
    if context.therapy.certainty is not Truth.MET:
        return unknown(*context.therapy.missing) if context.therapy.missing else not_met()
    given = (m for m in context.record.holding(context.medicine) if _is_fill(m, context))
    fills = [(when, m) for m in given if (when := m.started or m.authored) is not None]
    if not fills:
        return unknown(
            Missing(what, "the last filling is not on record", ListName.MEDICATIONS),
            evidence=context.therapy.evidence,
        )
    filled, last = max(fills, key=lambda fill: (fill[0].latest, fill[1].reference))
    lasts = _days(last, context)
    if isinstance(lasts, str):
        return unknown(
            Missing(what, f"{lasts} is not on record", ListName.MEDICATIONS, (last.reference,)),
            evidence=(entry(last),),
        )
    filled = filled.up_to(context.facts.now)
    first, final = filled.earliest + lasts, filled.latest + lasts
    count, unit = duration(leaf.supply.empty_within)
    horizon = context.facts.now + length_ahead(count, unit)
    if unit != "hour":
        horizon = horizon.replace(hour=23, minute=59, second=59, microsecond=999_999)
    if filled.precision in ("day", "instant"):
        final = first  # the earlier of the two, since a pump must not run out
    truth = truth_of(True if final <= horizon else False if first > horizon else None)
    values = {"date": _day(first)}
    if truth is Truth.UNKNOWN:
        return unknown(
            Missing(
                what, "the date of the last filling is too coarse", ListName.MEDICATIONS, (last.reference,)
            )
        )
    return met(entry(last), values=values) if truth is Truth.MET else not_met(entry(last), values=values)


def _is_fill(fact: MedicationFact, context: Context) -> bool:
    filling = fact.kind in ("administration", "dispense") or fact.supply_days is not None
    begun = fact.started or fact.authored
    past = fact.status is not TherapyStatus.PLANNED and not context.lies_ahead(begun)
    return filling and past and context.is_own(fact) is Truth.MET


def length_ahead(count: float, unit: str) -> timedelta:
    """A length of time by which something is reckoned ahead or back: a month is taken for 30 days, a year for 365."""
    return timedelta(days=count * {"hour": 1 / 24, "day": 1, "week": 7, "month": 30, "year": 365}[unit])


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _days(fill: MedicationFact, context: Context) -> timedelta | str:
    """How long a filling lasts, or the name of the factor that is missing."""
    if fill.supply_days is not None:
        days = float(fill.supply_days)
        return timedelta(days=days) if 0 <= days <= _LONGEST else "a usable length of the supply"
    volume = fill.volume or next(
        (d.dose.exact for d in fill.dosages if d.dose is not None and d.dose.exact is not None), None
    )
    related = (fill, *context.therapy.medications)
    stated = (s for m in related for s in strengths(context.concepts, context.medicine, m))
    strength = next(stated, None)
    dose = next((daily(m) for m in related if states_a_day(m)), None)
    if volume is None:
        return "the filled volume"
    if strength is None:
        return "the concentration"
    if dose is None:
        return "the daily dose"
    try:
        filling = convert(volume, "mL").value * convert(strength, "ug/mL").value
        days = float(filling / convert(dose, "ug/d").value)
    except (UnitError, ArithmeticError):
        days = -1
    return timedelta(days=days) if 0 <= days <= _LONGEST else "a usable volume, concentration and daily dose"


_LONGEST = 3650
"""Days that no filling lasts: a reservoir that is said to last longer is an error of the record."""


def specialty(leaf: SpecialtyLeaf, context: Context) -> Finding:
    """The ordering user's specialty (DO-01); unknown when the user's role did not arrive."""
    truth = any_of(context.is_in(leaf.specialty, code) for code in context.facts.user_specialties)
    if not context.facts.user_specialties or truth is Truth.UNKNOWN:
        return unknown(Missing("the prescriber's specialty", "the user's role is not known"))
    return met() if truth is Truth.MET else not_met()


def parameter(leaf: ParameterLeaf, context: Context) -> Finding:
    """A setting of the pack or the site."""
    return met() if context.parameters.get(leaf.parameter) == leaf.is_ else not_met()
