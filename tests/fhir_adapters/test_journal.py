"""The journal: one JSON object a line, and nothing of a patient in it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from fhir_adapters import journal

CANARY = "Kanarienvogel"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    journal.start("INFO", written)
    yield written
    root.handlers[:], root.level = handlers, level


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_members(stream: io.StringIO) -> None:
    journal.note("decision", service="primum-order-sign", rules=["it.a"])
    (line,) = lines(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "event": "decision", "service": "primum-order-sign", "rules": ["it.a"]}


def test_ch_057_of_an_exception_only_type_and_place_are_written(stream: io.StringIO) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        journal.note("defect", level=logging.ERROR, error=error)
        logging.getLogger("library").exception("it failed")
        logging.getLogger("library").exception(error)
    ours, theirs, bare = lines(stream)
    assert ours["error"] == theirs["error"] == bare["error"] == "ValueError"
    assert bare["event"] == "exception"
    assert ours["at"][-1].startswith("test_journal.py:")
    assert theirs["logger"] == "library"
    assert CANARY not in stream.getvalue()


def test_events_below_the_level_are_left_out(stream: io.StringIO) -> None:
    journal.note("detail", level=logging.DEBUG)
    assert stream.getvalue() == ""


def test_at_a_terminal_a_line_is_text(stream: io.StringIO) -> None:
    journal.start("INFO", stream, formatter=journal.TextLines())
    journal.note("decision", level=logging.WARNING, rules=["it.a", "it.b"], cards=2)
    (line,) = stream.getvalue().splitlines()
    assert line.split("Z  ", 1)[1] == "warning  decision  rules=it.a,it.b  cards=2"


def test_for_a_person_a_line_is_text() -> None:
    record = logging.LogRecord("primum", logging.WARNING, "", 0, "decision", (), None)
    record.created = 0.0
    record.members = {"cards": 2, "rules": ["it.a", "it.b"]}
    assert journal.TextLines().format(record) == "00:00:00Z  warning  decision  cards=2  rules=it.a,it.b"


@pytest.mark.parametrize("formatter", [journal.JsonLines(), journal.TextLines()], ids=["json", "text"])
def test_ch_057_no_id_that_a_client_chose_breaks_a_line_or_keeps_it_from_being_written(
    stream: io.StringIO, formatter: logging.Formatter
) -> None:
    journal.start("INFO", stream, formatter=formatter)
    for jti in ("a\n12:00:00Z  decision  forged=1", "\x1b[2J", "\ud800", "\u2028", "\u202e"):
        journal.note("decision", jti=jti, cards=2)
    written = stream.getvalue()
    assert written.count("\n") == 5
    assert written.count("cards") == 5
    assert "\x1b" not in written
