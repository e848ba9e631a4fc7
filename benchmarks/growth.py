"""How a decision's cost grows with the entries of one kind: ``python -m benchmarks.growth [kind:entries ...]``.

A record holds nothing but entries of one kind, and an order is about to be signed: of intrathecal baclofen, or of another
medicine. Times are of the processor, in process, medians of three requests that differ; beside them the time that ``orjson.loads``
takes for the same bytes. ``uncoded`` are diagnoses in words alone, each of which may be what any rule looks for.
"""

from __future__ import annotations

import sys
from statistics import median
from typing import Any

import orjson

from benchmarks import mapping
from benchmarks.mapping import NOW
from benchmarks.order_sign import ORDERS, SERVICE, order_sign, timed
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.app import settle_memory
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_request
from fhir_adapters.settings import Settings

ASKED = (
    *("observations:155", "observations:1310", "observations:5000", "observations:20000"),
    *(
        "conditions:400",
        "conditions:4000",
        "uncoded:400",
        "uncoded:4000",
        "medications:400",
        "medications:4000",
    ),
)
ROUNDS = 3


class Uncoded(mapping.Requests):
    """Requests whose diagnoses have no code."""

    def conditions(self, patient: str, when: str) -> dict[str, Any]:
        return super().conditions(patient, when) | {"code": {"text": f"in words {self.id()}"}}


def bodies(kind: str, entries: int, order: dict[str, Any]) -> list[bytes]:
    """Requests of one kind of entries."""
    mapping.MIX = ("conditions" if kind == "uncoded" else kind,)
    requests = (Uncoded if kind == "uncoded" else mapping.Requests)(entries + 1)
    return [order_sign(requests.body(), order) for _ in range(ROUNDS)]


def main(*asked: str) -> None:
    """Print a row for each order and each kind and number of entries."""
    loaded = load_rules(Settings(database_url=None).rules)
    engine = Engine(loaded.rules, loaded.concepts)
    service = Services(loaded.rules, loaded.concepts).by_id[SERVICE]

    def decided(body: bytes) -> bytes:
        return encode(decide_request(body, service, engine, now=NOW).response)

    print("| order | entries | ms | ms for 1,000 | beside parsing | answer, KiB |\n|---|--:|--:|--:|--:|--:|")
    for name, order in ORDERS.items():
        for kind, _, written in (each.partition(":") for each in asked or ASKED):
            entries = int(written)
            decided(bodies(kind, min(entries, 50), order)[0])
            sent = bodies(kind, entries, order)
            settle_memory()
            ours = median(timed(decided, body).processor for body in sent)
            parsing = median(timed(orjson.loads, body).processor for body in sent)
            size = len(decided(sent[0])) // 1024
            each = ours / entries * 1000
            print(
                f"| {name} | {entries:,} {kind} | {ours:.0f} | {each:.0f} | {ours / parsing:.1f} | {size} |",
                flush=True,
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
