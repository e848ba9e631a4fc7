"""``primum rules check`` and ``primum rules help``: what is wrong in a rules folder, and what each check means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown
from rich.table import Table

from engine.authoring.checking import check_rules
from engine.authoring.checks import CHECKS
from engine.authoring.folder import Loaded
from engine.authoring.pages import codes_on_reading, page_of
from engine.authoring.problems import Problem, nearest
from fhir_adapters.command_line.options import FormatOption, RulesOption, loaded_rules, mend_for, moment
from fhir_adapters.command_line.problem_views import compact, github, pretty, summary
from fhir_adapters.command_line.terminal import Format, answers, notices, refuse, write_json


class CheckFormat(StrEnum):
    """Whom the problems are for."""

    PRETTY = "pretty"
    COMPACT = "compact"
    JSON = "json"
    GITHUB = "github"


def check(
    format: Annotated[
        CheckFormat,
        typer.Option(
            help="pretty: with the lines of the file; compact: a line each; json; github: marks in a pull request."
        ),
    ] = CheckFormat.PRETTY,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 also when there are warnings.")
    ] = False,
    today: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day for what may be late.", show_default="today"),
    ] = None,
    rules: RulesOption = None,
) -> None:
    """Find everything wrong in a rules folder and the tests in it: where it stands, why it is wrong, how to mend it.

    Ends with 0 when there are no errors, with 1 when there are (with --strict also for warnings), and with 2 when the folder is not
    there. `primum rules help CODE` explains a check; `check-exceptions.yaml` in the folder names what may stay, with the reason.
    """
    with notices.status("Reading and checking the rules"):
        loaded = loaded_rules(rules)
        found = check_rules(loaded, moment(today).date())
    problems = tuple(replace(problem, help=mend_for(problem.help, rules)) for problem in found)
    _show(loaded, problems, format)
    if any(problem.severity == "error" for problem in problems) or (strict and problems):
        raise typer.Exit(1)


def _show(loaded: Loaded, problems: tuple[Problem, ...], format: CheckFormat) -> None:
    rules, packs = len(loaded.rules.rules), len(loaded.rules.packs)
    match format:
        case CheckFormat.JSON:
            write_json({"rules": rules, "problems": problems})
        case CheckFormat.GITHUB:
            for problem in problems:
                answers.out(github(problem, loaded.paths, Path.cwd()), highlight=False)
        case CheckFormat.COMPACT:
            for problem in problems:
                answers.out(compact(problem), highlight=False)
        case CheckFormat.PRETTY:
            for problem in problems:
                answers.print(pretty(problem), soft_wrap=True)
            answers.print(summary(rules, packs, problems))


def help_on(
    code: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE", help="Code of a problem; without it all checks are listed.", show_default=False
        ),
    ] = None,
    format: FormatOption = Format.PRETTY,
) -> None:
    """Explain a check: what it looks for, what to avoid, what to prefer, and why; or list all checks."""
    if code is None:
        _list_checks(format)
        return
    known = [*(check.code for check in CHECKS), *codes_on_reading()]
    if code not in known:
        near = nearest(code, known)
        hint = f"Did you mean {near}?" if near else "primum rules help  lists the checks."
        refuse(f"There is no check {code}. {hint}", 2)
    if format is Format.JSON:
        write_json({"code": code, "page": page_of(code)})
    else:
        answers.print(Markdown(page_of(code)))


def _list_checks(format: Format) -> None:
    if format is Format.JSON:
        write_json(
            [
                {
                    "code": check.code,
                    "family": check.family,
                    "severity": check.severity,
                    "on_load": check.on_load,
                    "sentence": check.sentence,
                }
                for check in CHECKS
            ]
        )
        return
    table = Table("Check", "Severity", "What it finds", box=None, padding=(0, 2, 0, 0))
    family = ""
    for check in CHECKS:
        if check.family != family:
            family = check.family
            table.add_row(f"\n[bold]{family}[/bold]")
        style = "red" if check.severity == "error" else "yellow"
        table.add_row(check.code, f"[{style}]{check.severity}[/{style}]", check.sentence)
    answers.print(table)
