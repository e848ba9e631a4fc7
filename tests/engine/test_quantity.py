"""Quantities: what authors and records write, what converts into what, and what must not."""

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import QuantityError, UnitError
from engine.quantity import (
    Comparison,
    Quantity,
    QuantityInterval,
    compare,
    convert,
    read_unit,
    read_value,
)

UCUM = "http://unitsofmeasure.org"
# The first unit loads the unit libraries, which takes longer than Hypothesis allows one example.
untimed = settings(deadline=None)
OPS: list[Comparison] = ["below", "at_or_below", "above", "at_or_above"]

sizes = st.decimals(min_value="0.001", max_value="100000", places=3)


def of(text: str) -> Quantity:
    return Quantity.parse(text)


class TestWhatAuthorsWrite:
    @pytest.mark.parametrize(
        ("text", "value", "unit"),
        [
            ("60 mL/min/1.73m2", "60", "mL/min/{1.73_m2}"),
            ("60 mL/min/1.73m²", "60", "mL/min/{1.73_m2}"),
            ("60 ml/min/1.73 m^2", "60", "mL/min/{1.73_m2}"),
            ("60 mL/min/{1.73_m2}", "60", "mL/min/{1.73_m2}"),
            ("60 mL/min per 1.73 m²", "60", "mL/min/{1.73_m2}"),
            ("60 mL/min/(173.10*-2.m2)", "60", "mL/min/{1.73_m2}"),
            ("60 mL/min", "60", "mL/min"),
            ("50 mcg", "50", "ug"),
            ("50 ug", "50", "ug"),
            ("50 \N{MICRO SIGN}g", "50", "ug"),
            ("50 \N{GREEK SMALL LETTER MU}g", "50", "ug"),
            ("1 microgram", "1", "ug"),
            ("100 micrograms/day", "100", "ug/d"),
            ("0.5 mg/mL", "0.5", "mg/mL"),
            ("2 mIU/mL", "2", "m[IU]/mL"),
            ("100 \N{MICRO SIGN}mol/L", "100", "umol/L"),
            ("100/min", "100", "/min"),
            ("100 beats/min", "100", "/min"),
            ("100 bpm", "100", "/min"),
            ("90 mmHg", "90", "mm[Hg]"),
            ("90 mm[Hg]", "90", "mm[Hg]"),
            ("38.5 °C", "38.5", "Cel"),
            ("38.5 Cel", "38.5", "Cel"),
            ("-2 Cel", "-2", "Cel"),
            ("45 %", "45", "%"),
            ("4 years", "4", "a"),
            ("4 a", "4", "a"),
            ("18 months", "18", "mo"),
            ("6 weeks", "6", "wk"),
            ("1 day", "1", "d"),
            ("24 hours", "24", "h"),
            ("30 minutes", "30", "min"),
            ("150 10*3/uL", "150", "10*3/uL"),
            ("150 x10^3/\N{MICRO SIGN}L", "150", "10*3/uL"),
        ],
    )
    def test_their_spellings_become_ucum(self, text, value, unit):
        assert of(text) == Quantity(Decimal(value), unit)

    @pytest.mark.parametrize("text", ["60", "12.5"])
    def test_a_number_without_a_unit_is_refused(self, text):
        with pytest.raises(UnitError, match="has no unit"):
            of(text)

    @pytest.mark.parametrize("text", ["50 parsnips", "1e9 mg", "5 beats", "3 units", "5 mg per"])
    def test_a_unit_nobody_understands_is_refused(self, text):
        with pytest.raises(UnitError, match="is not understood"):
            of(text)

    @pytest.mark.parametrize(
        "text", ["", "mg", "1,000 mg", "1.5.2 mg", "12 2", "NaN mg", "9999999999999999 mg", "\u0665 mg"]
    )
    def test_a_number_that_can_be_misread_is_refused(self, text):
        with pytest.raises(QuantityError, match="is not a number followed by a unit"):
            of(text)

    def test_it_is_written_back_without_an_exponent(self):
        assert str(Quantity(Decimal("1E+3"), "ug/d")) == "1000 ug/d"


