"""``primum serve``: the service, until it is told to stop."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from engine.errors import CdsError, RuleFileError
from fhir_adapters.command_line.options import RulesOption, broken, rules_folder, with_examples
from fhir_adapters.command_line.terminal import Format, refuse, say
from fhir_adapters.journal import TextLines
from fhir_adapters.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", show_default="8000")] = None,
    format: Annotated[
        Format, typer.Option(help="How the journal is written to standard error.")
    ] = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Answer CDS Hooks calls until Ctrl-C.

    Every setting is an environment variable that begins with PRIMUM_; the options go before them. On an
    address that others can reach, the service does not start without authentication.
    """
    # Late, because those who write rules should not wait for a web framework that they do not use.
    from fhir_adapters import app

    given = {"host": host, "port": port, "rules": rules, "examples": with_examples() or None}
    settings = settings_with({name: value for name, value in given.items() if value is not None})
    if not settings.packs:
        rules_folder(settings.rules)
    listen(settings.host, settings.port).close()
    if format is Format.PRETTY:
        say(welcome(settings))
    try:
        app.serve(settings, formatter=TextLines() if format is Format.PRETTY else None)
    except RuleFileError:
        refuse(broken(rules))
    except CdsError as error:
        refuse(f"{error}.", 2)


def settings_with(given: Mapping[str, Any]) -> Settings:
    """The settings of the environment with these in their place.

    One that cannot be used ends the command with one sentence.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"PRIMUM_{str(first['loc'][0]).upper()}: " if first["loc"] else ""
        reason = first["msg"].removeprefix("Value error, ")
        refuse(f"{name}{reason[:1].upper() if not name else reason[:1]}{reason[1:]}.", 2)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there; one that is taken or not of this machine ends the command with one sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family)
    except OSError as error:
        refuse(
            f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}): choose another port with --port."
        )


def welcome(settings: Settings) -> str:
    """Where the service listens, and for whom it is open."""
    url = f"http://{settings.host}:{settings.port}{settings.path_prefix}/cds-services"
    if settings.clients is None:
        return f"{url} is open to every program on this machine, and to no other machine; Ctrl-C stops it."
    return (
        f"{url} answers the clients of {settings.clients}, which call {settings.public_url}/cds-services; "
        "Ctrl-C stops it."
    )
