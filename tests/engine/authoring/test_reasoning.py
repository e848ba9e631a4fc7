"""Reasoning denies only what no patient can be: by example, and against the engine on patients of every kind."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from engine.authoring.case_facts import facts_of
from engine.authoring.cases import Case
from engine.authoring.loading import load_rules
from engine.authoring.reasoning import MET, NOT_MET, REFUTABLE, Reasoning, limit_idle
from engine.authoring.reasoning.worlds import POSSIBLE
from engine.conditions import Context, find
from engine.finding import Finding, Truth
from engine.language import Leaf, Tree
from engine.logic import evaluate
from engine.record import Record
from engine.subjects import subjects
from tests.engine.authoring.conftest import MINI, Folder

LOADED = load_rules(MINI)
REASONING = Reasoning(LOADED.concepts, LOADED.rules.findings)
RULE = LOADED.rules.rule("baclofen-it.renal-impairment")
TREE: TypeAdapter[Tree] = TypeAdapter(Tree)
EGFR = {"lab": "lab-egfr", "within": "12 months"}


def tree(data: Any) -> Tree:
    return TREE.validate_python(data)


def egfr(**compared: Any) -> dict[str, Any]:
    amounts = {
        word: [f"{n} mL/min/1.73m2" for n in value] if isinstance(value, list) else f"{value} mL/min/1.73m2"
        for word, value in compared.items()
    }
    return {**EGFR, **amounts}


def estimated(**compared: Any) -> dict[str, Any]:
    return {**egfr(**compared), "estimate": "creatinine"}


@pytest.mark.parametrize(
    "data",
    [
        {"all": [egfr(below=30), egfr(above=60)]},
        {"all": [egfr(below=30), egfr(at_or_above=30)]},
        {"all": [egfr(between=[30, 60]), egfr(above=60)]},
        {"all": [{"age": {"below": "4 years"}}, {"age": {"above": "3 years"}}]},
        {"all": [{"age": {"at_or_below": "3 years"}}, {"age": {"at_or_above": "48 months"}}]},
        {"all": [{"age": {"between": ["4 years", "17 years"]}}, {"age": {"at_or_above": "18 years"}}]},
        {"all": [{"sex": ["male"]}, {"sex": ["female", "other"]}]},
        {"all": [{"pregnancy": "current"}, {"pregnancy": "excluded"}]},
        {"all": [{"action": "stop"}, {"action": "hold"}]},
        {"all": [{"parameter": "jurisdiction", "is": "eu"}, {"parameter": "jurisdiction", "is": "us"}]},
        {"all": [{"condition": "epilepsy"}, {"none": [{"condition": "epilepsy", "status": "ever"}]}]},
        {"all": [{"condition": "epilepsy", "within": "1 week"}, {"none": [{"condition": "epilepsy", "within": "10 days"}]}]},
        {"all": [{"condition": "epilepsy", "certainty": "confirmed"}, {"none": [{"condition": "epilepsy"}]}]},
        {"all": [{"dose": {"of": "bolus", "above": "100 ug"}}, {"none": [{"dose": {"of": "bolus", "above": "0.05 mg"}}]}]},
        {"all": [{"therapy": {"within": "3 months"}}, {"therapy": {"longer_than": "1 year"}}]},
        {"all": [{"supply": {"empty_within": "7 days"}}, {"none": [{"supply": {"empty_within": "3 weeks"}}]}]},
        {"all": [{"finding": "reduced-kidney-function"}, {"none": [egfr(below=60), {"condition": "chronic-kidney-disease"}]}]},
        {"all": [{**egfr(above=40), "pick": "any"}, {"none": [{**egfr(above=30), "pick": "any"}]}]},
        {"at_least": 2, "of": [egfr(below=30), egfr(between=[40, 50]), egfr(above=60)]},
        {"none": [{"any": [{"sex": ["male", "female"]}, {"sex": ["other", "unknown"]}]}]},
        egfr(above=251),
        # Who has a value of the last month has the same latest one of the last year.
        {"all": [egfr(below=30), {**egfr(at_or_above=60), "within": "1 month"}]},
        {"all": [egfr(below=30), {"none": [{**egfr(below=60), "within": "1 month"}]}]},
        {"all": [{"none": [{**egfr(below=60), "if_missing": "not-met"}]}, {**egfr(below=30), "within": "1 month"}]},
        # Of a month, a year and a number of days it is known which is surely shorter.
        {"all": [egfr(below=30), {**egfr(above=60), "within": "30 days"}]},
        {"all": [egfr(below=30), {**egfr(above=60), "within": "24 hours"}]},
        {"all": [{"condition": "epilepsy", "within": "30 days"}, {"none": [{"condition": "epilepsy", "within": "2 months"}]}]},
        {"all": [{"condition": "epilepsy", "within": "1 month"}, {"none": [{"condition": "epilepsy", "within": "31 days"}]}]},
        {"all": [{"condition": "epilepsy", "within": "48 hours"}, {"none": [{"condition": "epilepsy", "within": "2 days"}]}]},
        {"all": [{"therapy": {"longer_than": "12 months"}}, {"therapy": {"within": "30 days"}}]},
        {"all": [{"age": {"below": "4 years"}}, {"age": {"above": "3000 weeks"}}]},
        {"all": [{"age": {"below": "1 year"}}, {"age": {"above": "600 days"}}]},
        {"all": [{"supply": {"empty_within": "1 month"}}, {"none": [{"supply": {"empty_within": "30 days"}}]}]},
        # Any value of the last month is one of the last year, and so is the latest.
        {"all": [{**egfr(below=30), "pick": "any", "within": "30 days"}, {"none": [{**egfr(below=60), "pick": "any"}]}]},
        {"all": [{**egfr(below=30), "within": "30 days"}, {"none": [{**egfr(below=60), "pick": "any"}]}]},
        {**egfr(above=251), "pick": "any"},
        {"dose": {"of": "bolus", "below": "0 ug"}},
        {"all": [{"medication": "a", "status": "recent", "within": "1 day"}, {"none": [{"medication": "a", "status": "ever"}]}]},
        {"all": [{"given_as": "refill"}, {"given_as": "bolus"}]},
        # One length may be written in two ways.
        {"all": [{"condition": "epilepsy", "within": "1 year"}, {"none": [{"condition": "epilepsy", "within": "12 months"}]}]},
        {"all": [egfr(below=30), {**egfr(above=60), "within": "1 year"}]},
        # What contradicts itself in one unit does, whatever another one leaves open.
        {"all": [{"supply": {"empty_within": "12 hours"}}, {"none": [{"supply": {"empty_within": "24 hours"}}]}]},
        {"all": [{"therapy": {"longer_than": "3 months"}}, {"therapy": {"within": "3 months"}}, {"therapy": {"longer_than": "1 day"}}]},
        {"all": [estimated(below=30), {"none": [estimated(below=60)]}]},
    ],
    ids=str,
)  # fmt: skip
def test_nobody_can_be_so(data: Any) -> None:
    assert REASONING.constant(tree(data)) is False


@pytest.mark.parametrize(
    "data",
    [
        {"any": [egfr(below=30), egfr(at_or_above=30)]},
        {"sex": ["male", "female", "other", "unknown"]},
        {"at_least": 1, "of": [egfr(below=60), egfr(above=20)]},
        {"none": [{"all": [{"action": "stop"}, {"action": "start"}]}]},
        egfr(below=251),
        {"any": [{"age": {"below": "18 years"}}, {"age": {"at_or_above": "18 years"}}]},
        {"any": [{"given_as": "bolus"}, {"given_as": "infusion"}, {"given_as": "refill"}]},
    ],
    ids=str,
)
def test_nobody_is_not_so(data: Any) -> None:
    assert REASONING.constant(tree(data)) is True


@pytest.mark.parametrize(
    "data",
    [
        # Without a value of the last month, that of the last year may be any; an estimate may stand in for one of both.
        {"all": [egfr(below=30), {"none": [{**egfr(below=60), "within": "1 month", "if_missing": "not-met"}]}]},
        {"all": [estimated(below=30), {"none": [{**estimated(below=60), "within": "13 months"}]}]},
        # A reported value may show the one, and an estimate from a newer creatinine the other.
        {"all": [estimated(below=30), estimated(above=60)]},
        # Values of any moment, or of a list, are not one value.
        {"all": [{**egfr(below=30), "pick": "any"}, {**egfr(above=60), "pick": "any"}]},
        {"all": [{"dose": {"of": "bolus", "above": "100 ug"}}, {"dose": {"of": "bolus", "below": "50 ug"}}]},
        # A month may be 28 days, a year 366, and a day of today is not over; an amount of something else is not compared.
        {"all": [{"condition": "epilepsy", "within": "30 days"}, {"none": [{"condition": "epilepsy", "within": "1 month"}]}]},
        {"all": [{"condition": "epilepsy", "within": "1 year"}, {"none": [{"condition": "epilepsy", "within": "365 days"}]}]},
        {"all": [{"condition": "epilepsy", "within": "1 day"}, {"none": [{"condition": "epilepsy", "within": "72 hours"}]}]},
        {"all": [{"condition": "epilepsy", "within": "25 hours"}, {"none": [{"condition": "epilepsy", "within": "1 day"}]}]},
        {"all": [{**egfr(below=30), "within": "30 days"}, {**egfr(above=60), "within": "1 month"}]},
        {"all": [{"therapy": {"longer_than": "1 month"}}, {"therapy": {"within": "31 days"}}]},
        {"all": [{"therapy": {"longer_than": "24 hours"}}, {"therapy": {"within": "1 day"}}]},
        {"all": [{"age": {"below": "1 year"}}, {"age": {"at_or_above": "360 days"}}]},
        # For the days ahead of a pump a year is 365 days, and a month 30.
        {"all": [{"supply": {"empty_within": "1 year"}}, {"none": [{"supply": {"empty_within": "12 months"}}]}]},
        {"all": [{"supply": {"empty_within": "24 hours"}}, {"none": [{"supply": {"empty_within": "1 day"}}]}]},
        # One value of several tells nothing of the latest.
        {"all": [{**egfr(below=30), "pick": "any", "within": "30 days"}, egfr(above=60)]},
        {"all": [{"medication": "epilepsy"}, {"none": [{"medication": "epilepsy", "status": "ever"}]}]},
        {"all": [{"given_as": "bolus"}, {"given_as": "infusion"}]},
        {"all": [{"given_as": "refill"}, {"dose": {"of": "bolus", "above": "50 ug"}}]},
        {"dose": {"of": "bolus", "at_or_above": "0 ug"}},
        {"all": [{"lab": "lab-egfr", "below": "30 mg/dL", "within": "12 months"}, egfr(above=60)]},
        {"all": [{"dose": {"of": "day", "above": "10 mmol/d"}}, {"none": [{"dose": {"of": "day", "above": "5 mmol/d"}}]}]},
        {"all": [{"age": {"between": ["6 months", "400 days"]}}, {"age": {"below": "2 months"}}]},
        # Without a value that counts as no, none of both is met.
        {"any": [{**egfr(below=30), "if_missing": "not-met"}, {**egfr(at_or_above=30), "if_missing": "not-met"}]},
        {"any": [{"therapy": {"within": "3 months"}}, {"therapy": {"longer_than": "3 months"}}]},
        {"none": [{"parameter": "jurisdiction", "is": "eu"}, {"parameter": "jurisdiction", "is": "us"}]},
        # What is told apart by more than the kind, the time and the certainty is not compared.
        {"all": [{"condition": "epilepsy"}, {"none": [{"condition": "chronic-kidney-disease"}]}]},
        {"all": [{"condition": "epilepsy"}, {"none": [{"condition": "epilepsy", "within": "1 year"}]}]},
        {"all": [{"condition": "epilepsy"}, {"none": [{"condition": "epilepsy", "excluding": ["pump-in-place"]}]}]},
        {"all": [{"condition": "no-such-concept"}, {"none": [{"condition": "no-other"}]}]},
        {"all": [{"lab": "no-such-lab", "below": "1 g", "within": "1 year"}, {"lab": "no-such-lab", "above": "2 g", "within": "1 year"}]},
        {"all": [{"action": "stop", "reason": "surgery"}, {"action": "hold"}]},
        {"dose": {"of": "bolus", "stated": False}},
        {"therapy": {"status": "ever"}},
        {"all": [{"therapy": {"status": "stopped", "within": "1 month"}}, {"therapy": {"longer_than": "1 year"}}]},
        {"all": [{"therapy": {"status": "current"}}, EGFR]},
        {"all": [{"condition": "epilepsy"}, {"none": [egfr(below=30)]}]},
        {"taper": "planned"},
        {"finding": "no-such-finding"},
    ],
    ids=str,
)  # fmt: skip
def test_of_these_nothing_is_said(data: Any) -> None:
    assert REASONING.constant(tree(data)) is None


def test_a_concept_is_in_those_that_include_it_but_not_where_codes_are_taken_out() -> None:
    concepts = LOADED.concepts.concepts
    narrow, wide = tree({"condition": "epilepsy"}), tree({"condition": "wide"})
    for part, expected in (
        ({"includes": ("epilepsy",)}, True),
        ({"includes": ("epilepsy",), "exclude": concepts["epilepsy"].codes}, False),
    ):
        library = type(LOADED.concepts)(
            {**concepts, "wide": type(concepts["epilepsy"])("wide", "wide", **part)},
            LOADED.concepts.systems,
        )
        assert Reasoning(library, {}).impossible((narrow, MET), (wide, REFUTABLE)) is expected


def test_what_may_be_unknown_is_not_claimed_to_be_met() -> None:
    """Of a value nobody knows, neither of two limits is met that between them cover everything."""
    low, high = tree(egfr(below=30)), tree(egfr(at_or_above=30))
    assert REASONING.impossible((low, NOT_MET), (high, NOT_MET))
    assert not REASONING.impossible((low, REFUTABLE), (high, REFUTABLE))
    assert REASONING.impossible((low, NOT_MET), (low, POSSIBLE))
    assert REASONING.impossible((tree({"sex": ["male"]}), MET), (tree({"sex": ["male", "other"]}), REFUTABLE))
    assert REASONING.impossible((tree({"sex": ["male"]}), MET), (tree({"sex": ["other"]}), POSSIBLE))
    assert REASONING.impossible(
        (tree({**egfr(below=30), "pick": "any"}), MET), (tree({**egfr(below=40), "pick": "any"}), REFUTABLE)
    )


def test_a_value_that_shows_something_leaves_open_what_a_newer_one_may_show() -> None:
    """An entry without a date or a code, or one that did not arrive, may deny nothing, and keeps from being denied."""
    low, high = tree(egfr(below=30)), tree(egfr(at_or_above=60))
    recent = tree({**egfr(below=30), "within": "30 days"})
    lower = tree({**egfr(below=20), "within": "6 months"})
    any_lower = tree({**egfr(below=20), "pick": "any"})
    assert not REASONING.impossible((low, MET), (high, POSSIBLE))
    assert not REASONING.impossible((low, NOT_MET), (lower, POSSIBLE)), "there may be no value of that time"
    assert REASONING.impossible((recent, NOT_MET), (lower, POSSIBLE))
    assert not REASONING.impossible((recent, NOT_MET), (any_lower, POSSIBLE)), "an older one may be lower"
    pregnant, excluded = (tree({"pregnancy": state}) for state in ("current", "excluded"))
    assert not REASONING.impossible((excluded, MET), (pregnant, POSSIBLE))
    assert REASONING.impossible((excluded, MET), (pregnant, MET))


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ({**egfr(below=40), "within": "6 months"}, egfr(below=60)),
        ({**egfr(below=40), "within": "30 days"}, {**egfr(below=60), "if_missing": "not-met"}),
        ({**egfr(below=40), "within": "24 hours"}, {**egfr(below=60), "pick": "any"}),
        ({"condition": "epilepsy", "within": "30 days"}, {"condition": "epilepsy", "within": "12 months"}),
        ({"therapy": {"within": "30 days"}}, {"therapy": {"within": "12 months"}}),
        ({"therapy": {"longer_than": "12 months"}}, {"therapy": {"longer_than": "30 days"}}),
        ({"age": {"below": "1 month"}}, {"age": {"below": "31 days"}}),
    ],
    ids=str,
)
def test_what_is_so_of_a_shorter_time_is_so_of_a_longer_one(narrow: Any, wide: Any) -> None:
    assert REASONING.impossible((tree(narrow), MET), (tree(wide), REFUTABLE))
    assert not REASONING.impossible((tree(wide), MET), (tree(narrow), REFUTABLE))
    assert not REASONING.impossible((tree(narrow), MET), (tree(wide), MET))


def test_an_age_that_decides_one_limit_leaves_none_of_the_others_open() -> None:
    young, old = tree({"age": {"below": "4 years"}}), tree({"age": {"above": "3000 weeks"}})
    assert REASONING.impossible((young, MET), (old, POSSIBLE))
    assert not REASONING.impossible((young, NOT_MET), (old, POSSIBLE))


@pytest.mark.parametrize(
    ("data", "idle"),
    [
        (egfr(above=251), False),
        ({**egfr(above=0), "pick": "any"}, True),
        ({"age": {"at_or_above": "0 years"}}, True),
        ({"dose": {"of": "bolus", "at_or_above": "0 ug"}}, True),
        ({"dose": {"of": "bolus", "above": "0 ug"}}, None),
        ({"therapy": {"within": "1 year"}}, None),
        ({"sex": ["male", "female", "other", "unknown"]}, None),
    ],
    ids=str,
)
def test_a_limit_is_idle_where_every_believable_amount_meets_it_or_none(data: Any, idle: bool | None) -> None:
    """Also one that not everybody meets, because there may be no amount: an infusion has no single dose."""
    leaf = tree(data)
    assert isinstance(leaf, Leaf)
    assert limit_idle(REASONING.claim(leaf)) is idle


def test_where_no_plausible_values_are_named_any_amount_may_be(folder: Folder) -> None:
    loaded = folder.edit("concepts/measurements.yaml", "    plausible: [1, 250]\n", "").load()
    assert Reasoning(loaded.concepts, loaded.rules.findings).constant(tree(egfr(above=251))) is None


def test_values_of_two_kinds_are_not_one_value(folder: Folder) -> None:
    other = '  lab-other:\n    title: another\n    unit: "mL/min/{1.73_m2}"\n    codes: {}\n'
    loaded = folder.edit("concepts/measurements.yaml", "  lab-egfr:\n", f"{other}  lab-egfr:\n").load()
    both = {"all": [egfr(below=30), {**egfr(above=60), "lab": "lab-other", "within": "1 month"}]}
    assert Reasoning(loaded.concepts, loaded.rules.findings).constant(tree(both)) is None


def test_a_question_with_too_many_ways_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [
        {"any": [{"condition": name}, {"procedure": name}]} for name in ("epilepsy", "surgery", "a", "b")
    ]
    question = tree(
        {
            "all": [
                *pairs,
                *({"none": [{word: name}]} for name in ("b",) for word in ("condition", "procedure")),
            ]
        }
    )
    assert REASONING.constant(question) is False
    monkeypatch.setattr("engine.authoring.reasoning.worlds.MOST_STEPS", 1)
    assert REASONING.constant(question) is None


LEAVES = [
    *(egfr(**{word: n}) for word, n in product(("below", "at_or_below", "above", "at_or_above"), (30, 60))),
    {**egfr(below=30), "if_missing": "not-met"},
    {**egfr(at_or_above=30), "if_missing": "not-met"},
    {**egfr(below=60), "pick": "any"},
    {**egfr(below=30), "pick": "any"},
    {**egfr(below=30), "within": "1 month"},
    {**egfr(at_or_above=60), "within": "1 month"},
    {**egfr(below=60), "within": "1 month", "if_missing": "not-met"},
    *({"age": {word: "4 years"}} for word in ("below", "at_or_below", "above", "at_or_above")),
    {"age": {"at_or_above": "60 months"}},
    {"age": {"below": "300 weeks"}},
    {"sex": ["male"]},
    {"sex": ["female", "other"]},
    {"condition": "epilepsy"},
    {"condition": "epilepsy", "status": "ever"},
    {"condition": "epilepsy", "within": "1 week"},
    {"condition": "epilepsy", "within": "1 month"},
    {"condition": "epilepsy", "certainty": "confirmed"},
    {"finding": "reduced-kidney-function"},
    {"dose": {"of": "bolus", "above": "100 ug"}},
    {"dose": {"of": "bolus", "above": "50 ug"}},
    {"dose": {"of": "bolus", "below": "50 ug"}},
    {"action": "start"},
    {"action": "stop"},
]  # fmt: skip


def _groups(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda word, of: {word: of}, st.sampled_from(["all", "any", "none"]), members),
        st.builds(lambda of: {"at_least": 2, "of": of}, st.lists(inner, min_size=2, max_size=3)),
    )


CONDITIONS = st.recursive(st.sampled_from(LEAVES), _groups, max_leaves=6)
PATIENTS = st.fixed_dictionaries(
    {"name": st.just("a patient"), "expect": st.just("met")},
    optional={
        "patient": st.builds(
            lambda age, sex: {**age, **sex},
            st.sampled_from([{}, {"age": "3 years"}, {"age": "4 years"}, {"age": "59 months"}, {"age": "5 years"}, {"born": "2022"}]),
            st.sampled_from([{}, {"sex": "male"}, {"sex": "female"}, {"sex": "unknown"}]),
        ),
        "labs": st.lists(
            st.builds(
                lambda amount, day: f"lab-egfr {amount} mL/min/1.73m2{day}",
                st.sampled_from(["29", "30", "45", "60", "75", ">60", "<60", "900"]),
                st.sampled_from([" on 2026-02-08", " on 2025-12", " on 2025-06", " on 2019-01-01", ""]),
            ),
            max_size=2,
        ),
        "conditions": st.lists(
            st.sampled_from(
                ["epilepsy", "epilepsy on 2026-02-27", "epilepsy on 2026-02-10", "chronic-kidney-disease",
                 {"is": "epilepsy", "status": "past"}, {"is": "epilepsy", "suspected": True}, {"text": "fits"}]
            ),
            max_size=2,
        ),
        "orders": st.lists(
            st.builds(
                lambda dose, more: {"is": "baclofen-intrathecal", **dose, **more},
                st.sampled_from([{}, {"dose": "75 ug", "once": True}, {"dose": "200 ug", "once": True}, {"dose": "20 ug", "once": True}]),
                st.sampled_from([{}, {"action": "stop"}]),
            ),
            min_size=1,
            max_size=1,
        ),
        "missing": st.lists(st.sampled_from(["patient", "conditions", "observations"]), max_size=2, unique=True),
    },
)  # fmt: skip


@settings(max_examples=400)
@given(conditions=st.lists(CONDITIONS, min_size=1, max_size=2), patient=PATIENTS)
def test_no_patient_of_the_engine_is_what_reasoning_calls_impossible(
    conditions: list[Any], patient: dict[str, Any]
) -> None:
    trees = [tree(data) for data in conditions]
    facts = facts_of(Case.model_validate(patient), date(2026, 3, 1), RULE, LOADED.concepts)
    medicine = LOADED.concepts.medicine(RULE.medicine)
    record = Record(facts, LOADED.concepts)
    for subject in subjects(medicine, record):
        truths = truths_of(trees, Context(record, medicine, subject))
        wide = {Truth.MET: POSSIBLE, Truth.NOT_MET: REFUTABLE, Truth.UNKNOWN: POSSIBLE}
        exact = {Truth.MET: MET, Truth.NOT_MET: NOT_MET, Truth.UNKNOWN: REFUTABLE}
        for wanted in (wide, exact):
            goals = [(condition, wanted[truth]) for condition, truth in zip(trees, truths, strict=True)]
            assert not REASONING.impossible(*goals)


def truths_of(trees: list[Tree], context: Context) -> list[Truth]:
    def truth(condition: Tree) -> Truth:
        return evaluate(condition, (), lambda leaf, _: find(leaf, context)).truth

    shared = LOADED.rules.findings["reduced-kidney-function"]
    context.shared = {shared.id: Finding(truth(shared.when))}
    return [truth(condition) for condition in trees]
