"""Condition coverage: a condition counts as seen only where another truth in its place would have changed the outcome."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.authoring.condition_coverage import conditions_seen
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from engine.finding import Truth

MINI = Path(__file__).parents[2] / "fixtures" / "rules-mini"


def test_each_condition_of_a_rule_is_reported_with_what_its_tests_saw() -> None:
    seen = {entry.path: entry for entry in conditions_seen(load_rules(MINI), select="renal-impairment")}
    assert set(seen) == {("when", "any", 0), ("when", "any", 1), ("unless",)}
    assert Truth.MET in seen["when", "any", 0].seen
    assert all(entry.lacking == entry.wanted - entry.seen for entry in seen.values())


def test_a_rule_without_tests_is_not_reported() -> None:
    loaded = load_rules(MINI)
    without = {name: path for name, path in loaded.paths.items() if not name.endswith(".test.yaml")}
    assert list(conditions_seen(replace(loaded, paths=without))) == []


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("baclofen-it.route-missing", ("when",)),
        ("baclofen-it.epilepsy", ("card", "variants", 0, "when", "none", 0)),
        ("metformin.kidney-start", ("when", "all", 0)),
    ],
)
def test_what_always_has_an_answer_need_not_be_seen_unknown(rule: str, path: tuple[str | int, ...]) -> None:
    loaded = load_rules(DEFAULT_FOLDER, examples=True)
    seen = {entry.path: entry for entry in conditions_seen(loaded, select=rule)}
    assert seen[path].wanted == {Truth.MET, Truth.NOT_MET}
