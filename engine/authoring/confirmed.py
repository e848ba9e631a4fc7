"""Confirmed cases: put among the tests of a rule, as text at the end of its list, so that every comment of the file stays.

What comes of it is read again before it is written: a file that would not load is never left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.authoring.boundaries import BoundarySeen
from engine.authoring.cases import CaseFile
from engine.authoring.documents import Document, case_file
from engine.authoring.folder import Loaded
from engine.authoring.loading import parse_document, read_document, yaml_item
from engine.authoring.validation import validate
from engine.errors import RuleFileError

_SCHEMA: Final = "# yaml-language-server: $schema=../../schema/test.json\n"


def add_confirmed(loaded: Loaded, rule_id: str, confirmed: Iterable[BoundarySeen], *, today: date) -> Path:
    """Add cases that an author has confirmed to the tests beside a rule; the file is made, for this day, where there is none.

    Returns:
        The file that was written.

    Raises:
        RuleFileError: the file cannot be read, or is written in a way to which nothing can be added.
    """
    name = case_file(loaded.files[rule_id])
    path = loaded.paths[loaded.files[rule_id]].with_name(name.rpartition("/")[2])
    text = _SCHEMA + f"today: {today.isoformat()}\ntests:\n"
    taken: set[str] = set()
    if path.exists():
        document, problems = read_document(path, name)
        if problems:
            raise RuleFileError("\n\n".join(problem.render() for problem in problems))
        text = document.text
        taken = {str(test.get("name")) for test in document.data["tests"]}
    cases = [*_named(confirmed, taken)]
    path.write_text(with_cases(text, cases, name), encoding="utf-8")
    return path


def _named(confirmed: Iterable[BoundarySeen], taken: set[str]) -> Iterator[Mapping[str, Any]]:
    """The cases as a file has them, each once and with a name of its own."""
    setups: list[Mapping[str, Any]] = []
    for seen in confirmed:
        if seen.case.setup in setups:
            continue
        setups.append(seen.case.setup)
        name, number = seen.name, 1
        while name in taken:
            number += 1
            name = f"{seen.name} ({number})"
        taken.add(name)
        yield {"name": name, **seen.case.setup, "expect": seen.expect}


def with_cases(text: str, cases: Sequence[Mapping[str, Any]], file: str) -> str:
    """The text of a test file with these cases after its last test; all that stands in it stays as it is.

    Raises:
        RuleFileError: its tests are not written as a list with a line for each.
    """
    document, problems = parse_document(text, file)
    lines = text.splitlines(keepends=True)
    # The beginning of a new file has no tests yet, which is a problem of its own.
    indent, place = (2, len(lines)) if problems else _end_of_tests(document, len(lines), file)
    items = [yaml_item(case, indent) for case in cases]
    before, after = "".join(lines[:place]), "".join(lines[place:])
    between = "" if before.rstrip().endswith("tests:") else "\n"
    whole = f"{before.rstrip()}\n{between}" + "\n".join(items) + (f"\n{after}" if after else "")
    written, problems = parse_document(whole, file)
    if not problems:
        problems = validate(CaseFile, written, written.data)[1]
    if problems:
        raise RuleFileError("\n\n".join(problem.render() for problem in problems))
    return whole


def _end_of_tests(document: Document, last: int, file: str) -> tuple[int, int]:
    """How deep the dashes of the tests stand, and the number of lines before which the next test goes."""
    start = document.keys[("tests",)].line
    first = document.values[("tests", 0)]
    line = document.text.splitlines()[first.line - 1]
    dash = line.find("-")
    if first.line == start or line[:dash].strip() or dash < 0:
        raise RuleFileError(f"{file}: write each test on lines of its own, beginning with a dash")
    after = [mark.line for path, mark in document.keys.items() if len(path) == 1 and mark.line > start]
    return dash, min(after) - 1 if after else last
