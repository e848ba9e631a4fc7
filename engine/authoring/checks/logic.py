"""Checks of what conditions say together: always, never, twice, or no more than another rule. Found by reasoning, never by guess."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.authoring.checks.check import Fault, RuleCheck, Scope
from engine.authoring.checks.shape import courses, trees
from engine.authoring.reasoning import MET, REFUTABLE, Goal, Reasoning, limit_idle
from engine.language import All, AnyOf, AtLeast, Leaf, NoneOf, Tree
from engine.logic import members_of
from engine.rule import Rule
from engine.trace import Path

_GROUPS: Final = (All, AnyOf, NoneOf, AtLeast)


class AlwaysTrue(RuleCheck):
    """A condition that is never not met: for everybody of whom it can be known at all, it is met."""

    code = "always-true"
    family = "logic"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Conditions that decide nothing."""
        for path, tree in _constant(rule, scope.reasoning, True):
            if _idle(tree, scope) is None:
                yield Fault(path, "this is never not met", "correct it, or leave it out")


class NeverTrue(RuleCheck):
    """A condition that can be met for nobody: its parts contradict each other."""

    code = "never-true"
    family = "logic"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Conditions that nobody meets."""
        for path, tree in _constant(rule, scope.reasoning, False):
            if _idle(tree, scope) is None:
                yield Fault(path, "this can be met for nobody", "look for parts that contradict each other")


class ThresholdImplausible(RuleCheck):
    """A limit that every believable value is above, or below."""

    code = "threshold-implausible"
    family = "logic"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Comparisons that no value decides."""
        for root, condition in trees(rule):
            for path, tree in _nodes(condition, root):
                idle = _idle(tree, scope)
                if idle is not None:
                    message = f"{'every' if idle else 'no'} believable value meets this"
                    yield Fault(
                        path, message, "correct the limit or its unit, or the plausible values of the concept"
                    )


class ConditionRepeated(RuleCheck):
    """The same condition stands twice in one group."""

    code = "condition-repeated"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Conditions that an earlier one of the group says."""
        for path, group in _groups(rule):
            word, members = members_of(group)
            said = [_bare(member) for member in members]
            for number, member in enumerate(said):
                if member in said[:number]:
                    yield Fault((*path, word, number), "this stands here already", "delete it, or correct it")


class ConditionImplied(RuleCheck):
    """A condition that adds nothing to its group, because the others are never met without it, or always with it."""

    code = "condition-implied"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Conditions of which the group has no need."""
        for path, group in _groups(rule):
            word, members = members_of(group)
            if isinstance(group, AtLeast) or len(set(map(_bare, members))) < len(members):
                continue
            if any(scope.reasoning.constant(tree) is not None for tree in (group, *members)):
                continue
            for number, member in enumerate(members):
                rest = [other for other in members if other is not member]
                if isinstance(group, All):
                    message = "the others are never met without this"
                    goals: list[Goal] = [*((other, MET) for other in rest), (member, REFUTABLE)]
                else:
                    message = "whenever this is met, another one is"
                    goals = [*((other, REFUTABLE) for other in rest), (member, MET)]
                if rest and scope.reasoning.impossible(*goals):
                    yield Fault((*path, word, number), message, "leave it out, or correct one of them")


class UnlessNeverApplies(RuleCheck):
    """An exception that nobody who meets the rule can meet."""

    code = "unless-never-applies"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Exceptions from nothing."""
        for exception in _exceptions(rule, scope.reasoning):
            if scope.reasoning.impossible(*_when(rule), (exception, MET)):
                mend = "correct one of the two, or leave it out"
                yield Fault(("unless",), "nobody who meets when can meet this", mend)


class UnlessAlwaysApplies(RuleCheck):
    """An exception that everybody who meets the rule meets, so that no card ever comes."""

    code = "unless-always-applies"
    family = "logic"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Exceptions from everything."""
        for exception in _exceptions(rule, scope.reasoning):
            if scope.reasoning.impossible(*_when(rule), (exception, REFUTABLE)):
                yield Fault(("unless",), "whoever meets when meets this, too", "correct one of the two")


