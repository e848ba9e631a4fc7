"""Reading: the documents of a rules folder on their way into models, and the problems that are met on the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any, TypeVar

from engine.authoring.documents import Document
from engine.authoring.problems import Problem
from engine.authoring.references import Known, unknown_names
from engine.authoring.validation import validate
from engine.language import FileModel
from engine.trace import Path

M = TypeVar("M", bound=FileModel)


class Reading:
    """The documents of a folder by name, and the problems found so far.

    ``paths`` holds every file of the folder; those in ``unread`` are not YAML, and what they would have said is not missed.
    """

    def __init__(
        self,
        root: str,
        documents: Mapping[str, Document],
        paths: Mapping[str, FilePath],
        unread: Collection[str],
    ) -> None:
        self.root, self.documents, self.paths, self.unread = root, documents, paths, unread
        self.problems: list[Problem] = []
        self.units: dict[str, str] = {}

    def name(self, inside: str) -> str:
        """The name of a file, from its path inside the folder."""
        return f"{self.root}/{inside}"

    def below(self, folder: str) -> list[str]:
        """Names of the documents below a folder, given by its name."""
        return [name for name in self.documents if PurePosixPath(name).is_relative_to(folder)]

    def hidden(self, folder: str) -> bool:
        """Whether some file below a folder could not be read, so that nothing can be missed there."""
        return any(PurePosixPath(name).is_relative_to(folder) for name in self.unread)

    def model(self, model: type[M], name: str, data: Any = None) -> M | None:
        """A document (or data that stands for it) as a model; None when there is none, or with problems when it does not fit."""
        document = self.documents.get(name)
        if document is None:
            return None
        found, problems = validate(model, document, document.data if data is None else data, units=self.units)
        self.problems += problems
        return found

    def declared(self, names: Iterable[str], key: str) -> set[str]:
        """The names that documents define under a key, also where a definition does not fit."""
        found: set[str] = set()
        for name in names:
            entries = _entry(self.documents[name].data, key) if name in self.documents else None
            if isinstance(entries, dict):
                found |= entries.keys()
            elif isinstance(entries, list):
                found |= {
                    entry for entry in (_entry(item, "id") for item in entries) if isinstance(entry, str)
                }
        return found

    def unknown_names(
        self, name: str, model: type[FileModel], found: FileModel | None, known: Known, data: Any = None
    ) -> None:
        """Note every name in a document that does not exist; ``found`` is the document as the model, None where it does not fit."""
        document = self.documents.get(name)
        if document is not None:
            self.problems += unknown_names(document, model, found, known, data)

    def problem(
        self, name: str, code: str, message: str, help: str = "", path: Path = (), *, key: bool = False
    ) -> None:
        """Note a problem with a file, in its text where it was read."""
        document = self.documents.get(name) or Document(name, "")
        self.problems.append(document.problem(code, message, help, path, key=key))


def _entry(data: Any, key: str) -> Any:
    return data.get(key) if isinstance(data, dict) else None
