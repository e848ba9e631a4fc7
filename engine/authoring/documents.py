"""Documents: what a file says, together with the place of every key and value in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.authoring.problems import Problem, Severity
from engine.trace import Path


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text: line and column from 1, and how many characters of the line it spans."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file of the rules, for people and editors."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """``rules/pack/rule.yaml:16:14``."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Document:
    """The data of one file; ``values`` and ``keys`` say where each path's value and key stand."""

    file: str
    text: str
    data: Any = None
    values: Mapping[Path, Mark] = field(default_factory=dict)
    keys: Mapping[Path, Mark] = field(default_factory=dict)

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """Where the value at this path stands, or its key; for a path the file does not have, the nearest key above it."""
        if not key and path in self.values:
            return self.values[path]
        for length in range(len(path), 0, -1):
            above = path[:length]
            if above in self.keys:
                return self.keys[above]
            if above in self.values:
                return self.values[above]
        return Mark(1, 1)

    def find(self, path: Path, words: str) -> Mark:
        """Where some words stand in the text at this path; the text itself where they are broken over lines."""
        start = self.mark(path)
        for number, line in enumerate(self.text.split("\n")[start.line - 1 :], start.line):
            column = line.find(words, start.column - 1 if number == start.line else 0)
            if column >= 0:
                return Mark(number, column + 1, len(words))
        return start

    def position(self, path: Path) -> Position:
        """Where the value at this path stands, with the file's name."""
        mark = self.mark(path)
        return Position(self.file, mark.line, mark.column)

    def at(self, path: Path) -> Any:
        """The data at this path; KeyError or IndexError when there is none."""
        value = self.data
        for step in path:
            value = value[step]
        return value

    def problem(
        self,
        code: str,
        message: str,
        help: str = "",
        path: Path = (),
        *,
        key: bool = False,
        severity: Severity = "error",
    ) -> Problem:
        """A problem with the value (or the key) at this path."""
        return self.problem_at(self.mark(path, key=key), code, message, help, severity)

    def problem_at(
        self, mark: Mark, code: str, message: str, help: str = "", severity: Severity = "error"
    ) -> Problem:
        """A problem at a place of the text."""
        lines = self.text.split("\n") if self.text else []
        first = max(mark.line - 3, 0)
        excerpt = tuple(
            (first + offset + 1, line.rstrip("\r")) for offset, line in enumerate(lines[first : mark.line])
        )
        return Problem(self.file, mark.line, mark.column, code, message, help, severity, mark.width, excerpt)


def case_file(rule_file: str) -> str:
    """The name of the test file that belongs beside a rule: the same stem, ``.test.yaml``."""
    return f"{rule_file.removesuffix('.yaml')}.test.yaml"


def schema_line(file: str, schema: str) -> str:
    """The comment with which a file names its schema to editors; ``file`` begins with the name of the rules folder."""
    return f"# yaml-language-server: $schema={'../' * (file.count('/') - 1)}schema/{schema}.json\n"


def is_case_file(name: str) -> bool:
    """Whether a file holds tests of a rule."""
    return name.endswith(".test.yaml")
