"""Codes that say less than what is asked for: they neither mean nor deny it, and those that say nothing count as no code."""

import pytest

from engine.code_index import NO_STANDING
from engine.concept import CodeSystem, Concept
from engine.concepts import UNREAD, Coding, ConceptLibrary, Membership
from engine.grammars import ATC, ICD_10, ICD_10_CM, SNOMED
from tests.engine.builders import SYSTEMS, concept

YES, NO, UNKNOWN = Membership.YES, Membership.NO, Membership.UNKNOWN
AMERICAN = {"icd-10-cm": CodeSystem("icd-10-cm", ICD_10_CM, (), "no", True)}


def library(*found: Concept, **more: object) -> ConceptLibrary:
    return ConceptLibrary({each.id: each for each in found}, SYSTEMS | AMERICAN, **more)  # type: ignore[arg-type]


def is_in(found: ConceptLibrary, concept_id: str, *codings: tuple[str, str]) -> Membership:
    return found.membership(concept_id, [Coding(*coding) for coding in codings])


class TestAncestors:
    LIBRARY = library(
        concept("opioids", "atc N02A>", "atc N07BC02", "snomed 373529000"),
        concept("painkillers", includes=("opioids",)),
        concept("baclofen", "atc M03BX01"),
        concept("baclofen-allergy", includes=("baclofen",)),
        concept("spasticity-medicine", "atc M03B>", exclude=concept("", "atc M03BX01").codes, includes=("baclofen",)),
        concept("addiction", "atc N07B>"),
        concept("wary-of-opioids", "atc V03", left_open_by=("opioids",)),
    )  # fmt: skip

    @pytest.mark.parametrize("code", ["N", "N02", "N07", "N07B", "N07BC", "n02"])
    @pytest.mark.parametrize("concept_id", ["opioids", "painkillers", "wary-of-opioids"])
    def test_a_group_that_a_listed_code_belongs_to_leaves_it_open(self, concept_id: str, code: str) -> None:
        """However wide: "a medicine for the nervous system" may be morphine, also for what is left open by morphine itself."""
        assert is_in(self.LIBRARY, concept_id, (ATC, code)) is UNKNOWN
        assert self.LIBRARY.leaves_open(concept_id, (Coding(ATC, code),))
        assert concept_id in self.LIBRARY.opened_by(Coding(ATC, code))

    @pytest.mark.parametrize("code", ["N02B", "N02BE01", "A", "N07BC01"])
    def test_another_group_denies_it(self, code: str) -> None:
        assert is_in(self.LIBRARY, "painkillers", (ATC, code)) is NO
        assert not self.LIBRARY.leaves_open("painkillers", (Coding(ATC, code),))

    def test_a_group_that_is_listed_means_what_lists_it_and_leaves_open_what_is_below(self) -> None:
        assert is_in(self.LIBRARY, "addiction", (ATC, "N07B")) is YES
        assert is_in(self.LIBRARY, "spasticity-medicine", (ATC, "M03BX")) is YES
        assert is_in(self.LIBRARY, "baclofen-allergy", (ATC, "M03BX")) is UNKNOWN
        assert self.LIBRARY.opened_by(Coding(ATC, "M03BX")) == {"baclofen", "baclofen-allergy"}

    def test_beside_a_narrower_code_of_the_system_a_wider_one_opens_nothing(self) -> None:
        """A medicine with its code and its group is what the code says."""
        assert is_in(self.LIBRARY, "painkillers", (ATC, "N02"), (ATC, "N02BE01")) is NO
        assert is_in(self.LIBRARY, "painkillers", (ATC, "N02"), (ATC, "N02AA01")) is YES
        assert is_in(self.LIBRARY, "painkillers", (ATC, "N02"), (ATC, "M03BX02")) is UNKNOWN

    def test_beside_a_code_of_another_system_it_stays_open(self) -> None:
        assert is_in(self.LIBRARY, "painkillers", (ATC, "N02"), (SNOMED, "44054006")) is UNKNOWN
        assert is_in(self.LIBRARY, "painkillers", (ATC, "N02"), (SNOMED, "373529000")) is YES

    def test_a_beginning_says_less_in_a_hierarchy_by_prefix_only(self) -> None:
        found = library(concept("morphine", "snomed 373529000"))
        assert (
            is_in(found, "morphine", (SNOMED, "373529")) is UNKNOWN
        )  # no code at all: its check digit is wrong
        assert found.opened_by(Coding(SNOMED, "373529")) == frozenset()

    def test_what_a_site_maps_has_ancestors_too_and_those_of_the_library_stay_as_they_are(self) -> None:
        before = library(concept("pain", "icd-10 R52"))
        after = before.with_local_codes({("icd-10", "M54.5"): frozenset({"pain"})})
        assert is_in(after, "pain", (ICD_10, "M54")) is UNKNOWN
        assert is_in(before, "pain", (ICD_10, "M54")) is NO


