"""What a change means where the rule itself says the same: another name, another statement of the label, a test; and the opposite."""

from __future__ import annotations

import pytest

from engine.authoring.changes import rule_changes
from engine.authoring.folder import Loaded
from engine.authoring.versions import Bump
from tests.engine.authoring.conftest import Folder

EPILEPSY = "baclofen-it/monitoring/epilepsy.yaml"
KIDNEY = "baclofen-it/warnings/renal-impairment.yaml"


def said(old: Loaded, new: Loaded) -> list[tuple[str, str, Bump]]:
    return [(change.rule, *words) for change in rule_changes(old, new) for words in change.said]


def test_a_rule_with_another_name_is_gone_and_new_and_both_say_so(folder: Folder, mini: Loaded) -> None:
    for ending in ("yaml", "test.yaml"):
        place = folder.path / f"baclofen-it/monitoring/epilepsy.{ending}"
        place.rename(place.with_name(f"seizures.{ending}"))
    folder.edit("baclofen-it/monitoring/seizures.yaml", "baclofen-it.epilepsy", "baclofen-it.seizures")
    assert said(mini, folder.load()) == [
        ("baclofen-it.epilepsy", "is gone: its name is baclofen-it.seizures now", Bump.NONE),
        (
            "baclofen-it.seizures",
            "is baclofen-it.epilepsy under another name, which stored decisions do not know",
            Bump.NONE,
        ),
    ]


def test_a_statement_that_reads_otherwise_is_said_of_the_rules_that_follow_it(
    folder: Folder, mini: Loaded
) -> None:
    folder.edit("baclofen-it/statements.yaml", "Epilepsy needs care.", "Epilepsy needs great care.")
    words = "the label's statement WP-01, which it follows, reads otherwise now"
    assert said(mini, folder.load()) == [("baclofen-it.epilepsy", words, Bump.NONE)]


def test_another_statement_is_other_words(folder: Folder, mini: Loaded) -> None:
    folder.edit("baclofen-it/statements.yaml", "id: WP-01", "id: WP-11")
    folder.edit(EPILEPSY, "statement: WP-01", "statement: WP-11")
    assert said(mini, folder.load()) == [("baclofen-it.epilepsy", "other words: sources", Bump.PATCH)]


def test_another_test_is_no_change(folder: Folder, mini: Loaded) -> None:
    folder.edit(EPILEPSY.replace(".yaml", ".test.yaml"), "a past epilepsy is not", "an old one is not")
    assert said(mini, folder.load()) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (
            EPILEPSY,
            "    - condition: epilepsy\n",
            "    - none: [condition: epilepsy]\n",
            "asks the opposite, that it is not so that the patient has epilepsy",
        ),
        (
            KIDNEY,
            "    - condition: chronic-kidney-disease\n",
            "    - none: [condition: chronic-kidney-disease]\n",
            "asks the opposite, that it is not so that the patient has chronic kidney disease",
        ),
    ],
)
def test_a_condition_that_is_turned_round_is_the_opposite(
    folder: Folder, mini: Loaded, file: str, old: str, new: str, words: str
) -> None:
    folder.edit(file, old, new)
    there = folder.load()
    [(rule, told, bump)] = said(mini, there)
    assert (told, bump) == (words, Bump.MAJOR)
    [(_, back, _)] = said(there, mini)
    assert back.startswith("asks the opposite, that the patient has")
    assert rule == f"baclofen-it.{file.rpartition('/')[2].removesuffix('.yaml')}"


MEASUREMENTS = "concepts/measurements.yaml"
CODE = "        - {code: 62238-1, display: CKD-EPI, seen: tests/fixtures}\n"


@pytest.mark.parametrize(("pick", "bump"), [("", Bump.MAJOR), ("      pick: any\n", Bump.MINOR)])
def test_a_code_of_a_value_takes_cards_away_where_the_latest_value_decides(
    folder: Folder, pick: str, bump: Bump
) -> None:
    folder.edit(KIDNEY, "      as: egfr\n", f"      as: egfr\n{pick}")
    before = folder.load()
    folder.edit(MEASUREMENTS, CODE, f"{CODE}        - {{code: 33914-3, seen: here}}\n")
    words = "concept lab-egfr now also counts loinc 33914-3"
    assert said(before, folder.load()) == [("baclofen-it.renal-impairment", words, bump)]


def test_a_code_of_what_a_noun_weighs_without_naming_it_takes_cards_away(folder: Folder) -> None:
    states = "".join(
        f"  {name}:\n    title: {name}\n    codes: {{loinc: [{{code: {number}-1, seen: here}}]}}\n"
        for number, name in enumerate(("pregnancy", "not-pregnant", "pregnancy-possible"), 1)
    )
    folder.write("concepts/pregnancy.yaml", f"concepts:\n{states}")
    folder.edit(EPILEPSY, "    - condition: epilepsy\n", "    - pregnancy: current\n")
    before = folder.load()
    folder.edit(
        "concepts/pregnancy.yaml",
        "{code: 2-1, seen: here}",
        "{code: 2-1, seen: here}, {code: 4-1, seen: here}",
    )
    words = "concept not-pregnant now also counts loinc 4-1"
    assert said(before, folder.load()) == [("baclofen-it.epilepsy", words, Bump.MAJOR)]


def test_the_strength_of_a_products_code_is_told(folder: Folder, mini: Loaded) -> None:
    code = '{code: "197391", display: baclofen 10 MG Oral Tablet'
    folder.edit("concepts/products.yaml", code, f"{code}, strength: 2 mg/mL")
    found = {told for _, told, _ in said(mini, folder.load())}
    assert found == {
        "concept baclofen-oral-product now also counts rxnorm 197391 of 2 mg/mL and no longer counts rxnorm 197391"
    }


def test_words_beside_which_those_of_a_concept_name_nothing_are_told(folder: Folder) -> None:
    before = folder.load()
    folder.edit(
        "concepts/products.yaml", "texts: [intrathec]", "texts: [intrathec]\n    texts_unless: [drug]"
    )
    after = folder.load()
    for old, new, words in (
        (before, after, "is no longer named by its words"),
        (after, before, "is named by its words also"),
    ):
        found = said(old, new)
        assert {told for _, told, _ in found} == {f"concept route-intrathecal {words} beside drug"}
        assert new is before or {bump for *_, bump in found} == {Bump.MAJOR}
