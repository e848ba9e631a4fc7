"""Checks of the lock: that no rule changes without its version."""

from __future__ import annotations

from collections.abc import Iterator

from engine.authoring.checks.check import Check, Fault, RuleCheck, Scope
from engine.authoring.documents import Document
from engine.authoring.lock import CHANGED, behind, changed_rule, lock_file, read_lock
from engine.authoring.problems import Problem
from engine.rule import Rule


class ChangedWithoutVersion(RuleCheck):
    """A rule, or something that it stands on, is not what ``rules.lock`` holds for its version."""

    code = CHANGED
    family = "metadata"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """A change under an old version."""
        lock = scope.locks.get(scope.loaded.rules.pack_of(rule).id)
        if lock is not None:
            for found in changed_rule(scope.loaded, rule, lock, scope.parts):
                yield Fault(("version",), found.message, found.help)


class LockBehind(Check):
    """A rule has a new version or is gone, and ``rules.lock`` does not say so yet."""

    code = "lock-behind"
    family = "metadata"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such rule: a warning, because a version that was raised is meant to be written down last."""
        for pack_id, lock in scope.locks.items():
            for rule, state, message, help in behind(scope.loaded, pack_id, lock):
                if state == "behind":
                    yield self.problem(scope.loaded.document(rule), ("version",), message, help, subject=rule)
                elif state == "gone":
                    file = Document(lock_file(scope.loaded, pack_id), "")
                    yield self.problem(file, (), message, help, subject=rule)


class LockUnreadable(Check):
    """The ``rules.lock`` of a pack is not what ``primum rules lock`` writes."""

    code = "lock-unreadable"
    family = "metadata"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such file."""
        for pack_id in scope.loaded.folders:
            try:
                read_lock(scope.loaded, pack_id)
            except ValueError as error:
                mend = (
                    "take it from the last version that was released, or delete it and run  primum rules lock"
                )
                file = Document(lock_file(scope.loaded, pack_id), "")
                yield self.problem(file, (), str(error), mend, subject=pack_id)
