"""Records: patients in files and folders, each asked as ``primum check`` asks, for comparing rules over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from engine.errors import CdsError
from engine.facts import PatientFacts
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import questions_of, read_file
from fhir_adapters.mapping.facts import patient_facts

_ONE: Final = (".json",)
_LINES: Final = (".ndjson", ".jsonl")


@dataclass(slots=True)
class Records:
    """Patients of files; ``unread`` fills while they are read, with the files that could not be, and why.

    The NDJSON files of one folder are one record of several patients, because a bulk export has a file for each type of resource.
    """

    parts: tuple[tuple[Path, ...], ...]
    unread: list[str] = field(default_factory=list)

    def facts(self, now: datetime, services: Services) -> Iterator[tuple[str, PatientFacts]]:
        """Every patient by file and reference, as the engine sees them at the hook that the record or request asks."""
        for part in self.parts:
            name = str(part[0] if len(part) == 1 else part[0].parent)
            try:
                raw = b"\n".join(read_file(path) for path in part)
                for question in questions_of(raw, None, services):
                    facts, _ = patient_facts(question.record, question.context, now=now)
                    yield f"{name} {question.patient}".strip(), facts
            except CdsError as error:
                self.unread.append(f"{name}: {error}")


def records_in(places: Iterable[Path]) -> Records:
    """The records of files as they are named, and of all JSON and NDJSON files below folders."""
    parts: list[tuple[Path, ...]] = []
    for place in places:
        if not place.is_dir():
            parts.append((place,))
            continue
        below = sorted(path for path in place.rglob("*") if path.is_file())
        parts += [(path,) for path in below if path.suffix.lower() in _ONE]
        lines = [path for path in below if path.suffix.lower() in _LINES]
        parts += [
            tuple(path for path in lines if path.parent == folder)
            for folder in dict.fromkeys(path.parent for path in lines)
        ]
    return Records(tuple(parts))
