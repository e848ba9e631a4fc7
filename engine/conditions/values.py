"""Values: finding the observations of a concept in time, and judging whether a value can be one at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from math import inf

from engine.concept import Concept
from engine.concepts import CodedText
from engine.conditions.context import Context
from engine.errors import UnitError
from engine.facts import ListName, ObservationFact
from engine.finding import Missing, Truth
from engine.quantity import Quantity, QuantityInterval, convert
from engine.words import incomplete, uncoded, vague


def observations(
    context: Context, concept_id: str, within: str | None
) -> tuple[list[ObservationFact], list[ObservationFact]]:
    """Observations of a concept in the time before now, newest first; and those whose date does not tell whether they are."""
    timely, doubtful = [], []
    for fact in context.record.members(ListName.OBSERVATIONS, concept_id):
        truth = context.has_happened_within(fact.effective, within)
        if truth is Truth.MET:
            timely.append(fact)
        elif truth is Truth.UNKNOWN:
            doubtful.append(fact)
    return sorted(timely, key=newest_first), sorted(doubtful, key=newest_first)


def unclear_observations(context: Context, concept: Concept, within: str | None) -> list[ObservationFact]:
    """Observations of the time before now that nothing keeps from being of the concept: neither their code nor their value.

    A code that no concept lists keeps an amount from it only where neither its unit nor its words tell of the concept: a filtration
    rate is one by whatever formula, under the code of a new one, too. What words alone name has to have a value: a panel has none.
    """
    record, name = context.record, ListName.OBSERVATIONS
    told = [fact for fact in record.possible(name, concept.id) if fact.value is not None]
    if concept.unit_tells:
        told += [fact for fact in record.unlisted(name) if isinstance(fact.value, QuantityInterval)]
    own = record.towards(name, concept.id).members
    unclear = {id(fact): fact for fact in (*record.unclear(name, concept.id), *told) if id(fact) not in own}
    return [
        fact
        for fact in unclear.values()
        if _can_be_of(concept, fact)
        and context.has_happened_within(fact.effective, within) is not Truth.NOT_MET
    ]


def _can_be_of(concept: Concept, fact: ObservationFact) -> bool:
    """Whether a value may be one of the concept: no amount of another kind, or that nobody has, and no code in place of an amount."""
    value = fact.value
    if isinstance(value, QuantityInterval):
        try:
            return concept.unit is not None and not implausible(concept, in_its_unit(concept, value))
        except UnitError:
            return False
    if isinstance(value, CodedText):
        return concept.unit is None or not value.codings
    return value is None


def doubts(
    context: Context,
    concept: Concept,
    within: str | None,
    used: ObservationFact | None,
    harmless: Callable[[ObservationFact], bool] = lambda fact: False,
) -> list[Missing]:
    """Why a value may not be the latest: what is wanting of the list, and entries that may be as new and cannot be used.

    Those are entries of the concept without a value, or without a date that tells, and entries without a code that tells. Without
    ``used``, no age keeps one out. ``harmless`` says of one with a value that it would change nothing. An entry with a code that says
    less than the concept has a value that is not quite its own: it is harmless only where that was raised and all that it may have been
    is, but tells nothing beside one of its moment.
    """
    timely, undated = observations(context, concept.id, within)

    def rivals(facts: Iterable[ObservationFact]) -> list[ObservationFact]:
        return [
            fact
            for fact in facts
            if (used is None or as_new(fact, used)) and not (fact.value is not None and harmless(fact))
        ]

    found = list(incomplete(ListName.OBSERVATIONS, context.facts.observations, concept.title))
    for fact in rivals(fact for fact in timely if not _has_one(concept, fact)):
        reason = fact.absent or ("it has no value" if fact.value is None else "the value is not a quantity")
        why = f"another entry cannot be used: {reason}"
        found.append(Missing(concept.title, why, ListName.OBSERVATIONS, (fact.reference,)))
    for fact in rivals(undated):
        ahead = context.lies_ahead(fact.effective)
        why = "another value is dated ahead" if ahead else "another value has no date, or one too coarse"
        found.append(Missing(concept.title, why, ListName.OBSERVATIONS, (fact.reference,)))
    says_less, unclear = _apart(context, concept, unclear_observations(context, concept, within))
    later = [
        fact
        for fact in says_less
        if used is None
        or (as_new(fact, used) and (fact.effective is None or fact.effective != used.effective))
    ]
    later = [fact for fact in later if not ((lower := lowered(context, concept, fact)) and harmless(lower))]
    for words, facts in ((vague, later), (uncoded, rivals(unclear))):
        if facts:
            why = f"{words(ListName.OBSERVATIONS, len(facts))} and may be newer"
            references = tuple(fact.reference for fact in facts)
            found.append(Missing(concept.title, why, ListName.OBSERVATIONS, references))
    return found


def lowered(context: Context, concept: Concept, fact: ObservationFact) -> ObservationFact | None:
    """An entry whose value was raised (``raised_up_to``), with all that it may have been before; None where it was not.

    The lower end is rounded down, so that a raised value which was rounded itself hides no lower one.
    """
    value = fact.value
    standing = context.concepts.standing(fact.code.codings)
    factors = [
        context.concepts.concept(name).raised_up_to
        for name in context.concepts.leaving_open(concept.id) & standing.within
    ]
    if not isinstance(value, QuantityInterval) or not factors or None in factors:
        return None
    highest = max(Decimal(str(factor)) for factor in factors)
    low = None if value.low is None else (value.low / highest).to_integral_value(ROUND_FLOOR)
    return replace(fact, value=replace(value, low=low, low_inclusive=True))


def raised_observations(context: Context, concept: Concept, within: str) -> list[ObservationFact]:
    """The entries of the time before now whose value is that of the concept but raised, lowered again, the newest first."""
    facts = (
        lowered(context, concept, fact)
        for fact in unclear_observations(context, concept, within)
        if context.happened_within(fact.effective, within) is Truth.MET
    )
    return sorted(filter(None, facts), key=newest_first)


def undecided(context: Context, concept: Concept, within: str | None) -> tuple[str, tuple[str, ...]]:
    """In words that there are entries which may be of a concept, and their references; nothing where there is none."""
    says_less, unclear = _apart(context, concept, unclear_observations(context, concept, within))
    clauses = [
        why(ListName.OBSERVATIONS, len(facts))
        for why, facts in ((vague, says_less), (uncoded, unclear))
        if facts
    ]
    return "; ".join(clauses), tuple(fact.reference for fact in (*says_less, *unclear))


def _apart(
    context: Context, concept: Concept, facts: Iterable[ObservationFact]
) -> tuple[list[ObservationFact], list[ObservationFact]]:
    """Entries with a code that says less than a concept, and entries without one that is known."""
    says_less: list[ObservationFact] = []
    unclear: list[ObservationFact] = []
    towards = context.record.towards(ListName.OBSERVATIONS, concept.id)
    for fact in facts:
        (says_less if towards.leaves_open(fact) else unclear).append(fact)
    return says_less, unclear


def _has_one(concept: Concept, fact: ObservationFact) -> bool:
    """Whether an entry has a value, and an amount where its concept is measured in a unit."""
    return fact.value is not None if concept.unit is None else isinstance(fact.value, QuantityInterval)


def as_new(fact: ObservationFact, other: ObservationFact) -> bool:
    """Whether an observation may be from the moment of another or later."""
    return (
        fact.effective is None or other.effective is None or fact.effective.latest >= other.effective.earliest
    )


def newest_of(facts: Sequence[ObservationFact]) -> list[ObservationFact]:
    """The newest of observations that are sorted so, with all that may be from the same moment."""
    return [fact for fact in facts if as_new(fact, facts[0])]


def newest_first(fact: ObservationFact) -> tuple[float, float, str]:
    """A key that sorts observations by time, the newest first and undated ones last, and those of one moment by reference."""
    when = fact.effective
    if when is None:
        return (inf, inf, fact.reference)
    return (-when.latest.timestamp(), -when.earliest.timestamp(), fact.reference)


def in_its_unit(concept: Concept, value: QuantityInterval) -> QuantityInterval:
    """The value with a unit that the concept counts as its own put in its place (``mL/min`` for an indexed filtration rate)."""
    if concept.unit is not None and any(_is_the_same(value.unit, unit) for unit in concept.same_units):
        return replace(value, unit=concept.unit)
    return value


@lru_cache(maxsize=1024)
def _is_the_same(unit: str, other: str) -> bool:
    """Whether one of a unit is one of another, however the two are spelt (``ml/min``, ``mL/min``)."""
    try:
        return convert(Quantity(Decimal(1), unit), other).value == 1
    except UnitError:
        return False


def implausible(concept: Concept, value: QuantityInterval) -> bool:
    """Whether a value lies outside what the concept calls plausible; raises UnitError when its unit does not fit."""
    if concept.plausible is None or concept.unit is None:
        return False
    low, high = _bounds(*concept.plausible, concept.unit)
    return value.relation_to(low, "below", substance=concept.substance) is True or (
        value.relation_to(high, "above", substance=concept.substance) is True
    )


@lru_cache(maxsize=256)
def _bounds(low: float, high: float, unit: str) -> tuple[Quantity, Quantity]:
    """What the concept files say in numbers, which every value of a concept is held against."""
    return Quantity.parse(f"{low} {unit}"), Quantity.parse(f"{high} {unit}")
