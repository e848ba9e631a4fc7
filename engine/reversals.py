"""Reversals: what would have to change for a rule to come out the other way.

A reversal is a smallest set of findings that would have to come out differently: all of them change the outcome, any fewer of them do
not. They are computed from the rule's own tree in three-valued logic, so they hold whatever the record looks like. Each condition is
taken by itself: two that look at the same value are named both, also where one number would answer both.

``reversals(outcome)`` gives them; ``Suppositions(concepts, findings).of(outcome)`` puts them into words, with one sentence for each way
in which the rule could end instead. Neither carries anything of the patient: the words are those of the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final

from engine.concepts import ConceptLibrary
from engine.finding import Truth
from engine.language import Leaf, MeasurementLeaf, NoneOf
from engine.logic import agreeing
from engine.outcome import RuleOutcome
from engine.phrases import Phrases
from engine.rule import SharedFinding
from engine.suppositions import denied, supposed
from engine.terms import COMPARISONS
from engine.trace import Path, Trace
from engine.words import listing

MOST: Final = 32
"""How many ways are followed at each group of a tree; the smallest are kept."""

MEDICINE: Final[Path] = ("medicine",)
"""The place of what brought the rule up, which is no condition of the file."""

_OPPOSITE: Final = {
    "below": "at_or_above",
    "at_or_below": "above",
    "above": "at_or_below",
    "at_or_above": "below",
}
_OTHERS: Final[Mapping[Truth, tuple[Truth, ...]]] = {
    Truth.MET: (Truth.NOT_MET,),
    Truth.NOT_MET: (Truth.MET,),
    Truth.UNKNOWN: (Truth.MET, Truth.NOT_MET),
}
_LEADS: Final = {Truth.MET: "A card would appear if", Truth.NOT_MET: "No card would appear if"}
_SETTLED: Final = "It would be settled without a card if"
_BROUGHT: Final = {
    "order": "were ordered",
    "therapy": "were in use",
    "record": "were in use",
    "stop": "were stopped or held",
    "ended": "had ended",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One finding that would have to be another: where its condition stands, and what it would have to come to.

    ``path`` is as in a trace (``("when", "any", 1)``), or :data:`MEDICINE`; ``condition`` is None for that.
    """

    path: Path
    becomes: Truth
    condition: Leaf | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """A smallest set of changes, in the order of the file, and the outcome that they lead to."""

    outcome: Truth
    changes: tuple[Change, ...]


def reversals(outcome: RuleOutcome) -> tuple[Reversal, ...]:
    """Every way for the rule to end met, or not met, instead: those with the fewest changes first, then in the order of the file.

    None where nothing brought the rule up, or where the rule itself failed. At most :data:`MOST` for each outcome.
    """
    if outcome.subject is None or outcome.error is not None:
        return ()
    return tuple(
        Reversal(wanted, changes)
        for wanted in _OTHERS[outcome.outcome]
        for changes in sorted(_to_outcome(outcome, wanted), key=len)
    )


Ways = list[tuple[Change, ...]]
"""Sets of changes, each enough and none too large."""


def _to_outcome(outcome: RuleOutcome, wanted: Truth) -> Ways:
    """A rule is met when the medicine is certain, ``when`` is met and ``unless`` is not; not met when any of these is denied."""
    assert outcome.subject is not None
    sides = [ways_to(outcome.when, frozenset((wanted,)))] if outcome.when is not None else []
    if outcome.unless is not None:
        # An exception that is unknown does not take the card away.
        open_ = {Truth.UNKNOWN} if wanted is Truth.MET else set()
        sides.append(ways_to(outcome.unless, frozenset({~wanted, *open_})))
    if outcome.subject.certainty is Truth.UNKNOWN or not sides:
        # That another medicine would bring no card goes without saying, unless there is nothing else to say.
        sides.insert(0, [(Change(MEDICINE, wanted),)])
    return _every(sides) if wanted is Truth.MET else _smallest(way for side in sides for way in side)


