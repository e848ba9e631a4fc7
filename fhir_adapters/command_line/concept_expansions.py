"""``primum concepts expand`` and ``refresh``: what a terminology server adds to the concepts, shown and pinned."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich import box
from rich.table import Table

from engine.authoring.expansions import FOLDER
from engine.authoring.folder import Loaded
from engine.concepts import Coding, Membership
from engine.expansions import Expansion
from fhir_adapters.command_line.options import FormatOption, RulesOption, loaded_rules, moment, rules_folder
from fhir_adapters.command_line.terminal import Format, answers, counted, refuse, say, words, write_json

if TYPE_CHECKING:  # httpx takes long to load, and other commands do without
    from fhir_adapters.terminology.server import Expanded

MOST_SHOWN: Final = 40
"""Codes that a person is shown; JSON has all of them."""
MOST_NAMED: Final = 10
"""Codes that are named where a refresh would take them away."""
NO_CODE: Final = "the server counts no code to it"
PAGE_SECONDS: Final = 60.0
"""How long a server may take for one page."""

ServerOption = Annotated[
    str,
    typer.Option(
        envvar="PRIMUM_TERMINOLOGY_SERVER",
        help="FHIR R4 terminology server with SNOMED CT, such as https://tx.example.org/fhir.",
        show_default=False,
    ),
]
NetworkOption = Annotated[
    str,
    typer.Option(
        envvar="PRIMUM_TERMINOLOGY_NETWORKS",
        help="Private networks in which that server may be, separated by commas, such as 10.1.0.0/16.",
        show_default=False,
    ),
]


class Member(msgspec.Struct, frozen=True):
    """A code and the server's term for it."""

    code: str
    display: str


class Comparison(msgspec.Struct, frozen=True):
    """What a server makes of a concept's expression, beside what the rules list.

    ``added`` would be new members; ``only_listed`` are codes that the rules list and the server does not count: they stay members.
    """

    concept: str
    ecl: str
    server: str
    version: str
    identifier: str
    sha256: str
    codes: int
    added: tuple[Member, ...]
    only_listed: tuple[Member, ...]


class Refreshed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one concept: how many codes it has been given, new and gone ones since the pin before, or why none."""

    concept: str
    codes: int = 0
    new: int = 0
    gone: int = 0
    sha256: str = ""
    file: str = ""
    problem: str = ""


def expand(
    concept: Annotated[
        str, typer.Argument(metavar="CONCEPT", help="Id of a concept that has an expression.")
    ],
    server: ServerOption = "",
    network: NetworkOption = "",
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Show which codes a terminology server would add to a concept. Nothing is changed.

    Ends with 1 when the server does not give the whole expansion, or counts no code to it.
    """
    loaded = loaded_rules(rules)
    ecl = expression_of(concept, loaded)
    (found,) = _expansions({concept: ecl}, server, network).values()
    if isinstance(found, str):
        refuse(f"{concept} was not expanded: {found}.")
    if not found.expansion.codes:
        refuse(f"{concept} was not expanded: {NO_CODE}.")
    shown = _compared(concept, ecl, found, loaded)
    if format is Format.JSON:
        write_json(shown)
        return
    from_there = f"{counted(shown.codes, 'code')} from {shown.server}, {shown.version or 'no version told'}"
    answers.print(words(f"{concept}: {from_there}"), soft_wrap=True)
    for heading, members in (
        ("would be added", shown.added),
        ("listed here and not counted by the server; these stay members", shown.only_listed),
    ):
        answers.print(words(f"\n{counted(len(members), 'code')} {heading}", "bold"), soft_wrap=True)
        if members:
            answers.print(_table(members))


