"""A rule file with another text: the same problems as if it had been saved, and nothing else read again."""

from __future__ import annotations

import pytest

from engine.authoring.edits import edited, files_of_rules, with_text
from engine.authoring.loading import load_rules
from engine.authoring.lock import locked_now
from tests.engine.authoring.conftest import Folder

RULE = "rules/baclofen-it/warnings/renal-impairment.yaml"
INSIDE = RULE.removeprefix("rules/")


@pytest.fixture
def loaded(folder):
    return folder.load()


def text_of(folder: Folder) -> str:
    return (folder.path / INSIDE).read_text()


def test_the_text_of_the_folder_is_the_rule_of_the_folder(folder, loaded):
    edit = edited(loaded, RULE, text_of(folder))
    assert edit.usable
    assert edit.problems == ()
    assert edit.rule == loaded.rules.rule("baclofen-it.renal-impairment")
    assert edit.loaded.rules == loaded.rules


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lab: lab-egfr", "lab: lab-egrf"),
        ("below:", "beneath:"),
        ("kind: warning", "kind: warnung"),
        ("WP-02", "WP-99"),
        ("id: baclofen-it.renal-impairment", "id: baclofen-it.epilepsy"),
        ("id: baclofen-it.renal-impairment", "id: baclofn-it.renal-impairment"),
        ("hooks: [", "hooks: [["),
        ("medicine: baclofen-intrathecal", "medicine: baclofen-intrathecl"),
        ("{egfr.value}", "{egrf.value}"),
    ],
)
def test_a_mistake_is_found_as_if_the_file_had_been_saved(folder, loaded, old, new):
    text = text_of(folder)
    assert old in text
    mistaken = text.replace(old, new, 1)
    folder.write(INSIDE, mistaken)
    saved = [problem for problem in load_rules(folder.path).problems if problem.file == RULE]
    edit = edited(loaded, RULE, mistaken)
    assert [*edit.problems] == saved
    assert edit.problems
    assert not edit.usable


def test_another_limit_is_another_rule_and_the_others_stay(folder, loaded):
    edit = edited(loaded, RULE, text_of(folder).replace("title: ", "title: Very ", 1))
    assert edit.rule is not None
    assert edit.rule.title.startswith("Very ")
    assert edit.loaded.rules.rule(edit.rule.id) is edit.rule
    assert len(edit.loaded.rules.rules) == len(loaded.rules.rules)
    assert edit.loaded.document(edit.rule.id).text.count("title: Very") == 1


def test_a_text_that_is_no_rule_leaves_the_folder_without_it(loaded):
    edit = edited(loaded, RULE, "hooks: [\n")
    assert edit.rule is None
    assert "baclofen-it.renal-impairment" not in edit.loaded.files


def test_a_rule_that_could_not_be_read_can_be_mended(folder):
    good = text_of(folder)
    folder.write(INSIDE, "hooks: [\n")
    broken = folder.load()
    assert RULE in files_of_rules(broken)["baclofen-it"]
    assert edited(broken, RULE, good).usable


def test_the_files_of_rules_are_neither_tests_nor_the_accounts_of_the_pack(loaded):
    files = files_of_rules(loaded)
    assert list(files) == ["baclofen-it"]
    assert set(files["baclofen-it"]) == set(loaded.files.values())


def test_a_rule_belongs_to_the_nearest_pack_above_it(folder):
    pack = (folder.path / "baclofen-it/pack.yaml").read_text()
    folder.write("baclofen-it/extra/pack.yaml", pack.replace("id: baclofen-it", "id: extra"))
    folder.write(
        "baclofen-it/extra/new.yaml", text_of(folder).replace("baclofen-it.renal-impairment", "extra.new")
    )
    inner = "rules/baclofen-it/extra/new.yaml"
    loaded = folder.load()
    text = (folder.path / "baclofen-it/extra/new.yaml").read_text()
    found = edited(loaded, inner, text.replace("extra.new", "extra.old"))
    assert [
        (problem.code, problem.help) for problem in found.problems if problem.code == "id-not-filename"
    ] == [("id-not-filename", "write  id: extra.new  or rename the file")]


def test_the_whole_folder_says_what_a_text_means_for_others(folder, loaded):
    renamed = text_of(folder).replace("id: baclofen-it.renal-impairment", "id: baclofen-it.wrong-route", 1)
    everywhere = with_text(loaded, RULE, renamed)
    folder.write(INSIDE, renamed)
    assert everywhere.problems == load_rules(folder.path).problems
    assert everywhere.problems


def test_the_whole_folder_keeps_what_could_not_be_read_elsewhere(folder):
    folder.write("baclofen-it/monitoring/epilepsy.yaml", "hooks: [\n")
    loaded = folder.load()
    assert with_text(loaded, RULE, text_of(folder)).problems == loaded.problems
    unreadable = with_text(loaded, RULE, "hooks: [\n")
    assert {problem.file for problem in unreadable.problems} == {
        RULE,
        "rules/baclofen-it/monitoring/epilepsy.yaml",
    }


def test_a_version_that_was_not_raised_yet_does_not_keep_a_rule_from_being_tried(folder):
    folder.write("baclofen-it/rules.lock", locked_now(folder.load(), "baclofen-it").text)
    loaded = folder.load()
    longer = edited(loaded, RULE, text_of(folder).replace("within: 12 months", "within: 6 months"))
    assert [problem.code for problem in longer.problems] == ["changed-without-version"]
    assert longer.usable
    broken = edited(loaded, RULE, text_of(folder).replace("within: 12 months", "within: 12 mouths"))
    assert not broken.usable


def test_a_site_s_adjustment_of_the_old_text_is_left_out_while_the_rule_is_edited(folder):
    entry = "{set: {status: retired}, reason: Ours., approved_by: drug committee, until: 2030-01-01}"
    lines = [f"  baclofen-it.{name}: {entry}" for name in ("renal-impairment", "epilepsy")]
    folder.write("local/adjustments.yaml", "\n".join(["adjustments:", *lines]))
    found = edited(folder.load(), RULE, text_of(folder))
    assert list(found.loaded.rules.adjustments) == ["baclofen-it.epilepsy"]
