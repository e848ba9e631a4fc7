"""What decides whether a resource counts: its status, modifier extensions, and codes that state absence.

The readers here give what was read, a gap where that cannot be told, or None (with an issue) for what does
not count.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from engine.concepts import CodedText
from engine.facts import Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.absence import Absence, absence_in
from fhir_adapters.mapping.elements import NO_CODE, NOTHING, Json, as_list, boolean, codeable_concept, text
from fhir_adapters.mapping.shapes import MODIFIED, says_nothing

UNCLEAR: Final = "whether it is denied cannot be read"
"""What is wrong with a flag such as ``doNotPerform`` that is no boolean."""

# QI-Core's modifier extensions for STU3 and R4, one of them as its authors misspelt it.
_DENIALS: Final = ("notdone", "donotperform", "donotpeform")


def status_code(value: Any, known: Collection[str]) -> str | None:
    """A status, a code (STU3) or a CodeableConcept (R4): empty when absent.

    None when it is not known or not to be read, and when it says two different things, whichever comes first.
    """
    if type(value) is str and value in known:
        return value
    said = _statuses_said(value, known)
    if not said and (says_nothing(value) or value == NO_CODE):
        return ""
    return next(iter(said)) if len(said) == 1 else None


def _statuses_said(value: Any, known: Collection[str]) -> set[str]:
    """The statuses of ``known`` that the codings and the text of a value name."""
    concept = codeable_concept(value)
    written = (*(coding.code for coding in concept.codings), concept.text)
    return {entry.lower() for entry in written if entry.lower() in known}


def status_of(
    resource: Json,
    element: str,
    known: Collection[str],
    reference: str,
    issues: DataIssues,
    *,
    left_out: Collection[str] = (),
) -> str | Gap | None:
    """The status in an element, empty when absent; None when ``left_out``, a gap when not FHIR's or in contradiction."""
    status = status_code(resource.get(element), known)
    if status is None:
        several = len(_statuses_said(resource.get(element), known)) > 1
        why = "says two different things" if several else "is not a code that FHIR defines"
        return unreadable(reference, element, f"its {element} {why}", issues)
    if status in left_out:
        issues.add(reference, element, "ignored", f"it is {status}")
        return None
    return status


def meaning_of(value: Any, element: str, reference: str, issues: DataIssues) -> CodedText | Gap | None:
    """What a CodeableConcept says that something is; None where it states that none is known.

    An entry that does not say what it is may be what a rule looks for: a gap. So is one that states that
    there is no information, which is the opposite of "none".
    """
    return meaning(codeable_concept(value), element, reference, issues)


def meaning(concept: CodedText, element: str, reference: str, issues: DataIssues) -> CodedText | Gap | None:
    """As :func:`meaning_of`, of a concept that has been read.

    None only where nothing beside the statement that none is known may say something else: another code, or words of its own.
    """
    stated = absence_in(concept)
    if stated is Absence.NONE_KNOWN:
        issues.add(reference, element, "ignored", stated)
        return None
    if stated is not None:
        return unreadable(reference, element, stated, issues)
    if not concept.codings and not concept.text:
        return unreadable(reference, element, "it does not say what it is", issues)
    return concept


def unreadable(reference: str, element: str, why: str, issues: DataIssues) -> Gap:
    """A gap for an entry that cannot be read, with the issue that says where."""
    issues.add(reference, element, "unreadable", why)
    return Gap(reference, why)


def denied_by(
    resource: Json, elements: Collection[str], reference: str, issues: DataIssues
) -> str | Gap | None:
    """The first of these flags that is set; a gap where one of them cannot be read, because it may deny the resource."""
    for element in elements:
        flag = boolean(resource.get(element))
        if flag:
            return element
        if flag is None and not says_nothing(resource.get(element)):
            return unreadable(reference, element, UNCLEAR, issues)
    return None


def modified(resource: Json, reference: str, issues: DataIssues) -> Gap | bool:
    """Whether a modifier extension denies the resource; a gap when one is not understood.

    FHIR (R4, 2.4.2 modifier extensions) forbids to use a resource as if these were not there, and one with rules of its
    own (Resource.implicitRules) without them. The extensions that are understood say that something was not done, or
    is not to be done.
    """
    if not says_nothing(resource.get("implicitRules")):
        why = "it is to be read by rules that are not known here"
        return unreadable(reference, "implicitRules", why, issues)
    for extension in as_list(resource.get("modifierExtension")):
        known = extension if isinstance(extension, dict) else NOTHING
        name = text(known.get("url")).rpartition("/")[2].lower()
        denied = boolean(known.get("valueBoolean"))
        if denied is None or not name.endswith(_DENIALS):
            return unreadable(reference, "modifierExtension", MODIFIED, issues)
        if denied:
            why = "an extension says that it was not, or is not to be, done"
            issues.add(reference, "modifierExtension", "ignored", why)
            return True
    return False
