"""Words in which concepts are recognised, and in which they are not."""

from dataclasses import replace

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary, Membership
from engine.free_text import Said, has_words, is_of, mentions, names, spoken_of, words_that_name
from tests.engine.builders import CONCEPTS, SYSTEMS, coded


@pytest.mark.parametrize(
    ("spoken", "named"),
    [
        ("Intravenously", True),
        ("central intravenous line", True),  # a longer word may stand anywhere
        ("i.v.", True),
        ("IV push", True),
        ("(iv)", True),
        ("give", False),  # an abbreviation does not stand within a word
        ("ivory", False),
        ("i v", False),
        ("not intravenously", False),
        ("never give it intravenously", False),
        ("not for any length of time intravenously", True),  # too far away to be sure of what is denied
        ("nothing intravenously", True),
        ("not i.v., but i.v.", True),  # denied once, named once
        ("nie IV", False),
        ("ikke intravenøst; intravenøst", True),
        ("", False),
    ],
)
def test_words_name_a_concept_unless_they_are_denied(spoken: str, named: bool) -> None:
    assert names(CONCEPTS, "intravenous", spoken) is named


@pytest.mark.parametrize(
    ("spoken", "named"),
    [
        ("Intrathecal pump", True),
        ("intrathecal-pump", True),
        ("Intrathecal  (pump)", True),
        ("intrathecal\u00a0pump", True),
        ("intrathecalpump", False),  # a space is never nothing
        ("intrathecal drug pump", False),
        ("8637-40", True),
        ("Model 8637", True),
        ("No. 18637", False),  # another number ends so
    ],
)
def test_a_space_in_a_word_is_whatever_is_no_letter_and_a_number_begins_where_it_begins(
    spoken: str, named: bool
) -> None:
    words = replace(CONCEPTS.concept("pump"), texts=("intrathecal pump", "8637"))
    library = ConceptLibrary({"pump": words}, SYSTEMS)
    assert names(library, "pump", spoken) is named
    assert mentions(library, "pump", spoken) is named
    assert (names(library, "pump", f"no {spoken}"), mentions(library, "pump", f"no {spoken}")) == (
        False,
        named,
    )


def test_words_name_nothing_beside_those_that_make_them_another_thing() -> None:
    words = replace(CONCEPTS.concept("pump"), texts=("creatinin",), texts_unless=("Urin", "clearance"))
    library = ConceptLibrary({"pump": words}, SYSTEMS)
    for spoken, named in (
        ("Creatinine", True),
        ("CREATININE, urine", False),
        ("Clearance of creatinine", False),
    ):
        assert names(library, "pump", spoken) is mentions(library, "pump", spoken) is named
        assert Said.of((CodedText(text=spoken),)).names(library, "pump") is named


def test_the_words_beside_a_code_are_read_too() -> None:
    codings = (Coding("urn:oid:1.2.3", "7", "Intrathecal"), Coding("urn:oid:1.2.3", "8"))
    assert spoken_of(CodedText(codings, "by pump")) == "by pump; Intrathecal"
    assert spoken_of(CodedText(codings[1:])) == ""


@pytest.mark.parametrize(
    ("spoken", "named"),
    [
        ("Morphine sulfate 10 mg/mL, preservative-free", True),
        ("MORPHINE inj.", True),
        ("paracetamol/morphine", True),
        ("apomorphine", False),  # another word
        ("morphines", False),
        ("morphin", False),
        ("an old name", False),  # more than one word
        ("no morphine", False),
        ("Morphine: none", False),
        ("patient is not on any of these: tramadol, morphine", False),
        ("stop morphine", False),
        ("Morphine - stopped in May", False),
        ("morphine discontinued", False),
        ("withhold morphine", False),
        ("allergic to morphine", False),
        ("Morphine intolerance", False),
        ("avoid morphine", False),
        ("morphine-naive", False),
        ("former morphine use", False),
        ("history of morphine use", False),
        ("paracetamol instead of morphine", False),
        ("switched from morphine", False),
        ("naloxone, for morphine overdose", False),
        ("mother takes morphine", False),
        ("family history: morphine", False),
        ("bez morfiny, morphine odstawiona", False),
        ("Morphine abgesetzt", False),
        ("uten morphine", False),
        ("", False),
    ],
)
def test_a_medicine_is_known_by_the_name_of_its_ingredient_unless_anything_in_the_text_may_deny_it(
    spoken: str, named: bool
) -> None:
    assert words_that_name(spoken).isdisjoint(CONCEPTS.ingredients_of("opioids")) is not named


