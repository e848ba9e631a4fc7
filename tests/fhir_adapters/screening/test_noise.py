"""Noise: the cards that the shipped rules make over many orders stay under the recorded budget."""

import json
import tarfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.screening.cohort import pump_patients
from fhir_adapters.screening.noise import (
    Noise,
    count,
    dose_changes,
    first_doses,
    ordinary_orders,
    over_budget,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUDGET = tomllib.loads(
    (DEFAULT_FOLDER / "baclofen-intrathecal" / "noise-budget.toml").read_text(encoding="utf-8")
)
WOMAN = {"resourceType": "Patient", "id": "p", "birthDate": "1970-05-03", "gender": "female"}
PATIENTS = Path(__file__).resolve().parents[4] / "shared" / "realdata" / "patients.tar.xz"


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[Engine, Services]]:
    loaded = load_rules(DEFAULT_FOLDER)
    engine = Engine(loaded.rules, loaded.concepts)
    yield engine, Services(loaded.rules, loaded.concepts)
    engine.close()


def test_pump_patients_stay_under_the_budget_and_a_typical_order_has_at_most_four_cards(
    asked: tuple[Engine, Services],
) -> None:
    cohort = list(pump_patients(100, NOW.date()))
    found = [
        count("dose changes of pump patients", dose_changes(cohort, NOW), *asked, NOW),
        count("ordinary orders of pump patients", ordinary_orders(cohort), *asked, NOW),
    ]
    assert over_budget(found, BUDGET) == []
    assert all(noise.orders == 100 and noise.typical <= 4 for noise in found)


def real_patients(every: int) -> Iterator[dict[str, Any]]:
    with tarfile.open(PATIENTS) as archive:
        for place, member in enumerate(
            member for member in archive.getmembers() if member.name.endswith(".json")
        ):
            file = archive.extractfile(member) if place % every == 0 else None
            bundle = json.load(file) if file is not None else {}
            resources = [entry.get("resource", {}) for entry in bundle.get("entry", ())]
            if any(resource.get("resourceType") == "Patient" and "id" in resource for resource in resources):
                yield bundle


@pytest.mark.skipif(not PATIENTS.is_file(), reason="needs ../shared/realdata/patients.tar.xz")
def test_first_test_doses_for_real_patients_stay_under_the_budget(asked: tuple[Engine, Services]) -> None:
    noise = count("first test doses", first_doses(real_patients(every=4)), *asked, NOW)
    assert noise.orders > 50
    assert noise.typical <= 4
    assert over_budget([noise], BUDGET) == []


def test_the_same_seed_makes_the_same_cohort() -> None:
    assert list(pump_patients(3, NOW.date())) == list(pump_patients(3, NOW.date()))


def test_what_exceeds_the_budget_is_said_in_words() -> None:
    noise = Noise("orders", cards=[1, 2], tiers=Counter({"warnings": 3}))
    assert over_budget([noise], {"orders": {"cards": 150.0}}) == [
        "orders: 150.0 warnings for every 100 orders; 0.0 are allowed"
    ]
    assert noise.per_hundred(3) == 150.0


def test_a_rule_is_counted_apart_where_it_was_met_and_where_it_could_not_be_checked(
    asked: tuple[Engine, Services],
) -> None:
    """A record of nothing but the patient: an empty list says that nothing is taken, and that no rate was measured."""
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": WOMAN}]}
    noise = count("first test doses", first_doses([bundle]), *asked, NOW)
    assert noise.met["baclofen-it.medication-list-empty"] == 1
    assert noise.unknown["baclofen-it.medication-list-empty"] == 0
    assert noise.met["baclofen-it.kidney-function"] == 0
    assert noise.unknown["baclofen-it.kidney-function"] == 1
    assert set(noise.rules) == {*noise.met, *noise.unknown}
    assert (noise.met + noise.unknown)[noise.rules[0]] == max((noise.met + noise.unknown).values())


def test_of_no_orders_nothing_is_said() -> None:
    assert Noise("orders").per_hundred(0) == 0.0
    assert Noise("orders", cards=[3]).typical == 3
