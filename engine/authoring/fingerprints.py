"""Fingerprints: hashes of what a rule says and of what it stands on, so that a change can be told from none.

A rule's own hash covers its file as it was read, but for ``version`` and ``review``: who answers for a rule is not what it says, and
comments, quotes and the order of keys say nothing. What it stands on (its *parts*: concepts with all that they include and the code
systems they are in, its medicine, shared findings, settings of the pack, override reasons) is hashed part by part, because a new code
changes for whom a rule fires while its file stays as it is. Nothing of a site's own folder is in any of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from engine.authoring.references import MEDICINE_CONCEPTS, references
from engine.concepts import ConceptLibrary
from engine.rule import Rule

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from engine.authoring.folder import Loaded

LABEL: Final = ("label_title", "label_version", "label_url", "topic_system", "example")
"""What a pack says of its label, which stands on every card of it; its own hash covers these, so that they ask for its version."""

NOT_SAID: Final = frozenset({"version", "review"})
"""Keys of a rule that its hash leaves out."""

_SETTING = re.compile(r"\{parameter\.([A-Za-z0-9_-]+)\}|^parameter ([A-Za-z0-9_-]+)$")


def fingerprint(value: Any) -> str:
    """The SHA-256 of data, whatever the order of its keys."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def rule_fingerprint(loaded: Loaded, rule_id: str, *, under: str | None = None) -> str:
    """The hash of what a rule's own file says, as if its id were another one (``under``); KeyError when there is no such rule."""
    data = loaded.document(rule_id).data
    said = {key: value for key, value in data.items() if key not in NOT_SAID}
    return fingerprint(said | {"id": under or rule_id})


def pack_fingerprint(loaded: Loaded, pack_id: str, rules: Mapping[str, Any]) -> str:
    """The hash of a pack: of its rules as they are locked, and of what it says of its label on each card."""
    pack = loaded.rules.packs[pack_id]
    return fingerprint({"rules": rules, **{name: getattr(pack, name) for name in LABEL}})


def parts_of(loaded: Loaded, rule: Rule) -> dict[str, str]:
    """What a rule stands on, each by kind and name (``concept epilepsy-any``) with its hash; what does not exist is left out."""
    return Parts(loaded).of(rule)


class Parts:
    """What the rules of a folder stand on; a concept that many rules name is hashed once."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._concepts: dict[str, dict[str, str]] = {}
        self._systems = {
            name: fingerprint(_stated(system)) for name, system in loaded.concepts.systems.items()
        }

    def of(self, rule: Rule) -> dict[str, str]:
        """The parts of one rule; see :func:`parts_of`."""
        loaded = self._loaded
        names = {(reference.kind, reference.name) for reference in references(rule)}
        names |= {("parameter", name) for name in _settings(loaded.document(rule.id).data)}
        for kind, name in tuple(names):
            if kind == "finding" and name in loaded.rules.findings:
                names |= {(inner.kind, inner.name) for inner in references(loaded.rules.findings[name])}
        parts = {
            f"{kind} {name}": fingerprint(value)
            for kind, name in names
            for value in _value(loaded, rule, kind, name)
        }
        medicine = loaded.concepts.medicines.get(rule.medicine)
        used: list[str | None] = [name for kind, name in names if kind == "concept"]
        used += [getattr(medicine, field) for field in MEDICINE_CONCEPTS] if medicine is not None else []
        for concept in used:
            if concept is not None and concept in loaded.concepts.concepts:
                for member in _deciding(loaded.concepts, concept):
                    parts |= self._concept(member)
        parts["pack title"] = fingerprint(loaded.rules.pack_of(rule).title)
        return dict(sorted(parts.items()))

    def _concept(self, name: str) -> dict[str, str]:
        """A concept and the code systems that it has codes in, with their national editions."""
        if name not in self._concepts:
            said = _said(self._loaded.concept_files[name])
            said.pop("note", None)
            listed = [
                (system, codes)
                for part in ("codes", "exclude")
                for system, codes in said.get(part, {}).items()
            ]
            for _, codes in listed:
                for code in codes:
                    del code["seen"]
            described = self._loaded.concepts.systems
            names = {system for system, _ in listed}
            names |= {name for name, system in described.items() if system.edition_of in names}
            parts = {f"code system {system}": self._systems[system] for system in names & described.keys()}
            self._concepts[name] = {f"concept {name}": fingerprint(said), **parts}
        return self._concepts[name]


def _deciding(concepts: ConceptLibrary, concept: str) -> Iterator[str]:
    """The concepts that decide whether an entry is in one: those it includes, that leave it open, or in which its words are read.

    And the codes that say nothing of anything.
    """
    read_in = {name for worded in concepts.worded(concept) for name in worded.within}
    silent = {each.id for each in concepts.concepts.values() if each.says_nothing}
    for name in (concept, *((concepts.leaving_open(concept) | read_in | silent) & concepts.concepts.keys())):
        yield from concepts.members(name)


def _settings(data: Any) -> Iterator[str]:
    """The settings that stand in a rule's file, in its conditions and in its texts."""
    if isinstance(data, str):
        yield from (first or second for first, second in _SETTING.findall(data))
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _settings(value)


def _value(loaded: Loaded, rule: Rule, kind: str, name: str) -> Iterator[Any]:
    """The data of one part that is no concept; a name of another kind has none of its own."""
    if kind == "finding" and name in loaded.rules.findings:
        yield _said(loaded.rules.findings[name])
    elif kind == "medicine" and name in loaded.concepts.medicines:
        yield _stated(loaded.concepts.medicines[name])
    elif kind == "override-reason" and name in loaded.rules.override_reasons:
        yield loaded.rules.override_reasons[name]
    elif kind == "parameter":
        value = stated_settings(loaded, rule).get(name)
        yield from () if value is None else (value,)


def stated_settings(loaded: Loaded, rule: Rule) -> Mapping[str, str]:
    """The settings of a rule's pack as the pack states them, whatever a site has made of them."""
    folder = loaded.folders[loaded.rules.pack_of(rule).id]
    stated = loaded.documents[f"{folder}/pack.yaml"].data.get("parameters", {})
    return {name: str(entry["value"]) for name, entry in stated.items()}


def _stated(value: DataclassInstance) -> dict[str, Any]:
    """What a value states beyond the defaults: a field that is new to Primum changes no rule that does not use it."""
    stated = asdict(value)
    return {entry.name: stated[entry.name] for entry in fields(value) if stated[entry.name] != entry.default}


def _said(model: Any) -> dict[str, Any]:
    said: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return said
