"""Writing of medicines: what is taken, what is ordered, and who says so, as the FHIR R4 resources that would state it."""

from __future__ import annotations

from typing import Any, Final

from engine.doses import said_once
from engine.facts import Dosage, Ingredient, MedicationFact, OrderAction
from engine.quantity import Quantity
from fhir_adapters.mapping.writing import SUBJECT, Resource, coded, dated, days, measured, named, said

_STATUSES: Final = {
    "request": {"current": "active", "ended": "stopped", "planned": "draft"},
    "statement": {"current": "active", "ended": "stopped", "planned": "intended"},
    "administration": {"current": "in-progress", "ended": "completed", "planned": "in-progress"},
    "dispense": {"current": "completed", "ended": "stopped", "planned": "preparation"},
}
_ACTIONS: Final = {
    OrderAction.START: "draft",
    OrderAction.CHANGE: "draft",
    OrderAction.HOLD: "on-hold",
    OrderAction.STOP: "stopped",
    OrderAction.UNKNOWN: "unknown",
}
_THERAPY: Final = "MedicationRequest/therapy"


def written_medication(fact: MedicationFact) -> Resource:
    """A medicine of the record, or a draft order, as the resource of its kind."""
    kind = named(fact.reference)["resourceType"]
    members = {
        "MedicationRequest": _request,
        "MedicationStatement": _statement,
        "MedicationAdministration": _administration,
        "MedicationDispense": _dispense,
    }[kind]
    return named(fact.reference) | said(**_product(fact), subject=SUBJECT) | said(**members(fact))


def _status(fact: MedicationFact) -> str:
    return _STATUSES[fact.kind][fact.status.value] if fact.status_certain else "unknown"


def _request(fact: MedicationFact) -> Resource:
    changes = fact.replaces or (_THERAPY if fact.action is OrderAction.CHANGE else None)
    return {
        "status": _ACTIONS[fact.action] if fact.draft else _status(fact),
        "intent": "order",
        "statusReason": coded(fact.status_reason),
        "category": [coded(category) for category in fact.category],
        "authoredOn": dated(fact.authored),
        "reasonCode": [coded(reason) for reason in fact.reasons],
        "groupIdentifier": {"value": fact.group} if fact.group is not None else None,
        "dosageInstruction": [_dosage(dosage, _bounds(fact)) for dosage in fact.dosages],
        "dispenseRequest": said(
            quantity=measured(fact.volume), expectedSupplyDuration=days(fact.supply_days)
        ),
        "priorPrescription": {"reference": changes} if changes is not None else None,
    }


def _bounds(fact: MedicationFact) -> Resource:
    return said(start=dated(fact.started), end=dated(fact.ended))


def _statement(fact: MedicationFact) -> Resource:
    reason = coded(fact.status_reason)
    return {
        "status": _status(fact),
        "statusReason": [reason] if reason is not None else None,
        "effectivePeriod": _bounds(fact),
        "dateAsserted": dated(fact.authored),
        "reasonCode": [coded(reason) for reason in fact.reasons],
        "dosage": [_dosage(dosage, {}) for dosage in fact.dosages],
    }


def _administration(fact: MedicationFact) -> Resource:
    day = dated(fact.started or fact.authored)
    ended = dated(fact.ended)
    written = _dosage(fact.dosages[0], {}) if fact.dosages else {}
    amounts = written.get("doseAndRate", [{}])[0]
    return {
        "status": _status(fact),
        "effectivePeriod": said(start=day, end=ended if ended is not None else None),
        "reasonCode": [coded(reason) for reason in fact.reasons],
        "dosage": said(
            text=written.get("text"),
            route=written.get("route"),
            dose=amounts.get("doseQuantity") or measured(fact.volume),
            rateQuantity=amounts.get("rateQuantity"),
        ),
    }


def _dispense(fact: MedicationFact) -> Resource:
    return {
        "status": _status(fact),
        "quantity": measured(fact.volume),
        "daysSupply": days(fact.supply_days),
        "whenHandedOver": dated(fact.started or fact.authored),
        "dosageInstruction": [_dosage(dosage, {}) for dosage in fact.dosages],
    }


def _product(fact: MedicationFact) -> Resource:
    """What it is: a code alone, or a contained Medication where form, ingredients or batch are known."""
    if not (fact.ingredients or fact.form is not None or fact.batch_expiry is not None):
        return {"medicationCodeableConcept": coded(fact.product)}
    medication = {"resourceType": "Medication", "id": "product"} | said(
        code=coded(fact.product),
        form=coded(fact.form),
        ingredient=[_ingredient(part) for part in fact.ingredients],
        batch=said(expirationDate=dated(fact.batch_expiry)),
    )
    return {"contained": [medication], "medicationReference": {"reference": "#product"}}


def _ingredient(part: Ingredient) -> Resource:
    return said(
        itemCodeableConcept=coded(part.code),
        isActive=None if part.active else False,
        strength=_ratio(part.strength) if part.strength is not None else None,
    )


def _ratio(strength: Quantity) -> Resource:
    """``500 ug/mL`` as 500 ug to 1 mL; what is no concentration is the content of one piece."""
    mass, _, volume = strength.unit.partition("/")
    below: dict[str, Any] = said(
        value=1, **({"unit": volume, "system": "http://unitsofmeasure.org", "code": volume} if volume else {})
    )
    return {"numerator": measured(Quantity(strength.value, mass)), "denominator": below}


def _dosage(dosage: Dosage, bounds: Resource) -> Resource:
    """A Dosage; an amount a day that is not said to be given in doses is an infusion's."""
    times = None
    if dosage.dose is not None and dosage.per_day is not None:
        times = dosage.per_day
    rate = (dosage.daily or dosage.rate) if dosage.dose is None else dosage.rate
    repeat = said(
        boundsPeriod=bounds,
        count=1 if said_once(dosage) else None,
        frequency=times,
        period=1 if times is not None else None,
        periodUnit="d" if times is not None else None,
    )
    amounts = said(doseQuantity=measured(dosage.dose), rateQuantity=measured(rate))
    written = said(
        sequence=dosage.sequence,
        timing=said(repeat=repeat),
        route=coded(dosage.route),
        doseAndRate=[amounts] if amounts else None,
    )
    return written or {"text": "As directed"}
