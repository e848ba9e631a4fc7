"""Evaluation: each rule ends met, not met or unknown for each of its subjects; what fails shows, and fails alone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from engine import evaluation
from engine.conditions import find
from engine.errors import MatcherError
from engine.evaluation import Engine
from engine.facts import FactList, ListState, PatientFacts
from engine.finding import Finding, Truth
from engine.language import Leaf
from engine.matcher import Matcher
from engine.outcome import Evaluation, RuleOutcome
from engine.rule import Rule
from engine.ruleset import RuleSet
from tests.engine.builders import (
    CONCEPTS,
    PACK,
    UNMAPPED,
    diagnosis,
    evaluate,
    medicine,
    observation,
    on,
    order,
    patient,
    rule,
    rule_set,
    shared,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
EPILEPSY, INJURY = {"condition": "epilepsy"}, {"condition": "head-injury"}


def lists(*conditions: Any, state: ListState = ListState.PRESENT, **more: Any) -> PatientFacts:
    """A patient for whom the medicine is being ordered, with a problem list."""
    known: dict[str, Any] = {"orders": [order()], "conditions": FactList(state, conditions)}
    return patient(**(known | more))


def one(facts: PatientFacts, asked: Rule, *others: Rule, **more: Any) -> RuleOutcome:
    """The only outcome of a rule."""
    (found,) = (o for o in evaluate(facts, asked, *others, **more).outcomes if o.rule.id == asked.id)
    return found


def summary_of(found: Evaluation) -> list[tuple[str, str]]:
    return [(outcome.rule.name, outcome.outcome.value) for outcome in found.outcomes]


# A patient for each truth of "has epilepsy, and no head injury".
HAS, HAS_NOT, MAY_HAVE = diagnosis(), diagnosis("pregnancy", "Condition/3"), diagnosis(UNMAPPED)
HURT = diagnosis("head-injury", "Condition/2")


class TestOneRule:
    @pytest.mark.parametrize(
        ("conditions", "truth"), [([HAS], MET), ([HAS_NOT], NOT_MET), ([], NOT_MET), ([MAY_HAVE], UNKNOWN)]
    )
    def test_it_ends_as_its_condition_does(self, conditions: list[Any], truth: Truth) -> None:
        found = one(lists(*conditions), rule(when=EPILEPSY))
        assert found.outcome is truth
        assert found.when is not None
        assert found.when.truth is truth
        assert found.subject is not None
        assert (found.subject.order, found.error, found.shown) == ("MedicationRequest/order", None, True)

    def test_without_a_condition_the_medicine_alone_brings_the_card_up(self) -> None:
        found = one(lists(), rule())
        assert (found.outcome, found.when) == (MET, None)
        assert [source.reference for source in found.evidence] == ["MedicationRequest/order"]

    @pytest.mark.parametrize(
        ("route", "conditions", "truth"),
        [
            ("intrathecal", [HAS], MET),
            (None, [HAS], UNKNOWN),
            (None, [HAS_NOT], NOT_MET),
            (None, [MAY_HAVE], UNKNOWN),
            ("oral", [HAS], None),
        ],
    )
    def test_whether_it_is_the_medicine_at_all_counts_like_a_condition(
        self, route: str | None, conditions: list[Any], truth: Truth | None
    ) -> None:
        found = one(lists(*conditions, orders=[order(route=route)]), rule(when=EPILEPSY))
        if truth is None:
            assert (found.outcome, found.subject) == (NOT_MET, None)
        else:
            assert found.outcome is truth
            doubts = {entry.what for entry in found.missing}
            assert ("whether this order is intrathecal baclofen" in doubts) is (truth is UNKNOWN)
            assert ("epilepsy" in doubts) is (conditions == [MAY_HAVE] and truth is UNKNOWN)

    def test_what_nobody_brings_up_is_not_met_and_has_no_subject(self) -> None:
        found = one(patient(conditions=[HAS]), rule(when=EPILEPSY))
        assert (found.outcome, found.subject, found.when) == (NOT_MET, None, None)

    def test_evidence_and_remarks_come_from_what_decided(self) -> None:
        either = rule(when={"any": [EPILEPSY, INJURY]})
        found = one(lists(replace(HAS, suspected=True), HAS_NOT), either)
        assert [source.reference for source in found.evidence] == ["Condition/1"]
        assert found.notes == ("epilepsy: suspected, not confirmed",)
        assert [leaf.truth for leaf in found.when.leaves()] == [MET, NOT_MET]  # type: ignore[union-attr]


class TestExceptions:
    RULE = rule(when=EPILEPSY, unless=INJURY)

    @pytest.mark.parametrize(
        ("conditions", "state", "truth"),
        [
            ([HAS], ListState.PRESENT, MET),
            ([HAS, HURT], ListState.PRESENT, NOT_MET),
            ([HAS], ListState.PARTIAL, MET),
            ([MAY_HAVE], ListState.PRESENT, UNKNOWN),
            ([MAY_HAVE, HURT], ListState.PRESENT, NOT_MET),
            ([HURT], ListState.PRESENT, NOT_MET),
        ],
    )
    def test_an_exception_takes_the_card_away_and_a_doubtful_one_does_not(
        self, conditions: list[Any], state: ListState, truth: Truth
    ) -> None:
        found = one(lists(*conditions, state=state), self.RULE)
        assert found.outcome is truth
        if truth is MET:
            named = ["head injury"] if state is ListState.PARTIAL else []
            assert [entry.what for entry in found.missing] == named

    def test_both_doubts_are_named_where_both_are_open(self) -> None:
        found = one(lists(state=ListState.FAILED), self.RULE)
        assert [entry.what for entry in found.missing] == ["epilepsy", "head injury"]

    def test_what_took_the_card_away_is_evidence(self) -> None:
        found = one(lists(HAS, HURT), self.RULE)
        assert [source.reference for source in found.evidence] == ["Condition/1", "Condition/2"]


class TestVariants:
    RULE = rule(
        when={"condition": "epilepsy", "status": "ever"},
        card={
            "indicator": "warning",
            "variants": [
                {"when": INJURY, "indicator": "critical"},
                {"when": {"condition": "spasticity"}},
                {"when": {"condition": "pregnancy"}, "indicator": "info"},
                {"when": {"condition": "pump-in-place"}, "indicator": "critical"},
            ],
        },
    )

    @pytest.mark.parametrize(
        ("also", "variant"),
        [([], None), (["head-injury"], 0), (["pregnancy"], 2), (["pregnancy", "spasticity"], 1)],
    )
    def test_the_first_that_is_met_wins(self, also: list[str], variant: int | None) -> None:
        others = [diagnosis(what, f"Condition/{what}") for what in also]
        found = one(lists(HAS, *others), self.RULE)
        assert (found.outcome, found.variant) == (MET, variant)
        assert len(found.evidence) == 1 + (variant is not None)

    def test_what_could_have_made_the_card_more_urgent_is_named_when_it_is_not_known(self) -> None:
        found = one(lists(HAS, state=ListState.PARTIAL), self.RULE)
        assert (found.outcome, found.variant) == (MET, None)
        assert [entry.what for entry in found.missing] == ["head injury", "pump in place"]

    def test_but_not_what_comes_after_the_words_that_were_chosen(self) -> None:
        calm = diagnosis("pregnancy", "Condition/2")
        found = one(lists(HAS, calm, state=ListState.PARTIAL), self.RULE)
        assert (found.variant, [entry.what for entry in found.missing]) == (2, ["head injury"])

    def test_a_rule_that_is_not_met_has_no_variant(self) -> None:
        found = one(lists(HURT), self.RULE)
        assert (found.outcome, found.variant, found.missing) == (NOT_MET, None, ())


class TestSharedFindings:
    REDUCED = shared("reduced", {"any": [EPILEPSY, INJURY]})

    @pytest.mark.parametrize(
        ("conditions", "truth"), [([HURT], MET), ([HAS_NOT], NOT_MET), ([MAY_HAVE], UNKNOWN)]
    )
    def test_a_rule_may_use_one_by_its_name(self, conditions: list[Any], truth: Truth) -> None:
        found = one(lists(*conditions), rule(when={"finding": "reduced"}), findings=[self.REDUCED])
        assert found.outcome is truth
        if truth is MET:
            assert [source.reference for source in found.evidence] == ["Condition/2"]
        if truth is UNKNOWN:
            assert {entry.what for entry in found.missing} == {"epilepsy", "head injury"}

    def test_its_values_and_remarks_reach_the_card_of_the_rule(self) -> None:
        asks = rule(when={"finding": "reduced", "as": "cause"})
        found = one(lists(replace(HAS, suspected=True)), asks, findings=[self.REDUCED])
        assert found.notes == ("epilepsy: suspected, not confirmed",)
        assert found.when is not None
        assert found.when.values()["cause.label"] == "epilepsy"
        both = one(lists(HAS, HURT), asks, findings=[self.REDUCED])
        assert both.when is not None
        assert both.when.values()["cause.label"] == "epilepsy", "the first that decided it"

    def test_each_pack_looks_with_its_own_settings(self) -> None:
        """Two packs of one medicine, one for each market, share a finding that depends on the market."""
        european = shared("european", {"parameter": "market", "is": "eu"})
        other = replace(PACK, id="us", parameters={"market": "us"})
        here = replace(PACK, parameters={"market": "eu"})
        asks = rule(when={"finding": "european"})
        elsewhere = asks.model_copy(update={"id": "us.epilepsy"})
        rules = RuleSet((asks, elsewhere), {"itb": here, "us": other}, {"european": european})
        engine = Engine(rules, CONCEPTS)
        found = engine.evaluate(lists())
        engine.close()
        assert [(o.rule.id, o.outcome, o.error) for o in found.outcomes] == [
            ("itb.epilepsy", MET, None),
            ("us.epilepsy", NOT_MET, None),
        ]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine in which every look at a head injury raises an error."""

    def broken(leaf: Leaf, context: Any) -> Finding:
        if getattr(leaf, "condition", "") == "head-injury":
            raise ZeroDivisionError("Mrs Example, 4711")
        return find(leaf, context)

    monkeypatch.setattr(evaluation, "find", broken)


