"""Case facts: the patient and the request of a test, as the engine sees them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, Final, TypeVar

from engine.authoring.cases import (
    AllergyEntry,
    AppointmentEntry,
    Case,
    Coded,
    ConditionEntry,
    DeviceEntry,
    DosageEntry,
    EncounterEntry,
    IngredientEntry,
    MeasurementEntry,
    MedicationEntry,
    PatientEntry,
    ProcedureEntry,
    ServiceEntry,
    read_amount,
)
from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.dates import DateInterval
from engine.doses import administered_once
from engine.facts import (
    AllergyFact,
    AppointmentFact,
    ConditionFact,
    Course,
    DeviceFact,
    Dosage,
    EncounterFact,
    FactList,
    Ingredient,
    ListName,
    ListState,
    MedicationFact,
    ObservationFact,
    OrderAction,
    PatientFacts,
    Person,
    ProcedureFact,
    ServiceFact,
    TherapyStatus,
)
from engine.language import duration
from engine.quantity import Quantity, QuantityInterval
from engine.rule import Hook, Rule

NOON: Final = time(12, tzinfo=UTC)
_RESOURCES: Final = {
    "request": "MedicationRequest",
    "statement": "MedicationStatement",
    "administration": "MedicationAdministration",
    "dispense": "MedicationDispense",
}
SITE: Final = "urn:primum:a-site"
"""The code system of the codes that stand for a site's own, in tests of rules whose concepts wait for them."""

T = TypeVar("T")


def with_site_codes(concepts: ConceptLibrary) -> ConceptLibrary:
    """The concepts as at a site that has mapped a code of its own to every concept that ships without any."""
    mapped = {(SITE, name): frozenset({name}) for name in concepts.concepts if _waits(concepts, name)}
    return concepts.with_local_codes(mapped)


def _waits(concepts: ConceptLibrary, name: str) -> bool:
    """Whether neither a concept nor any that it includes has a code."""
    return not any(concepts.concept(member).codes for member in concepts.members(name))


def hook_of(case: Case, rule: Rule) -> Hook:
    """The hook of a test: its own, else order-sign where the rule has it, else the rule's first."""
    return case.hook or (Hook.ORDER_SIGN if Hook.ORDER_SIGN in rule.hooks else rule.hooks[0])


def facts_of(case: Case, today: date, rule: Rule, concepts: ConceptLibrary) -> PatientFacts:
    """What the engine is told for a test of a rule; every name in the test is known to exist."""
    return _Facts(case, concepts).of(rule, today)


