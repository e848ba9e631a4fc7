"""The lock: ``rules.lock`` of a pack, with the version and the hash of each rule, so that none changes without its version.

It is JSON, a rule or a part on each line, so that two branches can be merged; ``primum rules lock`` writes it. What the hashes cover
is in :mod:`engine.authoring.fingerprints`. A pack without the file is not held to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from pydantic import Field, ValidationError

from engine.authoring.fingerprints import Parts, rule_fingerprint
from engine.authoring.versions import version_of
from engine.rule import Rule
from engine.terms import FileModel
from engine.words import listing

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded

LOCK: Final = "rules.lock"

CHANGED: Final = "changed-without-version"
"""The problem of a rule that changed without its version: it is no fault of what the rule says, and must not be released."""

_RAISE: Final = (
    "raise version (words: patch; a new case: minor; who gets the card: major), then run  primum rules lock"
)
_WRITE: Final = "run  primum rules lock"


class LockedRule(FileModel):
    """A rule as it was locked."""

    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Lock(FileModel):
    """The rules of a pack as they were locked, and what they stood on, each with its hash."""

    rules: dict[str, LockedRule]
    parts: dict[str, str]

    @property
    def text(self) -> str:
        """The file."""
        rules = [f'  "{name}": {json.dumps(dict(rule))}' for name, rule in sorted(self.rules.items())]
        parts = [
            f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(value)}"
            for name, value in sorted(self.parts.items())
        ]
        blocks = [
            f' "{key}": {{\n' + ",\n".join(lines) + "\n }"
            for key, lines in (("rules", rules), ("parts", parts))
        ]
        return "{\n" + ",\n".join(blocks) + "\n}\n"


class Unlocked(NamedTuple):
    """A rule that is not as it was locked: ``changed`` without a higher version, or not written down yet (``behind``, ``new``).

    ``rule`` is its id; one that is ``gone`` has a place in the lock only.
    """

    rule: str
    state: Literal["changed", "behind", "new", "gone"]
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
        name: LockedRule(version=rule.version, sha256=rule_fingerprint(loaded, name))
        for name, rule in rules.items()
    }
    return Lock(rules=locked, parts=parts)


def unlocked(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """Every rule of a pack that is not as it was locked: first those that changed without a version, then the others."""
    yield from changed(loaded, pack_id, lock)
    yield from behind(loaded, pack_id, lock)


def changed(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """Every rule that is not as it was locked, and whose version is not higher."""
    parts = Parts(loaded)
    for rule in _rules(loaded, pack_id).values():
        yield from changed_rule(loaded, rule, lock, parts)


def changed_rule(loaded: Loaded, rule: Rule, lock: Lock, parts: Parts) -> Iterator[Unlocked]:
    """That one rule is not as it was locked, if it is so and its version is not higher; ``parts`` are those of the folder."""
    locked = lock.rules.get(rule.id)
    if locked is None or version_of(rule.version) > version_of(locked.version):
        return
    if rule.version != locked.version:
        message = f"version {rule.version} is lower than {locked.version}, which was locked"
        yield Unlocked(rule.id, "changed", message, _RAISE)
        return
    found = [] if rule_fingerprint(loaded, rule.id) == locked.sha256 else ["what the rule says"]
    found += [name for name, value in parts.of(rule).items() if lock.parts.get(name) != value]
    if found:
        message = (
            f"{listing(found)} {'has' if len(found) == 1 else 'have'} changed since version {rule.version}"
        )
        yield Unlocked(rule.id, "changed", message, _RAISE)


def behind(loaded: Loaded, pack_id: str, lock: Lock) -> Iterator[Unlocked]:
    """Every rule that is new, has a higher version, or is gone, and that the lock does not have so yet."""
    for rule in _rules(loaded, pack_id).values():
        locked = lock.rules.get(rule.id)
        if locked is None:
            yield Unlocked(rule.id, "new", f"it is not in {LOCK} yet", _WRITE)
        elif version_of(rule.version) > version_of(locked.version):
            yield Unlocked(rule.id, "behind", f"{LOCK} still has version {locked.version}", _WRITE)
    for name in lock.rules.keys() - _named(loaded, pack_id):
        message = f"{name} is locked and has no file"
        yield Unlocked(name, "gone", message, f"keep its file, with  status: retired , or {_WRITE}")


def _rules(loaded: Loaded, pack_id: str) -> dict[str, Rule]:
    return {rule.id: rule for rule in loaded.rules.rules if loaded.rules.pack_of(rule).id == pack_id}


def _named(loaded: Loaded, pack_id: str) -> set[str]:
    """The ids of a pack's rules, also of those whose files do not fit."""
    below = f"{loaded.folders[pack_id]}/"
    documents = (entry.data for name, entry in loaded.documents.items() if name.startswith(below))
    return {str(data["id"]) for data in documents if isinstance(data, dict) and "id" in data}
