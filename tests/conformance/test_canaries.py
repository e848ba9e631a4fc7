"""Canaries: a name, a token and a diagnosis that exist nowhere else, in a thousand hostile requests.

Whatever becomes of a request, they come out in no line of the journal, no error body, no header, no metric and no
address that the service calls, nor are they in its store. They may come out on a card, which is for the user who sent
them, and there only the name of a medicine or a value that a rule speaks of does.
"""

import copy
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fhir_adapters.conformance.examination import cards_of
from fhir_adapters.conformance.service import JSON_HEADERS, Answer, Headers, Service
from tests.conformance.live import Live, running, token_for
from tests.conformance.requests import SIGN, VIEW, demonstration, side_effect, wrong_route
from tests.fhir_adapters.servers import Server, serving

NAME = "Quillfeather"
TOKEN = "eyJcanary0token0of0the0record"
DIAGNOSIS = "Zebrafish syndrome"
ID = "canary-patient-9041"
SAID = (NAME, TOKEN, DIAGNOSIS)
"""What is nowhere at all; the patient's id is asked for at the FHIR server and is in references of the store's evidence."""
CANARIES = (*SAID, ID)
REQUESTS = 1000
SEED = 20260115

ODD: list[Any] = [
    None,
    True,
    -1,
    1e308,
    "",
    [],
    {},
    [[NAME]],
    DIAGNOSIS,
    {"value": TOKEN},
    {"resourceType": NAME},
    {"resourceType": "Patient", "id": ID, "name": NAME},
    {"resourceType": "OperationOutcome", "issue": [{"diagnostics": DIAGNOSIS}]},
    {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": DIAGNOSIS, "text": NAME}}]},
]
"""What a member is replaced by; half of it holds a canary of its own."""


def marked(request: dict[str, Any], server: Server) -> dict[str, Any]:
    """A request in which the canaries stand where a record has them, and a server that misbehaves is named."""
    context, prefetch = request["context"], request["prefetch"]
    context |= {"patientId": ID, "encounterId": f"{NAME} {DIAGNOSIS}"}
    prefetch["patient"] = (prefetch.get("patient") or {}) | {
        "id": ID,
        "name": [{"family": NAME}],
        "text": {"div": f"<div>{NAME}</div>"},
    }
    prefetch["conditions"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": {"resourceType": "Condition", "id": "c", "code": {"text": DIAGNOSIS}}}],
    }
    authorization = {"access_token": TOKEN, "token_type": "Bearer", "scope": "patient/*.read", "subject": "x"}
    return request | {"fhirServer": f"{server.address}/slow-fhir", "fhirAuthorization": authorization}


Place = tuple[str | int, ...]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*place, name)
        yield from places(member, (*place, name))


def hostile(source: random.Random, requests: list[bytes]) -> bytes:
    """A body with one to three of its members replaced, or cut off, or with bytes that do not belong."""
    request: Any = json.loads(source.choice(requests))
    for _ in range(source.randint(1, 3)):
        *way, last = source.choice(list(places(request)))
        there = request
        for name in way:
            there = there[name]
        # Of evidence the store keeps the reference, so that whatever a client writes as an id is kept.
        there[last] = ID if last == "id" else copy.deepcopy(source.choice(ODD))
    body = json.dumps(request).encode()
    match source.randrange(8):
        case 0:
            return body[: source.randrange(len(body))]
        case 1:
            cut = source.randrange(len(body))
            return body[:cut] + source.choice([b"\xff", b"\x00", b"{", b'"', b"1e999"]) + body[cut:]
    return body


def address(source: random.Random) -> tuple[str, str]:
    """Mostly a service, sometimes one with a canary in its place."""
    path = source.choice([SIGN, SIGN, VIEW, "/cds-services/primum-order-select", f"{SIGN}/feedback"])
    if source.random() < 0.1:
        path = source.choice([f"/cds-services/{NAME}", f"{SIGN}?patient={ID}", f"/{TOKEN}", f"{SIGN}/{NAME}"])
    return ("POST" if source.random() < 0.95 else "PUT"), path


def headers(source: random.Random) -> Headers:
    if source.random() < 0.2:
        return (
            ("Content-Type", source.choice(["text/plain", f"application/{NAME}", "application/json"])),
            ("X-Patient", NAME),
            ("Cookie", f"session={TOKEN}"),
        )
    return JSON_HEADERS


@contextmanager
def watched(folder: Path, server: Server) -> Iterator[Live]:
    """A service that stores, fetches, and writes down all that it ever would."""
    settings: dict[str, Any] = {
        "database_url": f"sqlite:///{folder / 'store.db'}",
        "fhir_servers": f"{server.address}/slow-fhir",
        "fetch_deadline": 0.05,
        "log_level": "DEBUG",
    }
    with running(folder, **settings) as live:
        yield live


def sent_out(answer: Answer) -> str:
    """What an answer says outside of its cards and of what was looked at, which name what the user sent."""
    told = answer.members
    if answer.status == 200 and "cards" in told:
        report = told["extension"]["org.primum.evaluation"]
        kept = {name: report[name] for name in report if name not in ("rules", "data_issues")}
        return json.dumps(kept) + str(answer.headers)
    return answer.body.decode("utf-8", "replace") + str(answer.headers)


@pytest.mark.full
def test_ch_057_ch_106_and_ch_189_nothing_of_a_patient_or_a_token_gets_out(tmp_path: Path) -> None:
    source = random.Random(SEED)
    statuses: dict[int, int] = {}
    with serving() as server, watched(tmp_path, server) as live:
        whole = [marked(request, server) for request in (wrong_route(), demonstration(), side_effect())]
        bodies = [json.dumps(request).encode() for request in whole]
        service: Service = live.service
        for number in range(REQUESTS):
            method, path = address(source)
            more: Headers = headers(source)
            if number % 10 == 0:
                more = (*more, ("Authorization", f"Bearer {token_for(TOKEN, NAME, sub=ID)}"))
            answer = service.send(method, path, hostile(source, bodies), more)
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            found = [canary for canary in CANARIES if canary in sent_out(answer)]
            assert not found, (answer.status, number)
        answered = service.send("POST", SIGN, bodies[0], JSON_HEADERS)
        metrics = service.get("/metrics")
        journal = live.journal.read_text(encoding="utf-8")
    assert statuses.keys() <= {200, 400, 404, 405, 412, 413, 415}
    assert statuses[200] > 100
    assert statuses[400] > 100
    assert cards_of(answered)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*")).decode("latin-1")
    for what, where in (("journal", journal), ("metrics", metrics.body.decode())):
        assert [canary for canary in CANARIES if canary in where] == [], what
    assert [canary for canary in SAID if canary in kept] == []
    assert server.paths
    assert [path for path in server.paths for canary in SAID if canary in path] == []
