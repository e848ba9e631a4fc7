"""Identity: whose a resource is (CDS Hooks is about one patient; CH-090).

Another patient's is only what says so in a reference that can be read. What names its patient in a way that nobody can read
may be this one's, and may not: it neither tells of the patient nor shows that there is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Final

from fhir_adapters.mapping.elements import as_list, code, node, nodes, reference, text
from fhir_adapters.mapping.shapes import says_nothing
from fhir_adapters.references import address, bare_id, normal_reference, same_uuid
from fhir_adapters.resource_types import RESOURCE_TYPES
from fhir_adapters.wire import Entry


class Subject(Enum):
    """Whose a resource is, as far as it says."""

    THIS = "this patient"
    MERGED = "a record of the patient that this one has replaced"
    OTHER = "someone or something else"
    UNSTATED = "not stated"
    BOTH = "this patient by one element, someone or something else by another"
    ELSEWHERE = "a patient of this id on another server"
    LINKED = "another record of the patient"
    GROUP = "a group"
    ILLEGIBLE = "not to be read"
    FOCUS = "something that is not known to be the patient"


COUNTING: Final = (Subject.THIS, Subject.MERGED, Subject.UNSTATED)
"""Whose resources tell of the patient."""

UNCLEAR: Final[Mapping[Subject, str]] = {
    Subject.BOTH: "it names this patient, and someone or something else",
    Subject.ELSEWHERE: "it names a patient of this id on another server",
    Subject.LINKED: "it is of another record of the patient",
    Subject.GROUP: "it names a group, and nobody knows who belongs to it",
    Subject.ILLEGIBLE: "whose it is cannot be read",
    Subject.FOCUS: "it is about something that is not known to be the patient",
}
"""Whose resources neither tell of the patient nor show that there is nothing, and why."""

# FHIR's LinkType, "replace" being DSTU2's word for what must not be used any more.
REPLACED: Final = ("replaced-by", "replace")
REPLACES: Final = "replaces"

_TAKEN: Final = "taken as this patient's"
_TYPES: Final = {type_.lower(): type_ for type_ in RESOURCE_TYPES}
_PERSONS: Final = ("Patient/", "RelatedPerson/", "Person/")
# What stands behind the id of a canonical URL, or names a part of what is referred to.
_BEHIND: Final = re.compile(r"[|#].*", re.DOTALL)
# FHIR's ids, and the underscore that many servers have in theirs; longer ones are shown by CDS Hooks 3.0 itself.
_LITERAL: Final = re.compile(r"([A-Za-z]+)/([A-Za-z0-9._-]{1,256})")


def link_type(link: object) -> str:
    """The type of a ``Patient.link``; empty where it cannot be read."""
    return code(node(link).get("type")).lower()


class PatientIdentity:
    """Every way in which resources may name the patient of the request.

    ``replaced`` says that another Patient which was sent has replaced this one.
    """

    __slots__ = ("_addresses", "_bases", "_linked", "_merged", "_names", "_others", "_seen", "id", "replaced")

    def __init__(
        self, patient_id: str | None, patients: Iterable[Entry] = (), *, server: str | None = None
    ) -> None:
        """``patients`` are the Patient resources that were sent, this one's and others'; ``server`` is where this one's is kept."""
        self.id = bare_id(patient_id)
        self._names = {f"Patient/{self.id}", same_uuid(f"urn:uuid:{self.id}"), self.id} if self.id else set()
        self._merged: set[str] = set()
        self._linked: set[str] = set()
        self._others: set[str] = set()
        self._addresses: set[str] = set()
        self.replaced = False
        sent = list(patients)
        for entry in sent:
            self._read_links(entry)
        for entry in sent:
            sets = (self._names, self._merged, self._linked)
            found = next((names for names in sets if entry.reference in names), self._others)
            found.update({entry.reference, *([same_uuid(entry.full_url)] if entry.full_url else ())})
        self._addresses |= {address(name) for name in self._names | self._merged} - {""}
        bases = {place.removesuffix(f"/Patient/{self.id}") for place in self._addresses}
        self._bases = (bases - self._addresses) | ({address(server or "")} - {""} if self.id else set())
        self._seen: dict[str, Subject] = {}

    def _read_links(self, entry: Entry) -> None:
        """What a Patient says of other records of the same person; of this one another Patient may say it, too."""
        for link in nodes(entry.resource.get("link")):
            type_, written = link_type(link), same_uuid(text(reference(link.get("other"))))
            other = _literal(written) or written
            if entry.reference in self._names and other not in self._names:
                found = self._merged if type_ == REPLACES else self._linked
                found |= {other, written} - {""}
                self._addresses |= {address(written)} - {""}
            elif entry.reference not in self._names and other in self._names:
                (self._merged if type_ in REPLACED else self._linked).add(entry.reference)
                self.replaced |= type_ == REPLACES

    def whose(self, entry: Entry) -> Subject:
        """Whose the resource is; without a reference that can be followed, the resource does not say.

        An observation with a ``focus`` is about that: a fetus, a donor, a device, or a problem of the patient's own. Only
        where it is another person, this is known not to be the patient.
        """
        resource = entry.resource
        found = self._of_subject(resource)
        if "focus" in resource and found in COUNTING:
            about = {self._about(focus) for focus in as_list(resource["focus"])}
            for whose in (Subject.OTHER, Subject.FOCUS):
                if whose in about:
                    return whose
        if found is not Subject.UNSTATED:
            return found
        if entry.type == "Patient" and entry.has_id:
            if entry.reference in self._names or not self._names:
                return Subject.THIS
            return Subject.LINKED if entry.reference in self._merged | self._linked else Subject.OTHER
        return self._of_participants(resource) if entry.type == "Appointment" else found

    def _of_subject(self, resource: Mapping[str, Any]) -> Subject:
        """By ``subject``, or by what some resources and versions of FHIR call ``patient``; both only where they agree."""
        first, second = self._referred(resource.get("subject")), self._referred(resource.get("patient"))
        if first is second or second is Subject.UNSTATED:
            return first
        if first is Subject.UNSTATED:
            return second
        return Subject.THIS if first in COUNTING and second in COUNTING else Subject.BOTH

    def _about(self, focus: object) -> Subject:
        found = self._referred(focus)
        if found in (Subject.THIS, Subject.MERGED) or says_nothing(focus):
            return Subject.THIS
        written = text(reference(focus))
        person = (_literal(written) or "").startswith(_PERSONS) or written in self._others
        return Subject.OTHER if found is Subject.OTHER and person else Subject.FOCUS

    def _referred(self, value: object) -> Subject:
        """Whom a Reference, or a text in its place, names; one without a reference may do it in words, or by an identifier."""
        written = value.get("reference") if isinstance(value, dict) else value
        if type(written) is str and written in self._seen:
            return self._seen[written]
        if written is None or says_nothing(value):
            return Subject.UNSTATED
        if not isinstance(written, str) or not written.strip():
            return Subject.ILLEGIBLE if self._names else Subject.UNSTATED
        found = self._seen[written] = self._named(same_uuid(written.strip()))
        return found

    def _named(self, written: str) -> Subject:
        if not self._names:
            return Subject.UNSTATED
        whole = self._known(written)
        if whole is not None:
            return whole
        if written.startswith(("#", "urn:")) or "?" in written:
            return Subject.UNSTATED
        name = _literal(written)
        if name is None:  # a bare id, perhaps
            return self._known(f"Patient/{written}") or Subject.ILLEGIBLE
        found = self._known(name)
        if found in (Subject.THIS, Subject.MERGED):
            return found if self._is_here(_BEHIND.sub("", written)) else Subject.ELSEWHERE
        return found or (Subject.GROUP if name.startswith("Group/") else Subject.OTHER)

    def _known(self, name: str) -> Subject | None:
        for names, whose in (
            (self._names, Subject.THIS),
            (self._merged, Subject.MERGED),
            (self._linked, Subject.LINKED),
            (self._others, Subject.OTHER),
        ):
            if name in names:
                return whose
        return None

    def _is_here(self, written: str) -> bool:
        """Whether a reference leads to the server of the request, as far as it says and anybody knows which that is."""
        place = address(written)
        nowhere = not place or not (self._bases or self._addresses)
        return nowhere or place in self._addresses or place.rsplit("/", 2)[0] in self._bases

    def _of_participants(self, resource: Mapping[str, Any]) -> Subject:
        named = [
            same_uuid(text(reference(participant.get("actor"))))
            for participant in nodes(resource.get("participant"))
        ]
        found = {
            self._named(written)
            for written in named
            if (_literal(written) or "").startswith("Patient/") or self._known(written) is not None
        }
        order = (Subject.THIS, Subject.MERGED, Subject.ELSEWHERE, Subject.LINKED, Subject.OTHER)
        return next((whose for whose in order if whose in found), Subject.UNSTATED)

    def assumption(self, entry: Entry, whose: Subject) -> str:
        """What was taken for granted where a resource counts as this patient's; empty where it says so."""
        if whose is Subject.THIS and (self._bases or self._addresses):
            return ""
        values = [value for name in ("subject", "patient") if (value := entry.resource.get(name))]
        if whose is Subject.UNSTATED:
            named = any(not says_nothing(value) for value in values)
            how = "its patient in a way that cannot be followed" if named else "no patient"
            return f"it names {how}; {_TAKEN}"
        if whose is Subject.MERGED:
            return f"it names a record that the patient's has replaced; {_TAKEN}"
        if not any(address(text(reference(value))) for value in values):
            return ""
        return f"it names a patient of this id on a server of which nobody said whose it is; {_TAKEN}"


def _literal(written: str) -> str | None:
    """``Type/id`` of a reference to a resource of a type that FHIR has, however its type is spelt; None for anything else."""
    if written.startswith(("#", "urn:")):
        return None
    found = _LITERAL.fullmatch(normal_reference(_BEHIND.sub("", written)))
    type_ = _TYPES.get(found[1].lower()) if found is not None else None
    return f"{type_}/{found[2]}" if found is not None and type_ is not None else None
