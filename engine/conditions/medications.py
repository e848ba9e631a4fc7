"""Conditions on other medicines: those the patient takes, took, or is being ordered in the same session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from engine.concepts import CodedText, ConceptLibrary, Membership
from engine.conditions.context import TRUTH_OF_MEMBERSHIP, Context
from engine.dates import DateInterval, within
from engine.doses import falls
from engine.facts import UNREAD_ROUTE, ListName, MedicationFact, OrderAction, TherapyStatus
from engine.finding import Finding, Missing, Truth, all_of, any_of, met, not_met, truth_of, unknown
from engine.free_text import Said
from engine.language import MedicationLeaf, OrderLeaf
from engine.medicines import coded_in, medicine_in, route_in
from engine.record import codes_of
from engine.rule import Hook
from engine.substances import Substances, identity_of
from engine.words import LAPSED, UNANSWERED, UNREAD_STATUS, WORDED, entries_of, incomplete, listing

LONGEST_SUPPLY: Final = 180
"""Days for which something that was handed out may be taken, where nothing says how long: as long as a medicine that was given counts
for therapy (inventory T-ITB-CURRENT), and twice the three months that are usually handed out at most."""

_GIVES: Final = (OrderAction.START, OrderAction.CHANGE, OrderAction.UNKNOWN)

UNRENEWED: Final = 90
"""Days after its stated end for which an entry that is still active may go on, renewed by nobody in the record: what was handed out on
its last day lasts for the three months that are usually handed out at most."""


def medication(leaf: MedicationLeaf, context: Context) -> Finding:
    """Another medicine, by class, status and route (inventory MEDS; IX-01 to IX-09).

    The rule's own medicine never counts as the other one. A pair is looked at when one of the two is being ordered: see
    :class:`engine.language.MedicationLeaf`.
    """
    current = leaf.status == "current"
    ordered = [order for order in _other_orders(context) if current and order.action in _GIVES]
    title = context.title(leaf.medication)
    gaps = _order_gaps(context, title)
    if context.subject.kind == "therapy" and Hook(context.facts.hook).reviews_orders:
        return _choose((order for order in ordered if order.selected), leaf, context, gaps)
    listed = context.facts.medications
    entries = (
        listed.items
        if leaf.medication == "any"
        else context.record.possible(ListName.MEDICATIONS, leaf.medication)
    )
    counting = _counting(leaf.status, context)
    taken = [fact for fact in entries if id(fact) in counting]
    return _choose(
        [*ordered, *taken], leaf, context, [*incomplete(ListName.MEDICATIONS, listed, title), *gaps]
    )


def order(leaf: OrderLeaf, context: Context) -> Finding:
    """Something else that is being ordered in the same session."""
    subject = context.subject.medication
    group = subject.group if subject is not None else None
    together = [
        other
        for other in _other_orders(context)
        if not leaf.same_group or (group is not None and other.group == group)
    ]
    found = [other for other in together if leaf.action is None or other.action == leaf.action]
    may_be = [other for other in together if leaf.action is not None and other.action is OrderAction.UNKNOWN]
    # Whatever the order does, it is one: one that stops a medicine says that this is taken no more.
    wanted = MedicationLeaf(
        medication=leaf.order, status="ever", route=leaf.route, excluding=leaf.excluding, abrupt=leaf.abrupt
    )
    title = context.title(leaf.order)
    return _choose(found, wanted, context, [*_order_gaps(context, title), *_unread(may_be, wanted, context)])


def _other_orders(context: Context) -> Iterator[MedicationFact]:
    return (other for other in context.facts.orders if other is not context.subject.medication)


def _order_gaps(context: Context, what: str) -> list[Missing]:
    gaps = context.facts.order_gaps
    if not gaps:
        return []
    why = f"{_orders(len(gaps))} could not be read"
    return [Missing(what, why, None, tuple(gap.reference for gap in gaps))]


def _unread(orders: Iterable[MedicationFact], leaf: MedicationLeaf, context: Context) -> Iterator[Missing]:
    """The orders that may be what is looked for, and of which nobody can read what they do."""
    for order in orders:
        if _judge(order, leaf, context).truth is not Truth.NOT_MET:
            yield Missing(context.title(leaf.medication), UNREAD_STATUS, None, (order.reference,))


def _counting(status: str, context: Context) -> frozenset[int]:
    """The entries of the medication list with a status, by their id, worked out once for all that ask.

    What an order of this session changes is not current beside that order.
    """
    record, facts = context.record, context.facts
    found = record.counting.get(status)
    if found is None:
        orders = facts.orders if status == "current" else ()
        gone = {reference for order in orders for reference in (order.reference, order.replaces)}
        found = record.counting[status] = frozenset(
            id(fact)
            for fact in facts.medications.items
            if _has_status(fact, status, facts.now) and fact.reference not in gone
        )
    return found


def _has_status(fact: MedicationFact, status: str, now: datetime) -> bool:
    match status:
        case "ever":
            return fact.status is not TherapyStatus.PLANNED
        case "recent":
            return fact.status is TherapyStatus.ENDED
        case _:
            return _is_taken(fact, now) is not Truth.NOT_MET


def _begins(fact: MedicationFact, now: datetime) -> bool:
    """Whether it is on the list with a day to come on which it begins: the two will meet."""
    return fact.status is TherapyStatus.PLANNED and fact.started is not None and fact.started.earliest > now


def _is_taken(fact: MedicationFact, now: datetime) -> Truth:
    """Whether an entry says that it is taken: an order, a statement, what runs now or is to begin, or a supply that lasts until now.

    What was handed out for nobody knows how long, or is being made ready, may be taken, unless that was more than
    :data:`LONGEST_SUPPLY` days ago; so may what is active although its time is over, for :data:`UNRENEWED` days.
    """
    match fact.status:
        case TherapyStatus.ENDED:
            return Truth.NOT_MET if fact.status_certain else _unless_before(fact.ended, UNRENEWED, now)
        case TherapyStatus.PLANNED if fact.kind != "dispense" or _begins(fact, now):
            return truth_of(_begins(fact, now))
        case TherapyStatus.CURRENT if fact.kind != "dispense" or fact.ended is not None:
            return Truth.MET
        case _:
            return _unless_before(fact.started or fact.authored, LONGEST_SUPPLY, now)


def _unless_before(date: DateInterval | None, days: int, now: datetime) -> Truth:
    """Nobody knows, unless the date is longer ago than so many days."""
    long_ago = date is not None and within(date.up_to(now), now, days, "day") is False
    return Truth.NOT_MET if long_ago else Truth.UNKNOWN


class _Candidate(NamedTuple):
    """A medicine that may be the other one: of the kind that is looked for, by its route, in its time, not the rule's own."""

    fact: MedicationFact
    kind: Truth
    other: Truth = Truth.MET
    way: Truth = Truth.MET
    when: Truth = Truth.MET
    supplied: Truth = Truth.MET

    @property
    def truth(self) -> Truth:
        return all_of(self[1:])

    @property
    def doubt(self) -> str:
        """Which of its parts is in doubt first."""
        return ("code", "own", "route", "date", self.fact.status.value)[self[1:].index(Truth.UNKNOWN)]


