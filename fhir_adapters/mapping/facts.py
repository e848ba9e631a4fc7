"""A record and what is under review → everything the engine may look at.

One bad resource costs no other: each is mapped alone, and what cannot be read far enough is a gap in its
list. Lists are in the order of their references, so that the order in which a client sent them never shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar

from engine.concepts import CodedText
from engine.facts import (
    DeviceFact,
    FactList,
    Gap,
    ListName,
    ListState,
    MedicationFact,
    PatientFacts,
    Person,
)
from fhir_adapters.device_links import DeviceLinks
from fhir_adapters.identity import COUNTING, UNCLEAR, PatientIdentity, Subject
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.allergies import allergy
from fhir_adapters.mapping.appointments import appointment
from fhir_adapters.mapping.conditions import condition
from fhir_adapters.mapping.devices import device, device_use
from fhir_adapters.mapping.encounters import encounter
from fhir_adapters.mapping.medications import medication_fact
from fhir_adapters.mapping.notes import note_issues
from fhir_adapters.mapping.observations import observations
from fhir_adapters.mapping.patient import IS_REPLACED, person, replaced
from fhir_adapters.mapping.practitioners import specialties
from fhir_adapters.mapping.procedures import procedure
from fhir_adapters.mapping.products import StrengthOf
from fhir_adapters.mapping.services import service
from fhir_adapters.mapping.shapes import NOT_READ, faults
from fhir_adapters.mapping.statuses import modified, unreadable
from fhir_adapters.mapping.switches import resolve_switches
from fhir_adapters.mapping.therapy_statuses import KINDS
from fhir_adapters.record import LIST_OF, PatientRecord, in_order
from fhir_adapters.references import ReferenceIndex, normal_reference
from fhir_adapters.resource_types import DSTU2, is_dstu2
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import Entry

_TYPES: Final[Mapping[ListName, tuple[str, ...]]] = {
    name: tuple(type_ for type_, of in LIST_OF.items() if of is name) for name in ListName
}
_MODIFIERS: Final = frozenset({"modifierExtension", "implicitRules"})
_NO_PARAMETERS: Final[Mapping[str, str]] = MappingProxyType({})

T = TypeVar("T")


def patient_facts(
    record: PatientRecord,
    review: ReviewContext,
    *,
    now: datetime,
    parameters: Mapping[str, str] = _NO_PARAMETERS,
    strength_of: StrengthOf = lambda product: None,
) -> tuple[PatientFacts, DataIssues]:
    """Everything the engine may look at, and what was ignored, assumed or unreadable on the way.

    ``now`` is the moment of the decision (zone-aware), ``parameters`` are the pack's and the site's settings,
    ``strength_of`` knows strengths by the codes of products.
    """
    issues = DataIssues((*record.issues, *review.issues))
    lists = _Lists(record, review, issues)
    session = ReferenceIndex(review.entries())
    links = DeviceLinks(record)

    def resolve(written: str) -> dict[str, Any] | None:
        found = session.resolve(written) or record.resolve(written)
        return found.resource if found is not None else None

    reviewed = {entry.reference: entry.resource for entry in review.orders}

    def medication(entry: Entry) -> MedicationFact | Gap | None:
        if entry.type not in KINDS:
            return unreadable(entry.reference, "resourceType", "a medicine of DSTU2 is not read", issues)
        # What is under review, and on the list as well, is read as an order, and what is to be said of it is said there.
        once = DataIssues() if reviewed.get(entry.reference) == entry.resource else issues
        return medication_fact(
            entry.resource, resolve, once, now=now, name=entry.reference, strength_of=strength_of
        )

    def a_device(entry: Entry) -> DeviceFact | Gap | None:
        if entry.type != "Device":
            return device_use(entry.resource, entry.reference, issues, resolve=resolve, now=now)
        associations = [link.resource for link in links.associations(entry)]
        return device(entry.resource, entry.reference, issues, now=now, associations=associations)

    drafted = [entry for entry in review.orders if LIST_OF[entry.type] is ListName.SERVICES]
    orders, order_gaps = _orders(record, review, resolve, issues, now, strength_of)
    patient = _person(record, issues, now)
    birth = patient.birth if patient is not None else None
    facts = PatientFacts(
        now=now,
        hook=review.hook,
        person=patient,
        person_state=record.state(ListName.PATIENT),
        person_detail=record.detail(ListName.PATIENT),
        allergies=lists.of(
            ListName.ALLERGIES,
            (
                allergy(entry.resource, entry.reference, issues, draft=draft)
                for entry, draft in lists.entries(ListName.ALLERGIES, review.allergies)
            ),
        ),
        conditions=lists.of(
            ListName.CONDITIONS,
            (
                condition(entry.resource, entry.reference, issues, now=now, birth=birth, draft=draft)
                for entry, draft in lists.entries(ListName.CONDITIONS, review.conditions)
            ),
        ),
        medications=lists.of(
            ListName.MEDICATIONS, (medication(entry) for entry, _ in lists.entries(ListName.MEDICATIONS))
        ),
        observations=lists.of(
            ListName.OBSERVATIONS,
            (
                fact
                for entry, _ in lists.entries(ListName.OBSERVATIONS)
                for fact in observations(entry.resource, entry.reference, issues, now=now)
            ),
        ),
        procedures=lists.of(
            ListName.PROCEDURES,
            (
                procedure(entry.resource, entry.reference, issues)
                for entry, _ in lists.entries(ListName.PROCEDURES)
            ),
        ),
        devices=lists.of(ListName.DEVICES, (a_device(entry) for entry, _ in lists.entries(ListName.DEVICES))),
        appointments=lists.of(
            ListName.APPOINTMENTS,
            (
                appointment(entry.resource, entry.reference, issues, draft=draft)
                for entry, draft in lists.entries(ListName.APPOINTMENTS, review.appointments)
            ),
        ),
        encounters=lists.of(
            ListName.ENCOUNTERS,
            (
                encounter(entry.resource, entry.reference, issues, in_context=review.encounter_id)
                for entry, _ in lists.entries(ListName.ENCOUNTERS)
            ),
        ),
        services=lists.of(
            ListName.SERVICES,
            (
                service(entry.resource, entry.reference, issues, resolve=resolve, draft=draft)
                for entry, draft in lists.entries(ListName.SERVICES, drafted)
            ),
        ),
        orders=orders,
        order_gaps=order_gaps,
        user_specialties=_specialties(record, review.user),
        parameters=parameters,
    )
    entries = (*record, *review.entries())
    _name_misshapen(entries, issues)
    issues.extend(note_issues({entry.reference: entry for entry in entries}.values()))
    return facts, DataIssues(sorted(issues, key=lambda issue: (issue.reference, issue.element, issue.reason)))


def _name_misshapen(entries: Iterable[Entry], issues: DataIssues) -> None:
    """Name what the readers passed over as absent, unless they have said so themselves."""
    named = {(issue.reference, issue.element) for issue in issues}
    for entry in entries:
        for path in faults(entry.resource):
            if (entry.reference, path) not in named:
                issues.add(entry.reference, path, "unreadable", NOT_READ)


class _Lists:
    """The lists of facts under way: the entries to read, and the gaps that reading them leaves."""

    def __init__(self, record: PatientRecord, review: ReviewContext, issues: DataIssues) -> None:
        self._record, self._review, self._issues = record, review, issues
        self._gaps: dict[ListName, list[Gap]] = {}
        links = [
            replaced(entry.resource, entry.reference, issues) for entry in self._record.entries("Patient")
        ]
        if record.identity.replaced:
            links.append(IS_REPLACED)
        self._elsewhere = next(filter(None, links), "")

    def entries(self, name: ListName, drafts: Iterable[Entry] = ()) -> Iterator[tuple[Entry, bool]]:
        """The entries of the record, then this patient's drafts, without what a modifier extension takes out.

        What DSTU2 says is evidence, and no proof that there is nothing. Its medicines are not even that: what says that one
        was not taken is called otherwise there.
        """
        gaps = self._gaps.setdefault(name, [])
        if name in self._review.lists and name is not ListName.MEDICATIONS:
            gaps += self._review.gaps
        for draft, entries in ((False, self._record.entries(*_TYPES[name])), (True, drafts)):
            for entry in entries:
                if draft and (strange := _strange(entry, self._record.identity, "entry", self._issues)):
                    gaps.append(strange)
                    continue
                if is_dstu2(entry):
                    gaps.append(unreadable(entry.reference, "", DSTU2, self._issues))
                    if name is ListName.MEDICATIONS:
                        continue
                found = (
                    modified(entry.resource, entry.reference, self._issues)
                    if not _MODIFIERS.isdisjoint(entry.resource) and entry.type not in KINDS
                    else False
                )
                if isinstance(found, Gap):
                    gaps.append(found)
                elif not found:
                    yield entry, draft

    def of(self, name: ListName, found: Iterable[T | Gap | None]) -> FactList[T]:
        """The list of these facts and gaps; drafts make a list present, but never a complete one of it.

        None is complete of a patient of whom there is another record in the place of this one.
        """
        items: list[T] = []
        gaps = self._gaps.setdefault(name, [])
        for fact in found:
            if isinstance(fact, Gap):
                gaps.append(fact)
            elif fact is not None:
                items.append(fact)
        state = self._record.state(name)
        if items and state is ListState.EMPTY:
            state = ListState.PRESENT
        detail = self._record.detail(name)
        if state.complete and self._elsewhere:
            state, detail = ListState.PARTIAL, self._elsewhere
        return FactList(state, tuple(items), (*gaps, *self._record.gaps(name)), detail)


def _person(record: PatientRecord, issues: DataIssues, now: datetime) -> Person | None:
    for entry in record.entries("Patient"):
        found = modified(entry.resource, entry.reference, issues)
        if found is False:
            return person(entry.resource, entry.reference, issues, now=now)
    return None


def _specialties(record: PatientRecord, user: str) -> tuple[CodedText, ...]:
    entries = record.entries("PractitionerRole", "Practitioner")
    return specialties(((entry.reference, entry.resource) for entry in entries), user) if user else ()


def _orders(
    record: PatientRecord,
    review: ReviewContext,
    resolve: Callable[[str], dict[str, Any] | None],
    issues: DataIssues,
    now: datetime,
    strength_of: StrengthOf,
) -> tuple[tuple[MedicationFact, ...], tuple[Gap, ...]]:
    """The medication orders of the session, and what of it cannot be checked.

    An order that names another patient than the context is not checked against this one's record (CH-090).
    """
    gaps = list(review.gaps) if ListName.MEDICATIONS in review.lists else []
    found: list[MedicationFact] = []
    entries = [(entry, review.is_selected(entry.reference)) for entry in in_order(review.orders)]
    for written in review.dispatched:
        entry = record.resolve(written)
        if entry is None:
            why = "the order that is dispatched was not sent"
            gaps.append(unreadable(normal_reference(written), "", why, issues))
        else:
            entries.append((entry, True))
    for entry, selected in entries:
        if LIST_OF.get(entry.type) is not ListName.MEDICATIONS:
            continue
        if strange := _strange(entry, record.identity, "order", issues):
            gaps.append(strange)
            continue
        fact = medication_fact(
            entry.resource,
            resolve,
            issues,
            now=now,
            draft=True,
            selected=selected,
            name=entry.reference,
            strength_of=strength_of,
        )
        if fact is not None:
            found.append(fact)
    return resolve_switches(found), tuple(gaps)


def _strange(entry: Entry, identity: PatientIdentity, what: str, issues: DataIssues) -> Gap | None:
    """Why something of the session is not known to be this patient's; what is assumed of the others is said."""
    whose = identity.whose(entry)
    if whose not in COUNTING:
        where = ", on another server" if whose is Subject.ELSEWHERE else ""
        named = whose in (Subject.OTHER, Subject.BOTH, Subject.ELSEWHERE)
        why = f"the {what} names another patient than the request{where}" if named else UNCLEAR[whose]
        return unreadable(entry.reference, "subject", why, issues)
    if assumed := identity.assumption(entry, whose):
        issues.add(entry.reference, "subject", "assumed", assumed)
    return None
