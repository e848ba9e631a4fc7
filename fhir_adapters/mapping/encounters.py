"""Encounter → status, class, types and period; the one the hook names is marked."""

from __future__ import annotations

from typing import Final

from engine.concepts import CodedText
from engine.facts import EncounterFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import date_of
from fhir_adapters.mapping.elements import (
    Json,
    as_one,
    code,
    codeable_concept,
    codeable_concepts,
)
from fhir_adapters.mapping.statuses import status_of, unreadable

# R5 has other words for some statuses of R4; facts have R4's.
_STATUSES: Final = {
    "planned": "planned",
    "arrived": "arrived",
    "triaged": "triaged",
    "in-progress": "in-progress",
    "onleave": "onleave",
    "on-hold": "onleave",
    "finished": "finished",
    "discharged": "finished",
    "completed": "finished",
    "cancelled": "cancelled",
    "discontinued": "cancelled",
    "entered-in-error": "entered-in-error",
    "unknown": "unknown",
}


def encounter(
    resource: Json, reference: str, issues: DataIssues, *, in_context: str = ""
) -> EncounterFact | Gap | None:
    """The encounter, None when entered in error; ``in_context`` is the id of the one the hook names."""
    status = status_of(resource, "status", _STATUSES, reference, issues, left_out=("entered-in-error",))
    if not isinstance(status, str):
        return status
    if not status:
        return unreadable(reference, "status", "it has no status", issues)
    kind = _class(resource.get("class"))
    types = codeable_concepts(resource.get("type"))
    if kind is None and not types:
        issues.add(reference, "class", "unreadable", "it does not say what it is")
    named = bool(in_context) and code(resource.get("id")) == in_context
    when = date_of(resource, "period", ("period", "actualPeriod"), reference, issues)
    return EncounterFact(reference, _STATUSES[status], kind, types, when, named)


def _class(value: object) -> CodedText | None:
    """The class: a Coding up to R4B, a list of CodeableConcepts in R5, which are read as one."""
    found = as_one(codeable_concepts(value) if isinstance(value, list) else (codeable_concept(value),))
    return found if found.codings or found.text else None
