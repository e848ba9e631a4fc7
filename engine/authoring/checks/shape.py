"""Checks of how conditions are put together and what brings a rule up, without regard to what the conditions say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Final

from engine.authoring.checks.check import Fault, RuleCheck, Scope
from engine.authoring.problems import Problem
from engine.authoring.references import comparisons_in, models_in
from engine.authoring.validation import spoken_unit
from engine.concept import Concept
from engine.concepts import ConceptLibrary
from engine.conditions.estimates import FORMULAS
from engine.errors import RuleFileError, UnitError
from engine.language import GROUPS, All, AnyOf, AtLeast, FileModel, LabLeaf, NoneOf, Tree
from engine.logic import members_of
from engine.normal_form import MOST_CONJUNCTIONS, compile_tree
from engine.quantity import Quantity, convert
from engine.rule import Rule
from engine.trace import Path

NESTING_LIMIT: Final = 3
"""How many groups may stand inside one another."""

_GROUP_STEPS = frozenset({"all", "any", "none", "of"})


class TooDeep(RuleCheck):
    """Groups stand inside one another more than three deep."""

    code = "too-deep"
    family = "logic"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Groups that stand too deep."""
        for path, model in models_in(rule):
            if type(model) in GROUPS.values() and sum(step in _GROUP_STEPS for step in path) == NESTING_LIMIT:
                yield Fault(
                    path, "groups stand more than three deep", "name the inner ones in rules/findings"
                )


class TooManyAlternatives(RuleCheck):
    """Conditions combine in more ways than the engine takes, or a reader can check."""

    code = "too-many-alternatives"
    family = "logic"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Trees that the engine would refuse."""
        for path, tree in trees(rule):
            try:
                compile_tree(tree, path)
            except RuleFileError:
                yield Fault(
                    path,
                    f"these conditions combine in more than {MOST_CONJUNCTIONS} ways",
                    "make one of the groups a shared finding in rules/findings, or split the rule",
                )


class GroupIdle(RuleCheck):
    """A group that could be written in fewer words: one with a single condition, one of all, a none in a none."""

    code = "group-idle"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Groups that say nothing of their own."""
        for path, group in models_in(rule):
            if not isinstance(group, All | AnyOf | NoneOf | AtLeast):
                continue
            word, members = members_of(group)
            match group:
                case All() | AnyOf() if len(members) == 1:
                    yield Fault(path, f"{word} has one condition", f"leave {word} out")
                case AtLeast(at_least=1):
                    yield Fault(path, "at least one of them is any", "write  any:")
                case AtLeast(at_least=count) if count == len(members):
                    yield Fault(path, "all of them is all", "write  all:")
                case NoneOf() if len(members) == 1 and isinstance(members[0], NoneOf):
                    yield Fault(path, "none of none is any", "write  any:")
                case All() | AnyOf() if any(type(member) is type(group) for member in members):
                    yield Fault(
                        path, f"{word} stands in {word}", "put the inner conditions beside the others"
                    )


class NeverAsked(RuleCheck):
    """No hook of the rule can bring it up: it waits for an order where none is under review, or for the record while one is."""

    code = "never-asked"
    family = "logic"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """A rule that nothing brings up."""
        kinds = set(rule.brought_up_by)
        orders = any(hook.reviews_orders for hook in rule.hooks)
        if kinds <= {"order", "stop"} and not orders:
            yield Fault(
                ("hooks",),
                "an order brings the rule up, and at none of its hooks an order is under review",
                "add order-select and order-sign, or write  brought_up_by: [therapy]",
            )
        elif kinds == {"record"} and all(hook.reviews_orders for hook in rule.hooks):
            yield Fault(
                ("hooks",),
                "the record brings the rule up, and at all of its hooks orders are under review",
                "add patient-view, or write  brought_up_by: [therapy]",
            )


