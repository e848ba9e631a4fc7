"""Creatinine clearance after Cockcroft and Gault, from the request to the card, by a rule of a site: none that ships asks for it."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from engine.authoring.loading import DEFAULT_FOLDER
from fhir_adapters.app import create_app
from fhir_adapters.settings import Settings

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PATIENT = {"reference": "Patient/p"}
RULE = "baclofen-it.kidney-function"
WHEN = """\
when:
  lab: lab-creatinine-clearance-estimated
  below: 30 mL/min
  within: 12 months
  estimate: creatinine-and-weight
  as: clearance

card:
  indicator: warning
  summary: "Creatinine clearance {clearance.value} {clearance.unit} on {clearance.date}: lower the dose"
  suggestions:
"""

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Starlette:
    """The service with the rules that ship, of which the one on kidney function asks for the clearance."""
    folder = tmp_path_factory.mktemp("site") / "rules"
    shutil.copytree(DEFAULT_FOLDER, folder)
    rule: Path = folder / "baclofen-intrathecal/warnings/kidney-function.yaml"
    written, count = re.subn(
        r"^when:.*?^  suggestions:\n", WHEN, rule.read_text(encoding="utf-8"), flags=re.M | re.S
    )
    assert count == 1
    rule.write_text(re.sub(r"(?m)^version: .*", "version: 99.0.0", written), encoding="utf-8")
    return create_app(Settings(rules=folder), clock=lambda: NOW)


def measured(code: str, value: float, unit: str, when: str = "2026-04-20") -> Resource:
    return {
        "resourceType": "Observation", "id": f"o{code}", "status": "final", "subject": PATIENT, "effectiveDateTime": when,
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": unit},
    }  # fmt: skip


def asked(app: Starlette, *found: Resource, born: str = "1946-01-01") -> Resource:
    """What the service answers on a man's order, of whom these observations are on record."""

    async def ask() -> Resource:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client:
            services = (await client.get("/cds-services")).json()["services"]
            (service,) = [each for each in services if each["id"] == "primum-order-sign"]
            prefetch: Resource = {
                key: {"resourceType": "Bundle", "type": "searchset", "total": 0}
                for key in service["prefetch"]
            }
            entries = [{"resource": resource} for resource in found]
            for key, code in (("labs", "2160-0"), ("vitals", "29463-7")):
                assert code in service["prefetch"][key], "an estimate asks for what it stands on"
            prefetch["labs"] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
            prefetch["patient"] = {"resourceType": "Patient", "id": "p", "birthDate": born, "gender": "male"}
            draft = {
                "resourceType": "MedicationRequest", "id": "d", "status": "draft", "intent": "order", "subject": PATIENT,
                "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]},
                "dosageInstruction": [{"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}],
            }  # fmt: skip
            orders = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
            body = {
                "hook": "order-sign",
                "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
                "context": {"userId": "Practitioner/1", "patientId": "p", "draftOrders": orders},
                "prefetch": prefetch,
            }
            answer = await client.post(
                "/cds-services/primum-order-sign",
                content=json.dumps(body),
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 200
            return answer.json()  # type: ignore[no-any-return]

    return asyncio.run(ask())


def came(answer: Resource) -> tuple[str, str]:
    """How the rule ended, and all that is said of it: on the cards, and in the evaluation."""
    (rule,) = [each for each in answer["extension"]["org.primum.evaluation"]["rules"] if each["id"] == RULE]
    return rule["outcome"], json.dumps([answer["cards"], rule], ensure_ascii=False)


@pytest.mark.parametrize(
    ("creatinine", "weight"),
    [
        (measured("2160-0", 2.0, "mg/dL"), measured("29463-7", 60, "kg")),
        (measured("59826-8", 176.8, "umol/L"), measured("3141-9", 60, "kg")),
        (measured("38483-4", 2.0, "mg/dL"), measured("8350-1", 132.3, "[lb_av]")),
    ],
)
def test_a_rule_on_the_clearance_is_answered_from_creatinine_and_weight(
    app: Starlette, creatinine: Resource, weight: Resource
) -> None:
    """(140 - 80 years) * 60 kg / (72 * 2.0 mg/dL) = 25 mL/min (Cockcroft DW, Gault MH, Nephron 1976;16:31-41)."""
    ended, words = came(asked(app, creatinine, weight))
    assert ended == "met"
    assert "Creatinine clearance 25 mL/min on 20 Apr 2026: lower the dose" in words


def test_one_above_the_limit_brings_no_card(app: Starlette) -> None:
    ended, words = came(asked(app, measured("2160-0", 1.0, "mg/dL"), measured("29463-7", 60, "kg")))
    assert (ended, "lower the dose" in words) == ("not_met", False)


@pytest.mark.parametrize(("born", "lacking"), [("1946-01-01", "body weight"), ("2016-01-01", "adults only")])
def test_what_it_lacks_is_said(app: Starlette, born: str, lacking: str) -> None:
    ended, words = came(asked(app, measured("2160-0", 2.0, "mg/dL"), born=born))
    assert (ended, lacking in words) == ("unknown", True)
