"""Words: how facts, amounts, ages and gaps read on a card."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.concepts import CodedText
from engine.dates import Age, AgeInterval
from engine.facts import AllergyFact, FactList, Gap, Ingredient, ListName, ListState, MedicationFact
from engine.quantity import Quantity, QuantityInterval
from engine.words import (
    LIST_TITLES,
    age_words,
    amount,
    date_of,
    entry,
    incomplete,
    label_of,
    list_state,
    listing,
    noted,
    plain,
    uncoded,
    undated,
    unit_words,
    unreadable,
    unsettled,
    vague,
    worded,
)
from tests.engine.builders import (
    allergy,
    appointment,
    coded,
    device,
    diagnosis,
    encounter,
    exactly,
    medicine,
    observation,
    on,
    procedure,
    service,
)

DAY, OTHER = on("2026-03-01"), on("2020-01-01")


class TestFacts:
    @pytest.mark.parametrize(
        ("fact", "label", "dated"),
        [
            (diagnosis(onset=DAY, recorded=OTHER), "epilepsy", True),
            (diagnosis(recorded=DAY), "epilepsy", True),
            (medicine("opioids", started=DAY, authored=OTHER), "opioids", True),
            (medicine("opioids", authored=DAY), "opioids", True),
            (allergy(recorded=DAY), "penicillin", True),
            (AllergyFact("A/1", (CodedText(), coded("opioids"))), "opioids", False),
            (AllergyFact("A/1", ()), "", False),
            (observation("egfr", "40 mL/min", "2026-03-01"), "egfr", True),
            (procedure(performed=DAY), "pump implant", True),
            (device(replace_by=DAY), "pump", True),
            (appointment("booked", "2026-03-01"), "refill", True),
            (appointment("booked", None, None), "appointment", False),
            (encounter("finished", period=DAY), "inpatient", True),
            (encounter("finished", None, types=(coded("refill"),)), "refill", False),
            (encounter("finished", None), "encounter", False),
            (service(occurrence=DAY), "refill", True),
        ],
    )
    def test_each_has_a_label_and_the_date_a_person_would_put_beside_it(
        self, fact: Any, label: str, dated: bool
    ) -> None:
        assert label_of(fact) == label
        assert date_of(fact) == (DAY if dated else None)
        source = entry(fact)
        assert (source.reference, source.label, source.date) == (
            fact.reference,
            label,
            "1 Mar 2026" if dated else "",
        )

    def test_a_medicine_without_a_name_is_called_by_what_is_in_it(self) -> None:
        mixture = MedicationFact("M/1", CodedText(), ingredients=(Ingredient(coded("opioids")),))
        assert label_of(mixture) == "opioids"
        assert label_of(MedicationFact("M/1", CodedText())) == "a medicine without a name"


class TestLists:
    def test_why_a_list_denies_nothing(self) -> None:
        assert list_state(ListName.CONDITIONS, ListState.PARTIAL) == "the problem list arrived incomplete"
        failed = list_state(ListName.MEDICATIONS, ListState.FAILED, "status 500")
        assert failed == "the medication list could not be read from the record: status 500"
        assert set(LIST_TITLES) == set(ListName)

    @pytest.mark.parametrize("state", list(ListState))
    @pytest.mark.parametrize("gaps", [0, 1, 2])
    def test_state_and_gaps_are_each_said(self, state: ListState, gaps: int) -> None:
        found: FactList[Any] = FactList(
            state, (), tuple(Gap(f"Condition/{n}", "no code") for n in range(gaps))
        )
        said = list(incomplete(ListName.CONDITIONS, found, "epilepsy"))
        assert len(said) == (not state.complete) + bool(gaps)
        assert all(missing.what == "epilepsy" and missing.list is ListName.CONDITIONS for missing in said)
        assert not gaps or len(said[-1].references) == gaps

    def test_one_entry_and_several(self) -> None:
        name = ListName.ALLERGIES
        assert unreadable(name, 1) == "1 entry of the allergy list could not be read"
        assert uncoded(name, 1) == "1 entry of the allergy list has no code that is known here"
        assert uncoded(name, 2) == "2 entries of the allergy list have no code that is known here"
        assert unsettled(name, 1) == "1 entry of the allergy list does not say that all was brought to an end"
        assert unsettled(name, 2) == "2 entries of the allergy list do not say that all was brought to an end"
        assert vague(name, 1) == "1 entry of the allergy list has a code that says too little"
        assert vague(name, 2) == "2 entries of the allergy list have codes that say too little"
        said = "words that may say so, beside a code that does not"
        assert worded(name, 1) == f"1 entry of the allergy list has {said}"
        assert worded(name, 2) == f"2 entries of the allergy list have {said}"
        said = "a note that may say so, beside a code that does not"
        assert noted(name, 1) == f"1 entry of the allergy list has {said}"
        assert noted(name, 2) == f"2 entries of the allergy list have {said}"
        assert undated(name, 1) == "1 entry of the allergy list has no date, or one too coarse"
        assert undated(name, 2) == "2 entries of the allergy list have no date, or one too coarse"


def between(low: str | None, high: str | None, *, closed: bool) -> QuantityInterval:
    ends = [Decimal(end) if end else None for end in (low, high)]
    return QuantityInterval(ends[0], closed, ends[1], closed, "mg/dL")


class TestAmounts:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (exactly("42 mg/dL"), "42"),
            (exactly("42.50 mg/dL"), "42.5"),
            (between(None, "30", closed=False), "under 30"),
            (between(None, "30", closed=True), "at most 30"),
            (between("60", None, closed=False), "over 60"),
            (between("60", None, closed=True), "at least 60"),
            (between("5", "7", closed=True), "5 to 7"),
            (between(None, None, closed=False), "an unstated amount"),
        ],
    )
    def test_a_value_or_the_range_it_lies_in(self, value: QuantityInterval, words: str) -> None:
        assert amount(value) == words

    @pytest.mark.parametrize(
        ("number", "words"),
        [
            ("0", "0"), ("0.000", "0"), ("100", "100"), ("1E+2", "100"), ("1.13120", "1.131"), ("12.0", "12"),
            ("0.5", "0.5"), ("0.0625", "0.0625"), ("0.00045", "0.00045"), ("0.000123456", "0.000123"), ("-0.0004", "-0.0004"),
        ],
    )  # fmt: skip
    def test_numbers_without_exponents_and_idle_zeros(self, number: str, words: str) -> None:
        assert plain(Decimal(number)) == words

    @given(st.decimals(min_value="1e-12", max_value="1e12"))
    def test_no_amount_that_is_there_reads_as_nothing(self, number: Decimal) -> None:
        """A dose of 0.0004 mg must not read as 0 mg."""
        read = Decimal(plain(number))
        assert read != 0
        assert abs(read - number) <= number / 200

    @pytest.mark.parametrize(
        ("unit", "words"),
        [
            ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
            ("ug/d", "micrograms/day"),
            ("mm[Hg]", "mmHg"),
            ("mg/dL", "mg/dL"),
            ("Cel", "°C"),
        ],
    )
    def test_units_as_a_prescriber_reads_them(self, unit: str, words: str) -> None:
        assert unit_words(unit) == words

    def test_a_range_in_the_unit_of_its_lower_end(self) -> None:
        value = QuantityInterval.from_range(Quantity.parse("500 ug"), Quantity.parse("1 mg"))
        assert value is not None
        assert f"{amount(value)} {unit_words(value.unit)}" == "500 to 1000 micrograms"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words: list[str], sentence: str) -> None:
    assert listing(words) == sentence
    assert listing(words, "or") == sentence.replace(" and ", " or ")


def ages(young: tuple[int, int, int], old: tuple[int, int, int] | None = None) -> AgeInterval:
    """Ages as (years, months, days)."""
    both = [Age(years, months, days // 7, days) for years, months, days in (young, old or young)]
    return AgeInterval(*both)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ages((0, 0, 0)), "0 days"),
        (ages((0, 0, 1)), "1 day"),
        (ages((0, 0, 27)), "27 days"),
        (ages((0, 1, 31)), "1 month"),
        (ages((1, 23, 710)), "23 months"),
        (ages((2, 24, 731)), "2 years"),
        (ages((3, 40, 1200), (4, 51, 1560)), "3 to 4 years"),
        (ages((0, 0, 5), (0, 1, 35)), "0 to 1 months"),
    ],
)
def test_ages_as_one_says_them(found: AgeInterval, words: str) -> None:
    assert age_words(found) == words
