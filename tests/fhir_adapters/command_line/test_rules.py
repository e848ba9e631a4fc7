"""``primum rules``: what is wrong in a rules folder, and how its tests end."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from engine.authoring.loading import DEFAULT_FOLDER
from tests.fhir_adapters.command_line.conftest import Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
RULE = "baclofen-intrathecal/warnings/kidney-function.yaml"
CASES = "baclofen-intrathecal/warnings/kidney-function.test.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the rules that ship, to break."""
    return shutil.copytree(DEFAULT_FOLDER, tmp_path / "rules")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_the_rules_that_ship_hold_no_errors(primum: Run) -> None:
    shown = primum("rules", "check")
    assert shown.exit_code == 0, shown.stdout
    assert ": 0 errors" in shown.stdout


def test_a_problem_is_shown_with_place_lines_reason_and_mend(primum: Run, folder: Path) -> None:
    change(folder / RULE, "indicator: warning", "indikator: warning")
    shown = primum("rules", "check", "--rules", folder)
    assert shown.exit_code == 1
    assert f"rules/{RULE}:" in shown.stdout
    assert "indikator: warning" in shown.stdout
    assert "^^^" in shown.stdout
    assert "help: " in shown.stdout


def test_problems_are_data_too(primum: Run, folder: Path) -> None:
    change(folder / RULE, "condition: renal-impairment", "condition: renal-impairmint")
    shown = primum("rules", "check", "--rules", folder, "--format", "json")
    problem = next(p for p in json.loads(shown.stdout)["problems"] if p["code"] == "unknown-concept")
    assert problem["file"] == f"rules/{RULE}"
    assert problem["help"] == "did you mean renal-impairment?"
    assert problem["line"] > 1
    assert shown.exit_code == 1


def test_a_folder_that_is_not_there_is_wrong_usage(primum: Run, tmp_path: Path) -> None:
    shown = primum("rules", "check", "--rules", tmp_path / "absent")
    assert shown.exit_code == 2
    assert "There is no folder" in shown.stderr


def test_rules_with_errors_check_nobody(primum: Run, folder: Path, order_sign: Path) -> None:
    change(folder / RULE, "indicator: warning", "indikator: warning")
    shown = primum("check", order_sign, "--rules", folder)
    assert shown.exit_code == 1
    assert "primum rules check" in shown.stderr
    assert shown.stdout == ""


@pytest.mark.parametrize(
    "command",
    [
        ("describe", "renal-impairment"),
        ("registration",),
        ("rules", "lock"),
        ("rules", "test"),
    ],
    ids=" ".join,
)
def test_the_command_to_copy_reads_the_same_folder(
    primum: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    mine = Path(shutil.copytree(MINI, tmp_path / "my rules"))
    change(mine / "baclofen-it/warnings/renal-impairment.yaml", "indicator: warning", "indikator: warning")
    shown = primum("--examples", *command, "--rules", mine)
    assert shown.exit_code
    told = shown.stderr.partition("errors")[2].partition(":  primum ")[2].partition("  lists them.")[0]
    assert shlex.split(told) == ["--examples", "rules", "check", "--rules", str(mine)]
    assert "indikator" in primum(*shlex.split(told)).stdout


def test_the_tests_beside_a_rule_are_run(primum: Run) -> None:
    shown = primum("rules", "test", "-k", "kidney-function")
    assert shown.exit_code == 0, shown.stdout
    assert " of 1 rule: " in shown.stdout
    assert "0 failed" in shown.stdout


def test_a_failed_test_says_what_came_instead_and_why(primum: Run, folder: Path) -> None:
    change(folder / RULE, 'summary: "Reduced kidney function', 'summary: "Weak kidneys')
    shown = primum("rules", "test", "--rules", folder, "-k", "kidney-function")
    assert shown.exit_code == 1
    assert "Weak kidneys" in shown.stdout
    assert f"rules/{CASES}:" in shown.stdout


def test_how_each_test_ended_is_data_too(primum: Run) -> None:
    told = json.loads(primum("rules", "test", "-k", "kidney-function", "--format", "json").stdout)
    assert told["problems"] == []
    assert {test["file"] for test in told["tests"]} == {f"rules/{CASES}"}
    assert all(test["passed"] and test["failures"] == [] for test in told["tests"])


def test_running_no_test_is_a_failure(primum: Run) -> None:
    shown = primum("rules", "test", "-k", "nothing is called like this")
    assert shown.exit_code == 1
    assert "No test ran." in shown.stdout
