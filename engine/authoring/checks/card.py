"""Checks of what a prescriber reads: the words of a card, and the placeholders in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeGuard

from engine import language as words
from engine.authoring.checks.check import Fault, RuleCheck, Scope
from engine.authoring.problems import nearest
from engine.authoring.references import models_in
from engine.cards import SUMMARY_LIMIT
from engine.language import FileModel, FindingLeaf, Leaf
from engine.rule import CardSpec, Rule, SuggestionSpec, Variant
from engine.trace import Path
from engine.wording import BUILT_IN
from engine.words import listing

FIELDS: Final = ("value", "unit", "date", "label", "list", "count")
"""What a text may name of a condition with ``as``."""

_ENTRIES: Final = frozenset({"list", "count", "label", "date"})
_HAS: Final[Mapping[type[Leaf], frozenset[str]]] = {
    words.LabLeaf: frozenset({"value", "unit", "date"}),
    words.VitalLeaf: frozenset({"value", "unit", "date"}),
    words.DoseLeaf: frozenset({"value", "unit"}),
    words.AgeLeaf: frozenset({"value"}),
    words.RouteLeaf: frozenset({"label"}),
    words.IngredientLeaf: frozenset({"label"}),
    words.BatchLeaf: frozenset({"date"}),
    words.SupplyLeaf: frozenset({"date"}),
    words.PregnancyLeaf: frozenset({"date"}),
    words.LactationLeaf: frozenset({"date"}),
    words.TherapyLeaf: frozenset({"date", "label"}),
    words.MedicationLeaf: _ENTRIES,
    words.OrderLeaf: _ENTRIES,
    words.ConditionLeaf: _ENTRIES,
    words.AllergyLeaf: _ENTRIES,
    words.ProcedureLeaf: _ENTRIES,
    words.DeviceLeaf: _ENTRIES,
    words.AppointmentLeaf: _ENTRIES,
    words.EncounterLeaf: _ENTRIES,
    words.ServiceLeaf: _ENTRIES,
}
"""What each noun can tell; the others tell nothing."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TEXTS: Final[Mapping[type[FileModel], tuple[str, ...]]] = {
    CardSpec: ("summary", "detail"),
    Variant: ("summary", "detail"),
    SuggestionSpec: ("label", "instruct", "note", "request", "communicate", "task"),
}
# Words in capitals that are too long for an abbreviation, or two of them together.
_SHOUTED = re.compile(r"\b(?:[A-Z]{7,}|[A-Z]{4,}(?:\s+[A-Z]{4,})+)\b|!")
_HTML = re.compile(r"</?[a-zA-Z][^<>]*>")
_UNIT = r"(?:[mkµμu]?g|mcg|m?[lL]|m?mol|micrograms?|units?|tablets?|%)(?!\w)"
_MISREAD: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "a zero behind the point is read as ten times as much": (re.compile(rf"\b\d+\.0+(?=\s*{_UNIT})"), "write {0}"),
    "a point without a figure before it is overlooked": (re.compile(r"(?<![\d.\w])\.\d+"), "write 0{0}"),
    "µg is read as mg": (re.compile(r"[µμ]g\b"), "write micrograms"),
    "U and IU are read as a number": (re.compile(r"(?<=\d)\s*I?U\b"), "write units"),
    "these letters are read as another interval": (re.compile(r"\b[qQ]\.?(?:[oO]\.?)?[dD]\.?(?!\w)"), "write daily, or every other day"),
}  # fmt: skip
"""Notations that are misread, of the lists of the Joint Commission (Do Not Use) and of ISMP (error-prone abbreviations)."""


