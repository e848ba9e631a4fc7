"""Problem views: what is wrong in a rules folder, for a person, for a line of a log, and for a pull request on GitHub."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from rich.console import Group
from rich.text import Text

from engine.authoring.problems import Problem, Severity
from fhir_adapters.command_line.terminal import counted, printable, words

_SEVERITY_STYLES: Final[dict[Severity, str]] = {"error": "bold red", "warning": "bold yellow"}


def pretty(problem: Problem) -> Group:
    """A problem as :meth:`Problem.render` words it, in colours."""
    style = _SEVERITY_STYLES[problem.severity]
    lines = [
        Text.assemble(
            (_place(problem), "bold"), "  ", (problem.severity, style), "  ", (problem.code, "cyan")
        )
    ]
    lines += [Text.assemble((f"{number:>5} | ", "dim"), words(text)) for number, text in problem.excerpt]
    mark = f"{' ' * (problem.column - 1)}{'^' * problem.width} "
    lines.append(Text.assemble((f"{'':>5} | ", "dim"), (mark, style), words(problem.message)))
    if problem.help:
        lines.append(Text.assemble(("  help: ", "green"), words(problem.help)))
    return Group(*lines, "")


def compact(problem: Problem) -> str:
    """A problem on one line, as compilers print it: ``rules/pack/rule.yaml:16:14: error unit-missing: 30 has no unit``."""
    return printable(f"{_place(problem)}: {problem.severity} {problem.code}: {problem.message}").replace(
        "\n", " "
    )


def github(problem: Problem, paths: Mapping[str, Path], folder: Path) -> str:
    """A problem as a workflow command of GitHub Actions, which marks the line in a pull request.

    ``paths`` maps the names of files to their places; ``folder`` is the one that the workflow runs in.
    """
    place = paths.get(problem.file)
    inside = place is not None and place.is_relative_to(folder)
    file = place.relative_to(folder).as_posix() if place is not None and inside else problem.file
    about = {
        "file": file,
        "line": problem.line,
        "col": problem.column,
        "endColumn": problem.column + problem.width,
        "title": problem.code,
    }
    properties = ",".join(f"{name}={_escaped(str(value), ':', ',')}" for name, value in about.items())
    text = f"{problem.message}\n{problem.help}" if problem.help else problem.message
    return f"::{problem.severity} {properties}::{_escaped(text)}"


def summary(rules: int, packs: int, problems: Iterable[Problem]) -> Text:
    """How many problems of each severity there are, and in how many rules was looked."""
    severities = Counter(problem.severity for problem in problems)
    found = ", ".join(counted(severities[name], name) for name in _SEVERITY_STYLES)
    style = next((style for name, style in _SEVERITY_STYLES.items() if severities[name]), "bold green")
    return Text(f"{counted(rules, 'rule')} in {counted(packs, 'pack')}: {found}.", style)


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}"


def _escaped(text: str, *more: str) -> str:
    """A text as GitHub's toolkit escapes it in a command's message, and with ``more`` in its properties."""
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return text
