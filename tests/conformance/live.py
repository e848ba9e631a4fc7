"""Live services: ``primum serve`` in a process of its own, on a port that the system chooses, with settings of its own."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from fhir_adapters.conformance.service import Service
from tests.attacks.issuer import claims_of, ec_key, header_of, public, rsa_key, signed

MINI = Path(__file__).resolve().parents[1] / "fixtures" / "rules-mini"
PUBLIC_URL = "https://cds.example.org/primum"
PREFIX = "/decision/support"
ISSUER = "https://ehr.example.org"
ORIGIN = "https://browser.example.org"
EPIC_KID = "d3bmo5+A8/x4UOXz2iOs4KvVU4eLY0="
READY_WITHIN = 180.0
PRIMUM = Path(sys.executable).parent / "primum"


@cache
def rules() -> Path:
    """The rules that ship, while they can be used as they are, else those of the fixtures."""
    return MINI if load_rules(DEFAULT_FOLDER).broken else DEFAULT_FOLDER


def environment(**settings: Any) -> dict[str, str]:
    """The environment of a service with these settings and no other of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIMUM_")}
    return kept | {f"PRIMUM_{name.upper()}": str(value) for name, value in settings.items()}


@dataclass
class Live:
    """A service that runs, where it answers, and where it writes its journal."""

    address: str
    journal: Path
    prefix: str = ""
    process: subprocess.Popen[bytes] | None = None

    def lines(self) -> list[dict[str, Any]]:
        """The journal so far."""
        return [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()]

    def stop(self) -> None:
        """Tell it to stop, as an orchestrator would, and wait no longer than one would."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)

    @property
    def service(self) -> Service:
        """The service as a client without a token calls it, from the browser's origin that may be listed."""
        return Service(self.address + self.prefix, origin=ORIGIN)

    def signed_service(self, issuer: str = ISSUER, **members: Any) -> Service:
        """The service as an EHR calls it, with a token for every call."""

        def token(address: str) -> str:
            audience = address.replace(self.address + self.prefix, PUBLIC_URL)
            return token_for(audience, issuer, **members)

        return Service(self.address + self.prefix, token_for=token, origin=ORIGIN)


def token_for(audience: str, issuer: str = ISSUER, **members: Any) -> str:
    """A good token, made now."""
    return signed(header_of(), claims_of(audience, issuer, datetime.now(UTC), **members), ec_key())


def clients_file(folder: Path, **switched: dict[str, bool]) -> Path:
    """A file of clients: one plain EHR, and one for each set of switches, at ``https://NAME.example.org``."""
    keys = {"keys": [public(ec_key(), "ec"), public(rsa_key(), EPIC_KID, alg="RS384")]}
    (folder / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    entries = []
    for name, switches in {"ehr": {}, **switched}.items():
        members = {"name": name, "iss": f"https://{name}.example.org", "jwks_file": "keys.json"}
        lines = [f"{key} = {json.dumps(value)}" for key, value in members.items()]
        lines += [f"origins = {json.dumps([ORIGIN])}", f"audiences = {json.dumps(['typed-by-hand'])}"]
        turned = [f"{switch} = {json.dumps(value)}" for switch, value in switches.items()]
        entries.append("\n".join(["[[clients]]", *lines, "[clients.switches]", *turned]))
    file = folder / "clients.toml"
    file.write_text("\n\n".join(entries), encoding="utf-8")
    return file


@contextmanager
def running(folder: Path, prefix: str = "", **settings: Any) -> Iterator[Live]:
    """``primum serve`` until the block ends; a service that does not start fails with its own words."""
    journal = folder / "journal.jsonl"
    chosen = {"rules": rules(), "path_prefix": prefix, **settings}
    with (
        journal.open("wb") as lines,
        subprocess.Popen(
            [PRIMUM, "serve", "--port", "0", "--format", "json"],
            env=environment(**chosen),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=lines,
        ) as process,
    ):
        try:
            yield Live(_address(process, journal), journal, prefix, process)
        finally:
            process.terminate()
            process.wait(10)


def _address(process: subprocess.Popen[bytes], journal: Path) -> str:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"running on (http://[\d.]+:\d+)", journal.read_text(encoding="utf-8"))
        if found is not None:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the service did not start:\n{journal.read_text(encoding='utf-8')[-2000:]}")
