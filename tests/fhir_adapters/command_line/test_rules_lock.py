"""``primum rules lock``: versions and hashes written down, and refused where a version was not raised."""

import json
import shutil
from pathlib import Path

import pytest

from tests.fhir_adapters.command_line.conftest import Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
RULE = "baclofen-it/monitoring/epilepsy.yaml"
LOCK = "baclofen-it/rules.lock"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small rules folder, which has no lock."""
    return shutil.copytree(MINI, tmp_path / "rules")


def change(folder: Path, old: str, new: str, name: str = RULE) -> None:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_the_lock_is_written_and_then_up_to_date(primum: Run, folder: Path) -> None:
    assert primum("rules", "lock", "--rules", folder, "--check").exit_code == 1
    assert not (folder / LOCK).exists()
    shown = primum("rules", "lock", "--rules", folder)
    assert (shown.exit_code, shown.stdout) == (0, "rules/baclofen-it/rules.lock: written.\n")
    again = primum("rules", "lock", "--rules", folder, "--check")
    assert (again.exit_code, again.stdout) == (0, "1 lock up to date.\n")


def test_on_a_full_disk_rules_and_lock_stay_as_they_are(primum: Run, folder: Path, full_disk: None) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}
    assert primum("rules", "lock", "--rules", folder).exit_code == 1
    assert {path: path.read_bytes() for path in folder.rglob("*.*") if path.is_file()} == before


def test_nothing_is_written_while_a_rule_changed_without_its_version(primum: Run, folder: Path) -> None:
    primum("rules", "lock", "--rules", folder)
    before = (folder / LOCK).read_bytes()
    change(folder, "4 years", "5 years")
    shown = primum("rules", "lock", "--rules", folder)
    assert shown.exit_code == 1
    assert "baclofen-it.epilepsy: what the rule says has changed since version 1.0.0" in shown.stdout
    assert "1 rule changed without a higher version: raise version" in shown.stderr
    assert f"run  primum rules lock --rules {folder}." in shown.stderr.replace("\n", " ")
    assert (folder / LOCK).read_bytes() == before


def test_a_higher_version_is_locked_by_name(primum: Run, folder: Path) -> None:
    primum("rules", "lock", "--rules", folder)
    change(folder, "4 years", "5 years")
    change(folder, "version: 1.0.0", "version: 2.0.0")
    refused = primum("rules", "lock", "--rules", folder)
    assert refused.exit_code == 1
    assert (
        "baclofen-it: its rules, or what it says of its label, are not what was locked as version 0.1.0"
        in refused.stdout
    )
    assert "1 pack changed without a higher version: raise version in pack.yaml" in refused.stderr
    change(folder, "version: 0.1.0", "version: 0.2.0", "baclofen-it/pack.yaml")
    shown = primum("rules", "lock", "--rules", folder, "--format", "json")
    told = json.loads(shown.stdout)
    assert shown.exit_code == 0
    assert told["written"] == ["baclofen-it"]
    assert [(rule["rule"], rule["state"]) for rule in told["rules"]] == [
        ("baclofen-it", "behind"),
        ("baclofen-it.epilepsy", "behind"),
    ]
    assert json.loads((folder / LOCK).read_text())["rules"]["baclofen-it.epilepsy"]["version"] == "2.0.0"
    assert primum("rules", "check", "--rules", folder).exit_code == 0


def test_versions_are_raised_on_demand_and_then_locked(primum: Run, folder: Path) -> None:
    primum("rules", "lock", "--rules", folder)
    change(folder, "4 years", "5 years")
    shown = primum("rules", "lock", "--rules", folder, "--raise", "major")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[:2] == [
        "baclofen-it.epilepsy: 1.0.0 → 2.0.0",
        "baclofen-it: 0.1.0 → 0.2.0",
    ]
    assert "version: 2.0.0" in (folder / RULE).read_text(encoding="utf-8")
    assert primum("rules", "lock", "--rules", folder, "--check").exit_code == 0
    change(folder, "5 years", "6 years")
    told = json.loads(
        primum("rules", "lock", "--rules", folder, "--raise", "patch", "--format", "json").stdout
    )
    assert told["raised"] == [
        {"id": "baclofen-it.epilepsy", "old": "2.0.0", "new": "2.0.1"},
        {"id": "baclofen-it", "old": "0.2.0", "new": "0.2.1"},
    ]
    again = json.loads(
        primum("rules", "lock", "--rules", folder, "--raise", "minor", "--format", "json").stdout
    )
    assert (again["raised"], again["written"]) == ([], [])


def test_no_version_is_raised_where_one_of_them_cannot_be(primum: Run, folder: Path) -> None:
    change(folder, "version: 1.0.0", "version:\n  1.0.0")
    primum("rules", "lock", "--rules", folder)
    change(folder, "4 years", "5 years")
    before = {file: file.read_bytes() for file in folder.rglob("*.*")}
    shown = primum("rules", "lock", "--rules", folder, "--raise", "minor")
    assert shown.exit_code == 1
    assert "Nothing was raised. rules/baclofen-it/monitoring/epilepsy.yaml: version 1.0.0" in shown.stderr
    assert {file: file.read_bytes() for file in folder.rglob("*.*")} == before


def test_looking_only_raises_nothing(primum: Run, folder: Path) -> None:
    shown = primum("rules", "lock", "--rules", folder, "--check", "--raise", "minor")
    assert (shown.exit_code, "leave one of them out" in shown.stderr) == (2, True)


def test_a_rule_that_was_not_retired_cannot_be_dropped(primum: Run, folder: Path) -> None:
    """Nor when the pack has another version: the lock is held until the rule is back, or was locked as retired."""
    primum("rules", "lock", "--rules", folder)
    change(
        folder,
        "Epilepsy needs care.",
        "Epilepsy needs care., no_rule: Nobody asks.",
        "baclofen-it/statements.yaml",
    )
    (folder / RULE.replace(".yaml", ".test.yaml")).unlink()
    before, text = (folder / LOCK).read_bytes(), (folder / RULE).read_text(encoding="utf-8")
    (folder / RULE).unlink()
    change(folder, "version: 0.1.0", "version: 0.2.0", "baclofen-it/pack.yaml")
    assert primum("rules", "check", "--rules", folder).exit_code == 1
    shown = primum("rules", "lock", "--rules", folder)
    assert shown.exit_code == 1
    assert "baclofen-it.epilepsy is locked as active and has no file" in shown.stdout
    assert "1 rule gone without being retired: bring its file back" in shown.stderr
    assert (folder / LOCK).read_bytes() == before
    retired = text.replace("status: active", "status: retired").replace("version: 1.0.0", "version: 2.0.0")
    (folder / RULE).write_text(retired, encoding="utf-8")
    assert primum("rules", "lock", "--rules", folder).exit_code == 0
    (folder / RULE).unlink()
    change(folder, "version: 0.2.0", "version: 0.3.0", "baclofen-it/pack.yaml")
    assert primum("rules", "lock", "--rules", folder).exit_code == 0
    assert "baclofen-it.epilepsy" not in (folder / LOCK).read_text(encoding="utf-8")


def test_rules_with_other_errors_are_not_locked(primum: Run, folder: Path) -> None:
    change(folder, "condition: epilepsy", "condition: epilepsi")
    shown = primum("rules", "lock", "--rules", folder)
    assert shown.exit_code == 1
    assert "hold errors" in shown.stderr
    assert not (folder / LOCK).exists()


def test_a_check_names_the_command_for_the_folder_that_was_named(primum: Run, folder: Path) -> None:
    primum("rules", "lock", "--rules", folder)
    change(folder, "4 years", "5 years")
    shown = json.loads(primum("rules", "check", "--rules", folder, "--format", "json").stdout)
    [mend] = [each["help"] for each in shown["problems"] if each["code"] == "changed-without-version"]
    assert mend.endswith(f"then run  primum rules lock --rules {folder}")
