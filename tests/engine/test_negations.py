"""What denies the words that it stands beside, entry by entry, in the languages in which concepts have words."""

from dataclasses import replace
from typing import Final

import pytest

from engine.concepts import CodedText, ConceptLibrary
from engine.free_text import Said, names, words_that_name
from tests.engine.builders import CONCEPTS, SYSTEMS

NEGATIONS: Final = """
not nie ikke aldrig aldri inte icke nicht niet nooit pas jamais nunca não geen kein keine keinen keiner keinerlei ingen inga aucun
aucune ningún ninguna nessun nessuna nenhum nenhuma brak without ohne sans sin senza sem zonder bez uten uden utan
"""
FAMILY: Final = """
mother father parent parents brother brothers sister sisters sibling siblings son daughter wife husband partner spouse uncle aunt
grandmother grandfather Mutter Vater Bruder Schwester Sohn Tochter mère père frère sœur madre padre hermano hermana moeder vader broer
zus matka ojciec siostra bror søster syster
"""
WORDS: Final = """
never no non none nil off hold held past prior naive ex instead versus vs until if end ends ended evita nigdy zamiast statt
"""
STEMS: Final = """
stopped discontinued ceased finished withheld withdrawn avoid contraindicated allergic intolerance sensitivity hypersensitivity reaction
adverse former previous history family replaced switched changed antagonist antidote overdose poisoning denied denying refused declined
cancelled considered abgesetzt unverträglich odstawiona uczulenie alergia seponeret utsatt avslutet arrêtée interrompue éviter remplacée
suspendida suspensa sospesa interrotta terminado finalizado gestopt gestaakt vermijden beendet pausiert
"""


@pytest.mark.parametrize("word", [*NEGATIONS.split(), *FAMILY.split(), *WORDS.split(), *STEMS.split()])
def test_a_medicine_in_words_alone_is_none_where_a_word_may_deny_it(word: str) -> None:
    for spoken in (f"Morphine {word}", f"{word}: morphine"):
        assert words_that_name(spoken) == frozenset()
    assert "morphine" in words_that_name("Morphine 10 mg")


@pytest.mark.parametrize("word", [*NEGATIONS.split(), "never", "no", "non", "nigdy"])
def test_a_negation_denies_what_stands_up_to_two_words_behind_it(word: str) -> None:
    assert not names(CONCEPTS, "intravenous", f"{word} given here intravenously")
    assert names(CONCEPTS, "intravenous", f"{word} to be given here intravenously")
    assert names(CONCEPTS, "intravenous", f"intravenously, {word} by mouth")


SEPSIS = ConceptLibrary(
    {"sepsis": replace(CONCEPTS.concept("penicillin"), id="sepsis", texts=("sepsis",))}, SYSTEMS
)


def is_named(text: str) -> bool:
    return Said.of([CodedText(text=text)]).names(SEPSIS, "sepsis")


@pytest.mark.parametrize(
    "text",
    [
        *(f"{word} sepsis" for word in (*NEGATIONS.split(), "non", "w/o", "no", "denies", "negative for")),
        "pas de sepsis",
        "pas d'urosepsis",
        "pas d\u2019urosepsis",
        "no evidence of sepsis",
        "no signs of any sepsis",
        "no sign of a sepsis",
        "no history of the sepsis",
        "without mention of sepsis",
        "without an urosepsis",
        "kein Zeichen Sepsis",
        "kein Hinweis auf sepsis",
        "kein Hinweis für sepsis",
        "nessun di sepsis",
        "pas des sepsis",
        "senza da sepsis",
        "not medically sepsis",
        "no drug sepsis",
        "no medication sepsis",
        "no treatment sepsis",
        "no therapy sepsis",
        "nicht-urosepsis",
        "nonsepsis",
        "non-sepsis",
        "niesepsis",
        "nielekosepsis",
        "ruled out sepsis",
        "ausgeschlossene Sepsis",
        "sepsis ruled out",
        "sepsis was ruled out",
        "sepsis is ruled out",
        "sepsis has been ruled out",
        "Sepsis ausgeschlossen",
        "Sepsis wurde ausgeschlossen",
        "Sepsis ist ausgeschlossen",
        "family history of sepsis",
        "family hx: sepsis",
        "fam. hx of sepsis",
        "FH sepsis",
        "FHx: sepsis",
        "Familienanamnese: Sepsis",
        "antécédents familiaux de sepsis",
        "antecedentes familiares de sepsis",
        "familieanamnese: sepsis",
        *(f"{person} had sepsis" for person in FAMILY.split()),
        "brother has a sepsis",
        "brother with sepsis",
        "brother died of sepsis",
        "brother died from sepsis",
        "Bruder mit Sepsis",
        "Bruder hat Sepsis",
        "Bruder hatte eine Sepsis",
        "Bruder starb an Sepsis",
        "frère avec sepsis",
        "hermano con sepsis",
        "broer met sepsis",
        "bror med sepsis",
        "sepsis vaccine",
        "sepsis-vaccination",
        "sepsis immunisation",
        "sepsis immunization",
        "Sepsis-Impfung",
        "Sepsisimpfung",
        "sepsis szczepienie",
        "vaccination against sepsis",
        "immunization for sepsis",
        "immunisation against bacterial sepsis",
        "Impfung gegen Sepsis",
        "vaccination contre sepsis",
        "vaccin contra sepsis",
        "vaccinatie tegen sepsis",
        "vaccin mot sepsis",
        "vaccine mod sepsis",
        "szczepienie przeciw sepsis",
        "screening for sepsis",
        "exposure to sepsis",
        "risk of sepsis",
        "risk for sepsis",
        "risk factors for sepsis",
        "risk factor for sepsis",
        "prophylaxis of sepsis",
        "prophylaxis for sepsis",
        "prophylaxis against sepsis",
    ],
)  # fmt: skip
def test_beside_a_code_that_says_no_these_words_are_sure_to_deny(text: str) -> None:
    assert not is_named(text)


@pytest.mark.parametrize(
    "text",
    [
        "sepsis",
        "no fever, sepsis",
        "not ruled out: sepsis",
        "not ruled out sepsis",
        "nicht ausgeschlossene Sepsis",
        "sepsis not ruled out",
        "Sepsis nicht ausgeschlossen",
        "sepsis after vaccination",
        "vaccination complicated by sepsis",
        "sepsis, mother informed",
        "mother reports sepsis",
        "family history of diabetes; sepsis",
        "family history of diabetes, sepsis",
        "no sepsis in May; sepsis today",
        "ninesepsis",
        "nierensepsis",
    ],
)
def test_and_these_are_not(text: str) -> None:
    assert is_named(text)
