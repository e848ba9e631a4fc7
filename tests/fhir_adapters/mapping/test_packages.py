"""Packs of STU3 (Medication.package.content): what they hold is the medicine, as if it stood there by itself.

R4 and R5 have no such element: R4's examples of combined packs write an ingredient, which may be a Medication, too.
"""

from decimal import Decimal
from typing import Any

import pytest

from engine.concepts import UNREAD, CodedText, Coding
from engine.facts import Ingredient
from engine.quantity import Quantity
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.products import Product, read_product

ATC = "http://www.whocc.no/atc"
BACLOFEN = {"coding": [{"system": ATC, "code": "M03BX01"}]}
PARACETAMOL = {"coding": [{"system": ATC, "code": "N02BE01"}]}
IS_BACLOFEN = CodedText((Coding(ATC, "M03BX01"),))
STRENGTH = {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 20, "unit": "mL"}}
AMPOULE = {
    "resourceType": "Medication",
    "id": "ampoule",
    "form": {"text": "solution for infusion"},
    "ingredient": [
        {"itemCodeableConcept": BACLOFEN, "amount": STRENGTH},  # STU3 calls the strength so
        {"itemCodeableConcept": {"text": "water"}, "isActive": False},
    ],
}
NO_CODE = "an item of the package has no code"


def read(
    *contents: Any, contained: tuple[dict[str, Any], ...] = (), **members: Any
) -> tuple[Product, list[str]]:
    issues = DataIssues()
    pack = {"resourceType": "Medication", "id": "m", "package": {"content": list(contents)}, **members}
    statement = {"medicationReference": {"reference": "#m"}, "contained": [pack, *contained]}
    product = read_product(statement, {"Medication/ampoule": AMPOULE}.get, issues, "MedicationStatement/1")
    return product, [issue.reason for issue in issues]


def codes(product: Product) -> list[str]:
    return [coding.code for part in product.ingredients for coding in part.code.codings]


def test_an_item_that_has_a_code_is_an_ingredient() -> None:
    """Its amount says how many there are, which is no strength."""
    box = {"itemCodeableConcept": BACLOFEN, "amount": {"value": 10, "unit": "mg"}}
    assert read(box) == (Product(ingredients=(Ingredient(IS_BACLOFEN),)), [])


@pytest.mark.parametrize("written", ["Medication/ampoule", "#ampoule"])
def test_an_item_that_is_a_medicine_is_read_as_that_medicine(written: str) -> None:
    product, issues = read({"itemReference": {"reference": written}}, contained=(AMPOULE,))
    assert (codes(product), [part.active for part in product.ingredients]) == (["M03BX01"], [True, False])
    assert product.concentration == Quantity(Decimal(500), "ug/mL")
    assert product.form == CodedText(text="solution for infusion")
    assert issues == ["an ingredient has no code"]  # the water


def test_the_medicine_of_an_item_may_contain_its_own_substances() -> None:
    substance = {"resourceType": "Substance", "id": "s", "code": BACLOFEN}
    vial = {
        "resourceType": "Medication",
        "id": "vial",
        "ingredient": [{"itemReference": {"reference": "#s"}}],
    }
    item = {"itemReference": {"reference": "#vial"}}
    for holder in ({"contained": (vial, substance)}, {"contained": ({**vial, "contained": [substance]},)}):
        product, issues = read(item, **holder)
        assert (codes(product), issues) == (["M03BX01"], [])


def test_an_item_counts_by_its_own_code_and_by_its_ingredients() -> None:
    ampoule = {**AMPOULE, "code": PARACETAMOL}
    product, _ = read({"itemReference": {"reference": "#ampoule"}}, contained=(ampoule,))
    assert codes(product) == ["N02BE01", "M03BX01"]


def test_all_items_count_beside_the_code_and_the_ingredients_of_the_pack() -> None:
    items = [{"itemCodeableConcept": BACLOFEN}, {"itemReference": {"reference": "Medication/ampoule"}}]
    product, _ = read(*items, code=PARACETAMOL, ingredient=[{"itemCodeableConcept": PARACETAMOL}])
    assert [coding.code for coding in product.code.codings] == ["N02BE01"]
    assert codes(product) == ["N02BE01", "M03BX01", "M03BX01"]
    assert product.form is None  # that of one item is not that of all


def test_the_form_of_a_pack_that_states_one_is_its_own() -> None:
    product, _ = read({"itemReference": {"reference": "Medication/ampoule"}}, form={"text": "kit"})
    assert product.form == CodedText(text="kit")


def test_two_strengths_in_one_pack_are_no_concentration() -> None:
    weak = {**STRENGTH, "numerator": {"value": 1, "unit": "mg"}}
    other = {**AMPOULE, "id": "other", "ingredient": [{"itemCodeableConcept": BACLOFEN, "amount": weak}]}
    items = [{"itemReference": {"reference": name}} for name in ("#ampoule", "#other")]
    assert read(*items, contained=(AMPOULE, other))[0].concentration is None


@pytest.mark.parametrize(
    ("item", "part"),
    [
        ({"itemReference": {"reference": "Medication/elsewhere", "display": "kit"}}, CodedText(text="kit")),
        ({"itemCodeableConcept": {"text": "kit"}}, CodedText(text="kit")),
        ({"itemCodeableConcept": {}}, CodedText()),
        ({"amount": {"value": 1}}, CodedText()),
        ("kit", CodedText(text="kit")),
    ],
)
def test_an_item_that_does_not_say_what_it_is_may_be_anything(item: Any, part: CodedText) -> None:
    product, issues = read(item, {"itemCodeableConcept": BACLOFEN}, code=PARACETAMOL)
    assert product.ingredients == (Ingredient(part), Ingredient(IS_BACLOFEN))
    assert (product.problems, issues) == ((NO_CODE,), [NO_CODE])


def test_an_item_that_is_stated_twice_is_either_and_denies_nothing() -> None:
    product, issues = read(
        {"itemCodeableConcept": PARACETAMOL, "itemReference": {"reference": "Medication/ampoule"}}
    )
    assert issues == ["an item of the package is stated in more than one way"]
    assert [part.code for part in product.ingredients] == [CodedText((Coding(ATC, "N02BE01"), UNREAD))]


def test_a_pack_in_a_pack_is_not_opened_and_may_hold_anything() -> None:
    """Be it itself."""
    product, issues = read({"itemReference": {"reference": "#m"}}, code=PARACETAMOL)
    assert Ingredient(CodedText()) in product.ingredients
    assert issues == ["what a package in a package holds is not read"]


@pytest.mark.parametrize(
    "change", [{"status": "entered-in-error"}, {"modifierExtension": [{"url": "urn:x:y"}]}]
)
def test_an_item_whose_medicine_is_not_to_be_read_is_neither_known_nor_denied(change: dict[str, Any]) -> None:
    product, issues = read({"itemReference": {"reference": "#ampoule"}}, contained=({**AMPOULE, **change},))
    assert product.ingredients == (Ingredient(CodedText()),)
    assert len(issues) == 2


@pytest.mark.parametrize("where", ["package", "content"])
def test_a_pack_with_a_modifier_extension_is_not_read(where: str) -> None:
    item = {"itemCodeableConcept": BACLOFEN}
    modifier = {"modifierExtension": [{"url": "urn:x:not-in-it"}]}
    package = {"content": [{**item, **modifier}]} if where == "content" else {"content": [item], **modifier}
    assert read(package=package)[0].ingredients == ()
