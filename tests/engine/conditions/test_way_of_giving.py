"""The way of giving: a single dose, an infusion or a refill, and where an order leaves open which."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.facts import NO_DOSE, Dosage, Ingredient
from engine.finding import Truth
from engine.quantity import Quantity, QuantityInterval
from tests.engine.builders import coded, dosage, on, order, pump, reasons
from tests.engine.conditions.test_orders import about, dose_is

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
WAYS = ("bolus", "infusion", "refill")


OPEN = replace(dosage(rate="1 mL/h"), once=None)
"""A rate that runs once, for less than a day."""


def ways(*instructions: Dosage, **more: object) -> list[Truth]:
    """Whether an order is a bolus, an infusion, a refill."""
    found = order(dosages=instructions, **more)  # type: ignore[arg-type]
    return [about({"given_as": way}, found).truth for way in WAYS]


class TestGivenAs:
    @pytest.mark.parametrize(
        ("instruction", "way"),
        [
            (dosage(rate="1 mL/h"), "infusion"),
            (dosage(dose="50 ug", per_day=Decimal(3)), "infusion"),
            (dosage(daily="100 ug/d"), "infusion"),
            (dosage(dose="50 ug", once=True), "bolus"),
            (dosage(dose="50 ug"), None),
            (dosage(), None),
        ],
    )
    def test_a_rate_or_a_repeated_dose_is_an_infusion_and_one_dose_once_a_bolus(
        self, instruction: Dosage, way: str | None
    ) -> None:
        for asked in ("infusion", "bolus", "refill"):
            finding = about({"given_as": asked}, order(dosages=[instruction]))
            assert finding.truth is (UNKNOWN if way is None else MET if way == asked else NOT_MET)

    def test_a_volume_without_a_dose_is_a_refill(self) -> None:
        filling = order(dosages=[dosage()], volume=Quantity.parse("20 mL"))
        assert about({"given_as": "refill"}, filling).truth is MET
        assert about({"given_as": "bolus"}, filling).truth is NOT_MET

    def test_several_ways_count_each(self) -> None:
        both = order(dosages=[dosage(dose="50 ug", once=True), dosage(rate="1 mL/h")])
        assert about({"given_as": "bolus"}, both).truth is MET
        assert about({"given_as": "infusion"}, both).truth is MET

    def test_what_is_open_beside_what_is_told_may_be_either(self) -> None:
        assert ways(dosage(dose="50 ug", once=True), dosage(dose="50 ug")) == [MET, UNKNOWN, NOT_MET]
        assert ways(dosage(rate="1 mL/h"), OPEN) == [UNKNOWN, MET, NOT_MET]


class TestRefill:
    VOLUME = Quantity.parse("20 mL")

    @pytest.mark.parametrize(
        "instruction",
        [
            dosage(),
            dosage(problems=(NO_DOSE,)),
            dosage(dose="10 mg"),
            dosage(dose="10000 ug"),
            dosage(dose="20 mL"),
        ],
    )
    def test_is_a_volume_without_any_dose_but_its_own_content(self, instruction: Dosage) -> None:
        assert ways(instruction, volume=self.VOLUME, strength="0.5 mg/mL") == [NOT_MET, NOT_MET, MET]

    @pytest.mark.parametrize(
        "instruction",
        [
            pytest.param(dosage(dose="50 mg"), id="another amount"),
            pytest.param(dosage(dose="10 mg", rate="1 mL/h"), id="a rate beside it"),
            pytest.param(dosage(problems=("the dose has no unit",)), id="a dose that cannot be read"),
            pytest.param(dosage(dose="10 mL"), id="a part of it"),
        ],
    )
    def test_another_dose_leaves_it_open(self, instruction: Dosage) -> None:
        assert ways(instruction, volume=self.VOLUME, strength="0.5 mg/mL") == [UNKNOWN, UNKNOWN, UNKNOWN]

    @pytest.mark.parametrize("strength", [None, "10 mg"])
    def test_without_a_concentration_nobody_knows_what_it_holds(self, strength: str | None) -> None:
        assert ways(dosage(dose="10 mg"), volume=self.VOLUME, strength=strength) == [UNKNOWN] * 3
        assert ways(dosage(dose="20 mL"), volume=self.VOLUME, strength=strength)[2] is MET

    def test_is_none_where_a_dose_goes_on_or_is_given_once(self) -> None:
        assert ways(dosage(dose="10 mg", once=True), volume=self.VOLUME, strength="0.5 mg/mL")[2] is NOT_MET
        assert ways(dosage(daily="10 mg/d"), volume=self.VOLUME, strength="0.5 mg/mL")[2] is NOT_MET


class TestBothReadings:
    """A dosage that may be a single dose or go on is looked at as either."""

    def test_a_rate_that_runs_once_has_no_single_dose_that_is_known_and_a_dose_of_a_day(self) -> None:
        found = order(dosages=[replace(OPEN, daily=QuantityInterval.exactly(Quantity.parse("1200 ug/d")))])
        assert about(dose_is("bolus", above="100 ug"), found).truth is UNKNOWN
        assert about(dose_is("day", above="1000 ug/d"), found).truth is MET

    def test_a_dose_at_a_rate_without_how_often(self) -> None:
        found = order(dosages=[dosage(dose="150 ug", rate="150 ug/min")])
        assert about(dose_is("bolus", above="100 ug"), found).truth is MET
        assert about(dose_is("day", above="1000 ug/d"), found).truth is UNKNOWN

    @pytest.mark.parametrize(("dose", "truth"), [("150 ug", UNKNOWN), ("100 ug", NOT_MET)])
    def test_a_dose_that_takes_longer_than_a_day_at_its_rate_may_not_be_a_single_one(
        self, dose: str, truth: Truth
    ) -> None:
        found = order(dosages=[dosage(dose=dose, rate="2 ug/h")])
        assert about(dose_is("bolus", above="100 ug"), found).truth is truth

    def test_a_single_dose_at_a_rate_is_one(self) -> None:
        found = order(dosages=[dosage(dose="150 ug", rate="150 ug/min", once=True)])
        assert about(dose_is("bolus", above="100 ug"), found).truth is MET
        assert about(dose_is("day", above="1000 ug/d"), found).truth is NOT_MET


class TestAmountsOutOfVolumes:
    BY_VOLUME = (dosage(dose="50 ug", once=True, by_volume=True), dosage(daily="100 ug/d", by_volume=True))
    OTHER = Ingredient(coded("opioids"), Quantity.parse("1 mg/mL"))

    @pytest.mark.parametrize(
        ("ingredients", "truth"),
        [
            ((Ingredient(coded("baclofen"), Quantity.parse("1 mg/mL")),), NOT_MET),
            ((OTHER,), UNKNOWN),
            ((), UNKNOWN),
        ],
    )
    def test_count_where_the_concentration_is_the_medicines_own(
        self, ingredients: tuple[Ingredient, ...], truth: Truth
    ) -> None:
        found = order(dosages=self.BY_VOLUME, ingredients=ingredients)
        assert about(dose_is("bolus", above="100 ug"), found).truth is truth
        assert about(dose_is("day", above="200 ug/d"), found).truth is truth

    def test_what_was_stated_as_a_mass_stays(self) -> None:
        found = order(dosages=[*self.BY_VOLUME, dosage(dose="150 ug", once=True)], ingredients=(self.OTHER,))
        assert about(dose_is("bolus", above="100 ug"), found).truth is MET
        finding = about(dose_is("day", above="200 ug/d"), found)
        why = "the amount is a volume, and the concentration is that of another ingredient"
        assert reasons(finding) == [why]


class TestTherapyWhoseDoseIsNotKnown:
    ORDER = order(dosages=[dosage(daily="100 ug/d")])

    @pytest.mark.parametrize(
        ("given", "truth"),
        [
            pytest.param(dosage(rate="17 ug/h", daily="400 ug/d"), UNKNOWN, id="an infusion that is given"),
            pytest.param(dosage(dose="10 mg", once=True), UNKNOWN, id="a filling"),
            pytest.param(dosage(dose="20 mL", once=True), UNKNOWN, id="a filling by its volume"),
            pytest.param(dosage(once=True), UNKNOWN, id="a dose that is not known"),
            pytest.param(dosage(dose="50 ug", once=True), NOT_MET, id="a test dose"),
        ],
    )
    def test_leaves_a_change_open_unless_all_were_test_doses(self, given: Dosage, truth: Truth) -> None:
        entry = pump(dosages=[given], kind="administration", started=on("2026-03-01"))
        for test in ({"rise_above": 30}, {"fall_above": 20}):
            assert about(dose_is("day", **test), self.ORDER, medications=[entry]).truth is truth

    def test_side_by_side_adds_up(self) -> None:
        twice = pump(dosages=[dosage(daily="100 ug/d"), dosage(daily="0.1 mg/d")])
        for falls, truth in ((49, MET), (50, NOT_MET)):
            assert about(dose_is("day", fall_above=falls), self.ORDER, medications=[twice]).truth is truth

    @pytest.mark.parametrize(("falls", "truth"), [(45, MET), (55, UNKNOWN), (80, NOT_MET)])
    def test_between_two_ends_tells_where_both_tell_the_same(self, falls: int, truth: Truth) -> None:
        between = QuantityInterval(Decimal(200), True, Decimal(300), True, "ug/d")
        before = pump(dosages=[replace(dosage(rate="1 mL/h"), daily=between)])
        assert about(dose_is("day", fall_above=falls), self.ORDER, medications=[before]).truth is truth
