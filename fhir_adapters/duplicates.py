"""Duplicates: a member that one JSON object has twice, of which every parser keeps one and drops the other without a word.

RFC 8259 leaves open which one is kept, so that a second, empty `conditions` could take a problem list away. No fast parser
tells. What a fast one has kept is therefore written out again, and where that has fewer quotation marks than what arrived,
a slow one looks for the name.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_ESCAPED_QUOTE: Final = b"\\u0022"
"""A quotation mark that the fast parser writes out otherwise than it stood there."""


class _Twice(Exception):
    """A member stands twice; its argument is the name."""


def duplicate_member(body: bytes) -> str | None:
    """The name of a member that an object of this JSON has twice; None when there is none, or when this is no JSON."""
    if _ESCAPED_QUOTE not in body:
        try:
            if orjson.dumps(orjson.loads(body)).count(b'"') == body.count(b'"'):
                return None
        except (ValueError, TypeError):
            pass  # not JSON for this parser: the slow one decides
    try:
        json.loads(body, object_pairs_hook=_once, parse_int=str)  # of any length, which int() is not for
    except _Twice as found:
        return str(found)
    except (ValueError, RecursionError):
        return None
    return None


def _once(members: list[tuple[str, Any]]) -> None:
    seen = set()
    for name, _ in members:
        if name in seen:
            raise _Twice(name)
        seen.add(name)