@pytest.mark.usefixtures("failing")
class TestARuleThatFails:
    def test_it_loses_only_itself_and_says_nothing_of_the_patient(self) -> None:
        found = evaluate(lists(HAS), rule("fails", when=INJURY), rule("works", when=EPILEPSY))
        fails, works = found.outcomes
        assert (fails.outcome, fails.error) == (UNKNOWN, "the rule failed (ZeroDivisionError)")
        assert [entry.why for entry in fails.missing] == [
            "the rule itself failed, and its authors need to look at it"
        ]
        assert "Example" not in repr(fails)
        assert (works.outcome, works.error) == (MET, None)

    @pytest.mark.parametrize("part", ["unless", "variant"])
    def test_a_part_of_it_is_enough(self, part: str) -> None:
        more: dict[str, Any] = (
            {"unless": INJURY} if part == "unless" else {"card": {"variants": [{"when": INJURY}]}}
        )
        assert one(lists(HAS), rule(when=EPILEPSY, **more)).outcome is UNKNOWN

    def test_a_shared_finding_that_fails_fails_only_those_that_use_it(self) -> None:
        findings = [shared("broken", INJURY), shared("sound", EPILEPSY)]
        rules = [
            rule("alone", when=EPILEPSY),
            rule("fails", when={"finding": "broken"}),
            rule("works", when={"finding": "sound"}),
        ]
        found = evaluate(lists(HAS), *rules, findings=findings)
        assert summary_of(found) == [("alone", "met"), ("fails", "unknown"), ("works", "met")]
        assert [outcome.error is not None for outcome in found.outcomes] == [False, True, False]


