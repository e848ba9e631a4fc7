"""Whatever the OpenAPI description lets a client send, and what it does not, is answered and never a defect.

Schemathesis makes the requests from the description of a live service. It is told what the description leaves to
discovery: the ids of the services and their hooks.
"""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.conformance.live import Live

EXAMPLES = 60
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
ADDRESSES = [
    ("GET", "/cds-services"),
    ("POST", "/cds-services/{service_id}"),
    ("POST", "/cds-services/{service_id}/feedback"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
]
MODES = [
    (method, path, mode)
    for method, path in ADDRESSES
    for mode in ("as described", "otherwise")
    if (method, mode) != ("GET", "otherwise")
]
"""A GET has nothing in it that could be otherwise than described."""


@pytest.fixture(scope="module")
def described(browsed: Live) -> Any:
    description = browsed.service.get("/openapi.json").json()
    for operations in description["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "service_id":
                    parameter["schema"]["enum"] = ["primum-order-sign"]
    description["components"]["schemas"]["HookCall"]["properties"]["hook"]["enum"] = ["order-sign"]
    context = description["components"]["schemas"]["Context"]
    context["required"] = [*context["required"], "draftOrders"]
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=browsed.address)
    return schema


def test_these_are_all_addresses(described: Any) -> None:
    found = [operation.ok() for operation in described.get_all_operations()]
    assert sorted((each.method.upper(), each.path) for each in found) == sorted(ADDRESSES)


@pytest.mark.full
@pytest.mark.parametrize(("method", "path", "mode"), MODES)
def test_nothing_that_can_be_sent_is_a_defect(described: Any, method: str, path: str, mode: str) -> None:
    generation = GenerationMode.POSITIVE if mode == "as described" else GenerationMode.NEGATIVE

    @given(case=described[path][method].as_strategy(generation_mode=generation))
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def answered(case: Any) -> None:
        case.validate_response(case.call(), checks=CHECKS)

    answered()