def refresh(
    concepts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CONCEPT", help="Only these.", show_default="every concept with an expression"
        ),
    ] = None,
    server: ServerOption = "",
    network: NetworkOption = "",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the files; the rules are read with those in their own.",
            show_default=f"{FOLDER} in the folder of the rules",
        ),
    ] = None,
    drop: Annotated[
        bool,
        typer.Option(
            "--drop", help="Let codes go that were pinned before and that the server no longer counts."
        ),
    ] = False,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Expand concepts on a terminology server and pin the results as files, one for each concept.

    A concept that the server does not expand, or to which it counts fewer codes than before, keeps the file that it has.
    Ends with 1 when there was one.
    """
    loaded = loaded_rules(rules)
    wanted = concepts or [name for name, file in sorted(loaded.concept_files.items()) if file.ecl]
    expressions = {name: expression_of(name, loaded) for name in wanted}
    folder = out or rules_folder(rules) / FOLDER
    told = [
        _pinned(folder, name, found, loaded.concepts.expansions.get(name), drop=drop)
        for name, found in _expansions(expressions, server, network).items()
    ]
    if format is Format.JSON:
        write_json(told)
    else:
        for each in told:
            if each.problem:
                say(f"{each.concept}: not refreshed, {each.problem}", "red")
            else:
                change = f"{each.new} new, {each.gone} gone"
                answers.print(
                    words(f"{each.concept}: {counted(each.codes, 'code')}, {change}"), soft_wrap=True
                )
    failed = sum(bool(each.problem) for each in told)
    if failed:
        refuse(
            f"{counted(failed, 'concept')} of {len(told)} not refreshed; what was pinned before still holds."
        )


def expression_of(concept: str, loaded: Loaded) -> str:
    """The expression of a concept; the command ends where there is none."""
    file = loaded.concept_files.get(concept)
    if file is None:
        refuse(f"There is no concept {concept}:  primum concepts find  looks for one.", 2)
    if not file.ecl:
        refuse(f"{concept} has no expression (ecl) that a terminology server could expand.", 2)
    return file.ecl


def _expansions(expressions: Mapping[str, str], server: str, network: str) -> dict[str, Expanded | str]:
    """The expansion of each expression, or why there is none; how far it is shows on standard error."""
    if not server:
        refuse("Name a terminology server with --server, or in PRIMUM_TERMINOLOGY_SERVER.", 2)
    from fhir_adapters.outbound import LOOPBACK, Outbound, Targets, checked_server
    from fhir_adapters.terminology.server import LARGEST_ANSWER, TerminologyError, TerminologyServer

    try:
        networks = [ip_network(part.strip()) for part in network.split(",") if part.strip()]
        targets = Targets((checked_server(server),), (*LOOPBACK, *networks))
    except ValueError as error:
        refuse(f"This server cannot be asked: {error}.", 2)

    async def expanded() -> dict[str, Expanded | str]:
        found: dict[str, Expanded | str] = {}
        async with Outbound(targets, max_bytes=LARGEST_ANSWER, seconds=PAGE_SECONDS) as outbound:
            there = TerminologyServer(outbound, server)
            for name, ecl in expressions.items():
                say(f"{name}: asking {there.address}", "dim")
                try:
                    found[name] = await there.expand(ecl, today=today, progress=partial(_progress, name))
                except TerminologyError as error:
                    found[name] = str(error)
        return found

    today = moment(None).date()
    return asyncio.run(expanded())


def _progress(concept: str, got: int, total: int | None) -> None:
    say(
        f"{concept}: {got} of {total} codes" if total is not None else f"{concept}: {counted(got, 'code')}",
        "dim",
    )


def _compared(concept: str, ecl: str, found: Expanded, loaded: Loaded) -> Comparison:
    library = replace(loaded.concepts, expansions={})
    expansion = found.expansion
    systems = {system for system, _ in expansion.codes}
    listed = {
        (library.system_uri(code.system), code.code): code.display
        for member in library.members(concept)
        for code in library.concept(member).codes
        if library.system_uri(code.system) in systems
    }
    added = (
        Member(code, found.displays.get(code, ""))
        for system, code in sorted(expansion.codes)
        if library.membership(concept, [Coding(system, code)]) is not Membership.YES
    )
    only_listed = (
        Member(code, display)
        for (system, code), display in sorted(listed.items())
        if (system, code) not in expansion.codes
    )
    return Comparison(
        concept,
        ecl,
        expansion.server,
        expansion.version,
        expansion.identifier,
        expansion.sha256,
        len(expansion.codes),
        tuple(added),
        tuple(only_listed),
    )


def _pinned(
    folder: Path, concept: str, found: Expanded | str, before: Expansion | None, *, drop: bool
) -> Refreshed:
    """Write the file of a concept; not where that would take codes away, since a server may add only, unless ``drop``."""
    if isinstance(found, str):
        return Refreshed(concept, problem=found)
    from fhir_adapters.terminology.pins import pin

    expansion = found.expansion
    if not expansion.codes:
        return Refreshed(concept, problem=NO_CODE)
    known = before.codes if before is not None else frozenset()
    gone = sorted(code for _, code in known - expansion.codes)
    if gone and not drop:
        named = ", ".join(gone[:MOST_NAMED]) + (", …" if len(gone) > MOST_NAMED else "")
        problem = f"{counted(len(gone), 'code')} would go ({named}); --drop lets them go"
        return Refreshed(concept, gone=len(gone), problem=problem)
    try:
        file = pin(folder, concept, expansion)
    except OSError as error:
        return Refreshed(concept, problem=f"the file cannot be written ({type(error).__name__})")
    return Refreshed(
        concept,
        len(expansion.codes),
        len(expansion.codes - known),
        len(gone),
        expansion.sha256,
        str(file),
    )


def _table(members: Sequence[Member]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Code", "Term"):
        table.add_column(heading, overflow="fold")
    for member in members[:MOST_SHOWN]:
        table.add_row(words(member.code, "cyan"), words(member.display))
    if len(members) > MOST_SHOWN:
        table.add_row("…", words(f"{len(members) - MOST_SHOWN} more; --format json has all"))
    return table