class TestWhatRecordsWrite:
    @pytest.mark.parametrize(
        ("code", "unit", "system", "ucum"),
        [
            ("mg/dL", "milligrams per decilitre", UCUM, "mg/dL"),
            ("mg/dL", "ng/mL", UCUM, "mg/dL"),
            ("mL/min/{1.73m2}", None, UCUM, "mL/min/{1.73_m2}"),
            ("MG", None, UCUM, "MG"),
            ("mcg", "mcg", UCUM, "ug"),
            ("days", None, UCUM + "/", "d"),
            ("TAB", "mg", UCUM, "mg"),
            ("mg", None, None, "mg"),
            (None, "MG", None, "mg"),
            (None, "mg/dl", None, "mg/dL"),
            (None, "umol/l", "", "umol/L"),
            (None, "degrees C", None, "Cel"),
            (None, "mL/min/1.73 m2", None, "mL/min/{1.73_m2}"),
            ("258813002", "mmol/L", "http://snomed.info/sct", "mmol/L"),
            ("K/uL", "K/uL", "http://example.org/units", "10*3/uL"),
        ],
    )
    def test_the_ucum_code_counts_and_otherwise_the_text(self, code, unit, system, ucum):
        assert read_unit(code, unit, system) == ucum

    @pytest.mark.parametrize(
        ("code", "unit", "system"),
        [
            (None, None, None),
            ("", "", ""),
            ("mg", None, "http://example.org/units"),
            ("TAB", "TAB", "http://example.org/forms"),
            (None, "two tablets", None),
            ("mg" * 40, None, UCUM),
            ("(((((m", None, UCUM),
            ("km99999999", None, UCUM),
            ("10*999999999", None, UCUM),
            ("B[V]", None, UCUM),
            ("{a b}", None, UCUM),
            ("{ug}", "{mcg}", UCUM),
        ],
    )
    def test_what_is_no_unit_is_none(self, code, unit, system):
        assert read_unit(code, unit, system) is None

    @untimed
    @given(st.text(max_size=70), st.sampled_from([UCUM, None]))
    def test_no_text_makes_reading_fail(self, text, system):
        assert isinstance(read_unit(text, None, system), str | None)

    @pytest.mark.parametrize(
        ("value", "number"),
        [(5, "5"), (0.1, "0.1"), (Decimal("1.10"), "1.10"), (1e-7, "1E-7"), (0, "0"), (-3, "-3")],
    )
    def test_a_number_is_taken_as_it_was_written(self, value, number):
        assert read_value(value) == Decimal(number)

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            "5",
            [5],
            float("nan"),
            float("inf"),
            1e300,
            10**5000,
            Decimal("NaN"),
            Decimal("sNaN"),
            Decimal("-Infinity"),
            Decimal("1e999999999"),
            Decimal("1e-999999999"),
            Decimal("0e999999999"),
            Decimal("1." + "1" * 100),
        ],
        ids=lambda value: str(value)[:20] if not isinstance(value, int) else "int",
    )
    def test_what_is_no_usable_number_is_none_at_once(self, value):
        assert read_value(value) is None

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999999999", "1e-999999999"])
    def test_a_quantity_cannot_be_made_of_it(self, number):
        with pytest.raises(QuantityError, match="finite number of ordinary size"):
            Quantity(Decimal(number), "mg")


