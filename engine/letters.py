"""Letters: words as they are compared, so that an accent, a hyphen that nobody sees or a capital makes no other word of one."""

from __future__ import annotations

from typing import Final
from unicodedata import category, normalize

# Letters with a stroke and ligatures, which Unicode does not take apart.
_WHOLE: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i"})
_UNSEEN: Final = frozenset({"Mn", "Cf"})
"""Marks that stand on a letter, and what is not shown at all, such as the soft hyphen (Unicode's general categories)."""


def plain(text: str) -> str:
    """A text in small letters without accents (``Réfractaire`` → ``refractaire``), however they were typed."""
    if text.isascii():
        return text.lower()
    letters = (letter for letter in normalize("NFKD", text) if category(letter) not in _UNSEEN)
    return "".join(letters).casefold().translate(_WHOLE)
