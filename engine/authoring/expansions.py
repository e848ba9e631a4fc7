"""A site's pinned expansions: ``local/expansions/<concept>.json``, written by ``primum concepts refresh`` and read with the rules.

A file that does not hold together is an error, as in any other file of the rules: a service does not start on an expansion that was
edited by hand, or that was made for an expression that the rules no longer hold. One in a folder of its own, a copy from before say,
would stand in for the one that is meant: it is an error, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Final

from pydantic import Field, ValidationError

from engine.authoring.files import ConceptFile
from engine.authoring.problems import did_you_mean
from engine.authoring.reading import Reading
from engine.concept import CodeSystem
from engine.expansions import Expansion
from engine.terms import FileModel

FOLDER: Final = "local/expansions"
"""Where a rules folder keeps them."""

SIZE_LIMIT: Final = 20_000_000
"""Bytes of the largest file that is read."""

_REFRESH: Final = "run  primum concepts refresh, or delete the file"


class ExpansionFile(FileModel):
    """What a terminology server made of a concept's expression, on one day."""

    concept: str = Field(description="Concept that the codes are members of.")
    ecl: str = Field(min_length=1, description="The expression that was expanded, as the concept had it.")
    server: str = Field(min_length=1, description="Address of the server.")
    version: str = Field(min_length=1, description="Version of the code system.")
    identifier: str = Field(description="The server's own name for the expansion, empty where it has none.")
    date: str = Field(min_length=1, description="Day on which it was made.")
    sha256: str = Field(description="Hash of the expression, server, version, identifier, date and codes.")
    codes: tuple[tuple[str, str], ...] = Field(description="System and code of every member.")

    @classmethod
    def of(cls, concept: str, expansion: Expansion) -> ExpansionFile:
        """The file of an expansion."""
        return cls(
            concept=concept,
            ecl=expansion.ecl,
            server=expansion.server,
            version=expansion.version,
            identifier=expansion.identifier,
            date=expansion.date,
            sha256=expansion.sha256,
            codes=tuple(sorted(expansion.codes)),
        )

    def named(self) -> Expansion:
        """The engine's expansion."""
        codes = frozenset(self.codes)
        return Expansion(codes, self.server, self.version, self.identifier, self.date, self.ecl)


def read_expansions(
    reading: Reading, concepts: Mapping[str, ConceptFile], systems: Mapping[str, CodeSystem]
) -> dict[str, Expansion]:
    """The expansions by concept; what is wrong with one is noted, and it is left out."""
    folder = reading.name(FOLDER)
    known = {uri for system in systems.values() for uri in (system.uri, *system.aliases)}
    found: dict[str, Expansion] = {}
    for name, path in reading.paths.items():
        if PurePosixPath(name).is_relative_to(folder) and name.endswith(".json"):
            if PurePosixPath(name).parent != PurePosixPath(folder):
                message = "an expansion is not read from a folder in that of the expansions"
                reading.problem(
                    name, "expansion-misplaced", message, f"move it out of {FOLDER}, or delete it"
                )
                continue
            file = _read(reading, name, path)
            problem = _problem(file, PurePosixPath(name).stem, concepts, known) if file is not None else None
            if problem is not None:
                reading.problem(name, *problem)
            elif file is not None:
                found[file.concept] = file.named()
    return found


def _read(reading: Reading, name: str, path: FilePath) -> ExpansionFile | None:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            reading.problem(name, "file-too-large", f"the file is larger than {SIZE_LIMIT:,} bytes", _REFRESH)
            return None
        return ExpansionFile.model_validate_json(path.read_bytes())
    except OSError as error:
        reading.problem(name, "file-unreadable", f"the file cannot be read ({type(error).__name__})")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        reading.problem(name, "expansion-unreadable", f"{where}: {first['msg']}", _REFRESH)
    return None


def _problem(
    file: ExpansionFile, stem: str, concepts: Mapping[str, ConceptFile], known: set[str]
) -> tuple[str, str, str] | None:
    """Code, message and mend of what is wrong with a file that can be read."""
    concept = concepts.get(file.concept)
    if concept is None:
        mend = did_you_mean(file.concept, concepts) or _REFRESH
        return "unknown-concept", f"there is no concept {file.concept}", mend
    if file.concept != stem:
        return "id-not-filename", f"{file.concept} is not the file's name", f"call it {file.concept}.json"
    if file.ecl != concept.ecl:
        return "expansion-outdated", f"{file.concept} has another expression now", _REFRESH
    if file.named().sha256 != file.sha256:
        return "expansion-changed", "it is not what the hash was made of", _REFRESH
    strange = sorted({system for system, _ in file.codes} - known)
    if strange:
        mend = "describe it in systems.yaml, or delete the file"
        return "unknown-system", f"there is no code system {strange[0]}", mend
    return None
