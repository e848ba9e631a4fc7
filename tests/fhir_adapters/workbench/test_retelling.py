"""The patient of a record in the words of a test: the rule ends the same, and nothing says who the patient is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from fhir_adapters.workbench.desk import Desk
from fhir_adapters.workbench.looks import look, retell
from fhir_adapters.workbench.patients import FromRecord
from fhir_adapters.workbench.shelf import Shelf

NOW, TODAY = datetime(2026, 11, 28, 12, tzinfo=UTC), date(2026, 3, 1)
STORIES = sorted((Path(__file__).resolve().parents[3] / "docs/stories").glob("*.json"))


def resource(kind: str, number: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": number, "subject": {"reference": "Patient/p"}, **members}


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


ORDER = resource(
    "MedicationRequest",
    "o",
    status="draft",
    intent="order",
    medicationCodeableConcept=coded("http://www.whocc.no/atc", "M03BX01"),
    dosageInstruction=[{"route": coded("http://snomed.info/sct", "72607000")}],
)
PERSON = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Zebrafinch", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "1955-07-19",
}


def bundle(*resources: dict[str, Any]) -> bytes:
    entries = [{"resource": each} for each in (PERSON, ORDER, *resources)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def rate(value: float, on: str, **members: Any) -> dict[str, Any]:
    amount = {"value": value, "code": "mL/min/{1.73_m2}", "system": "http://unitsofmeasure.org"}
    return resource(
        "Observation",
        "e",
        status="final",
        code=coded("http://loinc.org", "62238-1"),
        effectiveDateTime=on,
        valueQuantity={**amount, **members},
    )


def told(desk: Desk, content: bytes) -> tuple[dict[str, Any], bool]:
    seen = look(desk.edit, FromRecord(content, "x"), "rule", now=NOW, today=TODAY)
    assert seen.reasons == ()
    patient, same = retell(desk.edit, seen, now=NOW, today=TODAY)
    return dict(patient.setup), same


def test_a_value_that_decides_is_told_with_its_day_moved(desk: Desk) -> None:
    setup, same = told(desk, bundle(rate(42, "2026-11-07")))
    assert same
    assert setup["observations"] == ["lab-egfr 42 mL/min/1.73m2 on 2026-02-08"]
    assert setup["patient"] == {"age": "71 years", "sex": "female"}


def test_no_digit_of_a_value_is_lost(desk: Desk) -> None:
    setup, same = told(desk, bundle(rate(59.9996, "2026-11-07", comparator="<")))
    assert same
    assert setup["observations"] == ["lab-egfr <59.9996 mL/min/1.73m2 on 2026-02-08"]


def test_who_the_patient_is_does_not_come_along(desk: Desk) -> None:
    note = [{"text": "Ada Zebrafinch called"}]
    other = resource("Condition", "c", code={"text": "lives with Ada Zebrafinch"}, note=note)
    setup, _ = told(desk, bundle(rate(42, "2026-11-07"), other))
    words = json.dumps(setup)
    assert "Zebrafinch" not in words
    assert "1955" not in words
    assert "Patient/" not in words
    assert setup["conditions"] == [{"text": "in words only"}], "the rule looked at it"


def test_what_a_rule_could_not_read_is_told_as_it_could_not(desk: Desk) -> None:
    setup, same = told(desk, bundle(resource("Condition", "c", code={"text": "Nierenschwäche"})))
    assert same
    assert setup["conditions"] == [{"text": "in words only"}]


def test_an_order_is_told_with_its_route(desk: Desk) -> None:
    setup, _ = told(desk, bundle())
    [order] = setup["orders"]
    assert order["route"] == "route-intrathecal"


def test_it_becomes_a_test_that_passes(desk: Desk, folder: Path) -> None:
    seen = look(desk.edit, FromRecord(bundle(rate(42, "2026-11-07")), "x"), "rule", now=NOW, today=TODAY)
    patient, _ = retell(desk.edit, seen, now=NOW, today=TODAY)
    again = look(desk.edit, patient, "rule", now=NOW, today=TODAY)
    addition = desk.addition("a record says so", patient.setup, again.expectation, TODAY)
    assert addition.problems == ()
    assert addition.result is not None
    assert addition.result.passed


@pytest.mark.full
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_stories_end_the_same_for_every_rule_of_their_hook(story: Path) -> None:
    loaded = load_rules(DEFAULT_FOLDER)
    hook = json.loads(story.read_bytes())["hook"]
    ends = {}
    for rule in loaded.rules.active(hook):
        desk = Desk(Shelf(loaded, lambda: loaded), loaded.files[rule.id])
        seen = look(desk.edit, FromRecord(story.read_bytes(), "x"), "rule", now=NOW, today=TODAY)
        ends[rule.id] = retell(desk.edit, seen, now=NOW, today=TODAY)[1]
    assert [name for name, same in ends.items() if not same] == []
