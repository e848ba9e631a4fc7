"""Intrathecal or not: what the pack that ships makes of an order for baclofen by what it says of the route.

Substance codes do not tell the pump's solution from a tablet. An order without a route that can be read is unknown, and the
card asks by saying what is missing; it is never taken for the tablet.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.cards import Card
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_request

SNOMED, ATC = "http://snomed.info/sct", "http://www.whocc.no/atc"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}
DOSE = {
    "doseAndRate": [{"doseQuantity": {"value": 50, "unit": "ug"}}],
    "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
}
ASKED = "whether this order is intrathecal baclofen"
WRONG = "ordered by a route other than intrathecal"


@cache
def shipped() -> tuple[Engine, Services]:
    loaded = load_rules()
    return Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts)


def snomed(code: str) -> dict[str, Any]:
    return {"coding": [{"system": SNOMED, "code": code}]}


def signed(*routes: Any) -> tuple[Card, ...]:
    """The cards for a draft with these routes, of a patient of whom nothing else is on record."""
    engine, services = shipped()
    service = services.by_id["primum-order-sign"]
    draft = {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "M03BX01"}]},
        "dosageInstruction": [DOSE if route is None else DOSE | {"route": route} for route in routes],
    }
    empty = {template.key: NOTHING for template in service.templates if template.lists}
    orders = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
    body = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p", "draftOrders": orders},
        "prefetch": empty | {"patient": {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}},
    }
    return decide_request(json.dumps(body).encode(), service, engine, now=NOW).cards


def summaries(*routes: Any) -> str:
    return "\n".join(card.summary for card in signed(*routes))


@pytest.mark.parametrize("route", [snomed("72607000"), {"text": "intrathecal"}], ids=["coded", "in words"])
def test_an_intrathecal_order_is_reviewed(route: Any) -> None:
    said = summaries(route)
    assert "Intrathecal baclofen" in said
    assert ASKED not in said
    assert WRONG not in said


def test_an_order_by_mouth_is_not_the_solution() -> None:
    assert signed(snomed("26643006")) == ()


@pytest.mark.parametrize(
    "route",
    [
        pytest.param(None, id="none"),
        pytest.param(5, id="a number"),
        pytest.param({}, id="an empty one"),
        pytest.param(snomed("999999999"), id="a code that nobody knows"),
        pytest.param({"text": "as discussed"}, id="words that say no route"),
        pytest.param({"coding": [{"system": "urn:oid:1.2.3", "code": "IT"}]}, id="a local code"),
    ],
)
def test_an_order_without_a_route_that_can_be_read_is_asked_about(route: Any) -> None:
    (card,) = [card for card in signed(route) if card.tier == "unchecked"]
    assert ASKED in card.summary
    assert "no route, product, form or concentration says so" in card.detail


@pytest.mark.parametrize("routes", [(snomed("47625008"),), (snomed("72607000"), snomed("26643006"))])
def test_a_route_that_the_solution_may_not_take_is_critical_in_whichever_instruction(routes: Any) -> None:
    assert WRONG in summaries(*routes)
    assert signed(*routes)[0].indicator == "critical"
