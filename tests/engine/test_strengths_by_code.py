"""What a mL of a product holds by its code, in the lists and in a site's own."""

import pytest
from pydantic import ValidationError

from engine.authoring.files import CodeFile
from engine.concept import Concept, ConceptCode
from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.facts import Ingredient
from engine.medicines import strengths
from engine.quantity import Quantity
from tests.engine.builders import CONCEPTS, MEDICINE, SYSTEMS, order

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
AMPOULE = ConceptCode("rxnorm", "1047437", strength="0.05 mg/mL")
LIBRARY = ConceptLibrary(
    {"ampoule": Concept("ampoule", "the ampoule", (AMPOULE, ConceptCode("rxnorm", "308517")))},
    SYSTEMS,
    local_strengths={
        ("urn:ours", "A"): frozenset({"2 mg/mL"}),
        ("urn:ours", "B"): frozenset({"2 mg/mL", "500 ug/mL"}),
        ("urn:ours", "C"): frozenset({"0.05 mg/mL"}),
    },
)


@pytest.mark.parametrize(
    ("codes", "held"),
    [
        ([(RXNORM, "1047437")], "50 ug/mL"),
        ([("urn:ours", "A")], "2000 ug/mL"),
        ([(RXNORM, "1047437"), ("urn:ours", "C")], "50 ug/mL"),  # two codes that agree
        ([(RXNORM, "1047437"), ("urn:ours", "A")], None),
        ([("urn:ours", "B")], None),
        ([(RXNORM, "308517")], None),
        ([], None),
    ],
)
def test_a_strength_is_told_where_all_that_say_one_agree(
    codes: list[tuple[str, str]], held: str | None
) -> None:
    product = CodedText(tuple(Coding(*code) for code in codes))
    assert LIBRARY.strength_of(product) == (Quantity.parse(held) if held else None)


@pytest.mark.parametrize("text", ["2 mg", "0 mg/mL"])
def test_what_is_no_concentration_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="not a mass per volume"):
        CodeFile(code="1", seen="somewhere 1", strength=text)


def test_an_ingredient_that_is_known_by_the_code_of_a_product_is_the_medicine_itself() -> None:
    (listed,) = CONCEPTS.concept("pump-product").codes[:1]
    code = CodedText((Coding(SYSTEMS[listed.system].uri, listed.code),))
    found = order(ingredients=(Ingredient(code, Quantity.parse("50 ug/mL")),))
    assert list(strengths(CONCEPTS, MEDICINE, found)) == [Quantity.parse("50 ug/mL")]
