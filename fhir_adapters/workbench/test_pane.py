"""The tests of the rule: run with one click, each with how it ended; and which conditions they have seen in which truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from engine.authoring.cases import Case
from engine.authoring.condition_coverage import ConditionSeen
from engine.authoring.explanation import WORDS
from engine.authoring.problems import Problem
from engine.authoring.testing import CaseResult
from engine.concepts import ConceptLibrary
from engine.describe import describe_condition
from engine.finding import Truth
from fhir_adapters.workbench.elements import button, icon, pane, part, status, words


class SentencePane:
    """The region of the sentence that reviewers sign off."""

    def __init__(self) -> None:
        """Draw it without a sentence."""
        with pane("sentence", "The rule as a sentence", "sentence"):
            self._sentence = words("", "p", "spoken")
            self._about = words("", "p", "hint")

    def show(self, sentence: str, about: str) -> None:
        """Draw a sentence, and who answers for it."""
        self._sentence.text, self._about.text = sentence, about


class TestPane:
    """The region of the tests; ``run`` runs them, ``pick`` takes the patient of one, ``add`` makes one of the patient."""

    __test__ = False  # not a test of pytest

    def __init__(self, *, run: Callable[[], Any], pick: Callable[[str], Any], add: Callable[[], Any]) -> None:
        """Draw it without tests."""
        self._pick = pick
        with pane("tests", "Tests", "tests") as head:
            with head, part("div", "row"):
                self.add_button = button("Save this as a test…", add, picture="playlist_add")
                self.run_button = button("Run tests", run, look="primary", picture="play_arrow")
            self._status = status()
            self._list = part("ul", "cases", aria_label="Tests of the rule")
            with part("details", "seen") as self._seen:
                self._seen_title = words("Conditions seen by the tests", "summary")
                self._seen_body = part("div")

    def say(self, text: str) -> None:
        """Say how far the tests are."""
        self._status.text = text

    def show_cases(self, cases: Iterable[Case], problems: tuple[Problem, ...]) -> None:
        """List the tests, not run yet; or what keeps them from running."""
        listed = list(cases)
        self._list.clear()
        with self._list:
            for problem in problems:
                words(
                    f"{problem.file}, line {problem.line}: {problem.message}. {problem.help}", "li", "failed"
                )
            for case in listed:
                with part("li", "case"):
                    self._name(case.name, "radio_button_unchecked", "not run")
        said = f"{len(listed)} {'test' if len(listed) == 1 else 'tests'}, not run since the last change."
        self._status.classes(replace="status")
        self._status.text = "The test file has problems, so no test runs." if problems else said
        self._seen_title.text = "Conditions seen by the tests (run the tests)"
        self._seen_body.clear()

    def show_results(
        self, results: list[CaseResult], seen: list[ConditionSeen], concepts: ConceptLibrary
    ) -> None:
        """Draw how each test ended, and the coverage of the conditions."""
        failed = [result for result in results if not result.passed]
        self._status.text = f"{len(results) - len(failed)} passed, {len(failed)} failed."
        self._status.classes(replace=f"status {'bad' if failed or not results else 'good'}")
        self._list.clear()
        with self._list:
            for result in (*failed, *(result for result in results if result.passed)):
                with part("li", f"case {'passed' if result.passed else 'failed'}"):
                    self._name(
                        result.name, *(("check_circle", "passed") if result.passed else ("cancel", "failed"))
                    )
                    for failure in result.failures:
                        words(failure, "pre", "failure")
        self._show_seen(seen, concepts)

    def _name(self, name: str, picture: str, said: str) -> None:
        icon(picture)
        words(said, "span", "unseen")
        with part("button", "case-name", type="button", title="Take this patient") as element:
            words(name)
        element.on("click", lambda: self._pick(name))

    def _show_seen(self, seen: list[ConditionSeen], concepts: ConceptLibrary) -> None:
        covered = sum(not entry.lacking for entry in seen)
        self._seen_title.text = (
            f"Conditions seen by the tests: {covered} of {len(seen)} in every way that decides"
        )
        self._seen_body.clear()
        with self._seen_body, part("table", "lines"):
            words("Conditions of the rule and how the tests saw them", "caption", "unseen")
            with part("thead"), part("tr"):
                for heading in ("Condition", *(WORDS[truth] for truth in Truth)):
                    words(heading, "th", "" if heading == "Condition" else "truth").props["scope"] = "col"
            with part("tbody"):
                for entry in seen:
                    with part("tr"):
                        words(describe_condition(entry.condition, concepts), "td", "says")
                        for truth in Truth:
                            with part("td", "truth"):
                                _mark(entry, truth)


def _mark(entry: ConditionSeen, truth: Truth) -> None:
    if truth not in entry.wanted:
        words("not needed", "span", "none")
    elif truth in entry.seen:
        finding_seen = part("span", "finding met")
        with finding_seen:
            icon("check")
            words("seen")
    else:
        with part("span", "finding unknown"):
            icon("priority_high")
            words("never")
