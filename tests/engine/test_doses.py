"""Doses beside one another: which entry ran before, which single dose was a test, whether the daily dose has risen."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.doses import (
    administered_once,
    changed,
    content,
    daily,
    dated_doses,
    dose_before,
    falls,
    risen,
    said_once,
    same,
    unread_doses,
)
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
    assert [entry.reference for entry in unread_doses(entries)] == ["MedicationRequest/5"]


@pytest.mark.parametrize(
    ("said", "dose", "rate", "once"),
    [
        (True, "50 ug", None, True),
        (False, "50 ug", None, False),
        (None, "50 ug", None, None),
        (None, None, "5 ug/h", False),
        (False, None, "5 ug/h", False),
        (None, None, None, None),
        (True, None, None, True),
        # A rate alone that is said to run once begins once.
        (True, None, "5 ug/h", False),
        # A rate beside a dose is how fast it is given.
        (True, "50 ug", "50 ug/min", True),
        (True, "50 ug", "1 mL/min", True),
        (False, "50 ug", "50 ug/min", False),
        (None, "50 ug", "50 ug/min", None),
        (None, "50 ug", "1 mL/min", None),
        # What its rate gives in a day is an infusion, as far as people round; what takes longer may be one.
        (True, "240 ug", "10 ug/h", False),
        (True, "100 ug", "4.17 ug/h", False),
        (True, "100 ug", "4.16 ug/h", False),
        (True, "25 ug", "1 ug/h", False),
        (True, "227 ug", "10 ug/h", True),
        (True, "253 ug", "10 ug/h", None),
        (None, "240 ug", "10 ug/h", False),
        (None, "200 ug", "8.33 ug/h", False),
        (None, "200 ug", "8.3 ug/h", False),
        (None, "227 ug", "10 ug/h", None),
        (None, "10 mg", "10 ug/h", None),
    ],
)
def test_what_a_dosage_is(said: bool | None, dose: str | None, rate: str | None, once: bool | None) -> None:
    amounts = (amount(dose) if dose else None, amount(rate) if rate else None)
    assert administered_once(said, *amounts) is once
    told = said_once(Dosage(dose=amounts[0], rate=amounts[1], once=once))
    again = True if told else False if once is False else None
    assert administered_once(again, *amounts) is once, "what is written of it reads the same"


@pytest.mark.parametrize(
    ("said", "dose", "hours", "once"),
    [
        (True, None, 24, False),
        (True, None, 6, None),
        (None, None, 6, False),
        (True, "240 ug", 24, False),
        (True, "480 ug", 48, False),
        (True, "240 ug", 48, None),
        (True, "60 ug", 6, True),
        (True, "240 ug", 6, None),
        (True, "10 mg", 24, None),
        (True, "50 ug", 24, None),
    ],
)
def test_a_stated_length_tells_an_infusion_from_a_single_dose(
    said: bool | None, dose: str | None, hours: int, once: bool | None
) -> None:
    stated = amount(dose) if dose else None
    assert administered_once(said, stated, amount("10 ug/h"), Decimal(hours)) is once


def test_ranges_of_doses_and_rates_are_told_by_their_ends() -> None:
    low, high = Decimal(100), Decimal(240)
    some, up_to = (QuantityInterval(end, True, high, True, "ug") for end in (low, None))
    rate = QuantityInterval(low, True, high, True, "ug/d")
    assert administered_once(True, some, rate) is True
    assert administered_once(True, up_to, rate) is True
    assert administered_once(None, some, rate) is None
    assert administered_once(None, some, amount("240 ug/d")) is None


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["200 ug/d", "200 ug/d"], "400 ug/d"),
        (["200 ug/d", "0.1 mg/d"], "300 ug/d"),
        (["200 ug/d", "2 mL/d"], None),
        (["200 ug/d", None], None),
        ([None], None),
        ([], None),
    ],
)
def test_the_dose_of_a_day_is_what_the_instructions_come_to(
    amounts: list[str | None], expected: str | None
) -> None:
    dosages = [Dosage(daily=amount(each) if each else None, rate=amount("1 mL/h")) for each in amounts]
    found = daily(MedicationFact("MedicationRequest/1", CodedText(), dosages=tuple(dosages)))
    assert found == (Quantity.parse(expected) if expected else None)


def test_steps_that_differ_have_no_one_dose_of_a_day() -> None:
    def steps(*amounts: str) -> MedicationFact:
        dosages = tuple(Dosage(daily=amount(each), sequence=place) for place, each in enumerate(amounts, 1))
        return MedicationFact("MedicationRequest/1", CodedText(), dosages=dosages)

    assert daily(steps("200 ug/d", "300 ug/d")) is None
    assert daily(steps("200 ug/d", "3 mL/d")) is None
    assert daily(steps("200 ug/d", "0.2 mg/d")) == Quantity.parse("200 ug/d")


def test_what_a_volume_holds() -> None:
    volume = Quantity.parse("20 mL")
    held = content(volume, [Quantity.parse("2 mg/mL")])
    assert [same(Quantity.parse("40 mg"), each) for each in held] == [False, True]
    for strengths in ([], [Quantity.parse("10 mg")], [Quantity.parse("2 mg/mL"), Quantity.parse("1 mg/mL")]):
        assert content(volume, strengths) == (volume,)
