"""The command ``primum``: its nouns joined."""

from __future__ import annotations

import errno
import sys
from typing import Final

import typer

from fhir_adapters.__main__ import INTERRUPTED, STOPPED
from fhir_adapters.command_line import concepts, rules, store
from fhir_adapters.command_line.check import check
from fhir_adapters.command_line.conformance import conformance
from fhir_adapters.command_line.demo import demo
from fhir_adapters.command_line.describe import describe
from fhir_adapters.command_line.explain import explain
from fhir_adapters.command_line.noise import noise
from fhir_adapters.command_line.options import begin
from fhir_adapters.command_line.registration import registration
from fhir_adapters.command_line.serve import serve
from fhir_adapters.command_line.terminal import say
from fhir_adapters.command_line.workbench import workbench
from fhir_adapters.journal import places

_DEFECT: Final = 70  # EX_SOFTWARE of sysexits.h
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
EXIT_CODES: Final = (
    "Ends with 0 when what was asked came out well; with 1 when it did not, or a file could not be used; with 2 when it was asked "
    "wrongly; with 70 for a defect of Primum; with 130 after Ctrl-C. What comes out is on standard output, all else on standard error."
)
"""What the codes mean with which every command ends."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=f"Check orders against what the label of a medicine says, and say what could not be checked.\n\n{EXIT_CODES}",
)
app.callback(epilog="Example: primum check request.json")(begin)
app.command(epilog="Example: primum serve --port 8000")(serve)
app.command(epilog="Example: primum check request.json patients.ndjson --all")(check)
app.command(epilog="Example: primum explain kidney-function request.json")(explain)
app.command(epilog="Example: primum describe kidney-function")(describe)
app.command(epilog="Example: primum workbench kidney-function --rules my-rules")(workbench)
app.command(epilog="Example: ONCE=1 primum demo")(demo)
app.command(epilog="Example: primum noise --pumps 100 --format json")(noise)
app.command(epilog="Example: primum conformance http://127.0.0.1:8000")(conformance)
app.command(epilog="Example: primum registration > docs/registration.md")(registration)
app.add_typer(rules.app, name="rules")
app.add_typer(concepts.app, name="concepts")
app.add_typer(store.app, name="store")
app.command(epilog="Example: primum reproduce 0b0e8f0c-8a55-4b4c-9f4e-1f0f5b8f6a57")(store.reproduce)


def main() -> None:
    """Run the command line; a defect is named by its type and place, because its message may quote a record.

    A file or folder that cannot be read or written is none: a read-only folder is named, with what the system says of it.
    """
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            say(STOPPED)
        raise
    except Exception as error:
        if isinstance(error, OSError) and (error.filename is not None or error.errno in _NO_ROOM):
            say(f"{error.filename or 'The output'} cannot be used: {error.strerror}.", "red")
            sys.exit(1)
        say(f"This is a defect of Primum: {type(error).__name__} at {places(error)[-1]}", "red")
        sys.exit(_DEFECT)
