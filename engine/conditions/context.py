"""The context of a condition: the facts, the concepts, and what brought the rule up; and the one way of searching a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from engine.concepts import CodedText, ConceptLibrary, Membership
from engine.dates import DateInterval, Span, coming, happened, is_future, past
from engine.facts import (
    AllergyFact,
    ConditionFact,
    FactList,
    ListName,
    ListState,
    MedicationFact,
    PatientFacts,
    ServiceFact,
)
from engine.finding import Finding, Missing, Truth, met, not_met, truth_of, unknown
from engine.free_text import is_of
from engine.language import duration
from engine.medicine import Medicine
from engine.medicines import Therapy, identified, therapy
from engine.record import Record, Towards
from engine.rule import Hook
from engine.subjects import Subject
from engine.words import (
    Dated,
    dated_ahead,
    incomplete,
    listing,
    noted,
    unanswered,
    uncoded,
    undated,
    vague,
    worded,
)

F = TypeVar("F", bound=Dated)
A = TypeVar("A", AllergyFact, ConditionFact, ServiceFact)


@dataclass(slots=True)
class Context:
    """What a condition may look at; made once for every subject, so that what is costly is worked out once."""

    record: Record
    medicine: Medicine
    subject: Subject
    parameters: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, Finding] = field(default_factory=dict)
    facts: PatientFacts = field(init=False)
    concepts: ConceptLibrary = field(init=False)
    _therapy: Therapy | None = None
    _past: dict[str, Span] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put within reach what conditions ask for most."""
        self.facts, self.concepts = self.record.facts, self.record.concepts

    @property
    def therapy(self) -> Therapy:
        """The patient's therapy with the rule's medicine."""
        if self._therapy is None:
            self._therapy = therapy(self.medicine, self.record)
        return self._therapy

    @property
    def additions_only(self) -> bool:
        """Whether only what is being added counts: at the hooks of new entries, for a patient who already has the medicine.

        What such a patient has long had is no news; the same holds for medicines (:class:`engine.language.MedicationLeaf`).
        """
        return self.subject.kind == "therapy" and Hook(self.facts.hook).adds_to_record

    def is_own(self, medication: MedicationFact) -> Truth:
        """Whether an entry or an order is the rule's own medicine."""
        return identified(self.record, self.medicine, medication)

    def possible(self, name: ListName, concept: str) -> FactList[Any]:
        """A list with only those of its entries that may be in a concept; what is wanting of the list stays said."""
        facts: FactList[Any] = getattr(self.facts, name.value)
        return FactList(facts.state, self.record.possible(name, concept), facts.gaps, facts.detail)

    @property
    def conditions(self) -> FactList[ConditionFact]:
        """The diagnoses that count."""
        return self.counting(self.facts.conditions)

    def counting(self, facts: FactList[A]) -> FactList[A]:
        """What counts of the diagnoses or the allergies: see :attr:`additions_only`."""
        return drafts(facts) if self.additions_only else facts

    def title(self, concept: str) -> str:
        """What a concept is called in the middle of a sentence."""
        return "any medicine" if concept == "any" else self.concepts.concept(concept).title

    def is_in(self, concept: str, code: CodedText) -> Truth:
        """Whether what is coded so is in a concept (:func:`engine.free_text.is_of`)."""
        return TRUTH_OF_MEMBERSHIP[is_of(self.concepts, concept, code)]

    def happened_within(self, when: DateInterval | None, text: str | None) -> Truth:
        """Whether a date lies in the time before now; unknown without a date, met when no time is asked for."""
        if text is None:
            return Truth.MET
        if when is None:
            return Truth.UNKNOWN
        span = self._past.get(text)
        if span is None:
            span = self._past[text] = past(self.facts.now, *duration(text))
        return truth_of(span.holds(when.up_to(self.facts.now)))

    def has_happened_within(self, when: DateInterval | None, text: str | None) -> Truth:
        """As :meth:`happened_within`, of what is said to have happened: unknown also where its date lies ahead, which is a slip."""
        lies_in = self.happened_within(when, text)
        if text is None or when is None or lies_in is not Truth.NOT_MET:
            return lies_in
        return truth_of(happened(when, self.facts.now, self._past[text]))

    def lacking_date(self, when: DateInterval | None) -> Callable[[ListName, int], str]:
        """What a date that does not tell lacks, as a clause of :mod:`engine.words`."""
        return dated_ahead if self.lies_ahead(when) else undated

    def lies_ahead(self, when: DateInterval | None) -> bool:
        """Whether a date is after now, where what has happened cannot be: nobody knows of when it is."""
        return when is not None and is_future(when, self.facts.now) is True

    def happens_within(self, when: DateInterval | None, text: str | None) -> Truth:
        """Whether a date lies in the time after now; unknown without a date, met when no time is asked for."""
        if text is None:
            return Truth.MET
        return (
            Truth.UNKNOWN if when is None else truth_of(coming(self.facts.now, *duration(text)).holds(when))
        )


