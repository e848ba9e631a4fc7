"""Loading: the YAML files of a rules folder, read strictly and with the place of everything that they say.

Editors check YAML 1.2, so this reads YAML 1.2: ``no`` is text, ``012`` is text, only ``true`` and ``false`` are yes and no. What
would make two readers disagree about a file is refused: equal keys, tabs, anchors, tags, more than one document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any, Final
from weakref import WeakValueDictionary

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, DocumentStartEvent, MappingStartEvent, NodeEvent, ScalarEvent
from ruamel.yaml.reader import ReaderError

import engine
from engine.authoring.documents import Document, Mark, is_case_file
from engine.authoring.folder import Loaded, assemble
from engine.authoring.places import files_in
from engine.authoring.problems import Problem, in_order
from engine.authoring.slips import indentation_slips, slip_near
from engine.errors import RuleFileError
from engine.trace import Path

DEFAULT_FOLDER: Final = FilePath(engine.__file__).parent.parent / "rules"
"""The rules that ship with the project."""

SIZE_LIMIT: Final = 1_000_000
"""Bytes of the largest file that is read."""

DEPTH_LIMIT: Final = 30
"""How deep maps and lists may nest in a file."""

LOCAL: Final = "local"
"""The part of a rules folder that belongs to one site."""

EXAMPLES: Final = "examples"
"""The part of a rules folder whose packs only show how packs are written."""

_NOT_READ = frozenset({"schema"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_LONGEST: Final = 40
"""Digits of a number; Python itself refuses 4,301, and beyond 308 a decimal is infinite."""
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+")
_WORDS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None, "~": None, "": None}

# Parsing takes most of the time of loading, and who loads a folder again (a workbench, a comparison) still holds most of its texts.
_IN_USE: Final[WeakValueDictionary[str, Document]] = WeakValueDictionary()

_QUOTE = "put the text in double quotes"
# What the parser says, in its own words, and what an author needs to hear.
_SYNTAX: Final = (
    ("mapping values are not allowed", "there is a second colon here, or this line is indented too far",
     f"{_QUOTE} when it contains a colon and a space, or align the line with the one above"),
    ("could not find expected ':'", "this line is neither a key with a value nor an item of a list",
     "write a space after the colon; start the items of a list with a dash and a space"),
    ("that cannot start any token", "a value cannot begin with this character", _QUOTE),
    ("expected a comment or a line break", "> and | begin a block of text in YAML",
     "compare in words: below, at_or_below, above, at_or_above, between"),
    ("expected chomping or indentation indicators", "> and | begin a block of text in YAML",
     "compare in words: below, at_or_below, above, at_or_above, between"),
    ("but found '<scalar>'", "the text goes on where the value has ended",
     f"{_QUOTE} when it begins with a brace, a bracket or a quotation mark"),
    ("unexpected end of stream", "a quotation mark is opened and not closed", "close the text with the same quotation mark"),
    ("expected ',' or", "a bracket or brace is opened and not closed", "close it, or " + _QUOTE),
    ("unknown escape character", "a backslash means something special inside double quotes",
     "write two backslashes, or use single quotes"),
    ("expected <block end>", "this line does not align with the lines above it", "give lines of one list or map the same indent"),
)  # fmt: skip


class _Unreadable(Exception):
    """The rest of a text cannot be read."""

    def __init__(self, mark: Mark, code: str, message: str, help: str) -> None:
        super().__init__(message)
        self.fault = (mark, code, message, help)


class _Text:
    """One YAML text on its way into a document."""

    def __init__(self, text: str, file: str) -> None:
        self.lines = text.split("\n")
        self.values: dict[Path, Mark] = {}
        self.keys: dict[Path, Mark] = {}
        self.faults: list[tuple[Mark, str, str, str]] = []
        self.document = Document(file, text)

    def read(self) -> tuple[Document, list[Problem]]:
        """The document, and what is wrong with it; the data is None when it cannot be read to its end."""
        self.faults += indentation_slips(self.lines)
        data = None
        try:
            if not self.faults:
                data = self._first_document()
        except _Unreadable as stop:
            self._stop(stop.fault)
        except YAMLError as error:
            self._stop(self._syntax_fault(error))
        document = Document(self.document.file, self.document.text, data, self.values, self.keys)
        return document, [document.problem_at(*fault) for fault in self.faults]

    def _stop(self, fault: tuple[Mark, str, str, str]) -> None:
        # What seemed empty may have been the beginning of the fault: {x} is a map with an empty x.
        self.faults = [*(fault for fault in self.faults if fault[1] != "value-missing"), fault]

    def _syntax_fault(self, error: YAMLError) -> tuple[Mark, str, str, str]:
        if isinstance(error, ReaderError):
            before = self.document.text[: error.position]
            mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
            return mark, "yaml-syntax", "this character cannot be printed", "delete it"
        assert isinstance(error, MarkedYAMLError)
        place = error.problem_mark
        if place.line >= len(self.lines) - 1 and error.context_mark is not None:
            place = error.context_mark
        slip = slip_near(self.lines, place.line, place.column)
        if slip is not None:
            return slip
        found = (entry for entry in _SYNTAX if entry[0] in str(error.problem))
        _, message, help = next(found, ("", "this is not YAML", "compare with a rule that loads"))
        return Mark(place.line + 1, place.column + 1), "yaml-syntax", message, help

    def _first_document(self) -> Any:
        self.events: Iterator[Any] = YAML(typ="safe", pure=True).parse(self.document.text)
        documents = 0
        data = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Unreadable(
                        self._mark(event),
                        "yaml-documents",
                        "a second document begins here",
                        "one file, one document",
                    )
            elif isinstance(event, NodeEvent):
                data = self._node(event, ())
        if data is None:
            raise _Unreadable(Mark(1, 1), "file-empty", "the file says nothing", "delete it, or fill it")
        if not isinstance(data, dict):
            found = "a list" if isinstance(data, list) else "only text"
            mend = "begin with a key, as in  id: …  at the start of a line; a similar file shows which"
            raise _Unreadable(self.values[()], "value-wrong", f"the file is {found}, without keys", mend)
        return data

    def _node(self, event: NodeEvent, path: Path) -> Any:
        self.values[path] = self._mark(event)
        self._refuse_unclear(event, path)
        if isinstance(event, ScalarEvent):
            if event.style is None and len(event.value) > _LONGEST and _NUMBER.fullmatch(event.value):
                message = f"a number of more than {_LONGEST} digits"
                self.faults.append(
                    (self.values[path], "number-long", message, "a text of digits goes in quotes")
                )
                return event.value
            value = _scalar(event)
            if value is None and path:
                self._note_empty(path)
            return value
        read = self._mapping if isinstance(event, MappingStartEvent) else self._sequence
        return read(path)

    def _note_empty(self, path: Path) -> None:
        name = path[-1] if isinstance(path[-1], str) else "this item"
        mark = self.keys.get(path, self.values[path])
        self.faults.append((mark, "value-missing", f"{name} is empty", "write a value, or delete the line"))

    def _refuse_unclear(self, event: NodeEvent, path: Path) -> None:
        if len(path) > DEPTH_LIMIT:
            raise _Unreadable(
                self.values[path], "yaml-depth", "nested too deep", f"{DEPTH_LIMIT} levels are enough"
            )
        if isinstance(event, AliasEvent):
            mend = "write the text out; a text that begins with * goes in quotes"
            raise _Unreadable(
                self.values[path], "yaml-anchor", "references to other lines (*) are not used here", mend
            )
        if event.anchor is not None:
            mend = "write the text out where it is needed; a text that begins with & goes in quotes"
            raise _Unreadable(self.values[path], "yaml-anchor", "anchors (&) are not used here", mend)
        if getattr(event, "ctag", None) is not None:
            mend = "leave it out; a text that begins with ! goes in quotes"
            raise _Unreadable(self.values[path], "yaml-tag", "tags (!) are not used here", mend)

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while isinstance(event := next(self.events), NodeEvent):
            mark = self._mark(event)
            if not isinstance(event, ScalarEvent):
                raise _Unreadable(mark, "yaml-key", "a key is one word", "write  key: value")
            key = str(event.value)
            if key == "<<" and event.style is None:
                raise _Unreadable(
                    mark, "yaml-merge", "merging maps (<<) is not used here", "write the keys out"
                )
            place = (*path, key)
            if key in found:
                first = self.keys[place].line
                self.faults.append(
                    (mark, "key-duplicate", f"{key} is already on line {first}", "keep one of the two")
                )
            self.keys[place] = mark
            found[key] = self._node(next(self.events), place)
        return found

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while isinstance(event := next(self.events), NodeEvent):
            found.append(self._node(event, (*path, len(found))))
        return found

    def _mark(self, event: Any) -> Mark:
        start, end = event.start_mark, event.end_mark
        rest = len(self.lines[start.line]) - start.column if start.line < len(self.lines) else 1
        width = end.column - start.column if end.line == start.line else rest
        return Mark(start.line + 1, start.column + 1, max(width, 1))


def _scalar(event: ScalarEvent) -> Any:
    text = str(event.value)
    if event.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def parse_document(text: str, file: str) -> tuple[Document, list[Problem]]:
    """A YAML text as a document, and what is wrong with it; ``file`` is the name that problems carry."""
    text = plain(text)
    if (known := _IN_USE.get(text)) is not None:
        return replace(known, file=file), []
    document, problems = _Text(text, file).read()
    if not problems:
        _IN_USE[text] = document
    return document, problems


def plain(text: str) -> str:
    """A text as it is read: without a byte order mark, and with line feeds alone, whatever system it was written on."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_document(path: FilePath, file: str) -> tuple[Document, list[Problem]]:
    """A file as a document, and what is wrong with it; a file that cannot be read is a problem, never an exception."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= SIZE_LIMIT else b""
    except OSError as error:
        document = Document(file, "")
        return document, [
            document.problem(
                "file-unreadable",
                f"the file cannot be read ({type(error).__name__})",
                "see who may read it, and that it is a file",
            )
        ]
    if size > SIZE_LIMIT:
        document = Document(file, "")
        return document, [
            document.problem("file-too-large", f"the file is larger than {SIZE_LIMIT:,} bytes", "split it")
        ]
    try:
        return parse_document(content.decode(), file)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode()
        document = Document(file, plain(content.decode(errors="replace")))
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return document, [
            document.problem_at(mark, "file-not-utf8", "this is not UTF-8 text", "save the file as UTF-8")
        ]


def load_rules(
    folder: FilePath = DEFAULT_FOLDER, *, local: FilePath | None = None, examples: bool = False
) -> Loaded:
    """Everything in a rules folder, and every problem in it.

    ``local`` is a site's own folder, read in place of the rules folder's ``local``. The packs below ``examples`` only show how packs
    are written: they are read when asked for.
    """
    left_out = {*_NOT_READ, *(() if examples else (EXAMPLES,)), *(() if local is None else (LOCAL,))}
    paths, problems = files_in(folder, folder.name, left_out)
    if local is not None:
        own, faults = files_in(local, f"{folder.name}/{LOCAL}", _NOT_READ)
        paths |= own
        problems += faults
    astray = {problem.file for problem in problems}
    documents: dict[str, Document] = {}
    for name, path in paths.items():
        if name.endswith(".yaml") and not is_case_file(name):
            documents[name], faults = read_document(path, name)
            problems += faults
    readable = {name: document for name, document in documents.items() if document.data is not None}
    loaded = assemble(folder.name, readable, paths, documents.keys() - readable.keys() | astray)
    return replace(loaded, problems=in_order((*problems, *loaded.problems)))


def load_strict(
    folder: FilePath = DEFAULT_FOLDER, *, local: FilePath | None = None, examples: bool = False
) -> Loaded:
    """The same, for a service that must not start on a broken rules folder.

    Raises:
        RuleFileError: the folder holds errors; the message carries all of them, as a person reads them.
    """
    loaded = load_rules(folder, local=local, examples=examples)
    errors = [problem.render() for problem in loaded.problems if problem.severity == "error"]
    if errors:
        raise RuleFileError("\n\n".join(errors))
    return loaded
