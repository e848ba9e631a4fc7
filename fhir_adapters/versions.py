"""Versions of one resource that were sent together: which of them counts, if that can be told.

A record that is fetched by several queries may hold a resource twice, and it may have changed in between. Nothing but
``meta.lastUpdated`` says which version is the later one; a server's version ids are opaque (FHIR R4, 2.27.2 Meta).
What two servers keep under one id are two resources, as the rules of FHIR R4 for the URLs in a Bundle say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.elements import date_interval, node
from fhir_adapters.references import address
from fhir_adapters.wire import Entry, decode_value

UNSURE: Final = "two versions were sent, and neither says that it is the later one"


class Version(NamedTuple):
    """The version that counts; ``others`` counts those that do not.

    ``differ`` says that they differ in something that is read, ``sure`` that it is known which is the later one,
    ``namesake`` that another server keeps another resource under the same id.
    """

    entry: Entry
    others: int = 0
    differ: bool = False
    sure: bool = True
    namesake: bool = False


def versions(entries: Iterable[Entry]) -> list[Version]:
    """Every resource once; of versions that cannot be told apart always the same one, whatever order they came in."""
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.reference, []).append(entry)
    return [version for found in by_name.values() for version in _of_one_name(found)]


def _of_one_name(found: list[Entry]) -> list[Version]:
    if len(found) == 1:
        return [Version(found[0])]
    by_place: dict[str, list[Entry]] = {}
    for entry in found:
        by_place.setdefault(address(entry.full_url), []).append(entry)
    if len(by_place.keys() - {""}) < 2 or all(entry.resource == found[0].resource for entry in found):
        return [_latest(found)]
    if found[0].type == "Patient":  # of a request there is one, and nothing says which of these it is
        return [Version(max(found, key=_bytes), len(found) - 1, True, False)]
    return [_latest(same)._replace(namesake=True) for same in by_place.values()]


def _latest(found: list[Entry]) -> Version:
    others = len(found) - 1
    if all(entry.resource == found[0].resource for entry in found):
        return Version(max(found, key=_bytes), others)
    dated = [(_updated(entry), entry) for entry in found]
    if any(moment is None for moment, _ in dated):
        return Version(max(found, key=_bytes), others, True, False)
    last = max(moment for moment, _ in dated if moment is not None)
    latest = [entry for moment, entry in dated if moment == last]
    sure = all(entry.resource == latest[0].resource for entry in latest)
    return Version(max(latest, key=_bytes), others, True, sure)


def _bytes(entry: Entry) -> bytes:
    return bytes(entry.raw)


def _updated(entry: Entry) -> datetime | None:
    try:
        meta = node(node(decode_value(entry.raw)).get("meta"))
    except FhirDataError:
        return None
    found = date_interval(meta.get("lastUpdated"))
    return found.earliest if found is not None and found.precision == "instant" else None
