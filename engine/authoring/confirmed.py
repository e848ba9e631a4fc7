"""Confirmed cases: put among the tests of a rule, as text behind the last, so that every comment of the file stays.

What comes of it is read again before it is written: a file that would not load is never left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from engine.authoring.boundaries import BoundarySeen
from engine.authoring.case_text import case_text, new_file, with_case
from engine.authoring.cases import CaseFile
from engine.authoring.documents import case_file, schema_line
from engine.authoring.folder import Loaded
from engine.authoring.loading import parse_document, read_document
from engine.authoring.problems import Problem
from engine.authoring.validation import validate
from engine.authoring.writing import write_whole
from engine.errors import RuleFileError


def add_confirmed(loaded: Loaded, rule_id: str, confirmed: Iterable[BoundarySeen], *, today: date) -> Path:
    """Add cases that an author has confirmed to the tests beside a rule; the file is made, for this day, where there is none.

    Returns:
        The file that was written.

    Raises:
        RuleFileError: the file cannot be read, or is written in a way to which nothing can be added.
    """
    name = case_file(loaded.files[rule_id])
    path = loaded.paths[loaded.files[rule_id]].with_name(name.rpartition("/")[2])
    text = schema_line(name, "test") + new_file(today)
    taken: set[str] = set()
    if path.exists():
        document, problems = read_document(path, name)
        file, faults = (None, []) if problems else validate(CaseFile, document, document.data)
        _refuse([*problems, *faults])
        assert file is not None
        text = document.text
        taken = {test.name for test in file.tests}
    write_whole({path: with_cases(text, [*_named(confirmed, taken)], name)})
    return path


def _refuse(problems: Sequence[Problem], *about: str) -> None:
    if problems:
        raise RuleFileError("\n\n".join((*about, *(problem.render() for problem in problems))))


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
        yield {"name": name, "setup": seen.case.setup, "expect": seen.expect}


def with_cases(text: str, cases: Sequence[Mapping[str, Any]], file: str) -> str:
    """The text of a test file with these cases (``name``, ``setup``, ``expect``) behind its last test; the rest stays as it is.

    Raises:
        RuleFileError: what comes of it is no test file.
    """
    for case in cases:
        document, _ = parse_document(text, file)
        text = with_case(document, case_text(case["name"], case["setup"], case["expect"]))
    written, problems = parse_document(text, file)
    if not problems:
        problems = validate(CaseFile, written, written.data)[1]
    _refuse(
        problems, "Nothing can be added to this file: begin each of its tests with two spaces and a dash."
    )
    return text
