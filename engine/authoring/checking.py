"""Checking: everything that is wrong in a rules folder, as its author asks for it.

Loading a folder finds what would keep a service from starting. This adds what only an author needs to know: what reasoning says of
the conditions, what the tests beside the rules leave open, what is late, unused or badly put.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from engine.authoring.checks import CHECKS, CODES, CasesBeside, Scope
from engine.authoring.exceptions import excused
from engine.authoring.folder import Loaded
from engine.authoring.problems import Problem, in_order
from engine.authoring.testing import read_case_file


def check_rules(loaded: Loaded, today: date) -> tuple[Problem, ...]:
    """Every problem in a folder and in the tests beside its rules, on a day; what an exception allows is left out."""
    problems = [problem for problem in loaded.problems if problem.code not in CODES]
    tests: dict[str, CasesBeside] = {}
    for rule in loaded.rules.rules:
        beside = read_case_file(loaded, rule.id)
        if beside is not None:
            document, file, faults = beside
            tests[rule.id] = CasesBeside(document, file)
            problems += faults
    scope = Scope(loaded, today, tests)
    unused = CODES["exception-unused"]
    found = [problem for check in CHECKS if check is not unused for problem in check.problems(scope)]
    found += unused.problems(replace(scope, found=tuple(found)))
    return in_order((*problems, *excused(found, loaded.exceptions)))
