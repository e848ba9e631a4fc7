"""Cases: the tests of a rule, written beside it as ``<rule>.test.yaml``, without FHIR and without codes.

A whole file::

    today: 2026-03-01                 # the day of every test; the tests run at noon
    shared:                           # optional: what every test starts from; a test's own key replaces it
      patient: {age: 71 years, sex: female}
    tests:
      - name: eGFR 42 three weeks ago warns
        labs: [lab-egfr 42 mL/min/1.73m2 on 2026-02-08]
        expect:
          outcome: met
          card: warning
          summary: "Kidney function is reduced (eGFR 42): start intrathecal baclofen with a lower dose"
      - name: no value and no problem list leaves it open
        missing: [conditions]
        expect: unknown

What a test says of the patient
    ``patient``: ``age`` (``71 years``, birthday today) or ``born`` (``1955-03``), ``sex``, ``died``. What is not said is not on record.

    ``conditions``, ``allergies``, ``labs``, ``vitals``, ``observations``, ``procedures``, ``devices``, ``appointments``,
    ``encounters``, ``services``, ``medications``, ``orders``: lists. An entry is what it ``is`` (a concept; its first code is used, or
    one that stands for a site's where the concept waits for a site's codes), or a ``code`` of a code system (``icd-10 Z99``) that need
    not be in any concept, or only ``text``. Each entry has the keys of its kind below, and may be shortened to one line: ``epilepsy``,
    ``surgery on 2026-02-01``, ``lab-egfr >60 mL/min/1.73m2 on 2026-02-08``.

    In ``orders`` and ``medications`` an entry may also be a medicine of rules (``baclofen-intrathecal``): its substance by its route;
    ``route: none`` takes the route away, and any other ``route`` takes its place.

What it need not say
    ``hook`` is order-sign where the rule has it, else the rule's first. ``orders`` is one plain order of the rule's medicine, or one
    that stops it for rules that only ``stop`` brings up. Where no order brings the rule up, as at a hook without orders for a rule that
    the ``record`` brings up, ``therapy`` is ``current``: the patient has the medicine already; ``therapy: none`` takes it away. Every
    list arrived complete, except those under ``missing`` (did not arrive) and ``partial`` (arrived cut off): patient, allergies,
    conditions, medications, observations, procedures, devices, appointments, encounters, services. ``parameters`` are the pack's,
    except those given.

What it expects
    Of the rule: ``outcome`` (met, not_met, unknown), ``missing`` (each in the reasons of what could not be checked), ``evidence``
    (exactly these references, numbered by list: ``Condition/1``, ``Observation/2``, ``MedicationRequest/order-1``, ``Patient/1``).
    Of the rule's card: ``card`` (critical, warning, info, none), ``summary`` and ``suggestions`` (exactly), ``detail_has`` (each in it),
    ``detail_lacks`` (none in it; there must be a card). ``expect: met`` is short for the outcome.
    What is not named is not looked at. Evidence references are those of the rule's outcome.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from engine.dates import DateInterval
from engine.errors import UnitError
from engine.facts import ListName
from engine.finding import Truth
from engine.language import DurationText, FileModel, QuantityText
from engine.quantity import Quantity, QuantityInterval
from engine.rule import Hook
from engine.terms import Day, Whole, YesNo

_DATED = re.compile(r"(\S+)(?: (.+?))??(?: on (\S+))?")
_AMOUNT = re.compile(r"([<>]=?)?\s*([0-9].*)")


def _date(text: str) -> str:
    if DateInterval.parse(text) is None:
        raise ValueError(f"'{text}' is not a date such as 2026-02-08, 2026-02 or '2026'")
    return text


DateText = Annotated[
    str, AfterValidator(_date), Field(description="A date as far as it is known: 2026-02-08, 2026-02.")
]


def read_amount(text: str) -> QuantityInterval:
    """An amount as a test writes it, with or without a comparator.

    Raises:
        UnitError: there is no number, no unit, or none that is understood.
    """
    match = _AMOUNT.fullmatch(text)
    return QuantityInterval.from_comparator(
        Quantity.parse(match[2] if match else text), match[1] if match else None
    )


def _amount(text: str) -> str:
    try:
        read_amount(text)
    except UnitError as problem:
        raise ValueError(str(problem)) from None
    return text


def spread(entry: Any) -> Any:
    """An entry of one line as the keys it stands for."""
    match = _DATED.fullmatch(entry) if isinstance(entry, str) else None
    if match is None:
        return entry
    keys = {"is": match[1], "on": match[3]}
    if match[2] is not None:
        keys["value" if _AMOUNT.match(match[2]) else "coded"] = match[2]
    return {key: value for key, value in keys.items() if value is not None}


@dataclass(frozen=True)
class _Short:
    """Lets the editor's schema know the text that stands for an entry of several keys: the words, and what it may be."""

    description: str
    values: tuple[str, ...] = ()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The text, or the keys."""
        text: dict[str, Any] = {"type": "string", "description": self.description}
        if self.values:
            text["enum"] = list(self.values)
        return {"anyOf": [text, handler(schema)]}


E = TypeVar("E")
OneLine = Annotated[
    E,
    BeforeValidator(spread),
    _Short("In one line: a concept, where it has one an amount, and the day, such as surgery on 2026-02-01."),
]


class Coded(FileModel):
    """What every entry of a list may say of what it is."""

    is_: str | None = Field(None, alias="is", description="Concept whose first code the entry carries.")
    code: str | None = Field(
        None, pattern=r"^\S+ \S+$", description="A code system and a code, such as icd-10 Z99."
    )
    text: str | None = Field(None, description="The words of the entry; alone, it has no code.")

    @model_validator(mode="after")
    def _says_something(self) -> Coded:
        if not self.named:
            raise ValueError("an entry says what it is, with is, code or text")
        return self

    @property
    def named(self) -> bool:
        """Whether the entry says what it is."""
        return any((self.is_, self.code, self.text))


class PatientEntry(FileModel):
    """The patient."""

    age: DurationText | None = Field(None, description="Age today, the birthday being today.")
    born: DateText | None = Field(None, description="Birth date, as far as it is known.")
    sex: Literal["female", "male", "other", "unknown"] | None = Field(None, description="Administrative sex.")
    died: DateText | None = Field(None, description="Day of death.")


class ConditionEntry(Coded):
    """A diagnosis or problem."""

    status: Literal["current", "remission", "past"] = Field("current", description="Where it stands.")
    suspected: YesNo = Field(False, description="Provisional or differential.")
    onset: DateText | None = Field(None, description="When it began.")
    abatement: DateText | None = Field(None, description="When it ended.")
    on: DateText | None = Field(None, description="When it was recorded.")
    added: YesNo = Field(False, description="Whether it is the one that is being added now.")
    note: str = Field("", description="What is noted beside it, in free text.")


class AllergyEntry(Coded):
    """An allergy or intolerance."""

    status: Literal["active", "inactive"] = Field("active", description="Whether it counts now.")
    type: Literal["allergy", "intolerance"] = Field("allergy", description="Which of the two.")
    suspected: YesNo = Field(False, description="Not confirmed.")
    on: DateText | None = Field(None, description="When it was recorded.")
    added: YesNo = Field(False, description="Whether it is the one that is being added now.")
    note: str = Field("", description="What is noted beside it, in free text.")


class MeasurementEntry(Coded):
    """A laboratory value, vital sign or coded observation."""

    value: Annotated[str, AfterValidator(_amount)] | None = Field(
        None, description="An amount with its unit, also as >60 mL/min/1.73m2."
    )
    coded: str | None = Field(None, description="Concept of a coded value.")
    absent: str = Field("", description="Why there is no value.")
    on: DateText | None = Field(None, description="When it was taken.")
    preliminary: YesNo = Field(False, description="Not final.")


class ProcedureEntry(Coded):
    """A procedure."""

    status: Literal["done", "planned"] = Field("done", description="Whether it was done.")
    on: DateText | None = Field(None, description="When.")


class DeviceEntry(Coded):
    """A device."""

    status: Literal["active", "inactive", "unknown"] = Field("active", description="Whether it is in use.")
    replace_by: DateText | None = Field(None, description="Elective replacement date.")


class AppointmentEntry(Coded):
    """An appointment; what it is, is its service."""

    status: str = Field("booked", description="FHIR status: booked, noshow, cancelled, fulfilled, …")
    on: DateText | None = Field(None, description="When it begins.")


class EncounterEntry(Coded):
    """An encounter; what it is, is its class or type."""

    status: str = Field("in-progress", description="FHIR status: in-progress, finished, …")
    on: DateText | None = Field(None, description="When it was.")
    in_context: YesNo = Field(False, description="Whether the request names it.")


class ServiceEntry(Coded):
    """A requested service."""

    on: DateText | None = Field(None, description="When it is due.")
    added: YesNo = Field(False, description="Whether it is a draft of this session.")


class IngredientEntry(Coded):
    """An ingredient of a medicine."""

    strength: QuantityText | None = Field(None, description="Concentration or content.")
    active: YesNo = Field(True, description="Whether it is active.")


class DosageEntry(FileModel):
    """One dosage instruction."""

    route: str | None = Field(None, description="Concept of the route, or none.")
    route_text: str | None = Field(None, description="The route in words only.")
    dose: QuantityText | None = Field(None, description="One administration.")
    rate: QuantityText | None = Field(None, description="Speed of an infusion.")
    daily: QuantityText | None = Field(None, description="Amount in 24 hours.")
    per_day: Whole | None = Field(None, description="Administrations a day.")
    once: YesNo = Field(False, description="A single administration.")
    sequence: Whole | None = Field(None, description="Place among the order's dosages.")


class MedicationEntry(Coded, DosageEntry):
    """A medicine that is taken, or an order; with ``dosages`` for more than one instruction."""

    form: str | None = Field(None, description="Concept of the dose form.")
    strength: QuantityText | None = Field(
        None, description="Concentration of the medicine's only ingredient."
    )
    ingredients: tuple[OneLine[IngredientEntry], ...] = Field((), description="What it is made of.")
    dosages: tuple[DosageEntry, ...] = Field((), description="Several dosage instructions.")
    kind: Literal["request", "statement", "administration", "dispense"] = Field(
        "request", description="Who says so."
    )
    status: Literal["current", "ended", "planned"] = Field("current", description="Whether it is taken.")
    certain: YesNo = Field(True, description="Whether the record is sure of the status.")
    status_reason: str | None = Field(None, description="Concept of why it was stopped or held.")
    status_reason_text: str | None = Field(None, description="Why it was stopped or held, in words only.")
    action: Literal["start", "change", "hold", "stop", "unknown"] = Field(
        "start", description="What an order does; unknown where its status cannot be read."
    )
    selected: YesNo = Field(True, description="Whether an order is under review.")
    replaces: str | None = Field(None, description="Reference of the entry that an order replaces.")
    on: DateText | None = Field(None, description="When it was written.")
    started: DateText | None = Field(None, description="When it began.")
    ended: DateText | None = Field(None, description="When it ended.")
    reasons: tuple[str, ...] = Field((), description="Concepts of its reasons.")
    categories: tuple[str, ...] = Field((), description="Concepts of its categories.")
    group: str | None = Field(None, description="Identifier of its group of orders.")
    volume: QuantityText | None = Field(None, description="Filled volume.")
    supply_days: Whole | None = Field(None, description="Days that the supply lasts.")
    batch_expiry: DateText | None = Field(None, description="Expiry of the batch.")

    @property
    def named(self) -> bool:
        """Whether the entry says what it is."""
        return any((self.is_, self.code, self.text, self.ingredients))


class Setup(FileModel):
    """What a test says of the request and the patient."""

    hook: Hook | None = Field(None, description="When the EHR asks.")
    patient: PatientEntry = Field(PatientEntry(), description="The patient.")
    orders: tuple[OneLine[MedicationEntry], ...] | None = Field(None, description="Orders of the session.")
    therapy: Literal["current", "none"] | None = Field(
        None, description="Whether the patient has the rule's medicine."
    )
    medications: tuple[OneLine[MedicationEntry], ...] = Field((), description="Medicines taken or known.")
    conditions: tuple[OneLine[ConditionEntry], ...] = Field((), description="Problem list.")
    allergies: tuple[OneLine[AllergyEntry], ...] = Field((), description="Allergy list.")
    labs: tuple[OneLine[MeasurementEntry], ...] = Field((), description="Laboratory values.")
    vitals: tuple[OneLine[MeasurementEntry], ...] = Field((), description="Vital signs.")
    observations: tuple[OneLine[MeasurementEntry], ...] = Field((), description="Other observations.")
    procedures: tuple[OneLine[ProcedureEntry], ...] = Field((), description="Procedures.")
    devices: tuple[OneLine[DeviceEntry], ...] = Field((), description="Devices.")
    appointments: tuple[OneLine[AppointmentEntry], ...] = Field((), description="Appointments.")
    encounters: tuple[OneLine[EncounterEntry], ...] = Field((), description="Encounters.")
    services: tuple[OneLine[ServiceEntry], ...] = Field((), description="Requested services.")
    specialties: tuple[str, ...] = Field((), description="Concepts of the prescriber's specialties.")
    parameters: dict[str, str] = Field({}, description="Settings that differ from the pack's.")
    missing: tuple[ListName, ...] = Field((), description="Lists that did not arrive.")
    partial: tuple[ListName, ...] = Field((), description="Lists that arrived cut off.")


def _outcome_only(expected: Any) -> Any:
    return {"outcome": expected} if isinstance(expected, str) else expected


class Expectation(FileModel):
    """What must come out; what is not named is not looked at."""

    outcome: Truth | None = Field(None, description="How the rule ends.")
    card: Literal["critical", "warning", "info", "none"] | None = Field(
        None, description="Urgency of the card with the rule."
    )
    summary: str | None = Field(None, description="The card's line, exactly.")
    detail_has: tuple[str, ...] = Field((), description="Words in the card's text.")
    detail_lacks: tuple[str, ...] = Field((), description="Words that the card's text must not have.")
    suggestions: tuple[str, ...] | None = Field(
        None, description="Labels of the card's suggestions, exactly."
    )
    missing: tuple[str, ...] = Field((), description="Words in what could not be checked.")
    evidence: tuple[str, ...] | None = Field(None, description="References of the evidence, exactly.")

    @model_validator(mode="after")
    def _expects_something(self) -> Expectation:
        if not self.model_fields_set:
            raise ValueError("a test expects at least one thing")
        return self


class Case(Setup):
    """One test."""

    name: str = Field(min_length=1, description="A sentence that says what must happen.")
    expect: Annotated[
        Expectation,
        BeforeValidator(_outcome_only),
        _Short("Short for the outcome alone.", tuple(Truth)),
    ] = Field(description="What must come out.")


class CaseFile(FileModel):
    """The tests of one rule."""

    today: Day = Field(description="The day of every test.")
    shared: Setup = Field(Setup(), description="What every test starts from.")
    tests: tuple[Case, ...] = Field(min_length=1, description="The tests.")

    def setup_of(self, case: Case) -> Case:
        """The test with what it shares with the others filled in; its own keys come first."""
        shared = {name: getattr(self.shared, name) for name in self.shared.model_fields_set}
        return case.model_copy(
            update={name: value for name, value in shared.items() if name not in case.model_fields_set}
        )
