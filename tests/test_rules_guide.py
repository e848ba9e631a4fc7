"""The authoring guide is true: its rule loads, its tests pass, its conditions are conditions, its commands exist."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.authoring.checking import check_rules
from engine.authoring.loading import DEFAULT_FOLDER, load_rules
from engine.authoring.testing import run_tests
from engine.language import GROUPS, NOUNS
from engine.quantity import Quantity
from engine.rule import SuggestionSpec
from engine.wording import BUILT_IN
from fhir_adapters.cli import app

GUIDE = (DEFAULT_FOLDER / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w/.-]+\.yaml)`:\n\n```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
CONDITIONS = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^`]+)` \|$", GUIDE, re.MULTILINE))
RULE = "baclofen-intrathecal/warnings/low-blood-pressure.yaml"
NAME = "baclofen-it.low-blood-pressure"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the rules that ship, with the files of the guide; not released yet, so that no lock is behind."""
    copied = shutil.copytree(
        DEFAULT_FOLDER, tmp_path / "rules", ignore=shutil.ignore_patterns("local", "rules.lock")
    )
    for name, text in FILES.items():
        (copied / name).write_text(text, encoding="utf-8")
    return copied


def test_the_rule_of_the_guide_loads_and_its_tests_pass(folder: Path) -> None:
    assert set(FILES) == {RULE, RULE.replace(".yaml", ".test.yaml")}
    loaded = load_rules(folder)
    assert [problem.code for problem in check_rules(loaded, date(2026, 3, 1))] == []
    report = run_tests(loaded, select="low-blood")
    assert len(report.results) == FILES[RULE.replace(".yaml", ".test.yaml")].count("- name:")
    assert [result.render() for result in report.failed] == []


def test_every_noun_is_in_the_table_with_a_condition_that_loads(folder: Path) -> None:
    assert set(CONDITIONS) == set(NOUNS)
    for noun, example in CONDITIONS.items():
        assert re.match(rf"\{{?{noun}: ", example)
    (folder / "findings").mkdir()
    (folder / "findings/low-pressure.yaml").write_text(
        "id: low-pressure\ntitle: low pressure\nwhen: {condition: hypotension}\n", encoding="utf-8"
    )
    conditions = "\n".join(
        f"    - {example if example.startswith('{') else f'{{{example}}}'}" for example in CONDITIONS.values()
    )
    rule = re.sub(
        r"^when:\n.*?^unless:", f"when:\n  any:\n{conditions}\nunless:", FILES[RULE], flags=re.M | re.S
    )
    rule = re.sub(r"summary: .*", "summary: All nouns", rule)
    (folder / RULE).write_text(rule, encoding="utf-8")
    loaded = load_rules(folder)
    assert [problem.code for problem in loaded.problems] == []
    assert len(loaded.rules.rule(NAME).when.any) == len(NOUNS)  # type: ignore[union-attr]


def test_every_unit_of_the_guide_is_understood() -> None:
    [table] = re.findall(r"^\| One says \|.*?\n\n", GUIDE, re.MULTILINE | re.DOTALL)
    units = re.findall(r"`([^`]+)`", table)
    assert len(units) >= 10
    for unit in units:
        assert Quantity.parse(f"5 {unit}").value == 5, unit


def test_a_site_setting_of_the_guide_is_taken(folder: Path) -> None:
    [setting] = re.findall(r"^```yaml\n(parameters:.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (folder / "local").mkdir()
    (folder / "local/parameters.yaml").write_text(setting, encoding="utf-8")
    loaded = load_rules(folder)
    assert not loaded.broken
    assert loaded.rules.pack_of(loaded.rules.rule(NAME)).parameters["systolic-low"] == "100 mm[Hg]"


def test_groups_actions_and_placeholders_are_all_named() -> None:
    actions = SuggestionSpec.model_fields.keys() - {"label", "code", "recommended"}
    for word in (*GROUPS, *actions, *(f"{{{name}}}" for name in BUILT_IN)):
        assert f"`{word}" in GUIDE, word


def test_every_command_of_the_guide_exists_with_its_options() -> None:
    lines = re.findall(r"^(primum .*?)(?: {2,}#.*)?$", GUIDE, re.MULTILINE)
    lines += re.findall(r"`(primum [^`>]+?)(?: >[^`]*)?`", GUIDE)
    assert len(lines) >= 8
    for line in (line.replace("primum --examples", "primum") for line in lines):
        words = [word for word in line.split()[1:] if re.fullmatch(r"[a-z]+|--?[a-z]+", word)]
        command = [word for word in words if not word.startswith("-")]
        shown = CliRunner(env={"COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"}).invoke(
            app, [*command[: 2 if command[0] in ("rules", "concepts") else 1], "--help"]
        )
        assert shown.exit_code == 0, line
        for option in (word for word in words if word.startswith("-")):
            assert option in shown.stdout, f"{line}: {option}"
