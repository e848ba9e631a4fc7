"""``primum workbench``: the page for those who write rules, on this machine only."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any

import typer

from engine.authoring.edits import files_of_rules
from fhir_adapters import journal
from fhir_adapters.command_line.options import FormatOption, RulesOption, command, loaded_rules, rule_named
from fhir_adapters.command_line.serve import listen
from fhir_adapters.command_line.terminal import Format, counted, refuse, say, write_json
from fhir_adapters.workbench.loopback import is_loopback


def workbench(
    rule: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE", help="Id or name of the rule that lies open.", show_default="the first"
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Loopback address to listen on; others are refused.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8001,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Open a page on which rules are written, tried on a patient and tested, until Ctrl-C.

    Needs the extra `workbench`. Nothing is written before it is shown and confirmed, and no patient is kept. The page is
    for browsers on this machine, and is no part of the service.
    """
    if find_spec("nicegui") is None:
        refuse("The page needs NiceGUI, which is not installed:  pip install 'primum[workbench]'", 2)
    if not is_loopback(host):
        refuse(f"{host} can be reached from other machines: the page is only for this one.", 2)
    listen(host, port).close()
    if format is Format.PRETTY:
        say("Reading the rules …")
    # Late, because NiceGUI takes seconds to load and no other command uses it.
    from fhir_adapters.app import now_here
    from fhir_adapters.workbench import server
    from fhir_adapters.workbench.shelf import Shelf

    loaded = loaded_rules(rules)
    files = [file for names in files_of_rules(loaded).values() for file in names]
    if not files:
        refuse(f"There is no rule here to open:  {command('rules check', rules)}  says why.")
    file = loaded.files[rule_named(rule, loaded, rules).id] if rule is not None else files[0]
    bare = host.strip("[]")
    address = f"http://{f'[{bare}]' if ':' in bare else bare}:{port}/"
    if format is Format.JSON:
        about: dict[str, Any] = {"url": address, "rules": len(files), "open": file}
        write_json(about)
    else:
        say(f"{counted(len(files), 'rule')}, {file} open: {address}  (Ctrl-C stops it)")
    journal.start("WARNING", formatter=journal.TextLines() if format is Format.PRETTY else None)
    shelf = Shelf(loaded, lambda: loaded_rules(rules))
    server.serve(shelf, file, host=bare, port=port, clock=now_here)
