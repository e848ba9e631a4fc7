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
            found = self._names[concept_id] = frozenset(filter(str.isalpha, names))
        return found

    def substances(self, concept_id: str) -> dict[str, frozenset[tuple[str, str]]]:
        """The substances that a concept and those it includes list: their names in small letters, each with its codes by system.

        They are the displays of codes that are those of ingredients (RxNorm), where an unlisted product denies nothing.
        """
        found: dict[str, frozenset[tuple[str, str]]] = {}
        for code in (code for member in self._members[concept_id] for code in self._concepts[member].codes):
            system = self._systems.named(code.system)
            name = code.display.casefold()
            if system.unlisted == "unknown" and len(name) >= SHORTEST_NAME:
                found[name] = found.get(name, frozenset()) | {self._systems.place(system.uri, code.code)}
        return found
