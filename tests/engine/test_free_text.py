"""Words in which concepts are recognised, and in which they are not."""

import pytest

from engine.concepts import CodedText, Coding
from engine.free_text import names, names_ingredient, spoken_of
from tests.engine.builders import CONCEPTS


@pytest.mark.parametrize(
    ("spoken", "named"),
    [
        ("Intravenously", True),
        ("central intravenous line", True),  # a longer word may stand anywhere
        ("i.v.", True),
        ("IV push", True),
        ("(iv)", True),
        ("give", False),  # an abbreviation does not stand within a word
        ("ivory", False),
        ("i v", False),
        ("not intravenously", False),
        ("never give it intravenously", False),
        ("not for any length of time intravenously", True),  # too far away to be sure of what is denied
        ("nothing intravenously", True),
        ("not i.v., but i.v.", True),  # denied once, named once
        ("nie IV", False),
        ("ikke intravenøst; intravenøst", True),
        ("", False),
    ],
)
def test_words_name_a_concept_unless_they_are_denied(spoken: str, named: bool) -> None:
    assert names(CONCEPTS, "intravenous", spoken) is named


def test_the_words_beside_a_code_are_read_too() -> None:
    codings = (Coding("urn:oid:1.2.3", "7", "Intrathecal"), Coding("urn:oid:1.2.3", "8"))
    assert spoken_of(CodedText(codings, "by pump")) == "by pump; Intrathecal"
    assert spoken_of(CodedText(codings[1:])) == ""


@pytest.mark.parametrize(
    ("spoken", "named"),
    [
        ("Morphine sulfate 10 mg/mL, preservative-free", True),
        ("MORPHINE inj.", True),
        ("paracetamol/morphine", True),
        ("apomorphine", False),  # another word
        ("morphines", False),
        ("morphin", False),
        ("an old name", False),  # more than one word
        ("no morphine", False),
        ("Morphine: none", False),
        ("patient is not on any of these: tramadol, morphine", False),
        ("stop morphine", False),
        ("Morphine - stopped in May", False),
        ("morphine discontinued", False),
        ("withhold morphine", False),
        ("allergic to morphine", False),
        ("Morphine intolerance", False),
        ("avoid morphine", False),
        ("morphine-naive", False),
        ("former morphine use", False),
        ("history of morphine use", False),
        ("paracetamol instead of morphine", False),
        ("switched from morphine", False),
        ("naloxone, for morphine overdose", False),
        ("mother takes morphine", False),
        ("family history: morphine", False),
        ("bez morfiny, morphine odstawiona", False),
        ("Morphine abgesetzt", False),
        ("uten morphine", False),
        ("", False),
    ],
)
def test_a_medicine_is_known_by_the_name_of_its_ingredient_unless_anything_in_the_text_may_deny_it(
    spoken: str, named: bool
) -> None:
    assert names_ingredient(CONCEPTS, "opioids", spoken) is named
