"""Growth: what an evaluation does is in proportion to the record. Twice the entries, twice the work.

Work is the number of steps that Python takes, which are the same on every machine. What a record of no entries takes is left out
by looking at two stretches of the same length: the second adds no more steps than the first.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest

from engine.cards import cards_of
from engine.evaluation import Engine
from engine.facts import PatientFacts, TherapyStatus
from tests.engine.builders import (
    CONCEPTS,
    UNMAPPED,
    coded,
    diagnosis,
    medicine,
    observation,
    on,
    order,
    patient,
    pump,
    rule,
    rule_set,
)

STRETCH = 40


def steps(action: Callable[[], object]) -> int:
    """How many instructions Python executes, those of its library included."""
    count = 0

    def counted(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return counted

    before = sys.gettrace()
    sys.settrace(counted)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def diagnoses(count: int) -> PatientFacts:
    found = [
        diagnosis(reference=f"Condition/{n}", onset=on(f"2026-01-{n % 28 + 1:02}")) for n in range(count)
    ]
    return patient(conditions=found, medications=[pump(started=on("2025-12-01"))])


def unmapped(count: int) -> PatientFacts:
    return patient(conditions=[diagnosis(UNMAPPED, f"Condition/{n}") for n in range(count)])


def absent(count: int) -> PatientFacts:
    """Each value is wanting for a reason of its own."""
    return patient(
        observations=[
            observation("egfr", None, reference=f"Observation/{n}", absent=f"the reason {n}")
            for n in range(count)
        ]
    )


def pregnancies(count: int) -> PatientFacts:
    states = [coded("pregnancy"), coded("not-pregnant")]
    return patient(
        observations=[
            observation(states[n % 2], states[n % 2], "2026-03-01", f"Observation/{n}") for n in range(count)
        ]
    )


def refills(count: int) -> PatientFacts:
    """A therapy of many orders, each of which went on from the last."""
    current = [pump(reference=f"MedicationRequest/{n}", started=on("2026-02-01")) for n in range(count)]
    past = [
        pump(
            reference=f"MedicationRequest/old-{n}",
            status=TherapyStatus.ENDED,
            started=on("2026-01-01"),
            ended=on("2026-01-31"),
        )
        for n in range(count)
    ]
    return patient(medications=[*current, *past])


def other_medicines(count: int) -> PatientFacts:
    return patient(
        medications=[medicine("opioids", "oral", reference=f"MedicationRequest/{n}") for n in range(count)]
    )


RULES = [
    rule("new", when={"condition": "epilepsy", "since": "therapy-start", "new": True}),
    rule("kidney", when={"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months"}),
    rule("pregnancy", when={"pregnancy": "current"}),
    rule("opioids", when={"medication": "opioids"}),
    rule("therapy", brought_up_by=["therapy"]),
]


@pytest.mark.parametrize("record", [diagnoses, unmapped, absent, pregnancies, refills, other_medicines])
def test_work_is_in_proportion_to_the_entries(record: Callable[[int], PatientFacts]) -> None:
    rules = rule_set(RULES)
    engine = Engine(rules, CONCEPTS)

    def work(count: int) -> int:
        facts = replace(record(count), orders=(order(),))
        return steps(lambda: cards_of(engine.evaluate(facts), rules))

    work(3 * STRETCH)  # so that codes and units are remembered from the start
    one, two, three = (work(times * STRETCH) for times in (1, 2, 3))
    engine.close()
    assert three - two < 1.1 * (two - one)
