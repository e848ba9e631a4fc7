"""Archives of packs: reproducible, and refused with a clear sentence for whatever was not signed."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.authoring.folder import Loaded
from fhir_adapters.packs import archive as archives
from fhir_adapters.packs.archive import Archive, read_archive, write_archive
from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.signing import Keys, new_key, public_keys, read_keys, sign
from tests.fhir_adapters.packs.conftest import Members

Tampered = Callable[[Callable[[Members], object]], bytes]
RULE = "rules/baclofen-it/monitoring/epilepsy.yaml"


def refusal(data: bytes, keys: Keys) -> str:
    with pytest.raises(PackError) as refused:
        read_archive(data, keys)
    return str(refused.value)


def entry(name: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    for field, value in fields.items():
        setattr(member, field, value)
    return member, content


def place_of(members: Members, name: str) -> int:
    return next(place for place, (member, _) in enumerate(members) if member.name == name)


def test_what_is_read_is_what_was_written(archive: bytes, keys: Keys, mini: Loaded) -> None:
    read = read_archive(archive, keys)
    assert (read.manifest.pack, read.manifest.version, read.manifest.label_version) == (
        "baclofen-it",
        "0.1.0",
        "2026-01",
    )
    assert read.manifest.rules["baclofen-it.epilepsy"] == "1.0.0"
    assert read.files[RULE] == mini.paths["rules-mini/baclofen-it/monitoring/epilepsy.yaml"].read_bytes()
    assert [read.key] == list(keys)


def test_the_same_rules_and_key_are_the_same_bytes(
    archive: bytes, mini: Loaded, private: dict[str, Any]
) -> None:
    assert write_archive(mini, "baclofen-it", private) == archive
    turned = replace(mini, paths=dict(reversed(list(mini.paths.items()))))
    assert write_archive(turned, "baclofen-it", private) == archive


def test_it_is_a_plain_tar_without_times_and_owners(archive: bytes) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as files:
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in files} == {
            (0, 0, 0, "", "", 0o644)
        }
        names = files.getnames()
    assert names == ["manifest.jws", *sorted(names[1:])]


def test_files_of_a_sites_own_and_what_no_rule_needs_are_left_out(archive: bytes, keys: Keys) -> None:
    names = read_archive(archive, keys).files.keys()
    assert "rules/concepts/conditions.yaml" in names
    assert "rules/baclofen-it/monitoring/epilepsy.test.yaml" in names
    assert "rules/findings/reduced-kidney-function.yaml" not in names  # no rule of the small folder uses it


def test_another_key_is_not_trusted(archive: bytes) -> None:
    others = read_keys(public_keys(new_key()))
    assert refusal(archive, others) == "the key that signed it is not one of the trusted keys"


def test_a_changed_file_is_named(tampered: Tampered, keys: Keys) -> None:
    def change(members: Members) -> None:
        place = place_of(members, RULE)
        members[place] = (members[place][0], members[place][1].replace(b"4 years", b"9 years"))

    assert refusal(tampered(change), keys) == f"{RULE} was changed after it was signed"


def test_a_missing_file_is_named(tampered: Tampered, keys: Keys) -> None:
    data = tampered(lambda members: members.pop(place_of(members, RULE)))
    assert refusal(data, keys) == f"{RULE} was signed and is missing"


def test_a_file_that_was_not_signed_is_named(tampered: Tampered, keys: Keys) -> None:
    data = tampered(lambda members: members.append(entry("rules/baclofen-it/more.yaml", b"id: x")))
    assert refusal(data, keys) == "rules/baclofen-it/more.yaml is in it and was not signed"


def test_a_file_that_is_in_it_twice_is_named(tampered: Tampered, keys: Keys) -> None:
    data = tampered(lambda members: members.append(members[place_of(members, RULE)]))
    assert refusal(data, keys) == f"{RULE} is in it twice"


@pytest.mark.parametrize(
    "name",
    [
        "../rules/x.yaml", "rules/../../etc/x.yaml", "/etc/passwd", "rules/./x.yaml", "rules//x.yaml", "rules", "rules/.hidden",
        "rules/x\\y.yaml", "concepts/x.yaml", "rules/\x1b[31m.yaml", "rules/ü.yaml", f"rules/{'x' * 120}.yaml",
    ],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_is_refused(tampered: Tampered, keys: Keys, name: str) -> None:
    reason = refusal(tampered(lambda members: members.insert(1, entry(name, b"x"))), keys)
    assert (
        "is no name for a file of a pack" in reason
        or "only plain files" in reason
        or "no tar archive" in reason
    )
    assert reason.isprintable()


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.DIRTYPE, "a folder"),
        (tarfile.FIFOTYPE, "something else"),
        (tarfile.CHRTYPE, "something else"),
    ],
)
def test_only_plain_files_are_allowed(tampered: Tampered, keys: Keys, kind: bytes, word: str) -> None:
    data = tampered(
        lambda members: members.insert(1, entry("rules/x.yaml", type=kind, linkname="/etc/passwd"))
    )
    assert refusal(data, keys) == f"'rules/x.yaml' is {word}, and only plain files are allowed"


def test_sizes_and_numbers_have_limits(
    tampered: Tampered, archive: bytes, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = tampered(lambda members: members.insert(1, entry("rules/x.yaml", bytes(archives.FILE_LIMIT + 1))))
    assert refusal(huge, keys) == "rules/x.yaml is larger than 5,000,000 bytes"
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    assert refusal(archive, keys) == "more than 3 files are in it"
    monkeypatch.setattr(archives, "ARCHIVE_LIMIT", 1000)
    assert refusal(archive, keys) == "it is larger than 1,000 bytes"


def test_a_header_that_lies_about_its_size_ends_the_reading(archive: bytes, keys: Keys) -> None:
    negative = tarfile.TarInfo("manifest.jws")
    negative.size = -512
    block = negative.tobuf(tarfile.GNU_FORMAT)
    assert refusal(block + archive, keys) == "'manifest.jws' is cut off"
    assert refusal(archive[:600], keys) == "'manifest.jws' is cut off"


def test_something_behind_the_end_is_refused(archive: bytes, keys: Keys) -> None:
    assert refusal(archive + b"\0" * 512 + archive, keys) == "something stands behind its end"


@pytest.mark.parametrize("data", [b"", b"\0" * 10240, b"PK\x03\x04", b"x" * 2000, b"\x1f\x8b" + b"\0" * 600])
def test_what_is_no_archive_of_a_pack(keys: Keys, data: bytes) -> None:
    reason = refusal(data, keys)
    assert reason in (
        "it does not begin with manifest.jws, so it is no archive of a pack",
        "it is no tar archive, or a damaged one",
    )


def test_every_single_byte_counts_or_is_never_used(archive: bytes, keys: Keys) -> None:
    """Turning any one byte of the archive leads to a refusal, or to the very same files: tar has bytes that say nothing."""
    as_signed = read_archive(archive, keys)
    for place in range(0, len(archive), 97):
        data = bytearray(archive)
        data[place] ^= 0x55
        try:
            read: Archive = read_archive(bytes(data), keys)
        except PackError:
            continue
        assert read == as_signed, place


def test_a_manifest_of_another_form_is_refused(
    tampered: Tampered, keys: Keys, private: dict[str, Any]
) -> None:
    for payload in (b"{}", b"no json", b'{"format": 2}'):
        signed = sign(payload, private)
        data = tampered(lambda members, signed=signed: members.__setitem__(0, (members[0][0], signed)))  # type: ignore[misc]
        assert refusal(data, keys) == "its manifest is not one that this version of Primum reads"


def test_a_file_whose_name_cannot_be_in_an_archive_is_refused_when_it_is_written(
    mini: Loaded, private: dict[str, Any]
) -> None:
    path = next(iter(mini.paths.values()))
    strange = replace(mini, paths={**mini.paths, "rules-mini/baclofen-it/my rule.yaml": path})
    with pytest.raises(PackError, match=r"'rules/baclofen-it/my rule\.yaml' is no name"):
        write_archive(strange, "baclofen-it", private)
