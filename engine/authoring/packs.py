"""Packs: the folders of rules, each about one medicine's label, with its statements, its settings and its rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from engine.authoring.documents import Mark
from engine.authoring.files import (
    EquivalentMutantsDocument,
    LocalParametersDocument,
    PackDocument,
    SentencesDocument,
    StatementsDocument,
)
from engine.authoring.parameters import substituted, unlisted_values
from engine.authoring.problems import did_you_mean
from engine.authoring.reading import Reading
from engine.authoring.references import Known
from engine.authoring.validation import validate
from engine.rule import Rule
from engine.ruleset import Pack, Statement
from engine.trace import Path

PACK, STATEMENTS = "pack.yaml", "statements.yaml"
SENTENCES, EQUIVALENT, EXCEPTIONS = "sentences.yaml", "equivalent-mutants.yaml", "check-exceptions.yaml"
_AT_A_SITE = ("adjustments.yaml", "codes.yaml", "parameters.yaml", EXCEPTIONS)


@dataclass(frozen=True, slots=True)
class Packs:
    """What could be read of all packs: ``folders`` maps a pack's id to its folder, ``files`` a rule's id to its file.

    ``sentences`` maps a pack's id to the account of its label's sentences, ``equivalent_mutants`` a rule's id to the reasons for
    changes that make no difference.
    """

    packs: dict[str, Pack] = field(default_factory=dict)
    rules: dict[str, Rule] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    sentences: dict[str, SentencesDocument] = field(default_factory=dict)
    equivalent_mutants: dict[str, dict[str, str]] = field(default_factory=dict)


def read_packs(reading: Reading, known: Known) -> Packs:
    """Every pack of the folder with its rules; what is wrong is left out, and noted."""
    read = Packs()
    site_file = reading.name("local/parameters.yaml")
    site = reading.model(LocalParametersDocument, site_file)
    overrides = {
        pack: {name: str(parameter.value) for name, parameter in settings.items()}
        for pack, settings in (site.parameters if site else {}).items()
    }
    rules = rule_files(reading)
    known = {**known, "rule": declared_rules(reading, rules)}
    for folder, names in rules.items():
        _read_pack(reading, read, folder, names, known, overrides)
    for pack, settings in overrides.items():
        path = ("parameters", pack)
        if pack not in read.packs:
            reading.problem(
                site_file,
                "unknown-pack",
                f"there is no pack {pack}",
                did_you_mean(pack, read.packs),
                path,
                key=True,
            )
            continue
        for name in settings.keys() - read.packs[pack].parameters.keys():
            mend = did_you_mean(name, read.packs[pack].parameters)
            reading.problem(
                site_file,
                "unknown-parameter",
                f"{pack} has no parameter {name}",
                mend,
                (*path, name),
                key=True,
            )
        _note_values(reading, site_file, settings, read.packs[pack].choices, path)
    return read


def _note_values(
    reading: Reading, file: str, values: Mapping[str, str], choices: Mapping[str, Collection[str]], path: Path
) -> None:
    """Note every setting whose value is none that it may have."""
    for name, value in values.items():
        if value not in choices.get(name, (value,)):
            note_value(reading, file, name, value, choices[name], (*path, name, "value"))


def note_value(
    reading: Reading, file: str, name: str, value: str, choices: Collection[str], path: Path
) -> None:
    """Note a value that a setting cannot have, with the nearest one that it can."""
    mend = did_you_mean(value, choices)
    reading.problem(file, "unknown-value", f"{name} is never {value}", mend, path)


def declared_rules(reading: Reading, files: Mapping[str, Collection[str]]) -> set[str] | None:
    """The ids in the rule files of each pack's folder; None when some file could not be read, so that none can be missed."""
    if reading.hidden(reading.root):
        return None
    return {
        reading.documents[name].at(("id",))
        for names in files.values()
        for name in names
        if _has_id(reading, name)
    }


def _has_id(reading: Reading, name: str) -> bool:
    data = reading.documents[name].data
    return isinstance(data, dict) and isinstance(data.get("id"), str)


def rule_files(reading: Reading) -> dict[str, list[str]]:
    """The rule files of each pack's folder; a file that no pack is above is noted."""
    elsewhere = {reading.name(area) for area in ("concepts", "findings", "override-reasons.yaml", EXCEPTIONS)}
    elsewhere |= {reading.name(f"local/{site}") for site in _AT_A_SITE}
    files: dict[str, list[str]] = {
        str(PurePosixPath(name).parent): [] for name in reading.paths if PurePosixPath(name).name == PACK
    }
    for name in reading.documents:
        place = PurePosixPath(name)
        above = [str(folder) for folder in place.parents]
        if place.name in (PACK, STATEMENTS, SENTENCES, EQUIVALENT) or elsewhere.intersection((name, *above)):
            continue
        home = next((folder for folder in above if folder in files), None)
        if home is None:
            site = place.is_relative_to(reading.name("local"))
            mend = did_you_mean(place.name, _AT_A_SITE) if site else f"move it below a folder with a {PACK}"
            message = "nothing reads this file in local" if site else "this file belongs to no pack"
            reading.problem(name, "file-astray", message, mend)
        else:
            files[home].append(name)
    return files


