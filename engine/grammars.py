"""Grammars: which codes a code system can hold at all, so that a word under the URI of one is not taken for another of its codes.

What a system cannot hold may stand for anything: it denies nothing, and is below no code. Only a code that a concept lists, or a site
maps, just as it is written counts whatever the grammar says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

Grammar = Callable[[str], bool]

SNOMED: Final = "http://snomed.info/sct"
ATC: Final = "http://www.whocc.no/atc"
LOINC: Final = "http://loinc.org"
ICD_10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"


def holds(uri: str, code: str) -> bool:
    """Whether a code system, by its canonical URI, can hold a code; of a system without a grammar here anything is taken for a code.

    Codes of hierarchical systems come as :class:`engine.concepts.ConceptLibrary` compares them: upper case, without dots and marks.
    """
    grammar = _GRAMMARS.get(uri)
    return grammar is None or grammar(code)


def is_told(uri: str) -> bool:
    """Whether there is a grammar of a code system here, so that a word can be told from its codes."""
    return uri in _GRAMMARS


def home_of(uri: str, code: str) -> str:
    """The system that a code is of: an American code of ICD-10 under the address of the WHO's, which cannot hold it, is what it is."""
    american = uri == ICD_10 and not holds(uri, code) and holds(ICD_10_CM, code)
    return ICD_10_CM if american else uri


def _like(pattern: str) -> Grammar:
    form = re.compile(pattern, re.ASCII)
    return lambda code: form.fullmatch(code) is not None


def _product(one: int, other: int) -> int:
    """The product of two elements of the dihedral group of order ten, as Verhoeff numbers them."""
    if one < 5:
        return (one + other) % 5 + (5 if other >= 5 else 0)
    return (one - other) % 5 + (0 if other >= 5 else 5)


_TURNS: Final = [list(range(10))]
for _ in range(7):
    _TURNS.append([_TURNS[-1][place] for place in (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)])


def _snomed(code: str) -> bool:
    """An SCTID: 6 to 18 digits, the last of them Verhoeff's check digit (SNOMED CT Release File Specification, 5.5)."""
    if not _SCTID(code):
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _product(check, _TURNS[place % 8][int(digit)])
    return check == 0


def _loinc(code: str) -> bool:
    """A LOINC number with its check digit, modulo 10 (LOINC Users' Guide, appendix C); parts, answers and groups have letters."""
    if not _LOINC(code):
        return bool(_LOINC_PART(code))
    number, check = code.split("-")
    digits = "".join(
        str(int(digit) * (1 if place % 2 else 2)) for place, digit in enumerate(reversed(number))
    )
    return (sum(map(int, digits)) + int(check)) % 10 == 0


_SCTID: Final = _like(r"[1-9][0-9]{5,17}")
_LOINC: Final = _like(r"[0-9]{1,8}-[0-9]")
_LOINC_PART: Final = _like(r"L[A-Z][0-9]+-[0-9]")

_GRAMMARS: Final[Mapping[str, Grammar]] = {
    SNOMED: _snomed,
    LOINC: _loinc,
    # The five levels of the ATC classification (WHO Collaborating Centre for Drug Statistics Methodology).
    ATC: _like(r"[A-Z](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?"),
    # Categories of a letter and two digits with up to two characters more (ICD-10 volume 2, 2.4); the American ones have up to
    # seven, of which the third may be a letter (ICD-10-CM guidelines, I.A.2).
    ICD_10: _like(r"[A-Z][0-9]{2}[0-9A-Z]{0,2}"),
    # The German edition has digits alone, the French one up to four characters after the category, a plus sign among them.
    "http://fhir.de/CodeSystem/bfarm/icd-10-gm": _like(r"[A-Z][0-9]{2}[0-9]{0,2}"),
    "https://smt.esante.gouv.fr/terminologie-cim-10": _like(r"[A-Z][0-9]{2}[0-9A-Z+]{0,4}"),
    "http://hl7.org/fhir/sid/icd-10-se": _like(r"[A-Z][0-9]{2}[0-9A-Z]{0,3}"),
    ICD_10_CM: _like(r"[A-Z][0-9][0-9A-Z]{1,5}"),
    "http://www.nlm.nih.gov/research/umls/rxnorm": _like(r"[0-9]{1,8}"),
}