class VariantNeverShown(RuleCheck):
    """Other words of a card that are never shown: their condition contradicts the rule, or earlier ones always come first."""

    code = "variant-never-shown"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Variants that no prescriber sees."""
        met: list[Goal] = _when(rule)
        if rule.unless is not None:
            met.append((rule.unless, REFUTABLE))
        if scope.reasoning.impossible(*met):
            return
        for number, variant in enumerate(rule.card.variants):
            if scope.reasoning.constant(variant.when) is False:
                continue
            own: Goal = (variant.when, MET)
            earlier: list[Goal] = [(other.when, REFUTABLE) for other in rule.card.variants[:number]]
            path = ("card", "variants", number, "when")
            if scope.reasoning.impossible(*met, own):
                yield Fault(path, "nobody who meets the rule can meet this", "correct one of the two")
            elif scope.reasoning.impossible(*met, own, *earlier):
                yield Fault(path, "an earlier variant is met whenever this is", "put this one first")


class RuleShadowed(RuleCheck):
    """A rule that yields to one that is met whenever it is, so that its own card never comes."""

    code = "rule-shadowed"
    family = "logic"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Rules that always take this one's place."""
        for number, name in enumerate(rule.yields_to):
            for other in scope.loaded.rules.active():
                shown = other.id == name and not other.experimental
                if shown and rule.id not in other.yields_to and _always_with(rule, other, scope.reasoning):
                    yield Fault(
                        ("yields_to", number),
                        f"{name} is met whenever this rule is",
                        "correct one of the two",
                    )


class RuleOverlaps(RuleCheck):
    """Another rule of the same kind is met whenever this one is, and neither yields: one thought makes two entries on the cards."""

    code = "rule-overlaps"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Rules of the same kind that never leave this one alone."""
        for other in scope.loaded.rules.active():
            if other.id == rule.id or other.kind is not rule.kind or rule.status != "active":
                continue
            if other.id in rule.yields_to or rule.id in other.yields_to:
                continue
            if _always_with(rule, other, scope.reasoning):
                yield Fault(
                    ("id",),
                    f"{other.id} is met whenever this rule is",
                    "let one yield to the other, or join them",
                )


def _always_with(rule: Rule, other: Rule, reasoning: Reasoning) -> bool:
    """Whether another rule is asked and met whenever a rule is; of rules without a condition nothing is said."""
    if rule.when is None or other.when is None or rule.medicine != other.medicine:
        return False
    if not (set(rule.hooks) <= set(other.hooks) and courses(rule) <= courses(other)):
        return False
    met = _when(rule)
    if rule.unless is not None:
        met.append((rule.unless, REFUTABLE))
    if reasoning.impossible(*met) or not reasoning.impossible(*met, (other.when, REFUTABLE)):
        return False
    return other.unless is None or reasoning.impossible(*met, (other.unless, MET))


def _when(rule: Rule) -> list[Goal]:
    return [(rule.when, MET)] if rule.when is not None else []


def _exceptions(rule: Rule, reasoning: Reasoning) -> Iterator[Tree]:
    """The exception of a rule, if it has one, and neither it nor the condition is a fault of its own."""
    sound = not reasoning.impossible(*_when(rule))
    if sound and rule.unless is not None and reasoning.constant(rule.unless) is None:
        yield rule.unless


def _bare(tree: Tree) -> Tree:
    return tree.model_copy(update={"as_": None, "because": None}) if isinstance(tree, Leaf) else tree


def _idle(tree: Tree, scope: Scope) -> bool | None:
    return limit_idle(scope.reasoning.claim(tree)) if isinstance(tree, Leaf) else None


def _nodes(tree: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    yield path, tree
    if isinstance(tree, _GROUPS):
        word, members = members_of(tree)
        for number, member in enumerate(members):
            yield from _nodes(member, (*path, word, number))


def _groups(rule: Rule) -> Iterator[tuple[Path, All | AnyOf | NoneOf | AtLeast]]:
    for root, tree in trees(rule):
        for path, node in _nodes(tree, root):
            if isinstance(node, _GROUPS):
                yield path, node


def _constant(rule: Rule, reasoning: Reasoning, always: bool) -> Iterator[tuple[Path, Tree]]:
    """The conditions that are always met, or never, where no part of them is one or the other alone."""
    for root, tree in trees(rule):
        for path, node in _nodes(tree, root):
            members = members_of(node)[1] if isinstance(node, _GROUPS) else ()
            if reasoning.constant(node) is always and all(reasoning.constant(m) is None for m in members):
                yield path, node
