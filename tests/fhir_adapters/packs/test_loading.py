"""Rules from archives: all of them verified, fitting together, and served; or nothing is."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from fhir_adapters.app import create_app
from fhir_adapters.packs.archive import read_archive, write_archive
from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.loading import load_archives, open_archive, trusted_keys
from fhir_adapters.packs.signing import Keys, new_key, public_keys
from fhir_adapters.settings import Settings
from tests.fhir_adapters.packs.conftest import MINI


@pytest.fixture
def files(tmp_path: Path, archive: bytes, private: dict[str, Any]) -> Path:
    """A folder with the archive and the trusted keys."""
    (tmp_path / "pack.tar").write_bytes(archive)
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(private)))
    return tmp_path


def settings(files: Path, **more: Any) -> Settings:
    return Settings(packs=(files / "pack.tar",), pack_keys=files / "keys.json", **more)


def test_a_verified_pack_is_served(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = create_app(settings(files))

    async def ready() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client:
            return await client.get("/health/ready")

    assert asyncio.run(ready()).json()["rules"] == 3


def test_rules_from_an_archive_are_those_of_the_folder(files: Path, mini: Loaded) -> None:
    loaded = load_archives([open_archive(files / "pack.tar", trusted_keys(files / "keys.json"))])
    assert loaded.rules.rules == mini.rules.rules
    assert loaded.concepts.concepts == mini.concepts.concepts


def test_a_site_adds_its_own_folder(files: Path) -> None:
    site = files / "site"
    site.mkdir()
    own = "parameters: {baclofen-it: {kidney-limit: {value: 45 mL/min/1.73m2, note: Ours.}}}"
    (site / "parameters.yaml").write_text(own)
    loaded = load_archives([open_archive(files / "pack.tar", trusted_keys(files / "keys.json"))], local=site)
    assert loaded.rules.packs["baclofen-it"].parameters["kidney-limit"] == "45 mL/min/1.73m2"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            lambda f: (f / "pack.tar").write_bytes(
                (f / "pack.tar").read_bytes().replace(b"4 years", b"9 years")
            ),
            "was changed",
        ),
        (
            lambda f: (f / "keys.json").write_text(json.dumps(public_keys(new_key()))),
            "not one of the trusted keys",
        ),
        (lambda f: (f / "keys.json").write_text("no json"), "keys.json: it is not JSON"),
        (lambda f: (f / "pack.tar").unlink(), "pack.tar is refused: it cannot be read"),
        (lambda f: (f / "keys.json").unlink(), "cannot be read"),
    ],
)
def test_the_service_does_not_start_on_what_is_not_as_it_was_signed(
    files: Path, spoil: Any, reason: str
) -> None:
    spoil(files)
    with pytest.raises(PackError, match=reason):
        create_app(settings(files))


def test_a_pack_that_this_version_cannot_use_is_refused(
    tmp_path: Path, private: dict[str, Any], keys: Keys
) -> None:
    folder = shutil.copytree(MINI, tmp_path / "rules")
    rule = folder / "baclofen-it/monitoring/epilepsy.yaml"
    rule.write_text(rule.read_text().replace("condition: epilepsy", "disorder: epilepsy"))
    data = write_archive(load_rules(folder), "baclofen-it", private)
    with pytest.raises(
        PackError, match=r"do not hold together: .* in rules/baclofen-it/monitoring/epilepsy\.yaml"
    ):
        load_archives([read_archive(data, keys)])


def test_packs_that_differ_in_a_shared_file_are_refused(
    tmp_path: Path, archive: bytes, private: dict[str, Any], keys: Keys
) -> None:
    folder = shutil.copytree(MINI, tmp_path / "rules")
    file = folder / "concepts/conditions.yaml"
    file.write_text(file.read_text() + "\n# another release\n")
    other = write_archive(load_rules(folder), "baclofen-it", private)
    with pytest.raises(PackError, match=r"differ in rules/concepts/conditions\.yaml"):
        load_archives([read_archive(archive, keys), read_archive(other, keys)])


def test_archives_and_keys_go_together_and_exclude_a_folder(files: Path) -> None:
    with pytest.raises(ValidationError, match="go together"):
        Settings(packs=(files / "pack.tar",))
    with pytest.raises(ValidationError, match="go together"):
        Settings(pack_keys=files / "keys.json")
    with pytest.raises(ValidationError, match="not from both"):
        settings(files, rules=MINI)
    with pytest.raises(ValidationError, match="no such folder"):
        Settings(local=files / "absent")


def test_archives_are_named_in_the_environment(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIMUM_PACKS", f"{files / 'pack.tar'}, {files / 'other.tar'}")
    monkeypatch.setenv("PRIMUM_PACK_KEYS", str(files / "keys.json"))
    assert Settings().packs == (files / "pack.tar", files / "other.tar")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "rules/baclofen-it/pack.yaml/more.yaml",
            "rules/baclofen-it/pack.yaml is a file in it, and a folder as well",
        ),
        ("rules/baclofen-it/Pack.yaml", "differ only in capital letters"),
        (
            "rules/Baclofen-it/more.yaml",
            "rules/Baclofen-it and rules/baclofen-it differ only in capital letters",
        ),
    ],
)
def test_names_of_which_a_disk_keeps_only_one_are_refused_although_they_were_signed(
    mini: Loaded, private: dict[str, Any], keys: Keys, name: str, reason: str
) -> None:
    place = mini.paths["rules-mini/baclofen-it/pack.yaml"]
    more = replace(mini, paths={**mini.paths, name.replace("rules/", "rules-mini/"): place})
    more = replace(more, folders={"baclofen-it": "rules-mini"})
    archive = read_archive(write_archive(more, "baclofen-it", private), keys)
    with pytest.raises(PackError, match=reason):
        load_archives([archive])


def test_no_place_to_unpack_is_a_reason(archive: bytes, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PackError, match=r"no place to unpack it \(No space left on device\)"):
        load_archives([read_archive(archive, keys)])
