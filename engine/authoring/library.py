"""The library of a rules folder: its code systems, concepts, medicines, and a site's own codes and expansions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.authoring.expansions import read_expansions
from engine.authoring.files import (
    ConceptFile,
    ConceptsDocument,
    LocalCode,
    LocalCodesDocument,
    MedicinesDocument,
    SystemsDocument,
)
from engine.authoring.problems import did_you_mean
from engine.authoring.reading import Reading
from engine.authoring.references import NameKind
from engine.concept import Concept
from engine.concepts import ConceptLibrary
from engine.quantity import read_unit
from engine.trace import Path

UCUM = "http://unitsofmeasure.org"

_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+|[0-2](?:\.[0-9]+)+", re.ASCII)
"""A URI, or an OID by itself."""


def read_library(
    reading: Reading,
) -> tuple[ConceptLibrary, dict[str, ConceptFile], dict[NameKind, Collection[str] | None]]:
    """The library, the concepts as their files have them, and the names of all concepts and medicines.

    What is wrong is left out of the library, and noted.
    """
    folder = reading.name("concepts")
    systems_file, medicines_file = f"{folder}/systems.yaml", f"{folder}/medicines.yaml"
    files = [name for name in reading.below(folder) if name not in (systems_file, medicines_file)]
    known: dict[NameKind, Collection[str] | None] = {
        "concept": None if reading.hidden(folder) else reading.declared(files, "concepts"),
        "medicine": None if reading.hidden(folder) else reading.declared([medicines_file], "medicines"),
    }
    systems = reading.model(SystemsDocument, systems_file)
    described = {name: system.named(name) for name, system in systems.systems.items()} if systems else {}
    for name, system in described.items():
        if system.edition_of is not None and system.edition_of not in described:
            mend = did_you_mean(system.edition_of, described) or "describe it in systems.yaml"
            message = f"there is no code system {system.edition_of}"
            reading.problem(systems_file, "unknown-system", message, mend, ("systems", name, "edition_of"))
    concepts = _read_concepts(reading, files, known)
    if systems or systems_file not in reading.paths:
        _check_systems(reading, files, described)
    medicines = reading.model(MedicinesDocument, medicines_file)
    reading.unknown_names(medicines_file, MedicinesDocument, medicines, known)
    files_of = {name: entry for name, (_, entry) in concepts.items()}
    own = _local_codes(reading, known, described)
    library = ConceptLibrary(
        {name: _without_faults(name, entry, concepts, described) for name, (_, entry) in concepts.items()},
        described,
        {name: medicine.named(name) for name, medicine in medicines.medicines.items()} if medicines else {},
        expansions=read_expansions(reading, files_of, described),
        local_codes=_by_code((entry, entry.concept) for entry in own),
        local_strengths=_by_code((entry, entry.strength) for entry in own if entry.strength is not None),
        local_groups=frozenset((entry.system, entry.code) for entry in own if entry.below),
    )
    reading.units = {concept.id: concept.unit for concept in library.concepts.values() if concept.unit}
    return library, files_of, known


def _read_concepts(
    reading: Reading, files: Iterable[str], known: Mapping[NameKind, Collection[str] | None]
) -> dict[str, tuple[str, ConceptFile]]:
    concepts: dict[str, tuple[str, ConceptFile]] = {}
    for file in files:
        document = reading.model(ConceptsDocument, file)
        reading.unknown_names(file, ConceptsDocument, document, known)
        for name, entry in document.concepts.items() if document else ():
            path: Path = ("concepts", name)
            if name in concepts:
                first = reading.documents[concepts[name][0]].position(path)
                reading.problem(
                    file,
                    "id-reused",
                    f"{name} is also defined in {first}",
                    "give one of them another id",
                    path,
                    key=True,
                )
            concepts[name] = (file, entry)
            usual = read_unit(entry.unit, None, UCUM) if entry.unit is not None else None
            if usual != entry.unit:
                mend = f"write  unit: {usual}" if usual is not None else "write a UCUM code, such as mg/dL"
                reading.problem(
                    file, "unit-unknown", f"{entry.unit} is not a UCUM unit", mend, (*path, "unit")
                )
    for name, (file, _) in concepts.items():
        if name in _included(name, concepts):
            reading.problem(
                file, "concept-loop", f"{name} includes itself", "", ("concepts", name, "includes")
            )
    return concepts


def _included(name: str, concepts: Mapping[str, tuple[str, ConceptFile]]) -> set[str]:
    """Every concept that a concept includes, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        _, entry = concepts.get(waiting.pop(), ("", None))
        new = set(entry.includes if entry else ()) - found
        found |= new
        waiting += new
    return found


def _check_systems(reading: Reading, files: Iterable[str], systems: Collection[str]) -> None:
    """Note every code system that is not described, also in concepts that do not fit."""
    for file in files:
        for path, system in _systems_in(reading.documents[file].data):
            if system not in systems:
                mend = did_you_mean(system, systems) or "describe it in systems.yaml"
                message = f"there is no code system {system}"
                reading.problem(file, "unknown-system", message, mend, path, key=True)


def _systems_in(data: Any) -> Iterator[tuple[Path, str]]:
    concepts = data.get("concepts")
    for name, entry in concepts.items() if isinstance(concepts, dict) else ():
        for part in ("codes", "exclude", "complete_in", "open_in"):
            systems = entry.get(part) if isinstance(entry, dict) else None
            if isinstance(systems, dict):
                yield from ((("concepts", name, part, system), system) for system in systems)
            elif isinstance(systems, list):
                listed = ((number, each) for number, each in enumerate(systems) if isinstance(each, str))
                yield from ((("concepts", name, part, number), system) for number, system in listed)


def _without_faults(
    name: str, entry: ConceptFile, concepts: Mapping[str, tuple[str, ConceptFile]], systems: Collection[str]
) -> Concept:
    concept = entry.named(name)
    looping = name in _included(name, concepts)
    return replace(
        concept,
        unit=read_unit(concept.unit, None, UCUM) if concept.unit is not None else None,
        codes=tuple(code for code in concept.codes if code.system in systems),
        complete_in=tuple(system for system in concept.complete_in if system in systems),
        exclude=tuple(code for code in concept.exclude if code.system in systems),
        includes=tuple(included for included in concept.includes if included in concepts and not looping),
        texts_in=tuple(other for other in concept.texts_in if other in concepts),
    )


def _local_codes(
    reading: Reading, known: Mapping[NameKind, Collection[str] | None], systems: Collection[str]
) -> tuple[LocalCode, ...]:
    file = reading.name("local/codes.yaml")
    document = reading.model(LocalCodesDocument, file)
    entries = document.codes if document else ()
    reading.unknown_names(file, LocalCodesDocument, document, known)
    for number, entry in enumerate(entries):
        if entry.system not in systems and not _IDENTIFIER.fullmatch(entry.system):
            near = did_you_mean(entry.system, systems)
            mend = near if near.startswith("did you mean") else "write its URI or OID, as the records have it"
            message = f"there is no code system {entry.system}, and it is no URI and no OID"
            reading.problem(file, "unknown-system", message, mend, ("codes", number, "system"))
    return entries


def _by_code(said: Iterable[tuple[LocalCode, str]]) -> dict[tuple[str, str], frozenset[str]]:
    found: dict[tuple[str, str], frozenset[str]] = {}
    for entry, word in said:
        key = (entry.system, entry.code)
        found[key] = found.get(key, frozenset()) | {word}
    return found
