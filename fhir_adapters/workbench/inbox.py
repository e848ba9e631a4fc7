"""The inbox: records on their way from the browser to the page, in memory, each taken once."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Final

LARGEST: Final = 50_000_000
"""Bytes of the largest record that is taken."""

_WAITING: Final = 4


class Inbox:
    """A few records that nobody has taken yet; the oldest makes room."""

    def __init__(self) -> None:
        """Begin without any."""
        self._records: dict[str, bytes] = {}

    def put(self, record: bytes) -> str:
        """Keep a record until it is taken, under the key that is returned."""
        while len(self._records) >= _WAITING:
            self._records.pop(next(iter(self._records)))
        key = token_urlsafe()
        self._records[key] = record
        return key

    def take(self, key: str) -> bytes | None:
        """The record of a key, which is then forgotten; None when there is none."""
        return self._records.pop(key, None)
