"""``primum rules pack``, ``verify`` and ``key``: a pack signed, verified and refused from the command line."""

import json
import resource
import shutil
import stat
from pathlib import Path

import pytest

from tests.fhir_adapters.command_line.conftest import Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"


@pytest.fixture
def site(primum: Run, tmp_path: Path) -> Path:
    """A folder with locked rules and a pair of keys."""
    shutil.copytree(MINI, tmp_path / "rules")
    assert primum("rules", "lock", "--rules", tmp_path / "rules").exit_code == 0
    made = primum("rules", "key", "--private", tmp_path / "key.json", "--public", tmp_path / "keys.json")
    assert made.exit_code == 0, made.stderr
    return tmp_path


def packed(primum: Run, site: Path, *more: object, output: str = "pack.tar"):
    given = ("--rules", site / "rules", "--key", site / "key.json", "-o", site / output)
    return primum("rules", "pack", "baclofen-it", *given, *more)


def test_the_private_key_is_for_its_owner_only_and_is_never_written_over(primum: Run, site: Path) -> None:
    assert stat.S_IMODE((site / "key.json").stat().st_mode) == 0o600
    assert "d" not in json.loads((site / "keys.json").read_text())["keys"][0]
    again = primum("rules", "key", "--private", site / "key.json", "--public", site / "other.json")
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    nowhere = primum("rules", "key", "--private", site / "no/key.json", "--public", site / "other.json")
    assert (nowhere.exit_code, (site / "other.json").exists()) == (1, False)


def test_a_key_is_told_as_data(primum: Run, tmp_path: Path) -> None:
    shown = primum(
        "rules", "key", "--private", tmp_path / "a", "--public", tmp_path / "b", "--format", "json"
    )
    assert json.loads(shown.stdout)["kid"] == json.loads((tmp_path / "a").read_text())["kid"]


def test_a_pack_is_written_and_verified(primum: Run, site: Path) -> None:
    shown = packed(primum, site)
    assert shown.exit_code == 0, shown.stderr
    assert "baclofen-it 0.1.0, 3 rules in " in shown.stdout
    assert packed(primum, site, output="again.tar").exit_code == 0
    assert (site / "pack.tar").read_bytes() == (site / "again.tar").read_bytes()
    verified = primum("rules", "verify", site / "pack.tar", "--keys", site / "keys.json", "--format", "json")
    told = json.loads(verified.stdout)
    assert (verified.exit_code, told["verified"], told["rules"]["baclofen-it.epilepsy"]) == (0, True, "1.0.0")
    assert "rules/baclofen-it/rules.lock" in told["files"]


def test_a_changed_archive_is_refused(primum: Run, site: Path) -> None:
    packed(primum, site)
    file = site / "pack.tar"
    file.write_bytes(file.read_bytes().replace(b"watch for", b"wait  for"))
    shown = primum("rules", "verify", file, "--keys", site / "keys.json")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("pack.tar is refused: rules/baclofen-it/monitoring/epilepsy")
    told = primum("rules", "verify", file, "--keys", site / "keys.json", "--format", "json")
    assert (told.exit_code, json.loads(told.stdout)["verified"]) == (1, False)


def test_rules_that_are_not_locked_or_hold_errors_are_not_packed(primum: Run, site: Path) -> None:
    rule = site / "rules/baclofen-it/monitoring/epilepsy.yaml"
    rule.write_text(rule.read_text().replace("version: 1.0.0", "version: 1.0.1"))
    assert f"run  primum rules lock --rules {site / 'rules'}  first" in packed(primum, site).stderr
    rule.write_text(rule.read_text().replace("kind: warning", "kind: warming"))
    shown = packed(primum, site)
    assert (shown.exit_code, "hold errors" in shown.stderr) == (1, True)
    assert not (site / "pack.tar").exists()


def test_a_key_that_others_can_read_does_not_sign(primum: Run, site: Path) -> None:
    (site / "key.json").chmod(0o644)
    shown = packed(primum, site)
    assert (shown.exit_code, "others may read key.json" in shown.stderr) == (1, True)


@pytest.mark.parametrize("output", ["key.json", "keys.json", "link.tar"])
def test_only_an_archive_is_written_over(primum: Run, site: Path, output: str) -> None:
    (site / "link.tar").symlink_to(site / "key.json")
    before = (site / output).read_bytes()
    shown = packed(primum, site, output=output)
    assert (shown.exit_code, "is no archive of a pack" in shown.stderr) == (2, True)
    assert (site / output).read_bytes() == before
    assert [packed(primum, site).exit_code for _ in range(2)] == [0, 0]


def test_where_the_disk_is_full_the_archive_of_before_stays(primum: Run, site: Path) -> None:
    packed(primum, site)
    before = (site / "pack.tar").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - 1, limits[1]))
    try:
        shown = packed(primum, site)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert shown.exit_code == 1
    assert isinstance(shown.exception, OSError)
    assert (site / "pack.tar").read_bytes() == before
    assert [*site.glob(".pack.tar*")] == []


def test_what_is_not_there_is_wrong_usage(primum: Run, site: Path) -> None:
    given = ("--key", site / "key.json", "-o", site / "x.tar")
    unknown = primum("rules", "pack", "baclofen", "--rules", site / "rules", *given)
    assert (unknown.exit_code, "there is baclofen-it" in unknown.stderr) == (2, True)
    assert primum("rules", "pack", "baclofen-it", "--rules", site / "absent", *given).exit_code == 2
