"""The medicine of a resource: by code, by reference of any form, by ingredients, in every FHIR version."""

from decimal import Decimal

import pytest

from engine.concepts import CodedText
from engine.facts import Ingredient
from engine.quantity import Quantity
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.products import Product, read_product

ATC = "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
BACLOFEN = {"coding": [{"system": ATC, "code": "M03BX01", "display": "baclofen"}]}
STRENGTH = {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 20, "unit": "mL"}}
MEDICATION = {
    "resourceType": "Medication",
    "id": "m",
    "code": BACLOFEN,
    "form": {"text": "solution for infusion"},
    "ingredient": [{"itemCodeableConcept": BACLOFEN, "strength": STRENGTH}],
    "batch": {"expirationDate": "2027-03"},
}
URN = "urn:uuid:5d9c6f5e-1111-4222-8333-444455556666"


def read(resource, known=None) -> tuple[Product, list[str]]:
    issues = DataIssues()
    product = read_product(resource, (known or {}).get, issues, "MedicationRequest/1")
    return product, [issue.reason for issue in issues]


def codes(product: Product) -> list[str]:
    return [coding.code for coding in product.code.codings]


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param({"medicationCodeableConcept": BACLOFEN}, id="STU3, R4: concept"),
        pytest.param({"medication": {"concept": BACLOFEN}}, id="R5: concept"),
        pytest.param(
            {"medicationReference": {"reference": "#m"}, "contained": [MEDICATION]}, id="STU3, R4: contained"
        ),
        pytest.param(
            {"medication": {"reference": {"reference": "#m"}}, "contained": [MEDICATION]}, id="R5: contained"
        ),
        pytest.param({"medicationReference": {"reference": "Medication/m"}}, id="relative"),
        pytest.param(
            {"medicationReference": {"reference": "https://ehr.example/fhir/Medication/m"}}, id="absolute"
        ),
        pytest.param({"medicationReference": {"reference": URN}}, id="entry of the Bundle"),
        pytest.param({"medication": {"reference": {"reference": URN}}}, id="R5: entry of the Bundle"),
    ],
)
def test_the_medicine_is_found_wherever_it_stands(resource):
    known = dict.fromkeys(["Medication/m", "https://ehr.example/fhir/Medication/m", URN], MEDICATION)
    product, issues = read(resource, known)
    assert codes(product) == ["M03BX01"]
    assert (product.problems, issues) == ((), [])


def test_what_a_medication_resource_says_besides():
    product, _ = read({"medicationReference": {"reference": "Medication/m"}}, {"Medication/m": MEDICATION})
    assert product.form is not None
    assert product.form.text == "solution for infusion"
    assert product.batch_expiry is not None
    assert product.batch_expiry.latest.date().isoformat() == "2027-03-31"
    assert [part.code.codings[0].code for part in product.ingredients] == ["M03BX01"]
    assert product.concentration == Quantity(Decimal(500), "ug/mL")


