"""Facts: what is known of one patient at one moment, and for every list whether it can be trusted to be complete.

Adapters build these from FHIR; the engine only reads them. A fact that a record states wrongly, or not at all, is not an
exception here: it is a gap with a reason, and a gap makes an answer *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Generic, Literal, TypeVar

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.quantity import Quantity, QuantityInterval


class ListState(StrEnum):
    """The five states of a list of the record (CDS Hooks 2.0.1, prefetch; conformance rows CH-080 to CH-086)."""

    PRESENT = "present"
    EMPTY = "known empty"
    NOT_SUPPLIED = "not supplied"
    FAILED = "failed"
    PARTIAL = "partial"

    @property
    def complete(self) -> bool:
        """Whether the absence of an entry from this list means anything."""
        return self in (ListState.PRESENT, ListState.EMPTY)


class ListName(StrEnum):
    """The lists of a patient's record that conditions of rules look into."""

    PATIENT = "patient"
    ALLERGIES = "allergies"
    CONDITIONS = "conditions"
    MEDICATIONS = "medications"
    OBSERVATIONS = "observations"
    PROCEDURES = "procedures"
    DEVICES = "devices"
    APPOINTMENTS = "appointments"
    ENCOUNTERS = "encounters"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class Gap:
    """One entry of a list that could not be read far enough to say what it is; it could be what a rule looks for."""

    reference: str
    why: str


@dataclass(frozen=True, slots=True)
class Person:
    """The patient: birth date as far as it is known, administrative sex, and whether and when the patient died."""

    reference: str
    birth: DateInterval | None = None
    birth_problem: str = "the birth date is missing"
    sex: Literal["female", "male", "other", "unknown"] | None = None
    deceased: bool = False
    died: DateInterval | None = None


class Course(StrEnum):
    """Where a condition stands: the inventory's CURRENT, REMISSION and the rest of EVER."""

    CURRENT = "current"
    REMISSION = "remission"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class ConditionFact:
    """A diagnosis or problem; refuted and entered-in-error ones never get here."""

    reference: str
    code: CodedText
    course: Course = Course.CURRENT
    suspected: bool = False
    onset: DateInterval | None = None
    abatement: DateInterval | None = None
    recorded: DateInterval | None = None
    draft: bool = False
    notes: str = ""


@dataclass(frozen=True, slots=True)
class AllergyFact:
    """An allergy or intolerance: its code and the substances of its reactions; refuted, erroneous and resolved ones never get here."""

    reference: str
    substances: tuple[CodedText, ...]
    active: bool = True
    intolerance: bool = False
    suspected: bool = False
    recorded: DateInterval | None = None
    draft: bool = False
    notes: str = ""

    @property
    def named(self) -> tuple[CodedText, ...]:
        """The substances, with what is noted beside the entry among their words."""
        if not self.notes:
            return self.substances
        return tuple(replace(each, text=f"{each.text}; {self.notes}") for each in self.substances)


@dataclass(frozen=True, slots=True)
class Ingredient:
    """An ingredient of a product with its concentration (``500 ug/mL``) or content, when stated."""

    code: CodedText
    strength: Quantity | None = None
    active: bool = True


UNREAD_ROUTE: Final = "the route cannot be read"
"""The problem of a dosage whose route is stated in a form that nobody can read: it may be any."""
NO_DOSE: Final = "no dose is stated"
"""The problem of a dosage that says nothing of an amount, where others say that one cannot be read."""


@dataclass(frozen=True, slots=True)
class Dosage:
    """One dosage instruction.

    ``dose`` is one administration, ``rate`` an infusion's speed, ``per_day`` how many administrations a day, ``daily`` the amount in
    24 hours when it can be computed. ``once`` is what :func:`engine.doses.administered_once` has decided: true for a single
    administration (a bolus), false for what goes on (repeated doses, a continuous rate), None where it can be either. ``by_volume`` is
    true where amounts were stated as volumes and were turned into the mass in them. What could not be read is in ``problems``.
    """

    route: CodedText | None = None
    dose: QuantityInterval | None = None
    rate: QuantityInterval | None = None
    per_day: Decimal | None = None
    daily: QuantityInterval | None = None
    once: bool | None = False
    sequence: int | None = None
    text: str = ""
    problems: tuple[str, ...] = ()
    by_volume: bool = False


class TherapyStatus(StrEnum):
    """Whether a medicine is taken: the inventory's MEDS status handling."""

    CURRENT = "current"
    ENDED = "ended"
    PLANNED = "planned"


