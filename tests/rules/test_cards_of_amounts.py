"""From the order to the cards: an everyday infusion is one however its rate is rounded, and the critical cards are about slips."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import questions_of
from tests.rules.test_amounts_of_an_order import DAILY, amount, coded, dosed, ratio

Json = dict[str, Any]

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
STAT: Json = {"code": {"text": "STAT"}}
EVENT: Json = {"event": ["2026-01-15T10:00:00Z"]}
DAY_LONG: Json = {"repeat": {"count": 1, "duration": 24, "durationUnit": "h"}}
NO_PUMP = "Continuous intrathecal baclofen is ordered, and no implanted pump is on record"
ROUTE = {"route": coded("72607000", "http://snomed.info/sct")}


@cache
def parts() -> tuple[Engine, Services, Json]:
    loaded = load_rules()
    written = (
        resources.files("fhir_adapters.command_line").joinpath("demo-order-sign.json").read_text("utf-8")
    )
    return Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts), json.loads(written)


def bundle(*entries: Json) -> Json:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "entry": [{"resource": each} for each in entries],
    }


def decided(
    *instructions: Json, running: Json | None = None, **more: Any
) -> tuple[dict[str, str], list[str]]:
    """How each rule ends for an order with these instructions (500 ug/mL, lists empty), and the cards: indicator, summary and detail."""
    engine, services, demo = parts()
    request = deepcopy(demo)
    request["prefetch"]["patient"] |= {"birthDate": "1980-03-02", "gender": "male"}
    for name, found in request["prefetch"].items():
        if found.get("type") == "searchset" and name != "userRoles":
            request["prefetch"][name] = bundle()
    order = request["context"]["draftOrders"]["entry"][0]["resource"]
    order |= {"dosageInstruction": [ROUTE | each for each in instructions], **more}
    order["contained"][0]["ingredient"][0]["strength"]["numerator"] = amount(500, "ug")
    if running is not None:
        therapy = {
            "resourceType": "MedicationRequest",
            "id": "running",
            "status": "active",
            "intent": "order",
            "subject": order["subject"],
            "authoredOn": "2025-12-01",
            "medicationCodeableConcept": coded("M03BX01", "http://www.whocc.no/atc"),
            "dosageInstruction": [ROUTE | running],
        }
        request["prefetch"]["medicationRequests"] = bundle(therapy)
    (question,) = questions_of(json.dumps(request).encode(), None, services)
    response = json.loads(encode(question.decide(engine, NOW).response))
    rules = response["extension"]["org.primum.evaluation"]["rules"]
    outcomes = {rule["id"].partition(".")[2]: rule["outcome"] for rule in rules}
    cards = [f"{card['indicator']}: {card['summary']} {card.get('detail', '')}" for card in response["cards"]]
    return outcomes, cards


def critical(cards: list[str]) -> list[str]:
    return [card for card in cards if card.startswith("critical")]


@pytest.mark.parametrize("timing", [STAT, EVENT, DAY_LONG, None])
@pytest.mark.parametrize(("dose", "rate"), [(100, 4.16), (100, 4.17), (96, 4), (50, 2.09), (50, 2.08)])
def test_a_fall_is_seen_whichever_way_the_rate_is_rounded(
    dose: float, rate: float, timing: Json | None
) -> None:
    order = dosed(amount(dose, "ug"), amount(rate, "ug/h"), **({"timing": timing} if timing else {}))
    outcomes, cards = decided(order, running=dosed(rate=amount(400, "ug/d")))
    assert (outcomes["dose-cut"], outcomes["bolus-strength"]) == ("met", "not_met")
    (card,) = critical(cards)
    assert "lowered by more than" in card


@pytest.mark.parametrize(
    "order",
    [
        *(dosed(amount(200, "ug"), amount(rate, "ug/h")) for rate in (8.3, 8.33, 8.333, 8.3333)),
        *(dosed(amount(150, "ug"), amount(150, "ug/d"), timing=timing) for timing in (EVENT, STAT)),
        dosed(amount(400, "ug"), amount(16.67, "ug/h"), timing=DAY_LONG),
        *(dosed(rate=amount(8.33, "ug/h"), timing=timing) for timing in (EVENT, STAT, DAY_LONG)),
    ],
)
def test_an_everyday_infusion_brings_no_critical_card_and_keeps_its_warning(order: Json) -> None:
    outcomes, cards = decided(order)
    assert critical(cards) == []
    assert any(NO_PUMP in card for card in cards)
    assert {outcomes[rule] for rule in ("dose-unit", "bolus-strength", "infusion-strength")} == {"not_met"}


def test_a_largest_dose_below_the_order_takes_no_critical_card_away_where_both_are_over() -> None:
    often = {"timing": {"repeat": DAILY}}
    for order in (dosed(amount(5, "mg"), **often), dosed(rate=amount(5, "mg/d"))):
        for most, outcome in ((2.5, "met"), (1, "unknown")):
            outcomes, cards = decided(order | {"maxDosePerPeriod": ratio(most, "mg", "d")})
            assert (outcomes["dose-unit"], bool(critical(cards))) == (outcome, outcome == "met")


def test_a_dose_that_takes_days_at_its_rate_is_unknown_and_critical_only_where_a_day_of_the_rate_is_over() -> (
    None
):
    reservoir = dosed(amount(20, "mL"), amount(0.2, "mL/d"))
    for order in (reservoir, dosed(amount(300, "ug"), amount(8.33, "ug/h"))):
        outcomes, cards = decided(order, dispenseRequest={"quantity": amount(20, "mL")})
        assert (outcomes["dose-unit"], critical(cards)) == ("unknown", [])
        assert any("Could not" in card or "not checked" in card.lower() for card in cards)
    for order in (dosed(amount(20, "mg"), amount(5, "mg/d")), dosed(amount(50, "mg"), amount(50, "mg/min"))):
        outcomes, cards = decided(order)
        assert outcomes["dose-unit"] == "met"
        assert critical(cards)


def test_a_fall_below_all_that_the_dose_before_may_have_been_is_seen_and_one_below_a_part_of_it_is_open() -> (
    None
):
    limits = {"low": amount(300, "ug/d"), "high": amount(400, "ug/d")}
    before = {"doseAndRate": [{"rateRange": limits}]}
    for now, outcome in ((100, "met"), (280, "unknown"), (390, "not_met")):
        found, cards = decided(dosed(rate=amount(now, "ug/d")), running=before)
        assert (found["dose-cut"], bool(critical(cards))) == (outcome, outcome == "met"), now