class TestUnknownMedicines:
    def test_a_reference_that_leads_nowhere_has_words_but_no_code(self):
        resource = {"medicationReference": {"reference": "Medication/x", "display": "Baclofen 2 mg/mL"}}
        product, issues = read(resource)
        assert (product.code.codings, product.code.text) == ((), "Baclofen 2 mg/mL")
        assert product.problems == ("the medicine is a reference that leads nowhere",)
        assert issues == ["the medicine is a reference that leads nowhere: Medication/x"]

    @pytest.mark.parametrize("resource", [{}, {"medicationCodeableConcept": {}}, {"medication": 5}])
    def test_no_medicine_at_all_is_a_problem(self, resource):
        """The CDS Hooks sandbox sends such a draft before a drug is picked."""
        product, issues = read(resource)
        assert product.problems == ("the medicine is not stated",)
        assert issues == ["the medicine is not stated"]

    @pytest.mark.parametrize(
        "resource",
        [
            {
                "medicationCodeableConcept": BACLOFEN,
                "medicationReference": {"reference": "Medication/x", "display": "kit"},
            },
            {
                "medication": {
                    "concept": BACLOFEN,
                    "reference": {"reference": "Medication/x", "display": "kit"},
                }
            },
        ],
    )
    def test_a_reference_that_leads_nowhere_beside_a_code_may_hold_anything_more(self, resource):
        product, issues = read(resource)
        assert codes(product) == ["M03BX01"]
        assert product.ingredients[-1] == Ingredient(CodedText(text="kit"))
        assert "the medicine is a reference that leads nowhere: Medication/x" in issues

    def test_of_two_medicines_where_one_belongs_neither_is_read(self):
        product, issues = read({"medicationCodeableConcept": [BACLOFEN, {"text": "morphine"}]})
        assert (product.code, issues) == (CodedText(), ["the medicine is not stated"])

    @pytest.mark.parametrize(
        ("inside", "problem"),
        [
            (
                {"product": {"ingredient": [{"item": {"reference": "#s"}}]}},
                "the medicine that is named cannot be read: it is written in DSTU2, which cannot be read for sure",
            ),
            (
                {"package": {"content": [{"itemReference": {"reference": "#s"}}]}},
                "an item of the package has no code",
            ),
        ],
        ids=["in DSTU2", "in a package of STU3"],
    )
    def test_ingredients_that_stand_where_nobody_looks_may_be_anything(self, inside, problem):
        kit = {
            "resourceType": "Medication",
            "id": "m",
            "code": {"coding": [{"system": ATC, "code": "N02BE01"}]},
            **inside,
        }
        product, issues = read({"medicationReference": {"reference": "#m"}, "contained": [kit]})
        assert problem in product.problems
        assert problem in issues
        assert not product.code.codings or Ingredient(CodedText()) in product.ingredients

    @pytest.mark.parametrize("words", ["Morphine, as Jane Roe takes it", "Morphine"])
    def test_words_in_place_of_a_reference_are_words_and_not_repeated(self, words):
        product, issues = read({"medicationReference": {"reference": words}})
        assert issues == ["the medicine is a reference that leads nowhere"]
        product, issues = read({"medication": words})
        assert (product.code.text, issues) == (words, [])

    def test_text_alone_is_text(self):
        product, issues = read({"medicationCodeableConcept": {"text": "Lioresal pump"}})
        assert (product.code.text, product.problems, issues) == ("Lioresal pump", (), [])

    def test_a_medication_without_code_and_ingredients_is_a_problem(self):
        medication = {"resourceType": "Medication", "id": "m"}
        product, _ = read(
            {"medicationReference": {"reference": "Medication/m"}}, {"Medication/m": medication}
        )
        assert product.problems == ("the medicine has no code",)


def of_ingredients(*ingredients, known=None) -> tuple[Product, list[str]]:
    medication = {"resourceType": "Medication", "id": "m", "code": BACLOFEN, "ingredient": list(ingredients)}
    return read({"medicationReference": {"reference": "#m"}, "contained": [medication]}, known)


SUBSTANCE = {"resourceType": "Substance", "id": "s", "code": BACLOFEN}


class TestIngredients:
    @pytest.mark.parametrize(
        "item",
        [
            pytest.param({"itemCodeableConcept": BACLOFEN}, id="STU3, R4: concept"),
            pytest.param({"itemReference": {"reference": "Substance/s"}}, id="STU3, R4: reference"),
            pytest.param({"item": {"concept": BACLOFEN}}, id="R5: concept"),
            pytest.param({"item": {"reference": {"reference": "Substance/s"}}}, id="R5: reference"),
        ],
    )
    def test_are_named_by_code_or_substance(self, item):
        product, issues = of_ingredients(item, known={"Substance/s": SUBSTANCE})
        assert product.ingredients[0].code.codings[0].code == "M03BX01"
        assert issues == []

    def test_a_substance_of_r5_has_a_codeable_reference(self):
        substance = {"resourceType": "Substance", "id": "s", "code": {"concept": BACLOFEN}}
        item = {"item": {"reference": {"reference": "Substance/s"}}}
        assert of_ingredients(item, known={"Substance/s": substance})[0].ingredients[0].code.codings

    def test_a_contained_medicine_names_what_its_container_contains(self):
        medication = {
            "resourceType": "Medication",
            "id": "m",
            "ingredient": [{"itemReference": {"reference": "#s"}}],
        }
        resource = {"medicationReference": {"reference": "#m"}, "contained": [medication, SUBSTANCE]}
        assert read(resource)[0].ingredients[0].code.codings[0].code == "M03BX01"

    def test_a_substance_that_was_not_sent_is_a_problem(self):
        product, issues = of_ingredients(
            {"itemReference": {"reference": "Substance/x", "display": "morphine"}}
        )
        assert product.ingredients[0].code.text == "morphine"
        assert issues == ["an ingredient has no code"]
        assert product.problems == ("an ingredient has no code",)

    @pytest.mark.parametrize(
        ("entry", "words"), [("morphine", "morphine"), (5, ""), ({}, ""), ({"itemCodeableConcept": {"text": "morphine"}}, "morphine")]
    )  # fmt: skip
    def test_one_that_cannot_be_read_is_one_nevertheless(self, entry, words):
        product, issues = of_ingredients({"itemCodeableConcept": BACLOFEN}, entry)
        assert [part.code.text for part in product.ingredients] == ["", words]
        assert issues == ["an ingredient has no code"]

    def test_an_inactive_one_is_marked(self):
        diluent = {"itemCodeableConcept": {"text": "sodium chloride"}, "isActive": False}
        assert [
            part.active for part in of_ingredients({"itemCodeableConcept": BACLOFEN}, diluent)[0].ingredients
        ] == [
            True,
            False,
        ]


