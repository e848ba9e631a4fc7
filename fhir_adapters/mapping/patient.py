"""Patient → the person: birth date as far as it is known, administrative sex, death; and whether another record has its place."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from engine.facts import Person
from fhir_adapters.identity import REPLACED, REPLACES, link_type
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import DIFFERENT
from fhir_adapters.mapping.elements import Json, as_list, boolean, date_interval, node, text
from fhir_adapters.mapping.shapes import says_nothing

OLDEST: Final = 120
"""Years; records write an unknown birth date as one of long ago, such as 0001-01-01 or 1900-01-01."""

_SEXES: Final[tuple[Literal["female", "male", "other", "unknown"], ...]] = (
    "female",
    "male",
    "other",
    "unknown",
)

_MORE: Final = ("refer", "seealso")
_HAS_REPLACED: Final = "it has replaced another record of the patient: what was sent of that one counts, and no more of it is asked for"
IS_REPLACED: Final = "another record has replaced this one"
"""Why no list is complete of a patient for whom another record is to be used."""


def replaced(resource: Json, reference: str, issues: DataIssues) -> str:
    """Why the lists that were sent may not be this patient's whole record, by ``Patient.link``; empty where they may.

    A record that another one has replaced, as after a merge, must no longer be used (FHIR R4, LinkType): what is known by now
    stands in the other one. A link of which nobody can read the type may say just that. What this record has replaced counts
    (:mod:`fhir_adapters.identity`), as far as it was sent.
    """
    why = ""
    for link in as_list(resource.get("link")):
        type_ = link_type(link)
        if type_ in _MORE:
            issues.add(reference, "link", "not checked", "it names another record of the patient")
        elif type_ == REPLACES:
            issues.add(reference, "link", "assumed", _HAS_REPLACED)
        elif type_ in REPLACED:
            why = IS_REPLACED
        elif not says_nothing(link):
            why = why or "whether another record has replaced this one cannot be read"
    if why:
        issues.add(reference, "link", "not checked", why)
    return why


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
    if boolean(resource.get("active")) is False:
        why = "the record is marked as not in use; the rules look at it all the same"
        issues.add(reference, "active", "assumed", why)
    died = date_interval(resource.get("deceasedDateTime"))
    dated = resource.get("deceasedDateTime") is not None or _withheld(resource, "deceasedDateTime")
    if dated and died is None:
        issues.add(
            reference, "deceasedDateTime", "unreadable", "it is not a date; the patient counts as deceased"
        )
    if _withheld(resource, "deceasedBoolean"):
        why = "whether the patient has died is not said; it counts as not stated"
        issues.add(reference, "deceasedBoolean", "unreadable", why)
    deceased = boolean(resource.get("deceasedBoolean")) is True or dated
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


def _withheld(resource: Json, element: str) -> bool:
    """Whether an extension stands where the value of an element belongs: a date of death that nobody knows, for one."""
    return resource.get(element) is None and bool(node(resource.get(f"_{element}")).get("extension"))
