"""The plain evaluator: a condition tree and a finding for each of its conditions make a trace, in Kleene's logic.

It explains every outcome, also why *not*, so it looks at every condition and takes no short cut. The matcher
decides the same trees by other means (:mod:`engine.matcher`); the two must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from engine.finding import Finding, Truth, all_of, any_of, at_least, none_of
from engine.language import All, AnyOf, AtLeast, Leaf, NoneOf, Tree
from engine.trace import Path, Trace

Find = Callable[[Leaf, Path], Finding]
"""Gives the finding of a condition with a noun."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A tree laid out: where each part of it stands, worked out once for all patients; ``join`` makes a group's truth."""

    path: Path
    tree: Tree
    members: tuple[Laid, ...] = ()
    join: Callable[[list[Truth]], Truth] = all_of


def lay_out(tree: Tree, path: Path) -> Laid:
    """Lay a tree out that stands at ``path``."""
    if isinstance(tree, Leaf):
        return Laid(path, tree)
    word, members = members_of(tree)
    laid = (lay_out(member, (*path, word, place)) for place, member in enumerate(members))
    return Laid(path, tree, tuple(laid), _joining(tree))


def evaluate(tree: Tree, path: Path, find: Find) -> Trace:
    """Return the trace of a tree that stands at ``path``; see :func:`trace_of`."""
    return trace_of(lay_out(tree, path), find)


def trace_of(laid: Laid, find: Find) -> Trace:
    """Return the trace of a tree that is laid out.

    ``find`` gives the finding of each condition with a noun, in the order of the file; what it raises is passed
    on. The finding of a group holds its truth only: evidence stays with the conditions below it.
    """
    if not laid.members:
        return Trace(laid.path, laid.tree, find(laid.tree, laid.path))  # type: ignore[arg-type] # no group
    children = tuple([trace_of(member, find) for member in laid.members])
    truth = laid.join([child.finding.truth for child in children])
    return Trace(laid.path, laid.tree, _OF_GROUPS[truth], children)


_OF_GROUPS: Final = {truth: Finding(truth) for truth in Truth}


def members_of(group: All | AnyOf | NoneOf | AtLeast) -> tuple[str, tuple[Tree, ...]]:
    """Return the conditions of a group and the word of the file under which they stand."""
    match group:
        case All():
            return "all", group.all
        case AnyOf():
            return "any", group.any
        case NoneOf():
            return "none", group.none
        case AtLeast():
            return "of", group.of
        case _:
            assert_never(group)


def agreeing(group: All | AnyOf | NoneOf | AtLeast, *, met: bool) -> int:
    """How many members of a group have to agree for it to be met, or not to be: those of ``none`` on the contrary."""
    members = len(members_of(group)[1])
    count = group.at_least if isinstance(group, AtLeast) else 1 if isinstance(group, AnyOf) else members
    return count if met else members - count + 1


def _joining(group: All | AnyOf | NoneOf | AtLeast) -> Callable[[list[Truth]], Truth]:
    match group:
        case All():
            return all_of
        case AnyOf():
            return any_of
        case NoneOf():
            return none_of
        case AtLeast():
            return partial(at_least, group.at_least)
        case _:
            assert_never(group)
