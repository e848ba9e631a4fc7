"""Checks of what stands around a rule: its review, its lists, the pack's settings, exceptions and accounts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from engine.authoring.checks.check import Check, Fault, RuleCheck, Scope
from engine.authoring.problems import Problem, did_you_mean
from engine.authoring.references import models_in
from engine.language import ParameterLeaf
from engine.rule import Rule
from engine.wording import placeholders

LATE = timedelta(days=183)
"""How long after its day a review that did not take place is an error."""


class ReviewOverdue(RuleCheck):
    """The day is past on which a rule had to be looked at again; after half a year this is an error."""

    code = "review-overdue"
    family = "metadata"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """A review that is late."""
        today = scope.today or date.min
        if rule.review.next < today:
            late = today - rule.review.next > LATE
            yield Fault(
                ("review", "next"),
                f"this rule had to be looked at again by {rule.review.next}",
                "have it reviewed, and write the day of the next review",
                severity="error" if late else None,
            )


class ReviewOutOfOrder(RuleCheck):
    """The days of a review contradict each other: the next one is not after the approval, or the approval is still to come."""

    code = "review-out-of-order"
    family = "metadata"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Days that cannot be."""
        review = rule.review
        if review.on is not None and review.next <= review.on:
            yield Fault(
                ("review", "next"), f"the rule was approved on {review.on}, which is later", "correct a day"
            )
        if review.on is not None and scope.today is not None and review.on > scope.today:
            yield Fault(
                ("review", "on"), "nobody can have approved the rule on a day to come", "correct the day"
            )


class ListedTwice(RuleCheck):
    """The same entry stands twice in one list of a rule: a hook, a source, a reason, a concept that does not count."""

    code = "listed-twice"
    family = "metadata"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Entries that an earlier one repeats."""
        for path, model in models_in(rule):
            for name, info in type(model).model_fields.items():
                value = getattr(model, name)
                entries = list(value) if isinstance(value, tuple) and name not in _ORDERED else []
                for number, entry in enumerate(entries):
                    if entry in entries[:number]:
                        key = info.alias or name
                        yield Fault((*path, key, number), f"this is already in {key}", "delete it")


# Groups have checks of their own, and both ends of between may be one number.
_ORDERED = frozenset({"all", "any", "none", "of", "between"})


class ParameterUnused(Check):
    """A setting of a pack that no condition and no text of its rules names."""

    code = "parameter-unused"
    family = "metadata"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such setting."""
        wrong = {entry.file for entry in scope.loaded.problems if entry.severity == "error"}
        without_rule = (wrong | {*scope.loaded.unread}) - {*scope.loaded.files.values()}
        for pack_id, folder in scope.loaded.folders.items():
            pack = scope.loaded.rules.packs[pack_id]
            if any(name.startswith(f"{folder}/") for name in without_rule):
                continue  # what is no rule yet may use it
            used: set[str] = set()
            for name, document in scope.loaded.documents.items():
                if name.startswith(f"{folder}/"):
                    used |= set(_named(document.data))
            for rule in scope.loaded.rules.rules:
                used |= {m.parameter for _, m in models_in(rule) if isinstance(m, ParameterLeaf)}
            document = scope.loaded.documents[f"{folder}/pack.yaml"]
            for name in pack.parameters:
                if name not in used:
                    yield self.problem(
                        document,
                        ("parameters", name),
                        f"nothing uses {name}",
                        "use it in a rule, or delete it",
                        subject=pack_id,
                        key=True,
                    )


class ValuesUnlisted(RuleCheck):
    """A condition asks which value a setting has, and the pack does not list its values, so that a misspelt one is never met."""

    code = "values-unlisted"
    family = "metadata"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Conditions whose value nothing can be held against."""
        pack = scope.loaded.rules.pack_of(rule)
        for path, model in models_in(rule):
            if (
                isinstance(model, ParameterLeaf)
                and model.parameter in pack.parameters.keys() - pack.choices.keys()
            ):
                stated = pack.parameters[model.parameter]
                yield Fault(
                    (*path, "is"),
                    f"pack.yaml states {stated} for {model.parameter}, and does not list what else it may be",
                    f"list the values in pack.yaml, below {model.parameter}:  one_of: [...]",
                )


def _named(data: object) -> Iterator[str]:
    """The settings that texts name as ``parameter NAME`` or ``{parameter.NAME}``."""
    if isinstance(data, str):
        if data.startswith("parameter "):
            yield data.removeprefix("parameter ")
        yield from (name.removeprefix("parameter.") for name in placeholders(data))
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _named(value)


class MutantAstray(Check):
    """A reason why a mutant is equivalent names a rule that does not exist, so that it excuses nothing."""

    code = "mutant-astray"
    family = "metadata"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such reason."""
        known = {rule.id for rule in scope.loaded.rules.rules}
        for pack_id, folder in scope.loaded.folders.items():
            document = scope.loaded.documents.get(f"{folder}/equivalent-mutants.yaml")
            if document is None or scope.loaded.broken:
                continue
            for number, entry in enumerate(document.data.get("equivalent", ())):
                if entry["rule"] not in known:
                    yield self.problem(
                        document,
                        ("equivalent", number, "rule"),
                        f"there is no rule {entry['rule']}",
                        did_you_mean(entry["rule"], known),
                        subject=pack_id,
                    )


class ExceptionUnused(Check):
    """An exception to a check that finds nothing there any more."""

    code = "exception-unused"
    family = "metadata"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such exception."""
        met = {(problem.subject, problem.code) for problem in scope.found}
        for file, exceptions in scope.loaded.exceptions.items():
            for number, entry in enumerate(exceptions):
                if (entry.id, entry.code) not in met:
                    yield self.problem(
                        scope.loaded.documents[file],
                        ("exceptions", number),
                        f"{entry.code} finds nothing in {entry.id}",
                        "delete the exception",
                        subject=entry.id,
                    )
