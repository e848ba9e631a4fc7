"""Raised versions: the files of what changed under the version that it had, with a higher one, and otherwise as they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from engine.authoring.lock import Lock, unlocked
from engine.authoring.versions import Bump, raised, version_of

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded


class Raised(NamedTuple):
    """A rule or a pack whose version was raised: its id, its file by name, both versions, and the file's new text."""

    id: str
    file: str
    old: str
    new: str
    text: str


def raised_versions(loaded: Loaded, pack_id: str, lock: Lock, bump: Bump) -> Iterator[Raised]:
    """The rules of a pack that changed without a higher version, and the pack itself, each one step above what was locked.

    The pack is raised with them, unless that was done already.

    Raises:
        ValueError: a version does not stand on a line of its own, where it could be raised; the message names the file.
    """
    changed = [entry.rule for entry in unlocked(loaded, pack_id, lock) if entry.state == "changed"]
    for name in changed:
        if name in lock.rules:
            version = loaded.rules.rule(name).version
            yield _raised(loaded, name, loaded.files[name], version, raised(lock.rules[name].version, bump))
    version = loaded.rules.packs[pack_id].version
    if changed and version_of(version) <= version_of(lock.pack.version):
        file = f"{loaded.folders[pack_id]}/pack.yaml"
        yield _raised(loaded, pack_id, file, version, raised(lock.pack.version, bump))


def _raised(loaded: Loaded, name: str, file: str, old: str, new: str) -> Raised:
    text = loaded.paths[file].read_bytes().decode("utf-8")
    line = rf"^(version:[ \t]*)(['\"]?){re.escape(old)}\2(?=[ \t]*(?:#.*)?\r?$)"
    text, count = re.subn(line, rf"\g<1>\g<2>{new}\g<2>", text, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"{file}: version {old} does not stand on a line of its own; raise it there by hand")
    return Raised(name, file, old, new, text)
