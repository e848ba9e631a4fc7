"""Decisions: the same question gets the same answer, however it is put."""

import gc
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.rule import Hook
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.decision import Decision, decide, decide_request
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext

MINI = Path(__file__).resolve().parents[1] / "fixtures" / "rules-mini"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
KIDNEYS = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "N18.3"}]}
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-01-01"}


def order(id_: str, route: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": id_,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}],
            "text": f"Baclofen {id_}",
        },
        "dosageInstruction": [{"route": {"coding": [{"system": "http://snomed.info/sct", "code": route}]}}],
    }


def condition(id_: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": id_, "subject": {"reference": "Patient/p1"}, "code": KIDNEYS}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": found} for found in resources],
    }


def body(orders: list[dict[str, Any]], conditions: list[dict[str, Any]]) -> bytes:
    request = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": bundle(*orders)},
        "prefetch": {"patient": PATIENT, "conditions": bundle(*conditions), "labs": None, "procedures": None},
    }
    return json.dumps(request).encode()


@pytest.fixture(scope="module")
def ask() -> Iterator[Callable[[bytes], Decision]]:
    loaded = load_rules(MINI)
    engine = Engine(loaded.rules, loaded.concepts)
    service: HookService | None = Services(loaded.rules, loaded.concepts).of(Hook.ORDER_SIGN)
    assert service is not None

    def asked(sent: bytes) -> Decision:
        return decide_request(sent, service, engine, now=NOW, new_uuid=lambda: UUID(int=0))

    yield asked
    engine.close()


def test_every_order_has_its_own_cards_most_urgent_first(ask: Callable[[bytes], Decision]) -> None:
    decision = ask(body([order("r1", "47625008"), order("r2", "72607000")], [condition("c1")]))
    found = [(card.indicator.value, card.order, card.rules) for card in decision.cards]
    assert found == [
        ("critical", "MedicationRequest/r1", ("baclofen-it.wrong-route",)),
        ("warning", "MedicationRequest/r1", ("baclofen-it.renal-impairment",)),
        ("warning", "MedicationRequest/r2", ("baclofen-it.renal-impairment",)),
    ]


def test_that_the_patient_has_died_is_said_on_every_card(ask: Callable[[bytes], Decision]) -> None:
    request = json.loads(body([order("r1", "47625008")], [condition("c1")]))
    request["prefetch"]["patient"] = {**PATIENT, "deceasedDateTime": "2026-04-03"}
    decision = ask(json.dumps(request).encode())
    said = "**The record says that this patient has died (3 Apr 2026): check that it is the right patient.**"
    assert [(card.detail or "").partition("\n")[0] for card in decision.response.cards] == [said, said]
    assert ("Patient/p1", "deceased") in [(issue.reference, issue.element) for issue in decision.issues]


def test_an_order_that_no_rule_is_about_is_not_passed_over_in_silence_once_the_patient_has_died(
    ask: Callable[[bytes], Decision],
) -> None:
    """One card for all orders, which rests on no rule; the record alone, when it is opened, brings none."""
    codes = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01"}]}
    orders = [{**order(id_, "26643006"), "medicationCodeableConcept": codes} for id_ in ("r1", "r2")]
    request = json.loads(body(orders, []))
    request["prefetch"]["patient"] = {**PATIENT, "deceasedBoolean": True}
    (card,) = ask(json.dumps(request).encode()).response.cards
    assert card.summary == "The record says that this patient has died: check that it is the right patient"
    assert (card.indicator, card.source.label, card.source.topic.code) == (
        "warning",
        "The patient's record",
        "deceased",
    )
    stopped = [{**each, "status": "stopped"} for each in orders]
    request["context"]["draftOrders"] = bundle(*stopped)
    assert ask(json.dumps(request).encode()).response.cards == ()


def test_a_device_that_nobody_knows_is_named_although_no_rule_waits_for_it(
    ask: Callable[[bytes], Decision],
) -> None:
    """A pump of a brand that is not known would bring rules up, so that no outcome can speak of it."""
    request = json.loads(body([order("r1", "26643006")], []))
    device = {
        "resourceType": "Device",
        "id": "d1",
        "patient": {"reference": "Patient/p1"},
        "type": {"text": "a brand"},
    }
    request["prefetch"]["devices"] = bundle(device)
    issues = ask(json.dumps(request).encode()).issues
    reasons = [issue.reason for issue in issues if issue.reference == "Device" and issue.element == "code"]
    assert reasons == ["1 entry has no code that is known here, and words are not read: Device/d1"]


