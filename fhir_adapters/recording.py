"""Recording: decisions and feedback stored before they are acknowledged, off the event loop.

A decision is acknowledged by its answer, which leaves after the commit and names the id under which it is stored. When
it cannot be stored, the prescriber still gets the cards: the answer then says that the decision was not recorded, and
the journal says why. Feedback has no prescriber waiting: what cannot be stored is refused with 503, to be sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from engine.outcome import RuleOutcome
from fhir_adapters.cds_hooks.evaluation import EXTENSION, EvaluationReport
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.used_tokens import TokensOfThisProcess
from fhir_adapters.decision import Decision
from fhir_adapters.journal import note
from fhir_adapters.kept_requests import to_keep
from fhir_adapters.outcomes import Refusal
from fhir_adapters.store.errors import StoreError
from fhir_adapters.store.records import (
    CardRecord,
    DecisionRecord,
    FeedbackRecord,
    KeptExchange,
    OutcomeRecord,
    PackVersion,
    TerminologyVersion,
)

if TYPE_CHECKING:  # SQLAlchemy is loaded only where there is a store
    from fhir_adapters.store.store import Store

PATIENCE: Final = 2.0
"""Seconds that a prescriber waits for the store at most."""

_FEEDBACK_PATIENCE: Final = 10.0
_THREADS: Final = 8

T = TypeVar("T")


class Recorder:
    """Stores what one process decides and what it is told; ``state`` says how the last attempt went."""

    def __init__(self, store: Store, *, keep_requests: bool = False) -> None:
        """``keep_requests``: keep requests and answers whole, with the patient's data in them."""
        self.store = store
        self.state: Literal["ok", "failing"] = "ok"
        self._keep_requests = keep_requests
        self._tokens = TokensOfThisProcess()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")

    async def record(
        self, decision: Decision, body: bytes, answer: bytes, *, service: str, client: str
    ) -> bytes:
        """The answer to send: as it is once the decision has been stored, else one that says that it has not."""

        def store() -> None:
            kept = None
            if self._keep_requests and decision.request is not None:
                kept = KeptExchange(to_keep(body, decision.request), answer)
            self.store.record(record_of(decision, service, client, kept), decision.shown)

        try:
            await self._off_the_loop(store, PATIENCE)
        except Exception as error:
            # Whatever it is: it must not keep the cards from the prescriber.
            note(
                "decision-not-recorded",
                level=logging.ERROR,
                error=error,
                decision=decision.id,
                reason=_reason(error),
            )
            return encode(decision.unrecorded().response)
        return answer

    async def keep(self, records: Sequence[FeedbackRecord]) -> int:
        """Store feedback; how many reports were new.

        Raises:
            Refusal: 503, when it could not be stored.
        """
        try:
            return await self._off_the_loop(lambda: self.store.add_feedback(records), _FEEDBACK_PATIENCE)
        except (StoreError, TimeoutError) as error:
            note("feedback-not-stored", level=logging.ERROR, error=error, reason=_reason(error))
            mend = "Send the same again later: what is known already is not stored twice."
            raise Refusal(503, "transient", "the feedback could not be stored", mend=mend) from None

    def recall(self, key: str, now: datetime) -> frozenset[str]:
        """What was shown last under a key; nothing when the store does not answer, so that nothing is left out."""
        try:
            return self.store.recently_shown(key, now=now)
        except StoreError as error:
            note("repeats-not-looked-up", level=logging.ERROR, error=error, reason=_reason(error))
            return frozenset()

    def use_token(self, issuer: str, token_id: str, *, expires: datetime, now: datetime) -> bool:
        """Whether a token is used for the first time: in any worker, or in this one while the store does not answer.

        So a failing store does not lock every client out; all that it takes is that a stolen token may be used once
        in each of the other workers, until it expires.
        """
        new_here = self._tokens.use_token(issuer, token_id, expires=expires, now=now)
        try:
            return new_here and self.store.use_token(issuer, token_id, expires=expires, now=now)
        except StoreError as error:
            note("tokens-not-shared", level=logging.ERROR, error=error, reason=str(error))
            return new_here

    def close(self) -> None:
        """Let go of the store; what has begun is finished."""
        self._threads.shutdown(cancel_futures=True)
        self.store.close()

    async def _off_the_loop(self, work: Callable[[], T], patience: float) -> T:
        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, work)
            done = await asyncio.wait_for(running, patience)
        except Exception:
            self.state = "failing"
            raise
        self.state = "ok"
        return done


def record_of(decision: Decision, service: str, client: str, kept: KeptExchange | None) -> DecisionRecord:
    """What is stored of a decision: no clinical value, but for what is ``kept``."""
    assert decision.response.extension is not None
    report: EvaluationReport = decision.response.extension[EXTENSION]
    return DecisionRecord(
        id=decision.id,
        taken_at=decision.facts.now,
        client=client,
        service=service,
        hook=decision.facts.hook,
        hook_instance=decision.instance,
        primum_version=version("primum"),
        packs=tuple(PackVersion(pack.id, pack.version, pack.label_version) for pack in report.packs),
        outcomes=tuple(
            _outcome(outcome, place in decision.filtered)
            for place, outcome in enumerate(decision.evaluation.outcomes)
        ),
        cards=tuple(
            CardRecord(str(sent.uuid), sent.indicator, card.rules)
            for card, sent in zip(decision.cards, decision.response.cards, strict=True)
        ),
        kept=kept,
        terminology=tuple(
            TerminologyVersion(source.server, source.version, source.sha256)
            for source in (report.terminology.expansions if report.terminology is not None else ())
        ),
    )


def _outcome(outcome: RuleOutcome, filtered: bool) -> OutcomeRecord:
    missing = [name for gap in outcome.missing for name in (gap.list or "", *gap.references)]
    return OutcomeRecord(
        rule=outcome.rule.id,
        version=outcome.rule.version,
        outcome=outcome.outcome.value,
        order=(outcome.subject.order or "") if outcome.subject is not None else "",
        evidence=tuple(dict.fromkeys(entry.reference for entry in outcome.evidence)),
        missing=tuple(dict.fromkeys(name for name in missing if name)),
        experimental=outcome.rule.experimental,
        filtered=filtered,
        yielded_to=outcome.yielded_to or "",
        error=outcome.error or "",
    )


def _reason(error: Exception) -> str:
    """Why the store failed, where that is words of ours."""
    return str(error) if isinstance(error, StoreError) else type(error).__name__
