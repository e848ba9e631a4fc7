"""Markdown: words of a patient's record made inert before they stand in a card's detail.

A card's detail is GitHub-flavoured Markdown, and some clients render the raw HTML in it (CDS Hooks
conformance row CH-129). Whatever a record says, on a card it must read as it was written and do nothing.
"""

from __future__ import annotations

import re
from typing import Final

_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKUP: Final = re.compile(r"[\\`*_\[\]~|]|:(?=//)|@|(?<=www)\.", re.IGNORECASE)
_BLOCK_START: Final = re.compile(r"^(\d*)(?=[#+=-](?![\d.])|(?<=\d)[.)](?!\d))")


def escape(text: str) -> str:
    r"""The text as Markdown that shows exactly these words: no HTML, link, emphasis, list, heading or table.

    ``<b>`` becomes ``&lt;b&gt;`` and ``[a](b)`` becomes ``\[a\](b)``. Line breaks and control characters
    become spaces, so that a value cannot begin a block of its own. Bare web and mail addresses are kept
    from becoming links.
    """
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(text.split())
    return _BLOCK_START.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", line)).translate(_HTML)