def test_free_text_is_named_as_not_checked(ask: Callable[[bytes], Decision]) -> None:
    words = {**condition("c1"), "code": {"text": "Weak kidneys"}}
    many = [{**condition(f"d{number:02}"), "code": {"text": f"Ailment {number}"}} for number in range(30)]
    decision = ask(body([order("r1", "72607000")], [words]))
    (card,) = decision.cards
    assert "(not coded, not checked: “Weak kidneys”)" in card.detail
    said = [
        issue.reason for issue in decision.issues if (issue.reference, issue.element) == ("Condition", "code")
    ]
    assert said == ["1 entry has no code that is known here, and words are not read: Condition/c1"]
    (reason,) = [
        issue.reason
        for issue in ask(body([order("r1", "72607000")], many)).issues
        if issue.reference == "Condition"
    ]
    assert reason.startswith("30 entries have no code that is known here")
    assert reason.endswith(", Condition/d24, 5 more")


def test_ch_056_the_order_in_which_things_are_sent_does_not_show(ask: Callable[[bytes], Decision]) -> None:
    orders = [order("r1", "47625008"), order("r2", "72607000"), order("r3", "47625008")]
    conditions = [condition(f"c{number}") for number in range(5)]
    first = encode(ask(body(orders, conditions)).response)
    shuffle = random.Random(7)
    for _ in range(20):
        shuffle.shuffle(orders)
        shuffle.shuffle(conditions)
        assert encode(ask(body(orders, conditions)).response) == first


def test_ch_127_uuids_are_random_unless_they_are_given(ask: Callable[[bytes], Decision]) -> None:
    loaded = load_rules(MINI)
    engine = Engine(loaded.rules, loaded.concepts)
    service = Services(loaded.rules, loaded.concepts).of(Hook.ORDER_SIGN)
    assert service is not None
    response = decide_request(
        body([order("r1", "47625008")], [condition("c1")]), service, engine, now=NOW
    ).response
    uuids = [card.uuid for card in response.cards]
    assert len(set(uuids)) == len(uuids) == 2
    assert {uuid.version for uuid in uuids} == {4}
    engine.close()


def test_a_record_from_a_file_is_decided_like_a_request(ask: Callable[[bytes], Decision]) -> None:
    loaded = load_rules(MINI)
    engine = Engine(loaded.rules, loaded.concepts)
    record = read_record(json.dumps(bundle(PATIENT, condition("c1"), order("r1", "47625008"))).encode())
    drafts = tuple(record.entries("MedicationRequest"))
    from_file = decide(record, ReviewContext("order-sign", patient_id="p1", orders=drafts), engine, now=NOW)
    from_request = ask(body([order("r1", "47625008")], [condition("c1")]))
    assert (
        from_file.rules_shown
        == from_request.rules_shown
        == [
            "baclofen-it.wrong-route",
            "baclofen-it.renal-impairment",
        ]
    )
    engine.close()


def test_what_a_met_rule_rests_on_is_held_against_the_models_of_fhir_and_read_all_the_same(
    ask: Callable[[bytes], Decision],
) -> None:
    """The wrong element of c1 is reported, that of c2, on which nothing rests, is not."""
    wrong = {"severety": "grave"}
    other = {
        **condition("c2"),
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I10"}]},
    }
    decision = ask(body([order("r1", "72607000")], [condition("c1") | wrong, other | wrong]))
    assert any("Condition/c1" in [e.reference for e in o.evidence] for o in decision.evaluation.outcomes)
    found = [(i.reference, i.element) for i in decision.issues if i.effect == "not conformant"]
    assert found == [("Condition/c1", "severety")]


def test_nothing_of_a_request_outlives_it_in_circles_that_wait_for_garbage_collection(
    ask: Callable[[bytes], Decision],
) -> None:
    sent = body([order("a", "72607000")], [condition("c1")])
    assert encode(ask(sent).response)  # what is loaded once is no part of the request
    gc.collect()
    gc.disable()
    try:
        encode(ask(sent).response)
        left = gc.collect()
    finally:
        gc.enable()
    assert left == 0
