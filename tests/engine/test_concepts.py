"""Concepts: which codings are members, which are not, and which nobody can tell."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import concepts
from engine.concept import Concept
from engine.concepts import UNREAD, CodedText, Coding, ConceptLibrary, Membership
from engine.errors import ConceptError
from engine.expansions import Expansion
from tests.engine.builders import CONCEPTS, MEDICINE, SYSTEMS, concept

YES, NO, UNKNOWN = Membership.YES, Membership.NO, Membership.UNKNOWN
ICD, ATC, SNOMED, RXNORM, LOINC = (
    SYSTEMS[name].uri for name in ("icd-10", "atc", "snomed", "rxnorm", "loinc")
)


def library(*found: Concept, **more: Any) -> ConceptLibrary:
    return ConceptLibrary({each.id: each for each in found}, SYSTEMS, **more)


def is_in(found: ConceptLibrary, concept_id: str, *codings: tuple[str, str]) -> Membership:
    return found.membership(concept_id, [Coding(*coding) for coding in codings])


class TestCodesOfAHierarchy:
    """ICD and ATC: a code's beginning is its parent, and records dress codes up."""

    LIBRARY = library(
        concept("epilepsy", "icd-10 G40>"),
        concept("grand-mal", "icd-10 G40.6"),
        concept("meningitis", "icd-10 A17.0"),
        concept("opioids", "atc N02A>"),
    )

    @pytest.mark.parametrize("code", ["G40", "G40.3", "G403", "g40.3", "G40.31", "G40.3+", "G40.3†", "G40.-"])
    def test_a_code_below_is_a_member_however_it_is_written(self, code: str) -> None:
        assert is_in(self.LIBRARY, "epilepsy", (ICD, code)) is YES

    @pytest.mark.parametrize("code", ["A17.0†", "A17.0+", "A17.0*", "A17.0!", "A17.0-", "A170", "a17.0"])
    def test_daggers_and_dots_do_not_hide_a_single_code(self, code: str) -> None:
        assert is_in(self.LIBRARY, "meningitis", (ICD, code)) is YES

    @pytest.mark.parametrize(
        ("code", "membership"),
        [("G41", NO), ("G04.0", NO), ("G4", UNKNOWN), ("XG40", UNKNOWN), ("40", UNKNOWN)],
    )
    def test_only_whole_beginnings_count(self, code: str, membership: Membership) -> None:
        assert is_in(self.LIBRARY, "epilepsy", (ICD, code)) is membership

    def test_a_single_code_takes_nothing_below_it_in(self) -> None:
        assert is_in(self.LIBRARY, "grand-mal", (ICD, "G40.61")) is NO

    def test_a_code_that_says_less_is_no_member_and_does_not_deny_it(self) -> None:
        """Who writes "epilepsy" has not written "grand mal", and may have meant it."""
        assert is_in(self.LIBRARY, "grand-mal", (ICD, "G40")) is UNKNOWN

    def test_a_class_of_medicines_holds_all_its_substances(self) -> None:
        assert is_in(self.LIBRARY, "opioids", (ATC, "N02AA01")) is YES
        assert is_in(self.LIBRARY, "opioids", (ATC, "N02 AA01")) is YES
        assert is_in(self.LIBRARY, "opioids", (ATC, "N02BE01")) is NO

    @pytest.mark.parametrize("code", ["N02A is for pain", "N02AA01XX", "N02A?"])
    def test_what_the_system_cannot_hold_is_below_none_of_its_codes(self, code: str) -> None:
        assert is_in(self.LIBRARY, "opioids", (ATC, code)) is UNKNOWN


class TestCodesWithoutAHierarchy:
    LIBRARY = library(concept("baclofen", "snomed 387342009", "rxnorm 1292"))

    @pytest.mark.parametrize("code", ["38734200", "3873420091", "387342009+", " 387342009"])
    def test_a_code_that_only_looks_alike_is_none(self, code: str) -> None:
        assert is_in(self.LIBRARY, "baclofen", (SNOMED, code)) is UNKNOWN

    @pytest.mark.parametrize(
        "system",
        [
            *(SNOMED, f"{SNOMED}/", "urn:oid:2.16.840.1.113883.6.96", "snomed"),
            *(f"{SNOMED}/900000000000207008", f"{SNOMED}/900000000000207008/version/20240901"),
            f"{SNOMED}|{SNOMED}/900000000000207008/version/20240901",
        ],
    )
    def test_every_spelling_of_a_system_is_the_system(self, system: str) -> None:
        assert is_in(self.LIBRARY, "baclofen", (system, "387342009")) is YES
        assert self.LIBRARY.knows_system(system)

    def test_a_system_that_is_not_described_is_kept_as_it_is_written(self) -> None:
        assert self.LIBRARY.system_uri("urn:oid:1.2.3") == "urn:oid:1.2.3"
        assert not self.LIBRARY.knows_system("urn:oid:1.2.3")