def _judge(fact: MedicationFact, leaf: MedicationLeaf, context: Context) -> _Candidate:
    concepts = context.concepts
    own = context.is_own(fact)
    if own is Truth.MET or (leaf.abrupt and _is_tapered(fact, context)):
        return _Candidate(fact, Truth.NOT_MET)
    if any(coded_in(concepts, other, fact) is Membership.YES for other in leaf.excluding):
        return _Candidate(fact, Truth.NOT_MET)
    if leaf.medication == "any":
        # An entry that nobody can read is a medicine, too; only by the own medicine's route it may be that one.
        kind, other = (~own if leaf.route is not None else Truth.MET), Truth.MET
    else:
        # It may be the rule's own medicine: baclofen on the list, without a route, is tablets or the pump.
        coded = coded_in(concepts, leaf.medication, fact)
        kind, other = _kind(fact, leaf.medication, coded, concepts), ~own
        if _counts_by_name(fact, coded, leaf, context):
            kind = other = Truth.MET
    when = context.has_happened_within(fact.ended, leaf.within) if leaf.status == "recent" else Truth.MET
    supplied = _is_taken(fact, context.facts.now) if leaf.status == "current" else Truth.MET
    return _Candidate(fact, kind, other, _by_route(fact, leaf, context), when, supplied)


