"""Services: one for each hook that has active rules, and the discovery document that lists them.

One id per hook, never shared between hooks: real clients key services by their address, and a shared id loses
one of them (conformance row CH-019).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from engine.concepts import ConceptLibrary
from engine.facts import ListName
from engine.rule import Hook
from engine.ruleset import RuleSet
from engine.words import listing
from fhir_adapters.cds_hooks.models import Discovery, Service, encode
from fhir_adapters.cds_hooks.templates import Template, templates_of

_WHEN: Mapping[Hook, str] = {
    Hook.ORDER_SELECT: "an order that has just been chosen",
    Hook.ORDER_SIGN: "orders about to be signed",
    Hook.PATIENT_VIEW: "a patient whose record has been opened",
    Hook.ENCOUNTER_START: "a patient whose encounter begins",
    Hook.ENCOUNTER_DISCHARGE: "a patient about to be discharged",
    Hook.MEDICATION_REFILL: "a request to refill",
    Hook.APPOINTMENT_BOOK: "appointments about to be booked",
    Hook.ORDER_DISPATCH: "orders about to be passed on",
    Hook.PROBLEM_LIST_ITEM_CREATE: "problems that were just added",
    Hook.ALLERGYINTOLERANCE_CREATE: "an allergy about to be recorded",
}

USAGE = (
    "Give every prefetch key that you can. What is left out is fetched from fhirServer where fhirAuthorization lets it be; "
    "what cannot be had is not taken to be absent, it is named on a card as not checked. FHIR R4."
)
_TELLS_OF_THERAPY = frozenset({ListName.MEDICATIONS, ListName.DEVICES})


@dataclass(frozen=True)
class HookService:
    """One service: the hook that it answers, what it asks for, and how discovery shows it.

    ``required`` are the keys of which one at least is needed for an answer; all others are optional (CH-089).
    """

    hook: Hook
    templates: tuple[Template, ...]
    shown: Service
    required: tuple[str, ...] = ()

    @cached_property
    def keys(self) -> Mapping[str, frozenset[ListName]]:
        """The prefetch keys, and for each the lists whose completeness it decides."""
        return MappingProxyType({template.key: template.lists for template in self.templates})


class Services:
    """Every service of a rule set, by id; the discovery document is made once, so it is the same every time."""

    def __init__(self, rules: RuleSet, concepts: ConceptLibrary) -> None:
        """Make a service for each hook that has active rules, in the order of the hooks."""
        found = (_service(hook, rules, concepts) for hook in Hook if rules.active(hook))
        self.by_id: Mapping[str, HookService] = MappingProxyType(
            {service.shown.id: service for service in found}
        )
        self.discovery = encode(Discovery(tuple(service.shown for service in self.by_id.values())))

    def joined(self, other: Services) -> Services:
        """The services of both; of a hook that both answer, this one's."""
        both = copy(self)
        both.by_id = MappingProxyType({**other.by_id, **self.by_id})
        return both

    def of(self, hook: Hook) -> HookService | None:
        """The service that answers a hook; None when no active rule names it."""
        return next((service for service in self.by_id.values() if service.hook is hook), None)


def _service(hook: Hook, rules: RuleSet, concepts: ConceptLibrary) -> HookService:
    active = rules.active(hook)
    packs = {rules.pack_of(rule).id: rules.pack_of(rule).title for rule in active}
    templates = templates_of(active, rules, concepts)
    required = _required(hook, templates)
    titles = listing(sorted(packs.values()))
    shown = Service(
        id=f"primum-{hook}",
        hook=hook.value,
        title=f"Label check: {titles}",
        description=f"Checks {_WHEN[hook]} against the label of {titles}.",
        usage_requirements=f"{USAGE} Needs {listing(required, 'or')}." if required else USAGE,
        prefetch={template.key: template.query for template in templates},
    )
    return HookService(hook, templates, shown, required)


def _required(hook: Hook, templates: Iterable[Template]) -> tuple[str, ...]:
    """The keys that tell of therapy, for a hook that brings no orders.

    Orders bring rules up by themselves, and a wrong route is wrong whatever the record says; without them only the record
    tells whether the patient has the medicine at all.
    """
    if hook.reviews_orders:
        return ()
    return tuple(template.key for template in templates if not _TELLS_OF_THERAPY.isdisjoint(template.lists))
