"""Observation → measurements and coded observations; each component becomes one of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from engine.concepts import CodedText
from engine.dates import DateInterval, has_begun
from engine.facts import Gap, ObservationFact
from engine.quantity import Quantity, QuantityInterval, read_value
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import date_of, stated
from fhir_adapters.mapping.elements import (
    Json,
    Problems,
    as_list,
    boolean,
    codeable_concept,
    date_interval,
    node,
    nodes,
    quantity,
    text,
)
from fhir_adapters.mapping.interpretations import remark
from fhir_adapters.mapping.shapes import MODIFIED, modifies
from fhir_adapters.mapping.statuses import status_of, unreadable

Value = QuantityInterval | CodedText | bool

_USED: Final = frozenset({"final", "amended", "corrected", "appended"})
_PRELIMINARY: Final = frozenset({"preliminary", "unknown"})
_IGNORED: Final = frozenset({"registered", "specimen-in-process", "cancelled", "entered-in-error"})
_KNOWN: Final = _USED | _PRELIMINARY | _IGNORED

_EFFECTIVE: Final = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming")
_MEASURED: Final = ("valueQuantity", "valueRange", "valueRatio")
# What becomes of a date after now, by whether its day has begun somewhere.
_AHEAD: Final[dict[bool, tuple[Literal["assumed", "not checked"], str]]] = {
    True: ("assumed", "it is dated ahead, and its day has begun in some zone: it counts as today's"),
    False: ("not checked", "it is dated ahead, so that nobody knows of when it is"),
}
# Values that no rule compares, with the words that say so.
_NOT_READ: Final = {
    "valueSampledData": "sampled data",
    "valueTime": "a time of day",
    "valueDateTime": "a date",
    "valuePeriod": "a period",
    "valueAttachment": "a document",
    "valueReference": "a reference",
}


def observations(
    resource: Json, reference: str, issues: DataIssues, *, now: datetime
) -> list[ObservationFact | Gap]:
    """The observation and its components; nothing when it is registered only, cancelled or entered in error.

    One that holds nothing but components is only these. A preliminary value counts and is marked, and so is
    one of unknown status. The time is that of the observation, else of its issue, which is noted; so is one after ``now``.
    """
    status = status_of(resource, "status", _KNOWN, reference, issues, left_out=_IGNORED)
    if not isinstance(status, str):
        return [] if status is None else [status]
    if status in ("", "unknown"):
        issues.add(reference, "status", "assumed", "its status is not stated; its value counts")
    effective = _effective(resource, reference, issues)
    if effective is not None and effective.earliest > now:
        issues.add(reference, "effective[x]", *_AHEAD[has_begun(effective, now)])
    components = nodes(resource.get("component"))
    found: list[ObservationFact | Gap] = []
    preliminary = status in _PRELIMINARY
    if not components or _says_something(resource):
        found.append(_one(resource, "", reference, effective, preliminary, issues))
    for index, component in enumerate(components):
        found.append(_one(component, f"component[{index}].", reference, effective, preliminary, issues))
    return found


def _says_something(resource: Json) -> bool:
    return "dataAbsentReason" in resource or any(name.startswith("value") for name in resource)


def _one(
    resource: Json,
    path: str,
    reference: str,
    effective: DateInterval | None,
    preliminary: bool,
    issues: DataIssues,
) -> ObservationFact | Gap:
    if path and modifies(resource):
        return unreadable(reference, f"{path}modifierExtension", MODIFIED, issues)
    code = codeable_concept(resource.get("code"))
    if not code.codings and not code.text:
        return unreadable(reference, f"{path}code", "it does not say what it is", issues)
    problems: Problems = []
    value = None if _contradicts_itself(resource, problems) else _value(resource, problems)
    absent = "" if value is not None else _absent(resource, problems)
    if problems:
        issues.add(reference, f"{path}value[x]", "unreadable", problems[0])
    if said := remark(resource, value):
        issues.add(reference, f"{path}interpretation", "not checked", said)
    return ObservationFact(reference, code, value, effective, absent, preliminary)


def _contradicts_itself(resource: Json, problems: Problems) -> bool:
    """Whether it has more than one value, or one beside the reason for having none (FHIR's obs-6 forbids it)."""
    said = [value for name, value in resource.items() if name.startswith("value")]
    values = sum(value not in (None, {}, []) for value in said)
    if values > 1:
        problems.append("it has more than one value")
    elif values and resource.get("dataAbsentReason"):
        problems.append("it has a value and a reason for having none")
    return bool(problems)


def _value(resource: Json, problems: Problems) -> Value | None:
    for name in _MEASURED:
        if name in resource:
            return quantity(resource[name], "the value", problems)
    if "valueCodeableConcept" in resource:
        concept = codeable_concept(resource["valueCodeableConcept"])
        return concept if concept.codings or concept.text else None
    if "valueString" in resource:
        words = text(resource["valueString"])
        return CodedText(text=words) if words else None
    if "valueBoolean" in resource:
        return boolean(resource["valueBoolean"])
    if "valueInteger" in resource:
        number = read_value(resource["valueInteger"])
        return None if number is None else QuantityInterval.exactly(Quantity(number, "1"))
    return None


def _absent(resource: Json, problems: Problems) -> str:
    """Why there is no value: what the record gives as the reason, or what kept us from reading one."""
    if problems:
        return problems[0]
    reason = codeable_concept(resource.get("dataAbsentReason"))
    if reason.codings:
        return f"the record has no value ({reason.codings[0].code})"
    if reason.text:
        return "the record has no value, and says why in words"
    unread = next((words for name, words in _NOT_READ.items() if name in resource), None)
    if unread is not None:
        problems.append(f"the value is {unread}, which no rule compares")
    elif _has_value(resource):
        problems.append("the value cannot be read")
    return problems[0] if problems else "the entry has no value"


def _has_value(resource: Json) -> bool:
    return any(name.startswith("value") and value not in (None, {}, []) for name, value in resource.items())


def _effective(resource: Json, reference: str, issues: DataIssues) -> DateInterval | None:
    """When it was true of the patient; the time of its issue is a guess at that, which is noted."""
    kinds = stated(resource, _EFFECTIVE)
    if kinds == ["effectiveTiming"]:
        found = _timing(node(resource["effectiveTiming"]))
    else:
        found = date_of(resource, "effective", kinds, reference, issues)
    if found is not None or len(kinds) > 1:
        return found
    issued = date_interval(resource.get("issued"))
    if issued is not None:
        issues.add(reference, "effective[x]", "assumed", "the time of its issue, because no other is stated")
    return issued


def _timing(timing: Json) -> DateInterval | None:
    """From the first to the last of the events of a Timing, or its bounds."""
    events = [found for event in as_list(timing.get("event")) if (found := date_interval(event))]
    if events:
        first = min(events, key=lambda event: event.earliest)
        return DateInterval.spanning(first, max(events, key=lambda event: event.latest))
    return date_interval(node(timing.get("repeat")).get("boundsPeriod"))