class TestWhoCanSayNo:
    LIBRARY = library(
        concept("baclofen", "snomed 387342009", "rxnorm 1292"),
        concept("morphine", "rxnorm 7052"),
        concept("only-in-words", texts=("intrathecal",)),
    )

    @pytest.mark.parametrize(
        ("coding", "membership"),
        [
            ((SNOMED, "372826007"), NO),  # SNOMED CT denies, and the concept has a code in it
            ((RXNORM, "197391"), UNKNOWN),  # an unlisted product may hold any ingredient
            ((RXNORM, "7052"), NO),  # but this one is listed, as something else
            ((ICD, "G40"), UNKNOWN),  # the concept has no code in this system
            (("urn:oid:1.2.3", "1292"), UNKNOWN),  # nobody mapped this system
            (("", "1292"), UNKNOWN),  # a code without a system is a word
        ],
    )
    def test_no_needs_a_system_that_can_deny_or_a_code_that_means_something_else(
        self, coding: tuple[str, str], membership: Membership
    ) -> None:
        assert is_in(self.LIBRARY, "baclofen", coding) is membership

    def test_nothing_coded_is_unknown(self) -> None:
        assert is_in(self.LIBRARY, "baclofen") is UNKNOWN

    def test_one_yes_among_several_codings_is_yes_and_one_no_beats_an_unmapped_one(self) -> None:
        assert is_in(self.LIBRARY, "baclofen", (SNOMED, "372826007"), (RXNORM, "1292")) is YES
        assert is_in(self.LIBRARY, "baclofen", ("urn:oid:1.2.3", "9"), (RXNORM, "7052")) is NO

    def test_what_snomed_ct_only_presumes_denies_nothing_beside_a_system_that_nobody_described(self) -> None:
        """Epilepsy in a country's own ICD, and in SNOMED CT by a kind of it that no list has."""
        beside = (("urn:oid:1.2.3", "9"), (SNOMED, "372826007"))
        assert is_in(self.LIBRARY, "baclofen", *beside) is UNKNOWN
        sure = library(concept("baclofen", "snomed 387342009", complete_in=("snomed",)))
        assert is_in(sure, "baclofen", *beside) is NO
        both = library(concept("baclofen", "snomed 387342009", "atc M03BX01"))
        assert is_in(both, "baclofen", *beside, (ATC, "N02BE01")) is NO

    def test_a_concept_without_codes_denies_nothing(self) -> None:
        assert is_in(self.LIBRARY, "only-in-words", (SNOMED, "372826007")) is UNKNOWN

    def test_complete_in_lets_a_list_deny_where_its_system_cannot_even_when_it_is_empty(self) -> None:
        found = library(concept("baclofen", "rxnorm 1292", complete_in=("rxnorm", "icd-10")))
        assert is_in(found, "baclofen", (RXNORM, "197391")) is NO
        assert is_in(found, "baclofen", (ICD, "G40")) is NO

    def test_open_in_keeps_a_list_from_denying_where_its_system_could(self) -> None:
        found = library(concept("baclofen", "snomed 387342009", open_in=("snomed",)))
        assert is_in(found, "baclofen", (SNOMED, "372826007")) is UNKNOWN


