"""The patient: made up in the words of a test, or read from a record that is pasted or opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui

from engine.authoring.edits import Edited
from engine.authoring.references import references
from engine.facts import ListName
from fhir_adapters.command_line.questions import RecordHook
from fhir_adapters.workbench.elements import button, choice, field, finder, pane, part, words
from fhir_adapters.workbench.looks import Look
from fhir_adapters.workbench.patients import LISTS, MEASURED, FromRecord, MadeUp, Patient

_SEXES: Final = {
    "": "not on record",
    "female": "female",
    "male": "male",
    "other": "other",
    "unknown": "unknown",
}
_DRAWN: Final = 20
"""Entries of a list that are drawn."""

_HOOKS: Final[dict[str, str]] = {"": "what the record itself asks"} | {h.value: h.value for h in RecordHook}


_OWN: Final = "the patient that you made up"


class PatientPane:
    """The region of the patient; ``chosen`` is called with every change of it."""

    def __init__(self, chosen: Callable[[Patient], None]) -> None:
        """Draw it for a patient of whom nothing is known."""
        self._chosen = chosen
        self.patient: Patient = MadeUp()
        self._made_up = MadeUp()
        self._record: FromRecord | None = None
        self._hook = ""
        self._setups: Mapping[str, Mapping[str, Any]] = {}
        self._edit: Edited | None = None
        self._day = ""
        with pane("patient", "Patient", "patient") as head:
            with head, part("div", "switch", role="group", aria_label="Where the patient comes from"):
                self._switches = {
                    "made-up": button("Made up", lambda: self._turn("made-up"), look="quiet"),
                    "record": button("From a record", lambda: self._turn("record"), look="quiet"),
                }
            with part("div", "form") as self._form:
                self._beginning = part("div")
                self._fields = part("div", "form")
            self._reader = part("div", "form")
        self._pages = {"made-up": self._form, "record": self._reader}
        self._draw_reader()
        self._turn("made-up", tell=False)

    def prepare(self, edit: Edited, setups: Mapping[str, Mapping[str, Any]], day: str) -> None:
        """Offer the patients of the tests of a rule; ``day`` is that of the tests.

        The first is begun with, unless the author had made one up: that patient goes along to the next rule.
        """
        self._edit, self._day = edit, day
        first = next(iter(setups), "")
        if self._is_own():
            self._made_up = MadeUp(self._made_up.setup, _OWN)
        else:
            self._made_up = MadeUp(setups.get(first, {}), first)
        self.offer(setups)
        self._draw_form()
        self._turn(self._open, tell=False)

    def _is_own(self) -> bool:
        """Whether the patient was changed by hand since it began as that of a test, or as nobody."""
        setup, origin = self._made_up.setup, self._made_up.origin
        return origin == _OWN or (origin in ("", *self._setups) and setup != self._setups.get(origin, {}))

    def offer(self, setups: Mapping[str, Mapping[str, Any]]) -> None:
        """Offer other patients; the one that is shown stays."""
        self._setups = setups
        self._beginning.clear()
        with self._beginning:
            begin = {"": "a patient with nothing on record", **{name: name for name in setups}}
            begin.setdefault(self._made_up.origin, self._made_up.origin)
            label = "Begin with the patient of a test"
            self._begin = choice(label, begin, self._made_up.origin, self.begin_with)

    def begin_with(self, name: str) -> None:
        """Take the patient of a test; one that came from elsewhere and is chosen again stays."""
        if name == self._made_up.origin and name not in self._setups and name:
            return
        self._made_up = MadeUp(self._setups.get(name, {}), name)
        ui.run_javascript(f"getHtmlElement({self._begin.id}).value = {json.dumps(name)}")
        self._draw_form()
        self._turn("made-up")

    def take_made_up(self, patient: MadeUp) -> None:
        """Show a made-up patient that is not of a test, without looking at it."""
        self._made_up = patient
        self.offer(self._setups)
        self._draw_form()
        self._turn("made-up", tell=False)

    def take_record(self, content: bytes, name: str) -> None:
        """Take what was pasted or opened."""
        self._record = FromRecord(content, name, self._hook)
        self._turn("record")

    def show(self, look: Look) -> None:
        """Show what is known of the patient of a record."""
        self._chart.clear()
        if not isinstance(self.patient, FromRecord):
            self._draw_no_record()
            return
        with self._chart:
            with part("div", "row taken"):
                words(f"Read from {self.patient.name}.", "p", "hint")
                button("Forget it", self._forget, look="quiet", picture="close")
            if look.patients > 1:
                numbers = {
                    str(number): f"patient {number + 1} of {look.patients}" for number in range(look.patients)
                }
                choice("Patient", numbers, str(self.patient.number), self._renumber)
            for line in look.chart:
                with part("div", "chart-line"):
                    words(line.title, "h3")
                    for entry in line.entries[:_DRAWN]:
                        words(entry, "p")
                    if len(line.entries) > _DRAWN:
                        words(f"and {len(line.entries) - _DRAWN:,} more", "p", "none")
                    if line.gap:
                        words(line.gap, "p", "gap")
                    elif not line.entries:
                        words("none", "p", "none")

    def _draw_no_record(self) -> None:
        self._chart.clear()
        with self._chart:
            words("No record yet: cards and trace are of the patient that is made up.", "p", "none")

    def _forget(self) -> None:
        """Let the record go, and look at the patient that is made up."""
        self._record = None
        self._draw_no_record()
        self._turn("record", tell=False)
        self._chosen(self.patient)
        # The button that was pressed is gone by now, and with it the place that a bare ui.run_javascript would speak from.
        self._paste.client.run_javascript(f"getHtmlElement({self._paste.id}).focus()")

    def _turn(self, page: str, *, tell: bool = True) -> None:
        self._open = page
        for name, shown in self._pages.items():
            shown.set_visibility(name == page)
            self._switches[name].props["aria-pressed"] = "true" if name == page else "false"
            self._switches[name].update()
        self.patient = self._record if page == "record" and self._record is not None else self._made_up
        if tell and (page == "made-up" or self._record is not None):
            self._chosen(self.patient)

    def _renumber(self, number: str) -> None:
        assert self._record is not None
        self._record = FromRecord(self._record.content, self._record.name, self._record.hook, int(number))
        self._turn("record")

    def _ask(self, hook: str) -> None:
        self._hook = hook
        if self._record is not None:
            self._record = FromRecord(self._record.content, self._record.name, hook)
            self._turn("record")

    def _draw_reader(self) -> None:
        with self._reader:
            words(
                "A CDS Hooks request, a FHIR Bundle, a resource or NDJSON. It stays in the memory of this program "
                "while the page is open.",
                "p",
                "hint",
            )
            with part("label", "field"):
                words("Paste a record", "span", "label")
                self._paste = part(
                    "textarea", "input paste", rows="5", spellcheck="false", autocomplete="off"
                )
            with part("div", "row"):
                pasted = button("Use this text", lambda: None, picture="content_paste")
                pasted.on("click", js_handler=f"() => primum.sendText('{self._paste.html_id}')")
                with part("label", "button plain file"):
                    words("Open a file…", "span")
                    opened = part("input", "unseen", type="file", aria_label="Open a file with a record")
                    opened.on("change", js_handler="(e) => primum.sendFile(e.target)")
            choice("Ask", _HOOKS, "", self._ask)
            self._chart = part("div", "chart")
            self._draw_no_record()

    def _draw_form(self) -> None:
        self._fields.clear()
        with self._fields:
            setup = self._made_up.setup
            person = setup.get("patient", {})
            with part("div", "row"):
                field(
                    "Age",
                    value=person.get("age", ""),
                    hint="60 years",
                    change=lambda age: self._person("age", age),
                )
                choice("Sex", _SEXES, person.get("sex", ""), lambda sex: self._person("sex", sex))
            self._entries = part("ul", "entries", aria_label="On record", tabindex="-1")
            self._draw_entries()
            self._draw_adding()
            self._draw_asking(setup)

    def _draw_entries(self) -> None:
        """Draw what is on record; the rest of the form stays, and with it the place of whoever writes in it."""
        setup = self._made_up.setup
        self._entries.clear()
        with self._entries:
            for key, what in LISTS.items():
                for number, entry in enumerate(setup.get(key, ())):
                    self._entry(key, what, number, self._worded(entry))
            if "orders" not in setup and setup.get("therapy") != "current" and self._edit and self._edit.rule:
                with part("li", "entry implied"):
                    words("Order", "span", "kind")
                    words(
                        f"a plain one of {self._titled(self._edit.rule.medicine)}, where the rule asks for one",
                        "span",
                        "said",
                    )
            others = {
                key: value
                for key, value in setup.items()
                if key not in (*LISTS, "patient", "hook", "missing")
            }
            for key, value in others.items():
                with part("li", "entry"):
                    words(key.capitalize(), "span", "kind")
                    words(self._worded(value), "span", "said")

    def _entry(self, key: str, what: str, number: int, said: str) -> None:
        with part("li", "entry"):
            words(what, "span", "kind")
            words(said, "span", "said")
            remove = button(
                "", lambda: self._remove(key, number), look="quiet", picture="close", label=f"Remove {said}"
            )
            remove.classes("remove")

    def _draw_adding(self) -> None:
        self._new = {"kind": "conditions", "what": "", "value": "", "on": self._day}
        with part("fieldset", "adding"):
            words("Add to the record", "legend")
            with part("div", "row"):
                choice("Kind", dict(LISTS), "conditions", self._rekind)
                # Not a field for dates: a browser shows 03/01/2026, which is two days, and knows no month or year alone.
                field("On", value=self._day, hint="2026-03-01", change=lambda on: self._new.update(on=on))
            self._what = finder(
                "What", self._concepts(), None, lambda what: self._new.update(what=what or "")
            )
            with part("div", "row"):
                self._value = field(
                    "Value and unit", hint="42 mL/min/1.73m2", change=lambda v: self._new.update(value=v)
                )
                button("Add", self._add, picture="add")
            self._rekind("conditions")

    def _draw_asking(self, setup: Mapping[str, Any]) -> None:
        with part("details", "more"):
            words("When it is asked, and what did not arrive", "summary")
            hooks = {
                hook.value: hook.value
                for hook in (self._edit.rule.hooks if self._edit and self._edit.rule else ())
            }
            choice(
                "Asked at",
                {"": "signing, where the rule has it", **hooks},
                setup.get("hook", ""),
                self._rehook,
            )
            with part("fieldset", "lists"):
                words("Did not arrive", "legend")
                for name in ListName:
                    with part("label", "check"):
                        box = part("input", type="checkbox")
                        if name.value in setup.get("missing", ()):
                            box.props["checked"] = "checked"
                        box.on(
                            "change",
                            lambda event, name=name: self._miss(name, bool(event.args)),
                            js_handler="(e) => emit(e.target.checked)",
                        )
                        words(name.value)

    def _concepts(self) -> dict[str, str]:
        """Every concept by its title, and every medicine where one is listed; those that the rule names first."""
        if self._edit is None:
            return {}
        library = self._edit.loaded.concepts
        titles = {concept.id: f"{concept.title} ({concept.id})" for concept in library.concepts.values()}
        if self._new["kind"] in ("orders", "medications"):
            titles |= {
                medicine.id: f"{medicine.title} ({medicine.id})" for medicine in library.medicines.values()
            }
        named = [entry.name for entry in references(self._edit.rule)] if self._edit.rule else []
        first = {name: titles[name] for name in named if name in titles}
        return first | dict(sorted(titles.items(), key=lambda pair: pair[1].lower()))

    def _titled(self, name: str) -> str:
        library = self._edit.loaded.concepts if self._edit is not None else None
        found = library and (library.concepts.get(name) or library.medicines.get(name))
        return found.title if found else name

    def _worded(self, entry: Any) -> str:
        """An entry of a test in words, with the titles of its concepts."""
        if isinstance(entry, dict):
            return ", ".join(
                self._worded(value) if key in ("is", "text") else f"{key} {self._worded(value)}"
                for key, value in entry.items()
            )
        if isinstance(entry, list):
            return ", ".join(map(self._worded, entry))
        first, _, rest = str(entry).partition(" ")
        return f"{self._titled(first)} {rest}".strip() if isinstance(entry, str) else str(entry).lower()

    def _rekind(self, kind: str) -> None:
        self._new["kind"] = kind
        self._what.set_options(self._concepts())
        self._value.props["disabled"] = kind not in MEASURED
        self._value.update()

    def _person(self, key: str, value: str) -> None:
        person = {name: own for name, own in self._made_up.setup.get("patient", {}).items() if name != key}
        if key == "age":
            person.pop("born", None)
            value = f"{value} years" if value.strip().isdigit() else value.strip()
        said = {**person, **({key: value} if value else {})}
        person = {name: said[name] for name in ("age", "born", "sex", "died") if name in said}
        self._change("patient", person, draw=False)

    def _add(self) -> None:
        new = self._new
        if not new["what"]:
            ui.notify("Choose what to add.", type="warning")
            return
        measured = [new["value"].strip()] if new["kind"] in MEASURED and new["value"].strip() else []
        dated = (
            [f"on {new['on'].strip()}"]
            if new["on"].strip() and new["kind"] not in ("orders", "medications", "devices")
            else []
        )
        line = " ".join([new["what"], *measured, *dated])
        self._change(new["kind"], [*self._made_up.setup.get(new["kind"], ()), line])

    def _remove(self, key: str, number: int) -> None:
        entries = [entry for place, entry in enumerate(self._made_up.setup[key]) if place != number]
        self._change(key, entries)
        ui.run_javascript(f"getHtmlElement({self._entries.id}).focus()")

    def _miss(self, name: ListName, missing: bool) -> None:
        others = [each for each in self._made_up.setup.get("missing", ()) if each != name.value]
        self._change("missing", [*others, *([name.value] if missing else ())], draw=False)

    def _rehook(self, hook: str) -> None:
        self._change("hook", hook, draw=False)

    def _change(self, key: str, value: Any, *, draw: bool = True) -> None:
        self._made_up = self._made_up.changed(key, value)
        if draw:
            self._draw_entries()
        self._turn("made-up")
