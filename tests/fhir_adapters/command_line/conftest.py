"""How the tests run ``primum``: in this process, in a wide terminal without colours, with the request of the demonstration."""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.authoring.folder import Loaded
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from fhir_adapters.cli import app
from fhir_adapters.command_line import options, terminal
from fhir_adapters.command_line.demo import request_on

TODAY = "2026-03-01"

Run = Callable[..., Result]


@cache
def rules_that_ship() -> Loaded:
    return load_rules(DEFAULT_FOLDER)


@pytest.fixture
def primum(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command with these arguments; ``input`` is its standard input. The rules that ship are read once."""
    monkeypatch.setattr(
        options,
        "load_rules",
        lambda folder, *, examples: (
            load_rules(folder, examples=examples)
            if examples or folder != DEFAULT_FOLDER.resolve()
            else rules_that_ship()
        ),
    )
    # Under xdist COLUMNS is set when the consoles are made, and they keep that width.
    for console in (terminal.answers, terminal.notices):
        monkeypatch.setattr(console, "width", 160)
    for name in ("PORT", "ONCE", "PRIMUM_RULES"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, input: str | bytes | None = None) -> Result:
        wide = {"COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"}
        return CliRunner(env=wide).invoke(app, [str(argument) for argument in arguments], input=input)

    return run


@pytest.fixture
def order_sign(tmp_path: Path) -> Path:
    """An order-sign request of 2026-03-01: intrathecal baclofen, three years old, refractory epilepsy, morphine, no creatinine."""
    file = tmp_path / "order-sign.json"
    file.write_bytes(request_on(date.fromisoformat(TODAY)))
    return file
