"""The dose of a day: what the instructions of an order that are followed at the same time come to."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.facts import Dosage
from engine.finding import Truth
from engine.quantity import QuantityInterval
from tests.engine.builders import dosage, order, reasons
from tests.engine.conditions.test_orders import about, dose_is

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
ABOVE = dose_is("day", above="1000 ug/d")


class TestTheDoseOfADay:
    BASE, UNREAD = dosage(daily="800 ug/d"), dosage(problems=("the dose is given in words only",))
    SMALL = dosage(daily="100 ug/d")
    BOLUSES = dosage(dose="150 ug", daily="600 ug/d")
    AS_NEEDED = dosage(daily=QuantityInterval(Decimal(0), True, Decimal(600), True, "ug/d"))

    @pytest.mark.parametrize(
        ("instructions", "truth"),
        [
            ([BASE], NOT_MET),
            ([BASE, BOLUSES], MET),
            ([BASE, dosage(daily="0.6 mg/d")], MET),
            ([BASE, dosage(daily="100 ug/d")], NOT_MET),
            ([BASE, AS_NEEDED], UNKNOWN),
            ([dosage(daily="1200 ug/d"), AS_NEEDED], MET),
            # What cannot be read, or is a volume, adds nobody knows how much.
            ([BASE, UNREAD], UNKNOWN),
            ([BASE, dosage(dose="5 ug")], UNKNOWN),
            ([BASE, dosage(daily="2 mL/d")], UNKNOWN),
            ([dosage(daily="2 mL/d"), dosage(daily="1200 ug/d"), UNREAD], MET),
            ([UNREAD, UNREAD], UNKNOWN),
            # One after the other, and a single dose: no part of the same day.
            ([replace(BASE, sequence=1), replace(BOLUSES, sequence=2)], NOT_MET),
            ([BASE, dosage(dose="600 ug", once=True)], NOT_MET),
            # One without a number may run beside the numbered ones, or not.
            ([replace(BASE, sequence=1), BASE], UNKNOWN),
            ([BASE, replace(BASE, sequence=1)], UNKNOWN),
            ([replace(BASE, sequence=1), replace(SMALL, sequence=2), SMALL], NOT_MET),
            ([replace(BASE, sequence=1), replace(BASE, sequence=2), BASE, BASE], MET),
            ([replace(dosage(daily="1200 ug/d"), sequence=1), SMALL], MET),
            ([replace(SMALL, sequence=1), dosage(daily="1200 ug/d")], MET),
            ([replace(SMALL, sequence=1), UNREAD], UNKNOWN),
            ([replace(BASE, sequence=1), dosage(dose="600 ug", once=True)], NOT_MET),
        ],
    )
    def test_what_is_given_side_by_side_adds_up(self, instructions: list[Dosage], truth: Truth) -> None:
        assert about(dose_is("day", above="1000 ug/d"), order(dosages=instructions)).truth is truth

    def test_why_it_is_open_where_only_some_instructions_are_numbered(self) -> None:
        finding = about(ABOVE, order(dosages=[replace(self.BASE, sequence=1), self.BASE]))
        assert reasons(finding) == [
            "only some of its instructions are numbered, so that it is open which are followed at the same time"
        ]
        assert reasons(about(ABOVE, order(dosages=[self.BASE, self.AS_NEEDED]))) == [
            "the amount cannot be compared with the limit"
        ]
