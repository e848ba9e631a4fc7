"""Words in which concepts are recognised, and in which they are not."""

import pytest

from engine.concepts import CodedText, Coding
from engine.free_text import names, spoken_of
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