@dataclass(frozen=True, slots=True)
class _Facts:
    case: Case
    concepts: ConceptLibrary

    def of(self, rule: Rule, today: date) -> PatientFacts:
        case = self.case
        state = self._state(ListName.PATIENT, [case.patient])
        measurements = (*case.labs, *case.vitals, *case.observations)
        return PatientFacts(
            now=datetime.combine(today, NOON),
            hook=hook_of(case, rule),
            person=_person(case.patient, today) if state.complete else None,
            person_state=state,
            allergies=self._list(ListName.ALLERGIES, map(self._allergy, count(1), case.allergies)),
            conditions=self._list(ListName.CONDITIONS, map(self._condition, count(1), case.conditions)),
            medications=self._list(ListName.MEDICATIONS, self._medications(rule)),
            observations=self._list(ListName.OBSERVATIONS, map(self._observation, count(1), measurements)),
            procedures=self._list(ListName.PROCEDURES, map(self._procedure, count(1), case.procedures)),
            devices=self._list(ListName.DEVICES, map(self._device, count(1), case.devices)),
            appointments=self._list(
                ListName.APPOINTMENTS, map(self._appointment, count(1), case.appointments)
            ),
            encounters=self._list(ListName.ENCOUNTERS, map(self._encounter, count(1), case.encounters)),
            services=self._list(ListName.SERVICES, map(self._service, count(1), case.services)),
            orders=tuple(self._orders(rule)),
            user_specialties=tuple(self._concept(concept) for concept in case.specialties),
            parameters=case.parameters,
        )

    def _state(self, name: ListName, items: Sequence[Any]) -> ListState:
        if name in self.case.missing:
            return ListState.NOT_SUPPLIED
        if name in self.case.partial:
            return ListState.PARTIAL
        return ListState.PRESENT if items else ListState.EMPTY

    def _list(self, name: ListName, items: Iterable[T]) -> FactList[T]:
        found = tuple(items)
        return FactList(self._state(name, found), found)

    def _concept(self, concept_id: str) -> CodedText:
        """The first code of a concept, or of the first that it includes, or the one of a site."""
        concept = self.concepts.concept(concept_id)
        if _waits(self.concepts, concept_id):
            return CodedText((Coding(SITE, concept_id, concept.title),))
        if not concept.codes:
            return self._concept(concept.includes[0])
        code = concept.codes[0]
        return CodedText(
            (Coding(self.concepts.system_uri(code.system), code.code, code.display or concept.title),)
        )

    def _coded(self, entry: Coded) -> CodedText:
        codings: list[Coding] = []
        if entry.is_ is not None:
            medicine = self.concepts.medicines.get(entry.is_)
            codings += self._concept(medicine.substance if medicine is not None else entry.is_).codings
        if entry.code is not None:
            system, code = entry.code.split(" ")
            codings.append(Coding(self.concepts.system_uri(system), code))
        return CodedText(tuple(codings), entry.text or "")

    def _condition(self, number: int, entry: ConditionEntry) -> ConditionFact:
        return ConditionFact(
            f"Condition/{number}",
            self._coded(entry),
            Course(entry.status),
            entry.suspected,
            _interval(entry.onset),
            _interval(entry.abatement),
            _interval(entry.on),
            entry.added,
            entry.note,
        )

    def _allergy(self, number: int, entry: AllergyEntry) -> AllergyFact:
        return AllergyFact(
            f"AllergyIntolerance/{number}",
            (self._coded(entry),),
            entry.status == "active",
            entry.type == "intolerance",
            entry.suspected,
            _interval(entry.on),
            entry.added,
            entry.note,
        )

    def _observation(self, number: int, entry: MeasurementEntry) -> ObservationFact:
        value: QuantityInterval | CodedText | None = None
        if entry.value is not None:
            value = read_amount(entry.value)
        elif entry.coded is not None:
            value = self._concept(entry.coded)
        return ObservationFact(
            f"Observation/{number}",
            self._coded(entry),
            value,
            _interval(entry.on),
            entry.absent,
            entry.preliminary,
        )

    def _procedure(self, number: int, entry: ProcedureEntry) -> ProcedureFact:
        return ProcedureFact(
            f"Procedure/{number}", self._coded(entry), entry.status == "done", _interval(entry.on)
        )

    def _device(self, number: int, entry: DeviceEntry) -> DeviceFact:
        active = None if entry.status == "unknown" else entry.status == "active"
        return DeviceFact(f"Device/{number}", self._coded(entry), active, _interval(entry.replace_by))

    def _appointment(self, number: int, entry: AppointmentEntry) -> AppointmentFact:
        return AppointmentFact(
            f"Appointment/{number}", entry.status, _interval(entry.on), (self._coded(entry),)
        )

    def _encounter(self, number: int, entry: EncounterEntry) -> EncounterFact:
        return EncounterFact(
            f"Encounter/{number}",
            entry.status,
            types=(self._coded(entry),),
            period=_interval(entry.on),
            in_context=entry.in_context,
        )

    def _service(self, number: int, entry: ServiceEntry) -> ServiceFact:
        return ServiceFact(f"ServiceRequest/{number}", self._coded(entry), entry.added, _interval(entry.on))

    def _medications(self, rule: Rule) -> Iterable[MedicationFact]:
        for number, entry in enumerate(self.case.medications, 1):
            yield self._medication(f"{_RESOURCES[entry.kind]}/{number}", entry)
        own = any(entry.is_ == rule.medicine for entry in self.case.medications)
        therapy = self.case.therapy or ("none" if self._is_ordered(rule) or own else "current")
        if therapy == "current":
            yield self._medication(
                "MedicationRequest/therapy", MedicationEntry.model_validate({"is": rule.medicine})
            )

    def _is_ordered(self, rule: Rule) -> bool:
        """Whether a plain order of the medicine brings the rule up at the test's hook."""
        without_orders = "record" in rule.brought_up_by and not hook_of(self.case, rule).reviews_orders
        return "order" in rule.brought_up_by and not without_orders

    def _orders(self, rule: Rule) -> Iterable[MedicationFact]:
        entries = self.case.orders
        if entries is None:
            own = {"is": rule.medicine, "action": "start" if self._is_ordered(rule) else "stop"}
            brought = self._is_ordered(rule) or "stop" in rule.brought_up_by
            entries = (MedicationEntry.model_validate(own),) if brought else ()
        for number, entry in enumerate(entries, 1):
            yield self._medication(f"MedicationRequest/order-{number}", entry, draft=True)

    def _medication(self, reference: str, entry: MedicationEntry, *, draft: bool = False) -> MedicationFact:
        product = self._coded(entry)
        medicine = self.concepts.medicines.get(entry.is_ or "")
        parts = [self._ingredient(part) for part in entry.ingredients]
        if entry.strength is not None:
            parts.insert(0, Ingredient(product, Quantity.parse(entry.strength)))
        route = medicine.routes if medicine is not None else None
        dosages = entry.dosages or (entry,)
        return MedicationFact(
            reference,
            product,
            entry.kind,
            tuple(parts),
            self._concept(entry.form) if entry.form is not None else None,
            tuple(self._dosage(dosage, route) for dosage in dosages),
            TherapyStatus(entry.status),
            entry.certain,
            self._status_reason(entry),
            draft,
            entry.selected,
            OrderAction(entry.action),
            entry.replaces,
            _interval(entry.on),
            _interval(entry.started),
            _interval(entry.ended),
            tuple(self._concept(reason) for reason in entry.reasons),
            tuple(self._concept(category) for category in entry.categories),
            entry.group,
            Quantity.parse(entry.volume) if entry.volume is not None else None,
            Decimal(entry.supply_days) if entry.supply_days is not None else None,
            _interval(entry.batch_expiry),
        )

    def _status_reason(self, entry: MedicationEntry) -> CodedText | None:
        if entry.status_reason is not None:
            return self._concept(entry.status_reason)
        return CodedText(text=entry.status_reason_text) if entry.status_reason_text is not None else None

    def _ingredient(self, entry: IngredientEntry) -> Ingredient:
        strength = Quantity.parse(entry.strength) if entry.strength is not None else None
        return Ingredient(self._coded(entry), strength, entry.active)

    def _dosage(self, entry: DosageEntry, usual: str | None) -> Dosage:
        route: CodedText | None = None
        if entry.route_text is not None:
            route = CodedText(text=entry.route_text)
        elif (named := entry.route or usual) not in (None, "none"):
            route = self._concept(str(named))
        dose, rate = _amount(entry.dose), _amount(entry.rate)
        repeated = entry.per_day is not None or entry.daily is not None
        return Dosage(
            route,
            dose,
            rate,
            Decimal(entry.per_day) if entry.per_day is not None else None,
            _amount(entry.daily),
            administered_once(True if entry.once else False if repeated else None, dose, rate),
            entry.sequence,
        )


def _amount(text: str | None) -> QuantityInterval | None:
    return QuantityInterval.exactly(Quantity.parse(text)) if text is not None else None


def _interval(text: str | None) -> DateInterval | None:
    return DateInterval.parse(text) if text is not None else None


def _person(entry: PatientEntry, today: date) -> Person:
    born = _born(entry.age, today).isoformat() if entry.age is not None else entry.born
    return Person(
        "Patient/1",
        _interval(born),
        sex=entry.sex,
        deceased=entry.died is not None,
        died=_interval(entry.died),
    )


def _born(age: str, today: date) -> date:
    """The birth date of someone whose age became this much today."""
    number, unit = duration(age)
    if unit in ("year", "month"):
        months = today.year * 12 + today.month - 1 - number * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    return today - timedelta(days=number * {"week": 7, "day": 1, "hour": 0}[unit])
