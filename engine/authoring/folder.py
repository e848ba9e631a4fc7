"""The rules folder: its documents put together into concepts, packs and rules, with every problem met on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Final

from engine.authoring.adjustments import read_adjustments
from engine.authoring.checks import CHECKS, CODES, Scope
from engine.authoring.documents import Document, Position
from engine.authoring.exceptions import excused
from engine.authoring.files import (
    CheckException,
    ConceptFile,
    ExceptionsDocument,
    ReasonsDocument,
    SentencesDocument,
)
from engine.authoring.library import read_library
from engine.authoring.packs import EXCEPTIONS, Packs, note_value, read_packs
from engine.authoring.parameters import substituted, unlisted_values
from engine.authoring.problems import Problem, in_order
from engine.authoring.reading import Reading
from engine.authoring.references import Known, NameKind
from engine.authoring.validation import validate
from engine.concepts import ConceptLibrary
from engine.errors import RuleFileError
from engine.rule import Rule, SharedFinding
from engine.ruleset import RuleSet
from engine.trace import Path

_ASTRAY: Final = (".yml", ".yaml", ".yml.txt", ".yaml.txt")
"""Endings of files that were meant to be read; some editors add .txt where nobody sees it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rules folder as it was read: what runs, where it stands, and what is wrong with it.

    ``paths`` maps the name of every file to its place on disk, ``folders`` a pack's id to its folder, ``files`` a rule's id to its
    file. Files in ``unread`` are not YAML. ``concept_files`` are the concepts with what only authors need: notes, expressions, where
    each code was seen. ``names`` are those that files of any pack may use; see :data:`engine.authoring.references.Known`.
    ``exceptions`` maps a file to what checks may find.
    """

    rules: RuleSet
    concepts: ConceptLibrary
    problems: tuple[Problem, ...] = ()
    documents: Mapping[str, Document] = field(default_factory=dict)
    paths: Mapping[str, FilePath] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    unread: Collection[str] = ()
    sentences: Mapping[str, SentencesDocument] = field(default_factory=dict)
    equivalent_mutants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    concept_files: Mapping[str, ConceptFile] = field(default_factory=dict)
    names: Known = field(default_factory=dict)
    exceptions: Mapping[str, tuple[CheckException, ...]] = field(default_factory=dict)

    @property
    def broken(self) -> bool:
        """Whether there are errors, so that the rules must not be used for patients."""
        return any(problem.severity == "error" for problem in self.problems)

    def document(self, rule_id: str) -> Document:
        """The file of a rule; KeyError when there is no such rule."""
        return self.documents[self.files[rule_id]]

    def locate(self, rule_id: str, path: Path = ()) -> Position:
        """Where something of a rule stands; for what its file leaves out, the nearest key above."""
        return self.document(rule_id).position(path)

    def rule_with(self, rule_id: str, parameters: Mapping[str, str]) -> Rule:
        """A rule as it would be with other settings of its pack.

        Raises:
            RuleFileError: the rule does not hold together with these settings.
        """
        pack = self.rules.pack_of(self.rules.rule(rule_id))
        document = self.document(rule_id)
        data, _ = substituted(document.data, {**pack.parameters, **parameters})
        rule, problems = validate(Rule, document, data)
        if rule is None:
            raise RuleFileError("\n\n".join(problem.render() for problem in problems))
        return rule


def assemble(
    root: str, documents: Mapping[str, Document], paths: Mapping[str, FilePath], unread: Collection[str] = ()
) -> Loaded:
    """The documents of a folder put together; ``root`` is the folder's own name, with which all names begin."""
    reading = Reading(root, documents, paths, unread)
    library, concept_files, known = read_library(reading)
    reasons = _read_reasons(reading, known)
    findings = _read_findings(reading, known)
    packs = read_packs(reading, known)
    _check_values(reading, packs, findings)
    _check_names(reading, packs)
    rules = RuleSet(
        tuple(packs.rules[name] for name in sorted(packs.rules)),
        packs.packs,
        findings,
        reasons,
        adjustments=read_adjustments(reading, packs),
    )
    loaded = Loaded(
        rules,
        library,
        (),
        documents,
        paths,
        packs.folders,
        packs.files,
        unread,
        packs.sentences,
        packs.equivalent_mutants,
        concept_files,
        known,
        _read_exceptions(reading),
    )
    loaded = replace(loaded, problems=in_order(reading.problems))
    found = [problem for check in CHECKS if check.on_load for problem in check.problems(Scope(loaded))]
    return replace(loaded, problems=in_order((*loaded.problems, *excused(found, loaded.exceptions))))


def _read_exceptions(reading: Reading) -> dict[str, tuple[CheckException, ...]]:
    found: dict[str, tuple[CheckException, ...]] = {}
    for file in (reading.name(EXCEPTIONS), reading.name(f"local/{EXCEPTIONS}")):
        document = reading.model(ExceptionsDocument, file)
        reading.unknown_names(file, ExceptionsDocument, document, {"check": CODES})
        if document is not None:
            found[file] = document.exceptions
    return found


def _read_reasons(reading: Reading, known: dict[NameKind, Collection[str] | None]) -> dict[str, str]:
    file = reading.name("override-reasons.yaml")
    document = reading.model(ReasonsDocument, file)
    known["override-reason"] = None if reading.hidden(file) else reading.declared([file], "reasons")
    return document.reasons if document else {}


def _read_findings(
    reading: Reading, known: dict[NameKind, Collection[str] | None]
) -> dict[str, SharedFinding]:
    folder = reading.name("findings")
    files = reading.below(folder)
    findings: dict[str, SharedFinding] = {}
    for name in files:
        finding = reading.model(SharedFinding, name)
        reading.unknown_names(name, SharedFinding, finding, known)
        if finding is None:
            continue
        if finding.id != PurePosixPath(name).stem:
            mend = f"write  id: {PurePosixPath(name).stem}  or rename the file"
            reading.problem(name, "id-not-filename", f"{finding.id} is not the file's name", mend, ("id",))
        findings[finding.id] = finding
    known["finding"] = None if reading.hidden(folder) else {PurePosixPath(name).stem for name in files}
    return findings


def _check_values(reading: Reading, packs: Packs, findings: Mapping[str, SharedFinding]) -> None:
    """Note what shared findings ask of a setting that it is in no pack; a pack that lists no values may have any."""
    having = list(packs.packs.values())
    choices = {
        name: tuple(value for pack in having for value in pack.choices.get(name, ()))
        for name in {name for pack in having for name in pack.parameters}
        if all(name in pack.choices for pack in having if name in pack.parameters)
    }
    for finding in findings.values():
        for path, leaf in unlisted_values(finding, choices):
            file = reading.name(f"findings/{finding.id}.yaml")
            note_value(reading, file, leaf.parameter, leaf.is_, choices[leaf.parameter], path)


def _check_names(reading: Reading, packs: Packs) -> None:
    for name in reading.paths:
        if name.lower().endswith(_ASTRAY) and not name.endswith(".yaml"):
            reading.problem(
                name, "file-ending", "the name does not end in .yaml, so nothing reads it", "rename it"
            )
    if not packs.files and not reading.problems and not reading.unread:
        reading.problem(
            reading.root,
            "rules-missing",
            "there are no rules here",
            "name a folder that holds a pack with rules",
        )
