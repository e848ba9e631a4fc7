"""Choices: elements that FHIR has in one of several types (``effective[x]``), and that a record may hold in two of them.

Two that differ contradict each other, and neither is the right one because it is looked at first: such a date lies somewhere
between the two, and such a meaning is either of them, so that it denies nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.concepts import UNREAD, CodedText
from engine.dates import DateInterval
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.elements import NO_CODE, Json, as_one, date_interval
from fhir_adapters.mapping.shapes import says_nothing

DIFFERENT: Final = "it is stated in more than one way, and differently"

_FLAG: Final = "Boolean"
_NO_DATES: Final = (_FLAG, "Age", "Range", "String", "Timing")
"""The types of a choice that are no dates."""


def stated(resource: Json, names: Iterable[str]) -> list[str]:
    """Those of these elements that are there, whether or not they can be read."""
    return [
        name
        for name in names
        if name in resource and (isinstance(resource[name], str) or not says_nothing(resource[name]))
    ]


def date_of(
    resource: Json, element: str, names: Iterable[str], reference: str, issues: DataIssues
) -> DateInterval | None:
    """The date or period that these types of an element state; None where one of them is none.

    Of dates that differ it is the time from the first to the last, with an issue. No date is made of an age, a range, a text or a
    timing that stands alone, with an issue, nor of a flag, which says something else.
    """
    kinds = stated(resource, names)
    if len(kinds) == 1:
        return _sole(resource, kinds[0], reference, issues)
    dates = [date for name in kinds if (date := date_interval(resource[name])) is not None]
    if len(dates) < len(kinds) or len(set(dates)) > 1:
        issues.add(reference, f"{element}[x]", "unreadable", DIFFERENT)
    if not dates or len(dates) < len(kinds):
        return None
    first, last = min(dates, key=lambda date: date.earliest), max(dates, key=lambda date: date.latest)
    return DateInterval.spanning(first, last)


def _sole(resource: Json, name: str, reference: str, issues: DataIssues) -> DateInterval | None:
    if name.endswith(_NO_DATES):
        if not name.endswith(_FLAG):
            issues.add(
                reference, name, "ignored", "no date is made of it: only dates and periods are read here"
            )
        return None
    date = date_interval(resource[name])
    if date is None:
        issues.add(reference, name, "unreadable", "it is not a date")
    return date


def either(concepts: Iterable[CodedText]) -> CodedText:
    """What is meant by one of several concepts, nobody knows which: as any of them it counts, and it denies nothing."""
    found = list(dict.fromkeys(concepts))
    if len(found) < 2:
        return found[0] if found else NO_CODE
    return as_one((*found, CodedText((UNREAD,))))
