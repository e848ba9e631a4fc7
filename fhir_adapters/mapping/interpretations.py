"""Interpretations: what a laboratory says of a value beside it (``Observation.interpretation``), held against the value.

No rule compares an interpretation: what is low for one laboratory is not so for a label, so that it neither makes nor undoes a finding.
But it is not passed over where a reader would stop at it: where it contradicts the value by the observation's own reference range, where
it says critical, and where the value cannot be read. Then it is a data issue.

The codes are those of HL7 v2 table 0078 and of v3 ObservationInterpretation, which FHIR uses for them.
"""

from __future__ import annotations

from typing import Final

from engine.errors import UnitError
from engine.quantity import Quantity, QuantityInterval
from fhir_adapters.mapping.elements import Json, as_list, codeable_concept, node, nodes, quantity

_LOW: Final = frozenset({"L", "LL", "LU", "<"})
_HIGH: Final = frozenset({"H", "HH", "HU", ">"})
_CRITICAL: Final = frozenset({"LL", "HH", "AA"})
_NORMAL: Final = frozenset({"N"})

UNREAD: Final = "the value cannot be read, and its interpretation says that it is not normal"
CONTRADICTED: Final = (
    "it contradicts the value and its reference range, so that one of them is wrong; the value counts"
)
CRITICAL: Final = "it says that the value is critical, which no rule reads; the value counts"


def remark(resource: Json, value: object) -> str:
    """What is to be said of the interpretation of an observation or a component beside its value; empty where nothing is.

    ``value`` is what was read of it, None where nothing was.
    """
    said = {
        coding.code.upper()
        for each in as_list(resource.get("interpretation"))
        for coding in codeable_concept(each).codings
    }
    low, high = not said.isdisjoint(_LOW), not said.isdisjoint(_HIGH)
    if not isinstance(value, QuantityInterval):
        unread = value is None and (low or high or not said.isdisjoint(_CRITICAL))
        return UNREAD if unread else ""
    below, above = _outside(resource, value)
    contradicted = (low and below is False) or (high and above is False)
    if contradicted or (not said.isdisjoint(_NORMAL) and (below or above)):
        return CONTRADICTED
    # A critical value that its own range shows to be out of it is what it says.
    return CRITICAL if not said.isdisjoint(_CRITICAL) and not (below or above) else ""


def _outside(resource: Json, value: QuantityInterval) -> tuple[bool | None, bool | None]:
    """Whether a value lies below or above its own range; None where that is not known, or where there are several ranges."""
    ranges = nodes(resource.get("referenceRange"))
    if len(ranges) != 1:
        return None, None
    ends = [quantity(node(ranges[0].get(end)) or None, end, []) for end in ("low", "high")]
    return _is(value, "below", ends[0]), _is(value, "above", ends[1])


def _is(value: QuantityInterval, word: str, end: QuantityInterval | None) -> bool | None:
    limit: Quantity | None = end.exact if end is not None else None
    if limit is None:
        return None
    try:
        return value.relation_to(limit, "below" if word == "below" else "above")
    except UnitError:
        return None
