"""Conditions on measured and observed values: laboratory values and vital signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.concepts import CodedText, Concept
from engine.conditions.context import Context
from engine.conditions.estimates import estimated_gfr
from engine.conditions.values import implausible, in_its_unit, newest_of, observations, uncoded_observations
from engine.errors import UnitError
from engine.facts import ListName, ObservationFact
from engine.finding import Evidence, Finding, Missing, Truth, met, not_met, truth_of, unknown
from engine.language import LabLeaf, MeasurementLeaf, VitalLeaf
from engine.quantity import QuantityInterval
from engine.words import amount, entry, incomplete, uncoded, unit_words


def lab(leaf: LabLeaf, context: Context) -> Finding:
    """A laboratory value (WP-12): the latest of the time asked for, or an estimate where the rule allows one.

    An estimate stands in where no value is reported, also where an entry says only why it has none.
    """
    concept = context.concepts.concept(leaf.lab)
    reported = _reported(leaf, concept, context)
    timely, doubtful = observations(context, concept.id, leaf.within)
    if leaf.estimate is None or any(fact.value is not None for fact in (*timely, *doubtful)):
        return reported
    estimate = estimated_gfr(context, leaf.within)
    if isinstance(estimate, Missing):
        older, _ = observations(context, concept.id, None)
        says_more = not estimate.references and (reported.truth is Truth.NOT_MET or older)
        return reported if says_more else unknown(replace(estimate, what=concept.title))
    value, sources, note = estimate
    finding = _compare(leaf, concept, value, sources).noting(note)
    return _unless_another(finding, concept, doubtful, context)


def vital(leaf: VitalLeaf, context: Context) -> Finding:
    """A vital sign or body measurement."""
    return _reported(leaf, context.concepts.concept(leaf.vital), context)


def _reported(leaf: MeasurementLeaf, concept: Concept, context: Context) -> Finding:
    timely, doubtful = observations(context, concept.id, leaf.within)
    valued = [fact for fact in timely if fact.value is not None]
    if not valued:
        return _without_value(leaf, concept, timely, doubtful, context)
    looked_at = valued if leaf.pick == "any" else newest_of(valued)
    finding = _combine(concept, [_judge(leaf, concept, fact, context) for fact in looked_at], leaf.pick)
    return _unless_another(finding, concept, doubtful, context)


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
        why = f"its date does not tell whether it is from the last {leaf.within}"
        missing.append(_missing(concept, why, fact.reference))
    if missing:
        return unknown(*missing)
    if leaf.if_missing == "not-met" or (leaf.comparison is None and leaf.is_ is None):
        return not_met()
    return unknown(_missing(concept, _nothing(leaf, concept, context)))


def _nothing(leaf: MeasurementLeaf, concept: Concept, context: Context) -> str:
    older, _ = observations(context, concept.id, None)
    if not older:
        count = uncoded_observations(context, concept.id, leaf.within)
        others = f"; {uncoded(ListName.OBSERVATIONS, count)}" if count else ""
        return f"none is on record{others}"
    value, when, dated = older[0].value, entry(older[0]).date, older[0].effective
    quantity = f" ({amount(value)} {unit_words(value.unit)})" if isinstance(value, QuantityInterval) else ""
    ahead = dated is not None and dated.earliest > context.facts.now
    return f"the latest{quantity} is from {when}, {'which is to come' if ahead else f'longer ago than {leaf.within}'}"


def _unless_another(
    finding: Finding, concept: Concept, doubtful: Sequence[ObservationFact], context: Context
) -> Finding:
    """A value that denies does so only where no other one can be the latest: none unread, none left out, none without a date."""
    if finding.truth is not Truth.NOT_MET:
        return finding
    missing = list(incomplete(ListName.OBSERVATIONS, context.facts.observations, concept.title))
    for fact in doubtful:
        missing.append(_missing(concept, "another value has no date, or one too coarse", fact.reference))
    return unknown(*missing, evidence=finding.evidence) if missing else finding


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
    leaf: MeasurementLeaf, concept: Concept, value: QuantityInterval, sources: tuple[Evidence, ...]
) -> Finding:
    value = in_its_unit(concept, value)
    values = {
        "value": amount(value),
        "unit": unit_words(value.unit),
        "date": sources[0].date or "an unknown date",
    }
    try:
        if implausible(concept, value):
            return _unusable(concept, "the value on record is not plausible", *sources)
        if leaf.comparison is None:
            return met(*sources, values=values)
        word, limits = leaf.comparison
        relation = value.relation_to(limits[0], word, limits[1] if limits[1:] else None, concept.substance)
    except UnitError:
        return _unusable(concept, "its unit cannot be converted", *sources)
    truth = truth_of(relation)
    if truth is Truth.UNKNOWN:
        return _unusable(concept, "the reported range lies on both sides of the limit", *sources)
    return met(*sources, values=values) if truth is Truth.MET else not_met(*sources, values=values)


def _unusable(concept: Concept, why: str, *sources: Evidence) -> Finding:
    return unknown(_missing(concept, why, *(source.reference for source in sources)), evidence=sources)


def _missing(concept: Concept, why: str, *references: str) -> Missing:
    return Missing(concept.title, why, ListName.OBSERVATIONS, references)
