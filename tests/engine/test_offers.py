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


CLEARANCE = {
    "lab": "clearance",
    "below": "60 mL/min",
    "within": "12 months",
    "estimate": "creatinine-and-weight",
}
EGFR = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months", "estimate": "creatinine"}
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
    asked = rule("a", when=EGFR, obtain=[spec.model_dump(exclude_none=True) for spec in (CREATININE, ASK)])
    evaluation = evaluate(patient(person, orders=[order()], observations=found), asked)
    (told,) = cards_of(evaluation, rule_set([asked]))
    assert [suggestion.spec.label for suggestion in told.suggestions] == offers


def test_a_measurement_that_several_rules_lack_is_offered_once_and_not_where_it_is_requested() -> None:
    rules = [rule("a", when=CLEARANCE), rule("b", when=CLEARANCE | {"below": "30 mL/min"})]
    evaluation = evaluate(patient(orders=[order()], observations=[USED]), *rules)
    (told,) = cards_of(evaluation, rule_set(rules))
    assert offered(told) == [["Request vital weight"]]
    assert offered(told, services=(service(coded("vital-weight")),)) == [[]]


def test_each_rule_offers_what_it_lacks_and_its_own_words_go_before_ours() -> None:
    weigh = {"label": "Have the patient weighed", "request": "Weight", "code": "vital-weight"}
    rules = [rule("a", when=CLEARANCE, obtain=[weigh]), rule("b", when=EGFR)]
    for person, offers in (
        (ADULT, [["Have the patient weighed"]]),
        (replace(ADULT, birth=on("2018-03-15")), [["Request vital height"]]),
    ):
        (told,) = cards_of(
            evaluate(patient(person, orders=[order()], observations=[USED]), *rules), rule_set(rules)
        )
        assert offered(told) == offers


def test_where_only_the_age_is_unknown_no_creatinine_is_offered() -> None:
    asked = rule(
        "a", when={"all": [{"age": {"below": "4 years"}}, EGFR]}, obtain=[CREATININE.model_dump(exclude_none=True)]
    )  # fmt: skip
    found = [observation("egfr", "40 mL/min")]
    unborn = patient(replace(ADULT, birth=None), orders=[order()], observations=found)
    (told,) = cards_of(evaluate(unborn, asked), rule_set([asked]))
    assert told.suggestions == ()
    assert "To complete or correct in the patient's record: birth date." in told.detail
