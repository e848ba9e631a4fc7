"""``primum describe``: a rule as the sentence that reviewers sign off."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.describe import describe as sentence_of
from fhir_adapters.command_line.adjustment_views import adjustment_json, tell_adjustment
from fhir_adapters.command_line.options import FormatOption, RulesOption, loaded_rules, moment, rule_named
from fhir_adapters.command_line.terminal import Format, answers, words, write_json


def describe(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id or name of the rule.")],
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Print a rule as an English sentence, made from the file that runs."""
    loaded = loaded_rules(rules)
    found = rule_named(rule, loaded, rules)
    sentence = sentence_of(found, loaded.concepts, loaded.rules.findings)
    review = found.review.state if found.review.by is None else f"{found.review.state} by {found.review.by}"
    adjustment, day = loaded.rules.adjustments.get(found.id), moment(None).date()
    if format is Format.JSON:
        about = {"id": found.id, "version": found.version, "title": found.title, "sentence": sentence}
        write_json(
            {
                **about,
                "statements": found.statements,
                "review": review,
                "limits": found.limits,
                "status": found.status,
                "adjusted": adjustment_json(adjustment, day),
            }
        )
        return
    answers.print(
        words(f"{found.title}", "bold"),
        words(f"{found.id} {found.version} · {found.status} · {review}", "dim"),
        sep="\n",
    )
    answers.print(words(sentence))
    tell_adjustment(adjustment, day)
    if found.limits:
        answers.print(words(f"Limits: {' '.join(found.limits.split())}", "dim"))
