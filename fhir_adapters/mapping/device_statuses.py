"""Whether a device is in use: by its own status, by the statement that it is used, and by what associates it with the patient.

It is True, False, or None where the record leaves it open: an unknown status, and one that says that the device is in use while
something beside it says otherwise. Such a device is neither certain nor denied. Unlike a medicine, an implant needs no
renewal, so that this does not lapse with time.

Sources: FHIR R4 and STU3, DeviceUseStatement (``timing[x]``, STU3's ``whenUsed``); R5, DeviceUsage (12.26; ``usageStatus``,
``adherence``), DeviceAssociation (``status``, ``statusReason``, ``period``) and Device (``status`` is that of the record of it,
``availabilityStatus`` that of the device).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from engine.dates import DateInterval
from engine.facts import Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import stated
from fhir_adapters.mapping.elements import (
    Json,
    codeable_concept,
    codeable_concepts,
    date_interval,
    node,
    period_ends,
    text,
)
from fhir_adapters.mapping.shapes import readable
from fhir_adapters.mapping.statuses import modified, status_of

OUT_OF_USE: Final = frozenset({"inactive", "not-available"})
"""The statuses of a Device that is not in use: those of R4 and STU3."""

_STATUSES: Final[Mapping[str, Mapping[str, bool | None]]] = {
    "Device": {
        **dict.fromkeys(("active", "available"), True),
        **dict.fromkeys(OUT_OF_USE, False),
        "unknown": None,
    },
    "DeviceAssociation": {
        **dict.fromkeys(("implanted", "attached"), True),
        "explanted": False,
        "unknown": None,
    },
}
_OF_USE: Final[Mapping[str, bool | None]] = {
    **dict.fromkeys(("active", "on-hold"), True),
    **dict.fromkeys(("completed", "stopped"), False),
}
NO_DEVICE: Final = frozenset({"entered-in-error", "intended", "not-done"})
"""The statuses of what tells of no device."""

_TIMES: Final = ("whenUsed", "period", "timingPeriod", "timingTiming", "timingDateTime")
# What else tells of use, and the codes that say that there is some.
_TELLING: Final[Mapping[str, frozenset[str]]] = {
    "usageStatus": frozenset({"always", "sometimes", "active", "on-hold"}),
    "adherence": frozenset({"always", "sometimes"}),
    "availabilityStatus": frozenset({"available"}),
}
_LOST: Final = frozenset({"disconnected", "failed", "replaced"})


def use_status(resource: Json, name: str, issues: DataIssues) -> str | Gap | None:
    """The status of a Device, of a statement of its use or of an association; None where there is, or was, no such thing."""
    known = _statuses(resource).keys() | NO_DEVICE
    return status_of(resource, "status", known, name, issues, left_out=NO_DEVICE)


def in_use(resource: Json, status: str, name: str, issues: DataIssues, now: datetime) -> bool | None:
    """Whether the device is in use by one of these, whose ``status`` was read before; an issue says what leaves it open."""
    found = _statuses(resource).get(status)
    if not status and resource.get("resourceType") == "Device":  # FHIR requires it of the others
        issues.add(name, "status", "assumed", "active, because its status is not stated")
        found = True
    element, why = "", ""
    if found is None:
        element, why = "status", f"its status is {status or 'not stated'}"
    elif found:
        element, why = _time_against(resource, now) or _word_against(resource) or ("", "")
    if why:
        issues.add(name, element, "assumed", f"it may be in use or not: {why}")
        return None
    return found


def in_use_as_associated(
    own: bool | None, associations: Iterable[Json], name: str, issues: DataIssues, now: datetime
) -> bool | None:
    """Whether a Device, in use or not by its ``own`` status, is so by the associations with the patient that name it.

    These decide where there are any; where all were entered in error or are denied, nothing says any more that it is this patient's.
    """
    found = list(associations)
    said = {use for each in found for use in _said(each, now)}
    if not found or said == {own}:
        return own
    if said == {False} or (said == {True} and own is None):
        return said.pop()
    why = "what associates it with the patient does not settle it"
    if not said:
        why = "what associated it with the patient was an error, or is denied"
    issues.add(name, "status", "assumed", f"it may be in use or not: {why}")
    return None


def _said(association: Json, now: datetime) -> list[bool | None]:
    """What an association says, as a list of one, or of none where it says nothing; the issues are those of its own reading."""
    quiet = DataIssues()
    denied, status = modified(association, "", quiet), use_status(association, "", quiet)
    if denied is True or status is None:
        return []
    if isinstance(denied, Gap) or isinstance(status, Gap):
        return [None]
    return [in_use(association, status, "", quiet, now)]


def _statuses(resource: Json) -> Mapping[str, bool | None]:
    return _STATUSES.get(text(resource.get("resourceType")), _OF_USE)


def _time_against(resource: Json, now: datetime) -> tuple[str, str] | None:
    """The element that says that the time is over, or not yet come; one that cannot be read may say so."""
    for element in stated(resource, _TIMES):
        times = _times(element, resource[element])
        if times is None:
            continue
        start, end = times
        if not readable(resource, element) or (start is None and end is None):
            return element, "its time cannot be read"
        if end is not None and end.latest < now:
            return element, "its status says that it is, but its time is over"
        if start is not None and start.earliest > now:
            return element, "its status says that it is, but its time has not come"
    return None


def _times(element: str, value: Any) -> tuple[DateInterval | None, DateInterval | None] | None:
    """Start and end; None where a Timing has none. One moment is when the device was seen in use, or put in: no end."""
    if element == "timingDateTime":
        return date_interval(value), None
    if element == "timingTiming":
        bounds = node(node(value).get("repeat")).get("boundsPeriod")
        return period_ends(bounds) if bounds else None
    return period_ends(value)


def _word_against(resource: Json) -> tuple[str, str] | None:
    """The element beside the status that does not say that the device is used, or says that it is no more."""
    for element, used in _TELLING.items():
        for name in stated(resource, (element,)):
            said = resource[name]
            words = _words(node(said).get("code") if element == "adherence" else said)
            if not words or not words <= used:
                return element, f"its {element} does not say that it is"
    for reason in codeable_concepts(resource.get("statusReason")):
        if not _words(reason).isdisjoint(_LOST):
            return "statusReason", "the reason for its status is that it is not"
    return None


def _words(value: Any) -> set[str]:
    """The codes of a concept in small letters, or its text where it has none."""
    concept = codeable_concept(value)
    return {coding.code.lower() for coding in concept.codings} or set(filter(None, [concept.text.lower()]))
