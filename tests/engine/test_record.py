"""The record by concept: a condition sees the entries that it may be about, the same ones that reading the whole list would show."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.concept import Concept
from engine.concepts import CodedText, Coding, ConceptLibrary, Membership
from engine.expansions import Expansion
from engine.facts import Ingredient, ListName
from engine.finding import Truth
from engine.free_text import is_of
from engine.record import Presumed, Record
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    UNMAPPED,
    coded,
    concept,
    diagnosis,
    encounter,
    medicine,
    order,
    patient,
)

CODES = (
    *(coded("epilepsy"), coded("head-injury"), UNMAPPED, CodedText(text="only words"), CodedText()),
    replace(coded("head-injury"), text="a fall after a fit, with refractory epilepsy"),
    replace(coded("head-injury"), text="without refractory epilepsy"),
)


@given(st.lists(st.sampled_from(CODES), max_size=8), st.sampled_from(["epilepsy", "head-injury", "pump"]))
def test_it_finds_what_reading_the_whole_list_finds(codes, concept):
    facts = patient(conditions=[diagnosis(code, reference=f"Condition/{n}") for n, code in enumerate(codes)])
    record = Record(facts, CONCEPTS)

    def read(*wanted: Membership) -> tuple:
        return tuple(
            entry
            for entry in facts.conditions.items
            if CONCEPTS.membership(concept, entry.code.codings) in wanted
        )

    assert record.members(ListName.CONDITIONS, concept) == read(Membership.YES)
    assert record.unclear(ListName.CONDITIONS, concept) == read(Membership.UNKNOWN)
    assert record.possible(ListName.CONDITIONS, concept) == read(Membership.YES, Membership.UNKNOWN)


RESISTANT = ConceptLibrary(
    {
        **CONCEPTS.concepts,
        "resistant": replace(
            concept("resistant", "snomed 445355009"),
            left_open_by=("epilepsy",),
            texts=("refractory epilepsy", "r.e."),
        ),
    },
    CONCEPTS.systems,
)


@given(st.lists(st.sampled_from(CODES), max_size=8))
def test_it_says_of_each_entry_what_looking_at_that_alone_says(codes: list[CodedText]) -> None:
    """The words of all entries are searched together first, and entries that share their codes are looked at as one."""
    facts = patient(conditions=[diagnosis(code, reference=f"Condition/{n}") for n, code in enumerate(codes)])
    towards = Record(facts, RESISTANT).towards(ListName.CONDITIONS, "resistant")
    for entry in facts.conditions.items:
        meant = is_of(RESISTANT, "resistant", entry.code)
        assert (entry in towards.possible) is (meant is not Membership.NO)
        denied = RESISTANT.membership("resistant", entry.code.codings) is Membership.NO
        assert towards.denies(entry) is denied
        assert towards.leaves_open(entry) is RESISTANT.leaves_open("resistant", entry.code.codings)
        assert (towards.holds(entry) is Truth.MET) is (meant is Membership.YES)


def test_an_entry_with_several_codes_may_be_about_each_of_them() -> None:
    both = CodedText((*coded("epilepsy").codings, *coded("head-injury").codings))
    record = Record(patient(conditions=[diagnosis(both)]), CONCEPTS)
    assert record.possible(ListName.CONDITIONS, "epilepsy") == record.possible(
        ListName.CONDITIONS, "head-injury"
    )


def test_an_encounter_is_found_by_its_class_and_by_its_type() -> None:
    record = Record(patient(encounters=[encounter("in-progress")]), CONCEPTS)
    assert len(record.members(ListName.ENCOUNTERS, "inpatient")) == 1
    assert record.members(ListName.ENCOUNTERS, "refill") == ()


def test_what_does_not_hold_the_substance_is_no_therapy_with_the_medicine() -> None:
    own, other, unread = medicine("baclofen"), medicine("opioids"), medicine(UNMAPPED)
    record = Record(patient(medications=[own, other, unread]), CONCEPTS)
    assert record.holding(MEDICINE) == (own, unread)


def test_evidence_is_put_into_words_once() -> None:
    (found,) = patient(conditions=[diagnosis()]).conditions.items
    record = Record(patient(conditions=[found]), CONCEPTS)
    assert record.evidence(found) is record.evidence(found)
    assert record.evidence(found).label == found.code.label


SNOMED, ICD, RXNORM = (SYSTEMS[name].uri for name in ("snomed", "icd-10", "rxnorm"))


def library(*found: Concept, **more: Any) -> ConceptLibrary:
    return ConceptLibrary({each.id: each for each in found}, SYSTEMS, **more)


FITS = library(
    concept("epilepsy", "snomed 84757009", "icd-10 G40>", "rxnorm 1"), concept("stroke", "snomed 230690007")
)


def presumed(
    *pairs: tuple[str, str], concepts: ConceptLibrary = FITS, asked: str = "epilepsy"
) -> tuple[Presumed, ...]:
    """What is presumed of one diagnosis with these codes, once a condition has been looked for."""
    code = CodedText(tuple(Coding(*pair) for pair in pairs))
    record = Record(patient(conditions=[diagnosis(code)]), concepts)
    record.possible(ListName.CONDITIONS, asked)
    return record.presumed()


class TestCodesThatNoListHas:
    """A code that is outside a concept only because no list has it may be a kind of what is listed."""

    def test_are_told_with_what_was_looked_for_and_where_they_stand(self) -> None:
        found = diagnosis(CodedText((Coding("urn:oid:2.16.840.1.113883.6.96", "6204001"),)), "Condition/1")
        record = Record(patient(conditions=[found, replace(found, reference="Condition/2")]), FITS)
        assert record.presumed() == ()
        record.possible(ListName.CONDITIONS, "epilepsy")
        record.unclear(ListName.CONDITIONS, "stroke")
        both = frozenset({"epilepsy", "stroke"})
        assert record.presumed() == (
            Presumed(ListName.CONDITIONS, SNOMED, "6204001", both, ("Condition/1", "Condition/2"), "6204001"),
        )

    def test_are_not_those_of_a_system_that_tells_what_is_above_them(self) -> None:
        assert presumed((ICD, "I10")) == ()
        assert presumed((SNOMED, "6204001"), (ICD, "I10")) == ()

    def test_are_not_those_that_a_list_has_or_that_are_unknown_anyway(self) -> None:
        assert presumed((SNOMED, "230690007")) == ()
        assert presumed((RXNORM, "2")) == ()
        assert presumed(("", "6204001")) == ()

    def test_stand_without_the_codes_beside_them_that_deny_nothing(self) -> None:
        (found,) = presumed((SNOMED, "6204001"), (RXNORM, "2"))
        assert (found.system, found.code) == (SNOMED, "6204001")

    def test_are_not_those_outside_a_list_that_says_it_is_complete(self) -> None:
        complete = library(concept("epilepsy", "snomed 84757009", complete_in=("snomed",)))
        assert presumed((SNOMED, "6204001"), concepts=complete) == ()

    def test_stay_so_beside_an_expansion_which_lacks_what_was_retired(self) -> None:
        pin = Expansion(frozenset({(SNOMED, "6204001")}))
        pinned = library(*FITS.concepts.values(), expansions={"epilepsy": pin})
        assert len(presumed((SNOMED, "38341003"), concepts=pinned)) == 1

    def test_are_those_that_a_server_counts_to_one_concept_when_another_is_looked_for(self) -> None:
        pin = Expansion(frozenset({(SNOMED, "6204001")}))
        pinned = library(*FITS.concepts.values(), expansions={"epilepsy": pin})
        assert presumed((SNOMED, "6204001"), concepts=pinned) == ()
        (found,) = presumed((SNOMED, "6204001"), concepts=pinned, asked="stroke")
        assert found.concepts == {"stroke"}

    def test_are_not_those_that_a_server_counts_to_what_leaves_the_concept_open(self) -> None:
        """Such an entry is unknown, and said to be."""
        pin = Expansion(frozenset({(SNOMED, "6204001")}))
        resistant = concept("resistant", "snomed 445355009", left_open_by=("epilepsy",))
        pinned = library(*FITS.concepts.values(), resistant, expansions={"epilepsy": pin})
        assert presumed((SNOMED, "6204001"), concepts=pinned, asked="resistant") == ()

    def test_are_looked_for_among_the_orders_under_review_too(self) -> None:
        tablets = library(concept("baclofen", "snomed 387342009"))
        draft = replace(order(), product=CodedText((Coding(SNOMED, "777067000"),)), ingredients=())
        record = Record(patient(orders=[draft]), tablets)
        record.possible(ListName.MEDICATIONS, "baclofen")
        assert [(each.code, each.references) for each in record.presumed()] == [
            ("777067000", (draft.reference,))
        ]

    def test_are_those_of_a_product_whose_ingredient_has_a_code_that_a_list_has(self) -> None:
        tablets = library(concept("baclofen", "snomed 387342009"), concept("opioids", "snomed 373529000"))
        ingredient = Ingredient(CodedText((Coding(SNOMED, "373529000"),)))
        draft = replace(order(), product=CodedText((Coding(SNOMED, "777067000"),)), ingredients=(ingredient,))
        record = Record(patient(orders=[draft]), tablets)
        record.possible(ListName.MEDICATIONS, "baclofen")
        assert [each.code for each in record.presumed()] == ["777067000"]
