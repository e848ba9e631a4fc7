"""Entries whose code does not tell: one data issue for each kind of resource and reason, which says where their words stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.code_index import NO_STANDING
from engine.concepts import ConceptLibrary
from engine.facts import DeviceFact
from engine.finding import Missing
from engine.outcome import Evaluation
from engine.unchecked import is_noted, is_uncoded, is_worded
from fhir_adapters.issues import DataIssue, not_checked


def uncoded_issues(
    evaluation: Evaluation, devices: Iterable[DeviceFact], concepts: ConceptLibrary
) -> Iterator[DataIssue]:
    """The entries that a rule could not tell from what it looks for, by their references; their words are not repeated.

    So are the devices without a code, whatever the rules: a pump decides whether a rule is looked at, and its brand may be none of those
    that are known.
    """
    unknown = [each.reference for each in devices if concepts.standing(each.code.codings) == NO_STANDING]
    asked = (*_told(evaluation, is_uncoded), *unknown)
    yield from _issues(asked, "no code that is known here, and words are not read")
    beside = "may say what a rule looks for, beside a code that does not"
    yield from _issues(_told(evaluation, is_worded), f"words that {beside}")
    yield from _issues(_told(evaluation, is_noted), f"a note that {beside}")


def _told(evaluation: Evaluation, told: Callable[[Missing], bool]) -> Iterator[str]:
    for outcome in evaluation.outcomes:
        for entry in filter(told, outcome.missing):
            yield from entry.references


def _issues(references: Iterable[str], why: str) -> Iterator[DataIssue]:
    return not_checked(((name.partition("/")[0], name) for name in references), "code", why)
