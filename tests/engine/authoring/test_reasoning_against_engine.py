"""No patient of the engine is what reasoning denies: conditions of one kind together, and groups of all kinds."""

from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

import engine
from engine.authoring.case_facts import facts_of
from engine.authoring.cases import Case
from engine.authoring.loading import load_rules
from engine.authoring.reasoning import MET, NOT_MET, REFUTABLE, Goal, Reasoning
from engine.authoring.reasoning.worlds import POSSIBLE
from engine.conditions import Context, find
from engine.finding import Truth
from engine.language import Tree
from engine.logic import evaluate
from engine.record import Record
from engine.rule import Rule
from engine.subjects import subjects

SHIPPED = load_rules(Path(engine.__file__).parent.parent / "rules")
REASONING = Reasoning(SHIPPED.concepts, SHIPPED.rules.findings)
ORDERED, OPENED = (SHIPPED.rules.rule(f"baclofen-it.{name}") for name in ("dose-unit", "review-due"))
TREE: TypeAdapter[Tree] = TypeAdapter(Tree)

TELLING: list[str | None] = [
    "2026-02-08",
    "2026-02-27",
    "2026-02-28T14:00:00Z",
    "2025-06",
    "2025-12-24",
    "2019-01-01",
    None,
]
DOUBTFUL: list[str | None] = ["2026", "2026-02", "2025", "2026-02-28", "2026-03-01", "2026-03-01T18:00:00Z"]
"""Dates that do not tell whether they are from the shorter of two times (see the lengths below), or are later than now."""


def measured(word: str, amount: Any, within: str = "12 months", **more: Any) -> dict[str, Any]:
    limit = [f"{n} mL/min/1.73m2" for n in amount] if isinstance(amount, list) else f"{amount} mL/min/1.73m2"
    return {"lab": "lab-egfr", "within": within, word: limit, **more}


def dated(key: str, days: list[str | None], *kinds: Any) -> st.SearchStrategy[Any]:
    """Up to three entries, each of one of the kinds and of one of the days."""

    def entry(kind: dict[str, Any], day: str | None) -> dict[str, Any]:
        return kind if day is None else {**kind, key: day}

    return st.lists(st.builds(entry, st.sampled_from(kinds), st.sampled_from(days)), max_size=3)


def egfrs(*days: str | None) -> st.SearchStrategy[Any]:
    amounts = ["29", "30", "45", "60", "75", ">60", "<60", "900"]
    coded = [{"is": "lab-egfr", "value": f"{amount} mL/min/1.73m2"} for amount in amounts]
    doubtful = [{"is": "lab-egfr"}, {"text": "a result", "value": "75 mL/min/1.73m2"}]
    return st.fixed_dictionaries(
        {"labs": dated("on", [*days], *coded, *doubtful)},
        optional={"partial": st.just(["observations"]), "missing": st.just(["observations"])},
    )


