"""Doses beside one another: which entry ran before, which single dose was a test, whether the daily dose has risen."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.doses import changed, dated_doses, dose_before, falls, risen
from engine.doses import test_dose as last_test_dose
from engine.facts import Dosage, MedicationFact
from engine.finding import Truth
from engine.quantity import Quantity, QuantityInterval

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def amount(text: str) -> QuantityInterval:
    return QuantityInterval.exactly(Quantity.parse(text))


def infusion(reference: str, daily: str | None, started: str | None = None, **more: object) -> MedicationFact:
    dosage = Dosage(daily=amount(daily) if daily else None, rate=amount("1 mL/h"))
    start = DateInterval.parse(started) if started else None
    return MedicationFact(reference, CodedText(text="drug"), dosages=(dosage,), started=start, **more)  # type: ignore[arg-type]


def bolus(reference: str, dose: str, started: str) -> MedicationFact:
    dosage = Dosage(dose=amount(dose), once=True)
    start = DateInterval.parse(started)
    return MedicationFact(
        reference, CodedText(text="drug"), "administration", dosages=(dosage,), started=start
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["400 ug/d", "300 ug/d", "200 ug/d"], True),
        (["400 ug/d", "0.3 mg/d"], True),
        (["400 ug/d", "400 ug/d"], False),
        (["400 ug/d"], False),
        (["400 ug/d", "3 mL/d"], False),
    ],
)
def test_a_dose_falls_when_every_step_is_lower_than_the_one_before(steps: list[str], expected: bool) -> None:
    dosages = tuple(Dosage(daily=amount(step), sequence=number) for number, step in enumerate(steps, 1))
    assert falls(MedicationFact("MedicationRequest/1", CodedText(), dosages=dosages)) is expected


def test_steps_of_which_only_some_are_numbered_are_no_steps() -> None:
    steps = [(amount("300 ug/d"), 1), (amount("200 ug/d"), 2), (amount("100 ug/d"), None)]
    dosages = tuple(Dosage(daily=step, sequence=number) for step, number in steps)
    assert falls(MedicationFact("MedicationRequest/1", CodedText(), dosages=dosages[:2]))
    assert not falls(MedicationFact("MedicationRequest/1", CodedText(), dosages=dosages))


def test_the_dose_before_is_that_of_the_entry_replaced_or_else_the_newest() -> None:
    old = infusion("MedicationRequest/old", "200 ug/d", "2025-01-01")
    new = infusion("MedicationRequest/new", "400 ug/d", "2026-01-01")
    test = bolus("MedicationAdministration/1", "50 ug", "2026-02-01")
    order = infusion("MedicationRequest/order", "500 ug/d")
    assert dose_before(order, [old, new, test]) is new
    assert (
        dose_before(infusion("MedicationRequest/order", "500 ug/d", replaces=old.reference), [old, new])
        is old
    )
    assert dose_before(order, [test]) is None


def test_the_test_dose_is_the_newest_single_dose_that_is_no_filling() -> None:
    given = [
        bolus("MedicationAdministration/1", "50 ug", "2026-02-01"),
        bolus("MedicationAdministration/2", "75 ug", "2026-02-02"),
        bolus("MedicationAdministration/3", "40 mg", "2026-02-20"),
        bolus("MedicationAdministration/4", "20 mL", "2026-02-21"),
    ]
    assert last_test_dose(given, Quantity.parse("100 ug")) == Quantity.parse("75 ug")
    assert last_test_dose(given[2:], Quantity.parse("100 ug")) is None


@pytest.mark.parametrize(
    ("value", "percent", "expected"),
    [
        ("130 ug/d", 30, Truth.NOT_MET),
        ("131 ug/d", 30, Truth.MET),
        ("80 ug/d", -20, Truth.NOT_MET),
        ("79 ug/d", -20, Truth.MET),
        ("0.2 mg/d", 30, Truth.MET),
    ],
)
def test_a_change_is_more_than_its_percentage(value: str, percent: float, expected: Truth) -> None:
    assert changed(amount(value), Quantity.parse("100 ug/d"), percent) is expected


def test_a_rise_is_measured_from_the_dose_that_was_given_at_the_moment() -> None:
    half_a_year_ago = NOW - timedelta(days=180)
    entries = [
        infusion("MedicationRequest/1", "100 ug/d", "2025-01-01"),
        infusion("MedicationRequest/2", "200 ug/d", "2025-06-01"),
        infusion("MedicationRequest/3", "290 ug/d", "2026-02-01"),
        infusion("MedicationRequest/4", "900 ug/d"),
        infusion("MedicationRequest/5", None, "2026-02-20"),
    ]
    doses = list(dated_doses(entries))
    assert risen(doses, 40, half_a_year_ago) is Truth.MET
    assert risen(doses, 50, half_a_year_ago) is Truth.NOT_MET
    assert risen(doses[1:], 40, half_a_year_ago) is Truth.MET
    assert risen(doses[2:], 40, half_a_year_ago) is Truth.NOT_MET, "one dose shows no rise"
    assert risen(doses[:2], 40, half_a_year_ago) is Truth.NOT_MET, "the rise is older than that"
