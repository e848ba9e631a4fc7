"""Lenient readers of FHIR elements in raw JSON, for STU3, R4, R4B and R5 at once.

None of them raises, whatever JSON it is given: an element that is not what FHIR says reads as absent, and
where that matters the reader says why in ``problems`` (in words, without values of the patient). Strict
models are of no use here: they reject half of the requests that real clients send, and with one bad entry
its whole Bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Literal
from unicodedata import normalize

from engine.concepts import UNREAD, CodedText, Coding
from engine.dates import DateInterval
from engine.errors import UnitError
from engine.quantity import Quantity, QuantityInterval, convert, read_unit, read_value

Json = Mapping[str, Any]
Problems = list[str]

NOTHING: Final[Json] = {}
NO_CODE: Final = CodedText()

_ANYTHING: Final = CodedText((UNREAD,))

_UCUM: Final = "http://unitsofmeasure.org"
_DIGITS: Final = Context(prec=34)
_PER_ONE: Final = "has no number below the line, which counts as 1"
_LONGEST_DATE: Final = 64
_LONGEST_UNIT: Final = 200
_LONGEST_TEXT: Final = 4000


def node(value: object) -> Json:
    """The value as a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else NOTHING


def as_list(value: object) -> list[Any]:
    """The value as a list without nulls; whatever stands where an array belongs counts as its one element."""
    if isinstance(value, list):
        return [entry for entry in value if entry is not None]
    return [] if value is None else [value]


def nodes(value: object) -> list[Json]:
    """The JSON objects of a list, or the one that stands where a list belongs."""
    return [entry for entry in as_list(value) if isinstance(entry, dict)]


def text(value: object) -> str:
    """The value as stripped text; empty for anything but text."""
    return value[:_LONGEST_TEXT].strip() if isinstance(value, str) else ""


def code(value: object) -> str:
    """A code; a whole number counts too, because some clients send RxNorm and SNOMED CT codes as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else ""
    return text(value)


def boolean(value: object) -> bool | None:
    """A boolean, also one written as text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def whole(value: object) -> int | None:
    """A whole number."""
    found = read_value(value)
    return int(found) if found is not None and found == found.to_integral_value() else None


def coding(value: object) -> Coding | None:
    """A Coding, its system as written (:mod:`engine.concepts` knows the aliases); None without a code."""
    if not isinstance(value, dict):
        return None
    found = code(value.get("code"))
    return Coding(text(value.get("system")), found, text(value.get("display"))) if _legible(found) else None


def unread(entry: object) -> bool:
    """Whether an entry of ``coding`` has a code or a system that cannot be read, or is no object; one without a code says no more."""
    return not isinstance(entry, dict) or bool(illegible(entry))


def illegible(entry: Json) -> list[str]:
    """Which of code and system of a Coding are there and cannot be read."""
    said, system = entry.get("code"), entry.get("system")
    found = ["code"] if said is not None and not _legible(code(said)) else []
    return found + (["system"] if system is not None and not _legible(text(system)) else [])


def _legible(code: str) -> bool:
    """Whether a code is one that can be looked up: no code system has characters that nobody sees, or that only look like others."""
    return code.isprintable() and code != "" and (code.isascii() or normalize("NFKC", code) == code)


def codeable_concept(value: object) -> CodedText:
    """A CodeableConcept; a bare Coding or text and the ``concept`` of an R5 CodeableReference count as one.

    The display of a coding without a code is kept as text, so that what was written still reaches a reader. Of several where
    FHIR has one nobody can say which is meant: they read as none.
    """
    if isinstance(value, CodedText):
        return value
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, str):
        return CodedText(text=text(value))
    if not isinstance(value, dict) or not value:
        return NO_CODE
    if "concept" in value and "coding" not in value:
        if isinstance(value["concept"], str):
            return CodedText(text=text(value["concept"]))
        value = node(value["concept"])
    raw = value.get("coding")
    if raw is None and "code" in value:
        raw = value
    entries = as_list(raw)
    codings = [found for found in map(coding, entries) if found]
    if codings and any(map(unread, entries)):
        codings.append(UNREAD)
    words = text(value.get("text"))
    if not words and not codings:
        words = next((display for entry in entries if (display := text(node(entry).get("display")))), "")
    return CodedText(tuple(codings), words)


def codeable_concepts(value: object) -> tuple[CodedText, ...]:
    """Every CodeableConcept of a list that says anything; one that is there and cannot be read may say anything at all."""
    if not value:
        return ()
    found = ((entry, codeable_concept(entry)) for entry in as_list(value))
    return tuple(
        concept if concept.codings or concept.text else _ANYTHING
        for entry, concept in found
        if concept.codings or concept.text or not _is_empty(entry)
    )


