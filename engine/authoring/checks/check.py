"""What a check is: one class, one sentence, one code, one severity, one page; and what all checks look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from inspect import getdoc
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from engine.authoring.documents import Document
from engine.authoring.fingerprints import Parts
from engine.authoring.lock import Lock, read_lock
from engine.authoring.problems import Problem, Severity
from engine.authoring.reasoning import Reasoning
from engine.rule import Rule
from engine.trace import Path

if TYPE_CHECKING:
    from engine.authoring.cases import CaseFile
    from engine.authoring.folder import Loaded

Family = Literal["identity", "metadata", "sources", "logic", "card", "concepts", "tests"]
"""What a check is about."""


@dataclass(frozen=True, slots=True)
class CasesBeside:
    """The test file beside a rule; ``file`` is None while it does not fit."""

    document: Document
    file: CaseFile | None


@dataclass(frozen=True)
class Scope:
    """What checks look at: a folder as it was read and, where somebody asked for every check, more.

    ``today`` is the day on which is asked, ``tests`` the tests of each rule that has some, ``found`` what all other checks found.
    """

    loaded: Loaded
    today: date | None = None
    tests: Mapping[str, CasesBeside] = field(default_factory=dict)
    found: tuple[Problem, ...] = ()

    @cached_property
    def reasoning(self) -> Reasoning:
        """What can be said of the conditions of this folder."""
        return Reasoning(self.loaded.concepts, self.loaded.rules.findings)

    @cached_property
    def locks(self) -> dict[str, Lock]:
        """The lock of each pack that has one which can be read."""
        found: dict[str, Lock] = {}
        for pack_id in self.loaded.folders:
            with suppress(ValueError):
                lock = read_lock(self.loaded, pack_id)
                if lock is not None:
                    found[pack_id] = lock
        return found

    @cached_property
    def parts(self) -> Parts:
        """What the rules of this folder stand on, for their locks."""
        return Parts(self.loaded)


class Check(ABC):
    """One thing that is looked for in all rules of a folder.

    An *error* means that the rules certainly do something else than their author wants, or nothing at all; a *warning* that they may,
    or that a reader will stumble. What a check with ``on_load`` finds also keeps a service from starting.
    """

    code: ClassVar[str]
    family: ClassVar[Family]
    severity: ClassVar[Severity] = "warning"
    on_load: ClassVar[bool] = False

    @abstractmethod
    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every place where it is found."""

    @property
    def sentence(self) -> str:
        """What it looks for."""
        return (getdoc(type(self)) or "").split("\n")[0]

    def problem(
        self,
        document: Document,
        path: Path,
        message: str,
        help: str = "",
        *,
        subject: str = "",
        key: bool = False,
        words: str = "",
        severity: Severity | None = None,
    ) -> Problem:
        """A problem of this check with something in a document, or with some words of it.

        ``subject`` is the id of the rule, concept or statement that is meant; exceptions name it.
        """
        key = key or _is_block(document.data, path)
        mark = document.find(path, words) if words else document.mark(path, key=key)
        found = document.problem_at(mark, self.code, message, help, severity or self.severity)
        return replace(found, subject=subject)


def _is_block(data: Any, path: Path) -> bool:
    """Whether a path leads to a map or list that has a name of its own, at which a reader looks for it."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return False
    return bool(path) and isinstance(path[-1], str) and isinstance(data, dict | list)


class Fault(NamedTuple):
    """What is wrong in a rule: the place, the reason, the mend, and the words of a text that are meant."""

    path: Path
    message: str
    help: str
    words: str = ""
    severity: Severity | None = None


class RuleCheck(Check):
    """A check that looks at one rule at a time; of retired rules only at what would keep a service from starting."""

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every place where it is found, rule by rule."""
        for rule in scope.loaded.rules.rules:
            if rule.status == "retired" and not self.on_load:
                continue
            yield from self.about(rule, scope)

    def about(self, rule: Rule, scope: Scope) -> Iterator[Problem]:
        """Every place of one rule where it is found."""
        document = scope.loaded.document(rule.id)
        for path, message, help, words, severity in self.faults(rule, scope):
            yield self.problem(document, path, message, help, subject=rule.id, words=words, severity=severity)

    @abstractmethod
    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """What is wrong in one rule."""
