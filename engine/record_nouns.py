"""Nouns of the record: the conditions on what a patient has, takes, or was found to have."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from engine.terms import Bounded, DurationText, Leaf, Whole, YesNo


class OrderLeaf(Leaf):
    """Something else is being ordered in the same session."""

    noun: ClassVar[str] = "order"
    order: str = Field(description="Concept of the other order; 'any' for every one.")
    route: str | None = Field(None, description="Concept of the other order's route.")
    excluding: tuple[str, ...] = Field((), description="Concepts that do not count.")
    action: Literal["start", "change", "hold", "stop"] | None = Field(
        None, description="What the other order does."
    )
    same_group: YesNo = Field(
        False, description="Only orders that carry the same group identifier as the order under review."
    )
    abrupt: YesNo = Field(
        False, description="Only where neither it nor another order of its kind lowers the dose step by step."
    )


class MedicationLeaf(Leaf):
    """The patient takes another medicine, or it is being ordered too.

    When the order under review brings the rule up, therapy and the other orders of the session count. When therapy brings the rule
    up on an ordering hook, only the orders under review count: a pair that the patient has long had is not news, and neither is a
    medicine of the past.
    """

    noun: ClassVar[str] = "medication"
    medication: str = Field(description="Concept of the other medicine; 'any' for every one.")
    status: Literal["current", "recent", "ever"] = Field(
        "current", description="recent: ended within the given time; ever: any time."
    )
    within: DurationText | None = Field(
        None, description="With status recent: how long ago it may have ended."
    )
    route: str | None = Field(
        None,
        description="Concept of its route. An entry without a route may be by it, but for medication: any, where it is not counted.",
    )
    excluding: tuple[str, ...] = Field((), description="Concepts that do not count.")
    abrupt: YesNo = Field(
        False, description="Only where neither it nor another order for it lowers the dose step by step."
    )
    different: Whole = Field(1, ge=1, le=9, description="How many different medicines there must be.")

    @model_validator(mode="after")
    def _recent_within(self) -> MedicationLeaf:
        if (self.status == "recent") != (self.within is not None):
            raise ValueError("within goes with status: recent, and recent needs within")
        return self


class ConditionLeaf(Leaf):
    """The patient has, or has had, a diagnosis."""

    noun: ClassVar[str] = "condition"
    condition: str = Field(description="Concept of the diagnosis.")
    status: Literal["current", "current-or-remission", "past", "ever"] = Field(
        "current", description="Which entries count."
    )
    certainty: Literal["any", "confirmed", "suspected"] = Field(
        "any", description="confirmed leaves provisional and differential out."
    )
    within: DurationText | None = Field(None, description="It began (or was recorded) at most so long ago.")
    if_undated: Literal["unknown", "met"] = Field(
        "unknown", description="What an entry means whose date does not tell whether it is within the time."
    )
    since: Literal["therapy-start"] | None = Field(
        None, description="It began after the medicine's therapy did."
    )
    new: YesNo = Field(
        False, description="With since: an entry of the same code that began before the therapy keeps it out."
    )
    excluding: tuple[str, ...] = Field((), description="Concepts that do not count.")

    @model_validator(mode="after")
    def _time_for_its_options(self) -> ConditionLeaf:
        if self.new and self.since is None:
            raise ValueError("new goes with since: it is what had not begun before")
        if self.if_undated == "met" and self.within is None:
            raise ValueError("if_undated goes with within")
        return self


class AllergyLeaf(Leaf):
    """The patient has a recorded allergy or intolerance."""

    noun: ClassVar[str] = "allergy"
    allergy: str = Field(description="Concept of the substance or of the allergy.")
    status: Literal["active", "inactive"] = Field("active", description="Which entries count.")
    type: Literal["allergy", "intolerance", "any"] = Field(
        "any", description="Whether an intolerance counts."
    )


class MeasurementLeaf(Leaf, Bounded):
    """What laboratory values and vital signs share."""

    within: DurationText = Field(description="How old the value may be.")
    pick: Literal["latest", "any"] = Field("latest", description="The latest value, or any within the time.")
    is_: str | None = Field(
        None, alias="is", description="For coded values: the concept the value must be in."
    )
    if_missing: Literal["unknown", "not-met"] = Field(
        "unknown", description="What it means when no value is on record."
    )

    @model_validator(mode="after")
    def _coded_or_compared(self) -> MeasurementLeaf:
        if self.is_ is not None and self.comparison is not None:
            raise ValueError("either is, for a coded value, or a comparison of an amount")
        return self


EstimateFrom = Literal["creatinine", "creatinine-and-weight"]
"""What kidney function is estimated from."""


class LabLeaf(MeasurementLeaf):
    """A laboratory value."""

    noun: ClassVar[str] = "lab"
    lab: str = Field(description="Concept of the laboratory value.")
    estimate: EstimateFrom | None = Field(
        None,
        description="When no value is reported, or what it is made from is later, estimate it: the glomerular filtration rate "
        "in mL/min/1.73m2 from creatinine, or an adult's creatinine clearance in mL/min from creatinine and weight.",
    )


class VitalLeaf(MeasurementLeaf):
    """A vital sign or body measurement."""

    noun: ClassVar[str] = "vital"
    vital: str = Field(description="Concept of the vital sign.")


class ProcedureLeaf(Leaf):
    """A procedure was done, or is planned."""

    noun: ClassVar[str] = "procedure"
    procedure: str = Field(description="Concept of the procedure.")
    status: Literal["done", "planned", "any"] = Field("done", description="Which ones count.")
    within: DurationText | None = Field(None, description="How long ago, or how far ahead.")


class DeviceLeaf(Leaf):
    """The patient has a device."""

    noun: ClassVar[str] = "device"
    device: str = Field(description="Concept of the device.")
    status: Literal["active", "inactive", "any"] = Field("active", description="Which ones count.")
    replacement: Literal["overdue"] | None = Field(None, description="Its elective replacement date is past.")


class AppointmentLeaf(Leaf):
    """An appointment was missed, is planned, or was kept."""

    noun: ClassVar[str] = "appointment"
    appointment: str = Field(description="Concept of the appointment's service.")
    state: Literal["missed", "planned", "kept"] = Field(
        description="missed: no-show or cancelled and no later one booked or kept."
    )
    within: DurationText | None = Field(None, description="How far back (missed, kept) or ahead (planned).")


class EncounterLeaf(Leaf):
    """An encounter of some class or type."""

    noun: ClassVar[str] = "encounter"
    encounter: str = Field(description="Concept of the encounter's class or type.")
    state: Literal["now", "finished"] = Field(
        "now", description="now: the encounter the request names, or one in progress."
    )
    within: DurationText | None = Field(None, description="With finished: how long ago.")

    @model_validator(mode="after")
    def _finished_within(self) -> EncounterLeaf:
        if self.within is not None and self.state != "finished":
            raise ValueError("within goes with state: finished")
        return self


class ServiceLeaf(Leaf):
    """A service is requested: active, or a draft of this session.

    When therapy brings the rule up on an ordering hook, only the drafts count.
    """

    noun: ClassVar[str] = "service"
    service: str = Field(description="Concept of the requested service.")
    within: DurationText | None = Field(None, description="How far ahead or back its date may be.")


class AgeLeaf(Leaf):
    """The patient's age on the day of the order, in completed years, months or days."""

    noun: ClassVar[str] = "age"
    age: Bounded = Field(description="The comparison, such as {below: 4 years}.")

    @model_validator(mode="after")
    def _compares(self) -> AgeLeaf:
        if self.age.comparison is None:
            raise ValueError("age needs a comparison, such as {below: 4 years}")
        return self


class SexLeaf(Leaf):
    """Administrative sex."""

    noun: ClassVar[str] = "sex"
    sex: tuple[Literal["female", "male", "other", "unknown"], ...] = Field(
        min_length=1, description="Any of these."
    )


class PregnancyLeaf(Leaf):
    """Pregnancy, from the newest coded observation or a current condition (statement PR-01)."""

    noun: ClassVar[str] = "pregnancy"
    pregnancy: Literal["current", "possible", "excluded", "unstated"] = Field(
        description="What the record says; unstated: a complete record says nothing, of a patient who may be pregnant."
    )
    if_missing: Literal["unknown", "not-met"] = Field(
        "unknown", description="What it means when a complete record says nothing."
    )


class LactationLeaf(Leaf):
    """Breastfeeding, from a coded observation or a current condition."""

    noun: ClassVar[str] = "lactation"
    lactation: Literal["current"] = Field(description="What the record says.")
