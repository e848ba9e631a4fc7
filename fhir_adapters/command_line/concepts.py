"""``primum concepts``: which codes a concept of the rules holds, which concepts a code means, what a server adds to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
import typer
from rich import box
from rich.table import Table

from engine.authoring.files import CodeFile
from engine.authoring.folder import Loaded
from engine.authoring.problems import nearest
from engine.concept import Concept, ConceptCode
from engine.concepts import Coding, ConceptLibrary
from engine.grammars import SNOMED, is_told
from engine.words import listing
from fhir_adapters.command_line.concept_expansions import expand, refresh
from fhir_adapters.command_line.options import FormatOption, RulesOption, command, loaded_rules
from fhir_adapters.command_line.terminal import Format, answers, counted, refuse, words, write_json

app = typer.Typer(no_args_is_help=True, help="Look into the concepts, where the codes of the rules live.")


class Found(msgspec.Struct, frozen=True):
    """One code of a concept; ``below`` says that every code that begins with it counts too."""

    concept: str
    title: str
    system: str
    uri: str
    code: str
    below: bool
    display: str


class ListedCode(msgspec.Struct, frozen=True):
    """One code as a concept lists it, and where it was looked up."""

    system: str
    code: str
    below: bool
    display: str
    seen: str


class LocalCode(msgspec.Struct, frozen=True):
    """A code that this site counts to a concept."""

    system: str
    code: str


class PinnedExpansion(msgspec.Struct, frozen=True):
    """What a terminology server added to a concept."""

    codes: int
    server: str
    version: str
    identifier: str
    date: str
    sha256: str


class Shown(msgspec.Struct, frozen=True):
    """All that is known of one concept; ``part_of`` are the concepts that include it."""

    concept: str
    title: str
    note: str
    ecl: str
    codes: tuple[ListedCode, ...]
    exclude: tuple[ListedCode, ...]
    includes: tuple[str, ...]
    left_open_by: tuple[str, ...]
    texts: tuple[str, ...]
    texts_in: tuple[str, ...]
    texts_unless: tuple[str, ...]
    texts_not: tuple[str, ...]
    part_of: tuple[str, ...]
    local: tuple[LocalCode, ...]
    expansion: PinnedExpansion | None


@app.command(epilog="Example: primum concepts find epilepsy, or: primum concepts find G40.3")
def find(
    wanted: Annotated[
        str, typer.Argument(metavar="WORD|CODE", help="A word of a title or display, or a code.")
    ],
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Find concepts and codes by a word or a code.

    A code finds every concept that it means, also those that hold only the beginning of it (G40 for G40.3).
    Ends with 1 when nothing is found.
    """
    library = loaded_rules(rules).concepts
    found = list(dict.fromkeys((*_by_code(wanted, library), *_by_word(wanted, library))))
    if format is Format.JSON:
        write_json(found)
    elif found:
        answers.print(_table(found))
    if not found:
        refuse(
            f"No concept holds {wanted}. {' '.join(_unlisted(wanted, library))} "
            f"{command('concepts list', rules)}  shows all that there are; how to add one is in rules/concepts/README.md."
        )


@app.command("list", epilog="Example: primum concepts list, or: primum concepts list --format json")
def list_all(format: FormatOption = Format.PRETTY, rules: RulesOption = None) -> None:
    """List every concept: the name that rules call it by, its title, and how many codes it has."""
    concepts = sorted(loaded_rules(rules).concepts.concepts.values(), key=lambda concept: concept.id)
    if format is Format.JSON:
        write_json([{"concept": each.id, "title": each.title, "codes": len(each.codes)} for each in concepts])
        return
    table = Table(box=box.SIMPLE, header_style="bold", pad_edge=False)
    for heading in ("Concept", "Title", "Codes"):
        table.add_column(heading, overflow="fold")
    for each in concepts:
        table.add_row(words(each.id), words(each.title), str(len(each.codes)))
    answers.print(table)


