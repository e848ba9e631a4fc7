"""Prefetch: what is asked for in advance, and what becomes of whatever comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fhir_adapters.conformance.examination import Examination, NotApplicable, comparable
from fhir_adapters.conformance.templates import problems_of

_OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "processing", "details": {"text": "the query failed"}}],
}


def _templates(examination: Examination) -> list[tuple[str, str, str, str]]:
    """Service, hook, key and query of every template."""
    found = [
        (service["id"], service["hook"], key, query)
        for service in examination.listed
        if isinstance(service.get("prefetch"), dict)
        for key, query in service["prefetch"].items()
        if isinstance(query, str)
    ]
    if not found:
        raise NotApplicable("no service asks for anything in advance")
    return found


def _found(examination: Examination, row: str) -> Iterator[str]:
    for service, hook, key, query in _templates(examination):
        for problem in problems_of(query, hook):
            if problem.startswith(row):
                yield f"{service}, {key}: {problem.removeprefix(row).strip()}"


def ch_060_tokens_stand_between_double_braces(examination: Examination) -> Iterator[str]:
    """A single brace is no token."""
    return _found(examination, "CH-060")


def ch_061_a_token_is_a_context_field_or_a_user_id(examination: Examination) -> Iterator[str]:
    """FHIRPath is for clients of 3.0."""
    return _found(examination, "CH-061")


def ch_062_only_fields_marked_for_prefetch_are_tokens(examination: Examination) -> Iterator[str]:
    """The orders themselves are not."""
    return _found(examination, "CH-062")


def ch_064_templates_keep_to_the_restricted_queries(examination: Examination) -> Iterator[str]:
    """Reads and plain searches."""
    return _found(examination, "CH-064")


def ch_065_the_user_id_stands_alone(examination: Examination) -> Iterator[str]:
    """It holds its type already."""
    return _found(examination, "CH-065")


def ch_066_no_template_holds_a_date(examination: Examination) -> Iterator[str]:
    """Clients keep templates for a day and more."""
    return _found(examination, "CH-066")


def ch_069_keys_are_plain(examination: Examination) -> Iterator[str]:
    """Letters, digits, dashes and underscores."""
    for service, _, key, _ in _templates(examination):
        if not re.fullmatch(r"[A-Za-z0-9_-]+", key):
            yield f"{service}: {key} is not plain"


def _with_prefetch(examination: Examination, value: Any) -> dict[str, Any]:
    """The subject's request with one value in place of every other resource than the patient's."""
    prefetch = examination.subject.request.get("prefetch")
    if not isinstance(prefetch, dict) or not prefetch:
        raise NotApplicable("the service asks for nothing in advance")
    changed = {
        key: kept if isinstance(kept, dict) and kept.get("resourceType") == "Patient" else value
        for key, kept in prefetch.items()
    }
    return examination.varied(prefetch=changed)


def ch_067_keys_that_were_not_asked_for_do_no_harm(examination: Examination) -> Iterator[str]:
    """Whatever they hold."""
    prefetch = dict(examination.subject.request.get("prefetch") or {})
    prefetch["nobody-asked-for-this"] = {"resourceType": "Bundle", "entry": [{"resource": {"id": "x"}}]}
    answer = examination.ask(examination.varied(prefetch=prefetch))
    if answer.status != 200:
        yield f"the answer is {answer.status}"
    elif comparable(answer) != comparable(examination.subject.answer):
        yield "the cards are others"


def ch_081_null_and_empty_bundles_are_answered_alike(examination: Examination) -> Iterator[str]:
    """The client has looked, and there is nothing."""
    searchset = {"resourceType": "Bundle", "type": "searchset"}
    empty: list[Any] = [None, searchset | {"total": 0}, searchset | {"entry": []}]
    answers = [examination.ask(_with_prefetch(examination, value)) for value in empty]
    for value, answer in zip(("null", "total 0", "no entry"), answers, strict=True):
        if answer.status != 200:
            yield f"{value}: {answer.status}"
        elif comparable(answer) != comparable(answers[0]):
            yield f"{value}: the cards are not those of null"


def ch_083_a_failed_query_is_answered(examination: Examination) -> Iterator[str]:
    """With cards, or with 412 where the data were needed."""
    status = examination.ask(_with_prefetch(examination, _OUTCOME)).status
    if status not in (200, 412):
        yield f"OperationOutcome as a value: {status}"


def ch_086_a_value_of_the_wrong_type_breaks_nothing(examination: Examination) -> Iterator[str]:
    """A page of the specification shows a text where a resource belongs."""
    odd: list[Any] = ["123", 7, [], {"resourceType": "Basic"}, {}]
    for value in odd:
        status = examination.ask(_with_prefetch(examination, value)).status
        if status not in (200, 412):
            yield f"{type(value).__name__} as a value: {status}"


def ch_087_without_any_data_the_answer_is_cards_or_a_412(examination: Examination) -> Iterator[str]:
    """There is no FHIR server to ask either."""
    status = examination.ask(
        examination.varied(prefetch=None, fhirServer=None, fhirAuthorization=None)
    ).status
    if status not in (200, 412):
        yield f"the answer is {status}"


def ch_088_a_patient_without_a_birth_date_is_no_412(examination: Examination) -> Iterator[str]:
    """The data came; that they lack something is for cards to say."""
    prefetch = examination.subject.request.get("prefetch")
    if not isinstance(prefetch, dict):
        raise NotApplicable("the service asks for nothing in advance")
    changed = {
        key: {name: member for name, member in value.items() if name != "birthDate"}
        if isinstance(value, dict)
        else value
        for key, value in prefetch.items()
    }
    status = examination.ask(examination.varied(prefetch=changed)).status
    if status != 200:
        yield f"the answer is {status}"
