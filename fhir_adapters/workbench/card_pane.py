"""The cards, drawn as an EHR draws them: urgency in words and colour, what to do, why one may go ahead, and the source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from fhir_adapters.workbench.elements import choice, icon, pane, part, status, words
from fhir_adapters.workbench.looks import Face, Look, Scope

URGENCY: Final = {
    "critical": ("Critical", "block"),
    "warning": ("Warning", "warning"),
    "info": ("Information", "info"),
}
"""What an indicator is called, and its picture."""


class CardPane:
    """The region of the cards."""

    def __init__(self, rescope: Callable[[Scope], Any]) -> None:
        """Draw it without cards; ``rescope`` is told whether one rule or all are wanted."""
        with pane("cards", "Cards", "cards") as head:
            with head:
                choice(
                    "Made by",
                    {"rule": "this rule", "all": "all rules"},
                    "rule",
                    lambda scope: rescope("all" if scope == "all" else "rule"),
                )
            self._status = status("Reading the rule …")
            self._faces = part("div", "faces")

    def show(self, look: Look) -> None:
        """Draw what came of a look."""
        cards = len(look.faces)
        said = f"{cards} {'card' if cards == 1 else 'cards'}" if cards else "No card"
        self._status.text = (
            f"Not looked at: {' '.join(look.reasons)}" if look.reasons else f"{said}. {look.tally}."
        )
        self._faces.clear()
        self._faces.classes(remove="of-before")
        self._faces.props["aria-busy"] = "false"
        self._faces.update()
        with self._faces:
            for face in look.faces:
                _draw(face)
            if not look.faces and not look.reasons:
                words("The prescriber sees nothing for this patient. The trace below says why.", "p", "empty")

    def wait(self, text: str, *, busy: bool = False) -> None:
        """Say that what is drawn is of before; ``busy`` while other cards are on their way."""
        self._status.text = text
        self._faces.classes(add="of-before")
        self._faces.props["aria-busy"] = "true" if busy else "false"
        self._faces.update()


def _draw(face: Face) -> None:
    name, picture = URGENCY[face.indicator]
    with part("article", f"card {face.indicator}", aria_label=f"{name}: {face.summary}"):
        with part("p", "urgency"):
            icon(picture)
            words(name)
        words(face.summary, "h3", "summary")
        if face.detail:
            # Markdown of a card has no HTML of its own, and a picture would be fetched from elsewhere: both are shown as written.
            ui.markdown(face.detail.replace("<", "&lt;").replace("![", "!\\[")).classes("detail")
        if face.suggestions:
            with part("ul", "suggestions", aria_label="Suggestions"):
                for label, preferred in face.suggestions:
                    with part("li"):
                        words(label, "span", f"suggestion{' preferred' if preferred else ''}")
        if face.reasons:
            with part("details", "reasons"):
                words(f"Reasons to go ahead ({len(face.reasons)})", "summary")
                with part("ul"):
                    for reason in face.reasons:
                        words(reason, "li")
        for label, url in face.links:
            with part("p", "link"):
                _link(label, url)
        with part("p", "source"):
            words("Source: ")
            _link(" · ".join(face.source), face.source_url)


def _link(label: str, url: str) -> None:
    """A link that opens beside the page; an address of another kind than the web's is not followed."""
    if url.startswith(("https://", "http://")):
        part("a", "away", href=url, target="_blank", rel="noopener noreferrer")._text = label
    else:
        words(label)
