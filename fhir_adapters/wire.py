"""The wire's FHIR: JSON bytes in, resources out, one by one; the only module that decodes it.

Parsing is most of what a decision costs, so a resource stays in its bytes until its type is known, and is
then decoded to a plain dict of only the members that some mapping reads (:data:`MEMBERS`). The bytes are kept
for actions that must send the whole resource back. Numbers with a fraction arrive as exact decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias, TypedDict, cast

import msgspec
from msgspec import Raw, Struct

from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.diagnostic_certainty import certainties
from fhir_adapters.mapping.elements import codeable_concept
from fhir_adapters.mapping.shapes import faults

RawJson: TypeAlias = Raw | bytes

# Read whole: the mapping of medicines looks into most of what they hold.
WHOLE: Final = frozenset(
    {
        "Medication",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationUsage",
        "MedicationAdministration",
        "MedicationDispense",
    }
)

_EVERY = "resourceType id contained modifierExtension implicitRules note comment"
_REQUEST = "status intent doNotPerform subject patient authoredOn occurrenceDateTime occurrencePeriod occurrenceTiming"

MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    type_: frozenset(f"{_EVERY} {members}".split())
    for type_, members in {
        "Patient": "active link birthDate gender deceasedBoolean _deceasedBoolean deceasedDateTime _deceasedDateTime",
        "Condition": "subject patient clinicalStatus verificationStatus code onsetDateTime onsetPeriod "
        "onsetAge onsetRange onsetString abatementDateTime abatementPeriod abatementBoolean abatementAge "
        "abatementRange abatementString recordedDate assertedDate dateRecorded",
        "AllergyIntolerance": "patient subject clinicalStatus verificationStatus status type code "
        "substance reaction recordedDate assertedDate",
        "Observation": "subject patient focus status code component interpretation referenceRange dataAbsentReason "
        "effectiveDateTime effectivePeriod effectiveInstant effectiveTiming issued valueQuantity valueCodeableConcept "
        "valueString valueBoolean valueInteger valueRange valueRatio valueSampledData valueTime "
        "valueDateTime valuePeriod valueAttachment valueReference",
        "Procedure": "subject patient status notDone notPerformed code performedDateTime performedPeriod "
        "performedString performedAge performedRange occurrenceDateTime occurrencePeriod occurrenceString "
        "occurrenceAge occurrenceRange occurrenceTiming",
        "Device": "patient subject status availabilityStatus type deviceName name displayName modelNumber model udi "
        "property expirationDate expiry",
        "DeviceUseStatement": "subject patient status device whenUsed timingPeriod timingDateTime timingTiming",
        "DeviceUsage": "subject patient status usageStatus adherence device timingPeriod timingDateTime timingTiming",
        "DeviceAssociation": "subject patient status statusReason device period",
        "Appointment": "subject participant status start requestedPeriod appointmentType serviceType "
        "serviceCategory specialty reason reasonCode type",
        "Encounter": "subject patient status class type period actualPeriod",
        "ServiceRequest": f"{_REQUEST} code",
        "MedicationOrder": "subject patient",
        "ProcedureRequest": f"{_REQUEST} code",
        "ReferralRequest": f"{_REQUEST} serviceRequested type",
        "DeviceRequest": f"{_REQUEST} code codeCodeableConcept codeReference",
        "NutritionOrder": f"{_REQUEST} dateTime oralDiet supplement enteralFormula",
        "SupplyRequest": f"{_REQUEST} item itemCodeableConcept itemReference orderedItem",
        "CommunicationRequest": f"{_REQUEST} category",
        "VisionPrescription": f"{_REQUEST} dateWritten lensSpecification",
        "OperationOutcome": "issue",
        "Practitioner": "qualification practitionerRole",
        "PractitionerRole": "practitioner specialty",
    }.items()
}

# Elements of which a terminology sets the values, so that few different ones recur in all the world's records.
RECURRING: Final[Mapping[str, tuple[str, ...]]] = {
    "Condition": ("code", "clinicalStatus", "verificationStatus"),
    "AllergyIntolerance": ("code", "clinicalStatus", "verificationStatus"),
    "Observation": ("code",),
    "Procedure": ("code",),
    "Encounter": ("class",),
}


class Slot(Struct, frozen=True, gc=False):
    """One entry of a Bundle before anything of its resource is decoded."""

    fullUrl: Any = None
    search: Any = None
    resource: Raw = Raw()
    resourceType: Any = None  # some clients put the resource itself where its entry belongs


class Head(Struct, frozen=True):
    """What tells a Bundle, a resource, an OperationOutcome and a wrapper of before 1.0 apart, and the entries."""

    resourceType: Any = None
    type: Any = None
    total: Any = None
    link: Any = None
    response: Any = None
    resource: Raw = Raw()
    entry: Sequence[Slot | None] | None = None


class _LooseHead(Struct, frozen=True):
    """A head whose entries may be anything."""

    resourceType: Any = None
    type: Any = None
    total: Any = None
    link: Any = None
    response: Any = None
    resource: Raw = Raw()
    entry: Raw = Raw()


class _Typed(Struct, frozen=True, gc=False):
    """Only the type of a resource."""

    resourceType: Any = None


class Entry(Struct, frozen=True):
    """One resource: its type, its name in evidence, the members that are read, and its bytes."""

    type: str
    reference: str
    resource: dict[str, Any]
    raw: Raw
    full_url: str = ""

    @property
    def has_id(self) -> bool:
        """Whether it is named by its type and id; others are named by where they stood."""
        return "(" not in self.reference or self.reference.startswith(f"{self.type}/")


def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(type_, float_hook=Decimal)


def _only(name: str, members: Iterable[str]) -> msgspec.json.Decoder[Any]:
    """A decoder to a dict of these members; all others are skipped without being built."""
    types = {member: Raw if member in RECURRING.get(name, ()) else Any for member in members}
    return _decoder(cast(Any, TypedDict)(name, types, total=False))


_HEAD: Final = _decoder(Head)
_LOOSE_HEAD: Final = _decoder(_LooseHead)
_SLOTS: Final = _decoder(list[Slot])
_SLOT: Final = _decoder(Slot)
_TYPED: Final = _decoder(_Typed)
_ARRAY: Final = _decoder(list[Raw])
_OBJECT: Final = _decoder(dict[str, Raw])
_ANY: Final = _decoder(Any)
_UNREAD: Final = (_only("Unread", ("resourceType", "id")), ())
_WHOLE: Final = (_decoder(dict[str, Any]), ())
_BY_TYPE: Final[dict[str, tuple[msgspec.json.Decoder[Any], tuple[str, ...]]]] = {
    **{type_: (_only(type_, members), RECURRING.get(type_, ())) for type_, members in MEMBERS.items()},
    **dict.fromkeys(WHOLE, _WHOLE),
}
_LONGEST_KEPT: Final = 2048
_TOO_LONG: Final = (msgspec.ValidationError, ArithmeticError)
"""What is raised where JSON of any form is wanted: a number of thousands of digits, or an exponent of a dozen."""
_NOT_JSON: Final = (msgspec.MsgspecError, ArithmeticError, UnicodeDecodeError, RecursionError)


def decode_head(raw: RawJson) -> Head | None:
    """The outermost members of a JSON object; None for any other JSON value.

    Raises:
        FhirDataError: it is not JSON, or nests too deeply.
    """
    try:
        head = cast(Head, _HEAD.decode(raw))
        if not any(slot is None or slot.resourceType is not None for slot in head.entry or ()):
            return head
    except _NOT_JSON:
        pass
    try:
        loose = cast(_LooseHead, _LOOSE_HEAD.decode(raw))
    except msgspec.ValidationError:
        return None
    except _NOT_JSON as error:
        raise _unreadable(error) from None
    entries = decode_slots(loose.entry) if bytes(loose.entry) not in (b"", b"null") else ()
    return Head(
        loose.resourceType, loose.type, loose.total, loose.link, loose.response, loose.resource, entries
    )


def decode_slots(raw: RawJson) -> list[Slot | None]:
    """The entries of a Bundle, None for each that is not an object; a resource in an entry's place is one."""
    try:
        slots = cast(list[Slot | None], _SLOTS.decode(raw))
        if not any(slot is not None and slot.resourceType is not None for slot in slots):
            return slots
    except _NOT_JSON:
        pass
    return [_slot(entry) for entry in decode_array(raw) or (Raw(),)]


