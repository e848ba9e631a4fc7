"""Discovery: which services there are, and how each presents itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from fhir_adapters.conformance.examination import Examination, NotApplicable
from fhir_adapters.conformance.service import DISCOVERY

_ID: Final = re.compile(r"[A-Za-z0-9._~-]+")
_SEMANTIC_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_HOOK_VERSIONS: Final = {
    "patient-view": {"1.0"},
    "order-select": {"1.0", "1.0.2"},
    "order-sign": {"1.0", "1.1.0"},
    "order-dispatch": {"1.1"},
    "appointment-book": {"1.0"},
    "encounter-start": {"1.0"},
    "encounter-discharge": {"1.0"},
    "medication-refill": {"0.1.0"},
    "problem-list-item-create": {"0.1.0"},
    "allergyintolerance-create": {"0.1.0"},
}
"""As their pages say it, in the field or in the log of changes."""


def _services(examination: Examination) -> list[dict[str, Any]]:
    if not examination.listed:
        raise NotApplicable("discovery lists no service that can be called")
    return examination.listed


def ch_010_discovery_answers(examination: Examination) -> Iterator[str]:
    """Whatever JSON-compatible type the client accepts."""
    for accept in ("*/*", "application/json"):
        status = examination.service.get(headers=(("Accept", accept),)).status
        if status != 200:
            yield f"Accept: {accept}: {status}"


def ch_010_a_slash_at_the_end_of_the_address_does_no_harm(examination: Examination) -> Iterator[str]:
    """People type one, and a redirect to http would lose the token."""
    status = examination.service.get(f"{DISCOVERY}/").status
    if status != 200:
        yield f"{DISCOVERY}/: {status}"


def ch_011_discovery_is_an_object_with_an_array_of_services(examination: Examination) -> Iterator[str]:
    """Empty, if there are none."""
    if not isinstance(examination.discovery.members.get("services"), list):
        yield "services is missing or not an array"


def ch_012_a_service_has_hook_description_and_id(examination: Examination) -> Iterator[str]:
    """Each a text that says something."""
    services = examination.discovery.members.get("services")
    if not isinstance(services, list) or not services:
        raise NotApplicable("discovery lists no service")
    for place, service in enumerate(services):
        for name in ("hook", "description", "id"):
            value = service.get(name) if isinstance(service, dict) else None
            if not isinstance(value, str) or not value.strip():
                yield f"services[{place}].{name} is missing or not a text"


def ch_013_a_service_has_a_title(examination: Examination) -> Iterator[str]:
    """For people who choose services."""
    for service in _services(examination):
        if not isinstance(service.get("title"), str):
            yield f"{service['id']} has no title"


def ch_014_usage_requirements_are_a_text(examination: Examination) -> Iterator[str]:
    """Where they are given."""
    found = [service for service in _services(examination) if "usageRequirements" in service]
    if not found:
        raise NotApplicable("no service states requirements")
    for service in found:
        if not isinstance(service["usageRequirements"], str):
            yield f"{service['id']}: usageRequirements is not a text"


def ch_015_prefetch_maps_keys_to_templates(examination: Examination) -> Iterator[str]:
    """It is left out when there are none."""
    for service in _services(examination):
        prefetch = service.get("prefetch", {"": ""})
        if not isinstance(prefetch, dict) or not prefetch:
            yield f"{service['id']}: prefetch is not an object with templates"
        elif not all(isinstance(template, str) for template in prefetch.values()):
            yield f"{service['id']}: a template is not a text"


def ch_018_every_id_takes_a_post(examination: Examination) -> Iterator[str]:
    """The id is one segment of the address."""
    for service in _services(examination):
        if not _ID.fullmatch(service["id"]):
            yield f"{service['id']} is not a plain segment of an address"
    for exchange in examination.exchanges:
        if exchange.answer.status in (404, 405):
            yield f"{exchange.service}: {exchange.answer.status}"


def ch_019_an_id_has_one_hook(examination: Examination) -> Iterator[str]:
    """Clients that key services by address would lose one."""
    for id_, times in Counter(service["id"] for service in _services(examination)).items():
        if times > 1:
            yield f"{id_} is listed {times} times"


def ch_020_a_version_is_a_semantic_version(examination: Examination) -> Iterator[str]:
    """Where it is given: 3.0 knows it, 2.0.1 does not."""
    found = [service for service in _services(examination) if "version" in service]
    if not found:
        raise NotApplicable("no service names the specification's version")
    for service in found:
        version = service["version"]
        if not isinstance(version, str) or not _SEMANTIC_VERSION.fullmatch(version):
            yield f"{service['id']}: version is not a semantic version"


def ch_021_a_hook_version_is_a_published_one(examination: Examination) -> Iterator[str]:
    """Where it is given, for the hooks of HL7's library."""
    found = [service for service in _services(examination) if "hookVersion" in service]
    if not found:
        raise NotApplicable("no service names its hook's version")
    for service in found:
        if service["hookVersion"] not in _HOOK_VERSIONS.get(service["hook"], {service["hookVersion"]}):
            yield f"{service['id']}: {service['hook']} has no version {service['hookVersion']}"


def ch_022_discovery_asks_for_a_token_too(examination: Examination) -> Iterator[str]:
    """Where the services do."""
    if not examination.service.has_token:
        raise NotApplicable("no token was given")
    services = examination.service.send("POST", f"{DISCOVERY}/x", b"{}", signed=False)
    if services.status != 401:
        raise NotApplicable("the service does not authenticate its callers")
    status = examination.service.send("GET", DISCOVERY, signed=False).status
    if status != 401:
        yield f"without a token: {status}"


def ch_023_discovery_is_the_same_every_time(examination: Examination) -> Iterator[str]:
    """And says for how long it may be kept."""
    again = examination.service.get()
    if again.body != examination.discovery.body:
        yield "the second answer differs"
    if not {"etag", "cache-control", "last-modified", "expires"} & again.headers.keys():
        yield "neither ETag nor Cache-Control is set"
