"""The example pack holds what the guide promises of a pack, and nobody meets it who did not ask for it."""

import asyncio

import httpx
import pytest

from engine.authoring.condition_coverage import conditions_seen
from engine.authoring.folder import Loaded
from engine.authoring.label import label_accounts
from engine.authoring.loading import load_rules, load_strict
from engine.authoring.mutants import mutant_reports
from engine.authoring.testing import run_tests
from fhir_adapters.app import create_app
from fhir_adapters.settings import Settings

PACK = "metformin"


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_strict(examples=True)


def test_it_is_read_only_when_it_is_asked_for(loaded: Loaded) -> None:
    assert set(loaded.rules.packs) == {"baclofen-it", PACK}
    assert set(load_rules().rules.packs) == {"baclofen-it"}


def test_every_pack_below_examples_calls_itself_an_example_and_no_other_does(loaded: Loaded) -> None:
    for name, pack in loaded.rules.packs.items():
        assert pack.example == ("/examples/" in loaded.folders[name])
        assert pack.source_label.startswith("Example, not for patients") == pack.example


def test_its_tests_pass(loaded: Loaded) -> None:
    report = run_tests(loaded, select=f"{PACK}.")
    assert len(report.results) > 40
    assert [result.render() for result in report.failed] == []


def test_its_conditions_are_covered_and_its_mutants_killed(loaded: Loaded) -> None:
    assert [entry for entry in conditions_seen(loaded, select=f"{PACK}.") if entry.lacking] == []
    reports = list(mutant_reports(loaded, select=f"{PACK}."))
    assert len(reports) == 5
    assert all(report.ok for report in reports)


def test_each_of_its_statements_has_a_rule_or_a_reason(loaded: Loaded) -> None:
    [account] = [account for account in label_accounts(loaded) if account.pack.id == PACK]
    assert account.complete
    assert len(account.statements) == 8


def test_nothing_is_wrong_in_it(loaded: Loaded) -> None:
    assert [problem.render() for problem in loaded.problems] == []
    assert f"{loaded.folders[PACK]}/rules.lock" in loaded.paths


@pytest.mark.parametrize(("examples", "packs"), [(False, ["baclofen-it"]), (True, ["baclofen-it", PACK])])
def test_a_service_answers_with_it_only_when_it_is_told_to(examples: bool, packs: list[str]) -> None:
    transport = httpx.ASGITransport(app=create_app(Settings(examples=examples)))

    async def ready() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client:
            return await client.get("/health/ready")

    assert [pack["id"] for pack in asyncio.run(ready()).json()["packs"]] == packs
