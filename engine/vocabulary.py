"""Vocabulary: the words by which concepts are recognised in free text, and the names of the substances that they list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final, NamedTuple

from engine.code_systems import CodeSystems
from engine.concept import Concept
from engine.letters import plain

SHORTEST_NAME: Final = 5
"""Letters of the name of a substance by which it is recognised in free text."""


class Worded(NamedTuple):
    """Words of a concept as :func:`engine.letters.plain` writes them, and where they mean it.

    ``within`` are the concepts in whose entries alone they are looked for, none for any entry; ``besides`` longer words that mean
    something else, and ``unless`` the words beside which they name nothing. ``medicine`` says that the words are names of a medicine
    that rules are written for, so that "no" before one may be an order.
    """

    texts: tuple[str, ...]
    within: tuple[str, ...]
    besides: tuple[str, ...]
    unless: tuple[str, ...]
    medicine: bool


def _plain(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(plain, words))


class Vocabulary:
    """The words of the concepts of a rules folder, each concept's with those of all that it includes (``members``).

    ``substances`` are the concepts of the medicines' own substances.
    """

    __slots__ = ("_concepts", "_members", "_names", "_own", "_systems", "_worded")

    def __init__(
        self,
        concepts: Mapping[str, Concept],
        members: Mapping[str, frozenset[str]],
        systems: CodeSystems,
        substances: Set[str] = frozenset(),
    ) -> None:
        self._concepts, self._members, self._systems = concepts, members, systems
        self._own = {text for name in substances & concepts.keys() for text in concepts[name].texts}
        self._worded = {concept_id: tuple(self._words_of(below)) for concept_id, below in members.items()}
        self._names: dict[str, frozenset[str]] = {}

    def _words_of(self, members: Iterable[str]) -> Iterable[Worded]:
        for each in (self._concepts[member] for member in sorted(members)):
            if each.texts:
                yield Worded(
                    _plain(each.texts),
                    each.texts_in,
                    _plain(each.texts_not),
                    _plain(each.texts_unless),
                    not self._own.isdisjoint(each.texts),
                )

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
        """The substances that a concept and those it includes list: their names in plain letters, each with its codes by system.

        They are the displays of codes that are those of ingredients (RxNorm), where an unlisted product denies nothing. A code of
        another system that is called by just such a name is one of the same substance (ATC).
        """
        found: dict[str, set[tuple[str, str]]] = {}
        codes = [code for member in self._members[concept_id] for code in self._concepts[member].codes]
        for code in codes:
            name = plain(code.display)
            if self._systems.named(code.system).unlisted == "unknown" and len(name) >= SHORTEST_NAME:
                found[name] = set()
        for code in codes:
            if (places := found.get(plain(code.display))) is not None:
                places.add(self._systems.place(self._systems.named(code.system).uri, code.code))
        return {name: frozenset(places) for name, places in found.items()}
