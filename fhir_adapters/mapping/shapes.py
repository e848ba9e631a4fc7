"""Shapes: elements that are there, but not in the JSON that FHIR has for them, and that the mapping therefore reads as absent.

The readers of the mapping are lenient and never raise, so that a flag written as ``1`` reads like one that is not there. This is
the one place that says so, for every element that any of them looks at; nothing else of a resource is looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from engine.concepts import CodedText
from engine.quantity import read_value
from fhir_adapters.mapping.elements import as_list, boolean, code, date_interval, illegible

MODIFIED: Final = "it has a modifier extension that is not understood"
NOT_READ: Final = "it is not in the form that FHIR has for it, and counts as not stated"

Check = Callable[[Any], bool]


class _Form(NamedTuple):
    """The form of an element: the types that need no second look, and what looks at the others."""

    plain: frozenset[type]
    check: Check


# What may stand alone in an element that says nothing more (FHIR R4, 2.4 extensibility: of every element).
_BARE: Final = frozenset({"id", "extension"})


def faults(resource: Mapping[str, Any]) -> list[str]:
    """The paths of the elements of a resource that are read and cannot be."""
    return _within(resource, "")


def readable(resource: Mapping[str, Any], element: str) -> bool:
    """Whether one element of a resource, with all that it holds, can be read or is not there."""
    return element not in resource or not faults({element: resource[element]})


def modifies(element: Mapping[str, Any]) -> bool:
    """Whether a part of a resource has a modifier extension: FHIR forbids to read it as if that were not there."""
    return not says_nothing(element.get("modifierExtension"))


def says_nothing(value: object) -> bool:
    """Whether a value holds nothing that is read, as FHIR allows it: no member, or an extension that says why there is none."""
    return (not value and type(value) not in _SCALARS) or (isinstance(value, dict) and value.keys() <= _BARE)


def _within(members: Mapping[str, Any], parent: str) -> list[str]:
    found: list[str] = []
    if parent in _CODINGS:
        found += illegible(members)
    for name, value in members.items():
        form, kind = _FORMS.get(name), type(value)
        if form is None or kind in form.plain:
            continue
        if name in _AMBIGUOUS:
            form = _in_context(form, name, parent, members)
        elif name == "text" and not parent:
            continue  # a resource's own text is a page
        if kind in form.plain:
            continue
        if not form.check(value):
            if not says_nothing(value):
                found.append(name)
        elif kind is dict:
            found += [f"{name}.{path}" for path in _within(value, name)]
        elif kind is list:
            inside = "" if name == "contained" else name
            for place, entry in enumerate(value):
                if isinstance(entry, dict):
                    found += [f"{name}[{place}].{path}" for path in _within(entry, inside)]
    return found


def _in_context(form: _Form, name: str, parent: str, members: Mapping[str, Any]) -> _Form:
    if name == "code" and (parent in _CODINGS or "value" in members or "system" in members):
        return _CODE
    return _IN_PARENT.get((parent, name), form)


def _a_code(value: Any) -> bool:
    return bool(code(value))


def _a_flag(value: Any) -> bool:
    return boolean(value) is not None


def _a_number(value: Any) -> bool:
    return read_value(value) is not None


def _a_date(value: Any) -> bool:
    return isinstance(value, str) and date_interval(value) is not None


def _an_object(value: Any) -> bool:
    return isinstance(value, dict)


def _never(value: Any) -> bool:
    return False


def _anything(value: Any) -> bool:
    return True


def _only(value: Any) -> Any:
    """The element that a list of one stands for where FHIR has no list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _with_any_of(names: str) -> Check:
    known = frozenset(names.split())
    return lambda value: isinstance(value, dict) and (not known.isdisjoint(value) or says_nothing(value))


_a_period = _with_any_of("start end")
_coded = _with_any_of("coding text concept code reference system display")
_measured = _with_any_of("value unit code system comparator low high numerator denominator")
_referring = _with_any_of("reference identifier display type concept")


def _a_concept(value: Any) -> bool:
    found = _only(value)
    return isinstance(found, str | CodedText) or _coded(found)


def _an_amount(value: Any) -> bool:
    found = _only(value)
    return _measured(found) and (found.get("value") is None or _a_number(found["value"]))


def _a_reference(value: Any) -> bool:
    return isinstance(value, str) or _referring(value)


def _alone(check: Check) -> Check:
    """Where not even a list of one is read."""
    return lambda value: not isinstance(value, list) and check(value)


def _each(check: Check) -> Check:
    return lambda value: all(check(entry) for entry in as_list(value))


def _form(check: Check, *plain: type) -> _Form:
    return _Form(frozenset(plain), check)


