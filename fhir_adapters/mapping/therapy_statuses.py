"""Whether a medicine is taken, from the statuses and intents of the four medication resources of every FHIR version.

The tables are the inventory's MEDS and T-ITB-CURRENT: what is active or on hold is current, what was completed,
stopped or cancelled has ended, a mistake is left out, and a status that is unknown, missing or not FHIR's counts as
current and is marked. So does an active plan: US Core writes what a patient reports as one. A draft counts only in its own
session, where it is under review; what waits (a draft, a dispense that is being prepared, anything on hold) is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from engine.facts import OrderAction, TherapyStatus
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.elements import Json, boolean, code, node
from fhir_adapters.mapping.shapes import says_nothing
from fhir_adapters.mapping.statuses import denied_by, status_code

Kind = Literal["request", "statement", "administration", "dispense"]

KINDS: Final[Mapping[str, Kind]] = {
    "MedicationRequest": "request",
    "MedicationStatement": "statement",
    "MedicationUsage": "statement",
    "MedicationAdministration": "administration",
    "MedicationDispense": "dispense",
}

_CURRENT, _ENDED, _PLANNED = TherapyStatus.CURRENT, TherapyStatus.ENDED, TherapyStatus.PLANNED

# None: nothing was given or taken, so that the entry says nothing of what the patient takes or took.
_STATUSES: Final[Mapping[Kind, Mapping[str, TherapyStatus | None]]] = {
    "request": {
        **dict.fromkeys(("active", "on-hold"), _CURRENT),
        **dict.fromkeys(("completed", "stopped", "cancelled", "ended"), _ENDED),
        "draft": _PLANNED,
    },
    "statement": {
        **dict.fromkeys(("active", "on-hold", "intended", "recorded"), _CURRENT),
        **dict.fromkeys(("completed", "stopped"), _ENDED),
        "not-taken": None,
    },
    "administration": {
        **dict.fromkeys(("in-progress", "on-hold"), _CURRENT),
        **dict.fromkeys(("completed", "stopped"), _ENDED),
        "not-done": None,
    },
    "dispense": {
        "completed": _CURRENT,
        "stopped": _ENDED,
        **dict.fromkeys(("preparation", "in-progress", "on-hold"), _PLANNED),
        **dict.fromkeys(("cancelled", "declined"), None),
    },
}
_UNSURE: Final = frozenset({"unknown", "draft"})
_WAITING: Final = {"on-hold": "it is on hold", "draft": "it is a draft that nobody has signed"}
_ORDERS: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
_SUGGESTIONS: Final = frozenset({"proposal", "option"})
_NEGATIONS: Final = {
    "doNotPerform": "it is an instruction not to give the medicine",
    "notGiven": "it was not given",
}
_TAKEN: Final = frozenset({"y", "n", "unk", "na"})
# https://hl7.org/fhir/R5/valueset-medication-statement-adherence.html
_ADHERENCE: Final = frozenset(
    f"{said}{as_directed}"
    for said in ("taking", "on-hold", "stopped")
    for as_directed in ("", "-as-directed", "-not-as-directed")
) | {"not-taking", "unknown"}
_STOPS: Final = frozenset({"stopped", "cancelled", "ended"})
_MISTAKE: Final = "entered-in-error"
_KNOWN: Final = {kind: frozenset({*found, *_UNSURE, _MISTAKE}) for kind, found in _STATUSES.items()}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a medicine is taken, and whether the record is sure of it; ``doubt`` is what is wrong with a status that says nothing."""

    status: TherapyStatus
    certain: bool = True
    doubt: str = ""


