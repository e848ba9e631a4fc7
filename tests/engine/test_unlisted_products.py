"""What a medicine that no list has may be, in the pump and on the allergy list, where the list says that it is complete."""

from dataclasses import replace

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.conditions import Context, find
from engine.facts import AllergyFact, Ingredient
from engine.finding import Finding, Truth
from engine.medicines import identity, therapy
from engine.record import Record
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    coded,
    context,
    medicine,
    patient,
    reasons,
    written,
)

NOT_MET, UNKNOWN = Truth.NOT_MET, Truth.UNKNOWN


class TestAProductThatOnlyACompleteListDoesNotHave:
    """RxNorm denies nothing by itself: what came to the market since the list was made is not in it either (DC-04)."""

    LIBRARY = ConceptLibrary(
        {
            **CONCEPTS.concepts,
            "baclofen": replace(CONCEPTS.concept("baclofen"), complete_in=("rxnorm",)),
            "pump-product": replace(CONCEPTS.concept("pump-product"), complete_in=("rxnorm",)),
        },
        SYSTEMS,
    )
    NEW = Coding(SYSTEMS["rxnorm"].uri, "9999999")

    def new(self, display: str, text: str = "") -> CodedText:
        return CodedText((replace(self.NEW, display=display),), text)

    @pytest.mark.parametrize(
        ("display", "route", "truth"),
        [
            # Its words name the substance, by whatever route and whatever else they say.
            ("baclofen 2 MG/ML Injection [Brand]", "intrathecal", UNKNOWN),
            ("baclofen 2 MG/ML Injection [Brand]", None, UNKNOWN),
            ("Brand, not baclofen", None, UNKNOWN),
            # Nothing but the route tells of it.
            ("Brand 2 MG/ML Injectable Solution", "intrathecal", UNKNOWN),
            ("replaces morphine", "intrathecal", UNKNOWN),
            # Its words name another substance, or nothing tells of this one.
            ("morphine 1 MG/ML Injection", "intrathecal", NOT_MET),
            ("Brand 2 MG/ML Injectable Solution", "intravenous", NOT_MET),
            ("Brand 10 MG Oral Tablet", None, NOT_MET),
        ],
    )
    def test_is_denied_neither_where_it_has_the_name_nor_by_the_right_route(
        self, display: str, route: str | None, truth: Truth
    ) -> None:
        for product in (self.new(display), self.new("", display)):
            assert identity(self.LIBRARY, MEDICINE, medicine(product, route)) is truth

    def test_a_code_beside_it_that_a_list_has_or_whose_system_denies_settles_it_unless_words_name_it(
        self,
    ) -> None:
        for other in (coded("opioids"), CodedText((Coding(SYSTEMS["atc"].uri, "N02BE01"),))):
            product = CodedText((self.NEW, *other.codings), "Brand")
            assert identity(self.LIBRARY, MEDICINE, medicine(product, "intrathecal")) is NOT_MET
            product = CodedText(product.codings, "with baclofen")
            assert identity(self.LIBRARY, MEDICINE, medicine(product, "intrathecal")) is UNKNOWN
        mixture = medicine(self.new("Brand"), "intrathecal", ingredients=(Ingredient(coded("opioids")),))
        assert identity(self.LIBRARY, MEDICINE, mixture) is NOT_MET

    def test_leaves_the_therapy_open_that_it_may_be(self) -> None:
        listed = [
            medicine(self.new("baclofen 2 MG/ML Injection")),
            medicine(self.new("Brand 10 MG Oral Tablet"), reference="MedicationRequest/2"),
        ]
        found = therapy(MEDICINE, Record(patient(medications=listed), self.LIBRARY))
        assert (found.certainty, found.medications) == (UNKNOWN, (listed[0],))


class TestAnAllergyWhoseCodeIsInNoList:
    """A code that no list has denies an allergy to the medicine, unless the words beside it name the substance (CI-01)."""

    RXNORM, ATC, SNOMED = (SYSTEMS[name].uri for name in ("rxnorm", "atc", "snomed"))

    def look(self, *substances: CodedText) -> Finding:
        concepts = ConceptLibrary(
            {
                **CONCEPTS.concepts,
                "baclofen": replace(CONCEPTS.concept("baclofen"), complete_in=("rxnorm", "snomed")),
            },
            SYSTEMS,
        )
        found = patient(allergies=[AllergyFact("AllergyIntolerance/1", substances)])
        seen = Context(Record(found, concepts), MEDICINE, context(found).subject)
        return find(written({"allergy": "baclofen"}), seen)

    @pytest.mark.parametrize(
        ("code", "truth"),
        [
            # The words stand beside the code, or in the text of the entry, and whatever else they say.
            (CodedText((Coding(RXNORM, "9999999", "baclofen 5 MG Oral Granules [Brand]"),)), UNKNOWN),
            (CodedText((Coding(RXNORM, "9999999"),), "Baclofen: rash"), UNKNOWN),
            (CodedText((Coding(SNOMED, "416098002", "Product containing baclofen"),)), UNKNOWN),
            # A code that a list has, and that says something else or less, settles it no more than one that no list has.
            (CodedText((Coding(ATC, "N02AA01"),), "morphine and baclofen"), UNKNOWN),
            # Other words, or none, leave the code its say.
            (CodedText((Coding(RXNORM, "9999999", "amoxicillin 500 MG Oral Capsule"),)), NOT_MET),
            (CodedText((Coding(RXNORM, "9999999", "abaclofena"),)), NOT_MET),
            (CodedText((Coding(RXNORM, "9999999"),)), NOT_MET),
            (CodedText((Coding(RXNORM, "1292"),), "baclofen"), Truth.MET),
        ],
    )
    def test_is_left_open_by_words_that_name_the_substance(self, code: CodedText, truth: Truth) -> None:
        finding = self.look(code)
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == [
                "1 entry of the allergy list has words that may say so, beside a code that does not"
            ]

    def test_is_left_open_by_the_substance_of_a_reaction_too(self) -> None:
        other, named = coded("opioids"), CodedText((Coding(self.RXNORM, "9999999", "baclofen"),))
        assert self.look(other, named).truth is UNKNOWN
        assert self.look(other).truth is NOT_MET
