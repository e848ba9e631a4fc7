"""Checks of the lock: that no rule changes or goes without its version, and no pack without its own."""

from __future__ import annotations

from collections.abc import Iterator

from engine.authoring.checks.check import Check, Fault, RuleCheck, Scope
from engine.authoring.documents import Document
from engine.authoring.lock import (
    CHANGED,
    Unlocked,
    behind,
    changed_pack,
    changed_rule,
    lock_file,
    lost,
    read_lock,
)
from engine.authoring.problems import Problem
from engine.rule import Rule


class ChangedWithoutVersion(RuleCheck):
    """A rule, or something that it stands on, is not what ``rules.lock`` holds for its version, or is gone without having been retired."""

    code = CHANGED
    family = "metadata"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such rule, and at the lock every one that is gone."""
        yield from super().problems(scope)
        for pack_id, lock in scope.locks.items():
            for found in lost(scope.loaded, pack_id, lock):
                file = Document(lock_file(scope.loaded, pack_id), "")
                yield self.problem(file, (), found.message, found.help, subject=found.rule)

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """A change under an old version."""
        lock = scope.locks.get(scope.loaded.rules.pack_of(rule).id)
        if lock is not None:
            for found in changed_rule(scope.loaded, rule, lock, scope.parts):
                yield Fault(("version",), found.message, found.help)


class LockBehind(Check):
    """A rule or a pack has a new version or asks for one, or a rule is gone, and ``rules.lock`` does not say so yet."""

    code = "lock-behind"
    family = "metadata"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such rule and pack: a warning, because a version that was raised is meant to be written down last."""
        for pack_id, lock in scope.locks.items():
            for found in behind(scope.loaded, pack_id, lock):
                if found.state != "new":
                    yield self._at(found, pack_id, scope)
            for found in changed_pack(scope.loaded, pack_id, lock):
                yield self._at(found, pack_id, scope)

    def _at(self, found: Unlocked, pack_id: str, scope: Scope) -> Problem:
        """At the version that is meant; of a rule without a file, at the lock."""
        rule, state, message, help = found
        if state == "gone":
            file, path = Document(lock_file(scope.loaded, pack_id), ""), ()
            return self.problem(file, path, message, help, subject=rule)
        folder = scope.loaded.folders[pack_id]
        pack = scope.loaded.documents[f"{folder}/pack.yaml"]
        document = pack if rule == pack_id else scope.loaded.document(rule)
        return self.problem(document, ("version",), message, help, subject=rule)


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
