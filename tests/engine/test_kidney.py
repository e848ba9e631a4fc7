"""Kidney function against worked values that others have published.

Every expected number comes from the source named beside it and is compared to as many digits as the source
prints; none was computed with the code under test. Of the papers that the equations come from, only what stands here could be
read, and none of it works an example: they are held by the equation as it stands there, and by the regression that it was made from.
"""

from decimal import Decimal
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kidney import creatinine_clearance, egfr_bedside_schwartz, egfr_ckd_epi_2021

UMOL_PER_L = 0.011312
"""Mg/dL in one umol/L of creatinine, from its molar mass of 113.12 g/mol."""

# The National Kidney Foundation's calculator, as quoted in pharmaverse/admiral (tests of compute_egfr).
NKF_ONCOLOGY = (
    "National Kidney Foundation calculator, quoted in ml4oncology/ml4oncology (scripts/unit_test.py)"
)
NKF = "National Kidney Foundation calculator, quoted in the tests of pharmaverse/admiral"
TABLETOOLS = "manual of the R package tabletools (calculate_egfr_ckdepi, examples)"
TRANSPLANTR = "tests of the R package transplantr (tests of egfr.R, johnasher/transplantr)"


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "published", "source"),
    [
        (1.09, 55, "male", 80, NKF),
        (85 * UMOL_PER_L, 65, "female", 66, NKF),
        (1.2, 55, "male", 71, "kidney.org calculator, quoted in a public comparison of calculators"),
        (1.1, 50, "male", 82, "test of a public calculator collection (calc_ckd_epi_2021)"),
        (200 * UMOL_PER_L, 70, "male", 30, NKF_ONCOLOGY),
        (200 * UMOL_PER_L, 70, "female", 23, NKF_ONCOLOGY),
        (100 * UMOL_PER_L, 70, "male", 70, NKF_ONCOLOGY),
        (100 * UMOL_PER_L, 70, "female", 52, NKF_ONCOLOGY),
        (0.6, 50, "male", 118, TABLETOOLS),
        (1.0, 50, "male", 92, TABLETOOLS),
        (1.5, 50, "male", 56, TABLETOOLS),
        (2.0, 50, "male", 40, TABLETOOLS),
    ],
)
def test_ckd_epi_2021_gives_the_published_values(creatinine, age, sex, published, source):
    assert round(egfr_ckd_epi_2021(creatinine, age, sex)) == published, source


@pytest.mark.parametrize(
    ("micromoles", "age", "sex", "published"),
    [
        (96.3, 55, "male", "80.2293"),
        (70, 52, "female", "89.7175"),
        (77, 67, "male", "94.5453"),
        (65, 76, "female", "84.4646"),
    ],
)
def test_ckd_epi_2021_gives_four_published_decimals(micromoles, age, sex, published):
    """Tests of the R package admiral (pharmaverse/admiral, compute_egfr, test 01.07), which divides umol/L by 88.42."""
    assert f"{egfr_ckd_epi_2021(micromoles / 88.42, age, sex):.4f}" == published


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("creatinine", [0.4, 0.7, 0.9, 1.0, 2.5, 8.0])
@pytest.mark.parametrize("age", [18, 45, 90])
def test_ckd_epi_2021_agrees_with_its_two_piece_form(creatinine, age, sex):
    """The same equation with one power on each side of the knot, computed anew by logarithms.

    Its numbers are those of kidney.org, CKD-EPI Creatinine Equation (2021), after Inker 2021.
    """
    knot, low, factor = {"female": (0.7, -0.241, 1.012), "male": (0.9, -0.302, 1.0)}[sex]
    slope = low if creatinine <= knot else -1.200
    expected = exp(log(142 * factor) + slope * log(creatinine / knot) + age * log(0.9938))
    assert egfr_ckd_epi_2021(creatinine, age, sex) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("height", "creatinine", "published", "source"),
    [
        (100, 0.5, "82.6", "calculatorlib.com, pediatric GFR calculator, worked example"),
        (100, 0.4, "103", "doctaverse, bedside Schwartz, worked example"),
        (120, 0.5, "99.1", "manual of the R package cliot (revised_schwartz_gfr, example 1)"),
        (140, 1.0, "57.82", "test of a public calculator collection (calc_egfr_schwartz)"),
        (120, 0.5, "99.12", "tests of the R package epocakir (eGFR_child_SCr, after KDIGO 2012)"),
        (101, 0.6, "69.5", TRANSPLANTR),
    ],
)
def test_bedside_schwartz_gives_the_published_values(height, creatinine, published, source):
    digits = len(published.partition(".")[2])
    assert f"{egfr_bedside_schwartz(creatinine, height, age=6):.{digits}f}" == published, source


@pytest.mark.parametrize("metres", [0.85, 1.2, 1.71])
def test_bedside_schwartz_agrees_with_its_form_in_metres(metres):
    """The National Kidney Foundation prints the equation for centimetres (0.413) and for metres (41.3).

    The paper's own abstract (Schwartz 2009, PMC2653687) has it as 0.413*(height/serum creatinine), with the height in cm.
    """
    assert egfr_bedside_schwartz(0.6, metres * 100, 6) == pytest.approx(41.3 * metres / 0.6)


