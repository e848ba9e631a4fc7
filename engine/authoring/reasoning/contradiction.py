"""Contradictions: claims about one patient that cannot all have the truths that are wanted of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Generic, TypeVar

from engine.authoring.reasoning.claims import Amount, Choice, Claim, SomeAmount, entails
from engine.authoring.reasoning.regions import EVERYWHERE, Region
from engine.concepts import ConceptLibrary
from engine.finding import Truth

Literals = Sequence[tuple[Claim, frozenset[Truth]]]
"""Claims, and of which truths each is to have one."""

C = TypeVar("C", bound=Claim)
S = TypeVar("S", Amount, SomeAmount, Choice)


@dataclass(slots=True)
class _Wanted(Generic[C]):
    """Claims by what is wanted of them: to be met, not met, met or unknown, not met or unknown."""

    met: list[C] = field(default_factory=list)
    not_met: list[C] = field(default_factory=list)
    possible: list[C] = field(default_factory=list)
    refutable: list[C] = field(default_factory=list)

    def add(self, claim: C, wanted: frozenset[Truth]) -> None:
        if Truth.UNKNOWN in wanted:
            (self.possible if Truth.MET in wanted else self.refutable).append(claim)
        else:
            (self.met if Truth.MET in wanted else self.not_met).append(claim)


def contradict(literals: Literals, library: ConceptLibrary) -> bool:
    """Whether no patient can be so. What is unknown may be unknown for any reason, so it contradicts little."""
    every: _Wanted[Claim] = _Wanted()
    for claim, wanted in literals:
        every.add(claim, wanted)
    if any(entails(one, other, library) for one in every.met for other in (*every.not_met, *every.refutable)):
        return True
    if any(claim in every.not_met for claim in every.possible):
        return True
    return (
        _latest_amounts(literals)
        or any(map(_one_amount, _by_subject(Amount, literals)))
        or any(map(_some_amounts, _by_subject(SomeAmount, literals)))
        or any(map(_one_choice, _by_subject(Choice, literals)))
    )


def _by_subject(kind: type[S], literals: Literals) -> Iterator[_Wanted[S]]:
    """The claims of one kind, those that are about the same together."""
    found: dict[Hashable, _Wanted[S]] = {}
    for claim, wanted in literals:
        if isinstance(claim, kind):
            found.setdefault(claim.about, _Wanted()).add(claim, wanted)
    yield from found.values()


def _one_amount(wanted: _Wanted[Amount]) -> bool:
    """One amount decides all; a range that a record gives for it decides only what all of it decides."""
    known = wanted.met + wanted.not_met
    if not known:
        return False
    region = _all(claim.region for claim in wanted.met) & _all(~claim.region for claim in wanted.not_met)
    if any((region & claim.region).empty for claim in wanted.possible):
        return True
    if known[0].absent and not wanted.met:
        return False
    return (region & known[0].possible).empty or any(
        (region & ~claim.region).empty for claim in wanted.refutable
    )


def _latest_amounts(literals: Literals) -> bool:
    """A value that decides a claim of a short time is the latest of every longer time, too."""
    known = [
        (claim, claim.region if Truth.MET in wanted else ~claim.region, Truth.MET in wanted)
        for claim, wanted in literals
        if isinstance(claim, Amount) and claim.latest is not None and Truth.UNKNOWN not in wanted
    ]
    for short, _, met in known:
        if met or not short.absent:
            same = [
                region
                for claim, region, _ in known
                if claim.latest == short.latest and short.as_recent(claim)
            ]
            if (_all(same) & short.possible).empty:
                return True
    return False


def _some_amounts(wanted: _Wanted[SomeAmount]) -> bool:
    """Each claim that is met has an amount of its own, and no amount is where a claim says that none is."""
    left = _all(~claim.region for claim in wanted.not_met)
    return any(
        (claim.region & left).empty or any((claim.region & left & ~o.region).empty for o in wanted.refutable)
        for claim in wanted.met
    )


def _one_choice(wanted: _Wanted[Choice]) -> bool:
    """One word decides all."""
    known = wanted.met + wanted.not_met
    listed = [claim.among for claim in wanted.met] or [claim.all for claim in known]
    if not listed or not all(listed):
        return False
    words = frozenset.intersection(*listed).difference(*(claim.among for claim in wanted.not_met))
    return any(not words & claim.among for claim in wanted.possible) or any(
        words <= claim.among for claim in (*wanted.refutable, _NO_WORD)
    )


_NO_WORD = Choice("", frozenset())


def _all(regions: Iterable[Region]) -> Region:
    return reduce(and_, regions, EVERYWHERE)
