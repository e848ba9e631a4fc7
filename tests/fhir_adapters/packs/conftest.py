"""The small rules folder as a signed archive, and what it takes to make others."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from fhir_adapters.packs.archive import MANIFEST, write_archive
from fhir_adapters.packs.signing import Keys, new_key, public_keys, read_keys

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"

Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture(scope="session")
def mini() -> Loaded:
    """The small rules folder."""
    return load_rules(MINI)


@pytest.fixture(scope="session")
def private() -> dict[str, Any]:
    """A private key."""
    return new_key()


@pytest.fixture(scope="session")
def keys(private: dict[str, Any]) -> Keys:
    """The trusted keys: that one alone."""
    return read_keys(public_keys(private))


@pytest.fixture(scope="session")
def archive(mini: Loaded, private: dict[str, Any]) -> bytes:
    """The small pack, signed."""
    return write_archive(mini, "baclofen-it", private)


@pytest.fixture
def tampered(archive: bytes) -> Callable[[Callable[[Members], object]], bytes]:
    """The archive after a change of the list of its files, written as an attacker might: with any kind of entry."""

    def make(change: Callable[[Members], object]) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            members: Members = [(member, files.extractfile(member).read()) for member in files]  # type: ignore[union-attr]
        assert members[0][0].name == MANIFEST
        change(members)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as files:
            for member, content in members:
                member.size = len(content)
                files.addfile(member, io.BytesIO(content))
        return buffer.getvalue()

    return make
