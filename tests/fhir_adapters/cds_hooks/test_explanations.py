"""Why each rule came out as it did, in the answer: only for who is to be told, and no more of the patient than that."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.authoring.folder import Loaded
from engine.evaluation import Engine
from fhir_adapters.app import application
from fhir_adapters.cds_hooks.explanations import Explain
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.clients import Switches
from fhir_adapters.recording import Recorder
from fhir_adapters.reproduction import reproduce
from fhir_adapters.settings import Settings
from fhir_adapters.store.store import Store
from tests.attacks.issuer import NOW as SIGNED
from tests.attacks.issuer import claims_of, ec_key, header_of, public, signed
from tests.fhir_adapters.cds_hooks.conftest import NOW, REQUEST, Call, caller

LEVELS: tuple[Explain, ...] = ("off", "findings", "values")


@pytest.fixture(scope="module")
def answers(service: Callable[..., Call]) -> dict[str, dict[str, Any]]:
    """The answer at each level to the same request: no chronic kidney disease, an eGFR of 72, and an order into a vein."""
    body = copy.deepcopy(REQUEST)
    body["prefetch"]["conditions"]["entry"].pop(0)
    body["prefetch"]["conditions"]["total"] = 1
    body["prefetch"]["labs"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": "o1",
                    "status": "final",
                    "subject": {"reference": "Patient/p1"},
                    "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}], "text": "eGFR"},
                    "effectiveDateTime": "2026-03-03",
                    "valueQuantity": {
                        "value": 72,
                        "system": "http://unitsofmeasure.org",
                        "code": "mL/min/{1.73_m2}",
                    },
                }
            }
        ],
    }
    body["prefetch"]["procedures"] = None
    found: dict[str, dict[str, Any]] = {}
    for level in LEVELS:
        call = service(explain=level)
        answer = call("POST", "/cds-services/primum-order-sign", json=body)
        assert answer.status_code == 200
        found[level] = answer.json()
    return found


def rules(answer: dict[str, Any]) -> dict[str, Any]:
    return {rule["id"]: rule for rule in answer["extension"]["org.primum.evaluation"]["rules"]}


def condition(tree: dict[str, Any], path: str) -> dict[str, Any]:
    """The condition at a path of a tree."""
    found = [tree] if tree["path"] == path else []
    return next(
        iter(
            [
                *found,
                *(condition(each, path) for each in tree.get("members", ()) if path.startswith(each["path"])),
            ]
        )
    )


def test_without_the_switch_the_answer_explains_nothing(answers: dict[str, dict[str, Any]]) -> None:
    assert rules(answers["off"])
    assert all("explanation" not in rule for rule in rules(answers["off"]).values())


def test_the_rest_of_the_answer_is_the_same_with_and_without(answers: dict[str, dict[str, Any]]) -> None:
    def plain(answer: dict[str, Any]) -> Any:
        told = copy.deepcopy(answer)
        for card in told["cards"]:
            card.pop("uuid")
            for suggestion in card.get("suggestions", ()):
                suggestion.pop("uuid")
        for rule in rules(told).values():
            rule.pop("explanation", None)
        return told

    assert plain(answers["findings"]) == plain(answers["off"]) == plain(answers["values"])


def test_each_condition_stands_in_its_place_with_what_it_came_to(answers: dict[str, dict[str, Any]]) -> None:
    told = rules(answers["findings"])["baclofen-it.wrong-route"]["explanation"]
    assert told["brought_up_by"] == "order"
    assert told["when"] == {
        "path": "when",
        "condition": "route: other_than route-intrathecal",
        "outcome": "met",
        "evidence": [{"reference": "MedicationRequest/r1", "label": "Baclofen 0.5 mg/mL"}],
    }


def test_values_are_told_only_where_they_are_switched_on(answers: dict[str, dict[str, Any]]) -> None:
    told = {
        level: condition(
            rules(answers[level])["baclofen-it.renal-impairment"]["explanation"]["when"], "when.any.1"
        )
        for level in LEVELS[1:]
    }
    assert told["values"]["outcome"] == told["findings"]["outcome"] == "not_met"
    assert told["values"]["values"]["value"] == "72"
    assert "values" not in told["findings"]
    assert "72" not in json.dumps(rules(answers["findings"])["baclofen-it.renal-impairment"]["explanation"])


def test_without_values_nothing_is_named_that_the_evaluation_does_not_name(
    answers: dict[str, dict[str, Any]],
) -> None:
    def named(tree: dict[str, Any]) -> set[str]:
        own = {entry["reference"] for entry in tree.get("evidence", ())} | {
            gap["what"] for gap in tree.get("missing", ())
        }
        return own.union(*(named(member) for member in tree.get("members", ())))

    for rule in rules(answers["findings"]).values():
        told = {entry["reference"] for entry in rule.get("evidence", ())} | {
            gap["what"] for gap in rule.get("missing", ())
        }
        for side in ("when", "unless"):
            if side in rule["explanation"]:
                assert named(rule["explanation"][side]) <= told


def test_what_would_change_the_outcome_is_told_in_the_words_of_the_rule(
    answers: dict[str, dict[str, Any]],
) -> None:
    told = rules(answers["findings"])["baclofen-it.renal-impairment"]["explanation"]["would_change"]
    assert told == [
        "A card would appear if the patient had chronic kidney disease, "
        "or if the latest eGFR in the last 12 months were below 60 mL/min/1.73m2."
    ]


def test_what_is_stored_explains_nothing_and_can_be_decided_again(mini: Loaded, tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'primum.sqlite3'}")) as store:
        recorder = Recorder(store, keep_requests=True)
        settings = Settings(database_url="sqlite:///unused", explain="values")
        app = application(mini.rules, mini.concepts, settings, clock=lambda: NOW, recorder=recorder)
        sent = caller(app)("POST", "/cds-services/primum-order-sign", json=REQUEST).json()
        record = store.decision(sent["extension"]["org.primum.evaluation"]["decision"])
        recorder.close()
    assert all("explanation" in rule for rule in rules(sent).values())
    assert record is not None
    assert record.kept is not None
    assert b"explanation" not in record.kept.response
    engine = Engine(mini.rules, mini.concepts)
    assert reproduce(record, engine, Services(mini.rules, mini.concepts)).same
    engine.close()


def test_a_client_is_told_as_its_entry_says(mini: Loaded, tmp_path: Path) -> None:
    address = "https://cds.example.org"
    entry = """[[clients]]
name = "{name}"
iss = "https://{name}.example.org"
jwks_file = "keys.json"
switches = {{{switch}}}
"""
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public(ec_key(), "ec")]}))
    entries = entry.format(name="told", switch='explain = "findings"') + entry.format(
        name="untold", switch=""
    )
    (tmp_path / "clients.toml").write_text(entries)
    settings = Settings(clients=tmp_path / "clients.toml", public_url=address, explain="values")
    call = caller(application(mini.rules, mini.concepts, settings, clock=lambda: SIGNED))
    path = "/cds-services/primum-order-sign"

    def explanations(name: str) -> list[Any]:
        token = signed(
            header_of(), claims_of(address + path, f"https://{name}.example.org"), ec_key(), "ES384"
        )
        answer = call("POST", path, json=REQUEST, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        return [rule.get("explanation") for rule in rules(answer.json()).values()]

    assert all(explanations("told"))
    assert not any("values" in json.dumps(told) for told in explanations("told"))
    assert not any(explanations("untold"))


@pytest.mark.parametrize("make", [Settings, Switches])
def test_it_is_off_unless_it_is_turned_on(make: Callable[..., Settings | Switches]) -> None:
    assert make().explain == "off"
    with pytest.raises(ValidationError):
        make(explain="everything")
