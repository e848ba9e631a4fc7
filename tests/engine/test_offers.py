"""Offers: each thing is offered once, and nothing that is requested already."""

from dataclasses import replace
from typing import Any

import pytest

from engine.cards import Card, CardSuggestion, cards_of
from engine.concepts import CodedText
from engine.facts import ObservationFact, Person
from engine.offers import offered_once
from engine.rule import Indicator, SuggestionSpec
from tests.engine.builders import (
    ADULT,
    CONCEPTS,
    NOW,
    coded,
    evaluate,
    observation,
    on,
    order,
    patient,
    rule,
    rule_set,
    service,
)  # fmt: skip

CREATININE = SuggestionSpec(label="Request it", request="Serum creatinine", code="lab-creatinine")
SAME = SuggestionSpec(
    label="Creatinine, please", request="Serum creatinine", code="lab-creatinine", recommended=True
)
HOLD = SuggestionSpec(label="Hold", set_status="on-hold")
ASK = SuggestionSpec(label="Ask", task="Serum creatinine")


def card(*specs: SuggestionSpec, order: str | None = "MedicationRequest/1") -> Card:
    return Card(
        tier="unchecked", indicator=Indicator.INFO, summary="s", detail="d", rules=("itb.a",), pack="itb", topic="t",
        topic_title="T", source_label="L", source_url=None, order=order,
        suggestions=tuple(CardSuggestion(spec, order) for spec in specs),
    )  # fmt: skip


def offered(*cards: Card, services: tuple[object, ...] = ()) -> list[list[str]]:
    told = offered_once(cards, services, CONCEPTS, NOW)  # type: ignore[arg-type]
    return [[suggestion.spec.label for suggestion in each.suggestions] for each in told]


def test_the_first_card_offers_what_several_ask_for() -> None:
    assert offered(card(CREATININE, ASK), card(SAME, order="MedicationRequest/2")) == [
        ["Request it", "Ask"],
        [],
    ]


def test_what_acts_on_an_order_is_offered_for_each_of_them() -> None:
    assert offered(card(HOLD), card(HOLD, order="MedicationRequest/2")) == [["Hold"], ["Hold"]]


def test_what_is_requested_already_is_not_offered_by_whichever_code_or_in_the_same_words() -> None:
    for asked in (coded("lab-creatinine"), CodedText(text="serum creatinine")):
        assert offered(card(CREATININE, HOLD), services=(service(asked),)) == [["Hold"]]
        assert offered(card(CREATININE), services=(service(asked, draft=True),)) == [[]]


def test_another_service_and_one_that_nobody_can_tell_take_nothing_away() -> None:
    for asked in (coded("vital-height"), CodedText(), CodedText(text="Blood count")):
        assert offered(card(CREATININE, ASK), services=(service(asked),)) == [["Request it", "Ask"]]


@pytest.mark.parametrize(
    ("request_", "counts"),
    [
        ({"proposed": True}, False),
        ({"occurrence": on("2019-01-01")}, False),
        ({"authored": on("2019-01-01")}, False),
        ({"occurrence": on("2026-02-12")}, False),
        ({"occurrence": on("2026-02-13")}, True),
        ({"authored": on("2019-01-01"), "occurrence": on("2026-04")}, True),
    ],
)
def test_what_is_only_proposed_or_was_for_a_day_long_past_is_offered_all_the_same(
    request_: dict[str, Any], counts: bool
) -> None:
    asked = service(coded("lab-creatinine"), **request_)
    assert offered(card(CREATININE), services=(asked,)) == [[] if counts else ["Request it"]]


USED, UNUSABLE = observation("lab-creatinine", "1 mg/dL"), observation("lab-creatinine", None)
UNFIT = observation("egfr", "50 mg/dL")


@pytest.mark.parametrize(
    ("found", "person", "offers"),
    [
        ([], ADULT, ["Request it", "Ask"]),
        ([UNUSABLE], ADULT, ["Request it", "Ask"]),
        ([UNFIT], ADULT, ["Request it", "Ask"]),
        ([USED], replace(ADULT, sex="unknown"), ["Ask"]),
        ([USED], replace(ADULT, birth=None), ["Ask"]),
        ([USED], replace(ADULT, birth=on("2018-03-15")), ["Ask", "Request vital height"]),
    ],
)
def test_what_is_on_record_is_not_offered_but_the_measurement_that_an_estimate_lacks(
    found: list[ObservationFact], person: Person, offers: list[str]
) -> None:
    egfr = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months", "estimate": "creatinine"}
    asked = rule("a", when=egfr, obtain=[spec.model_dump(exclude_none=True) for spec in (CREATININE, ASK)])
    evaluation = evaluate(patient(person, orders=[order()], observations=found), asked)
    (told,) = cards_of(evaluation, rule_set([asked]))
    assert [suggestion.spec.label for suggestion in told.suggestions] == offers
