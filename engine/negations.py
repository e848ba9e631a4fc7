"""Negations: words that say of what they stand beside that it is not there, is not taken, or is another person's.

In the languages in which concepts have words: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish and the Scandinavian
languages. All patterns are for text as :func:`engine.letters.plain` writes it: small letters, no accents.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LONGEST_DENIAL: Final = 100
"""Letters before a word, and behind it, in which what denies it is looked for."""

_NOT: Final = (
    "not|nie|ikke|aldrig|aldri|inte|icke|nicht|niet|nooit|pas|jamais|nunca|nao|"
    "geen|kein|keine|keinen|keiner|keinerlei|ingen|inga|aucun|aucune|ningun|ninguna|nessun|nessuna|nenhum|nenhuma|brak|"
    "without|ohne|sans|sin|senza|sem|zonder|bez|uten|uden|utan"
)
_FAMILY: Final = (
    "mother|father|parents?|brothers?|sisters?|siblings?|son|daughter|wife|husband|partner|spouse|uncle|aunt|grandmother|grandfather|"
    "mutter|vater|bruder|schwester|sohn|tochter|mere|pere|frere|soeur|madre|padre|hermano|hermana|moeder|vader|broer|zus|"
    "matka|ojciec|brat|siostra|mor|far|bror|soster|syster|soster"
)

DOUBTS: Final = re.compile(
    rf"(?<!\w)(?:(?:{_NOT}|never|no|non|none|nil|off|hold|held|past|prior|naive|ex|instead|versus|vs|until|if|end|ends|ended|evita"
    rf"|nigdy|zamiast|statt|{_FAMILY})(?!\w)"
    r"|(?:stop|discontinu|ceas|finish|withh|withdr|avoid|contraindic|allerg|intoler|sensitiv|hypersens|react|advers|former"
    r"|previous|history|famil|replac|switch|chang|antagon|antidot|overdos|poison|den[iy]|refus|declin|cancel|considered"
    r"|abgesetzt|unvertr|odstaw|uczul|alergi|seponer|utsatt|avslut"
    r"|arret|interromp|eviter|remplac|suspend|suspens|sospes|interrot|terminad|finalizad|gestopt|gestaakt|vermijd|beendet|pausiert)\w*)"
)
"""Words beside the name of a medicine that may say that it is not taken (any more), or that another person takes it."""

_SMALL: Final = (
    r"(?:(?:mention|evidence|signs?|history|any|of|the|a|an|de|d|des|di|da|zeichen|hinweis|auf|fur"
    r"|medically|drug|medication|treatment|therapy)[\s'’-]+)*"
)
"""Small words between a denial and what it denies: "pas de", "no evidence of", "without mention of"."""
_GLUED: Final = r"[\w-]*$"
"""The beginning of the word in which what is denied stands: "nicht therapierefraktar"."""
_NOT_BEFORE: Final = (
    rf"(?<!\w)(?:non-?|(?:{_NOT}|non|w/o)[\s'’-]+{_SMALL}"
    rf"|(?<!not )(?<!nicht )(?:ruled out|ausgeschlossene)\s+{_SMALL}){_GLUED}|(?<!\w)nie(?:leko)?$"
)
_FAMILY_BEFORE: Final = (
    r"(?<!\w)(?:family (?:history|hx)|fam\.? hx|fhx?|familienanamnese|antecedents? famil\w+|antecedentes famil\w+|familieanamnese)"
    rf"(?!\w)[^,;.()]*$|(?<!\w)(?:{_FAMILY})\s+"
    r"(?:has|had|with|died (?:of|from)|mit|hat|hatte|avec|con|met|med|starb an)\s+(?:\w+\s+)?$"
)
_MAY_COME_BEFORE: Final = (
    r"(?<!\w)(?:vaccin\w*|immuni[sz]\w*|impf\w*|szczepi\w*)\s+(?:against|for|gegen|contre|contra|tegen|mot|mod|przeciw\w*)"
    r"\s+(?:\w+\s+)?$"
    r"|(?<!\w)(?:screening for|exposure to|risk (?:of|for|factors? for)|prophylaxis (?:of|for|against))\s+(?:\w+\s+)?$"
)
_SURELY: Final = f"{_NOT_BEFORE}|{_FAMILY_BEFORE}|{_MAY_COME_BEFORE}"
_BEHIND: Final = re.compile(
    r"\w*[\s-]+(?:vaccin|immuni[sz]|impf|szczepi)\w*|\w*impf\w*"
    r"|\w*\s+(?:(?:was|is|has been|wurde|ist)\s+)?(?:ruled out|ausgeschlossen)(?!\w)"
)


class Denial(NamedTuple):
    """What denies a word: a pattern for what stands before it, and one for what stands behind it."""

    before: re.Pattern[str]
    behind: re.Pattern[str] | None = None

    def of(self, spoken: str, start: int, end: int) -> bool:
        """Whether the word from ``start`` to ``end`` of a text is denied there."""
        if self.before.search(spoken[max(0, start - LONGEST_DENIAL) : start]) is not None:
            return True
        return self.behind is not None and self.behind.match(spoken, end, end + LONGEST_DENIAL) is not None


DENIED: Final = Denial(re.compile(rf"(?<!\w)(?:{_NOT}|never|no|non|nigdy)\s+(?:\w+\s+){{0,2}}$"))
"""A negation, and up to two words between it and what it denies."""

SURELY: Final = Denial(re.compile(_SURELY), _BEHIND)
"""What is sure to deny the word that follows, or the rest of it, be it of a medicine: "no" and "never" may be an order ("no baclofen").

ICD-10-CM says "not intractable", ICD-9-CM "without mention of intractable epilepsy". Another person's disease, a vaccination against one
and what was ruled out are not the patient's.
"""

SURELY_OR_NO: Final = Denial(
    re.compile(rf"{_SURELY}|(?<!\w)(?:no|denies|negative for)\s+{_SMALL}{_GLUED}"), _BEHIND
)
"""As :data:`SURELY`, of what nobody orders: "no sepsis", "epilepsia no refractaria"."""

NEVER: Final = Denial(re.compile(r"(?!)"))
"""Denies nothing."""

_NOT_THERE: Final = re.compile(
    r"(?<!\w)(?:without|w/o|ohne|sans|sin|senza|sem|zonder|bez|uten|uden|utan)\s+(?:d['’]|de\s+)?[^\W\d_]+"
)


def without_what_is_not_there(spoken: str) -> str:
    """A text less the words for what a mixture is said to be without: "paracetamol (without codeine)"."""
    return _NOT_THERE.sub(" ", spoken)
