"""Explanations: why each rule came out as it did, condition by condition, put into an answer on request.

A client that is to be told gets, on every entry of ``rules`` in the extension ``org.primum.evaluation``, a member ``explanation``: the
tree of the rule's own file with what each condition came to, and what would have to change for the rule to end the other way. Like a
dialect it is put on what is sent; what is stored, and can be reproduced, is the answer without it.

``findings`` tells of the record only what the evaluation names anyway: of each condition the references and reasons that stand in the
rule's ``evidence`` and ``missing`` too. ``values`` also tells the values that were compared, and what was looked at in vain.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from engine.authoring.explanation import as_written
from engine.concepts import ConceptLibrary
from engine.language import AtLeast, Leaf
from engine.logic import members_of
from engine.outcome import RuleOutcome
from engine.reversals import Suppositions
from engine.ruleset import RuleSet
from engine.trace import Trace
from fhir_adapters.cds_hooks.evaluation import EXTENSION, Entry, Gap
from fhir_adapters.decision import Decision

Explain = Literal["off", "findings", "values"]
"""How much a client is told of why."""

_DECODER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class ConditionReport(Struct, frozen=True, omit_defaults=True):
    """One condition or group: where it stands in the rule's file, as written there, what it came to, and why.

    ``path`` is as ``when.any.1``. A group has ``members``; only conditions have evidence, what was missing, and values.
    """

    path: str
    condition: str
    outcome: str
    evidence: tuple[Entry, ...] = ()
    missing: tuple[Gap, ...] = ()
    values: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    members: tuple[ConditionReport, ...] = ()


class ExplanationReport(Struct, frozen=True, omit_defaults=True):
    """The conditions of one rule; absent are those that were not looked at, because nothing brought the rule up.

    ``chosen_variant`` counts from 0. ``would_change`` are sentences in the words of the rule.
    """

    brought_up_by: str = ""
    when: ConditionReport | None = None
    unless: ConditionReport | None = None
    variants: tuple[ConditionReport, ...] = ()
    chosen_variant: int | None = None
    would_change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the decisions of an engine with these rules and concepts."""

    rules: RuleSet
    concepts: ConceptLibrary

    def explained(self, answer: bytes, decision: Decision, explain: Explain) -> bytes:
        """The answer to a decision with its explanation, as far as it may be told."""
        if explain == "off":
            return answer
        told = _DECODER.decode(answer)
        reports = told["extension"][EXTENSION]["rules"]
        for report, outcome in zip(reports, decision.evaluation.outcomes, strict=True):
            report["explanation"] = self.report(outcome, whole=explain == "values")
        return _ENCODER.encode(told)

    def report(self, outcome: RuleOutcome, *, whole: bool) -> ExplanationReport:
        """Why a rule came out as it did; ``whole`` with what the evaluation itself does not name."""
        known = _Told(outcome, whole)
        suppositions = Suppositions(self.concepts, self.rules.findings)
        return ExplanationReport(
            brought_up_by=outcome.subject.kind if outcome.subject is not None else "",
            when=known.tree(outcome.when) if outcome.when is not None else None,
            unless=known.tree(outcome.unless) if outcome.unless is not None else None,
            variants=tuple(map(known.tree, outcome.variants)),
            chosen_variant=outcome.variant,
            would_change=tuple(told.sentence for told in suppositions.of(outcome)),
        )


@dataclass(frozen=True, slots=True)
class _Told:
    """What may be told of one outcome."""

    outcome: RuleOutcome
    whole: bool

    def tree(self, trace: Trace) -> ConditionReport:
        path, truth = ".".join(map(str, trace.path)), trace.truth.value
        if not isinstance(trace.condition, Leaf):
            group, _ = members_of(trace.condition)
            if isinstance(trace.condition, AtLeast):
                group = f"at least {trace.condition.at_least} of"
            return ConditionReport(path, group, truth, members=tuple(map(self.tree, trace.children)))
        finding = trace.finding
        return ConditionReport(
            path,
            as_written(trace.condition),
            truth,
            evidence=tuple(
                Entry(entry.reference, entry.label, entry.date)
                for entry in finding.evidence
                if self.whole or entry in self.outcome.evidence
            ),
            missing=tuple(
                Gap(gap.what, gap.why, gap.list or "", gap.references)
                for gap in finding.missing
                if self.whole or gap in self.outcome.missing
            ),
            values=dict(finding.values) if self.whole else {},
            notes=finding.notes if self.whole else (),
        )
