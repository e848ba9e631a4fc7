"""Which rules are looked at, and which of two cards replaces the other."""

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import ConceptError
from engine.facts import FactList, Gap, ListState, OrderAction, PatientFacts
from engine.finding import Truth
from engine.outcome import Evaluation, RuleOutcome
from engine.rule import Rule
from tests.engine.builders import (
    UNMAPPED,
    device,
    diagnosis,
    evaluate,
    order,
    patient,
    pump,
    rule,
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


class TestWhichCardReplacesWhich:
    def rules(self, *yields: tuple[str, list[str]], **more: Any) -> list[Rule]:
        return [rule(name, when=EPILEPSY, yields_to=[f"itb.{n}" for n in to], **more) for name, to in yields]

    def look(self, *rules: Rule, facts: PatientFacts | None = None) -> dict[str, str | None]:
        found = evaluate(facts or lists(HAS), *rules)
        return {outcome.rule.name: outcome.yielded_to for outcome in found.outcomes}

    def test_a_met_rule_gives_way_to_another_met_rule_of_the_same_order(self) -> None:
        assert self.look(*self.rules(("warning", ["worse"]), ("worse", []))) == {
            "warning": "itb.worse",
            "worse": None,
        }

    def test_not_to_one_that_is_not_met_not_shown_or_about_another_order(self) -> None:
        gives_way = rule("warning", when=EPILEPSY, yields_to=["itb.worse"])
        assert self.look(gives_way, rule("worse", when=INJURY))["warning"] is None
        assert self.look(gives_way, rule("worse", when=EPILEPSY, experimental=True))["warning"] is None
        assert self.look(gives_way, rule("worse", when=EPILEPSY, status="draft"))["warning"] is None
        of_therapy = rule("worse", when=EPILEPSY, brought_up_by=["therapy"])
        both = lists(HAS, medications=[pump()])
        assert self.look(gives_way, of_therapy, facts=both) == {"warning": None, "worse": None}

    def test_only_a_card_can_give_way(self) -> None:
        silent = rule("warning", when=INJURY, yields_to=["itb.worse"])
        assert self.look(silent, rule("worse", when=EPILEPSY))["warning"] is None

    def test_a_chain_ends_with_a_card(self) -> None:
        chain = self.rules(("a", ["b"]), ("b", ["c"]), ("c", []))
        assert self.look(*chain) == {"a": "itb.b", "b": "itb.c", "c": None}

    @pytest.mark.parametrize(
        "yields",
        [
            [("a", ["b"]), ("b", ["a"])],
            [("a", ["b"]), ("b", ["c"]), ("c", ["a"])],
            [("a", ["a"])],
        ],
    )
    def test_rules_that_yield_in_a_circle_all_stay(self, yields: list[tuple[str, list[str]]]) -> None:
        assert set(self.look(*self.rules(*yields)).values()) == {None}

    def test_beside_a_circle_the_others_still_give_way(self) -> None:
        found = self.look(*self.rules(("a", ["b"]), ("b", ["a"]), ("c", ["a", "b"])))
        assert found == {"a": None, "b": None, "c": "itb.a"}

    def test_what_gave_way_or_is_experimental_is_recorded_and_not_shown(self) -> None:
        found = evaluate(
            lists(HAS),
            *self.rules(("warning", ["worse"]), ("worse", [])),
            rule("new", when=EPILEPSY, experimental=True),
        )
        assert {outcome.rule.name: outcome.shown for outcome in found.outcomes} == {
            "new": False, "warning": False, "worse": True,
        }  # fmt: skip
        assert all(outcome.outcome is MET for outcome in found.outcomes)


class TestWhichRulesAreLookedAt:
    def test_the_active_ones_of_the_hook(self) -> None:
        rules = [
            rule("active"),
            rule("draft", status="draft"),
            rule("retired", status="retired"),
            rule("elsewhere", hooks=["patient-view"]),
        ]
        assert summary_of(evaluate(lists(), *rules)) == [("active", "met")]

    def test_every_order_of_the_medicine_is_looked_at_in_the_order_of_rules_and_orders(self) -> None:
        orders = [order(reference=f"MedicationRequest/{number}") for number in (2, 1)]
        found = evaluate(lists(orders=orders), rule("b"), rule("a"))
        assert [(o.rule.name, o.subject.order) for o in found.outcomes if o.subject] == [
            ("a", "MedicationRequest/1"), ("a", "MedicationRequest/2"),
            ("b", "MedicationRequest/1"), ("b", "MedicationRequest/2"),
        ]  # fmt: skip

    def test_a_rule_about_an_order_that_stops_the_medicine_needs_such_an_order(self) -> None:
        stop = rule("stop", brought_up_by=["stop"])
        assert one(lists(), stop).outcome is NOT_MET
        assert one(lists(orders=[order(action=OrderAction.STOP)]), stop).outcome is MET

    def test_therapy_that_nobody_can_be_sure_of_leaves_its_rules_open(self) -> None:
        found = one(lists(HAS, orders=(), devices=[device()]), rule(when=EPILEPSY, brought_up_by=["therapy"]))
        assert found.outcome is UNKNOWN
        assert [entry.why for entry in found.missing] == [
            "a pump is on record, but not which medicine it holds"
        ]

    def test_orders_that_could_not_be_read_leave_every_rule_open(self) -> None:
        gaps = (Gap("MedicationRequest/9", "it has no medicine"),)
        assert one(patient(conditions=[HAS], order_gaps=gaps), rule(when=EPILEPSY)).outcome is UNKNOWN

    def test_a_medicine_that_nobody_described_is_a_fault_of_the_rules(self) -> None:
        with pytest.raises(ConceptError, match="there is no medicine"):
            evaluate(lists(), rule(medicine="aspirin"))

    def test_codes_that_a_terminology_server_adds_count_for_this_request(self) -> None:
        facts = lists(MAY_HAVE)
        coding = UNMAPPED.codings[0]
        told = replace(facts, members=frozenset({("epilepsy", coding.system, coding.code)}))
        assert one(facts, rule(when=EPILEPSY)).outcome is UNKNOWN
        assert one(told, rule(when=EPILEPSY)).outcome is MET
        assert one(facts, rule(when=EPILEPSY)).outcome is UNKNOWN
