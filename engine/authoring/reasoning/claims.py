"""Claims: what a condition says of a patient, as far as two conditions can be compared.

A condition is compared with another only where both speak of the same thing in the same way: the values of one laboratory test, the
person's age, the same list of the record. Anything else is a claim of its own, of which nothing is known but that it cannot be both
met and not met.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from engine import language as words
from engine.authoring.reasoning.entries import LISTS, Entry
from engine.authoring.reasoning.lengths import UNITS, counted, shorter
from engine.authoring.reasoning.regions import EVERYWHERE, Region, compared
from engine.concepts import ConceptLibrary
from engine.conditions.therapy import length_ahead
from engine.errors import UnitError
from engine.language import Leaf, duration
from engine.quantity import Comparison, Quantity, convert


@dataclass(frozen=True, slots=True)
class Plain:
    """A condition that is only ever compared with itself."""

    about: Hashable


@dataclass(frozen=True, slots=True)
class Amount:
    """The one amount of its kind, such as the age, lies in a region.

    ``kind`` is what it is counted in. ``possible`` holds the amounts that the engine takes for real; ``absent`` says that without an
    amount the condition is not met, and not unknown.
    """

    about: Hashable
    region: Region
    kind: str
    possible: Region = EVERYWHERE
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """One value of several lies in a region: the latest of a time, or any, such as one of the doses of an order.

    ``of`` is what they are values of, ``within`` the time; ``possible`` and ``absent`` are as for an :class:`Amount`.
    """

    of: Hashable
    region: Region
    within: str = ""
    any: bool = False
    possible: Region = EVERYWHERE
    absent: bool = False

    def tells(self, other: Value) -> bool:
        """Whether the value that one is about is one that the other is about, too.

        Who has a latest value of the last month has the same latest one of the last year.
        """
        return (other.any or not self.any) and self.of == other.of and shorter(self.within, other.within)


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of the record, such as the sex, is among some; ``all`` are the words there are, none where nobody can list them.

    Where it is not ``sure``, a word that decides one condition may leave another one unknown. ``absent`` is as for an :class:`Amount`.
    """

    about: Hashable
    among: frozenset[str]
    all: frozenset[str] = frozenset()
    sure: bool = True
    absent: bool = False


Claim = Plain | Amount | Value | Choice | Entry

_SEXES: Final = frozenset({"female", "male", "other", "unknown"})
_NOT_BELOW_ZERO: Final = compared("at_or_above", Fraction(0))
_DOSE_UNITS: Final = ("ug", "ug/d", "ug/mL")
_AGE_UNITS: Final = {"a": "year", "mo": "month", "wk": "week", "d": "day"}
_WAYS: Final = {
    "bolus": frozenset({"bolus", "both"}),
    "infusion": frozenset({"infusion", "both"}),
    "refill": frozenset({"refill"}),
}
"""An order may be given as a bolus and as an infusion; a refill is neither."""


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
            silent = leaf.if_missing == "not-met"
            return Choice("pregnancy", frozenset({leaf.pregnancy}), sure=False, absent=silent)
        case words.ParameterLeaf():
            return Choice(("parameter", leaf.parameter), frozenset({leaf.is_}))
        case words.ActionLeaf() if leaf.reason is None:
            return Choice("action", frozenset({leaf.action}))
        case words.GivenAsLeaf():
            return Choice("given as", _WAYS[leaf.given_as], frozenset().union(*_WAYS.values()))
        case words.DoseLeaf():
            return _dose(leaf)
        case words.TherapyLeaf():
            return _therapy(leaf)
        case words.SupplyLeaf():
            return _supply(leaf)
    return Entry(leaf) if type(leaf) in LISTS else Plain(leaf)


