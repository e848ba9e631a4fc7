"""Explanation: why a rule came out as it did, line by line beside the lines of its file, and what would have to change.

Recording is the trace's affair (:mod:`engine.trace`); this only reads it. Colours are the terminal's affair.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from engine.authoring.documents import Position
from engine.authoring.folder import Loaded
from engine.finding import Evidence, Finding, Missing, Truth
from engine.language import Leaf
from engine.logic import members_of
from engine.outcome import RuleOutcome
from engine.reversals import Suppositions
from engine.trace import Trace

WORDS: Final = {Truth.MET: "met", Truth.NOT_MET: "not met", Truth.UNKNOWN: "unknown"}
"""The three values as a person reads them."""

_WIDTH: Final = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the rule: how deep it stands, what it says, what it came to, why, and where it is."""

    depth: int
    text: str
    truth: Truth | None = None
    why: str = ""
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Supposed:
    """One finding that would have to be another: what it would become, in words, and where its condition is."""

    text: str
    becomes: Truth
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class WouldChange:
    """How the rule could end instead (see :mod:`engine.reversals`): the sentence, and each way as what must become so together."""

    outcome: Truth | None
    sentence: str
    ways: tuple[tuple[Supposed, ...], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule's outcome for one order or therapy: what it was about, its lines in the order of the file, and what would change it."""

    rule: str
    version: str
    outcome: Truth
    about: str
    lines: tuple[Line, ...]
    would_change: tuple[WouldChange, ...] = ()

    def render(self) -> str:
        """The explanation as plain text."""
        head = f"{self.rule} {self.version}".ljust(_WIDTH)
        rows = [f"{head}{WORDS[self.outcome].upper()}  {self.about}".rstrip()]
        for line in self.lines:
            text = f"{'  ' * (line.depth + 1)}{line.text}"
            truth = WORDS[line.truth] if line.truth is not None else ""
            rows.append(f"{text.ljust(_WIDTH - 1)} {truth:<8} {line.why}".rstrip())
        return "\n".join(rows)


def explain(outcome: RuleOutcome, loaded: Loaded) -> Explanation:
    """Why the rule came out like this: what brought it up, each condition with its evidence, and what follows."""
    rule = outcome.rule
    return Explanation(
        rule.id,
        rule.version,
        outcome.outcome,
        _about(outcome),
        tuple(_lines(outcome, loaded)),
        tuple(_would_change(outcome, loaded)),
    )


def explain_text(outcome: RuleOutcome, loaded: Loaded) -> str:
    """The same as plain text."""
    return explain(outcome, loaded).render()


def _would_change(outcome: RuleOutcome, loaded: Loaded) -> Iterator[WouldChange]:
    say = Suppositions(loaded.concepts, loaded.rules.findings)
    for told in say.of(outcome):
        ways = tuple(
            tuple(
                Supposed(
                    say.supposition(change),
                    change.becomes,
                    loaded.locate(outcome.rule.id, change.path) if change.condition is not None else None,
                )
                for change in way.changes
            )
            for way in told.reversals
        )
        yield WouldChange(told.outcome, told.sentence, ways)


def _about(outcome: RuleOutcome) -> str:
    if outcome.subject is None:
        return f"nothing brought it up ({', '.join(outcome.rule.brought_up_by)} of {outcome.rule.medicine})"
    return f"{outcome.subject.kind}: {outcome.subject.label}"


def _lines(outcome: RuleOutcome, loaded: Loaded) -> Iterator[Line]:
    subject = outcome.subject
    if subject is not None:
        why = _why(Finding(subject.certainty, subject.evidence, subject.missing))
        yield Line(0, f"medicine: {subject.medicine}", subject.certainty, why)
    if outcome.error is not None:
        yield Line(0, f"error: {outcome.error}", Truth.UNKNOWN)
    for word, trace in (("when", outcome.when), ("unless", outcome.unless)):
        if trace is not None:
            yield from _tree(trace, word, 0, outcome, loaded)
    for number, trace in enumerate(outcome.variants):
        chosen = ", chosen" if number == outcome.variant else ""
        yield from _tree(trace, f"variant {number + 1}{chosen}", 0, outcome, loaded)
    if outcome.yielded_to is not None:
        yield Line(0, f"yields to {outcome.yielded_to}")


def _tree(trace: Trace, word: str, depth: int, outcome: RuleOutcome, loaded: Loaded) -> Iterator[Line]:
    place = loaded.locate(outcome.rule.id, trace.path)
    if isinstance(trace.condition, Leaf):
        text = f"{word} {as_written(trace.condition)}".strip()
        yield Line(depth, text, trace.truth, _why(trace.finding), place)
        return
    group, _ = members_of(trace.condition)
    at_least = getattr(trace.condition, "at_least", None)
    name = f"at least {at_least} of" if at_least is not None else group
    yield Line(depth, f"{word} {name}".strip(), trace.truth, position=place)
    for child in trace.children:
        yield from _tree(child, "", depth + 1, outcome, loaded)


def as_written(leaf: Leaf) -> str:
    """A condition on one line, in the words of its file; it holds nothing of a patient."""
    written: dict[str, Any] = leaf.model_dump(by_alias=True, exclude_unset=True, mode="json")
    first = f"{leaf.noun}: {_flat(written.pop(leaf.noun))}"
    return " ".join(
        [first, *(f"{key} {_flat(value)}" for key, value in written.items() if key not in ("as", "because"))]
    )


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key} {_flat(inner)}" for key, inner in value.items())
    return ", ".join(map(_flat, value)) if isinstance(value, list) else str(value)


def _why(finding: Finding) -> str:
    value = " ".join(finding.values[key] for key in ("value", "unit") if key in finding.values)
    reasons = (*map(_missing, finding.missing), *map(_evidence, finding.evidence), *finding.notes)
    return "; ".join((value, *reasons) if value else reasons)


def _evidence(entry: Evidence) -> str:
    date = f", {entry.date}" if entry.date else ""
    return f"{entry.label}{date} ({entry.reference})"


def _missing(entry: Missing) -> str:
    return f"{entry.what}: {entry.why}"
