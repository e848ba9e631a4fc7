"""Codes and words that say that there is nothing, and those that say that nobody has asked."""

import pytest

from engine.concepts import CodedText, Coding
from fhir_adapters.mapping import absence
from fhir_adapters.mapping.absence import Absence, absence_in

SNOMED = "http://snomed.info/sct"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
NONE_KNOWN, UNASKED = Absence.NONE_KNOWN, Absence.NO_INFORMATION

STATEMENTS = """
NKA
NKDA
No Known Drug Allergies (NKDA)
None known: allergy
nil medications
denies drug allergies
no known allergy (situation)
no medicine (finding)
no medicines
no drugs
no food
no foods, no current problem, no problems
no procedure; no procedures
no device of any: no devices
no intolerance, no intolerances
not allergic to any medication: no known reaction or
no environmental allergies
No Known Latex Allergy (situation)
no adverse reactions to environment: no allergies
no disorder on any device
Keine Allergien bekannt
keine bekannten Allergien
kein Problem
keine bekannte Allergie
keinerlei Unverträglichkeit
keine Unverträglichkeiten
keine Arzneimittelallergie
keine Arzneimittelallergien
keine Medikamentenallergie
keine Medikamentenallergien
keine Nahrungsmittelallergie
keine Nahrungsmittelallergien
keine Probleme
aucune allergie connue
aucun problème de
sans allergies connues
pas d'allergie médicamenteuse
pas d'allergies médicamenteuses
aucune allergie alimentaire
pas d'allergies alimentaires
pas de problèmes
ninguna alergia conocida
sin alergias conocidas
niega alergias
ningún problem
sem alergias conhecidas
nenhuma alergia conhecida
nega alergias
nessuna allergia nota
nessun problem note
geen bekende allergieën
geen allergieën bekend
inga kända allergier
ingen kjente allergier
ingen kendte allergier
brak znanych alergii
"""
SENTENCES = [line.replace(" or", "") for line in STATEMENTS.strip().splitlines()]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_alone_state_that_none_is_known(sentence: str) -> None:
    assert absence_in(CodedText(text=sentence)) is NONE_KNOWN
    assert absence_in(CodedText((Coding(SNOMED, "716186003", sentence),))) is NONE_KNOWN


def test_every_word_that_may_stand_in_such_a_statement_stands_in_one() -> None:
    used = {word for sentence in SENTENCES for word in absence._words(sentence)}
    assert absence._STATING - used == absence._UNTOLD


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Allergy",
        "drug allergies",
        "no",
        "none known",  # of what?
        "not known",
        "Allergies: not known",
        "No allergies on file",  # perhaps nobody has asked
        "no allergy history",
        "none reported: allergies",
        "Baclofen",
        "No known allergies except baclofen",
        "no epilepsy",
        "no morphine",
    ],
)
def test_other_words_alone_name_something_or_tell_nothing(text: str) -> None:
    assert absence_in(CodedText(text=text)) is None


@pytest.mark.parametrize("words", ["no allergies on file", "none reported", "no allergy history"])
def test_beside_the_code_that_none_is_known_such_words_say_no_more(words: str) -> None:
    assert absence_in(CodedText((Coding(SNOMED, "716186003"),), words)) is NONE_KNOWN


NO_ALLERGY = ("716186003", "409137002", "428607008", "429625007", "716184000")
NO_OTHER = ("787481004", "160245001", "787483001", "787480003")
KINDS = ("allergies", "medication-allergies", "environmental-allergies", "food-allergies")
KINDS_OF_OTHER = ("medications", "problems", "procedures", "devices")


@pytest.mark.parametrize(
    ("system", "code", "stated"),
    [
        *((SNOMED, code, NONE_KNOWN) for code in (*NO_ALLERGY, *NO_OTHER)),
        *((IPS, f"no-known-{kind}", NONE_KNOWN) for kind in (*KINDS, *KINDS_OF_OTHER)),
        (SNOMED, "1631000175102", UNASKED),
        ("https://snomed.info/sct", "1631000175102", UNASKED),
        ("http://snomed.info/sct/900000000000207008", "1631000175102", UNASKED),
        ("http://snomed.info/sct|2026", "1631000175102", UNASKED),
        ("urn:oid:2.16.840.1.113883.6.96", "1631000175102", UNASKED),
        ("2.16.840.1.113883.6.96", "1631000175102", UNASKED),
        *(
            (IPS, f"no-{kind}-info", UNASKED)
            for kind in ("allergy", "medication", "problem", "procedure", "device")
        ),
        ("http://snomed.info/scts", "716186003", None),
        ("urn:of:this:site", "716186003", None),
        (SNOMED, "84757009", None),
    ],
)
def test_codes_that_state_it(system: str, code: str, stated: Absence | None) -> None:
    assert absence_in(CodedText((Coding(system, code),))) is stated


def test_that_nobody_asked_outweighs_that_none_is_known() -> None:
    both = (Coding(SNOMED, "716186003"), Coding(SNOMED, "1631000175102"))
    assert absence_in(CodedText(both)) is absence_in(CodedText(both[::-1])) is UNASKED


def test_something_else_besides_makes_it_unclear() -> None:
    none = Coding(SNOMED, "716186003")
    assert absence_in(CodedText((none, Coding(SNOMED, "294234003")))) is Absence.NONE_AND_MORE
    assert absence_in(CodedText((none,), "Baclofen")) is Absence.NONE_AND_MORE
