"""The envelope of a request: what is refused with which path, and what is let through."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from engine.rule import Hook
from fhir_adapters.cds_hooks.envelope import MOST_ORDERS, hook_of, read_request
from fhir_adapters.outcomes import Refusal

Sign = Callable[..., httpx.Response]
Body = dict[str, Any]


def issue(answer: httpx.Response) -> dict[str, Any]:
    assert answer.json()["resourceType"] == "OperationOutcome"
    return dict(answer.json()["issue"][0])


def cards(answer: httpx.Response) -> list[Any]:
    """The cards without their ids."""
    assert answer.status_code == 200
    return [(card["summary"], card["indicator"], card.get("detail")) for card in answer.json()["cards"]]


def issues(answer: httpx.Response) -> list[tuple[str, str]]:
    found = answer.json()["extension"]["org.primum.evaluation"].get("data_issues", [])
    return [(entry["resource"], entry.get("element", "")) for entry in found]


def put(body: Body, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for member in above:
        body = body[member]
    body[last] = value


def drop(body: Body, path: str) -> None:
    *above, last = path.split(".")
    for member in above:
        body = body[member]
    del body[last]


def test_a_list_that_comes_twice_takes_nothing_away(sign: Sign, request_body: Body) -> None:
    request_body["prefetch"]["conditions"] = request_body["prefetch"].pop("conditions")
    body = json.dumps(request_body).removesuffix("}}") + ', "conditions": null}}'
    answer = sign(content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert "a member stands twice" in issue(answer)["details"]["text"]


@pytest.mark.parametrize("number", ["9" * 5000, "1e99999999999999999999"], ids=["digits", "exponent"])
def test_a_number_too_long_to_be_read_is_said_to_be_one(sign: Sign, request_body: Body, number: str) -> None:
    """Where it makes the session unreadable; in a list of the record it makes that list unknown, and says so too."""
    request_body["context"]["patientId"] = request_body["context"]["userId"] = "longest"
    body = json.dumps(request_body).replace('"longest"', number)
    answer = sign(content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, issue(answer)["details"]["text"]) == (
        400,
        "the JSON holds a number too long to be read",
    )


def test_a_member_that_stands_twice_is_named_where_its_name_is_not_the_clients(request_body: Body) -> None:
    body = json.dumps(request_body).replace('"birthDate"', '"birthDate": "2020-01-01", "birthDate"')
    with pytest.raises(Refusal, match="the member birthDate stands twice"):
        read_request(body.encode(), Hook.ORDER_SIGN)


@pytest.mark.parametrize(
    "path", ["hook", "hookInstance", "context", "context.patientId", "context.draftOrders"]
)
def test_ch_030_and_ch_036_what_is_required_is_named_when_it_is_missing(
    sign: Sign, request_body: Body, path: str
) -> None:
    drop(request_body, path)
    answer = sign(request_body)
    assert answer.status_code == 400
    assert issue(answer)["expression"] == [path]
    assert issue(answer)["code"] == "required"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("hook", 1),
        ("hook", ""),
        ("hookInstance", {}),
        ("hookInstance", " "),
        ("context", []),
        ("context", "p1"),
        ("context", None),
        ("context.patientId", 7),
        ("context.patientId", None),
        ("context.draftOrders", None),
        ("context.draftOrders", "none"),
        ("prefetch", []),
    ],
)
def test_ch_030_and_ch_036_a_wrong_type_is_named(
    sign: Sign, request_body: Body, path: str, value: Any
) -> None:
    put(request_body, path, value)
    answer = sign(request_body)
    assert answer.status_code == 400
    assert issue(answer)["expression"] == [path]


def test_ch_031_the_hook_is_the_one_of_the_service(sign: Sign, request_body: Body) -> None:
    request_body["hook"] = "order-select"
    answer = sign(request_body)
    assert (answer.status_code, issue(answer)["expression"]) == (400, ["hook"])


def test_ch_032_a_hook_instance_in_capitals_is_a_uuid(sign: Sign, request_body: Body) -> None:
    request_body["hookInstance"] = request_body["hookInstance"].upper()
    assert ("request", "hookInstance") not in issues(sign(request_body))


def test_ch_032_a_hook_instance_that_is_no_uuid_is_let_through_and_told(
    sign: Sign, request_body: Body
) -> None:
    request_body["hookInstance"] = "abc"
    assert ("request", "hookInstance") in issues(sign(request_body))


def test_ch_033_the_same_request_again_gets_the_same_cards(sign: Sign, request_body: Body) -> None:
    assert cards(sign(request_body)) == cards(sign(request_body)) != []


def test_ch_034_an_authorization_needs_its_server(sign: Sign, request_body: Body) -> None:
    request_body["fhirAuthorization"] = {"access_token": "canary-token", "token_type": "Bearer"}
    answer = sign(request_body)
    assert (answer.status_code, issue(answer)["expression"]) == (400, ["fhirServer"])
    assert "canary" not in answer.text
    request_body["fhirServer"] = "https://fhir.example.org"
    assert sign(request_body).status_code == 200


def test_ch_036_a_user_that_is_not_named_is_told(sign: Sign, request_body: Body) -> None:
    complete = cards(sign(request_body))
    del request_body["context"]["userId"]
    answer = sign(request_body)
    assert ("request", "context.userId") in issues(answer)
    assert cards(answer) == complete


def test_ch_036_a_patient_id_may_be_written_with_its_type(sign: Sign, request_body: Body) -> None:
    complete = cards(sign(request_body))
    request_body["context"]["patientId"] = "Patient/p1"
    assert cards(sign(request_body)) == complete


def test_ch_037_orders_of_dstu2_are_refused_and_never_silently_fine(sign: Sign, request_body: Body) -> None:
    order = request_body["context"]["draftOrders"]["entry"][0]["resource"]
    order["resourceType"] = "MedicationOrder"
    answer = sign(request_body)
    assert answer.status_code == 400
    assert "FHIR version not supported" in issue(answer)["details"]["text"]


def test_ch_037_other_orders_of_r4_are_let_through(sign: Sign, request_body: Body) -> None:
    complete = cards(sign(request_body))
    vision = {"resourceType": "VisionPrescription", "id": "v1", "status": "draft"}
    request_body["context"]["draftOrders"]["entry"].append({"resource": vision})
    assert cards(sign(request_body)) == complete


@pytest.mark.parametrize("path", ["foo", "extension", "user", "patient", "context.foo", "context.extension"])
def test_ch_008_ch_038_and_ch_232_members_nobody_knows_change_nothing(
    sign: Sign, request_body: Body, path: str
) -> None:
    complete = cards(sign(request_body))
    put(request_body, path, {"bar": [1, None, "x"]})
    order = request_body["context"]["draftOrders"]["entry"][0]["resource"]
    order["foo"] = {"bar": 1}
    assert cards(sign(request_body)) == complete


@pytest.mark.parametrize(
    "order_select",
    [
        {"selections": ["MedicationRequest/other"]},
        {"selections": "MedicationRequest/r1"},
        {},
    ],
)
def test_a_selection_that_is_no_draft_is_refused(
    call: Callable[..., httpx.Response], request_body: Body, order_select: Body
) -> None:
    request_body["hook"] = "order-select"
    request_body["context"] |= order_select
    answer = call("POST", "/cds-services/primum-order-select", json=request_body)
    assert answer.status_code == 400
    assert issue(answer)["expression"][0].startswith("context.selections")


def test_only_selected_orders_are_under_review(
    call: Callable[..., httpx.Response], request_body: Body
) -> None:
    request_body["hook"] = "order-select"
    request_body["context"]["selections"] = ["MedicationRequest/r1"]
    chosen = call("POST", "/cds-services/primum-order-select", json=request_body)
    request_body["context"]["selections"] = []
    background = call("POST", "/cds-services/primum-order-select", json=request_body)
    assert cards(chosen) != []
    assert cards(background) == []


def test_a_byte_order_mark_before_the_json_is_skipped(sign: Sign, request_body: Body) -> None:
    body = b"\xef\xbb\xbf" + json.dumps(request_body).encode()
    answer = sign(content=body, headers={"Content-Type": "application/json"})
    assert cards(answer) == cards(sign(request_body))


@pytest.mark.parametrize(
    ("old", "path"), [(b'"order-sign"', "hook"), (b'"p1"', "context"), (b'"patient"', "prefetch")]
)
def test_text_that_is_not_utf_8_is_refused(sign: Sign, request_body: Body, old: bytes, path: str) -> None:
    body = json.dumps(request_body).encode().replace(old, b'"\xff"', 1)
    answer = sign(content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, issue(answer)["expression"]) == (400, [path])


@pytest.mark.parametrize("hook", [Hook.ENCOUNTER_START, Hook.ENCOUNTER_DISCHARGE])
def test_ch_036_an_encounter_hook_needs_its_encounter(hook: Hook) -> None:
    context = {"userId": "Practitioner/1", "patientId": "p1"}
    body = {"hook": hook.value, "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "context": context}
    with pytest.raises(Refusal) as refused:
        read_request(json.dumps(body).encode(), hook)
    assert refused.value.where == "context.encounterId"
    body["context"] = context | {"encounterId": "Encounter/e1"}
    assert read_request(json.dumps(body).encode(), hook).context.encounter_id == "e1"


def test_the_hook_of_a_request_can_be_asked_alone() -> None:
    assert hook_of(b'{"hook": "order-sign"}') == "order-sign"
    assert hook_of(b'{"hook": 7}') == hook_of(b"{}") == ""


def test_a_session_of_too_many_orders_is_refused_whole(sign: Sign, request_body: Body) -> None:
    """Each costs a decision of every rule, and those who wait behind would pay for it."""
    draft = request_body["context"]["draftOrders"]["entry"][0]["resource"]
    request_body["context"]["draftOrders"]["entry"] = [
        {"resource": draft | {"id": f"r{number}"}} for number in range(MOST_ORDERS + 1)
    ]
    answer = sign(request_body)
    assert (answer.status_code, issue(answer)["code"]) == (413, "too-long")
    request_body["context"]["draftOrders"]["entry"].pop()
    assert len({card[2].partition(".")[0] for card in cards(sign(request_body)) if card[2]}) >= 1
