"""Subjects: what brings the rules of a medicine up in a request: orders of it, therapy with it, orders that stop it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from engine.concepts import Membership
from engine.facts import MedicationFact, OrderAction, PatientFacts
from engine.finding import Evidence, Missing, Truth
from engine.medicine import Medicine
from engine.medicines import Therapy, ended, holds, identified, therapy
from engine.record import Record
from engine.rule import BroughtUpBy, Hook
from engine.words import UNREAD_STATUS, entry, unread_orders


@dataclass(frozen=True, slots=True)
class Subject:
    """What brought a rule up: the order under review, the patient's therapy, an order that stops it, or therapy that has ended.

    ``certainty`` is unknown when the record does not say whether it is the rule's medicine at all (an order of baclofen without
    route, product or form); ``suspected`` that something points to therapy that is unknown. ``medication`` is None for therapy known
    only from a device, a diagnosis or a procedure.
    """

    kind: Literal["order", "therapy", "stop", "ended"]
    medicine: str
    certainty: Truth
    label: str
    medication: MedicationFact | None = None
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    suspected: bool = False

    @property
    def order(self) -> str | None:
        """The reference of the order under review; None for therapy."""
        under_review = self.kind in ("order", "stop")
        return self.medication.reference if self.medication is not None and under_review else None


def subjects(medicine: Medicine, record: Record) -> tuple[Subject, ...]:
    """Everything of a request that a rule about this medicine may be brought up by, orders first, in the order of the request.

    An order that cannot be told from a sibling medicine is a subject of unknown certainty. Orders that could not be read at all are
    one subject, so that the rules about them end unknown and not silent.
    """
    facts = record.facts
    orders = [
        subject for order in facts.orders if order.selected for subject in _of_order(order, medicine, record)
    ]
    found = [subject for subject in orders if subject.certainty is not Truth.NOT_MET]
    if facts.order_gaps:
        found.append(_unread(medicine, facts))
    current = therapy(medicine, record)
    if current.certainty is not Truth.NOT_MET:
        found.append(_of_therapy(current, medicine, "therapy"))
    past = ended(medicine, record)
    if past.certainty is not Truth.NOT_MET:
        found.append(_of_therapy(past, medicine, "ended"))
    return tuple(found)


def _of_order(order: MedicationFact, medicine: Medicine, record: Record) -> Iterator[Subject]:
    """The order as what it does; one of which nobody can read what it does is also one that may stop therapy."""
    certainty = identified(record, medicine, order)
    missing: tuple[Missing, ...] = ()
    if certainty is Truth.UNKNOWN:
        held = holds(record.concepts, medicine, order) is Membership.YES
        why = (
            "no route, product, form or concentration says so"
            if held
            else "it has no code that is known here"
        )
        missing = (Missing(f"whether this order is {medicine.title}", why, None, (order.reference,)),)
    ends = order.action in (OrderAction.STOP, OrderAction.HOLD)
    kind: Literal["order", "stop"] = "stop" if ends else "order"
    yield Subject(kind, medicine.id, certainty, order.label, order, (entry(order),), missing)
    if order.action is OrderAction.UNKNOWN and certainty is not Truth.NOT_MET:
        what = f"whether this order stops {medicine.title}"
        missing += (Missing(what, UNREAD_STATUS, None, (order.reference,)),)
        yield Subject("stop", medicine.id, Truth.UNKNOWN, order.label, order, (entry(order),), missing)


def _unread(medicine: Medicine, facts: PatientFacts) -> Subject:
    why = unread_orders(len(facts.order_gaps))
    references = tuple(gap.reference for gap in facts.order_gaps)
    missing = Missing(f"whether {medicine.title} is being ordered", why, None, references)
    return Subject(
        "order", medicine.id, Truth.UNKNOWN, "an order that could not be read", None, (), (missing,)
    )


def _of_therapy(found: Therapy, medicine: Medicine, kind: Literal["therapy", "ended"]) -> Subject:
    medication = found.medications[0] if found.medications else None
    label = medication.label if medication is not None else medicine.title
    return Subject(
        kind, medicine.id, found.certainty, label, medication, found.evidence, found.missing, found.suspected
    )


def bringing_up(
    brought_up_by: Iterable[BroughtUpBy], found: tuple[Subject, ...], hook: Hook
) -> Iterator[Subject]:
    """The subjects that bring a rule up at a hook, by what its ``brought_up_by`` says.

    Where the medicine is being ordered, therapy with it does not bring the rule up again. A rule that only the ``record`` brings up
    leaves therapy alone while other orders are under review: what the patient has long had is no news then. Of therapy and therapy
    that has ended the more certain one brings the rule up.
    """
    kinds: set[str] = set(brought_up_by)
    if "record" in kinds and not hook.reviews_orders:
        kinds.add("therapy")
    wanted = [subject for subject in found if subject.kind in kinds]
    ordered = any(subject.kind == "order" and subject.certainty is Truth.MET for subject in wanted)
    courses = [subject for subject in wanted if subject.kind in ("therapy", "ended")]
    course = next(
        (subject for subject in courses if subject.certainty is Truth.MET), next(iter(courses), None)
    )
    for subject in wanted:
        if subject not in courses or (subject is course and not ordered):
            yield subject
