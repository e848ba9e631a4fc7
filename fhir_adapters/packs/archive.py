"""Archives: a pack in one file, the same bytes for the same rules, and refused unless every byte of it was signed.

The file is an uncompressed tar (POSIX ustar). First comes ``manifest.jws``: the name, size and SHA-256 of every other file, and the
pack's and the rules' versions, signed. Times, owners and modes are fixed. Reading never unpacks: headers are read one by one, names
and sizes are checked before anything else, and what is given out has been compared with the manifest.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Final, Literal

from pydantic import Field, ValidationError

from engine.authoring.folder import Loaded
from engine.terms import FileModel
from fhir_adapters.packs.contents import ROOT, pack_contents
from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.signing import Keys, sign, verified

MANIFEST: Final = "manifest.jws"
MOST_FILES: Final = 5_000
FILE_LIMIT: Final = 5_000_000
"""Bytes of the largest file in an archive."""

ARCHIVE_LIMIT: Final = 100_000_000
"""Bytes of the largest archive that is read."""

_NAME: Final = re.compile(rf"{ROOT}(?:/[A-Za-z0-9][A-Za-z0-9._-]*)+", re.ASCII)
_BLOCK: Final = tarfile.BLOCKSIZE
_KINDS: Final = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a link",
    tarfile.DIRTYPE: "a folder",
}


class FileEntry(FileModel):
    """A file as it was signed."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(FileModel):
    """What was signed: the pack, its version and label, the versions of its rules, and every file."""

    format: Literal[1]
    pack: str
    version: str
    label_version: str
    rules: dict[str, str]
    files: dict[str, FileEntry]


@dataclass(frozen=True, slots=True)
class Archive:
    """A verified archive: what was signed, by which key, and the files by name."""

    manifest: Manifest
    key: str
    files: Mapping[str, bytes]


def write_archive(loaded: Loaded, pack_id: str, private: object) -> bytes:
    """The archive of a pack, signed; the same bytes for the same files and key.

    Raises:
        PackError: the key cannot sign, or a file cannot be in an archive.
    """
    pack, files = loaded.rules.packs[pack_id], pack_contents(loaded, pack_id)
    for name, content in files.items():
        _check_member(name, len(content))
    manifest = Manifest(
        format=1,
        pack=pack.id,
        version=pack.version,
        label_version=pack.label_version,
        rules={rule.id: rule.version for rule in loaded.rules.rules if loaded.rules.pack_of(rule) is pack},
        files={
            name: FileEntry(sha256=sha256(data).hexdigest(), size=len(data)) for name, data in files.items()
        },
    )
    payload = json.dumps(manifest.model_dump(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return _tar({MANIFEST: sign(payload.encode(), private), **files})


def _tar(files: Mapping[str, bytes]) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o644, 0
            archive.addfile(member, BytesIO(content))
    return buffer.getvalue()


def read_archive(data: bytes, keys: Keys) -> Archive:
    """An archive, verified.

    Raises:
        PackError: it is not what Primum writes, was not signed by a trusted key, or lacks, adds or changes a file.
    """
    if len(data) > ARCHIVE_LIMIT:
        raise PackError(f"it is larger than {ARCHIVE_LIMIT:,} bytes")
    members = _members(data)
    first, signed = next(members, ("", b""))
    if first != MANIFEST:
        raise PackError(f"it does not begin with {MANIFEST}, so it is no archive of a pack")
    payload, key = verified(signed, keys)
    try:
        manifest = Manifest.model_validate_json(payload)
    except ValidationError:
        raise PackError("its manifest is not one that this version of Primum reads") from None
    files: dict[str, bytes] = {}
    for name, content in members:
        if name in files:
            raise PackError(f"{name} is in it twice")
        entry = manifest.files.get(name)
        if entry is None:
            raise PackError(f"{name} is in it and was not signed")
        if (entry.size, entry.sha256) != (len(content), sha256(content).hexdigest()):
            raise PackError(f"{name} was changed after it was signed")
        files[name] = content
    missing = sorted(manifest.files.keys() - files.keys())
    if missing:
        raise PackError(f"{missing[0]} was signed and is missing")
    return Archive(manifest, key, files)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of a tar one after another, each checked before its content is touched; all after the last is zeros."""
    offset = count = 0
    while (block := data[offset : offset + _BLOCK]).strip(b"\0"):
        try:
            member = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.TarError, ValueError):
            raise PackError("it is no tar archive, or a damaged one") from None
        count += 1
        if count > MOST_FILES:
            raise PackError(f"more than {MOST_FILES:,} files are in it")
        if member.type != tarfile.REGTYPE:
            kind = _KINDS.get(member.type, "something else")
            raise PackError(f"{_shown(member.name)} is {kind}, and only plain files are allowed")
        if offset or member.name != MANIFEST:
            _check_member(member.name, member.size)
        start = offset + _BLOCK
        if not 0 <= member.size <= min(FILE_LIMIT, len(data) - start):
            raise PackError(f"{_shown(member.name)} is cut off")
        yield member.name, data[start : start + member.size]
        offset = start + -(-member.size // _BLOCK) * _BLOCK
    if data[offset:].strip(b"\0"):
        raise PackError("something stands behind its end")


def _check_member(name: str, size: int) -> None:
    if not _NAME.fullmatch(name) or len(name) > 100:
        raise PackError(
            f"{_shown(name)} is no name for a file of a pack: it begins with {ROOT}/ and leads nowhere else"
        )
    if not 0 <= size <= FILE_LIMIT:
        raise PackError(f"{name} is larger than {FILE_LIMIT:,} bytes")


def _shown(name: str) -> str:
    return ascii(name[:100])
