"""The envelope: what every request holds, and how a service meets requests that are otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from fhir_adapters.conformance.examination import Examination, Exchange, NotApplicable, comparable, drafts_of
from fhir_adapters.conformance.service import DISCOVERY, Answer

_REQUIRED: Final = ("hook", "hookInstance", "context")


def ch_030_what_is_required_is_refused_when_it_is_missing(examination: Examination) -> Iterator[str]:
    """Or of the wrong type."""
    for name in _REQUIRED:
        for what, value in (("missing", None), ("a number", 7), ("an array", [])):
            status = examination.ask(examination.varied(**{name: value})).status
            if status != 400:
                yield f"{name} {what}: {status}"


def ch_030_what_is_missing_is_named(examination: Examination) -> Iterator[str]:
    """In the OperationOutcome."""
    for name in _REQUIRED:
        outcome = examination.ask(examination.varied(**{name: None}))
        if name.encode() not in outcome.body:
            yield f"the refusal does not name {name}"


def ch_031_a_request_for_another_hook_is_refused(examination: Examination) -> Iterator[str]:
    """Its context is not the one that the service reads."""
    other = "patient-view" if examination.subject.hook != "patient-view" else "order-sign"
    status = examination.ask(examination.varied(hook=other)).status
    if status != 400:
        yield f"{other} instead of {examination.subject.hook}: {status}"


def ch_032_a_hook_instance_in_capitals_is_a_uuid(examination: Examination) -> Iterator[str]:
    """RFC 4122 reads both."""
    answer = examination.ask(examination.varied(hookInstance=str(uuid4()).upper()))
    yield from _same(examination, answer)


def ch_033_a_repeated_hook_instance_gets_the_same_cards(examination: Examination) -> Iterator[str]:
    """A client that got no answer asks again."""
    request = examination.varied()
    first, second = examination.ask(request), examination.ask(request)
    if (first.status, second.status) != (200, 200):
        yield f"the answers are {first.status} and {second.status}"
    elif comparable(first) != comparable(second):
        yield "the cards differ"


def ch_034_an_authorization_needs_its_server(examination: Examination) -> Iterator[str]:
    """Invariant cds-r-1."""
    authorization = {
        "access_token": "none",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "",
        "subject": "x",
    }
    request = examination.varied(fhirServer=None, fhirAuthorization=authorization)
    status = examination.ask(request).status
    if status != 400:
        yield f"fhirAuthorization without fhirServer: {status}"


def ch_036_a_context_without_its_patient_is_refused(examination: Examination) -> Iterator[str]:
    """Every published hook requires one."""
    context = {**examination.subject.request["context"]}
    del context["patientId"]
    answer = examination.ask(examination.varied(context=context))
    if answer.status != 400:
        yield f"without patientId: {answer.status}"


def ch_036_context_fields_that_are_not_known_are_ignored(examination: Examination) -> Iterator[str]:
    """Newer versions of a hook have more."""
    context = {**examination.subject.request["context"], "fulfillmentReason": {"text": "x"}}
    yield from _same(examination, examination.ask(examination.varied(context=context)))


def ch_037_orders_of_another_fhir_version_are_never_silently_fine(examination: Examination) -> Iterator[str]:
    """MedicationOrder is DSTU2's, and nothing says which version a request is in."""
    request = examination.varied()
    drafts = _drafts(request)
    for draft in drafts:
        draft["resourceType"] = "MedicationOrder"
    context = request["context"]
    if "selections" in context:
        context["selections"] = [f"MedicationOrder/{draft.get('id')}" for draft in drafts]
    answer = examination.ask(request)
    if answer.status == 200 and answer.members.get("cards") == []:
        yield "an order that cannot be read is answered 200 without a card"
    elif answer.status >= 500:
        yield f"the answer is {answer.status}"


def ch_038_members_left_over_from_1_0_are_ignored(examination: Examination) -> Iterator[str]:
    """There, user and patient stood beside the context."""
    request = examination.varied(user="Practitioner/1", patient="someone-else")
    yield from _same(examination, examination.ask(request))


def ch_039_a_service_that_does_not_exist_is_a_404(examination: Examination) -> Iterator[str]:
    """Rather than a 405 or an answer of another."""
    status = examination.service.post(f"{DISCOVERY}/no-such-service", examination.varied()).status
    if status != 404:
        yield f"an unknown id: {status}"


def ch_232_extensions_wherever_they_stand_change_nothing(examination: Examination) -> Iterator[str]:
    """At the root and in the context."""
    yield from _extended(examination, {"org.example.agreed": {"x": [1]}})


def ch_233_extensions_hold_values_of_any_kind(examination: Examination) -> Iterator[str]:
    """What is no object at all is not refused either."""
    values: list[Any] = [{"org.example.text": "x", "org.example.yes": True}, [], "x", 7, None]
    for value in values:
        yield from _extended(examination, value)


def _extended(examination: Examination, extension: Any) -> Iterator[str]:
    context = {**examination.subject.request["context"], "extension": extension}
    request = examination.varied(context=context) | {"extension": extension}
    yield from _same(examination, examination.ask(request))


def ch_241_orders_that_are_not_finished_yet_are_answered(examination: Examination) -> Iterator[str]:
    """Each member of the draft is left out in turn, its id and type excepted."""
    drafts = _drafts(examination.varied())
    for name in sorted({name for draft in drafts for name in draft} - {"resourceType", "id"}):
        request = examination.varied()
        for draft in _drafts(request):
            draft.pop(name, None)
        status = examination.ask(request).status
        if status != 200:
            yield f"without {name}: {status}"


def _same(examination: Examination, answer: Answer) -> Iterator[str]:
    """What is wrong when an answer should have been the subject's own."""
    subject: Exchange = examination.subject
    if answer.status != 200:
        yield f"the answer is {answer.status}"
    elif comparable(answer) != comparable(subject.answer):
        yield "the cards are others"


def _drafts(request: dict[str, Any]) -> list[dict[str, Any]]:
    found = [draft for draft in drafts_of(request) if draft.get("resourceType") == "MedicationRequest"]
    if not found:
        raise NotApplicable("no service that was asked reviews medication requests")
    return found