_SCALARS: Final = (bool, int, float, Decimal)
_TEXT, _CODE = _form(_never, str), _form(_a_code, str)
_FLAG, _NUMBER, _DATE = _form(_a_flag, bool), _form(_a_number), _form(_a_date)
_OBJECT, _OBJECTS, _PERIOD = _form(_an_object), _form(_each(_an_object)), _form(_a_period)
_CONCEPT, _CONCEPTS = _form(_a_concept, str, CodedText), _form(_each(_a_concept), str, CodedText)
_ONE_CONCEPT = _form(_alone(_a_concept), str, CodedText)
_AMOUNT, _ONE_AMOUNT = _form(_an_amount), _form(_alone(_an_amount))
_REFERENCE = _form(_alone(_a_reference), str)

_NAMES: Final[Iterable[tuple[_Form, str]]] = (
    (_TEXT, "system display unit comparator gender text durationUnit periodUnit periodUnits valueString"),
    (_CODE, "intent taken"),
    (_FLAG, "doNotPerform notDone notPerformed notGiven isActive asNeeded asNeededBoolean"),
    (_FLAG, "abatementBoolean active deceasedBoolean valueBoolean"),
    (_NUMBER, "frequency frequencyMax periodMax count countMax duration durationMax sequence valueInteger"),
    (_DATE, "birthDate deceasedDateTime onsetDateTime abatementDateTime recordedDate assertedDate"),
    (_DATE, "dateRecorded effectiveDateTime effectiveInstant issued performedDateTime occurrenceDateTime"),
    (_DATE, "occurenceDateTime authoredOn dateAsserted recorded dateWritten dateTime whenHandedOver"),
    (_DATE, "whenPrepared start end expirationDate timingDateTime"),
    (_form(_each(_a_date)), "event"),
    (_form(_each(_a_code), str), "when timeOfDay dayOfWeek"),
    (_PERIOD, "onsetPeriod abatementPeriod effectivePeriod performedPeriod occurrencePeriod"),
    (_PERIOD, "occurencePeriod actualPeriod effectiveDosePeriod validityPeriod boundsPeriod period"),
    (_PERIOD, "whenUsed timingPeriod"),
    (
        _OBJECT,
        "effectiveTiming timingTiming timing repeat dispenseRequest adherence groupIdentifier oralDiet package orderedItem",
    ),
    (_AMOUNT, "valueQuantity valueRange valueRatio doseQuantity doseRange dose doseSimpleQuantity"),
    (_AMOUNT, "rateQuantity rateRatio rateRange rateSimpleQuantity strength strengthRatio"),
    (_AMOUNT, "strengthQuantity amount quantity daysSupply expectedSupplyDuration boundsDuration"),
    (_ONE_AMOUNT, "numerator denominator low high abatementAge abatementRange"),
    (_OBJECTS, "coding reaction component dosage dosageInstruction doseAndRate maxDosePerPeriod"),
    (_OBJECTS, "ingredient batch participant requestedPeriod contained deviceName property"),
    (_OBJECTS, "qualification lensSpecification supplement enteralFormula modifierExtension"),
    (_REFERENCE, "reference medicationReference itemReference priorPrescription codeReference"),
    (_form(_each(_a_reference), str), "device"),
    (_REFERENCE, "subject patient"),
    (_form(_alone(_referring)), "actor practitioner"),
    (_form(_each(_referring)), "focus"),
    (_CONCEPT, "status clinicalStatus verificationStatus usageStatus availabilityStatus"),
    (_ONE_CONCEPT, "concept"),
    (_CONCEPT, "code medicationCodeableConcept itemCodeableConcept codeCodeableConcept medication item"),
    (_CONCEPT, "valueCodeableConcept dataAbsentReason route form doseForm substance"),
    (_CONCEPT, "asNeededCodeableConcept notDoneReasonCodeableConcept statusReasonCodeableConcept"),
    (_CONCEPTS, "category type class reason reasonCode reasonReference serviceType serviceCategory"),
    (_CONCEPTS, "specialty appointmentType statusReason notPerformedReason reasonNotTaken"),
    (_CONCEPTS, "reasonNotGiven serviceRequested asNeededFor valueCode product baseFormulaType"),
)
_FORMS: Final[Mapping[str, _Form]] = {name: form for form, names in _NAMES for name in names.split()} | {
    "value": _form(_anything),  # whether it is to be a number is for what it is the value of
    "name": _form(_anything),
}
_IN_PARENT: Final[Mapping[tuple[str, str], _Form]] = {
    ("repeat", "period"): _NUMBER,
    ("groupIdentifier", "value"): _CODE,
    ("deviceName", "name"): _TEXT,
}
_AMBIGUOUS: Final = frozenset({"code", *(name for _, name in _IN_PARENT)})
"""Elements whose form depends on what they are an element of."""
_CODINGS: Final = ("coding", "class")
