"""Elements: the few plain parts that the page is made of, each with the role and the name that a screen reader needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

Click = Callable[[], Any]
Look = Literal["plain", "primary", "quiet", "line"]


def words(text: str, tag: str = "span", classes: str = "") -> TextElement:
    """Words as they stand, in an element of this kind."""
    return TextElement(tag=tag, text=text).classes(classes)


def part(tag: str = "div", classes: str = "", **attributes: str) -> ui.element:
    """An element with attributes; an underscore in a name stands for a hyphen."""
    element = ui.element(tag).classes(classes)
    for name, value in attributes.items():
        element.props[name.strip("_").replace("_", "-")] = value
    return element


def icon(name: str) -> None:
    """A picture beside words, which are what is read out."""
    words(name, "i", "material-icons").props["aria-hidden"] = "true"


def button(
    text: str, click: Click, *, look: Look = "plain", picture: str = "", label: str = "", wide: bool = False
) -> ui.element:
    """A button; ``label`` is what is read out where the words alone do not say enough."""
    element = part("button", f"button {look}{' wide' if wide else ''}", type="button")
    if label:
        element.props["aria-label"] = label
    with element:
        if picture:
            icon(picture)
        if text:
            words(text)
    element.on("click", lambda: click())
    return element


@contextmanager
def pane(name: str, title: str, classes: str = "") -> Iterator[ui.element]:
    """A region of the page with a heading; what is in the block stands below the heading, in ``head`` beside it."""
    with part("section", f"pane {classes}", aria_labelledby=f"{name}-title", id=name):
        with part("div", "pane-head") as head:
            words(title, "h2").props["id"] = f"{name}-title"
        with part("div", "pane-body"):
            yield head


def status(text: str = "") -> TextElement:
    """Words that are read out when they change."""
    element = words(text, "p", "status")
    element.props["role"] = "status"
    element.props["aria-live"] = "polite"
    return element


def field(
    label: str, *, kind: str = "text", value: str = "", hint: str = "", change: Callable[[str], Any]
) -> ui.element:
    """A labelled line to write in; ``change`` is called when the writer leaves it, or presses Enter."""
    with part("label", "field"):
        words(label, "span", "label")
        written = part(
            "input", "input", type=kind, value=value, placeholder=hint, autocomplete="off", spellcheck="false"
        )

        def left(event: GenericEventArguments) -> Any:
            written.props["value"] = _text(event)
            return change(_text(event))

        written.on("change", left, js_handler="(e) => emit(e.target.value)")
        # Whatever is drawn anew meanwhile would put the text of before back under the writer's hands.
        written.on("input", js_handler="(e) => primum.keepWritten(e.target)")
    return written


def choice(label: str, options: dict[str, str], value: str, change: Callable[[str], Any]) -> ui.element:
    """A labelled list to choose one from."""
    with part("label", "field"):
        words(label, "span", "label")
        chosen = part("select", "input")
        with chosen:
            for key, text in options.items():
                option = words(text, "option")
                option.props["value"] = key
                if key == value:
                    option.props["selected"] = "selected"
        chosen.on("change", lambda event: change(_text(event)), js_handler="(e) => emit(e.target.value)")
    return chosen


def finder(label: str, options: dict[str, str], value: str | None, change: Callable[[str], Any]) -> ui.select:
    """A list to choose one from that is searched by writing."""
    chosen = ui.select(
        options, label=label, value=value, with_input=True, on_change=lambda event: change(event.value)
    )
    return chosen.props(
        "outlined dense options-dense hide-bottom-space popup-content-class=finder-list"
    ).classes("finder")


def _text(event: GenericEventArguments) -> str:
    return str(event.args) if event.args is not None else ""