def as_one(concepts: Iterable[CodedText]) -> CodedText:
    """Several meanings of one thing as one: whatever any of them is, the thing is too."""
    found = tuple(concepts)
    codings = tuple(dict.fromkeys(coding for concept in found for coding in concept.codings))
    return CodedText(codings, next((concept.text for concept in found if concept.text), ""))


def _is_empty(concept: object) -> bool:
    """Whether a CodeableConcept is as good as left out: it has no members, or only an extension and what is empty."""
    if not isinstance(concept, dict):
        return not concept
    return not any(value for name, value in concept.items() if name not in ("id", "extension"))


def reference(value: object) -> str | None:
    """What a Reference points to, as written: ``Patient/1``, ``#a``, ``urn:uuid:…``, an absolute URL.

    The ``reference`` of an R5 CodeableReference is read too. None when it names nothing that can be
    followed, as a reference by identifier only.
    """
    for _ in range(2):
        if isinstance(value, dict):
            value = value.get("reference")
    return text(value) or None


def reference_to(resource: object) -> str:
    """What evidence and issues call a resource: ``MedicationRequest/12``, or the type alone without an id."""
    found = node(resource)
    kind = text(found.get("resourceType"))[:64] or "Resource"
    id_ = code(found.get("id"))[:150]
    return f"{kind}/{id_}" if id_ else kind


def date_interval(value: object) -> DateInterval | None:
    """A date, dateTime or instant of any precision, or a Period, as the moments it may mean."""
    if isinstance(value, dict):
        return period(value)
    return _date(value) if isinstance(value, str) and len(value) <= _LONGEST_DATE else None


@lru_cache(maxsize=4096)
def _date(written: str) -> DateInterval | None:
    """What was recorded at one visit has one date, so that most dates of a record are read more than once."""
    return DateInterval.parse(written.strip())


def period(value: object) -> DateInterval | None:
    """A Period as all from its start's first to its end's last moment; None when it ends before it starts."""
    return DateInterval.spanning(*period_ends(value))


def period_ends(value: object) -> tuple[DateInterval | None, DateInterval | None]:
    """The start and the end of a Period; neither when it ends before it starts."""
    raw = node(value)
    start, end = (
        date_interval(raw[end]) if isinstance(raw.get(end), str) else None for end in ("start", "end")
    )
    return (None, None) if start and end and end.latest < start.earliest else (start, end)


def effect_of(problem: str) -> Literal["assumed", "unreadable"]:
    """What became of the element of which a problem tells."""
    return "assumed" if problem.endswith(_PER_ONE) else "unreadable"


def amount(value: object, what: str, problems: Problems) -> Quantity | None:
    """A Quantity, Range or Ratio that states one value; a comparator is a problem."""
    found = quantity(value, what, problems)
    if found is None:
        return None
    if found.exact is None:
        problems.append(f"{what} is stated only as a limit")
    return found.exact


def quantity(value: object, what: str, problems: Problems) -> QuantityInterval | None:
    """A Quantity, Range or Ratio as the amounts it may mean; None, and no problem, when it is absent.

    ``what`` names the element in the problem that is added when it cannot be read. A number without a unit
    that is understood says nothing, so it is a problem and None. So is a unit text that contradicts the
    unit code by its size (``mg`` beside ``ug``): which was meant decides between a dose and a thousand
    doses (DO-06).
    """
    if value is None or value == NOTHING:
        return None
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if not isinstance(value, dict):
        problems.append(f"{what} cannot be read")
        return None
    if "numerator" in value or "denominator" in value:
        return ratio(value, what, problems)
    if "low" in value or "high" in value:
        return _range(value, what, problems)
    return _compared(value, what, problems)


def _compared(value: Json, what: str, problems: Problems) -> QuantityInterval | None:
    found = _simple(value, what, problems)
    if found is None:
        return None
    written = value.get("comparator")
    # One that is no text limits the value in a way that nobody knows; it must not pass for none.
    comparator = text(written) if isinstance(written, str) else "?" if written is not None else ""
    interval = QuantityInterval.from_comparator(found, comparator or None)
    if interval.low is None and interval.high is None:
        problems.append(f"{what} has a comparator that does not limit it")
        return None
    return interval


