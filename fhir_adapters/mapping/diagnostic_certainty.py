"""Diagnostic certainty: the letter that German records add to a diagnosis, G (confirmed), V (suspected), A (excluded) or Z (state after).

It stands in HL7 Germany's extension icd-10-gm-diagnosesicherheit of a coding, or behind the code itself (``G40.9 V``), as the
Bundesinstitut für Arzneimittel und Medizinprodukte has it for ICD-10-GM.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from engine.concepts import CodedText, Coding
from fhir_adapters.mapping.elements import as_list, code, node, nodes, text

_EXTENSION: Final = "/StructureDefinition/icd-10-gm-diagnosesicherheit"
_GERMAN: Final = re.compile(
    r"http://fhir\.de/CodeSystem/(?:bfarm|dimdi)/icd-10-gm(?:\|.*)?|http://hl7\.org/fhir/sid/icd-10-de|(?:urn:oid:)?1\.2\.276\.0\.76\.5\..+"
)
_OF_THE_WHO: Final = re.compile(
    r"http://hl7\.org/fhir/sid/icd-10(?:\|.*)?|(?:urn:oid:)?2\.16\.840\.1\.113883\.6\.3"
)
_MARKED: Final = re.compile(r"([A-Z][0-9]{2}\.?[0-9]{0,2}[+*†!-]*) ?([GVAZ])", re.IGNORECASE)

EXCLUDED: Final = "A"
SUSPECTED: Final = "V"
STATE_AFTER: Final = "Z"
PERHAPS_EXCLUDED: Final = "A?"
"""An ``A`` behind a code of the WHO's own ICD-10: Germans exclude with it, Swedes tell one kind of a disease from another."""


def certainties(value: Any) -> frozenset[str]:
    """The letters that the codings of a CodeableConcept have, G among them; none where they have none."""
    found = {
        letter for entry in _codings(value) for letter in (_extended(entry), _behind(entry)[1]) if letter
    }
    return frozenset(found)


def without_letters(concept: CodedText) -> CodedText:
    """The concept with its codes as ICD-10-GM has them, without the letter behind them."""
    return replace(concept, codings=tuple(map(_bare, concept.codings)))


def _codings(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, CodedText):
        return [{"system": coding.system, "code": coding.code} for coding in value.codings]
    return [dict(entry) for entry in nodes(node(value).get("coding"))]


def _extended(entry: dict[str, Any]) -> str:
    for extension in map(node, as_list(entry.get("extension"))):
        if text(extension.get("url")).endswith(_EXTENSION):
            letter = code(node(extension.get("valueCoding")).get("code")) or code(extension.get("valueCode"))
            return letter.upper()
    return ""


def _behind(entry: dict[str, Any]) -> tuple[str, str]:
    """A code and the letter behind it, which is none of the code; the code alone where there is none, or in any other system."""
    system, written = text(entry.get("system")), code(entry.get("code"))
    marked = _MARKED.fullmatch(written)
    if marked is None:
        return written, ""
    letter = marked[2].upper()
    if _GERMAN.fullmatch(system):
        return marked[1], letter
    excluded = letter == EXCLUDED and _OF_THE_WHO.fullmatch(system)
    return written, PERHAPS_EXCLUDED if excluded else ""


def _bare(coding: Coding) -> Coding:
    bare, letter = _behind({"system": coding.system, "code": coding.code})
    return replace(coding, code=bare) if letter else coding
