"""Answers: what comes back, whether all is well or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from time import perf_counter
from typing import Any, Final

from fhir_adapters.conformance.examination import (
    Examination,
    NotApplicable,
    cards_of,
    comparable,
    drafts_of,
    objects,
)
from fhir_adapters.conformance.service import DISCOVERY, JSON_HEADERS, Answer

_URGENCY: Final = {"critical": 0, "warning": 1, "info": 2}
_MARK: Final = "Quillfeather"
"""A word that stands in requests which are refused, and must not come back."""
_CODE_SHOWN: Final = re.compile(
    rb"Traceback|File \\?\"|\bat [\w.]+\([\w.]+:\d+\)|Exception in", re.IGNORECASE
)
_CALLS: Final = 20
_SECONDS: Final = 0.5


def ch_050_an_answer_is_an_object_with_an_array_of_cards(examination: Examination) -> Iterator[str]:
    """Every sample is a request that a service can answer."""
    if not examination.exchanges and not examination.silences:
        raise NotApplicable("there is no service of a hook that there is a sample for")
    yield from examination.silences
    for exchange in examination.exchanges:
        if exchange.answer.status != 200:
            yield f"{exchange.service}: {exchange.answer.status}"
        elif not isinstance(exchange.answer.members.get("cards"), list):
            yield f"{exchange.service}: cards is missing or not an array"


def _refused(examination: Examination) -> Iterator[tuple[str, Answer]]:
    """Requests that cannot be answered, each with a word in it that must not come back."""
    service, subject = examination.service, examination.subject.path
    body = json.dumps(examination.varied(context=_MARK)).encode()
    yield "half of a body", service.send("POST", subject, body[:-5], JSON_HEADERS)
    yield "a context that is a text", service.send("POST", subject, body, JSON_HEADERS)
    yield "another media type", service.send("POST", subject, body, (("Content-Type", "text/plain"),))
    yield "an unknown service", service.post(f"{DISCOVERY}/{_MARK}", {"hook": _MARK})
    yield "an unknown address", service.get(f"{DISCOVERY}/a/b/{_MARK}")
    yield "another method", service.send("PUT", f"{DISCOVERY}/{_MARK}", body, JSON_HEADERS)


def ch_052_every_error_is_an_operation_outcome(examination: Examination) -> Iterator[str]:
    """With a severity and a code."""
    for what, answer in _refused(examination):
        issues = objects(answer.members.get("issue"))
        typed = answer.members.get("resourceType") == "OperationOutcome"
        if answer.status < 400:
            yield f"{what}: {answer.status}"
        elif not typed or not issues or not all({"severity", "code"} <= issue.keys() for issue in issues):
            yield f"{what}: the body of the {answer.status} is not an OperationOutcome"


def ch_052_no_error_repeats_the_request(examination: Examination) -> Iterator[str]:
    """It may hold patient data."""
    for what, answer in _refused(examination):
        if _MARK.encode() in answer.body:
            yield f"{what}: the {answer.status} repeats what was sent"


def ch_017_no_error_shows_the_code(examination: Examination) -> Iterator[str]:
    """Neither stack nor file names."""
    for what, answer in _refused(examination):
        if _CODE_SHOWN.search(answer.body):
            yield f"{what}: the {answer.status} shows where in the code it comes from"


def ch_053_what_is_wrong_with_a_request_is_a_4xx(examination: Examination) -> Iterator[str]:
    """It is the client's to mend."""
    for what, answer in _refused(examination):
        if not 400 <= answer.status < 500:
            yield f"{what}: {answer.status}"


