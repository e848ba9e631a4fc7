"""``primum store`` and ``primum reproduce``: looking after what the service has stored, and reading it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
import typer
from rich import box
from rich.table import Table

from engine.errors import CdsError
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.adjustment_views import adjustment_json, tell_adjustment
from fhir_adapters.command_line.card_panels import panels, response_of
from fhir_adapters.command_line.options import CriticalOption, FormatOption, RulesOption, usable_rules
from fhir_adapters.command_line.terminal import (
    OUTCOME_STYLES,
    Format,
    answers,
    counted,
    refuse,
    say,
    words,
    write_json,
)
from fhir_adapters.reproduction import Reproduction
from fhir_adapters.reproduction import reproduce as reproduced
from fhir_adapters.store.errors import StoreError
from fhir_adapters.store.records import DecisionRecord, FeedbackRecord

if TYPE_CHECKING:  # loads SQLAlchemy, which the other commands need not wait for
    from fhir_adapters.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Look after the store of decisions and feedback, and read it.")

UrlOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="PRIMUM_DATABASE_URL",
        show_envvar=True,
        help="Address of the store, such as sqlite:////var/lib/primum/primum.sqlite3.",
        show_default=False,
    ),
]
DecisionArgument = Annotated[
    str,
    typer.Argument(
        metavar="DECISION",
        help="Its id: org.primum.evaluation names it beside the cards, as does the journal.",
    ),
]


@app.command(epilog="Example: primum store upgrade")
def upgrade(store: UrlOption) -> None:
    """Make the tables, or bring them up to date.

    A SQLite file is made and brought up to date by the service itself; PostgreSQL only by this command.
    """
    with _opened(store, make=True) as opened:
        opened.database.upgrade()
    say("The tables of the store are up to date.")


@app.command(epilog="Example: primum store prune --before 2026-01-01")
def prune(
    before: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Delete what is older than this day.")
    ],
    store: UrlOption,
) -> None:
    """Delete decisions taken and feedback received before a day, with what was kept of requests.

    A running service goes on storing meanwhile.
    """
    with _opened(store) as opened:
        decisions, feedback = opened.prune(before.astimezone())
    deleted = f"{counted(decisions, 'decision')} and {counted(feedback, 'report')} of feedback"
    say(f"Deleted {deleted} from before {before:%Y-%m-%d}.")


@app.command(epilog="Example: primum store show 0b0e8f0c-8a55-4b4c-9f4e-1f0f5b8f6a57")
def show(decision: DecisionArgument, store: UrlOption, format: FormatOption = Format.PRETTY) -> None:
    """Show a decision: which rules were looked at and how they ended, and what was reported of its cards."""
    with _opened(store) as opened:
        record = _found(decision, opened)
        reports = opened.feedback_of(record.id)
    if format is Format.JSON:
        write_json(
            {
                "decision": replace(record, kept=None),
                "feedback": reports,
                "request_kept": record.kept is not None,
            }
        )
        return
    answers.print(_head(record), _outcomes(record), _reports(record, reports))


@app.command(epilog="Example: primum store feedback --format json")
def feedback(store: UrlOption, format: FormatOption = Format.PRETTY) -> None:
    """Count for every rule what became of the cards that it was on.

    A card that nobody reported was ignored or never shown; that is counted apart and is no acceptance.
    """
    with _opened(store) as opened:
        rules, unmatched = opened.feedback_by_rule(), len(opened.unmatched_feedback())
    if format is Format.JSON:
        counts = [
            {
                "rule": each.rule,
                "cards": each.cards,
                "accepted": each.accepted,
                "overridden": each.overridden,
                "no_feedback": each.silent,
                "reasons": each.reasons,
            }
            for each in rules
        ]
        write_json({"rules": counts, "unmatched": unmatched})
        return
    table = _table("Rule", "Cards", "Accepted", "Overridden", "No feedback", "Reasons")
    for each in rules:
        reasons = ", ".join(f"{reason.rpartition('|')[2]} ({n})" for reason, n in each.reasons.most_common())
        row = (each.cards, each.accepted, each.overridden, each.silent)
        table.add_row(words(each.rule), *map(str, row), words(reasons))
    answers.print(table, words(f"{counted(unmatched, 'report')} on cards of no stored decision.", "dim"))


def reproduce(
    decision: DecisionArgument,
    store: UrlOption,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
    critical_needs_review: CriticalOption = False,
) -> None:
    """Take a stored decision again, from its kept request and at its own moment, and show the cards.

    What the site had adjusted on that day is said. Ends with 1 when the answer is not the one that was sent; what has another version
    since then is named.
    """
    with _opened(store) as opened:
        record = _found(decision, opened)
    loaded = usable_rules(rules, critical_needs_review=critical_needs_review)
    engine = Engine(loaded.rules, loaded.concepts)
    try:
        again = reproduced(record, engine, Services(loaded.rules, loaded.concepts))
    except CdsError as error:
        refuse(f"{error}.")
    finally:
        engine.close()
    day, asked = record.taken_at.date(), {outcome.rule for outcome in record.outcomes}
    adjusted = {rule: each for rule, each in loaded.rules.adjusted_on(day).items() if rule in asked}
    if format is Format.JSON:
        response = msgspec.json.decode(again.answer)
        told = {rule: adjustment_json(adjustment, day) for rule, adjustment in adjusted.items()}
        write_json({"same": again.same, "changes": again.changes, "adjusted": told, "response": response})
    else:
        for panel in panels(response_of(again.answer)):
            answers.print(panel)
        for rule, adjustment in adjusted.items():
            tell_adjustment(adjustment, day, rule)
        for line in _verdict(again):
            say(line, "" if again.same else "yellow")
    if not again.same:
        raise typer.Exit(1)


def _verdict(again: Reproduction) -> Iterator[str]:
    taken = f"{again.record.taken_at:%Y-%m-%d %H:%M:%S %z}"
    if again.same:
        yield f"The same answer as was sent on {taken}, to the last byte."
    else:
        yield f"Not the answer that was sent on {taken}."
    for change in again.changes:
        yield f"  {change.what}: then {change.then or 'not there'}, now {change.now or 'not there'}"
    if not again.same and not again.changes:
        yield "  No version has changed: a rule, a concept or a setting was edited without a new version."


@contextmanager
def _opened(url: str, *, make: bool = False) -> Iterator[Store]:
    """The store at an address; what it cannot do ends the command with one sentence."""
    from fhir_adapters.store.store import Store

    try:
        store = Store(url)
        if not make and not store.database.exists:
            refuse("There is no store at this address: primum store upgrade makes one.")
        try:
            yield store
        finally:
            store.close()
    except StoreError as error:
        refuse(f"{error}.")


def _found(decision: str, store: Store) -> DecisionRecord:
    try:
        record = store.decision(str(UUID(decision)))
    except ValueError:
        refuse(f"{decision} is not the id of a decision.", 2)
    if record is None:
        refuse(f"There is no decision {decision} in the store.")
    return record


def _table(*columns: str) -> Table:
    table = Table(box=box.MINIMAL, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _head(record: DecisionRecord) -> Table:
    table = _table("Decision", record.id)
    packs = ", ".join(f"{pack.id} {pack.version} (label {pack.label_version})" for pack in record.packs)
    rows = {
        "Taken": record.taken_at.isoformat(timespec="milliseconds"),
        "Client": record.client or "not authenticated",
        "Service": record.service,
        "hookInstance": record.hook_instance or "not a UUID",
        "Primum": record.primum_version,
        "Packs": packs or "none",
        "Request": "kept" if record.kept is not None else "not kept",
    }
    for name, value in rows.items():
        table.add_row(name, words(value))
    return table


def _outcomes(record: DecisionRecord) -> Table:
    table = _table("Rule", "Version", "Outcome", "Order", "Evidence", "Missing")
    for each in record.outcomes:
        remarks = [
            each.outcome.replace("_", " "),
            *(["filtered"] if each.filtered else []),
            *([f"yielded to {each.yielded_to}"] if each.yielded_to else []),
            *([each.error] if each.error else []),
        ]
        outcome = words(", ".join(remarks), OUTCOME_STYLES[each.outcome])
        references = (", ".join(each.evidence), ", ".join(each.missing))
        table.add_row(each.rule, each.version, outcome, words(each.order), *map(words, references))
    return table


def _reports(record: DecisionRecord, reports: tuple[FeedbackRecord, ...]) -> Table:
    table = _table("Card", "Indicator", "Rules", "Feedback")
    for card in record.cards:
        told = [_report(report) for report in reports if report.card == card.uuid]
        table.add_row(card.uuid, card.indicator, "\n".join(card.rules), words("\n".join(told) or "none"))
    return table


def _report(report: FeedbackRecord) -> str:
    reason = f": {report.reason.display or report.reason.code}" if report.reason is not None else ""
    comment = f" ({report.comment})" if report.comment else " (with a comment)" if report.commented else ""
    return f"{report.outcome} {report.outcome_at.isoformat(timespec='seconds')}{reason}{comment}"
