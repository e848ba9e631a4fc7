"""Boundary cases of every noun: what is made to lie just inside, just outside or in the dark does so, says the engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from engine.authoring.boundaries import Boundaries, BoundarySeen
from engine.authoring.estimate_witnesses import estimate_witnesses
from engine.authoring.folder import Loaded
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from engine.authoring.witnesses import World
from engine.finding import Truth
from engine.language import NOUNS, LabLeaf, noun_of

TODAY = date(2026, 3, 1)

CONDITIONS: dict[str, dict[str, Any]] = {
    "action": {"action": "stop"},
    "action-reason": {"action": "stop", "reason": "treatment-break-planned"},
    "action-change": {"action": "change"},
    "age": {"age": {"below": "4 years"}},
    "age-above": {"age": {"above": "65 years"}},
    "age-at-or-above": {"age": {"at_or_above": "18 years"}},
    "age-at-or-below": {"age": {"at_or_below": "17 years"}},
    "age-between": {"age": {"between": ["12 years", "17 years"]}},
    "allergy": {"allergy": "baclofen-allergy"},
    "allergy-inactive": {"allergy": "baclofen-allergy", "status": "inactive"},
    "allergy-type": {"allergy": "baclofen-allergy", "type": "allergy"},
    "intolerance": {"allergy": "baclofen-allergy", "type": "intolerance"},
    "appointment": {"appointment": "pump-refill", "state": "missed", "within": "6 months"},
    "appointment-kept": {"appointment": "pump-refill", "state": "kept"},
    "appointment-planned": {"appointment": "pump-refill", "state": "planned", "within": "2 weeks"},
    "batch": {"batch": "expired"},
    "category": {"category": "order-outpatient"},
    "condition": {"condition": "head-injury", "within": "12 months"},
    "condition-confirmed": {"condition": "head-injury", "certainty": "confirmed", "excluding": ["epilepsy-drug-resistant"]},
    "condition-ever": {"condition": "head-injury", "status": "ever"},
    "condition-past": {"condition": "head-injury", "status": "past"},
    "condition-remission": {"condition": "head-injury", "status": "current-or-remission"},
    "condition-suspected": {"condition": "head-injury", "certainty": "suspected"},
    "device": {"device": "intrathecal-pump"},
    "device-inactive": {"device": "intrathecal-pump", "status": "inactive"},
    "device-replacement": {"device": "intrathecal-pump", "replacement": "overdue"},
    "dose-bolus": {"dose": {"of": "bolus", "above": "100 ug"}},
    "dose-concentration": {"dose": {"of": "concentration", "one_of": ["500 ug/mL", "2000 ug/mL"]}},
    "dose-day": {"dose": {"of": "day", "between": ["100 ug/d", "1000 ug/d"]}},
    "dose-fall": {"dose": {"of": "day", "fall_above": 20}},
    "dose-rise": {"dose": {"of": "day", "rise_above": 30}},
    "dose-test": {"dose": {"of": "day", "above_test_dose": {"times": 2, "largest": "100 ug"}}},
    "dose-stated": {"dose": {"of": "day", "stated": True}},
    "dose-unstated": {"dose": {"of": "day", "stated": False}},
    "encounter": {"encounter": "encounter-inpatient"},
    "encounter-finished": {"encounter": "encounter-inpatient", "state": "finished", "within": "1 month"},
    "finding": {"finding": "low-pressure"},
    "given-as": {"given_as": "infusion"},
    "ingredient": {"ingredient": {"is": "sodium-chloride"}},
    "ingredient-other": {"ingredient": {"other_than": ["baclofen-substance", "sodium-chloride"]}},
    "lab": {"lab": "lab-egfr", "below": "60 mL/min/1.73m2", "within": "12 months"},
    "lab-at-or-below": {"lab": "lab-egfr", "at_or_below": "59 mL/min/1.73m2", "within": "12 months"},
    "lab-exactly": {"lab": "lab-egfr", "between": ["60 mL/min/1.73m2", "60 mL/min/1.73m2"], "within": "1 year"},
    "lab-any": {"lab": "lab-egfr", "within": "12 months"},
    "lab-estimate": {"lab": "lab-egfr", "below": "60 mL/min/1.73m2", "within": "12 months", "estimate": "creatinine"},
    "lab-estimate-above": {
        "lab": "lab-egfr", "at_or_above": "60 mL/min/1.73m2", "within": "12 months", "estimate": "creatinine", "if_missing": "not-met",
    },
    "lab-estimate-any": {"lab": "lab-egfr", "within": "12 months", "estimate": "creatinine"},
    "lab-estimate-never": {"lab": "lab-egfr", "above": "240 mL/min/1.73m2", "within": "12 months", "estimate": "creatinine"},
    "lab-estimate-weight": {
        "lab": "lab-creatinine-clearance-estimated", "between": ["30 mL/min", "59 mL/min"], "within": "24 hours",
        "estimate": "creatinine-and-weight",
    },
    "lab-zero": {"lab": "lab-egfr", "below": "0 mL/min/1.73m2", "within": "12 months"},
    "lactation": {"lactation": "current"},
    "medication": {"medication": "class-opioids"},
    "medication-any": {"medication": "any", "excluding": ["class-opioids"]},
    "medication-ever": {"medication": "class-opioids", "status": "ever"},
    "medication-recent": {"medication": "class-opioids", "status": "recent", "within": "14 days"},
    "medication-route": {"medication": "class-opioids", "route": "route-intrathecal"},
    "order": {"order": "class-opioids"},
    "order-any": {"order": "any", "action": "start"},
    "order-group": {"order": "class-opioids", "same_group": True, "route": "route-intrathecal"},
    "order-stop": {"order": "class-opioids", "action": "stop"},
    "parameter": {"parameter": "jurisdiction", "is": "us"},
    "pregnancy": {"pregnancy": "current"},
    "pregnancy-silent": {"pregnancy": "possible", "if_missing": "not-met"},
    "pregnancy-unstated": {"pregnancy": "unstated"},
    "procedure": {"procedure": "general-anaesthesia", "within": "30 days"},
    "procedure-planned": {"procedure": "general-anaesthesia", "status": "planned", "within": "14 days"},
    "reason": {"reason": "spasticity-indication"},
    "route": {"route": {"is": "route-intrathecal"}},
    "route-other": {"route": {"other_than": "route-intrathecal"}},
    "route-stated": {"route": {"stated": True}},
    "route-unstated": {"route": {"stated": False}},
    "service": {"service": "cardiorespiratory-monitoring", "within": "3 days"},
    "sex": {"sex": ["female"]},
    "sex-all": {"sex": ["female", "male", "other"]},
    "specialty": {"specialty": "specialty-of-the-team"},
    "supply": {"supply": {"empty_within": "7 days"}},
    "taper": {"taper": "planned"},
    "therapy": {"therapy": {"status": "current"}},
    "therapy-long": {"therapy": {"status": "current", "longer_than": "3 months"}},
    "therapy-new": {"therapy": {"status": "current", "within": "3 months"}},
    "therapy-rise": {"therapy": {"status": "current", "rise_above": 50, "over": "3 months"}},
    "therapy-stopped": {"therapy": {"status": "stopped"}},
    "therapy-stopped-within": {"therapy": {"status": "stopped", "within": "2 weeks"}},
    "vital": {"vital": "vital-spo2", "below": "92 %", "within": "24 hours", "if_missing": "not-met"},
    "vital-above": {"vital": "vital-weight", "at_or_above": "50 kg", "within": "1 year"},
    "vital-coded": {"vital": "alcohol-history", "is": "alcohol-use", "within": "12 months"},
    "since": {"condition": "head-injury", "since": "therapy-start"},
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The concepts that ship, and a pack with one rule for each of the conditions."""
    root = tmp_path_factory.mktemp("nouns") / "rules"
    shutil.copytree(DEFAULT_FOLDER / "concepts", root / "concepts")
    pack = root / "itb"
    pack.mkdir()
    (root / "findings").mkdir()
    shared = {"id": "low-pressure", "title": "low pressure"}
    pressure = {"vital": "vital-systolic", "below": "90 mm[Hg]", "within": "3 days"}
    (root / "findings/low-pressure.yaml").write_text(json.dumps(shared | {"when": {"any": [pressure]}}))
    about = {"id": "itb", "title": "Nouns", "version": "1.0.0", "medicine": "baclofen-intrathecal"}
    label = {"label_title": "Leaflet", "label_version": "1"}
    parameters = {"parameters": {"jurisdiction": {"value": "eu", "note": "for the test"}}}
    (pack / "pack.yaml").write_text(json.dumps(about | label | parameters))
    statement = {"id": "WP-01", "title": "t", "section": "s", "line": 1, "text": "t", "kind": "warning"}
    (pack / "statements.yaml").write_text(json.dumps({"statements": [statement]}))
    for name, condition in CONDITIONS.items():
        rule = {
            "id": f"itb.{name}", "title": name, "kind": "warning", "status": "draft", "version": "1.0.0", "hooks": ["order-sign"],
            "medicine": "baclofen-intrathecal", "brought_up_by": ["order", "stop"], "when": condition,
            "card": {"indicator": "info", "summary": "Something"}, "sources": [{"statement": "WP-01"}],
            "review": {"state": "unreviewed", "next": "2027-01-01"},
        }  # fmt: skip
        (pack / f"{name}.yaml").write_text(json.dumps(rule))
    return load_rules(root)


