"""Writing: facts as the FHIR R4 resources that would state them; the way back of the mapping.

For the cases that authors write: whatever is written here is read by the mapping again, so that a test of a rule goes the whole way that
an EHR's request goes. Facts must be dated as records are (a year, a month, a day or an instant), as those of cases are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.facts import (
    AllergyFact,
    AppointmentFact,
    ConditionFact,
    Course,
    DeviceFact,
    EncounterFact,
    ListName,
    ObservationFact,
    PatientFacts,
    Person,
    ProcedureFact,
    ServiceFact,
)
from engine.quantity import Quantity, QuantityInterval

Resource = dict[str, Any]

SUBJECT: Final = {"reference": "Patient/1"}
UCUM: Final = "http://unitsofmeasure.org"
_STATUS: Final = "http://terminology.hl7.org/CodeSystem/"
_COURSE: Final = {Course.CURRENT: "active", Course.REMISSION: "remission", Course.PAST: "resolved"}
_FORMATS: Final = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}


def said(**members: Any) -> Resource:
    """The members that say something: what is absent in the facts is absent in FHIR."""
    return {name: value for name, value in members.items() if value not in (None, "", (), [], {})}


def coded(code: CodedText | None) -> Resource | None:
    """A CodeableConcept."""
    if code is None:
        return None
    codings = [said(system=each.system, code=each.code, display=each.display) for each in code.codings]
    return said(coding=codings, text=code.text)


def dated(interval: DateInterval | None) -> str | None:
    """A date or dateTime, as exact as it is known."""
    if interval is None:
        return None
    if interval.precision == "instant":
        return interval.earliest.isoformat()
    return interval.earliest.strftime(_FORMATS[interval.precision])


def measured(amount: Quantity | QuantityInterval | None) -> Resource | None:
    """A Quantity, with a comparator where only a limit is known."""
    if amount is None:
        return None
    if isinstance(amount, Quantity):
        amount = QuantityInterval.exactly(amount)
    comparator = None
    value = amount.low
    if amount.low is None:
        value, comparator = amount.high, "<=" if amount.high_inclusive else "<"
    elif amount.high is None:
        comparator = ">=" if amount.low_inclusive else ">"
    return said(value=value, comparator=comparator, unit=amount.unit, system=UCUM, code=amount.unit)


def named(reference: str) -> Resource:
    """The type and id of a reference."""
    type_, _, id_ = reference.partition("/")
    return {"resourceType": type_, "id": id_}


def status_concept(system: str, code: str) -> Resource:
    """A status that FHIR writes as a CodeableConcept."""
    return {"coding": [{"system": f"{_STATUS}{system}", "code": code}]}


def written_person(person: Person) -> Resource:
    """A Patient."""
    death = said(deceasedDateTime=dated(person.died)) or said(deceasedBoolean=person.deceased or None)
    return named(person.reference) | said(birthDate=dated(person.birth), gender=person.sex) | death


def _allergy(fact: AllergyFact) -> Resource:
    system = "allergyintolerance-clinical"
    return named(fact.reference) | said(
        clinicalStatus=status_concept(system, "active" if fact.active else "inactive"),
        verificationStatus=status_concept(
            "allergyintolerance-verification", "unconfirmed" if fact.suspected else "confirmed"
        ),
        type="intolerance" if fact.intolerance else "allergy",
        code=coded(fact.substances[0]),
        patient=SUBJECT,
        recordedDate=dated(fact.recorded),
        note=_noted(fact.notes),
    )


def _condition(fact: ConditionFact) -> Resource:
    return named(fact.reference) | said(
        clinicalStatus=status_concept("condition-clinical", _COURSE[fact.course]),
        verificationStatus=status_concept(
            "condition-ver-status", "provisional" if fact.suspected else "confirmed"
        ),
        code=coded(fact.code),
        subject=SUBJECT,
        onsetDateTime=dated(fact.onset),
        abatementDateTime=dated(fact.abatement),
        recordedDate=dated(fact.recorded),
        note=_noted(fact.notes),
    )


def _noted(notes: str) -> list[Resource] | None:
    return [{"text": notes}] if notes else None


def _observation(fact: ObservationFact) -> Resource:
    value = fact.value
    return named(fact.reference) | said(
        status="preliminary" if fact.preliminary else "final",
        code=coded(fact.code),
        subject=SUBJECT,
        effectiveDateTime=dated(fact.effective),
        valueQuantity=measured(value) if isinstance(value, QuantityInterval) else None,
        valueCodeableConcept=coded(value) if isinstance(value, CodedText) else None,
        dataAbsentReason=status_concept("data-absent-reason", "unknown") if value is None else None,
    )


def _procedure(fact: ProcedureFact) -> Resource:
    return named(fact.reference) | said(
        status="completed" if fact.done else "preparation",
        code=coded(fact.code),
        subject=SUBJECT,
        performedDateTime=dated(fact.performed),
    )


def _device(fact: DeviceFact) -> Resource:
    # R4 has no date among the values of a property.
    replacement = [
        {"type": {"text": "Elective replacement date"}, "valueCode": [{"text": dated(fact.replace_by)}]}
    ]
    return named(fact.reference) | said(
        status="unknown" if fact.active is None else "active" if fact.active else "inactive",
        type=coded(fact.code),
        patient=SUBJECT,
        property=replacement if fact.replace_by is not None else None,
    )


def _appointment(fact: AppointmentFact) -> Resource:
    day = dated(fact.start)
    return named(fact.reference) | said(
        status=fact.status,
        serviceType=[coded(service) for service in fact.services],
        requestedPeriod=[{"start": day, "end": day}] if day is not None else None,
        participant=[{"actor": SUBJECT, "status": "accepted"}],
    )


def _encounter(fact: EncounterFact) -> Resource:
    kind = next((type_ for type_ in fact.types if type_.codings), None)
    day = dated(fact.period)
    return named(fact.reference) | said(
        **{"class": (coded(kind) or {"coding": [{"display": "not coded"}]})["coding"][0]},
        status=fact.status,
        type=[coded(type_) for type_ in fact.types if type_ is not kind],
        subject=SUBJECT,
        period=said(start=day, end=day if fact.status == "finished" else None),
    )


def written_service(fact: ServiceFact) -> Resource:
    """A ServiceRequest."""
    return named(fact.reference) | said(
        status="draft" if fact.draft else "active",
        intent="order",
        code=coded(fact.code),
        subject=SUBJECT,
        occurrenceDateTime=dated(fact.occurrence),
    )


_WRITERS: Final[Mapping[ListName, Callable[[Any], Resource]]] = MappingProxyType(
    {
        ListName.ALLERGIES: _allergy,
        ListName.CONDITIONS: _condition,
        ListName.OBSERVATIONS: _observation,
        ListName.PROCEDURES: _procedure,
        ListName.DEVICES: _device,
        ListName.APPOINTMENTS: _appointment,
        ListName.ENCOUNTERS: _encounter,
        ListName.SERVICES: written_service,
    }
)


def written_list(name: ListName, facts: PatientFacts, *, draft: bool = False) -> list[Resource]:
    """The resources of a list but that of the medicines: those of the record, or those that are being added (``draft``)."""
    if name is ListName.PATIENT:
        return [] if facts.person is None else [written_person(facts.person)]
    entries: Iterable[Any] = getattr(facts, name.value).items
    return [_WRITERS[name](fact) for fact in entries if getattr(fact, "draft", False) is draft]


def days(number: Decimal | None) -> Resource | None:
    """A Duration in days."""
    return None if number is None else {"value": number, "unit": "days", "system": UCUM, "code": "d"}
