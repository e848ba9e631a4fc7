"""Codes that count as nothing that the rules look for only because no list has them, as issues of the evaluation.

Real records are full of them, and nearly all are right to pass: so there is one issue for each kind of resource and code
system, with as many of the codes as an answer has room for. The card of what could not be checked has one line on all of
SNOMED CT (:mod:`engine.short_lists`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from engine.concept import CodeSystem
from engine.facts import ListName
from engine.grammars import SNOMED
from engine.record import Presumed
from fhir_adapters.issues import MOST_NAMED, DataIssue
from fhir_adapters.terminology.looked_up import LookedUp

# The lists whose codes are worth an issue, and the element that has them. The class of an encounter and what an
# appointment is for are of small code systems that no hierarchy stands over.
_ELEMENTS: Final[Mapping[ListName, str]] = {
    ListName.ALLERGIES: "code",
    ListName.CONDITIONS: "code",
    ListName.DEVICES: "type",
    ListName.MEDICATIONS: "medication",
    ListName.OBSERVATIONS: "code",
    ListName.PROCEDURES: "code",
    ListName.SERVICES: "code",
}
# Where a code belongs, a record may hold words: only what looks like a code of SNOMED CT or LOINC is repeated.
_CODE: Final = re.compile(r"[0-9]{1,17}(?:-?[0-9])?", re.ASCII)


def presumed_issues(
    presumed: Iterable[Presumed], looked_up: LookedUp, systems: Iterable[CodeSystem]
) -> Iterator[DataIssue]:
    """One issue for each kind of resource, code system, and whether a terminology server has been asked about the codes.

    A code that the server has answered for every concept that was looked for is settled, and in none of them.
    """
    titles = {system.uri: system.title for system in systems}
    answered, expanded = frozenset(looked_up.answered), frozenset(looked_up.concepts)
    told: list[tuple[str, str, str, bool, Presumed]] = []
    for each in counting(presumed):
        asked = each.system == SNOMED and each.code in answered
        if not (asked and each.concepts <= expanded):
            kind = each.references[0].partition("/")[0]
            told.append((kind, _ELEMENTS[each.list], each.system, asked, each))
    for (kind, element, system, asked), found in groupby(sorted(told, key=_place), key=lambda each: each[:4]):
        codes = [each for *_, each in found]
        yield DataIssue(kind, element, "not checked", _words(codes, titles[system], asked))


def counting(presumed: Iterable[Presumed]) -> list[Presumed]:
    """Those of the lists whose codes are worth telling of."""
    return [each for each in presumed if each.list in _ELEMENTS]


def _place(told: tuple[str, str, str, bool, Presumed]) -> tuple[str, str, str, bool, str]:
    return (*told[:4], told[4].code)


def _words(codes: list[Presumed], title: str, asked: bool) -> str:
    count = len(codes)
    one = count == 1
    subject = f"1 code of {title} is" if one else f"{count} codes of {title} are"
    looked = (
        "; the terminology server was asked of the concepts with an expression only"
        if asked
        else f" and {'was' if one else 'were'} not checked against a hierarchy"
    )
    named = [_named(each) for each in codes if _CODE.fullmatch(each.code)][:MOST_NAMED]
    if len(named) < count:
        named.append(f"{count - len(named)} more" if named else "not repeated here")
    return f"{subject} not in the lists that a rule looked in{looked}: {', '.join(named)}"


def _named(each: Presumed) -> str:
    others = len(each.references) - 1
    return f"{each.code} ({each.references[0]}{f' and {others} more' if others else ''})"
