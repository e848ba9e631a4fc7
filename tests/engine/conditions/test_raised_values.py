"""Values that a coefficient raised: they decide where all that they may have been before lies on one side of the limit.

The library here lets 1.25 be the highest coefficient, so that 75 may have been 60 to 75.
"""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.conditions import find
from engine.conditions.context import Context
from engine.facts import FactList, ListState, ObservationFact
from engine.finding import Finding, Truth
from engine.language import Leaf
from engine.quantity import Quantity, QuantityInterval
from engine.record import Record
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    concept,
    context,
    observation,
    on,
    patient,
    reasons,
    written,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
LIBRARY = ConceptLibrary(
    {
        **CONCEPTS.concepts,
        "egfr": replace(CONCEPTS.concept("egfr"), left_open_by=("egfr-raised", "clearance")),
        "egfr-raised": concept("egfr-raised", "loinc 88293-6", raised_up_to=1.25),
    },
    SYSTEMS,
)
REDUCED = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months"}
ESTIMATED = REDUCED | {"estimate": "creatinine"}
NORMAL, LOW = "80 mL/min/{1.73_m2}", "20 mL/min/{1.73_m2}"
RAISED, CLEARANCE = (CodedText((Coding("http://loinc.org", code),)) for code in ("88293-6", "35591-7"))


def raised(value: str, date: str | None = "2026-03-10", name: str = "Observation/raised") -> ObservationFact:
    mark = value[0] if value[0] in "<>" else None
    amount = QuantityInterval.from_comparator(Quantity.parse(value.lstrip("<>")), mark)
    return observation(RAISED, amount, date, name)


def look(condition: dict[str, Any], *found: ObservationFact, **more: Any) -> Finding:
    facts, leaf = patient(**{"observations": found, **more}), written(condition)
    assert isinstance(leaf, Leaf)
    return find(leaf, Context(Record(facts, LIBRARY), MEDICINE, context(facts).subject))


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        ("59 mL/min/{1.73_m2}", MET),  # it was lower before
        ("59 mL/min", MET),
        ("<60 mL/min", MET),
        ("60 mL/min", UNKNOWN),  # 48 to 60
        ("74 mL/min", UNKNOWN),  # 59.2
        ("75 mL/min", NOT_MET),  # 60
        (">75 mL/min", NOT_MET),
        (">60 mL/min", UNKNOWN),
        ("1.4 mL/s/{1.73_m2}", NOT_MET),  # 84, and 67 or more
        ("1.1 mL/s/{1.73_m2}", UNKNOWN),
    ],
)
@pytest.mark.parametrize("condition", [REDUCED, ESTIMATED])
def test_alone_it_decides_where_all_that_it_may_have_been_is_on_one_side(
    condition: dict[str, Any], value: str, truth: Truth
) -> None:
    assert look(condition, raised(value)).truth is truth
    # So it does after an older one of the concept itself that is normal.
    assert look(condition, observation("egfr", NORMAL, "2026-01-01"), raised(value)).truth is truth
    assert look(condition, observation("egfr", LOW, "2026-01-01"), raised(value)).truth is MET


def test_it_says_on_what_it_rests_and_what_it_may_have_been() -> None:
    finding = look(REDUCED, raised("50 mL/min"))
    assert [each.reference for each in finding.evidence] == ["Observation/raised"]
    assert finding.values["value"] == "40 to 50"
    assert finding.notes == ("egfr: without the coefficient that raised the value on record",)


def test_what_is_rounded_hides_no_lower_value() -> None:
    """37 may be 37.4 and have been 29.9, which is reported as 30; 36.7 have been 29.4, reported as 29."""
    severe = REDUCED | {"below": "30 mL/min/1.73m2"}
    assert look(severe, raised("37 mL/min")).truth is UNKNOWN
    assert look(severe, raised("38 mL/min")).truth is NOT_MET


def test_before_or_beside_one_of_the_concept_itself_it_tells_nothing() -> None:
    """Laboratories report the pair together."""
    for date in ("2026-03-01", "2026-02-01"):
        assert look(REDUCED, observation("egfr", NORMAL), raised("20 mL/min", date)).truth is NOT_MET
    assert look(REDUCED, observation("egfr", LOW), raised("100 mL/min", "2026-03-01")).truth is MET


def test_what_the_estimate_from_a_creatinine_as_new_says_comes_first() -> None:
    creatinine = observation("lab-creatinine", "2 mg/dL", "2026-03-10")
    assert look(ESTIMATED, creatinine, raised("90 mL/min")).truth is MET
    # One that is newer may say something else, also where it cannot be calculated with.
    later = replace(creatinine, effective=on("2026-03-12"))
    assert look(ESTIMATED, later, raised("90 mL/min"), person=None).truth is UNKNOWN
    assert look(ESTIMATED, creatinine, raised("90 mL/min"), person=None).truth is NOT_MET
    assert look(REDUCED, later, raised("90 mL/min"), person=None).truth is NOT_MET


@pytest.mark.parametrize(
    "other",
    [
        observation(
            CLEARANCE, "20 mL/min", "2026-03-12", "Observation/other"
        ),  # it says less, and is no rate raised
        observation("egfr", None, "2026-03-12", "Observation/other"),
        raised("70 mL/min", "2026-03-12", "Observation/other"),
        raised("70 mL/min", None, "Observation/other"),
        raised("59 mL/min", "2026-03-10", "Observation/other"),  # of one moment, they contradict each other
    ],
)
def test_it_denies_nothing_while_another_entry_may_be_newer(other: ObservationFact) -> None:
    assert look(REDUCED, raised("90 mL/min"), other).truth is UNKNOWN
    assert look(REDUCED, raised("90 mL/min")).truth is NOT_MET


def test_nor_while_the_list_is_not_whole() -> None:
    facts = (raised("90 mL/min"),)
    assert look(REDUCED, observations=FactList(ListState.PARTIAL, facts)).truth is UNKNOWN
    low = (raised("50 mL/min"),)
    assert look(REDUCED, observations=FactList(ListState.PARTIAL, low)).truth is MET


def test_a_later_one_that_is_normal_all_the_same_undoes_nothing() -> None:
    assert look(REDUCED, observation("egfr", NORMAL), raised("90 mL/min")).truth is NOT_MET
    doubtful = look(REDUCED, observation("egfr", NORMAL), raised("70 mL/min"))
    assert reasons(doubtful) == [
        "1 entry of the list of laboratory values and observations has a code that says too little and may be newer"
    ]


def test_one_without_an_amount_or_a_time_that_tells_is_none() -> None:
    for entry in (
        observation(RAISED, None),
        observation(RAISED, CodedText(text="about 90")),
        raised("90 mL/min", "2025"),
    ):
        assert look(REDUCED, entry).truth is UNKNOWN
