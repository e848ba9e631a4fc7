"""The record by concept: a condition sees the entries that it may be about, the same ones that reading the whole list would show."""

from hypothesis import given
from hypothesis import strategies as st

from engine.concepts import CodedText, Membership
from engine.facts import ListName
from engine.record import Record
from tests.engine.builders import CONCEPTS, MEDICINE, UNMAPPED, coded, diagnosis, encounter, medicine, patient

CODES = (coded("epilepsy"), coded("head-injury"), UNMAPPED, CodedText(text="only words"), CodedText())


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
