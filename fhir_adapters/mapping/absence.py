"""Absence: the codes and words by which an entry says that there is nothing, or that nobody has asked.

"No known allergies" is an answer. "Patient not asked" is none, although both stand where an allergy would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from engine.concepts import CodedText
from engine.grammars import SNOMED
from engine.letters import plain

_IPS: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


class Absence(StrEnum):
    """What an entry says in place of a thing, in the words of a data issue."""

    NONE_KNOWN = "it states that none is known"
    NONE_AND_MORE = "it states that none is known, and something else besides"
    NO_INFORMATION = "it states that there is no information"


def _snomed(*codes: str) -> Iterator[tuple[str, str]]:
    return ((SNOMED, code) for code in codes)


def _ips(form: str, *kinds: str) -> Iterator[tuple[str, str]]:
    return ((_IPS, form.format(kind)) for kind in kinds)


_MEANT: Final[Mapping[tuple[str, str], Absence]] = {
    **dict.fromkeys(
        (
            # FHIR's value set of allergy codes has 716186003 and all below it for "no known allergy". Of these the concept map of
            # HL7's International Patient Summary names the next three, an example of HL7 the fifth.
            *_snomed("716186003", "409137002", "428607008", "429625007", "716184000"),
            # HL7/fhir-ips:input/fsh/valuesets/AbsentOrUnknownSNOMEDUvIps.fsh: no known medications, no current problems or
            # disability, no known device use, no known procedures.
            *_snomed("787481004", "160245001", "787483001", "787480003"),
            *_ips("no-known-{}", "allergies", "medication-allergies", "environmental-allergies"),
            *_ips("no-known-{}", "food-allergies", "medications", "problems", "procedures", "devices"),
        ),
        Absence.NONE_KNOWN,
    ),
    **dict.fromkeys(
        (
            # "Patient not asked", by which US Core, UK Core and the Swiss term bases (hl7ch/ch-term) record that nobody asked.
            *_snomed("1631000175102"),
            *_ips("no-{}-info", "allergy", "medication", "problem", "procedure", "device"),
        ),
        Absence.NO_INFORMATION,
    ),
}

_SNOMED: Final = re.compile(r"https?://snomed\.info/sct(?:[/|].*)?|(?:urn:oid:)?2\.16\.840\.1\.113883\.6\.96")

_WORD: Final = re.compile(r"\w+")
# All words of a text that states that none is known, and no others, in the languages of Europe that are most spoken; without accents.
_DENYING: Final = (
    "no none nil denies keine kein keinerlei aucune aucun pas sans sin ninguna ningun niega sem nenhuma nega nessuna nessun "
    "geen ingen inga brak"
)
_NOUNS: Final = (
    "allergy allergies drug drugs medication medications medicine medicines food foods problem problems procedure procedures "
    "device devices intolerance intolerances "
    "allergie allergien arzneimittelallergie arzneimittelallergien medikamentenallergie medikamentenallergien "
    "nahrungsmittelallergie nahrungsmittelallergien unvertraglichkeit unvertraglichkeiten probleme "
    "problemes alergia alergias alergii allergia allergieen allergier"
)
_BESIDE: Final = (
    "known not on of to any file reported situation finding disorder allergic latex environmental environment current history adverse "
    "reaction reactions bekannt bekannte bekannten de d connue connues medicamenteuse medicamenteuses alimentaire alimentaires "
    "conocida conocidas conhecida conhecidas nota note bekende bekend kanda kjente kendte znanych"
)
_DENIALS: Final = frozenset(_DENYING.split())
_THINGS: Final = frozenset(_NOUNS.split())
_SHORT: Final = frozenset({"nka", "nkda"})
"""Abbreviations that are the whole statement: no known (drug) allergies."""
_STATING: Final = _DENIALS | _SHORT | _THINGS | frozenset(_BESIDE.split())
_UNTOLD: Final = frozenset({"file", "reported", "history"})
"""Words with which a text without a code may just as well say that nobody has asked ("no allergies on file")."""


def absence_in(concept: CodedText) -> Absence | None:
    """What a coded entry states in place of a thing; None where it names one, or says nothing at all.

    A code decides, and so do words alone where they cannot mean anything else ("NKDA", "keine Allergien bekannt"). Beside the code
    that none is known nothing else may stand, neither a code nor words of its own.
    """
    said = {_MEANT.get((_system(coding.system), coding.code)) for coding in concept.codings}
    if Absence.NO_INFORMATION in said:
        return Absence.NO_INFORMATION
    if Absence.NONE_KNOWN in said:
        clear = said == {Absence.NONE_KNOWN} and not _says_more(concept)
        return Absence.NONE_KNOWN if clear else Absence.NONE_AND_MORE
    return Absence.NONE_KNOWN if not concept.codings and _denies(concept.text) else None


def _system(written: str) -> str:
    return SNOMED if _SNOMED.fullmatch(written) else written


def _says_more(concept: CodedText) -> bool:
    """Whether there are words beside codes that state that none is known which do not state just that."""
    said = (concept.text, *(coding.display for coding in concept.codings))
    return any(not _words(words) <= _STATING for words in said)


def _denies(text: str) -> bool:
    """Whether words alone state that none is known: they deny something of the kind, or are short for that, and say no more."""
    words = _words(text)
    if not words or not words <= _STATING - _UNTOLD:
        return False
    return not words.isdisjoint(_SHORT) or not (words.isdisjoint(_DENIALS) or words.isdisjoint(_THINGS))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(plain(text)))
