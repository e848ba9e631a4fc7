"""Problems: what is wrong in a file of the rules, where exactly, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from engine.words import listing

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place of one file.

        ``file`` is written from the rules folder's own name on, with forward slashes. Line and column count from 1; ``width`` is how
    many characters the fault spans. ``excerpt`` holds the line and the two before it, with their numbers. ``subject`` is the id of the
    rule, concept, statement or pack that a check speaks of, empty where the file itself is not as it must be.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    help: str = ""
    severity: Severity = "error"
    width: int = 1
    excerpt: tuple[tuple[int, str], ...] = ()
    subject: str = ""

    def render(self) -> str:
        """The problem as a person reads it: place, code, the lines with a mark under the fault, reason, and the mend."""
        lines = [f"{self.file}:{self.line}:{self.column}  {self.severity}  {self.code}"]
        lines += [f"{number:>5} | {text}".rstrip() for number, text in self.excerpt]
        mark = f"{' ' * (self.column - 1)}{'^' * self.width} " if self.excerpt else ""
        lines.append(f"{'':>5} | {mark}{self.message}")
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by file, line and column, each once."""
    return tuple(
        sorted(
            dict.fromkeys(problems),
            key=lambda problem: (problem.file, problem.line, problem.column, problem.code),
        )
    )


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word spelt most like this one; None when nothing comes near."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=likeness)), None)


def did_you_mean(word: str, known: Iterable[str], few: int = 20) -> str:
    """The mend for a misspelt name: the nearest known one, else the known ones where they are few."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f"did you mean {near}?"
    return f"there is {listing(names)}" if 0 < len(names) <= few else ""
