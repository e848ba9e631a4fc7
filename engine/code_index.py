"""Index of codes: which concepts list a code, whole or by a beginning of it, and what is known of it then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Known(NamedTuple):
    """What a library knows of one coding.

    ``listed_in`` are the concepts that list it, ``within`` all that it is in, ``left_open`` those of which it says too little. ``listed``
    says whether any list has it, so that it is known for what it is; ``system`` is the URI of the system that it is a code of, empty
    where it is no code, or one that says nothing, and ``code`` how it is compared there. ``untold`` are those of ``left_open`` that are so
    only because they say that what lists the code says less (``left_open_by``).
    """

    listed_in: frozenset[str] = frozenset()
    within: frozenset[str] = frozenset()
    left_open: frozenset[str] = frozenset()
    listed: bool = False
    system: str = ""
    code: str = ""
    untold: frozenset[str] = frozenset()


class Standing(NamedTuple):
    """Where the codings of one entry stand together: :class:`Known` of them all, and the URIs of their ``systems``."""

    within: frozenset[str] = frozenset()
    left_open: frozenset[str] = frozenset()
    listed: bool = False
    systems: frozenset[str] = frozenset()


NO_STANDING: Final = Standing()
"""Where an entry without a code stands."""


@dataclass(slots=True)
class CodeIndex:
    """Codes by system, whole and as beginnings, with the concepts that list them."""

    exact: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    beginnings: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    narrower: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(
        self, uri: str, code: str, concept_id: str, *, prefix: bool = False, hierarchical: bool = False
    ) -> None:
        """Note that a concept lists a code; with ``prefix`` it lists every code that begins so.

        In a ``hierarchical`` system every beginning of the code is noted as what says less.
        """
        listed = self.beginnings if prefix else self.exact
        listed.setdefault((uri, code), set()).add(concept_id)
        for length in range(1, len(code) if hierarchical else 0):
            self.narrower.setdefault((uri, code[:length]), set()).add(concept_id)

    def copy(self) -> CodeIndex:
        """An index to which more codes may be added while this one stays as it is."""
        return CodeIndex(*map(_copied, (self.exact, self.beginnings, self.narrower)))

    def whole(self, uri: str, code: str) -> set[str]:
        """The concepts that list just this code."""
        return self.exact.get((uri, code), set()) | self.beginnings.get((uri, code), set())

    def concepts(self, uri: str, code: str) -> set[str]:
        """The concepts that list a code, or a beginning of it."""
        found = set(self.exact.get((uri, code), ()))
        for length in range(1, len(code) + 1):
            found |= self.beginnings.get((uri, code[:length]), set())
        return found

    def below(self, uri: str, code: str) -> set[str]:
        """The concepts that list a code which begins with this one: it may be meant, or another of its kind."""
        return self.narrower.get((uri, code), set())


def _copied(codes: dict[tuple[str, str], set[str]]) -> dict[tuple[str, str], set[str]]:
    return {key: set(concepts) for key, concepts in codes.items()}