@app.command(
    epilog="Example: primum concepts show epilepsy-any, or: primum concepts show pump-refill --format json"
)
def show(
    concept: Annotated[str, typer.Argument(metavar="CONCEPT", help="Id of a concept.")],
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Show a concept: its codes and where each was seen, what it includes and leaves out, and what a site and a server add."""
    loaded = loaded_rules(rules)
    if concept not in loaded.concept_files:
        near = nearest(concept, loaded.concept_files)
        refuse(f"There is no concept {concept}.{f' Did you mean {near}?' if near else ''}", 2)
    shown = _shown(concept, loaded)
    if format is Format.JSON:
        write_json(shown)
    else:
        _print(shown)


EXAMPLES = "Example: primum concepts {} --server https://tx.example.org/fhir"
app.command(epilog=EXAMPLES.format("expand epilepsy-any"))(expand)
app.command(epilog=EXAMPLES.format("refresh"))(refresh)


def _shown(concept_id: str, loaded: Loaded) -> Shown:
    file, library = loaded.concept_files[concept_id], loaded.concepts
    found = library.expansions.get(concept_id)
    pinned = (
        PinnedExpansion(
            len(found.codes), found.server, found.version, found.identifier, found.date, found.sha256
        )
        if found is not None
        else None
    )
    return Shown(
        concept_id,
        file.title,
        file.note,
        file.ecl,
        _listed(file.codes),
        _listed(file.exclude),
        file.includes,
        file.left_open_by,
        file.texts,
        file.texts_in,
        file.texts_unless,
        file.texts_not,
        tuple(sorted(each.id for each in library.concepts.values() if concept_id in each.includes)),
        tuple(
            LocalCode(system, code)
            for (system, code), concepts in sorted(library.local_codes.items())
            if concept_id in concepts
        ),
        pinned,
    )


def _listed(by_system: Mapping[str, Sequence[CodeFile]]) -> tuple[ListedCode, ...]:
    return tuple(
        ListedCode(system, code.code, code.below, code.display, code.seen)
        for system, codes in by_system.items()
        for code in codes
    )


def _print(shown: Shown) -> None:
    answers.print(words(f"{shown.concept}: {shown.title}", "bold"), soft_wrap=True)
    lines = {
        "": shown.note,
        "Includes": ", ".join(shown.includes),
        "Left open by": ", ".join(shown.left_open_by),
        "Words": ", ".join(shown.texts),
        "Words only in": ", ".join(shown.texts_in),
        "Words unless beside": ", ".join(shown.texts_unless),
        "Words not in": ", ".join(shown.texts_not),
        "Part of": ", ".join(shown.part_of),
        "Expression": shown.ecl,
    }
    for name, line in lines.items():
        if line:
            answers.print(words(f"{name}: {line}" if name else line), soft_wrap=True)
    for heading, codes in (("Codes", shown.codes), ("Left out", shown.exclude)):
        if codes:
            table = Table(
                "System", "Code", "Display", "Seen", box=box.SIMPLE_HEAD, pad_edge=False, title=heading
            )
            for code in codes:
                written = f"{code.code} and below" if code.below else code.code
                table.add_row(
                    words(code.system), words(written, "cyan"), words(code.display), words(code.seen, "dim")
                )
            answers.print(table)
    if not shown.codes and not shown.includes:
        answers.print(words("It has no codes: a site maps its own in local/codes.yaml."), soft_wrap=True)
    for local in shown.local:
        answers.print(words(f"This site: {local.system} {local.code}"), soft_wrap=True)
    if shown.expansion is not None:
        pin = shown.expansion
        told = f"{counted(pin.codes, 'code')} of {pin.date} from {pin.server}, {pin.version or 'no version told'}"
        answers.print(words(f"Expansion: {told}, sha256 {pin.sha256}"), soft_wrap=True)


def _by_code(wanted: str, library: ConceptLibrary) -> Iterator[Found]:
    for system in library.systems.values():
        for concept_id in sorted(library.concepts_of(Coding(system.uri, wanted))):
            concept = library.concept(concept_id)
            listed = [code for code in concept.codes if code.system == system.name and _means(code, wanted)]
            # A site's own code is not among the concept's codes.
            for code in listed or [ConceptCode(system.name, wanted)]:
                yield _found(concept, code, library)

    for (uri, own), concepts in sorted(library.local_codes.items()):
        if own == wanted and not library.knows_system(uri):
            for concept_id in sorted(concepts):
                yield _found(library.concept(concept_id), ConceptCode(uri, own), library)


def _unlisted(wanted: str, library: ConceptLibrary) -> Iterator[str]:
    """What becomes of a word, or of a code that no concept lists, in each system of which it can be told that it may be a code."""
    told = (system for system in library.systems.values() if is_told(system.uri))
    coded = [(system, Coding(system.uri, wanted)) for system in told]
    held = [(system, coding) for system, coding in coded if system.uri in library.standing((coding,)).systems]
    opened = {concept for _, coding in held for concept in library.opened_by(coding)}
    if opened:
        yield f"It says less than what these list, and leaves them open: {', '.join(sorted(opened))}."
    denied = [system for system, _ in held if system.unlisted == "no"]
    presumed = [system.title for system in denied if system.uri == SNOMED]
    listed = [system.title for system in denied if system.uri != SNOMED]
    if presumed:
        yield (
            f"As a code of {presumed[0]} it counts as none of the concepts that have codes of it, presumably, until an expansion or a "
            "terminology server knows better."
        )
    if listed:
        others = "other concepts" if opened else "concepts"
        yield f"As a code of {listing(listed, 'or')} it is none of the {others} that have codes of it."
    unknown = [system.title for system, _ in held if system.unlisted == "unknown"]
    if unknown:
        yield f"As a code of {listing(unknown, 'or')} it leaves rules unknown."
    yield "As a word, or in a system that is not described, it leaves rules unknown."


def _means(code: ConceptCode, wanted: str) -> bool:
    written, asked = (text.replace(".", "").upper() for text in (code.code, wanted))
    return asked.startswith(written) if code.prefix else asked == written


def _by_word(wanted: str, library: ConceptLibrary) -> Iterator[Found]:
    word = wanted.casefold()
    for concept in sorted(library.concepts.values(), key=lambda concept: concept.id):
        named = word in concept.id or word in concept.title.casefold()
        for code in concept.codes:
            if named or word in code.display.casefold() or word == code.code.casefold():
                yield _found(concept, code, library)


def _found(concept: Concept, code: ConceptCode, library: ConceptLibrary) -> Found:
    uri = library.system_uri(code.system)
    return Found(concept.id, concept.title, code.system, uri, code.code, code.prefix, code.display)


def _table(found: list[Found]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Concept", "System", "Code", "Display"):
        table.add_column(heading, overflow="fold")
    previous = ""
    for entry in found:
        code = f"{entry.code} and below" if entry.below else entry.code
        concept = "" if entry.concept == previous else entry.concept
        table.add_row(words(concept, "bold"), words(entry.system), words(code, "cyan"), words(entry.display))
        previous = entry.concept
    return table
