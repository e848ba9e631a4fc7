"""Quantities with units: reading them, converting them, comparing them; the only owner of pint and ucumvert.

Units are UCUM codes. Conversion is done in exact fractions, so that no rounding can carry a value over a
threshold; only what cannot be written as a decimal (1 mg/dL of creatinine in umol/L) is rounded, to 34
digits, when it is handed out.

By UCUM's arithmetic annotations in braces and arbitrary units count as the number one, so that ``{pill}``,
``[IU]`` and ``%`` would convert into each other, and HbA1c in mmol/mol into per cent. A rule must not: here
each of these is a kind of its own, and conversion between kinds is a :class:`~engine.errors.UnitError`. So is
``mL/min`` against ``mL/min/{1.73_m2}``, which only a caller who knows the body surface can relate, and
equivalents against moles.

    >>> convert(Quantity.parse("100 umol/L"), "mg/dL", substance="creatinine").value
    Decimal('1.1312')
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal, TypeVar

from engine.errors import QuantityError, UnitError
from engine.unit_spelling import annotates_a_unit, as_meant, ucum_spelling

Comparison = Literal["below", "at_or_below", "above", "at_or_above", "between"]

# Grams per mole, by the name a concept gives its substance. Creatinine, C4H7N3O: PubChem CID 588.
MOLAR_MASS: Final = {"creatinine": Fraction("113.12")}

_UCUM_SYSTEMS = frozenset(
    {
        "http://unitsofmeasure.org",
        "https://unitsofmeasure.org",
        "https://ucum.org",
        "urn:oid:2.16.840.1.113883.6.8",
    }
)
_NUMBER = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?"
_NUMBER_AND_UNIT = re.compile(rf"({_NUMBER})\s*((?:[^\s0-9.,]|10[*^]).*)")
_ROUNDING = Context(prec=34)


def read_value(value: object) -> Decimal | None:
    """Return a record's number as an exact decimal, or None when it is none, not finite or of absurd size."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int) and value.bit_length() > 128:
        return None
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    return number if _usable(number) else None


def _usable(number: Decimal) -> bool:
    if not number.is_finite():
        return False
    smallest = -30 if number else -80
    if not smallest <= number.adjusted() <= 30:
        return False
    # Taking a number apart to count its digits is slow, and the usual one is short as a text.
    return len(str(number)) <= 40 or len(number.as_tuple().digits) <= 40


@dataclass(frozen=True, slots=True)
class Quantity:
    """A finite number in a UCUM unit.

    Raises:
        QuantityError: the number is not finite, or not between 1e-30 and 1e31 in size. What builds quantities
            from a record asks :func:`read_value` first.
    """

    value: Decimal
    unit: str

    def __post_init__(self) -> None:
        """Refuse numbers that would make arithmetic slow or meaningless."""
        if not _usable(self.value):
            raise QuantityError("a quantity is a finite number of ordinary size")

    @classmethod
    def parse(cls, text: str) -> Quantity:
        """Read what the author of a rule wrote: ``60 mL/min/1.73m2``, ``50 mcg``, ``4 years``, ``38.5 °C``.

        Raises:
            QuantityError: there is no number at the start, or it is not written with digits and a point.
            UnitError: the unit is missing or not understood.
        """
        match = _NUMBER_AND_UNIT.fullmatch(text.strip())
        if match is None:
            if re.fullmatch(_NUMBER, text.strip()):
                raise UnitError(f"'{text}' has no unit")
            raise QuantityError(f"'{text}' is not a number followed by a unit, such as '50 ug'")
        unit = read_unit(None, match[2], None)
        if unit is None:
            raise UnitError(f"the unit of '{text}' is not understood: write UCUM, such as mg/dL or ug/d")
        return cls(Decimal(match[1]), unit)

    def __str__(self) -> str:
        """Return the number without an exponent, then the unit's code."""
        return f"{self.value:f} {self.unit}"


