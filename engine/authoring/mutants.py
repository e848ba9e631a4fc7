"""Mutants: rules with one small wrong change each; the tests beside a rule must fail for every one of them.

A mutant that no test can tell from its rule is listed in the pack's ``equivalent-mutants.yaml`` with the reason; anything else that
survives is a test that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pydantic import ValidationError

from engine.authoring.folder import Loaded
from engine.authoring.mutations import Mutation, mutations
from engine.authoring.testing import RuleTests, read_tests
from engine.errors import CdsError


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that the tests did not notice; ``reason`` says why it is equivalent, where somebody has found it to be."""

    rule: str
    mutation: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MutantReport:
    """How many mutants of a rule there were, how many its tests killed, and which survived."""

    rule: str
    mutants: int
    killed: int
    survivors: tuple[Survivor, ...]
    unused_reasons: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every survivor has its reason, and every reason its survivor."""
        return not self.unused_reasons and all(survivor.reason for survivor in self.survivors)


def mutant_reports(loaded: Loaded, *, select: str | None = None) -> Iterator[MutantReport]:
    """The mutants of every rule with tests, drafts included (or of those whose id contains ``select``), one rule at a time."""
    for rule in loaded.rules.current():
        if select is None or select in rule.id:
            tests = read_tests(loaded, rule.id)
            if tests is not None and tests.cases:
                yield _report(loaded, rule.id, tests)


def _report(loaded: Loaded, rule_id: str, tests: RuleTests) -> MutantReport:
    reasons = loaded.equivalent_mutants.get(rule_id, {})
    made = list(mutations(loaded.rules.rule(rule_id)))
    alive = [mutation for mutation in made if not _killed(tests, mutation)]
    survivors = tuple(Survivor(rule_id, mutation.name, reasons.get(mutation.name)) for mutation in alive)
    unused = tuple(name for name in reasons if name not in {mutation.name for mutation in alive})
    return MutantReport(rule_id, len(made), len(made) - len(alive), survivors, unused)


def _killed(tests: RuleTests, mutation: Mutation) -> bool:
    """Whether some test fails for the mutant; one that is no rule any more, or cannot be run, is noticed by loading."""
    mutant = replace(tests, change=mutation.applied, _engines={})
    try:
        return any(mutant.look(case)[0] for case in tests.cases)
    except (CdsError, ValidationError):
        return True
    finally:
        mutant.close()


def totals(reports: Iterable[MutantReport]) -> tuple[int, int, list[Survivor]]:
    """All mutants, all killed, all survivors."""
    listed = list(reports)
    survivors = [survivor for report in listed for survivor in report.survivors]
    return sum(report.mutants for report in listed), sum(report.killed for report in listed), survivors