class UnitMismatch(RuleCheck):
    """A laboratory value or vital sign is compared with an amount of something else."""

    code = "unit-mismatch"
    family = "logic"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Amounts of something else."""
        for path, _, (word, quantities), concept in comparisons_in(rule, scope.loaded.concepts):
            for message, mend in amounts_of_something_else(quantities, concept):
                yield Fault((*path, word), message, mend)


def amounts_of_something_else(quantities: Iterable[Quantity], concept: Concept) -> Iterator[tuple[str, str]]:
    """What is wrong with each amount that is none of what the concept measures, and the mend."""
    for quantity in quantities if concept.unit is not None else ():
        try:
            convert(quantity, str(concept.unit), concept.substance)
        except UnitError:
            unit = spoken_unit(str(concept.unit))
            message = f"{concept.title} is measured in {unit}, not in {spoken_unit(quantity.unit)}"
            yield message, f"write the amount in {unit}"


class EstimateUnfit(RuleCheck):
    """A value is to be estimated that is measured in another unit than the estimate is."""

    code = "estimate-unfit"
    family = "logic"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Such estimates in rules, and in shared findings, which are no part of any one rule."""
        yield from super().problems(scope)
        for file, document in scope.loaded.documents.items():
            shared = scope.loaded.rules.findings.get(PurePosixPath(file).stem)
            if shared is not None and "/findings/" in file:
                for path, message, mend in _unfit_estimates(shared, scope.loaded.concepts):
                    yield self.problem(document, path, message, mend, subject=shared.id)

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Such estimates."""
        for path, message, mend in _unfit_estimates(rule, scope.loaded.concepts):
            yield Fault(path, message, mend)


def _unfit_estimates(model: FileModel, library: ConceptLibrary) -> Iterator[tuple[Path, str, str]]:
    """The place of each estimate that its concept is not measured in, what is wrong, and the mend."""
    for path, leaf in models_in(model):
        if not isinstance(leaf, LabLeaf) or leaf.estimate is None or leaf.lab not in library.concepts:
            continue
        concept = library.concepts[leaf.lab]
        fitting = [name for name, formula in FORMULAS.items() if _measures(concept, formula.unit)]
        if leaf.estimate not in fitting:
            measured = f"is measured in {spoken_unit(concept.unit)}" if concept.unit else "has no unit"
            unit = spoken_unit(FORMULAS[leaf.estimate].unit)
            message = f"{concept.title} {measured}, and the estimate from {leaf.estimate} is in {unit}"
            mend = f"write  estimate: {fitting[0]}" if fitting else "leave it out, or name another concept"
            yield (*path, "estimate"), message, mend


def _measures(concept: Concept, unit: str) -> bool:
    if concept.unit is None:
        return False
    try:
        convert(Quantity(Decimal(1), unit), concept.unit)
    except UnitError:
        return False
    return True


class YieldsInCircle(RuleCheck):
    """Rules yield to each other in a circle, so that none of them gives way."""

    code = "yields-in-circle"
    family = "logic"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """What a rule yields to and comes back to it."""
        yielding = {other.id: other.yields_to for other in scope.loaded.rules.rules}
        for number, other in enumerate(rule.yields_to):
            if rule.id in _beyond(other, yielding):
                yield Fault(
                    ("yields_to", number),
                    "both rules stay" if other != rule.id else "a rule cannot yield to itself",
                    "let the one yield that says it less well",
                )


def _beyond(rule: str, yielding: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The rule and every one that it gives way to."""
    found: set[str] = set()
    waiting = [rule]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += yielding.get(name, ())
    return found


class YieldsInVain(RuleCheck):
    """A rule yields to one that is never on a card at the same time: not shown, of another medicine, or asked elsewhere."""

    code = "yields-in-vain"
    family = "logic"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Rules that cannot take this one's place."""
        known = {other.id: other for other in scope.loaded.rules.rules}
        for number, name in enumerate(rule.yields_to):
            other = known.get(name)
            why = _never_together(rule, other) if other is not None else None
            if why is not None:
                yield Fault(("yields_to", number), why, "delete it, or mend the other rule")


def _never_together(rule: Rule, other: Rule) -> str | None:
    if other.status != "active" or other.experimental:
        return f"{other.id} is not shown"
    if other.medicine != rule.medicine:
        return f"{other.id} is about another medicine"
    if not set(rule.hooks) & set(other.hooks):
        return f"{other.id} is asked at other hooks"
    if not courses(rule) & courses(other):
        return f"{other.id} is brought up by something else"
    return None


def courses(rule: Rule) -> set[str]:
    """What may bring a rule up; where the record does, it is therapy."""
    return {"therapy" if kind == "record" else kind for kind in rule.brought_up_by}


def trees(rule: Rule) -> Iterator[tuple[Path, Tree]]:
    """The condition trees of a rule, with their places."""
    if rule.when is not None:
        yield ("when",), rule.when
    if rule.unless is not None:
        yield ("unless",), rule.unless
    for number, variant in enumerate(rule.card.variants):
        yield ("card", "variants", number, "when"), variant.when
