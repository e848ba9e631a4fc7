"""Slips: what an author most likely typed by mistake where a text is no YAML, at its own place rather than where the parser gave up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from engine.authoring.documents import Mark

_NO_SPACE: Final = re.compile(r"\s*(?:- )?[a-z_]+(:)[^\s:/]")
_TYPOGRAPHIC: Final = re.compile("[\u201c\u201d\u201e\u201f\u00ab\u00bb]")
_MERGE: Final = re.compile(r"(?:<{7}|={7}|>{7})(?: |$)")
_INVISIBLE: Final = {"\t": "a tab", "\u00a0": "a no-break space"}


class Slip(NamedTuple):
    """One such place: code, what stands there, and the mend."""

    mark: Mark
    code: str
    message: str
    help: str


def indentation_slips(lines: list[str]) -> Iterator[Slip]:
    """Every line that is indented with something else than spaces."""
    for number, line in enumerate(lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        for character, name in _INVISIBLE.items():
            if character in indent:
                mark = Mark(number, indent.index(character) + 1)
                yield Slip(mark, "yaml-tab", f"{name} in the indentation", "indent with two spaces")


def slip_near(lines: list[str], line: int, column: int) -> Slip | None:
    """The slip in the line (counted from 0) at which the parser gave up, or in the one before; None when nothing looks like one."""
    marked = next((number for number, text in enumerate(lines) if _MERGE.match(text)), None)
    if marked is not None:
        message = "a merge that could not be finished left this mark"
        return Slip(
            Mark(marked + 1, 1, 7),
            "yaml-syntax",
            message,
            "keep one of the two versions, and delete the marks",
        )
    here, before = (lines[number] if 0 <= number < len(lines) else "" for number in (line, line - 1))
    if (name := _INVISIBLE.get(here[column : column + 1])) is not None:
        return Slip(Mark(line + 1, column + 1), "yaml-tab", f"{name} stands here", "write a space")
    if (found := _TYPOGRAPHIC.search(here)) is not None:
        message = f"{found[0]} is a typographic quotation mark, which YAML takes for a letter"
        return Slip(Mark(line + 1, found.start() + 1), "yaml-syntax", message, 'write straight ones: "…"')
    for number, text in ((line, here), (line - 1, before)):
        if (found := _NO_SPACE.match(text)) is not None:
            mark = Mark(number + 1, found.start(1) + 1)
            return Slip(mark, "yaml-syntax", "there is no space after the colon", "write  key: value")
    return None
