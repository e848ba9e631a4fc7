"""Conformance of single resources to FHIR R4B: what strict models say of those that an answer rests on.

Reading never depends on it: strict models reject half of what real clients send. It costs about half a millisecond a
resource, so only those are validated that a met rule names as its evidence. The models are imported when
first needed, because that takes long and leaves a large heap; a service does it before it starts (:func:`prepare`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from pydantic import ValidationError

from fhir_adapters.errors import FhirDataError
from fhir_adapters.issues import DataIssues
from fhir_adapters.wire import Entry, decode_value

_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# Pydantic's and the models' kinds of errors in words; their own messages are not used, as they may quote values.
_WORDS: Final = {
    "extra_forbidden": "R4B has no such element",
    "missing": "a required element is missing",
    "model_field_validation.missing": "a required element is missing",
    "value_error": "the value is not in the form, or of the choice, that R4B prescribes",
    "string_pattern_mismatch": "the text is empty, or not in the form that R4B prescribes",
    "list_type": "R4B has a list here",
}
_OTHERWISE: Final = "the value is not of the type that R4B prescribes"


def conformance(entries: Iterable[Entry]) -> DataIssues:
    """What in these resources does not conform to R4B, by element; nothing they hold is taken back.

    Resources of another version (STU3's dosages, R5's references) do not conform either, though they are
    read.
    """
    issues = DataIssues()
    for entry in entries:
        for element, reason in _faults(entry):
            issues.add(entry.reference, element, "not conformant", reason)
    return issues


def prepare(types: Iterable[str]) -> None:
    """Load the models of these types, so that no decision waits for it; a type that R4B does not have is passed over."""
    from fhir.resources.R4B import get_fhir_model_class

    for type_ in sorted(types):
        with suppress(KeyError, ValueError):
            get_fhir_model_class(type_)


def _faults(entry: Entry) -> list[tuple[str, str]]:
    from fhir.resources.R4B import get_fhir_model_class

    try:
        get_fhir_model_class(entry.type).model_validate(decode_value(entry.raw))
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        return [(_path(detail["loc"]), _WORDS.get(detail["type"], _OTHERWISE)) for detail in details]
    except FhirDataError:
        return [("", "it is not JSON that can be read")]
    except (ValueError, KeyError):
        return [("", "R4B has no resource of this type")]
    except Exception:  # the models raise others on shapes that their authors did not foresee
        return [("", "it cannot be validated")]
    return []


def _path(location: Sequence[Any]) -> str:
    """The element as in FHIRPath; a name that cannot be one of FHIR's is not repeated."""
    path = ""
    for step in location[:-1] if location[-1:] == ("root",) else location:  # the models wrap primitive types
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if _ELEMENT.fullmatch(str(step)) else ".?"
    return path.removeprefix(".")
