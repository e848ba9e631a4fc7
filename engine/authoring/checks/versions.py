"""Checks of the lock: that no rule changes without its version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.authoring.checks.check import Check, Scope
from engine.authoring.documents import Document
from engine.authoring.lock import CHANGED, Lock, behind, changed, lock_file, read_lock
from engine.authoring.problems import Problem

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded


class ChangedWithoutVersion(Check):
    """A rule, or something that it stands on, is not what ``rules.lock`` holds for its version."""

    code = CHANGED
    family = "metadata"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such rule."""
        for pack_id, lock in _locks(scope.loaded):
            for found in changed(scope.loaded, pack_id, lock):
                document = scope.loaded.document(found.rule)
                yield self.problem(document, ("version",), found.message, found.help, subject=found.rule)


class LockBehind(Check):
    """A rule has a new version or is gone, and ``rules.lock`` does not say so yet."""

    code = "lock-behind"
    family = "metadata"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such rule: a warning, because a version that was raised is meant to be written down last."""
        for pack_id, lock in _locks(scope.loaded):
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


def _locks(loaded: Loaded) -> Iterator[tuple[str, Lock]]:
    """The packs that have a lock; one that cannot be read is passed over."""
    for pack_id in loaded.folders:
        with suppress(ValueError):
            lock = read_lock(loaded, pack_id)
            if lock is not None:
                yield pack_id, lock
