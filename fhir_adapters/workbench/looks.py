"""Looks: a rule looked at for a patient, the way the service and the tests go, in the shapes that the page draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal

from engine.authoring.case_text import expectation_of
from engine.authoring.edits import Edited
from engine.authoring.explanation import WORDS, Explanation, explain
from engine.authoring.testing import RuleTests, deciding
from engine.cards import Card, cards_of
from engine.errors import CdsError
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.finding import Truth
from engine.outcome import Evaluation, RuleOutcome
from engine.ruleset import RuleSet
from fhir_adapters.cds_hooks import models
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import RecordHook, questions_of
from fhir_adapters.issues import DataIssue
from fhir_adapters.workbench.patients import (
    ChartLine,
    FromRecord,
    MadeUp,
    Patient,
    chart,
    only_case,
    problems_in_words,
)
from fhir_adapters.workbench.retelling import retold

Scope = Literal["rule", "all"]
"""Whether the rule is looked at alone (with those it yields to), or with all rules, as in the EHR."""


@dataclass(frozen=True, slots=True)
class Face:
    """A card as an EHR draws it; a suggestion is its label and whether it is the preferred one."""

    indicator: str
    summary: str
    detail: str
    suggestions: tuple[tuple[str, bool], ...]
    reasons: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    source: tuple[str, ...]
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What came of a look at one patient.

    ``reasons`` are why there was none. ``expectation`` is what a test of this patient would expect; ``patients`` how many the record
    has; ``tally`` how all rules ended, in words. ``facts`` are what is known of the patient, ``looked_at`` the references of the
    entries that the rule looked at.
    """

    reasons: tuple[str, ...] = ()
    hook: str = ""
    chart: tuple[ChartLine, ...] = ()
    faces: tuple[Face, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    outcome: Truth | None = None
    expectation: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    issues: tuple[str, ...] = ()
    patients: int = 1
    tally: str = ""
    facts: PatientFacts | None = field(default=None, repr=False)
    looked_at: frozenset[str] = frozenset()


def look(edit: Edited, patient: Patient, scope: Scope, *, now: datetime, today: date) -> Look:
    """Look at the patient with the edited rule; ``today`` is the day of made-up patients, ``now`` that of records.

    What cannot be looked at is said in ``reasons``, without values of the patient.
    """
    assert edit.rule is not None
    try:
        if isinstance(patient, MadeUp):
            tests = patient.tests(edit.loaded, edit.rule.id, today)
            if tests.problems:
                return Look(problems_in_words(tests.problems))
            return _made_up(edit, tests, scope)
        return _from_record(edit, patient, scope, now)
    except CdsError as error:
        return Look((f"{str(error)[:1].upper()}{str(error)[1:]}.",))


def _made_up(edit: Edited, tests: RuleTests, scope: Scope) -> Look:
    case = only_case(tests)
    facts = tests.facts(case)
    try:
        evaluation, alone = tests.evaluate(case)
        cards = alone
        everything = evaluation
        if scope == "all":
            with closing(Engine(edit.loaded.rules, tests.loaded.concepts)) as engine:
                everything = engine.evaluate(facts)
                cards = cards_of(everything, engine.rules)
    finally:
        tests.close()
    return _looked(edit, facts, evaluation, everything, alone, tuple(map(_drawn, cards)))


def _from_record(edit: Edited, patient: FromRecord, scope: Scope, now: datetime) -> Look:
    assert edit.rule is not None
    shown, alone = edit.loaded.rules, _alone(edit)
    rules = shown if scope == "all" else alone
    hook = RecordHook(patient.hook) if patient.hook else None
    # The record is read with the prefetch of all rules, and the rule that lies open counts whatever its status.
    others = (rule for rule in shown.rules if rule.id != edit.rule.id)
    services = Services(replace(shown, rules=(*others, alone.rule(edit.rule.id))), edit.loaded.concepts)
    questions = list(questions_of(patient.content, hook, services))
    question = questions[min(patient.number, len(questions) - 1)]
    with closing(Engine(rules, edit.loaded.concepts)) as engine:
        decision = question.decide(engine, now)
    if edit.rule.id not in {outcome.rule.id for outcome in decision.evaluation.outcomes}:
        asked = ", ".join(edit.rule.hooks)
        reason = f"The record asks at {decision.evaluation.hook}, but this rule is looked at only at {asked}."
        return Look(
            (reason, *(["Choose that under Ask."] if {*edit.rule.hooks} & {*RecordHook} else [])),
            patients=len(questions),
            chart=chart(decision.facts),
            issues=_said(decision.issues),
        )
    return _looked(
        edit,
        decision.facts,
        decision.evaluation,
        decision.evaluation,
        decision.cards,
        tuple(map(_sent, decision.response.cards)),
        decision.issues,
        patients=len(questions),
    )


def _looked(
    edit: Edited,
    facts: PatientFacts,
    evaluation: Evaluation,
    everything: Evaluation,
    cards: Iterable[Card],
    faces: tuple[Face, ...],
    issues: Iterable[DataIssue] = (),
    *,
    patients: int = 1,
) -> Look:
    assert edit.rule is not None
    outcomes = [outcome for outcome in evaluation.outcomes if outcome.rule.id == edit.rule.id]
    chosen = deciding(outcomes)
    card = next((card for card in cards if edit.rule.id in card.rules), None)
    return Look(
        hook=facts.hook,
        chart=chart(facts),
        faces=faces,
        explanations=tuple(explain(outcome, edit.loaded) for outcome in outcomes),
        outcome=chosen.outcome,
        expectation=expectation_of(chosen, card),
        issues=_said(issues),
        patients=patients,
        tally=_tally(everything.outcomes),
        facts=facts,
        looked_at=frozenset(reference for outcome in outcomes for reference in _looked_at(outcome)),
    )


def _said(issues: Iterable[DataIssue]) -> tuple[str, ...]:
    return tuple(f"{issue.reference}: {issue.reason}" for issue in issues)


def _looked_at(outcome: RuleOutcome) -> Iterator[str]:
    traces = (outcome.when, outcome.unless, *outcome.variants)
    findings = [leaf.finding for trace in traces if trace is not None for leaf in trace.leaves()]
    if outcome.subject is not None:
        yield from (entry.reference for entry in outcome.subject.evidence)
    for finding in findings:
        yield from (entry.reference for entry in finding.evidence)
        yield from (reference for gap in finding.missing for reference in gap.references)


def retell(edit: Edited, told: Look, *, now: datetime, today: date) -> tuple[MadeUp, bool]:
    """The patient of a record in the words of a test, and whether the rule ends the same and with the same urgency.

    With the entries that the rule looked at, if that is enough; else with all.
    """
    assert told.facts is not None
    wanted = (told.expectation["outcome"], told.expectation["card"])
    for chosen in (told.looked_at, None):
        patient = MadeUp(retold(told.facts, edit.loaded.concepts, today, chosen), "a record, retold")
        again = look(edit, patient, "rule", now=now, today=today)
        if (again.expectation.get("outcome"), again.expectation.get("card")) == wanted:
            return patient, True
    return patient, False


def _tally(outcomes: tuple[RuleOutcome, ...]) -> str:
    ended = Counter(outcome.outcome for outcome in outcomes)
    rules = len({outcome.rule.id for outcome in outcomes})
    ends = ", ".join(f"{ended[truth]} {WORDS[truth]}" for truth in Truth)
    return f"{rules} {'rule' if rules == 1 else 'rules'} looked at: {ends}"


def _alone(edit: Edited) -> RuleSet:
    assert edit.rule is not None
    return RuleTests(edit.loaded, edit.rule.id, edit.document, None, ()).rules_alone({})


def _drawn(card: Card) -> Face:
    return Face(
        card.indicator.value,
        card.summary,
        card.detail,
        tuple((offered.spec.label, offered.spec.recommended) for offered in card.suggestions),
        tuple(reason.display for reason in card.override_reasons),
        tuple((link.label, link.url) for link in card.links),
        tuple(part for part in (card.source_label, card.topic_title) if part),
        card.source_url or "",
    )


def _sent(card: models.Card) -> Face:
    return Face(
        card.indicator,
        card.summary,
        card.detail or "",
        tuple((suggestion.label, suggestion.is_recommended) for suggestion in card.suggestions),
        tuple(reason.display for reason in card.override_reasons),
        tuple((link.label, link.url) for link in card.links),
        (card.source.label, card.source.topic.display),
        card.source.url or "",
    )
