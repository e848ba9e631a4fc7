"""``primum describe``: a rule as the sentence that reviewers sign off."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.describe import describe as sentence_of
from fhir_adapters.command_line.options import FormatOption, RulesOption, loaded_rules, rule_named
from fhir_adapters.command_line.terminal import Format, answers, words, write_json


def describe(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id or name of the rule.")],
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Print a rule as an English sentence, made from the file that runs."""
    loaded = loaded_rules(rules)
    found = rule_named(rule, loaded)
    sentence = sentence_of(found, loaded.concepts, loaded.rules.findings)
    review = found.review.state if found.review.by is None else f"{found.review.state} by {found.review.by}"
    adjustment = loaded.rules.adjustments.get(found.id)
    site = (
        f"{adjustment.words} until {adjustment.until}: {adjustment.reason}"
        if adjustment is not None
        else None
    )
    if format is Format.JSON:
        about = {"id": found.id, "version": found.version, "title": found.title, "sentence": sentence}
        write_json(
            {
                **about,
                "statements": found.statements,
                "review": review,
                "limits": found.limits,
                "adjusted": site,
            }
        )
        return
    answers.print(
        words(f"{found.title}", "bold"), words(f"{found.id} {found.version} · {review}", "dim"), sep="\n"
    )
    answers.print(words(sentence))
    if site is not None:
        answers.print(words(f"At this site {site}", "yellow"))
    if found.limits:
        answers.print(words(f"Limits: {' '.join(found.limits.split())}", "dim"))