def _slot(raw: Raw) -> Slot | None:
    try:
        slot = cast(Slot, _SLOT.decode(raw))
    except _NOT_JSON:
        return None
    bare = slot.resourceType is not None and not memoryview(slot.resource).nbytes
    return Slot(resource=raw) if bare else slot


def decode_array(raw: RawJson) -> list[Raw] | None:
    """The elements of a JSON array, each still in its bytes; None for anything else."""
    try:
        return cast(list[Raw], _ARRAY.decode(raw))
    except _NOT_JSON:
        return None


def decode_object(raw: RawJson) -> dict[str, Raw] | None:
    """The members of a JSON object, each still in its bytes; None for anything else.

    Raises:
        FhirDataError: it is not JSON, or nests too deeply.
    """
    try:
        return cast(dict[str, Raw], _OBJECT.decode(raw))
    except msgspec.ValidationError:
        return None
    except _NOT_JSON as error:
        raise _unreadable(error) from None


def type_of(raw: RawJson) -> str:
    """The type of a resource, of which nothing else is decoded; empty when it is illegible."""
    try:
        found = cast(_Typed, _TYPED.decode(raw)).resourceType
    except _NOT_JSON:
        return ""
    return found if isinstance(found, str) else ""


def decode_resource(raw: RawJson, expected: str = "") -> dict[str, Any] | None:
    """A resource as a dict of the members that are read; None when it is illegible.

    Of a medicine that is all of them, of a type that nobody reads its type and id.

    ``expected`` is the likely type, which saves a look: the resources of a searchset are of one type.
    """
    try:
        decoder, recurring = _BY_TYPE.get(expected, _UNREAD)
        found = cast(dict[str, Any], decoder.decode(raw))
        type_ = found.get("resourceType")
        if type_ != expected or not type_:
            if not isinstance(type_, str) or not type_:
                return None
            decoder, recurring = _BY_TYPE.get(type_, _UNREAD)
            found = cast(dict[str, Any], decoder.decode(raw))
        for member in recurring:
            if member in found:
                written = bytes(found[member])
                found[member] = _recurring(written) if len(written) <= _LONGEST_KEPT else _element(written)
    except _NOT_JSON:
        return None
    return found


@lru_cache(maxsize=8192)
def _recurring(raw: bytes) -> Any:
    """An element that is the same in many resources: a concept as CodedText, anything else as it is, a misshapen concept too."""
    return _element(raw)


def _element(raw: bytes) -> Any:
    """A concept whose codings say how certain they are stays as it is: a CodedText has no place for that."""
    value = _ANY.decode(raw)
    readable = isinstance(value, dict) and not certainties(value) and not faults({"code": value})
    return codeable_concept(value) if readable else value


def decode_value(raw: RawJson) -> Any:
    """Any JSON value, whole.

    Raises:
        FhirDataError: it is not JSON, or nests too deeply.
    """
    try:
        return _ANY.decode(raw)
    except _NOT_JSON as error:
        raise _unreadable(error) from None


def _unreadable(error: BaseException) -> FhirDataError:
    if isinstance(error, _TOO_LONG):
        return FhirDataError("the JSON holds a number too long to be read")
    deep = isinstance(error, RecursionError)
    return FhirDataError("the JSON nests too deeply" if deep else "this is not JSON in UTF-8")