def ch_055_nine_answers_in_ten_come_within_500_ms(examination: Examination) -> Iterator[str]:
    """Of twenty, to the subject's request, from where this runs."""
    request, seconds = examination.varied(), []
    for _ in range(_CALLS):
        begun = perf_counter()
        examination.ask(request)
        seconds.append(perf_counter() - begun)
    slowest_of_nine_tenths = sorted(seconds)[_CALLS * 9 // 10 - 1]
    if slowest_of_nine_tenths > _SECONDS:
        yield f"one answer in ten takes longer than {slowest_of_nine_tenths * 1000:.0f} ms"


def ch_056_the_same_request_gets_the_same_cards_in_the_same_order(examination: Examination) -> Iterator[str]:
    """Also when the entries of a Bundle stand the other way round."""
    expected = comparable(examination.subject.answer)
    request = examination.varied()
    for value in (request.get("prefetch") or {}).values():
        if isinstance(value, dict) and isinstance(value.get("entry"), list):
            value["entry"].reverse()
    for what, asked in (("again", examination.varied()), ("with its Bundles reversed", request)):
        if comparable(examination.ask(asked)) != expected:
            yield f"{what}: the cards differ"


def ch_056_the_most_urgent_card_comes_first(examination: Examination) -> Iterator[str]:
    """Some clients show the first ones only."""
    if not examination.shown:
        raise NotApplicable("no card was seen")
    for exchange in examination.answered:
        ranks = [_URGENCY.get(card.get("indicator", ""), 3) for card in cards_of(exchange.answer)]
        if ranks != sorted(ranks):
            yield f"{exchange.service}: a card stands before a more urgent one"


def _system_actions(examination: Examination) -> list[tuple[str, Any]]:
    found = [
        (exchange.service, exchange.answer.members["systemActions"])
        for exchange in examination.answered
        if "systemActions" in exchange.answer.members
    ]
    if not found:
        raise NotApplicable("no answer holds system actions")
    return found


def ch_170_system_actions_are_an_array_that_is_not_empty(examination: Examination) -> Iterator[str]:
    """They are left out when there are none."""
    for where, actions in _system_actions(examination):
        if not isinstance(actions, list) or not actions:
            yield f"{where}: systemActions is not an array with actions"


def ch_171_a_system_action_has_a_description(examination: Examination) -> Iterator[str]:
    """2.0.1 requires it, 3.0 does not, and Inferno does."""
    for where, actions in _system_actions(examination):
        for action in objects(actions):
            if not isinstance(action.get("description"), str):
                yield f"{where}: a system action has no description"


def _extensions(examination: Examination) -> list[tuple[str, Any]]:
    bodies = [("discovery", examination.discovery.members)]
    bodies += [(exchange.service, exchange.answer.members) for exchange in examination.answered]
    bodies += [(shown.where, shown.card) for shown in examination.shown]
    found = [(where, body["extension"]) for where, body in bodies if "extension" in body]
    if not found:
        raise NotApplicable("no answer holds an extension")
    return found


def ch_230_an_extension_is_an_object(examination: Examination) -> Iterator[str]:
    """Not an array, as FHIR has it."""
    for where, extension in _extensions(examination):
        if not isinstance(extension, dict):
            yield f"{where}: extension is not an object"


def ch_231_names_of_extensions_are_unique_in_the_world(examination: Examination) -> Iterator[str]:
    """Such as a domain, reversed."""
    for where, extension in _extensions(examination):
        for name in extension if isinstance(extension, dict) else ():
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9_-]+){2,}|https?://.+", name):
                yield f"{where}: {name} may be another's"


def ch_129_text_of_the_request_is_inert_on_a_card(examination: Examination) -> Iterator[str]:
    """Clients render the detail, and one of them its HTML too."""
    request = examination.varied()
    drafts = drafts_of(request)
    for draft in drafts:
        concept = draft.get("medicationCodeableConcept")
        if isinstance(concept, dict):
            concept["text"] = "<img src=x onerror=alert(1)> [a](javascript:alert(1))"
    cards = cards_of(examination.ask(request))
    if not drafts or not any("onerror" in json.dumps(card) for card in cards):
        raise NotApplicable("no card repeats text of the request")
    for place, card in enumerate(cards):
        detail = str(card.get("detail", ""))
        if re.search(r"(?<!\\)<img", detail):
            yield f"cards[{place}].detail holds an HTML element of the request"
        if re.search(r"(?<!\\)\]\(javascript", detail):
            yield f"cards[{place}].detail holds a link of the request"
