"""Checks of the tests beside the rules: that each truth, each limit and the words of the card are seen once."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from datetime import date

from engine.authoring.cases import Case, CaseFile, MeasurementEntry, PatientEntry, read_amount
from engine.authoring.checks.check import Check, Fault, Scope
from engine.authoring.documents import Document, case_file, is_case_file
from engine.authoring.problems import Problem
from engine.authoring.references import models_in
from engine.authoring.validation import spoken_unit
from engine.dates import DateInterval, age_relation
from engine.errors import UnitError
from engine.finding import Truth
from engine.language import AgeLeaf, BatchLeaf, LabLeaf, Leaf, ParameterLeaf, VitalLeaf
from engine.quantity import Quantity, compare
from engine.rule import Rule
from engine.trace import Path


class TestsMissing(Check):
    """An active rule has no test file beside it, or a test file has no rule."""

    __test__ = False  # pytest would take it for a test
    code = "tests-missing"
    family = "tests"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every rule without tests, and all tests without a rule."""
        loaded = scope.loaded
        for rule in loaded.rules.rules:
            beside = case_file(loaded.files[rule.id])
            if rule.status == "active" and beside not in loaded.paths:
                yield self.problem(
                    loaded.document(rule.id),
                    ("id",),
                    "the rule has no tests",
                    f"write {beside}",
                    subject=rule.id,
                )
        rules = {case_file(name) for name in loaded.paths}
        for name in loaded.paths:
            if is_case_file(name) and name not in rules:
                yield self.problem(
                    Document(name, ""), (), "there is no rule beside these tests", "name both alike"
                )


class _TestCheck(Check):
    """A check that looks at the tests of one active rule at a time."""

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every place where it is found, rule by rule."""
        for rule in scope.loaded.rules.active():
            tests = scope.tests.get(rule.id)
            if tests is not None and tests.file is not None:
                for path, message, help, _, _ in self.faults(rule, tests.file, scope):
                    yield self.problem(tests.document, path, message, help, subject=rule.id)

    @abstractmethod
    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """What is wrong in the tests of one rule."""


class MetUntested(_TestCheck):
    """No test sees the rule met, so that nobody knows whether its card ever comes."""

    code = "met-untested"
    family = "tests"
    severity = "error"

    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """Tests without a patient who gets the card."""
        if not any(case.expect.outcome is Truth.MET or _shown(case) for case in file.tests):
            yield Fault(
                ("tests",), "in no test the rule is met", "add a patient who gets the card, and  expect: met"
            )


class SilenceUntested(_TestCheck):
    """No test sees the rule not met, so that nobody knows whether it can be silent."""

    code = "silence-untested"
    family = "tests"
    severity = "error"

    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """Tests without a patient who gets no card."""
        silent = any(
            case.expect.outcome is Truth.NOT_MET or case.expect.card == "none" for case in file.tests
        )
        if (rule.when is not None or rule.unless is not None) and not silent:
            yield Fault(
                ("tests",),
                "in no test the rule is silent",
                "add a patient who gets no card, and  expect: not_met",
            )


class MissingDataUntested(_TestCheck):
    """No test sees the rule unknown, so that nobody knows what happens when the record leaves it open."""

    code = "missing-data-untested"
    family = "tests"

    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """Tests without a patient whose record leaves the rule open."""
        seen = any(case.expect.outcome is Truth.UNKNOWN or case.expect.missing for case in file.tests)
        waiting = any(isinstance(m, Leaf) and not isinstance(m, _NEVER_OPEN) for _, m in models_in(rule))
        if waiting and rule.if_unknown != "silent" and not seen:
            mend = "add a record in which something is missing, and  expect: unknown"
            yield Fault(("tests",), "in no test the rule is left open", mend)


class WordsUntested(_TestCheck):
    """No test expects the line of the card as the prescriber will read it."""

    code = "words-untested"
    family = "tests"

    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """Tests that never look at the summary."""
        if not any(case.expect.summary is not None for case in file.tests):
            yield Fault(
                ("tests",), "no test looks at the card's line", "add  summary: …  to what a test expects"
            )


class LimitUntested(_TestCheck):
    """A value is compared with a limit at which no test stands, so that *below* and *at or below* are the same to the tests."""

    code = "limit-untested"
    family = "tests"

    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """Limits that no test reaches exactly."""
        cases = [file.setup_of(case) for case in file.tests]
        for path, leaf in models_in(rule):
            if isinstance(leaf, AgeLeaf) and leaf.age.comparison is not None:
                ages = [case.patient for case in cases]
                for limit in leaf.age.comparison[1]:
                    if not any(_is_aged(patient, limit, file.today) for patient in ages):
                        yield _untested(path, limit)
            elif isinstance(leaf, LabLeaf | VitalLeaf) and leaf.comparison is not None:
                name = leaf.lab if isinstance(leaf, LabLeaf) else leaf.vital
                if (
                    isinstance(scope.reasoning.constant(leaf), bool)
                    or name not in scope.loaded.concepts.concepts
                ):
                    continue  # other checks say it
                members = scope.loaded.concepts.members(name)
                entries = [
                    entry for case in cases for entry in (*case.labs, *case.vitals, *case.observations)
                ]
                for limit in leaf.comparison[1]:
                    if not any(entry.is_ in members and _stands_at(limit, entry) for entry in entries):
                        yield _untested(path, limit)


class TestRepeated(_TestCheck):
    """Two tests of a rule are alike but for their names."""

    __test__ = False  # pytest would take it for a test
    code = "test-repeated"
    family = "tests"

    def faults(self, rule: Rule, file: CaseFile, scope: Scope) -> Iterator[Fault]:
        """Tests that an earlier one says."""
        said = [case.model_dump(exclude={"name"}) for case in file.tests]
        for number, case in enumerate(said):
            if case in said[:number]:
                first = file.tests[said.index(case)].name
                yield Fault(
                    ("tests", number, "name"),
                    f"this is the test “{first}”",
                    "delete it, or change the patient",
                )


# What a record does not say of these is an answer, too.
_NEVER_OPEN = (BatchLeaf, ParameterLeaf)


def _shown(case: Case) -> bool:
    return case.expect.card not in (None, "none") and case.expect.outcome is None


def _untested(path: Path, limit: Quantity) -> Fault:
    shown = f"{limit.value:f} {spoken_unit(limit.unit)}"
    return Fault(
        ("tests",),
        f"no test stands at {shown} ({'.'.join(map(str, path))})",
        "add one with exactly this value",
    )


def _is_aged(patient: PatientEntry, limit: Quantity, today: date) -> bool:
    """Whether a test's patient has an age, in completed units."""
    if patient.age is not None:
        return Quantity.parse(patient.age) == limit
    born = DateInterval.parse(patient.born) if patient.born is not None else None
    return born is not None and age_relation(born, today, "between", limit, limit) is True


def _stands_at(limit: Quantity, entry: MeasurementEntry) -> bool:
    exact = read_amount(entry.value).exact if entry.value is not None else None
    try:
        return exact is not None and compare(limit, exact) == 0
    except UnitError:
        return False
