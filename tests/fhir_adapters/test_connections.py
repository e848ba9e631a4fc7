"""Connections to a service that runs: what never becomes a request ends, in the shape of every error."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.conformance.live import Live, running
from tests.conformance.requests import SIGN, wrong_route

BODY = json.dumps(wrong_route()).encode()
WHOLE = len(BODY)
SECRET = "Quillfeather"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service that waits for half a second."""
    with running(tmp_path_factory.mktemp("hasty"), receive_deadline=0.5) as live:
        yield live


def head(*lines: str, method: str = "POST", path: str = SIGN, length: int | None = WHOLE) -> bytes:
    sized = [] if length is None else [f"Content-Length: {length}"]
    typed = ["Host: primum.example", "Content-Type: application/json", *sized, *lines]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *typed, "", ""]).encode()


def connected(live: Live) -> socket.socket:
    host, _, port = live.address.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def until_closed(connection: socket.socket) -> bytes:
    found = b""
    with suppress(
        ConnectionResetError
    ):  # what was still on its way when the service closed is answered by a reset
        while part := connection.recv(65536):
            found += part
    return found


def said(live: Live, *parts: bytes) -> bytes:
    """Everything that comes back until the service closes the connection."""
    with closing(connected(live)) as connection:
        for part in parts:
            connection.sendall(part)
        return until_closed(connection)


def outcome(answer: bytes, status: int) -> None:
    """See that an answer is one OperationOutcome, of which the connection is closed."""
    lines, _, body = answer.partition(b"\r\n\r\n")
    assert lines.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-type: application/json" in lines
    assert b"connection: close" in lines
    told = json.loads(body)
    assert told["resourceType"] == "OperationOutcome"
    assert told["issue"][0]["details"]["text"]
    assert SECRET not in answer.decode()


NO_REQUESTS = {
    "nonsense": f"{SECRET}\x00\r\n\r\n".encode(),
    "a TLS handshake": bytes.fromhex("160301") + b"\x00" * 60 + b"\r\n\r\n",
    "a method without an address": b"POST\r\n\r\n",
    "no host": b"GET /cds-services HTTP/1.1\r\n\r\n",
    "two lengths": head("Content-Length: 1"),
    "a length that is none": head(f"Content-Length: {SECRET}", length=None),
    "a line break in a header": head(f"X-Name: a\r{SECRET}"),
    "a chunk without a size": head("Transfer-Encoding: chunked", length=None) + b"zz\r\nabc\r\n",
    "a header without an end": head(f"X-Name: {'a' * 70_000}")[:-4],
    "headers without an end": head(*[f"X-{number}: {SECRET}" for number in range(4000)])[:-4],
    "an address without an end": head(path=f"{SIGN}?{'a' * 70_000}")[:70_000],
}


@pytest.mark.parametrize("what", NO_REQUESTS)
def test_ch_052_what_is_no_http_request_is_refused_in_the_one_shape(hasty: Live, what: str) -> None:
    outcome(said(hasty, NO_REQUESTS[what]), 400)


UNFINISHED = {"a head": head()[:-10], "a body": head() + BODY[:-1], "a body that never begins": head()}


@pytest.mark.parametrize("what", UNFINISHED)
def test_ch_052_a_request_that_does_not_end_is_refused(hasty: Live, what: str) -> None:
    outcome(said(hasty, UNFINISHED[what]), 408)


def test_a_connection_on_which_nothing_comes_is_closed(hasty: Live) -> None:
    assert said(hasty) == b""


def test_a_body_that_trickles_in_after_its_answer_gets_no_second_one(hasty: Live) -> None:
    answer = said(hasty, head("Content-Encoding: gzip"), b"{")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 415 ")


def test_between_two_requests_a_client_may_wait_longer(hasty: Live) -> None:
    with closing(HTTPConnection(hasty.address.removeprefix("http://"), timeout=20)) as connection:
        for _ in range(2):
            connection.request("POST", SIGN, BODY, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("connection")) == (200, None)
            answer.read()
            used = connection.sock
            time.sleep(1)
        assert connection.sock is used


@pytest.mark.parametrize("offered", ["h2c", "websocket"])
def test_ch_057_an_offer_to_speak_another_protocol_is_ignored_and_not_written_down(
    hasty: Live, offered: str
) -> None:
    """Java's client offers h2c with its first request, and the address is the client's to choose."""
    upgrade = (
        "Connection: Upgrade, close",
        f"Upgrade: {offered}",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    answer = said(hasty, head(*upgrade, path=f"{SIGN}?patient={SECRET}") + BODY)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"cards":[{' in answer
    journal = hasty.journal.read_text(encoding="utf-8")
    assert SECRET not in journal
    assert "upgrade" not in journal.lower()


def test_a_request_that_never_ends_does_not_keep_the_service_from_stopping(tmp_path: Path) -> None:
    with running(tmp_path, receive_deadline=600) as live, closing(connected(live)) as connection:
        connection.sendall(head())
        assert live.service.get().status == 200
        live.stop()
