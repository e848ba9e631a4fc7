"""The terminal: answers go to standard output, all else to standard error, and JSON goes out as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.text import Text

answers: Final = Console(highlight=False)
notices: Final = Console(stderr=True, highlight=False)

OUTCOME_STYLES: Final = {"met": "bold green", "not_met": "dim", "unknown": "yellow"}
"""How the three outcomes look; their order is the one in which they are counted."""


T = TypeVar("T")


class Format(StrEnum):
    """Whom the output is for."""

    PRETTY = "pretty"
    JSON = "json"


def printable(text: str) -> str:
    """The text without characters that would steer the terminal: a record may hold any."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def words(text: str, style: str = "") -> Text:
    """Words of a record or a file as they stand: no markup, no control characters."""
    return Text(printable(text), style)


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: ``1 rule``, ``2 rules``, ``2 entries``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def write_json(value: Any) -> None:
    """One JSON value on one line of standard output; bytes are JSON already."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    answers.out(body.decode(), highlight=False)


def say(text: str, style: str = "") -> None:
    """One sentence on standard error, never broken into lines."""
    notices.print(words(text, style), soft_wrap=True)


def progress(items: Iterable[T], told: str, total: float | None = None) -> Iterable[T]:
    """The items, with how far they are on standard error where that is a terminal."""
    return track(items, told, total, console=notices, transient=True, disable=not notices.is_terminal)


def drawn(screen: Console, title: str) -> str:
    """What a recording console showed, as SVG; the fonts that rich would load from elsewhere are left out."""
    return re.sub(r"@font-face\s*\{[^}]*\}\s*", "", screen.export_svg(title=title))


def refuse(sentence: str, code: int = 1) -> NoReturn:
    """End the command with one sentence: 1 for what could not be done, 2 for what was asked wrongly."""
    say(sentence, "red")
    raise typer.Exit(code)
