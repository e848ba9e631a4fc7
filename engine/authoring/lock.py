"""The lock: ``rules.lock`` of a pack, with the version and the hash of each rule, so that none changes or goes without its version.

It is JSON, a rule or a part on each line, so that two branches can be merged; ``primum rules lock`` writes it. What the hashes cover
is in :mod:`engine.authoring.fingerprints`; that of the pack covers the rules as they are locked, so that two branches which both
raised its version to the same one do not merge unseen, and what stands on each of its cards. A pack without the file is not held to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pydantic import Field, ValidationError

from engine.authoring.fingerprints import Parts, pack_fingerprint, rule_fingerprint
from engine.authoring.versions import version_of
from engine.rule import Rule, Status
from engine.terms import FileModel
from engine.words import listing

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded

LOCK: Final = "rules.lock"

CHANGED: Final = "changed-without-version"
"""The problem of a rule that changed or went without its version: it is no fault of what rules say, and must not be released."""

REFUSED: Final = frozenset({"changed", "lost"})
"""The states that must not be written down."""

_RAISE: Final = (
    "raise version (words: patch; a new case: minor; who gets the card: major), then run  primum rules lock"
)
_RAISE_PACK: Final = "raise version in pack.yaml, then run  primum rules lock"
_KEEP: Final = "bring its file back and set  status: retired ; once that is locked it may go"
_WRITE: Final = "run  primum rules lock"


class Locked(FileModel):
    """A pack as it was locked."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class LockedRule(Locked):
    """A rule as it was locked; ``status`` is left out of the file where it is active."""

    status: Status = "active"


class Lock(FileModel):
    """A pack and its rules as they were locked, and what these stood on, each with its hash."""

    pack: Locked
    rules: dict[str, LockedRule]
    parts: dict[str, str]

    @property
    def text(self) -> str:
        """The file."""
        rules = [f'  "{name}": {_line(rule)}' for name, rule in sorted(self.rules.items())]
        parts = [
            f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(value)}"
            for name, value in sorted(self.parts.items())
        ]
        blocks = [
            f' "{key}": {{\n' + ",\n".join(lines) + "\n }"
            for key, lines in (("rules", rules), ("parts", parts))
        ]
        return "{\n" + ",\n".join([f' "pack": {_line(self.pack)}', *blocks]) + "\n}\n"


def _line(locked: Locked) -> str:
    return json.dumps(locked.model_dump(exclude_defaults=True))


class Unlocked(NamedTuple):
    """A rule that is not as it was locked: ``changed`` without a higher version, or not written down yet (``behind``, ``new``).

    ``rule`` is its id, or that of the pack. A rule that has a place in the lock only is ``lost`` while it was active there, and
    ``gone`` where it was not, or has another name now.
    """

    rule: str
    state: Literal["changed", "lost", "behind", "new", "gone"]
    message: str
    help: str


def lock_file(loaded: Loaded, pack_id: str) -> str:
    """The name of a pack's lock."""
    return f"{loaded.folders[pack_id]}/{LOCK}"


def read_lock(loaded: Loaded, pack_id: str) -> Lock | None:
    """The lock of a pack; None where it has none.

    Raises:
        ValueError: there is one, and it cannot be read.
    """
    path = loaded.paths.get(lock_file(loaded, pack_id))
    if path is None:
        return None
    try:
        return Lock.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ValueError(f"{LOCK} cannot be read ({type(error).__name__})") from None


def locked_now(loaded: Loaded, pack_id: str) -> Lock:
    """The lock of a pack as its rules are now."""
    rules = _rules(loaded, pack_id)
    made, parts = Parts(loaded), dict[str, str]()
    for rule in rules.values():
        parts |= made.of(rule)
    locked = {
        name: LockedRule(version=rule.version, sha256=rule_fingerprint(loaded, name), status=rule.status)
        for name, rule in rules.items()
    }
    said = pack_fingerprint(loaded, pack_id, {name: rule.model_dump() for name, rule in locked.items()})
    pack = Locked(version=loaded.rules.packs[pack_id].version, sha256=said)
    return Lock(pack=pack, rules=locked, parts=parts)


