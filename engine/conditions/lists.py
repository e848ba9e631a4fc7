"""Conditions on the lists of the record: diagnoses, allergies, procedures, devices, appointments, encounters, services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.concepts import CodedText, Membership
from engine.conditions.context import Context, drafts, search
from engine.dates import DateInterval, is_future
from engine.facts import (
    AllergyFact,
    AppointmentFact,
    ConditionFact,
    Course,
    DeviceFact,
    EncounterFact,
    ListName,
    ProcedureFact,
    ServiceFact,
)
from engine.finding import Finding, Truth, all_of, any_of, truth_of
from engine.free_text import names, spoken_of
from engine.language import (
    AllergyLeaf,
    AppointmentLeaf,
    ConditionLeaf,
    DeviceLeaf,
    EncounterLeaf,
    ProcedureLeaf,
    ServiceLeaf,
)
from engine.rule import Hook
from engine.words import dated_ahead, in_use_or_not, undated, unsettled

_COURSES = {
    "current": {Course.CURRENT},
    "current-or-remission": {Course.CURRENT, Course.REMISSION},
    "past": {Course.PAST, Course.REMISSION},
    "ever": set(Course),
}


def condition(leaf: ConditionLeaf, context: Context) -> Finding:
    """A diagnosis, by status (inventory CURRENT, CURRENT+REMISSION, EVER), certainty and time.

    The time is that of the onset; without one, of the recording, and the finding says so. What is being recorded is recorded now.
    """
    title = context.title(leaf.condition)
    listed = context.counting(context.possible(ListName.CONDITIONS, leaf.condition))
    towards = context.record.towards(ListName.CONDITIONS, leaf.condition)
    excluded = {
        id(fact) for other in leaf.excluding for fact in context.record.members(ListName.CONDITIONS, other)
    }
    had = _had_before(context) if leaf.new and listed.items else frozenset()

    def in_it(fact: ConditionFact) -> Truth:
        return Truth.NOT_MET if id(fact) in excluded else towards.holds(fact)

    def judge(fact: ConditionFact) -> Truth:
        if not _has_course(fact, leaf.status, context) or (
            leaf.certainty != "any" and fact.suspected != (leaf.certainty == "suspected")
        ):
            return Truth.NOT_MET
        began = _began(fact, context)
        since = truth_of(True)
        if leaf.since is not None:
            start = context.therapy.started
            since = Truth.MET if start is None else Truth.UNKNOWN if began is None else _after(began, start)
            if not had.isdisjoint(_codes(fact)):
                return Truth.NOT_MET
        return all_of(
            (
                in_it(fact),
                Truth.MET
                if _counts_undated(leaf, began, context)
                else context.has_happened_within(began, leaf.within),
                since,
            )
        )

    finding = search(
        context,
        listed,
        ListName.CONDITIONS,
        leaf.condition,
        judge,
        in_it,
        lacks=lambda fact: context.lacking_date(_began(fact, context)),
    )
    if finding.truth is Truth.MET:
        used = {evidence.reference for evidence in finding.evidence}
        facts = [fact for fact in context.conditions.items if fact.reference in used]
        if all(fact.suspected for fact in facts):
            finding = finding.noting(f"{title}: suspected, not confirmed")
        if all(_counts_undated(leaf, _began(fact, context), context) for fact in facts):
            ahead = all(context.lacking_date(_began(fact, context)) is dated_ahead for fact in facts)
            lacks = "lies ahead" if ahead else "is not on record, or too coarse"
            finding = finding.noting(f"{title}: the date {lacks}")
        elif (leaf.within or leaf.since) and all(fact.onset is None for fact in facts):
            finding = finding.noting(f"{title}: dated by when it was recorded, the onset is not on record")
        if leaf.since and context.therapy.started is None:
            finding = finding.noting("the start of the therapy is not on record: counted as after it")
    return finding


def _has_course(fact: ConditionFact, status: str, context: Context) -> bool:
    """Whether it stands where the rule asks; one that is called active and has abated counts as current and as past."""
    if fact.course in _COURSES[status] or status != "past" or fact.abatement is None:
        return fact.course in _COURSES[status]
    return is_future(fact.abatement, context.facts.now) is False


def _began(fact: ConditionFact, context: Context) -> DateInterval | None:
    began = fact.onset or fact.recorded
    if began is None and fact.draft:
        return DateInterval(context.facts.now, context.facts.now, "instant")
    return began


def _counts_undated(leaf: ConditionLeaf, began: DateInterval | None, context: Context) -> bool:
    """Whether an entry counts although its date does not tell whether it is within the time."""
    return leaf.if_undated == "met" and context.has_happened_within(began, leaf.within) is Truth.UNKNOWN


def _had_before(context: Context) -> frozenset[tuple[str, str]]:
    """The codes of the diagnoses that began before the therapy; none where its start is not on record."""
    start = context.therapy.started
    dated = ((fact, _began(fact, context)) for fact in context.facts.conditions.items)
    return frozenset(
        code
        for fact, began in dated
        if start is not None and began is not None and _after(began, start) is Truth.NOT_MET
        for code in _codes(fact)
    )


def _codes(fact: ConditionFact) -> Iterator[tuple[str, str]]:
    return ((coding.system, coding.code) for coding in fact.code.codings)


def _after(began: DateInterval, start: DateInterval) -> Truth:
    if began.earliest >= start.latest:
        return Truth.MET
    return Truth.NOT_MET if began.latest <= start.earliest else Truth.UNKNOWN


def allergy(leaf: AllergyLeaf, context: Context) -> Finding:
    """An allergy or intolerance by code or by the substance of a reaction (inventory ALLERGY).

    A code denies only as long as the words beside it do not name the substance: a product may be too new for the list, and a code
    may say no more than that there is an allergy to some medicine. Such a code is no doubt beside the substance of a reaction.
    """
    concepts = context.concepts

    def told(fact: AllergyFact) -> list[CodedText]:
        """What an entry names, without what says no more than that there is a cause where something else of it names one."""
        together = tuple(coding for each in fact.substances for coding in each.codings)
        if concepts.membership(leaf.allergy, together) is not Membership.NO:
            return list(fact.named)
        vague = [
            each
            for each in fact.named
            if concepts.leaves_open(leaf.allergy, each.codings)
            and not names(concepts, leaf.allergy, spoken_of(each))
        ]
        return [each for each in fact.named if each not in vague]

    def judge(fact: AllergyFact) -> Truth:
        if fact.active != (leaf.status == "active") or (
            leaf.type != "any" and fact.intolerance != (leaf.type == "intolerance")
        ):
            return Truth.NOT_MET
        if not fact.substances:
            return Truth.UNKNOWN
        return any_of(context.is_in(leaf.allergy, substance) for substance in told(fact))

    found = context.counting(context.possible(ListName.ALLERGIES, leaf.allergy))
    finding = search(context, found, ListName.ALLERGIES, leaf.allergy, judge)
    if finding.truth is Truth.MET:
        used = {evidence.reference for evidence in finding.evidence}
        entries = context.counting(context.facts.allergies).items
        if all(fact.suspected for fact in entries if fact.reference in used):
            return finding.noting("the allergy entry is not confirmed")
    return finding


def procedure(leaf: ProcedureLeaf, context: Context) -> Finding:
    """A procedure that was done, or is planned, in a time before or after now; unknown where it may not have come to its end."""
    in_it = context.record.towards(ListName.PROCEDURES, leaf.procedure).holds

    def judge(fact: ProcedureFact) -> Truth:
        if leaf.status != "any" and fact.done != (leaf.status == "done"):
            return Truth.NOT_MET
        timely = (context.has_happened_within if fact.done else context.happens_within)(
            fact.performed, leaf.within
        )
        brought_to_end = Truth.MET if fact.certain else Truth.UNKNOWN
        return all_of((in_it(fact), timely, brought_to_end))

    return search(
        context,
        context.possible(ListName.PROCEDURES, leaf.procedure),
        ListName.PROCEDURES,
        leaf.procedure,
        judge,
        in_it,
        lacks=lambda fact: _date_of(fact, context) if fact.certain else unsettled,
    )


def _date_of(fact: ProcedureFact, context: Context) -> Callable[[ListName, int], str]:
    """What the date of a procedure lacks: of one that is planned, one ahead lacks nothing."""
    return context.lacking_date(fact.performed if fact.done else None)


def device(leaf: DeviceLeaf, context: Context) -> Finding:
    """A device of the patient; unknown where a rule asks whether it is in use, and the record leaves that open."""
    in_it = context.record.towards(ListName.DEVICES, leaf.device).holds

    def stands(fact: DeviceFact) -> Truth:
        if leaf.status == "any":
            return Truth.MET
        return Truth.UNKNOWN if fact.active is None else truth_of(fact.active == (leaf.status == "active"))

    def judge(fact: DeviceFact) -> Truth:
        overdue = Truth.MET
        if leaf.replacement is not None:
            due = fact.replace_by
            overdue = Truth.NOT_MET if due is None else ~truth_of(is_future(due, context.facts.now))
        return all_of((in_it(fact), stands(fact), overdue))

    return search(
        context,
        context.possible(ListName.DEVICES, leaf.device),
        ListName.DEVICES,
        leaf.device,
        judge,
        in_it,
        lacks=lambda fact: undated if fact.active is not None else in_use_or_not,
    )


_KEPT = {"arrived", "fulfilled", "checked-in"}
_BOOKED = {"booked", "proposed", "pending"}


def appointment(leaf: AppointmentLeaf, context: Context) -> Finding:
    """An appointment that was missed with no later one in its place, is planned, or was kept (DC-02, MO-03)."""
    served = context.facts.appointments.items
    what = f"{context.title(leaf.appointment)} appointments"

    def service(fact: AppointmentFact) -> Truth:
        return (
            any_of(context.is_in(leaf.appointment, code) for code in fact.services)
            if fact.services
            else Truth.UNKNOWN
        )

    def replaced(fact: AppointmentFact) -> Truth:
        others = (other for other in served if other.status in _KEPT | _BOOKED)
        return any_of(all_of((service(other), _later(other, fact))) for other in others)

    def judge(fact: AppointmentFact) -> Truth:
        match leaf.state:
            case "missed" if fact.status in {"noshow", "cancelled"}:
                stands = ~replaced(fact)
            case "planned" if fact.status in _BOOKED | {"waitlist"}:
                stands = truth_of(fact.start is None or fact.start.latest >= context.facts.now)
            case "kept" if fact.status in _KEPT:
                stands = Truth.MET
            case _:
                return Truth.NOT_MET
        timely = context.happens_within if leaf.state == "planned" else context.happened_within
        return all_of((service(fact), stands, timely(fact.start, leaf.within)))

    def kind(fact: AppointmentFact) -> Truth:
        others = (service(other) for other in served if other.status in _KEPT | _BOOKED)
        return Truth.UNKNOWN if leaf.state == "missed" and Truth.UNKNOWN in others else service(fact)

    found = context.possible(ListName.APPOINTMENTS, leaf.appointment)
    return search(context, found, ListName.APPOINTMENTS, leaf.appointment, judge, kind, what)


def _later(other: AppointmentFact, fact: AppointmentFact) -> Truth:
    """Whether an appointment is later than another, or of the same time; unknown where a date is missing or too coarse."""
    if other.start is None or fact.start is None:
        return Truth.UNKNOWN
    if other.start.earliest >= fact.start.latest:
        return Truth.MET
    return Truth.NOT_MET if other.start.latest < fact.start.earliest else Truth.UNKNOWN


def encounter(leaf: EncounterLeaf, context: Context) -> Finding:
    """An encounter of a class or type: the one the request names (or one in progress), or a finished one (MO-01, MO-03)."""

    def judge(fact: EncounterFact) -> Truth:
        now = fact.in_context or fact.status in {"in-progress", "arrived", "triaged"}
        if now != (leaf.state == "now") or (
            leaf.state == "finished" and fact.status not in {"finished", "completed", "discharged"}
        ):
            return Truth.NOT_MET
        return all_of((kind(fact), context.has_happened_within(fact.period, leaf.within)))

    def kind(fact: EncounterFact) -> Truth:
        codes = (*((fact.class_code,) if fact.class_code is not None else ()), *fact.types)
        return any_of(context.is_in(leaf.encounter, code) for code in codes) if codes else Truth.UNKNOWN

    facts = context.possible(ListName.ENCOUNTERS, leaf.encounter)
    if (
        leaf.state == "now"
        and facts.state.complete
        and any(fact.in_context for fact in context.facts.encounters.items)
    ):
        facts = replace(facts, items=tuple(fact for fact in facts.items if fact.in_context))
    return search(
        context,
        facts,
        ListName.ENCOUNTERS,
        leaf.encounter,
        judge,
        kind,
        lacks=lambda fact: context.lacking_date(fact.period),
    )


def service(leaf: ServiceLeaf, context: Context) -> Finding:
    """A requested service, active or drafted in this session."""
    in_it = context.record.towards(ListName.SERVICES, leaf.service).holds

    def judge(fact: ServiceFact) -> Truth:
        timely = Truth.MET
        if leaf.within is not None and fact.occurrence is not None:
            sides = (context.happened_within, context.happens_within)
            timely = any_of(side(fact.occurrence, leaf.within) for side in sides)
        return all_of((in_it(fact), timely))

    facts = context.possible(ListName.SERVICES, leaf.service)
    if context.subject.kind == "therapy" and Hook(context.facts.hook).reviews_orders:
        facts = drafts(facts)  # those of the session: orders are under review for a patient on the medicine
    return search(
        context,
        facts,
        ListName.SERVICES,
        leaf.service,
        judge,
        in_it,
    )
