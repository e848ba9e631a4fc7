"""Values under codes that no list has, or that say less: they cannot be used, and none of them is passed over in silence."""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.conditions import find
from engine.conditions.context import Context
from engine.facts import ObservationFact
from engine.finding import Finding, Truth
from engine.language import Leaf
from engine.record import Record
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    UNMAPPED,
    concept,
    context,
    observation,
    patient,
    reasons,
    written,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
LIBRARY = ConceptLibrary(
    {
        **CONCEPTS.concepts,
        "egfr": replace(
            CONCEPTS.concept("egfr"), unit_tells=True, texts=("eGFR",), left_open_by=("egfr-raised",)
        ),
        "egfr-raised": concept("egfr-raised", "loinc 88293-6"),
    },
    SYSTEMS,
)
REDUCED = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months"}
ESTIMATED = REDUCED | {"estimate": "creatinine"}
NORMAL, LOW = "80 mL/min/{1.73_m2}", "20 mL/min/{1.73_m2}"

LIST = "1 entry of the list of laboratory values and observations has"
NO_CODE, SAYS_LESS = f"{LIST} no code that is known here", f"{LIST} a code that says too little"


def loinc(code: str) -> CodedText:
    return CodedText((Coding("http://loinc.org", code),))


NEW_FORMULA, RAISED, CLEARANCE = loinc("102097-3"), loinc("88293-6"), loinc("35591-7")


def other(code: CodedText, value: Any, date: str | None = "2026-03-10") -> ObservationFact:
    return observation(code, value, date, "Observation/other")


def look(condition: dict[str, Any], *found: ObservationFact) -> Finding:
    facts, leaf = patient(observations=found), written(condition)
    assert isinstance(leaf, Leaf)
    return find(leaf, Context(Record(facts, LIBRARY), MEDICINE, context(facts).subject))


@pytest.mark.parametrize("value", [LOW, "20 mL/min", "0.3 mL/s/{1.73_m2}"])
def test_an_unlisted_code_denies_no_amount_in_a_unit_that_tells(value: str) -> None:
    finding = look(REDUCED, observation("egfr", NORMAL), other(NEW_FORMULA, value))
    assert (finding.truth, reasons(finding)) == (UNKNOWN, [f"{NO_CODE} and may be newer"])
    assert finding.missing[0].references == ("Observation/other",)


@pytest.mark.parametrize(
    "entry",
    [
        other(NEW_FORMULA, LOW, "2026-01-01"),
        other(NEW_FORMULA, NORMAL),
        other(NEW_FORMULA, "20 L/min"),
        other(NEW_FORMULA, "20 mg/dL"),
        other(NEW_FORMULA, None),
        other(CLEARANCE, "20 mL/min"),
    ],
)
def test_it_does_where_it_is_older_or_as_normal_or_of_another_unit_or_known_for_something_else(
    entry: ObservationFact,
) -> None:
    """Litres a minute are those of oxygen."""
    assert look(REDUCED, observation("egfr", NORMAL), entry).truth is NOT_MET


def test_nor_does_it_deny_what_its_words_name() -> None:
    """A panel without a value is no value, and an amount in another unit is none of this."""
    worded = replace(NEW_FORMULA, text="eGFR (local formula)")
    for value in (LOW, CodedText(text="about 20")):
        finding = look(REDUCED, observation("egfr", NORMAL), other(worded, value))
        assert (finding.truth, reasons(finding)) == (UNKNOWN, [f"{NO_CODE} and may be newer"])
    for panel in (None, "20 mg/dL"):
        assert look(REDUCED, observation("egfr", NORMAL), other(worded, panel)).truth is NOT_MET


def test_one_in_no_mapped_system_is_counted_once() -> None:
    assert reasons(look(REDUCED, other(UNMAPPED, LOW))) == [f"none is on record; {NO_CODE}"]


@pytest.mark.parametrize(("code", "why"), [(NEW_FORMULA, NO_CODE), (RAISED, SAYS_LESS)])
def test_alone_it_is_said_instead_of_the_creatinine_that_nobody_measured(code: CodedText, why: str) -> None:
    finding = look(ESTIMATED, other(code, LOW))
    assert (finding.truth, reasons(finding)) == (UNKNOWN, [f"none is on record; {why}"])
    assert finding.missing[0].references == ("Observation/other",)
    older = look(ESTIMATED, observation("egfr", NORMAL, "2024-05-03"), other(code, LOW))
    assert reasons(older) == [
        f"the latest (80 mL/min/1.73 m²) is from 3 May 2024, longer ago than 12 months; {why}"
    ]


@pytest.mark.parametrize("value", [LOW, "65 mL/min/{1.73_m2}", NORMAL])
def test_a_later_one_under_a_code_that_says_less_is_never_harmless(value: str) -> None:
    """65 that was raised by a fifth is 54: what it says denies nothing."""
    finding = look(REDUCED, observation("egfr", NORMAL), other(RAISED, value))
    assert (finding.truth, reasons(finding)) == (UNKNOWN, [f"{SAYS_LESS} and may be newer"])
    undated = look(REDUCED, observation("egfr", NORMAL), other(RAISED, value, None))
    assert undated.truth is UNKNOWN


def test_beside_one_of_the_same_moment_or_before_a_later_one_it_tells_nothing_more() -> None:
    """Laboratories report the pair together."""
    for date in ("2026-03-01", "2026-02-01"):
        assert look(REDUCED, observation("egfr", NORMAL), other(RAISED, LOW, date)).truth is NOT_MET
    assert look(REDUCED, observation("egfr", LOW), other(RAISED, NORMAL)).truth is MET


def test_nor_does_silence_mean_no_beside_it() -> None:
    assert look(REDUCED | {"if_missing": "not-met"}, other(RAISED, NORMAL)).truth is UNKNOWN
