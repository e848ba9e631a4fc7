"""Changes of a condition: two trees compared, and in words whom the rule now also fires for and whom no longer.

``fires`` says whether a tree that is met helps the rule to fire; below ``none`` and in an exception (``unless``) it keeps it from
firing. An alternative that is added is a new case (minor); whatever may take a card away, moves a limit or cannot be told is more
(major).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from engine.authoring.reasoning.regions import Edge, Region, compared
from engine.authoring.versions import Bump
from engine.errors import UnitError
from engine.language import All, AnyOf, Bounded, Leaf, NoneOf, Tree
from engine.logic import members_of
from engine.quantity import Comparison, Quantity, compare, convert
from engine.terms import COMPARISONS, FileModel
from engine.words import listing

Say = Callable[[Tree], str]
"""A condition as a clause."""


class Said(NamedTuple):
    """One change in words, and the version bump that it calls for."""

    words: str
    bump: Bump


def tree_changes(
    old: Tree | None, new: Tree | None, say_old: Say, say_new: Say, *, fires: bool = True
) -> Iterator[Said]:
    """What differs between two conditions; None stands for none at all, which under ``when`` holds for everybody."""
    before, after = bare(old), bare(new)
    if before is not None and after is not None:
        if before != after:
            yield from _Comparison(say_old, say_new).of(before, after, fires)
    elif after is not None:
        yield _major("now fires only when" if fires else "no longer fires when", say_new(after))
    elif before is not None:
        yield _major("no longer asks that" if fires else "now also fires when", say_old(before))


def bare(tree: Tree | None) -> Tree | None:
    """A condition without what does not decide (names for placeholders, remarks) and without groups of one."""
    if tree is None:
        return None
    if isinstance(tree, Leaf):
        return tree.model_copy(update={"as_": None, "because": None})
    word, members = members_of(tree)
    plain = tuple(member for member in map(bare, members) if member is not None)
    if len(plain) == 1 and isinstance(tree, All | AnyOf):
        return plain[0]
    return tree.model_copy(update={word: plain})


class _Comparison:
    """Two trees on the way down, with the words of each side."""

    def __init__(self, say_old: Say, say_new: Say) -> None:
        self._old, self._new = say_old, say_new

    def of(self, old: Tree, new: Tree, fires: bool) -> Iterator[Said]:
        if isinstance(old, Leaf) and isinstance(new, Leaf):
            said, instead = _moved(old, new, fires), self._instead(old, new)
            yield _major(f"{said}:", instead.words) if said else instead
            return
        for group in (AnyOf, All):
            if _is_in(old, new, group):
                old = old if isinstance(old, group) else _group_of(group, old)
                new = new if isinstance(new, group) else _group_of(group, new)
        if isinstance(new, All | AnyOf | NoneOf) and type(old) is type(new):
            yield from self._members(old, new, fires)
        else:
            yield self._instead(old, new)

    def _instead(self, old: Tree, new: Tree) -> Said:
        return Said(f"asks that {self._new(new)}, instead of that {self._old(old)}", Bump.MAJOR)

    def _members(self, old: Tree, new: Tree, fires: bool) -> Iterator[Said]:
        before, after = _members(old), _members(new)
        gone = [member for member in before if member not in after]
        come = [member for member in after if member not in before]
        inner = fires != isinstance(new, NoneOf)
        for left in tuple(gone):
            opposite = next((member for member in come if _opposite(left, member)), None)
            if opposite is not None:
                gone.remove(left)
                come.remove(opposite)
                yield _major("asks the opposite, that", self._new(opposite))
        for left in tuple(gone):
            right = next((member for member in come if _akin(left, member)), None)
            if right is not None:
                gone.remove(left)
                come.remove(right)
                yield from self.of(left, right, inner)
        alternatives = isinstance(new, AnyOf | NoneOf)
        for member in come:
            yield _added(self._new(member), alternatives, inner)
        for member in gone:
            yield _removed(self._old(member), alternatives, inner)


def _added(clause: str, alternative: bool, fires: bool) -> Said:
    if alternative:
        return (
            Said(f"now also fires when {clause}", Bump.MINOR)
            if fires
            else _major("no longer fires when", clause)
        )
    return _major("now fires only when also" if fires else "now also fires unless also", clause)


def _removed(clause: str, alternative: bool, fires: bool) -> Said:
    if alternative:
        return _major("no longer fires when only" if fires else "now also fires when", clause)
    return _major("no longer asks that" if fires else "no longer fires, whether or not", clause)


def _major(start: str, clause: str) -> Said:
    return Said(f"{start} {clause}", Bump.MAJOR)


def _group_of(group: type[All | AnyOf], member: Tree) -> All | AnyOf:
    return All(all=(member,)) if group is All else AnyOf(any=(member,))


def _members(tree: Tree) -> tuple[Tree, ...]:
    return () if isinstance(tree, Leaf) else members_of(tree)[1]


def _is_in(old: Tree, new: Tree, group: type[All | AnyOf]) -> bool:
    """Whether one of the trees is such a group, the other is none, and is a member of it."""
    if isinstance(old, group) == isinstance(new, group):
        return False
    return new in _members(old) if isinstance(old, group) else old in _members(new)


def _opposite(old: Tree, new: Tree) -> bool:
    """Whether one condition is that the other is not so."""
    return any(
        isinstance(one, NoneOf) and _members(one) == (other,) for one, other in ((old, new), (new, old))
    )


def _akin(old: Tree, new: Tree) -> bool:
    """Whether two conditions are about the same thing: the noun and its subject, the kind of group, or a group and its member."""
    if not isinstance(old, Leaf) or not isinstance(new, Leaf):
        return type(old) is type(new) or _is_in(old, new, AnyOf) or _is_in(old, new, All)
    subjects = [getattr(leaf, leaf.noun, None) for leaf in (old, new)]
    named = [subject for subject in subjects if isinstance(subject, str)]
    return old.noun == new.noun and (len(named) < 2 or named[0] == named[1])


def _moved(old: Leaf, new: Leaf, fires: bool) -> str:
    """Where only limits were moved, or only the time: whom this brings in and whom it leaves out; empty where that cannot be told."""
    before, after = _limits(old), _limits(new)
    if before is not None and after is not None and before.rest == after.rest:
        try:
            return _between(before, after, fires)
        except UnitError:
            return ""
    was, now = (getattr(leaf, "within", None) for leaf in (old, new))
    if was is None or now is None or _without(old, "within") != _without(new, "within"):
        return ""
    longer = compare(Quantity.parse(now), Quantity.parse(was))
    low, high = (was, now) if longer > 0 else (now, was)
    return f"{_whom((longer > 0) == fires)} beyond {low}, up to {high}" if longer else ""


def _between(before: _Limits, after: _Limits, fires: bool) -> str:
    """The amounts that one of two comparisons is met by, and the other is not; UnitError where they cannot be compared."""
    unit = before.quantities[0].unit
    names: dict[Fraction, str] = {}
    regions: list[Region] = []
    for limits in (before, after):
        numbers = [Fraction(convert(quantity, unit).value) for quantity in limits.quantities]
        names |= dict(zip(numbers, limits.texts, strict=True))
        regions.append(compared(limits.word, *numbers))
    old, new = regions
    parts = [
        f"{_whom(more == fires)} {listing([_stretch(stretch, names) for stretch in region.stretches], 'or')}"
        for more, region in ((True, new & ~old), (False, old & ~new))
        if not region.empty
    ]
    return " and ".join(parts)


def _stretch(stretch: tuple[Edge, Edge], names: Mapping[Fraction, str]) -> str:
    """A stretch of amounts in words; only where it has one end does it matter on which side of the limit that is."""
    (low, above), (high, at_or_below) = stretch
    if low is None:
        assert high is not None
        return f"{'at or below' if at_or_below else 'below'} {names[high]}"
    if high is None:
        return f"{'above' if above else 'at or above'} {names[low]}"
    return f"at exactly {names[low]}" if low == high else f"between {names[low]} and {names[high]}"


def _whom(more: bool) -> str:
    return "now also fires" if more else "no longer fires"


class _Limits(NamedTuple):
    word: Comparison
    quantities: tuple[Quantity, ...]
    texts: tuple[str, ...]
    rest: FileModel


def _limits(leaf: Leaf) -> _Limits | None:
    """The comparison of a condition, and the condition without it."""
    inner = getattr(leaf, leaf.noun, None)
    holder: Any = inner if isinstance(inner, Bounded) else leaf
    if not isinstance(holder, Bounded) or holder.comparison is None:
        return None
    word, quantities = holder.comparison
    said = getattr(holder, word)
    without = holder.model_copy(update=dict.fromkeys(COMPARISONS))
    rest = leaf.model_copy(update={leaf.noun: without}) if holder is inner else without
    return _Limits(word, quantities, (said,) if isinstance(said, str) else tuple(said), rest)


def _without(leaf: Leaf, field: str) -> Leaf:
    return leaf.model_copy(update={field: None})