@pytest.mark.parametrize(
    ("creatinine", "age", "weight", "sex", "published", "source"),
    [
        (1.09, 55, 90, "male", 97, NKF),
        (85 * UMOL_PER_L, 65, 60, "female", 55, NKF),
        (1.0, 40, 80, "male", 111, "tests of the R package clinPK (cockcroft_gault)"),
        (3.0, 40, 80, "male", 37, "tests of the R package clinPK (cockcroft_gault)"),
        (1.2, 60, 80, "male", 74, "superglobalcalculator.com, creatinine clearance, example 1 (74.1)"),
        (0.9, 45, 65, "female", 81, "superglobalcalculator.com, creatinine clearance, example 2 (80.9)"),
        (1.0, 50, 80, "male", 100, "theprimecalculator.com, creatinine clearance, worked example"),
    ],
)
def test_cockcroft_gault_gives_the_published_values(creatinine, age, weight, sex, published, source):
    assert round(creatinine_clearance(creatinine, age, weight, sex)) == published, source


def test_cockcroft_gault_gives_two_published_decimals():
    assert f"{creatinine_clearance(1, 25, 60, 'female'):.2f}" == "81.46", TRANSPLANTR


@pytest.mark.parametrize("creatinine", [0.6, 1.0, 3.5])
@pytest.mark.parametrize("age", [18, 50, 92])
@pytest.mark.parametrize("weight", [45, 72, 110])
def test_cockcroft_gault_agrees_with_the_regression_that_it_was_made_from(creatinine, age, weight):
    """A day's creatinine excretion of 28 - 0.2 × age mg per kg (249 men of 18 to 92 years, Cockcroft and Gault 1976).

    As a later paper on the participants of the DCCT quotes it; divided by serum creatinine it is the clearance.
    """
    excreted = (28 - 0.2 * age) * weight
    cleared = excreted / creatinine * 100 / (24 * 60)  # dL to mL, days to minutes
    assert creatinine_clearance(creatinine, age, weight, "male") == pytest.approx(cleared)


def test_decimals_and_floats_give_the_same_estimate():
    assert egfr_ckd_epi_2021(Decimal("1.09"), Decimal(55), "male") == egfr_ckd_epi_2021(1.09, 55, "male")


@pytest.mark.parametrize(
    "creatinine",
    [0, -1, 0.01, 80, 1e300, float("nan"), float("inf"), Decimal("NaN"), Decimal("1e999999999")],
    ids=str,
)
def test_a_creatinine_nobody_lives_with_is_refused(creatinine):
    """80 is a healthy value in umol/L read as mg/dL, 0.01 one in mg/dL read as umol/L."""
    for estimate in (
        lambda: egfr_ckd_epi_2021(creatinine, 50, "male"),
        lambda: egfr_bedside_schwartz(creatinine, 120, 6),
        lambda: creatinine_clearance(creatinine, 50, 70, "male"),
    ):
        with pytest.raises(ValueError, match="the creatinine is out of range"):
            estimate()


def test_each_equation_keeps_to_its_ages():
    with pytest.raises(ValueError, match="age"):
        egfr_ckd_epi_2021(1.0, 17.9, "male")
    with pytest.raises(ValueError, match="age"):
        creatinine_clearance(1.0, 17.9, 70, "male")
    with pytest.raises(ValueError, match="age"):
        egfr_bedside_schwartz(0.5, 70, 0.9)
    with pytest.raises(ValueError, match="age"):
        egfr_bedside_schwartz(0.5, 170, 18)
    assert egfr_bedside_schwartz(0.5, 170, 17.9) > 0


def test_a_height_in_metres_and_a_weight_in_grams_are_refused():
    with pytest.raises(ValueError, match="height"):
        egfr_bedside_schwartz(0.5, 1.2, 6)
    with pytest.raises(ValueError, match="weight"):
        creatinine_clearance(1.0, 50, 70_000, "male")


@pytest.mark.parametrize("sex", ["other", "unknown", ""])
def test_a_sex_the_equations_do_not_know_is_not_taken_for_male(sex):
    with pytest.raises(ValueError, match="sexes female and male"):
        egfr_ckd_epi_2021(1.0, 50, sex)
    with pytest.raises(ValueError, match="sexes female and male"):
        creatinine_clearance(1.0, 50, 70, sex)


@given(st.floats(0.05, 39), st.floats(0.01, 1), st.integers(18, 119), st.sampled_from(["female", "male"]))
def test_more_creatinine_and_more_years_mean_less_filtration(creatinine, more, age, sex):
    here = egfr_ckd_epi_2021(creatinine, age, sex)
    assert egfr_ckd_epi_2021(creatinine + more, age, sex) < here
    assert egfr_ckd_epi_2021(creatinine, age + 1, sex) < here
    assert creatinine_clearance(creatinine + more, age, 70, sex) < creatinine_clearance(
        creatinine, age, 70, sex
    )
