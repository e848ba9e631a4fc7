"""How many different medicines some entries are: one and the same in two code systems, strengths or spellings is one."""

from typing import Any

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.facts import MedicationFact
from engine.finding import Truth
from engine.grammars import ATC, SNOMED
from engine.substances import Substances, identity_of
from tests.engine.builders import SYSTEMS, concept, medicine

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
RXNORM = SYSTEMS["rxnorm"].uri
LIBRARY = ConceptLibrary(
    {
        "antiepileptics": concept(
            "antiepileptics", "atc N03A>", "rxnorm 28439=lamotrigine", "rxnorm 11118=valproic acid", "rxnorm 4=abc"
        ),
        "nothing": concept("nothing", "snomed 763158003", says_nothing=True),
    },
    SYSTEMS,
)  # fmt: skip


def taken(text: str = "", *codings: Coding) -> MedicationFact:
    return medicine(CodedText(codings, text))


def at_least_two(*facts: MedicationFact, of: str | None = "antiepileptics") -> Truth:
    found = {
        Substances(identity_of(LIBRARY, of, fact) for fact in order).are_at_least(2)
        for order in (facts, facts[::-1])
    }
    (answer,) = found
    return answer


def atc(code: str, display: str = "", system: str = ATC) -> Coding:
    return Coding(system, code, display)


LAMOTRIGINE, VALPROATE = Coding(RXNORM, "28439"), Coding(RXNORM, "11118")
TABLET = Coding(RXNORM, "9001", "lamotrigine 25 MG Oral Tablet")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(taken("", atc("N03AX09")), taken("", atc("n03 AX09")), id="one code in two spellings"),
        pytest.param(taken("", atc("N03AX09", system=f"{ATC}|2026")), taken("", atc("N03AX09")), id="one system in two"),
        pytest.param(taken("", atc("N03AG01", "valproic acid")), taken("", VALPROATE), id="two systems by the name beside one code"),
        pytest.param(taken("", atc("N03AX09", "lamotrigine")), taken("Lamotrigine 100 mg"), id="a code and a text"),
        pytest.param(taken("Lamotrigine 100 mg"), taken("lamotrigine 25 mg"), id="two strengths in words"),
        pytest.param(taken("", TABLET), taken("", LAMOTRIGINE), id="a product and its ingredient"),
        pytest.param(taken("", atc("N03AX09"), LAMOTRIGINE), taken("", LAMOTRIGINE, atc("N03AX09")), id="codings in another order"),
        pytest.param(taken("Keppra"), taken("keppra"), id="one brand"),
    ],
)  # fmt: skip
def test_one_medicine_is_one(one: MedicationFact, other: MedicationFact) -> None:
    assert at_least_two(one, other) is NOT_MET


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(taken("", atc("N03AX09")), taken("", atc("N03AG01")), id="two codes of ATC"),
        pytest.param(taken("", LAMOTRIGINE), taken("", VALPROATE), id="two ingredients"),
        pytest.param(taken("Lamotrigine"), taken("", atc("N03AG01", "valproic acid")), id="two names"),
        pytest.param(taken("lamotrigine", atc("N03A")), taken("valproic acid", atc("N03A")), id="two names under one group"),
    ],
)  # fmt: skip
def test_two_medicines_are_two(one: MedicationFact, other: MedicationFact) -> None:
    assert at_least_two(one, other) is MET


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(taken("", atc("N03AX09")), taken("", LAMOTRIGINE), id="codes of two systems alone"),
        pytest.param(taken("Lamictal"), taken("", LAMOTRIGINE), id="a brand that no list has"),
        pytest.param(taken("lamotrigine and valproic acid"), taken("lamotrigine"), id="a mixture and a part of it"),
        pytest.param(taken("a", atc("N03A")), taken("b", atc("N03A")), id="a group of medicines twice"),
        pytest.param(taken("a", Coding(SNOMED, "763158003")), taken("b", Coding(SNOMED, "763158003")), id="a code that says nothing"),
        pytest.param(taken("", atc("N03A")), taken("", atc("N03AX09")), id="a group and one of it"),
        pytest.param(taken("a", Coding("", "1")), taken("b", Coding("", "1")), id="a code without a system"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_apart_is_open(one: MedicationFact, other: MedicationFact) -> None:
    assert at_least_two(one, other) is UNKNOWN


def test_among_all_medicines_only_codes_and_labels_tell() -> None:
    assert at_least_two(taken("", LAMOTRIGINE), taken("", VALPROATE), of=None) is UNKNOWN
    assert at_least_two(taken("", atc("N03AX09")), taken("", atc("N03AG01")), of=None) is MET


def test_an_entry_with_two_codes_joins_those_that_have_one_of_them_each() -> None:
    bridge = taken("", atc("N03AX09"), LAMOTRIGINE)
    assert at_least_two(taken("", atc("N03AX09")), taken("", LAMOTRIGINE), bridge) is NOT_MET


def test_those_that_surely_differ_are_counted_and_those_in_doubt_are_not() -> None:
    facts = [taken("", LAMOTRIGINE), taken("Lamictal"), taken("", VALPROATE), taken("Depakine")]
    found = Substances(identity_of(LIBRARY, "antiepileptics", fact) for fact in facts)
    assert (found.different, len(found.groups)) == (2, 4)
    answers: dict[int, Any] = {count: found.are_at_least(count) for count in (2, 3, 5)}
    assert answers == {2: MET, 3: UNKNOWN, 5: NOT_MET}
