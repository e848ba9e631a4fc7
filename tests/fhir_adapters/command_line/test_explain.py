"""``primum explain``: the lines of a rule with what they came to."""

import json
import shutil
from pathlib import Path

from tests.fhir_adapters.command_line.conftest import TODAY, Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"


def test_each_line_says_what_it_came_to_and_why(primum: Run, order_sign: Path) -> None:
    shown = primum("explain", "drug-resistant-epilepsy", order_sign, "--today", TODAY)
    assert shown.exit_code == 0
    [line] = [line for line in shown.stdout.splitlines() if " condition: epilepsy-drug-resistant " in line][
        :1
    ]
    assert " met " in line
    assert "Refractory epilepsy" in line
    assert "MET  order: Baclofen" in shown.stdout


def test_an_unknown_line_says_what_was_missing(primum: Run, order_sign: Path) -> None:
    shown = primum("explain", "baclofen-it.kidney-function", order_sign, "--today", TODAY).stdout
    line = next(line for line in shown.splitlines() if "lab: lab-egfr" in line)
    assert "unknown" in line
    assert "no creatinine" in shown


def test_json_carries_the_lines_with_their_places(primum: Run, order_sign: Path) -> None:
    shown = primum("explain", "age-under-4", order_sign, "--today", TODAY, "--format", "json")
    answer = json.loads(shown.stdout)
    [explanation] = answer["explanations"]
    assert answer["patient"] == "Patient/demo-child"
    assert explanation["outcome"] == "met"
    when = next(line for line in explanation["lines"] if line["text"].startswith("when age"))
    assert when["truth"] == "met"
    assert when["position"]["file"].endswith("age-under-4.yaml")


def test_below_the_lines_stands_what_would_have_to_change(primum: Run, order_sign: Path) -> None:
    shown = primum("explain", "age-under-4", order_sign, "--today", TODAY)
    assert (
        shown.stdout.splitlines()[-1] == "No card would appear if the patient's age were not below 4 years."
    )
    told = json.loads(
        primum("explain", "kidney-function", order_sign, "--today", TODAY, "--format", "json").stdout
    )
    first = told["explanations"][0]["would_change"][0]
    assert first["outcome"] == "met"
    assert first["sentence"].startswith("A card would appear if the latest estimated filtration rate")
    assert first["ways"][0][0]["becomes"] == "met"
    assert first["ways"][0][0]["position"]["file"].endswith("kidney-function.yaml")


def test_a_misspelt_rule_is_recognised(primum: Run, order_sign: Path) -> None:
    shown = primum("explain", "kidny-function", order_sign)
    assert shown.exit_code == 2
    assert "Did you mean baclofen-it.kidney-function?" in shown.stderr


def test_a_rule_that_the_hook_does_not_ask_is_said_so(primum: Run, tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text('{"resourceType": "Patient", "id": "1"}', encoding="utf-8")
    shown = primum("explain", "kidney-function", file)
    assert shown.exit_code == 1
    assert "asks at patient-view, but baclofen-it.kidney-function is looked at only at" in shown.stderr


def test_an_unreadable_file_is_one_sentence(primum: Run, tmp_path: Path) -> None:
    shown = primum("explain", "kidney-function", tmp_path / "absent.json")
    assert shown.exit_code == 1
    assert shown.stderr.splitlines() == [
        f"{tmp_path / 'absent.json'}: the file cannot be read (No such file or directory)."
    ]


def test_a_draft_is_looked_at_as_if_it_were_active_and_its_tests_count(
    primum: Run, order_sign: Path, tmp_path: Path
) -> None:
    rules = shutil.copytree(MINI, tmp_path / "rules")
    file = rules / "baclofen-it/warnings/renal-impairment.yaml"
    file.write_text(file.read_text().replace("status: active", "status: draft"), encoding="utf-8")
    shown = primum("explain", "renal-impairment", order_sign, "--rules", rules, "--today", TODAY)
    assert shown.exit_code == 0
    assert "It is a draft: no service looks at it." in shown.stdout
    assert " lab: lab-egfr " in shown.stdout
    asked = ("rules", "test", "--rules", rules, "-k", "renal")
    told = json.loads(primum(*asked, "--coverage", "--format", "json").stdout)
    assert told["conditions"] == 3
    none = primum(*asked[:-1], "nothing-like-it", "--coverage")
    assert none.exit_code == 1
    assert "No rule here has nothing-like-it in its id and has tests that can run." in none.stderr
