"""Notes beside a code: they may leave open what the code denies, and never say yes."""

from typing import Any

import pytest

from engine.concepts import CodedText
from engine.facts import AllergyFact, ConditionFact
from engine.finding import Truth
from tests.engine.builders import UNMAPPED, coded, look, patient, reasons

NOT_MET, UNKNOWN = Truth.NOT_MET, Truth.UNKNOWN
RESISTANT: dict[str, Any] = {"condition": "resistant-epilepsy", "status": "ever"}


def diagnosis(code: CodedText, note: str) -> ConditionFact:
    return ConditionFact("Condition/1", code, notes=note)


@pytest.mark.parametrize(
    ("code", "note", "why"),
    [
        (
            coded("epilepsy"),
            "Drug-resistant since 2019",
            "a note that may say so, beside a code that does not",
        ),
        (coded("epilepsy"), "REFRACTORY", "a note that may say so, beside a code that does not"),
        # Where the words beside the code say it as well, it is they that are named.
        (
            CodedText(coded("epilepsy").codings, "refractory epilepsy"),
            "refractory",
            "words that may say so, beside a code that does not",
        ),
        # Without a code that is known nothing is denied that a note could leave open.
        (UNMAPPED, "refractory", "no code that is known here"),
    ],
)
def test_a_note_leaves_open_what_the_code_denies(code: CodedText, note: str, why: str) -> None:
    finding = look(RESISTANT, patient(conditions=[diagnosis(code, note)]))
    assert finding.truth is UNKNOWN
    assert reasons(finding) == [f"1 entry of the problem list has {why}"]


@pytest.mark.parametrize(
    ("code", "note"),
    [
        (coded("epilepsy"), ""),
        (coded("epilepsy"), "Free of seizures"),
        (coded("epilepsy"), "not refractory"),
        (coded("head-injury"), "refractory headache"),  # these words are looked for in an epilepsy only
        (coded("head-injury"), "refractory epilepsy was ruled out"),  # a note does not say what the entry is
    ],
)
def test_it_does_not_where_it_says_nothing_of_the_kind(code: CodedText, note: str) -> None:
    assert look(RESISTANT, patient(conditions=[diagnosis(code, note)])).truth is NOT_MET


@pytest.mark.parametrize("note", ["intrathecal pump", "no intrathecal pump"])
def test_words_that_are_looked_for_in_any_entry_are_not_in_its_note(note: str) -> None:
    """A note speaks of much that the entry is not."""
    entry = diagnosis(coded("head-injury"), note)
    assert look({"condition": "pump-in-place"}, patient(conditions=[entry])).truth is NOT_MET
    said = ConditionFact("Condition/1", CodedText(coded("head-injury").codings, note))
    assert look({"condition": "pump-in-place"}, patient(conditions=[said])).truth is not Truth.MET


@pytest.mark.parametrize(
    ("note", "truth"),
    [
        ("rash after baclofen", UNKNOWN),
        ("rash after amoxicillin", NOT_MET),
        ("", NOT_MET),
    ],
)
def test_the_note_of_an_allergy_may_name_what_its_code_does_not(note: str, truth: Truth) -> None:
    entry = AllergyFact("AllergyIntolerance/1", (coded("sodium-chloride"),), notes=note)
    assert [each.text for each in entry.named] == ["sodium chloride" + (f"; {note}" if note else "")]
    finding = look({"allergy": "baclofen"}, patient(allergies=[entry]))
    assert finding.truth is truth
    if truth is UNKNOWN:
        assert reasons(finding) == [
            "1 entry of the allergy list has a note that may say so, beside a code that does not"
        ]
        assert [each.label for each in finding.evidence] == ["sodium chloride"]
