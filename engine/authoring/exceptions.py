"""Exceptions: what checks may find in one rule, concept, statement or pack, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.authoring.files import CheckException
from engine.authoring.problems import Problem


def excused(
    problems: Iterable[Problem], exceptions: Mapping[str, Iterable[CheckException]]
) -> tuple[Problem, ...]:
    """The problems that no exception allows; only what a check found can be allowed, never what makes a file unreadable."""
    allowed = {(entry.id, entry.code) for entries in exceptions.values() for entry in entries}
    return tuple(problem for problem in problems if (problem.subject, problem.code) not in allowed)
