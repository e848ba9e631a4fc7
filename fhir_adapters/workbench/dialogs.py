"""Dialogs: what is asked before a file is written, with exactly what will be written."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from engine.authoring.problems import Problem
from fhir_adapters.workbench.desk import Addition
from fhir_adapters.workbench.elements import button, field, part, status, words


class Dialog:
    """A modal dialog of the browser: it holds the focus, and Escape closes it."""

    def __init__(self, name: str, title: str) -> None:
        """Prepare it, closed."""
        with part("dialog", "dialog", aria_labelledby=f"{name}-title") as self.element:
            words(title, "h2").props["id"] = f"{name}-title"
            self.body = part("div", "dialog-body")
            with part("div", "dialog-foot") as self.foot:
                button("Cancel", self.close)

    def open(self) -> None:
        """Show it."""
        ui.run_javascript(f"getHtmlElement({self.element.id}).showModal()")

    def close(self) -> None:
        """Put it away."""
        ui.run_javascript(f"getHtmlElement({self.element.id}).close()")


class SaveDialog(Dialog):
    """Shows what saving changes in the file of the rule."""

    def __init__(self, save: Callable[[], Awaitable[None]]) -> None:
        """Prepare it; ``save`` writes the file."""
        super().__init__("save", "Save the rule")
        with self.foot:
            button("Save", save, look="primary", picture="save")

    def ask(
        self,
        place: str,
        difference: list[str],
        consequences: tuple[Problem, ...],
        *,
        broken: bool,
        elsewhere: bool,
    ) -> None:
        """Show the lines that change, and what would be wrong then."""
        self.body.clear()
        with self.body:
            if elsewhere:
                words(
                    "The file has been changed elsewhere since you opened it. Lines that are removed here may be "
                    "somebody's: cancel, and write them in, if they are to stay.",
                    "p",
                    "failed",
                )
            words(f"This is written to {place}:", "p")
            with part("div", "difference", role="region", aria_label="Changed lines", tabindex="0"):
                for line in difference:
                    kind = {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")
                    with part("div", f"change {kind}"):
                        words({"added": "added", "removed": "removed"}.get(kind, ""), "span", "unseen")
                        words(line or " ", "span")
            if broken:
                words("The rule has errors. A service does not start with it.", "p", "failed")
            for problem in consequences:
                mend = f": {problem.help}" if problem.help else ""
                place = f"{problem.file}, line {problem.line}"
                words(f"Then to be mended ({place}): {problem.message}{mend}.", "p", "failed")
        self.open()


class TestDialog(Dialog):
    """Asks for a sentence, and shows the test that is added."""

    __test__ = False  # not a test of pytest

    def __init__(
        self, propose: Callable[[str], Awaitable[Addition | None]], add: Callable[[Addition], Awaitable[None]]
    ) -> None:
        """Prepare it; ``propose`` makes the test of a name, ``add`` writes it."""
        super().__init__("test", "Save this patient as a test")
        self._propose, self._add = propose, add
        self._addition: Addition | None = None
        self._said = ""
        with self.body:
            words(
                "Say in a sentence what must happen. What is expected is what the rule does now: add it only if that is "
                "right. Only what is shown here is written, and nothing else is kept.",
                "p",
            )
            self._name = field("The test says", hint="a low filtration rate warns", change=self._named)
            self._place = words("", "p", "hint")
            self._lines = words("", "pre", "lines-to-write")
            self._status = status()
        with self.foot:
            self._button = button("Add the test", lambda: None, look="primary", picture="playlist_add")
            said = f"() => emit(getHtmlElement({self._name.id}).value)"
            self._button.on("click", lambda event: self._write(str(event.args)), js_handler=said)

    async def ask(self, place: str, name: str = "") -> None:
        """Ask for the sentence, or for a better one than ``name``; ``place`` is the test file."""
        self._addition, self._said = None, name
        self._place.text = f"To be added to {place}:"
        self._lines.text, self._status.text = "", "Write the sentence first."
        self._allow(False)
        self.open()
        self._name.props["value"] = name
        self._name.update()
        ui.run_javascript(f"primum.begin({self._name.id}, {json.dumps(name)})")
        if name:
            await self._named(name)

    async def renew(self) -> None:
        """Make the test of this name again, because the file is another one now."""
        await self._named(self._said)

    async def _named(self, name: str) -> None:
        """Show the test of this name; until it is shown, none can be added."""
        self._said, self._addition = name, None
        self._allow(False)
        addition = await self._propose(name.strip()) if name.strip() else None
        if name != self._said:
            return
        self._addition = addition
        self._lines.text = addition.lines if addition is not None else ""
        usable = addition is not None and not addition.problems and addition.result is not None
        self._allow(usable)
        self._status.classes(replace="status")
        if addition is None:
            self._status.text = "Write the sentence first."
        elif addition.problems:
            self._status.text = "; ".join(problem.message for problem in addition.problems)
        elif addition.result is not None:
            ends = (
                "It passes." if addition.result.passed else "It fails: " + "; ".join(addition.result.failures)
            )
            self._status.text = ends
            self._status.classes(replace=f"status {'good' if addition.result.passed else 'bad'}")

    async def _write(self, name: str) -> None:
        """Write the test that is shown, if it has the name that stands in the field; else show that one first."""
        if name != self._said:
            await self._named(name)
        elif self._addition is not None:
            await self._add(self._addition)

    def _allow(self, allowed: bool) -> None:
        props: dict[str, Any] = self._button.props
        if allowed:
            props.pop("disabled", None)
        else:
            props["disabled"] = True
        self._button.update()
