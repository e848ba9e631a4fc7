"""The service over HTTP: every error has one shape, none repeats the request, and the next request works."""

import json
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from engine import evaluation
from engine.authoring.folder import Loaded
from engine.conditions import find
from engine.evaluation import Engine
from engine.finding import Finding
from engine.terms import Leaf
from fhir_adapters.boundary import guard
from fhir_adapters.cds_hooks.envelope import HookRequest
from fhir_adapters.cds_hooks.models import HookResponse
from fhir_adapters.cds_hooks.routes import cds_hooks_router
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.clients import Client
from fhir_adapters.decision import Decision, decide_call

Call = Callable[..., httpx.Response]
Sign = Callable[..., httpx.Response]
Body = dict[str, Any]
JSON = {"Content-Type": "application/json"}
SIGN = "/cds-services/primum-order-sign"
CANARY = "Kanarienvogel"


def is_outcome(answer: httpx.Response) -> bool:
    """Whether the body is an OperationOutcome that says what is wrong, and repeats nothing."""
    body = answer.json()
    (issue,) = body["issue"]
    assert body["resourceType"] == "OperationOutcome"
    assert issue["severity"] in ("error", "fatal")
    assert re.fullmatch("[a-z-]+", issue["code"])
    assert issue["details"]["text"]
    assert CANARY not in answer.text
    assert "Traceback" not in answer.text
    return answer.headers["content-type"] == "application/json"


