"""The limits: for each condition the patients just inside it, just outside it and without what it needs, for the author to confirm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from engine.authoring.boundaries import BoundarySeen
from engine.authoring.edits import Edited
from engine.authoring.explanation import WORDS
from fhir_adapters.workbench.card_pane import URGENCY
from fhir_adapters.workbench.elements import button, pane, part, status, words
from fhir_adapters.workbench.trace_pane import finding

_INTRODUCTION: Final = (
    "Patients just inside each condition, just outside it, and without what it needs. "
    "The page says what the rule does; whether it ought to is for you to say."
)


@dataclass(slots=True)
class _Row:
    seen: BoundarySeen
    element: ui.element
    name: ui.element
    remark: TextElement
    note: ui.element


class BoundaryPane:
    """The region of the limits; ``find`` makes the cases, ``take`` takes one as the patient, ``confirm`` makes a test of one."""

    def __init__(
        self,
        *,
        find: Callable[[], Any],
        take: Callable[[BoundarySeen], Any],
        confirm: Callable[[BoundarySeen], Any],
        go: Callable[[int], Any],
    ) -> None:
        """Draw it without cases; ``go`` moves the editor to a line."""
        self._take, self._confirm, self._go = take, confirm, go
        self._rows: list[_Row] = []
        self._of: tuple[str, str] = ("", "")
        with pane("limits", "At the limits", "limits") as head:
            with head:
                button("Find the cases", find, picture="straighten")
            self._status = status(_INTRODUCTION)
            self._list = part("div", "limit-list")

    def say(self, text: str) -> None:
        """Say how far the cases are, or why there are none."""
        self._status.text = text

    def outdate(self, edit: Edited) -> None:
        """Take the cases away where they are of another text or rule."""
        if self._rows and self._of != (edit.file, edit.document.text):
            same = self._of[0] == edit.file
            self._clear()
            self.say("The rule has changed: find the cases again." if same else _INTRODUCTION)

    def show(self, seen: list[BoundarySeen], edit: Edited) -> None:
        """Draw the cases of a rule, condition by condition."""
        assert edit.rule is not None
        self._clear()
        self._of = (edit.file, edit.document.text)
        with self._list:
            for path, cases in groupby(seen, lambda each: each.case.path):
                several = list(cases)
                line = edit.loaded.locate(edit.rule.id, path).line
                self._group(line, several)
        self._count()

    def mark(self, added: Callable[[Mapping[str, Any]], bool]) -> None:
        """Mark the cases whose setup has been ``added`` to the tests."""
        for row in self._rows:
            if added(row.seen.case.setup):
                row.seen = replace(row.seen, tested=True)
                row.remark.text = _remark(row.seen)
                if row.element.props.get("aria-current"):
                    self._note(row)
                    ui.run_javascript(f"getHtmlElement({row.name.id}).focus()")
        self._count()

    def _clear(self) -> None:
        self._list.clear()
        self._rows = []

    def _count(self) -> None:
        new = sum(not row.seen.tested for row in self._rows)
        cases = f"{len(self._rows)} {'case' if len(self._rows) == 1 else 'cases'}"
        none = "No condition of this rule could be met or not: the medicine alone brings its card up."
        self.say(
            f"{cases}, {new} of them not among the tests. Take one to see its card." if self._rows else none
        )

    def _group(self, line: int, cases: list[BoundarySeen]) -> None:
        with part("section", "limit"):
            with part("h3", "limit-title"):
                button(str(line), lambda: self._go(line), look="line", label=f"Go to line {line} of the rule")
                words(cases[0].case.condition)
            with part("ul", "limit-cases"):
                for seen in cases:
                    self._row(seen)

    def _row(self, seen: BoundarySeen) -> None:
        with part("li", f"limit-case {seen.outcome.value}") as element:
            finding(seen.outcome)
            with part("button", "case-name", type="button", title="Take this patient") as name:
                words(seen.case.said)
            remark = words(_remark(seen), "span", "hint")
            note = part("div", "limit-note")
        row = _Row(seen, element, name, remark, note)
        self._rows.append(row)
        name.on("click", lambda: self._taken(row))

    async def _taken(self, row: _Row) -> None:
        for other in self._rows:
            if other.element.props.pop("aria-current", None):
                other.note.clear()
                other.element.update()
        row.element.props["aria-current"] = "true"
        row.element.update()
        self._note(row)
        await self._take(row.seen)

    def _note(self, row: _Row) -> None:
        seen = row.seen
        row.note.clear()
        with row.note:
            words(_comes_to(seen), "p")
            with part("div", "row"):
                if not seen.tested:
                    button("That is right: save as a test…", lambda: self._confirm(seen), picture="done")
                part("a", "away", href="#cards")._text = "Its cards"
                part("a", "away", href="#trace")._text = "Its trace"


def _comes_to(seen: BoundarySeen) -> str:
    """What the rule does for a case, as a sentence that may be right or wrong."""
    urgency = URGENCY[seen.card][0].lower() if seen.card != "none" else ""
    shown = f"a card ({urgency}) says “{seen.summary}”" if urgency else "there is no card"
    return f"The rule is {WORDS[seen.outcome]}, and {shown}."


def _remark(seen: BoundarySeen) -> str:
    if seen.tested:
        return "tested"
    if seen.truth is None:
        return "the condition is not asked"
    if not seen.as_meant:
        return f"made to be {seen.case.side}, but the condition is {WORDS[seen.truth]}"
    return seen.case.side if seen.decided else f"{seen.case.side}, and does not decide"
