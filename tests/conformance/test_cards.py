"""Cards that a live service sends: what they say, and what they never hold."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.rule import Indicator
from fhir_adapters.conformance.examination import cards_of
from tests.conformance.live import Live, running
from tests.conformance.requests import SIGN, VIEW, demonstration, side_effect, two_orders, wrong_route

Answers = list[dict[str, Any]]

WITHOUT_REASONS = {
    "baclofen-it.wrong-route": "no other route is ever right",
    "baclofen-it.expired-batch": "an expired batch is replaced",
}
"""Rules whose card offers no reason to go on regardless, because there is none."""


@pytest.fixture(scope="module")
def answers(browsed: Live) -> Answers:
    """Answers with cards of every make."""
    asked = [(SIGN, wrong_route()), (SIGN, demonstration()), (VIEW, side_effect())]
    found = [browsed.service.post(path, request) for path, request in asked]
    assert all(cards_of(answer) for answer in found)
    return [answer.members for answer in found]


def suggestions(answers: Answers) -> Iterator[dict[str, Any]]:
    for answer in answers:
        for card in answer["cards"]:
            yield from card.get("suggestions", ())


def test_ch_130_a_card_names_its_order_in_words(browsed: Live) -> None:
    cards = cards_of(browsed.service.post(SIGN, two_orders()))
    texts = [f"{card['summary']} {card['detail']}" for card in cards if card["indicator"] == "critical"]
    assert len(texts) == 2
    for strength in ("0.5 mg/mL", "2 mg/mL"):
        assert any(strength in text for text in texts)


def test_ch_145_and_ch_146_what_belongs_together_is_one_action(answers: Answers) -> None:
    offered = list(suggestions(answers))
    assert {action["type"] for each in offered for action in each["actions"]} == {
        "create",
        "update",
        "delete",
    }
    assert all(len(each["actions"]) == 1 for each in offered)


def test_ch_165_no_link_launches_by_itself(answers: Answers) -> None:
    links = [link for answer in answers for card in answer["cards"] for link in card.get("links", ())]
    assert links
    assert all("autolaunchable" not in link for link in links)


def test_ch_172_no_system_action_is_sent_to_anybody(answers: Answers) -> None:
    assert all("systemActions" not in answer for answer in answers)


def test_ch_230_what_was_looked_at_is_an_object_under_a_name_of_our_own(answers: Answers) -> None:
    for answer in answers:
        assert answer["extension"].keys() == {"org.primum.evaluation"}
        assert answer["extension"]["org.primum.evaluation"]["rules"]


def test_ch_133_whoever_goes_on_regardless_can_say_why() -> None:
    silent = {
        rule.id
        for rule in load_rules().rules.active()
        if rule.card.indicator is not Indicator.INFO and not rule.card.override_reasons
    }
    assert silent == WITHOUT_REASONS.keys()


def test_ch_131_where_a_site_asks_for_it_nothing_unreviewed_is_critical(tmp_path: Path) -> None:
    with running(tmp_path, critical_needs_review=1) as live:
        cards = cards_of(live.service.post(SIGN, demonstration()))
    unreviewed = [card for card in cards if "not been reviewed by a clinician" in card["detail"]]
    assert len(unreviewed) > 2
    assert {card["indicator"] for card in unreviewed} <= {"warning", "info"}
