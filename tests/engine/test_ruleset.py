"""Rule sets: finding a rule, its pack, and those that are looked at."""

from dataclasses import replace
from datetime import date

import pytest

from engine.adjustments import Adjustment
from engine.rule import Hook
from tests.engine.builders import PACK, rule, rule_set

RULES = rule_set(
    [rule("a"), rule("b", hooks=["patient-view"]), rule("c", status="draft"), rule("d", experimental=True)]
)


def test_a_rule_is_found_by_its_id_with_its_pack() -> None:
    assert RULES.rule("itb.b").name == "b"
    assert RULES.pack_of(RULES.rule("itb.b")) is PACK
    with pytest.raises(KeyError):
        RULES.rule("itb.z")


def test_active_rules_are_looked_at_experimental_ones_too() -> None:
    assert [found.name for found in RULES.active()] == ["a", "b", "d"]
    assert [found.name for found in RULES.active(Hook.ORDER_SIGN)] == ["a", "d"]


def test_a_draft_is_current_and_can_be_looked_at_while_it_is_written_with_what_a_site_makes_of_it() -> None:
    draft = next(rule for rule in RULES.rules if rule.status == "draft")
    assert draft in RULES.current()
    assert {rule.status for rule in RULES.current()} == {"active", "draft"}
    site = Adjustment(
        draft.model_copy(update={"experimental": True}), "Ours.", "committee", date(2026, 6, 30)
    )
    looked_at = replace(RULES, adjustments={draft.id: site}).as_if_active(draft.id)
    assert looked_at.rule(draft.id).status == "active"
    assert looked_at.with_adjusted({draft.id}).rule(draft.id).status == "active"
    assert RULES.as_if_active(draft.id).adjustments == {}
