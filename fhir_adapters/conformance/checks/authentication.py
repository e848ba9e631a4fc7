"""Authentication and browsers: who may call, and from where."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

from fhir_adapters.conformance.examination import Examination, NotApplicable
from fhir_adapters.conformance.service import DISCOVERY, JSON_HEADERS, Answer, Headers


def _path(examination: Examination) -> str:
    return examination.subject.path


def _call(examination: Examination, *authorization: str) -> Answer:
    """The subject's request under these Authorization headers and no other."""
    body = json.dumps(examination.varied()).encode()
    headers: Headers = (*JSON_HEADERS, *(("Authorization", value) for value in authorization))
    return examination.service.send("POST", _path(examination), body, headers, signed=False)


def _authenticated(examination: Examination) -> None:
    if not examination.service.has_token:
        raise NotApplicable("no token was given")
    if _call(examination).status == 200:
        raise NotApplicable("the service does not authenticate its callers")


def _parts(examination: Examination) -> tuple[dict[str, Any], str]:
    """The header of a good token, and its claims as they are written."""
    header, _, rest = examination.service.token(_path(examination)).partition(".")
    try:
        read = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise NotApplicable("the token that was given is not a JWT")
    return read, rest.partition(".")[0]


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unsigned(examination: Examination) -> list[str]:
    header, claims = _parts(examination)
    return [
        f"{_encoded(json.dumps(header | {'alg': alg}).encode())}.{claims}."
        for alg in ("none", "None", "nOnE")
    ]


def ch_200_callers_without_a_token_are_refused(examination: Examination) -> Iterator[str]:
    """With 401."""
    if not examination.service.has_token:
        raise NotApplicable("no token was given")
    status = _call(examination).status
    if status != 401:
        yield f"without a token: {status}"


def ch_201_one_header_of_scheme_bearer(examination: Examination) -> Iterator[str]:
    """Nothing else is a token."""
    _authenticated(examination)
    token = examination.service.token(_path(examination))
    for what, headers in {
        "scheme Basic": ["Basic dXNlcjpwYXNz"],
        "an empty header": [""],
        "Bearer without a token": ["Bearer "],
        "two headers": [f"Bearer {token}", f"Bearer {token}"],
    }.items():
        status = _call(examination, *headers).status
        if status != 401:
            yield f"{what}: {status}"


def ch_201_the_scheme_is_read_in_any_case(examination: Examination) -> Iterator[str]:
    """As HTTP has it."""
    _authenticated(examination)
    status = _call(examination, f"bearer {examination.service.token(_path(examination))}").status
    if status != 200:
        yield f"bearer: {status}"


def ch_202_tokens_without_a_signature_are_refused(examination: Examination) -> Iterator[str]:
    """However none is written."""
    _authenticated(examination)
    for token in _unsigned(examination):
        status = _call(examination, f"Bearer {token}").status
        if status != 401:
            yield f"an unsigned token: {status}"


def ch_203_tokens_under_a_shared_secret_are_refused(examination: Examination) -> Iterator[str]:
    """Even where the secret would be right."""
    _authenticated(examination)
    header, claims = _parts(examination)
    for alg, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        signed = f"{_encoded(json.dumps(header | {'alg': alg}).encode())}.{claims}"
        signature = _encoded(hmac.new(b"secret", signed.encode(), digest).digest())
        status = _call(examination, f"Bearer {signed}.{signature}").status
        if status != 401:
            yield f"{alg}: {status}"


def ch_212_a_token_is_used_once(examination: Examination) -> Iterator[str]:
    """Whoever has read it on the way cannot send it again."""
    _authenticated(examination)
    token = examination.service.token(_path(examination))
    if token == examination.service.token(_path(examination)):
        raise NotApplicable("every call has the same token")
    first, second = (_call(examination, f"Bearer {token}").status for _ in range(2))
    if (first, second) != (200, 401):
        yield f"the same token twice: {first}, {second}"


def ch_214_a_401_does_not_say_why(examination: Examination) -> Iterator[str]:
    """Every refusal has the same body."""
    _authenticated(examination)
    refused = [
        ["Bearer x.y.z"],
        [],
        ["Basic eA=="],
        *([f"Bearer {token}"] for token in _unsigned(examination)),
    ]
    answers = [_call(examination, *headers) for headers in refused]
    if len({answer.body for answer in answers if answer.status == 401}) != 1:
        yield "refusals differ"


def _addresses(examination: Examination) -> list[tuple[str, str]]:
    path = _path(examination)
    return [("GET", DISCOVERY), ("POST", path), ("POST", f"{path}/feedback")]


def _preflight(examination: Examination, method: str, path: str, origin: str) -> Answer:
    headers = (
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    )
    return examination.service.send("OPTIONS", path, headers=headers, signed=False)


def _allowed(answer: Answer) -> str:
    return answer.headers.get("access-control-allow-origin", "")


def _origin(examination: Examination) -> str:
    if not examination.service.origin:
        raise NotApplicable("no browser origin was given")
    return examination.service.origin


def ch_221_preflights_are_answered_without_a_token(examination: Examination) -> Iterator[str]:
    """At discovery, at the services and at their feedback."""
    origin = _origin(examination)
    for method, path in _addresses(examination):
        answer = _preflight(examination, method, path, origin)
        headers = answer.headers.get("access-control-allow-headers", "").lower()
        methods = answer.headers.get("access-control-allow-methods", "").upper()
        if not 200 <= answer.status < 300 or _allowed(answer) not in (origin, "*"):
            yield f"{method} {path}: {answer.status}, or the origin is not allowed"
        elif method not in methods or not all(name in headers for name in ("authorization", "content-type")):
            yield f"{method} {path}: the method or its headers are not allowed"


def ch_222_errors_carry_the_cors_headers(examination: Examination) -> Iterator[str]:
    """Else a browser cannot read what was wrong."""
    origin = _origin(examination)
    headers = (*JSON_HEADERS, ("Origin", origin))
    for what, path, body in (
        ("a body that is not JSON", _path(examination), b"{"),
        ("an unknown service", f"{DISCOVERY}/no-such-service", b"{}"),
    ):
        answer = examination.service.send("POST", path, body, headers)
        if _allowed(answer) not in (origin, "*"):
            yield f"{what}: the {answer.status} carries none"


def ch_223_an_origin_that_is_not_listed_is_not_allowed(examination: Examination) -> Iterator[str]:
    """And * never comes with credentials."""
    answer = _preflight(examination, "POST", _path(examination), "https://unlisted.example.org")
    if _allowed(answer):
        yield "any origin is allowed"
    if _allowed(answer) == "*" and answer.headers.get("access-control-allow-credentials") == "true":
        yield "any origin may send credentials"