class TestConversion:
    @pytest.mark.parametrize(
        ("quantity", "unit", "value"),
        [
            ("1 mg/dL", "g/L", "0.01"),
            ("0.05 mg", "ug", "50"),
            ("2 mg/mL", "ug/mL", "2000"),
            ("98.6 °F", "Cel", "37"),
            ("37 Cel", "[degF]", "98.6"),
            ("-40 Cel", "[degF]", "-40"),
            ("1 a", "mo", "12"),
            ("1 mo", "d", "30.4375"),
            ("150 10*3/uL", "10*9/L", "150"),
            ("5 mIU/mL", "[IU]/L", "5"),
            ("5 [iU]/L", "[IU]/L", "5"),
            ("3 {cells}/uL", "/uL", "3"),
            ("30 mg/g", "ug/mg", "30"),
            ("90 mg{creat}/dL", "mg/dL", "90"),
            ("1 /100{WBC}", "/{WBC}", "0.01"),
            ("154 [lb_av]", "kg", "69.85322498"),
            ("7 {score}", "{score}", "7"),
        ],
    )
    def test_it_is_exact(self, quantity, unit, value):
        assert convert(of(quantity), unit) == Quantity(Decimal(value), unit)

    def test_creatinine_converts_between_mass_and_moles_by_its_molar_mass(self):
        """113.12 g/mol, hence the familiar 88.4 umol/L to 1 mg/dL."""
        assert convert(of("100 umol/L"), "mg/dL", substance="creatinine").value == Decimal("1.1312")
        assert round(convert(of("1 mg/dL"), "umol/L", substance="creatinine").value, 1) == Decimal("88.4")

    @pytest.mark.parametrize("substance", [None, "urea"])
    def test_no_other_substance_does(self, substance):
        with pytest.raises(UnitError):
            convert(of("100 umol/L"), "mg/dL", substance=substance)

    @pytest.mark.parametrize(
        ("quantity", "unit"),
        [
            ("1 {pill}", "mg"),
            ("1 {pill}", "{tablet}"),
            ("1 {pill}/d", "/d"),
            ("60 mL/min", "mL/min/{1.73_m2}"),
            ("48 mmol/mol", "%"),
            ("48 mmol/mol", "mg/g"),
            ("0.45 L/L", "%"),
            ("5 [IU]", "U"),
            ("5 [IU]", "%"),
            ("5 [IU]/L", "/L"),
            ("4 meq/L", "mmol/L"),
            ("1 mg", "mL"),
            ("1 deg", "rad"),
            ("1 mg", "parsnip"),
        ],
    )
    def test_what_only_arithmetic_makes_equal_does_not_convert(self, quantity, unit):
        with pytest.raises(UnitError):
            convert(of(quantity), unit)

    def test_a_unit_of_the_record_stays_out_of_the_message(self):
        with pytest.raises(UnitError) as caught:
            convert(Quantity(Decimal(1), "{Mrs-Example}"), "mg")
        assert "Example" not in str(caught.value)

    def test_a_result_of_absurd_size_is_refused(self):
        with pytest.raises(QuantityError, match="ordinary size"):
            convert(Quantity(Decimal("1e30"), "kg"), "pg")

    def test_the_unit_libraries_are_loaded_for_the_first_unit_and_not_with_the_engine(self):
        script = "import sys, engine.evaluation, engine.authoring.loading; assert not {'pint', 'ucumvert', 'lark'} & set(sys.modules)"
        subprocess.run([sys.executable, "-c", script], check=True)

    @untimed
    @given(
        sizes,
        st.sampled_from(
            [("mg/dL", "g/L"), ("Cel", "[degF]"), ("mm[Hg]", "kPa"), ("mg/dL", "umol/L"), ("a", "wk")]
        ),
    )
    def test_there_and_back_is_where_it_was(self, size, units):
        here, there = units
        back = convert(convert(Quantity(size, here), there, "creatinine"), here, "creatinine")
        assert abs(back.value - size) <= abs(size) * Decimal("1e-30")


class TestComparison:
    @pytest.mark.parametrize(
        ("a", "b", "sign"),
        [
            ("50 ug", "0.05 mg", 0),
            ("51 ug", "0.05 mg", 1),
            ("49 ug", "0.05 mg", -1),
            ("100.4 °F", "38 Cel", 0),
            ("3 wk", "21 d", 0),
        ],
    )
    def test_quantities_compare_across_units(self, a, b, sign):
        assert compare(of(a), of(b)) == sign

    def test_no_rounding_carries_a_value_over_a_threshold(self):
        """One third of a unit has no decimal; compared as a fraction, equal stays equal."""
        assert compare(of("1 U/L"), of("1 umol/min/L")) == 0
        assert compare(of("100 umol/L"), of("1.1312 mg/dL"), substance="creatinine") == 0
        assert compare(of("1.1312 mg/dL"), of("100 umol/L"), substance="creatinine") == 0

    def test_what_does_not_convert_does_not_compare(self):
        with pytest.raises(UnitError):
            compare(of("1 mg"), of("1 mL"))

    @untimed
    @given(sizes, sizes)
    def test_the_order_is_the_same_in_every_unit(self, a, b):
        in_mg = (a > b) - (a < b)
        assert compare(Quantity(a, "mg/dL"), Quantity(b, "mg/dL")) == in_mg
        left = convert(Quantity(a, "mg/dL"), "umol/L", "creatinine")
        right = convert(Quantity(b, "mg/dL"), "umol/L", "creatinine")
        assert compare(left, right) == in_mg
        assert compare(Quantity(a, "mg"), Quantity(b * 1000, "ug")) == in_mg