def ways_to(trace: Trace, wanted: frozenset[Truth]) -> Ways:
    """The smallest sets of changes with which a condition or a group comes to one of these truths; an empty one where nothing need change.

    ``wanted`` is met or not met, each with or without unknown.
    """
    if trace.truth in wanted:
        return [()]
    if isinstance(trace.condition, Leaf):
        becomes = Truth.MET if Truth.MET in wanted else Truth.NOT_MET
        return [(Change(trace.path, becomes, trace.condition),)]
    turned = frozenset(~truth for truth in wanted) if isinstance(trace.condition, NoneOf) else wanted
    needed = agreeing(trace.condition, met=Truth.MET in wanted)
    return _some(needed, [ways_to(child, turned) for child in trace.children])


def _some(count: int, members: list[Ways]) -> Ways:
    """The ways for this many of the members to come out as they should: those that do already need nothing."""
    open_ = [ways for ways in members if ways != [()]]
    still = count - (len(members) - len(open_))
    return _smallest(way for chosen in combinations(open_, still) for way in _every(chosen))


def _every(sides: Iterable[Ways]) -> Ways:
    return _smallest(tuple(change for part in parts for change in part) for parts in product(*sides))


def _smallest(ways: Iterable[tuple[Change, ...]]) -> Ways:
    return sorted(ways, key=len)[:MOST]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way in which the rule could end instead, in words: ``A card would appear if``, and what would have to be so.

    ``outcome`` is None where nothing has brought the rule up, so that it is not yet known how it would end. ``ways`` and ``reversals``
    belong together, one by one; each way is a clause that fits after *if*.
    """

    outcome: Truth | None
    lead: str
    ways: tuple[str, ...]
    reversals: tuple[Reversal, ...] = ()

    @property
    def sentence(self) -> str:
        """The whole as one sentence."""
        return f"{self.lead} {', or if '.join(self.ways)}."


@dataclass(frozen=True, slots=True)
class Suppositions:
    """What would have to change, in words; concepts and shared findings stand in theirs."""

    concepts: ConceptLibrary
    findings: Mapping[str, SharedFinding]

    def of(self, outcome: RuleOutcome) -> tuple[Alternative, ...]:
        """What would have to change, one entry for each way in which the rule could end instead; none for a rule that failed."""
        if outcome.error is not None:
            return ()
        if outcome.subject is None:
            brought = listing([_BROUGHT[way] for way in dict.fromkeys(outcome.rule.brought_up_by)], "or")
            title = self.concepts.medicine(outcome.rule.medicine).title
            return (Alternative(None, "The rule would be looked at if", (f"{title} {brought}",)),)
        found = reversals(outcome)
        told = [
            self._alternative(outcome, wanted, tuple(entry for entry in found if entry.outcome is wanted))
            for wanted in dict.fromkeys(entry.outcome for entry in found)
        ]
        if outcome.yielded_to is not None:
            told.append(
                Alternative(
                    Truth.MET, "Its own card would appear if", (f"{outcome.yielded_to} were not met",)
                )
            )
        return tuple(told)

    def supposition(self, change: Change) -> str:
        """One change as it reads after *if*: ``the latest eGFR in the last 12 months were below 60 mL/min/1.73m2``."""
        so = change.becomes is Truth.MET
        if change.condition is None:
            return f"it were {'certain that it is' if so else 'not'} this medicine"
        opposite = None if so else _opposite(change.condition)
        clause = Phrases(self.concepts, self.findings).of(opposite or change.condition)
        return supposed(clause) if so or opposite is not None else denied(clause)

    def _alternative(self, outcome: RuleOutcome, wanted: Truth, found: tuple[Reversal, ...]) -> Alternative:
        settled = outcome.outcome is Truth.UNKNOWN and wanted is Truth.NOT_MET
        ways = tuple(" and ".join(map(self.supposition, entry.changes)) for entry in found)
        return Alternative(wanted, _SETTLED if settled else _LEADS[wanted], ways, found)


def _opposite(leaf: Leaf) -> Leaf | None:
    """The same measurement compared the other way round; None for what has no such opposite."""
    if not isinstance(leaf, MeasurementLeaf) or leaf.pick != "latest" or leaf.if_missing != "unknown":
        return None
    word = next((name for name in COMPARISONS if name in _OPPOSITE and getattr(leaf, name) is not None), None)
    if word is None:
        return None
    return leaf.model_copy(update={word: None, _OPPOSITE[word]: getattr(leaf, word)})
