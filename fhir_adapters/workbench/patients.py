"""Patients of the workbench: made up in the words of a test, or read from a record. They live in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from engine.authoring.case_text import case_text, new_file
from engine.authoring.cases import Case, Setup
from engine.authoring.documents import Document
from engine.authoring.folder import Loaded
from engine.authoring.loading import parse_document
from engine.authoring.problems import Problem
from engine.authoring.testing import RuleTests, rule_tests
from engine.concepts import CodedText
from engine.dates import age_on
from engine.facts import FactList, ListName, ObservationFact, PatientFacts
from engine.quantity import QuantityInterval
from engine.words import Dated, age_words, amount, entry, incomplete, list_state, unit_words, unread_orders

LISTS: Final[Mapping[str, str]] = {
    "orders": "Order",
    "conditions": "Diagnosis",
    "medications": "Medicine",
    "allergies": "Allergy",
    "labs": "Laboratory value",
    "vitals": "Vital sign",
    "observations": "Observation",
    "procedures": "Procedure",
    "devices": "Device",
    "appointments": "Appointment",
    "encounters": "Encounter",
    "services": "Requested service",
}
"""The lists of a test, and what one entry of each is called."""

MEASURED: Final = ("labs", "vitals", "observations")
"""Lists whose entries have a value."""

_UNTITLED: Final = "this patient"


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A patient in the words of a test: the keys of :class:`engine.authoring.cases.Setup`, as they are written.

    ``origin`` names the test that it began as.
    """

    setup: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""

    def changed(self, key: str, value: Any) -> MadeUp:
        """The patient with another value under a key; an empty one takes the key away."""
        others = {name: own for name, own in self.setup.items() if name != key}
        return MadeUp({**others, **({key: value} if value else {})}, self.origin)

    def tests(self, loaded: Loaded, rule_id: str, today: date) -> RuleTests:
        """The patient as the only test of a rule; its problems say what cannot be understood."""
        text = new_file(today) + case_text(_UNTITLED, self.setup, {"outcome": "met"})
        return rule_tests(loaded, rule_id, *parse_document(text, "this patient"))


@dataclass(frozen=True, slots=True)
class FromRecord:
    """A patient of a FHIR record or of a CDS Hooks request; ``number`` counts from 0 where there are several.

    ``hook`` is what a record is asked, empty for what it asks by itself. ``name`` is what to call where it came from.
    """

    content: bytes = field(repr=False)
    name: str
    hook: str = ""
    number: int = 0


Patient = MadeUp | FromRecord


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One list of a patient's record in words; ``gap`` says why it is not complete, where it is not."""

    title: str
    entries: tuple[str, ...] = ()
    gap: str = ""


def setups_of(tests: RuleTests) -> dict[str, Mapping[str, Any]]:
    """The patients of a rule's tests by the tests' names, each with what all share."""
    data = tests.document.data if not tests.problems else {"tests": []}
    shared = data.get("shared", {})
    return {
        case["name"]: {
            **shared,
            **{key: value for key, value in case.items() if key not in ("name", "expect")},
        }
        for case in data["tests"]
    }


def own_keys(setup: Mapping[str, Any], document: Document) -> dict[str, Any]:
    """What of a setup a test of this file has to say itself: not what the file's tests share; in the order of the keys."""
    data = document.data if isinstance(document.data, dict) else {}
    shared = data.get("shared", {})
    order = [info.alias or name for name, info in Setup.model_fields.items()]
    said = {key: setup[key] for key in order if key in setup and setup[key] != shared.get(key)}
    emptied = {
        key: type(value)()
        for key, value in shared.items()
        if key not in setup and isinstance(value, dict | list)
    }
    return {**said, **emptied}


def problems_in_words(problems: tuple[Problem, ...]) -> tuple[str, ...]:
    """What cannot be understood of a made-up patient; places in a file that nobody sees are left out."""
    return tuple(". ".join(part for part in (problem.message, problem.help) if part) for problem in problems)


def only_case(tests: RuleTests) -> Case:
    """The case that stands for a made-up patient."""
    (case,) = tests.cases
    return case


def chart(facts: PatientFacts) -> tuple[ChartLine, ...]:
    """What is known of a patient, list by list; complete and empty lists of less common kinds are left out."""
    lines = [_person(facts)]
    if facts.orders or facts.order_gaps:
        gap = unread_orders(len(facts.order_gaps)) if facts.order_gaps else ""
        lines.append(ChartLine("Orders", tuple(_entry(order, facts.now) for order in facts.orders), gap))
    always = (ListName.CONDITIONS, ListName.MEDICATIONS, ListName.ALLERGIES, ListName.OBSERVATIONS)
    for name in ListName:
        if name is ListName.PATIENT:
            continue
        found: FactList[Dated] = getattr(facts, name.value)
        gap = "; ".join(missing.why for missing in incomplete(name, found, ""))
        if found.items or gap or name in always:
            entries = tuple(_entry(item, facts.now) for item in found.items)
            lines.append(ChartLine(name.value.capitalize(), entries, gap))
    return tuple(lines)


def _person(facts: PatientFacts) -> ChartLine:
    person = facts.person
    if person is None:
        return ChartLine("Patient", (), list_state(ListName.PATIENT, facts.person_state, facts.person_detail))
    ages = age_on(person.birth, facts.now.date()) if person.birth is not None else None
    known = [age_words(ages) if ages is not None else "age not known", person.sex or "sex not known"]
    return ChartLine("Patient", (", ".join(known),))


def _entry(fact: Dated, now: datetime) -> str:
    said = entry(fact)
    parts = [said.label or "without a name"]
    if isinstance(fact, ObservationFact):
        parts[0] += _value(fact.value)
    return ", ".join((*parts, *((said.date,) if said.date else ())))


def _value(value: QuantityInterval | CodedText | bool | None) -> str:
    if isinstance(value, QuantityInterval):
        return f" {amount(value)} {unit_words(value.unit)}"
    return f": {value.label}" if isinstance(value, CodedText) else ""
