"""The card of short lists, from the request: none for a diagnosis that also has a code of ICD-10."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fhir_adapters.command_line as command_line
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.rule import Hook
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_request

DEMO = Path(command_line.__file__).with_name("demo-order-sign.json")
RULES = Path(__file__).resolve().parents[2] / "rules"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DIABETES = {"system": "http://snomed.info/sct", "code": "44054006"}
ICD = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}


@pytest.fixture(scope="module")
def details() -> Iterator[Callable[..., list[str]]]:
    loaded = load_rules(RULES)
    engine = Engine(loaded.rules, loaded.concepts)
    service = Services(loaded.rules, loaded.concepts).of(Hook.ORDER_SIGN)
    assert service is not None
    demo = json.loads(DEMO.read_text("utf-8"))

    def told(*codings: dict[str, Any]) -> list[str]:
        """What the cards say to the demo's order, of a patient with one diagnosis."""
        body = copy.deepcopy(demo)
        resource = {
            "resourceType": "Condition",
            "id": "c1",
            "subject": {"reference": f"Patient/{demo['context']['patientId']}"},
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"coding": list(codings)},
        }
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": 1,
            "entry": [{"resource": resource}],
        }
        body["prefetch"]["conditions"] = bundle
        return [
            card.detail for card in decide_request(json.dumps(body).encode(), service, engine, now=NOW).cards
        ]

    yield told
    engine.close()


def test_a_code_of_snomed_ct_alone_is_told_and_one_beside_icd_is_not(
    details: Callable[..., list[str]],
) -> None:
    assert any("Compared with short lists only" in each for each in details(DIABETES))
    assert not any("Compared with short lists only" in each for each in details(DIABETES, ICD))
