"""Actions: what a suggestion makes the client do, to the draft under review or as something new.

An update sends back the client's own resource, whole, with only the intended paths changed: members that
nobody here knows survive, and so do the digits of its numbers (CH-151). Nothing is ever deleted or updated
that was not a draft of the session (CH-152, CH-154). What is created is a draft about the patient of the
context (CH-150).
"""

from __future__ import annotations

from typing import Any, TypeAlias

from engine.concepts import ConceptLibrary
from engine.rule import SuggestionSpec
from fhir_adapters.cds_hooks.created import created
from fhir_adapters.cds_hooks.models import Action
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import Entry, decode_value

Draft: TypeAlias = dict[str, Any]


def action_of(
    spec: SuggestionSpec, draft: Entry | None, session: ReviewContext, concepts: ConceptLibrary
) -> Action | None:
    """The action of a suggestion; None where the draft has no id of its own, or no shape, that it could act on.

    Nothing is created where the session does not name the patient.
    """
    if spec.creates:
        coded = _coded(spec.code, concepts) if spec.code is not None else {}
        new = created(spec, session, coded | {"text": spec.request})
        return None if new is None else Action("create", spec.label, resource=new)
    whole = decode_value(draft.raw) if draft is not None else None
    if not isinstance(whole, dict) or not _names_itself(whole):
        return None
    if spec.delete is not None:
        return Action("delete", spec.label, resource_id=f"{whole['resourceType']}/{whole['id']}")
    changed = _changed(spec, whole, concepts)
    return None if changed is None else Action("update", spec.label, resource=changed)


def _names_itself(draft: Draft) -> bool:
    id_ = draft.get("id")
    return isinstance(id_, str) and bool(id_) and not any(c.isspace() or c == "/" for c in id_)


def _changed(spec: SuggestionSpec, draft: Draft, concepts: ConceptLibrary) -> Draft | None:
    if spec.set_status is not None:
        return draft | {"status": spec.set_status}
    if spec.note is not None:
        return _appended(draft, "note", {"text": spec.note})
    dosages = draft.get("dosageInstruction", [{}])
    if (
        not isinstance(dosages, list)
        or not dosages
        or not all(isinstance(dosage, dict) for dosage in dosages)
    ):
        return None
    if spec.set_route is not None:
        route = _coded(spec.set_route, concepts)
        return draft | {"dosageInstruction": [dosage | {"route": route} for dosage in dosages]}
    instructed = [_instructed(dosage, spec.instruct or "") for dosage in dosages[:1]]
    return draft | {"dosageInstruction": [*instructed, *dosages[1:]]}


def _appended(draft: Draft, member: str, entry: Draft) -> Draft | None:
    there = draft.get(member, [])
    return draft | {member: [*there, entry]} if isinstance(there, list) else None


def _instructed(dosage: Draft, sentence: str) -> Draft:
    there = dosage.get("patientInstruction")
    before = f"{there.rstrip()} " if isinstance(there, str) and there.strip() else ""
    return dosage | {"patientInstruction": before + sentence}


def _coded(concept_id: str, concepts: ConceptLibrary) -> Draft:
    """The first code of a concept as a CodeableConcept, in the words that go with it.

    A concept that waits for a site's own codes (a pump refill) has none here: then it is words only.
    """
    concept = concepts.concept(concept_id)
    if not concept.codes:
        return {"text": concept.title}
    code = concept.codes[0]
    words = code.display or concept.title
    coding = {"system": concepts.system_uri(code.system), "code": code.code, "display": words}
    return {"coding": [coding], "text": words}
