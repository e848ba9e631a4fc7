"""What a terminology server said is stored with the decision, so that the decision can be taken again without it."""

from contextlib import closing
from pathlib import Path

import pytest

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.reproduction import Change, Reproduction, reproduce
from fhir_adapters.store.records import DecisionRecord, TerminologyVersion
from fhir_adapters.store.store import Store
from tests.fhir_adapters.terminology.site import (
    DEAD,
    ECL,
    JUVENILE,
    answers,
    asking,
    evaluation,
    outcome,
    pin,
    service,
)
from tests.fhir_adapters.terminology.stub import VERSION, Stub


def decided(rules: Path, server: str, expected: str) -> DecisionRecord:
    """What is stored of a decision about a patient with juvenile myoclonic epilepsy."""
    url = f"sqlite:///{rules.parent / 'primum.sqlite3'}"
    app = service(rules, server, database_url=url, keep_requests="full")
    (answer,) = answers(app, asking(JUVENILE))
    assert outcome(answer) == expected
    with closing(Store(url)) as store:
        found = store.decision(evaluation(answer)["decision"])
    assert found is not None
    return found


def again(record: DecisionRecord, rules: Path) -> Reproduction:
    loaded = load_rules(rules)
    engine = Engine(loaded.rules, loaded.concepts)
    try:
        return reproduce(record, engine, Services(loaded.rules, loaded.concepts))
    finally:
        engine.close()


@pytest.mark.usefixtures("_patient_service")
def test_a_decision_is_taken_again_with_what_the_server_said_then(rules: Path, stub: Stub) -> None:
    stub.members[ECL] = [JUVENILE]
    assert again(decided(rules, stub.address, "met"), rules).same


def test_a_decision_without_an_answer_is_taken_again_without_one(rules: Path) -> None:
    assert again(decided(rules, DEAD, "unknown"), rules).same


def test_the_expansions_of_a_decision_are_stored_and_a_change_of_them_is_named(rules: Path) -> None:
    pinned = pin(rules, JUVENILE)
    record = decided(rules, "", "met")
    (source,) = load_rules(rules).concepts.sources
    assert record.terminology == (TerminologyVersion(pinned.server, VERSION, source.sha256),)
    assert again(record, rules).same
    (rules / "local" / "expansions" / "epilepsy.json").unlink()
    changed = again(record, rules)
    assert not changed.same
    assert changed.changes == (Change(f"expansions of {pinned.server}", f"{VERSION} {source.sha256}", ""),)