class TestStrength:
    @pytest.mark.parametrize(
        ("member", "expected"),
        [
            pytest.param({"strength": STRENGTH}, "500 ug/mL", id="R4: ratio"),
            pytest.param({"strengthRatio": STRENGTH}, "500 ug/mL", id="R5: ratio"),
            pytest.param(
                {"strengthQuantity": {"value": 2, "unit": "mg/mL"}}, "2000 ug/mL", id="R5: quantity"
            ),
            pytest.param({"amount": STRENGTH}, "500 ug/mL", id="STU3: amount"),
            pytest.param(
                {"strength": {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 1}}},
                "10 mg",
                id="content of one piece",
            ),
            pytest.param(
                {
                    "strength": {
                        "numerator": {"value": 500, "code": "mg", "system": UCUM},
                        "denominator": {"value": 1, "code": "Tab", "system": "v3-orderableDrugForm"},
                    }
                },
                "500 mg",
                id="content of one tablet",
            ),
            pytest.param(
                {
                    "strength": {
                        "numerator": {"value": 100, "unit": "[IU]"},
                        "denominator": {"value": 10, "unit": "mL"},
                    }
                },
                "10 [IU]/mL",
                id="not a mass",
            ),
        ],
    )
    def test_is_a_mass_per_millilitre_where_it_can_be(self, member, expected):
        found = of_ingredients({"itemCodeableConcept": BACLOFEN, **member})[0].ingredients[0].strength
        assert found is not None
        assert f"{found.value.normalize():f} {found.unit}" == expected

    def test_one_that_cannot_be_read_is_a_problem(self):
        strength = {"numerator": {"value": 10}, "denominator": {"value": 20, "unit": "mL"}}
        product, issues = of_ingredients({"itemCodeableConcept": BACLOFEN, "strength": strength})
        assert product.ingredients[0].strength is None
        assert issues == ["the strength of an ingredient has no unit"]

    @pytest.mark.parametrize("value", [0, -1, -0.5])
    def test_one_that_is_not_above_zero_is_a_problem(self, value):
        """A dose by volume would come to less than nothing, and be under every limit."""
        strength = {"numerator": {"value": value, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}
        product, issues = of_ingredients({"itemCodeableConcept": BACLOFEN, "strength": strength})
        assert (product.ingredients[0].strength, product.concentration) == (None, None)
        assert issues == ["the strength of an ingredient is not above zero"]

    def test_one_per_millilitre_without_a_number_is_read_as_per_one_and_named(self):
        strength = {"numerator": {"value": 2000, "unit": "ug"}, "denominator": {"unit": "mL"}}
        product, issues = of_ingredients({"itemCodeableConcept": BACLOFEN, "strength": strength})
        assert product.concentration == Quantity(Decimal(2000), "ug/mL")
        assert issues == ["the strength of an ingredient has no number below the line, which counts as 1"]

    def test_two_active_ingredients_have_no_one_concentration(self):
        ingredient = {"itemCodeableConcept": BACLOFEN, "strength": STRENGTH}
        assert of_ingredients(ingredient, ingredient)[0].concentration is None

    @pytest.mark.parametrize("medicine", [BACLOFEN, {"text": "baclofen"}])
    def test_another_ingredient_that_alone_has_one_does_not_lend_it(self, medicine):
        other = {"itemCodeableConcept": {"text": "clonidine"}, "strength": STRENGTH}
        assert of_ingredients({"itemCodeableConcept": medicine}, other)[0].concentration is None

    @pytest.mark.parametrize("active", [True, False])
    def test_the_ingredient_that_the_code_of_the_medicine_names_is_it_where_it_is_active(self, active):
        named = {"itemCodeableConcept": BACLOFEN, "strength": STRENGTH, "isActive": active}
        other = {"itemCodeableConcept": {"text": "morphine"}, "strength": STRENGTH}
        expected = Quantity(Decimal(500), "ug/mL") if active else None
        assert of_ingredients(named, other)[0].concentration == expected

    def test_the_diluent_does_not_count(self):
        ingredient = {"itemCodeableConcept": BACLOFEN, "strength": STRENGTH}
        diluent = {"itemCodeableConcept": {"text": "salt"}, "strength": STRENGTH, "isActive": False}
        assert of_ingredients(ingredient, diluent)[0].concentration == Quantity(Decimal(500), "ug/mL")


SOON, LATE = {"expirationDate": "2020-05-31"}, {"expirationDate": "2027-12"}
UNREAD_BATCH = "the expiry date of the batch cannot be read"


@pytest.mark.parametrize("place", ["batch", "package"])
@pytest.mark.parametrize(
    ("batches", "expiry", "problem"),
    [
        ([LATE, SOON], "31 May 2020", ""),
        ([SOON, LATE], "31 May 2020", ""),
        (SOON, "31 May 2020", ""),
        ([{"lotNumber": "7"}, {}, None], None, ""),
        ({"expirationDate": None}, None, ""),
        ([LATE, {"expirationDate": "12/2025"}], "Dec 2027", UNREAD_BATCH),
        ({"expirationDate": 20251231}, None, UNREAD_BATCH),
        ({"expirationDate": True}, None, UNREAD_BATCH),
        ({"expirationDate": {"start": "2020"}}, None, UNREAD_BATCH),
        ("EXP 2025-01", None, UNREAD_BATCH),
        ([7], None, UNREAD_BATCH),
    ],
)
def test_the_batch_that_expires_first_counts_and_one_that_cannot_be_read_is_a_problem(
    place, batches, expiry, problem
):
    medication = {"resourceType": "Medication", "id": "m", "code": BACLOFEN}
    medication[place] = batches if place == "batch" else {"batch": batches}
    product, issues = read({"medicationReference": {"reference": "#m"}, "contained": [medication]})
    assert (product.batch_expiry and product.batch_expiry.describe(), product.batch_problem) == (
        expiry,
        problem,
    )
    assert (problem in issues) is bool(problem)
    assert product.problems == ()  # it is still known what the medicine is


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": {"reference": "Medication/gone"}},
        {"medicationReference": {"reference": "Medication/gone"}, "medicationCodeableConcept": BACLOFEN},
        {"medicationReference": {"identifier": {"value": "7"}}},
        {},
        {"medicationReference": {"reference": "#m"}, "contained": [{**MEDICATION, "modifierExtension": [{"url": "u"}]}]},
    ],
)  # fmt: skip
def test_of_a_medicine_that_cannot_be_read_nobody_knows_when_its_batch_expires(members):
    product, _ = read(members)
    assert product.batch_expiry is None
    assert product.batch_problem == product.problems[0]


def test_of_two_medicines_that_are_named_the_batch_that_expires_first_counts():
    late = {"resourceType": "Medication", "id": "late", "code": BACLOFEN, "batch": LATE}
    soon = {"resourceType": "Medication", "id": "soon", "code": BACLOFEN, "batch": SOON}
    for one, other in ((late, soon), (soon, late)):
        named = {
            "medicationReference": {"reference": f"#{one['id']}"},
            "medication": {"reference": f"#{other['id']}"},
        }
        product, _ = read({**named, "contained": [one, other]})
        assert product.batch_expiry is not None
        assert product.batch_expiry.describe() == "31 May 2020"


def test_batches_of_stu3_are_on_the_package():
    medication = {"resourceType": "Medication", "id": "m", "code": BACLOFEN}
    medication["package"] = {"batch": [{"expirationDate": "2020-05-31"}]}
    product, _ = read({"medicationReference": {"reference": "#m"}, "contained": [medication]})
    assert product.batch_expiry is not None
    assert product.batch_expiry.describe() == "31 May 2020"
