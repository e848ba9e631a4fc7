"""Proofs: what of a label is covered, what the tests saw of each condition, and which mutants they let live."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from engine.authoring.condition_coverage import ConditionSeen, conditions_seen
from engine.authoring.folder import Loaded
from engine.authoring.label import LabelAccount, LabelChange, label_accounts, label_changes
from engine.authoring.mutants import MutantReport, mutant_reports, totals
from engine.describe import describe_condition
from fhir_adapters.command_line.coverage_page import coverage_page
from fhir_adapters.command_line.options import FormatOption, RulesOption, loaded_rules, text_of
from fhir_adapters.command_line.terminal import Format, answers, counted, progress, refuse, say, write_json


def coverage(
    rules: RulesOption = None,
    label: Annotated[
        Path | None,
        typer.Option(help="Text of a label, to compare with the account of it.", exists=True, dir_okay=False),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write the account as a page.", dir_okay=False)
    ] = None,
    format: FormatOption = Format.PRETTY,
) -> None:
    """Account for a label: every statement and sentence, the rules and tests that cover it, or why none does.

    Ends with 1 when something is unaccounted for, and when the given label differs at a place that is cited.
    """
    loaded = loaded_rules(rules)
    accounts = list(label_accounts(loaded))
    text = text_of(label) if label is not None else None
    changes = {
        a.pack.id: label_changes(loaded, a.pack.id, text)
        for a in accounts
        if text is not None and a.sentences
    }
    if html is not None:
        html.write_text(coverage_page(accounts), encoding="utf-8")
    if format is Format.JSON:
        write_json({"packs": [_account(account) for account in accounts], "changes": changes})
    else:
        for account in accounts:
            answers.print(_statements(account), _sentences(account))
            for change in changes.get(account.pack.id, ()):
                answers.print(_change(change))
    if not all(account.complete for account in accounts) or any(changes.values()):
        raise typer.Exit(1)


def _account(account: LabelAccount) -> dict[str, object]:
    return {
        "pack": account.pack.id,
        "statements": [
            {
                "id": entry.statement.id,
                "rules": [{"id": rule, "tests": tests} for rule, tests in entry.rules],
                "no_rule": entry.statement.no_rule,
                "sentences": entry.sentences,
                "covered": entry.covered,
            }
            for entry in account.statements
        ],
        "sentences": account.sentences,
    }


def _statements(account: LabelAccount) -> Table:
    table = Table(
        "Statement",
        "",
        "Rules (tests)",
        title=f"{account.pack.source_label}: statements",
        title_justify="left",
    )
    for entry in account.statements:
        rules = ", ".join(f"{rule.split('.', 1)[1]} ({tests})" for rule, tests in entry.rules)
        covered = (
            Text(rules)
            if rules
            else Text(entry.statement.no_rule or "not covered", "dim" if entry.covered else "bold red")
        )
        table.add_row(entry.statement.id, entry.statement.title, covered)
    return table


def _sentences(account: LabelAccount) -> Text:
    said = sum(bool(entry.statements) for entry in account.sentences)
    reasoned = sum(not entry.statements and entry.reason is not None for entry in account.sentences)
    left = len(account.sentences) - said - reasoned
    covered = sum(entry.covered for entry in account.statements)
    style = "bold green" if account.complete else "bold red"
    return Text(
        f"{covered} of {counted(len(account.statements), 'statement')} accounted for; {len(account.sentences)} sentences: "
        f"{said} said by statements, {reasoned} with a reason, {left} unaccounted for.",
        style,
    )


def _change(change: LabelChange) -> Text:
    if change.sentence is None:
        return Text(f"line {change.line} is new: no statement accounts for it", "yellow")
    rules = ", ".join(change.rules) or "no rule"
    return Text(
        f"{change.sentence} is changed or gone ({', '.join(change.statements) or 'no statement'}); review: {rules}",
        "red",
    )


def show_mutants(loaded: Loaded, select: str | None, format: Format) -> bool:
    """Run the mutants of all rules and print what came of them; whether none survived without a reason."""
    rules = [rule.id for rule in loaded.rules.current() if select is None or select in rule.id]
    reports: list[MutantReport] = []
    for rule in progress(rules, "Running mutants"):
        reports += (report for report in mutant_reports(loaded, select=rule) if report.rule == rule)
    mutants, killed, survivors = totals(reports)
    unused = [(report.rule, name) for report in reports for name in report.unused_reasons]
    if format is Format.JSON:
        write_json({"mutants": mutants, "killed": killed, "survivors": survivors, "unused_reasons": unused})
    else:
        for survivor in survivors:
            answers.print(
                Text(f"{survivor.rule}  {survivor.mutation}", "dim" if survivor.reason else "bold red")
            )
            answers.print(Text(f"    {survivor.reason or 'no test tells it from the rule'}"))
        for rule, name in unused:
            answers.print(
                Text(f"{rule}  {name}: listed as equivalent, but it is killed or does not exist", "yellow")
            )
        answers.print(Text(f"{mutants} mutants: {killed} killed, {len(survivors)} survived.", "bold"))
        _say_if_none(reports, select)
    return bool(reports) and all(report.ok for report in reports)


def show_conditions(loaded: Loaded, select: str | None, format: Format) -> bool:
    """Print which conditions the tests did not see in each of their truths; whether there is none."""
    seen = list(conditions_seen(loaded, select=select))
    lacking = [entry for entry in seen if entry.lacking]
    if format is Format.JSON:
        write_json(
            {
                "conditions": len(seen),
                "covered": len(seen) - len(lacking),
                "lacking": [_lacking(e) for e in lacking],
            }
        )
    else:
        for entry in lacking:
            truths = ", ".join(sorted(entry.lacking))
            answers.print(
                Text(f"{entry.rule}  {_place(entry)}: never seen {truths} while it decided", "bold red")
            )
            answers.print(Text(f"    {describe_condition(entry.condition, loaded.concepts)}"))
        answers.print(Text(f"{counted(len(seen), 'condition')}: {len(seen) - len(lacking)} covered.", "bold"))
        _say_if_none(seen, select)
    return bool(seen) and not lacking


def _say_if_none(found: Sized, select: str | None) -> None:
    if not found:
        named = f" has {select} in its id and" if select is not None else ""
        say(f"No rule here{named} has tests that can run.", "red")


def _place(entry: ConditionSeen) -> str:
    return ".".join(map(str, entry.path))


def _lacking(entry: ConditionSeen) -> dict[str, object]:
    return {"rule": entry.rule, "condition": _place(entry), "lacking": sorted(entry.lacking)}


def chosen_pack(loaded: Loaded, pack: str | None) -> str:
    """The pack that is meant: the named one, or the only one."""
    if pack is None and len(loaded.rules.packs) == 1:
        return next(iter(loaded.rules.packs))
    if pack is None or pack not in loaded.rules.packs:
        refuse(f"Name one of the packs with --pack: {', '.join(loaded.rules.packs)}.", 2)
    return pack
