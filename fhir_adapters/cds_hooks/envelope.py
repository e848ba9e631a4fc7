"""The envelope of a hook request: what must be there before anything of the record is read.

The specification binds clients; where real ones break it, this is lenient if no rule can be silenced by it,
and refuses otherwise. Decided row by row:

* CH-008, CH-038, CH-232: members that are not known, ``extension`` included, are ignored at every level.
* A member that an object has twice, anywhere in the body, is refused: of two lists, one would be dropped without a word.
* CH-030, CH-036: ``hook``, ``hookInstance`` and ``context`` with ``patientId`` (and ``encounterId`` for the
  encounter hooks) are required. ``userId`` is required too, but no rule depends on it and many clients leave it
  out: its absence is an issue in the evaluation.
* CH-031: the hook must be the one of the service.
* CH-032: a ``hookInstance`` that is not a UUID is accepted and is an issue; it is never logged then.
* CH-033: a repeated ``hookInstance`` is a retry and gets the same answer.
* CH-034: ``fhirAuthorization`` without ``fhirServer`` is refused.
* CH-080 to CH-086: ``prefetch`` may be absent, null or empty; its values are read in :mod:`fhir_adapters.bundles`.
* CH-087: what is missing is :mod:`fhir_adapters.cds_hooks.prefetch`'s to fetch, or to refuse the request for.
* CH-103 to CH-105: ``fhirAuthorization`` is read in :mod:`fhir_adapters.access`; a token for another patient than
  that of the context is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import Raw

from engine.rule import Hook
from fhir_adapters.access import FhirAccess, read_access
from fhir_adapters.duplicates import duplicate_member
from fhir_adapters.errors import ContextError, FhirDataError, FhirVersionError
from fhir_adapters.outcomes import Refusal
from fhir_adapters.references import bare_id
from fhir_adapters.repeats import RepeatOptions, read_options
from fhir_adapters.review import ReviewContext, read_context
from fhir_adapters.terminology.looked_up import NOT_LOOKED_UP, LookedUp
from fhir_adapters.wire import MEMBERS, RawJson, decode_object, decode_value

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NEEDS_ENCOUNTER: Final = frozenset({Hook.ENCOUNTER_START, Hook.ENCOUNTER_DISCHARGE})
_NAMES: Final = frozenset({"hook", "context", "prefetch", "entry", "resource"}).union(*MEMBERS.values())
"""What a member may be called to be named in an error: words of CDS Hooks and of FHIR."""
MOST_ORDERS: Final = 200
"""How many orders one session may hold: every rule is decided for each, and nobody signs as many at once."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One call of a service: who and what it is about, and the prefetched answers still in their bytes.

    ``instance`` is ``hookInstance`` where it is a UUID, and empty otherwise. ``repeats`` is what the client asks of what was
    shown before. ``server`` is ``fhirServer``, ``access`` whether more can be fetched from it; what has been fetched stands in
    ``prefetch``, the pages of one search in their order, and ``failures`` says why something has not. ``fetched`` counts its
    bytes. ``looked_up`` is what a terminology server says of its codes.
    """

    hook: Hook
    instance: str
    context: ReviewContext
    prefetch: Mapping[str, RawJson | Sequence[RawJson]]
    repeats: RepeatOptions
    access: FhirAccess | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    fetched: int = 0
    looked_up: LookedUp = NOT_LOOKED_UP
    server: str | None = None


def read_request(body: bytes, hook: Hook) -> HookRequest:
    """Read the body of a call to the service of a hook.

    Raises:
        Refusal: with status 400, naming the path of what is missing or wrong, or 413 for too many orders.
    """
    members = _members(body)
    _check_duplicates(body)
    _check_hook(members, hook)
    instance = _text(members, "hookInstance")
    context = _context(members, hook)
    access = _access(members, context)
    issues = context.issues
    if not context.user:
        issues.add("request", "context.userId", "ignored", "the user is not named, which the hook requires")
    if not _UUID.fullmatch(instance):
        issues.add("request", "hookInstance", "ignored", "it is not a UUID")
        instance = ""
    server = access.server if access is not None else None
    options = read_options(members, hook)
    return HookRequest(hook, instance, context, _prefetch(members), options, access, server=server)


def hook_of(body: bytes) -> str:
    """The hook that a request names, empty when it names none; for readers that are not called at one service.

    Raises:
        Refusal: the body is not a JSON object.
    """
    value = _value(_members(body), "hook")
    return value if isinstance(value, str) else ""


_AS_JSON: Final = "Send one JSON object in UTF-8, with numbers of at most some hundred digits."


def _bad(code: str, where: str, what: str, mend: str) -> Refusal:
    return Refusal(400, code, what, where=where, mend=mend)


def _members(body: bytes) -> dict[str, Raw]:
    try:
        members = decode_object(body.removeprefix(_BYTE_ORDER_MARK))
    except FhirDataError as error:
        raise _bad("structure", "", str(error), _AS_JSON) from None
    if members is None:
        raise _bad("structure", "", "the body is not a JSON object", _AS_JSON)
    return members


def _check_duplicates(body: bytes) -> None:
    name = duplicate_member(body.removeprefix(_BYTE_ORDER_MARK))
    if name is not None:
        # A name that the client made up could be anything, the patient's included.
        said = f"the member {name}" if name in _NAMES else "a member"
        raise _bad(
            "structure", "", f"{said} stands twice in one object", "Send each member of an object once."
        )


def _value(members: Mapping[str, Raw], name: str) -> object:
    try:
        return decode_value(members[name]) if name in members else None
    except FhirDataError:
        return None


def _text(members: Mapping[str, Raw], name: str) -> str:
    value = _value(members, name)
    if not isinstance(value, str) or not value.strip():
        raise _bad("required", name, f"{name} is missing or not a text", f"Send {name} as a text.")
    return value


def _check_hook(members: Mapping[str, Raw], hook: Hook) -> None:
    if _text(members, "hook") != hook:
        mend = f"Send {hook} requests here; /cds-services lists the services of other hooks."
        raise _bad("value", "hook", "this service answers another hook", mend)


def _context(members: Mapping[str, Raw], hook: Hook) -> ReviewContext:
    if "context" not in members:
        raise _bad("required", "context", "context is missing", f"Send the context that {hook} defines.")
    try:
        context = read_context(hook.value, members["context"])
    except ContextError as error:
        raise _bad("required", error.path, str(error), f"Send the context that {hook} defines.") from None
    except FhirVersionError as error:
        raise _bad("not-supported", "context", str(error), "Send FHIR R4 resources.") from None
    except FhirDataError as error:
        raise _bad("structure", "context", str(error), _AS_JSON) from None
    if len(context.orders) > MOST_ORDERS:
        mend = f"Send at most {MOST_ORDERS} orders at a time."
        raise Refusal(413, "too-long", "these are too many orders", where="context", mend=mend)
    needed = {"patientId": context.patient_id}
    if hook in _NEEDS_ENCOUNTER:
        needed["encounterId"] = context.encounter_id
    for name, found in needed.items():
        if not found:
            path = f"context.{name}"
            raise _bad("required", path, f"{path} is missing or not a text", f"Send {name} as a FHIR id.")
    return context


def _access(members: Mapping[str, Raw], context: ReviewContext) -> FhirAccess | None:
    server, authorization = _value(members, "fhirServer"), _value(members, "fhirAuthorization")
    if authorization is not None and not server:
        raise _bad(
            "required", "fhirServer", "fhirServer is missing", "Send it whenever you send fhirAuthorization."
        )
    patient = authorization.get("patient") if isinstance(authorization, dict) else None
    if isinstance(patient, str) and patient.strip() and bare_id(patient) != context.patient_id:
        path = "fhirAuthorization.patient"
        mend = "Send a token for the patient of the context."
        raise _bad("value", path, "the access token is for another patient than the context", mend)
    return read_access(server, authorization)


def _prefetch(members: Mapping[str, Raw]) -> Mapping[str, Raw]:
    raw = members.get("prefetch")
    if raw is None or bytes(memoryview(raw)[:5]) == b"null":
        return {}
    try:
        found = decode_object(raw)
    except FhirDataError as error:
        raise _bad("structure", "prefetch", str(error), _AS_JSON) from None
    if found is None:
        raise _bad(
            "structure", "prefetch", "prefetch is not an object", "Send an object of the keys of discovery."
        )
    return found
