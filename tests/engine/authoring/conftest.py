"""A small rules folder that every test may break in its own way."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules

_KEY = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)
MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"


@dataclass(frozen=True)
class Folder:
    """A copy of the small rules folder."""

    path: Path

    def edit(self, file: str, old: str, new: str) -> Folder:
        text = (self.path / file).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        (self.path / file).write_text(text.replace(old, new))
        return self

    def write(self, file: str, text: str | bytes) -> Folder:
        target = self.path / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self

    def merge(self, file: str, text: str) -> Folder:
        """Put the top-level keys of a text in the place of those in a file; a file that is not there is written."""
        target = self.path / file
        parts = _KEY.split(target.read_text(encoding="utf-8") if target.exists() else "") + _KEY.split(text)
        return self.write(file, "".join({part.partition(":")[0]: part for part in parts}.values()))

    def remove(self, file: str) -> Folder:
        (self.path / file).unlink()
        return self

    def load(self) -> Loaded:
        return load_rules(self.path)

    def found(self) -> list[tuple[str, str, int, int]]:
        """Code, file inside the folder, line and column of every problem."""
        return [
            (problem.code, problem.file.removeprefix("rules/"), problem.line, problem.column)
            for problem in self.load().problems
        ]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    shutil.copytree(MINI, tmp_path / "rules")
    return Folder(tmp_path / "rules")


@pytest.fixture(scope="session")
def mini() -> Loaded:
    """The small rules folder as it is."""
    return load_rules(MINI)


@pytest.fixture
def plain(folder: Folder) -> Callable[[str], str]:
    """The small rules folder with one text in one rule, and the problems of that as a person reads them."""

    def read(text: str) -> str:
        folder.write("baclofen-it/warnings/renal-impairment.yaml", text)
        return "\n".join(problem.render() for problem in folder.load().problems)

    return read
