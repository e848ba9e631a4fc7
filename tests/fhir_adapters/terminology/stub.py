"""A FHIR terminology server on 127.0.0.1 that knows what a test tells it, and misbehaves as the test asks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count as numbers
from itertools import islice
from typing import Any

from engine.grammars import holds

SNOMED = "http://snomed.info/sct"
VERSION = f"{SNOMED}/900000000000207008/version/20260101"


def sctids(count: int) -> list[str]:
    """So many codes that SNOMED CT can hold."""
    return list(islice((code for code in map(str, numbers(100_000)) if holds(SNOMED, code)), count))


@dataclass
class Stub:
    """What the server knows and how it behaves.

    ``members`` are the codes of each expression; ``page`` caps a page, whatever was asked for. ``total``, ``unclosed`` and
    the like bend the answers; ``unknown`` are codes that it does not know, ``told`` what it says beside *false*; ``held`` keeps
    it from answering until it is set. ``asked`` are the bodies that came.
    """

    address: str = ""
    members: dict[str, list[str]] = field(default_factory=dict)
    page: int = 1000
    total: bool = True
    paging: bool = True
    status: int = 200
    answer: Any = None
    expansion: dict[str, Any] = field(default_factory=dict)
    entry: dict[str, Any] = field(default_factory=dict)
    cannot: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    told: list[dict[str, Any]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def codes_asked(self) -> list[str]:
        """The codes of the last batch, each once."""
        batch = self.asked[-1][1]["entry"]
        return list(dict.fromkeys(named(entry["resource"])["code"] for entry in batch))

    def answers(self, path: str, body: dict[str, Any]) -> Any:
        """What it says to a call."""
        if self.answer is not None:
            return self.answer
        if path.endswith("/ValueSet/$expand"):
            return self._expanded(named(body))
        entries = [self._validated(named(entry["resource"])) for entry in body["entry"]]
        return {"resourceType": "Bundle", "type": "batch-response", "entry": entries}

    def _expanded(self, asked: dict[str, Any]) -> Any:
        codes = self.members[expression(asked)]
        first = asked["offset"] if self.paging else 0
        found = codes[first : first + min(asked["count"], self.page)]
        expansion: dict[str, Any] = {
            "identifier": "urn:uuid:1",
            "timestamp": "2026-05-01T00:00:00Z",
            "parameter": [{"name": "version", "valueUri": f"{SNOMED}|{VERSION}"}],
            "contains": [{"system": SNOMED, "code": code, **self.entry} for code in found],
        }
        total = {"total": len(codes)} if self.total else {}
        return {"resourceType": "ValueSet", "expansion": expansion | total | self.expansion}

    def _validated(self, asked: dict[str, Any]) -> Any:
        ecl = expression(asked)
        if ecl in self.cannot:
            return {"response": {"status": "422"}, "resource": {"resourceType": "OperationOutcome"}}
        wanted = asked["code"]
        has_it = wanted in self.members.get(ecl, []) if ecl else wanted not in self.unknown
        result = {"name": "result", "valueBoolean": has_it}
        display = {"name": "display", "valueString": "words"}
        more = [] if has_it else self.told
        parameters = {"resourceType": "Parameters", "parameter": [display, result, *more]}
        return {"response": {"status": "200"}, "resource": parameters}


def named(parameters: dict[str, Any]) -> dict[str, Any]:
    """The values of a Parameters resource by name."""
    return {
        each["name"]: next(value for name, value in each.items() if name != "name")
        for each in parameters["parameter"]
    }


def expression(asked: dict[str, Any]) -> str:
    """The expression of an inline value set; empty for all of SNOMED CT."""
    (include,) = asked["valueSet"]["compose"]["include"]
    if include == {"system": SNOMED}:
        return ""
    (constraint,) = include["filter"]
    assert (include["system"], constraint["property"], constraint["op"]) == (SNOMED, "constraint", "=")
    return str(constraint["value"])


@contextmanager
def terminology_server() -> Iterator[Stub]:
    """The server on a free port, until the block ends."""
    stub = Stub()
    stub.held.set()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stub.asked.append((self.path, body))
            stub.held.wait(10)
            found = stub.answers(self.path, body)
            answer = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(stub.status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up are what some tests are about."""

    with Quiet(("127.0.0.1", 0), Answers) as listener:
        stub.address = f"http://127.0.0.1:{listener.server_address[1]}/r4"
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield stub
        stub.held.set()
        listener.shutdown()
        thread.join()
