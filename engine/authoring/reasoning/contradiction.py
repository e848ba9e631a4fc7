"""Contradictions: claims about one patient that cannot all have the truths that are wanted of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Generic, TypeVar

from engine.authoring.reasoning.claims import Amount, Choice, Claim, Value
from engine.authoring.reasoning.entries import Entry, entails
from engine.authoring.reasoning.lengths import in_days
from engine.authoring.reasoning.regions import EVERYWHERE, Region
from engine.concepts import ConceptLibrary
from engine.finding import Truth

Literals = Sequence[tuple[Claim, frozenset[Truth]]]
"""Claims, and of which truths each is to have one."""

C = TypeVar("C", bound=Claim)
S = TypeVar("S", Amount, Choice)


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
    others = (*every.not_met, *every.refutable)
    if any(_entails(one, other, library) for one in every.met for other in others):
        return True
    if any(claim in every.not_met for claim in every.possible):
        return True
    return (
        _values(literals)
        or any(map(_one_amount, _by_subject(Amount, literals)))
        or any(map(_one_choice, _by_subject(Choice, literals)))
    )


def _entails(narrow: Claim, wide: Claim, library: ConceptLibrary) -> bool:
    """Whether one claim is met whenever the other is; False also where that is not known."""
    if isinstance(narrow, Entry) and isinstance(wide, Entry):
        return entails(narrow, wide, library)
    return narrow == wide


def _by_subject(kind: type[S], literals: Literals) -> Iterator[_Wanted[S]]:
    """The claims of one kind, those that are about the same together."""
    found: dict[Hashable, _Wanted[S]] = {}
    for claim, wanted in literals:
        if isinstance(claim, kind):
            found.setdefault(claim.about, _Wanted()).add(claim, wanted)
    yield from found.values()


def _values(literals: Literals) -> bool:
    """A value that decides one claim decides others, too: the latest of a short time is the latest of every longer time.

    Of dates it is supposed that they tell: each whether it is from the shorter of two times, and none that it is later than now.
    """
    values = [(claim, wanted) for claim, wanted in literals if isinstance(claim, Value)]
    known = [(claim, Truth.MET in wanted) for claim, wanted in values if Truth.UNKNOWN not in wanted]
    for one, met in known:
        if not met and (one.any or one.absent):
            continue  # there need be no value
        told = [(claim, is_met) for claim, is_met in known if one.tells(claim)]
        denied = _all(~claim.region for claim, is_met in told if not is_met)
        shown = _all(claim.region for claim, is_met in told if is_met and (claim is one or not claim.any))
        if (denied & shown & one.possible).empty:
            return True
        for claim, wanted in values:
            if not one.tells(claim):
                continue
            if Truth.MET not in wanted and (denied & shown & ~claim.region).empty:
                return True
            # What shows one thing leaves open whether a newer entry, without a date or a code, shows another.
            if Truth.MET in wanted and not claim.any and (denied & claim.region).empty:
                return True
    return False


def _one_amount(wanted: _Wanted[Amount]) -> bool:
    """One amount decides all; a range that a record gives for it decides only what all of it decides."""
    claims = wanted.met + wanted.not_met
    if not claims:
        return False
    known = [(claim.kind, claim.possible & claim.region) for claim in wanted.met]
    known += [(claim.kind, claim.possible & ~claim.region) for claim in wanted.not_met]
    if any(_nowhere((*known, (claim.kind, claim.region))) for claim in wanted.possible):
        return True
    if claims[0].absent and not wanted.met:
        return False
    return _nowhere(known) or any(_nowhere((*known, (c.kind, ~c.region))) for c in wanted.refutable)


def _nowhere(regions: Iterable[tuple[str, Region]]) -> bool:
    """Whether no amount is in all of these regions of months, days or hours."""
    found: dict[str, Region] = {}
    for kind, region in regions:
        found[kind] = found.get(kind, EVERYWHERE) & region
    return (
        any(region.empty for region in found.values())
        or _all(in_days(kind, region) for kind, region in found.items()).empty
    )


def _one_choice(wanted: _Wanted[Choice]) -> bool:
    """One word decides all."""
    listed = [claim.among for claim in wanted.met] or [claim.all for claim in wanted.not_met]
    if not listed or not all(listed):
        return False
    words = frozenset.intersection(*listed).difference(*(claim.among for claim in wanted.not_met))
    return any(claim.sure and not words & claim.among for claim in wanted.possible) or any(
        words <= claim.among for claim in (*wanted.refutable, _NO_WORD)
    )


_NO_WORD = Choice("", frozenset())


def _all(regions: Iterable[Region]) -> Region:
    return reduce(and_, regions, EVERYWHERE)
