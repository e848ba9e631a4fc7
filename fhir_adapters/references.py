"""References between resources, and whose resource one is (CDS Hooks is about one patient; CH-090)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from fhir_adapters.mapping.elements import nodes, reference, text
from fhir_adapters.wire import Entry


def normal_reference(written: str) -> str:
    """``Type/id`` for a relative, absolute or versioned reference; any other as it is written."""
    if written.startswith(("urn:", "#")):
        return written
    parts = written.partition("/_history/")[0].rstrip("/").rsplit("/", 2)
    return f"{parts[-2]}/{parts[-1]}" if len(parts) > 1 else parts[0]


def address(written: str) -> str:
    """Where a resource is kept, of an absolute URL; empty for any other reference.

    Its scheme is left out, because what ends TLS in front of a server makes two of one address.
    """
    scheme, found, rest = written.partition("://")
    if not found or scheme.lower() not in ("http", "https"):
        return ""
    host, slash, path = rest.partition("/_history/")[0].rstrip("/").partition("/")
    return f"{host.lower()}{slash}{path}"


class ReferenceIndex:
    """Finds the resource that a reference means: by the full URL of its entry, or by type and id.

    An absolute reference never means a resource that is said to be kept elsewhere: two servers give two resources the
    same id. Where several have the name that a reference gives, it leads nowhere.
    """

    __slots__ = ("_by_name", "_by_url", "_entries")

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Index these entries, when first asked for one."""
        self._entries = entries
        self._by_name: dict[str, list[Entry]] | None = None
        self._by_url: dict[str, Entry] = {}

    def resolve(self, written: str) -> Entry | None:
        """The entry that the reference means, or None when nothing that was sent is it."""
        if self._by_name is None:
            self._by_name = {}
            for entry in self._entries:
                self._by_name.setdefault(entry.reference, []).append(entry)
                if entry.full_url:
                    self._by_url[address(entry.full_url) or entry.full_url] = entry
        place = address(written)
        found = self._by_url.get(place or written)
        if found is not None:
            return found
        named = self._by_name.get(normal_reference(written), [])
        if place:
            named = [entry for entry in named if not address(entry.full_url)]
        return named[0] if named and all(entry.resource == named[0].resource for entry in named) else None


class Subject(Enum):
    """Whose a resource is, as far as it says."""

    THIS = "this patient"
    OTHER = "someone or something else"
    UNSTATED = "not stated"
    BOTH = "this patient by one element, someone or something else by another"
    ELSEWHERE = "a patient of this id on another server"


_TAKEN = "taken as this patient's"


class PatientIdentity:
    """Every way in which resources may name the patient of the request."""

    __slots__ = ("_names", "_others", "_places", "_seen", "id")

    def __init__(
        self, patient_id: str | None, patients: Iterable[Entry] = (), *, server: str | None = None
    ) -> None:
        """``patients`` are the Patient resources that were sent, this one's and others'; ``server`` is where this one's is kept."""
        self.id = bare_id(patient_id)
        self._names = {f"Patient/{self.id}", f"urn:uuid:{self.id}", self.id} if self.id else set()
        self._others: set[str] = set()
        for entry in patients:
            names = self._names if entry.reference in self._names else self._others
            names.update({entry.reference, *([entry.full_url] if entry.full_url else ())})
        self._places = {address(name) for name in self._names} - {""}
        if self.id and server and address(server):
            self._places.add(f"{address(server)}/Patient/{self.id}")
        self._seen: dict[str, Subject] = {}

    def whose(self, entry: Entry) -> Subject:
        """Whose the resource is; without a reference that can be followed, the resource does not say.

        An observation or procedure with a ``focus`` is about that: a fetus, a donor, a device.
        """
        resource = entry.resource
        found = self._of_subject(resource)
        if "focus" in resource and any(
            self._referred(focus) is not Subject.THIS for focus in nodes(resource["focus"])
        ):
            return Subject.OTHER
        if found is not Subject.UNSTATED:
            return found
        if entry.type == "Patient" and entry.has_id:
            return Subject.THIS if entry.reference in self._names or not self._names else Subject.OTHER
        return self._of_participants(resource) if entry.type == "Appointment" else found

    def _of_subject(self, resource: Mapping[str, Any]) -> Subject:
        """By ``subject``, or by what some resources and versions of FHIR call ``patient``; both only where they agree."""
        first, second = self._referred(resource.get("subject")), self._referred(resource.get("patient"))
        if first is second or second is Subject.UNSTATED:
            return first
        return second if first is Subject.UNSTATED else Subject.BOTH

    def _referred(self, value: object) -> Subject:
        written = value.get("reference") if isinstance(value, dict) else None
        if not isinstance(written, str):
            return Subject.UNSTATED
        found = self._seen.get(written)
        if found is None:
            found = self._seen[written] = self._named(written.strip())
        return found

    def _named(self, written: str) -> Subject:
        if not self._names or not written:
            return Subject.UNSTATED
        if written in self._names:
            return Subject.THIS
        if normal_reference(written) in self._names:
            place = address(written)
            known = not place or not self._places or place in self._places
            return Subject.THIS if known else Subject.ELSEWHERE
        if written.startswith("#") or "?" in written:
            return Subject.UNSTATED
        if written.startswith("urn:") and written not in self._others:
            return Subject.UNSTATED
        return Subject.OTHER

    def _of_participants(self, resource: Mapping[str, Any]) -> Subject:
        named = [
            text(reference(participant.get("actor"))) for participant in nodes(resource.get("participant"))
        ]
        found = {
            self._named(written)
            for written in named
            if normal_reference(written).startswith("Patient/") or written in self._names
        }
        if not found:
            return Subject.UNSTATED
        return next(whose for whose in (Subject.THIS, Subject.ELSEWHERE, Subject.OTHER) if whose in found)

    def assumption(self, entry: Entry, whose: Subject) -> str:
        """What was taken for granted where a resource counts as this patient's; empty where it says so."""
        if whose is not Subject.UNSTATED and self._places:
            return ""
        values = [value for name in ("subject", "patient") if (value := entry.resource.get(name))]
        if whose is Subject.UNSTATED:
            named = any(
                isinstance(value, dict) and not value.keys() <= {"id", "extension"} for value in values
            )
            how = "its patient in a way that cannot be followed" if named else "no patient"
            return f"it names {how}; {_TAKEN}"
        if not any(address(text(reference(value))) for value in values):
            return ""
        return f"it names a patient of this id on a server of which nobody said whose it is; {_TAKEN}"


def bare_id(written: str | None) -> str:
    """The id alone of ``context.patientId`` or ``encounterId``, which many clients write with its type."""
    return normal_reference((written or "").strip()).rpartition("/")[2]
