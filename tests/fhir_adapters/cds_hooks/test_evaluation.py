"""The extension beside the cards: every rule that was looked at, how it ended, and what did not reach it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from engine.authoring.folder import Loaded
from engine.facts import ListName, PatientFacts
from engine.finding import Truth
from engine.outcome import Evaluation, RuleOutcome
from fhir_adapters.cds_hooks.evaluation import report_of

Sign = Callable[..., httpx.Response]
Body = dict[str, Any]


def evaluation(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.json()["extension"]["org.primum.evaluation"])


def rule(answer: httpx.Response, name: str) -> dict[str, Any]:
    (found,) = [rule for rule in evaluation(answer)["rules"] if rule["id"] == f"baclofen-it.{name}"]
    return dict(found)


def test_every_rule_of_the_hook_is_listed_whatever_it_came_to(sign: Sign, request_body: Body) -> None:
    outcomes = {rule["id"]: rule["outcome"] for rule in evaluation(sign(request_body))["rules"]}
    assert outcomes == {
        "baclofen-it.epilepsy": "not_met",
        "baclofen-it.renal-impairment": "met",
        "baclofen-it.wrong-route": "met",
    }


def test_a_met_rule_tells_its_version_statements_order_and_evidence(sign: Sign, request_body: Body) -> None:
    found = rule(sign(request_body), "renal-impairment")
    assert (found["version"], found["statements"], found["order"]) == (
        "1.0.0",
        ["WP-02"],
        "MedicationRequest/r1",
    )
    assert {entry["reference"] for entry in found["evidence"]} == {"Condition/c1"}


def test_an_unknown_rule_tells_what_was_missing_and_from_which_list(sign: Sign, request_body: Body) -> None:
    del request_body["prefetch"]["conditions"]
    found = rule(sign(request_body), "renal-impairment")
    assert found["outcome"] == "unknown"
    assert found["missing"][0]["list"] == "conditions"
    assert found["missing"][0]["why"] == "the problem list did not arrive"


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        (None, "known empty"),
        ({"resourceType": "Bundle", "type": "searchset", "total": 0}, "known empty"),
        ({"resourceType": "Bundle", "type": "searchset", "entry": []}, "known empty"),
        ({"resourceType": "OperationOutcome", "issue": []}, "failed"),
        (
            {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://x"}], "entry": []},
            "partial",
        ),
        ("123", "not supplied"),
    ],
)
def test_ch_081_to_ch_086_the_state_of_each_list_is_told(
    sign: Sign, request_body: Body, sent: Any, state: str
) -> None:
    request_body["prefetch"]["conditions"] = sent
    assert evaluation(sign(request_body))["lists"]["conditions"] == state


def test_ch_082_a_missing_key_is_not_an_empty_list(sign: Sign, request_body: Body) -> None:
    del request_body["prefetch"]["conditions"]
    assert evaluation(sign(request_body))["lists"] == {
        "conditions": "not supplied",
        "medications": "known empty",
        "observations": "known empty",
        "patient": "present",
        "procedures": "known empty",
    }


def test_ch_090_what_belongs_to_another_patient_is_left_out_and_told(sign: Sign, request_body: Body) -> None:
    (first, _) = request_body["prefetch"]["conditions"]["entry"]
    first["resource"]["subject"] = {"reference": "Patient/p2"}
    answer = sign(request_body)
    assert rule(answer, "renal-impairment")["outcome"] == "unknown"
    issues = [issue for issue in evaluation(answer)["data_issues"] if issue["resource"] == "Condition/c1"]
    assert [issue["effect"] for issue in issues] == ["ignored"]


def test_packs_are_named_with_the_version_of_their_label(sign: Sign, request_body: Body) -> None:
    assert evaluation(sign(request_body))["packs"] == [
        {"id": "baclofen-it", "version": "0.1.0", "label_version": "2026-01"}
    ]


def test_ch_054_a_rule_that_failed_says_so(mini: Loaded) -> None:
    failed = RuleOutcome(mini.rules.rules[0], Truth.UNKNOWN, error="the rule failed (KeyError)")
    report = report_of(
        Evaluation("order-sign", (failed,)),
        PatientFacts(datetime(2026, 5, 1, tzinfo=UTC)),
        (),
        lists=frozenset({ListName.PATIENT}),
        rules=mini.rules,
    )
    (told,) = msgspec.to_builtins(report)["rules"]
    assert (told["outcome"], told["error"]) == ("unknown", "the rule failed (KeyError)")