def drafts(facts: FactList[A]) -> FactList[A]:
    """What of a list is being added; the list itself need not have arrived for that, but what could not be read may be new."""
    return replace(facts, state=ListState.PRESENT, items=tuple(fact for fact in facts.items if fact.draft))


TRUTH_OF_MEMBERSHIP = {
    Membership.YES: Truth.MET,
    Membership.NO: Truth.NOT_MET,
    Membership.UNKNOWN: Truth.UNKNOWN,
}


def search(
    context: Context,
    facts: FactList[F],
    name: ListName,
    concept: str,
    judge: Callable[[F], Truth],
    kind: Callable[[F], Truth] = lambda fact: Truth.UNKNOWN,
    what: str = "",
    lacks: Callable[[F], Callable[[ListName, int], str]] = lambda fact: undated,
) -> Finding:
    """Look for an entry of a list: not met only when the list could have shown one.

    An entry that cannot be judged (not coded, coded in a system nobody mapped, by what says too little or other than its
    words, without the date that the condition asks for), an entry that could not be read, and a list that is not complete
    all keep the answer unknown. ``kind`` says whether an entry is of the kind that is looked for: where it is, only what it
    ``lacks`` can be in doubt, its date as a rule. ``what`` is looked for, in words; the title of the concept where it is not told.
    """
    if not facts.items and not facts.gaps and facts.state.complete:
        return not_met()
    judged = [(fact, judge(fact)) for fact in facts.items]
    evidence_of = context.record.evidence
    found = [evidence_of(fact) for fact, truth in judged if truth is Truth.MET]
    if found:
        values = {
            "list": listing(list(dict.fromkeys(source.label for source in found))),
            "count": str(len(found)),
            "label": found[0].label,
            "date": found[0].date or "an unknown date",
        }
        return met(*found, values=values)
    what = what or context.title(concept)
    missing = list(incomplete(name, facts, what))
    doubtful = [fact for fact, truth in judged if truth is Truth.UNKNOWN]
    towards = context.record.towards(name, concept)
    doubts: dict[Callable[[ListName, int], str], list[str]] = {uncoded: [], vague: [], worded: [], noted: []}
    for fact in doubtful:
        why = (
            lacks(fact)
            if kind(fact) is Truth.MET
            else _in_doubt(context.record, name, concept, towards, fact)
        )
        doubts.setdefault(why, []).append(fact.reference)
    for why, references in doubts.items():
        if references:
            missing.append(Missing(what, why(name, len(references)), name, tuple(references)))
    return unknown(*missing, evidence=tuple(map(evidence_of, doubtful))) if missing else not_met()


def _in_doubt(
    record: Record, name: ListName, concept: str, towards: Towards, fact: Dated
) -> Callable[[ListName, int], str]:
    """Why nobody can tell whether an entry is in a concept, as a clause of :mod:`engine.words`."""
    if towards.leaves_open(fact):
        if record.awaits(name, concept, fact):
            return unanswered
        if not record.is_called(name, concept, fact):
            return vague
    elif not towards.denies(fact):
        return uncoded
    return noted if record.is_noted(concept, fact) else worded