def walk(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every value of a JSON document with its path; embedded FHIR resources are left out."""
    found = [(path, value)]
    if isinstance(value, dict) and not path.endswith(".resource"):
        for name, member in value.items():
            found += walk(member, f"{path}.{name}")
    if isinstance(value, list):
        for member in value:
            found += walk(member, f"{path}[]")
    return found


def test_ch_002_answers_are_strict_json(sign: Sign, request_body: Body) -> None:
    answer = sign(request_body)
    assert answer.headers["content-type"] == "application/json"
    json.loads(answer.content, parse_constant=lambda constant: pytest.fail(constant))


def test_ch_003_and_ch_004_no_member_is_null_or_empty(sign: Sign, request_body: Body) -> None:
    empty = [path for path, value in walk(sign(request_body).json()) if value in (None, "", [], {})]
    assert empty == []


def test_ch_051_an_order_that_is_not_ours_gets_no_card(sign: Sign, request_body: Body) -> None:
    service = {"resourceType": "ServiceRequest", "id": "s1", "status": "draft", "intent": "order"}
    request_body["context"]["draftOrders"]["entry"] = [{"resource": service}]
    answer = sign(request_body)
    assert (answer.status_code, answer.json()["cards"]) == (200, [])


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "this is not JSON in UTF-8"),
        (b'{"hook": "order-sign",', "this is not JSON in UTF-8"),
        (b'{"patient": "' + CANARY.encode() + b'"', "this is not JSON in UTF-8"),
        (b"\xff\xfe{}", "this is not JSON in UTF-8"),
        (b'{"value": NaN}', "this is not JSON in UTF-8"),
        (b'{"hook": ' + b"[" * 100_000, "the JSON nests too deeply"),
        (b"[]", "the body is not a JSON object"),
        (b"null", "the body is not a JSON object"),
        (b'"order-sign"', "the body is not a JSON object"),
        (b'{"value": 1e-07}', "hook is missing or not a text"),
        (json.dumps({f"member{n}": n for n in range(300)}).encode(), "hook is missing or not a text"),
    ],
)
def test_ch_007_a_body_that_is_no_request_is_a_400(sign: Sign, content: bytes, text: str) -> None:
    answer = sign(content=content, headers=JSON)
    assert (answer.status_code, is_outcome(answer)) == (400, True)
    assert answer.json()["issue"][0]["details"]["text"] == text


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", None]
)
def test_ch_007_another_media_type_is_a_415(sign: Sign, media_type: str | None) -> None:
    answer = sign(content=b"{}", headers={"Content-Type": media_type} if media_type else {})
    assert (answer.status_code, is_outcome(answer)) == (415, True)


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/fhir+json"],
)
def test_ch_007_media_types_of_json_are_read(sign: Sign, request_body: Body, media_type: str) -> None:
    body = json.dumps(request_body).encode()
    assert sign(content=body, headers={"Content-Type": media_type}).status_code == 200


def test_ch_007_a_compressed_body_is_a_415(sign: Sign) -> None:
    answer = sign(content=b"\x1f\x8b", headers=JSON | {"Content-Encoding": "gzip"})
    assert (answer.status_code, is_outcome(answer)) == (415, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", SIGN), ("PUT", SIGN), ("DELETE", "/cds-services"), ("POST", "/cds-services"), ("OPTIONS", SIGN)],
)
def test_ch_007_another_method_is_a_405(call: Call, method: str, path: str) -> None:
    answer = call(method, path, json={})
    assert (answer.status_code, is_outcome(answer)) == (405, True)
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    "path", ["/cds-services/other", f"/cds-services/{CANARY}", f"/{CANARY}", f"{SIGN}/", "/docs"]
)
def test_ch_039_an_unknown_address_is_a_404(call: Call, path: str) -> None:
    answer = call("POST", path, json={})
    assert (answer.status_code, is_outcome(answer)) == (404, True)


def test_ch_007_a_body_of_20_megabytes_is_a_413(sign: Sign) -> None:
    answer = sign(content=b" " * 20_000_000, headers=JSON)
    assert (answer.status_code, is_outcome(answer)) == (413, True)


def test_ch_007_the_limit_counts_what_arrives_not_what_is_declared(service: Callable[..., Call]) -> None:
    async def chunks() -> Any:
        for _ in range(3):
            yield b" " * 1000

    small = service(body_limit=2000)
    assert small("POST", SIGN, content=chunks(), headers=JSON).status_code == 413
    assert small("POST", SIGN, content=b" " * 2000, headers=JSON).status_code == 400


def test_a_request_above_the_size_that_is_decided_at_once_gets_the_same_cards(
    sign: Sign, request_body: Body
) -> None:
    at_once = [card["summary"] for card in sign(request_body).json()["cards"]]
    request_body["foo"] = "x" * 300_000
    assert [card["summary"] for card in sign(request_body).json()["cards"]] == at_once


@pytest.mark.parametrize(
    "odd",
    [
        {"resourceType": "Unheard", "id": "1"},
        {"resourceType": "Observation", "id": "1", "valueQuantity": {"value": 1e-07}},
        {"resourceType": "Observation", "id": "1"} | {f"member{n}": n for n in range(300)},
        {"id": "1"},
        "text",
        None,
        7,
    ],
)
def test_a_resource_that_is_odd_costs_no_card(sign: Sign, request_body: Body, odd: Any) -> None:
    complete = {card["summary"] for card in sign(request_body).json()["cards"]}
    request_body["prefetch"]["conditions"]["entry"].append({"resource": odd})
    answer = sign(request_body)
    assert answer.status_code == 200
    assert complete <= {card["summary"] for card in answer.json()["cards"]}


@pytest.mark.parametrize("depth", [50, 900, *range(930, 1000), 100_000])
def test_a_draft_that_nests_deeply_is_never_a_defect(sign: Sign, request_body: Body, depth: int) -> None:
    body = json.dumps(request_body).replace('"id": "r1"', f'"id": "r1", "foo": {"[" * depth}{"]" * depth}')
    answer = sign(content=body, headers=JSON)
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json()["cards"]


def test_an_answer_that_is_too_deep_to_be_written_is_a_400(
    mini: Loaded, request_body: Body, calling: Callable[[FastAPI], Call]
) -> None:
    engine = Engine(mini.rules, mini.concepts)
    deep: Any = {}
    for _ in range(5000):
        deep = {"deeper": deep}

    async def complete(request: HookRequest, service: HookService, client: Client | None) -> HookRequest:
        return request

    def decide(request: HookRequest, service: HookService, client: Client | None) -> Decision:
        decision = decide_call(request, service, engine, now=datetime(2026, 5, 1, tzinfo=UTC))
        return replace(decision, response=HookResponse((), {"org.primum.deep": deep}))

    app = FastAPI()
    app.include_router(
        cds_hooks_router(Services(mini.rules, mini.concepts), complete, decide, body_limit=100_000)
    )
    guard(app, ())
    answer = calling(app)("POST", SIGN, json=request_body)
    assert (answer.status_code, is_outcome(answer)) == (400, True)
    engine.close()


@pytest.mark.parametrize("bundle", ["context.draftOrders", "prefetch.conditions"])
def test_a_bundle_without_type_is_read(sign: Sign, request_body: Body, bundle: str) -> None:
    complete = [card["summary"] for card in sign(request_body).json()["cards"]]
    above, name = bundle.split(".")
    del request_body[above][name]["type"]
    assert [card["summary"] for card in sign(request_body).json()["cards"]] == complete


@pytest.fixture
def broken(service: Callable[..., Call], monkeypatch: pytest.MonkeyPatch) -> Call:
    """A service with an engine that fails on every patient, quoting one."""

    def fail(engine: Engine, facts: Any) -> None:
        raise RuntimeError(f"no dose for {CANARY}")

    monkeypatch.setattr(Engine, "evaluate", fail)
    return service(cors_origins=("https://ehr.example.org",))


def test_ch_017_and_ch_054_a_defect_is_a_500_and_never_an_empty_answer(
    broken: Call, request_body: Body, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = broken("POST", SIGN, json=request_body)
    assert (answer.status_code, is_outcome(answer)) == (500, True)
    (line,) = [record for record in caplog.records if record.message == "defect"]
    assert line.members["error"] == "RuntimeError"  # type: ignore[attr-defined]
    assert CANARY not in caplog.text
    assert broken("GET", "/cds-services").status_code == 200


def test_a_rule_that_fails_loses_only_itself_and_is_named_on_a_card(
    call: Call, request_body: Body, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(leaf: Leaf, context: Any) -> Finding:
        if hasattr(leaf, "route"):
            raise RuntimeError(f"no route for {CANARY}")
        return find(leaf, context)

    monkeypatch.setattr(evaluation, "find", fail)
    answer = call("POST", SIGN, json=request_body).json()
    ended = {
        rule["id"]: rule.get("error", "") for rule in answer["extension"]["org.primum.evaluation"]["rules"]
    }
    assert ended.pop("baclofen-it.wrong-route") == "the rule failed (RuntimeError)"
    assert set(ended.values()) == {""}
    titles = [card["source"]["topic"]["code"] for card in answer["cards"]]
    assert "baclofen-it.renal-impairment" in titles
    [unchecked] = [card for card in answer["cards"] if "not checked" in card["summary"].lower()]
    assert "failed" in unchecked["detail"]
    assert CANARY not in json.dumps(answer)


@pytest.mark.parametrize(("orders", "on_the_loop"), [(1, True), (9, False)])
def test_orders_that_take_long_together_are_decided_beside_the_loop(
    call: Call, request_body: Body, monkeypatch: pytest.MonkeyPatch, orders: int, on_the_loop: bool
) -> None:
    """Else nobody else, health checks included, would be answered meanwhile."""
    there: list[bool] = []
    evaluate = Engine.evaluate

    def noticed(engine: Engine, facts: Any) -> Any:
        there.append(threading.current_thread() is threading.main_thread())
        return evaluate(engine, facts)

    monkeypatch.setattr(Engine, "evaluate", noticed)
    draft = request_body["context"]["draftOrders"]["entry"][0]["resource"]
    request_body["context"]["draftOrders"]["entry"] = [
        {"resource": draft | {"id": f"r{number}"}} for number in range(orders)
    ]
    assert call("POST", SIGN, json=request_body).status_code == 200
    assert there == [on_the_loop]


def test_ch_222_errors_carry_cors_headers(broken: Call, request_body: Body) -> None:
    origin = {"Origin": "https://ehr.example.org"}
    for path, status in ((SIGN, 500), ("/cds-services/other", 404)):
        answer = broken("POST", path, json=request_body, headers=origin)
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "https://ehr.example.org"


@pytest.mark.parametrize("path", ["/cds-services", SIGN])
def test_ch_221_a_preflight_from_a_listed_origin_is_answered(service: Callable[..., Call], path: str) -> None:
    listed = service(cors_origins=("https://ehr.example.org",))
    answer = listed(
        "OPTIONS",
        path,
        headers={
            "Origin": "https://ehr.example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert {"Authorization", "Content-Type"} <= set(
        answer.headers["access-control-allow-headers"].split(", ")
    )
    assert "access-control-allow-credentials" not in answer.headers


def test_ch_223_no_origin_is_allowed_by_default(call: Call, sign: Sign, request_body: Body) -> None:
    answer = sign(content=json.dumps(request_body), headers=JSON | {"Origin": "https://ehr.example.org"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_ch_223_an_origin_that_is_not_listed_gets_no_header(service: Callable[..., Call]) -> None:
    listed = service(cors_origins=("https://ehr.example.org",))
    headers = {"Origin": "https://other.example.org", "Access-Control-Request-Method": "POST"}
    preflight = listed("OPTIONS", SIGN, headers=headers)
    assert (preflight.status_code, is_outcome(preflight)) == (403, True)
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in listed("GET", "/cds-services", headers=headers).headers


def test_ch_057_the_journal_names_rules_and_never_the_patient(
    sign: Sign, request_body: Body, caplog: pytest.LogCaptureFixture
) -> None:
    request_body["prefetch"]["patient"]["name"] = [{"family": CANARY}]
    request_body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]["text"] = (
        CANARY
    )
    with caplog.at_level(logging.DEBUG):
        assert CANARY in sign(request_body).text
    (line,) = [record for record in caplog.records if record.message == "decision"]
    members = line.members  # type: ignore[attr-defined]
    assert members.pop("milliseconds") >= 0
    assert members == {
        "decision": "",
        "service": "primum-order-sign",
        "hook_instance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "client": "",
        "jti": "",
        "rules": ["baclofen-it.wrong-route", "baclofen-it.renal-impairment"],
        "cards": 2,
    }
    assert CANARY not in caplog.text


def test_ch_057_a_hook_instance_that_is_no_uuid_is_not_written_down(
    sign: Sign, request_body: Body, caplog: pytest.LogCaptureFixture
) -> None:
    request_body["hookInstance"] = CANARY
    with caplog.at_level(logging.DEBUG):
        assert sign(request_body).status_code == 200
    assert all(CANARY not in str(record.__dict__) for record in caplog.records)


def test_health_names_what_is_running(call: Call) -> None:
    assert call("GET", "/health/live").json() == {"status": "live"}
    ready = call("GET", "/health/ready").json()
    assert ready["status"] == "ready"
    assert ready["services"] == ["primum-order-select", "primum-order-sign", "primum-patient-view"]
    assert [(pack["id"], pack["version"]) for pack in ready["packs"]] == [("baclofen-it", "0.1.0")]


def test_the_description_names_every_address(call: Call) -> None:
    paths = call("GET", "/openapi.json").json()["paths"]
    assert set(paths) == {
        "/cds-services",
        "/cds-services/{service_id}",
        "/cds-services/{service_id}/feedback",
        "/health/live",
        "/health/ready",
    }
