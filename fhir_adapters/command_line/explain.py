"""``primum explain``: why a rule came out as it did for a patient, line by line, and what would have to change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from engine.authoring.explanation import WORDS, Explanation
from engine.authoring.explanation import explain as explanation_of
from engine.authoring.folder import Loaded
from engine.errors import CdsError
from engine.evaluation import Engine
from engine.rule import Rule
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.adjustment_views import adjustment_json, tell_adjustment
from fhir_adapters.command_line.options import (
    FormatOption,
    HookOption,
    RulesOption,
    TodayOption,
    moment,
    rule_named,
    usable_rules,
)
from fhir_adapters.command_line.questions import Question, questions_of, read_file
from fhir_adapters.command_line.terminal import OUTCOME_STYLES, Format, answers, refuse, words, write_json

_STATUS: Final = {"draft": "a draft", "retired": "retired"}


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id or name of the rule.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CDS Hooks request, FHIR Bundle, resource or NDJSON; - reads standard input."
        ),
    ],
    hook: HookOption = None,
    today: TodayOption = None,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Show each line of a rule as met, not met or unknown, with the patient's evidence, and what would change the outcome.

    The numbers in front are the lines of the rule's file. Below them stand the smallest changes of findings with
    which the rule would end the other way. A draft is looked at as if it were active. What a site has adjusted is said,
    and heeded. Ends with 1 when the file cannot be read, or asks at a hook at which the rule is not.
    """
    loaded = usable_rules(rules)
    wanted = rule_named(rule, loaded, rules)
    now, looked_at = moment(today), loaded.rules.as_if_active(wanted.id)
    engine, services = Engine(looked_at, loaded.concepts), Services(looked_at, loaded.concepts)
    try:
        for question in questions_of(read_file(file), hook, services):
            if question.context.hook not in wanted.hooks:
                asked = ", ".join(wanted.hooks)
                refuse(
                    f"{file} asks at {question.context.hook}, but {wanted.id} is looked at only at {asked}."
                )
            decision = question.decide(engine, now)
            outcomes = (outcome for outcome in decision.evaluation.outcomes if outcome.rule.id == wanted.id)
            explanations = [explanation_of(outcome, loaded) for outcome in outcomes]
            _report(question, explanations, wanted, loaded, now.date(), format)
    except CdsError as error:
        refuse(f"{file}: {error}.")
    finally:
        engine.close()


def _report(
    question: Question,
    explanations: list[Explanation],
    rule: Rule,
    loaded: Loaded,
    day: date,
    format: Format,
) -> None:
    adjustment = loaded.rules.adjusted_on(day).get(rule.id)
    if format is Format.JSON:
        about: dict[str, Any] = {"patient": question.patient, "status": rule.status}
        write_json({**about, "adjusted": adjustment_json(adjustment, day), "explanations": explanations})
        return
    for explanation in explanations:
        answers.print(words(f"{rule.title} · {loaded.files[rule.id]} · {question.patient}", "dim"))
        answers.print(_head(explanation))
        if rule.status != "active":
            answers.print(words(f"It is {_STATUS[rule.status]}: no service looks at it.", "yellow"))
        tell_adjustment(adjustment, day)
        answers.print(_table(explanation))
        for change in explanation.would_change:
            answers.print(words(change.sentence))


def _head(explanation: Explanation) -> Text:
    outcome = (WORDS[explanation.outcome].upper(), OUTCOME_STYLES[explanation.outcome])
    name = (f"{explanation.rule} {explanation.version}", "bold")
    return Text.assemble(name, "  ", outcome, "  ", words(explanation.about))


def _table(explanation: Explanation) -> Table:
    table = Table(box=box.MINIMAL, show_header=False, show_edge=False, pad_edge=False)
    table.add_column(justify="right", style="dim")
    for ratio in (5, None, 4):
        table.add_column(ratio=ratio, overflow="fold")
    for row in _rows(explanation):
        table.add_row(*row)
    return table


def _rows(explanation: Explanation) -> Iterator[tuple[Text, Text, Text, Text]]:
    for line in explanation.lines:
        number = Text(str(line.position.line) if line.position is not None else "")
        style = OUTCOME_STYLES[line.truth] if line.truth is not None else ""
        outcome = Text(WORDS[line.truth] if line.truth is not None else "", style)
        yield number, words(f"{'  ' * line.depth}{line.text}", style), outcome, words(line.why)
