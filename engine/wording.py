"""Wording: a met rule's card text with the patient's values in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.errors import UnitError
from engine.finding import Missing
from engine.markdown import escape
from engine.outcome import RuleOutcome
from engine.quantity import Quantity
from engine.rule import Indicator
from engine.ruleset import Pack
from engine.words import listing, plain, unit_words

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9-]*)?)\}")

BUILT_IN = ("medicine", "order.label")
"""Placeholders that every rule may use, beside those of its conditions' ``as`` names."""

_ON_A_DATE = re.compile(r"\bon (?=\{([a-z][a-z0-9_]*\.date)\})")
_DAY, _MONTH_OR_YEAR = re.compile(r"\d{1,2} [A-Z]\w\w \d{4}"), re.compile(r"(?:[A-Z]\w\w )?\d{4}")

NOT_STATED = "not stated"

_TIMES = frozenset({"h", "d", "wk", "mo", "a"})


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one rule for one patient: its urgency, one line of plain text, that line as Markdown, and the detail as Markdown."""

    indicator: Indicator
    summary: str
    heading: str
    detail: str


def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces that a card text uses, in order."""
    return tuple(_PLACEHOLDER.findall(text))


def wording(outcome: RuleOutcome, pack: Pack) -> Wording:
    """The words of a met rule: of the variant that applies, or of the card itself.

    Values of the record stand in the summary as plain text and in the detail as inert Markdown (CH-129).
    """
    card = outcome.rule.card
    variant = card.variants[outcome.variant] if outcome.variant is not None else None
    indicator = variant.indicator if variant is not None and variant.indicator is not None else card.indicator
    summary = variant.summary if variant is not None and variant.summary is not None else card.summary
    detail = variant.detail if variant is not None and variant.detail is not None else card.detail
    values = _values(outcome, pack)
    line = shorten(_fill(summary, values), 139)
    return Wording(indicator, line, escape(line), _detail(outcome, _fill(detail, values, escape).strip()))


def _values(outcome: RuleOutcome, pack: Pack) -> dict[str, str]:
    subject = outcome.subject
    values = {"medicine": pack.title, "order.label": subject.label if subject is not None else NOT_STATED}
    values |= {f"parameter.{name}": _setting(value) for name, value in pack.parameters.items()}
    for trace in (outcome.when, outcome.unless, *outcome.variants):
        if trace is not None:
            for name, value in trace.values().items():
                values.setdefault(name, value)
    return values


@lru_cache(maxsize=1024)
def _setting(value: str) -> str:
    """A setting as a prescriber reads it: an amount with its unit in words, a length of time or a word as it is written."""
    try:
        quantity = Quantity.parse(value)
    except UnitError:
        return value
    if quantity.unit in _TIMES:
        return value
    return f"{plain(quantity.value)} {unit_words(quantity.unit)}"


def _fill(text: str, values: Mapping[str, str], written: Callable[[str], str] = str) -> str:
    text = _ON_A_DATE.sub(lambda match: _before(values.get(match[1], "")), text)
    return _PLACEHOLDER.sub(lambda match: written(values.get(match[1], "")) or NOT_STATED, text)


def _before(date: str) -> str:
    """What stands before a date in place of the *on* that an author wrote: *in* a month, *from* a day to another, nothing else."""
    if not date or _DAY.fullmatch(date):
        return "on "
    if _MONTH_OR_YEAR.fullmatch(date):
        return "in "
    if date.startswith(("since ", "until ", "at ")):
        return ""
    return "from " if " to " in date else "on "


def _detail(outcome: RuleOutcome, text: str) -> str:
    parts = [text] if text else []
    own = frozenset(outcome.subject.evidence) if outcome.subject is not None else frozenset()
    # The order or therapy that the card is about is named above all this; as its own evidence it says nothing.
    evidence = [
        escape(f"{entry.label} ({entry.date})" if entry.date else entry.label)
        for entry in outcome.evidence
        if entry.label and entry not in own
    ]
    if evidence:
        parts.append(f"On record: {'; '.join(dict.fromkeys(evidence))}.")
    parts += [f"{escape(note[:1].upper() + note[1:])}." for note in outcome.notes]
    parts += [f"Could not be checked: {escape(_missing(entry))}." for entry in outcome.missing]
    parts += [
        f"Not from the label: {escape(source.beyond)}" for source in outcome.rule.sources if source.beyond
    ]
    return "  \n".join(parts)


def _missing(entry: Missing) -> str:
    return f"{entry.what} ({entry.why})"


def shorten(text: str, limit: int) -> str:
    """Text of at most so many characters, cut between words and marked with an ellipsis where it has to be."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    kept = line[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:–-(")
    return f"{kept}…"


def fit(start: str, words: Sequence[str], limit: int) -> str:
    """A beginning and as many words as fit, the rest counted: ``…: head injury, epilepsy and 2 more``."""
    unique = list(dict.fromkeys(words))
    for shown in range(len(unique), 0, -1):
        rest = len(unique) - shown
        text = start + (
            listing(unique[:shown]) if not rest else f"{', '.join(unique[:shown])} and {rest} more"
        )
        if len(text) <= limit:
            return text
    return shorten(start + listing(unique), limit)
