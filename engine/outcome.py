"""Outcomes: what the traces of a rule's trees, and what durable_rules decided of them, say of the rule as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.finding import Evidence, Missing, Truth, all_of, once
from engine.logic import Laid
from engine.record import Presumed
from engine.rule import Rule
from engine.subjects import Subject
from engine.trace import Trace


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How one rule ended for one subject.

    ``variant`` is the index of the card variant that applies. ``yielded_to`` is the rule whose card replaces this one. ``error`` says
    that the rule itself failed (its outcome is then unknown, and its card says so); it never holds patient data. A rule that nothing
    brought up is not met and has no subject.
    """

    rule: Rule
    outcome: Truth
    subject: Subject | None = None
    when: Trace | None = None
    unless: Trace | None = None
    variants: tuple[Trace, ...] = ()
    variant: int | None = None
    missing: tuple[Missing, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    yielded_to: str | None = None
    error: str | None = None

    @property
    def shown(self) -> bool:
        """Whether the outcome may be on a card at all: experimental rules and rules that yielded are only recorded."""
        return not self.rule.experimental and self.yielded_to is None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every rule of the hook that was looked at, in the order of the rules' ids and then of the orders.

    ``presumed`` are the codes that count as nothing that the rules look for only because no list has them.
    """

    hook: str
    outcomes: tuple[RuleOutcome, ...]
    presumed: tuple[Presumed, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One of the trees of a rule: its name for the matcher, which it is, and the tree itself."""

    name: str
    kind: Literal["when", "unless", "variant"]
    laid: Laid


def failed(rule: Rule, subject: Subject, error: str) -> RuleOutcome:
    """The outcome of a rule that failed: unknown, and its card says why; ``error`` holds no patient data."""
    missing = Missing(rule.title, "the rule itself failed, and its authors need to look at it")
    return RuleOutcome(
        rule, Truth.UNKNOWN, subject, missing=(missing,), evidence=subject.evidence, error=error
    )


def outcome_of(
    rule: Rule,
    subject: Subject,
    traces: Sequence[tuple[Part, Trace]],
    decided: Mapping[str, Truth] | None,
) -> RuleOutcome:
    """Join ``when``, ``unless`` and the subject's own certainty to the rule's outcome.

    Met needs ``when`` met; an exception (``unless``) that is unknown does not take the card away, it is named on it, and so is what
    could have made the card more urgent.
    """
    if decided is None:
        return failed(rule, subject, "durable_rules refused to decide")
    if any(decided.get(part.name) is not trace.truth for part, trace in traces):
        return failed(rule, subject, "durable_rules and the plain evaluator differ")
    when = next((trace for part, trace in traces if part.kind == "when"), None)
    unless = next((trace for part, trace in traces if part.kind == "unless"), None)
    variants = tuple([trace for part, trace in traces if part.kind == "variant"])
    holds = all_of((subject.certainty, when.truth if when is not None else Truth.MET))
    excepted = unless.truth if unless is not None else Truth.NOT_MET
    if excepted is Truth.MET:
        holds = Truth.NOT_MET
    sides: list[Trace] = []
    if when is not None and (holds is not Truth.UNKNOWN or when.truth is Truth.UNKNOWN):
        sides.append(when)
    if unless is not None and (holds is not Truth.MET or excepted is Truth.UNKNOWN):
        sides.append(unless)
    variant = (
        next((place for place, trace in enumerate(variants) if trace.truth is Truth.MET), None)
        if holds is Truth.MET
        else None
    )
    if variant is not None:
        sides.append(variants[variant])
    deciding = [leaf.finding for side in sides for leaf in side.deciding()]
    missing: list[Missing] = []
    if holds is Truth.UNKNOWN:
        missing = [*subject.missing, *(entry for finding in deciding for entry in finding.missing)]
    elif holds is Truth.MET:
        missing = [*(unless.missing() if unless is not None else ()), *_more_urgent(rule, variants, variant)]
    return RuleOutcome(
        rule,
        holds,
        subject,
        when=when,
        unless=unless,
        variants=variants,
        variant=variant,
        missing=once(missing),
        evidence=once([entry for finding in deciding for entry in finding.evidence]) or subject.evidence,
        notes=once([note for finding in deciding for note in finding.notes]),
    )


def _more_urgent(rule: Rule, variants: Sequence[Trace], chosen: int | None) -> Iterator[Missing]:
    """What is missing of the variants that would have taken the place of the card's words, and are more urgent than these."""
    card = rule.card
    shown = (card.variants[chosen].indicator if chosen is not None else None) or card.indicator
    for variant, trace in list(zip(card.variants, variants, strict=True))[:chosen]:
        urgent = variant.indicator is not None and variant.indicator.rank < shown.rank
        if urgent and trace.truth is Truth.UNKNOWN:
            yield from trace.missing()


def yielding(outcomes: list[RuleOutcome]) -> Iterator[RuleOutcome]:
    """Mark the outcomes whose card another met rule's card replaces for the same order (CI-03 replaces WP-06).

    Rules that yield to each other, directly or in a circle, all stay: a card may only go where another one comes.
    """
    met = {
        (outcome.rule.id, outcome.subject): outcome.rule.yields_to
        for outcome in outcomes
        if outcome.outcome is Truth.MET and not outcome.rule.experimental
    }

    for outcome in outcomes:
        winner = next(
            (
                rule
                for rule in outcome.rule.yields_to
                if (rule, outcome.subject) in met
                and outcome.rule.id not in _beyond(rule, outcome.subject, met)
            ),
            None,
        )
        yields = winner is not None and outcome.outcome is Truth.MET
        yield replace(outcome, yielded_to=winner) if yields else outcome


def _beyond(
    rule: str,
    subject: Subject | None,
    met: Mapping[tuple[str, Subject | None], tuple[str, ...]],
    seen: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """The rule and all that its card gives way to."""
    for other in met.get((rule, subject), ()):
        if other not in seen and (other, subject) in met:
            seen = _beyond(other, subject, met, seen | {other})
    return seen | {rule}
