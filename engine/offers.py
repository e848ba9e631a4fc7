"""Offers: what cards offer to create, each of it once, and nothing that is requested already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from engine.cards import Card
from engine.concepts import ConceptLibrary, Membership
from engine.facts import ServiceFact
from engine.rule import SuggestionSpec

_WAITED_FOR: Final = timedelta(days=30)
"""How long after its day a request is taken to be still under way (ours, not the label's)."""


def offered_once(
    cards: Iterable[Card], services: Iterable[ServiceFact], concepts: ConceptLibrary, now: datetime
) -> tuple[Card, ...]:
    """The cards in their order, of which only the first offers to create one and the same thing.

    ``services`` are those that are requested, active or as drafts of the session: what one of them asks for is not offered. One that
    is only proposed keeps nothing from being offered, nor does one whose day is long past.
    """
    requested = [service for service in services if _under_way(service, now)]
    seen: set[SuggestionSpec] = set()
    told: list[Card] = []
    for card in cards:
        kept = []
        for suggestion in card.suggestions:
            spec = suggestion.spec.model_copy(update={"label": "", "recommended": False})
            if not spec.creates:
                kept.append(suggestion)
            elif spec not in seen and not any(_asks_for(service, spec, concepts) for service in requested):
                kept.append(suggestion)
                seen.add(spec)
        told.append(replace(card, suggestions=tuple(kept)))
    return tuple(told)


def _under_way(service: ServiceFact, now: datetime) -> bool:
    day = service.occurrence or service.authored
    return not service.proposed and (day is None or day.latest >= now - _WAITED_FOR)


def _asks_for(service: ServiceFact, spec: SuggestionSpec, concepts: ConceptLibrary) -> bool:
    """Whether a service is what would be requested: by its code, or in the same words."""
    if spec.request is None:
        return False
    coded = spec.code is not None and concepts.membership(spec.code, service.code.codings) is Membership.YES
    return coded or service.code.text.casefold() == spec.request.casefold()