class TestWordsBesideACodeThatSaysNo:
    """No code denies what the words beside it name; but words alone never say yes."""

    ATC, ICD = "http://www.whocc.no/atc", "http://hl7.org/fhir/sid/icd-10"

    @pytest.mark.parametrize(
        ("text", "membership"),
        [
            ("Paracetamol 500 mg / Morphine 10 mg", Membership.UNKNOWN),
            ("no morphine", Membership.UNKNOWN),  # it may be an order
            ("never give morphine, allergic", Membership.UNKNOWN),
            ("Paracetamol 500 mg", Membership.NO),
            ("apomorphine", Membership.NO),
            ("Paracetamol (without morphine)", Membership.NO),
            ("Paracétamol sans morphine", Membership.NO),
            ("", Membership.NO),
        ],
    )
    def test_the_name_of_a_substance_is_read_whatever_is_said_of_it(
        self, text: str, membership: Membership
    ) -> None:
        paracetamol = CodedText((Coding(self.ATC, "N02BE01"),), text)
        assert is_of(CONCEPTS, "opioids", paracetamol) is membership

    @pytest.mark.parametrize(
        ("text", "named"),
        [
            ("Drug-resistant epilepsy", True),
            ("Epilepsy, therapy-refractory", True),
            ("refractory", True),  # the code says that it is an epilepsy
            ("not well controlled refractory epilepsy", True),
            ("no control: refractory", True),
            ("no refractory", False),
            ("réfractory", True),
            ("not refractory, or refractory", True),
            ("Epilepsy, not refractory, without status epilepticus", False),
            ("non-refractory epilepsy", False),
            ("nonrefractory", False),
            ("not medically refractory", False),
            ("not drug-resistant", False),
            ("without mention of refractory epilepsy", False),
            ("nicht therapierefractory", False),
            ("Epilepsy", False),
        ],
    )
    def test_words_of_a_concept_are_read_unless_denied_just_before(self, text: str, named: bool) -> None:
        epilepsy = CodedText((Coding(self.ICD, "G40.9"),), text)
        expected = Membership.UNKNOWN if named else Membership.NO
        assert is_of(CONCEPTS, "resistant-epilepsy", epilepsy) is expected

    def test_words_that_say_a_kind_of_something_are_read_only_where_code_or_words_name_that(self) -> None:
        other = Coding(self.ICD, "G43.9")
        for text, named in (
            ("Refractory migraine", False),
            ("Refractory Epilepsy after a stroke", True),
            ("Epilepsy (since 1990); refractory", True),  # it is said of what was named before
            ("Refractory depression; epilepsy", False),
            ("Refractory depression - no epilepsy", False),
            ("Refractory, no epilepsy", False),
            ("Refractory depression. Epilepsy", False),
        ):
            assert Said.of([CodedText((other,), text)]).names(CONCEPTS, "resistant-epilepsy") is named
        displayed = CodedText((replace(other, display="Epilepsy"),), "refractory")
        assert Said.of([displayed]).names(CONCEPTS, "resistant-epilepsy")

    def test_longer_words_that_mean_something_else_are_passed_over(self) -> None:
        sepsis = replace(
            CONCEPTS.concept("penicillin"),
            id="sepsis",
            texts=("sepsis",),
            texts_not=("asepsis", "h/o sepsis"),
        )
        library = ConceptLibrary({"sepsis": sepsis}, SYSTEMS)
        for text, named in (
            ("Asepsis maintained", False),
            ("H/O sepsis 2012", False),
            ("Urosepsis", True),
            ("sepsis despite asepsis", True),
        ):
            assert Said.of([CodedText(text=text)]).names(library, "sepsis") is named
            assert names(library, "sepsis", text) is mentions(library, "sepsis", text) is named

    def test_no_before_the_name_of_the_medicine_may_be_an_order(self) -> None:
        texts = ("baclof",)
        baclofen = replace(CONCEPTS.concept("baclofen"), texts=texts)
        entry = replace(CONCEPTS.concept("penicillin"), id="entry", texts=texts)
        library = ConceptLibrary({"baclofen": baclofen, "entry": entry}, SYSTEMS, CONCEPTS.medicines)
        for text, named in (("no baclofen", True), ("never baclofen", True), ("without baclofen", False)):
            assert Said.of([CodedText(text=text)]).names(library, "entry") is named

    def test_a_code_that_says_yes_or_that_nobody_knows_is_not_asked_again(self) -> None:
        resistant = CodedText(coded("resistant-epilepsy").codings, "not refractory")
        assert is_of(CONCEPTS, "resistant-epilepsy", resistant) is Membership.YES
        unknown = CodedText((Coding("urn:oid:1.2.3", "7"),), "Epilepsy")
        assert is_of(CONCEPTS, "resistant-epilepsy", unknown) is Membership.UNKNOWN

    def test_most_concepts_have_no_words(self) -> None:
        assert not has_words(CONCEPTS, "epilepsy")
        assert has_words(CONCEPTS, "opioids")
        assert has_words(CONCEPTS, "resistant-epilepsy")
