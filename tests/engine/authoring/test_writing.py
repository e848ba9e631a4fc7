"""Files of authors are written wholly or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.authoring.writing import write_whole


def test_files_are_written_as_given(tmp_path: Path) -> None:
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text("before")
    old.chmod(0o640)
    archive = tmp_path / "pack.tar"
    write_whole({old: "a\r\nb\n", new: "é\n", archive: b"\xff\0"})
    assert (old.read_bytes(), new.read_bytes()) == (b"a\r\nb\n", "é\n".encode())
    assert archive.read_bytes() == b"\xff\0"
    assert old.stat().st_mode & 0o777 == 0o640
    assert {*tmp_path.iterdir()} == {old, new, archive}


def test_on_a_full_disk_every_file_stays_as_it_was(tmp_path: Path, full_disk: None) -> None:
    short, long = tmp_path / "a.yaml", tmp_path / "b.yaml"
    short.write_text("before")
    with pytest.raises(OSError, match=r"b\.yaml") as raised:
        write_whole({short: "after", long: "x" * 99})
    assert raised.value.filename == str(long)
    assert short.read_text() == "before"
    assert [*tmp_path.iterdir()] == [short]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "there" / "rule.yaml", tmp_path / "rule.yaml"
    target.parent.mkdir()
    link.symlink_to(target)
    write_whole({link: "text"})
    assert link.is_symlink()
    assert target.read_text() == "text"


def test_a_read_only_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rule.yaml"
    file.write_text("before")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(PermissionError, match="read-only"):
        write_whole({file: "after"})
    assert file.read_text() == "before"
