"""What a change does to the cost of a decision: ``python -m benchmarks.paired BEFORE [AFTER] [rounds] [resources ...]``.

BEFORE and AFTER are folders with a checkout each (AFTER is this one where it is left out). A process of each decides order-sign requests
in turn, one at a time, so that whatever else runs on the machine slows both alike; each decision is measured beside ``orjson.loads`` of
the same body, by processor time. The factor is the median of the quotients within each round; beside it stand the least milliseconds
of either, which other programs disturb least. What is answered is for :mod:`benchmarks.answers` to compare.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parents[1]
WARM = 15


def answer_lines() -> None:
    """In a process of one checkout: for each line with a size and an order, decide a new request; print both times in ms."""
    from orjson import loads

    from benchmarks.mapping import NOW, Requests
    from benchmarks.order_sign import ORDERS, SERVICE, order_sign, timed
    from engine.authoring.loading import load_rules
    from engine.evaluation import Engine
    from fhir_adapters.app import settle_memory
    from fhir_adapters.cds_hooks.models import encode
    from fhir_adapters.cds_hooks.services import Services
    from fhir_adapters.decision import decide_request
    from fhir_adapters.settings import Settings

    loaded = load_rules(Settings(database_url=None).rules)
    engine = Engine(loaded.rules, loaded.concepts)
    service = Services(loaded.rules, loaded.concepts).by_id[SERVICE]
    sizes: dict[int, Requests] = {}

    def decided(body: bytes) -> bytes:
        return encode(decide_request(body, service, engine, now=NOW).response)

    for line in sys.stdin:
        size, order = line.split()
        if int(size) not in sizes:
            sizes[int(size)] = Requests(int(size))
            for _ in range(WARM):
                decided(order_sign(sizes[int(size)].body(), ORDERS[order]))
            settle_memory()
        body = order_sign(sizes[int(size)].body(), ORDERS[order])
        sys.stdout.write(f"{timed(decided, body).processor} {timed(loads, body).processor}\n")
        sys.stdout.flush()


def asked(folder: Path) -> subprocess.Popen[str]:
    """A process that answers lines with what the checkout in a folder takes."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, __file__, "--answer-lines"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True)


def took(process: subprocess.Popen[str], question: str) -> tuple[float, float]:
    """Milliseconds of one decision, and of parsing its request."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(question)
    process.stdin.flush()
    decision, parsing = process.stdout.readline().split()
    return float(decision), float(parsing)


def rows(before: Path, after: Path, rounds: int, sizes: tuple[int, ...]) -> Iterator[str]:
    """A line for each size and order."""
    with asked(before) as old, asked(after) as new:
        for size in sizes:
            for order in ("baclofen", "another"):
                pairs = []
                for number in range(rounds):
                    first, second = (old, new) if number % 2 else (new, old)
                    times = {each: took(each, f"{size} {order}\n") for each in (first, second)}
                    pairs.append((times[old], times[new]))
                factor = median(one[0] / other[0] for one, other in pairs)
                ratios = [
                    median(decision / parsing for decision, parsing in side)
                    for side in zip(*pairs, strict=True)
                ]
                least = " | ".join(f"{min(side)[0]:.1f}" for side in zip(*pairs, strict=True))
                yield f"| {size}, {order} | {ratios[0]:.1f} | {ratios[1]:.1f} | {factor:.2f} | {least} |\n"


def main(*arguments: str) -> None:
    """Print the ratio to parsing before and after, how many times less a decision costs, and the least that it took."""
    folders = [Path(argument).resolve() for argument in arguments if not argument.isdigit()]
    rounds, *sizes = [int(argument) for argument in arguments if argument.isdigit()] or [40]
    sys.stdout.write("| record, order | before | after | factor | least ms before | after |\n")
    sys.stdout.write("|---|--:|--:|--:|--:|--:|\n")
    for row in rows(folders[0], (*folders[1:], HERE)[0], rounds, tuple(sizes) or (22, 155)):
        sys.stdout.write(row)
        sys.stdout.flush()


if __name__ == "__main__":
    answer_lines() if sys.argv[1:] == ["--answer-lines"] else main(*sys.argv[1:])
