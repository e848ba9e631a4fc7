"""Mutants: each small wrong change is made, tests notice it, and a change that makes no difference needs a reason."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.authoring import mutants
from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.authoring.mutants import mutant_reports, totals
from engine.authoring.mutations import Mutation, mutations
from engine.rule import Rule

MINI = Path(__file__).parents[2] / "fixtures" / "rules-mini"


@pytest.fixture(scope="module")
def mini() -> Loaded:
    return load_rules(MINI)


def rule(**parts: Any) -> Rule:
    card = {"indicator": "warning", "summary": "Look"} | parts.pop("card", {})
    return Rule.model_validate(
        {
            "id": "pack.rule", "title": "Rule", "kind": "warning", "status": "active", "version": "1.0.0",
            "hooks": ["order-sign"], "medicine": "medicine", "card": card,
            "sources": [{"statement": "WP-01"}], "review": {"state": "unreviewed", "next": "2027-01-01"},
        }
        | parts
    )  # fmt: skip


def names(**parts: Any) -> set[str]:
    return {mutation.name for mutation in mutations(rule(**parts))}


CONDITION = {"condition": "epilepsy"}
LAB = {"lab": "egfr", "below": "60 mL/min", "within": "12 months"}
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a comparison is turned, its edge moved, its limit shifted": (
        {"when": LAB},
        {
            "when: below becomes at_or_below",
            "when: below becomes above",
            "when.below: limit +1",
            "when.below: limit -1",
            "when: within one longer",
            "when: within one shorter",
            "when: pick any",
            "when: if_missing not-met",
            "when: negated",
        },
    ),
    "an estimate is left out": ({"when": LAB | {"estimate": "creatinine"}}, {"when: estimate left out"}),
    "both ends of a range move": (
        {"when": {"age": {"between": ["4 years", "18 years"]}}},
        {"when.age.between: lower end -1", "when.age.between: upper end +1"},
    ),
    "groups are swapped and shortened": (
        {"when": {"all": [CONDITION, {"any": [LAB, CONDITION]}, {"none": [LAB, CONDITION]}]}},
        {
            "when: all becomes any",
            "when.all.0: left out",
            "when.all.1: any becomes all",
            "when.all.2: none becomes all",
            "when.all.2.none.1: left out",
        },
    ),
    "a number of conditions is one more or one fewer": (
        {"when": {"at_least": 2, "of": [CONDITION, LAB, CONDITION]}},
        {"when: one more of them", "when: one fewer of them", "when.of.2: left out"},
    ),
    "a group of one is not swapped": ({"when": {"none": [CONDITION]}}, {"when: negated"}),
    "one of them cannot become none of them": (
        {"when": {"at_least": 1, "of": [CONDITION, LAB]}},
        {"when: one more of them"},
    ),
    "an exception is left out, what it leaves out counts": (
        {"when": CONDITION | {"excluding": ["mild"]}, "unless": CONDITION},
        {"unless: left out", "when: also counts mild"},
    ),
    "a status is another": ({"when": CONDITION}, {"when: status ever", "when: certainty confirmed"}),
    "how many there must be": (
        {"when": {"medication": "opioids", "different": 2}},
        {"when: different one more"},
    ),
    "a rise is another": (
        {"when": {"dose": {"of": "day", "rise_above": 30}}},
        {"when.dose: rise_above one more"},
    ),
    "stated is turned round": ({"when": {"route": {"stated": False}}}, {"when.route: stated turned round"}),
    "urgency, variants": (
        {"card": {"variants": [{"when": CONDITION, "indicator": "info"}, {"when": LAB, "summary": "Other"}]}},
        {
            "card.indicator: critical",
            "card.indicator: info",
            "card.variants.0: left out",
            "card.variants.0.indicator: critical",
            "card.variants.1.when: negated",
        },
    ),
    "hooks, what brings it up, what it yields to": (
        {
            "hooks": ["order-sign", "order-select"],
            "brought_up_by": ["therapy", "stop"],
            "yields_to": ["pack.other"],
        },
        {
            "hooks: without order-select",
            "brought_up_by: without stop",
            "yields_to: without pack.other",
        },
    ),
    "what silence means": (
        {
            "if_unknown": "silent",
            "when": {"any": [{"pregnancy": "possible", "if_missing": "not-met"}, LAB | {"pick": "any"}]},
        },
        {
            "if_unknown: tell",
            "if_unknown: warn",
            "when.any.0: if_missing unknown",
            "when.any.1: pick latest",
            "when.any.1: if_missing not-met",
        },
    ),
    "the only hook and the only subject stay": ({"brought_up_by": ["therapy"]}, set()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_changes(what: str) -> None:
    parts, expected = CHANGES[what]
    assert expected <= names(**parts)


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_makes_another_rule_or_none(what: str) -> None:
    original = rule(**CHANGES[what][0])
    for mutation in mutations(original):
        try:
            assert mutation.applied(original) != original, mutation.name
        except ValueError:
            assert "one more of them" in mutation.name or "-1" in mutation.name


def test_what_silence_means_is_changed_in_a_variant_only_below_none() -> None:
    """A variant that is unknown is passed over like one that is not met; ``none`` turns the two into different things."""
    variants = [{"when": LAB, "summary": "One"}, {"when": {"none": [LAB]}, "summary": "Other"}]
    assert {name for name in names(card={"variants": variants}) if "if_missing" in name} == {
        "card.variants.1.when.none.0: if_missing not-met"
    }


def test_good_tests_let_few_mutants_live_and_each_is_named(mini: Loaded) -> None:
    reports = {report.rule: report for report in mutant_reports(mini, select="renal")}
    report = reports["baclofen-it.renal-impairment"]
    assert report.mutants == report.killed + len(report.survivors)
    assert report.killed > report.mutants / 2
    assert totals(reports.values()) == (report.mutants, report.killed, list(report.survivors))


def test_a_survivor_is_excused_by_a_reason_and_a_reason_needs_its_survivor(mini: Loaded) -> None:
    name = "baclofen-it.renal-impairment"
    (report,) = mutant_reports(mini, select=name)
    reasons = {survivor.mutation: "it makes no difference" for survivor in report.survivors}
    (excused,) = mutant_reports(replace(mini, equivalent_mutants={name: reasons}), select=name)
    assert excused.ok
    (stale,) = mutant_reports(
        replace(mini, equivalent_mutants={name: reasons | {"when: gone": "old"}}), select=name
    )
    assert stale.unused_reasons == ("when: gone",)
    assert not stale.ok


def test_a_mutant_that_is_no_rule_any_more_is_noticed_by_loading(
    mini: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Mutation(("card",), "left out", lambda data: data.pop("card"))
    monkeypatch.setattr(mutants, "mutations", lambda rule: [broken])
    (report,) = mutant_reports(mini, select="renal")
    assert (report.mutants, report.killed) == (1, 1)


def test_rules_without_tests_have_no_report(mini: Loaded) -> None:
    without = {name: path for name, path in mini.paths.items() if not name.endswith(".test.yaml")}
    assert list(mutant_reports(replace(mini, paths=without))) == []
