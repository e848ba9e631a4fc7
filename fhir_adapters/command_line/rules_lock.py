"""``primum rules lock``: write down the version and hash of every rule and pack, so that none changes or goes without a version."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from engine.authoring.folder import Loaded
from engine.authoring.lock import CHANGED, REFUSED, Unlocked, lock_file, locked_now, read_lock, unlocked
from engine.authoring.raised_versions import Raised, raised_versions
from engine.authoring.versions import Bump
from engine.authoring.writing import write_whole
from fhir_adapters.command_line.options import FormatOption, RulesOption, broken, loaded_rules, mend_for
from fhir_adapters.command_line.terminal import Format, answers, counted, refuse, say, words, write_json


class Step(StrEnum):
    """By how much versions are raised."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


def lock(
    check_only: Annotated[
        bool, typer.Option("--check", help="Only see whether every lock is up to date.")
    ] = False,
    raise_by: Annotated[
        Step | None,
        typer.Option(
            "--raise",
            help="First raise, by this step, the version of each rule that changed, and of its pack.",
        ),
    ] = None,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Write `rules.lock` of every pack: its version, the version and the hash of each rule, and of what it stands on.

    Writes nothing and ends with 1 when a rule or a pack has changed and its version was not raised, or a rule is gone that was
    not retired before. With --check nothing is written;
    ends with 1 when a lock is absent or not up to date.
    What changed without a higher version gets one with --raise, in its own file; `primum rules diff` says which step
    a change calls for.
    """
    if check_only and raise_by is not None:
        refuse("--check writes nothing, and --raise writes versions: leave one of them out.", 2)
    loaded = loaded_rules(rules)
    if any(p.severity == "error" and p.code != CHANGED for p in loaded.problems):
        refuse(broken(rules))
    raised: list[Raised] = []
    if raise_by is not None:
        raised = _raise(loaded, Bump[raise_by.name])
        loaded = loaded_rules(rules)
    found: dict[str, list[Unlocked]] = {}
    stale: list[str] = []
    for pack_id in loaded.folders:
        held, now = read_lock(loaded, pack_id), locked_now(loaded, pack_id)
        found[pack_id] = list(unlocked(loaded, pack_id, held)) if held is not None else []
        if held != now:
            stale.append(pack_id)
    refused = [entry for entries in found.values() for entry in entries if entry.state in REFUSED]
    written = [] if refused or check_only else stale
    for pack_id in written:
        file = loaded.paths[f"{loaded.folders[pack_id]}/pack.yaml"].with_name("rules.lock")
        write_whole({file: locked_now(loaded, pack_id).text})
    if format is Format.JSON:
        told = [
            entry._replace(help=mend_for(entry.help, rules))._asdict()
            for entries in found.values()
            for entry in entries
        ]
        versions = [{"id": each.id, "old": each.old, "new": each.new} for each in raised]
        write_json(
            {
                "packs": list(loaded.folders),
                "raised": versions,
                "stale": stale,
                "written": written,
                "rules": told,
            }
        )
    else:
        for each in raised:
            answers.print(words(f"{each.id}: {each.old} → {each.new}", "green"), soft_wrap=True)
        for entry in (entry for entries in found.values() for entry in entries):
            style = "red" if entry.state in REFUSED else "yellow" if check_only else "green"
            answers.print(words(f"{entry.rule}: {entry.message}", style), soft_wrap=True)
        for pack_id in stale:
            verb = "written" if written else "not written" if refused else "not up to date"
            answers.print(words(f"{lock_file(loaded, pack_id)}: {verb}."))
        if not stale:
            answers.print(f"{counted(len(loaded.folders), 'lock')} up to date.")
    if refused:
        for mend in dict.fromkeys(entry.help for entry in refused):
            meant = [entry for entry in refused if entry.help == mend]
            done = (
                "gone without being retired"
                if meant[0].state == "lost"
                else "changed without a higher version"
            )
            noun = "pack" if meant[0].rule in loaded.folders else "rule"
            say(f"{counted(len(meant), noun)} {done}: {mend_for(mend, rules)}.", "red")
    if refused or (check_only and stale):
        raise typer.Exit(1)


def _raise(loaded: Loaded, bump: Bump) -> list[Raised]:
    """Raise the versions of what changed, in all files or in none."""
    try:
        found = list(_raised(loaded, bump))
    except ValueError as error:
        refuse(f"Nothing was raised. {error}.")
    write_whole({loaded.paths[each.file]: each.text for each in found})
    return found


def _raised(loaded: Loaded, bump: Bump) -> Iterator[Raised]:
    for pack_id in loaded.folders:
        held = read_lock(loaded, pack_id)
        if held is not None:
            yield from raised_versions(loaded, pack_id, held, bump)
