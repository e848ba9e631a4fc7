"""Nothing that lies in a rules folder is passed over without a word: a rule that is not loaded is a card that nobody sees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.authoring.loading import load_rules

RULE = "baclofen-it/warnings/renal-impairment.yaml"


def unreadable(folder) -> list[tuple[str, str]]:
    return [(p.file, p.message) for p in folder.load().problems if p.code == "file-unreadable"]


def test_links_that_lead_nowhere_or_in_a_circle_are_errors(folder):
    (folder.path / "baclofen-it/warnings/lost.yaml").symlink_to("nothing.yaml")
    (folder.path / "baclofen-it/circle.md").symlink_to("circle.md")
    assert unreadable(folder) == [
        ("rules/baclofen-it/circle.md", "this link leads nowhere"),
        ("rules/baclofen-it/warnings/lost.yaml", "this link leads nowhere"),
    ]
    assert folder.load().broken


def test_a_link_to_a_file_is_read_like_the_file(folder):
    (folder.path.parent / "elsewhere.yaml").write_bytes((folder.path / RULE).read_bytes())
    (folder.path / RULE).unlink()
    (folder.path / RULE).symlink_to(folder.path.parent / "elsewhere.yaml")
    loaded = folder.load()
    assert not loaded.broken
    assert "baclofen-it.renal-impairment" in loaded.files


def test_a_link_to_a_folder_is_not_followed_and_says_so(folder):
    (folder.path / "baclofen-it/warnings").rename(folder.path.parent / "warnings")
    (folder.path / "baclofen-it/warnings").symlink_to("../../warnings")
    (folder.path / "baclofen-it/again").symlink_to(".")
    assert unreadable(folder) == [
        ("rules/baclofen-it/again", "links to folders are not followed"),
        ("rules/baclofen-it/warnings", "links to folders are not followed"),
    ]


def test_a_folder_with_the_name_of_a_file_and_what_is_neither_are_errors(folder):
    (folder.path / "baclofen-it/new.yaml").mkdir()
    os.mkfifo(folder.path / "baclofen-it/pipe.yaml")
    assert unreadable(folder) == [
        ("rules/baclofen-it/new.yaml", "this is a folder, and has the name of a file"),
        ("rules/baclofen-it/pipe.yaml", "this is neither a file nor a folder"),
    ]


def test_a_name_that_is_no_text_is_an_error_that_can_be_printed(folder):
    (folder.path / "baclofen-it" / os.fsdecode(b"r\xe8gle.yaml")).write_text("id: x\n", encoding="utf-8")
    [(file, message)] = unreadable(folder)
    assert (file, message) == ("rules/baclofen-it/r�gle.yaml", "the name is not UTF-8")


def test_a_folder_that_may_not_be_read_is_an_error_and_hides_no_name(folder, monkeypatch):
    def scandir(path="."):
        if str(path).endswith("rules/concepts"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    listed = os.scandir
    monkeypatch.setattr(os, "scandir", scandir)
    assert unreadable(folder) == [("rules/concepts", "the folder cannot be read (PermissionError)")]
    assert "unknown-concept" not in {problem.code for problem in folder.load().problems}


def test_a_file_of_which_nothing_can_be_known_is_an_error(folder, monkeypatch):
    def stat(path: Path, **more):
        if path.name == "renal-impairment.yaml":
            raise PermissionError(13, "Permission denied")
        return known(path, **more)

    known = Path.stat
    monkeypatch.setattr(Path, "stat", stat)
    assert unreadable(folder) == [(f"rules/{RULE}", "it cannot be read (PermissionError)")]


def test_a_site_folder_that_is_not_there_is_an_error(folder, tmp_path):
    [problem] = load_rules(folder.path, local=tmp_path / "misspelt").problems
    assert (problem.file, problem.message) == ("rules/local", "there is no such folder")


@pytest.mark.parametrize("name", [".hidden.yaml", ".git/config", "schema/odd.yaml/x"])
def test_what_is_hidden_or_not_read_is_no_problem(folder, name):
    folder.write(name, "x")
    assert folder.load().problems == ()