class TestIntervals:
    @pytest.mark.parametrize(
        ("comparator", "value", "op", "threshold", "answer"),
        [
            (None, "59 mg", "below", "60 mg", True),
            (None, "60 mg", "below", "60 mg", False),
            (None, "60 mg", "at_or_below", "60 mg", True),
            (None, "60 mg", "above", "60 mg", False),
            (None, "60 mg", "at_or_above", "60 mg", True),
            (">", "60 mg", "below", "60 mg", False),
            (">", "60 mg", "at_or_below", "60 mg", False),
            (">", "60 mg", "above", "60 mg", True),
            (">", "60 mg", "above", "90 mg", None),
            (">=", "60 mg", "above", "60 mg", None),
            (">=", "60 mg", "at_or_above", "60 mg", True),
            ("<", "60 mg", "below", "30 mg", None),
            ("<", "60 mg", "below", "60 mg", True),
            ("<=", "60 mg", "below", "60 mg", None),
            ("<=", "60 mg", "at_or_below", "60 mg", True),
            ("<", "60 mg", "at_or_above", "60 mg", False),
            ("ad", "60 mg", "below", "60 mg", None),
            ("about", "60 mg", "above", "1 mg", None),
            (None, "0.05 g", "below", "60 mg", True),
        ],
    )
    def test_a_comparator_decides_or_leaves_open(self, comparator, value, op, threshold, answer):
        interval = QuantityInterval.from_comparator(of(value), comparator)
        assert interval.relation_to(of(threshold), op) is answer

    @pytest.mark.parametrize(
        ("low", "high", "answer"),
        [
            ("20 mg", "30 mg", True),
            ("25 mg", "27 mg", True),
            ("19 mg", "21 mg", None),
            ("29 mg", "31 mg", None),
            ("10 mg", "40 mg", None),
            ("10 mg", "19 mg", False),
            ("31 mg", "40 mg", False),
            ("0.02 g", "30000 ug", True),
        ],
    )
    def test_a_range_is_between_when_all_of_it_is(self, low, high, answer):
        interval = QuantityInterval.from_range(of(low), of(high))
        assert interval is not None
        assert interval.relation_to(of("20 mg"), "between", of("30 mg")) is answer

    def test_a_range_may_lack_an_end(self):
        assert QuantityInterval.from_range(of("5 mg"), None) == QuantityInterval.from_comparator(
            of("5 mg"), ">="
        )
        assert QuantityInterval.from_range(None, of("5 mg")) == QuantityInterval.from_comparator(
            of("5 mg"), "<="
        )

    @pytest.mark.parametrize(
        ("low", "high"), [(None, None), (of("5 mg"), of("4 mg")), (of("5 mg"), of("6 mL"))], ids=str
    )
    def test_a_range_that_contradicts_itself_is_none(self, low, high):
        assert QuantityInterval.from_range(low, high) is None

    def test_between_needs_both_thresholds(self):
        with pytest.raises(QuantityError, match="two quantities"):
            QuantityInterval.exactly(of("5 mg")).relation_to(of("1 mg"), "between")

    def test_a_threshold_of_another_kind_is_a_unit_error(self):
        with pytest.raises(UnitError):
            QuantityInterval.exactly(of("5 mg")).relation_to(of("1 mL"), "below")

    def test_creatinine_in_moles_meets_a_threshold_in_mass(self):
        measured = QuantityInterval.exactly(of("100 umol/L"))
        assert measured.relation_to(of("1.1312 mg/dL"), "at_or_above", substance="creatinine") is True
        assert measured.relation_to(of("1.1313 mg/dL"), "at_or_above", substance="creatinine") is False

    def test_only_an_interval_of_one_value_is_exact(self):
        assert QuantityInterval.exactly(of("5 mg")).exact == of("5 mg")
        assert QuantityInterval.from_comparator(of("5 mg"), "<").exact is None
        assert QuantityInterval.from_range(of("5 mg"), of("6 mg")).exact is None  # type: ignore[union-attr]

    @untimed
    @given(sizes, sizes, sizes, sizes, sizes, st.sampled_from(OPS))
    def test_an_interval_never_contradicts_a_value_inside_it(self, a, b, c, threshold, upper, op):
        low, inside, high = sorted([a, b, c])
        interval = QuantityInterval(low, True, high, True, "mg")
        value = QuantityInterval.exactly(Quantity(inside, "mg"))
        limit, top = Quantity(threshold, "mg"), Quantity(upper, "mg")
        assert interval.relation_to(limit, op) in (value.relation_to(limit, op), None)
        assert interval.relation_to(limit, "between", top) in (value.relation_to(limit, "between", top), None)

    @untimed
    @given(sizes, sizes, sizes)
    def test_what_is_below_a_threshold_is_below_every_greater_one(self, size, threshold, more):
        interval = QuantityInterval.exactly(Quantity(size, "mg"))
        if interval.relation_to(Quantity(threshold, "mg"), "below"):
            assert interval.relation_to(Quantity(threshold + more, "mg"), "below") is True
