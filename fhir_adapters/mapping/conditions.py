"""Condition → diagnosis or problem, with its course (the inventory's CURRENT, REMISSION and EVER)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from engine.concepts import CodedText
from engine.dates import DateInterval, age_on, is_future
from engine.facts import ConditionFact, Course, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import date_of, stated
from fhir_adapters.mapping.diagnostic_certainty import (
    EXCLUDED,
    PERHAPS_EXCLUDED,
    STATE_AFTER,
    SUSPECTED,
    certainties,
    without_letters,
)
from fhir_adapters.mapping.elements import Json, boolean, converted, date_interval, quantity
from fhir_adapters.mapping.notes import notes
from fhir_adapters.mapping.statuses import meaning_of, status_of, unreadable

# condition-clinical and condition-ver-status of R4 and R5, and the status codes of STU3 and DSTU2.
_COURSE: Final = {
    "active": Course.CURRENT,
    "recurrence": Course.CURRENT,
    "relapse": Course.CURRENT,
    "remission": Course.REMISSION,
    "inactive": Course.PAST,
    "resolved": Course.PAST,
    "unknown": Course.CURRENT,
}
_VERIFICATION: Final = frozenset(
    {"confirmed", "provisional", "differential", "unconfirmed", "unknown", "refuted", "entered-in-error"}
)
_KINDS: Final = ("DateTime", "Period", "Boolean", "Age", "Range", "String")
_ONSET: Final = tuple(f"onset{kind}" for kind in _KINDS)
_ABATEMENT: Final = tuple(f"abatement{kind}" for kind in _KINDS)
_DENIED: Final = frozenset({"refuted", "entered-in-error"})


def condition(
    resource: Json,
    reference: str,
    issues: DataIssues,
    *,
    now: datetime,
    birth: DateInterval | None = None,
    draft: bool = False,
) -> ConditionFact | Gap | None:
    """The diagnosis; None when it is refuted, entered in error, or states that there is none.

    A condition without a clinical status is current (CURRENT), unless it has an abatement in the past; an age at
    which it abated is held against ``birth``. Beside an active status an abatement is a contradiction (FHIR's
    invariant con-4), and the status counts. Each is noted as assumed. The letter of a German diagnosis counts beside both
    (:mod:`fhir_adapters.mapping.diagnostic_certainty`): excluded like refuted, but unclear where a status or another letter says
    otherwise; suspected; and, without a clinical status, past.
    """
    verification = status_of(
        resource, "verificationStatus", _VERIFICATION, reference, issues, left_out=_DENIED
    )
    if not isinstance(verification, str):
        return verification
    clinical = status_of(resource, "clinicalStatus", _COURSE, reference, issues)
    if not isinstance(clinical, str):
        return clinical
    code = meaning_of(resource.get("code"), "code", reference, issues)
    if not isinstance(code, CodedText):
        return code
    letters = certainties(resource.get("code"))
    if letters == {EXCLUDED} and verification != "confirmed":
        issues.add(reference, "code", "ignored", "it is marked as excluded (A)")
        return None
    if not letters.isdisjoint({EXCLUDED, PERHAPS_EXCLUDED}):
        return unreadable(reference, "code", "it is marked as excluded (A), and may not be", issues)
    onset = date_of(resource, "onset", _ONSET, reference, issues)
    abatement = date_of(resource, "abatement", _ABATEMENT, reference, issues)
    course = _COURSE.get(clinical, Course.CURRENT)
    if course is Course.PAST and abatement is not None and is_future(abatement, now):
        why = "past, as its status says, although its abatement is to come"
        issues.add(reference, "clinicalStatus", "assumed", why)
    if course is Course.CURRENT and STATE_AFTER in letters and clinical in ("", "unknown"):
        issues.add(reference, "clinicalStatus", "assumed", "past, because it is marked as a state after (Z)")
        course = Course.PAST
    elif course is Course.CURRENT:
        course = _course(clinical, _has_ended(resource, abatement, birth, now), reference, issues)
    return ConditionFact(
        reference,
        without_letters(code),
        course,
        verification not in ("", "confirmed") or SUSPECTED in letters,
        onset,
        abatement,
        _recorded(resource),
        draft,
        notes(resource),
    )


def _course(clinical: str, ended: bool, reference: str, issues: DataIssues) -> Course:
    """Current, unless no status says so and an abatement says that it has ended."""
    if clinical not in ("", "unknown"):
        if ended:
            why = "current, as its status says, although it has an abatement"
            issues.add(reference, "clinicalStatus", "assumed", why)
        return Course.CURRENT
    why = "past, because it has an abatement" if ended else "current, because it has no clinical status"
    issues.add(reference, "clinicalStatus", "assumed", why)
    return Course.PAST if ended else Course.CURRENT


def _has_ended(
    resource: Json, abatement: DateInterval | None, birth: DateInterval | None, now: datetime
) -> bool:
    """Whether an abatement certainly lies in the past; one that says nothing, contradicts itself or may be to come does not."""
    if len(stated(resource, _ABATEMENT)) > 1 and abatement is None:
        return False
    if boolean(resource.get("abatementBoolean")) is True:
        return True
    if abatement is not None and is_future(abatement, now) is False:
        return True
    ages = age_on(birth, now.date()) if birth is not None else None
    if ages is None:
        return False
    for name in ("abatementAge", "abatementRange"):
        age = quantity(resource.get(name), name, [])
        days = converted(age, "d") if age is not None else None
        if days is not None and days.high is not None and days.high <= ages.youngest.days:
            return True
    return False


def _recorded(resource: Json) -> DateInterval | None:
    """When it was recorded: R4's element, or its names in STU3 and DSTU2."""
    names = ("recordedDate", "assertedDate", "dateRecorded")
    return next((found for name in names if (found := date_interval(resource.get(name)))), None)
