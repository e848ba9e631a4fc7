"""The trace: each line of the rule with its finding and its evidence, and the same findings beside the lines of the editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.authoring.explanation import WORDS, Explanation, Line
from engine.finding import Truth
from fhir_adapters.workbench.elements import button, icon, pane, part, words
from fhir_adapters.workbench.looks import Look

PICTURES: Final = {Truth.MET: "check_circle", Truth.NOT_MET: "remove_circle_outline", Truth.UNKNOWN: "help"}
"""The picture of a finding; its word stands beside it."""


class TracePane:
    """The region of the trace; ``go`` moves the editor to a line."""

    def __init__(self, go: Callable[[int], None]) -> None:
        """Draw it without a trace."""
        self._go = go
        with pane("trace", "Trace: why, line by line", "trace"):
            self._body = part("div")

    def show(self, look: Look) -> None:
        """Draw the trace of a look, one table for each order or therapy that brought the rule up."""
        self._body.clear()
        with self._body:
            if not look.explanations:
                words("No rule was looked at.", "p", "empty")
            for explanation in look.explanations:
                self._table(explanation)
                self._changes(explanation)
            if look.issues:
                words("What of the record did not reach the rules as it stood", "h3", "heading")
                with part("ul", "issues"):
                    for issue in look.issues:
                        words(issue, "li")

    def _table(self, explanation: Explanation) -> None:
        with part("p", "verdict"):
            words("The rule is ")
            finding(explanation.outcome)
            words(f"— {explanation.about}", "span", "about")
        with part("table", "lines"):
            words(f"Findings of {explanation.rule}", "caption", "unseen")
            with part("thead"), part("tr"):
                for heading in ("Line", "What the rule says", "Finding", "Evidence"):
                    words(heading, "th").props["scope"] = "col"
            with part("tbody"):
                for line in explanation.lines:
                    self._row(line)

    def _changes(self, explanation: Explanation) -> None:
        """What would have to change for the rule to end otherwise."""
        if explanation.would_change:
            words("What would change it", "h3", "heading")
            with part("ul", "changes"):
                for change in explanation.would_change:
                    words(change.sentence, "li")

    def _row(self, line: Line) -> None:
        with part("tr", f"finding-{line.truth.value}" if line.truth is not None else ""):
            with part("td", "number"):
                if line.position is not None:
                    number = line.position.line
                    button(
                        str(number),
                        lambda: self._go(number),
                        look="line",
                        label=f"Go to line {number} of the rule",
                    )
            with part("td", "says"):
                words(line.text, "span").style(f"padding-left: {1.1 * line.depth}rem; display: inline-block")
            with part("td", "truth"):
                if line.truth is not None:
                    finding(line.truth)
            words(line.why, "td", "why")


def finding(truth: Truth) -> None:
    """A finding in a picture and a word."""
    with part("span", f"finding {truth.value}"):
        icon(PICTURES[truth])
        words(WORDS[truth])
