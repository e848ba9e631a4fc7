"""The extension ``org.primum.evaluation``: what was looked at, so that silence can be told from not looking.

It stands beside the cards of every answer and lists every rule of the hook with how it ended and why.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from msgspec import Struct

from engine.adjustments import Adjustment
from engine.expansions import TerminologySource
from engine.facts import FactList, ListName, PatientFacts
from engine.outcome import Evaluation, RuleOutcome
from engine.ruleset import RuleSet
from fhir_adapters.issues import DataIssue

EXTENSION: Final = "org.primum.evaluation"
"""Name of the member of the response's ``extension`` (reverse domain, CH-231)."""


class Entry(Struct, frozen=True, omit_defaults=True):
    """An entry of the record that decided a rule: its reference, what it is in words, and its date."""

    reference: str
    label: str
    date: str = ""


class Gap(Struct, frozen=True, omit_defaults=True):
    """Something that could not be looked at, why, in which list, and which entries stood in the way."""

    what: str
    why: str
    list: str = ""
    references: tuple[str, ...] = ()


class AdjustmentReport(Struct, frozen=True, omit_defaults=True):
    """What the site has set of a rule (``set``, in words), why, the role that approved it, and the last day on which it holds.

    ``silenced``: the rule was looked at, and is on no card.
    """

    set: str
    reason: str
    approved_by: str
    until: str
    silenced: bool = False


class RuleReport(Struct, frozen=True, omit_defaults=True):
    """How one rule ended for one order or for the therapy (``order`` is then absent).

    ``yielded_to`` names the rule whose card replaced this one's, ``error`` says that the rule itself failed. ``filtered``: it is on no
    card because the client was shown the same just before and asked not to be shown it again (CH-242).
    ``adjusted``: the site has the rule otherwise than it ships, and what is told here is how it ended with that.
    """

    id: str
    version: str
    statements: tuple[str, ...]
    outcome: str
    order: str = ""
    missing: tuple[Gap, ...] = ()
    evidence: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    experimental: bool = False
    filtered: bool = False
    yielded_to: str = ""
    error: str = ""
    adjusted: AdjustmentReport | None = None


class IssueReport(Struct, frozen=True, omit_defaults=True):
    """Something of the request that did not reach the rules as it stood."""

    resource: str
    effect: str
    reason: str
    element: str = ""


class PackReport(Struct, frozen=True):
    """A pack of rules and the version of the label that it follows."""

    id: str
    version: str
    label_version: str


class SourceReport(Struct, frozen=True):
    """What one terminology server added to the concepts of the rules ahead of time, and the hash of it."""

    server: str
    version: str
    concepts: int
    sha256: str


class MemberReport(Struct, frozen=True):
    """A code of this request that counts as a concept because a terminology server says so."""

    concept: str
    system: str
    code: str


class TerminologyReport(Struct, frozen=True, omit_defaults=True):
    """What was added to the codes that ship with the rules: pinned expansions, and codes looked up for this request."""

    expansions: tuple[SourceReport, ...] = ()
    looked_up: tuple[MemberReport, ...] = ()


class EvaluationReport(Struct, frozen=True, omit_defaults=True):
    """The whole extension; ``lists`` gives for each list of the record that a rule looks into its state.

    ``decision`` is the id under which the service has stored the decision; where it should have and could not,
    ``not_recorded`` says so instead. ``terminology`` is there where a terminology server added anything.
    """

    decision: str = ""
    not_recorded: str = ""
    packs: tuple[PackReport, ...] = ()
    terminology: TerminologyReport | None = None
    rules: tuple[RuleReport, ...] = ()
    lists: dict[str, str] = {}
    data_issues: tuple[IssueReport, ...] = ()


def report_of(
    evaluation: Evaluation,
    facts: PatientFacts,
    issues: Iterable[DataIssue],
    *,
    lists: Iterable[ListName],
    rules: RuleSet,
    decision: str = "",
    filtered: Container[int] = (),
    sources: Iterable[TerminologySource] = (),
) -> EvaluationReport:
    """The evaluation as it is sent.

    ``lists`` are those whose state is told, ``filtered`` the places of outcomes left off the cards, ``sources`` where the
    expansions in use come from.
    """
    packs = {outcome.rule.id.split(".", 1)[0] for outcome in evaluation.outcomes}
    adjusted = rules.adjusted_on(facts.now.date())
    return EvaluationReport(
        decision=decision,
        packs=tuple(
            PackReport(pack.id, pack.version, pack.label_version)
            for pack in (rules.packs[pack_id] for pack_id in sorted(packs))
        ),
        terminology=_terminology(facts, sources),
        rules=tuple(
            _rule(outcome, place in filtered, adjusted.get(outcome.rule.id))
            for place, outcome in enumerate(evaluation.outcomes)
        ),
        lists={name.value: _state(facts, name) for name in sorted(lists)},
        data_issues=tuple(
            IssueReport(issue.reference, issue.effect, issue.reason, issue.element) for issue in issues
        ),
    )


def _terminology(facts: PatientFacts, sources: Iterable[TerminologySource]) -> TerminologyReport | None:
    expansions = tuple(
        SourceReport(source.server, source.version, source.concepts, source.sha256) for source in sources
    )
    looked_up = tuple(MemberReport(*member) for member in sorted(facts.members))
    return TerminologyReport(expansions, looked_up) if expansions or looked_up else None


def _rule(outcome: RuleOutcome, filtered: bool, adjustment: Adjustment | None) -> RuleReport:
    silenced = adjustment is not None and adjustment.status is not None
    return RuleReport(
        id=outcome.rule.id,
        version=outcome.rule.version,
        statements=outcome.rule.statements,
        outcome=outcome.outcome.value,
        order=(outcome.subject.order or "") if outcome.subject is not None else "",
        missing=tuple(Gap(gap.what, gap.why, gap.list or "", gap.references) for gap in outcome.missing),
        evidence=tuple(Entry(entry.reference, entry.label, entry.date) for entry in outcome.evidence),
        notes=outcome.notes,
        experimental=outcome.rule.experimental and not silenced,
        filtered=filtered,
        yielded_to=outcome.yielded_to or "",
        error=outcome.error or "",
        adjusted=adjustment_report(adjustment) if adjustment is not None else None,
    )


def adjustment_report(adjustment: Adjustment) -> AdjustmentReport:
    """What a site has set of a rule, and the decision behind it, as answers tell it."""
    return AdjustmentReport(
        adjustment.words,
        adjustment.reason,
        adjustment.approved_by,
        adjustment.until.isoformat(),
        silenced=adjustment.status is not None,
    )


def _state(facts: PatientFacts, name: ListName) -> str:
    if name is ListName.PATIENT:
        return facts.person_state.value
    found: FactList[object] = getattr(facts, name.value)
    return found.state.value
