"""Parameters: the settings of a pack that stand in its conditions as ``parameter NAME`` and that a site may change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.authoring.references import models_in
from engine.language import FileModel, ParameterLeaf
from engine.trace import Path

_REFERENCE = re.compile(r"parameter ([A-Za-z0-9_-]+)")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def substituted(
    data: Any, parameters: Mapping[str, str], path: Path = ()
) -> tuple[Any, list[tuple[Path, str]]]:
    """The data with every ``parameter NAME`` replaced by its value, and the places and names of those that do not exist."""
    unknown: list[tuple[Path, str]] = []
    match = _REFERENCE.fullmatch(data) if isinstance(data, str) else None
    if match is not None:
        return (
            (_as_written(parameters[match[1]]), []) if match[1] in parameters else (data, [(path, match[1])])
        )
    if not isinstance(data, dict | list):
        return data, []
    pairs = list(data.items()) if isinstance(data, dict) else list(enumerate(data))
    filled = {}
    for key, value in pairs:
        filled[key], missing = substituted(value, parameters, (*path, key))
        unknown += missing
    return (filled if isinstance(data, dict) else list(filled.values())), unknown


def _as_written(setting: str) -> str | int | float:
    """A setting that is only a number stands where a number is wanted."""
    number = _NUMBER.fullmatch(setting)
    return setting if number is None else float(setting) if number[1] else int(setting)


def unlisted_values(
    model: FileModel, choices: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Path, ParameterLeaf]]:
    """Every condition that asks for a value that its setting can never have, with the place of the value."""
    for path, leaf in models_in(model):
        if isinstance(leaf, ParameterLeaf) and leaf.is_ not in choices.get(leaf.parameter, (leaf.is_,)):
            yield (*path, "is"), leaf