def _kind(fact: MedicationFact, concept: str, coded: Membership, concepts: ConceptLibrary) -> Truth:
    """Whether a medicine is of a kind by what its codes say; its words leave open what a code denies that is in no list.

    One that is in the lists is known for what it is: codeine against cough is kept apart from the painkillers.
    """
    if coded is Membership.NO and not any(concepts.standing(code.codings).listed for code in codes_of(fact)):
        coded = medicine_in(concepts, concept, fact)
    return TRUTH_OF_MEMBERSHIP[coded]


def _counts_by_name(fact: MedicationFact, coded: Membership, leaf: MedicationLeaf, context: Context) -> bool:
    """Whether a medicine counts by its name: it has no code that is known. Beside one that says no, its name only leaves it open."""
    return coded is Membership.UNKNOWN and _is_named(fact, leaf, context)


def _is_denied(fact: MedicationFact, leaf: MedicationLeaf, context: Context) -> bool:
    return leaf.medication != "any" and coded_in(context.concepts, leaf.medication, fact) is Membership.NO


def _is_named(fact: MedicationFact, leaf: MedicationLeaf, context: Context) -> bool:
    """Whether a medicine is called by the name of an ingredient of the kind.

    Where it also has the name of the rule's own medicine, or of one that does not count, the name tells nothing.
    """
    if context.record.named(fact).isdisjoint(context.concepts.ingredients_of(leaf.medication)):
        return False
    said = Said.of(codes_of(fact))
    return not any(
        said.names(context.concepts, other) for other in (context.medicine.substance, *leaf.excluding)
    )


def _is_tapered(fact: MedicationFact, context: Context) -> bool:
    """Whether a medicine is lowered step by step: by its own entry, or by another order of the session for the same one."""
    return any(
        falls(entry)
        for entry in (fact, *(o for o in _other_orders(context) if _same(o, fact, context.concepts)))
    )


def _same(one: MedicationFact, other: MedicationFact, concepts: ConceptLibrary) -> bool:
    return not _codings(one, concepts).isdisjoint(_codings(other, concepts))


def _codings(fact: MedicationFact, concepts: ConceptLibrary) -> set[tuple[str, str]]:
    return {concepts.place(coding) for code in codes_of(fact) for coding in code.codings}


def _by_route(fact: MedicationFact, leaf: MedicationLeaf, context: Context) -> Truth:
    """Whether a medicine is given by the route; without a stated one, a medicine of a kind may be, any medicine is not.

    By one that is stated and cannot be read any medicine may be.
    """
    if leaf.route is None:
        return Truth.MET
    unstated = Truth.NOT_MET if leaf.medication == "any" else Truth.UNKNOWN
    routes: list[CodedText | Truth] = [
        dosage.route or (Truth.UNKNOWN if UNREAD_ROUTE in dosage.problems else unstated)
        for dosage in fact.dosages
    ]
    return any_of(
        route
        if isinstance(route, Truth)
        else TRUTH_OF_MEMBERSHIP[route_in(context.concepts, leaf.route, route)]
        for route in routes or [unstated]
    )


def _substances(facts: Sequence[MedicationFact], leaf: MedicationLeaf, context: Context) -> Substances:
    concept = None if leaf.medication == "any" else leaf.medication
    return Substances(identity_of(context.concepts, concept, fact) for fact in facts)


def _are_enough(facts: Sequence[MedicationFact], leaf: MedicationLeaf, context: Context) -> Truth:
    """Whether there are as many different ones as are asked for; where one is enough, nobody asks which they are."""
    if leaf.different == 1 or not facts:
        return truth_of(bool(facts))
    return _substances(facts, leaf, context).are_at_least(leaf.different)


def _not_told_apart(facts: Sequence[MedicationFact], leaf: MedicationLeaf, context: Context) -> Missing:
    labels = list(dict.fromkeys(fact.label for fact in facts))
    name = None if all(fact.draft for fact in facts) else ListName.MEDICATIONS
    why = f"the record does not say whether {listing(labels)} are {leaf.different} different medicines"
    return Missing(context.title(leaf.medication), why, name, tuple(fact.reference for fact in facts))


