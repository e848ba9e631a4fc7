"""The estimate of the filtration rate: from what it is made, and why it is not."""

from dataclasses import replace
from typing import Any

import pytest

from engine.conditions.estimates import Estimate, estimated
from engine.facts import FactList, ListState, ObservationFact
from engine.finding import Missing
from tests.engine.builders import ADULT, UNMAPPED, context, exactly, observation, on, patient

CHILD = replace(ADULT, birth=on("2018-03-15"))
HEIGHT = observation("vital-height", "128 cm", "2026-02-01", "Observation/height")


def creatinine(
    amount: Any, date: str = "2026-03-01", reference: str = "Observation/creatinine"
) -> ObservationFact:
    return observation("lab-creatinine", amount, date, reference)


def estimate(*observations: ObservationFact, person: Any = ADULT) -> Estimate | Missing:
    found = estimated("creatinine", context(patient(person, observations=observations)), "12 months")
    return found if isinstance(found, Estimate) else found[0]


def rate(found: Estimate | Missing) -> int:
    assert not isinstance(found, Missing), found
    assert found[0].exact is not None
    return int(found[0].exact.value)


@pytest.mark.parametrize(("sex", "expected"), [("female", 80), ("male", 107)])
@pytest.mark.parametrize("amount", ["0.9 mg/dL", "79.558 umol/L", "0.009 g/L"])
def test_adults_by_ckd_epi_2021_whatever_the_unit(sex: Any, expected: int, amount: str) -> None:
    """Woman and man of 45 with 0.9 mg/dL: 80 and 107 mL/min/1.73 m² (after the published equation, by hand)."""
    found = rate(estimate(creatinine(amount), person=replace(ADULT, sex=sex)))
    assert found == expected


def test_children_by_bedside_schwartz_from_their_height() -> None:
    """0.413 × 128 cm / 0.5 mg/dL = 105.7; sex does not enter."""
    found = estimate(creatinine("0.5 mg/dL"), HEIGHT, person=replace(CHILD, sex=None))
    assert rate(found) == 106
    assert isinstance(found, tuple)
    assert [source.reference for source in found[1]] == ["Observation/creatinine", "Observation/height"]


def test_one_creatinine_in_two_units_is_no_contradiction() -> None:
    twice = creatinine("0.9 mg/dL"), creatinine("79.56 umol/L", reference="Observation/2")
    assert rate(estimate(*twice)) == rate(estimate(twice[0]))


def test_the_latest_creatinine_counts_and_the_age_on_its_day() -> None:
    older = creatinine("3 mg/dL", "2025-12-01", "Observation/older")
    assert rate(estimate(older, creatinine("0.9 mg/dL"))) > 60
    turned_18 = replace(ADULT, birth=on("2008-03-01"))
    assert rate(estimate(creatinine("0.9 mg/dL", "2026-03-01"), person=turned_18)) > 60
    assert isinstance(estimate(creatinine("0.9 mg/dL", "2026-02-28"), person=turned_18), Missing)


CANNOT_BE_USED = "no creatinine of the last 12 months can be used for an estimate: the value, the date or the code does not tell"
NO_HEIGHT = "a child's estimate needs a height of the last 6 months"
UNUSABLE = "the creatinine value cannot be used"
COARSE = "creatinine is on record, but the birth date is too coarse for an estimate"
NOT_MADE = "an estimate is not made for this age or these values"


@pytest.mark.parametrize(
    ("found", "person", "why"),
    [
        ([], ADULT, "no creatinine of the last 12 months to estimate it from"),
        ([creatinine(UNMAPPED)], ADULT, CANNOT_BE_USED),
        ([observation(UNMAPPED, "1 mg/dL")], ADULT, CANNOT_BE_USED),
        ([observation(UNMAPPED, "1 mmHg")], ADULT, "no creatinine of the last 12 months to estimate it from"),
        ([creatinine("0.9 mg/dL", "2024-01-01")], ADULT, "no creatinine of the last 12 months to estimate it from"),
        ([creatinine("80 mg/dL")], ADULT, f"{UNUSABLE}: it is not plausible"),
        ([creatinine("0.9 mmol/mol")], ADULT, f"{UNUSABLE}: its unit cannot be converted to mg/dL"),
        ([creatinine("1 mg/dL"), creatinine("4 mg/dL", reference="Observation/2")], ADULT,
         "creatinine values of the same moment contradict each other"),
        ([creatinine("1 mg/dL"), creatinine("9 mmol/mol", reference="Observation/2")], ADULT,
         f"{UNUSABLE}: its unit cannot be converted to mg/dL"),
        ([creatinine("0.9 mg/dL")], None, "creatinine is on record, but not the birth date that an estimate needs"),
        ([creatinine("0.9 mg/dL")], replace(ADULT, birth=None),
         "creatinine is on record, but not the birth date that an estimate needs"),
        ([creatinine("0.9 mg/dL")], replace(ADULT, birth=on("2008")), COARSE),
        ([creatinine("0.9 mg/dL")], replace(ADULT, birth=on("2026-03-10")), COARSE),
        ([creatinine("0.9 mg/dL")], replace(ADULT, sex="other"),
         "creatinine is on record, but not the sex that an estimate needs"),
        ([creatinine("0.9 mg/dL")], replace(ADULT, birth=on("1900-01-01")), NOT_MADE),
        ([creatinine("0.5 mg/dL")], CHILD, NO_HEIGHT),
        ([creatinine("0.5 mg/dL"), observation("vital-height", "110 cm", "2025-06-01")], CHILD, NO_HEIGHT),
        ([creatinine("0.5 mg/dL"), observation("vital-height", "1.28 cm")], CHILD,
         f"{NO_HEIGHT}: the height value cannot be used: it is not plausible"),
        ([creatinine("0.5 mg/dL"), HEIGHT, replace(HEIGHT, reference="Observation/2", value=exactly("140 cm"))], CHILD,
         f"{NO_HEIGHT}: height values of the same moment contradict each other"),
        ([creatinine("0.5 mg/dL"), HEIGHT], replace(ADULT, birth=on("2025-09-01")), NOT_MADE),
    ],
)  # fmt: skip
def test_what_keeps_it_from_being_made_is_said(found: list[ObservationFact], person: Any, why: str) -> None:
    missing = estimate(*found, person=person)
    assert isinstance(missing, Missing)
    assert missing.why == why
    assert bool(missing.references) is not why.endswith("to estimate it from")


@pytest.mark.parametrize("state", [ListState.FAILED, ListState.PARTIAL])
def test_a_list_that_is_not_complete_is_why_there_is_no_creatinine(state: ListState) -> None:
    for person in (ADULT, CHILD):
        found = estimated("creatinine", context(patient(person, observations=FactList(state))), "12 months")
        assert not isinstance(found, Estimate)
        assert [entry.why.startswith("the list of laboratory values") for entry in found] == [True]


def test_a_child_without_either_lacks_the_creatinine_and_the_height() -> None:
    """Both are named at once, so that both can be requested at once."""
    nothing = "no creatinine of the last 12 months to estimate it from"
    for found, whys in (
        ((), [nothing, "an estimate needs a vital height of the last 6 months, too"]),
        ((HEIGHT,), [nothing]),
        ((creatinine(UNMAPPED),), [CANNOT_BE_USED]),
    ):
        missing = estimated("creatinine", context(patient(CHILD, observations=found)), "12 months")
        assert not isinstance(missing, Estimate)
        assert [entry.why for entry in missing] == whys