COMPARED = ("below", "at_or_below", "above", "at_or_above")
SHORT = ("30 days", "1 month", "24 hours", "7 days")
EGFR = [
    *(measured(word, limit) for word, limit in product(COMPARED, (30, 60))),
    *(measured(word, 60, time) for word, time in product(COMPARED, SHORT)),
    *(measured("below", 30, time) for time in SHORT),
    *(measured("above", 30, time, if_missing="not-met") for time in ("30 days", "12 months")),
    *(
        measured(word, 60, time, pick="any")
        for word, time in product(COMPARED[:3], ("24 hours", "30 days", "1 year"))
    ),
    *(
        measured("below", n, time, estimate="creatinine")
        for n, time in product((30, 60), ("30 days", "12 months"))
    ),
    measured("above", 60, estimate="creatinine"),
    measured("between", [40, 50]),
]
AGES = [
    *(
        {"age": {word: limit}}
        for word, limit in product(COMPARED, ("4 years", "60 months", "52 weeks", "365 days"))
    ),
    *({"age": {word: limit}} for word, limit in product(COMPARED, ("1 month", "30 days"))),
    {"age": {"between": ["1 year", "4 years"]}},
]
PERSONS = [
    {},
    *(
        {"age": f"{n} {unit}"}
        for n, unit in ((3, "years"), (4, "years"), (5, "years"), (59, "months"), (100, "weeks"))
    ),
    *({"age": f"{days} days"} for days in (29, 366, 400)),
    *({"born": born} for born in ("2022", "2025-02", "2026-01-30", "2025-03-01")),
]
PUMP = {"is": "baclofen-intrathecal"}
LENGTHS = (
    "24 hours",
    "1 day",
    "2 weeks",
    "30 days",
    "1 month",
    "12 months",
    "1 year",
    "13 months",
    "400 days",
)
STARTED: list[str | None] = [
    "2026-03-01",
    "2026-02-15",
    "2026-01-30",
    "2025-12",
    "2025",
    "2025-02-28",
    "2019",
    None,
]
FILLED = [
    {**PUMP, "kind": "administration", "supply_days": days, "started": day}
    for days, day in product((1, 9, 38, 39, 370, 373, 400), ("2026-02-20", "2026-02", "2026-02-28T18:00:00Z"))
]
BOLUS, TWICE = {"dose": "20 ug", "once": True}, {"dose": "200 ug", "once": True}
ORDERED_AS: list[dict[str, Any]] = [
    *({}, BOLUS, {"dose": "75 ug"}, {"daily": "75 ug/d"}, {"rate": "5 ug/h", "daily": "120 ug/d"}),
    *({"dosages": [BOLUS, {"daily": "200 ug/d"}]}, {"dosages": [BOLUS, TWICE]}),
]
ORDERS = [
    *({"given_as": way} for way in ("bolus", "infusion", "refill")),
    *({"dose": {"of": "bolus", word: f"{n} ug"}} for word, n in product(COMPARED, (0, 50, 100))),
    *({"dose": {"of": "day", word: f"{n} ug/d"}} for word, n in product(COMPARED, (0, 100))),
    *({"action": action} for action in ("start", "stop", "change")),
]
SAID: list[str | None] = ["2026-02-08", "2026-01-08", None]
PREGNANT = st.fixed_dictionaries(
    {
        "patient": st.sampled_from(
            [{"age": "30 years", "sex": "female"}, {"age": "30 years", "sex": "male"}, {}]
        )
    },
    optional={
        "observations": dated(
            "on",
            SAID,
            *({"text": "asked", "coded": f"{no}pregnan{t}"} for no, t in (("", "cy"), ("not-", "t"))),
        ),
        "conditions": st.lists(st.sampled_from(["pregnancy", {"text": "expecting"}]), max_size=2),
        "missing": st.sampled_from([["observations"], ["conditions"]]),
    },
)
RENAL = "renal-impairment"
ENTRIES = [
    *({"condition": RENAL, "within": time} for time in LENGTHS[:6]),
    {"condition": f"{RENAL}-severe"},
    {"condition": f"{RENAL}-severe", "within": "30 days", "if_undated": "met"},
    *({"condition": RENAL, "status": "ever", "certainty": certainty} for certainty in ("any", "confirmed")),
    *(
        {"medication": "class-opioids", "status": "recent", "within": time}
        for time in ("30 days", "12 months")
    ),
    *({"medication": "class-opioids", "status": status} for status in ("current", "ever")),
]
HOW: list[dict[str, Any]] = [{}, {"suspected": True}, {"status": "past"}]
ILL = [{"is": what, **how} for what, how in product((f"{RENAL}-severe", "kidney-disease-moderate"), HOW)]
OPIOIDS = [
    {"is": "class-opioids", **more}
    for more in ({}, {"status": "ended"}, {"status": "planned", "started": "2026-04-01"})
]


class Kind(NamedTuple):
    """Conditions that may be compared with each other, patients of whom they can be so or not, and a rule that asks."""

    conditions: list[Any]
    patients: st.SearchStrategy[Any]
    rule: Rule = ORDERED


