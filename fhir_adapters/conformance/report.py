"""Reports: what an examination found, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fhir_adapters.conformance.check import State, Verdict
from fhir_adapters.conformance.row import ROWS, Row

UNSEEN: Final = "not visible from outside"
"""The state of a row that no check of any service can show."""


@dataclass(frozen=True, slots=True)
class RowReport:
    """A row, how its checks ended taken together, and the reasons."""

    row: Row
    state: str
    reasons: tuple[str, ...] = ()

    @property
    def breach(self) -> bool:
        """Whether the service does not conform because of this row."""
        return self.state == State.FAILED and self.row.binding


@dataclass(frozen=True, slots=True)
class Report:
    """Every row of the list."""

    rows: tuple[RowReport, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many rows are in each state."""
        return Counter(entry.state for entry in self.rows)

    @property
    def breaches(self) -> list[RowReport]:
        """The rows because of which the service does not conform."""
        return [entry for entry in self.rows if entry.breach]

    @property
    def departures(self) -> list[RowReport]:
        """The rows that failed and do not bind."""
        return [entry for entry in self.rows if entry.state == State.FAILED and not entry.breach]

    def members(self) -> Iterator[dict[str, Any]]:
        """The rows for JSON."""
        for entry in self.rows:
            row = entry.row
            yield {
                "row": row.id,
                "level": row.level,
                "versions": row.versions,
                "section": row.section,
                "title": row.title,
                "state": entry.state,
                "reasons": list(entry.reasons),
            }


def report_of(verdicts: Iterable[Verdict]) -> Report:
    """Put verdicts together: a row has failed when one of its checks has, and passed when one has and none failed."""
    by_row: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_row.setdefault(verdict.row.id, []).append(verdict)
    return Report(tuple(_row(row, by_row.get(row.id, [])) for row in ROWS.values()))


def _row(row: Row, verdicts: list[Verdict]) -> RowReport:
    for state in (State.FAILED, State.PASSED, State.NOT_APPLICABLE):
        told = [verdict for verdict in verdicts if verdict.state is state]
        if told:
            reasons = (reason for verdict in told for reason in _reasons(verdict))
            return RowReport(row, state, tuple(dict.fromkeys(reasons)))
    return RowReport(row, UNSEEN)


def _reasons(verdict: Verdict) -> Iterator[str]:
    for reason in verdict.reasons:
        yield reason if verdict.state is State.NOT_APPLICABLE else f"{verdict.check}: {reason}"


def page(title: str, preface: str, states: Mapping[str, tuple[str, str]]) -> str:
    """A page in Markdown with every row, given the state of each and what is to be said of it."""
    counts = Counter(state for state, _ in states.values())
    told = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    lines = [f"# {title}", "", preface.strip(), "", f"Of {len(ROWS)} rows: {told}."]
    chapter = ""
    for row in ROWS.values():
        if row.chapter != chapter:
            chapter = row.chapter
            lines += [
                "",
                f"## {heading(chapter)}",
                "",
                "| Row | Level | Requirement | State | Remark |",
                "|---|---|---|---|---|",
            ]
        state, words = states[row.id]
        lines.append(f"| {row.id} | {row.level}, {row.versions} | {row.title} | {state} | {words} |")
    return "\n".join(lines) + "\n"


def heading(chapter: str) -> str:
    """A chapter's name as a heading."""
    return chapter.replace("-", " ").replace("fhir", "FHIR").capitalize().replace("Fhir", "FHIR")