def _read_pack(
    reading: Reading,
    read: Packs,
    folder: str,
    names: list[str],
    known: Known,
    overrides: Mapping[str, Mapping[str, str]],
) -> None:
    file = f"{folder}/{PACK}"
    document = reading.model(PackDocument, file)
    statements = _read_statements(reading, f"{folder}/{STATEMENTS}")
    parameters = _stated_parameters(reading, file)
    reading.unknown_names(file, PackDocument, document, known)
    pack = None
    if document is not None:
        site = overrides.get(document.id, {})
        stated = parameters.copy()
        parameters |= {name: value for name, value in site.items() if name in parameters}
        pack = document.named(parameters, statements)
        _note_values(reading, file, stated, pack.choices, ("parameters",))
        if pack.id in read.packs:
            reading.problem(
                file, "id-reused", f"{pack.id} is also the pack in {read.folders[pack.id]}", "", ("id",)
            )
        read.packs[pack.id], read.folders[pack.id] = pack, folder
    known = known_in_pack(reading, folder, known, None if pack is None else parameters)
    if pack is not None:
        _read_accounts(reading, read, pack, folder, known)
    for name in names:
        rule = read_rule(reading, name, parameters, known)
        if rule is not None and pack is not None:
            accept(reading, read, pack, rule, name)


def known_in_pack(reading: Reading, folder: str, known: Known, parameters: Mapping[str, str] | None) -> Known:
    """The names that a rule of a pack may use: those of all packs, the pack's statements, and its settings (None: not known)."""
    stated = None if reading.hidden(folder) else reading.declared([f"{folder}/{STATEMENTS}"], "statements")
    return {**known, "statement": stated, "parameter": None if parameters is None else parameters.keys()}


def _stated_parameters(reading: Reading, file: str) -> dict[str, str]:
    """The settings of a pack as they are written, also where the rest of its file does not fit."""
    data = reading.documents[file].data if file in reading.documents else None
    entries = data.get("parameters") if isinstance(data, dict) else None
    pairs = entries.items() if isinstance(entries, dict) else ()
    values = {name: entry.get("value") for name, entry in pairs if isinstance(entry, dict)}
    return {name: str(value) for name, value in values.items() if isinstance(value, str | int | float)}


def _read_accounts(reading: Reading, read: Packs, pack: Pack, folder: str, known: Known) -> None:
    """The optional files of a pack: its label's sentences, and the mutants that are equivalent to their rules."""
    file = f"{folder}/{SENTENCES}"
    sentences = reading.model(SentencesDocument, file) if file in reading.documents else None
    if sentences is not None:
        read.sentences[pack.id] = sentences
    reading.unknown_names(file, SentencesDocument, sentences, known)
    file = f"{folder}/{EQUIVALENT}"
    mutants = reading.model(EquivalentMutantsDocument, file) if file in reading.documents else None
    for mutant in mutants.equivalent if mutants is not None else ():
        read.equivalent_mutants.setdefault(mutant.rule, {})[mutant.mutation] = mutant.reason


def _read_statements(reading: Reading, file: str) -> dict[str, Statement]:
    document = reading.model(StatementsDocument, file)
    statements: dict[str, Statement] = {}
    for number, statement in enumerate(document.statements if document else ()):
        if statement.id in statements:
            reading.problem(
                file, "id-reused", f"{statement.id} is already taken", "", ("statements", number, "id")
            )
        statements[statement.id] = statement.named()
    return statements


def read_rule(reading: Reading, name: str, parameters: Mapping[str, str], known: Known) -> Rule | None:
    """One rule file as a rule, with its settings filled in; None, and what does not fit noted."""
    document = reading.documents[name]
    data, missing = substituted(document.data, parameters)
    rule, problems = validate(Rule, document, data, units=reading.units)
    places = {document.mark(path) for path, _ in missing}
    reading.problems += [
        entry for entry in problems if Mark(entry.line, entry.column, entry.width) not in places
    ]
    if known["parameter"] is not None:
        for path, parameter in missing:
            mend = did_you_mean(parameter, parameters) or f"add it to the parameters of {PACK}"
            reading.problem(name, "unknown-parameter", f"there is no parameter {parameter}", mend, path)
    reading.unknown_names(name, Rule, rule, known, data)
    return rule


def accept(reading: Reading, read: Packs, pack: Pack, rule: Rule, name: str) -> bool:
    """Take a rule among those that were read, and whether that was done; an id that is not its file's, or that another has, is noted.

    One whose id names another pack is not taken: nothing could say which settings and statements are its own.
    """
    expected = f"{pack.id}.{PurePosixPath(name).stem}"
    if rule.id != expected:
        fits = re.fullmatch(r"[a-z0-9-]+", PurePosixPath(name).stem)
        mend = (
            f"write  id: {expected}  or rename the file"
            if fits
            else "rename the file: small letters, digits and hyphens"
        )
        reading.problem(
            name, "id-not-filename", f"{rule.id} is not the pack and the file's name", mend, ("id",)
        )
    if rule.id.split(".", 1)[0] != pack.id:
        return False
    for path, leaf in unlisted_values(rule, pack.choices):
        note_value(reading, name, leaf.parameter, leaf.is_, pack.choices[leaf.parameter], path)
    if rule.id in read.rules:
        reading.problem(name, "id-reused", f"{rule.id} is also the id of {read.files[rule.id]}", "", ("id",))
    read.rules[rule.id], read.files[rule.id] = rule, name
    return True
