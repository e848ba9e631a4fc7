"""``primum rules new``: a rule from nothing, by questions; every answer can be given as an option instead."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from engine.authoring.case_text import flow
from engine.authoring.drafts import write_draft
from engine.describe import describe as sentence_of
from engine.errors import CdsError
from engine.rule import Indicator, Kind
from fhir_adapters.command_line.interview import Interview
from fhir_adapters.command_line.options import (
    FormatOption,
    RulesOption,
    TodayOption,
    command,
    loaded_rules,
    moment,
    rules_folder,
)
from fhir_adapters.command_line.terminal import Format, answers, counted, refuse, words, write_json

_NEXT: Final = """
Next, in {file}: another condition goes beside the first, below all (both must be so) or any (one is enough), each after a dash:

  when:
    all:
      - {first}
      - {{condition: …}}

rules/README.md has every noun of a condition, with an example; detail, suggestions and override_reasons go below card. Then
  {check}
  {boundaries}
and, when it is as it should be, status: active.
"""


def new(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the rule and of its file, such as low-blood-pressure."),
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Pack that it belongs to.", show_default=False)] = None,
    title: Annotated[
        str | None, typer.Option(help="A few words for lists of findings.", show_default=False)
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What the label's statement is about.", show_default=False)
    ] = None,
    medicine: Annotated[
        str | None, typer.Option(help="The medicine it is about.", show_default="the pack's")
    ] = None,
    hooks: Annotated[
        str | None, typer.Option(help="When the EHR asks, separated by commas.", show_default=False)
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            help="The condition as a rule file has it, such as '{lab: lab-egfr, below: 30 mL/min/1.73m2, within: 12 months}'.",
            show_default=False,
        ),
    ] = None,
    indicator: Annotated[
        Indicator | None, typer.Option(help="Urgency of the card.", show_default=False)
    ] = None,
    summary: Annotated[str | None, typer.Option(help="The card's one line.", show_default=False)] = None,
    statement: Annotated[
        str | None, typer.Option(help="Id of the label's statement that it follows.", show_default=False)
    ] = None,
    beyond: Annotated[
        str | None,
        typer.Option(help="Instead of a statement: where the rule comes from.", show_default=False),
    ] = None,
    today: TodayOption = None,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Write a new rule, as a draft, and its first tests; what is not given as an option is asked for.

    Nothing that exists is written over, and a rule with errors is not written. Ends with 1 then.
    """
    if statement is not None and beyond is not None:
        refuse(
            "A rule follows a statement of the label, or says with --beyond where else it comes from: "
            "leave out --statement or --beyond.",
            2,
        )
    loaded = loaded_rules(rules)
    day = moment(today).date()
    ask = Interview(loaded, day)
    ask.name(name)
    ask.pack(pack)
    ask.title(title)
    ask.kind(kind)
    ask.medicine(medicine)
    ask.hooks(hooks)
    ask.condition(condition)
    ask.indicator(indicator)
    ask.summary(summary)
    ask.source(statement, beyond)
    draft = ask.draft
    try:
        written = write_draft(loaded, draft, rules_folder(rules), today=day)
    except CdsError as error:
        refuse(str(error))
    rule = written.loaded.rules.rule(draft.id)
    sentence = sentence_of(rule, written.loaded.concepts, written.loaded.rules.findings)
    if format is Format.JSON:
        files = [str(path) for path in (written.rule, written.tests) if path is not None]
        write_json(
            {
                "rule": draft.id,
                "files": files,
                "tests": [case.name for case in written.cases],
                "sentence": sentence,
            }
        )
        return
    answers.print(words(sentence))
    answers.print(words(f"Written: {written.rule}", "green"), soft_wrap=True)
    if written.tests is not None:
        told = f"Written: {written.tests}, with {counted(len(written.cases), 'test')} of what the rule does"
        answers.print(words(told, "green"), soft_wrap=True)
    told = _NEXT.format(
        file=written.rule.name,
        first=flow(draft.condition),
        check=command("rules check", rules),
        boundaries=command(f"rules boundaries {draft.name}", rules),
    )
    answers.print(words(told), soft_wrap=True, end="")
