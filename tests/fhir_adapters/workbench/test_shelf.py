"""The shelf: files are written wholly or not at all, only inside the folder, and never over what someone else has written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fhir_adapters.workbench.shelf import NotWritten, Shelf
from tests.fhir_adapters.workbench.conftest import RULE

TESTS = RULE.replace(".yaml", ".test.yaml")


@pytest.fixture
def rule(folder: Path) -> Path:
    return folder / RULE.removeprefix("rules/")


def test_the_folder_is_read_again_only_when_it_has_changed(shelf: Shelf, rule: Path) -> None:
    before = shelf.rules()
    assert shelf.rules() is before
    rule.write_text(rule.read_text().replace("title: Reduced", "title: Much reduced"))
    assert shelf.rules().rules.rule("baclofen-it.renal-impairment").title.startswith("Much")


def test_a_test_that_changes_is_no_reason_to_read_again(shelf: Shelf, rule: Path) -> None:
    before = shelf.rules()
    tests = rule.with_suffix(".test.yaml")
    tests.write_text(tests.read_text() + "# more\n")
    assert shelf.rules() is before


def test_what_was_just_written_need_not_be_read_again_unless_more_has_changed(
    shelf: Shelf, rule: Path
) -> None:
    before = shelf.rules()
    text = rule.read_text()
    shelf.put(RULE, rule, text + "# more\n", text)
    shelf.took(rule, before)
    assert shelf.rules() is before
    shelf.put(RULE, rule, text, text + "# more\n")
    other = rule.with_name("another.yaml")
    other.write_text("id: nothing\n")
    shelf.took(rule, before)
    assert f"rules/baclofen-it/warnings/{other.name}" in shelf.rules().paths


def test_nothing_is_written_over_another_text(shelf: Shelf, rule: Path) -> None:
    text = rule.read_text()
    for before in (None, text + " "):
        with pytest.raises(NotWritten, match="changed elsewhere"):
            shelf.put(RULE, rule, "new", before)
    assert rule.read_text() == text


def test_a_file_that_came_meanwhile_stays(shelf: Shelf, rule: Path) -> None:
    with pytest.raises(NotWritten, match="changed elsewhere"):
        shelf.put(TESTS, rule.with_suffix(".test.yaml"), "new", None)


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing"])
def test_a_link_out_of_the_folder_is_not_followed(
    shelf: Shelf, rule: Path, tmp_path: Path, there: bool
) -> None:
    outside, link = tmp_path / "outside.yaml", rule.with_name("linked.test.yaml")
    if there:
        outside.write_text("mine\n")
    link.symlink_to(outside)
    with pytest.raises(NotWritten, match="link out of the rules folder"):
        shelf.put("rules/baclofen-it/warnings/linked.test.yaml", link, "new", "mine\n" if there else None)
    assert (outside.read_text() == "mine\n") if there else not outside.exists()


def test_a_name_that_leads_out_of_the_folder_is_not_written(shelf: Shelf, rule: Path, tmp_path: Path) -> None:
    name = "rules/baclofen-it/warnings/../../../outside.test.yaml"
    with pytest.raises(NotWritten):
        shelf.put(name, rule.parent / "../../../outside.test.yaml", "new", None)
    assert not (tmp_path / "outside.test.yaml").exists()


def test_on_a_full_disk_the_old_file_is_whole(shelf: Shelf, rule: Path, full_disk: None) -> None:
    text = rule.read_text()
    with pytest.raises(NotWritten, match="cannot be written"):
        shelf.put(RULE, rule, text + "# more\n", text)
    assert rule.read_text() == text
    assert [path.name for path in rule.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_is_read_only_stays(shelf: Shelf, rule: Path) -> None:
    rule.chmod(0o444)
    with pytest.raises(NotWritten, match="read-only"):
        shelf.put(RULE, rule, "new", rule.read_text())


def test_a_file_that_is_no_text_is_not_written_over(shelf: Shelf, rule: Path) -> None:
    rule.write_bytes(b"title: \xff\n")
    with pytest.raises(NotWritten, match="UTF-8"):
        shelf.put(RULE, rule, "new", "title: \ufffd\n")
    assert rule.read_bytes() == b"title: \xff\n"


def test_ends_of_lines_and_permissions_stay(shelf: Shelf, rule: Path) -> None:
    text = rule.read_text()
    rule.write_bytes(text.replace("\n", "\r\n").encode())
    rule.chmod(0o600)
    shelf.put(RULE, rule, text + "# more\n", text)
    assert rule.read_bytes() == (text + "# more\n").replace("\n", "\r\n").encode()
    assert rule.stat().st_mode & 0o777 == 0o600


def test_a_file_with_the_line_ends_of_old_macs_is_the_one_that_was_read(shelf: Shelf, rule: Path) -> None:
    text = rule.read_text()
    rule.write_bytes(text.replace("\n", "\r").encode())
    shelf.put(RULE, rule, text + "# more\n", text)
    assert rule.read_text() == text + "# more\n"