class TestAnotherCodeBesideOneThatNamesNoCause:
    LIBRARY = library(
        concept("some-drug", "snomed 416098002", "icd-10 Z88.9"),
        concept("allergy", "snomed 294234003", "atc M03BX01", left_open_by=("some-drug",), complete_in=("snomed",)),
        concept("presumed", "snomed 294234003", left_open_by=("some-drug",)),
    )  # fmt: skip
    DRUG = (SNOMED, "416098002")

    @pytest.mark.parametrize("other", [(SNOMED, "91936005"), (ATC, "J01CA04")])
    def test_what_names_another_cause_denies(self, other: tuple[str, str]) -> None:
        assert is_in(self.LIBRARY, "allergy", self.DRUG, other) is NO
        assert is_in(self.LIBRARY, "allergy", other, self.DRUG) is NO

    @pytest.mark.parametrize(
        "other", [("urn:local", "LIO"), (ICD_10, "Z88.9"), (ATC, "M03BX"), ("", "91936005")]
    )
    def test_what_nobody_knows_or_names_none_either_does_not(self, other: tuple[str, str]) -> None:
        assert is_in(self.LIBRARY, "allergy", self.DRUG, other) is UNKNOWN

    def test_nor_does_a_presumption_or_a_code_that_cannot_be_read(self) -> None:
        assert is_in(self.LIBRARY, "presumed", self.DRUG, (SNOMED, "91936005")) is UNKNOWN
        unread = self.LIBRARY.membership("allergy", [Coding(*self.DRUG), Coding(SNOMED, "91936005"), UNREAD])
        assert unread is UNKNOWN


class TestWhatWasAskedAndNotAnswered:
    BEFORE = library(
        concept("epilepsy", "snomed 84757009"),
        concept("neurology", includes=("epilepsy",)),
        concept("stroke", "snomed 230690007"),
    )

    def test_a_code_on_which_a_server_did_not_answer_leaves_open_what_it_was_asked_about(self) -> None:
        after = self.BEFORE.with_members([], [("epilepsy", SNOMED, "230381009")])
        for concept_id in ("epilepsy", "neurology"):
            assert is_in(after, concept_id, (SNOMED, "230381009")) is UNKNOWN
            assert after.awaits(concept_id, (Coding(SNOMED, "230381009"),))
        assert is_in(after, "stroke", (SNOMED, "230381009")) is NO
        assert not after.awaits("stroke", (Coding(SNOMED, "230381009"),))
        assert not after.awaits("epilepsy", (Coding(SNOMED, "38341003"),))
        assert is_in(self.BEFORE, "epilepsy", (SNOMED, "230381009")) is NO

    def test_what_the_lists_say_yes_to_stays_so(self) -> None:
        after = self.BEFORE.with_members([], [("epilepsy", SNOMED, "230381009")])
        assert is_in(after, "epilepsy", (SNOMED, "230381009"), (SNOMED, "84757009")) is YES


class TestAmericanCodes:
    """ICD-10-CM under the address of the WHO, which cannot hold the sixth character."""

    LIBRARY = library(
        concept("epilepsy", "icd-10 G40>", "icd-10-cm G40>"),
        concept("resistant", "icd-10-cm G40.919", complete_in=("icd-10",)),
    )

    def test_it_is_looked_up_as_what_it_is(self) -> None:
        for code, membership in (("G40.919", YES), ("G40919", YES), ("G40.909", NO), ("G40.9", NO)):
            assert is_in(self.LIBRARY, "resistant", (ICD_10, code)) is membership
            assert is_in(self.LIBRARY, "epilepsy", (ICD_10, code)) is YES

    def test_an_american_code_that_says_less_leaves_open_what_it_may_be(self) -> None:
        assert is_in(self.LIBRARY, "resistant", (ICD_10_CM, "G40.9")) is UNKNOWN

    def test_what_neither_can_hold_is_unknown_also_below_a_listed_code(self) -> None:
        assert is_in(self.LIBRARY, "epilepsy", (ICD_10, "G40 of childhood")) is UNKNOWN

    def test_a_site_that_maps_one_under_that_address_is_heard_first(self) -> None:
        mapped = self.LIBRARY.with_local_codes({("icd-10", "G40.909"): frozenset({"resistant"})})
        assert is_in(mapped, "resistant", (ICD_10, "G40.909")) is YES


class TestCodesThatSayNothing:
    LIBRARY = library(
        concept("nothing", "snomed 64572001", "icd-10 R69", says_nothing=True),
        concept("epilepsy", "snomed 84757009", "icd-10 G40>"),
    )

    def test_they_count_as_no_code(self) -> None:
        for coding in ((SNOMED, "64572001"), (ICD_10, "R69")):
            assert is_in(self.LIBRARY, "epilepsy", coding) is UNKNOWN
            assert self.LIBRARY.standing((Coding(*coding),)) == NO_STANDING
            assert self.LIBRARY.names(Coding(*coding))
            assert self.LIBRARY.concepts_of(Coding(*coding)) == {"nothing"}

    def test_what_stands_beside_them_decides(self) -> None:
        assert is_in(self.LIBRARY, "epilepsy", (SNOMED, "64572001"), (ICD_10, "G40.3")) is YES
        assert is_in(self.LIBRARY, "epilepsy", (SNOMED, "64572001"), (ICD_10, "I10")) is NO

    def test_a_site_may_give_one_a_meaning(self) -> None:
        """Where a practice files all its epilepsies so."""
        mapped = self.LIBRARY.with_local_codes({("icd-10", "R69"): frozenset({"epilepsy"})})
        assert is_in(mapped, "epilepsy", (ICD_10, "R69")) is YES
