"""The page: its regions joined, for one author in one tab of the browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, datetime
from typing import Any

from nicegui import app, background_tasks, ui
from nicegui.events import GenericEventArguments

from engine.authoring.boundaries import BoundarySeen
from engine.authoring.condition_coverage import ConditionSeen, seen_by
from engine.authoring.documents import case_file
from engine.errors import CdsError
from fhir_adapters.workbench.boundary_pane import BoundaryPane
from fhir_adapters.workbench.card_pane import CardPane
from fhir_adapters.workbench.desk import Addition, Desk
from fhir_adapters.workbench.dialogs import SaveDialog, TestDialog
from fhir_adapters.workbench.elements import button, finder, part, status, words
from fhir_adapters.workbench.inbox import Inbox
from fhir_adapters.workbench.looks import Scope, look, retell
from fhir_adapters.workbench.patient_pane import PatientPane
from fhir_adapters.workbench.patients import MadeUp, Patient, setups_of
from fhir_adapters.workbench.progress import one_by_one
from fhir_adapters.workbench.rule_pane import RulePane
from fhir_adapters.workbench.shelf import NotWritten
from fhir_adapters.workbench.test_pane import SentencePane, TestPane
from fhir_adapters.workbench.trace_pane import TracePane
from fhir_adapters.workbench.view import Asked, View

PAUSE = 0.35
"""Seconds without a key after which the text is read."""

_TOO_LONG = "That is too long for a rule. If it is a patient: use “From a record”."


class Page:
    """One tab: what lies on its desk, and the regions that show it. Work is done in threads, one piece after another."""

    def __init__(self, desk: Desk, inbox: Inbox, clock: Callable[[], datetime]) -> None:
        """Draw the page for a desk."""
        self._desk, self._inbox, self._clock = desk, inbox, clock
        self._kept: dict[str, list[str]] = {}
        self._keys = 0
        self._text = desk.edit.document.text
        self._scope: Scope = "rule"
        self._working = asyncio.Lock()
        self._dark = ui.dark_mode()
        self._draw_head()
        with part("div", "bench"):
            self._rule = RulePane(desk.edit.document.text, typed=self._typed)
            self._patient = PatientPane(self._patient_chosen)
            self._cards = CardPane(self._rescope)
            with part("div", "under"):
                self._trace = TracePane(self._rule.go)
                self._sentence = SentencePane()
            with part("div", "side"):
                self._tests = TestPane(run=self._run_tests, pick=self._pick, add=self._ask_test)
                self._limits = BoundaryPane(
                    find=self._find_limits, take=self._take_case, confirm=self._confirm, go=self._rule.go
                )
        self._view = View(self._rule, self._patient, self._cards, self._trace)
        self._save_dialog = SaveDialog(self._save)
        self._test_dialog = TestDialog(self._propose, self._add_test)
        ui.on("record", self._record)
        ui.on("next-problem", self._rule.next_problem)
        ui.on("save", self._ask_save)
        ui.on("run-tests", self._run_tests)
        ui.on("too-long", lambda: ui.notify(_TOO_LONG, type="warning"))
        ui.on_exception(self._failed)

    async def begin(self) -> None:
        """Fill the regions, once the browser is there."""
        await self._rule.ready()
        self._darken(bool(await ui.run_javascript("primum.prefersDark()", timeout=30)))
        # Also a page that is loaded again has what was typed in its tab: in memory, until the program stops.
        self._kept = app.storage.tab.setdefault("typed", self._kept)
        if self._desk.file in self._kept:
            await asyncio.to_thread(self._desk.resume, *self._kept[self._desk.file])
            self._fill()
        await self._opened()

    def _failed(self, error: Exception) -> None:
        """Say that something went wrong; what it was stands, without values, in the journal."""
        said = f"Something went wrong here ({type(error).__name__}), and what is shown may be of before. "
        after = "What you typed is kept: load the page again, and report what the terminal says."
        ui.notify(said + after, type="negative", timeout=0, close_button="Close")

    def _fill(self) -> None:
        self._text = self._desk.edit.document.text
        self._rule.fill(self._text)

    def _draw_head(self) -> None:
        with ui.header().classes("head"):
            part("a", "skip", href="#cards")._text = "Skip to the cards"
            with part("div", "brand"):
                words("Primum", "h1")
                words("Workbench", "span")
            options = {
                file: f"{file.rsplit('/', 1)[1].removesuffix('.yaml')} · {self._title(file)}"
                for files in self._desk.files.values()
                for file in files
            }
            self._finder = finder("Rule", options, self._desk.file, self._picked)
            self._state = status("Saved")
            self._save_button = button("Save…", self._ask_save, picture="save")
            self._dark_button = button(
                "",
                lambda: self._darken(not self._dark.value, keep=True),
                look="quiet",
                picture="contrast",
                label="Dark",
            )

    def _title(self, file: str) -> str:
        document = self._desk.loaded.documents.get(file)
        data = document.data if document is not None else None
        title = data.get("title") if isinstance(data, dict) else None
        return str(title or "cannot be read")

    # The rule ---------------------------------------------------------------------------------------------------------

    async def _picked(self, file: str | None) -> None:
        if not file or file == self._desk.file:
            return
        await self._settle()
        async with self._working:
            try:
                await asyncio.to_thread(self._desk.open, file)
            except NotWritten as error:
                self._finder.value = self._desk.file
                ui.notify(f"{error}.", type="negative")
                return
            if file in self._kept:
                await asyncio.to_thread(self._desk.resume, *self._kept[file])
        self._fill()
        await self._opened()

    async def _opened(self) -> None:
        """Show the rule that has been laid open, with the first patient of its tests; nothing stays of the rule before."""
        self._view.clear("Reading the rule …")
        self._sentence.show("", "")
        self._tests.show_cases((), ())
        async with self._working:
            setups, day = await asyncio.to_thread(self._patients_of_tests)
        self._patient.prepare(self._desk.edit, setups, day)
        await self._read()

    def _patients_of_tests(self) -> tuple[dict[str, Mapping[str, Any]], str]:
        tests = self._desk.tests()
        setups = setups_of(tests) if tests is not None else {}
        return setups, self._desk.today(self._today()).isoformat()

    async def _typed(self, text: str) -> None:
        self._keys += 1
        mine, self._text = self._keys, text
        await asyncio.sleep(PAUSE)
        if mine == self._keys:
            await self._settle()

    async def _settle(self) -> None:
        """Read what has been typed, if it has not been read yet."""
        text = self._text
        async with self._working:
            if text == self._desk.edit.document.text:
                return
            await asyncio.to_thread(self._desk.type, text)
        if text == self._text:
            await self._read()

    async def _read(self) -> None:
        """Show what is wrong with the text, and what it means for the patient."""
        edit = self._desk.edit
        self._keep()
        self._rule.show_problems(edit)
        self._limits.outdate(edit)
        if not edit.usable:
            await self._show_look()
            return
        async with self._working:
            sentence, tests = await asyncio.to_thread(lambda: (self._desk.sentence(), self._desk.tests()))
        assert edit.rule is not None
        rule = edit.rule
        review = f"{rule.review.state} by {rule.review.by}" if rule.review.by else rule.review.state
        self._sentence.show(sentence, f"{rule.id} {rule.version} · {rule.status} · {review}")
        if tests is None:
            self._tests.show_cases((), ())
        else:
            self._tests.show_cases(tests.cases, tests.problems)
        await self._show_look()

    def _keep(self) -> None:
        """Keep what is typed and not saved, also while other rules lie open."""
        file = self._desk.file
        self._kept.pop(file, None)
        if self._desk.changed:
            self._kept[file] = [self._desk.base, self._desk.edit.document.text]
        count = len(self._kept)
        self._save_button.classes(remove="plain primary", add="primary" if file in self._kept else "plain")
        here = "Not saved" if file in self._kept else "Saved"
        others = count - (file in self._kept)
        self._state.text = here + (
            f", {others} other {'rule' if others == 1 else 'rules'} not saved" if others else ""
        )
        ui.run_javascript(f"window.onbeforeunload = {'() => true' if count else 'null'}")

    # The patient ------------------------------------------------------------------------------------------------------

    def _patient_chosen(self, _: Patient) -> None:
        background_tasks.create(self._show_look(), name="look")

    async def _rescope(self, scope: Scope) -> None:
        self._scope = scope
        await self._show_look()

    async def _show_look(self) -> None:
        """Look at the patient, and show what came of it: never what came of another patient, or of another rule."""
        edit, asked = self._desk.edit, self._asked
        if not edit.usable:
            before = "The rule has problems: these cards are of the text before."
            self._view.keep(asked, before, "The rule has problems. Mend them, and this patient is looked at.")
            return
        slow = background_tasks.create(self._say_that_it_takes_time(), name="slow")
        try:
            async with self._working:
                today, now = await asyncio.to_thread(self._desk.today, self._today()), self._clock()
                found = await asyncio.to_thread(look, edit, *asked, now=now, today=today)
        except Exception:
            self._view.clear("This patient could not be looked at.")
            raise
        finally:
            slow.cancel()
        if edit is self._desk.edit and asked == self._asked:
            self._view.show(found, asked)

    @property
    def _asked(self) -> Asked:
        return self._patient.patient, self._scope

    async def _say_that_it_takes_time(self) -> None:
        await asyncio.sleep(1)
        self._view.keep(self._asked, "Looking at the patient …", "This patient is being read.", busy=True)

    async def _record(self, event: GenericEventArguments) -> None:
        told = event.args
        content = self._inbox.take(str(told["key"]))
        if content is None:
            ui.notify("The record is too large, or could not be taken.", type="negative")
            return
        self._patient.take_record(content, str(told["name"]))

    # The tests --------------------------------------------------------------------------------------------------------

    async def _pick(self, name: str) -> None:
        self._patient.begin_with(name)

    async def _run_tests(self) -> None:
        await self._settle()
        async with self._working:
            await asyncio.to_thread(self._desk.read_tests)
            tests = await asyncio.to_thread(self._desk.tests)
            if tests is None or not tests.cases:
                broken = "The rule has problems: mend them first."
                self._tests.say(broken if self._desk.edit.rule is None else "There is no test to run.")
                return
            results = await one_by_one("Running test", tests.cases, tests.run, self._tests.say)
            self._tests.say("Looking which conditions the tests saw …")
            seen: list[ConditionSeen] = await asyncio.to_thread(lambda: list(seen_by(tests)))
            await asyncio.to_thread(tests.close)
        self._tests.show_results(results, seen, self._desk.loaded.concepts)

    async def _ask_test(self, name: str = "") -> None:
        await self._settle()
        if not self._view.look.expectation or not self._desk.edit.usable:
            ui.notify(
                "A test needs a patient that was looked at, and a rule without problems.", type="warning"
            )
            return
        if not isinstance(self._patient.patient, MadeUp):
            async with self._working:
                today = await asyncio.to_thread(self._desk.today, self._today())
                now, told = self._clock(), self._view.look
                patient, same = await asyncio.to_thread(retell, self._desk.edit, told, now=now, today=today)
            self._patient.take_made_up(patient)
            await self._show_look()
            if not same:
                words_of_tests = "Some of this record cannot be said in a test: the rule ends otherwise now."
                ui.notify(words_of_tests, type="warning", timeout=0, close_button="Close")
                return
        await self._test_dialog.ask(case_file(self._desk.file), name)

    async def _find_limits(self) -> None:
        await self._settle()
        edit = self._desk.edit
        if not edit.usable:
            self._limits.say("The rule has problems: mend them first.")
            return
        self._limits.say("Looking for the limits …")
        async with self._working:
            try:
                with closing(await asyncio.to_thread(self._desk.boundaries, self._today())) as made:
                    cases = await asyncio.to_thread(lambda: list(made.cases()))
                    seen = await one_by_one("Looking at case", cases, made.look, self._limits.say)
            except CdsError as error:
                self._limits.say(f"The rule cannot be run: {error}.")
                return
        self._limits.show(seen, edit)

    async def _take_case(self, seen: BoundarySeen) -> None:
        self._patient.take_made_up(MadeUp(self._desk.whole(seen.case.setup), seen.case.said))
        await self._show_look()

    async def _confirm(self, seen: BoundarySeen) -> None:
        await self._take_case(seen)
        await self._ask_test(seen.name)

    async def _propose(self, name: str) -> Addition | None:
        patient = self._patient.patient
        if not isinstance(patient, MadeUp):
            return None
        async with self._working:
            return await asyncio.to_thread(
                self._desk.addition, name, patient.setup, self._view.look.expectation, self._today()
            )

    async def _add_test(self, addition: Addition) -> None:
        async with self._working:
            try:
                await asyncio.to_thread(self._desk.add_test, addition)
            except NotWritten as error:
                ui.notify(f"{error}. Look at it as it would be now.", type="negative")
                background_tasks.create(self._test_dialog.renew(), name="renew")
                return
            setups, _ = await asyncio.to_thread(self._patients_of_tests)
        self._test_dialog.close()
        self._patient.offer(setups)
        patient = self._patient.patient
        if isinstance(patient, MadeUp):
            self._limits.mark(lambda setup: self._desk.whole(setup) == patient.setup)
        ui.notify("The test is in the file.", type="positive")
        await self._read()

    # The file ---------------------------------------------------------------------------------------------------------

    async def _ask_save(self) -> None:
        await self._settle()
        self._state.text = "Looking what saving means …"
        async with self._working:
            try:
                elsewhere = await asyncio.to_thread(self._desk.renew)
            except NotWritten as error:
                self._keep()
                ui.notify(f"{error}.", type="negative")
                return
            if not self._desk.changed:
                self._keep()
                ui.notify("Nothing has changed.")
                return
            consequences = await asyncio.to_thread(self._desk.consequences)
            difference = await asyncio.to_thread(self._desk.difference)
        self._keep()
        self._save_dialog.ask(
            self._desk.file,
            difference,
            consequences,
            broken=not self._desk.edit.usable,
            elsewhere=elsewhere,
        )

    async def _save(self) -> None:
        async with self._working:
            try:
                await asyncio.to_thread(self._desk.save)
            except NotWritten as error:
                self._save_dialog.close()
                ui.notify(f"{error}. Save again to see what would change in it.", type="negative")
                return
        self._save_dialog.close()
        ui.notify("Saved.", type="positive")
        await self._read()

    def _darken(self, dark: bool, *, keep: bool = False) -> None:
        self._dark.value = dark
        self._rule.darken(dark)
        self._dark_button.props["aria-pressed"] = "true" if dark else "false"
        self._dark_button.update()
        if keep:
            ui.run_javascript(f"primum.keepDark({str(dark).lower()})")

    def _today(self) -> date:
        return self._clock().date()
