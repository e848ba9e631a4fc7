"""Who may call the page: browsers on this machine, from the page itself."""

from __future__ import annotations

import asyncio

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from fhir_adapters.workbench.inbox import Inbox
from fhir_adapters.workbench.loopback import OnlyHere, is_loopback


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", "localhost.example.org", ""])
def test_addresses_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8001", None, 200),
        ("localhost:8001", "http://localhost:8001", 200),
        ("[::1]:8001", "http://[::1]:8001", 200),
        ("127.0.0.1:8001", "http://127.0.0.1:9000", 403),
        ("127.0.0.1:8001", "https://evil.example", 403),
        ("127.0.0.1:8001", "null", 403),
        ("evil.example", None, 403),
        ("evil.example", "http://evil.example", 403),
        ("", None, 403),
        ("[::1", None, 403),
        ("127.0.0.1:8001", "http://[", 403),
    ],
)
def test_only_this_page_on_this_machine_is_answered(host: str, origin: str | None, status: int) -> None:
    headers = {"host": host, **({"origin": origin} if origin is not None else {})}
    answer = TestClient(OnlyHere(inner)).get("/", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("site", "mode", "destination", "status"),
    [
        ("same-origin", "cors", "empty", 200),
        ("none", "navigate", "document", 200),
        ("cross-site", "navigate", "document", 200),
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "no-cors", "image", 403),
        ("same-site", "no-cors", "script", 403),
    ],
)
def test_another_site_may_lead_here_and_nothing_else(
    site: str, mode: str, destination: str, status: int
) -> None:
    headers = {
        "host": "127.0.0.1:8001",
        "sec-fetch-site": site,
        "sec-fetch-mode": mode,
        "sec-fetch-dest": destination,
    }
    assert TestClient(OnlyHere(inner)).get("/", headers=headers).status_code == status


def test_a_connection_from_another_site_is_closed() -> None:
    sent = []

    async def send(message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8001"), (b"origin", b"https://evil.example")]
    scope = {"type": "websocket", "headers": headers}
    asyncio.run(OnlyHere(inner)(scope, None, send))  # type: ignore[arg-type]  # nothing is received
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_a_record_waits_in_memory_and_is_taken_once() -> None:
    inbox = Inbox()
    key = inbox.put(b"record")
    assert inbox.take(key) == b"record"
    assert inbox.take(key) is None


def test_records_that_nobody_takes_make_room() -> None:
    inbox = Inbox()
    keys = [inbox.put(b"record") for _ in range(9)]
    assert [inbox.take(key) is not None for key in keys].count(True) == 4
