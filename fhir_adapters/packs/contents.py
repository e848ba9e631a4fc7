"""Contents: the files that a pack needs to be used on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from engine.authoring.folder import Loaded
from engine.authoring.references import MEDICINE_CONCEPTS, references
from engine.authoring.testing import read_tests

ROOT: Final = "rules"
"""What the names of all files in an archive begin with."""

_KINDS: Final = frozenset({".yaml", ".toml", ".lock", ".md"})
_ALWAYS: Final = ("concepts/systems.yaml", "concepts/medicines.yaml", "override-reasons.yaml")


def pack_contents(loaded: Loaded, pack_id: str) -> dict[str, bytes]:
    """The files of a pack by their names in the archive, in order.

    That is its folder with the tests, the files of concepts that its rules, tests and medicines stand on, the findings,
    the code systems and the override reasons. Nothing of a site's own folder is among them.
    """
    root = next(iter(loaded.paths)).partition("/")[0]
    names = {name for name in loaded.paths if name.startswith(f"{loaded.folders[pack_id]}/")}
    names = {name for name in names if PurePosixPath(name).suffix in _KINDS}
    names |= {f"{root}/{name}" for name in _ALWAYS}
    names |= set(_concept_files(loaded, set(_concepts(loaded, pack_id))))
    names |= {f"{root}/findings/{name}.yaml" for name in _findings(loaded, pack_id)}
    there = sorted(names & loaded.paths.keys())
    return {ROOT + name.removeprefix(root): loaded.paths[name].read_bytes() for name in there}


def _findings(loaded: Loaded, pack_id: str) -> Iterator[str]:
    for rule in loaded.rules.rules:
        if loaded.rules.pack_of(rule).id == pack_id:
            yield from (reference.name for reference in references(rule) if reference.kind == "finding")


def _concepts(loaded: Loaded, pack_id: str) -> Iterator[str]:
    """The names that rules, tests, findings and medicines hold; those that are no concepts do no harm."""
    for rule in loaded.rules.rules:
        if loaded.rules.pack_of(rule).id == pack_id:
            yield from (reference.name for reference in references(rule))
            tests = read_tests(loaded, rule.id)
            if tests is not None and tests.file is not None:
                yield from (reference.name for reference in references(tests.file))
    for name in _findings(loaded, pack_id):
        yield from (reference.name for reference in references(loaded.rules.findings[name]))
    for medicine in loaded.concepts.medicines.values():
        yield from (
            name for name in (getattr(medicine, field) for field in MEDICINE_CONCEPTS) if name is not None
        )


def _concept_files(loaded: Loaded, wanted: set[str]) -> Iterator[str]:
    """The files that define these concepts, and those that concepts in the same files include or are left open by."""
    defined = {
        name: document.data["concepts"].keys()
        for name, document in loaded.documents.items()
        if isinstance(document.data, dict) and isinstance(document.data.get("concepts"), dict)
    }
    found: set[str] = set()
    while True:
        new = {name for name, concepts in defined.items() if not wanted.isdisjoint(concepts)} - found
        if not new:
            return
        found |= new
        yield from sorted(new)
        wanted |= {
            inner
            for name in new
            for concept in defined[name]
            for file in (loaded.concept_files[concept],)
            for inner in (*file.includes, *file.left_open_by, *file.texts_in)
        }