class TestWhatSaysLess:
    """A code of a concept that says less neither means nor denies the one that is asked for."""

    LIBRARY = library(
        concept("spinal-pump", "snomed 1", left_open_by=("any-pump",)),
        concept("any-pump", "snomed 2", includes=("old-pump",)),
        concept("old-pump", "icd-10 Z45.1"),
        concept("any-device", "snomed 3", includes=("spinal-pump",)),
        concept("kind-of-spinal-pump", "snomed 4", includes=("spinal-pump",)),
    )

    @pytest.mark.parametrize("concept_id", ["spinal-pump", "kind-of-spinal-pump"])
    @pytest.mark.parametrize(
        ("codings", "membership"),
        [
            ([(SNOMED, "1")], YES),
            ([(SNOMED, "2")], UNKNOWN),
            ([(ICD, "Z45.1")], UNKNOWN),  # what it includes
            ([(SNOMED, "2"), (SNOMED, "44054006")], UNKNOWN),  # whatever stands beside it
            ([(SNOMED, "2"), (SNOMED, "1")], YES),
            ([(SNOMED, "3")], NO),
            ([(SNOMED, "44054006")], NO),
        ],
    )
    def test_leaves_open_what_it_is_also_for_what_includes_that(
        self, concept_id: str, codings: list[tuple[str, str]], membership: Membership
    ) -> None:
        assert is_in(self.LIBRARY, concept_id, *codings) is membership
        read = tuple(Coding(*pair) for pair in codings)
        assert self.LIBRARY.leaves_open(concept_id, read) is (membership is UNKNOWN)

    def test_is_not_left_open_itself(self) -> None:
        assert is_in(self.LIBRARY, "any-pump", (SNOMED, "1")) is NO
        assert self.LIBRARY.leaving_open("any-pump") == frozenset()


class TestIncludes:
    LIBRARY = library(
        concept("renal-impairment", "icd-10 N18.3", includes=("dialysis",)),
        concept("dialysis", "icd-10 Z99.2", includes=("transplant",)),
        concept("transplant", "snomed 70536003"),
    )

    def test_what_is_included_counts_at_any_depth_and_not_the_other_way_round(self) -> None:
        assert is_in(self.LIBRARY, "renal-impairment", (SNOMED, "70536003")) is YES
        assert is_in(self.LIBRARY, "dialysis", (ICD, "N18.3")) is NO
        assert self.LIBRARY.members("renal-impairment") == {"renal-impairment", "dialysis", "transplant"}

    def test_a_code_is_named_by_the_concept_that_lists_it(self) -> None:
        assert self.LIBRARY.concepts_of(Coding(ICD, "Z992")) == {"dialysis"}

    def test_a_class_is_not_complete_because_one_of_its_members_is(self) -> None:
        """All products of baclofen are known; the products of every other muscle relaxant are not."""
        found = library(
            concept("relaxants", "rxnorm 57258", includes=("baclofen",)),
            concept("baclofen", "rxnorm 1292", complete_in=("rxnorm",)),
        )
        assert is_in(found, "baclofen", (RXNORM, "313707")) is NO
        assert is_in(found, "relaxants", (RXNORM, "313707")) is UNKNOWN

    def test_a_class_of_complete_lists_is_complete(self) -> None:
        found = library(
            concept("relaxants", includes=("baclofen", "tizanidine")),
            concept("tizanidine", "rxnorm 57258", complete_in=("rxnorm",)),
            concept("baclofen", "rxnorm 1292", complete_in=("rxnorm",)),
        )
        assert is_in(found, "relaxants", (RXNORM, "313707")) is NO

    def test_a_class_with_an_open_member_is_open_unless_it_says_that_it_is_complete(self) -> None:
        baclofen = concept("baclofen", "snomed 387342009", open_in=("snomed",))
        relaxants = concept("relaxants", "snomed 373440006", includes=("baclofen",))
        sure = concept("sure", includes=("baclofen",), complete_in=("snomed",))
        found = library(baclofen, relaxants, sure)
        assert is_in(found, "relaxants", (SNOMED, "44054006")) is UNKNOWN
        assert is_in(found, "sure", (SNOMED, "44054006")) is NO


class TestExclusions:
    def test_what_is_taken_out_is_not_a_member_with_all_that_is_below_it(self) -> None:
        found = library(concept("epilepsy", "icd-10 G40>", exclude=concept("", "icd-10 G40.5>").codes))
        assert is_in(found, "epilepsy", (ICD, "G40.3")) is YES
        assert is_in(found, "epilepsy", (ICD, "G40.51")) is NO

    def test_what_is_taken_out_of_a_class_stays_out_though_the_class_includes_it(self) -> None:
        found = library(
            concept("analgesics", includes=("opioids",), exclude=concept("", "rxnorm 2670").codes),
            concept("pain-ladder", includes=("analgesics", "weak-opioids")),
            concept("opioids", "rxnorm 7052", "rxnorm 2670"),
            concept("weak-opioids", "rxnorm 2670"),
        )
        assert is_in(found, "opioids", (RXNORM, "2670")) is YES
        assert is_in(found, "analgesics", (RXNORM, "2670")) is NO
        assert is_in(found, "pain-ladder", (RXNORM, "2670")) is YES

    def test_a_code_that_is_only_taken_out_is_known_and_denies(self) -> None:
        found = library(concept("opioids", "rxnorm 7052", exclude=concept("", "rxnorm 2670").codes))
        assert is_in(found, "opioids", (RXNORM, "2670")) is NO
        assert is_in(found, "opioids", (RXNORM, "2671")) is UNKNOWN


