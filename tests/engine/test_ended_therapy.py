"""Therapy that the record tells of only as ended, or by a pump (DC-06)."""

from dataclasses import replace
from typing import Any

import pytest

from engine.facts import FactList, ListState, MedicationFact, PatientFacts, TherapyStatus
from engine.finding import Truth
from engine.medicines import Therapy, ended
from engine.record import Record
from tests.engine.builders import CONCEPTS, MEDICINE, device, dosage, medicine, on, patient, pump

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN


def reasons(found: Therapy) -> list[str]:
    return [missing.why for missing in found.missing]


class TestTherapyThatHasEnded:
    OVER = pump(status=TherapyStatus.ENDED, ended=on("2026-03-01"))

    def look(self, *medications: MedicationFact, **more: Any) -> Therapy:
        facts: PatientFacts = patient(medications=medications, **more)
        return ended(MEDICINE, Record(facts, CONCEPTS))

    def test_it_has_ended_when_nothing_of_it_stands(self) -> None:
        assert self.look(self.OVER).certainty is MET
        assert self.look(self.OVER, pump(reference="MedicationRequest/new")).certainty is NOT_MET
        planned = pump(reference="MedicationRequest/new", status=TherapyStatus.PLANNED)
        assert self.look(self.OVER, planned).certainty is NOT_MET
        assert self.look().certainty is NOT_MET

    def test_what_may_be_it_and_stands_leaves_it_open(self) -> None:
        found = self.look(self.OVER, medicine("baclofen"))
        assert (found.certainty, reasons(found)) == (
            UNKNOWN,
            ["1 current entry of the medication list cannot be told apart from it"],
        )

    @pytest.mark.parametrize("state", [ListState.FAILED, ListState.PARTIAL, ListState.NOT_SUPPLIED])
    def test_a_list_that_is_not_complete_may_hold_its_successor(self, state: ListState) -> None:
        facts = patient(medications=FactList(state, (self.OVER,)))
        assert ended(MEDICINE, Record(facts, CONCEPTS)).certainty is UNKNOWN

    def test_doses_that_were_given_are_no_therapy_that_could_end(self) -> None:
        given = replace(self.OVER, kind="administration")
        once = pump(status=TherapyStatus.ENDED, dosages=[dosage(dose="50 ug", once=True)])
        assert self.look(given, once).certainty is NOT_MET

    def test_a_pump_tells_of_a_therapy_that_nobody_wrote_down(self) -> None:
        found = self.look(devices=[device()])
        assert (found.certainty, reasons(found)) == (
            UNKNOWN,
            ["a pump is on record, but not which medicine it holds"],
        )
        assert self.look(self.OVER, devices=[device()]).certainty is MET

    def test_the_last_to_end_comes_first_in_whatever_order_they_are_listed(self) -> None:
        entries = [
            pump(reference=f"MedicationRequest/{name}", status=TherapyStatus.ENDED, **dates)
            for name, dates in (
                ("undated", {}),
                ("older", {"ended": on("2025-01-01")}),
                ("last", {"started": on("2025-12-01")}),
            )
        ]
        wanted = ["MedicationRequest/last", "MedicationRequest/older", "MedicationRequest/undated"]
        for listed in (entries, entries[::-1]):
            assert [m.reference for m in self.look(*listed).medications] == wanted
