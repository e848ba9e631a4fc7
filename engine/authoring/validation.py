"""Validation: the data of a document as one of the models, and what does not fit, in an author's words and in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import ValidationError

from engine.authoring.documents import Document
from engine.authoring.problems import Problem, did_you_mean, nearest
from engine.language import COMPARISONS, GROUPS, NOUNS, FileModel, Leaf
from engine.trace import Path
from engine.words import listing

M = TypeVar("M", bound=FileModel)

WORDS: Final[Mapping[str, type[FileModel]]] = {**NOUNS, **GROUPS}
"""Every word that can begin a condition."""

QUANTITIES: Final = frozenset(
    {*COMPARISONS, "one_of", "strengths", "strength", "value", "dose", "rate", "daily", "volume"}
)
"""Fields that hold an amount with its unit."""

DURATIONS: Final = frozenset({"within", "longer_than", "empty_within", "over", "age"})
"""Fields that hold a length of time."""

_COMPARED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("min", "minimum", "from", "at_least"), "at_or_above"),
    **dict.fromkeys(("max", "maximum", "to", "at_most"), "at_or_below"),
    **dict.fromkeys(("less_than", "lower_than", "under", "lt"), "below"),
    **dict.fromkeys(("greater_than", "more_than", "higher_than", "over", "gt"), "above"),
    "equals": "is",
}
"""What other languages call our words of comparison."""

_VERSION = "write three numbers with points, such as 1.0.0"
_AS_LIST = "write each on a line of its own, after a dash and a space"
_NUMBER = "is not a number"
_WHOLE = "is not a whole number"
_BOOLEAN = ("is not true or false", "write true or false")
_DAY = ("is not a day", "write it as 2026-01-15")
_MAP = ("must be keys with values", "write  key: value  on lines of their own, indented by two spaces")
_NO_DASH = "leave out the dashes: write  key: value  on lines of their own"
# What pydantic calls a fault, the reason in an author's words, and the mend.
_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "bool_parsing": _BOOLEAN,
    "bool_type": _BOOLEAN,
    "date_from_datetime_parsing": _DAY,
    "date_parsing": _DAY,
    "date_type": _DAY,
    "dict_type": _MAP,
    "float_parsing": (_NUMBER, ""),
    "float_type": (_NUMBER, ""),
    "greater_than": ("must be more than {gt:g}", ""),
    "greater_than_equal": ("must be {ge:g} or more", ""),
    "int_from_float": (_WHOLE, ""),
    "int_parsing": (_WHOLE, ""),
    "int_type": (_WHOLE, ""),
    "less_than": ("must be less than {lt:g}", ""),
    "less_than_equal": ("must be {le:g} or less", ""),
    "model_type": _MAP,
    "string_too_long": ("is longer than {max_length} characters", "say it in fewer words"),
    "string_too_short": ("says nothing", ""),
    "string_type": ("must be text", "put numbers in double quotes"),
    "too_long": ("has {actual_length} entries; at most {max_length} are allowed", ""),
    "too_short": ("has {actual_length} entries; at least {min_length} are needed", ""),
    "tuple_type": ("must be a list", _AS_LIST),
}


def validate(
    model: type[M], document: Document, data: Any, path: Path = (), units: Mapping[str, str] | None = None
) -> tuple[M | None, list[Problem]]:
    """The data as the model, or None and what does not fit.

    ``path`` is where the data stands in the document. ``units`` (concept id to unit) lets the mend for a number without a unit
    name the right one.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        faults = (
            _Fault(document, model, data, path, entry, units or {})
            for entry in error.errors(include_url=False)
        )
        # Of a union's members each reports the same place; the first is what an author most likely meant.
        first = {fault.path: fault for fault in reversed([*faults])}
        return None, [fault.problem() for fault in first.values() if not fault.echoes]


