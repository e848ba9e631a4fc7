"""How people and records spell units, and the UCUM code each spelling means.

Texts are read without regard to case: ``MG`` on a screen never means megagauss. Russian and Bulgarian units are read in their own
letters, and the French and German ways of writing a rate (``ml/mn``, ``1,73 qm``). UCUM codes proper are
case-sensitive and are not for this module, except for the body surface, which records spell in a dozen ways
inside otherwise valid codes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

PER_BODY_SURFACE: Final = "{1.73_m2}"

_BODY_SURFACE = re.compile(
    r"\(173\.10\*-2\.m2\) | (?: [\[{(] \s* )? 1[.,]73 [\s_.]* (?: [mм]\s?\^?2 | sq\.?\s?m | qm ) (?: \s* [\]})] )?",
    re.IGNORECASE | re.VERBOSE,
)
# UCUM's list of common units has ug/(24.h); without brackets its order of operations puts the hours above the line, and nobody means that.
_PER_DAY = re.compile(r"/\s*\(?\s*24[\s.]*h(?:rs?|ours?)?\s*\)?(?![a-z])", re.IGNORECASE)
# Likewise g/100.mL: nobody means grams times millilitres.
_PER_DECILITRE = re.compile(r"/\s*\(?\s*100[\s.]*m(?:l|illilit(?:er|re)s?)\s*\)?(?![a-z])", re.IGNORECASE)
# Laboratories' old way of writing the same; a hundredth of a milligram, as arithmetic would have it, is none.
_MASS_PER_CENT = re.compile(r"\s*((?:m|u|mc|n)?g)\s*%\s*", re.IGNORECASE)
_ANNOTATION: Final = re.compile(r"\{([^{}]*)\}")
_PER = re.compile(r"\s+per\s+", re.IGNORECASE)

# "unit" and "units" are missing on purpose: they may be enzyme units, international units or tablets.
_SPELLINGS: Final = {
    "kg": ("kg", "kgs", "kilogram", "kilograms", "кг"),
    "g": ("g", "gm", "gram", "grams", "\N{CYRILLIC SMALL LETTER GHE}"),
    "mg": ("mg", "milligram", "milligrams", "мг"),
    "ug": ("mcg", "ug", "microgram", "micrograms", "мкг"),
    "ng": ("ng", "nanogram", "nanograms"),
    "pg": ("pg", "picogram", "picograms"),
    "L": ("l", "liter", "liters", "litre", "litres", "л"),
    "dL": ("dl", "дл"),
    "mL": ("ml", "milliliter", "milliliters", "millilitre", "millilitres", "мл"),
    "uL": ("ul", "mcl", "microliter", "microlitre"),
    "fL": ("fl",),
    "mol": ("mol",),
    "mmol": ("mmol", "ммоль"),
    "umol": ("umol", "mcmol", "micromol", "мкмоль"),
    "nmol": ("nmol",),
    "pmol": ("pmol",),
    "meq": ("meq",),
    "U": ("u",),
    "kU": ("ku",),
    "[IU]": ("iu", "[iu]"),
    "m[IU]": ("miu", "m[iu]"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "min": ("min", "mins", "minute", "minutes", "mn", "мин"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "wk": ("wk", "wks", "week", "weeks"),
    "mo": ("mo", "mos", "month", "months"),
    "a": ("y", "yr", "yrs", "year", "years"),
    "cm": ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
    "mm": ("mm",),
    "m2": ("m2", "m^2", "sqm"),
    "[in_i]": ("in", "inch", "inches"),
    "[lb_av]": ("lb", "lbs", "pound", "pounds"),
    "mm[Hg]": ("mmhg", "mm hg", "mm[hg]"),
    "Cel": ("cel", "°c", "degc", "deg c", "degrees c", "celsius", "degrees celsius"),
    "[degF]": ("°f", "degf", "[degf]", "deg f", "degrees f", "fahrenheit", "degrees fahrenheit"),
    "%": ("%", "percent"),
    "10*3": ("10^3", "x10^3", "x10*3", "x10e3"),
    "10*6": ("10^6", "x10^6", "x10*6", "x10e6"),
    "10*9": ("10^9", "x10^9", "x10*9", "x10e9"),
    # What is counted is no unit: beats/min is /min.
    "": ("beats", "breaths", "insp"),
}
_PARTS: Final = {spelling: code for code, spellings in _SPELLINGS.items() for spelling in spellings}
_MOLAR: Final = {"uM": "umol/L", "mM": "mmol/L"}
"""Read with regard to case, as micrometres and millimetres are written with the same letters."""
_WHOLE: Final = {"bpm": "/min", "c": "Cel", "f": "[degF]", "k/ul": "10*3/uL"}


def as_meant(code: str) -> str:
    """Return a unit with what people write for 1.73 square metres, 24 hours and 100 millilitres below the line as UCUM has it."""
    return per_decilitre(per_day(per_body_surface(code)))


def per_body_surface(code: str) -> str:
    """Return a unit with whatever it writes for 1.73 square metres as UCUM's annotation ``{1.73_m2}``."""
    return _BODY_SURFACE.sub(PER_BODY_SURFACE, code)


def per_day(code: str) -> str:
    """Return a unit with whatever it writes for 24 hours below the line (``ug/24.h``, ``mg/24 hours``) as ``/d``."""
    return _PER_DAY.sub("/d", code)


def per_decilitre(code: str) -> str:
    """Return a unit with whatever it writes for 100 millilitres below the line (``mg/100mL``, ``mg/100.mL``, ``mg%``) as ``/dL``."""
    mass = _MASS_PER_CENT.fullmatch(code)
    return f"{mass[1]}/dL" if mass else _PER_DECILITRE.sub("/dL", code)


def annotates_a_unit(code: str) -> bool:
    """Whether an annotation of a UCUM code is itself a unit: ``{ug}`` counts as the number one there, and was hardly meant so."""
    return any(_PARTS.get(words.strip().casefold()) for words in _ANNOTATION.findall(code))


def ucum_spelling(text: str) -> str:
    """Return the UCUM code that a unit's text means; one without known spellings comes back as written."""
    # NFKC makes the two micro signs one and writes m² as m2.
    normal = unicodedata.normalize("NFKC", text).strip().replace("\N{GREEK SMALL LETTER MU}", "u")
    whole = _MOLAR.get(normal) or _WHOLE.get(normal.casefold())
    if whole is not None:
        return whole
    parts = (part.strip() for part in as_meant(_PER.sub("/", normal)).split("/"))
    return "/".join(_PARTS.get(" ".join(part.casefold().split()), part) for part in parts)
