"""The account of a label: nothing unaccounted for, and a new version names the rules to review."""

from pathlib import Path

import pytest

from engine.authoring.folder import Loaded
from engine.authoring.label import LabelChange, fingerprint, label_accounts, label_changes
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from tests.engine.authoring.conftest import Folder

LEAFLET = Path(__file__).resolve().parents[4] / "shared" / "leaflet" / "leaflet.txt"
MINI = Path(__file__).parents[2] / "fixtures" / "rules-mini"
PACK = "baclofen-it"


@pytest.fixture(scope="module")
def shipped() -> Loaded:
    return load_rules(DEFAULT_FOLDER)


def test_a_statement_is_covered_by_a_rule_with_tests_or_by_a_reason() -> None:
    (account,) = label_accounts(load_rules(MINI))
    by_id = {entry.statement.id: entry for entry in account.statements}
    assert by_id["WP-02"].rules[0][0] == "baclofen-it.renal-impairment"
    assert by_id["WP-02"].rules[0][1] > 0
    assert by_id["IN-01"].rules == ()
    assert by_id["IN-01"].covered
    assert account.complete
    assert account.sentences == ()


def test_a_statement_is_covered_by_the_rules_of_its_own_pack(folder: Folder) -> None:
    """Two labels may number their statements alike."""
    for file in ("pack.yaml", "statements.yaml"):
        text = (folder.path / "baclofen-it" / file).read_text()
        folder.write(f"second/{file}", text.replace("id: baclofen-it", "id: second"))
    accounts = {account.pack.id: account for account in label_accounts(folder.load())}
    by_id = {entry.statement.id: entry for entry in accounts["second"].statements}
    assert by_id["WP-02"].rules == ()
    assert not by_id["WP-02"].covered
    assert not accounts["second"].complete
    assert accounts["baclofen-it"].complete


def test_every_sentence_of_the_shipped_label_is_accounted_for(shipped: Loaded) -> None:
    (account,) = (entry for entry in label_accounts(shipped) if entry.pack.id == PACK)
    assert len(account.sentences) == 264
    assert all(sentence.covered for sentence in account.sentences)
    assert len(account.statements) == 90


@pytest.mark.skipif(not LEAFLET.is_file(), reason="needs ../shared/leaflet/leaflet.txt")
def test_the_label_that_the_pack_was_written_for_changes_nothing(shipped: Loaded) -> None:
    assert label_changes(shipped, PACK, LEAFLET.read_text(encoding="utf-8")) == ()


@pytest.mark.skipif(not LEAFLET.is_file(), reason="needs ../shared/leaflet/leaflet.txt")
def test_a_changed_line_names_the_rules_to_review(shipped: Loaded) -> None:
    text = LEAFLET.read_text(encoding="utf-8").replace("under 4 years of age", "under 6 years of age")
    changes = label_changes(shipped, PACK, text)
    assert any(
        "baclofen-it.age-under-4" in change.rules and "PE-01" in change.statements for change in changes
    )
    assert LabelChange(77) in changes


def test_spaces_and_places_do_not_count() -> None:
    assert fingerprint("  if  the patient\thas") == fingerprint("if the patient has")
    assert fingerprint("a") != fingerprint("b")


def test_a_pack_without_an_account_of_sentences_calls_every_line_new() -> None:
    assert label_changes(load_rules(MINI), PACK, "One\n\nTwo\n") == (LabelChange(1), LabelChange(3))
