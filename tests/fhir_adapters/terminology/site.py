"""A hospital with the small rules folder, its pinned expansions, and what its service answers."""

import asyncio
import copy
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from engine.authoring.expansions import ExpansionFile
from engine.expansions import Expansion
from fhir_adapters.app import create_app
from fhir_adapters.settings import Settings
from tests.fhir_adapters.cds_hooks.conftest import REQUEST
from tests.fhir_adapters.terminology.stub import SNOMED, VERSION

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ECL = "<< 84757009 |Epilepsy|"
JUVENILE = "6204001"
"""Juvenile myoclonic epilepsy: below epilepsy in SNOMED CT, and in no list of the rules."""
DEAD = "http://127.0.0.1:9/r4"

Body = dict[str, Any]


def expandable_rules(folder: Path) -> Path:
    """A copy of the small rules folder, whose epilepsy has an expression."""
    shutil.copytree(MINI, folder / "rules")
    file = folder / "rules" / "concepts" / "conditions.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("title: epilepsy\n", f'title: epilepsy\n    ecl: "{ECL}"\n'), "utf-8")
    return folder / "rules"


def pin(rules: Path, *codes: str) -> Expansion:
    members = frozenset((SNOMED, code) for code in codes)
    found = Expansion(members, "https://tx.example/r4", VERSION, "urn:1", "2026-05-01", ECL)
    file = rules / "local" / "expansions" / "epilepsy.json"
    file.parent.mkdir(parents=True)
    file.write_text(ExpansionFile.of("epilepsy", found).model_dump_json(), encoding="utf-8")
    return found


def asking(code: str | None = None, system: str = SNOMED, **members: Any) -> Body:
    """The request of the fixtures: intrathecal baclofen ordered for a patient with one problem."""
    body = copy.deepcopy(REQUEST)
    if code is not None:
        (first, *_) = body["prefetch"]["conditions"]["entry"]
        first["resource"]["code"] = {"coding": [{"system": system, "code": code, **members}]}
        body["prefetch"]["conditions"] |= {"entry": [first], "total": 1}
    return body


def answers(app: FastAPI, *bodies: Body, path: str = "") -> list[dict[str, Any]]:
    """What the service says to requests, one after the other, while it runs."""

    async def send() -> list[dict[str, Any]]:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client,
        ):
            found = [await client.post("/cds-services/primum-order-sign", json=body) for body in bodies]
            if path:
                found.append(await client.get(path))
            return [answer.json() for answer in found]

    return asyncio.run(send())


def service(rules: Path, server: str = "", **settings: Any) -> FastAPI:
    """The service of the hospital, with a terminology server where an address is given."""
    return create_app(Settings(rules=rules, terminology_server=server, **settings), clock=lambda: NOW)


def evaluation(answer: dict[str, Any]) -> dict[str, Any]:
    return dict(answer["extension"]["org.primum.evaluation"])


def outcome(answer: dict[str, Any], rule: str = "epilepsy") -> str:
    (found,) = [each for each in evaluation(answer)["rules"] if each["id"] == f"baclofen-it.{rule}"]
    return str(found["outcome"])


def issues(answer: dict[str, Any]) -> list[str]:
    return [each["reason"] for each in evaluation(answer)["data_issues"] if each["resource"] == "request"]


def without_uuids(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer in which nothing is new each time."""
    found: dict[str, Any] = json.loads(
        json.dumps(answer),
        object_hook=lambda members: {name: value for name, value in members.items() if name != "uuid"},
    )
    return found