def seen(loaded: Loaded, name: str) -> Iterator[BoundarySeen]:
    boundaries = Boundaries(loaded, f"itb.{name}", today=TODAY)
    yield from boundaries.seen()
    boundaries.close()


@pytest.mark.parametrize("name", CONDITIONS)
def test_each_case_lies_where_it_was_made_to_lie(world: Loaded, name: str) -> None:
    cases = [*seen(world, name)]
    assert {each.case.side for each in cases} & {"inside", "outside"}
    assert [each.name for each in cases if not each.as_meant] == []


def test_every_noun_is_among_them(world: Loaded) -> None:
    assert {noun_of(condition) for condition in CONDITIONS.values()} == set(NOUNS)


def test_a_limit_has_a_case_on_each_side_in_its_last_digit(world: Loaded) -> None:
    said = {each.case.said: each.truth for each in seen(world, "lab")}
    assert said["estimated filtration rate of 59 mL/min/1.73m2"] is Truth.MET
    assert said["estimated filtration rate of 60 mL/min/1.73m2"] is Truth.NOT_MET
    assert said["no estimated filtration rate on record"] is Truth.UNKNOWN
    assert said["the list of observations did not arrive"] is Truth.UNKNOWN


def test_a_window_of_time_has_its_last_day_and_the_day_before(world: Loaded) -> None:
    days = [each.case.setup.get("labs", [""])[0] for each in seen(world, "lab")]
    assert "lab-egfr 59 mL/min/1.73m2 on 2025-03-01" in days
    assert "lab-egfr 59 mL/min/1.73m2 on 2025-02-28" in days


