"""Free text: concepts recognised by their own words where an entry has no code that is known (CI-04, IX-05 to IX-08).

Routes and devices have words of their own; medicines are known by the names of their ingredients. A longer word may stand
anywhere in a text ("peroral"), an abbreviation of up to three letters only by itself, with or without its dots. Words that follow
a negation name nothing: "not intravenously". A text that may deny a medicine anywhere names none: "morphine - stopped".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from engine.concepts import CodedText, ConceptLibrary

LONGEST_ABBREVIATION: Final = 3

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

_NEGATIONS: Final = "not|never|no|non|nie|nigdy|ikke|aldri|aldrig|inte|nicht"
"""Of English, Polish, the Scandinavian languages and German; up to two words may stand between one and what it denies."""


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
    words = (word for member in concepts.members(concept) for word in concepts.concept(member).texts)
    spoken = spoken.casefold()
    return any(_stands_in(word.casefold(), spoken) for word in words)


@lru_cache(maxsize=4096)
def _stands_in(word: str, spoken: str) -> bool:
    letters = word.replace(".", "")
    if len(letters) <= LONGEST_ABBREVIATION:
        dotted = r"\.?".join(map(re.escape, letters))
        pattern = rf"(?<!\w){dotted}\.?(?!\w)"
    else:
        pattern = re.escape(word)
    denied = rf"(?<!\w)(?:{_NEGATIONS})\s+(?:\w+\s+){{0,2}}$"
    return any(not re.search(denied, spoken[: found.start()]) for found in re.finditer(pattern, spoken))