def _measured(leaf: words.LabLeaf | words.VitalLeaf, library: ConceptLibrary) -> Claim:
    concept = library.concepts.get(leaf.lab if isinstance(leaf, words.LabLeaf) else leaf.vital)
    if leaf.comparison is None or concept is None or concept.unit is None:
        return Plain(leaf)
    word, quantities = leaf.comparison
    region = _region(word, quantities, concept.unit, concept.substance)
    if region is None:
        return Plain(leaf)
    # An estimate may stand in for a value of the last month while one of the last year is reported, and one that is newer than the
    # reported value stands in only where that value denies: it may be above the one limit and the estimate below the other.
    estimated = isinstance(leaf, words.LabLeaf) and leaf.estimate is not None
    return Value(
        of=leaf.model_copy(update=dict.fromkeys(words.COMPARISONS)) if estimated else concept.id,
        region=region,
        within=leaf.within,
        any=leaf.pick == "any" or estimated,
        possible=EVERYWHERE
        if concept.plausible is None
        else compared("between", *(Fraction(str(bound)) for bound in concept.plausible)),
        absent=leaf.if_missing == "not-met",
    )


def _age(leaf: words.AgeLeaf) -> Claim:
    """An age counts in completed units: above 3 years begins with the fourth birthday."""
    assert leaf.age.comparison is not None, "the model of the condition asks for one"
    word, quantities = leaf.age.comparison
    units = [UNITS[_AGE_UNITS[quantity.unit]] for quantity in quantities if quantity.unit in _AGE_UNITS]
    kinds = {kind for kind, _ in units}
    if len(units) < len(quantities) or len(kinds) > 1 or any(quantity.value % 1 for quantity in quantities):
        return Plain(leaf)
    step = [count for _, count in units]
    low, high = (Fraction(quantities[place].value) for place in (0, -1))
    first, behind = low * step[0], (high + 1) * step[-1]
    region = {
        "below": compared("below", first),
        "at_or_below": compared("below", behind),
        "above": compared("at_or_above", behind),
        "at_or_above": compared("at_or_above", first),
        "between": compared("at_or_above", first) & compared("below", behind),
    }[word]
    return Amount("age", region, kinds.pop(), _NOT_BELOW_ZERO)


def _dose(leaf: words.DoseLeaf) -> Claim:
    if leaf.dose.comparison is None:
        return Plain(leaf)
    word, quantities = leaf.dose.comparison
    for unit in _DOSE_UNITS:
        region = _region(word, quantities, unit)
        if region is not None:
            return Value(("dose", leaf.dose.of, unit), region, any=True, possible=_NOT_BELOW_ZERO)
    return Plain(leaf)


def _therapy(leaf: words.TherapyLeaf) -> Claim:
    """How long ago the therapy began; without therapy neither a young nor an old one is met."""
    test = leaf.therapy
    limit = test.within or test.longer_than
    if test.status != "current" or limit is None:
        return Plain(leaf)
    kind, ago = counted(limit)
    return Amount("therapy", compared("at_or_below" if test.within else "above", ago), kind, absent=True)


def _supply(leaf: words.SupplyLeaf) -> Claim:
    """When the pump runs empty; by the hour for limits in hours, and else on what day."""
    count, unit = duration(leaf.supply.empty_within)
    kind = "hours" if unit == "hour" else "days"
    ahead = Fraction(length_ahead(count, unit) / timedelta(**{kind: 1}))
    return Amount("supply", compared("at_or_below", ahead), kind, absent=True)


def _region(
    word: Comparison, quantities: tuple[Quantity, ...], unit: str, substance: str | None = None
) -> Region | None:
    try:
        return compared(
            word, *(Fraction(convert(quantity, unit, substance).value) for quantity in quantities)
        )
    except UnitError:
        return None


def limit_idle(claim: Claim) -> bool | None:
    """True for a comparison that every believable amount meets, False for one that none does, else None."""
    if not isinstance(claim, Amount | Value):
        return None
    if (claim.possible & claim.region).empty:
        return False
    return True if (claim.possible & ~claim.region).empty else None
