"""Tests of rules go the whole way: written as the request of an EHR, and read again as any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from engine.authoring.boundaries import Boundaries
from engine.authoring.case_facts import NOON, facts_of
from engine.authoring.cases import CaseFile
from engine.authoring.folder import Loaded
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from engine.authoring.testing import RuleTests, read_tests
from engine.errors import CdsError
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.rule import Hook
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.written_requests import ThroughFhir, written_request

TODAY = date(2026, 3, 1)
PARTS = 6
"""The rules are looked at in parts, so that they can be shared out."""


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_rules(DEFAULT_FOLDER)


@pytest.fixture(scope="module")
def services(loaded: Loaded) -> Services:
    return Services(loaded.rules, loaded.concepts)


def rules_of_part(loaded: Loaded, part: int) -> Iterator[RuleTests]:
    for rule in loaded.rules.rules[part::PARTS]:
        tests = read_tests(loaded, rule.id)
        assert tests is not None
        yield tests
        tests.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_test_of_the_rules_ends_the_same_by_way_of_fhir(loaded: Loaded, part: int) -> None:
    differing = []
    for tests in rules_of_part(loaded, part):
        plain = [(case.name, *came(tests, case)) for case in tests.cases]
        tests.way = ThroughFhir()
        differing += sorted({*plain} ^ {(case.name, *came(tests, case)) for case in tests.cases})
    assert differing == []


def came(tests: RuleTests, case: Any) -> tuple[str, str]:
    """How a case ends, and the urgency of its card."""
    outcomes, card = tests.seen(case)
    return outcomes[0].outcome, card.indicator if card is not None else "none"


def request_of(
    loaded: Loaded, services: Services, rule_id: str = "baclofen-it.kidney-function", **setup: Any
) -> dict[str, Any]:
    """The request that a test with this setup is written as."""
    file = CaseFile.model_validate({"today": TODAY, "tests": [{"name": "n", "expect": "met", **setup}]})
    rule = loaded.rules.rule(rule_id)
    facts = facts_of(file.tests[0], TODAY, rule, loaded.concepts)
    service = services.of(Hook(facts.hook))
    assert service is not None
    body: dict[str, Any] = json.loads(written_request(facts, service))
    return body


def resources(value: Any) -> Iterator[dict[str, Any]]:
    """Every resource but the Bundles around them."""
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(member, dict) and member.get("resourceType", "Bundle") != "Bundle":
            yield member
        else:
            yield from resources(member)


def test_what_is_written_is_fhir(loaded: Loaded, services: Services) -> None:
    """Of the tests of all rules every kind of resource that differs in its members is held against FHIR's own definition."""
    seen: dict[tuple[str, ...], dict[str, Any]] = {}
    for rule in loaded.rules.rules:
        tests = read_tests(loaded, rule.id)
        assert tests is not None
        for case in tests.cases:
            engine_facts: PatientFacts = facts_of(case, TODAY, rule, tests.loaded.concepts)
            service = services.of(Hook(engine_facts.hook))
            assert service is not None
            for resource in resources(json.loads(written_request(engine_facts, service))):
                seen.setdefault((resource["resourceType"], *sorted(resource)), resource)
    assert {shape[0] for shape in seen} >= {
        "Patient",
        "Condition",
        "MedicationRequest",
        "Observation",
        "Procedure",
    }
    for resource in seen.values():
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_amounts_are_written_exactly_and_with_their_ucum_unit(loaded: Loaded, services: Services) -> None:
    body = request_of(loaded, services, labs=["lab-egfr >59.90 mL/min/1.73m2 on 2026-02-08"])
    (observation,) = [each for each in resources(body) if each["resourceType"] == "Observation"]
    unit = "mL/min/{1.73_m2}"
    assert observation["valueQuantity"] == {
        "value": 59.9, "comparator": ">", "unit": unit, "system": "http://unitsofmeasure.org", "code": unit
    }  # fmt: skip
    assert observation["effectiveDateTime"] == "2026-02-08"


def test_a_list_that_did_not_arrive_is_left_out_and_a_partial_one_has_a_next_page(
    loaded: Loaded, services: Services
) -> None:
    whole = request_of(loaded, services)["prefetch"]
    assert whole["conditions"] == {"resourceType": "Bundle", "type": "searchset", "entry": []}
    less = request_of(loaded, services, missing=["conditions"], partial=["observations"])["prefetch"]
    assert "conditions" not in less
    assert less["labs"]["link"][0]["relation"] == "next"


@pytest.mark.parametrize(
    ("rule", "hook", "member"),
    [
        ("baclofen-it.kidney-function", "order-sign", "draftOrders"),
        ("baclofen-it.kidney-function", "order-select", "selections"),
    ],
)
def test_each_hook_has_its_own_context(
    loaded: Loaded, services: Services, rule: str, hook: str, member: str
) -> None:
    body = request_of(loaded, services, rule, hook=hook)
    assert body["hook"] == hook
    assert body["context"][member]


def test_an_engine_without_the_hook_says_so(loaded: Loaded) -> None:
    engine = Engine(replace(loaded.rules, rules=()), loaded.concepts)
    facts = PatientFacts(now=datetime.combine(TODAY, NOON), hook="order-sign")
    with pytest.raises(CdsError, match="order-sign"):
        ThroughFhir()(engine, facts)
    assert ThroughFhir().request(engine, facts) == b"{}"
    engine.close()


def test_boundaries_come_out_the_same_by_way_of_fhir(loaded: Loaded) -> None:
    found = []
    for way in (Engine.evaluate, ThroughFhir()):
        boundaries = Boundaries(loaded, "baclofen-it.kidney-function", today=TODAY, way=way)
        found.append([(each.case.said, each.truth, each.outcome, each.card) for each in boundaries.seen()])
        boundaries.close()
    assert found[0] == found[1]
    assert len(found[0]) > 20
