"""Retelling: the patient of a record in the words of a test, so that it can be one.

Nothing that says who the patient is comes along: no names, identifiers or references, and the birth date becomes an age. All dates
move by as many days, so that the record's today becomes the day of the tests. Words that someone wrote stay behind too, but for
those of a route: an entry without a code is told as one. Only the entries that the rule looked at are told, and
the name of every list that was not complete. What the words of tests cannot say (a second coding, a component, a range) is lost; so
whoever retells looks again whether the rule still ends the same.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from engine.authoring.validation import spoken_unit
from engine.concepts import CodedText, ConceptLibrary
from engine.dates import DateInterval, age_on
from engine.doses import said_once
from engine.facts import (
    AllergyFact,
    AppointmentFact,
    ConditionFact,
    DeviceFact,
    Dosage,
    EncounterFact,
    FactList,
    ListName,
    ListState,
    MedicationFact,
    ObservationFact,
    PatientFacts,
    ProcedureFact,
    ServiceFact,
)
from engine.quantity import Quantity, QuantityInterval
from engine.words import Dated

_WORDS_ONLY: Final = "in words only"
_UNSAID: Final[tuple[Any, ...]] = (None, "", False, (), [], {})
_DEFAULTS: Final[Mapping[str, Any]] = {
    "status": ("current", "active", "done"),
    "action": ("start",),
    "kind": ("request",),
}


def retold(
    facts: PatientFacts, concepts: ConceptLibrary, today: date, looked_at: Container[str] | None
) -> dict[str, Any]:
    """The patient as the keys of a test on ``today``; without ``looked_at`` with every entry, else with these references."""
    return _Retelling(concepts, today - facts.now.date(), looked_at).of(facts, today)


@dataclass(frozen=True, slots=True)
class _Retelling:
    concepts: ConceptLibrary
    later: timedelta
    looked_at: Container[str] | None

    def of(self, facts: PatientFacts, today: date) -> dict[str, Any]:
        states = {name: self._state(facts, name) for name in ListName}
        told: dict[str, Any] = {
            "hook": facts.hook,
            "patient": self._person(facts, today - self.later),
            "orders": [self._medication(order, order=True) for order in facts.orders],
            "therapy": "none",
            "medications": self._list(facts.medications, self._medication),
            "conditions": self._list(facts.conditions, self._condition),
            "allergies": self._list(facts.allergies, self._allergy),
            "observations": self._list(facts.observations, self._observation),
            "procedures": self._list(facts.procedures, self._procedure),
            "devices": self._list(facts.devices, self._device),
            "appointments": self._list(facts.appointments, self._appointment),
            "encounters": self._list(facts.encounters, self._encounter),
            "services": self._list(facts.services, self._service),
            "missing": [
                name.value
                for name, state in states.items()
                if not state.complete and state is not ListState.PARTIAL
            ],
            "partial": [name.value for name, state in states.items() if state is ListState.PARTIAL],
        }
        return {key: value for key, value in told.items() if value not in _UNSAID or key == "orders"}

    def _state(self, facts: PatientFacts, name: ListName) -> ListState:
        if name is ListName.PATIENT:
            return facts.person_state
        found: FactList[Dated] = getattr(facts, name.value)
        # An entry that could not be read leaves a list as open as one that was cut off.
        return ListState.PARTIAL if found.gaps and found.state.complete else found.state

    def _list(self, found: FactList[Any], tell: Callable[[Any], Any]) -> list[Any]:
        chosen = (item for item in found.items if self.looked_at is None or item.reference in self.looked_at)
        return [tell(item) for item in chosen]

    def _person(self, facts: PatientFacts, then: date) -> dict[str, Any]:
        person = facts.person
        if person is None:
            return {}
        ages = age_on(person.birth, then) if person.birth is not None else None
        told: dict[str, Any] = {}
        if ages is not None and ages.youngest.years == ages.oldest.years >= 2:
            told["age"] = f"{ages.oldest.years} years"
        elif ages is not None and ages.youngest.months == ages.oldest.months >= 1:
            told["age"] = f"{ages.oldest.months} months"
        elif person.birth is not None:
            told["born"] = self._date(person.birth)
        return _said(**told, sex=person.sex, died=self._date(person.died))

    def _condition(self, fact: ConditionFact) -> Any:
        return _entry(
            self._coded(fact.code),
            on=self._date(fact.recorded),
            status=fact.course.value,
            suspected=fact.suspected,
            onset=self._date(fact.onset),
            abatement=self._date(fact.abatement),
            added=fact.draft,
        )

    def _allergy(self, fact: AllergyFact) -> Any:
        return _entry(
            self._coded(_known(fact.substances)),
            on=self._date(fact.recorded),
            status="active" if fact.active else "inactive",
            type="intolerance" if fact.intolerance else "",
            suspected=fact.suspected,
            added=fact.draft,
        )

    def _observation(self, fact: ObservationFact) -> Any:
        value = coded = None
        if isinstance(fact.value, QuantityInterval):
            value = _amount(fact.value)
        elif isinstance(fact.value, CodedText):
            coded = self._coded(fact.value).get("is")
        return _entry(
            self._coded(fact.code),
            value=value,
            on=self._date(fact.effective),
            coded=coded,
            absent=fact.absent,
            preliminary=fact.preliminary,
        )

    def _procedure(self, fact: ProcedureFact) -> Any:
        status = "done" if fact.done else "planned"
        return _entry(self._coded(fact.code), on=self._date(fact.performed), status=status)

    def _device(self, fact: DeviceFact) -> Any:
        status = "unknown" if fact.active is None else "active" if fact.active else "inactive"
        return _entry(self._coded(fact.code), status=status, replace_by=self._date(fact.replace_by))

    def _appointment(self, fact: AppointmentFact) -> Any:
        return _entry(self._coded(_known(fact.services)), on=self._date(fact.start), status=fact.status)

    def _encounter(self, fact: EncounterFact) -> Any:
        kinds = (*fact.types, *((fact.class_code,) if fact.class_code is not None else ()))
        when, within = self._date(fact.period, start=True), fact.in_context
        return _entry(self._coded(_known(kinds)), on=when, status=fact.status, in_context=within)

    def _service(self, fact: ServiceFact) -> Any:
        return _entry(self._coded(fact.code), on=self._date(fact.occurrence), added=fact.draft)

    def _medication(self, fact: MedicationFact, *, order: bool = False) -> Any:
        dosages = [told for dosage in fact.dosages if (told := self._dosage(dosage))]
        return _entry(
            self._coded(fact.product),
            on=self._date(fact.authored),
            **(dosages[0] if len(dosages) == 1 else {"dosages": dosages}),
            form=self._coded(fact.form).get("is") if fact.form is not None else None,
            kind=fact.kind,
            status="" if order else fact.status.value,
            uncertain=not fact.status_certain,
            action=fact.action.value if order else "",
            unselected=not fact.selected,
            started=self._date(fact.started),
            ended=self._date(fact.ended),
            volume=_quantity(fact.volume),
            ingredients=[
                _entry(self._coded(part.code), strength=_quantity(part.strength)) for part in fact.ingredients
            ],
        )

    def _dosage(self, dosage: Dosage) -> dict[str, Any]:
        route = self._coded(dosage.route) if dosage.route is not None else {}
        return _said(
            route=route.get("is"),
            route_text=dosage.route.label if dosage.route is not None and "is" not in route else None,
            dose=_amount(dosage.dose),
            rate=_amount(dosage.rate),
            daily=_amount(dosage.daily),
            per_day=int(dosage.per_day) if dosage.per_day is not None else None,
            once=said_once(dosage),
        )

    def _coded(self, coded: CodedText) -> dict[str, Any]:
        """What an entry is: a concept by its first code, else a code of a system that has a name, else that it has none."""
        for coding in coded.codings:
            uri = self.concepts.system_uri(coding.system)
            for concept_id in sorted(self.concepts.concepts_of(coding)):
                first = self.concepts.concept(concept_id).codes[:1]
                if first and (self.concepts.system_uri(first[0].system), first[0].code) == (uri, coding.code):
                    return {"is": concept_id}
        named = {system.uri: name for name, system in self.concepts.systems.items()}
        for coding in coded.codings:
            uri = self.concepts.system_uri(coding.system)
            if uri in named and coding.code and " " not in coding.code:
                return {"code": f"{named[uri]} {coding.code}"}
        return {"text": _WORDS_ONLY}

    def _date(self, interval: DateInterval | None, *, start: bool = False) -> str | None:
        """A date as far as it is known; one that spans more than that is no date, unless its start is what counts."""
        if interval is None:
            return None
        length = {"year": 4, "month": 7}.get(interval.precision, 10)
        said = DateInterval.parse(interval.earliest.date().isoformat()[:length])
        if said is None or (said.latest.date() < interval.latest.date() and not start):
            return None
        try:
            return (interval.earliest.date() + self.later).isoformat()[:length]
        except OverflowError:
            return None


def _known(several: Iterable[CodedText]) -> CodedText:
    return next(iter(several), CodedText())


def _said(**members: Any) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value not in _UNSAID}


def _entry(what: dict[str, Any], **members: Any) -> Any:
    """An entry with what is not usual; on one line where that says it all."""
    said = {key: value for key, value in _said(**members).items() if value not in _DEFAULTS.get(key, ())}
    for key, usual in (("uncertain", "certain"), ("unselected", "selected")):
        if said.pop(key, False):
            said[usual] = False
    if "is" in what and said.keys() <= {"value", "on"}:
        on = f"on {said['on']}" if "on" in said else ""
        return " ".join(part for part in (what["is"], said.get("value", ""), on) if part)
    return {**what, **said}


def _amount(value: QuantityInterval | None) -> str | None:
    if value is None:
        return None
    unit = spoken_unit(value.unit)
    if value.exact is not None:
        return f"{_number(value.exact.value)} {unit}"
    if value.low is not None:
        return f"{'>=' if value.low_inclusive else '>'}{_number(value.low)} {unit}"
    return (
        f"{'<=' if value.high_inclusive else '<'}{_number(value.high)} {unit}"
        if value.high is not None
        else None
    )


def _number(number: Decimal) -> str:
    """Every digit of a number: one that was rounded could stand on the other side of a limit."""
    return f"{number.normalize():f}"


def _quantity(quantity: Quantity | None) -> str | None:
    return f"{_number(quantity.value)} {spoken_unit(quantity.unit)}" if quantity is not None else None
