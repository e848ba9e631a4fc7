"""Drafts: a new rule written as a file that loads, and the first tests beside it.

The tests say what the rule does at the limits of its condition, one on each side and one without what it needs; whether it ought to,
its author has yet to say. Nothing that exists is ever written over.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from engine.authoring.boundaries import Boundaries, BoundarySeen
from engine.authoring.case_text import flow
from engine.authoring.confirmed import add_confirmed
from engine.authoring.documents import case_file, schema_line
from engine.authoring.edits import edited
from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.authoring.problems import Problem
from engine.authoring.writing import write_whole
from engine.errors import RuleFileError
from engine.rule import BroughtUpBy, Hook, Indicator, Kind

_FOLDERS: Final[Mapping[Kind, str]] = {
    Kind.CONTRAINDICATION: "contraindications",
    Kind.WARNING: "warnings",
    Kind.PRECAUTION: "precautions",
    Kind.INTERACTION: "interactions",
    Kind.ADMINISTRATION: "administration",
    Kind.MONITORING: "monitoring",
    Kind.INFORMATION: "information",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What has to be known of a new rule; ``condition`` is one condition or group as a rule file has it.

    ``statement`` is the id of a statement of the label; without one, ``beyond`` says where the rule comes from instead.
    """

    name: str
    pack: str
    title: str
    kind: Kind
    medicine: str
    hooks: tuple[Hook, ...]
    condition: Mapping[str, Any]
    indicator: Indicator
    summary: str
    next_review: date
    statement: str = ""
    beyond: str = ""

    @property
    def id(self) -> str:
        """Pack and name."""
        return f"{self.pack}.{self.name}"

    @property
    def brought_up_by(self) -> tuple[BroughtUpBy, ...]:
        """An order where some hook reviews orders, and therapy with the medicine at the hooks that do not."""
        reviews = {hook.reviews_orders for hook in self.hooks}
        return (*(("order",) if True in reviews else ()), *(("therapy",) if False in reviews else ()))


@dataclass(frozen=True, slots=True)
class Written:
    """A draft on disk: its rule file, its test file (None for a rule whose condition has no boundary), and the cases in it."""

    rule: Path
    tests: Path | None
    cases: tuple[BoundarySeen, ...]
    loaded: Loaded


def file_of(draft: Draft, loaded: Loaded) -> str:
    """The name of the file that a draft goes into: beside the pack's other rules of its kind."""
    beside = Counter(
        loaded.files[rule.id].rpartition("/")[0]
        for rule in loaded.rules.rules
        if rule.kind is draft.kind and rule.id.startswith(f"{draft.pack}.")
    )
    usual = f"{loaded.folders[draft.pack]}/{_FOLDERS[draft.kind]}"
    most = max(beside, key=lambda name: (beside[name], name == usual), default=usual)
    return f"{most}/{draft.name}.yaml"


def draft_text(draft: Draft, file: str) -> str:
    """The rule file of a draft."""
    source = {"statement": draft.statement} if draft.statement else {"beyond": draft.beyond}
    asked = draft.brought_up_by
    brought_up_by = "" if asked == ("order",) else f"brought_up_by: {flow([*asked])}\n"
    when = "".join(f"  {line}\n" for line in _lines(draft.condition))
    return schema_line(file, "rule") + textwrap.dedent(
        """\
        id: {id}
        title: {title}
        kind: {kind}
        status: draft
        version: 0.1.0
        hooks: {hooks}
        medicine: {medicine}
        {brought_up_by}
        when:
        {when}
        card:
          indicator: {indicator}
          summary: {summary}

        sources:
          - {source}
        review: {review}
        """
    ).format(
        id=draft.id,
        title=flow(draft.title),
        kind=draft.kind.value,
        hooks=flow([hook.value for hook in draft.hooks]),
        medicine=draft.medicine,
        brought_up_by=brought_up_by,
        when=when,
        indicator=draft.indicator.value,
        summary=flow(draft.summary),
        source=flow(source).strip("{}"),
        review=flow({"state": "unreviewed", "next": draft.next_review.isoformat()}),
    )


def _lines(condition: Mapping[str, Any]) -> Iterator[str]:
    """A condition key by key; the members of a group each on a line, where the next one is easily added."""
    for key, value in condition.items():
        if isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
            yield f"{key}:"
            yield from (f"  - {flow(entry)}" for entry in value)
        else:
            yield f"{key}: {flow(value)}"


def errors_in(loaded: Loaded, draft: Draft) -> tuple[Problem, ...]:
    """What would keep a draft from being written: the errors of its file."""
    file = file_of(draft, loaded)
    problems = edited(loaded, file, draft_text(draft, file)).problems
    return tuple(problem for problem in problems if problem.severity == "error")


def write_draft(loaded: Loaded, draft: Draft, root: Path, *, today: date) -> Written:
    """Write a draft and its first tests into the rules folder at ``root``.

    Raises:
        RuleFileError: there is such a rule or file already, or the rule would hold errors; nothing has then been written.
    """
    file = file_of(draft, loaded)
    path = root / file.partition("/")[2]
    tests = path.with_name(case_file(path.name))
    taken = loaded.files.get(draft.id) or next((str(each) for each in (path, tests) if each.exists()), None)
    if taken is not None:
        raise RuleFileError(f"{draft.id} is there already, in {taken}; nothing was written")
    errors = [problem.render() for problem in errors_in(loaded, draft)]
    if errors:
        raise RuleFileError("\n\n".join((*errors, "Nothing was written.")))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole({path: draft_text(draft, file)})
    try:
        again = load_rules(root)
        cases = first_cases(again, draft.id, today=today)
        written = add_confirmed(again, draft.id, cases, today=today) if cases else None
    except BaseException:  # a rule is not left behind without its tests
        path.unlink()
        raise
    return Written(path, written, cases, again)


def first_cases(loaded: Loaded, rule_id: str, *, today: date) -> tuple[BoundarySeen, ...]:
    """The first case on each side of the rule's limits that decides and lies where it was meant to lie."""
    with closing(Boundaries(loaded, rule_id, today=today)) as boundaries:
        seen = [each for each in boundaries.seen() if each.as_meant and each.decided]
    first: dict[str, BoundarySeen] = {}
    for each in seen:
        first.setdefault(each.case.side, each)
    return tuple(first.values())
