"""Comparison: two states of the rules asked about the same patients, and which cards differ.

Rules are told apart by order or therapy; what stands on a card is compared as a prescriber reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple, Self

from engine.authoring.boundaries import Boundaries
from engine.authoring.case_facts import with_site_codes
from engine.authoring.cases import Case
from engine.authoring.folder import Loaded
from engine.authoring.testing import RuleTests, read_tests
from engine.authoring.versions import Bump
from engine.errors import CdsError
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.finding import Truth
from engine.outcome import Evaluation, RuleOutcome
from engine.ruleset import RuleSet
from engine.wording import wording

EXAMPLES: Final = 3
"""How many patients are named for each difference, where they are only examples."""


class Effect(StrEnum):
    """What a change of the rules does to the card that one rule makes for one patient."""

    LOST = "no longer gets the card"
    OPENED = "is now unknown, and got the card before"
    URGENCY = "gets the card with another urgency"
    GAINED = "now gets the card"
    SETTLED = "is no longer unknown, and gets no card"
    DOUBTED = "is now unknown, and was no card before"
    WORDS = "reads other words"

    @property
    def bump(self) -> Bump:
        """The version bump that it calls for at the least."""
        if self is Effect.WORDS:
            return Bump.PATCH
        return Bump.MINOR if self in (Effect.GAINED, Effect.DOUBTED) else Bump.MAJOR


class _Shown(NamedTuple):
    """What one rule came to: no card, a card of some urgency and words, or unknown."""

    state: str = ""
    indicator: str = ""
    words: tuple[str, ...] = ()


@dataclass(slots=True)
class Differences:
    """Over how many patients two states of the rules were compared, and for how many each rule's card differs, with examples.

    ``left_out`` names those that one of the two could not be asked about. ``most`` are named for each difference; None names all.
    """

    patients: int = 0
    counts: Counter[tuple[str, Effect]] = field(default_factory=Counter)
    examples: dict[tuple[str, Effect], list[str]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    most: int | None = EXAMPLES

    def note(self, name: str, found: Iterable[tuple[str, Effect]]) -> None:
        """Count one patient."""
        self.patients += 1
        for difference in sorted(set(found)):
            self.counts[difference] += 1
            named = self.examples.setdefault(difference, [])
            if self.most is None or len(named) < self.most:
                named.append(name)

    def per_thousand(self, rule: str, effect: Effect) -> float:
        """Of how many in 1,000 patients this is so."""
        return round(1000 * self.counts[rule, effect] / self.patients, 1) if self.patients else 0.0

    def bump(self, rule: str) -> Bump:
        """The version bump that the differences of a rule call for at the least."""
        return max((effect.bump for name, effect in self.counts if name == rule), default=Bump.NONE)


def compare_over(
    old: Engine, new: Engine, patients: Iterable[tuple[str, PatientFacts]], *, most: int | None = EXAMPLES
) -> Differences:
    """Ask both about every patient, given by name."""
    differences = Differences(most=most)
    for name, facts in patients:
        before, after = (_cards(engine.evaluate(facts), engine.rules) for engine in (old, new))
        differences.note(name, _effects(before, after))
    return differences


def compare_cases(old: Loaded, new: Loaded, rules: Iterable[str]) -> Differences:
    """Ask both about the tests beside these rules, each rule alone and whatever its status, as the tests do.

    The tests are those of the newer side; of a rule that is gone, those of the older. A side that does not have the rule makes no card.
    """
    differences = Differences()
    for rule_id in rules:
        tests = read_tests(new if rule_id in new.files else old, rule_id)
        if tests is None:
            continue
        if tests.problems:
            differences.left_out.append(f"{rule_id}: its tests, which hold errors")
        with _Sides(old, new, tests) as sides:
            for case in tests.cases:
                _note(differences, sides, rule_id, case.name, case)
    return differences


def _note(differences: Differences, sides: _Sides, rule_id: str, name: str, case: Case) -> None:
    """What both say of one case; where one side cannot take it up, that."""
    try:
        effects = sides.effects(case)
    except CdsError:
        differences.left_out.append(f"{rule_id}: {name}")
    else:
        differences.note(name, effects)


def compare_limits(old: Loaded, new: Loaded, rules: Iterable[str], today: date) -> Differences:
    """Ask both about the cases at every limit of these rules as they were and as they are, each rule alone.

    Rules that one side does not have are passed over. ``today`` is the day of the cases where a rule has no tests that name one.
    """
    differences = Differences()
    for rule_id in rules:
        if rule_id not in old.files or rule_id not in new.files:
            continue
        asked: list[Case] = []
        for side in (old, new):
            boundaries = Boundaries(side, rule_id, today=today)
            tests, cases = boundaries.tests()
            with _Sides(old, new, tests) as sides:
                for name, case in cases:
                    if case not in asked:
                        asked.append(case)
                        _note(differences, sides, rule_id, name, case)
    return differences


class _Sides:
    """One rule alone, as it was and as it is, where it is there."""

    def __init__(self, old: Loaded, new: Loaded, tests: RuleTests) -> None:
        self._tests = tests
        self._sides = [
            replace(tests, loaded=replace(side, concepts=with_site_codes(side.concepts)), _engines={})
            if tests.rule_id in side.files
            else None
            for side in (old, new)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for tests in (self._tests, *self._sides):
            if tests is not None:
                tests.close()

    def effects(self, case: Case) -> list[tuple[str, Effect]]:
        """What differs for one case; CdsError where one side cannot take it up."""
        facts = self._tests.facts(case)
        before, after = (self._cards(side, facts, case) for side in self._sides)
        return list(_effects(before, after))

    def _cards(
        self, side: RuleTests | None, facts: PatientFacts, case: Case
    ) -> Mapping[tuple[str, str], _Shown]:
        if side is None:
            return {}
        engine = side.engine(case.parameters)
        return _cards(engine.evaluate(facts), engine.rules, side.rule_id)


def _cards(
    evaluation: Evaluation, rules: RuleSet, only: str | None = None
) -> Mapping[tuple[str, str], _Shown]:
    found: dict[tuple[str, str], _Shown] = {}
    for outcome in evaluation.outcomes:
        if only is None or outcome.rule.id == only:
            subject = outcome.subject
            place = "" if subject is None else subject.order or subject.kind
            found[outcome.rule.id, place] = _shown(outcome, rules)
    return found


def _shown(outcome: RuleOutcome, rules: RuleSet) -> _Shown:
    if not outcome.shown or outcome.outcome is Truth.NOT_MET:
        return _Shown()
    if outcome.outcome is Truth.UNKNOWN:
        return _Shown("unknown")
    words = wording(outcome, rules.pack_of(outcome.rule))
    return _Shown("card", words.indicator, (words.summary, words.detail))


def _effects(
    before: Mapping[tuple[str, str], _Shown], after: Mapping[tuple[str, str], _Shown]
) -> Iterator[tuple[str, Effect]]:
    for place in before.keys() | after.keys():
        old, new = before.get(place, _Shown()), after.get(place, _Shown())
        if new.state != old.state and "card" in (new.state, old.state):
            lost = Effect.OPENED if new.state == "unknown" else Effect.LOST
            yield place[0], Effect.GAINED if new.state == "card" else lost
        elif new.state != old.state:
            yield place[0], Effect.DOUBTED if new.state == "unknown" else Effect.SETTLED
        elif old.indicator != new.indicator:
            yield place[0], Effect.URGENCY
        elif old.words != new.words:
            yield place[0], Effect.WORDS