class _Fault:
    """One of pydantic's errors, traced to its place in the document and to the model that is asked for there."""

    def __init__(
        self,
        document: Document,
        model: type[FileModel],
        data: Any,
        path: Path,
        entry: Any,
        units: Mapping[str, str],
    ) -> None:
        self.document, self.units = document, units
        self.kind: str = entry["type"]
        self.details: Mapping[str, Any] = entry.get("ctx", {})
        self.value = entry["input"]
        self.model, self.name, steps = _follow(model, data, entry["loc"])
        self.path = (*path, *steps)
        if self.kind == "extra_forbidden":
            self.name = str(entry["loc"][-1])
        field = next((info for key, info in _fields(self.model) if key == self.name), None)
        self.description = (field.description if field else None) or ""

    @property
    def echoes(self) -> bool:
        """Whether something else says it already: what is empty was noted on reading, and faulty items make a list short."""
        if self.kind == "too_short":
            return len(self.value) >= int(self.details["min_length"])
        return self.value is None and self.kind != "missing"

    def problem(self) -> Problem:
        """The fault as a problem of the document."""
        code, message, help = getattr(self, f"_{self.kind}", self._other)()
        return self.document.problem(code, message, help, self.path, key=self.kind == "extra_forbidden")

    def _missing(self) -> tuple[str, str, str]:
        if self.path and isinstance(self.path[-1], int):
            return "value-wrong", f"{self.name} has too few entries", f"{self.name}: {self.description}"
        return "key-missing", f"{self.name} is missing", f"{self.name}: {self.description}"

    def _extra_forbidden(self) -> tuple[str, str, str]:
        if self.path[-1] != self.name:
            line = _shown(self.document.at(self.path))
            return (
                "value-wrong",
                f"{line} says more than what it is and when",
                "use keys: {is: …, on: …, status: …}",
            )
        if issubclass(self.model, Leaf) and self.name in WORDS:
            own = next(noun for noun, leaf in NOUNS.items() if leaf is self.model)
            message = f"a condition has one clinical noun; this one has {own} and {self.name}"
            return "noun-several", message, "make each of them an item of its own"
        return "key-unknown", f"{self.name} is not known here", self._meant()

    def _meant(self) -> str:
        """What stands for a key that is not known: a word of comparison, a place below another key, or the nearest spelling."""
        known = [key for key, _ in _fields(self.model)]
        word = _COMPARED.get(self.name)
        if word in known:
            return f"compare in words: {word}"
        if self.name in WORDS and "when" in known:
            return "indent it by two spaces, below when or unless"
        return did_you_mean(self.name, known)

    def _union_tag_not_found(self) -> tuple[str, str, str]:
        if not isinstance(self.value, dict):
            if isinstance(self.value, list):
                mend = "write  all:  or  any:  above the list, and indent it"
                return "noun-missing", "a list is not a condition", mend
            return (
                "noun-missing",
                f"{_shown(self.value)} is not a condition",
                "write a clinical noun and a concept, such as  condition: epilepsy",
            )
        near = [(key, word) for key in self.value if (word := nearest(key, WORDS)) is not None]
        message = "this condition has no clinical noun"
        if near:
            key, word = near[0]
            return "noun-missing", f"{message}; there is none that is called {key}", f"did you mean {word}?"
        return "noun-missing", message, f"the nouns are {', '.join(WORDS)}"

    def _literal_error(self) -> tuple[str, str, str]:
        allowed = re.findall(r"'([^']*)'", self.details["expected"])
        near = did_you_mean(str(self.value), allowed)
        return (
            "value-wrong",
            f"{_shown(self.value)} is not {listing(allowed, 'or')}",
            near if "?" in near else "",
        )

    _enum = _literal_error

    def _string_pattern_mismatch(self) -> tuple[str, str, str]:
        if self.name == "version":
            return "value-wrong", f"{_shown(self.value)} is not a version", _VERSION
        return (
            "value-wrong",
            f"{_shown(self.value)} is not written as it must be",
            f"{self.name}: {self.description}",
        )

    def _value_error(self) -> tuple[str, str, str]:
        message = str(self.details["error"])
        if message.endswith("has no unit"):
            return self._unit_missing()
        if re.match(r"\s*[<>=]", str(self.value)):
            return "value-wrong", message, f"leave the sign out: {self.name} compares already"
        if re.match(r"\s*[\d.]*,\d", str(self.value)):
            return "value-wrong", message, "write decimals with a point, and thousands without any sign"
        return "unit-unknown" if message.startswith("the unit") else "value-wrong", message, ""

    def _unit_missing(self) -> tuple[str, str, str]:
        concept = self._concept()
        usual = "years" if "age" in self.path else "and its unit, such as mg/dL"
        unit = spoken_unit(self.units[concept]) if concept in self.units else usual
        return "unit-missing", f"{_shown(self.value)} has no unit", f"write  {self.name}: {self.value} {unit}"

    def _concept(self) -> str:
        """What is measured: the concept beside a number, also in a test's entry of one line."""
        around = self.document.at(
            self.path[: self.path.index(self.name)] if self.name in self.path else self.path
        )
        if isinstance(around, str):
            return around.split(" ")[0]
        return str(around.get("lab") or around.get("vital") or around.get("is"))

    def _other(self) -> tuple[str, str, str]:
        number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if number and self.name in QUANTITIES:
            return self._unit_missing()
        if number and self.name in DURATIONS:
            return (
                "unit-missing",
                f"{self.value} has no unit of time",
                f"write  {self.name}: {self.value} {'years' if self.name == 'age' else 'months'}",
            )
        if number and self.kind == "string_type" and self.name == "version":
            return "value-wrong", "this is not a version", _VERSION
        reason, help = _REASONS.get(self.kind, ("does not fit here", self.description))
        if isinstance(self.value, list) and (reason, help) == _MAP:
            return "value-wrong", "a list stands where keys with values belong", _NO_DASH
        return "value-wrong", f"{_shown(self.value)} {reason.format(**self.details)}", help


