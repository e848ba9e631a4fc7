"""Created: what a suggestion makes new, as a draft about the patient and in the encounter of the session.

It is a resource of R4, unless the orders of the session are of another version: R5 has CodeableReferences where R4 has
CodeableConcepts, and no texts in what is communicated; STU3 calls a requested service a ProcedureRequest, and an
encounter the context. No version of CDS Hooks says in a request which one its resources are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from engine.rule import SuggestionSpec
from fhir_adapters.mapping.elements import Json, nodes
from fhir_adapters.review import ReviewContext

Version = Literal["STU3", "R4", "R5"]
Draft = dict[str, Any]

_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}", re.ASCII)  # FHIR R4, data type id
_OF_STU3: Final = (
    "context",
    "definition",
    "doseQuantity",
    "doseRange",
    "rateQuantity",
    "rateRange",
    "rateRatio",
)


def created(spec: SuggestionSpec, session: ReviewContext, code: Draft) -> Draft | None:
    """The draft that a suggestion creates; None where the session does not name its patient by an id.

    ``code`` is what a requested service is, as a CodeableConcept.
    """
    if not _ID.fullmatch(session.patient_id):
        return None
    version = spoken(order.resource for order in session.orders)
    patient = {"reference": f"Patient/{session.patient_id}"}
    where: Draft = {}
    if _ID.fullmatch(session.encounter_id):
        name = "context" if version == "STU3" else "encounter"
        where = {name: {"reference": f"Encounter/{session.encounter_id}"}}
    if spec.request is not None:
        kind = "ProcedureRequest" if version == "STU3" else "ServiceRequest"
        coded = {"concept": code} if version == "R5" else code
        start: Draft = {"resourceType": kind, "status": "draft", "intent": "order", "code": coded}
        return start | {"subject": patient} | where
    if spec.communicate is not None:
        return {
            "resourceType": "CommunicationRequest",
            "status": "draft",
            **({"intent": "order"} if version == "R5" else {}),
            "subject": patient,
            **where,
            "payload": [
                {"contentCodeableConcept": {"text": spec.communicate}}
                if version == "R5"
                else {"contentString": spec.communicate}
            ],
        }
    task: Draft = {"resourceType": "Task", "status": "draft", "intent": "order", "description": spec.task}
    return task | {"for": patient} | where


def spoken(orders: Iterable[Json]) -> Version:
    """The version of FHIR that orders are written in: R4 where nothing in them is of another one."""
    for order in orders:
        if isinstance(order.get("medication"), dict) or "concept" in _first(order.get("code")):
            return "R5"
        if any(
            name in holder for holder in (order, *nodes(order.get("dosageInstruction"))) for name in _OF_STU3
        ):
            return "STU3"
    return "R4"


def _first(value: object) -> Json:
    return next(iter(nodes(value)), {})
