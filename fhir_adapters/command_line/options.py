"""Options that several commands share, and what they come to."""

from __future__ import annotations

import re
import shlex
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.authoring.folder import Loaded
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from engine.authoring.problems import nearest
from engine.rule import Rule
from engine.words import listing
from fhir_adapters.command_line.questions import RecordHook
from fhir_adapters.command_line.terminal import Format, answers, refuse

_FEW: Final = 5

FormatOption = Annotated[Format, typer.Option(help="Whom the output is for.")]
HookOption = Annotated[
    RecordHook | None,
    typer.Option(help="What a record is asked; a CDS Hooks request says so itself.", show_default=False),
]
RulesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        envvar="PRIMUM_RULES",
        help="Folder of the rules.",
        show_default="the rules that ship with Primum",
    ),
]
"""How every command that reads rules is told where they are; what a command is about is its argument, and never the folder."""

CriticalOption = Annotated[
    bool,
    typer.Option(
        "--critical-needs-review",
        envvar="PRIMUM_CRITICAL_NEEDS_REVIEW",
        help="Show as a warning what is critical by a rule that no clinician has signed off.",
    ),
]
TodayOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="Decide as on this day, such as 2026-03-01.", show_default="today"
    ),
]


def moment(today: datetime | None) -> datetime:
    """Now, or noon of the given day, in the time zone of this machine."""
    from fhir_adapters.app import now_here  # late: see serve.py

    return now_here() if today is None else today.replace(hour=12).astimezone()


_examples: ContextVar[bool] = ContextVar("examples", default=False)


def _tell_version(asked: bool) -> None:
    if asked:
        answers.out(f"primum {version('primum')}", highlight=False)
        raise typer.Exit


def begin(
    examples: Annotated[
        bool,
        typer.Option(
            "--examples",
            envvar="PRIMUM_EXAMPLES",
            help="Also read the packs that only show how packs are written.",
        ),
    ] = False,
    told: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """What stands before a command and holds for every one."""
    _examples.set(examples)


def with_examples() -> bool:
    """Whether ``primum --examples`` asks for the packs that only show how packs are written."""
    return _examples.get()


def command(words: str, folder: Path | None) -> str:
    """A command to copy, which reads the same rules: those of the folder that was named, with the examples if they were asked for."""
    examples = " --examples" if with_examples() else ""
    named = f" --rules {shlex.quote(str(folder))}" if folder is not None else ""
    return f"primum{examples} {words}{named}"


_IN_A_MEND: Final = re.compile(r"primum (rules lock|concepts refresh|concepts find \S+|describe \S+)")


def mend_for(mend: str, folder: Path | None) -> str:
    """A mend whose commands read the same rules: the engine knows the commands, and not the folder that was named."""
    return _IN_A_MEND.sub(lambda found: command(found[1], folder), mend)


def broken(folder: Path | None) -> str:
    """What is said by every command that needs rules which hold together."""
    return f"The rules hold errors and are not used:  {command('rules check', folder)}  lists them."


def rules_folder(folder: Path | None) -> Path:
    """The folder that was named, resolved, which must be there; without one that of the rules that ship."""
    chosen = (folder or DEFAULT_FOLDER).resolve()
    if not chosen.is_dir():
        refuse(f"{chosen} is no folder." if chosen.exists() else f"There is no folder {chosen}.", 2)
    return chosen


def text_of(file: Path) -> str:
    """The text of a file that an option names; one that is no UTF-8 text ends the command."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        refuse(f"{file} is not UTF-8 text.")


def loaded_rules(folder: Path | None) -> Loaded:
    """The rules of a folder with all that is wrong in them; without a folder the rules that ship."""
    return load_rules(rules_folder(folder), examples=with_examples())


def usable_rules(folder: Path | None, *, critical_needs_review: bool = False) -> Loaded:
    """The rules of a folder; with errors in them the command ends, because nobody may be checked by halves."""
    loaded = loaded_rules(folder)
    if loaded.broken:
        refuse(broken(folder))
    return replace(loaded, rules=replace(loaded.rules, critical_needs_review=critical_needs_review))


def rule_named(name: str, loaded: Loaded, folder: Path | None) -> Rule:
    """The rule with this id, or with this name where only one pack has it; ``folder`` is the one that was named."""
    by_spelling = [(spelling, rule) for rule in loaded.rules.rules for spelling in (rule.id, rule.name)]
    found = [rule for spelling, rule in by_spelling if spelling == name]
    if len(found) == 1:
        return found[0]
    unread = [file for file in loaded.paths if Path(file).stem == name.rpartition(".")[2]]
    if not found and any(problem.file in unread for problem in loaded.problems):
        listed = command("rules check", folder)
        refuse(f"{name} is not used, because its file holds errors:  {listed}  lists them.", 2)
    if found:
        refuse(f"{name} is the name of several rules: {listing([rule.id for rule in found], 'or')}.", 2)
    near = nearest(name, [spelling for spelling, _ in by_spelling])
    meant = [rule.id for spelling, rule in by_spelling if spelling == near]
    meant = meant or [rule.id for rule in loaded.rules.rules if len(name) > 2 and name in rule.id][:_FEW]
    hint = f" Did you mean {listing(meant, 'or')}?" if meant else ""
    refuse(f"There is no rule {name}.{hint}", 2)
