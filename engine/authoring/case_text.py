"""Case text: a test written as the lines of a test file, and put behind the tests that are there.

The text is plain YAML on as few lines as read well; reading it back gives the same values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from engine.authoring.documents import Document
from engine.cards import Card
from engine.finding import Truth
from engine.outcome import RuleOutcome

_WIDTH: Final = 110
_PLAIN: Final = re.compile(r"(?!(?:true|false|null)$)[A-Za-z][A-Za-z0-9 ./%()_+–’µ²-]*(?<! )")
_AMOUNT: Final = re.compile(r"[0-9]+(?:\.[0-9]+)? [A-Za-z%][A-Za-z0-9./%-]*")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def expectation_of(outcome: RuleOutcome, card: Card | None) -> dict[str, Any]:
    """What came out, as a test expects it: the outcome, the urgency and line of the card, and what was missing."""
    expected: dict[str, Any] = {"outcome": outcome.outcome.value}
    expected["card"] = card.indicator.value if card is not None else "none"
    if card is not None and outcome.outcome is Truth.MET:
        expected["summary"] = card.summary
    if outcome.outcome is Truth.UNKNOWN:
        expected["missing"] = [f"{entry.what}: {entry.why}" for entry in outcome.missing]
    return expected


def case_text(name: str, setup: Mapping[str, Any], expect: Mapping[str, Any]) -> str:
    """One test as an item of ``tests``, each of its keys on a line of its own."""
    lines = [f"  - name: {flow(name)}"]
    for key, value in setup.items():
        lines += _lines(key, value, "    ")
    lines.append("    expect:")
    for key, value in expect.items():
        lines += _lines(key, value, "      ")
    return "\n".join(lines) + "\n"


def new_file(today: date) -> str:
    """The beginning of a test file, to which its first test is added."""
    return f"today: {today.isoformat()}\ntests:\n"


def with_case(document: Document, case: str) -> str:
    """The text of a test file with one more test, behind the last; what stands after the tests stays there."""
    lines = document.text.rstrip().split("\n")
    tests = document.keys[("tests",)].line
    after = [mark.line for path, mark in document.keys.items() if len(path) == 1 and mark.line > tests]
    place = min(after) - 1 if after else len(lines)
    before, behind = lines[:place], lines[place:]
    while not before[-1].strip():
        before.pop()
    gap = [] if len(before) == tests else [""]
    return "\n".join([*before, *gap, case.rstrip("\n"), *([""] if behind else []), *behind]) + "\n"


def _lines(key: str, value: Any, indent: str) -> list[str]:
    line = f"{indent}{key}: {flow(value)}"
    if isinstance(value, list) and len(line) > _WIDTH:
        return [f"{indent}{key}:", *(f"{indent}  - {flow(item)}" for item in value)]
    return [line]


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and any(form.fullmatch(value) for form in (_PLAIN, _AMOUNT, _DAY)):
        return value
    return json.dumps(value, ensure_ascii=False)
