"""Conditions: what each clinical noun of the rule language means for one patient.

``find`` takes a condition and the facts to a finding: met, not met or unknown, with evidence. Units, dates, statuses and codes are
decided here, once, in typed code; the matcher underneath only ever sees the three values (durable_rules D3 to D6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.conditions import doses, lists, measurements, medications, orders, person, pregnancy, therapy
from engine.conditions.context import Context
from engine.finding import Finding
from engine.language import NOUNS, FindingLeaf, Leaf


def _shared(leaf: FindingLeaf, context: Context) -> Finding:
    return context.shared[leaf.finding]


_FINDERS: dict[str, Callable[[Any, Context], Finding]] = {
    "order": medications.order,
    "medication": medications.medication,
    "condition": lists.condition,
    "allergy": lists.allergy,
    "lab": measurements.lab,
    "vital": measurements.vital,
    "procedure": lists.procedure,
    "device": lists.device,
    "appointment": lists.appointment,
    "encounter": lists.encounter,
    "service": lists.service,
    "age": person.age,
    "sex": person.sex,
    "pregnancy": pregnancy.pregnancy,
    "lactation": pregnancy.lactation,
    "dose": doses.dose,
    "given_as": doses.given_as,
    "ingredient": orders.ingredient,
    "category": orders.category,
    "batch": orders.batch,
    "therapy": therapy.therapy,
    "taper": orders.taper,
    "supply": therapy.supply,
    "specialty": therapy.specialty,
    "parameter": therapy.parameter,
    "finding": _shared,
    "action": orders.action,
    "reason": orders.reason,
    "route": orders.route,
}
assert _FINDERS.keys() == NOUNS.keys(), "every noun of the language has a meaning"


def find(leaf: Leaf, context: Context) -> Finding:
    """What a condition comes to in this context."""
    return _FINDERS[leaf.noun](leaf, context)


__all__ = ["Context", "find"]