def spoken_unit(unit: str) -> str:
    """A UCUM unit as an author writes it: ``mL/min/1.73m2`` for ``mL/min/{1.73_m2}``."""
    return re.sub(r"\{([^}]*)\}", lambda part: part[1].replace("_", ""), unit)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "this"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else "this text"
    return str(value)


def _follow(model: type[FileModel], data: Any, loc: Path) -> tuple[type[FileModel], str, Path]:
    """Along pydantic's location: the innermost model, the last name, and the way without the words that pydantic puts in.

    The way ends where the data does: an entry of one line has no keys of its own.
    """
    members, name, path = [model], "the file", []
    for step in loc:
        if len(members) > 1 and WORDS.get(str(step)) in members:
            members = [WORDS[str(step)]]
            continue
        model = next((member for member in members if _is_model(member)), model)
        members = list(_members_below(members, step))
        written = isinstance(data, dict if isinstance(step, str) else list)
        if isinstance(step, str) and (written or members):
            name = step
        if written:
            path.append(step)
            data = dict(enumerate(data) if isinstance(data, list) else data).get(step)
    return model, name, tuple(path)


def _members_below(members: list[Any], step: str | int) -> Iterator[Any]:
    for member in members:
        if _is_model(member):
            for key, info in _fields(member):
                if key == step:
                    yield from _members(info.annotation)
        elif get_origin(member) is tuple:
            yield from _members(get_args(member)[0])
        elif get_origin(member) is dict:
            yield from _members(get_args(member)[1])


def inner_models(
    model: type[FileModel], data: Mapping[str, Any]
) -> Iterator[tuple[Path, type[FileModel], Any]]:
    """What data for a model holds for models inside it, as it is written: the place of each, the model, and the keys or the text.

    A condition is told by its clinical noun. What does not say which model it is meant for is left out.
    """
    for key, info in _fields(model):
        for place, entry, kinds in _entries(key, info.annotation, data.get(key)):
            members = [member for member in kinds if _is_model(member)]
            if isinstance(entry, dict) and len(members) > 1:
                members = [WORDS[word] for word in entry if WORDS.get(word) in members]
            if isinstance(entry, dict | str) and members:
                yield place, members[0], entry


def _entries(key: str, annotation: Any, value: Any) -> Iterator[tuple[Path, Any, list[Any]]]:
    """What stands under a key, entry by entry: its place, itself, and what it may be."""
    for each in _members(annotation):
        kind = get_origin(each)
        if kind is tuple and isinstance(value, list):
            inner = [*_members(get_args(each)[0])]
            yield from (((key, number), entry, inner) for number, entry in enumerate(value))
        elif kind is dict and isinstance(value, dict):
            inner = [*_members(get_args(each)[1])]
            yield from (((key, name), entry, inner) for name, entry in value.items())
    yield (key,), value, [*_members(annotation)]


def _members(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (tuple, dict) or _is_model(annotation) or not get_args(annotation):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _members(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, FileModel)


def _fields(model: type[FileModel]) -> Iterator[tuple[str, Any]]:
    for name, info in model.model_fields.items():
        yield info.alias or name, info
