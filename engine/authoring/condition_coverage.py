"""Condition coverage: whether the tests saw each condition met, not met and unknown while it decided.

A condition decides when another truth in its place would change what the rule comes to (as modified condition/decision coverage asks
of avionics code); one that was merely evaluated has not been tested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.authoring.folder import Loaded
from engine.authoring.testing import RuleTests, read_tests
from engine.finding import Finding, Truth, all_of
from engine.language import (
    ActionLeaf,
    BatchLeaf,
    CategoryLeaf,
    DoseLeaf,
    Leaf,
    MeasurementLeaf,
    ParameterLeaf,
    ReasonLeaf,
    RouteLeaf,
    TaperLeaf,
    Tree,
)
from engine.logic import evaluate
from engine.outcome import RuleOutcome
from engine.trace import Path, Trace

NEVER_UNKNOWN: tuple[type[Leaf], ...] = (ParameterLeaf, TaperLeaf, BatchLeaf, CategoryLeaf, ReasonLeaf)
"""Conditions that a rule may rely on to have an answer: a setting is there or not, a taper is written or not, what an order does not
say of its batch, category or reason it does not say."""


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """One condition of a rule and the truths that some test saw in it while it decided."""

    rule: str
    path: Path
    condition: Tree
    seen: frozenset[Truth]
    wanted: frozenset[Truth]

    @property
    def lacking(self) -> frozenset[Truth]:
        """The truths that no test saw."""
        return self.wanted - self.seen


def conditions_seen(loaded: Loaded, *, select: str | None = None) -> Iterator[ConditionSeen]:
    """Every condition of every rule, drafts included (or of those whose id contains ``select``), with what its tests saw."""
    for rule in loaded.rules.current():
        tests = read_tests(loaded, rule.id) if select is None or select in rule.id else None
        if tests is not None:
            yield from seen_by(tests)
            tests.close()


def seen_by(tests: RuleTests) -> Iterator[ConditionSeen]:
    """Every condition of one rule with what its tests saw."""
    seen: dict[Path, set[Truth]] = {}
    leaves: dict[Path, Tree] = {}
    looked = (outcome for case in tests.cases for outcome in tests.look(case)[1])
    for path, leaf, truth, decides in (entry for outcome in looked for entry in _deciding(outcome)):
        leaves[path] = leaf
        seen.setdefault(path, set()).update({truth} if decides else ())
    for path, leaf in leaves.items():
        yield ConditionSeen(tests.rule_id, path, leaf, frozenset(seen[path]), _wanted(leaf, path))


def _wanted(leaf: Tree, path: Path) -> frozenset[Truth]:
    """A variant's condition need not be seen unknown: the card keeps its own words then. An order always does something."""
    certain = isinstance(leaf, NEVER_UNKNOWN) or path[0] == "card"
    stated = (isinstance(leaf, RouteLeaf) and leaf.route.stated is not None) or (
        isinstance(leaf, DoseLeaf) and leaf.dose.stated is not None
    )
    bare_action = isinstance(leaf, ActionLeaf) and leaf.reason is None
    missing_is_no = isinstance(leaf, MeasurementLeaf) and leaf.if_missing == "not-met"
    return frozenset(Truth) - (
        {Truth.UNKNOWN} if certain or stated or bare_action or missing_is_no else set()
    )


def _deciding(outcome: RuleOutcome) -> Iterator[tuple[Path, Tree, Truth, bool]]:
    for trace in (outcome.when, outcome.unless, *outcome.variants):
        for leaf in trace.leaves() if trace is not None else ():
            yield leaf.path, leaf.condition, leaf.truth, decides(outcome, leaf)


def decides(outcome: RuleOutcome, leaf: Trace) -> bool:
    """Whether another truth of a condition of the rule would change what it comes to, or which of its variants the card takes."""
    others = [truth for truth in Truth if truth is not leaf.truth]
    if leaf.path[0] != "card":
        now = _outcome(outcome, {})
        return any(_outcome(outcome, {leaf.path: other}) != now for other in others)
    variant = next(trace for trace in outcome.variants if trace.path == leaf.path[: len(trace.path)])
    return outcome.outcome is Truth.MET and any(
        _truth(variant, {leaf.path: other}) is not variant.truth for other in others
    )


def _truth(trace: Trace, instead: Mapping[Path, Truth]) -> Truth:
    truths = {**{leaf.path: leaf.truth for leaf in trace.leaves()}, **instead}
    return evaluate(trace.condition, trace.path, lambda _, path: Finding(truths[path])).truth


def _outcome(outcome: RuleOutcome, instead: Mapping[Path, Truth]) -> tuple[Truth, bool]:
    """What the rule comes to, and whether its card names an exception that could not be checked."""
    certain = outcome.subject.certainty if outcome.subject is not None else Truth.NOT_MET
    when = _truth(outcome.when, instead) if outcome.when is not None else Truth.MET
    unless = _truth(outcome.unless, instead) if outcome.unless is not None else Truth.NOT_MET
    holds = Truth.NOT_MET if unless is Truth.MET else all_of((certain, when))
    return holds, holds is Truth.MET and unless is Truth.UNKNOWN
