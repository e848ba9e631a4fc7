"""Medicines ordered, stated, given and dispensed, and the orders under review, as facts.

One reading for MedicationRequest, MedicationStatement (R5's MedicationUsage of the ballots too),
MedicationAdministration and MedicationDispense of STU3 to R5: what differs between them is where an element stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from engine.concepts import UNREAD, CodedText
from engine.dates import DateInterval, is_future
from engine.facts import Gap, MedicationFact, OrderAction, TherapyStatus
from engine.quantity import Quantity
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.absence import Absence, absence_in
from fhir_adapters.mapping.choices import DIFFERENT, stated
from fhir_adapters.mapping.dosages import AS_NEEDED, DosageReading, partly_numbered, read_dosages
from fhir_adapters.mapping.elements import (
    Json,
    code,
    codeable_concept,
    codeable_concepts,
    converted,
    date_interval,
    effect_of,
    node,
    period_ends,
    quantity,
    reference,
    reference_to,
    text,
)
from fhir_adapters.mapping.products import (
    Resolve,
    StrengthOf,
    find,
    read_product,
    with_strength_of_its_code,
)
from fhir_adapters.mapping.shapes import says_nothing
from fhir_adapters.mapping.statuses import modified
from fhir_adapters.mapping.therapy_statuses import (
    KINDS,
    Kind,
    Standing,
    order_action,
    standing,
    status_in,
    under_review,
)
from fhir_adapters.references import normal_reference

_EVENTS: Final = {
    "statement": ("effectivePeriod", "effectiveDateTime", "effective"),
    "administration": (
        *("effectivePeriod", "effectiveDateTime", "effective"),
        *(
            "occurencePeriod",
            "occurenceDateTime",
            "occurrencePeriod",
            "occurrenceDateTime",
        ),  # R5 spells it so
    ),
    "dispense": ("whenHandedOver", "whenPrepared"),
}
_OVER: Final = "but its time is over; it may still be taken if that is recent, else it has ended"
_UNDER_WAY: Final = frozenset({"in-progress", "on-hold"})
_AUTHORED: Final = ("authoredOn", "dateAsserted", "recorded", "dateWritten")
_STATUS_REASONS: Final = (
    *("statusReason", "statusReasonCodeableConcept", "notPerformedReason"),
    *("reasonNotTaken", "reasonNotGiven", "notDoneReasonCodeableConcept"),
)


@dataclass(frozen=True, slots=True)
class _Course:
    """When a medicine is taken, as far as the entry says.

    ``dispensed_until`` is the last day of dispensing where nothing says how long the supply lasts: that is no end.
    """

    start: DateInterval | None = None
    end: DateInterval | None = None
    dispensed_until: DateInterval | None = None


def medication_fact(
    resource: object,
    resolve: Resolve,
    issues: DataIssues,
    *,
    now: datetime,
    draft: bool = False,
    selected: bool = True,
    name: str = "",
    strength_of: StrengthOf = lambda product: None,
) -> MedicationFact | None:
    """The fact that a medication resource states; None, with an issue, where it states none.

    ``resolve`` finds what references mean beyond the resource's own ``contained``. ``draft`` marks an order under
    review: there every status and intent counts but ``entered-in-error``, since what is being signed may be new,
    revised or stopped (DC-01). ``name`` is the reference that evidence uses, when it is not type and id. ``strength_of`` knows
    strengths by the codes of products.
    """
    raw = node(resource)
    name = name or reference_to(raw)
    kind = KINDS.get(text(raw.get("resourceType")))
    if kind is None:
        issues.add(name, "resourceType", "not checked", "it is not a medication resource that can be read")
        return None
    denied = modified(raw, name, issues)
    found = under_review(raw, issues, name) if draft else standing(kind, raw, issues, name)
    if found is None or (denied is True and not draft):
        return None
    product = read_product(raw, resolve, issues, name)
    product = with_strength_of_its_code(product, strength_of, issues, name)
    absence = absence_in(product.code)
    if absence is Absence.NONE_KNOWN:
        issues.add(name, "medication", "ignored", absence)
        return None
    if absence is not None:
        issues.add(name, "medication", "unreadable", absence)
    element = "dosageInstruction" if raw.get("dosageInstruction") is not None else "dosage"
    readings = read_dosages(raw.get(element), product.concentration, given=kind == "administration")
    for index, reading in enumerate(readings):
        for problem in reading.dosage.problems:
            if problem != AS_NEEDED:
                issues.add(name, f"{element}[{index}]", effect_of(problem), problem)
    if partly_numbered(readings):
        issues.add(name, element, "assumed", "only some have a number; the others may run beside any of them")
    supply = _supply_days(raw, issues, name)
    course = _course(kind, raw, readings, supply, issues, name)
    dosages = tuple(reading.dosage for reading in readings)
    action = OrderAction.START
    if draft:
        action = order_action(raw, denied is True or _nothing_given(readings))
        found = Standing(TherapyStatus.ENDED) if action is OrderAction.STOP else found
    else:
        found = _in_time(kind, found, course, now, issues, name)
    authored = next((date for key in _AUTHORED if key in raw and (date := date_interval(raw[key]))), None)
    misdated = [key for key in _AUTHORED if authored is None and not says_nothing(raw.get(key))]
    for key in misdated:
        issues.add(name, key, "unreadable", "it is not a date")
    return MedicationFact(
        reference=name,
        product=product.code if absence is None else CodedText((UNREAD,), product.code.text),
        kind=kind,
        ingredients=product.ingredients,
        form=product.form,
        dosages=dosages,
        status=found.status,
        status_certain=found.certain and not isinstance(denied, Gap),
        status_reason=next(
            (c for key in _STATUS_REASONS if key in raw for c in codeable_concepts(raw[key])), None
        ),
        draft=draft,
        selected=selected,
        action=action,
        replaces=_replaced(raw, resolve),
        authored=authored,
        misdated=bool(misdated),
        started=course.start,
        ended=_ended(course, authored, found, now, DataIssues() if draft else issues, name),
        reasons=_reasons(raw, resolve, issues, name),
        category=codeable_concepts(raw.get("category")),
        group=_group(raw.get("groupIdentifier")),
        volume=_volume(raw, readings),
        supply_days=supply,
        batch_expiry=product.batch_expiry,
        batch_problem=product.batch_problem,
        problems=product.problems,
    )


def _course(
    kind: Kind,
    raw: Json,
    readings: Sequence[DosageReading],
    supply: Decimal | None,
    issues: DataIssues,
    name: str,
) -> _Course:
    if kind == "request":
        return _ordered_course(raw, readings, supply)
    if kind != "dispense" and len({date_interval(raw[key]) for key in stated(raw, _EVENTS[kind])}) > 1:
        issues.add(name, "effective[x]", "unreadable", DIFFERENT)
        return _Course()
    for key in _EVENTS[kind]:
        value = raw.get(key)
        if isinstance(value, dict):
            return _Course(*period_ends(value))
        if (date := date_interval(value)) is not None:
            given = kind == "administration" and status_in(kind, raw) not in _UNDER_WAY
            return _Course(date, _after(date, supply) if kind == "dispense" else date if given else None)
    return _Course()


def _ordered_course(raw: Json, readings: Sequence[DosageReading], supply: Decimal | None) -> _Course:
    """From R5's ``effectiveDosePeriod``, else the bounds of all dosages, else the time in which it may be dispensed.

    What is dispensed on the last day lasts as long as the supply does; where that is not stated, nobody knows how long.
    """
    if raw.get("effectiveDosePeriod"):
        return _Course(*period_ends(raw["effectiveDosePeriod"]))
    starts = [reading.start for reading in readings if reading.start is not None]
    ends = [reading.end for reading in readings if reading.end is not None]
    start = min(starts, key=lambda date: date.earliest) if readings and len(starts) == len(readings) else None
    end = max(ends, key=lambda date: date.latest) if readings and len(ends) == len(readings) else None
    if starts or ends:
        return _Course(start, end)
    start, end = period_ends(node(raw.get("dispenseRequest")).get("validityPeriod"))
    if end is None or supply is None:
        return _Course(start, dispensed_until=end)
    return _Course(start, _after(end, supply))


def _after(date: DateInterval, days: Decimal | None) -> DateInterval | None:
    if days is None:
        return None
    try:
        span = timedelta(days=float(days))
        return DateInterval(date.earliest + span, date.latest + span, date.precision)
    except OverflowError:
        return None


def _in_time(
    kind: Kind, found: Standing, course: _Course, now: datetime, issues: DataIssues, name: str
) -> Standing:
    """The status against the calendar: what ended in the past has ended, what starts in the future is planned.

    What was given or handed out is over with its time. An order, a statement or an infusion that is active although its time is over
    may have been renewed by nobody: that it has ended is not certain. Nor is it where the status says nothing, be it of one dose:
    that may be the beginning of an infusion.
    """
    over = course.end is not None and course.end.latest < now
    if found.status is TherapyStatus.CURRENT and over and kind != "dispense":
        issues.add(name, "status", "assumed", f"{found.doubt or 'it is active'}, {_OVER}")
        return Standing(TherapyStatus.ENDED, False)
    stands = _by_calendar(kind, found, course, now, issues, name)
    if found.doubt:
        issues.add(name, "status", "assumed", f"{found.doubt}; it counts as {stands.status.value}")
    return stands


def _by_calendar(
    kind: Kind, found: Standing, course: _Course, now: datetime, issues: DataIssues, name: str
) -> Standing:
    if found.status is not TherapyStatus.CURRENT:
        return found
    if course.end is not None and course.end.latest < now:
        issues.add(name, "daysSupply", "assumed", "what was handed out is used up; it counts as ended")
        return Standing(TherapyStatus.ENDED)
    if course.start is not None and course.start.earliest > now:
        return Standing(TherapyStatus.PLANNED, found.certain)
    if course.dispensed_until is not None and course.dispensed_until.latest < now:
        element = "dispenseRequest.validityPeriod"
        issues.add(name, element, "assumed", "it is active, but no longer dispensed; it counts as current")
        return Standing(found.status, False)
    if kind == "dispense" and course.end is None:
        issues.add(
            name, "daysSupply", "not checked", "it does not say how long the supply lasts that was handed out"
        )
        return Standing(found.status, False)
    return found


def _ended(
    course: _Course,
    authored: DateInterval | None,
    found: Standing,
    now: datetime,
    issues: DataIssues,
    name: str,
) -> DateInterval | None:
    """When it ends or ended.

    What has ended did so between its start and now where it does not say when, or says a day to come: whoever stops an order
    leaves in it until when it was planned.
    """
    if found.status is not TherapyStatus.ENDED:
        return course.end
    if course.end is not None and is_future(course.end, now) is not True:
        return course.end
    if course.end is not None:
        why = "it has ended before the time that it states, some time since its start"
        issues.add(name, "status", "assumed", why)
    start = course.start or authored
    return (
        None if start is None or start.earliest > now else DateInterval(start.earliest, now, start.precision)
    )


def _nothing_given(readings: Sequence[DosageReading]) -> bool:
    """Whether every instruction of an order gives nothing (DC-01: zeroing the pump is an order too); one that is not read may not."""
    return bool(readings) and all(reading.nothing for reading in readings)


def _replaced(raw: Json, resolve: Resolve) -> str | None:
    written = reference(raw.get("priorPrescription"))
    if written is None:
        return None
    named = reference_to(find(written, resolve, raw))
    return named if "/" in named else normal_reference(written)


def _reasons(raw: Json, resolve: Resolve, issues: DataIssues, name: str) -> tuple[CodedText, ...]:
    """The reasons given; one that is a reference has the code of what it refers to, or none when that is missing."""
    found: list[CodedText] = []
    for element in ("reasonCode", "reason", "reasonReference"):
        value = raw.get(element)
        entries: list[Any] = value if isinstance(value, list) else [value] if value is not None else []
        for entry in entries:
            concept = codeable_concept(entry)
            written = reference(entry) if isinstance(entry, dict) else None
            if concept.codings or (concept.text and written is None):
                found.append(concept)
            elif written is not None:
                found.append(_referred_reason(written, entry, raw, resolve, issues, f"{name} {element}"))
    return tuple(found)


def _referred_reason(
    written: str, entry: Json, raw: Json, resolve: Resolve, issues: DataIssues, where: str
) -> CodedText:
    target = find(written, resolve, raw)
    concept = codeable_concept(node(target).get("code"))
    if not concept.codings:
        name, _, element = where.partition(" ")
        issues.add(name, element, "not checked", "the reason is a reference that leads to no code")
    return concept if concept.codings or concept.text else CodedText(text=text(entry.get("display")))


def _group(value: object) -> str | None:
    raw = node(value)
    group = code(raw.get("value"))
    return f"{text(raw.get('system'))}|{group}" if group else None


def _volume(raw: Json, readings: Sequence[DosageReading]) -> Quantity | None:
    """The volume that is dispensed, or given: what fills a pump (DC-03)."""
    dispensed = node(raw.get("dispenseRequest")).get("quantity") or raw.get("quantity")
    found = quantity(dispensed, "", [])
    volume = converted(found, "mL") if found is not None else None
    if volume is not None:
        return volume.exact
    given = "dosage" in raw and next(
        (reading.volume for reading in readings if reading.volume is not None), None
    )
    return given or None


def _supply_days(raw: Json, issues: DataIssues, name: str) -> Decimal | None:
    element = "dispenseRequest.expectedSupplyDuration" if "dispenseRequest" in raw else "daysSupply"
    value = node(raw.get("dispenseRequest")).get("expectedSupplyDuration") or raw.get("daysSupply")
    problems: list[str] = []
    found = quantity(value, "the time that the supply lasts", problems)
    days = converted(found, "d") if found is not None else None
    if found is not None and (days is None or days.exact is None):
        problems.append("the time that the supply lasts is not a number of days")
    for problem in problems:
        issues.add(name, element, "unreadable", problem)
    return days.exact.value if days is not None and days.exact is not None else None
