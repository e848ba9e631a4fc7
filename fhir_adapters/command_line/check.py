"""``primum check``: files in, cards out, as the service would send them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.progress import track
from rich.text import Text

from engine.errors import CdsError
from engine.evaluation import Engine
from engine.rule import Indicator
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.card_panels import (
    evaluation_of,
    issues_table,
    outcomes_table,
    panels,
    response_of,
)
from fhir_adapters.command_line.options import (
    CriticalOption,
    HookOption,
    RulesOption,
    TodayOption,
    moment,
    usable_rules,
)
from fhir_adapters.command_line.questions import Question, RecordHook, questions_of, read_file
from fhir_adapters.command_line.terminal import (
    Format,
    answers,
    counted,
    drawn,
    notices,
    say,
    words,
    write_json,
)
from fhir_adapters.decision import Decision
from fhir_adapters.journal import places
from fhir_adapters.mapping.accounts import account
from fhir_adapters.outcomes import Refusal

FILE: Final = "org.primum.file"
"""Member of the response's ``extension`` that names the file and the patient it is about."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The decision about one patient of a file."""

    file: str
    question: Question
    decision: Decision


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be checked, and why."""

    file: str
    refusal: Refusal


def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="CDS Hooks requests, FHIR Bundles, resources or NDJSON; - reads standard input.",
        ),
    ],
    hook: HookOption = None,
    today: TodayOption = None,
    every: Annotated[bool, typer.Option("--all", help="Show how every rule ended, and why.")] = False,
    fail_on: Annotated[
        Indicator | None,
        typer.Option(help="End with 1 when a card is at least this urgent.", show_default=False),
    ] = None,
    format: Annotated[
        Format, typer.Option(help="json: one CDS Hooks response on a line for each patient.")
    ] = Format.PRETTY,
    picture: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Also draw the cards into this SVG file.", show_default=False),
    ] = None,
    rules: RulesOption = None,
    critical_needs_review: CriticalOption = False,
) -> None:
    """Check files and print the cards.

    A request is answered as the service would answer it. A record with draft medication requests is asked as
    if they were about to be signed, another as if it had been opened; several patients are answered one by
    one. Ends with 1 when a file could not be read.
    """
    loaded = usable_rules(rules, critical_needs_review=critical_needs_review)
    engine, services = Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts)
    unread = urgent = 0
    answers.record = picture is not None
    silent = len(files) < 2 or answers.is_terminal or not notices.is_terminal
    for path in track(files, "Checking", console=notices, transient=True, disable=silent):
        for found in _checked(path, hook, moment(today), engine, services):
            if isinstance(found, Unread):
                unread += 1
                _report_unread(found, format)
            else:
                urgent += _is_urgent(found, fail_on)
                _report(found, format, every=every)
    engine.close()
    if picture is not None:
        picture.write_text(drawn(answers, "primum check"), encoding="utf-8")
    if unread or urgent:
        raise typer.Exit(1)


def _checked(
    path: Path, hook: RecordHook | None, now: datetime, engine: Engine, services: Services
) -> Iterator[Checked | Unread]:
    """The answer for each patient of a file; whatever goes wrong with one is told, and the others go on."""
    try:
        for question in questions_of(read_file(path), hook, services):
            yield Checked(str(path), question, question.decide(engine, now))
    except Refusal as refusal:
        yield Unread(str(path), refusal)
    except CdsError as error:
        yield Unread(str(path), Refusal(400, "invalid", str(error)))
    except Exception as error:
        # A defect of ours; its message may quote the record, so only its type and place are told.
        yield Unread(
            str(path),
            Refusal(500, "exception", f"a defect of Primum: {type(error).__name__} at {places(error)[-1]}"),
        )


def _is_urgent(checked: Checked, fail_on: Indicator | None) -> bool:
    cards = checked.decision.cards
    return fail_on is not None and any(card.indicator.rank <= fail_on.rank for card in cards)


def _report_unread(unread: Unread, format: Format) -> None:
    refusal = unread.refusal
    if format is Format.JSON:
        outcome: dict[str, Any] = msgspec.json.decode(refusal.outcome())
        write_json(outcome | {"extension": [{"url": "urn:primum:file", "valueString": unread.file}]})
        return
    where = f" ({refusal.where})" if refusal.where and refusal.where not in refusal.what else ""
    mend = f" {refusal.mend}" if refusal.mend else ""
    say(f"{unread.file}: {refusal.what}{where}.{mend}", "red")


def _report(checked: Checked, format: Format, *, every: bool) -> None:
    question, body = checked.question, encode(checked.decision.response)
    if format is Format.JSON:
        answer: dict[str, Any] = msgspec.json.decode(body)
        answer["extension"][FILE] = {"file": checked.file, "patient": question.patient}
        write_json(answer)
        return
    title = " · ".join(part for part in (checked.file, question.context.hook, question.patient) if part)
    answers.print(words(title, "bold underline"), soft_wrap=True)
    response = response_of(body)
    for panel in panels(response):
        answers.print(panel)
    if every:
        evaluation = evaluation_of(response)
        answers.print(outcomes_table(evaluation.rules), issues_table(evaluation.data_issues))
    answers.print(_data_line(checked))


def _data_line(checked: Checked) -> Text:
    """What became of everything that was sent, in counts."""
    question, decision = checked.question, checked.decision
    accounts = account(question.record, decision.facts, decision.issues).values()
    read = sum(entry.read for entry in accounts)
    ignored = sum(sum(entry.ignored.values()) for entry in accounts)
    unreadable = sum(entry.unreadable for entry in accounts)
    reviewed = len(question.context.orders)
    line = f"{counted(read, 'entry', 'entries')} read, {ignored} ignored, {unreadable} unreadable"
    under_review = f"; {counted(reviewed, 'order')} under review" if reviewed else ""
    return Text(f"{line}{under_review}.", "yellow" if unreadable else "dim")