class BrokenMatcher(Matcher):
    """One that contradicts the plain evaluator about a rule, or says nothing of it, or refuses altogether."""

    def __init__(self, wrong: Mapping[str, Truth | None] | None) -> None:
        self.wrong = wrong

    def decide(self, findings: Mapping[str, Truth]) -> dict[str, Truth]:
        if self.wrong is None:
            raise MatcherError("nothing works")
        right = {"itb.epilepsy.when": MET, "itb.injury.when": NOT_MET, **self.wrong}
        return {name: truth for name, truth in right.items() if truth is not None}

    def close(self) -> None:
        """Nothing to free."""


class TestDurableRulesAndThePlainEvaluator:
    """Both decide every rule from the same findings; where they differ nobody knows which of them is right."""

    def look(self, wrong: Mapping[str, Truth | None] | None) -> Iterator[tuple[str, Truth, str | None]]:
        engine = Engine(rule_set([rule(when=EPILEPSY), rule("injury", when=INJURY)]), CONCEPTS)
        engine.close()
        engine._matcher = BrokenMatcher(wrong)
        for outcome in engine.evaluate(lists(HAS)).outcomes:
            yield outcome.rule.name, outcome.outcome, outcome.error

    def test_where_they_agree_the_outcome_stands(self) -> None:
        assert list(self.look({})) == [("epilepsy", MET, None), ("injury", NOT_MET, None)]

    @pytest.mark.parametrize("wrong", [NOT_MET, UNKNOWN, None])
    def test_where_they_differ_the_rule_is_unknown_and_says_so(self, wrong: Truth | None) -> None:
        assert list(self.look({"itb.epilepsy.when": wrong})) == [
            ("epilepsy", UNKNOWN, "durable_rules and the plain evaluator differ"),
            ("injury", NOT_MET, None),
        ]

    def test_where_it_refuses_every_rule_is_unknown(self) -> None:
        refused = "durable_rules refused to decide"
        assert list(self.look(None)) == [("epilepsy", UNKNOWN, refused), ("injury", UNKNOWN, refused)]


