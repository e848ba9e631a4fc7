"""Expansions: codes that a terminology server counts to a concept, with where the server had them from.

They are fetched ahead of time and pinned, so that the same record gets the same answer years later. They only add: what the rules
list stays listed, and a code that no server has named is what it was without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps


@dataclass(frozen=True, slots=True)
class Expansion:
    """The codes of one concept as (system, code), and their provenance.

    ``version`` is that of the code system, ``identifier`` the server's name for the answer, ``date`` the day on which it was given,
    ``ecl`` the expression. ``sha256`` is the hash of all of it: of the expression, server, version, identifier, date and the codes in
    order, as one JSON array without spaces.
    """

    codes: frozenset[tuple[str, str]]
    server: str = ""
    version: str = ""
    identifier: str = ""
    date: str = ""
    ecl: str = ""
    sha256: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work the hash out, once."""
        whole = [self.ecl, self.server, self.version, self.identifier, self.date, sorted(self.codes)]
        object.__setattr__(self, "sha256", _hash(dumps(whole, separators=(",", ":"))))


@dataclass(frozen=True, slots=True)
class TerminologySource:
    """All that one server gave from one version of a code system; ``sha256`` is the hash of its expansions' hashes."""

    server: str
    version: str
    concepts: int
    codes: int
    sha256: str


def sources(expansions: Mapping[str, Expansion]) -> tuple[TerminologySource, ...]:
    """Where expansions come from, in the order of the servers and versions."""
    found: dict[tuple[str, str], dict[str, Expansion]] = {}
    for concept, expansion in expansions.items():
        found.setdefault((expansion.server, expansion.version), {})[concept] = expansion
    return tuple(
        TerminologySource(
            server,
            version,
            len(given),
            len(frozenset().union(*(expansion.codes for expansion in given.values()))),
            _hash("".join(sorted(f"{concept} {each.sha256}\n" for concept, each in given.items()))),
        )
        for (server, version), given in sorted(found.items())
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
