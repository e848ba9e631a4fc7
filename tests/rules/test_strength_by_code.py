"""The strength of a product by its code: what a volume of it holds, where the record does not say how strong it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import Decision, decide_request

RXNORM, UCUM, OURS = (
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://unitsofmeasure.org",
    "urn:oid:1.2.616.1.113883.3.999",
)
PATIENT = {"reference": "Patient/p"}
SCREENING, UNCONFIRMED = "1047437", "308517"
CODES = f"""\
codes:
  - {{system: "{OURS}", code: "BACL-40", concept: baclofen-intrathecal-product, strength: 2 mg/mL}}
  - {{system: "{OURS}", code: "BACL", concept: baclofen-intrathecal-product}}
  - {{system: "{OURS}", code: "BACL-2", concept: baclofen-intrathecal-product, strength: 2 mg/mL}}
  - {{system: "{OURS}", code: "BACL-2", concept: baclofen-intrathecal-product, strength: 0.5 mg/mL}}
"""  # fmt: skip

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The rules that ship, with the drug catalogue of one hospital."""
    folder: Path = tmp_path_factory.mktemp("local")
    (folder / "codes.yaml").write_text(CODES, encoding="utf-8")
    loaded = load_rules(local=folder)
    assert loaded.problems == ()
    return loaded


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def amount(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def signed(loaded: Loaded, millilitres: float, product: Resource, **medication: Any) -> Decision:
    """What becomes of a single dose of a volume of a product into the spinal canal."""
    service = Services(loaded.rules, loaded.concepts).by_id["primum-order-sign"]
    contained = {"resourceType": "Medication", "id": "m", "code": product, **medication}
    draft = {
        "resourceType": "MedicationRequest", "id": "draft", "status": "draft", "intent": "order", "subject": PATIENT,
        "contained": [contained], "medicationReference": {"reference": "#m"},
        "dosageInstruction": [{
            "route": coded("http://snomed.info/sct", "72607000"), "timing": {"repeat": {"count": 1}},
            "doseAndRate": [{"doseQuantity": amount(millilitres, "mL")}],
        }],
    }  # fmt: skip
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    orders = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p", "draftOrders": orders},
        "prefetch": {template.key: empty for template in service.templates if template.lists}
        | {"patient": {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}},
    }
    engine = Engine(loaded.rules, loaded.concepts)
    try:
        now = datetime(2026, 5, 1, 12, tzinfo=UTC)
        return decide_request(json.dumps(body).encode(), service, engine, now=now)
    finally:
        engine.close()


def dose_unit(decision: Decision) -> str:
    """How the rule ended that asks whether a single dose is above 100 micrograms."""
    (found,) = [each for each in decision.evaluation.outcomes if each.rule.id == "baclofen-it.dose-unit"]
    return found.outcome.value


def strength(value: float, unit: str) -> Resource:
    return {"strength": {"numerator": amount(value, unit), "denominator": amount(1, "mL")}}


def holding(code: str, system: str = "http://www.whocc.no/atc", **members: Any) -> Resource:
    return {"itemCodeableConcept": coded(system, code), **members}


BACLOFEN, CLONIDINE, SALT = holding("M03BX01"), holding("C02AC01"), holding("B05XA03", isActive=False)


@pytest.mark.parametrize(
    ("product", "millilitres", "outcome"),
    [
        ((RXNORM, SCREENING), 1, "not_met"),  # 50 ug
        ((RXNORM, SCREENING), 3, "met"),  # 150 ug
        ((RXNORM, UNCONFIRMED), 1, "unknown"),
        ((OURS, "BACL-40"), 0.02, "not_met"),  # 40 ug
        ((OURS, "BACL-40"), 1, "met"),  # 2 mg
        ((OURS, "BACL"), 1, "unknown"),
        ((OURS, "BACL-2"), 1, "unknown"),  # two lines, two strengths
    ],
)
def test_a_volume_is_reckoned_by_the_strength_of_the_products_code(
    site: Loaded, product: tuple[str, str], millilitres: float, outcome: str
) -> None:
    assert dose_unit(signed(site, millilitres, coded(*product))) == outcome


@pytest.mark.parametrize(
    ("ingredients", "outcome"),
    [
        ([BACLOFEN], "not_met"),
        ([BACLOFEN, SALT], "not_met"),
        ([BACLOFEN | strength(2, "mg")], "met"),  # what is stated goes before
        ([BACLOFEN | strength(50, "sheep")], "unknown"),  # stated, and not read
        ([BACLOFEN, CLONIDINE], "unknown"),  # of which of the two?
    ],
)
def test_only_where_none_is_stated_and_it_can_be_of_one_ingredient_alone(
    site: Loaded, ingredients: list[Resource], outcome: str
) -> None:
    decision = signed(site, 1, coded(RXNORM, SCREENING), ingredient=ingredients)
    assert dose_unit(decision) == outcome
    told = [issue for issue in decision.issues if "strength is that of its code" in issue.reason]
    assert bool(told) is (outcome == "not_met")


@pytest.mark.parametrize("text", ["2 mg", "0 mg/mL", "2 mL/h"])
def test_what_is_no_concentration_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "codes.yaml").write_text(CODES.replace("0.5 mg/mL", text), encoding="utf-8")
    (problem,) = load_rules(local=tmp_path).problems
    assert "not a mass per volume, such as 0.05 mg/mL" in problem.message
