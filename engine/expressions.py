"""Expressions: SNOMED CT codes that are put together of others, which FHIR allows wherever a code of it belongs.

The grammar is SNOMED International's Compositional Grammar (2.3): a definition status, focus concepts joined by ``+``, each with its
term between bars, and after a colon the refinement. Whatever follows, and whether it says ``===`` (equivalent to) or ``<<<`` (a kind
of), what is meant is a kind of each focus concept. Which narrower concept it is, no list can tell: an expression denies nothing.
"""

from __future__ import annotations

import re
from typing import Final

from engine.grammars import SNOMED, holds

_CONCEPT: Final = r"[1-9][0-9]{5,17}(?: *\|[^|]*\|)?"
_EXPRESSION: Final = re.compile(
    rf"(?:(?:===|<<<) *)?({_CONCEPT}(?: *\+ *{_CONCEPT})*) *(?::(.+=.+))?", re.ASCII
)
_TERM: Final = re.compile(r"\|[^|]*\|")

# Of a situation with explicit context, where they stand beside a finding they turn it into one that is absent, planned or another
# person's (SNOMED CT Editorial Guide, Situation with explicit context): associated finding and procedure, finding, procedure and
# temporal context, and subject relationship context.
_CONTEXTS: Final = ("246090004", "363589002", "408729009", "408730004", "408731000", "408732007")


def focus_concepts(uri: str, code: str) -> tuple[str, ...]:
    """The SNOMED CT codes of which an expression means a kind of each; none of anything else, or that cannot be read.

    None either where the refinement says in what context: *epilepsy, known absent* is no epilepsy.
    """
    found = _EXPRESSION.fullmatch(code) if uri == SNOMED else None
    if found is None:
        return ()
    refinement = found[2] or ""
    if "|" in _TERM.sub("", refinement) or any(context in refinement for context in _CONTEXTS):
        return ()
    concepts = tuple(_TERM.sub("", found[1]).replace(" ", "").split("+"))
    return concepts if all(holds(SNOMED, concept) for concept in concepts) else ()
