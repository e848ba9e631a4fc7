"""The few cards that a prescriber sees: what stands alone, what stands together, in which order, and what is left out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cards import FAILED, SUMMARY_LIMIT, Card, OverrideReason, cards_of
from engine.evaluation import Engine
from engine.facts import FactList, Gap, ListState, OrderAction, PatientFacts, TherapyStatus
from engine.finding import Truth
from engine.outcome import Evaluation
from engine.rule import Indicator, Kind, Rule
from engine.ruleset import RuleSet
from tests.engine.builders import (
    CONCEPTS,
    PACK,
    coded,
    device,
    diagnosis,
    evaluate,
    medicine,
    on,
    order,
    patient,
    pump,
    rule,
    rule_set,
)
from tests.engine.records import records

EPILEPSY, INJURY = {"condition": "epilepsy"}, {"condition": "head-injury"}


def ordered(*conditions: Any, state: ListState = ListState.PRESENT, **more: Any) -> PatientFacts:
    """A patient for whom the medicine is being ordered."""
    known: dict[str, Any] = {"orders": [order()], "conditions": FactList(state, conditions or (diagnosis(),))}
    return patient(**(known | more))


def cards(facts: PatientFacts, *rules: Rule) -> tuple[Card, ...]:
    return cards_of(evaluate(facts, *rules), rule_set(rules))


def said(name: str, kind: str, indicator: str = "warning", **more: Any) -> Rule:
    """A rule that is met by epilepsy."""
    card = {"indicator": indicator} | more.pop("card", {})
    return rule(name, kind=kind, when=EPILEPSY, card=card, **more)


class TestTiers:
    @pytest.mark.parametrize(
        ("kind", "tier"),
        [
            ("contraindication", "contraindication"),
            ("warning", "warnings"),
            ("precaution", "warnings"),
            ("administration", "warnings"),
            ("interaction", "interactions"),
            ("monitoring", "information"),
            ("information", "information"),
        ],
    )
    def test_every_kind_of_statement_has_its_card(self, kind: str, tier: str) -> None:
        (card,) = cards(ordered(), said("a", kind))
        assert (card.tier, card.indicator) == (tier, Indicator.WARNING)
        assert {each.value for each in Kind} >= {kind}

    def test_a_contraindication_stands_alone_and_so_does_all_that_is_critical(self) -> None:
        rules = [
            said("a", "contraindication"),
            said("b", "contraindication"),
            said("c", "warning", "critical"),
        ]
        found = cards(ordered(), *rules)
        assert [(card.rules, card.tier) for card in found] == [
            (("itb.c",), "contraindication"), (("itb.a",), "contraindication"), (("itb.b",), "contraindication"),
        ]  # fmt: skip

    def test_a_rule_that_became_critical_for_this_patient_stands_alone_too(self) -> None:
        variants = {"variants": [{"when": EPILEPSY, "indicator": "critical", "summary": "Stop"}]}
        found = cards(ordered(), said("a", "warning", card=variants), said("b", "warning"))
        assert [(card.rules, card.summary) for card in found] == [
            (("itb.a",), "Stop"),
            (("itb.b",), "About b"),
        ]

    def test_the_rest_of_a_tier_is_one_card_with_the_most_urgent_first(self) -> None:
        rules = [
            said("a", "warning", "info"),
            said("b", "precaution"),
            said("c", "interaction"),
            said("d", "interaction", "info"),
        ]
        warnings, interactions = cards(ordered(), *rules)
        assert (warnings.rules, warnings.indicator) == (("itb.b", "itb.a"), Indicator.WARNING)
        assert warnings.summary == "Intrathecal baclofen: B and A"
        assert warnings.detail.index("About b") < warnings.detail.index("About a")
        assert (warnings.topic, warnings.topic_title) == ("itb.warnings", "Precautions")
        assert interactions.rules == ("itb.c", "itb.d")

    def test_cards_come_most_urgent_first_and_what_was_not_checked_before_what_is_only_told(self) -> None:
        rules = [
            said("a", "information", "info"),
            rule("b", when={"device": "pump"}),
            said("c", "interaction"),
            said("d", "warning"),
            said("e", "contraindication", "critical"),
        ]
        facts = ordered(devices=FactList(ListState.FAILED))
        assert [card.tier for card in cards(facts, *rules)] == [
            "contraindication", "warnings", "interactions", "unchecked", "information",
        ]  # fmt: skip


class TestACard:
    def test_of_one_rule_says_what_the_rule_says(self) -> None:
        spec = {
            "indicator": "warning",
            "summary": "Epilepsy on record",
            "detail": "Watch.",
            "suggestions": [{"label": "Remove it", "delete": "order"}],
            "override_reasons": ["benefit"],
            "links": [{"label": "Leaflet", "url": "https://example.org/leaflet"}],
        }
        (card,) = cards(ordered(), rule("epilepsy", when=EPILEPSY, card=spec))
        assert (card.summary, card.order, card.pack) == (
            "Epilepsy on record",
            "MedicationRequest/order",
            "itb",
        )
        assert (card.topic, card.topic_title) == ("itb.epilepsy", "Epilepsy")
        assert (card.source_label, card.source_url) == (PACK.label_title, PACK.label_url)
        assert card.override_reasons == (OverrideReason("benefit", "The benefit outweighs the risk"),)
        assert [(s.spec.label, s.order) for s in card.suggestions] == [
            ("Remove it", "MedicationRequest/order")
        ]
        assert [link.label for link in card.links] == ["Leaflet"]
        assert card.detail.split("\n\n") == [
            "Order: baclofen.",
            "Watch.  \nOn record: epilepsy.",
            "_This rule has not been reviewed by a clinician._",
        ]

    def test_of_several_offers_each_action_reason_and_link_once(self) -> None:
        spec = {
            "suggestions": [
                {"label": "Ask neurology", "request": "Neurology"},
                {"label": "Remove it", "delete": "order"},
            ],
            "override_reasons": ["benefit"],
            "links": [{"label": "Leaflet", "url": "https://example.org/leaflet"}],
        }
        same = {
            **spec,
            "suggestions": [{"label": "Consult neurology", "request": "Neurology", "recommended": True}],
        }
        (card,) = cards(ordered(), said("a", "warning", card=spec), said("b", "warning", card=same))
        assert [suggestion.spec.label for suggestion in card.suggestions] == ["Ask neurology", "Remove it"]
        assert (len(card.override_reasons), len(card.links)) == (1, 1)

    @pytest.mark.parametrize(
        ("states", "words"),
        [
            (["unreviewed"], "_This rule has not been reviewed by a clinician._"),
            (["unreviewed", "unreviewed"], "_These rules have not been reviewed by a clinician._"),
            (
                ["unreviewed", "approved", "unreviewed"],
                "_2 of these rules have not been reviewed by a clinician._",
            ),
            (["approved"], None),
        ],
    )
    def test_says_once_that_nobody_has_signed_its_rules_off(
        self, states: list[str], words: str | None
    ) -> None:
        signed = {"by": "clinical pharmacist", "on": "2026-01-15", "next": "2027-01-15"}
        rules = [said(f"r{n}", "warning", review={"state": state} | signed) for n, state in enumerate(states)]
        (card,) = cards(ordered(), *rules)
        last = card.detail.split("\n\n")[-1]
        assert last == words if words else "reviewed" not in card.detail

    def test_leaves_out_rules_that_are_experimental_or_gave_way(self) -> None:
        rules = [
            said("a", "warning", experimental=True),
            said("b", "warning", yields_to=["itb.c"]),
            said("c", "contraindication"),
        ]
        assert [card.rules for card in cards(ordered(), *rules)] == [("itb.c",)]

    def test_is_not_made_where_nothing_is_met_or_brought_up(self) -> None:
        assert cards(ordered(diagnosis("pregnancy")), said("a", "warning")) == ()
        assert cards(patient(conditions=[diagnosis()]), said("a", "warning")) == ()
        assert cards(patient(conditions=FactList(ListState.FAILED)), said("a", "warning")) == ()


class TestWhatACardIsAbout:
    def test_every_order_has_its_own(self) -> None:
        orders = [order(reference=f"MedicationRequest/{n}") for n in (2, 1)]
        found = cards(ordered(orders=orders), said("a", "warning"))
        assert [card.order for card in found] == ["MedicationRequest/1", "MedicationRequest/2"]

    def test_therapy_has_one_without_an_order_and_without_what_acts_on_one(self) -> None:
        spec = {
            "suggestions": [
                {"label": "Remove it", "delete": "order"},
                {"label": "Ask", "request": "Neurology"},
            ]
        }
        facts = patient(hook="patient-view", conditions=[diagnosis()], medications=[pump()])
        asked = said("a", "warning", brought_up_by=["therapy"], hooks=["patient-view"], card=spec)
        (card,) = cards(facts, asked)
        assert (card.order, card.detail.split("\n\n")[0]) == (None, "Therapy: baclofen.")
        assert [(s.spec.label, s.order) for s in card.suggestions] == [("Ask", None)]

    def test_what_stops_the_medicine_is_an_order_too(self) -> None:
        facts = ordered(orders=[order(action=OrderAction.STOP)])
        (card,) = cards(facts, said("a", "warning", brought_up_by=["stop"]))
        assert (card.order, card.detail.split("\n\n")[0]) == ("MedicationRequest/order", "Order: baclofen.")

    def test_running_therapy_and_one_that_has_ended_are_told_apart(self) -> None:
        over = pump(status=TherapyStatus.ENDED, ended=on("2026-03-01"))
        view = {"hook": "patient-view", "conditions": [diagnosis()]}
        asked = said("a", "warning", brought_up_by=["therapy", "ended"], hooks=["patient-view"])
        (card,) = cards(patient(medications=[over], **view), asked)  # type: ignore[arg-type]
        assert card.detail.startswith("Therapy that has ended: baclofen.")

    def test_what_is_known_of_therapy_is_not_told_of_an_order_that_could_not_be_read(self) -> None:
        facts = ordered(
            orders=(), order_gaps=(Gap("MedicationRequest/9", "no medicine"),), medications=[pump()]
        )
        unread, therapy = sorted(
            cards(facts, said("a", "warning", brought_up_by=["order", "therapy"])), key=lambda card: card.tier
        )
        assert (unread.tier, unread.detail.split("\n\n")[0]) == (
            "unchecked",
            "Order: an order that could not be read.",
        )
        assert (therapy.tier, therapy.detail.split("\n\n")[0]) == ("warnings", "Therapy: baclofen.")

    def test_the_words_of_an_order_are_inert(self) -> None:
        odd = replace(coded("baclofen"), text="<script>*baclofen*")
        (card,) = cards(ordered(orders=[order(odd)]), said("a", "warning"))
        assert card.detail.startswith("Order: &lt;script&gt;\\*baclofen\\*.")


class TestWhatCouldNotBeChecked:
    FAILED_LIST = ListState.FAILED

    def unchecked(self, *rules: Rule, **more: Any) -> Card:
        (card,) = cards(ordered(diagnosis("pregnancy"), state=self.FAILED_LIST, **more), *rules)
        return card

    def test_is_one_card_for_all_rules_of_an_order(self) -> None:
        card = self.unchecked(rule("a", when=EPILEPSY), rule("b", when=INJURY, kind="contraindication"))
        assert (card.tier, card.indicator, card.rules) == ("unchecked", Indicator.INFO, ("itb.a", "itb.b"))
        assert card.summary == "Intrathecal baclofen, not checked: problem list"
        assert "**epilepsy, head injury**: the problem list could not be read from the record" in card.detail
        assert (card.topic, card.order) == ("itb.unchecked", "MedicationRequest/order")

    def test_a_rule_may_ask_to_be_warned_or_to_be_silent(self) -> None:
        assert self.unchecked(rule("a", when=EPILEPSY, if_unknown="warn")).indicator is Indicator.WARNING
        facts = ordered(diagnosis("pregnancy"), state=self.FAILED_LIST)
        assert cards(facts, rule("a", when=EPILEPSY, if_unknown="silent")) == ()

    def test_it_offers_to_obtain_what_is_missing(self) -> None:
        obtain = [{"label": "Request creatinine", "request": "Serum creatinine"}]
        card = self.unchecked(rule("a", when=EPILEPSY, obtain=obtain), rule("b", when=INJURY, obtain=obtain))
        assert [suggestion.spec.label for suggestion in card.suggestions] == ["Request creatinine"]

    def test_an_experimental_rule_keeps_its_doubts_to_itself(self) -> None:
        facts = ordered(diagnosis("pregnancy"), state=self.FAILED_LIST)
        assert cards(facts, rule("a", when=EPILEPSY, experimental=True)) == ()

    def test_an_outcome_without_a_reason_still_shows(self) -> None:
        facts = ordered(diagnosis("pregnancy"), state=self.FAILED_LIST)
        asked = rule("a", when=EPILEPSY)
        found = evaluate(facts, asked)
        bare = Evaluation(found.hook, tuple(replace(outcome, missing=()) for outcome in found.outcomes))
        (card,) = cards_of(bare, rule_set([asked]))
        assert FAILED.why in card.detail

    def test_a_rule_that_failed_is_told_even_where_it_is_silent_or_the_order_is_not_finished(self) -> None:
        asked = rule("a", when=EPILEPSY, if_unknown="silent", hooks=["order-select"])
        found = evaluate(ordered(hook="order-select"), asked)
        failed = [
            replace(outcome, outcome=Truth.UNKNOWN, error="the rule failed") for outcome in found.outcomes
        ]
        (card,) = cards_of(Evaluation("order-select", tuple(failed)), rule_set([asked]))
        assert card.tier == "unchecked"


class TestWhileTheOrderIsStillBeingWritten:
    @pytest.mark.parametrize(
        ("kind", "route", "told"),
        [
            ("contraindication", "intrathecal", True),
            ("contraindication", None, False),  # whether it is the medicine is not settled yet
            ("warning", "intrathecal", False),
        ],
    )
    def test_only_what_a_contraindication_would_need_is_named(
        self, kind: str, route: str | None, told: bool
    ) -> None:
        asked = rule("a", kind=kind, when=EPILEPSY, hooks=["order-select", "order-sign"])
        facts = ordered(diagnosis("pregnancy"), state=ListState.FAILED, orders=[order(route=route)])
        assert bool(cards(replace(facts, hook="order-select"), asked)) is told
        assert bool(cards(facts, asked)) is True

    def test_what_is_met_is_told_at_once(self) -> None:
        asked = said("a", "warning", hooks=["order-select"])
        assert len(cards(ordered(hook="order-select"), asked)) == 1


class TestWhereItIsNotKnownWhetherThePatientHasTheMedicine:
    @pytest.mark.parametrize(
        ("when", "told"),
        [
            (EPILEPSY, True),
            (INJURY, False),
            ({"lab": "egfr", "below": "60 mL/min", "within": "1 year"}, False),
            (None, False),
        ],
    )
    def test_a_rule_is_named_only_when_the_rest_of_it_holds(
        self, when: dict[str, Any] | None, told: bool
    ) -> None:
        facts = patient(hook="patient-view", conditions=[diagnosis()], devices=[device()])
        asked = rule("a", when=when, hooks=["patient-view"], brought_up_by=["therapy"])
        assert bool(cards(facts, asked)) is told


RULES = [
    said("contra", "contraindication", "critical"),
    said("again", "contraindication", "critical"),
    said("warn", "warning"),
    rule("hurt", when=INJURY | {"as": "injury"}, card={"summary": "Injured {injury.date}: {injury.list}"}),
    rule("kidney", when={"lab": "egfr", "below": "60 mL/min", "within": "1 year", "estimate": "creatinine"}),
    rule("opioid", kind="interaction", when={"medication": "opioids", "as": "partner"},
         card={"summary": "With {partner.list}", "detail": "{partner.label} since {partner.date}"},
         brought_up_by=["order", "therapy"]),
    rule("implant", kind="information", when={"procedure": "pump-implant"}, card={"indicator": "info"}),
    rule("stop", brought_up_by=["stop"], unless={"taper": "planned"}),
    rule("view", brought_up_by=["therapy"], hooks=["patient-view"], when={"allergy": "penicillin"}),
]  # fmt: skip
ENGINE = Engine(rule_set(RULES), CONCEPTS)
quickly = settings(deadline=None, max_examples=60)


@quickly
@given(records(), st.text(max_size=200))
def test_every_summary_is_under_140_characters_whatever_the_record_says(
    facts: PatientFacts, words: str
) -> None:
    """CH-120."""
    spoken = medicine(replace(coded("opioids"), text=words), "oral", reference="MedicationRequest/spoken")
    found = replace(facts, medications=replace(facts.medications, items=(spoken, *facts.medications.items)))
    for card in cards_of(ENGINE.evaluate(found), ENGINE.rules):
        assert 0 < len(card.summary) <= SUMMARY_LIMIT
        assert "\n" not in card.summary
        assert card.rules


@quickly
@given(records(), st.randoms(use_true_random=False))
def test_the_same_patient_gives_the_same_cards_in_whatever_order_the_record_lists_things(
    facts: PatientFacts, random: Any
) -> None:
    def shuffled(found: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(found, len(found)))

    lists = {
        name: replace(getattr(facts, name), items=shuffled(getattr(facts, name).items))
        for name in ("conditions", "medications", "observations")
    }
    other = replace(facts, orders=shuffled(facts.orders), **lists)
    assert cards_of(ENGINE.evaluate(other), ENGINE.rules) == cards_of(ENGINE.evaluate(facts), ENGINE.rules)


@quickly
@given(records())
def test_there_is_one_card_for_each_tier_of_an_order_but_for_what_stands_alone(facts: PatientFacts) -> None:
    found = [
        card for card in cards_of(ENGINE.evaluate(facts), ENGINE.rules) if card.tier != "contraindication"
    ]
    places = [(card.tier, card.detail.split("\n\n")[0], card.order) for card in found]
    assert len(places) == len(set(places))


def test_packs_are_told_apart() -> None:
    other = replace(PACK, id="us", title="baclofen (US label)")
    elsewhere = said("a", "warning").model_copy(update={"id": "us.a"})
    rules = RuleSet((said("a", "warning"), elsewhere), {"itb": PACK, "us": other})
    engine = Engine(rules, CONCEPTS)
    found = cards_of(engine.evaluate(ordered()), rules)
    engine.close()
    assert [(card.pack, card.rules) for card in found] == [("itb", ("itb.a",)), ("us", ("us.a",))]
