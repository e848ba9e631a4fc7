"""Patient → the person: birth date as far as it is known, administrative sex, death."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from engine.facts import Person
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import DIFFERENT
from fhir_adapters.mapping.elements import Json, boolean, date_interval, text

OLDEST: Final = 120
"""Years; records write an unknown birth date as one of long ago, such as 0001-01-01 or 1900-01-01."""

_SEXES: Final[tuple[Literal["female", "male", "other", "unknown"], ...]] = (
    "female",
    "male",
    "other",
    "unknown",
)


def person(resource: Json, reference: str, issues: DataIssues, *, now: datetime) -> Person:
    """The person that a Patient describes; why there is no birth date, or none to be believed, is said in words."""
    written = resource.get("birthDate")
    birth = date_interval(written) if isinstance(written, str) else None
    problem = "the birth date is missing" if written is None else "the birth date cannot be read"
    if written is not None and birth is None:
        issues.add(reference, "birthDate", "unreadable", "it is not a date")
    if birth is not None and birth.latest.year < now.year - OLDEST:
        birth, problem = None, f"the birth date is not plausible: more than {OLDEST} years ago"
        issues.add(reference, "birthDate", "unreadable", f"it is more than {OLDEST} years ago")
    sex = text(resource.get("gender")).lower()
    if sex and sex not in _SEXES:
        issues.add(reference, "gender", "unreadable", "it is not a code that FHIR defines")
    died = date_interval(resource.get("deceasedDateTime"))
    if resource.get("deceasedDateTime") is not None and died is None:
        issues.add(
            reference, "deceasedDateTime", "unreadable", "it is not a date; the patient counts as deceased"
        )
    deceased = (
        boolean(resource.get("deceasedBoolean")) is True or resource.get("deceasedDateTime") is not None
    )
    if deceased and boolean(resource.get("deceasedBoolean")) is False:
        issues.add(reference, "deceased[x]", "assumed", f"{DIFFERENT}; the patient counts as deceased")
    if deceased:
        why = "the patient has died; the rules look at the record all the same"
        issues.add(reference, "deceased", "assumed", why)
    return Person(
        reference,
        birth,
        problem,
        next((known for known in _SEXES if known == sex), None),
        deceased,
        died,
    )
