"""``primum rules check`` and ``primum rules help``: problems for people, logs, programs and GitHub, and the page of each check."""

import json
import shutil
from pathlib import Path

import pytest

from engine.authoring.checks import CHECKS
from tests.fhir_adapters.command_line.conftest import Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
RULE = "baclofen-it/warnings/renal-impairment.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small rules folder without what checks find in it, and with one late review."""
    copied = shutil.copytree(MINI, tmp_path / "rules")
    shutil.rmtree(copied / "findings")
    exception = "{id: baclofen-it.wrong-route, code: override-reasons-missing, reason: Nothing justifies it.}"
    (copied / "check-exceptions.yaml").write_text(f"exceptions:\n  - {exception}\n", encoding="utf-8")
    return copied


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / RULE).read_text(encoding="utf-8")
    assert old in text
    (folder / RULE).write_text(text.replace(old, new), encoding="utf-8")


def test_a_clean_folder_ends_with_0(primum: Run, folder: Path) -> None:
    shown = primum("rules", "check", "--rules", folder, "--today", "2026-03-01")
    assert shown.stdout == "3 rules in 1 pack: 0 errors, 0 warnings.\n"
    assert shown.exit_code == 0


def test_a_warning_ends_with_1_only_where_it_is_asked_for(primum: Run, folder: Path) -> None:
    change(folder, "title: Reduced kidney function", "title: Epilepsy")
    loose, strict = (
        primum("rules", "check", "--rules", folder, "--today", "2026-03-01", *more)
        for more in ([], ["--strict"])
    )
    assert "warning  title-duplicate" in loose.stdout
    assert (loose.exit_code, strict.exit_code) == (0, 1)


def test_an_error_of_reasoning_ends_with_1_though_the_service_would_start(primum: Run, folder: Path) -> None:
    change(
        folder,
        "unless:\n  procedure: surgery\n  status: planned",
        "unless:\n  any: [{sex: [male]}, {sex: [female, other, unknown]}]",
    )
    shown = primum("rules", "check", "--rules", folder, "--today", "2026-03-01", "--format", "compact")
    assert shown.stdout == f"rules/{RULE}:15:1: error always-true: this is never not met\n"
    assert shown.exit_code == 1


def test_what_is_late_depends_on_the_day(primum: Run, folder: Path) -> None:
    codes = {}
    for day in ("2027-01-01", "2027-01-02", "2027-09-01"):
        told = json.loads(
            primum("rules", "check", "--rules", folder, "--today", day, "--format", "json").stdout
        )
        codes[day] = [(problem["code"], problem["severity"]) for problem in told["problems"]]
    assert codes["2027-01-01"] == []
    assert codes["2027-01-02"] == [("review-overdue", "warning")] * 3
    assert codes["2027-09-01"] == [("review-overdue", "error")] * 3


def test_github_gets_a_mark_at_the_file_inside_the_checkout(
    primum: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(folder, "id: baclofen-it.renal-impairment\n", "id: baclofen-it.renal-impairment\nid: x\n")
    monkeypatch.chdir(folder.parent)
    shown = primum("rules", "check", "--rules", folder, "--format", "github", "--today", "2026-03-01").stdout
    place = f"file=rules/{RULE},line=2,col=1,endColumn=3,title=key-duplicate"
    assert f"::error {place}::id is already on line 1%0Akeep one of the two\n" in shown
    monkeypatch.chdir(Path(__file__).parent)
    shown = primum("rules", "check", "--rules", folder, "--format", "github", "--today", "2026-03-01").stdout
    assert f"file=rules/{RULE}," in shown


def test_a_problem_has_the_id_that_an_exception_names(primum: Run, folder: Path) -> None:
    (folder / "check-exceptions.yaml").write_text("exceptions: []\n", encoding="utf-8")
    told = json.loads(
        primum("rules", "check", "--rules", folder, "--format", "json", "--today", "2026-03-01").stdout
    )
    assert [(problem["subject"], problem["code"]) for problem in told["problems"]] == [
        ("baclofen-it.wrong-route", "override-reasons-missing")
    ]


def test_the_page_of_a_check_is_shown(primum: Run) -> None:
    shown = primum("rules", "help", "never-true")
    assert shown.exit_code == 0
    for words in ("never-true", "Avoid", "Prefer", "Why", "silence is taken for safety"):
        assert words in shown.stdout
    assert "in another encoding" in primum("rules", "help", "file-not-utf8").stdout
    told = json.loads(primum("rules", "help", "never-true", "--format", "json").stdout)
    assert told["page"].startswith("# never-true\n")


def test_a_misspelt_code_is_wrong_usage_and_gets_the_nearest(primum: Run) -> None:
    shown = primum("rules", "help", "never-treu")
    assert (shown.exit_code, shown.stderr) == (2, "There is no check never-treu. Did you mean never-true?\n")
    assert "lists the checks" in primum("rules", "help", "zzz").stderr


def test_all_checks_are_listed(primum: Run) -> None:
    shown = primum("rules", "help").stdout
    assert all(check.code in shown for check in CHECKS)
    told = json.loads(primum("rules", "help", "--format", "json").stdout)
    assert [entry["code"] for entry in told] == [check.code for check in CHECKS]
