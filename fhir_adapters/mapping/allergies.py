"""AllergyIntolerance → allergy or intolerance, by code and substances of reactions (inventory ALLERGY)."""

from __future__ import annotations

from typing import Final

from engine.concepts import CodedText
from engine.facts import AllergyFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.elements import (
    NO_CODE,
    Json,
    as_list,
    codeable_concept,
    codeable_concepts,
    date_interval,
    nodes,
)
from fhir_adapters.mapping.notes import notes
from fhir_adapters.mapping.shapes import MODIFIED, modifies, says_nothing
from fhir_adapters.mapping.statuses import meaning, status_code, status_of, unreadable

_CLINICAL: Final = frozenset({"active", "inactive", "resolved"})
_VERIFICATION: Final = frozenset({"confirmed", "unconfirmed", "presumed", "refuted", "entered-in-error"})
_LEFT_OUT: Final = frozenset({"resolved", "refuted", "entered-in-error"})
# DSTU2's one ``status`` says both whether it is active and whether it is certain.
_STATUSES: Final = {
    "clinicalStatus": _CLINICAL,
    "verificationStatus": _VERIFICATION,
    "status": _CLINICAL | _VERIFICATION,
}
_TYPES: Final = frozenset({"allergy", "intolerance"})


def allergy(
    resource: Json, reference: str, issues: DataIssues, *, draft: bool = False
) -> AllergyFact | Gap | None:
    """The allergy; None when it is refuted, resolved, entered in error, or states that none is known."""
    stated: set[str] = set()
    for element, known in _STATUSES.items():
        status = status_of(resource, element, known, reference, issues, left_out=_LEFT_OUT)
        if not isinstance(status, str):
            return status
        stated.add(status)
    said = nodes(resource.get("reaction"))
    if len(said) < len([entry for entry in as_list(resource.get("reaction")) if not says_nothing(entry)]):
        return unreadable(reference, "reaction", "a reaction cannot be read", issues)
    if any(map(modifies, said)):
        return unreadable(reference, "reaction", MODIFIED, issues)
    what = resource.get("code") or resource.get("substance")
    if isinstance(what, list) and len(what) > 1:
        return unreadable(reference, "code", "it says what it is more than once", issues)
    reactions = (found for reaction in said for found in codeable_concepts(reaction.get("substance")))
    codes = (codeable_concept(what), *reactions)
    substances = tuple(found for found in codes if found.codings or found.text)
    first = meaning(substances[0] if substances else NO_CODE, "code", reference, issues)
    if first is None and len(substances) > 1:
        return unreadable(
            reference, "reaction", "it states that none is known, and a reaction to something", issues
        )
    if not isinstance(first, CodedText):
        return first
    kind = status_code(resource.get("type"), _TYPES)
    if kind is None:
        issues.add(reference, "type", "assumed", "an allergy: its type is not a code that FHIR defines")
    recorded = date_interval(resource.get("recordedDate")) or date_interval(resource.get("assertedDate"))
    return AllergyFact(
        reference,
        substances,
        active="inactive" not in stated,
        intolerance=kind == "intolerance",
        suspected=not stated.isdisjoint({"unconfirmed", "presumed"}),
        recorded=recorded,
        draft=draft,
        notes=notes(resource),
    )
