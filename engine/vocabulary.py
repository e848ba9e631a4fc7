"""Vocabulary: the words by which concepts are recognised in free text, and the names of the substances that they list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from engine.code_systems import CodeSystems
from engine.concept import Concept

SHORTEST_NAME: Final = 5
"""Letters of the name of a substance by which it is recognised in free text."""


class Worded(NamedTuple):
    """Words of a concept, in small letters.

    ``within`` are the concepts in whose entries alone they are looked for, none for any entry; ``unless`` the words beside which
    they name nothing.
    """

    texts: tuple[str, ...]
    within: tuple[str, ...]
    unless: tuple[str, ...]


def _small(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(str.casefold, words))


class Vocabulary:
    """The words of the concepts of a rules folder, each concept's with those of all that it includes (``members``)."""

    __slots__ = ("_concepts", "_members", "_names", "_systems", "_worded")

    def __init__(
        self, concepts: Mapping[str, Concept], members: Mapping[str, frozenset[str]], systems: CodeSystems
    ) -> None:
        self._concepts, self._members, self._systems = concepts, members, systems
        self._worded = {concept_id: tuple(self._words_of(below)) for concept_id, below in members.items()}
        self._names: dict[str, frozenset[str]] = {}

    def _words_of(self, members: Iterable[str]) -> Iterable[Worded]:
        for each in (self._concepts[member] for member in sorted(members)):
            if each.texts:
                yield Worded(_small(each.texts), each.texts_in, _small(each.texts_unless))

    def worded(self, concept_id: str) -> tuple[Worded, ...]:
        """The words by which a concept, and each that it includes, is recognised in free text."""
        return self._worded[concept_id]

    def ingredients(self, concept_id: str) -> frozenset[str]:
        """The names, in one word, of the substances that a concept and those it includes list."""
        found = self._names.get(concept_id)
        if found is None:
            names = self.substances(concept_id)
            found = self._names[concept_id] = frozenset(
                name for name in names if len(name) >= SHORTEST_NAME and name.isalpha()
            )
        return found

    def substances(self, concept_id: str) -> frozenset[str]:
        """The names of the substances that a concept and those it includes list, in small letters and in as many words as they have.

        They are the displays of codes that are those of ingredients (RxNorm), where an unlisted product denies nothing.
        """
        listed = (code for member in self._members[concept_id] for code in self._concepts[member].codes)
        return frozenset(
            code.display.casefold()
            for code in listed
            if self._systems.named(code.system).unlisted == "unknown"
        )