def single(key: str, values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from([{key: value} for value in values])


KINDS = {
    "values": Kind(EGFR, egfrs(*TELLING)),
    "age": Kind(AGES, single("patient", PERSONS)),
    "therapy": Kind(
        [{"therapy": {word: time}} for word, time in product(("within", "longer_than"), LENGTHS)],
        st.fixed_dictionaries(
            {"medications": dated("started", STARTED, PUMP, {**PUMP, "status": "ended"})},
            optional={"partial": st.just(["medications"])},
        ),
        OPENED,
    ),
    "supply": Kind(
        [{"supply": {"empty_within": time}} for time in LENGTHS],
        single("medications", [[PUMP, filled] for filled in FILLED]),
        OPENED,
    ),
    "order": Kind(
        ORDERS,
        single(
            "orders",
            [
                [{**PUMP, **way, **more}]
                for way, more in product(ORDERED_AS, ({}, {"volume": "20 mL"}, {"action": "stop"}))
            ],
        ),
    ),
    "pregnancy": Kind(
        [
            {"pregnancy": state, "if_missing": silent}
            for state, silent in product(
                ("current", "possible", "excluded", "unstated"), ("unknown", "not-met")
            )
        ],
        PREGNANT,
    ),
    "entries": Kind(
        ENTRIES,
        st.fixed_dictionaries(
            {
                "conditions": dated("on", [*TELLING, *DOUBTFUL], *ILL),
                "medications": dated("ended", [*TELLING, *DOUBTFUL], *OPIOIDS),
                "orders": st.sampled_from(
                    [["baclofen-intrathecal"], ["baclofen-intrathecal", "class-opioids"]]
                ),
            },
        ),
    ),
}


def truths(conditions: list[Tree], patient: dict[str, Any], rule: Rule = ORDERED) -> list[list[Truth]]:
    """What conditions come to of a patient, for each subject of the rule's medicine."""
    case = Case.model_validate({"name": "a patient", "expect": "met", **patient})
    record = Record(facts_of(case, date(2026, 3, 1), rule, SHIPPED.concepts), SHIPPED.concepts)
    medicine = SHIPPED.concepts.medicine(rule.medicine)
    return [
        [
            evaluate(tree, (), lambda leaf, _: find(leaf, context)).truth  # noqa: B023
            for tree in conditions
        ]
        for context in (Context(record, medicine, subject) for subject in subjects(medicine, record))
    ]


def of(*conditions: Any) -> list[Tree]:
    return [TREE.validate_python(data) for data in conditions]


WANTED = {
    Truth.MET: (MET, POSSIBLE),
    Truth.NOT_MET: (NOT_MET, REFUTABLE),
    Truth.UNKNOWN: (POSSIBLE, REFUTABLE),
}


def asked(conditions: list[Tree], found: list[Truth]) -> list[tuple[Goal, ...]]:
    """Every question about conditions that has the answer of this patient among its answers."""
    return [
        tuple(zip(conditions, goals, strict=True)) for goals in product(*(WANTED[truth] for truth in found))
    ]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_no_patient_is_what_reasoning_denies(kind: Kind) -> None:
    @settings(max_examples=100)
    @given(
        conditions=st.lists(st.sampled_from(kind.conditions), min_size=2, max_size=4, unique_by=str),
        patient=kind.patients,
    )
    def holds(conditions: list[Any], patient: dict[str, Any]) -> None:
        trees = of(*conditions)
        for found in truths(trees, patient, kind.rule):
            for goals in asked(trees, found):
                assert not REASONING.impossible(*goals)

    holds()


@settings(max_examples=200)
@given(
    conditions=st.lists(
        st.sampled_from([data for data in EGFR if "hours" not in data["within"]]),
        min_size=2,
        max_size=4,
        unique_by=str,
    ),
    patient=egfrs(*TELLING, *DOUBTFUL),
)
def test_whatever_dates_tell_nobody_meets_or_fails_what_reasoning_denies(
    conditions: list[Any], patient: dict[str, Any]
) -> None:
    """What is wanted to be met, or not met: of the unknown this does not hold, as the next test shows."""
    trees = of(*conditions)
    for found in truths(trees, patient):
        goals = [(tree, WANTED[truth][0]) for tree, truth in zip(trees, found, strict=True)]
        known = [goal for goal, truth in zip(goals, found, strict=True) if truth is not Truth.UNKNOWN]
        assert not REASONING.impossible(*known)


def test_dates_that_do_not_tell_can_bring_what_reasoning_denies() -> None:
    """It supposes that they tell: whoever writes such conditions does not mean these patients."""
    short, long = of(measured("below", 40, within="1 month"), measured("below", 60, within="12 months"))
    exact, coarse = "lab-egfr 39 mL/min/1.73m2 on 2026-02-08", "lab-egfr 75 mL/min/1.73m2 on 2026"
    assert truths([short, long], {"labs": [exact]}) == [[Truth.MET, Truth.MET]]
    assert truths([short, long], {"labs": [exact, coarse]}) == [[Truth.MET, Truth.UNKNOWN]]
    assert REASONING.impossible((short, MET), (long, REFUTABLE))

    hours, days = of(
        {"vital": "vital-spo2", "below": "85 %", "within": "24 hours"},
        {"vital": "vital-spo2", "above": "95 %", "within": "7 days"},
    )
    vitals = ["vital-spo2 80 % on 2026-03-01T08:00:00Z", "vital-spo2 97 % on 2026-03-01T18:00:00Z"]
    assert truths([hours, days], {"vitals": vitals[:1]}) == [[Truth.MET, Truth.NOT_MET]]
    assert truths([hours, days], {"vitals": vitals}) == [[Truth.MET, Truth.MET]], "a value later than now"
    assert REASONING.impossible((hours, MET), (days, MET))


@pytest.mark.parametrize(
    ("conditions", "order", "expected"),
    [
        # An opioid that is being ordered counts as current, and was never taken.
        (
            [{"medication": "class-opioids"}, {"medication": "class-opioids", "status": "ever"}],
            {"is": "class-opioids"},
            "met not_met",
        ),
        # A dose of which nothing says when, with a volume to dispense, is a refill with a dose.
        (
            [{"given_as": "refill"}, {"dose": {"of": "bolus", "above": "50 ug"}}],
            {**PUMP, "dose": "10 mg", "volume": "20 mL", "strength": "0.5 mg/mL"},
            "met met",
        ),
        # An infusion has no single dose at all, not even one of 0 ug or more.
        ([{"dose": {"of": "bolus", "at_or_above": "0 ug"}}], {**PUMP, "rate": "5 ug/h"}, "not_met"),
        # An order may be a bolus and an infusion.
        (
            [{"given_as": "bolus"}, {"given_as": "infusion"}],
            {**PUMP, "dosages": [BOLUS, {"rate": "5 ug/h"}]},
            "met met",
        ),
    ],
    ids=["ordered-opioid", "refill-with-dose", "no-dose", "both-ways"],
)
def test_what_looks_impossible_and_is_not(conditions: list[Any], order: Any, expected: str) -> None:
    trees, patient = of(*conditions), {"orders": [order] if order["is"] == PUMP["is"] else [PUMP, order]}
    assert [*map(str, truths(trees, patient)[0])] == expected.split()
    wanted = {"met": MET, "not_met": NOT_MET}
    assert not REASONING.impossible(*zip(trees, map(wanted.__getitem__, expected.split()), strict=True))


def test_a_reported_value_may_show_one_thing_and_a_newer_estimate_another() -> None:
    low, high = of(
        *(measured(word, limit, estimate="creatinine") for word, limit in (("below", 30), ("above", 60)))
    )
    patient = {
        "patient": {"age": "80 years", "sex": "male"},
        "vitals": ["vital-weight 60 kg on 2026-02-27", "vital-height 160 cm on 2026-02-27"],
        "labs": ["lab-egfr 75 mL/min/1.73m2 on 2026-01-08", "lab-creatinine 6 mg/dL on 2026-02-27"],
    }
    assert truths([low, high], patient) == [[Truth.MET, Truth.MET]]
    assert not REASONING.impossible((low, MET), (high, MET))
