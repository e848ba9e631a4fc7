"""Cards of the engine put into CDS Hooks: with ids, topics, reasons to override, and what can be done.

What the prescriber must know stands in the card's text alone: a client may refuse a suggestion (CH-155), and
where a draft has no id of its own none can be made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal
from uuid import UUID

from engine.cards import Card as EngineCard
from engine.concepts import ConceptLibrary
from engine.ruleset import RuleSet
from fhir_adapters.cds_hooks.actions import action_of
from fhir_adapters.cds_hooks.models import Card, Coding, Link, Source, Suggestion
from fhir_adapters.issues import DataIssues
from fhir_adapters.review import ReviewContext

TOPIC_SYSTEM: Final = "urn:primum:topic"
"""Code system of ``source.topic`` for packs that name none of their own, and for what belongs to no pack."""

OVERRIDE_REASON_SYSTEM: Final = "urn:primum:override-reason"
"""Code system of override reasons: the ids of ``rules/override-reasons.yaml``."""


def card_of(
    card: EngineCard,
    context: ReviewContext,
    issues: DataIssues,
    *,
    rules: RuleSet,
    concepts: ConceptLibrary,
    new_uuid: Callable[[], UUID],
) -> Card:
    """The card as it is sent; its suggestions are ``any`` when all of them create, else ``at-most-one``."""
    suggestions = tuple(_suggestions(card, context, issues, concepts, new_uuid))
    pack = rules.packs.get(card.pack)
    topic_system = (pack.topic_system if pack is not None else None) or TOPIC_SYSTEM
    return Card(
        uuid=new_uuid(),
        summary=card.summary,
        indicator=card.indicator.value,
        detail=card.detail or None,
        source=Source(
            card.source_label, Coding(topic_system, card.topic, card.topic_title), url=card.source_url
        ),
        suggestions=suggestions,
        selection_behavior=_behavior(suggestions) if suggestions else None,
        override_reasons=tuple(
            Coding(OVERRIDE_REASON_SYSTEM, reason.code, reason.display) for reason in card.override_reasons
        ),
        links=tuple(Link(link.label, link.url, "absolute") for link in card.links),
    )


def _suggestions(
    card: EngineCard,
    context: ReviewContext,
    issues: DataIssues,
    concepts: ConceptLibrary,
    new_uuid: Callable[[], UUID],
) -> Iterator[Suggestion]:
    """The suggestions that can be made; only the first that is recommended stays so (CH-144)."""
    drafts = {draft.reference: draft for draft in context.orders}
    recommended = False
    for offered in card.suggestions:
        draft = drafts.get(offered.order) if offered.order is not None else None
        action = action_of(offered.spec, draft, context, concepts)
        if action is None:
            where, missing = offered.order or "request", "this draft"
            if offered.spec.creates:
                where, missing = "request", "the patient"
            issues.add(where, "id", "ignored", f"a suggestion is left out: it cannot name {missing}")
            continue
        preferred = offered.spec.recommended and not recommended
        recommended = recommended or preferred
        yield Suggestion(offered.spec.label, new_uuid(), (action,), is_recommended=preferred)


def _behavior(suggestions: tuple[Suggestion, ...]) -> Literal["at-most-one", "any"]:
    actions = (action for suggestion in suggestions for action in suggestion.actions)
    return "any" if all(action.type == "create" for action in actions) else "at-most-one"
