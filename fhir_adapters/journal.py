"""The journal: a line of what the service did, as JSON or as text, never of whom it was about.

A line names an event and holds ids of rules and services, counts, times and statuses. Of an exception it holds
the type and the places in the code, not the message: a message may quote a record (conformance row CH-057).
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import msgspec

LOGGER: Final = logging.getLogger("primum")


def note(
    event: str, *, level: int = logging.INFO, error: BaseException | None = None, **members: Any
) -> None:
    """Write one line; ``members`` hold nothing that came from a record."""
    if error is not None:
        members |= {"error": type(error).__name__, "at": places(error)}
    LOGGER.log(level, event, extra={"members": members})


def start(level: str, stream: TextIO | None = None, *, formatter: logging.Formatter | None = None) -> None:
    """Send the journal, and what the libraries underneath have to say, to a stream.

    That is standard error by default, and the lines are JSON by default.
    """
    there = logging.StreamHandler(stream or sys.stderr)
    there.setFormatter(formatter or JsonLines())
    logging.basicConfig(level=level, handlers=[there], force=True)


class JsonLines(logging.Formatter):
    """Log records as JSON: time in UTC, level, event, and its members."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return msgspec.json.encode(_members(record)).decode()


class TextLines(logging.Formatter):
    """Log records for a person at a terminal: time in UTC, event, and its members; the level where it is not *info*."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        members = _members(record)
        time, level, event = members.pop("time")[11:19], members.pop("level"), members.pop("event")
        shown = [f"{name}={_text(value)}" for name, value in members.items()]
        return "  ".join([f"{time}Z", *([level] if level != "info" else []), event, *shown])


def _text(value: Any) -> str:
    """A value in one line of what can be printed: the id of a token is the client's to choose."""
    shown = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown)


def _members(record: logging.LogRecord) -> dict[str, Any]:
    members: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        # Some libraries log the exception itself as the message.
        "event": "exception" if isinstance(record.msg, BaseException) else record.getMessage(),
    }
    if record.name != LOGGER.name:
        members["logger"] = record.name
    members |= {name: _writable(value) for name, value in getattr(record, "members", {}).items()}
    if record.exc_info is not None and record.exc_info[1] is not None:
        members |= {"error": type(record.exc_info[1]).__name__, "at": places(record.exc_info[1])}
    return members


def _writable(value: Any) -> Any:
    """A value that can be written: JSON lets a client send half of a character pair, which UTF-8 does not have."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def places(error: BaseException) -> list[str]:
    """Where an exception came through, outermost first: module file, line and function; no values."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
