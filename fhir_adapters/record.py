"""The patient's record: resources by list, and for each list whether its silence means anything.

A record is read entry by entry, so that one bad resource never loses another. What cannot be read is a gap in
every list that it could have belonged to; what is left out (another patient's resource, a type that no rule
reads) is an issue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from msgspec import Raw

from engine.facts import Gap, ListName, ListState
from fhir_adapters.bundles import Answer, entries_of, joined, read_answer, read_lines
from fhir_adapters.device_links import DeviceLinks
from fhir_adapters.errors import FhirDataError
from fhir_adapters.identity import COUNTING, UNCLEAR, PatientIdentity, Subject
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.elements import code, nodes, reference
from fhir_adapters.references import ReferenceIndex, normal_reference
from fhir_adapters.resource_types import RESOURCE_TYPES
from fhir_adapters.versions import UNSURE, versions
from fhir_adapters.wire import Entry, RawJson

LIST_OF: Final[Mapping[str, ListName]] = {
    type_: name
    for name, types in {
        ListName.PATIENT: "Patient",
        ListName.ALLERGIES: "AllergyIntolerance",
        ListName.CONDITIONS: "Condition",
        ListName.MEDICATIONS: "MedicationRequest MedicationStatement MedicationUsage MedicationDispense "
        "MedicationAdministration MedicationOrder",
        ListName.OBSERVATIONS: "Observation",
        ListName.PROCEDURES: "Procedure",
        ListName.DEVICES: "Device DeviceUseStatement DeviceUsage DeviceAssociation",
        ListName.APPOINTMENTS: "Appointment",
        ListName.ENCOUNTERS: "Encounter",
        ListName.SERVICES: "ServiceRequest DeviceRequest NutritionOrder SupplyRequest CommunicationRequest "
        "VisionPrescription ProcedureRequest ReferralRequest DeviceUseRequest DiagnosticOrder",
    }.items()
    for type_ in types.split()
}

# Read for what others refer to, or for the user; they belong to no list and to no patient.
SUPPORTING: Final = frozenset({"Medication", "Practitioner", "PractitionerRole"})

_NO_RESOURCE: Final = "it cannot be read as a FHIR resource"


class PatientRecord:
    """What was sent of one patient, as resources; made by :func:`read_prefetch` or :func:`read_record`."""

    __slots__ = ("_entries", "_gaps", "_index", "_states", "identity", "illegible", "issues", "left_out")

    def __init__(
        self,
        identity: PatientIdentity,
        entries: Iterable[Entry],
        states: Mapping[ListName, tuple[ListState, str]],
        gaps: Iterable[tuple[ListName, Gap]],
        issues: DataIssues,
        *,
        left_out: Mapping[tuple[str, str], int],
        illegible: int,
    ) -> None:
        """``entries`` are this patient's, each once; ``left_out`` counts the others by type and reason.

        ``illegible`` counts the entries that are no resource at all.
        """
        self.identity = identity
        self.issues = issues
        self.left_out = left_out
        self.illegible = illegible
        self._states = states
        self._gaps: dict[ListName, list[Gap]] = {}
        for name, gap in gaps:
            self._gaps.setdefault(name, []).append(gap)
        self._entries: dict[str, list[Entry]] = {}
        for entry in in_order(entries):
            self._entries.setdefault(entry.type, []).append(entry)
        # Not of the record itself: in a circle with its index it would outlive the request.
        self._index = ReferenceIndex(tuple(self))

    def __iter__(self) -> Iterator[Entry]:
        """Every resource that is this patient's or supports one that is, by type and reference."""
        return (entry for type_ in sorted(self._entries) for entry in self._entries[type_])

    def entries(self, *types: str) -> list[Entry]:
        """The resources of these types, in the order of their references, whatever order they came in."""
        return [entry for type_ in types for entry in self._entries.get(type_, ())]

    def state(self, name: ListName) -> ListState:
        """Whether the list is complete, and if not, why not."""
        return self._states[name][0]

    def detail(self, name: ListName) -> str:
        """What happened to a list that is not complete; empty for one that is, or that was not sent."""
        return self._states[name][1]

    def gaps(self, name: ListName) -> tuple[Gap, ...]:
        """The entries that could have belonged to the list and cannot be read."""
        return tuple(sorted(self._gaps.get(name, ()), key=lambda gap: (gap.reference, gap.why)))

    def resolve(self, written: str) -> Entry | None:
        """The resource that a literal reference means, in any of its forms; None when it was not sent."""
        return self._index.resolve(written)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Entries by reference and full URL, those without id by their bytes: the same order however a client sent them."""
    found = sorted(entries, key=attrgetter("reference", "full_url"))
    nameless = [entry for entry in found if not entry.has_id]
    if not nameless:
        return found
    named = [entry for entry in found if entry.has_id]
    return named + sorted(nameless, key=lambda entry: bytes(entry.raw))


Keys = Mapping[str, Collection[ListName]]


def read_prefetch(
    prefetch: Mapping[str, RawJson | Sequence[RawJson]],
    *,
    keys: Keys,
    patient_id: str | None,
    server: str | None = None,
    failures: Mapping[str, str] = MappingProxyType({}),
) -> PatientRecord:
    """The record that a CDS Hooks request, and what was fetched besides, make up.

    ``keys`` are the service's own prefetch keys and the lists that each answers for; a list is complete when
    all of its keys are. What comes under another key is read as evidence, but says nothing about
    completeness: nobody knows what was asked. A value may be the pages of one search. ``failures`` are keys
    whose data the service itself tried and failed to get, all or the rest of it, with the reason in words;
    a name that is no key is a resource that was to be read. ``patient_id`` is
    ``context.patientId`` in any of its forms; other patients' resources are dropped (CH-090). ``server`` is the
    ``fhirServer`` of the request, where it has one: a patient of the same id on another server is not this one.
    """
    reading = _Reading()
    for key in dict.fromkeys((*keys, *prefetch)):
        where = f'prefetch "{key[:64]}"'
        answer = _answer(prefetch[key]) if key in prefetch else Answer(ListState.NOT_SUPPLIED)
        if key in failures:
            state = ListState.FAILED if answer.state is ListState.NOT_SUPPLIED else ListState.PARTIAL
            answer = replace(answer, state=state, detail=failures[key])
        reading.take(answer, where, keys.get(key, ()))
    for name in failures:
        if name not in keys and name not in prefetch:
            reading.issues.add(name, "", "not checked", failures[name])
    return reading.record(patient_id, server)


def read_record(raw: bytes, *, patient_id: str | None = None) -> PatientRecord:
    """The record that a file holds: a Bundle of any type, NDJSON, a list of resources, or a single one.

    What holds a Patient is taken as that patient's whole record, so that a type which does not occur is known
    not to exist; an issue says that this was assumed. Not so a page of a longer search, a single resource,
    and Bundles that are excerpts by nature (document, message, history): their lists are partial, and those
    that do not occur were not supplied.

    Raises:
        FhirDataError: it is neither JSON nor NDJSON, or holds several patients and ``patient_id`` does not
            say which.
    """
    answer = _whole_file(raw)
    reading = _Reading()
    reading.take(answer, "the file", tuple(ListName))
    if "Patient" in reading.found and answer.state is ListState.PRESENT and not answer.excerpt:
        why = "taken as the whole record: what it does not hold is taken not to exist"
        reading.issues.add("Bundle", "", "assumed", why)
    else:
        reading.excerpt(answer.detail or "what was read is not a whole record")
    return reading.record(patient_id)


def _informs_only(entry: Entry) -> bool:
    """Whether an OperationOutcome tells of nothing that went wrong (R4: *information*, R5: *success*, too)."""
    said = [code(issue.get("severity")) for issue in nodes(entry.resource.get("issue"))]
    return entry.type == "OperationOutcome" and bool(said) and {"information", "success"}.issuperset(said)


def _answer(value: RawJson | Sequence[RawJson]) -> Answer:
    try:
        if isinstance(value, Raw | bytes):
            return read_answer(value)
        return joined(read_answer(page) for page in value)
    except FhirDataError as error:
        return Answer(ListState.FAILED, detail=f"what came cannot be read: {error}")


def _whole_file(raw: bytes) -> Answer:
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return read_answer(raw)
    except FhirDataError:
        lines = read_lines(raw)
        if lines is None:
            raise
        return lines


class _Reading:
    """What has been read so far, before it is known who the patient is."""

    def __init__(self) -> None:
        self.issues = DataIssues()
        self.found: set[str] = set()
        self._entries: list[Entry] = []
        self._gaps: list[tuple[ListName, Gap]] = []
        self._left_out: Counter[tuple[str, str]] = Counter()
        self._illegible = 0
        self._states: dict[ListName, list[tuple[ListState, str]]] = {}

    def take(self, answer: Answer, where: str, lists: Collection[ListName]) -> None:
        """Read the entries of an answer, and note what its state says of the lists that it answers for."""
        types = self._read(answer, where, lists)
        self.found |= types
        listed = {LIST_OF[type_] for type_ in types if type_ in LIST_OF}
        state, detail = answer.state, answer.detail
        if not state.complete and detail:
            self.issues.add(where, "", "not checked", detail)
        if state.complete and "OperationOutcome" in types:
            state, detail = ListState.PARTIAL, "the search reported a problem"
        if state is ListState.PRESENT and lists and types and listed.isdisjoint(lists):
            state, detail = ListState.PARTIAL, "nothing of the kind asked for was sent"
        for name in lists:
            empty = state is ListState.PRESENT and types and name not in listed
            self._states.setdefault(name, []).append((ListState.EMPTY if empty else state, detail))

    def excerpt(self, why: str) -> None:
        """Take what was read as evidence only: lists that occur are partial, the others not supplied."""
        self._states = {
            LIST_OF[type_]: [(ListState.PARTIAL, why)] for type_ in self.found if type_ in LIST_OF
        }

    def _read(self, answer: Answer, where: str, lists: Collection[ListName]) -> set[str]:
        types: set[str] = set()
        for entry in entries_of(answer, where):
            if isinstance(entry, str):
                self._illegible += 1
                self.issues.add(entry, "", "unreadable", "this is not a FHIR resource")
                self._gaps.extend((name, Gap(entry, _NO_RESOURCE)) for name in lists)
                continue
            if not _informs_only(entry):
                types.add(entry.type)
            if entry.type in LIST_OF or entry.type in SUPPORTING:
                self._entries.append(entry)
            elif entry.type in RESOURCE_TYPES:
                self._left_out[entry.type, "no rule looks into resources of this type"] += 1
            else:
                self._left_out[entry.type, "it is of a type that cannot be read here"] += 1
                self._gaps.extend((name, Gap(where, _NO_RESOURCE)) for name in lists)
        return types

    def record(self, patient_id: str | None, server: str | None = None) -> PatientRecord:
        """The record of this patient; the only one there is, when none is named."""
        identity = PatientIdentity(patient_id or self._only_patient(), self._patients(), server=server)
        once = list(self._once())
        links = DeviceLinks(once)
        entries = [entry for entry in once if self._belongs(entry, identity, links)]
        for (type_, why), count in self._left_out.items():
            self.issues.add(type_[:64], "", "ignored", f"{why} ({count} left out)")
        on_hand = {LIST_OF[entry.type] for entry in entries if entry.type in LIST_OF}
        states = {name: self._state(name, name in on_hand) for name in ListName}
        return PatientRecord(
            identity,
            entries,
            states,
            self._gaps,
            self.issues,
            left_out=self._left_out,
            illegible=self._illegible,
        )

    def _patients(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.type == "Patient"]

    def _only_patient(self) -> str | None:
        """The one patient that the resources are of.

        Raises:
            FhirDataError: they are of several.
        """
        named = {entry.reference for entry in self._patients() if entry.has_id}
        if not named:
            subjects = (
                reference(entry.resource.get("subject") or entry.resource.get("patient"))
                for entry in self._entries
            )
            named = {
                name for name in map(normal_reference, filter(None, subjects)) if name.startswith("Patient/")
            }
        if len(named) > 1:
            raise FhirDataError(f"this holds resources of {len(named)} patients; say which one is meant")
        return next(iter(named), None)

    def _once(self) -> Iterator[Entry]:
        """Every resource once: of two versions the later one, and where that cannot be told nothing is denied by either."""
        for entry, others, differ, sure, namesake in versions(self._entries):
            if namesake:
                why = "two servers have a resource of this id; each counts"
                self.issues.add(entry.reference, "", "assumed", why)
            if others:
                self._left_out[entry.type, "the same resource was sent more than once"] += others
            if sure:
                if differ:
                    why = "two versions were sent; the later one counts"
                    self.issues.add(entry.reference, "", "assumed", why)
                yield entry
                continue
            self.issues.add(entry.reference, "", "unreadable", UNSURE)
            # What others refer to is not guessed at: a reference that leads nowhere is unknown.
            if entry.type in SUPPORTING or entry.type == "Patient":
                self._left_out[entry.type, UNSURE] += 1
                continue
            self._gaps.append((LIST_OF[entry.type], Gap(entry.reference, UNSURE)))
            yield entry

    def _belongs(self, entry: Entry, identity: PatientIdentity, links: DeviceLinks) -> bool:
        if entry.type in SUPPORTING:
            return True
        whose = identity.whose(entry)
        if whose is Subject.UNSTATED and entry.type == "Device":
            whose = links.whose(entry, identity)
        if whose in COUNTING:
            if assumed := identity.assumption(entry, whose):
                self.issues.add(entry.reference, "subject", "assumed", assumed)
            return True
        if whose is Subject.OTHER:
            self._left_out[entry.type, "it is about someone or something else"] += 1
            self.issues.add(entry.reference, "subject", "ignored", "it is about someone or something else")
        else:
            self._left_out[entry.type, UNCLEAR[whose]] += 1
            element = "focus" if whose is Subject.FOCUS else "subject"
            self.issues.add(entry.reference, element, "unreadable", UNCLEAR[whose])
            self._gaps.append((LIST_OF[entry.type], Gap(entry.reference, UNCLEAR[whose])))
        return False

    def _state(self, name: ListName, on_hand: bool) -> tuple[ListState, str]:
        """One state of a list from those of all answers for it; anything short of complete is partial."""
        found = self._states.get(name, [])
        states = {state for state, _ in found}
        details = "; ".join(dict.fromkeys(detail for state, detail in found if detail and not state.complete))
        if name is ListName.PATIENT and on_hand:
            return ListState.PRESENT, ""
        if states and all(state.complete for state in states):
            if on_hand:
                return ListState.PRESENT, ""
            if ListState.PRESENT in states:
                return ListState.PARTIAL, "nothing that was sent is this patient's, or it cannot be read"
            return ListState.EMPTY, ""
        if states <= {ListState.NOT_SUPPLIED} and not on_hand:
            return ListState.NOT_SUPPLIED, details
        if states <= {ListState.NOT_SUPPLIED, ListState.FAILED} and not on_hand:
            return ListState.FAILED, details
        return ListState.PARTIAL, details or "it may have been cut short: nobody asked for all of it"