@lru_cache(maxsize=2048)
def read_unit(code: str | None, unit: str | None, system: str | None) -> str | None:
    """Return the UCUM code of a FHIR Quantity's unit, or None when neither code nor text is understood.

    A ``code`` of the UCUM system counts as written. Where it is no valid UCUM (``mcg``), or no system is
    given, usual spellings are tried; a code of another system (SNOMED CT, forms of orders) says nothing
    here. Last comes the ``unit`` text, which FHIR means for people.
    """
    readings: list[str] = []
    if code and system and system.rstrip("/") in _UCUM_SYSTEMS:
        readings += [as_meant(code), ucum_spelling(code)]
    elif code and not system:
        readings.append(ucum_spelling(code))
    if unit:
        readings.append(ucum_spelling(unit))
    understood = (each for each in readings if not annotates_a_unit(each) and _resolve(each) is not None)
    return next(understood, None)


def convert(quantity: Quantity, to_unit: str, substance: str | None = None) -> Quantity:
    """Return the quantity in another unit, exact wherever a decimal can be.

    ``substance`` (a key of :data:`MOLAR_MASS`) allows mass against moles.

    Raises:
        UnitError: the units do not measure the same thing, or one is not understood. The message names only
            ``to_unit``, which is a rule's, never the record's.
        QuantityError: the converted number is of absurd size.
    """
    if quantity.unit == to_unit:
        return quantity
    value = _conversion(quantity.unit, to_unit, substance)(quantity.value)
    return Quantity(_ROUNDING.divide(Decimal(value.numerator), Decimal(value.denominator)), to_unit)


def compare(a: Quantity, b: Quantity, substance: str | None = None) -> int:
    """Return -1, 0 or 1 as ``a`` is less than, equal to or greater than ``b``, exactly.

    Raises:
        UnitError: the units do not measure the same thing, or one is not understood.
    """
    left, right = _conversion(a.unit, b.unit, substance)(a.value), Fraction(b.value)
    return (left > right) - (left < right)


N = TypeVar("N", Decimal, Fraction)