class SummaryTooLong(RuleCheck):
    """A summary that is too long for a card even before its placeholders are filled in (CDS Hooks 2.0.1: under 140 characters)."""

    code = "summary-too-long"
    family = "card"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Summaries without room."""
        for path, text in texts(rule):
            length = len(_PLACEHOLDER.sub("", text))
            if path[-1] == "summary" and length > SUMMARY_LIMIT:
                message = f"the summary has {length} characters; {SUMMARY_LIMIT} are allowed"
                yield Fault(path, message, "move words into detail")


class PlaceholderUnknown(RuleCheck):
    """A text for the prescriber names something that no condition provides."""

    code = "placeholder-unknown"
    family = "card"
    severity = "error"
    on_load = True

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Placeholders that nothing fills."""
        settings = scope.loaded.rules.pack_of(rule).parameters
        allowed = [*BUILT_IN, *(f"parameter.{name}" for name in settings)]
        allowed += [f"{name}.{field}" for name in _named(rule) for field in FIELDS]
        for path, placeholder in _placeholders(rule):
            shown = f"{{{placeholder}}}"
            if path[-1] not in ("summary", "detail"):
                mend = "say it in words; only summary and detail are filled in"
                yield Fault(path, f"{shown} is not filled in here", mend, shown)
            elif placeholder not in allowed:
                near = nearest(placeholder, allowed, 0.8)
                own = f"name a condition with  as: {placeholder.split('.')[0]}"
                yield Fault(
                    path, f"nothing fills {shown}", f"did you mean {{{near}}}?" if near else own, shown
                )


class PlaceholderEmpty(RuleCheck):
    """A text names something of a condition that a condition of its kind never tells, so that it reads *not stated*."""

    code = "placeholder-empty"
    family = "card"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Placeholders that are never filled."""
        named = _named(rule)
        for path, placeholder in _placeholders(rule):
            name, _, field = placeholder.partition(".")
            if name in named and field in FIELDS and field not in named[name]:
                tells = listing(sorted(f"{{{name}.{other}}}" for other in named[name]), "or")
                mend = f"write {tells}" if tells else "say it in words"
                yield Fault(path, f"{name} never has a {field}", mend, f"{{{placeholder}}}")


class Shouting(RuleCheck):
    """A text in capitals or with an exclamation mark: it tires readers and says nothing that the indicator does not."""

    code = "shouting"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Loud texts."""
        for path, text in (*texts(rule), (("title",), rule.title)):
            match = _SHOUTED.search(text)
            if match is not None:
                yield Fault(path, "this shouts", "write it as in a letter to a colleague", match[0])


class MisreadNotation(RuleCheck):
    """A dose or unit is written in a way that is known to be misread, such as 1.0 mg, .5 mg, µg or QD."""

    code = "misread-notation"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Notations that have led to errors."""
        for path, text in (*texts(rule), (("title",), rule.title)):
            for reason, (pattern, mend) in _MISREAD.items():
                for match in pattern.finditer(text):
                    found = match[0]
                    yield Fault(
                        path,
                        reason,
                        mend.format(found.rstrip("0").rstrip(".") if ".0" in found else found),
                        found.strip(),
                    )


class HtmlInText(RuleCheck):
    """A text holds HTML, which an EHR shows as it stands or takes out."""

    code = "html-in-text"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Tags in texts."""
        for path, text in texts(rule):
            match = _HTML.search(text)
            if match is not None:
                yield Fault(
                    path, "a card is Markdown, not HTML", "write **bold**, - lists and blank lines", match[0]
                )


def texts(rule: Rule) -> Iterator[tuple[Path, str]]:
    """Everything in a rule that a prescriber may read, with its place."""
    for path, model in models_in(rule):
        for field in _TEXTS.get(type(model), ()):
            text = getattr(model, field)
            if text is not None:
                yield (*path, field), text


def _placeholders(rule: Rule) -> Iterator[tuple[Path, str]]:
    for path, text in texts(rule):
        for placeholder in _PLACEHOLDER.findall(text):
            yield path, placeholder


def _named(rule: Rule) -> dict[str, frozenset[str]]:
    """The names that conditions have, and what can be told of each."""
    found: dict[str, frozenset[str]] = {}
    for _, model in models_in(rule):
        if _has_values(model) and model.as_ is not None:
            found[model.as_] = found.get(model.as_, frozenset()) | _HAS.get(type(model), frozenset())
    return found


def _has_values(model: FileModel) -> TypeGuard[Leaf]:
    return isinstance(model, Leaf) and not isinstance(model, FindingLeaf)
