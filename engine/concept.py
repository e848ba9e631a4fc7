"""A concept and the code systems that it is coded in, as the files of concepts describe them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SHARED: Final = 4
"""Characters of an ICD-10 code, without its dot, that mean the same in all editions: letter, category and one digit below it."""


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A code system as the concept files name it.

    ``unlisted`` says what a code means that no concept lists. ``no`` where the lists hold what matters in a hierarchy by prefix (ICD,
    ATC) or among codes without a hierarchy (LOINC, routes), and in SNOMED CT, where it is no more than presumed: the lists cannot hold
    its hierarchy (:meth:`engine.concepts.ConceptLibrary.presuming`). ``unknown`` where the lists are of another kind than the records
    (RxNorm product codes: an unlisted product may hold any ingredient).
    ``hierarchical`` systems match by prefix, without dots, spaces (``N02 AA01``) and the marks at the end: dagger, asterisk, ``!``
    and ``G40.-``. A national edition (``edition_of``, the name of the other) has the codes of another system as far as these have no more
    than :data:`SHARED` characters; what is longer there is its own.
    """

    name: str
    uri: str
    aliases: tuple[str, ...] = ()
    unlisted: Literal["no", "unknown"] = "unknown"
    hierarchical: bool = False
    title: str = ""
    edition_of: str | None = None


@dataclass(frozen=True, slots=True)
class ConceptCode:
    """One code that means a concept; ``prefix`` matches every code below it in a hierarchical system.

    ``strength`` is what a mL of the product with this code holds, where that is known (``0.05 mg/mL``).
    """

    system: str
    code: str
    prefix: bool = False
    display: str = ""
    strength: str | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """A named clinical idea: its codes, the concepts it includes, and the codes taken out of both again.

    For measurements ``unit`` is the canonical UCUM unit, ``plausible`` the inclusive range outside which a value is treated as an
    error of the record, and ``substance`` the key of the molar-mass conversion (``creatinine``), ``same_units`` units
    that laboratories write for the same amount (``mL/min`` for an indexed filtration rate). ``unit_tells`` says that next to nothing
    else is measured in these, so that an amount in one of them may be this whatever unlisted code it has.
    ``complete_in`` names systems whose list here is exhaustive, even when it is empty, so that an unlisted code of them denies;
    ``open_in`` systems whose list here is not (substances are listed, their products are not), so that it does not.
    ``left_open_by`` names concepts that say less than this one: an entry of one of them may be this one, so that its code neither
    means nor denies it.
    ``raised_up_to`` says of such a concept that its values are those of this one, multiplied by no less than 1 and no more than that.
    ``texts`` are words recognised in free text (see :mod:`engine.free_text`), the names and brands of a substance among them.
    ``texts_in`` names concepts in whose entries alone they are looked for, in those with their codes or their words: *refractory*
    says something of an epilepsy, and nothing of a migraine. Beside one of ``texts_unless``, wherever that stands in the entry, they
    name nothing: *creatinine* in urine is another measurement. ``texts_not`` are longer words, or several, that the texts stand in and
    that mean something else (*asepsis*, *history of sepsis*): they are passed over.
    ``says_nothing`` marks the list of codes that do not tell what an entry is (*Disease*, a record that was lost in a transfer): they
    count as no code, so that nothing but the words beside them tells.
    """

    id: str
    title: str
    codes: tuple[ConceptCode, ...] = ()
    exclude: tuple[ConceptCode, ...] = ()
    includes: tuple[str, ...] = ()
    unit: str | None = None
    plausible: tuple[float, float] | None = None
    substance: str | None = None
    same_units: tuple[str, ...] = ()
    complete_in: tuple[str, ...] = ()
    open_in: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    left_open_by: tuple[str, ...] = ()
    texts_in: tuple[str, ...] = ()
    texts_not: tuple[str, ...] = ()
    unit_tells: bool = False
    raised_up_to: float | None = None
    texts_unless: tuple[str, ...] = ()
    says_nothing: bool = False
