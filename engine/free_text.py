"""Free text: concepts recognised by their own words, where an entry has no code that is known (CI-04, IX-05 to IX-08) or beside one.

Concepts have words of their own; medicines are known by the names of their ingredients as well. A longer word may stand
anywhere in a text ("peroral"), but a number at the end of no other, and an abbreviation of up to three letters only by itself, with or
without its dots. For a space in a word may stand whatever is no letter: "baclofen pump" is in "Baclofen-Pumpe", too. Beside
some words those of a concept may name nothing ("creatinine" in urine).

Without a code that is known, words can say yes, so whatever may deny them does: those that follow a negation name nothing ("not
intravenously"), and a text that may deny a medicine anywhere names none ("morphine - stopped"). Beside a code that says no, words can
only make that unknown, so next to nothing denies them: "not intractable" does, "never give baclofen" does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from engine.concepts import CodedText, ConceptLibrary, Membership
from engine.vocabulary import Worded

LONGEST_ABBREVIATION: Final = 3
LONGEST_DENIAL: Final = 100
"""Letters before a word in which what denies it is looked for."""

_WORD: Final = re.compile(r"[^\W\d_]+")

_DOUBTS: Final = re.compile(
    r"(?<!\w)(?:"
    r"(?:not|never|no|non|none|nil|without|off|hold|held|past|prior|naive|ex|instead|versus|vs|until|if|end|ends|ended"
    r"|nie|nigdy|bez|zamiast|ikke|ingen|aldri|aldrig|uten|uden|utan|inte|nicht|kein\w*|ohne|statt"
    r"|mother|father|parents?|brother|sister|son|daughter|wife|husband|partner|spouse)(?!\w)"
    r"|(?:stop|discontinu|ceas|finish|withh|withdr|avoid|contraindic|allerg|intoler|sensitiv|hypersens|react|advers|former"
    r"|previous|history|famil|replac|switch|chang|antagon|antidot|overdos|poison|den[iy]|refus|declin|cancel|considered"
    r"|abgesetzt|unvertr|odstaw|uczul|alergi|seponer|utsatt|avslut)\w*)"
)
"""Words beside the name of a medicine that may say that it is not taken (any more), or that another person takes it."""

_TAKEN_AWAY: Final = re.compile(r"(?<!\w)(?:remov|explant|extract|usuni|fjern|entfern)\w*")
_PUT_BACK: Final = re.compile(
    r"(?<!\w)(?:replac|exchang|chang|revis|re-?implant|wymian|utskift|udskift|byt|austausch|wechsel)\w*"
)
"""In English, Polish, the Scandinavian languages and German, as below."""

_DENIED: Final = re.compile(
    r"(?<!\w)(?:not|never|no|non|nie|nigdy|ikke|aldri|aldrig|inte|nicht)\s+(?:\w+\s+){0,2}$"
)
"""A negation of English, Polish, the Scandinavian languages or German, and up to two words between it and what it denies."""

_DENIED_JUST_BEFORE: Final = re.compile(
    r"(?<!\w)(?:non-?|(?:not|non|without(?: mention of)?|nie|bez|ikke|uten|uden|inte|utan|nicht|ohne)[\s-]+)"
    r"(?:(?:medically|drug|medication|treatment|therapy)\s+)?[\w-]*$"
)
"""A negation that is sure to deny what follows, or the rest of the word: "no" and "never" may be an order ("no baclofen").

