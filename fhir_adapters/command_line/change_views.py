"""Change views: what became of a rule between two states, for whom its card differs, and which version that calls for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from rich.text import Text

from engine.authoring.changes import RuleChange
from engine.authoring.comparison import Differences, Effect
from engine.authoring.tree_changes import Said
from engine.authoring.versions import Bump
from engine.ruleset import RuleSet
from fhir_adapters.command_line.terminal import answers, counted, words

MOST_SHOWN: Final = 20
"""Patients that a person is shown for each difference; JSON has all of those in files."""


class Asked(StrEnum):
    """Whom both states were asked about."""

    PATIENTS = "patients"
    GENERATED = "generated"
    LIMITS = "limits"
    TESTS = "tests"

    def counted(self, count: int) -> str:
        """A count of them, with their noun."""
        if self is Asked.LIMITS:
            return counted(count, "case at a limit", "cases at limits")
        return counted(count, {"patients": "patient", "generated": "generated situation"}.get(self, "test"))


Found = Mapping[Asked, Differences]


def report_of(change: RuleChange, found: Found) -> dict[str, object]:
    """A change for a program."""
    called_for = _called_for(change, found)
    return {
        "rule": change.rule,
        "old_version": change.old,
        "new_version": change.new,
        "changes": [{"words": said.words, "bump": said.bump.word} for said in change.said],
        **{kind.value: _told(found[kind], change.rule) for kind in Asked},
        "called_for": called_for.word,
        "made": change.made.word,
        "enough": change.made >= called_for,
    }


def show(change: RuleChange, found: Found) -> None:
    """Print a change."""
    versions = " → ".join(version or "none" for version in (change.old, change.new))
    answers.print(words(f"{change.rule}  {versions}", "bold"), soft_wrap=True)
    for said in change.said:
        answers.print(words(f"  {said.words}"), soft_wrap=True)
    for effect in Effect:
        for kind in Asked:
            if found[kind].counts[change.rule, effect]:
                _show_effect(change.rule, effect, kind, found[kind])
    called_for = _called_for(change, found)
    made = (
        "the rule is gone"
        if change.new is None
        else f"{change.made.word} was made"
        if change.made
        else "the version was not raised"
    )
    if called_for or change.made:
        style = "green" if change.made >= called_for else "bold red"
        answers.print(Text(f"  calls for {called_for.word}; {made}", style))


def with_those_beside(changes: Sequence[RuleChange], rules: RuleSet, found: Found) -> tuple[RuleChange, ...]:
    """The changes, and with them the rules that are as they were and whose cards differ all the same."""
    named = {change.rule for change in changes}
    touched = {rule for differences in found.values() for rule, _ in differences.counts} - named
    beside = [
        _beside(RuleChange(rule.id, rule.version, rule.version, ()))
        for rule in rules.rules
        if rule.id in touched
    ]
    return tuple(sorted((*changes, *beside), key=lambda change: change.rule))


def _beside(change: RuleChange) -> RuleChange:
    return replace(
        change,
        said=(
            Said("is as it was; a rule that changed takes its card's place, or no longer does", Bump.NONE),
        ),
    )


def _called_for(change: RuleChange, found: Found) -> Bump:
    """The step that the words and the patients call for together; of a rule that is new, gone or as it was, patients call for none."""
    if change.old is None or change.new is None or change == _beside(change):
        return change.called_for
    return max(change.called_for, *(each.bump(change.rule) for each in found.values()))


def _told(found: Differences, rule: str) -> list[dict[str, object]]:
    return [
        {
            "effect": effect.value,
            "count": found.counts[rule, effect],
            "per_1000": found.per_thousand(rule, effect),
            "examples": found.examples[rule, effect],
        }
        for effect in Effect
        if found.counts[rule, effect]
    ]


def _show_effect(rule: str, effect: Effect, kind: Asked, found: Differences) -> None:
    count, named = found.counts[rule, effect], found.examples[rule, effect]
    rate = f"{found.per_thousand(rule, effect):g} in 1,000 generated situations"
    many = rate if kind is Asked.GENERATED else kind.counted(count)
    more = count - len(named[:MOST_SHOWN]) if kind is Asked.PATIENTS else 0
    listed = [*named[:MOST_SHOWN], *([f"and {more} more"] if more else [])]
    answers.print(words(f"  {effect.value}: {many} ({'; '.join(listed)})", "cyan"), soft_wrap=True)
