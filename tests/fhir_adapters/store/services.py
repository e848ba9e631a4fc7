"""Real services on this machine, each a process of its own that can be killed, and a client that keeps at them."""

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.fhir_adapters.cds_hooks.conftest import REQUEST

ROOT = Path(__file__).resolve().parents[3]
MINI = ROOT / "tests" / "fixtures" / "rules-mini"
SIGN = "/cds-services/primum-order-sign"
PAUSE = 0.03
"""Seconds between two calls of a client, so that a service that starts gets its turn, too."""


class Service:
    """A service on a free port of its own."""

    def __init__(self, database: str, folder: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._journal = folder / f"journal-{self.port}"
        self._environment = {
            **os.environ,
            "PRIMUM_DATABASE_URL": database,
            "PRIMUM_RULES": str(MINI),
            **{f"PRIMUM_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = "from fhir_adapters.cli import main; main()"
        with self._journal.open("ab") as journal:
            self._process = subprocess.Popen(
                [sys.executable, "-c", command, "serve", "--port", str(self.port), "--format", "json"],
                cwd=ROOT,
                env=self._environment,
                stdout=journal,
                stderr=journal,
            )
        deadline = time.monotonic() + 180
        while True:
            try:
                if httpx.get(f"{self.url}/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError(self._journal.read_text()) from None
            time.sleep(0.05)

    def kill(self) -> None:
        """End it with SIGKILL, whatever it is doing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None


@contextmanager
def serving(database: str, folder: Path, *, workers: int = 1, **settings: str) -> Iterator[list[Service]]:
    """Services over one database, until the block ends."""
    services = [Service(database, folder, **settings) for _ in range(workers)]
    try:
        for service in services:
            service.start()
        yield services
    finally:
        for service in services:
            service.kill()


@dataclass
class Acknowledged:
    """What clients were told: decisions with their cards, cards whose feedback was taken; and what did not succeed."""

    decisions: dict[str, list[str]] = field(default_factory=dict)
    feedback: set[str] = field(default_factory=set)
    unrecorded: int = 0
    refused: int = 0
    cut_off: int = 0


class Load:
    """Clients that ask for decisions and report on their cards, one after another, until they are stopped."""

    def __init__(self, services: list[Service], clients: int, seed: int) -> None:
        self.acknowledged = Acknowledged()
        self._services = services
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._ask, args=[random.Random(seed + number)])
            for number in range(clients)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, chance: random.Random) -> None:
        with httpx.Client(timeout=20) as client:
            while not self._stopped.is_set():
                service = chance.choice(self._services)
                time.sleep(PAUSE)
                try:
                    self._round(client, service)
                except httpx.TransportError:
                    with self._lock:
                        self.acknowledged.cut_off += 1

    def _round(self, client: httpx.Client, service: Service) -> None:
        answer = client.post(f"{service.url}{SIGN}", json=REQUEST)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        cards = [card["uuid"] for card in body["cards"]]
        assert len(cards) == 2
        decision = body["extension"]["org.primum.evaluation"].get("decision")
        with self._lock:
            if decision is None:
                self.acknowledged.unrecorded += 1
                return
            self.acknowledged.decisions[decision] = cards
        reports = [
            {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-05-01T12:00:00Z"}
            for card in cards
        ]
        reported = client.post(f"{service.url}{SIGN}/feedback", json={"feedback": reports})
        assert reported.status_code in (200, 503)
        with self._lock:
            if reported.status_code == 200:
                self.acknowledged.feedback.update(cards)
            else:
                self.acknowledged.refused += 1
