"""Transport and JSON: TLS, media types, and what no member may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from fhir_adapters.conformance.examination import Examination, NotApplicable, comparable
from fhir_adapters.conformance.service import DISCOVERY, JSON_HEADERS, Answer


def ch_001_production_traffic_goes_over_tls(examination: Examination) -> Iterator[str]:
    """On this machine nothing travels, and plain HTTP is fine."""
    service = examination.service
    if service.encrypted:
        examination.discovery  # noqa: B018 -- the default TLS context refuses what is older than TLS 1.2
        return
    if _is_this_machine(service.host):
        raise NotApplicable("the service is on this machine, where nothing travels")
    yield "the address begins with http://"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _successes(examination: Examination) -> Iterator[tuple[str, Answer]]:
    if examination.discovery.status != 200:
        raise NotApplicable("discovery is not answered with 200")
    yield "discovery", examination.discovery
    for exchange in examination.succeeded:
        yield exchange.service, exchange.answer


def ch_002_answers_are_strict_json_and_declared_as_it(examination: Examination) -> Iterator[str]:
    """NaN, comments and trailing commas are not JSON."""
    for where, answer in _successes(examination):
        if answer.media_type != "application/json":
            yield f"{where}: the Content-Type is not application/json"
        try:
            answer.json()
        except ValueError:
            yield f"{where}: the body is not JSON"


def ch_003_no_member_is_null(examination: Examination) -> Iterator[str]:
    """Inside of embedded resources FHIR's own rule holds."""
    for where, value in _values(examination):
        if value is None:
            yield f"{where} is null"


def ch_004_nothing_is_empty_but_cards_and_services(examination: Examination) -> Iterator[str]:
    """Texts, arrays and objects without anything in them are left out."""
    for where, value in _values(examination):
        last = where.rpartition(" ")[2]
        if value in ("", [], {}) and last not in ("cards", "services"):
            yield f"{where} is empty"


def ch_005_white_space_is_not_a_value(examination: Examination) -> Iterator[str]:
    """The specification's 1.0 said so, and Inferno checks it."""
    for where, value in _values(examination):
        if isinstance(value, str) and value and not value.strip():
            yield f"{where} is white space"


def _values(examination: Examination) -> Iterator[tuple[str, Any]]:
    for where, answer in _successes(examination):
        for path, value in _walk(answer.members):
            yield f"{where}: {path}", value


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every member with its path; of embedded resources only themselves."""
    if isinstance(value, dict):
        members = [(f"{path}.{name}" if path else name, member) for name, member in value.items()]
    elif isinstance(value, list):
        members = [(f"{path}[{place}]", member) for place, member in enumerate(value)]
    else:
        return
    for where, member in members:
        yield where, member
        if not where.endswith(".resource"):
            yield from _walk(member, where)


def ch_006_embedded_fhir_is_an_object(examination: Examination) -> Iterator[str]:
    """Some services send a resource as a text of JSON."""
    found = [
        (where, value)
        for where, value in _values(examination)
        if where.endswith(".resource") and "actions" in where.lower()
    ]
    if not found:
        raise NotApplicable("no action with a resource was seen")
    for where, value in found:
        if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
            yield f"{where} is not an object with a resourceType"


def ch_007_a_body_that_is_not_json_is_a_400(examination: Examination) -> Iterator[str]:
    """Also an array, a text, half of a request, and nothing."""
    half = json.dumps(examination.varied()).encode()
    for what, body in {"an array": b"[]", "a text": b'"a"', "half": half[:-20], "nothing": b""}.items():
        status = examination.service.send("POST", _subject(examination), body, JSON_HEADERS).status
        if status != 400:
            yield f"{what} as a body: {status}"


def ch_007_another_media_type_is_a_415(examination: Examination) -> Iterator[str]:
    """A body that is declared to be XML is not looked into."""
    body, headers = json.dumps(examination.varied()).encode(), (("Content-Type", "application/xml"),)
    status = examination.service.send("POST", _subject(examination), body, headers).status
    if status != 415:
        yield f"application/xml: {status}"


def ch_007_another_method_is_a_405(examination: Examination) -> Iterator[str]:
    """A service is asked by POST, discovery by GET."""
    for method, path in (
        ("GET", _subject(examination)),
        ("DELETE", DISCOVERY),
        ("PUT", _subject(examination)),
    ):
        status = examination.service.send(method, path, b"{}" if method == "PUT" else None).status
        if status != 405:
            yield f"{method}: {status}"


def ch_008_members_that_nobody_knows_change_nothing(examination: Examination) -> Iterator[str]:
    """At the root, in the context, in the authorization, in a resource."""
    request = examination.varied()
    request["foo"] = {"bar": 1}
    request["context"] = request["context"] | {"foo": {"bar": [None]}}
    for resource in (request.get("prefetch") or {}).values():
        if isinstance(resource, dict):
            resource["foo"] = {"bar": 1}
    answer = examination.ask(request)
    if answer.status != 200:
        yield f"the answer is {answer.status}"
    elif comparable(answer) != comparable(examination.subject.answer):
        yield "the cards are others"


def _subject(examination: Examination) -> str:
    return examination.subject.path
