"""Claims: what a condition says of a patient, as far as two conditions can be compared.

A condition is compared with another only where both speak of the same thing in the same way: the same laboratory value of the same
time, the same person's age, the same list of the record. Anything else is a claim of its own, of which nothing is known but that it
cannot be both met and not met.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from engine import language as words
from engine.authoring.reasoning.regions import EVERYWHERE, Region, compared
from engine.concepts import ConceptLibrary
from engine.errors import UnitError
from engine.language import Leaf, duration
from engine.quantity import Comparison, Quantity, convert


@dataclass(frozen=True, slots=True)
class Plain:
    """A condition that is only ever compared with itself."""

    about: Hashable


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount of the record, such as the latest eGFR of the last year, that lies in a region.

    ``possible`` holds the amounts that the engine takes for real; ``absent`` says that without an amount the condition is not met,
    and not unknown. ``latest`` is what the amount is the latest of, whatever the time, and ``within`` the time: who has a value of the
    last month has the same latest one of the last year. None where that cannot be said.
    """

    about: Hashable
    region: Region
    possible: Region = EVERYWHERE
    absent: bool = False
    latest: Hashable = None
    within: str = ""

    def as_recent(self, other: Amount) -> bool:
        """Whether an amount of this claim's time is one of the other's too."""
        return _shorter(self.within, other.within)


@dataclass(frozen=True, slots=True)
class SomeAmount:
    """Any of several amounts, such as the doses of an order, lies in a region."""

    about: Hashable
    region: Region


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of the record, such as the sex, is among some; ``all`` are the words there are, none where nobody can list them."""

    about: Hashable
    among: frozenset[str]
    all: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A list of the record has an entry of this kind."""

    leaf: Leaf


Claim = Plain | Amount | SomeAmount | Choice | Entry

_SEXES: Final = frozenset({"female", "male", "other", "unknown"})
_NOT_BELOW_ZERO: Final = compared("at_or_above", Fraction(0))
_DOSE_UNITS: Final = ("ug", "ug/d", "ug/mL")
_AGE_UNITS: Final[Mapping[str, tuple[str, int]]] = {
    "a": ("months", 12),
    "mo": ("months", 1),
    "wk": ("days", 7),
    "d": ("days", 1),
}
# A month is no fixed number of days, and a day is a whole day: the three kinds of time are not compared with each other.
_TIMES: Final[Mapping[str, tuple[str, int]]] = {
    "year": ("months", 12),
    "month": ("months", 1),
    "week": ("days", 7),
    "day": ("days", 1),
    "hour": ("hours", 1),
}
_LISTS: Final[Mapping[type[Leaf], str]] = {
    words.ConditionLeaf: "condition",
    words.AllergyLeaf: "allergy",
    words.MedicationLeaf: "medication",
    words.OrderLeaf: "order",
    words.ProcedureLeaf: "procedure",
    words.DeviceLeaf: "device",
    words.EncounterLeaf: "encounter",
    words.ServiceLeaf: "service",
    words.ReasonLeaf: "reason",
    words.CategoryLeaf: "category",
    words.SpecialtyLeaf: "specialty",
}
_WIDER: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("condition", "current"): frozenset({"current-or-remission", "ever"}),
    ("condition", "current-or-remission"): frozenset({"ever"}),
    ("condition", "past"): frozenset({"ever"}),
    ("procedure", "done"): frozenset({"any"}),
    ("procedure", "planned"): frozenset({"any"}),
    ("device", "active"): frozenset({"any"}),
    ("device", "inactive"): frozenset({"any"}),
}
"""For the status of an entry the ones that count it, too."""


def claim_of(leaf: Leaf, library: ConceptLibrary) -> Claim:
    """What a condition claims; its name and the reason that an author gave play no part."""
    leaf = leaf.model_copy(update={"as_": None, "because": None})
    match leaf:
        case words.LabLeaf() | words.VitalLeaf():
            return _measured(leaf, library)
        case words.AgeLeaf():
            return _age(leaf)
        case words.SexLeaf():
            return Choice("sex", frozenset(leaf.sex), _SEXES)
        case words.PregnancyLeaf():
            return Choice("pregnancy", frozenset({leaf.pregnancy}))
        case words.ParameterLeaf():
            return Choice(("parameter", leaf.parameter), frozenset({leaf.is_}))
        case words.ActionLeaf() if leaf.reason is None:
            return Choice("action", frozenset({leaf.action}))
        case words.DoseLeaf():
            return _dose(leaf)
        case words.TherapyLeaf():
            return _therapy(leaf)
        case words.SupplyLeaf():
            kind, limit = _time(leaf.supply.empty_within)
            return Amount(("supply", kind), compared("at_or_below", limit), absent=True)
    return Entry(leaf) if type(leaf) in _LISTS else Plain(leaf)