def standing(kind: Kind, resource: Json, issues: DataIssues, name: str) -> Standing | None:
    """Where an entry of the record stands; None, with an issue, for one that does not count.

    What a doubt comes to is said when the time of the entry is known: an issue of it is left to the caller.
    """
    status = status_in(kind, resource)
    if status == _MISTAKE:
        issues.add(name, "status", "ignored", "it was entered in error")
        return None
    denied = denied_by(resource, _NEGATIONS, name, issues)
    if isinstance(denied, str):
        issues.add(name, denied, "ignored", _NEGATIONS[denied])
        return None
    status_of = _STATUSES[kind]
    found = status_of.get(status or "", _CURRENT)
    if found is None:
        issues.add(name, "status", "ignored", f"nothing was given or taken ({status})")
        return None
    doubt = ""
    if status not in status_of:
        said = "not one of FHIR's" if status is None else status or "missing"
        doubt = f"the status is {said}"
    elif found is _PLANNED or status == "on-hold":
        said = _WAITING.get(status or "", "it is being prepared")
        issues.add(name, "status", "assumed", f"{said}; it counts as {found.value}")
    stands = Standing(found, not doubt and denied is None, doubt)
    if kind == "request":
        return _by_intent(stands, resource, issues, name)
    return _by_adherence(stands, resource, issues, name) if kind == "statement" else stands


def _by_intent(found: Standing, resource: Json, issues: DataIssues, name: str) -> Standing | None:
    intent = code(resource.get("intent")).lower()
    if intent in _SUGGESTIONS:
        issues.add(name, "intent", "ignored", f"it is not an order ({intent})")
        return None
    if intent == "plan" and found.status is _CURRENT:
        issues.add(
            name,
            "intent",
            "assumed",
            "it is a plan, which may be what the patient reports; it counts as current",
        )
        return replace(found, certain=False)
    if intent not in _ORDERS and intent != "plan":
        issues.add(name, "intent", "assumed", "the intent is not stated as FHIR does; it counts as an order")
    return found


def _by_adherence(found: Standing, resource: Json, issues: DataIssues, name: str) -> Standing | None:
    """STU3's ``taken`` and R5's ``adherence``, which know entries of what is not, or no longer, taken."""
    taken = status_code(resource.get("taken"), _TAKEN)
    adherence = status_code(node(resource.get("adherence")).get("code"), _ADHERENCE)
    if taken == "n":
        issues.add(name, "taken", "ignored", "it was not taken")
        return None
    misshapen = not adherence and not says_nothing(resource.get("adherence"))
    for element, said in (("taken", taken), ("adherence", None if misshapen else adherence)):
        if said is None:
            issues.add(name, element, "assumed", "it is not a code that FHIR defines; it counts as before")
            return replace(found, certain=False)
    if taken == "unk" or adherence == "unknown":
        issues.add(name, "adherence", "assumed", "it is not known to be taken; it counts as before")
        return replace(found, certain=False)
    if adherence and adherence.startswith(("not-taking", "stopped")) and found.status is _CURRENT:
        return replace(found, status=_ENDED)
    return found


def status_in(kind: Kind, resource: Json) -> str | None:
    """The status that FHIR has for a kind of entry; empty where none is stated, None where nobody can read which it is."""
    return status_code(resource.get("status"), _KNOWN[kind])


def under_review(resource: Json, issues: DataIssues, name: str) -> Standing | None:
    """Where an order of the session stands: it counts with every status but that of a mistake, since it is being signed."""
    status = status_in("request", resource)
    if status == _MISTAKE:
        issues.add(name, "status", "ignored", "it was entered in error")
        return None
    if status is None or status == "unknown":
        said = "unknown" if status else "not one of FHIR's"
        issues.add(name, "status", "unreadable", f"the status is {said}, so that it may stop the medicine")
    elif status == "completed":
        issues.add(name, "status", "assumed", "it is completed; it counts as an order to give")
    if isinstance(denied_by(resource, ("doNotPerform",), name, issues), str):
        issues.add(
            name, "doNotPerform", "assumed", "an order not to give the medicine is read as stopping it"
        )
    return Standing(_CURRENT)


def order_action(resource: Json, nothing_given: bool) -> OrderAction:
    """What an order under review does to therapy (DC-01): ``nothing_given`` is a dose or rate of zero.

    Its status is that of the order that is being signed, so that *active* starts or changes just as *draft* does. One that is
    there and not FHIR's, or unknown, may be any.
    """
    status = status_in("request", resource)
    if status in _STOPS or boolean(resource.get("doNotPerform")) or nothing_given:
        return OrderAction.STOP
    if status == "on-hold":
        return OrderAction.HOLD
    if status is None or status == "unknown":
        return OrderAction.UNKNOWN
    return OrderAction.CHANGE if resource.get("priorPrescription") else OrderAction.START