def unlocked(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """A pack and its rules that are not as they were locked: first what must not be written down so, then the others."""
    parts = Parts(loaded)
    for rule in _rules(loaded, pack_id).values():
        yield from changed_rule(loaded, rule, lock, parts)
    yield from lost(loaded, pack_id, lock)
    yield from changed_pack(loaded, pack_id, lock)
    yield from behind(loaded, pack_id, lock)


def changed_pack(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """That a pack does not say what was locked with its version, if it is so and its version is not higher.

    Nothing is said while some file does not fit, because then the rules are not all there.
    """
    if lock.rules.keys() & _named(loaded, pack_id) > _rules(loaded, pack_id).keys() & lock.rules.keys():
        return
    now = locked_now(loaded, pack_id).pack
    if version_of(now.version) < version_of(lock.pack.version):
        yield Unlocked(pack_id, "changed", _lower(now.version, lock.pack.version), _RAISE_PACK)
    elif now.version == lock.pack.version and now.sha256 != lock.pack.sha256:
        message = f"its rules, or what it says of its label, are not what was locked as version {now.version}"
        yield Unlocked(pack_id, "changed", message, _RAISE_PACK)


def lost(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """Every rule that was locked as active and has no file: nobody gets its card, and no version says so."""
    for name, locked in _gone(loaded, pack_id, lock):
        if locked.status == "active" and not _renamed(loaded, pack_id, name, locked):
            yield Unlocked(name, "lost", f"{name} is locked as active and has no file", _KEEP)


def changed_rule(loaded: Loaded, rule: Rule, lock: Lock, parts: Parts) -> Iterator[Unlocked]:
    """That one rule is not as it was locked, if it is so and its version is not higher; ``parts`` are those of the folder."""
    locked = lock.rules.get(rule.id)
    if locked is None or version_of(rule.version) > version_of(locked.version):
        return
    if rule.version != locked.version:
        yield Unlocked(rule.id, "changed", _lower(rule.version, locked.version), _RAISE)
        return
    found = [] if rule_fingerprint(loaded, rule.id) == locked.sha256 else ["what the rule says"]
    found += [name for name, value in parts.of(rule).items() if lock.parts.get(name) != value]
    if found:
        message = (
            f"{listing(found)} {'has' if len(found) == 1 else 'have'} changed since version {rule.version}"
        )
        yield Unlocked(rule.id, "changed", message, _RAISE)


def behind(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """A pack, and every rule, that is new, has a higher version, or may be gone, and that the lock does not have so yet."""
    version = loaded.rules.packs[pack_id].version
    if version_of(version) > version_of(lock.pack.version):
        yield Unlocked(pack_id, "behind", f"{LOCK} still has version {lock.pack.version} of the pack", _WRITE)
    for rule in _rules(loaded, pack_id).values():
        locked = lock.rules.get(rule.id)
        if locked is None:
            yield Unlocked(rule.id, "new", f"it is not in {LOCK} yet", _WRITE)
        elif version_of(rule.version) > version_of(locked.version):
            yield Unlocked(rule.id, "behind", f"{LOCK} still has version {locked.version}", _WRITE)
    for name, locked in _gone(loaded, pack_id, lock):
        if locked.status != "active":
            yield Unlocked(name, "gone", f"{name} is locked as {locked.status} and has no file", _WRITE)
        elif _renamed(loaded, pack_id, name, locked):
            yield Unlocked(name, "gone", f"{name} is locked and has another name now", _WRITE)


def _lower(version: str, locked: str) -> str:
    return f"version {version} is lower than {locked}, which was locked"


def _gone(loaded: Loaded, pack_id: str, lock: Lock) -> list[tuple[str, LockedRule]]:
    """The rules of a lock that have no file."""
    named = _named(loaded, pack_id)
    return [(name, locked) for name, locked in sorted(lock.rules.items()) if name not in named]


def _renamed(loaded: Loaded, pack_id: str, name: str, locked: LockedRule) -> bool:
    """Whether some rule of the pack says what this one said, under another name."""
    rules = _rules(loaded, pack_id)
    return any(rule_fingerprint(loaded, other, under=name) == locked.sha256 for other in rules)


def _rules(loaded: Loaded, pack_id: str) -> dict[str, Rule]:
    return {rule.id: rule for rule in loaded.rules.rules if loaded.rules.pack_of(rule).id == pack_id}


def _named(loaded: Loaded, pack_id: str) -> set[str]:
    """The ids of a pack's rules, also of those whose files do not fit, or cannot be read and have only their names."""
    below = f"{loaded.folders[pack_id]}/"
    files = [
        PurePosixPath(name) for name in loaded.paths if name.startswith(below) and name.endswith(".yaml")
    ]
    said = {str(file): loaded.documents[str(file)].data for file in files if str(file) in loaded.documents}
    ids = {name: str(data["id"]) for name, data in said.items() if isinstance(data, dict) and "id" in data}
    return {ids.get(str(file), f"{pack_id}.{file.stem}") for file in files}
