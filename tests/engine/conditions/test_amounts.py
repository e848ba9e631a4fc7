"""Amounts that lie somewhere between two ends: what an estimate tells of them, and that it tells no more than they do."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dates import DateInterval
from engine.facts import ObservationFact, Person
from engine.finding import BIRTH_DATE, Finding, Truth
from engine.quantity import Quantity, QuantityInterval
from tests.engine.builders import ADULT, NOW, coded, exactly, observation, on, patient, reasons
from tests.engine.builders import look as look_at

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
RATE = {
    "lab": "egfr",
    "below": "60 mL/min/1.73m2",
    "within": "12 months",
    "estimate": "creatinine",
    "as": "rate",
}
CLEARANCE = {
    "lab": "clearance", "below": "60 mL/min", "within": "12 months", "estimate": "creatinine-and-weight", "as": "rate",
}  # fmt: skip
CHILD = replace(ADULT, birth=on("2016-03-15"))

CREATININE_OPEN = (
    "creatinine is on record with a comparator or as a range, and the limit lies between what it may mean"
)
WEIGHT_OPEN = (
    "body weight is on record with a comparator or as a range, and the limit lies between what it may mean"
)
COARSE = "the birth date is too coarse for an estimate that tells on which side of the limit it is"
DATE_OPEN = (
    "the date of the creatinine is too coarse for an estimate that tells on which side of the limit it is"
)
NO_AGE = "creatinine is on record, but the date of the creatinine is too coarse for an estimate"
CONTRADICTION = "creatinine values of the same moment contradict each other"
UNBOUNDED = "the creatinine value cannot be used: its comparator or range does not bound it"


def about(text: str) -> QuantityInterval:
    """``>4 mg/dL`` or ``1 mg/dL``, as a record has it."""
    comparator = text[: len(text) - len(text.lstrip("<>=~"))]
    return QuantityInterval.from_comparator(Quantity.parse(text[len(comparator) :]), comparator or None)


def between(low: Any, high: Any, unit: str) -> QuantityInterval:
    return QuantityInterval(Decimal(low), True, Decimal(high), True, unit)


def creatinine(value: Any, reference: str = "Observation/creatinine") -> ObservationFact:
    value = about(value) if isinstance(value, str) else value
    return observation("lab-creatinine", value, "2026-03-01", reference)


def body(concept: str, value: Any) -> ObservationFact:
    return observation(concept, about(value) if isinstance(value, str) else value, "2026-02-01")


def look(condition: dict[str, Any], *found: ObservationFact, person: Person = ADULT) -> Finding:
    return look_at(condition, patient(person, observations=found))


@pytest.mark.parametrize(
    ("value", "truth", "words"),
    [
        (">4 mg/dL", MET, "at most 13"),
        (">353.6 umol/L", MET, "at most 13"),
        (">=4 mg/dL", MET, "at most 13"),
        ("<0.5 mg/dL", NOT_MET, "at least 118"),
        (between("2", "4", "mg/dL"), MET, "13 to 31"),
        (between("0", "0.5", "mg/dL"), NOT_MET, "at least 118"),
        (between("2", "50", "mg/dL"), MET, "at most 31"),
    ],
)
def test_a_creatinine_that_is_only_bounded_bounds_the_rate_from_the_other_side(
    value: Any, truth: Truth, words: str
) -> None:
    """A woman of 45 (CKD-EPI 2021): 4 mg/dL are 13 mL/min/1.73 m², 2 are 31, and 0.5 are 118."""
    finding = look(RATE, creatinine(value))
    assert (finding.truth, finding.values["value"]) == (truth, words)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (">0.8 mg/dL", CREATININE_OPEN),
        ("<2 mg/dL", CREATININE_OPEN),
        (between("0.8", "2", "mg/dL"), CREATININE_OPEN),
        ("~4 mg/dL", UNBOUNDED),
        (between("0.01", "60", "mg/dL"), UNBOUNDED),
        (">50 mg/dL", "the creatinine value cannot be used: it is not plausible"),
        (">4 mmol/mol", "the creatinine value cannot be used: its unit cannot be converted to mg/dL"),
        ("~4 mmol/mol", "the creatinine value cannot be used: its unit cannot be converted to mg/dL"),
    ],
)
def test_one_that_may_mean_either_is_unknown_with_that_as_the_reason(value: Any, why: str) -> None:
    finding = look(RATE, creatinine(value))
    assert (finding.truth, reasons(finding)) == (UNKNOWN, [why])


@pytest.mark.parametrize(
    ("values", "truth", "why"),
    [
        ((">4 mg/dL", "5 mg/dL"), MET, []),
        ((">4 mg/dL", ">4.001 mg/dL"), MET, []),
        ((">0.6 mg/dL", "5 mg/dL"), UNKNOWN, [CREATININE_OPEN]),
        ((">4 mg/dL", "1 mg/dL"), UNKNOWN, [CONTRADICTION]),
        ((">4 mg/dL", "<3 mg/dL"), UNKNOWN, [CONTRADICTION]),
        (("1 mg/dL", ">50 mg/dL"), UNKNOWN, ["the creatinine value cannot be used: it is not plausible"]),
    ],
)
def test_of_two_of_one_moment_all_that_either_allows_is_possible(
    values: tuple[str, str], truth: Truth, why: list[str]
) -> None:
    """They may not be of the very same moment: the wider one may be the later one."""
    one, two = (creatinine(value, f"Observation/{place}") for place, value in enumerate(values))
    for found in ((one, two), (two, one)):
        finding = look(RATE, *found)
        assert (finding.truth, reasons(finding)) == (truth, why)


def test_a_weight_or_a_height_that_is_only_bounded_bounds_it_from_its_own_side() -> None:
    """(140 - 45) × 120 kg × 0.85 / 72 is 135 mL/min; 0.413 × 90 cm / 1 mg/dL is 37 mL/min/1.73 m²."""
    heavy = look(CLEARANCE, creatinine("1 mg/dL"), body("vital-weight", ">120 kg"))
    assert (heavy.truth, heavy.values["value"]) == (NOT_MET, "at least 135")
    small = look(RATE, creatinine("1 mg/dL"), body("vital-height", "<90 cm"), person=CHILD)
    assert (small.truth, small.values["value"]) == (MET, "at most 37")
    either = look(CLEARANCE, creatinine("1 mg/dL"), body("vital-weight", ">40 kg"))
    assert (either.truth, reasons(either)) == (UNKNOWN, [WEIGHT_OPEN])


def test_a_coarse_birth_date_is_enough_where_every_day_of_it_gives_the_same_answer() -> None:
    coarse = replace(ADULT, birth=on("1980"))
    finding = look(RATE, creatinine("3 mg/dL"), person=coarse)
    assert (finding.truth, finding.values["value"]) == (MET, "19")
    assert look(RATE, creatinine("0.9 mg/dL"), person=coarse).values["value"] == "80"
    near = look(CLEARANCE, creatinine("1.1 mg/dL"), body("vital-weight", "58.5 kg"), person=coarse)
    assert [(entry.why, entry.lacks) for entry in near.missing] == [(COARSE, BIRTH_DATE)]


@pytest.mark.parametrize(
    ("amount", "when", "birth", "truth", "why"),
    [
        # A woman who was 44 or 45: 1.16 mg/dL are 60 or 59 mL/min/1.73 m² (CKD-EPI 2021), 1.3 mg/dL 52 or less.
        ("1.3 mg/dL", "2025", "1980-06-15", MET, []),
        ("0.9 mg/dL", "2025", "1980-06-15", NOT_MET, []),
        ("1.16 mg/dL", "2025", "1980-06-15", UNKNOWN, [DATE_OPEN]),
        ("1.16 mg/dL", "2025-06", "1980-06-15", UNKNOWN, [DATE_OPEN]),
        ("1.16 mg/dL", "2025-05", "1980-06-15", NOT_MET, []),
        ("1.16 mg/dL", "2025-07", "1980-06-15", MET, []),
        # Where the birth date leaves it open on one day already, that is what to complete.
        ("1.16 mg/dL", "2025", "1980", UNKNOWN, [COARSE]),
        # Of the year in which she came of age nobody knows which formula holds.
        ("1.3 mg/dL", "2025", "2007-06-15", UNKNOWN, [NO_AGE]),
        ("1.3 mg/dL", "2025-07", "2007-06-15", NOT_MET, []),
    ],
)  # fmt: skip
def test_the_age_at_both_ends_of_a_coarse_date_counts(
    amount: str, when: str, birth: str, truth: Truth, why: list[str]
) -> None:
    taken = observation("lab-creatinine", amount, when, "Observation/creatinine")
    finding = look(RATE | {"within": "2 years"}, taken, person=replace(ADULT, birth=on(birth)))
    assert (finding.truth, reasons(finding)) == (truth, why)
    if why and why != [COARSE]:
        assert [entry.lacks for entry in finding.missing] == [None]


def test_one_that_may_be_from_before_the_birth_is_too_coarse_for_an_estimate() -> None:
    taken = creatinine("0.5 mg/dL")
    long = replace(taken, effective=DateInterval(on("2020").earliest, NOW, "instant"))
    for birth in ("2022-03-15", "2020-01-02"):
        person = replace(CHILD, birth=on(birth))
        finding = look(RATE | {"within": "9 years"}, long, body("vital-height", "128 cm"), person=person)
        assert finding.truth is UNKNOWN


def test_what_is_no_amount_is_none_to_calculate_with() -> None:
    assert look(RATE, creatinine(coded("bacteria"))).truth is UNKNOWN


AMOUNTS = st.decimals("0.3", "9", places=2)
NUMBERS = st.decimals("30", "140", places=1)


@settings(deadline=None, max_examples=300)
@given(
    st.tuples(AMOUNTS, AMOUNTS, AMOUNTS).map(sorted),
    st.tuples(NUMBERS, NUMBERS, NUMBERS).map(sorted),
    st.sampled_from(["<", ">", "range"]),
    st.sampled_from([RATE, CLEARANCE]),
    st.sampled_from(["below", "at_or_below", "above", "at_or_above"]),
    st.sampled_from([("1960", "1960-07-09"), ("1981-02", "1981-02-28"), ("2016", "2016-01-01")]),
)
def test_what_holds_of_an_interval_holds_of_every_point_in_it(
    creatinines: list[Decimal],
    numbers: list[Decimal],
    shape: str,
    condition: dict[str, Any],
    word: str,
    birth: tuple[str, str],
) -> None:
    """But for points that nobody has, which an interval may hold at its far end."""
    limit = condition["below"]
    condition = {name: value for name, value in condition.items() if name != "below"} | {word: limit}

    def shaped(low: Decimal, high: Decimal, unit: str) -> QuantityInterval:
        if shape == "range":
            return between(low, high, unit)
        return about(f"<{high} {unit}" if shape == "<" else f">{low} {unit}")

    name, unit = ("vital-weight", "kg") if condition["lab"] == "clearance" else ("vital-height", "cm")
    bodies = [number + 60 for number in numbers]
    wide = [
        creatinine(shaped(creatinines[0], creatinines[2], "mg/dL")),
        body(name, shaped(bodies[0], bodies[2], unit)),
    ]
    inside = [
        creatinine(exactly(f"{creatinines[1]} mg/dL")),
        body(name, exactly(f"{bodies[1]} {unit}")),
    ]
    if shape != "range" and creatinines[1] in (creatinines[0], creatinines[2]):
        return  # on an end that is left out
    whole = look(condition, *wide, person=replace(ADULT, birth=on(birth[0])))
    point = look(condition, *inside, person=replace(ADULT, birth=on(birth[1])))
    if whole.truth is not UNKNOWN and reasons(point) != ["the estimate is not plausible"]:
        assert point.truth is whole.truth
