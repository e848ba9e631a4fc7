"""What is active although its time is over, and what is being made ready: it may be taken, and nobody wrote whether it is."""

from dataclasses import replace
from typing import Any

import pytest

from engine.facts import MedicationFact, TherapyStatus
from engine.finding import Truth
from tests.engine.builders import coded, look, medicine, on, order, patient, pump, reasons

NOT_MET, UNKNOWN = Truth.NOT_MET, Truth.UNKNOWN
MORPHINE = replace(coded("opioids"), text="Morphine")
LAPSED: dict[str, Any] = {"status": TherapyStatus.ENDED, "status_certain": False}
PREPARED: dict[str, Any] = {"kind": "dispense", "status": TherapyStatus.PLANNED}


@pytest.mark.parametrize(
    ("more", "truth"),
    [
        (LAPSED | {"ended": on("2026-03-14")}, UNKNOWN),
        (LAPSED | {"ended": on("2025-12-15")}, UNKNOWN),  # 90 days ago
        (LAPSED | {"ended": on("2025-12-14")}, NOT_MET),
        (LAPSED | {"ended": on("2025-12-15"), "status_certain": True}, NOT_MET),
        (LAPSED, UNKNOWN),  # nobody knows when
        (PREPARED, UNKNOWN),
        (PREPARED | {"started": on("2025-09-16")}, UNKNOWN),  # 180 days ago
        (PREPARED | {"started": on("2025-09-15")}, NOT_MET),
        (PREPARED | {"kind": "request"}, NOT_MET),
    ],
)
def test_another_medicine_may_be_taken_for_a_time(more: dict[str, Any], truth: Truth) -> None:
    facts = patient(medications=[medicine(MORPHINE, **more)], orders=[order()])
    assert look({"medication": "opioids"}, facts).truth is truth


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (LAPSED, "1 entry of the medication list has an active status, but a time that is over"),
        (PREPARED, "1 entry of the medication list has not been handed out yet, as far as is recorded"),
    ],
)
def test_and_says_why_it_is_open(more: dict[str, Any], why: str) -> None:
    facts = patient(medications=[medicine(MORPHINE, **more)], orders=[order()])
    assert reasons(look({"medication": "opioids"}, facts)) == [why]


@pytest.mark.parametrize(
    ("more", "truth"),
    [
        (LAPSED | {"ended": on("2026-03-14")}, UNKNOWN),
        (LAPSED | {"ended": on("2025-09-16")}, UNKNOWN),  # 180 days ago, as for what is given
        (LAPSED | {"ended": on("2025-09-15")}, NOT_MET),
        (LAPSED | {"kind": "statement"}, UNKNOWN),
        (LAPSED | {"ended": on("2026-03-14"), "status_certain": True}, NOT_MET),
    ],
)
def test_so_may_therapy_with_the_rules_own_medicine(more: dict[str, Any], truth: Truth) -> None:
    """A pump goes on running when nobody renews its order."""
    found = look({"therapy": {"status": "current"}}, patient(medications=[pump(**more)]))
    assert found.truth is truth
    if truth is UNKNOWN:
        assert reasons(found) == [
            "1 entry of the medication list has an active status, but a time that is over"
        ]


def test_a_current_entry_outweighs_one_that_nobody_renewed() -> None:
    record: list[MedicationFact] = [pump(**LAPSED), pump(reference="MedicationRequest/2")]
    assert look({"therapy": {"status": "current"}}, patient(medications=record)).truth is Truth.MET
