"""``primum rules diff``: what a change of the rules means, for whom cards change, and the version bump that it calls for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from engine.authoring.changes import RuleChange, rule_changes
from engine.authoring.checks import CHECKS
from engine.authoring.comparison import Differences, compare_cases, compare_limits, compare_over
from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.ruleset import RuleSet
from engine.words import listing
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.change_views import Asked, report_of, show, with_those_beside
from fhir_adapters.command_line.options import (
    FormatOption,
    RulesOption,
    TodayOption,
    broken,
    moment,
    rules_folder,
    with_examples,
)
from fhir_adapters.command_line.revisions import earlier_rules
from fhir_adapters.command_line.terminal import (
    Format,
    answers,
    counted,
    notices,
    progress,
    refuse,
    say,
    words,
    write_json,
)
from fhir_adapters.screening.plays import SITUATIONS, played_patients
from fhir_adapters.screening.records import Records, records_in


def diff(
    base: Annotated[
        str,
        typer.Argument(
            metavar="BASE",
            help="The rules before: a folder, a signed archive, or a git revision such as HEAD~1.",
        ),
    ],
    patients: Annotated[
        list[Path] | None,
        typer.Option(
            help="Also ask about these patients: a FHIR Bundle, NDJSON or CDS Hooks request, or a folder of them. May be given "
            "several times.",
            exists=True,
            show_default=False,
        ),
    ] = None,
    pumps: Annotated[
        int,
        typer.Option(help="How many patients with pumps to generate; 0 leaves them out.", min=0, max=10_000),
    ] = 50,
    keys: Annotated[
        Path | None,
        typer.Option(
            envvar="PRIMUM_PACK_KEYS",
            help="JWK Set of the keys that may have signed the archive.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    today: TodayOption = None,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Say in words what a change of the rules means, whose cards change, and which version bump it calls for.

    Both states are asked about generated patients, the cases at every limit, the tests beside the rules, and your own patients. What
    a site keeps in `local` is left out. Against an archive, only its packs are compared. Ends with 1 when a version was not raised
    far enough, or a file of patients could not be read; with 2 when there is nothing to compare.
    """
    folder = rules_folder(rules)
    records = records_in(patients or ())
    if patients and not records.parts:
        refuse(f"There is no JSON or NDJSON file in {', '.join(map(str, patients))}.", 2)
    with notices.status("Reading the rules as they were"):
        old = earlier_rules(base, folder, keys)
    with notices.status("Reading the rules as they are"), TemporaryDirectory(prefix="primum-") as nothing:
        new = load_rules(folder, local=Path(nothing), examples=with_examples())
    if _unreadable(old):
        refuse(f"The rules of {base} hold errors, and cannot be compared.", 2)
    if _unreadable(new):
        refuse(broken(rules), 2)
    if Path(base).is_file():
        new = replace(new, rules=_of_packs(new.rules, old.rules.packs.keys()))
    changes = rule_changes(old, new)
    found = _asked(old, new, changes, records, pumps, moment(today))
    changes = with_those_beside(changes, new.rules, found)
    report = [report_of(change, found) for change in changes]
    if format is Format.JSON:
        write_json(
            {
                "base": base,
                "asked": {kind.value: found[kind].patients for kind in Asked},
                "left_out": [*found[Asked.TESTS].left_out, *found[Asked.LIMITS].left_out, *records.unread],
                "rules": report,
            }
        )
    else:
        for change in changes:
            show(change, found)
        short = sum(not entry["enough"] for entry in report)
        told = [
            kind.counted(found[kind].patients) for kind in Asked if kind is not Asked.PATIENTS or patients
        ]
        packs = sum(change.rule in new.rules.packs for change in changes)
        changed = [counted(packs, "pack")] * bool(packs) + [counted(len(changes) - packs, "rule")]
        answers.print(
            f"{listing(changed)} changed, {short} not raised far enough; asked about {listing(told)}."
        )
        for name in (*found[Asked.TESTS].left_out, *found[Asked.LIMITS].left_out):
            answers.print(words(f"could not be asked of both: {name}", "yellow"))
    for name in records.unread:
        say(f"could not be read, so nothing is known of its patients: {name}", "red")
    if records.unread or not all(entry["enough"] for entry in report):
        raise typer.Exit(1)


def _of_packs(rules: RuleSet, packs: Collection[str]) -> RuleSet:
    return replace(rules, rules=tuple(rule for rule in rules.rules if rules.pack_of(rule).id in packs))


def _unreadable(loaded: Loaded) -> bool:
    """Whether some file does not fit, so that a rule may seem to be gone that is not; what checks find does no harm here."""
    checks = {check.code for check in CHECKS}
    return any(problem.severity == "error" and problem.code not in checks for problem in loaded.problems)


def _asked(
    old: Loaded, new: Loaded, changes: Sequence[RuleChange], records: Records, pumps: int, now: datetime
) -> dict[Asked, Differences]:
    """What both states say of the tests, of generated patients, and of those in files; of none where nothing has changed."""
    named = [change.rule for change in changes if change.rule not in new.rules.packs]
    cases = compare_cases(old, new, progress(named, "Asking about the tests"))
    limits = compare_limits(old, new, progress(named, "Asking about the cases at limits"), now.date())
    services = Services(new.rules, new.concepts).joined(Services(old.rules, old.concepts))
    before, after = Engine(old.rules, old.concepts), Engine(new.rules, new.concepts)
    played = played_patients(pumps, now, services) if changes else ()
    generated = progress(played, "Asking about generated patients", pumps * SITUATIONS)
    own = progress(records.facts(now, services), "Asking about patients")
    found = {
        Asked.TESTS: cases,
        Asked.LIMITS: limits,
        Asked.GENERATED: compare_over(before, after, generated),
        Asked.PATIENTS: compare_over(before, after, own, most=None),
    }
    before.close()
    after.close()
    return found
