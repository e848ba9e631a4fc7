"""What an order under review does to therapy: it begins, changes, holds or stops it (inventory: ORDER, STOP)."""

import pytest

from engine.facts import OrderAction
from tests.fhir_adapters.mapping.medicines import CURRENT, ENDED, bounded, read, request

UG = {"unit": "ug"}


def dosed(**members):
    return {"doseAndRate": [members]}


def dose(value, **members):
    return dosed(doseQuantity={"value": value, "unit": "ug"}, **members)


class TestOrdersUnderReview:
    @pytest.mark.parametrize(
        ("members", "expected"),
        [
            ({"status": "draft"}, OrderAction.START),
            ({"status": "active"}, OrderAction.START),
            ({"status": "completed"}, OrderAction.START),
            ({"status": None}, OrderAction.START),
            ({"intent": None}, OrderAction.START),
            ({"intent": "proposal"}, OrderAction.START),
            ({"priorPrescription": {"reference": "MedicationRequest/7"}}, OrderAction.CHANGE),
            ({"status": "on-hold"}, OrderAction.HOLD),
            ({"status": "stopped"}, OrderAction.STOP),
            ({"status": "cancelled"}, OrderAction.STOP),
            ({"status": "ended"}, OrderAction.STOP),
            ({"doNotPerform": True}, OrderAction.STOP),
            (
                {"status": "stopped", "priorPrescription": {"reference": "MedicationRequest/7"}},
                OrderAction.STOP,
            ),
            ({"dosageInstruction": [dose(0)]}, OrderAction.STOP),
            (
                {"dosageInstruction": [dosed(rateQuantity={"value": 0, "unit": "ug/h"})]},
                OrderAction.STOP,
            ),
            ({"dosageInstruction": [dose(50), dose(0)]}, OrderAction.START),
            ({"dosageInstruction": [dose("0")]}, OrderAction.START),
            # What cannot be read beside a zero may be a dose, and so may what is at most, or at least, or up to something.
            ({"dosageInstruction": [dose(0), {"text": "then 300 micrograms per day"}]}, OrderAction.START),
            ({"dosageInstruction": [dose(0), "then 300 micrograms per day"]}, OrderAction.START),
            ({"dosageInstruction": [dose(0), dosed(doseQuantity={"value": 50, "unit": "foo"})]}, OrderAction.START),
            ({"dosageInstruction": [dose(0, rateQuantity={"value": 50, "unit": "foo/d"})]}, OrderAction.START),
            ({"dosageInstruction": [dosed(doseQuantity={"value": 0, "unit": "ug", "comparator": "<="})]}, OrderAction.START),
            ({"dosageInstruction": [dosed(doseQuantity={"value": 0, "unit": "ug", "comparator": ">="})]}, OrderAction.START),
            ({"dosageInstruction": [dosed(doseRange={"low": UG | {"value": 0}, "high": UG | {"value": 50}})]}, OrderAction.START),
            ({"dosageInstruction": [dosed(rateQuantity={"value": 0, "unit": "mL/h"})]}, OrderAction.STOP),
        ],
    )  # fmt: skip
    def test_what_an_order_does(self, members, expected):
        """DC-01: stopping, cancelling and zeroing the pump end therapy; a taper to zero does not."""
        fact, _ = read(request(**members), draft=True)
        assert fact is not None
        assert (fact.draft, fact.action) == (True, expected)
        assert fact.status is (ENDED if expected is OrderAction.STOP else CURRENT)

    def test_an_order_not_to_give_the_medicine_is_listed(self):
        _, issues = read(request(doNotPerform=True), draft=True)
        assert issues == [
            ("doNotPerform", "assumed", "an order not to give the medicine is read as stopping it")
        ]

    def test_an_order_to_come_counts_now(self):
        fact, _ = read(request(dosageInstruction=[bounded(start="2026-07")]), draft=True)
        assert fact is not None
        assert fact.status is CURRENT


@pytest.mark.parametrize(
    ("written", "misdated"),
    [("yesterday", True), (20250305, True), ("2025", False), (None, False), ("", False)],
)
def test_a_date_of_an_order_that_cannot_be_read_is_not_as_good_as_none(written, misdated):
    """A draft without a date is of today; one with a date that nobody can read may be of any day."""
    fact, issues = read(request(authoredOn=written), draft=True)
    assert fact is not None
    assert fact.misdated is misdated
    assert issues == ([("authoredOn", "unreadable", "it is not a date")] if misdated else [])


def test_of_several_dates_of_an_order_the_one_that_can_be_read_counts():
    fact, _ = read(request(authoredOn="yesterday", dateWritten="2026-05-01"), draft=True)
    assert fact is not None
    assert fact.authored is not None
    assert (fact.authored.describe(), fact.misdated) == ("1 May 2026", False)


@pytest.mark.parametrize(
    ("places", "named"), [((1, None), True), ((1, 1), False), ((0, 1), False), ((None, None), False)]
)
def test_instructions_of_which_only_some_are_numbered_are_named(places, named):
    daily = {**dose(50), "timing": {"repeat": {"frequency": 1}}}
    doses = [{**daily, "sequence": place} if place is not None else daily for place in places]
    _, issues = read(request(dosageInstruction=doses))
    why = "only some have a number; the others may run beside any of them"
    assert issues == ([("dosageInstruction", "assumed", why)] if named else [])


def test_a_rate_per_hour_without_a_number_is_assumed_to_be_per_one_hour():
    ratio = {"numerator": {"value": 10, "unit": "ug"}, "denominator": {"unit": "h"}}
    fact, issues = read(request(dosageInstruction=[{"doseAndRate": [{"rateRatio": ratio}]}]))
    assert fact is not None
    assert fact.dosages[0].rate is not None
    assert issues == [
        ("dosageInstruction[0]", "assumed", "the rate has no number below the line, which counts as 1")
    ]
