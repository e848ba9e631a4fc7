"""What the workbench answers where nothing is: no word of the address comes back, and none goes into the log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from engine.authoring.loading import load_rules
from fhir_adapters.workbench.server import application
from fhir_adapters.workbench.shelf import Shelf

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"


@pytest.fixture(scope="module")
def client() -> TestClient:
    """The application, which may be made once in a process."""
    loaded = load_rules(MINI)
    app = application(
        Shelf(loaded, lambda: loaded), next(iter(loaded.files.values())), clock=lambda: datetime.now(UTC)
    )
    return TestClient(app, base_url="http://127.0.0.1:8001")


@pytest.mark.parametrize(
    "path",
    [
        "/Zebrafinch?name=Zebrafinch",
        "/docs",
        "/openapi.json",
        "/record/Zebrafinch",
        "/record?name=Zebrafinch",
        "/_nicegui/x?name=Zebrafinch",
        "/_nicegui/client/Zebrafinch/upload/1",
        "/_nicegui/auto/static/Zebrafinch/x.js",
    ],
)
def test_where_nothing_is_neither_answer_nor_log_repeats_anything(
    client: TestClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.get(path)
    assert (answer.status_code, answer.text) == (404, "There is nothing here.")
    # What the client of this test writes of its own calls is not of the workbench.
    assert [line.getMessage() for line in caplog.records if line.name not in ("httpx", "asyncio")] == []
