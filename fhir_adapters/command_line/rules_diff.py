"""``primum rules diff``: what a change of the rules means, for whom cards change, and the version bump that it calls for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.progress import track
from rich.text import Text

from engine.authoring.changes import RuleChange, rule_changes
from engine.authoring.checks import CHECKS
from engine.authoring.comparison import Differences, Effect, compare_cases, compare_over
from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.authoring.versions import Bump
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.options import (
    BROKEN,
    FormatOption,
    RulesOption,
    TodayOption,
    moment,
    rules_folder,
    with_examples,
)
from fhir_adapters.command_line.revisions import earlier_rules
from fhir_adapters.command_line.terminal import Format, answers, counted, notices, refuse, words, write_json
from fhir_adapters.screening.plays import SITUATIONS, played_patients


def diff(
    base: Annotated[
        str,
        typer.Argument(metavar="BASE", help="The rules before: a folder, or a git revision such as HEAD~1."),
    ],
    rules: RulesOption = None,
    pumps: Annotated[
        int,
        typer.Option(help="How many patients with pumps to generate; 0 leaves them out.", min=0, max=10_000),
    ] = 50,
    today: TodayOption = None,
    format: FormatOption = Format.PRETTY,
) -> None:
    """Say in words what a change of the rules means, whose cards change, and which version bump it calls for.

    Both states are asked about generated patients and about the tests beside the rules. What a site keeps in `local` is left
    out. Ends with 1 when a version was not raised far enough.
    """
    folder = rules_folder(rules)
    with TemporaryDirectory(prefix="primum-") as nothing, earlier_rules(base, folder) as earlier:
        with notices.status("Reading the rules as they were"):
            old = load_rules(earlier, local=Path(nothing), examples=with_examples())
        with notices.status("Reading the rules as they are"):
            new = load_rules(folder, local=Path(nothing), examples=with_examples())
        if _unreadable(old):
            refuse(f"The rules of {base} hold errors, and cannot be compared.", 2)
        if _unreadable(new):
            refuse(BROKEN, 2)
        changes = rule_changes(old, new)
        both = [change.rule for change in changes if change.old is not None and change.new is not None]
        cases = compare_cases(
            old, new, track(both, "Asking about the tests", console=notices, transient=True)
        )
        cohort = _cohort(old, new, pumps if changes else 0, moment(today))
    report = [_report(change, cases, cohort) for change in changes]
    if format is Format.JSON:
        write_json(
            {
                "base": base,
                "tests": cases.patients,
                "patients": cohort.patients,
                "left_out": cases.left_out,
                "rules": report,
            }
        )
    else:
        for change in changes:
            _show(change, cases, cohort)
        asked = f"{counted(cases.patients, 'test')} and {counted(cohort.patients, 'generated situation')}"
        short = sum(not entry["enough"] for entry in report)
        answers.print(
            f"{counted(len(changes), 'rule')} changed, {short} not raised far enough; asked about {asked}."
        )
        for name in cases.left_out:
            answers.print(words(f"could not be asked of both: {name}", "yellow"))
    if not all(entry["enough"] for entry in report):
        raise typer.Exit(1)


def _unreadable(loaded: Loaded) -> bool:
    """Whether some file does not fit, so that a rule may seem to be gone that is not; what checks find does no harm here."""
    checks = {check.code for check in CHECKS}
    return any(problem.severity == "error" and problem.code not in checks for problem in loaded.problems)


def _cohort(old: Loaded, new: Loaded, pumps: int, now: datetime) -> Differences:
    if not pumps:
        return Differences()
    services = Services(new.rules, new.concepts)
    patients = track(
        played_patients(pumps, now, services),
        "Asking about generated patients",
        total=pumps * SITUATIONS,
        console=notices,
        transient=True,
    )
    before, after = Engine(old.rules, old.concepts), Engine(new.rules, new.concepts)
    differences = compare_over(before, after, patients)
    before.close()
    after.close()
    return differences


def _called_for(change: RuleChange, cases: Differences, cohort: Differences) -> Bump:
    """The step that the words and the patients call for together."""
    if change.old is None or change.new is None:
        return Bump.NONE
    return max(change.called_for, cases.bump(change.rule), cohort.bump(change.rule))


def _report(change: RuleChange, cases: Differences, cohort: Differences) -> dict[str, object]:
    called_for = _called_for(change, cases, cohort)
    return {
        "rule": change.rule,
        "old_version": change.old,
        "new_version": change.new,
        "changes": [{"words": said.words, "bump": said.bump.word} for said in change.said],
        "tests": [
            _told(cases, change.rule, effect) for effect in Effect if cases.counts[change.rule, effect]
        ],
        "patients": [
            _told(cohort, change.rule, effect) for effect in Effect if cohort.counts[change.rule, effect]
        ],
        "called_for": called_for.word,
        "made": change.made.word,
        "enough": change.made >= called_for,
    }


def _told(found: Differences, rule: str, effect: Effect) -> dict[str, object]:
    return {
        "effect": effect.value,
        "count": found.counts[rule, effect],
        "per_1000": found.per_thousand(rule, effect),
        "examples": found.examples[rule, effect],
    }


def _show(change: RuleChange, cases: Differences, cohort: Differences) -> None:
    versions = " → ".join(version or "none" for version in (change.old, change.new))
    answers.print(words(f"{change.rule}  {versions}", "bold"))
    for said in change.said:
        answers.print(words(f"  {said.words}"), soft_wrap=True)
    for effect in Effect:
        if cohort.counts[change.rule, effect]:
            many = f"{cohort.per_thousand(change.rule, effect):g} in 1,000 generated situations"
            _count(effect, many, cohort.examples[change.rule, effect])
        if cases.counts[change.rule, effect]:
            _count(
                effect,
                counted(cases.counts[change.rule, effect], "test"),
                cases.examples[change.rule, effect],
            )
    called_for = _called_for(change, cases, cohort)
    enough = change.made >= called_for
    made = f"{change.made.word} was made" if change.made else "the version was not raised"
    told = f"  calls for {called_for.word}; {made}" if called_for or change.made else ""
    if told:
        answers.print(Text(told, "green" if enough else "bold red"))


def _count(effect: Effect, many: str, examples: list[str]) -> None:
    answers.print(words(f"  {effect.value}: {many} ({'; '.join(examples)})", "cyan"), soft_wrap=True)