class OrderAction(StrEnum):
    """What an order under review does to therapy; a stop that has an active successor is a ``change`` (DC-01: a switch is not a stop).

    It is ``unknown`` where the order has a status that nobody can read, so that it may be any of them.
    """

    START = "start"
    CHANGE = "change"
    HOLD = "hold"
    STOP = "stop"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MedicationFact:
    """A medicine ordered, stated, given or dispensed, or (``draft``) an order under review.

    ``product`` holds the medicine's own code, ``ingredients`` what a Medication resource lists. ``status_certain`` is false where the
    record says *unknown* and the medicine is treated as current (MEDS). ``kind`` is the FHIR resource that said so.
    ``batch_problem`` is why its batch may have expired although ``batch_expiry`` does not say so. ``authored`` is when it was
    written; ``misdated`` is true where the record says when, and nobody can read it.
    """

    reference: str
    product: CodedText
    kind: Literal["request", "statement", "administration", "dispense"] = "request"
    ingredients: tuple[Ingredient, ...] = ()
    form: CodedText | None = None
    dosages: tuple[Dosage, ...] = ()
    status: TherapyStatus = TherapyStatus.CURRENT
    status_certain: bool = True
    status_reason: CodedText | None = None
    draft: bool = False
    selected: bool = True
    action: OrderAction = OrderAction.START
    replaces: str | None = None
    authored: DateInterval | None = None
    started: DateInterval | None = None
    ended: DateInterval | None = None
    reasons: tuple[CodedText, ...] = ()
    category: tuple[CodedText, ...] = ()
    group: str | None = None
    volume: Quantity | None = None
    supply_days: Decimal | None = None
    batch_expiry: DateInterval | None = None
    batch_problem: str = ""
    problems: tuple[str, ...] = ()
    misdated: bool = False

    @property
    def label(self) -> str:
        """The medicine in words, for a card."""
        return self.product.label or (
            self.ingredients[0].code.label if self.ingredients else "a medicine without a name"
        )


@dataclass(frozen=True, slots=True)
class ObservationFact:
    """A measurement or a coded observation; components arrive as observations of their own.

    ``absent`` is why there is no value (``dataAbsentReason`` or an unreadable value); ``preliminary`` values count and are marked.
    """

    reference: str
    code: CodedText
    value: QuantityInterval | CodedText | bool | None = None
    effective: DateInterval | None = None
    absent: str = ""
    preliminary: bool = False


@dataclass(frozen=True, slots=True)
class ProcedureFact:
    """A procedure; ``done`` is false while it is planned or under way, and not-done or erroneous ones never get here.

    ``certain`` is false where one counts as done that was broken off, or whose status is not stated.
    """

    reference: str
    code: CodedText
    done: bool = True
    performed: DateInterval | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """A device of the patient; ``replace_by`` is an elective-replacement date.

    ``active`` is false when the record says that it is not in use, and None where the record leaves that open.
    """

    reference: str
    code: CodedText
    active: bool | None = True
    replace_by: DateInterval | None = None


@dataclass(frozen=True, slots=True)
class AppointmentFact:
    """An appointment: FHIR status, start, and its service types and reasons."""

    reference: str
    status: str
    start: DateInterval | None = None
    services: tuple[CodedText, ...] = ()
    draft: bool = False


@dataclass(frozen=True, slots=True)
class EncounterFact:
    """An encounter: status, class (``IMP``, ``AMB``, …), types and period; ``in_context`` marks the one the hook names."""

    reference: str
    status: str
    class_code: CodedText | None = None
    types: tuple[CodedText, ...] = ()
    period: DateInterval | None = None
    in_context: bool = False


@dataclass(frozen=True, slots=True)
class ServiceFact:
    """A requested service (ServiceRequest and its like), active or a draft of this session.

    ``proposed`` is true where the record only proposes or plans it, or offers it as an option. ``authored`` is when it was written.
    """

    reference: str
    code: CodedText
    draft: bool = False
    occurrence: DateInterval | None = None
    authored: DateInterval | None = None
    proposed: bool = False


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class FactList(Generic[T_co]):
    """A list of facts with its state, the gaps in it, and in words what happened when it is not complete."""

    state: ListState = ListState.NOT_SUPPLIED
    items: tuple[T_co, ...] = ()
    gaps: tuple[Gap, ...] = ()
    detail: str = ""

    @classmethod
    def of(cls, *items: T_co) -> FactList[T_co]:  # type: ignore[misc]  # an alternative constructor
        """A complete list of exactly these items (known empty when there are none)."""
        return cls(ListState.PRESENT if items else ListState.EMPTY, tuple(items))


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Everything the engine may look at: the person, the lists of the record, and the orders under review.

    ``now`` is the moment of the decision (zone-aware). ``person_detail`` is what happened where the person is not known. ``orders``
    are the medication orders of the session, ``selected`` ones under review. ``hook`` is the CDS Hooks hook. ``parameters`` are the
    pack's and the site's settings (jurisdiction, limits).
    ``members`` are codes that a terminology server counts to concepts for this request, as (concept, system, code), and ``unanswered``
    those of which it was to say whether it does and has not said so: they deny nothing.
    """

    now: datetime
    hook: str = "order-sign"
    person: Person | None = None
    person_state: ListState = ListState.NOT_SUPPLIED
    person_detail: str = ""
    allergies: FactList[AllergyFact] = field(default_factory=FactList)
    conditions: FactList[ConditionFact] = field(default_factory=FactList)
    medications: FactList[MedicationFact] = field(default_factory=FactList)
    observations: FactList[ObservationFact] = field(default_factory=FactList)
    procedures: FactList[ProcedureFact] = field(default_factory=FactList)
    devices: FactList[DeviceFact] = field(default_factory=FactList)
    appointments: FactList[AppointmentFact] = field(default_factory=FactList)
    encounters: FactList[EncounterFact] = field(default_factory=FactList)
    services: FactList[ServiceFact] = field(default_factory=FactList)
    orders: tuple[MedicationFact, ...] = ()
    order_gaps: tuple[Gap, ...] = ()
    user_specialties: tuple[CodedText, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    members: frozenset[tuple[str, str, str]] = frozenset()
    unanswered: frozenset[tuple[str, str, str]] = frozenset()
