"""``primum demo``: the service answers an order as an EHR would send it, here in the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.client import HTTPConnection, HTTPException
from importlib.resources import files
from pathlib import Path
from threading import Thread
from time import monotonic, perf_counter, sleep
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from engine.errors import RuleFileError
from fhir_adapters.command_line.card_panels import panels, response_of
from fhir_adapters.command_line.options import RulesOption, broken, rules_folder, with_examples
from fhir_adapters.command_line.serve import listen, settings_with
from fhir_adapters.command_line.terminal import answers, drawn, notices, refuse, say
from fhir_adapters.settings import Settings

REQUEST: Final = "demo-order-sign.json"
"""The request that is sent; it ships beside this module."""

WRITTEN_ON: Final = date(2026, 1, 15)
"""The day on which the request is set: its dates are moved by as much as has passed since."""

_HOST: Final = "127.0.0.1"
_SERVICE: Final = "/cds-services/primum-order-sign"
_DATE: Final = re.compile(r'"(\d{4}-\d\d-\d\d)"')
_READY_WITHIN: Final = 60.0
_PICTURE_WIDTH: Final = 100
_STORY: Final = (
    "A test dose of intrathecal baclofen is about to be signed for a child of three who has drug-resistant epilepsy "
    "and takes morphine; no creatinine is on record. The request is made up, and its dates are moved to today, so "
    "that the child stays three."
)


def demo(
    port: Annotated[
        int,
        typer.Option(envvar="PORT", min=0, max=65535, help="Port to listen on; 0 lets the system choose."),
    ] = 8000,
    once: Annotated[bool, typer.Option(envvar="ONCE", help="End after the cards.")] = False,
    request: Annotated[bool, typer.Option(help="Only print the request, to send it yourself.")] = False,
    picture: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Also draw it into this SVG file.", show_default=False)
    ] = None,
    rules: RulesOption = None,
) -> None:
    """Start the service, send it an order as an EHR would, and show the cards.

    The service listens on 127.0.0.1 and goes on until Ctrl-C, so that it can be sent other requests.
    """
    from fhir_adapters.app import now_here  # late: see serve.py

    body = request_on(now_here().date())
    if request:
        answers.out(body.decode(), highlight=False)
        return
    settings = demo_settings(port, rules_folder(rules))
    screen = Console(record=True, width=_PICTURE_WIDTH, highlight=False) if picture else answers
    with _running(settings, rules) as (thread, there):
        screen.print(Text(_STORY))
        screen.print()
        _call(screen, there, "GET", "/cds-services")
        answer = _call(screen, there, "POST", _SERVICE, body)
        screen.print()
        for panel in panels(response_of(answer)):
            screen.print(panel)
        if picture:
            picture.write_text(drawn(screen, "primum demo"), encoding="utf-8")
        if not once:
            _serve_on(thread, there)


def demo_settings(port: int, rules: Path) -> Settings:
    """Settings of its own: the clients and the store that a site has in its environment are not for a demonstration."""
    defaults = {name: field.get_default() for name, field in Settings.model_fields.items()}
    return settings_with(
        defaults | {"host": _HOST, "port": port, "rules": rules, "examples": with_examples()}
    )


def request_on(today: date) -> bytes:
    """The request of the demonstration, made today: all of its dates are moved by the same number of days."""
    written = (files(__package__) / REQUEST).read_text(encoding="utf-8")
    passed = today - WRITTEN_ON
    return _DATE.sub(lambda found: f'"{date.fromisoformat(found[1]) + passed}"', written).encode()


@contextmanager
def _running(settings: Settings, rules: Path | None) -> Iterator[tuple[Thread, str]]:
    """The service on a thread, ready to answer, and the address under which it does."""
    import uvicorn

    from fhir_adapters.app import create_app

    listening = listen(settings.host, settings.port)
    there = f"http://{_HOST}:{listening.getsockname()[1]}"
    with notices.status("Starting the service"):
        try:
            app = create_app(settings)
        except RuleFileError:
            refuse(broken(rules))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        _wait(thread, there)
    try:
        yield thread, there
    finally:
        server.should_exit = True
        thread.join()


def _wait(thread: Thread, there: str) -> None:
    until = monotonic() + _READY_WITHIN
    while monotonic() < until and thread.is_alive():
        try:
            if _send(there, "GET", "/health/ready")[0] == 200:
                return
        except (OSError, HTTPException):
            sleep(0.02)
    refuse("The service did not become ready.")


def _send(there: str, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection(there.removeprefix("http://"), timeout=10)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _call(screen: Console, there: str, method: str, path: str, body: bytes | None = None) -> bytes:
    """Send a request and say how it went; anything but success ends the command."""
    started = perf_counter()
    status, answer = _send(there, method, path, body)
    milliseconds = (perf_counter() - started) * 1000
    line = Text.assemble(
        (f"{method:<4} ", "bold"), f"{there}{path}  ", (str(status), "bold"), f"  {milliseconds:.0f} ms"
    )
    screen.print(line, soft_wrap=True)
    if status != 200:
        refuse("The service did not answer as expected.")
    return answer


def _serve_on(thread: Thread, there: str) -> None:
    post = f"curl -s -H 'Content-Type: application/json' --data-binary @- {there}{_SERVICE}"
    say(f"\nThe service goes on at {there}, for this machine only; Ctrl-C stops it. Elsewhere, try:")
    say(f"  curl -s {there}/cds-services")
    say(f"  primum demo --request | {post}")
    say("  primum demo --request | primum check - --all")
    while thread.is_alive():
        thread.join(1)