def _measured(leaf: words.LabLeaf | words.VitalLeaf, library: ConceptLibrary) -> Claim:
    concept = library.concepts.get(leaf.lab if isinstance(leaf, words.LabLeaf) else leaf.vital)
    if leaf.comparison is None or concept is None or concept.unit is None:
        return Plain(leaf)
    word, quantities = leaf.comparison
    region = _region(word, quantities, concept.unit, concept.substance)
    if region is None:
        return Plain(leaf)
    about = leaf.model_copy(update=dict.fromkeys(words.COMPARISONS))
    if leaf.pick == "any":
        return SomeAmount(about, region)
    possible = EVERYWHERE
    if concept.plausible is not None:
        possible = compared("between", *(Fraction(str(bound)) for bound in concept.plausible))
    # An estimate may stand in for a value of the last month while one of the last year is reported.
    estimated = isinstance(leaf, words.LabLeaf) and leaf.estimate is not None
    latest = None if estimated else concept.id
    return Amount(about, region, possible, leaf.if_missing == "not-met", latest, leaf.within)


def _age(leaf: words.AgeLeaf) -> Claim:
    """An age counts in completed units: above 3 years begins with the fourth birthday."""
    assert leaf.age.comparison is not None, "the model of the condition asks for one"
    word, quantities = leaf.age.comparison
    kinds = {_AGE_UNITS.get(quantity.unit, ("", 0))[0] for quantity in quantities}
    if len(kinds) > 1 or "" in kinds or any(quantity.value % 1 for quantity in quantities):
        return Plain(leaf)
    step = [_AGE_UNITS[quantity.unit][1] for quantity in quantities]
    low, high = (Fraction(quantities[place].value) for place in (0, -1))
    first, behind = low * step[0], (high + 1) * step[-1]
    region = {
        "below": compared("below", first),
        "at_or_below": compared("below", behind),
        "above": compared("at_or_above", behind),
        "at_or_above": compared("at_or_above", first),
        "between": compared("at_or_above", first) & compared("below", behind),
    }[word]
    return Amount(("age", kinds.pop()), region, _NOT_BELOW_ZERO)


def _dose(leaf: words.DoseLeaf) -> Claim:
    if leaf.dose.comparison is None:
        return Plain(leaf)
    word, quantities = leaf.dose.comparison
    for unit in _DOSE_UNITS:
        region = _region(word, quantities, unit)
        if region is not None:
            return SomeAmount(("dose", leaf.dose.of, unit), region)
    return Plain(leaf)


def _therapy(leaf: words.TherapyLeaf) -> Claim:
    """How long ago the therapy began; without therapy neither a young nor an old one is met."""
    test = leaf.therapy
    limit = test.within or test.longer_than
    if test.status != "current" or limit is None:
        return Plain(leaf)
    kind, ago = _time(limit)
    return Amount(("therapy", kind), compared("at_or_below" if test.within else "above", ago), absent=True)


def _region(
    word: Comparison, quantities: tuple[Quantity, ...], unit: str, substance: str | None = None
) -> Region | None:
    try:
        return compared(
            word, *(Fraction(convert(quantity, unit, substance).value) for quantity in quantities)
        )
    except UnitError:
        return None


def _time(text: str) -> tuple[str, Fraction]:
    count, unit = duration(text)
    kind, step = _TIMES[unit]
    return kind, Fraction(count * step)


def entails(narrow: Claim, wide: Claim, library: ConceptLibrary) -> bool:
    """Whether one claim is met whenever the other is; False also where that is not known."""
    if not isinstance(narrow, Entry) or not isinstance(wide, Entry):
        return narrow == wide
    return type(narrow.leaf) is type(wide.leaf) and all(
        _no_wider(field, narrow.leaf, wide.leaf, library) for field in type(narrow.leaf).model_fields
    )


def _no_wider(field: str, narrow: Leaf, wide: Leaf, library: ConceptLibrary) -> bool:
    one, other = getattr(narrow, field), getattr(wide, field)
    if one == other:
        return True
    if field == _LISTS[type(narrow)]:
        return one in _surely_in(other, library)
    if field == "within":
        return other is None or (one is not None and _shorter(one, other))
    if field == "excluding":
        return set(other) <= set(one)
    if field in ("certainty", "type"):
        return bool(other == "any")
    return field == "status" and other in _WIDER.get((narrow.noun, one), ())


def _shorter(one: str, other: str) -> bool:
    (kind, time), (other_kind, other_time) = _time(one), _time(other)
    return kind == other_kind and time <= other_time


def _surely_in(concept: str, library: ConceptLibrary) -> frozenset[str]:
    """The concepts all of whose entries are in this one: those it includes, unless something takes codes out on the way."""
    if concept not in library.concepts:
        return frozenset()
    members = library.members(concept)
    excluding = any(library.concepts[member].exclude for member in members)
    return frozenset() if excluding else members
