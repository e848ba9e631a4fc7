"""Offers: each thing is offered once, and nothing that is requested already."""

from engine.cards import Card, CardSuggestion
from engine.concepts import CodedText
from engine.offers import offered_once
from engine.rule import Indicator, SuggestionSpec
from tests.engine.builders import CONCEPTS, coded, service

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
    told = offered_once(cards, services, CONCEPTS)  # type: ignore[arg-type]
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
