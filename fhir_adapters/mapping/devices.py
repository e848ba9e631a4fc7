"""Device, the statement that one is used, and its association with the patient → a device of the patient.

Whether it is in use stands in :mod:`fhir_adapters.mapping.device_statuses`; here is what it is, and when it is to be replaced (DC-04).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.facts import DeviceFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import DIFFERENT
from fhir_adapters.mapping.device_statuses import OUT_OF_USE, in_use, in_use_as_associated, use_status
from fhir_adapters.mapping.elements import (
    Json,
    as_list,
    codeable_concept,
    codeable_concepts,
    date_interval,
    node,
    nodes,
    reference,
    text,
)
from fhir_adapters.mapping.products import Resolve, find
from fhir_adapters.mapping.shapes import MODIFIED, modifies
from fhir_adapters.mapping.statuses import meaning, unreadable

# How a pump's or battery's end is called in a property: elective replacement (ERI), end of service or life.
_REPLACEMENT: Final = re.compile(r"replac|\bERI\b|\bEOS\b|\bEOL\b|end of (?:service|life)", re.IGNORECASE)


def device(
    resource: Json, name: str, issues: DataIssues, *, now: datetime, associations: Iterable[Json] = ()
) -> DeviceFact | Gap | None:
    """The device; None when it was entered in error or the record states that there is none.

    ``associations`` are the patient's DeviceAssociations of it (R5), which say whether it is in use.
    """
    status = use_status(resource, name, issues)
    if not isinstance(status, str):
        return status
    code = meaning(_type(resource), "type", name, issues)
    if not isinstance(code, CodedText):
        return code
    own = in_use(resource, status, name, issues, now)
    active = in_use_as_associated(own, associations, name, issues, now)
    return DeviceFact(name, code, active, _replace_by(resource, name, issues))


def device_use(
    resource: Json, name: str, issues: DataIssues, *, resolve: Resolve, now: datetime
) -> DeviceFact | Gap | None:
    """What a DeviceUseStatement (R5: DeviceUsage) or a DeviceAssociation (R5) says is in use; None when it is intended, or an error.

    What the device is stands in the Device that it names; without that one only its display is known.
    """
    status = use_status(resource, name, issues)
    if not isinstance(status, str):
        return status
    used = node(resource.get("device"))
    written = reference(used)
    named = find(written, resolve, resource)
    active = in_use(resource, status, name, issues, now)
    if named is not None:
        found = use_status(named, name, issues)
        if not isinstance(found, str):
            return found
        if found in OUT_OF_USE:
            active = _out_of_use(resource, active, name, issues)
        if modifies(named):
            return unreadable(name, "device", MODIFIED, issues)
    stated = codeable_concept(used.get("concept"))
    kind = stated if named is None else _type(named)
    if named is not None and stated.codings:  # R5's reference may have both, which are of one device
        kind = CodedText((*stated.codings, *kind.codings), kind.text or stated.text)
    if not kind.codings and not kind.text:
        pointed = used if "display" in used else node(used.get("reference"))  # R5: inside a CodeableReference
        kind = CodedText(text=text(pointed.get("display")))
    code = meaning(kind, "device", name, issues)
    if not isinstance(code, CodedText):
        return code
    return DeviceFact(name, code, active, _replace_by(named or {}, name, issues))


def _out_of_use(resource: Json, active: bool | None, name: str, issues: DataIssues) -> bool | None:
    """Whether a Device that is marked inactive is in use: by R5's association it may be, as the mark is of the record of it alone."""
    if active is not True or resource.get("resourceType") != "DeviceAssociation":
        return False
    issues.add(name, "device", "assumed", "it may be in use or not: the Device itself is marked inactive")
    return None


def _type(resource: Json) -> CodedText:
    """All types of a device (R5 has a list) as one, with its names and model beside them: "infusion pump; SynchroMed II"."""
    types = codeable_concepts(resource.get("type"))
    codings = tuple(coding for kind in types for coding in kind.codings)
    texts, displays = [kind.text for kind in types], [coding.display for coding in codings]
    known = {each.casefold() for each in (*texts, *displays)}
    names = [name for name in dict.fromkeys(_names(resource)) if name and name.casefold() not in known]
    kind = next(filter(None, [*texts, *displays] if names else texts), "")
    return CodedText(codings, "; ".join(filter(None, (kind, *names))))


def _names(resource: Json) -> Iterator[str]:
    """What a device is called: R4 and R5 have lists of names, R5 one to be shown, STU3 one in its UDI; and its model."""
    for entry in (*nodes(resource.get("deviceName")), *nodes(resource.get("name"))):
        yield text(entry.get("name")) or text(entry.get("value"))
    yield text(resource.get("displayName"))
    yield text(node(resource.get("udi")).get("name"))
    yield text(resource.get("modelNumber")) or text(resource.get("model"))


def _replace_by(resource: Json, name: str, issues: DataIssues) -> DateInterval | None:
    """When it is to be replaced, by a property that says so (DC-04).

    The expiration date is none: for an implant it is commonly the date until which it could be implanted.
    R4 has no date among the values of a property, so that one is written as the text of a code; R5 has texts.
    """
    for prop in nodes(resource.get("property")):
        if _REPLACEMENT.search(codeable_concept(prop.get("type")).label):
            found = set(filter(None, map(date_interval, _dates(prop))))
            if len(found) == 1:
                return found.pop()
            why = "a replacement date that is not a date" if not found else DIFFERENT
            issues.add(name, "property", "unreadable", why)
    if "expirationDate" in resource or "expiry" in resource:
        issues.add(name, "expirationDate", "not checked", "it may be the shelf life of an implanted device")
    return None


def _dates(prop: Json) -> list[str]:
    values = [prop.get("valueDateTime"), prop.get("valueDate"), prop.get("valueString")]
    for concept in [*as_list(prop.get("valueCode")), prop.get("valueCodeableConcept")]:
        found = codeable_concept(concept)
        values += [found.text, *(coding.code for coding in found.codings)]
    return [text(value) for value in values]
