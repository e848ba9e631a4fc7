"""Pages: what each check looks for, what to avoid, what to prefer, and why; Markdown, one file for each check."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import engine

_INSTALLED: Final = Path(__file__).with_name("check_pages")
PAGES: Final = _INSTALLED if _INSTALLED.is_dir() else Path(engine.__file__).parent.parent / "docs" / "checks"
"""Where the pages are: in the documentation of the sources, or beside this module once it is installed."""


_HEADING: Final = re.compile(r"^## ([a-z0-9-]+)\n", re.MULTILINE)


def page_of(code: str) -> str:
    """What there is to say of a code: the page of its check, or the section about what is found on reading."""
    if code in codes_on_reading():
        return f"# {code}\n\n{codes_on_reading()[code]}"
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")


@cache
def codes_on_reading() -> dict[str, str]:
    """What is found while files are read, before any check: the codes with what they mean."""
    parts = _HEADING.split((PAGES / "reading.md").read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], (text.strip() + "\n" for text in parts[2::2]), strict=True))
