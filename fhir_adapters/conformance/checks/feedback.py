"""Feedback: what users did with cards, sent to the address below the service's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from fhir_adapters.conformance.examination import Examination, NotApplicable, path_of
from fhir_adapters.conformance.service import Answer

_WHEN: Final = "2026-01-15T12:00:00Z"


def _report(**members: Any) -> dict[str, Any]:
    """A card that nobody knows, accepted."""
    report = {
        "card": str(uuid4()),
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": str(uuid4())}],
        "outcomeTimestamp": _WHEN,
    }
    return {name: value for name, value in (report | members).items() if value is not None}


def _overridden(**members: Any) -> dict[str, Any]:
    return _report(outcome="overridden", acceptedSuggestions=None, **members)


def _send(examination: Examination, body: Any) -> Answer:
    return examination.service.post(f"{examination.subject.path}/feedback", body)


def _offered(examination: Examination) -> None:
    status = _send(examination, {"feedback": [_report()]}).status
    if status in (404, 405, 501):
        raise NotApplicable(f"the service takes no feedback ({status})")


def _expect(examination: Examination, status: int, bodies: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    _offered(examination)
    for what, reports in bodies.items():
        got = _send(examination, {"feedback": reports}).status
        if got != status:
            yield f"{what}: {got}"


def ch_180_every_service_takes_feedback(examination: Examination) -> Iterator[str]:
    """Below its own address."""
    _offered(examination)
    for service in examination.listed:
        path = f"{path_of(service['id'])}/feedback"
        status = examination.service.post(path, {"feedback": [_report()]}).status
        if status >= 300:
            yield f"{service['id']}: {status}"


def ch_181_many_reports_come_in_one_array(examination: Examination) -> Iterator[str]:
    """Two on one card, one on another."""
    card = str(uuid4())
    reports = [_report(card=card), _overridden(card=card), _report()]
    return _expect(examination, 200, {"three reports": reports})


def ch_181_a_body_without_the_array_is_refused(examination: Examination) -> Iterator[str]:
    """A bare report and a bare array are not what the specification defines."""
    _offered(examination)
    for what, body in {"a report": _report(), "an array": [_report()], "nothing": {}}.items():
        status = _send(examination, body).status
        if status != 400:
            yield f"{what}: {status}"


def ch_182_card_outcome_and_time_are_required(examination: Examination) -> Iterator[str]:
    """A time has its zone, and an ignored card is not reported."""
    bodies = {
        f"without {name}": [_report(**{name: None})] for name in ("card", "outcome", "outcomeTimestamp")
    }
    bodies["ignored"] = [_report(outcome="ignored")]
    bodies["a time without a zone"] = [_report(outcomeTimestamp="2026-01-15T12:00:00")]
    return _expect(examination, 400, bodies)


def ch_182_times_with_any_zone_are_read(examination: Examination) -> Iterator[str]:
    """As RFC 3339 writes them."""
    times = ("2026-01-15T12:00:00.123Z", "2026-01-15T14:00:00+02:00")
    return _expect(examination, 200, {time: [_report(outcomeTimestamp=time)] for time in times})


def ch_183_accepted_names_the_suggestions(examination: Examination) -> Iterator[str]:
    """Invariant cds-fb-2."""
    return _expect(examination, 400, {"without acceptedSuggestions": [_report(acceptedSuggestions=None)]})


def ch_184_a_reason_to_override_has_many_forms(examination: Examination) -> Iterator[str]:
    """Clients have codes of their own, and leave display out."""
    coding = {"code": "own-code", "system": "urn:example:reasons"}
    reasons: dict[str, Any] = {
        "no reason": None,
        "a coding": {"reason": coding | {"display": "Own words"}},
        "a coding without display": {"reason": coding},
        "words": {"userComment": "invented"},
        "both": {"reason": coding, "userComment": "invented"},
    }
    return _expect(
        examination,
        200,
        {what: [_overridden(overrideReason=reason)] for what, reason in reasons.items()},
    )


def ch_185_the_same_report_may_come_again(examination: Examination) -> Iterator[str]:
    """A client that got no answer sends it again."""
    report = _report()
    return _expect(examination, 200, {"the first time": [report], "the second time": [report]})


def ch_187_a_card_that_nobody_knows_is_no_error(examination: Examination) -> Iterator[str]:
    """Another worker may have sent it, or one before a restart."""
    return _expect(examination, 200, {"an unknown card": [_overridden()]})