def _choose(
    facts: Iterable[MedicationFact], leaf: MedicationLeaf, context: Context, missing: list[Missing]
) -> Finding:
    evidence_of = context.record.evidence
    candidates = (_judge(fact, leaf, context) for fact in facts)
    judged = [(candidate, candidate.truth) for candidate in candidates]
    found = [candidate.fact for candidate, truth in judged if truth is Truth.MET]
    apart = _substances(found, leaf, context)
    enough = apart.are_at_least(leaf.different)
    if enough is Truth.MET:
        labels = list(dict.fromkeys(fact.label for fact in found))
        values = {
            "list": listing(labels),
            "count": str(apart.different),
            "label": labels[0],
            "date": evidence_of(found[0]).date or "an unknown date",
        }
        notes = tuple(
            f"{fact.label}: the record does not say whether it is still taken"
            for fact in found
            if not fact.status_certain
        )
        notes += tuple(
            f"{fact.label}: recognised by its name, it has no code that is known"
            for fact in found
            if leaf.medication != "any"
            and _counts_by_name(fact, coded_in(context.concepts, leaf.medication, fact), leaf, context)
        )
        notes += tuple(
            f"{fact.label}: begins on {fact.started.describe()}"
            for fact in found
            if fact.started is not None and _begins(fact, context.facts.now)
        )
        return met(*map(evidence_of, found), values=values, notes=notes)
    doubtful = [candidate for candidate, truth in judged if truth is Truth.UNKNOWN]
    possible = [*found, *(candidate.fact for candidate in doubtful)]
    if _are_enough(possible, leaf, context) is not Truth.NOT_MET or missing:
        missing = [*missing, *_doubts(doubtful, leaf, context)]
    if enough is Truth.UNKNOWN:
        missing = [*missing, _not_told_apart(found, leaf, context)]
    evidence = tuple(evidence_of(candidate.fact) for candidate in doubtful)
    return unknown(*missing, evidence=evidence) if missing else not_met()


def _doubts(doubtful: Iterable[_Candidate], leaf: MedicationLeaf, context: Context) -> Iterator[Missing]:
    """Each reason for doubt once, apart for orders of the session and for entries of the list."""
    reasons: dict[tuple[bool, str], list[MedicationFact]] = {}
    for candidate in doubtful:
        fact, doubt = candidate.fact, candidate.doubt
        if doubt == "code":
            doubt = _doubt_of_code(fact, leaf, context)
        if doubt == "date" and context.lies_ahead(fact.ended):
            doubt = "ahead"
        reasons.setdefault((fact.draft, doubt), []).append(fact)
    for (draft, reason), facts in reasons.items():
        if reason == "own":
            why = f"{listing([fact.label for fact in facts])} cannot be told from {context.medicine.title}"
        else:
            entries = _orders(len(facts)) if draft else entries_of(ListName.MEDICATIONS, len(facts))
            why = f"{entries} {'has' if len(facts) == 1 else 'have'} {_LACKS[reason]}"
        name = None if draft else ListName.MEDICATIONS
        yield Missing(context.title(leaf.medication), why, name, tuple(fact.reference for fact in facts))


def _doubt_of_code(fact: MedicationFact, leaf: MedicationLeaf, context: Context) -> str:
    """Why the codes of a medicine do not tell whether it is of the kind."""
    if leaf.medication == "any":
        return "code"
    if _is_denied(fact, leaf, context):
        return "words"
    if context.record.awaits(ListName.MEDICATIONS, leaf.medication, fact):
        return "unanswered"
    concepts = context.concepts
    vague = any(concepts.leaves_open(leaf.medication, code.codings) for code in codes_of(fact))
    return "vague" if vague else "code"


_LACKS = {
    "code": "no code that is known here",
    "vague": "a code that says too little",
    "unanswered": UNANSWERED,
    "words": WORDED,
    "route": "no route that can be read",
    "date": "no date, or one too coarse",
    "ahead": "a date that lies ahead",
    TherapyStatus.CURRENT: "no word of how long the supply lasts that was handed out",
    TherapyStatus.ENDED: LAPSED,
    TherapyStatus.PLANNED: "not been handed out yet, as far as is recorded",
}


def _orders(count: int) -> str:
    return f"{count} {'order' if count == 1 else 'orders'} of this session"
