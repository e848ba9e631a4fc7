"""Repeats: what order-sign leaves off its cards because order-select has just shown the same (CH-242).

HL7's guide for drug-drug interactions (PDDI-CDS 1.0.0, CDS service specification) lets a client ask for it:
``cache-for-order-sign-filtering`` with order-select and ``filter-out-repeated-alerts`` with order-sign, as members of
``extension.configuration-items`` (``pddi-configuration-items`` in its published requests). Both are needed, and the
operator must allow it.

Something is a repeat only when nothing clinical has changed since the last order-select about the same order, by the
same user for the same patient in the same encounter, within the hour: the rule and its version, how it and each of its
conditions ended, the values and the entries of the record behind them, and what is ordered. A request that does not name user,
patient and encounter is never filtered, because it may be another prescriber's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Raw

from engine.finding import Evidence, Truth
from engine.outcome import RuleOutcome
from engine.rule import Hook
from fhir_adapters.errors import FhirDataError
from fhir_adapters.review import ReviewContext
from fhir_adapters.store.records import Shown
from fhir_adapters.wire import decode_value

IsRepeat = Callable[[RuleOutcome], bool]
Recall = Callable[[str, datetime], frozenset[str]]

_OPTIONS: Final = ("configuration-items", "pddi-configuration-items")
ADMINISTRATIVE: Final = frozenset(
    {"meta", "text", "language", "identifier", "authoredOn", "requester", "recorder", "performer"}
)
"""Elements of a draft that an EHR sets between choosing and signing without changing what the patient gets."""


@dataclass(frozen=True, slots=True)
class RepeatOptions:
    """What a client asks of repeats: to remember what is shown now, or to leave out what was shown before."""

    remember: bool = False
    leave_out: bool = False


def read_options(members: Mapping[str, Raw], hook: Hook) -> RepeatOptions:
    """The options of a request; whatever cannot be read asks for nothing (CH-232)."""
    try:
        extension = decode_value(members["extension"]) if "extension" in members else None
    except FhirDataError:
        return RepeatOptions()
    items: dict[str, Any] = {}
    for name in _OPTIONS:
        found = extension.get(name) if isinstance(extension, dict) else None
        items |= found if isinstance(found, dict) else {}
    return RepeatOptions(
        remember=hook is Hook.ORDER_SELECT and items.get("cache-for-order-sign-filtering") is True,
        leave_out=hook is Hook.ORDER_SIGN and items.get("filter-out-repeated-alerts") is True,
    )


def none_is(_: RuleOutcome) -> bool:
    """Nothing is a repeat."""
    return False


class Repeats:
    """What one client was shown, so that it can be told from what is new."""

    def __init__(self, client: str, recall: Recall) -> None:
        """``recall`` gives the fingerprints that were shown last under a key."""
        self._client = client
        self._recall = recall

    def in_session(self, context: ReviewContext, now: datetime) -> IsRepeat:
        """Tells whether an outcome was shown in the session of a context."""

        @cache
        def shown(order: str) -> frozenset[str]:
            key = self._key(context, order)
            return self._recall(key, now) if key else frozenset()

        def is_repeat(outcome: RuleOutcome) -> bool:
            known = shown(_order(outcome)) if outcome.outcome is not Truth.NOT_MET else ()
            return bool(known) and _fingerprint(outcome, context) in known

        return is_repeat

    def showing(
        self, on_cards: Iterable[RuleOutcome], context: ReviewContext, now: datetime
    ) -> tuple[Shown, ...]:
        """What an answer shows, for every order under review and for the therapy, to be remembered."""
        fingerprints: dict[str, set[str]] = {"": set()}
        fingerprints |= {
            draft.reference: set() for draft in context.orders if context.is_selected(draft.reference)
        }
        for outcome in on_cards:
            fingerprints.setdefault(_order(outcome), set()).add(_fingerprint(outcome, context))
        keys = {order: self._key(context, order) for order in fingerprints}
        return tuple(
            Shown(key, frozenset(fingerprints[order]), now) for order, key in keys.items() if key is not None
        )

    def _key(self, context: ReviewContext, order: str) -> str | None:
        session = (context.user, context.patient_id, context.encounter_id)
        return _hash((self._client, *session, order)) if all(session) else None


def _fingerprint(outcome: RuleOutcome, context: ReviewContext) -> str:
    order = _order(outcome)
    medication = outcome.subject.medication if outcome.subject is not None else None
    draft = next((draft for draft in context.orders if draft.reference == order), None)
    content = decode_value(draft.raw) if draft is not None else None
    if isinstance(content, dict):
        content = {name: value for name, value in content.items() if name not in ADMINISTRATIVE}
    traces = (outcome.when, outcome.unless, *outcome.variants)
    findings = [leaf.finding for trace in traces if trace is not None for leaf in trace.leaves()]
    return _hash(
        (
            (outcome.rule.id, outcome.rule.version, outcome.outcome, outcome.variant, outcome.error),
            (_undated(outcome.evidence, order), outcome.missing, outcome.notes),
            [replace(finding, evidence=_undated(finding.evidence, order)) for finding in findings],
            replace(medication, authored=None, misdated=False) if medication is not None else None,
            content,
        )
    )


def _undated(evidence: Iterable[Evidence], order: str) -> tuple[Evidence, ...]:
    """Evidence without the date of the draft itself, which is set when it is signed."""
    return tuple(replace(entry, date="") if entry.reference == order else entry for entry in evidence)


def _order(outcome: RuleOutcome) -> str:
    return (outcome.subject.order or "") if outcome.subject is not None else ""


def _hash(value: object) -> str:
    return sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
