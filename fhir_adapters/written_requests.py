"""Written requests: the patient of a test as the CDS Hooks request that an EHR would send, decided as the service would.

``written_request`` makes the body for a service from facts; ``ThroughFhir`` evaluates facts by way of it. Cases of rules
thereby go the whole way: request, record, mapping, engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from engine.errors import CdsError
from engine.evaluation import Engine
from engine.facts import ListName, ListState, PatientFacts
from engine.outcome import Evaluation
from engine.rule import Hook
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.cds_hooks.templates import Template
from fhir_adapters.decision import decide_request
from fhir_adapters.mapping.writing import Resource, coded, written_list, written_service
from fhir_adapters.mapping.writing_medications import written_medication

USER: Final = "Practitioner/1"
_INSTANCE: Final = "00000000-0000-4000-8000-000000000000"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_ORDERS_IN: Final = {Hook.MEDICATION_REFILL: "medications"}
_NEEDS_ENCOUNTER: Final = frozenset({Hook.ENCOUNTER_START, Hook.ENCOUNTER_DISCHARGE})


def written_request(facts: PatientFacts, service: HookService) -> bytes:
    """The body of the call of a service that tells it these facts, as far as its prefetch asks for them.

    Lists that were not supplied are left out, partial ones are the first page of a longer search.
    """
    hook = service.hook
    context = {"userId": USER, "patientId": "1", **_context(hook, facts)}
    sent = _Sent(facts, service.templates)
    prefetch = {template.key: value for template in service.templates for value in sent.under(template)}
    if hook is Hook.ORDER_DISPATCH:
        prefetch["dispatched"] = _bundle("collection", map(written_medication, facts.orders))
    return _ENCODER.encode(
        {"hook": hook.value, "hookInstance": _INSTANCE, "context": context, "prefetch": prefetch}
    )


def _context(hook: Hook, facts: PatientFacts) -> dict[str, Any]:
    orders = [written_medication(order) for order in facts.orders]
    services = [written_service(service) for service in facts.services.items if service.draft]
    found: dict[str, Any] = {}
    here = _encounter(facts)
    if here or hook in _NEEDS_ENCOUNTER:
        found["encounterId"] = here or "none"
    match hook:
        case Hook.ORDER_DISPATCH:
            found["dispatchedOrders"] = [order.reference for order in facts.orders]
        case Hook.APPOINTMENT_BOOK:
            found["appointments"] = _bundle(
                "collection", written_list(ListName.APPOINTMENTS, facts, draft=True)
            )
        case Hook.PROBLEM_LIST_ITEM_CREATE:
            found["conditions"] = _bundle("collection", written_list(ListName.CONDITIONS, facts, draft=True))
        case Hook.ALLERGYINTOLERANCE_CREATE:
            added = written_list(ListName.ALLERGIES, facts, draft=True)
            found["allergyIntolerance"] = added[0] if added else _bundle("collection", ())
        case _ if hook.reviews_orders:
            found[_ORDERS_IN.get(hook, "draftOrders")] = _bundle("collection", (*orders, *services))
    if hook is Hook.ORDER_SELECT:
        found["selections"] = [order.reference for order in facts.orders if order.selected]
    return found


def _encounter(facts: PatientFacts) -> str:
    """The id of the encounter that an EHR would name: the one of the context, else one in progress."""
    named = [each for each in facts.encounters.items if each.in_context]
    under_way = [each for each in facts.encounters.items if each.status == "in-progress"]
    return next((each.reference.partition("/")[2] for each in (*named, *under_way)), "")


class _Sent:
    """What is on record, as an EHR would send it for a service's templates."""

    def __init__(self, facts: PatientFacts, templates: tuple[Template, ...]) -> None:
        self.facts = facts
        self.resources = [*_resources(facts)]
        observed = [template for template in templates if template.query.startswith("Observation?")]
        self.first_observed = observed[0].key if observed else ""
        self.not_asked = [
            each
            for each in self.resources
            if each["resourceType"] == "Observation"
            and not any(_matches(each, template.query) for template in observed)
        ]

    def under(self, template: Template) -> Iterator[Any]:
        """What is sent under a key: nothing where a list of it was not supplied.

        Observations in a code that no template asks for come with the first: an EHR finds them by a mapping of its own.
        """
        type_, _, query = template.query.partition("?")
        states = [_state(name, self.facts) for name in template.lists or _belongs_to(type_)]
        if ListState.NOT_SUPPLIED in states:
            return
        found = [each for each in self.resources if each["resourceType"] == type_.partition("/")[0]]
        if not query:
            here = _encounter(self.facts)
            yield next((each for each in found if type_.startswith("Patient") or each["id"] == here), None)
            return
        beside = self.not_asked if template.key == self.first_observed else []
        wanted = [*(each for each in found if _matches(each, template.query)), *beside]
        yield _bundle("searchset", wanted, more=ListState.PARTIAL in states)


def _state(name: ListName, facts: PatientFacts) -> ListState:
    if name is ListName.PATIENT:
        return facts.person_state
    state: ListState = getattr(facts, name.value).state
    return state


def _belongs_to(type_: str) -> tuple[ListName, ...]:
    return (ListName.MEDICATIONS,) if type_.startswith("Medication") else ()


def _matches(resource: Mapping[str, Any], query: str) -> bool:
    """Whether a search would find a resource: by its status and its codes, as far as the templates ask for them."""
    wanted = parse_qs(query.partition("?")[2])
    if "status" in wanted and resource.get("status") not in wanted["status"][0].split(","):
        return False
    if "code" not in wanted:
        return True
    codings = resource.get("code", {}).get("coding", ())
    own = {f"{each.get('system', '')}|{each['code']}" for each in codings}
    return not own.isdisjoint(wanted["code"][0].split(","))


def _resources(facts: PatientFacts) -> Iterator[Resource]:
    """Everything that is on record."""
    for name in ListName:
        yield from (
            map(written_medication, facts.medications.items)
            if name is ListName.MEDICATIONS
            else written_list(name, facts)
        )
    if facts.user_specialties:
        yield {
            "resourceType": "PractitionerRole",
            "id": "1",
            "practitioner": {"reference": USER},
            "specialty": [coded(specialty) for specialty in facts.user_specialties],
        }


def _bundle(type_: str, resources: Iterable[Resource], *, more: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Bundle", "type": type_}
    if more:
        found["link"] = [{"relation": "next", "url": "https://ehr.example.org/next"}]
    return found | {"entry": [{"resource": resource} for resource in resources]}


@dataclass(slots=True)
class ThroughFhir:
    """Evaluates facts by way of the request that would tell them; to be given to :func:`engine.authoring.testing.read_tests`."""

    _services: dict[int, Services] = field(default_factory=dict)

    def __call__(self, engine: Engine, facts: PatientFacts) -> Evaluation:
        """What the service would come to.

        Raises:
            CdsError: no active rule of the engine answers the hook, or the request is refused.
        """
        service = self._of(engine).of(Hook(facts.hook))
        if service is None:
            raise CdsError(f"no active rule answers the hook {facts.hook}")
        return decide_request(written_request(facts, service), service, engine, now=facts.now).evaluation

    def request(self, engine: Engine, facts: PatientFacts) -> bytes:
        """The request itself, to look at or to send."""
        service = self._of(engine).of(Hook(facts.hook))
        return written_request(facts, service) if service is not None else b"{}"

    def _of(self, engine: Engine) -> Services:
        return self._services.setdefault(id(engine), Services(engine.rules, engine.concepts))
