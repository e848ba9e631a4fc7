"""What is critical: some clients show it as a window over all others, so somebody answers for it or it says that nobody does."""

from dataclasses import replace

import pytest

from engine.cards import Card, cards_of
from engine.rule import Indicator, Rule
from tests.engine.builders import diagnosis, evaluate, order, patient, rule, rule_set

SIGNED = {"state": "approved", "by": "clinical pharmacist", "on": "2026-01-15", "next": "2027-01-15"}
FACTS = patient(orders=[order()], conditions=[diagnosis()])


def critical(name: str, **more: object) -> Rule:
    """A critical rule that is met."""
    card = {"indicator": "critical"}
    return rule(name, kind="contraindication", when={"condition": "epilepsy"}, card=card, **more)


def shown(*rules: Rule, critical_needs_review: bool) -> list[Card]:
    asked = replace(rule_set(rules), critical_needs_review=critical_needs_review)
    return list(cards_of(evaluate(FACTS, *rules), asked))


def test_ch_131_no_rule_is_critical_without_a_word_on_who_answers_for_it() -> None:
    written = critical("route").model_dump(mode="json", exclude_none=True)
    del written["review"]
    with pytest.raises(ValueError, match="review"):
        Rule.model_validate(written)
    for unsigned in ("by", "on"):
        with pytest.raises(ValueError, match="names the role"):
            critical("route", review={name: value for name, value in SIGNED.items() if name != unsigned})


def test_ch_131_a_critical_card_says_that_nobody_has_signed_its_rule_off() -> None:
    [card] = shown(critical("route"), critical_needs_review=False)
    assert card.indicator is Indicator.CRITICAL
    assert card.detail.endswith("_This rule has not been reviewed by a clinician._")


def test_ch_131_where_a_site_asks_for_it_only_what_is_signed_off_is_critical() -> None:
    rules = [critical("a"), critical("b", review=SIGNED), rule("c", when={"condition": "epilepsy"})]
    cards = shown(*rules, critical_needs_review=True)
    assert [(card.rules, card.indicator.value) for card in cards] == [
        (("itb.b",), "critical"),
        (("itb.a",), "warning"),
        (("itb.c",), "warning"),
    ]


def test_ch_131_what_is_critical_in_a_special_case_only_is_held_back_too() -> None:
    variant = {"when": {"condition": "epilepsy"}, "indicator": "critical"}
    special = rule("a", when={"condition": "epilepsy"}, card={"variants": [variant]})
    for asked, urgency in ((False, "critical"), (True, "warning")):
        [card] = shown(special, critical_needs_review=asked)
        assert card.indicator.value == urgency