def test_the_newest_entry_speaks_first_in_whatever_order_the_record_lists_them() -> None:
    entries = [
        diagnosis(reference="Condition/undated"),
        diagnosis(reference="Condition/old", onset=on("2020-01-01")),
        diagnosis(reference="Condition/new", onset=on("2025-01-01")),
    ]
    for listed in (entries, entries[::-1]):
        found = one(lists(*listed), rule(when=EPILEPSY | {"as": "fits"}))
        assert [source.reference for source in found.evidence] == [
            "Condition/new", "Condition/old", "Condition/undated",
        ]  # fmt: skip
        assert found.when is not None
        assert found.when.values()["fits.date"] == "1 Jan 2025"


def test_the_clock_is_an_argument() -> None:
    recent = rule(when={"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "1 month"})
    facts = patient(orders=[order()], observations=[observation("egfr", "40 mL/min", "2026-03-01")])
    assert one(facts, recent).outcome is MET
    assert one(replace(facts, now=facts.now + timedelta(days=60)), recent).outcome is UNKNOWN


def test_an_engine_serves_one_patient_after_another() -> None:
    engine = Engine(
        rule_set([rule(when=EPILEPSY), rule("partner", when={"medication": "opioids"})]), CONCEPTS
    )
    ill = lists(HAS, medications=[medicine("opioids")])
    for facts, wanted in ((ill, "met"), (lists(), "not_met"), (ill, "met")):
        assert summary_of(engine.evaluate(facts)) == [("epilepsy", wanted), ("partner", wanted)]
    engine.close()
