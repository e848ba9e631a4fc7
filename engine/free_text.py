"""Free text: concepts recognised by their own words, where an entry has no code that is known (CI-04, IX-05 to IX-08) or beside one.

Concepts have words of their own; medicines are known by the names of their ingredients as well. A longer word may stand
anywhere in a text ("peroral"), but a number at the end of no other, and an abbreviation of up to three letters only by itself, with or
without its dots. For a space in a word may stand whatever is no letter: "baclofen pump" is in "Baclofen-Pumpe", too. Beside
some words those of a concept may name nothing ("creatinine" in urine).

Without a code that is known, words can say yes, so whatever may deny them does: those that follow a negation name nothing ("not
intravenously"), and a text that may deny a medicine anywhere names none ("morphine - stopped"). Beside a code that says no, words can
only make that unknown, so only what surely denies them does: "not intractable", "brother died of meningitis"; "never give baclofen" does
not. What denies is in :mod:`engine.negations`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from engine.concepts import CodedText, ConceptLibrary, Membership
from engine.letters import plain
from engine.negations import DENIED, DOUBTS, NEVER, SURELY, SURELY_OR_NO, Denial, without_what_is_not_there
from engine.vocabulary import Worded

LONGEST_ABBREVIATION: Final = 3
"""Letters of a word that stands alone, with or without its dots."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_SENTENCE: Final = re.compile(r"[;()\[\]\n]|\s[-–—]\s|\.\s")
"""What parts the words of an entry, so that what stands behind it speaks of something else."""


def spoken_of(text: CodedText) -> str:
    """What a person would read of an entry: its text, and the displays beside its codes."""
    return "; ".join(_parts(text))


def _parts(text: CodedText) -> Iterable[str]:
    displays = (coding.display for coding in text.codings)
    return dict.fromkeys(part for part in (text.text, *displays) if part)


def words_that_name(spoken: str) -> frozenset[str]:
    """The words of a text by which a substance may be named; none where anything in the text may deny it."""
    return frozenset() if DOUBTS.search(plain(spoken)) else words_of(spoken)


def words_of(spoken: str) -> frozenset[str]:
    """All words of a text, whatever they say: what is named there at all."""
    return frozenset(_WORD.findall(plain(spoken)))


def names(concepts: ConceptLibrary, concept: str, spoken: str) -> bool:
    """Whether words of a concept, or of one that it includes, stand in a text and are not denied there."""
    spoken = plain(spoken)
    return any(_called(worded, spoken, DENIED) for worded in concepts.worded(concept))


def mentions(concepts: ConceptLibrary, concept: str, spoken: str) -> bool:
    """Whether words of a concept, or of one that it includes, stand in a text at all, denied there or not."""
    spoken = plain(spoken)
    return any(_called(worded, spoken, NEVER) for worded in concepts.worded(concept))


