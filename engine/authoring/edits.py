"""Edits: a rule file with another text than the folder's, read and checked again without reading the folder again.

An editor asks after every pause of the keyboard, so only the one file is read, validated and looked up. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.authoring.checks import CHECKS, RuleCheck, Scope
from engine.authoring.documents import Document
from engine.authoring.exceptions import excused
from engine.authoring.folder import Loaded, assemble
from engine.authoring.loading import parse_document
from engine.authoring.lock import CHANGED
from engine.authoring.packs import Packs, accept, declared_rules, known_in_pack, read_rule, rule_files
from engine.authoring.problems import Problem, in_order
from engine.authoring.reading import Reading
from engine.authoring.references import Known
from engine.rule import Rule
from engine.ruleset import Pack


@dataclass(frozen=True, slots=True)
class Edited:
    """A rule file as it would be: the rule (None while the text is none), and what is wrong with this file.

    ``loaded`` is the folder with the rule in its place; while there is no rule, it is the folder without one.
    """

    file: str
    document: Document
    rule: Rule | None
    problems: tuple[Problem, ...]
    loaded: Loaded

    @property
    def usable(self) -> bool:
        """Whether there is a rule that may be tried on patients: a text without errors.

        A version that was not raised yet keeps a rule from being released, and not from being tried.
        """
        errors = (problem for problem in self.problems if problem.severity == "error")
        return self.rule is not None and all(problem.code == CHANGED for problem in errors)


def files_of_rules(loaded: Loaded) -> dict[str, tuple[str, ...]]:
    """The rule files of each pack, by the pack's id: also those that could not be read as rules."""
    known = {name: loaded.documents.get(name) or Document(name, "") for name in loaded.paths}
    rules = {
        name: document
        for name, document in known.items()
        if name in loaded.documents or name in loaded.unread
    }
    files = rule_files(Reading("", rules, loaded.paths, loaded.unread))
    return {pack: tuple(sorted(files[folder])) for pack, folder in loaded.folders.items()}


def edited(loaded: Loaded, file: str, text: str) -> Edited:
    """The file with this text; ``file`` is the name of a rule file of one of the folder's packs.

    Only what can be said of a rule by itself is looked for. What the text means for other files, and for the release of the rule,
    :func:`with_text` finds.
    """
    document, problems = parse_document(text, file)
    pack = _pack_above(loaded, file)
    others = {rule_id: name for rule_id, name in loaded.files.items() if name != file}
    rules = {rule.id: rule for rule in loaded.rules.rules if rule.id in others}
    rule = None
    if document.data is not None:
        reading = _reading(loaded, document)
        files = rule_files(reading)
        known: Known = {**loaded.names, "rule": declared_rules(reading, files)}
        known = known_in_pack(reading, loaded.folders[pack.id], known, pack.parameters)
        rule = read_rule(reading, file, pack.parameters, known)
        there = Packs(rules=dict(rules), files=dict(others))
        if rule is not None and not accept(reading, there, pack, rule, file):
            rule = None
        if rule is not None:
            rules, others = {**rules, rule.id: rule}, {**others, rule.id: file}
        problems += reading.problems
    changed = replace(
        loaded,
        rules=replace(
            loaded.rules,
            rules=tuple(rules[name] for name in sorted(rules)),
            # What a site made of the rule was made of its old text.
            adjustments={
                name: a for name, a in loaded.rules.adjustments.items() if loaded.files.get(name) != file
            },
        ),
        documents={**loaded.documents, file: document},
        files=others,
        problems=(),
    )
    if rule is not None:
        scope = Scope(changed)
        found = [
            entry for check in CHECKS if isinstance(check, RuleCheck) for entry in check.about(rule, scope)
        ]
        problems += excused(found, changed.exceptions)
    return Edited(file, document, rule, in_order(problems), changed)


def with_text(loaded: Loaded, file: str, text: str) -> Loaded:
    """The whole folder with this text in one of its files, and every problem that it then has anywhere."""
    document, problems = parse_document(text, file)
    root = file.partition("/")[0]
    texts = {**loaded.documents, file: document}
    unread = set(loaded.unread) - {file} | ({file} if document.data is None else set())
    readable = {name: texts[name] for name in loaded.paths if name in texts and name not in unread}
    assembled = assemble(root, readable, loaded.paths, unread)
    unreadable = (problem for problem in loaded.problems if problem.file in unread and problem.file != file)
    return replace(assembled, problems=in_order((*problems, *unreadable, *assembled.problems)))


def _pack_above(loaded: Loaded, file: str) -> Pack:
    above = [(folder, pack) for pack, folder in loaded.folders.items() if file.startswith(f"{folder}/")]
    return loaded.rules.packs[max(above, key=lambda entry: len(entry[0]))[1]]


def _reading(loaded: Loaded, document: Document) -> Reading:
    documents = {**loaded.documents, document.file: document}
    unread = set(loaded.unread) - {document.file}
    reading = Reading(document.file.partition("/")[0], documents, loaded.paths, unread)
    concepts = loaded.concepts.concepts.values()
    reading.units = {concept.id: concept.unit for concept in concepts if concept.unit}
    return reading
