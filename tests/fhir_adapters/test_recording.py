"""Recording: an answer is an acknowledgement, and the cards come whatever becomes of the store."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from engine.authoring.loading import load_rules
from fhir_adapters.app import application, opened_recorder
from fhir_adapters.recording import Recorder
from fhir_adapters.settings import Settings
from fhir_adapters.store.errors import SchemaError, StoreError
from fhir_adapters.store.records import DecisionRecord, PackVersion
from fhir_adapters.store.store import Store
from tests.attacks.world import FETCHED, GIVEN, a_world
from tests.fhir_adapters.cds_hooks.conftest import REQUEST, caller

MINI = Path(__file__).resolve().parents[1] / "fixtures" / "rules-mini"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SIGN = "/cds-services/primum-order-sign"
CANARY = "Kanarienvogel"
Call = Callable[..., httpx.Response]


class Faulty(Store):
    """A store that fails when it is told to, in the way that it is told."""

    def __init__(self, url: str) -> None:
        super().__init__(url, patience=5)
        self.failing: Callable[[], None] = lambda: None

    def record(self, decision: DecisionRecord, shown: Any = ()) -> None:
        self.failing()
        super().record(decision, shown)

    def use_token(self, issuer: str, token_id: str, *, expires: datetime, now: datetime) -> bool:
        self.failing()
        return super().use_token(issuer, token_id, expires=expires, now=now)

    def recently_shown(self, key: str, *, now: datetime) -> frozenset[str]:
        self.failing()
        return super().recently_shown(key, now=now)


def broken() -> None:
    raise StoreError("the store failed (SQLITE_FULL)")


def defect() -> None:
    raise KeyError(CANARY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Faulty]:
    store = Faulty(f"sqlite:///{tmp_path / 'primum.sqlite3'}")
    yield store
    store.close()


@pytest.fixture
def making(store: Store) -> Iterator[Callable[..., Call]]:
    """Makes a service over the store."""
    loaded = load_rules(MINI)
    recorders: list[Recorder] = []

    def make(*, keep_requests: bool = False) -> Call:
        recorders.append(Recorder(store, keep_requests=keep_requests))
        app = application(
            loaded.rules, loaded.concepts, Settings(), clock=lambda: NOW, recorder=recorders[-1]
        )
        return caller(app)

    yield make
    for recorder in recorders:
        recorder.close()


@pytest.fixture
def call(making: Callable[..., Call]) -> Call:
    return making()


@pytest.fixture
def body() -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(REQUEST))
    return copied


def report_of(answer: httpx.Response) -> dict[str, Any]:
    report: dict[str, Any] = answer.json()["extension"]["org.primum.evaluation"]
    return report


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    return [record.members for record in caplog.records if record.message == event]  # type: ignore[attr-defined]


def test_an_answer_names_the_decision_that_was_stored_before_it_was_sent(
    call: Call, store: Store, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = call("POST", SIGN, json=body)
    report = report_of(answer)
    stored = store.decision(report["decision"])
    assert stored is not None
    assert "not_recorded" not in report
    assert lines(caplog, "decision")[0]["decision"] == stored.id
    assert (stored.taken_at, stored.service, stored.hook) == (NOW, "primum-order-sign", "order-sign")
    assert stored.hook_instance == body["hookInstance"]
    assert [card.uuid for card in stored.cards] == [card["uuid"] for card in answer.json()["cards"]]
    assert [card.rules for card in stored.cards] == [
        ("baclofen-it.wrong-route",),
        ("baclofen-it.renal-impairment",),
    ]
    assert stored.packs == tuple(
        PackVersion(pack["id"], pack["version"], pack["label_version"]) for pack in report["packs"]
    )
    assert [(each.rule, each.version, each.outcome, each.order) for each in stored.outcomes] == [
        (rule["id"], rule["version"], rule["outcome"], rule.get("order", "")) for rule in report["rules"]
    ]


def test_evidence_is_stored_by_reference_only(call: Call, store: Store, body: dict[str, Any]) -> None:
    stored = store.decision(report_of(call("POST", SIGN, json=body))["decision"])
    assert stored is not None
    (renal,) = [each for each in stored.outcomes if each.rule == "baclofen-it.renal-impairment"]
    assert renal.evidence == ("Condition/c1",)


def test_the_uuids_of_cards_follow_from_the_decision_and_differ_between_decisions(
    call: Call, body: dict[str, Any]
) -> None:
    answers = [call("POST", SIGN, json=body).json() for _ in range(2)]
    uuids = [UUID(card["uuid"]) for answer in answers for card in answer["cards"]]
    uuids += [
        UUID(each["uuid"])
        for answer in answers
        for card in answer["cards"]
        for each in card.get("suggestions", ())
    ]
    assert len(set(uuids)) == len(uuids) > 4
    assert {uuid.version for uuid in uuids} == {4}


def hold_up() -> None:
    threading.Event().wait(1.0)


@pytest.mark.parametrize(
    ("failing", "error"),
    [(broken, "StoreError"), (defect, "KeyError"), (hold_up, "TimeoutError")],
    ids=["refused", "defect", "too slow"],
)
def test_the_cards_come_although_the_decision_could_not_be_stored(
    call: Call,
    store: Faulty,
    body: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    failing: Callable[[], None],
    error: str,
) -> None:
    monkeypatch.setattr("fhir_adapters.recording.PATIENCE", 0.2)
    store.failing = failing
    with caplog.at_level(logging.INFO):
        answer = call("POST", SIGN, json=body)
    assert (answer.status_code, len(answer.json()["cards"])) == (200, 2)
    report = report_of(answer)
    assert "decision" not in report
    assert report["not_recorded"]
    (line,) = lines(caplog, "decision-not-recorded")
    assert line["error"] == error
    assert CANARY not in caplog.text
    assert call("GET", "/health/ready").json()["store"]["state"] == "failing"
    store.failing = lambda: None
    monkeypatch.undo()
    assert report_of(call("POST", SIGN, json=body))["decision"]
    assert call("GET", "/health/ready").json()["store"]["state"] == "ok"


def test_without_a_store_an_answer_names_no_decision(body: dict[str, Any]) -> None:
    loaded = load_rules(MINI)
    call = caller(application(loaded.rules, loaded.concepts, Settings(), clock=lambda: NOW))
    assert not {"decision", "not_recorded"} & set(report_of(call("POST", SIGN, json=body)))


def test_a_request_that_is_refused_leaves_nothing(call: Call, store: Store, body: dict[str, Any]) -> None:
    del body["context"]
    assert call("POST", SIGN, json=body).status_code == 400
    with store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM decision").scalar() == 0


def with_canaries(body: dict[str, Any]) -> dict[str, Any]:
    """The request with a name, a token and words that must not stay anywhere."""
    body["prefetch"]["patient"]["name"] = [{"family": CANARY}]
    body["prefetch"]["conditions"]["entry"][0]["resource"]["code"]["text"] = CANARY
    body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]["text"] = CANARY
    body["fhirServer"] = "https://fhir.example.org"
    body["fhirAuthorization"] = {
        "access_token": f"{CANARY}-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": CANARY,
    }
    return body


def in_files(folder: Path, words: str) -> bool:
    return any(words.encode() in path.read_bytes() for path in folder.iterdir())


def test_nothing_that_the_record_says_is_stored_by_default(
    call: Call, tmp_path: Path, body: dict[str, Any]
) -> None:
    answer = call("POST", SIGN, json=with_canaries(body))
    assert CANARY in answer.text
    assert not in_files(tmp_path, CANARY)


def test_ch_106_a_kept_request_has_no_access_token(
    making: Callable[..., Call], store: Store, tmp_path: Path, body: dict[str, Any]
) -> None:
    answer = making(keep_requests=True)("POST", SIGN, json=with_canaries(body))
    stored = store.decision(report_of(answer)["decision"])
    assert stored is not None
    assert stored.kept is not None
    assert stored.kept.response == answer.content
    assert CANARY.encode() in stored.kept.request
    assert not in_files(tmp_path, f"{CANARY}-token")


def test_ch_212_a_store_that_fails_locks_nobody_out_and_a_token_is_still_good_once_here(
    store: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    until = NOW + timedelta(minutes=5)
    with closing(Recorder(store)) as recorder:
        assert recorder.use_token("iss", "before", expires=until, now=NOW)
        store.failing = broken
        assert recorder.use_token("iss", "during", expires=until, now=NOW)
        assert not recorder.use_token("iss", "during", expires=until, now=NOW)
        assert not recorder.use_token("iss", "before", expires=until, now=NOW)
    assert len(lines(caplog, "tokens-not-shared")) == 1


def test_ch_212_workers_share_the_tokens_that_were_used(store: Store, tmp_path: Path) -> None:
    until = NOW + timedelta(minutes=5)
    other = Store(f"sqlite:///{tmp_path / 'primum.sqlite3'}")
    with closing(Recorder(store)) as one, closing(Recorder(other)) as two:
        assert one.use_token("iss", "jti", expires=until, now=NOW)
        assert not two.use_token("iss", "jti", expires=until, now=NOW)


def test_ch_242_nothing_counts_as_shown_while_the_store_does_not_say_so(store: Faulty) -> None:
    store.failing = broken
    with closing(Recorder(store)) as recorder:
        assert recorder.recall("key", NOW) == frozenset()


def test_a_store_is_opened_where_the_settings_say(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'here.sqlite3'}"
    assert opened_recorder(Settings()) is None
    recorder = opened_recorder(Settings(database_url=url))
    assert recorder is not None
    assert (recorder.state, recorder.store.kind, recorder.store.database.exists) == ("ok", "sqlite", True)
    recorder.close()


def test_a_store_of_a_newer_version_keeps_the_service_from_starting(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'here.sqlite3'}"
    with closing(Store(url)) as store, store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError):
        opened_recorder(Settings(database_url=url))


def test_a_store_that_cannot_be_reached_does_not_keep_the_service_from_starting(
    body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    recorder = opened_recorder(Settings(database_url="postgresql://primum:geheim@127.0.0.1:1/primum"))
    assert recorder is not None
    assert recorder.state == "failing"
    assert len(lines(caplog, "store-unreachable")) == 1
    assert "geheim" not in caplog.text
    loaded = load_rules(MINI)
    app = application(loaded.rules, loaded.concepts, Settings(), clock=lambda: NOW, recorder=recorder)
    assert report_of(caller(app)("POST", SIGN, json=body))["not_recorded"]
    recorder.close()


def test_a_store_that_is_slow_holds_up_no_other_request(store: Faulty, body: dict[str, Any]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(5)

    store.failing = wait
    loaded = load_rules(MINI)
    with closing(Recorder(store)) as recorder:
        app = application(loaded.rules, loaded.concepts, Settings(), clock=lambda: NOW, recorder=recorder)
        assert asyncio.run(_health_while_storing(app, body, begun, go_on)) == (200, 200)


async def _health_while_storing(
    app: FastAPI, body: dict[str, Any], begun: threading.Event, go_on: threading.Event
) -> tuple[int, int]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client:
        storing = asyncio.create_task(client.post(SIGN, json=body))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        health = await client.get("/health/live")
        go_on.set()
        return health.status_code, (await storing).status_code


def test_ch_188_a_decision_belongs_to_its_client_and_only_that_client_reports_on_it(
    store: Faulty, tmp_path: Path, body: dict[str, Any]
) -> None:
    feedback = f"{SIGN}/feedback"
    with a_world(tmp_path, Recorder(store)) as world:
        answer = world.send(world.token(), json=body)
        report = {
            "card": answer.json()["cards"][0]["uuid"],
            "outcome": "overridden",
            "outcomeTimestamp": "2026-05-01T12:00:00Z",
        }
        for issuer in (GIVEN, FETCHED):
            token = world.token(feedback, iss=issuer)
            assert world.send(token, feedback, json={"feedback": [report]}).status_code == 200
    stored = store.decision(report_of(answer)["decision"])
    assert stored is not None
    assert stored.client == GIVEN
    assert [each.client for each in store.feedback_of(stored.id)] == [GIVEN]
    assert [each.client for each in store.unmatched_feedback()] == [FETCHED]
