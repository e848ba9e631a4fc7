"""Whether a change leaves every answer as it was: ``python -m benchmarks.answers BASE [requests ...]``.

Run it before the change, which writes a digest of each answer to the file BASE, and after it, which compares and names the
answers that differ. The moment and the uuids are the same in both runs. The requests are the stories', the demonstration's and
made-up records with an intrathecal order and with another one; and those of the files and folders that are named: requests,
captured ones (with a ``body``), or records as Bundles. Each is asked as it came and with an intrathecal order on top.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from benchmarks.mapping import NOW, Requests
from benchmarks.order_sign import DRAFT, ORDERS, order_sign
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.command_line.demo import request_on
from fhir_adapters.decision import decide_request, uuids_of
from fhir_adapters.outcomes import Refusal
from fhir_adapters.settings import Settings

STORIES = Path(__file__).resolve().parents[1] / "docs" / "stories"
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


def made_up() -> Iterator[tuple[str, Any]]:
    """Requests that need no file."""
    yield "demo", orjson.loads(request_on(NOW.date()))
    for size in (22, 155, 1310):
        for name, order in ORDERS.items():
            yield f"{size}, {name}", orjson.loads(order_sign(Requests(size).body(), order))


def read(paths: list[Path]) -> Iterator[tuple[str, Any]]:
    """The requests of files and folders; a Bundle becomes that of a patient whose record was prefetched whole."""
    for path in paths:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            sent = orjson.loads(file.read_bytes())
            if "hook" in sent:
                yield file.name, sent
            elif isinstance(body := sent.get("body"), dict | str):
                yield file.name, orjson.loads(body) if isinstance(body, str) else body
            elif sent.get("resourceType") == "Bundle":
                found = (entry["resource"] for entry in sent["entry"])
                patient = next((each.get("id") for each in found if each["resourceType"] == "Patient"), None)
                context = {"patientId": patient, "userId": "Practitioner/1"}
                yield file.name, {"hook": "patient-view", "context": context, "prefetch": {"all": sent}}


def with_order(sent: dict[str, Any]) -> dict[str, Any]:
    """The same patient, with an intrathecal order about to be signed."""
    context = sent.get("context")
    context = context if isinstance(context, dict) else {}
    patient = str(context.get("patientId", "")).rpartition("/")[2]
    drafts = {
        "resourceType": "Bundle",
        "entry": [{"resource": DRAFT | {"subject": {"reference": f"Patient/{patient}"}}}],
    }
    return {
        **sent,
        "hook": "order-sign",
        "hookInstance": INSTANCE,
        "context": context | {"draftOrders": drafts},
    }


def answer(sent: Any, services: dict[str, HookService], engine: Engine) -> bytes:
    """The answer, or the words of the refusal."""
    service = services.get(sent.get("hook", "") if isinstance(sent, dict) else "")
    if service is None:
        return b"no service"
    try:
        uuids = uuids_of(UUID(INSTANCE))
        return encode(decide_request(orjson.dumps(sent), service, engine, now=NOW, new_uuid=uuids).response)
    except Refusal as refusal:
        return str(refusal).encode()


def main(base: Path, *paths: Path) -> None:
    """Write the digests, or compare with those that were written."""
    loaded = load_rules(Settings(database_url=None).rules)
    engine = Engine(loaded.rules, loaded.concepts)
    services = {
        service.hook.value: service for service in Services(loaded.rules, loaded.concepts).by_id.values()
    }
    found: dict[str, str] = {}
    for name, sent in (*made_up(), *read([STORIES, *paths])):
        found[name] = sha256(answer(sent, services, engine)).hexdigest()
        if isinstance(sent, dict):
            found[f"{name} with an order"] = sha256(answer(with_order(sent), services, engine)).hexdigest()
        print(f"\r{len(found)} answers", end="", file=sys.stderr, flush=True)
    if not base.exists():
        base.write_text(json.dumps(found, indent=1))
        print(f"\n{len(found)} digests written to {base}")
        return
    before = json.loads(base.read_text())
    differ = [name for name in found.keys() | before.keys() if found.get(name) != before.get(name)]
    print(f"\n{len(found)} answers, {len(differ)} differ", *sorted(differ), sep="\n")
    if differ:
        raise SystemExit(1)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
