"""Decisions: one question about one patient, taken all the way from what was sent to the cards.

The service, the command line and whatever replays history go this one way, so they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID, uuid4

import msgspec

from engine.cards import Card, cards_of
from engine.deceased import told_of_death
from engine.evaluation import Engine
from engine.facts import ListName, PatientFacts
from engine.finding import Truth
from engine.offers import offered_once
from engine.outcome import Evaluation, RuleOutcome
from engine.short_lists import told_of_short_lists
from fhir_adapters.cds_hooks.cards import card_of
from fhir_adapters.cds_hooks.envelope import HookRequest, read_request
from fhir_adapters.cds_hooks.evaluation import EXTENSION, EvaluationReport, report_of
from fhir_adapters.cds_hooks.models import HookResponse
from fhir_adapters.cds_hooks.services import HookService
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.mapping.validation import conformance
from fhir_adapters.record import PatientRecord, read_prefetch
from fhir_adapters.repeats import IsRepeat, Repeats, none_is
from fhir_adapters.review import ReviewContext
from fhir_adapters.store.records import Shown
from fhir_adapters.terminology.looked_up import NOT_LOOKED_UP, LookedUp
from fhir_adapters.terminology.presumed import counting, presumed_issues
from fhir_adapters.terminology.uncoded import uncoded_issues
from fhir_adapters.wire import Entry

_MOST_VALIDATED: Final = 100
"""How many resources are held against the models of FHIR at most: each takes about half a millisecond."""
NOT_RECORDED: Final = "this decision could not be stored; feedback on its cards will not be joined to it"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was asked, what came of it, and the answer as CDS Hooks sends it.

    ``instance`` is the request's ``hookInstance`` where it is a UUID, else empty. ``id`` is the name under which the
    decision is to be stored, empty when it is not; ``request`` what was asked, where a service was called. ``filtered``
    are the places of the outcomes that were left off the cards as repeats, ``shown`` is what a later request may not want
    repeated.
    """

    facts: PatientFacts
    evaluation: Evaluation
    cards: tuple[Card, ...]
    issues: DataIssues
    response: HookResponse
    instance: str = ""
    id: str = ""
    request: HookRequest | None = None
    filtered: frozenset[int] = frozenset()
    shown: tuple[Shown, ...] = ()

    @property
    def rules_shown(self) -> list[str]:
        """The ids of the rules that are on a card, each once."""
        return list(dict.fromkeys(rule for card in self.cards for rule in card.rules))

    @property
    def on_cards(self) -> list[RuleOutcome]:
        """The outcomes that are on a card."""
        told = {(rule, card.order) for card in self.cards for rule in card.rules}
        return [
            outcome
            for place, outcome in enumerate(self.evaluation.outcomes)
            if place not in self.filtered
            and outcome.subject is not None
            and (outcome.rule.id, outcome.subject.order) in told
        ]

    def unrecorded(self) -> Decision:
        """The same decision, whose answer says that it could not be stored."""
        assert self.response.extension is not None
        report: EvaluationReport = self.response.extension[EXTENSION]
        told = msgspec.structs.replace(report, decision="", not_recorded=NOT_RECORDED)
        return replace(self, id="", response=HookResponse(self.response.cards, {EXTENSION: told}))


def uuids_of(decision: UUID) -> Callable[[], UUID]:
    """The uuids of the cards and suggestions of a decision, one after another: the same ones for the same decision."""
    source = Random(decision.int)
    return lambda: UUID(int=source.getrandbits(128), version=4)


def decide_request(
    body: bytes,
    service: HookService,
    engine: Engine,
    *,
    now: datetime,
    new_uuid: Callable[[], UUID] = uuid4,
    id: str = "",
    repeats: Repeats | None = None,
) -> Decision:
    """Decide a call of a service; ``repeats`` knows what the client was shown, where it may ask not to be shown it again.

    Raises:
        Refusal: the request lacks what every request must have; see :mod:`fhir_adapters.cds_hooks.envelope`.
    """
    request = read_request(body, service.hook)
    return decide_call(request, service, engine, now=now, new_uuid=new_uuid, id=id, repeats=repeats)


