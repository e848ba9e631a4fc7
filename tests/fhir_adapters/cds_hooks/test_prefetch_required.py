"""What a service cannot do without (CH-087 to CH-089).

The FHIR server is one of ours on 127.0.0.1 that holds what the request of the fixtures brings; see
`tests/fhir_adapters/test_sekmet.py` for one that nobody here wrote.
"""

import asyncio
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.rule import Hook
from fhir_adapters.cds_hooks.envelope import read_request
from fhir_adapters.cds_hooks.prefetch import Fetching
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.outcomes import Refusal
from tests.fhir_adapters.cds_hooks.conftest import REQUEST
from tests.fhir_adapters.cds_hooks.left_out import (
    HELD,
    Body,
    answer_of,
    asking,
    lists,
    service_of,
)
from tests.fhir_adapters.fhir_server import FhirServer, bundle, outcome, reply

PAGE = Path(__file__).resolve().parents[3] / "docs" / "prefetch.md"

Call = Callable[..., httpx.Response]
Ask = Callable[[Body], httpx.Response]


def required(answer: httpx.Response) -> Body:
    """The one issue of an answer with status 412."""
    assert (answer.status_code, answer.json()["resourceType"]) == (412, "OperationOutcome")
    issue: Body = answer.json()["issue"][0]
    assert (issue["code"], issue["expression"]) == ("required", ["prefetch"])
    return issue


def test_ch_087_without_data_and_without_access_nothing_can_be_answered(fhir: FhirServer, ask: Ask) -> None:
    body = asking(fhir, {"patient": HELD[0]}, hook="patient-view")
    del body["fhirServer"], body["fhirAuthorization"]
    mend = required(ask(body))["diagnostics"]
    assert (
        "prefetch.medicationRequests or prefetch.medicationStatements (null where there is nothing)" in mend
    )


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_ch_087_data_that_the_server_refuses_is_not_there(fhir: FhirServer, ask: Ask, status: int) -> None:
    fhir.faults["MedicationRequest"] = fhir.faults["MedicationStatement"] = lambda: reply(status)
    mend = required(ask(asking(fhir, hook="patient-view")))["diagnostics"]
    assert "medicationRequests was not fetched: the FHIR server " in mend
    assert f"({status})" in mend


def test_ch_087_data_of_a_server_that_is_down_is_not_there(fhir: FhirServer, ask: Ask) -> None:
    def hang() -> Any:
        raise ConnectionAbortedError

    fhir.faults["MedicationRequest"] = fhir.faults["MedicationStatement"] = hang
    assert "the FHIR server gave nothing" in required(ask(asking(fhir, hook="patient-view")))["diagnostics"]


def test_ch_087_one_list_that_the_client_could_not_get_either_is_no_data(fhir: FhirServer, ask: Ask) -> None:
    failed = {"medicationRequests": outcome("exception"), "medicationStatements": outcome("exception")}
    required(ask(asking(fhir, failed, hook="patient-view")))
    assert all("Medication" not in path or "Administration" in path for path in fhir.paths)


@pytest.mark.parametrize("key", ["medicationRequests", "medicationStatements"])
@pytest.mark.parametrize(
    "value", [None, bundle(), bundle(HELD[-1], link="https://ehr.example.org/fhir?page=2")]
)
def test_ch_088_data_that_is_there_is_enough_whatever_it_lacks(
    fhir: FhirServer, ask: Ask, key: str, value: Any
) -> None:
    body = asking(fhir, {key: value, "patient": {"resourceType": "Patient", "id": "p1"}}, hook="patient-view")
    del body["fhirServer"], body["fhirAuthorization"]
    assert ask(body).status_code == 200


def test_ch_088_a_server_that_has_nothing_is_enough(fhir: FhirServer, ask: Ask) -> None:
    fhir.resources = []
    answer = ask(asking(fhir, hook="patient-view"))
    assert lists(answer) == {
        "conditions": "known empty",
        "medications": "known empty",
        "patient": "failed",
        "procedures": "known empty",
    }


def test_ch_089_with_an_order_under_review_nothing_else_is_required(call: Call) -> None:
    body = copy.deepcopy(REQUEST)
    del body["prefetch"]
    answer = call("POST", "/cds-services/primum-order-sign", json=body)
    assert answer_of(answer)["cards"][0]["indicator"] == "critical"


def test_ch_089_each_service_says_what_it_cannot_do_without(mini: Loaded) -> None:
    assert service_of(mini, Hook.ORDER_SIGN).required == service_of(mini, Hook.ORDER_SELECT).required == ()
    view = service_of(mini, Hook.PATIENT_VIEW)
    assert view.required == ("medicationRequests", "medicationStatements")
    assert str(view.shown.usage_requirements).endswith("Needs medicationRequests or medicationStatements.")


def test_a_refusal_names_no_value_of_the_request(mini: Loaded, fhir: FhirServer) -> None:
    body = asking(fhir, hook="patient-view")
    body["context"]["patientId"] = "Kanarienvogel"
    request = read_request(json.dumps(body).encode(), Hook.PATIENT_VIEW)
    with pytest.raises(Refusal) as refused:
        asyncio.run(Fetching({}, seconds=5).complete(request, service_of(mini, Hook.PATIENT_VIEW), None))
    assert b"Kanarienvogel" not in refused.value.outcome()
    assert fhir.root.encode() not in refused.value.outcome()


def test_the_page_on_prefetch_names_what_the_services_require() -> None:
    loaded = load_rules()
    page = PAGE.read_text(encoding="utf-8").partition("## 412")[2]
    for service in Services(loaded.rules, loaded.concepts).by_id.values():
        assert (service.hook.value in page) == (not service.required)
        assert all(f"`{key}`" in page for key in service.required)
