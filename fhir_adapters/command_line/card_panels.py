"""Cards as a person reads them in a terminal: what an EHR would show, and what was looked at to get there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec
from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fhir_adapters.cds_hooks.evaluation import EXTENSION, EvaluationReport, IssueReport, RuleReport
from fhir_adapters.cds_hooks.models import Card, HookResponse
from fhir_adapters.command_line.terminal import OUTCOME_STYLES, counted, printable, words

COLOURS: Final = {"critical": "red", "warning": "yellow", "info": "blue"}
"""A card's colour by its indicator."""


def response_of(body: bytes) -> HookResponse:
    """The service's answer as any client reads it."""
    return msgspec.json.decode(body, type=HookResponse)


def evaluation_of(response: HookResponse) -> EvaluationReport:
    """What was looked at, from the answer's extension."""
    return msgspec.convert((response.extension or {})[EXTENSION], EvaluationReport)


def panels(response: HookResponse) -> Iterator[RenderableType]:
    """Every card in a frame, most urgent first as they came, and a line on the rules behind them."""
    for card in response.cards:
        yield _panel(card)
    yield rules_line(evaluation_of(response).rules, cards=len(response.cards))


def _panel(card: Card) -> Panel:
    colour = COLOURS[card.indicator]
    return Panel(
        Group(*_content(card)),
        title=Text(f" {card.indicator.upper()} ", f"bold reverse {colour}"),
        title_align="left",
        border_style=colour,
        box=box.ROUNDED,
        padding=(0, 1),
    )


def _content(card: Card) -> Iterator[RenderableType]:
    yield words(card.summary, "bold")
    if card.detail:
        yield Padding(Markdown(printable(card.detail), hyperlinks=False), (1, 0))
    if card.suggestions:
        buttons = [
            words(f" {suggestion.label} ", "bold reverse" if suggestion.is_recommended else "reverse")
            for suggestion in card.suggestions
        ]
        yield Columns(buttons, padding=(0, 1))
    if card.override_reasons:
        reasons = " · ".join(reason.display for reason in card.override_reasons)
        yield words(f"To go ahead, say why: {reasons}", "dim")
    for link in card.links:
        yield words(f"{link.label}: {link.url}", "dim")
    source = (card.source.label, card.source.topic.display, card.source.url)
    yield words(f"Source: {' · '.join(part for part in source if part)}", "dim")


def rules_line(rules: tuple[RuleReport, ...], *, cards: int) -> Text:
    """How many rules were looked at and how they ended, so that silence reads as a decision."""
    ended = Counter(rule.outcome for rule in rules)
    ends = ", ".join(f"{ended[outcome]} {outcome.replace('_', ' ')}" for outcome in OUTCOME_STYLES)
    looked_at = len({rule.id for rule in rules})
    outcomes = f" with {len(rules)} outcomes" if len(rules) > looked_at else ""
    shown = counted(cards, "card") if cards else "No card"
    return Text(f"{shown}. {counted(looked_at, 'rule')} looked at{outcomes}: {ends}.", "dim")


def outcomes_table(rules: tuple[RuleReport, ...]) -> Table:
    """Every rule that was looked at, how it ended, and what decided it or was missing."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Rule", "Outcome", "Because"):
        table.add_column(heading, no_wrap=heading != "Because", overflow="fold")
    for rule in rules:
        outcome = words(rule.outcome.replace("_", " "), OUTCOME_STYLES[rule.outcome])
        table.add_row(words(rule.id), outcome, Group(*_reasons(rule)))
    return table


def _reasons(rule: RuleReport) -> Iterator[Text]:
    if rule.error:
        yield words(rule.error, "red")
    if rule.yielded_to:
        yield words(f"its card gives way to that of {rule.yielded_to}", "dim")
    if rule.adjusted is not None:
        yield words(
            f"at this site {rule.adjusted.set} until {rule.adjusted.until}: {rule.adjusted.reason}", "yellow"
        )
    if rule.experimental:
        yield words("experimental: recorded, not shown", "dim")
    for entry in rule.evidence:
        if entry.reference != rule.order or rule.outcome == "met":
            yield words(" · ".join(part for part in (entry.label, entry.date, entry.reference) if part))
    for gap in rule.missing:
        yield words(f"{gap.what}: {gap.why}", "yellow")
    for note in rule.notes:
        yield words(note, "dim")


def issues_table(issues: tuple[IssueReport, ...]) -> RenderableType:
    """What of the record did not reach the rules as it stood; nothing where all of it did."""
    if not issues:
        return Text()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("Resource", "Was", "Because"):
        table.add_column(heading, overflow="fold")
    for issue in issues:
        place = " ".join(part for part in (issue.resource, issue.element) if part)
        table.add_row(words(place), words(issue.effect), words(issue.reason))
    return table