@dataclass(frozen=True, slots=True)
class QuantityInterval:
    """What a record says of an amount: somewhere between two ends, either of which may be open (None).

    An exact value is the interval from itself to itself. ``<5`` has no lower end: not every unit starts at
    zero.
    """

    low: Decimal | None
    low_inclusive: bool
    high: Decimal | None
    high_inclusive: bool
    unit: str

    @classmethod
    def exactly(cls, quantity: Quantity) -> QuantityInterval:
        """Return the interval that holds one value."""
        return cls(quantity.value, True, quantity.value, True, quantity.unit)

    @classmethod
    def from_comparator(cls, quantity: Quantity, comparator: str | None) -> QuantityInterval:
        """Return the interval of a FHIR Quantity with its comparator (``<``, ``<=``, ``>=``, ``>``, ``ad``).

        ``ad`` (sufficient to achieve the value) and any unknown comparator say nothing of the amount: both
        ends are open.
        """
        value, unit = quantity.value, quantity.unit
        match comparator:
            case None:
                return cls.exactly(quantity)
            case "<" | "<=":
                return cls(None, False, value, comparator == "<=", unit)
            case ">" | ">=":
                return cls(value, comparator == ">=", None, False, unit)
            case _:
                return cls(None, False, None, False, unit)

    @classmethod
    def from_range(cls, low: Quantity | None, high: Quantity | None) -> QuantityInterval | None:
        """Return the interval of a FHIR Range (both ends included), in the unit of its lower end.

        None when there are no ends, or when they contradict each other.
        """
        if low is None:
            return None if high is None else cls(None, False, high.value, True, high.unit)
        if high is None:
            return cls(low.value, True, None, False, low.unit)
        try:
            end = convert(high, low.unit).value
        except UnitError:
            return None
        return cls(low.value, True, end, True, low.unit) if low.value <= end else None

    @property
    def exact(self) -> Quantity | None:
        """The value, when the interval holds only one."""
        return Quantity(self.low, self.unit) if self.low is not None and self.low == self.high else None

    def relation_to(
        self, threshold: Quantity, op: Comparison, upper: Quantity | None = None, substance: str | None = None
    ) -> bool | None:
        """Say whether the amount is ``op`` the threshold; None when the interval lies on both sides of it.

        ``between`` needs ``upper`` and includes both its ends.

        Raises:
            UnitError: the units do not measure the same thing; the caller makes that an unknown with its
                reason. QuantityError: ``between`` without ``upper``.
        """
        match op:
            case "below":
                return self._under(threshold, False, substance)
            case "at_or_below":
                return self._under(threshold, True, substance)
            case "above":
                return _negated(self._under(threshold, True, substance))
            case "at_or_above":
                return _negated(self._under(threshold, False, substance))
        if upper is None:
            raise QuantityError("'between' needs two quantities")
        answers = {_negated(self._under(threshold, False, substance)), self._under(upper, True, substance)}
        return False if False in answers else None if None in answers else True

    def converted(self, unit: str, substance: str | None = None) -> QuantityInterval:
        """The interval in another unit; UnitError when the units do not measure the same thing."""
        ends = (None if end is None else Quantity(end, self.unit) for end in (self.low, self.high))
        low, high = (None if end is None else convert(end, unit, substance).value for end in ends)
        return QuantityInterval(low, self.low_inclusive, high, self.high_inclusive, unit)

    def _under(self, threshold: Quantity, or_equal: bool, substance: str | None) -> bool | None:
        if self.unit == threshold.unit:  # fractions are slow, and decimals compare as exactly
            return self._beside(self.low, self.high, threshold.value, or_equal)
        in_its_unit = _conversion(self.unit, threshold.unit, substance)
        low, high = (None if end is None else in_its_unit(end) for end in (self.low, self.high))
        return self._beside(low, high, Fraction(threshold.value), or_equal)

    def _beside(self, low: N | None, high: N | None, limit: N, or_equal: bool) -> bool | None:
        """Whether an interval with these ends lies under a limit; None when it lies on both sides."""
        if high is not None and (high < limit or (high == limit and (or_equal or not self.high_inclusive))):
            return True
        if low is not None and (low > limit or (low == limit and not (or_equal and self.low_inclusive))):
            return False
        return None


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


@dataclass(frozen=True, slots=True)
class _Conversion:
    """``factor * value + offset``; the offset is for temperatures."""

    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)

    def __call__(self, value: Decimal) -> Fraction:
        return self.factor * Fraction(value) + self.offset


@lru_cache(maxsize=2048)
def _conversion(from_unit: str, to_unit: str, substance: str | None) -> _Conversion:
    # Cached, since pint takes milliseconds and one request asks hundreds of times.
    if from_unit == to_unit:
        return _Conversion()
    source, target = _resolve(from_unit), _resolve(to_unit)
    if source is None or target is None or source.kinds != target.kinds:
        raise UnitError(f"the unit cannot be converted to {to_unit}")
    per_unit = [_ucum().quantity(1)]
    if substance in MOLAR_MASS:
        mole = _ucum().quantity(MOLAR_MASS[substance], "g/mol")
        per_unit += [mole, 1 / mole]
    for scale in per_unit:
        if source.amount.dimensionality * scale.dimensionality == target.amount.dimensionality:
            zero, one = (_measured(source.amount, number, scale, target.amount) for number in (0, 1))
            return _Conversion(one - zero, zero)
    raise UnitError(f"the unit cannot be converted to {to_unit}")


