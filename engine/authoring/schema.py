"""Schemas: the JSON Schemas that let an editor complete, explain and check the files of a rules folder.

They are generated from the same models that load the files, so that the two agree; ``rules/schema`` holds them, and a test and CI
compare. What only the whole folder knows (whether a concept exists) stays with the loader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.authoring.adjustments import LocalAdjustmentsDocument
from engine.authoring.cases import CaseFile
from engine.authoring.files import (
    ConceptsDocument,
    EquivalentMutantsDocument,
    ExceptionsDocument,
    LocalCodesDocument,
    LocalParametersDocument,
    MedicinesDocument,
    PackDocument,
    ReasonsDocument,
    SentencesDocument,
    StatementsDocument,
    SystemsDocument,
)
from engine.authoring.meanings import MEANINGS
from engine.authoring.writing import write_whole
from engine.rule import Rule, SharedFinding

SCHEMAS: Mapping[str, type[BaseModel]] = {
    "rule": Rule,
    "finding": SharedFinding,
    "test": CaseFile,
    "concepts": ConceptsDocument,
    "medicines": MedicinesDocument,
    "systems": SystemsDocument,
    "pack": PackDocument,
    "statements": StatementsDocument,
    "sentences": SentencesDocument,
    "equivalent-mutants": EquivalentMutantsDocument,
    "override-reasons": ReasonsDocument,
    "check-exceptions": ExceptionsDocument,
    "local-adjustments": LocalAdjustmentsDocument,
    "local-codes": LocalCodesDocument,
    "local-parameters": LocalParametersDocument,
}
"""The kinds of files and their models; the name of the schema's file without its ending."""


def schema_text(name: str) -> str:
    """One schema as it stands in its file."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema_of(SCHEMAS[name])}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of one model, in which each field and each value that can be chosen carries its words.

    JSON Schema has no place for the words of single values; ``enumDescriptions`` is what editors read, and what validators pass over.
    """
    schema = model.model_json_schema(by_alias=True)
    for name, part in ((model.__name__, schema), *schema.get("$defs", {}).items()):
        _explain(part, MEANINGS.get((name, ""), {}))
        for field, described in part.get("properties", {}).items():
            _explain(described, MEANINGS.get((name, field), {}))
    changed: dict[str, Any] = _with_parameters(schema)
    return changed


def _explain(schema: dict[str, Any], words: Mapping[str, str]) -> None:
    """Put the words beside the values, wherever in a field's schema they stand."""
    if "enum" in schema:
        schema["enumDescriptions"] = [words.get(value, "") for value in schema["enum"]]
    if "const" in schema:
        schema["enumDescriptions"] = [words.get(schema["const"], "")]
    for part in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        _explain(part, words)


def _with_parameters(schema: Any) -> Any:
    """The schema with ``parameter NAME`` allowed wherever a condition has a number: the loader puts the setting there first."""
    if isinstance(schema, list):
        return [_with_parameters(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {key: _with_parameters(value) for key, value in schema.items()}
    if changed.get("type") in ("number", "integer") and "exclusiveMinimum" in changed:
        described = {key: changed.pop(key) for key in ("description", "title") if key in changed}
        return {"anyOf": [changed, {"type": "string", "pattern": "^parameter [a-z0-9-]+$"}], **described}
    return changed


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write every schema into a folder; the files that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    stale = stale_schemas(folder)
    write_whole({path: schema_text(path.stem) for path in stale})
    return stale


def stale_schemas(folder: Path) -> tuple[Path, ...]:
    """The schema files of a folder that are absent or not what the models say now."""
    paths = [(folder / f"{name}.json", schema_text(name)) for name in SCHEMAS]
    return tuple(
        path for path, text in paths if not path.is_file() or path.read_text(encoding="utf-8") != text
    )