def test_a_limit_that_leaves_nothing_inside_has_no_case_inside(world: Loaded) -> None:
    assert not any(each.case.side == "inside" for each in seen(world, "lab-zero"))


def test_in_words_without_an_article_or_by_its_name(world: Loaded) -> None:
    made = World(TODAY, world.concepts, world.concepts.medicine("baclofen-intrathecal"), {})
    assert made.title("lab-egfr") == "estimated filtration rate"
    assert made.title("not-a-concept") == "not-a-concept"


def test_an_estimate_has_a_creatinine_on_each_side_of_the_limit_and_none_without_what_it_needs(
    world: Loaded,
) -> None:
    said = {each.case.said: each.truth for each in seen(world, "lab-estimate-weight")}
    met = [words for words, truth in said.items() if truth is Truth.MET and "estimated as" in words]
    assert [words.rsplit(" ", 1)[1] for words in met] == ["59", "30"]
    weight = "serum creatinine of 2.3 mg/dL, "
    assert said[f"{weight}body weight on 2025-09-01 (the last day that counts)"] is Truth.MET
    for lacking in (
        "body weight on 2025-08-31 (out of time)",
        "no body weight on record",
        "no sex on record",
        "a child",
    ):
        assert said[weight + lacking] is Truth.UNKNOWN


def test_a_limit_in_another_unit_than_the_estimate_has_no_creatinine_inside(world: Loaded) -> None:
    written = {"lab": "lab-egfr", "below": "60 mL/min", "within": "1 year", "estimate": "creatinine"}
    made = World(TODAY, world.concepts, world.concepts.medicine("baclofen-intrathecal"), {})
    found = estimate_witnesses(LabLeaf.model_validate(written), made, "2026-03-01")
    assert {each.side for each in found} == {"missing"}