def decide_call(
    request: HookRequest,
    service: HookService,
    engine: Engine,
    *,
    now: datetime,
    new_uuid: Callable[[], UUID] = uuid4,
    id: str = "",
    repeats: Repeats | None = None,
) -> Decision:
    """Decide a call of a service whose request has been read, and perhaps completed; see :func:`decide_request`."""
    context, asks = request.context, request.repeats
    is_repeat = repeats.in_session(context, now) if repeats is not None and asks.leave_out else none_is
    decision = decide_asked(request, service, engine, now=now, new_uuid=new_uuid, id=id, is_repeat=is_repeat)
    if repeats is None or not asks.remember:
        return decision
    return replace(decision, shown=repeats.showing(decision.on_cards, context, now))


def decide_asked(
    request: HookRequest,
    service: HookService,
    engine: Engine,
    *,
    now: datetime,
    new_uuid: Callable[[], UUID],
    id: str,
    is_repeat: IsRepeat,
) -> Decision:
    """Decide what a service was asked, once its request has been read."""
    record = read_prefetch(
        request.prefetch,
        keys=service.keys,
        patient_id=request.context.patient_id,
        server=request.server,
        failures=request.failures,
    )
    lists = frozenset[ListName]().union(*service.keys.values())
    decision = decide(
        record,
        request.context,
        engine,
        now=now,
        lists=lists,
        instance=request.instance,
        new_uuid=new_uuid,
        id=id,
        is_repeat=is_repeat,
        looked_up=request.looked_up,
    )
    return replace(decision, request=request)


def decide(
    record: PatientRecord,
    context: ReviewContext,
    engine: Engine,
    *,
    now: datetime,
    lists: Iterable[ListName] = tuple(ListName),
    instance: str = "",
    new_uuid: Callable[[], UUID] = uuid4,
    id: str = "",
    is_repeat: IsRepeat = none_is,
    looked_up: LookedUp = NOT_LOOKED_UP,
) -> Decision:
    """Decide for a record and what is under review; ``lists`` are those whose state the evaluation tells."""
    facts, issues = patient_facts(record, context, now=now, strength_of=engine.concepts.strength_of)
    facts = replace(facts, members=frozenset(looked_up.members), unanswered=frozenset(looked_up.unanswered))
    issues.extend(looked_up.issues)
    evaluation = engine.evaluate(facts)
    issues.extend(presumed_issues(evaluation.presumed, looked_up, engine.concepts.systems.values()))
    issues.extend(uncoded_issues(evaluation, facts.devices.items, engine.concepts))
    issues.extend(conformance(_used(evaluation, (*record, *context.entries()))))
    filtered = frozenset(
        place for place, outcome in enumerate(evaluation.outcomes) if outcome.shown and is_repeat(outcome)
    )
    told = (outcome for place, outcome in enumerate(evaluation.outcomes) if place not in filtered)
    cards = cards_of(Evaluation(evaluation.hook, tuple(told)), engine.rules)
    if not engine.concepts.expansions and not looked_up.concepts:
        cards = told_of_short_lists(
            cards, evaluation, engine.rules, counting(evaluation.presumed), alone=not filtered
        )
    cards = offered_once(cards, facts.services.items, engine.concepts, facts.now)
    cards = told_of_death(cards, facts)
    sent = tuple(
        card_of(card, context, issues, rules=engine.rules, concepts=engine.concepts, new_uuid=new_uuid)
        for card in cards
    )
    report = report_of(
        evaluation,
        facts,
        issues,
        lists=lists,
        rules=engine.rules,
        decision=id,
        filtered=filtered,
        sources=engine.concepts.sources,
    )
    response = HookResponse(sent, {EXTENSION: report})
    return Decision(facts, evaluation, cards, issues, response, instance, id, filtered=filtered)


def _used(evaluation: Evaluation, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The resources that met rules rest on, as many as are worth the time."""
    used = {
        evidence.reference
        for outcome in evaluation.outcomes
        if outcome.outcome is Truth.MET
        for evidence in outcome.evidence
    }
    return islice((entry for entry in entries if entry.reference in used), _MOST_VALIDATED)