ICD-10-CM says "not intractable", ICD-9-CM "without mention of intractable epilepsy".
"""

_NEVER: Final = re.compile(r"(?!)")
"""Denies nothing."""


def spoken_of(text: CodedText) -> str:
    """What a person would read of an entry: its text, and the displays beside its codes."""
    displays = (coding.display for coding in text.codings)
    return "; ".join(dict.fromkeys(part for part in (text.text, *displays) if part))


def names_ingredient(concepts: ConceptLibrary, concept: str, spoken: str) -> bool:
    """Whether a text names a substance that a concept lists by its ingredient code.

    The name stands as a word of its own, and nothing in the text may deny it: what is stopped, avoided, an allergy, or another
    person's is for a reader to judge.
    """
    return not concepts.ingredients_of(concept).isdisjoint(words_that_name(spoken))


def words_that_name(spoken: str) -> frozenset[str]:
    """The words of a text by which a substance may be named; none where anything in the text may deny it."""
    return frozenset() if _DOUBTS.search(spoken.casefold()) else words_of(spoken)


def takes_away(spoken: str) -> bool:
    """Whether a procedure takes a device away for good; one that replaces it does not."""
    said = spoken.casefold()
    return _TAKEN_AWAY.search(said) is not None and _PUT_BACK.search(said) is None


def words_of(spoken: str) -> frozenset[str]:
    """All words of a text, whatever they say: what is named there at all."""
    return frozenset(_WORD.findall(spoken.casefold()))


def names(concepts: ConceptLibrary, concept: str, spoken: str) -> bool:
    """Whether words of a concept, or of one that it includes, stand in a text and are not denied there."""
    spoken = spoken.casefold()
    return any(_is_named(worded, spoken, _DENIED) for worded in concepts.worded(concept))


def mentions(concepts: ConceptLibrary, concept: str, spoken: str) -> bool:
    """Whether words of a concept, or of one that it includes, stand in a text at all, denied there or not."""
    spoken = spoken.casefold()
    return any(_is_named(worded, spoken, _NEVER) for worded in concepts.worded(concept))


@dataclass(frozen=True, slots=True)
class Said:
    """All that is said of an entry: its codes, and in small letters the text and the words that a person would read beside them.

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
        text = "; ".join(filter(None, map(spoken_of, codes))).casefold()
        return cls(codes, text, words_of(text), notes.casefold())

    @classmethod
    def together(cls, said: Iterable[Said]) -> Self:
        """What is said of several entries, for :meth:`may_name` to be asked of all at once."""
        heard = tuple(said)
        text = "\n".join(dict.fromkeys(f"{each.text}; {each.notes}" for each in heard))
        return cls((), text, frozenset[str]().union(*(each.words for each in heard)))

    def names(self, concepts: ConceptLibrary, concept: str) -> bool:
        """Whether the words name a concept, so that no code beside them can deny it.

        They do by the name of one of its substances, whatever else is said of it, and by the concept's own words, unless those are
        denied just before: "not intractable", "without mention of refractory epilepsy". Words that are looked for in some entries
        only (``texts_in``) name it there alone, and they alone do so in a note, too: a note speaks of much that the entry is not.
        """
        if not self.words.isdisjoint(concepts.ingredients_of(concept)):
            return True
        return any(self._is_worded(concepts, worded) for worded in concepts.worded(concept))

    def _is_worded(self, concepts: ConceptLibrary, worded: Worded) -> bool:
        if worded.within and not any(self._is_of(concepts, other) for other in worded.within):
            return False
        said = f"{self.text}; {self.notes}" if worded.within else self.text
        return _is_named(worded, said, _DENIED_JUST_BEFORE)

    def may_name(self, concepts: ConceptLibrary, concept: str) -> bool:
        """Whether any words of a concept, or the name of one of its substances, stand there at all, whatever stands beside them."""
        return not self.words.isdisjoint(concepts.ingredients_of(concept)) or any(
            word in self.text if (pattern := _pattern(word)) is None else pattern.search(self.text)
            for worded in concepts.worded(concept)
            for word in worded.texts
        )

    def _is_of(self, concepts: ConceptLibrary, wider: str) -> bool:
        return any(concepts.membership(wider, code.codings) is Membership.YES for code in self.codes) or any(
            word in self.text
            for worded in concepts.worded(wider)
            if not worded.within
            for word in worded.texts
        )


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


def _is_named(worded: Worded, spoken: str, denied: re.Pattern[str]) -> bool:
    """Whether one of some words stands in a text in small letters, not denied, and none beside which they name nothing."""
    return any(_stands_in(word, spoken, denied) for word in worded.texts) and not any(
        _stands_in(word, spoken, _NEVER) for word in worded.unless
    )


def _stands_in(word: str, spoken: str, denied: re.Pattern[str]) -> bool:
    """Whether a word stands in a text, at one place at least without what denies it."""
    return any(
        not denied.search(spoken[max(0, start - LONGEST_DENIAL) : start]) for start in _starts(word, spoken)
    )


def _starts(word: str, spoken: str) -> Iterator[int]:
    pattern = _pattern(word)
    if pattern is not None:
        yield from (found.start() for found in pattern.finditer(spoken))
        return
    start = spoken.find(word)
    while start >= 0:
        yield start
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
