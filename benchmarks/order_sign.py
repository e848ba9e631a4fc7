"""What an order-sign request costs beside an endpoint that only parses it: ``python -m benchmarks.order_sign [rounds] [resources ...]``.

Records of 22, 155 and 1,310 resources, once with intrathecal baclofen about to be signed, once with a medicine that no rule is about,
which is the common case. *In process* is the whole decision from the request's bytes to the answer's; beside it ``orjson.loads`` of the
same bytes. *Over HTTP* one server on loopback serves both: the service as it ships, without a store, and ``/parsed``, which reads the
body with ``orjson.loads`` and answers with a constant. Every round sends the same new body to both, in turn, over one kept connection;
every body is different from all others. The ratio is the median of the ratios within each round, because the machine's speed drifts
between rounds. It is one of processor time (over HTTP of client and server together, which share a process): what else runs on the
machine stretches the time on the clock of long work more than that of short work.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.mapping import NOW, SNOMED, UCUM, Requests, concept
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.app import application, settle_memory
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_request
from fhir_adapters.settings import Settings

PORT = 8765
WARM = 20
SERVICE = "primum-order-sign"


DRAFT = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": concept(
        "http://www.whocc.no/atc", "M03BX01", "Baclofen 0.05 mg/mL solution for injection"
    ),
    "dosageInstruction": [
        {
            "route": concept(SNOMED, "72607000", "Intrathecal route"),
            "timing": {"repeat": {"count": 1}},
            "doseAndRate": [{"doseQuantity": {"value": 50, "unit": "ug", "system": UCUM, "code": "ug"}}],
        }
    ],
}
OTHER = {
    **DRAFT,
    "medicationCodeableConcept": concept("http://www.whocc.no/atc", "C09AA05", "Ramipril 5 mg tablet"),
    "dosageInstruction": [{"route": concept(SNOMED, "26643006", "Oral route")}],
}
ORDERS = {"baclofen": DRAFT, "another": OTHER}
SIZES = (22, 155, 1310)
OUR_KEYS = {"observations": "labs", "medications": "medicationRequests"}


def order_sign(body: bytes, order: dict[str, Any] = DRAFT) -> bytes:
    """The record of a body under our prefetch keys, with an order about to be signed."""
    sent = orjson.loads(body)
    patient = sent["context"]["patientId"]
    draft = {**order, "subject": {"reference": f"Patient/{patient}"}}
    sent["context"]["draftOrders"] = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": draft}],
    }
    sent["hookInstance"] = str(uuid4())
    sent["prefetch"] = {OUR_KEYS.get(key, key): value for key, value in sent["prefetch"].items()}
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    for key in ("allergies", "medicationStatements", "devices", "serviceRequests"):
        sent["prefetch"].setdefault(key, empty)
    return orjson.dumps(sent)


async def parsed(request: Request) -> Response:
    """The floor: the body read and parsed, nothing else."""
    orjson.loads(await request.body())
    return Response(b'{"cards":[]}', media_type="application/json")


@dataclass(frozen=True)
class Took:
    """Milliseconds that something took, on the clock and of the processor."""

    clock: float
    processor: float


def timed(action: Callable[[bytes], object], body: bytes) -> Took:
    """What an action on a body takes."""
    clock, processor = time.perf_counter(), time.process_time()
    action(body)
    return Took((time.perf_counter() - clock) * 1000, (time.process_time() - processor) * 1000)


def compare(
    bodies: list[bytes], ours: Callable[[bytes], object], floor: Callable[[bytes], object], title: str
) -> None:
    """Time both in turn on every body, and print what they took and the ratio."""
    for body in bodies[:WARM]:
        ours(body), floor(body)
    pairs = []
    for number, body in enumerate(bodies[WARM:]):
        took = {action: timed(action, body) for action in ((ours, floor) if number % 2 else (floor, ours))}
        pairs.append((took[ours], took[floor]))
    cells = [
        f"{median(one.processor for one in side):.2f} | {median(one.clock for one in side):.2f} "
        f"({quantiles([one.clock for one in side], n=20)[-1]:.2f})"
        for side in zip(*pairs, strict=True)
    ]
    ratio = median(own.processor / base.processor for own, base in pairs)
    sys.stdout.write(f"| {title} | {' | '.join(cells)} | {ratio:.1f} |\n")
    sys.stdout.flush()


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    """Send one request over the kept connection; anything but 200 ends the benchmark."""
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise SystemExit(f"{path} answered {response.status}: {answer[:300]!r}")
    return answer


def main(rounds: int = 200, *sizes: int) -> None:
    """Run every comparison; the large records in a fifth of the rounds."""
    settings = Settings(database_url=None)
    loaded = load_rules(settings.rules)
    engine = Engine(loaded.rules, loaded.concepts)
    service = Services(loaded.rules, loaded.concepts).by_id[SERVICE]
    app = application(loaded.rules, loaded.concepts, settings, clock=lambda: NOW)
    app.router.routes.insert(0, Route("/parsed", parsed, methods=["POST"]))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=PORT, log_level="error"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    connections: list[http.client.HTTPConnection] = []

    def decided(body: bytes) -> bytes:
        return encode(decide_request(body, service, engine, now=NOW).response)

    def asked(body: bytes) -> bytes:
        return post(connections[-1], f"/cds-services/{SERVICE}", body)

    def floor(body: bytes) -> bytes:
        return post(connections[-1], "/parsed", body)

    sys.stdout.write(
        f"{len(service.templates)} prefetch keys, {len(loaded.rules.active(service.hook))} rules\n"
    )
    sys.stdout.write(
        "| record, order, way | decision: processor | clock (p95) | parsing: processor | clock (p95) | ratio |\n"
    )
    sys.stdout.write("|---|--:|--:|--:|--:|--:|\n")
    for size in sizes or SIZES:
        requests, count = Requests(size), rounds // 5 if size > 1000 else rounds
        for name, order in ORDERS.items():
            bodies = [order_sign(requests.body(), order) for _ in range(count + WARM)]
            settle_memory()
            connections.append(http.client.HTTPConnection("127.0.0.1", PORT))  # an idle one is closed
            kib = median(len(body) for body in bodies) / 1024
            compare(bodies, decided, orjson.loads, f"{size} ({kib:.0f} KiB), {name}, in process")
            compare(bodies, asked, floor, f"{size} ({kib:.0f} KiB), {name}, over HTTP")
    server.should_exit = True


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
