"""The shelf: the rules folder that all tabs of the page share, read again when it changes on disk, and the only place that writes to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

from engine.authoring.documents import is_case_file
from engine.authoring.folder import Loaded
from engine.authoring.loading import plain
from engine.authoring.writing import write_whole
from engine.errors import CdsError

Stamps = dict[Path, tuple[int, int]]


class NotWritten(CdsError):
    """A file is not written as asked; the message is for the author."""


class Shelf:
    """A rules folder in memory, as it is on disk; may be used from several threads."""

    def __init__(self, loaded: Loaded, read: Callable[[], Loaded]) -> None:
        """Begin with a folder as it was read; ``read`` reads it again."""
        self._loaded, self._read = loaded, read
        self._roots = {_root(name, path) for name, path in loaded.paths.items()}
        self._stamps = self._now()
        self._alone = Lock()

    def rules(self) -> Loaded:
        """The folder; read again when a file of it has changed on disk, has come or has gone. Takes seconds then."""
        with self._alone:
            now = self._now()
            if now != self._stamps:
                self._loaded, self._stamps = self._read(), now
            return self._loaded

    def put(self, name: str, path: Path, text: str, before: str | None) -> None:
        """Write a file of the folder, wholly or not at all; ``before`` is the text that it is known to have, None for a new one.

        Raises:
            NotWritten: the file has another text by now, lies outside of the folder, or cannot be written.
        """
        if not path.resolve().is_relative_to(_root(name, path).resolve()):
            raise NotWritten(f"{name} is a link out of the rules folder: nothing was written")
        content = self._content(name, path)
        if (content is None) != (before is None) or (content is not None and plain(content) != before):
            raise NotWritten(f"{name} has been changed elsewhere: nothing was written")
        # A file keeps the ends of lines that it has.
        crlf = content is not None and "\r\n" in content
        try:
            write_whole({path: text.replace("\n", "\r\n") if crlf else text})
        except OSError as error:
            raise NotWritten(
                f"{path.name} cannot be written ({error.strerror}): nothing was written"
            ) from None

    def took(self, path: Path, loaded: Loaded) -> None:
        """Take the folder as it is after one of its files was written, where nothing else has changed: it need not be read again."""
        with self._alone:
            now = self._now()
            others = {
                place for place in now.keys() | self._stamps if now.get(place) != self._stamps.get(place)
            }
            if others <= {path}:
                self._loaded, self._stamps = loaded, now

    def _now(self) -> Stamps:
        """When each file of rules was changed, and its size; of a test file only that it is there."""
        stamps: Stamps = {}
        for path in (path for root in self._roots for path in root.rglob("*.yaml")):
            try:
                found = path.stat()
            except OSError:  # gone since it was listed, or a link to nothing
                continue
            stamps[path] = (0, 0) if is_case_file(path.name) else (found.st_mtime_ns, found.st_size)
        return stamps

    def _content(self, name: str, path: Path) -> str | None:
        try:
            return path.read_bytes().decode()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            raise NotWritten(f"{name} cannot be read as UTF-8 text: nothing was written") from None


def _root(name: str, path: Path) -> Path:
    """The folder with whose name the name of a file begins."""
    return path.parents[name.count("/") - 1]
