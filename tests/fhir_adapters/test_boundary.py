"""The boundary: whatever an application raises, the client gets one shape, and the server goes on."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from fhir_adapters.boundary import LastResort, guard
from fhir_adapters.outcomes import Refusal

CANARY = "Kanarienvogel"


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/{what}")
    async def fail(what: str, number: int = Query(0)) -> Any:
        match what:
            case "refuse":
                raise Refusal(422, "business-rule", "no", mend="Stop.")
            case "teapot":
                raise HTTPException(418, CANARY)
            case "defect":
                raise RuntimeError(CANARY)
            case "halfway":
                return StreamingResponse(half())

    async def half() -> Any:
        yield b"half"
        raise RuntimeError(CANARY)

    guard(app, ("https://ehr.example.org",))
    return app


def get(app: FastAPI, path: str, *, raising: bool = False, method: str = "GET") -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=raising)
        async with httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client:
            return await client.request(method, path, headers={"Origin": "https://ehr.example.org"})

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/refuse", 422),
        ("/teapot", 418),
        ("/refuse?number=Kanarienvogel", 400),
        ("/defect", 500),
        ("/a/b", 404),
    ],
)
def test_ch_052_every_error_is_an_operation_outcome_without_an_echo(
    app: FastAPI, path: str, status: int
) -> None:
    answer = get(app, path)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.headers["access-control-allow-origin"] == "https://ehr.example.org"
    assert CANARY not in answer.text


def test_head_is_answered_as_get_is_without_the_body(app: FastAPI) -> None:
    """RFC 9110, 9.3.2: the same status and headers."""
    for path in ("/refuse", "/defect", "/else"):
        read, asked = get(app, path), get(app, path, method="HEAD")
        assert (asked.status_code, asked.headers, asked.content) == (read.status_code, read.headers, b"")


def test_a_defect_is_noted_without_its_message(app: FastAPI, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        get(app, "/defect")
    assert [record.message for record in caplog.records if record.name == "primum"] == ["defect"]
    assert all(CANARY not in str(record.__dict__) for record in caplog.records)


def test_an_answer_that_breaks_off_is_not_made_to_look_whole(app: FastAPI) -> None:
    with pytest.raises(RuntimeError):
        get(app, "/halfway", raising=True)


def test_a_client_that_hangs_up_is_no_defect(caplog: pytest.LogCaptureFixture) -> None:
    async def hung_up(*_: Any) -> None:
        raise ClientDisconnect

    with caplog.at_level(logging.INFO):
        asyncio.run(LastResort(hung_up)({"type": "http"}, None, None))  # type: ignore[arg-type]
    assert caplog.records == []