def _measured(source: Any, number: int, scale: Any, target: Any) -> Fraction:
    amount = _ucum().quantity(Fraction(number) * Fraction(source.magnitude), source.units)
    if not scale.dimensionless:
        amount = amount * scale
    return Fraction(amount.to(target.units).magnitude) / Fraction(target.magnitude)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit as pint understands it, and the kinds it counts, which pint would take for the number one."""

    amount: Any
    kinds: frozenset[tuple[Hashable, int]]


_ANNOTATION = re.compile(r"\{[^{}]*\}")
_PART = re.compile(r"([./]?)((?:\[[^\[\]]*\]|[^./{}\[\]])+(?:\{[^{}]*\})?|\{[^{}]*\})")
_WITHOUT_PREFIX = re.compile(r"^[^\[]*(?=\[)")
_PLAIN_NUMBER = re.compile(r"[0-9]+|10[*^][+-]?[0-9]+")
# Brackets, long numbers and towering exponents make arithmetic endless; levels (bel of something) are not
# proportional; ug/12.h is ug.h/12 to UCUM, and to nobody else.
_NOT_FOR_US = re.compile(r"[()]|[0-9]{4}|B\[|/[0-9]+\.?[A-Za-z]")
# Annotations that only say what is counted: {beats}/min is /min, {cells}/uL is /uL.
_COUNTED = frozenset({"{#}", "{beat}", "{beats}", "{breath}", "{breaths}", "{cell}", "{cells}", "{count}"})


@lru_cache(maxsize=2048)
def _resolve(code: str) -> _Unit | None:
    """Return what a UCUM code means, or None when it means nothing."""
    if len(code) > 60 or _NOT_FOR_US.search(_ANNOTATION.sub("", code)):
        return None
    try:
        amount = _amount(code)
    except _ucum().invalid:
        return None
    return _Unit(amount, _kinds(code, amount))


def _kinds(code: str, amount: Any) -> frozenset[tuple[Hashable, int]]:
    kinds: Counter[Hashable] = Counter()
    measures: list[Hashable] = []
    for sign, part in _PART.findall(code):
        bare = _ANNOTATION.sub("", part)
        dimension = frozenset(_amount(bare).dimensionality.items()) if bare else frozenset()
        if dimension:
            measures.append(dimension)
        if not bare or _PLAIN_NUMBER.fullmatch(bare):
            kind = part.removeprefix(bare)
        elif bare.endswith("eq"):
            kind = "eq"
        elif dimension:
            kind = ""
        else:
            kind = _WITHOUT_PREFIX.sub("", bare).lower()
        if kind and kind not in _COUNTED:
            kinds[kind] += -1 if sign == "/" else 1
    if measures and amount.dimensionless:
        # A ratio remembers of what it is one: mmol/mol is not mg/g.
        kinds[measures[0]] += 1
    return frozenset((kind, power) for kind, power in kinds.items() if power)


def _amount(code: str) -> Any:
    """Return one of a unit as a pint quantity; what is no UCUM raises ``_ucum().invalid``."""
    amount = _ucum().read(code)
    # An annotation alone comes back as the bare token.
    return _ucum().quantity(1) if isinstance(amount, str) else amount


@dataclass(frozen=True, slots=True)
class _Ucum:
    """What this module uses of its two libraries: a reader of UCUM codes, a maker of quantities."""

    read: Callable[[str], Any]
    quantity: Callable[..., Any]
    invalid: type[Exception]


_LOADING = Lock()


def _ucum() -> _Ucum:
    with _LOADING:
        return _load()


@cache
def _load() -> _Ucum:
    # Imported at first use: together they take most of a second, and many commands never meet a unit.
    import pint
    import ucumvert  # type: ignore[import-untyped] # ships no types
    from lark.exceptions import LarkError

    # ucumvert's own registry works in floats and reads units into pint's global registry; this one does
    # neither.
    registry: Any = pint.UnitRegistry(non_int_type=Fraction)
    registry.load_definitions(Path(ucumvert.__file__).with_name("pint_ucum_defs.txt"))
    parser, transformer = ucumvert.get_ucum_parser(), ucumvert.UcumToPintTransformer(ureg=registry)

    def read(code: str) -> Any:
        return transformer.transform(ucumvert.parse_ucum(code, parser))

    return _Ucum(read, registry.Quantity, LarkError)
