"""What would have to change for a rule to come out the other way, held against the engine itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from engine.errors import RuleFileError
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.finding import Finding, Truth
from engine.language import All, AnyOf, AtLeast, NoneOf, SpecialtyLeaf, Tree
from engine.outcome import RuleOutcome
from engine.reversals import MEDICINE, Change, Suppositions, reversals
from engine.rule import Rule
from tests.engine.builders import (
    CONCEPTS,
    allergy,
    diagnosis,
    evaluate,
    observation,
    order,
    patient,
    rule,
    rule_set,
    written,
)

SETS_OF_RULES = 60
PATIENTS = 8


def tree_of(random: Random, names: Iterator[int], depth: int) -> Tree:
    """A random tree; every condition has a name of its own, so that each may come out as it likes."""
    if depth == 0 or random.random() < 0.3:
        return SpecialtyLeaf(specialty=f"s{next(names)}")
    members = tuple(tree_of(random, names, depth - 1) for _ in range(random.choice((1, 2, 2, 3))))
    match random.randrange(4 if len(members) > 1 else 3):
        case 0:
            return All(all=members)
        case 1:
            return AnyOf(any=members)
        case 2:
            return NoneOf(none=members)
    return AtLeast(at_least=random.randint(1, len(members)), of=members)


@contextmanager
def findings(truths: dict[str, Truth]) -> Iterator[None]:
    """Let conditions come out like this, whatever the patient has."""
    with patch("engine.evaluation.find", lambda leaf, _: Finding(truths[leaf.specialty])):
        yield


def looked(engine: Engine, truths: dict[str, Truth]) -> RuleOutcome:
    with findings(truths):
        return engine.evaluate(patient(orders=[order()])).outcomes[0]


@pytest.mark.parametrize("seed", range(SETS_OF_RULES))
def test_the_named_changes_turn_the_outcome_and_fewer_do_not(seed: int) -> None:
    random = Random(seed)
    names = iter(range(1000))
    trees: dict[str, Any] = {"when": tree_of(random, names, 3)}
    if random.random() < 0.6:
        trees["unless"] = tree_of(random, names, 2)
    try:
        engine = Engine(rule_set([rule().model_copy(update=trees)]), CONCEPTS)
    except RuleFileError:  # a few have too many conjunctions
        return
    used = [f"s{number}" for number in range(next(names))]
    for _ in range(PATIENTS):
        truths = {name: random.choice([*Truth]) for name in used}
        outcome = looked(engine, truths)
        ways = reversals(outcome)
        assert {way.outcome for way in ways} == {Truth.MET, Truth.NOT_MET} - {outcome.outcome}
        for way in ways:
            changed = {change.condition.specialty: change.becomes for change in way.changes}  # type: ignore[union-attr]
            assert looked(engine, {**truths, **changed}).outcome is way.outcome
            for name in changed:
                fewer = {other: truth for other, truth in changed.items() if other != name}
                assert looked(engine, {**truths, **fewer}).outcome is not way.outcome
    engine.close()


EGFR = {"lab": "egfr", "below": "30 mL/min/1.73m2", "within": "1 year"}
KIDNEY = rule("kidney", when={"any": [{"condition": "epilepsy"}, EGFR]}, unless={"allergy": "penicillin"})


def about(which: Rule, facts: PatientFacts) -> RuleOutcome:
    return evaluate(facts, which).outcomes[0]


def sentences(which: Rule, facts: PatientFacts) -> tuple[str, ...]:
    return tuple(entry.sentence for entry in Suppositions(CONCEPTS, {}).of(about(which, facts)))


def test_a_rule_that_is_silent_says_what_would_bring_its_card() -> None:
    facts = patient(orders=[order()], observations=[observation("egfr", "42 mL/min/1.73m2")])
    assert sentences(KIDNEY, facts) == (
        "A card would appear if the patient had epilepsy, or if the latest egfr in the last year were below 30 mL/min/1.73m2.",
    )


def test_a_card_says_what_would_take_it_away() -> None:
    facts = patient(orders=[order()], observations=[observation("egfr", "28 mL/min/1.73m2")])
    assert sentences(KIDNEY, facts) == (
        "No card would appear if the latest egfr in the last year were at or above 30 mL/min/1.73m2, "
        "or if the allergy list named penicillin.",
    )


def test_an_open_question_says_what_each_answer_would_do() -> None:
    facts = patient(orders=[order()])
    assert sentences(rule("kidney", when=EGFR), facts) == (
        "A card would appear if the latest egfr in the last year were below 30 mL/min/1.73m2.",
        "It would be settled without a card if the latest egfr in the last year were at or above 30 mL/min/1.73m2.",
    )


def test_what_must_change_together_stands_together() -> None:
    facts = patient(orders=[order()], conditions=[diagnosis()], allergies=[allergy()])
    both = rule(
        when={"all": [{"condition": "epilepsy"}, {"condition": "head-injury"}]},
        unless={"allergy": "penicillin"},
    )
    assert sentences(both, facts) == (
        "A card would appear if the patient had head injury and the allergy list did not name penicillin.",
    )


@pytest.mark.parametrize(
    "condition",
    [
        EGFR | {"pick": "any"},
        EGFR | {"if_missing": "not-met"},
        {"lab": "egfr", "between": ["30 mL/min/1.73m2", "60 mL/min/1.73m2"], "within": "1 year"},
        {"lab": "egfr", "within": "1 year"},
    ],
)
def test_a_measurement_without_an_opposite_is_denied(condition: dict[str, Any]) -> None:
    words = Suppositions(CONCEPTS, {}).supposition(Change(("when",), Truth.NOT_MET, written(condition)))
    assert "were not" in words


def test_a_rule_that_nothing_brought_up_says_what_would() -> None:
    assert sentences(rule(brought_up_by=["order", "therapy"]), patient()) == (
        "The rule would be looked at if intrathecal baclofen were ordered or were in use.",
    )


def test_an_order_that_may_be_another_medicine_says_so() -> None:
    unclear = patient(orders=[order(route=None)])
    assert sentences(rule(), unclear) == (
        "A card would appear if it were certain that it is this medicine.",
        "It would be settled without a card if it were not this medicine.",
    )
    assert reversals(about(rule(), unclear))[0].changes == (Change(MEDICINE, Truth.MET),)


def test_a_card_that_gives_way_to_another_says_to_which() -> None:
    outcome = about(KIDNEY, patient(orders=[order()], conditions=[diagnosis()]))
    told = Suppositions(CONCEPTS, {}).of(replace(outcome, yielded_to="itb.other"))
    assert told[-1].sentence == "Its own card would appear if itb.other were not met."


def test_a_rule_that_failed_promises_nothing() -> None:
    failed = replace(about(KIDNEY, patient(orders=[order()])), error="the rule failed (KeyError)")
    assert reversals(failed) == ()
    assert Suppositions(CONCEPTS, {}).of(failed) == ()
