"""Entries without a code that is known: one data issue for each kind of resource, which says where their words stand."""

from __future__ import annotations

from collections.abc import Iterator

from engine.outcome import Evaluation
from engine.unchecked import is_uncoded
from fhir_adapters.issues import DataIssue
from fhir_adapters.terminology.presumed import MOST_NAMED


def uncoded_issues(evaluation: Evaluation) -> Iterator[DataIssue]:
    """The entries that a rule could not tell from what it looks for, by their references; their words are not repeated."""
    by_kind: dict[str, dict[str, None]] = {}
    for outcome in evaluation.outcomes:
        for entry in filter(is_uncoded, outcome.missing):
            for name in entry.references:
                by_kind.setdefault(name.partition("/")[0], {})[name] = None
    for kind, found in sorted(by_kind.items()):
        count, named = len(found), sorted(found)[:MOST_NAMED]
        if count > len(named):
            named.append(f"{count - len(named)} more")
        has = "1 entry has" if count == 1 else f"{count} entries have"
        yield DataIssue(
            kind,
            "code",
            "not checked",
            f"{has} no code that is known here, and words are not read: {', '.join(named)}",
        )
