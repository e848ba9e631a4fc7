"""The desk of one author: a rules folder in memory, the rule that lies open, and what its tests say.

What is typed changes only what is in memory. Files change by :meth:`Desk.save` and :meth:`Desk.add_test`, and not in other ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import unified_diff
from itertools import chain
from pathlib import Path
from typing import Any

from engine.authoring.boundaries import Boundaries
from engine.authoring.case_text import case_text, new_file, with_case
from engine.authoring.condition_coverage import ConditionSeen, seen_by
from engine.authoring.documents import Document, case_file, schema_line
from engine.authoring.edits import Edited, edited, files_of_rules, with_text
from engine.authoring.folder import Loaded
from engine.authoring.loading import parse_document, read_document
from engine.authoring.problems import Problem
from engine.authoring.testing import CaseResult, RuleTests, rule_tests
from engine.describe import describe
from fhir_adapters.workbench.patients import own_keys
from fhir_adapters.workbench.shelf import NotWritten, Shelf
from fhir_adapters.written_requests import ThroughFhir


@dataclass(frozen=True, slots=True)
class Addition:
    """A test that could be added: its lines, the whole file with it, how it ends, and what keeps it from being one.

    ``before`` is the file without it; None where there is no file yet.
    """

    lines: str
    text: str
    before: str | None
    result: CaseResult | None
    problems: tuple[Problem, ...]


class Desk:
    """One author's work on one rule of a folder; not to be used from two threads at once."""

    def __init__(self, shelf: Shelf, file: str) -> None:
        """Lay a rule file open; the first where it is gone."""
        self._shelf = shelf
        self.loaded: Loaded = shelf.rules()
        self.open(file if file in self.loaded.paths else next(chain.from_iterable(self.files.values())))

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """The rule files of each pack."""
        return files_of_rules(self.loaded)

    @property
    def saved_text(self) -> str:
        """The text of the open rule as it was read from its file."""
        document = self.loaded.documents.get(self.file)
        return document.text if document is not None else self._on_disk(self.file)

    @property
    def changed(self) -> bool:
        """Whether the open rule differs from its file."""
        return self.edit.document.text != self.saved_text

    @property
    def path(self) -> Path:
        """Where the open rule is stored."""
        return self.loaded.paths[self.file]

    def open(self, file: str) -> None:
        """Lay another rule open, as it is on disk; what was typed and not saved is gone.

        Raises:
            NotWritten: there is no such file any more.
        """
        self._take(file)
        self.edit: Edited = edited(self.loaded, file, self.saved_text)
        self.base = self._shown = self.saved_text
        self.read_tests()

    def resume(self, base: str, text: str) -> Edited:
        """Go on with a text that was typed before, when the file had ``base`` for its text."""
        self.base = self._shown = base
        return self.type(text)

    def renew(self) -> bool:
        """Put the folder as it is on disk now under what is typed; whether the open file was changed elsewhere meanwhile.

        That stays so until the author writes over it, or has typed what is in the file.

        Raises:
            NotWritten: there is no such file any more.
        """
        before = self.loaded
        self._take(self.file)
        if self.loaded is not before:
            self.edit = edited(self.loaded, self.file, self.edit.document.text)
        self._shown = self.saved_text
        if not self.changed:
            self.base = self._shown
        return self.base != self._shown

    def _take(self, file: str) -> None:
        loaded = self._shelf.rules()
        if file not in loaded.paths:
            raise NotWritten(f"{file} is no longer there")
        self.loaded, self.file = loaded, file

    def read_tests(self) -> None:
        """Read the test file beside the open rule again; without one, a file without tests."""
        name, path = case_file(self.file), self._test_path
        self.test_document, self.test_problems = (
            read_document(path, name) if path.exists() else (Document(name, ""), [])
        )

    def type(self, text: str) -> Edited:
        """The open rule with another text, in memory."""
        self.edit = edited(self.loaded, self.file, text)
        return self.edit

    def sentence(self) -> str:
        """The open rule as an English sentence; empty while it is none."""
        rule = self.edit.rule
        return (
            describe(rule, self.edit.loaded.concepts, self.edit.loaded.rules.findings)
            if rule is not None
            else ""
        )

    def tests(self) -> RuleTests | None:
        """The tests of the open rule as it is typed; None while it is no rule or has no test file."""
        if self.edit.rule is None or (self.test_document.data is None and not self.test_problems):
            return None
        return rule_tests(self.edit.loaded, self.edit.rule.id, self.test_document, self.test_problems)

    def run_tests(self) -> list[CaseResult]:
        """Run the tests of the open rule as it is typed."""
        tests = self.tests()
        if tests is None:
            return []
        try:
            return [tests.run(case) for case in tests.cases]
        finally:
            tests.close()

    def coverage(self) -> list[ConditionSeen]:
        """Every condition of the open rule with the truths that its tests saw in it while it decided."""
        tests = self.tests()
        if tests is None:
            return []
        try:
            return list(seen_by(tests))
        finally:
            tests.close()

    def boundaries(self, today: date) -> Boundaries:
        """The cases at the limits of the open rule as it is typed; to be closed.

        Raises:
            CdsError: the rule cannot be run.
        """
        assert self.edit.rule is not None
        return Boundaries(self.edit.loaded, self.edit.rule.id, today=today, way=ThroughFhir())

    def whole(self, setup: Mapping[str, Any]) -> dict[str, Any]:
        """A setup with what all tests of the open rule share."""
        data = self.test_document.data
        shared = data.get("shared") if isinstance(data, dict) else None
        return {**(shared if isinstance(shared, dict) else {}), **setup}

    def today(self, otherwise: date) -> date:
        """The day of the tests of the open rule; ``otherwise`` where there are none."""
        tests = self.tests()
        return tests.file.today if tests is not None and tests.file is not None else otherwise

    def difference(self) -> list[str]:
        """What saving would change in the file, line by line, as ``diff -u`` prints it, without a head."""
        lines = unified_diff(
            self.saved_text.split("\n"), self.edit.document.text.split("\n"), lineterm="", n=2
        )
        return list(lines)[2:]

    def consequences(self) -> tuple[Problem, ...]:
        """What saving would make wrong beside what the open rule shows already: in other files, or before its release."""
        then = with_text(self.loaded, self.file, self.edit.document.text)
        known = {*self.loaded.problems, *self.edit.problems}
        return tuple(problem for problem in then.problems if problem not in known)

    def save(self) -> None:
        """Write the open rule to its file.

        Raises:
            NotWritten: the file is not the one that :meth:`renew` or :meth:`open` found, or cannot be written.
        """
        text = self.edit.document.text
        self._shelf.put(self.file, self.path, text, self._shown)
        self.loaded = with_text(self.loaded, self.file, text)
        self.base = self._shown = text
        self._shelf.took(self.path, self.loaded)
        self.edit = edited(self.loaded, self.file, text)

    def addition(
        self, name: str, setup: Mapping[str, Any], expect: Mapping[str, Any], today: date
    ) -> Addition:
        """A test of this name, patient and expectation, as it would stand in the test file, and how it would end."""
        assert self.edit.rule is not None
        self.read_tests()
        document, file, now = self.test_document, case_file(self.file), self.tests()
        before = document.text if self._test_path.exists() else None
        if now is not None and now.problems:
            return Addition("", "", before, None, now.problems)
        if document.data is None:
            document, _ = parse_document(schema_line(file, "test") + new_file(today), file)
        lines = case_text(name, own_keys(setup, document), expect)
        text = with_case(document, lines)
        tests = rule_tests(self.edit.loaded, self.edit.rule.id, *parse_document(text, file))
        result = tests.run(tests.cases[-1]) if tests.cases else None
        tests.close()
        return Addition(lines, text, before, result, tests.problems)

    def add_test(self, addition: Addition) -> None:
        """Write the test file with one more test.

        Raises:
            NotWritten: the file was changed by someone else since the addition was made, or cannot be written.
        """
        self._shelf.put(case_file(self.file), self._test_path, addition.text, addition.before)
        self._shelf.took(self._test_path, self.loaded)
        self.read_tests()

    @property
    def _test_path(self) -> Path:
        return self.path.with_name(Path(case_file(self.file)).name)

    def _on_disk(self, name: str) -> str:
        document, _ = read_document(self.loaded.paths[name], name)
        return document.text
