"""Index of codes: which concepts name a code, whole or by a beginning of it, and what is known of it then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Known(NamedTuple):
    """What a library knows of a coding: the concepts that name it, all that it is in, and whether it is named at all.

    ``is_code`` says whether it has a code that its system can hold; one that anything names is one.
    """

    named: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    anywhere: bool = False
    is_code: bool = False


class Standing(NamedTuple):
    """Where the codings of one entry stand: the concepts they are in, whether one is named at all, and their systems' URIs."""

    within: frozenset[str] = frozenset()
    named: bool = False
    systems: frozenset[str] = frozenset()


NO_STANDING: Final = Standing()
"""Where an entry without a code stands."""


@dataclass(slots=True)
class CodeIndex:
    """Codes by system, whole and as beginnings, with the concepts that name them."""

    exact: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    beginnings: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(self, uri: str, code: str, concept_id: str, *, prefix: bool = False) -> None:
        """Note that a concept names a code; with ``prefix`` it names every code that begins so."""
        named = self.beginnings if prefix else self.exact
        named.setdefault((uri, code), set()).add(concept_id)

    def copy(self) -> CodeIndex:
        """An index to which more whole codes may be added; the beginnings are the same in both."""
        return CodeIndex({key: set(named) for key, named in self.exact.items()}, self.beginnings)

    def concepts(self, uri: str, code: str) -> set[str]:
        """The concepts that name a code."""
        found = set(self.exact.get((uri, code), ()))
        for length in range(1, len(code) + 1):
            found |= self.beginnings.get((uri, code[:length]), set())
        return found
