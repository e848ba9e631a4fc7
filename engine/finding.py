"""Findings: what a condition came to for one patient, in three values, with the evidence that decided it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeVar

from engine.facts import ListName

T = TypeVar("T", bound=Hashable)


def once(entries: Iterable[T]) -> tuple[T, ...]:
    """Each entry once, in the order in which they first come."""
    found = tuple(entries)
    return found if len(found) < 2 else tuple(dict.fromkeys(found))


class Truth(StrEnum):
    """The three values of Kleene's strong logic in a clinician's words."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    def __invert__(self) -> Truth:
        """Negation: unknown stays unknown."""
        if self is Truth.UNKNOWN:
            return self
        return Truth.MET if self is Truth.NOT_MET else Truth.NOT_MET


def truth_of(value: bool | None) -> Truth:
    """Three-valued truth from True, False or None (unknown)."""
    return Truth.UNKNOWN if value is None else (Truth.MET if value else Truth.NOT_MET)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's *and*: not met as soon as one is not met, else unknown as soon as one is unknown."""
    found = Truth.MET
    for truth in truths:
        if truth is Truth.NOT_MET:
            return truth
        if truth is Truth.UNKNOWN:
            found = truth
    return found


def any_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's *or*: met as soon as one is met, else unknown as soon as one is unknown."""
    found = Truth.NOT_MET
    for truth in truths:
        if truth is Truth.MET:
            return truth
        if truth is Truth.UNKNOWN:
            found = truth
    return found


def none_of(truths: Iterable[Truth]) -> Truth:
    """Kleene's *not any*: met while all are not met."""
    return ~any_of(truths)


def at_least(count: int, truths: Iterable[Truth]) -> Truth:
    """Whether at least ``count`` are met: unknown while the unknown ones could still make up the number."""
    listed = list(truths)
    met = listed.count(Truth.MET)
    if met >= count:
        return Truth.MET
    return Truth.UNKNOWN if met + listed.count(Truth.UNKNOWN) >= count else Truth.NOT_MET


@dataclass(frozen=True, slots=True)
class Evidence:
    """One entry of the record that decided a finding: its reference, in words what it is, and its date as far as known."""

    reference: str
    label: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Datum:
    """One datum that an answer waits for: a noun for it, and the concept by which it can be requested.

    Without a concept it is one of the patient's own data, which are completed in the record and not requested.
    """

    name: str
    concept: str | None = None


BIRTH_DATE, SEX = Datum("birth date"), Datum("sex")
NOTHING: Final = Datum("")
"""No datum: nothing that can be requested or completed would bring the answer."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What could not be looked at and why; ``what`` is a noun phrase that fits after "could not be checked:".

    ``lacks`` is the one datum that an answer waits for, where it is another than what was looked for.
    """

    what: str
    why: str
    list: ListName | None = None
    references: tuple[str, ...] = ()
    lacks: Datum | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one condition, its evidence, what was missing, the values for the card's placeholders, and remarks.

    ``values`` maps the condition's ``as`` fields (``value``, ``unit``, ``date``, ``label``, ``list``, ``count``) to text. ``notes``
    say what a card that relies on it must add ("estimated from creatinine", "suspected, not confirmed").
    """

    truth: Truth
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def noting(self, *notes: str) -> Finding:
        """The same finding with more remarks."""
        return replace(self, notes=(*self.notes, *notes))


def met(*evidence: Evidence, values: Mapping[str, str] | None = None, notes: tuple[str, ...] = ()) -> Finding:
    """A finding that is met, with what proves it."""
    return Finding(Truth.MET, tuple(evidence), values=values or {}, notes=notes)


def not_met(
    *evidence: Evidence, values: Mapping[str, str] | None = None, notes: tuple[str, ...] = ()
) -> Finding:
    """A finding that is not met, with what was looked at instead, where there is anything."""
    if not (evidence or values or notes):
        return _NOTHING
    return Finding(Truth.NOT_MET, tuple(evidence), values=values or {}, notes=notes)


_NOTHING: Final = Finding(Truth.NOT_MET)


def unknown(*missing: Missing, evidence: tuple[Evidence, ...] = ()) -> Finding:
    """A finding that could not be decided, with the reasons."""
    return Finding(Truth.UNKNOWN, evidence, tuple(missing))
