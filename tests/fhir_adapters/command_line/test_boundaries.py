"""``primum rules boundaries``: the cases at the limits of a rule, and those that become tests."""

import json
import shutil
from pathlib import Path

import pytest

from tests.fhir_adapters.command_line.conftest import TODAY, Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
TESTS = "baclofen-it/warnings/renal-impairment.test.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI, tmp_path / "rules"))


def test_the_table_says_what_came_out_at_each_limit(primum: Run, folder: Path) -> None:
    shown = primum("rules", "boundaries", "renal-impairment", "--rules", folder)
    assert shown.exit_code == 0
    rows = [line for line in shown.stdout.splitlines() if "eGFR of" in line]
    assert " met " in rows[0]
    assert " warning " in rows[0]
    assert "59 mL/min/1.73m2" in rows[0]
    assert "60 mL/min/1.73m2" in rows[1]
    assert " not met " in rows[1]
    assert "line 11: the latest eGFR in the last 12 months is below 60 mL/min/1.73m2" in shown.stdout
    assert shown.stdout.splitlines()[-1].endswith("whether it ought to is for you to say.")


def test_json_carries_the_cases_with_their_requests(primum: Run, folder: Path) -> None:
    shown = primum(
        "rules", "boundaries", "renal-impairment", "--rules", folder, "--format", "json", "--requests"
    )
    told = json.loads(shown.stdout)
    case = next(
        each for each in told["cases"] if each["name"] == "eGFR of 59 mL/min/1.73m2 means a card (warning)"
    )
    assert (told["rule"], told["today"]) == ("baclofen-it.renal-impairment", TODAY)
    assert (case["path"], case["side"], case["outcome"], case["card"]) == (
        "when.any.1",
        "inside",
        "met",
        "warning",
    )
    (observation,) = case["request"]["prefetch"]["labs"]["entry"]
    assert observation["resource"]["valueQuantity"]["value"] == 59


def test_the_numbered_cases_become_tests(primum: Run, folder: Path) -> None:
    before = (folder / TESTS).read_text()
    shown = primum("rules", "boundaries", "renal-impairment", "--rules", folder, "--write", "1-2, 6")
    assert shown.stderr.splitlines()[-1].startswith("3 tests added to ")
    assert (folder / TESTS).read_text().startswith(before)
    assert "10 tests of 1 rule: 10 passed" in primum("rules", "test", "--rules", folder, "-k", "renal").stdout
    again = primum("rules", "boundaries", "renal-impairment", "--rules", folder, "--write", "1-2, 6")
    assert "added" not in again.stderr


def test_all_that_are_new_become_tests(primum: Run, folder: Path) -> None:
    primum("rules", "boundaries", "renal-impairment", "--rules", folder, "--write", "all")
    shown = primum("rules", "boundaries", "renal-impairment", "--rules", folder)
    assert " 0 of them not among the tests." in shown.stdout


def test_asked_case_by_case_only_what_is_right_becomes_a_test(primum: Run, folder: Path) -> None:
    shown = primum(
        "rules", "boundaries", "renal-impairment", "--rules", folder, "--confirm", input="y\nn\ny\nq\n"
    )
    assert "2 tests added" in shown.stderr
    assert primum("rules", "test", "--rules", folder, "-k", "renal").exit_code == 0


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1,x", "--write takes numbers such as 1,3-5, or all; 'x' is neither."),
        ("0", "There is no case 0"),
        ("900", "There is no case 900"),
    ],
)
def test_a_number_that_is_none_changes_nothing(primum: Run, folder: Path, written: str, said: str) -> None:
    before = (folder / TESTS).read_text()
    shown = primum("rules", "boundaries", "renal-impairment", "--rules", folder, "--write", written)
    assert shown.exit_code == 2
    assert said in shown.stderr
    assert (folder / TESTS).read_text() == before


def test_a_file_to_which_nothing_can_be_added_is_left_alone(primum: Run, folder: Path) -> None:
    (folder / TESTS).write_text("today: 2026-03-01\ntests: [{name: one, expect: unknown}]\n")
    shown = primum("rules", "boundaries", "renal-impairment", "--rules", folder, "--write", "all")
    assert shown.exit_code == 1
    assert "Nothing can be added to this file" in shown.stderr


def test_a_rule_without_a_condition_says_that_it_has_no_boundary(primum: Run, folder: Path) -> None:
    file = folder / "baclofen-it/monitoring/epilepsy.yaml"
    when = "when:\n  all:\n    - condition: epilepsy\n    - age: {at_or_above: 4 years}\n"
    file.write_text(file.read_text().replace(when, ""))
    shown = primum("rules", "boundaries", "epilepsy", "--rules", folder)
    assert shown.exit_code == 1
    assert "has no condition" in shown.stderr