def unit_of(value: Json) -> str | None:
    """The UCUM unit of a Quantity by its code, else by its text; None where neither is understood."""
    written = (value.get("code"), value.get("unit"), value.get("system"))
    for part in written:
        if part is not None and (type(part) is not str or len(part) > _LONGEST_UNIT):
            return _unit(code(written[0]), text(written[1]), text(written[2]))
    return _unit(*written)


@lru_cache(maxsize=2048)
def _unit(unit_code: str | None, unit_text: str | None, system: str | None) -> str | None:
    return read_unit(text(unit_code) or None, text(unit_text) or None, text(system) or None)


def _simple(value: Json, what: str, problems: Problems) -> Quantity | None:
    figure = read_value(value.get("value"))
    if figure is None:
        problems.append(f"{what} has no number that can be read")
        return None
    unit, unit_code, unit_text = unit_of(value), value.get("code"), value.get("unit")
    if unit is None:
        problems.append(
            f"{what} has {'a unit that is not understood' if unit_code or unit_text else 'no unit'}"
        )
        return None
    differ = unit_code and unit_text and unit_text != unit_code
    if differ and not _agree(unit, read_unit(None, text(unit_text), None)):
        problems.append(f"{what} has a unit text that contradicts its unit code")
        return None
    return Quantity(figure, unit)


@lru_cache(maxsize=1024)
def _agree(unit: str, other: str | None) -> bool:
    """Whether two units are not two sizes of one thing; a text that is not a unit contradicts nothing."""
    if other is None or other == unit:
        return True
    try:
        return convert(Quantity(Decimal(1), other), unit).value == 1
    except UnitError:
        return True


def _range(value: Json, what: str, problems: Problems) -> QuantityInterval | None:
    ends = [node(value.get(end)) for end in ("low", "high")]
    low, high = (_simple(end, what, problems) if end else None for end in ends)
    if (ends[0] and low is None) or (ends[1] and high is None):
        return None
    found = QuantityInterval.from_range(low, high)
    if found is None:
        problems.append(f"{what} is a range whose ends do not fit together")
    return found


def ratio(value: object, what: str, problems: Problems) -> QuantityInterval | None:
    """A Ratio as a quotient: 10 mg to 20 mL is ``0.5 mg/mL``.

    A denominator without a number counts as 1, as in 10 mg/mL, and is a problem: FHIR does not say what it means.
    """
    raw = node(value)
    above, below = node(raw.get("numerator")), dict(node(raw.get("denominator")))
    bare = below.get("value") is None
    if bare:
        below["value"] = 1
    over = _compared(above, what, problems) if above else None
    under = _simple(below, f"{what} (per)", problems)
    if not above:
        problems.append(f"{what} has no numerator")
    if over is None or under is None:
        return None
    if under.value <= 0:
        problems.append(f"{what} is a ratio to nothing")
        return None
    # More than one part below the line would need brackets, which quantities do not read.
    plain = "." not in under.unit and "/" not in under.unit
    unit = read_unit(f"{over.unit}/{under.unit}", None, _UCUM) if plain else None
    if unit is None:
        problems.append(f"{what} has units that do not make a ratio")
        return None
    if bare:
        problems.append(f"{what} {_PER_ONE}")
    return scaled(over, 1 / Fraction(under.value), unit)


def scaled(interval: QuantityInterval, factor: Fraction, unit: str) -> QuantityInterval | None:
    """The interval times a factor above zero, in the unit that makes; None when its numbers become absurd.

    Exact where a decimal can be, so that 10 mg in 20 mL is 0.5 mg/mL and no rounding carries a dose over a
    limit.
    """
    low = _times(interval.low, factor)
    high = low if interval.low == interval.high else _times(interval.high, factor)
    if (low is None) != (interval.low is None) or (high is None) != (interval.high is None):
        return None
    return QuantityInterval(low, interval.low_inclusive, high, interval.high_inclusive, unit)


def _times(value: Decimal | None, factor: Fraction) -> Decimal | None:
    if value is None:
        return None
    product = _DIGITS.multiply(value, factor.numerator)
    return read_value(product if factor.denominator == 1 else _DIGITS.divide(product, factor.denominator))


def converted(interval: QuantityInterval, unit: str) -> QuantityInterval | None:
    """The interval in another unit; None when the units do not measure the same thing."""
    if interval.unit == unit:
        return interval
    if not _convertible(interval.unit, unit):
        return None
    try:
        return interval.converted(unit)
    except UnitError:
        return None


@lru_cache(maxsize=1024)
def _convertible(unit: str, to_unit: str) -> bool:
    # Kept beside the conversions, which remember only those that succeed.
    try:
        convert(Quantity(Decimal(1), unit), to_unit)
    except UnitError:
        return False
    return True