class TestWhatASiteAdds:
    def test_a_local_code_is_a_member_and_means_nothing_else(self) -> None:
        found = library(
            concept("epilepsy", "icd-10 G40>"),
            concept("stroke", "icd-10 I63>"),
            local_codes={("urn:oid:1.2.3", "EPI"): frozenset({"epilepsy"})},
        )
        assert is_in(found, "epilepsy", ("urn:oid:1.2.3", "EPI")) is YES
        assert is_in(found, "stroke", ("urn:oid:1.2.3", "EPI")) is NO

    @pytest.mark.parametrize(
        "mapped", ["1.2.616.1", "urn:oid:1.2.616.1", "URN:OID:1.2.616.1", "oid:1.2.616.1"]
    )
    @pytest.mark.parametrize("sent", ["1.2.616.1", "urn:oid:1.2.616.1", "urn:OID:1.2.616.1"])
    def test_an_oid_is_the_same_system_however_it_is_written(self, mapped: str, sent: str) -> None:
        local = {(mapped, "EPI"): frozenset({"epilepsy"})}
        found = library(concept("epilepsy"), local_codes=local)
        assert is_in(found, "epilepsy", (sent, "EPI")) is YES
        assert is_in(found, "epilepsy", ("urn:oid:1.2.616.10", "EPI")) is UNKNOWN
        assert is_in(found, "epilepsy", ("1.2.616.01", "EPI")) is UNKNOWN

    def test_local_codes_and_expansions_of_a_hierarchy_are_read_like_its_other_codes(self) -> None:
        found = library(
            concept("epilepsy"),
            concept("stroke"),
            local_codes={("icd-10", "G40.3"): frozenset({"epilepsy"})},
            expansions={"stroke": Expansion(frozenset({(ICD, "I63.9")}))},
        )
        assert is_in(found, "epilepsy", (ICD, "G40.3")) is YES
        assert is_in(found, "stroke", (ICD, "I639")) is YES

    def test_what_a_server_adds_is_a_member_and_a_code_that_it_does_not_name_is_what_it_was(self) -> None:
        """A server may only add: an expansion that leaves a product out does not make the product something else."""
        baclofen = concept("baclofen", "snomed 387342009", open_in=("snomed",))
        found = library(baclofen, expansions={"baclofen": Expansion(frozenset({(SNOMED, "322310004")}))})
        assert is_in(found, "baclofen", (SNOMED, "322310004")) is YES
        assert is_in(found, "baclofen", (SNOMED, "387342009")) is YES
        assert is_in(found, "baclofen", (SNOMED, "372826007")) is UNKNOWN

    def test_what_a_server_adds_to_one_concept_denies_nothing_of_another(self) -> None:
        baclofen = concept("baclofen", "snomed 387342009", open_in=("snomed",))
        product = Expansion(frozenset({(SNOMED, "322310004")}))
        found = library(baclofen, concept("opioids"), expansions={"opioids": product})
        assert is_in(found, "opioids", (SNOMED, "322310004")) is YES
        assert is_in(found, "baclofen", (SNOMED, "322310004")) is UNKNOWN

    def test_a_code_that_the_rules_leave_out_stays_out_whatever_a_server_says(self) -> None:
        found = library(
            concept("opioids", "rxnorm 7052", exclude=concept("", "rxnorm 2670").codes),
            expansions={"opioids": Expansion(frozenset({(RXNORM, "2670"), (RXNORM, "2671")}))},
        )
        assert is_in(found, "opioids", (RXNORM, "2670")) is NO
        assert is_in(found, "opioids", (RXNORM, "2671")) is YES

    def test_members_may_be_added_for_one_request_and_the_library_stays_as_it_was(self) -> None:
        epilepsy = concept("epilepsy", "snomed 84757009")
        before = library(epilepsy, concept("neurology", includes=("epilepsy",)))
        assert is_in(before, "epilepsy", (SNOMED, "230381009")) is NO
        after = before.with_members([("epilepsy", SNOMED, "230381009")])
        assert is_in(after, "epilepsy", (SNOMED, "230381009")) is YES
        assert is_in(after, "neurology", (SNOMED, "230381009")) is YES
        assert is_in(before, "epilepsy", (SNOMED, "230381009")) is NO

    def test_a_site_may_map_more_codes_and_the_library_stays_as_it_is(self) -> None:
        epilepsy = concept("epilepsy", "snomed 84757009")
        before = library(epilepsy, concept("pain"), local_codes={("urn:ours", "E"): frozenset({"epilepsy"})})
        after = before.with_local_codes({("urn:ours", "E"): frozenset({"pain"})})
        assert is_in(before, "pain", ("urn:ours", "E")) is NO
        assert [is_in(after, name, ("urn:ours", "E")) for name in ("epilepsy", "pain")] == [YES, YES]
        assert is_in(before, "pain", ("urn:ours", "E")) is NO

    def test_a_library_says_which_codings_it_names_and_which_it_has_never_heard_of(self) -> None:
        found = library(
            concept("epilepsy", "snomed 84757009", exclude=concept("", "snomed 1").codes),
            expansions={"epilepsy": Expansion(frozenset({(SNOMED, "230381009")}))},
        )
        assert [found.names(Coding(SNOMED, code)) for code in ("84757009", "1", "230381009", "2")] == [
            True,
            True,
            True,
            False,
        ]