@dataclass(frozen=True, slots=True)
class Said:
    """All that is said of an entry: its codes, and in plain letters the text and the words that a person would read beside them.

    ``notes`` is what is noted beside a diagnosis.
    """

    codes: tuple[CodedText, ...]
    text: str
    words: frozenset[str]
    notes: str = ""

    @classmethod
    def of(cls, codes: Iterable[CodedText], notes: str = "") -> Self:
        """What several codes of one entry and their texts say together, and what is noted beside them."""
        codes = tuple(codes)
        text = plain(", ".join(part for code in codes for part in _parts(code)))
        return cls(codes, text, words_of(without_what_is_not_there(text)), plain(notes))

    @classmethod
    def together(cls, said: Iterable[Said]) -> Self:
        """What is said of several entries, for :meth:`may_name` to be asked of all at once."""
        heard = tuple(said)
        text = "\n".join(dict.fromkeys(f"{each.text}; {each.notes}" for each in heard))
        return cls((), text, frozenset[str]().union(*(each.words for each in heard)))

    def names(self, concepts: ConceptLibrary, concept: str) -> bool:
        """Whether the words name a concept, so that no code beside them can deny it.

        They do by the name of one of its substances, whatever else is said of it but that it is not in there ("without codeine"), and
        by the concept's own words, unless those are surely denied: "not intractable", "without mention of refractory epilepsy", and,
        where it is no medicine, "no sepsis". Words that are looked for in some entries only (``texts_in``) name it there alone: in
        those with the codes of that, or, where no code says so, behind its words or in one sentence with them. They alone do so in a
        note, too: a note speaks of much that the entry is not.
        """
        if not self.words.isdisjoint(concepts.ingredients_of(concept)):
            return True
        return any(self._is_worded(concepts, worded) for worded in concepts.worded(concept))

    def _is_worded(self, concepts: ConceptLibrary, worded: Worded) -> bool:
        if not worded.within:
            return _called(worded, self.text, _surely(worded))
        spoken = self._of(concepts, worded.within)
        return spoken is not None and _called(worded, f"{spoken}; {self.notes}", _surely(worded))

    def may_name(self, concepts: ConceptLibrary, concept: str) -> bool:
        """Whether any words of a concept, or the name of one of its substances, stand there at all, whatever stands beside them."""
        return not self.words.isdisjoint(concepts.ingredients_of(concept)) or any(
            next(_places(word, self.text), None) is not None
            for worded in concepts.worded(concept)
            for word in worded.texts
        )

    def _of(self, concepts: ConceptLibrary, wider: tuple[str, ...]) -> str | None:
        """The part of the text that speaks of one of the wider concepts: all of it where a code says so; None where nothing does."""
        if any(
            concepts.membership(other, code.codings) is Membership.YES
            for other in wider
            for code in self.codes
        ):
            return self.text
        own = [worded for other in wider for worded in concepts.worded(other) if not worded.within]
        sentences = _SENTENCE.split(self.text)
        for place, sentence in enumerate(sentences):
            if any(_called(worded, sentence, _surely(worded)) for worded in own):
                return "; ".join(sentences[place:])
        return None


def is_of(concepts: ConceptLibrary, concept: str, code: CodedText) -> Membership:
    """Whether a coded entry is in a concept: its codes deny that only as long as the words beside them do not name the concept."""
    coded = concepts.membership(concept, code.codings)
    named = (
        coded is Membership.NO and has_words(concepts, concept) and Said.of((code,)).names(concepts, concept)
    )
    return Membership.UNKNOWN if named else coded


def has_words(concepts: ConceptLibrary, concept: str) -> bool:
    """Whether there are words at all by which a concept may be recognised."""
    return bool(concepts.worded(concept) or concepts.ingredients_of(concept))


def _surely(worded: Worded) -> Denial:
    """What surely denies the words of a concept: "no baclofen" may be an order, "no sepsis" is none."""
    return SURELY if worded.medicine else SURELY_OR_NO


def _called(worded: Worded, spoken: str, denial: Denial) -> bool:
    """Whether one of some words stands in a text in plain letters, not denied, and none beside which they name nothing."""
    for other in worded.besides:
        if other in spoken:
            spoken = spoken.replace(other, " ")
    return any(_stands_in(word, spoken, denial) for word in worded.texts) and not any(
        _stands_in(word, spoken, NEVER) for word in worded.unless
    )


def _stands_in(word: str, spoken: str, denial: Denial) -> bool:
    """Whether a word stands in a text, at one place at least without what denies it."""
    return any(not denial.of(spoken, start, end) for start, end in _places(word, spoken))


def _places(word: str, spoken: str) -> Iterator[tuple[int, int]]:
    """Where a word stands in a text: from where to where."""
    pattern = _pattern(word)
    if pattern is not None:
        yield from (found.span() for found in pattern.finditer(spoken))
        return
    start = spoken.find(word)
    while start >= 0:
        yield start, start + len(word)
        start = spoken.find(word, start + len(word))


@lru_cache(maxsize=4096)
def _pattern(word: str) -> re.Pattern[str] | None:
    """What finds a word as concepts have it that is an abbreviation, has a space or begins with a number; None for any other."""
    letters, parts = word.replace(".", ""), word.split()
    if len(letters) <= LONGEST_ABBREVIATION:
        dotted = r"\.?".join(map(re.escape, letters))
        return re.compile(rf"(?<!\w){dotted}\.?(?!\w)")
    if parts == [word] and not word[0].isdigit():
        return None
    pattern = r"[\W_]+".join(map(re.escape, parts))
    return re.compile(rf"(?<!\d){pattern}" if word[0].isdigit() else pattern)
