"""Checks of names: that two things do not share one, and that what is named is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from engine.authoring.checks.check import Check, Scope
from engine.authoring.problems import Problem
from engine.authoring.references import references


class TitleDuplicate(Check):
    """Two rules of a pack have the same title, so that a grouped card names both alike."""

    code = "title-duplicate"
    family = "identity"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every rule whose title an earlier one has."""
        first: dict[tuple[str, str], str] = {}
        for rule in scope.loaded.rules.rules:
            key = (scope.loaded.rules.pack_of(rule).id, rule.title.casefold())
            if rule.status != "retired" and first.setdefault(key, rule.id) != rule.id:
                yield self.problem(
                    scope.loaded.document(rule.id),
                    ("title",),
                    f"{first[key]} has the same title",
                    "say what is particular to each of them",
                    subject=rule.id,
                )


class FindingUnused(Check):
    """A shared finding that no rule uses."""

    code = "finding-unused"
    family = "identity"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such finding."""
        rules = scope.loaded.rules
        used = {entry.name for rule in rules.rules for entry in references(rule) if entry.kind == "finding"}
        for file, document in scope.loaded.documents.items():
            name = PurePosixPath(file).stem
            if name in rules.findings and name not in used and "/findings/" in file:
                yield self.problem(
                    document,
                    ("id",),
                    f"no rule uses {name}",
                    f"write  finding: {name}  in a rule, or delete the file",
                    subject=name,
                )
