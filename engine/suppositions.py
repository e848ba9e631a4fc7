"""Suppositions: a clause of a condition as it reads after *if*, when what it says is not so (yet), or is so and should not be.

``the patient has epilepsy`` becomes ``the patient had epilepsy`` or ``the patient did not have epilepsy``. A clause that cannot be
denied in one verb is denied as a whole: ``it were not so that …``.
"""

from __future__ import annotations

import re
from typing import Final

# The verbs of :mod:`engine.phrases`, longer ones first, each as it is supposed and as it is denied.
_VERBS: Final = {
    "is not": ("were not", "were"),
    "is": ("were", "were not"),
    "takes or has taken": ("took or had taken", "neither took nor had taken"),
    "takes": ("took", "did not take"),
    "has or has had": ("had or had had", "neither had nor had had"),
    "has had": ("had had", "had not had"),
    "has stopped": ("had stopped", "had not stopped"),
    "has risen": ("had risen", "had not risen"),
    "has expired": ("had expired", "had not expired"),
    "has": ("had", "did not have"),
    "was": ("had been", "had not been"),
    "may be": ("might be", "could not be"),
    "names": ("named", "did not name"),
    "contains": ("contained", "did not contain"),
    "states no": ("stated no", "stated a"),
    "states": ("stated", "did not state"),
    "starts": ("started", "did not start"),
    "changes": ("changed", "did not change"),
    "holds": ("held", "did not hold"),
    "stops": ("stopped", "did not stop"),
    "ended": ("had ended", "had not ended"),
}
_VERB: Final = re.compile(rf"\b({'|'.join(_VERBS)})\b")


def supposed(clause: str) -> str:
    """The clause after *if*, supposing that it were so."""
    return _VERB.sub(lambda verb: _VERBS[verb[1]][0], clause, count=1)


def denied(clause: str) -> str:
    """The clause after *if*, supposing that it were not so."""
    verbs = _VERB.findall(clause)
    if len(verbs) != 1 or " and " in clause or ", " in clause:
        return f"it were not so that {clause}"
    return _VERB.sub(lambda verb: _VERBS[verb[1]][1], clause)
