"""Procedure → what was done to the patient, or is planned."""

from __future__ import annotations

from typing import Final

from engine.concepts import CodedText
from engine.facts import Gap, ProcedureFact
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import date_of
from fhir_adapters.mapping.elements import Json
from fhir_adapters.mapping.statuses import denied_by, meaning_of, status_of

# A stopped (STU3: aborted) procedure has been begun, and one of unknown status may have been done.
_DONE: Final = frozenset({"completed", "stopped", "aborted", "unknown"})
_PLANNED: Final = frozenset({"preparation", "in-progress", "on-hold", "suspended"})
_NOT_DONE: Final = frozenset({"not-done", "entered-in-error"})
_KNOWN: Final = _DONE | _PLANNED | _NOT_DONE


def procedure(resource: Json, reference: str, issues: DataIssues) -> ProcedureFact | Gap | None:
    """The procedure; None when it was not done, is an error, or the record states that there was none."""
    status = status_of(resource, "status", _KNOWN, reference, issues, left_out=_NOT_DONE)
    if not isinstance(status, str):
        return status
    denied = denied_by(resource, ("notDone", "notPerformed"), reference, issues)
    if isinstance(denied, Gap):
        return denied
    if denied:
        issues.add(reference, denied, "ignored", "it was not done")
        return None
    code = meaning_of(resource.get("code"), "code", reference, issues)
    if not isinstance(code, CodedText):
        return code
    if status not in _PLANNED and status != "completed":
        issues.add(
            reference, "status", "assumed", f"it may have been done: its status is {status or 'not stated'}"
        )
    # performed[x] of STU3 and R4, occurrence[x] of R5
    kinds = sorted(name for name in resource if name.startswith(("performed", "occurrence")))
    done, when = status not in _PLANNED, date_of(resource, "performed", kinds, reference, issues)
    return ProcedureFact(reference, code, done, when, certain=not done or status == "completed")
