"""Conditions on measured and observed values: laboratory values and vital signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from engine.concept import Concept
from engine.concepts import CodedText
from engine.conditions.context import Context
from engine.conditions.estimates import Estimate, estimated, outdating
from engine.conditions.values import (
    as_new,
    doubts,
    implausible,
    in_its_unit,
    newest_of,
    observations,
    raised_observations,
    undecided,
)
from engine.errors import UnitError
from engine.facts import ListName, ObservationFact
from engine.finding import Evidence, Finding, Missing, Truth, met, not_met, truth_of, unknown
from engine.language import LabLeaf, MeasurementLeaf, VitalLeaf
from engine.quantity import QuantityInterval
from engine.record_nouns import EstimateFrom
from engine.words import amount, entry, incomplete, unit_words


def lab(leaf: LabLeaf, context: Context) -> Finding:
    """A laboratory value (WP-12): the latest of the time asked for, or an estimate where the rule allows one.

    Where neither decides, one does that is known only as raised, if it is the latest: by all that it may have been.
    """
    concept = context.concepts.concept(leaf.lab)
    finding = _lab(leaf, concept, context)
    return _by_raised(leaf, concept, finding, context) if finding.truth is Truth.UNKNOWN else finding


def _by_raised(leaf: LabLeaf, concept: Concept, undecided: Finding, context: Context) -> Finding:
    raised = raised_observations(context, concept, leaf.within)
    timely, _ = observations(context, concept.id, leaf.within)
    if not raised or any(as_new(fact, raised[0]) for fact in timely if fact.value is not None):
        return undecided
    if leaf.estimate is not None and outdating(leaf.estimate, context, leaf.within, raised[0]):
        return undecided
    finding = _combine(
        concept, [_judge(leaf, concept, fact, context) for fact in newest_of(raised)], leaf.pick
    )
    denying = _denying(leaf, concept, context)
    finding = _unless_another(finding, doubts(context, concept, leaf.within, raised[0], denying))
    if finding.truth is Truth.UNKNOWN:
        return undecided
    return finding.noting(f"{concept.title}: without the coefficient that raised the value on record")


def _lab(leaf: LabLeaf, concept: Concept, context: Context) -> Finding:
    """What the values of the concept itself say, or an estimate.

    An estimate stands in where no value is reported, also where an entry says only why it has none. And a reported value denies
    nothing that a later creatinine, or weight, may tell: then the estimate from that one decides.
    """
    reported = _reported(leaf, concept, context)
    if leaf.estimate is None:
        return reported
    timely, undated = observations(context, concept.id, leaf.within)
    valued = [fact for fact in timely if fact.value is not None]
    if valued and reported.truth is Truth.NOT_MET:
        return _unless_outdated(leaf, leaf.estimate, concept, reported, valued[0], context)
    if valued or any(fact.value is not None and not context.lies_ahead(fact.effective) for fact in undated):
        return reported
    estimate = estimated(leaf.estimate, context, leaf.within)
    if not isinstance(estimate, Estimate):
        older, _ = observations(context, concept.id, None)
        others, _ = undecided(context, concept, leaf.within)
        says_more = not estimate[0].references and (reported.truth is Truth.NOT_MET or older or others)
        return reported if says_more else unknown(*_about(concept, estimate))
    return _estimated(leaf, concept, estimate, context)


def _unless_outdated(
    leaf: LabLeaf,
    source: EstimateFrom,
    concept: Concept,
    reported: Finding,
    latest: ObservationFact,
    context: Context,
) -> Finding:
    later = outdating(source, context, leaf.within, latest)
    if not later:
        return reported
    estimate = estimated(source, context, leaf.within)
    if not isinstance(estimate, Estimate):
        return unknown(*_about(concept, estimate), evidence=reported.evidence)
    # A new weight with a creatinine from before the reported value would know less than that value does.
    if as_new(estimate.used[0], latest) and not set(later).isdisjoint(estimate.used):
        return _estimated(leaf, concept, estimate, context)
    why = "body weight was measured since the reported value, and no creatinine on record is as new as that value"
    since = _missing(concept, why, *(fact.reference for fact in later))
    return unknown(*(estimate.doubts or (since,)), evidence=reported.evidence)


def _about(concept: Concept, missing: Sequence[Missing]) -> Iterator[Missing]:
    """What an estimate lacks, as what keeps the value that was asked for from being known."""
    return (replace(entry, what=concept.title) for entry in missing)


def _estimated(leaf: LabLeaf, concept: Concept, estimate: Estimate, context: Context) -> Finding:
    loose = tuple(_about(concept, estimate.loose))
    finding = _compare(leaf, concept, estimate.rate, estimate.sources, "the estimate", loose)
    another = doubts(context, concept, leaf.within, estimate.used[0], _denying(leaf, concept, context))
    return _unless_another(finding.noting(*estimate.notes), [*estimate.doubts, *another])


def vital(leaf: VitalLeaf, context: Context) -> Finding:
    """A vital sign or body measurement."""
    return _reported(leaf, context.concepts.concept(leaf.vital), context)


def _reported(leaf: MeasurementLeaf, concept: Concept, context: Context) -> Finding:
    timely, undated = observations(context, concept.id, leaf.within)
    valued = [fact for fact in timely if fact.value is not None]
    if not valued:
        return _without_value(leaf, concept, timely, undated, context)
    looked_at = valued if leaf.pick == "any" else newest_of(valued)
    finding = _combine(concept, [_judge(leaf, concept, fact, context) for fact in looked_at], leaf.pick)
    if finding.truth is not Truth.NOT_MET:
        return finding
    used = None if leaf.pick == "any" else valued[0]
    denying = _denying(leaf, concept, context)
    return _unless_another(finding, doubts(context, concept, leaf.within, used, denying))


def _denying(leaf: MeasurementLeaf, concept: Concept, context: Context) -> Callable[[ObservationFact], bool]:
    return lambda fact: _judge(leaf, concept, fact, context).truth is Truth.NOT_MET


def _without_value(
    leaf: MeasurementLeaf,
    concept: Concept,
    timely: Sequence[ObservationFact],
    doubtful: Sequence[ObservationFact],
    context: Context,
) -> Finding:
    missing = list(incomplete(ListName.OBSERVATIONS, context.facts.observations, concept.title))
    for fact in timely:
        missing.append(_missing(concept, fact.absent or "the entry has no value", fact.reference))
    for fact in doubtful:
        ahead = context.lies_ahead(fact.effective)
        why = (
            "it is dated ahead"
            if ahead
            else f"its date does not tell whether it is from the last {leaf.within}"
        )
        missing.append(_missing(concept, why, fact.reference))
    if missing:
        return unknown(*missing)
    if leaf.if_missing == "not-met" or (leaf.comparison is None and leaf.is_ is None):
        denying = _denying(leaf, concept, context)
        return _unless_another(not_met(), doubts(context, concept, leaf.within, None, denying))
    return unknown(_nothing(leaf, concept, context))


def _nothing(leaf: MeasurementLeaf, concept: Concept, context: Context) -> Missing:
    older, _ = observations(context, concept.id, None)
    others, references = undecided(context, concept, leaf.within)
    latest = _latest(leaf, older[0]) if older else "none is on record"
    return _missing(concept, "; ".join(filter(None, (latest, others))), *references)


def _latest(leaf: MeasurementLeaf, fact: ObservationFact) -> str:
    value, when = fact.value, entry(fact).date
    quantity = f" ({amount(value)} {unit_words(value.unit)})" if isinstance(value, QuantityInterval) else ""
    return f"the latest{quantity} is from {when}, longer ago than {leaf.within}"


def _unless_another(finding: Finding, another: Sequence[Missing]) -> Finding:
    """A value that denies does so only where no other one can be the latest; what a value shows to be so, another does not undo."""
    if finding.truth is not Truth.NOT_MET or not another:
        return finding
    return unknown(*another, evidence=finding.evidence)


def _combine(concept: Concept, findings: Sequence[Finding], pick: str) -> Finding:
    """One finding of several values of the same moment: where they disagree, nothing can be said; with ``any``, one is enough."""
    truths = [finding.truth for finding in findings]
    if pick == "any" and Truth.MET in truths:
        return findings[truths.index(Truth.MET)]
    if Truth.UNKNOWN in truths:
        return findings[truths.index(Truth.UNKNOWN)]
    if len(set(truths)) > 1:
        evidence = tuple(source for finding in findings for source in finding.evidence)
        references = (source.reference for source in evidence)
        why = "values of the same moment contradict each other"
        return unknown(_missing(concept, why, *references), evidence=evidence)
    return findings[0]


def _judge(leaf: MeasurementLeaf, concept: Concept, fact: ObservationFact, context: Context) -> Finding:
    source = entry(fact)
    if leaf.is_ is not None:
        finding = _compare_coded(leaf.is_, concept, fact.value, source, context)
    elif isinstance(fact.value, QuantityInterval):
        finding = _compare(leaf, concept, fact.value, (source,))
    elif leaf.comparison is None:
        finding = met(source, values={"date": source.date})
    else:
        finding = _unusable(concept, "the value is not a quantity", source)
    return finding.noting(f"{concept.title}: a preliminary value") if fact.preliminary else finding


def _compare_coded(
    wanted: str, concept: Concept, value: object, source: Evidence, context: Context
) -> Finding:
    if not isinstance(value, CodedText):
        return _unusable(concept, "the value is not coded", source)
    truth = context.is_in(wanted, value)
    if truth is Truth.UNKNOWN:
        return _unusable(concept, "the value has no code that is known here", source)
    return (
        met(source, values={"value": value.label, "date": source.date})
        if truth is Truth.MET
        else not_met(source)
    )


def _compare(
    leaf: MeasurementLeaf,
    concept: Concept,
    value: QuantityInterval,
    sources: tuple[Evidence, ...],
    called: str = "the value on record",
    loose: tuple[Missing, ...] = (),
) -> Finding:
    """Compare an amount with the limits; ``loose`` says why it may lie on both sides, where that is not what is reported."""
    value = in_its_unit(concept, value)
    try:
        if implausible(concept, value):
            return _unusable(concept, f"{called} is not plausible", *sources)
        values = {**_in_words(concept, value), "date": sources[0].date or "an unknown date"}
        if leaf.comparison is None:
            return met(*sources, values=values)
        word, limits = leaf.comparison
        relation = value.relation_to(limits[0], word, limits[1] if limits[1:] else None, concept.substance)
    except UnitError:
        return _unusable(concept, "its unit cannot be converted", *sources)
    truth = truth_of(relation)
    if truth is Truth.UNKNOWN and loose:
        return unknown(*loose, evidence=sources)
    if truth is Truth.UNKNOWN:
        return _unusable(concept, "the reported range lies on both sides of the limit", *sources)
    return met(*sources, values=values) if truth is Truth.MET else not_met(*sources, values=values)


def _in_words(concept: Concept, value: QuantityInterval) -> dict[str, str]:
    """An amount for a card, in the unit of its concept: "eGFR 0.4" would be read as that of somebody without kidneys."""
    shown = value if concept.unit is None else value.converted(concept.unit, concept.substance)
    return {"value": amount(shown), "unit": unit_words(shown.unit)}


def _unusable(concept: Concept, why: str, *sources: Evidence) -> Finding:
    return unknown(_missing(concept, why, *(source.reference for source in sources)), evidence=sources)


def _missing(concept: Concept, why: str, *references: str) -> Missing:
    return Missing(concept.title, why, ListName.OBSERVATIONS, references)
