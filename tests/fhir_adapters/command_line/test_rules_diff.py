"""``primum rules diff``: a change in words, whose cards change, and whether the version was raised far enough."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fhir_adapters.command_line.conftest import TODAY, Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
RULE = "baclofen-it/monitoring/epilepsy.yaml"
FEW = ("--pumps", "20", "--today", TODAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small rules folder, to change."""
    return shutil.copytree(MINI, tmp_path / "rules")


def change(folder: Path, old: str, new: str, file: str = RULE) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_change_is_told_with_patients_and_version(primum: Run, folder: Path) -> None:
    change(folder, "4 years", "50 years")
    shown = primum("rules", "diff", MINI, "--rules", folder, *FEW)
    assert shown.exit_code == 1
    assert "baclofen-it.epilepsy  1.0.0 → 1.0.0" in shown.stdout
    assert "no longer fires between 4 years and 50 years" in shown.stdout
    assert (
        "no longer gets the card: 2 tests (epilepsy is mentioned when the medicine is ordered;"
        in shown.stdout
    )
    assert "in 1,000 generated situations (pump patient " in shown.stdout
    assert "calls for major; the version was not raised" in shown.stdout
    assert "1 rule changed, 1 not raised far enough; asked about 80 generated situations, " in shown.stdout


def test_a_version_raised_as_the_change_asks_is_enough(primum: Run, folder: Path) -> None:
    change(folder, "4 years", "50 years")
    change(folder, "version: 1.0.0", "version: 2.0.0")
    shown = primum("rules", "diff", MINI, "--rules", folder, *FEW, "--format", "json")
    assert shown.exit_code == 0
    [rule] = json.loads(shown.stdout)["rules"]
    assert (rule["called_for"], rule["made"], rule["enough"]) == ("major", "major", True)
    [lost] = rule["generated"]
    assert lost["effect"] == "no longer gets the card"
    assert lost["per_1000"] == lost["count"] * 1000 / 80
    assert len(lost["examples"]) == min(lost["count"], 3)


def test_patients_may_ask_for_more_than_the_words(primum: Run, folder: Path) -> None:
    """A new case of one rule takes the card of another away, which yields to it: nothing in its own file has changed but words."""
    change(folder, "if_unknown", "yields_to: [baclofen-it.renal-impairment]\nif_unknown")
    before = shutil.copytree(folder, folder.parent / "before" / "rules")
    change(folder, "watch for", "look for")
    change(
        folder,
        "- condition: chronic",
        "- condition: epilepsy\n    - condition: chronic",
        "baclofen-it/warnings/renal-impairment.yaml",
    )
    shown = primum("rules", "diff", before, "--rules", folder, *FEW, "--format", "json")
    told = {rule["rule"]: rule for rule in json.loads(shown.stdout)["rules"]}
    epilepsy = told["baclofen-it.epilepsy"]
    assert [said["bump"] for said in epilepsy["changes"]] == ["patch"]
    assert epilepsy["called_for"] == "major"
    assert "no longer gets the card" in {entry["effect"] for entry in epilepsy["generated"]}


def test_nothing_changed(primum: Run, folder: Path) -> None:
    shown = primum("rules", "diff", MINI, "--rules", folder)
    assert shown.exit_code == 0
    assert (
        shown.stdout
        == "0 rules changed, 0 not raised far enough; asked about 0 generated situations, 0 cases at limits and 0 tests.\n"
    )


def test_of_a_rule_that_is_gone_it_says_who_loses_the_card(primum: Run, folder: Path) -> None:
    for ending in (".yaml", ".test.yaml"):
        (folder / RULE.replace(".yaml", ending)).unlink()
    statements = "baclofen-it/statements.yaml"
    change(folder, "Epilepsy needs care.", "Epilepsy needs care., no_rule: Nobody asks.", statements)
    shown = primum("rules", "diff", MINI, "--rules", folder, *FEW)
    assert shown.exit_code == 1
    assert "is gone: nobody gets its card; bring it back" in shown.stdout
    assert "no longer gets the card: 2 tests (epilepsy is mentioned" in shown.stdout
    assert "calls for major; the rule is gone" in shown.stdout
    back = primum("rules", "diff", folder, "--rules", MINI, *FEW)
    assert back.exit_code == 0
    assert "now gets the card: 2 tests (epilepsy is mentioned" in back.stdout


def test_what_a_site_keeps_is_left_out(primum: Run, folder: Path) -> None:
    (folder / "local").mkdir()
    site = "parameters: {baclofen-it: {kidney-limit: {value: 45 mL/min/1.73m2, note: Ours.}}}"
    (folder / "local/parameters.yaml").write_text(site, encoding="utf-8")
    assert primum("rules", "diff", MINI, "--rules", folder).stdout.startswith("0 rules changed")


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_base_may_be_a_revision(primum: Run, folder: Path) -> None:
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "-m", "before")
    change(folder, "watch for", "look for")
    shown = primum("rules", "diff", "HEAD", "--rules", folder, "--pumps", "0")
    assert "reads “Epilepsy: look for seizures” instead of “Epilepsy: watch for seizures”" in shown.stdout
    unknown = primum("rules", "diff", "--pumps", "0", "--rules", folder, "HEAD~7")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "neither a folder or archive nor a revision" in unknown.stderr
    assert primum("rules", "diff", "--rules", folder, "--", "--output=x").exit_code == 2
    shutil.copytree(folder, folder.parent / "later")
    assert (
        "There is no later in HEAD."
        in primum("rules", "diff", "HEAD", "--rules", folder.parent / "later").stderr
    )


def test_outside_a_repository_only_folders_can_be_compared(primum: Run, folder: Path) -> None:
    shown = primum("rules", "diff", "HEAD", "--rules", folder)
    assert shown.exit_code == 2
    assert "is in no git repository" in shown.stderr


def test_rules_that_cannot_be_read_are_not_compared(primum: Run, folder: Path, tmp_path: Path) -> None:
    assert primum("rules", "diff", MINI, "--rules", tmp_path / "absent").exit_code == 2
    change(folder, "condition: epilepsy", "condition: epilepsi")
    assert "cannot be compared" in primum("rules", "diff", folder, "--rules", MINI).stderr
    assert "hold errors" in primum("rules", "diff", MINI, "--rules", folder).stderr
