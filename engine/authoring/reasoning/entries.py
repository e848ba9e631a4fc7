"""Entries: what a condition asks of the entries of a list of the record, and which of them are among those of another condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine import language as words
from engine.authoring.reasoning.lengths import shorter
from engine.concepts import ConceptLibrary
from engine.language import Leaf


@dataclass(frozen=True, slots=True)
class Entry:
    """A list of the record has an entry of this kind."""

    leaf: Leaf


LISTS: Final[Mapping[type[Leaf], str]] = {
    words.ConditionLeaf: "condition",
    words.AllergyLeaf: "allergy",
    words.MedicationLeaf: "medication",
    words.OrderLeaf: "order",
    words.ProcedureLeaf: "procedure",
    words.DeviceLeaf: "device",
    words.EncounterLeaf: "encounter",
    words.ServiceLeaf: "service",
    words.ReasonLeaf: "reason",
    words.CategoryLeaf: "category",
    words.SpecialtyLeaf: "specialty",
}
"""The nouns that look for an entry, and the field that names the concept it is in."""

_WIDER: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("condition", "current"): frozenset({"current-or-remission", "ever"}),
    ("condition", "current-or-remission"): frozenset({"ever"}),
    ("condition", "past"): frozenset({"ever"}),
    ("medication", "recent"): frozenset({"ever"}),  # but not current: it counts the session's orders, too
    ("procedure", "done"): frozenset({"any"}),
    ("procedure", "planned"): frozenset({"any"}),
    ("device", "active"): frozenset({"any"}),
    ("device", "inactive"): frozenset({"any"}),
}
"""For the status of an entry the ones that count it, too."""


def entails(narrow: Entry, wide: Entry, library: ConceptLibrary) -> bool:
    """Whether an entry of the one kind is always one of the other; False also where that is not known."""
    return type(narrow.leaf) is type(wide.leaf) and all(
        _no_wider(field, narrow.leaf, wide.leaf, library) for field in type(narrow.leaf).model_fields
    )


def _no_wider(field: str, narrow: Leaf, wide: Leaf, library: ConceptLibrary) -> bool:
    one, other = getattr(narrow, field), getattr(wide, field)
    if one == other:
        return True
    if field == LISTS[type(narrow)]:
        return one in _surely_in(other, library)
    if field == "within":
        return other is None or (one is not None and shorter(one, other))
    if field == "excluding":
        return set(other) <= set(one)
    if field in ("certainty", "type"):
        return bool(other == "any")
    return field == "status" and other in _WIDER.get((narrow.noun, one), ())


def _surely_in(concept: str, library: ConceptLibrary) -> frozenset[str]:
    """The concepts all of whose entries are in this one: those it includes, unless something takes codes out on the way."""
    if concept not in library.concepts:
        return frozenset()
    members = library.members(concept)
    excluding = any(library.concepts[member].exclude for member in members)
    return frozenset() if excluding else members
