"""The rule: its YAML in an editor, and its problems as one types, each with line, reason and mend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

from nicegui import ui

from engine.authoring.edits import Edited
from engine.authoring.lock import CHANGED
from engine.authoring.problems import Problem
from engine.finding import Truth
from fhir_adapters.workbench.elements import icon, pane, part, status, words
from fhir_adapters.workbench.looks import Look

_TOLD = 8


class RulePane:
    """The region of the rule; ``typed`` is called with every change."""

    def __init__(self, text: str, *, typed: Callable[[str], Any]) -> None:
        """Draw the editor with a text."""
        self._problems: tuple[Problem, ...] = ()
        self._place = -1
        self._theme: Literal["githubLight", "githubDark"] = "githubLight"
        with pane("rule", "Rule", "rule") as head:
            with head:
                words(
                    "F8 next problem · Ctrl+S save · Ctrl+Enter run tests · Esc Tab leaves", "p", "keys"
                ).props["id"] = "rule-keys"
            self.editor = ui.codemirror(
                text,
                language="YAML",
                theme=self._theme,
                indent="  ",
                line_wrapping=True,
                on_change=lambda event: typed(event.value),
            ).classes("editor")
            with part("div", "problems", id="problems"):
                self._status = status("No problems.")
                self._list = part("ul", aria_label="Problems of the rule")

    async def ready(self) -> None:
        """Wait for the editor, and give it its name for screen readers; its own keys are beside it."""
        label = "Text of the rule, YAML"
        script = f"return await primum.nameEditor({self.editor.id}, '{label}', 'rule-keys problems')"
        await ui.run_javascript(script, timeout=60)

    def darken(self, dark: bool) -> None:
        """Show the text in light or dark colours."""
        self._theme = "githubDark" if dark else "githubLight"
        self.editor.run_method("setTheme", self._theme)

    def fill(self, text: str) -> None:
        """Put the text of another file into the editor; undoing does not lead back to the one before."""
        self.editor.value = text
        ui.run_javascript(f"primum.beginAnew({self.editor.id}, '{self._theme}')")

    def go(self, line: int, column: int = 1) -> None:
        """Move to a place of the text, and write there."""
        ui.run_javascript(f"primum.goTo({self.editor.id}, {line}, {column})")

    def show_problems(self, edit: Edited) -> None:
        """Say what is wrong, under the editor and at the lines."""
        self._problems, self._place = _most_pressing_first(edit.problems), -1
        self._status.text = _counted(edit)
        self._status.classes(
            replace=f"status {'bad' if not edit.usable else '' if edit.problems else 'good'}"
        )
        self._list.clear()
        with self._list:
            for problem in self._problems[:_TOLD]:
                with part("li"):
                    self._problem(problem)
            if len(edit.problems) > _TOLD:
                words(f"and {len(edit.problems) - _TOLD} more", "li", "more")
        self._mark({})
        ui.run_javascript(f"primum.keepInView({self.editor.id})")
        self.editor.run_method(
            "setLineTooltips", {str(problem.line): problem.message for problem in edit.problems}
        )

    def show_findings(self, look: Look) -> None:
        """Mark the lines of the conditions with what they came to."""
        found: dict[int, Truth] = {}
        for line in (line for explanation in look.explanations for line in explanation.lines):
            if line.position is not None and line.truth is not None:
                found[line.position.line] = line.truth
        self._mark({line: truth.value for line, truth in found.items()})

    def _mark(self, kinds: dict[int, str]) -> None:
        """Mark lines of the editor, those with problems above all, and only mark them.

        An update of the element would also send the text as it was last known here, over what has been typed since.
        """
        wrong = {problem.line: problem.severity for problem in self._problems}
        marks = [
            {"kind": "line", "line": line, "class": f"line-{kind}"}
            for line, kind in sorted({**kinds, **wrong}.items())
        ]
        self.editor.run_method("setDecorations", marks)

    def _problem(self, problem: Problem) -> None:
        with part("button", f"problem {problem.severity}", type="button") as element:
            icon("error" if problem.severity == "error" else "warning")
            words(f"Line {problem.line}", "span", "place")
            with part("span", "reason"):
                words(f"{problem.message}." if problem.help else problem.message)
                if problem.help:
                    words(f" {problem.help}", "span", "mend")
        element.on("click", lambda: self.go(problem.line, problem.column))

    def next_problem(self) -> None:
        """Move to the next problem, and from the last one to the first."""
        if self._problems:
            self._place = (self._place + 1) % len(self._problems)
            self.go(self._problems[self._place].line, self._problems[self._place].column)


def _most_pressing_first(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The problems with what can wait until the rule is released as a warning behind them."""
    later = [replace(problem, severity="warning") for problem in problems if problem.code == CHANGED]
    return (*(problem for problem in problems if problem.code != CHANGED), *later)


def _counted(edit: Edited) -> str:
    if not edit.problems:
        return "No problems."
    severities = Counter(problem.severity for problem in _most_pressing_first(edit.problems))
    said = " and ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in severities.items())
    if edit.usable:
        return f"{said}. The rule can be tried."
    return f"{said}. The rule cannot be tried."
