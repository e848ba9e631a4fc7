"""ServiceRequest and its like → a service that has been requested, or is drafted in this session."""

from __future__ import annotations

from typing import Any, Final

from engine.concepts import CodedText
from engine.facts import Gap, ServiceFact
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import date_of, either, stated
from fhir_adapters.mapping.elements import (
    NOTHING,
    Json,
    as_one,
    codeable_concepts,
    date_interval,
    node,
    nodes,
    reference,
    text,
)
from fhir_adapters.mapping.products import Resolve, find
from fhir_adapters.mapping.statuses import denied_by, status_of, unreadable

_OPEN: Final = frozenset({"active", "unknown"})
_PAUSED: Final = frozenset({"draft", "on-hold", "suspended"})
_CLOSED: Final = _PAUSED | {"revoked", "cancelled", "stopped", "completed", "ended", "entered-in-error"}

# Where each kind of request says what is wanted, the most specific first; R5 has a CodeableReference in most.
_WANTED: Final = (
    ("code", "codeCodeableConcept", "codeReference"),
    ("itemCodeableConcept", "itemReference", "item"),
    ("serviceRequested",),
    ("type",),
    ("category",),
)
_CONCEPT: Final = frozenset({"coding", "text", "concept"})
_PROPOSED: Final = frozenset({"proposal", "option", "plan"})
_WHEN: Final = ("occurrenceDateTime", "occurrencePeriod", "dateTime", "dateWritten", "occurrenceTiming")


def service(
    resource: Json,
    name: str,
    issues: DataIssues,
    *,
    resolve: Resolve,
    draft: bool = False,
) -> ServiceFact | Gap | None:
    """The requested service; None when it is over, on hold, not to be done, or a draft of another session."""
    left_out = _CLOSED - _PAUSED if draft else _CLOSED
    status = status_of(resource, "status", _OPEN | _CLOSED, name, issues, left_out=left_out)
    if not isinstance(status, str):
        return status
    denied = denied_by(resource, ("doNotPerform",), name, issues)
    if isinstance(denied, Gap):
        return denied
    if denied:
        issues.add(name, denied, "ignored", "it asks for something not to be done")
        return None
    if status in ("", "unknown"):
        issues.add(name, "status", "assumed", "active, because its status is not stated")
    code = _wanted(resource, resolve)
    if not code.codings and not code.text:
        return unreadable(name, "code", "it does not say what it is", issues)
    proposed = not draft and text(resource.get("intent")) in _PROPOSED
    if proposed:
        issues.add(name, "intent", "assumed", "not ordered yet: rules see it, and it can be requested")
    when = date_of(resource, "occurrence", _WHEN, name, issues)
    return ServiceFact(name, code, draft, when, date_interval(resource.get("authoredOn")), proposed)


def _wanted(resource: Json, resolve: Resolve) -> CodedText:
    for names in _WANTED:
        kinds = stated(resource, names)
        if kinds:
            return either(_meant(resource[name], resource, resolve) for name in kinds)
    return as_one(tuple(concept for value in _parts(resource) for concept in codeable_concepts(value)))


def _meant(value: Any, resource: Json, resolve: Resolve) -> CodedText:
    """What a CodeableConcept, a Reference or R5's union of both says; that of a reference is the type and code of what it names."""
    written = reference(value) if isinstance(value, dict) and _CONCEPT.isdisjoint(value) else None
    if written is None:
        return as_one(codeable_concepts(value))
    named = find(written, resolve, resource) or NOTHING
    return as_one(codeable_concepts(named.get("type")) + codeable_concepts(named.get("code")))


def _parts(resource: Json) -> list[object]:
    """The diets, supplements and formulas of a NutritionOrder, STU3's ordered item of a supply, the lenses of a VisionPrescription."""
    found = [node(resource.get("oralDiet")).get("type")]
    found += [node(resource.get("orderedItem")).get("itemCodeableConcept")]
    found += [supplement.get("type") for supplement in nodes(resource.get("supplement"))]
    found += [formula.get("baseFormulaType") for formula in nodes(resource.get("enteralFormula"))]
    return found + [lens.get("product") for lens in nodes(resource.get("lensSpecification"))]
