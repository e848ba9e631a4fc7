"""FHIR elements as clients send them: what is read, and what is refused with which words."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.concepts import UNREAD, CodedText, Coding
from engine.quantity import QuantityInterval
from fhir_adapters.mapping import elements

UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"

# The first unit loads the unit libraries, which takes longer than Hypothesis allows one example.
untimed = settings(deadline=None)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text()
# fmt: off
NAMES = [
    "system", "code", "display", "coding", "text", "concept", "reference", "value", "unit",
    "comparator", "low", "high", "numerator", "denominator", "start", "end",
]
# fmt: on
names = st.sampled_from(NAMES)
json_values = st.recursive(
    scalars | st.sampled_from(["mg", UCUM, "<", "2020-02-30", "#a", "1e999999"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def exactly(value: str, unit: str) -> QuantityInterval:
    return QuantityInterval(Decimal(value), True, Decimal(value), True, unit)


class TestConcepts:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(
                {"coding": [{"system": SNOMED, "code": "84757009", "display": "Epilepsy"}], "text": "Fits"},
                CodedText((Coding(SNOMED, "84757009", "Epilepsy"),), "Fits"),
                id="as FHIR has it",
            ),
            pytest.param(
                {"coding": {"system": SNOMED, "code": "84757009"}},
                CodedText((Coding(SNOMED, "84757009"),)),
                id="an object where the array belongs",
            ),
            pytest.param(
                {"system": SNOMED, "code": 84757009},
                CodedText((Coding(SNOMED, "84757009"),)),
                id="a bare Coding, its code a number",
            ),
            pytest.param(
                {"concept": {"coding": [{"system": SNOMED, "code": "84757009"}]}},
                CodedText((Coding(SNOMED, "84757009"),)),
                id="R5 CodeableReference",
            ),
            pytest.param([{"text": "Fits"}], CodedText(text="Fits"), id="a list of one"),
            pytest.param([{"text": "Fits"}, {"text": "Flu"}], CodedText(), id="two where one belongs"),
            pytest.param(" Fits ", CodedText(text="Fits"), id="bare text"),
            pytest.param(
                {"coding": [{"system": SNOMED, "display": "Epilepsy"}]},
                CodedText(text="Epilepsy"),
                id="a coding without code leaves its display as words",
            ),
            pytest.param({"coding": [None, 3, {"code": ""}]}, CodedText(), id="nothing that can be read"),
            pytest.param(None, CodedText(), id="absent"),
        ],
    )
    def test_is_read_leniently(self, value, expected):
        assert elements.codeable_concept(value) == expected

    def test_a_system_stays_as_it_was_written(self):
        concept = elements.codeable_concept(
            {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.96", "code": "1"}]}
        )
        assert concept.codings[0].system == "urn:oid:2.16.840.1.113883.6.96"

    def test_entries_of_a_list_that_say_nothing_are_left_out(self):
        found = elements.codeable_concepts([{"text": "community"}, {}, None, {"coding": []}])
        assert [concept.text for concept in found] == ["community"]

    @pytest.mark.parametrize(
        "entry",
        [
            {"coding": [{"system": SNOMED}]},
            {"coding": [{"code": "1\u200b"}]},
            {"reference": {"reference": "x/1"}},
            5,
        ],
        ids=["without a code", "a code that cannot be read", "a reference", "a number"],
    )
    def test_an_entry_that_is_there_and_cannot_be_read_may_say_anything(self, entry):
        known, unknown = elements.codeable_concepts([{"text": "community"}, entry])
        assert (known.text, unknown) == ("community", CodedText((UNREAD,)))

    def test_category_as_one_object_is_one_concept(self):
        """The CDS Hooks sandbox always sends it so."""
        assert elements.codeable_concepts({"text": "community"}) == (CodedText(text="community"),)


class TestReferences:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({"reference": "Patient/1"}, "Patient/1"),
            ({"reference": "#med"}, "#med"),
            ({"reference": {"reference": "Medication/1"}}, "Medication/1"),
            ("Patient/1", "Patient/1"),
            ({"identifier": {"value": "1"}}, None),
            ({"reference": 5}, None),
            (None, None),
        ],
    )
    def test_is_what_it_points_to(self, value, expected):
        assert elements.reference(value) == expected

    def test_a_resource_is_named_by_type_and_id_or_by_type_alone(self):
        assert elements.reference_to({"resourceType": "Condition", "id": "a"}) == "Condition/a"
        assert elements.reference_to({"resourceType": "Condition"}) == "Condition"
        assert elements.reference_to(None) == "Resource"


class TestQuantities:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            pytest.param(
                {"value": 50, "unit": "mcg", "system": UCUM, "code": "ug"}, exactly("50", "ug"), id="coded"
            ),
            pytest.param({"value": 0.5, "unit": "mg"}, exactly("0.5", "mg"), id="unit as text only"),
            pytest.param({"value": Decimal("0.50"), "unit": "µg"}, exactly("0.50", "ug"), id="a micro sign"),
            pytest.param(
                {"value": 1, "code": "{pill}", "system": UCUM},
                exactly("1", "{pill}"),
                id="a unit that only counts",
            ),
            pytest.param(
                {"value": 5, "comparator": "<", "unit": "mg"},
                QuantityInterval(None, False, Decimal(5), False, "mg"),
                id="comparator",
            ),
            pytest.param(
                {"low": {"value": 1, "unit": "mg"}, "high": {"value": 2000, "unit": "ug"}},
                QuantityInterval(Decimal(1), True, Decimal(2), True, "mg"),
                id="range in two units",
            ),
            pytest.param(
                {"high": {"value": 2, "unit": "mg"}},
                QuantityInterval(None, False, Decimal(2), True, "mg"),
                id="range open below",
            ),
            pytest.param(
                {"numerator": {"value": 10, "unit": "mg"}, "denominator": {"value": 20, "unit": "mL"}},
                exactly("0.5", "mg/mL"),
                id="ratio",
            ),
        ],
    )
    def test_that_can_be_read(self, value, expected):
        problems: list[str] = []
        assert elements.quantity(value, "the dose", problems) == expected
        assert problems == []

    @pytest.mark.parametrize("below", [{"unit": "h"}, {"unit": "h", "value": None}])
    def test_with_a_guess_is_a_problem_of_another_kind(self, below):
        """FHIR does not say what a denominator without a number means; per hour is how one says per one hour."""
        problems: list[str] = []
        ratio = {"numerator": {"value": 100, "unit": "ug"}, "denominator": below}
        assert elements.quantity(ratio, "the rate", problems) == exactly("100", "ug/h")
        assert problems == ["the rate has no number below the line, which counts as 1"]
        assert [elements.effect_of(problem) for problem in (*problems, "the rate has no unit")] == [
            *("assumed", "unreadable")
        ]

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ({"value": 50}, "the dose has no unit"),
            ({"value": 50, "unit": "squirts"}, "the dose has a unit that is not understood"),
            ({"value": True, "unit": "mg"}, "the dose has no number that can be read"),
            ({"value": float("nan"), "unit": "mg"}, "the dose has no number that can be read"),
            ({"value": Decimal("1e400"), "unit": "mg"}, "the dose has no number that can be read"),
            ({"value": "50", "unit": "mg"}, "the dose has no number that can be read"),
            ({"unit": "mg"}, "the dose has no number that can be read"),
            (
                {"value": 5, "unit": "mg", "comparator": "ad"},
                "the dose has a comparator that does not limit it",
            ),
            (
                {"low": {"value": 2, "unit": "mg"}, "high": {"value": 1, "unit": "mg"}},
                "the dose is a range whose ends do not fit together",
            ),
            (
                {"numerator": {"value": 1, "unit": "mg"}, "denominator": {"value": 0, "unit": "mL"}},
                "the dose is a ratio to nothing",
            ),
            ({"denominator": {"value": 1, "unit": "mL"}}, "the dose has no numerator"),
            ("50 mg", "the dose cannot be read"),
            ([{"value": 1, "unit": "mg"}, {"value": 2, "unit": "mg"}], "the dose cannot be read"),
        ],
    )
    def test_that_cannot_be_read_say_why(self, value, problem):
        problems: list[str] = []
        assert elements.quantity(value, "the dose", problems) is None
        assert problems == [problem]

    def test_milligrams_beside_a_code_for_micrograms_are_not_guessed_at(self):
        """DO-06: a mg written for a ug is a thousandfold overdose."""
        problems: list[str] = []
        assert (
            elements.quantity({"value": 50, "unit": "mg", "system": UCUM, "code": "ug"}, "the dose", problems)
            is None
        )
        assert problems == ["the dose has a unit text that contradicts its unit code"]

    @pytest.mark.parametrize("value", [None, {}])
    def test_that_are_absent_are_no_problem(self, value):
        problems: list[str] = []
        assert elements.quantity(value, "the dose", problems) is None
        assert problems == []

    def test_three_thirds_are_one(self):
        ratio = {"numerator": {"value": 3, "unit": "mg"}, "denominator": {"value": 3, "unit": "mL"}}
        assert elements.quantity(ratio, "", []) == exactly("1", "mg/mL")

    def test_an_amount_with_a_comparator_is_not_one_value(self):
        problems: list[str] = []
        assert elements.amount({"value": 5, "unit": "mg", "comparator": ">"}, "the dose", problems) is None
        assert problems == ["the dose is stated only as a limit"]


class TestDates:
    def test_a_period_runs_from_its_start_to_the_last_moment_of_its_end(self):
        interval = elements.date_interval({"start": "2024-02", "end": "2024-03"})
        assert interval is not None
        assert (interval.earliest.isoformat()[:10], interval.latest.isoformat()[:10]) == (
            "2024-02-01",
            "2024-03-31",
        )

    @pytest.mark.parametrize(
        "value", ["2024-02-30", "yesterday", 2024, True, {}, [], {"start": "2024", "end": "2023"}]
    )
    def test_what_is_no_date_is_none(self, value):
        assert elements.date_interval(value) is None

    def test_the_ends_of_a_period_that_ends_before_it_starts_are_not_believed(self):
        assert elements.period_ends({"start": "2024", "end": "2023"}) == (None, None)


class TestLists:
    def test_one_object_where_an_array_belongs_is_its_only_element(self):
        assert elements.as_list({"a": 1}) == [{"a": 1}]
        assert elements.as_list([None, 1]) == [1]
        assert elements.as_list(None) == []

    def test_only_objects_are_nodes(self):
        assert elements.nodes([{"a": 1}, "b", None, 3]) == [{"a": 1}]

    def test_booleans_may_be_text(self):
        assert [elements.boolean(value) for value in (True, "false", "yes", 1, None)] == [
            True,
            False,
            None,
            None,
            None,
        ]

    def test_whole_numbers(self):
        assert [elements.whole(value) for value in (2, 2.0, 2.5, "3", True, None)] == [
            2,
            2,
            None,
            None,
            None,
            None,
        ]


READERS = [
    elements.node,
    elements.as_list,
    elements.nodes,
    elements.text,
    elements.code,
    elements.boolean,
    elements.whole,
    elements.coding,
    elements.codeable_concept,
    elements.codeable_concepts,
    elements.reference,
    elements.reference_to,
    elements.date_interval,
    elements.period,
    elements.period_ends,
]


@untimed
@given(json_values)
def test_no_json_value_makes_a_reader_raise(value):
    for reader in READERS:
        reader(value)
    for quantity_reader in (elements.quantity, elements.amount, elements.ratio):
        problems: list[str] = []
        found = quantity_reader(value, "it", problems)
        assert found is None or not problems


def test_no_depth_of_nesting_makes_a_reader_raise():
    deep: dict[str, object] = {"value": 1, "unit": "mg"}
    for _ in range(5000):
        deep = {"numerator": deep, "low": deep, "concept": deep, "reference": deep, "start": deep}
    for reader in READERS:
        reader(deep)
    assert elements.quantity(deep, "the dose", []) is None
