"""``primum rules boundaries``: the cases at the limits of a rule, what they come to, and those that an author confirms as tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.prompt import Prompt
from rich.table import Table
from rich.text import Text

from engine.authoring.boundaries import Boundaries, BoundarySeen
from engine.authoring.confirmed import add_confirmed
from engine.authoring.explanation import WORDS
from engine.authoring.folder import Loaded
from engine.errors import CdsError
from engine.rule import Rule
from fhir_adapters.command_line.options import (
    FormatOption,
    RulesOption,
    TodayOption,
    loaded_rules,
    moment,
    rule_named,
)
from fhir_adapters.command_line.terminal import (
    OUTCOME_STYLES,
    Format,
    answers,
    counted,
    notices,
    refuse,
    say,
    words,
    write_json,
)
from fhir_adapters.written_requests import ThroughFhir

UNCONFIRMED: Final = "This is what the rule does; whether it ought to is for you to say."


def boundaries(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="Id or name of the rule; a draft will do.")],
    write: Annotated[
        str | None,
        typer.Option(
            help="Add these cases to the rule's tests, because what comes out is right: numbers such as 1,3-5, or all.",
            show_default=False,
        ),
    ] = None,
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm", help="Ask for each case that is not tested yet, and add those that are right."
        ),
    ] = False,
    requests: Annotated[
        bool, typer.Option("--requests", help="With --format json: also the CDS Hooks request of each case.")
    ] = False,
    today: TodayOption = None,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Show for every condition of a rule the cases just inside, just outside and without what it needs.

    Each is sent to the engine as a CDS Hooks request with FHIR resources; the table says what came out. You confirm what
    is right, and that becomes a test. The day is that of the rule's test file, where there is one.
    """
    loaded = loaded_rules(rules)
    found = rule_named(rule, loaded, rules)
    way = ThroughFhir()
    try:
        with closing(Boundaries(loaded, found.id, today=moment(today).date(), way=way)) as made:
            with notices.status("Looking at the cases"):
                seen = [*made.seen()]
            sent = [msgspec.Raw(made.request(each.case, way.request)) for each in seen] if requests else []
    except CdsError as error:
        refuse(f"{found.id} cannot be run: {error}.")
    if not seen:
        refuse(
            f"{found.id} has no condition that could be met or not: the medicine alone brings its card up."
        )
    chosen = _chosen(seen, write) if write is not None else []
    if format is Format.JSON:
        listed = [_json(number, each) for number, each in enumerate(seen, 1)]
        for entry, request in zip(listed, sent, strict=False):
            entry["request"] = request
        write_json({"rule": found.id, "today": made.today, "cases": listed})
    else:
        answers.print(_table(found, seen, loaded))
        new = sum(not each.tested for each in seen)
        answers.print(f"{counted(len(seen), 'case')}, {new} of them not among the tests. {UNCONFIRMED}")
    if confirm:
        chosen += [each for each in _asked(seen) if each not in chosen]
    if chosen:
        _add(loaded, found, chosen, made.today)


def _add(loaded: Loaded, rule: Rule, chosen: Sequence[BoundarySeen], today: date) -> None:
    try:
        path = add_confirmed(loaded, rule.id, chosen, today=today)
    except CdsError as error:
        refuse(str(error))
    say(f"{counted(len(chosen), 'test')} added to {path}", "green")


def _chosen(seen: Sequence[BoundarySeen], written: str) -> list[BoundarySeen]:
    """The cases with these numbers; those that are tests already are left out."""
    if written == "all":
        return [each for each in seen if not each.tested]
    numbers: set[int] = set()
    for part in written.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})(?:-(\d{1,4}))?\s*", part)
        if match is None:
            refuse(f"--write takes numbers such as 1,3-5, or all; {part.strip()!r} is neither.", 2)
        numbers |= {*range(int(match[1]), int(match[2] or match[1]) + 1)}
    beyond = [number for number in sorted(numbers) if not 1 <= number <= len(seen)]
    if beyond:
        refuse(f"There is no case {beyond[0]}; they are numbered from 1 to {len(seen)}.", 2)
    return [seen[number - 1] for number in sorted(numbers) if not seen[number - 1].tested]


def _asked(seen: Sequence[BoundarySeen]) -> Iterator[BoundarySeen]:
    """The cases that the author says are right; q ends the questions."""
    for number, each in enumerate(seen, 1):
        if each.tested:
            continue
        notices.print(words(f"{number}. {each.name}", "bold"))
        if each.summary:
            notices.print(words(f"   {each.summary}", "dim"))
        answer = Prompt.ask("   Is that right?", choices=["y", "n", "q"], default="n", console=notices)
        if answer == "q":
            return
        if answer == "y":
            yield each


def _table(rule: Rule, seen: Sequence[BoundarySeen], loaded: Loaded) -> Table:
    table = Table(
        "", "Case", "Condition", "Rule", "Card", "", title=f"{rule.id}: boundaries", title_justify="left"
    )
    path: tuple[str | int, ...] | None = None
    for number, each in enumerate(seen, 1):
        if each.case.path != path:
            path = each.case.path
            if number > 1:
                table.add_section()
            line = loaded.locate(rule.id, path).line
            table.add_row("", words(f"line {line}: {each.case.condition}", "bold"))
        table.add_row(
            str(number),
            words(each.case.said),
            _truth(each),
            Text(WORDS[each.outcome], OUTCOME_STYLES[each.outcome]),
            each.card if each.card != "none" else "",
            _remark(each),
        )
    return table


def _truth(each: BoundarySeen) -> Text:
    if each.truth is None:
        return Text("not asked", "dim")
    return Text(WORDS[each.truth], OUTCOME_STYLES[each.truth])


def _remark(each: BoundarySeen) -> Text:
    if each.tested:
        return Text("tested", "green")
    if not each.as_meant:
        return Text(f"made to be {each.case.side}", "yellow")
    return Text("" if each.decided else "does not decide", "yellow")


def _json(number: int, each: BoundarySeen) -> dict[str, Any]:
    case = each.case
    return {
        "number": number,
        "path": ".".join(map(str, case.path)),
        "condition": case.condition,
        "side": case.side,
        "name": each.name,
        "setup": case.setup,
        "truth": each.truth,
        "outcome": each.outcome,
        "card": each.card,
        "summary": each.summary,
        "missing": each.missing,
        "decided": each.decided,
        "as_meant": each.as_meant,
        "tested": each.tested,
    }
