"""Every check has a page, and the page is true: what to avoid is found, and what to prefer is not.

The examples stand in the small rules folder: each block has a file's name above it, and its keys take the place of those in the file.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from engine.authoring.checking import check_rules
from engine.authoring.checks import CHECKS, Check, versions
from engine.authoring.lock import lock_file, locked_now
from engine.authoring.pages import PAGES, page_of
from engine.authoring.references import NameKind
from tests.engine.authoring.conftest import Folder

TODAY = date(2026, 3, 1)
BLOCK = re.compile(
    r"(?:^`(?P<file>[^`]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?\n)```$", re.MULTILINE | re.DOTALL
)
SECTIONS = re.compile(r"^## (\w+)\n", re.MULTILINE)


def sections(code: str) -> dict[str, str]:
    parts = SECTIONS.split(page_of(code))
    return dict(zip(["Head", *parts[1::2]], parts[::2], strict=True))


def shown(folder: Folder, section: str) -> set[str]:
    """Put the blocks of a section into the folder; the names of their files."""
    files = set()
    for block in BLOCK.finditer(section):
        file, text = block["file"], block["text"]
        if block["kind"] == "sh":
            assert text == "primum rules lock\n"
            lock(folder)
            continue
        (folder.merge if block["kind"] == "yaml" else folder.write)(file, text)
        files.add(f"rules/{file}")
    return files


def lock(folder: Folder) -> None:
    loaded = folder.load()
    for pack in loaded.folders:
        folder.write(lock_file(loaded, pack).removeprefix("rules/"), locked_now(loaded, pack).text)


def found(folder: Folder, check: Check) -> set[str]:
    return {problem.file for problem in check_rules(folder.load(), TODAY) if problem.code == check.code}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_a_page_says_what_to_avoid_what_to_prefer_and_why(check: Check) -> None:
    parts = sections(check.code)
    assert list(parts) == ["Head", "Avoid", "Prefer", "Why"]
    head = [" ".join(part.split()) for part in parts["Head"].strip().split("\n\n")]
    assert head == [
        f"# {check.code}",
        check.sentence,
        f"*{check.severity.capitalize()} · {check.family}*",
    ]
    assert len(parts["Why"].split()) > 10


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_what_a_page_avoids_is_found_and_what_it_prefers_is_not(check: Check, folder: Folder) -> None:
    if type(check).__module__ == versions.__name__:
        lock(folder)
    known = found(folder, check)
    before = {file.relative_to(folder.path): file.read_bytes() for file in folder.path.rglob("*.*")}
    files = shown(folder, sections(check.code)["Avoid"])
    avoided = found(folder, check) - known
    assert avoided, "what is to be avoided is not found"
    for file in folder.path.rglob("*.*"):
        file.unlink()
    for name, content in before.items():
        folder.write(str(name), content)
    files |= shown(folder, sections(check.code)["Prefer"])
    assert not found(folder, check) & (avoided | files), "what is to be preferred is found"


def test_no_page_is_about_a_check_that_is_gone() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} - {"README", "reading"} == {
        check.code for check in CHECKS
    }


def test_the_index_lists_every_check_with_its_severity_and_sentence() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for check in CHECKS:
        severity = f"{check.severity}, *load*" if check.on_load else check.severity
        assert f"| [`{check.code}`]({check.code}.md) | {severity} | {check.sentence} |\n" in index


def test_what_is_found_on_reading_is_explained_too() -> None:
    golden = Path(__file__).resolve().parents[2] / "fixtures"
    texts = [(golden / f"broken-{what}.txt").read_text(encoding="utf-8") for what in ("rules", "tests")]
    codes = {code for text in texts for code in re.findall(r"^! \S+ ([a-z0-9-]+) ", text, re.MULTILINE)}
    codes |= {f"unknown-{kind}" for kind in get_args(NameKind)}
    assert len(codes) > 20
    for code in codes:
        assert page_of(code).startswith(f"# {code}\n"), code
        assert len(page_of(code).split()) > 6, code
