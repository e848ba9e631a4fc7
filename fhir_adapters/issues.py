"""Issues: what was ignored, guessed at or unreadable while a record was turned into facts.

Every one is listed in the evaluation, so that silence can be told from not having looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

MOST_NAMED: Final = 25
"""Codes or entries that one issue names; the others are counted."""

Effect = Literal["ignored", "assumed", "unreadable", "not checked", "not conformant"]


@dataclass(frozen=True, slots=True)
class DataIssue:
    """One thing of the record that did not reach the rules as it stood.

    ``reference`` is the resource (``MedicationRequest/12``), ``element`` the path in it
    (``dosageInstruction[0].route``). ``reason`` may hold codes and resource references, never names, texts,
    dates or measured values of the patient.
    """

    reference: str
    element: str
    effect: Effect
    reason: str


class DataIssues:
    """The issues of one evaluation, each once, in the order in which they were met."""

    __slots__ = ("_issues",)

    def __init__(self, issues: Iterable[DataIssue] = ()) -> None:
        """Start with the given issues."""
        self._issues: dict[DataIssue, None] = dict.fromkeys(issues)

    def add(self, reference: str, element: str, effect: Effect, reason: str) -> None:
        """Note one issue; noting it again changes nothing."""
        self._issues[DataIssue(reference, element, effect, reason)] = None

    def extend(self, issues: Iterable[DataIssue]) -> None:
        """Note issues that were collected elsewhere."""
        self._issues.update(dict.fromkeys(issues))

    def __iter__(self) -> Iterator[DataIssue]:
        """The issues in the order in which they were first met."""
        return iter(self._issues)

    def __len__(self) -> int:
        """How many different issues there are."""
        return len(self._issues)

    def __repr__(self) -> str:
        """Count only: a log line never shows a record."""
        return f"<DataIssues: {len(self._issues)}>"


def not_checked(entries: Iterable[tuple[str, str]], element: str, why: str) -> Iterator[DataIssue]:
    """One issue for each kind of resource, of what nobody could check in some of its entries.

    Each entry is a kind and a reference; ``why`` is what they have, as in "3 entries have …".
    """
    by_kind: dict[str, dict[str, None]] = {}
    for kind, reference in entries:
        by_kind.setdefault(kind, {})[reference] = None
    for kind, found in sorted(by_kind.items()):
        count, named = len(found), sorted(found)[:MOST_NAMED]
        if count > len(named):
            named.append(f"{count - len(named)} more")
        has = "1 entry has" if count == 1 else f"{count} entries have"
        yield DataIssue(kind, element, "not checked", f"{has} {why}: {', '.join(named)}")