class TestFaults:
    @pytest.mark.parametrize(
        ("faulty", "message"),
        [
            (concept("a", includes=("a",)), "concept a includes itself: a → a"),
            (concept("a", includes=("b",)), "concept a includes b, which does not exist"),
            (concept("a", "meddra 10015037"), "code system meddra is not described"),
            (concept("a", complete_in=("meddra",)), "code system meddra is not described"),
        ],
    )
    def test_a_library_that_makes_no_sense_is_refused(self, faulty: Concept, message: str) -> None:
        with pytest.raises(ConceptError, match=message):
            library(faulty)

    def test_names_that_do_not_exist_are_errors_not_answers(self) -> None:
        for look_up in (CONCEPTS.concept, CONCEPTS.members, lambda name: is_in(CONCEPTS, name)):
            with pytest.raises(ConceptError, match="there is no concept migraine"):
                look_up("migraine")
        with pytest.raises(ConceptError, match="there is no medicine aspirin"):
            CONCEPTS.medicine("aspirin")
        assert CONCEPTS.medicine("itb") is MEDICINE


@pytest.mark.parametrize(
    ("coded", "label"),
    [
        (CodedText((Coding(ICD, "G40", "Epilepsy"),), "fits since childhood"), "fits since childhood"),
        (CodedText((Coding(ICD, "G40"), Coding(SNOMED, "84757009", "Epilepsy"))), "Epilepsy"),
        (CodedText((Coding(ICD, "G40"),)), "G40"),
        (CodedText(), ""),
    ],
)
def test_a_coded_text_reads_as_the_record_words_it(coded: CodedText, label: str) -> None:
    assert coded.label == label


def test_what_is_remembered_is_bounded_and_forgetting_changes_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(concepts, "CODINGS_KEPT", 2)
    found = library(concept("epilepsy", "icd-10 G40>"))
    for _ in range(2):
        for code, membership in (("G40.1", YES), ("G40.2", YES), ("G41", NO), ("", UNKNOWN)):
            assert is_in(found, "epilepsy", (ICD, code)) is membership


codings = st.tuples(
    st.sampled_from([ICD, SNOMED, RXNORM, "urn:oid:1.2.3", ""]),
    st.sampled_from(["G40", "G40.3", "84757009", "308517", "1"]),
)


@given(st.lists(codings, max_size=4))
def test_beside_a_coding_that_cannot_be_read_the_others_deny_nothing(written: list[tuple[str, str]]) -> None:
    before = is_in(CONCEPTS, "epilepsy", *written)
    unread = (UNREAD.system, UNREAD.code)
    assert is_in(CONCEPTS, "epilepsy", *written, unread) is (YES if before is YES else UNKNOWN)


@given(st.lists(codings, max_size=4), codings)
def test_another_coding_never_takes_a_yes_away_and_makes_doubtful_only_what_was_presumed(
    written: list[tuple[str, str]], another: tuple[str, str]
) -> None:
    """Nothing but a coding in a system that nobody described does, beside SNOMED CT."""
    before, after = (is_in(CONCEPTS, "epilepsy", *found) for found in (written, [*written, another]))
    presumed = another[0] == "urn:oid:1.2.3" and any(system == SNOMED for system, _ in written)
    assert after is YES if before is YES else after is not UNKNOWN or before is UNKNOWN or presumed
