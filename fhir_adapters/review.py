"""What is under review: one neutral shape for the contexts of all hooks (CDS Hooks library 1.0.1).

Whatever the hook calls its field, a rule sees the orders of the session, which of them are selected, and
drafts of conditions, allergies and appointments. The context is read leniently where clients differ (Bundles
without type, a lone resource in place of a Bundle, ids written with their type) and strictly where guessing
could silence a rule (a selection that names no draft).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from engine.facts import Gap, ListName, ListState
from fhir_adapters.bundles import entries_of, read_answer
from fhir_adapters.errors import ContextError, FhirVersionError
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.elements import text
from fhir_adapters.mapping.statuses import unreadable
from fhir_adapters.record import LIST_OF, SUPPORTING
from fhir_adapters.references import ReferenceIndex, bare_id, normal_reference
from fhir_adapters.resource_types import DSTU2_TYPES
from fhir_adapters.wire import Entry, RawJson, decode_object, decode_value

# STU3's requests have no successor of the same name, so such an order cannot be
# told from one that was misread.
_OTHER_VERSIONS: Final = DSTU2_TYPES | {"ProcedureRequest", "ReferralRequest"}
_ORDERS: Final = {"MedicationRequest"} | {
    type_ for type_, name in LIST_OF.items() if name is ListName.SERVICES
}
_ORDERED: Final = (ListName.MEDICATIONS, ListName.SERVICES)
# What may come along with orders and is none. Anything else (a group of orders, a medicine as a statement, a type
# that FHIR does not have) may hold an order that nobody has read.
_BESIDE: Final = (
    SUPPORTING
    | {type_ for type_, name in LIST_OF.items() if name is not ListName.MEDICATIONS}
    | {"CareTeam", "Coverage", "HealthcareService", "Location", "Organization", "Provenance", "Questionnaire"}
    | {"QuestionnaireResponse", "RelatedPerson", "Specimen", "Substance", "Task"}
)
# Called by their type where they are told of. What else stands there is whatever a client wrote, and is neither told nor stored.
_CALLED: Final = (
    _BESIDE
    | LIST_OF.keys()
    | {"Basic", "Bundle", "CarePlan", "DiagnosticReport", "DocumentReference", "Group", "Immunization"}
    | {"List", "OperationOutcome", "Parameters", "PlanDefinition", "RequestGroup", "RequestOrchestration"}
)


@dataclass(frozen=True, slots=True)
class ReviewContext:
    """The session that a hook describes.

    ``orders`` are all orders of the session (medicines and services), ``selected`` the references of those
    under review, None when all are; ``dispatched`` are references to orders that are in the record already.
    ``beside`` are resources that came along with the orders (a Medication, say) and can be referred to. Ids
    are bare, without their type. ``gaps`` are what could not be read, ``lists`` those in which it would stand: MEDICATIONS
    for orders of medicines.
    """

    hook: str
    patient_id: str = ""
    encounter_id: str = ""
    user: str = ""
    orders: tuple[Entry, ...] = ()
    selected: frozenset[str] | None = None
    dispatched: tuple[str, ...] = ()
    conditions: tuple[Entry, ...] = ()
    allergies: tuple[Entry, ...] = ()
    appointments: tuple[Entry, ...] = ()
    beside: tuple[Entry, ...] = ()
    gaps: tuple[Gap, ...] = ()
    lists: tuple[ListName, ...] = ()
    issues: DataIssues = field(default_factory=DataIssues)

    def entries(self) -> Iterator[Entry]:
        """Every resource of the context, so that references between them can be followed."""
        for found in (self.orders, self.conditions, self.allergies, self.appointments, self.beside):
            yield from found

    def is_selected(self, reference: str) -> bool:
        """Whether the order is one of those under review."""
        return self.selected is None or reference in self.selected


Fields = Mapping[str, RawJson]


def read_context(hook: str, context: RawJson) -> ReviewContext:
    """What is under review, from the ``context`` member of a request.

    A hook that is not in the library has no orders under review; its patient, user and encounter are still
    read.

    Raises:
        ContextError: a field that the hook requires for its orders is missing or not readable, a selection
            names no draft, or what stands in the place of the patient or the encounter is a reference to something else.
        FhirVersionError: the orders are resources of DSTU2, or STU3's ProcedureRequest or ReferralRequest
            (CH-037).
        FhirDataError: it is not JSON.
    """
    fields = decode_object(context)
    if fields is None:
        raise ContextError("context", "is not an object")
    session = ReviewContext(
        hook,
        patient_id=_id(fields, "patientId", "Patient"),
        encounter_id=_id(fields, "encounterId", "Encounter"),
        user=normal_reference(_words(fields, "userId")),
    )
    adapter = _ADAPTERS.get(hook)
    return adapter(session, fields) if adapter else session


def _words(fields: Fields, name: str) -> str:
    return text(decode_value(fields[name])) if name in fields else ""


def _id(fields: Fields, name: str, type_: str) -> str:
    """The id alone, of an id that may be written with its type.

    Raises:
        ContextError: it is a reference, but to nothing of this type.
    """
    written = _words(fields, name)
    found = normal_reference(written)
    if "/" in written and not (found.startswith(f"{type_}/") and bare_id(found)):
        raise ContextError(f"context.{name}", f"names no {type_}")
    return bare_id(written)


def _resources(
    session: ReviewContext, fields: Fields, name: str, *lists: ListName
) -> tuple[ReviewContext, list[Entry]]:
    """The resources of a field; what cannot be read is a gap of the session, in the lists in which it would stand.

    Raises:
        ContextError: the field is missing, or holds neither a Bundle nor a resource.
    """
    path = f"context.{name}"
    answer = read_answer(fields[name]) if name in fields else None
    if answer is None or decode_value(fields[name]) is None:
        raise ContextError(path, "is missing")
    if answer.state in (ListState.FAILED, ListState.NOT_SUPPLIED):
        raise ContextError(path, "holds no resources")
    entries: list[Entry] = []
    gaps = [Gap(path, answer.detail)] if answer.state is ListState.PARTIAL else []
    for entry in entries_of(answer, path):
        if isinstance(entry, str):
            session.issues.add(entry, "", "unreadable", "this is not a FHIR resource")
            gaps.append(Gap(entry, "it cannot be read as a FHIR resource"))
        else:
            entries.append(entry)
    return replace(session, gaps=(*session.gaps, *gaps), lists=lists), entries


def _orders(field_name: str) -> Callable[[ReviewContext, Fields], ReviewContext]:
    def adapter(session: ReviewContext, fields: Fields) -> ReviewContext:
        session, entries = _resources(session, fields, field_name, *_ORDERED)
        old = next((entry.type for entry in entries if entry.type in _OTHER_VERSIONS), None)
        if old is not None:
            raise FhirVersionError(f"FHIR version not supported: context.{field_name} holds a {old}")
        orders = tuple(entry for entry in entries if entry.type in _ORDERS)
        beside = tuple(entry for entry in entries if entry.type not in _ORDERS)
        return _with_beside(replace(session, orders=orders), beside, _BESIDE, "an order")

    return adapter


def _with_beside(
    session: ReviewContext, beside: tuple[Entry, ...], harmless: Container[str], what: str
) -> ReviewContext:
    """What came along: a gap where its type does not rule out that it is, or holds, what the hook is about."""
    gaps = list(session.gaps)
    for entry in beside:
        if entry.type not in harmless:
            name = entry.reference
            called = name if entry.type in _CALLED else name.replace(entry.type, "Resource", 1)
            gaps.append(unreadable(called, "", f"it cannot be read as {what}", session.issues))
        elif entry.type not in SUPPORTING:
            session.issues.add(entry.reference, "", "ignored", f"it is not {what}")
    return replace(session, beside=beside, gaps=tuple(gaps))


_sign = _orders("draftOrders")


def _select(session: ReviewContext, fields: Fields) -> ReviewContext:
    """order-select: the orders in ``selections`` are under review, the others are background."""
    session = _sign(session, fields)
    selections = decode_value(fields["selections"]) if "selections" in fields else None
    if not isinstance(selections, list):
        raise ContextError("context.selections", "is missing or not a list")
    index = ReferenceIndex((*session.orders, *session.beside))
    selected: set[str] = set()
    for position, written in enumerate(selections):
        found = index.resolve(text(written)) or _by_bare_id(session.orders, text(written))
        if found is not None:
            selected.add(found.reference)
        elif not session.gaps:
            raise ContextError(f"context.selections[{position}]", "names no entry of context.draftOrders")
    return replace(session, selected=frozenset(selected))


def _by_bare_id(orders: tuple[Entry, ...], id_: str) -> Entry | None:
    named = [entry for entry in orders if id_ and entry.reference.endswith(f"/{id_}")]
    return named[0] if len(named) == 1 else None


def _dispatch(session: ReviewContext, fields: Fields) -> ReviewContext:
    """``dispatchedOrders`` of 1.1, or the one ``order`` of 1.0, name orders that are in the record."""
    value = decode_value(fields["dispatchedOrders"]) if "dispatchedOrders" in fields else None
    if value is None and "order" in fields:
        value = [decode_value(fields["order"])]
    written = [text(entry) for entry in value] if isinstance(value, list) else []
    if not written or not all(written):
        raise ContextError("context.dispatchedOrders", "is missing or does not hold references")
    return replace(session, dispatched=tuple(dict.fromkeys(written)))


def _appointments(session: ReviewContext, fields: Fields) -> ReviewContext:
    session, entries = _resources(session, fields, "appointments", ListName.APPOINTMENTS)
    return _with_drafts(session, entries)


def _conditions(session: ReviewContext, fields: Fields) -> ReviewContext:
    session, entries = _resources(session, fields, "conditions", ListName.CONDITIONS)
    return _with_drafts(session, entries)


def _allergy(session: ReviewContext, fields: Fields) -> ReviewContext:
    """The resource itself, as the hook's table says, or wrapped in ``resource``, as its example does."""
    session, entries = _resources(session, fields, "allergyIntolerance", ListName.ALLERGIES)
    return _with_drafts(session, entries)


def _with_drafts(session: ReviewContext, entries: list[Entry]) -> ReviewContext:
    def of(type_: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in entries if entry.type == type_)

    drafts = ("Condition", "AllergyIntolerance", "Appointment")
    beside = tuple(entry for entry in entries if entry.type not in drafts)
    session = replace(session, conditions=of(drafts[0]), allergies=of(drafts[1]), appointments=of(drafts[2]))
    return _with_beside(session, beside, _BESIDE | LIST_OF.keys(), "what is being added")


def _verify(session: ReviewContext, fields: Fields) -> ReviewContext:
    """In no published library yet: ``medication`` by its table, ``order`` with a resource by its example."""
    return _orders("medication" if "medication" in fields else "order")(session, fields)


_ADAPTERS: Final[Mapping[str, Callable[[ReviewContext, Fields], ReviewContext]]] = MappingProxyType(
    {
        "order-select": _select,
        "order-sign": _sign,
        "order-dispatch": _dispatch,
        "medication-refill": _orders("medications"),
        "medication-prescribe": _orders("medications"),
        "medication-verify": _verify,
        "order-review": _orders("orders"),
        "appointment-book": _appointments,
        "problem-list-item-create": _conditions,
        "allergyintolerance-create": _allergy,
    }
)
