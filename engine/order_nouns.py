"""Nouns of the order: the conditions on the order under review, on the therapy it belongs to, and on who and where."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from engine.terms import Bounded, DurationText, FileModel, Leaf, Number, QuantityText, YesNo


class RouteTest(FileModel):
    """Exactly one test of a route."""

    is_: str | None = Field(None, alias="is", description="Some dosage has a route in this concept.")
    other_than: str | None = Field(None, description="Some dosage has a route outside this concept.")
    stated: YesNo | None = Field(None, description="false: no dosage states a route that can be read.")

    @model_validator(mode="after")
    def _one_test(self) -> RouteTest:
        if sum(value is not None for value in (self.is_, self.other_than, self.stated)) != 1:
            raise ValueError("exactly one of is, other_than and stated")
        return self


class TestDose(FileModel):
    """How the first daily dose compares with the test dose."""

    __test__ = False  # pytest would take it for a test

    times: Number = Field(gt=0, description="How many times the last test dose.")
    largest: QuantityText = Field(description="Larger single doses are fillings of the reservoir.")


class DoseTest(Bounded):
    """Which amount of the order is compared, and with what."""

    of: Literal["bolus", "day", "concentration"] = Field(
        description="One bolus, 24 hours, or the solution's concentration."
    )
    one_of: tuple[QuantityText, ...] | None = Field(None, description="The amount is exactly one of these.")
    stated: YesNo | None = Field(None, description="false: the amount is not stated.")
    rise_above: Number | None = Field(
        None, gt=0, description="With of: day, percent by which it exceeds the dose of the therapy before."
    )

    fall_above: Number | None = Field(
        None, gt=0, description="With of: day, percent by which it stays below the dose before."
    )
    above_test_dose: TestDose | None = Field(
        None, description="With of: day, how much a first daily dose exceeds the last test dose."
    )

    @model_validator(mode="after")
    def _one_test(self) -> DoseTest:
        compared = (self.rise_above, self.fall_above, self.above_test_dose)
        tests = (self.comparison, self.one_of, self.stated, *compared)
        if sum(test is not None for test in tests) != 1:
            raise ValueError(
                "exactly one of a comparison, one_of, stated, rise_above, fall_above and above_test_dose"
            )
        if self.of != "day" and any(test is not None for test in compared):
            raise ValueError("rise_above, fall_above and above_test_dose go with of: day")
        return self


class IngredientTest(FileModel):
    """Exactly one test of the ingredients."""

    is_: str | None = Field(None, alias="is", description="Some ingredient is in this concept.")
    other_than: tuple[str, ...] | None = Field(
        None, description="Some ingredient is in none of these concepts."
    )

    @model_validator(mode="after")
    def _one_test(self) -> IngredientTest:
        if (self.is_ is None) == (self.other_than is None):
            raise ValueError("exactly one of is and other_than")
        return self


class TherapyTest(FileModel):
    """Where the therapy with the rule's medicine stands."""

    status: Literal["current", "stopped", "ever"] = Field(
        "current", description="current, ended within the given time, or any time."
    )
    within: DurationText | None = Field(
        None, description="With stopped: how long ago; with current: started at most so long ago."
    )
    longer_than: DurationText | None = Field(None, description="With current: started longer ago than this.")
    rise_above: Number | None = Field(
        None, gt=0, description="With current and over: percent by which the daily dose has risen."
    )
    over: DurationText | None = Field(None, description="With rise_above: over how long.")

    @model_validator(mode="after")
    def _one_time(self) -> TherapyTest:
        if (self.rise_above is None) != (self.over is None):
            raise ValueError("rise_above and over go together")
        if sum(test is not None for test in (self.within, self.longer_than, self.rise_above)) > 1:
            raise ValueError("one of within, longer_than and rise_above at most")
        fitting = {"current": ("within", "longer_than", "rise_above"), "stopped": ("within",), "ever": ()}
        for name in ("within", "longer_than", "rise_above"):
            if getattr(self, name) is not None and name not in fitting[self.status]:
                raise ValueError(f"{name} does not go with status: {self.status}")
        return self


class SupplyTest(FileModel):
    """How soon the reservoir is empty."""

    empty_within: DurationText = Field(description="The predicted day is past or at most so far ahead.")


class RouteLeaf(Leaf):
    """The route of the order under review; every dosage instruction is looked at."""

    noun: ClassVar[str] = "route"
    route: RouteTest = Field(description="What must be true of the route.")


class DoseLeaf(Leaf):
    """The dose or concentration of the order under review."""

    noun: ClassVar[str] = "dose"
    dose: DoseTest = Field(description="The amount and the comparison.")


class GivenAsLeaf(Leaf):
    """How the order under review is given: a single bolus, a continuous infusion, or a refill of the reservoir."""

    noun: ClassVar[str] = "given_as"
    given_as: Literal["bolus", "infusion", "refill"] = Field(description="The way of giving.")


class IngredientLeaf(Leaf):
    """What else is in the ordered medicine."""

    noun: ClassVar[str] = "ingredient"
    ingredient: IngredientTest = Field(description="What must be true of some ingredient.")


class ReasonLeaf(Leaf):
    """The reason that the order under review gives."""

    noun: ClassVar[str] = "reason"
    reason: str = Field(description="Concept of the reason.")


class CategoryLeaf(Leaf):
    """The category of the order under review, or of the therapy where that brings the rule up (inpatient, community, …)."""

    noun: ClassVar[str] = "category"
    category: str = Field(description="Concept of the category.")


class BatchLeaf(Leaf):
    """The batch of the medicine."""

    noun: ClassVar[str] = "batch"
    batch: Literal["expired"] = Field(
        description="Its expiry date is past; a month means its last day (DO-11)."
    )


class TherapyLeaf(Leaf):
    """The patient's therapy with the rule's own medicine."""

    noun: ClassVar[str] = "therapy"
    therapy: TherapyTest = Field(description="What must be true of the therapy.")


class ActionLeaf(Leaf):
    """What the order under review does."""

    noun: ClassVar[str] = "action"
    action: Literal["start", "change", "hold", "stop"] = Field(description="The action.")
    reason: str | None = Field(None, description="Concept of the coded status reason that goes with it.")


class TaperLeaf(Leaf):
    """The order under review, or another of the session, lowers the dose step by step."""

    noun: ClassVar[str] = "taper"
    taper: Literal["planned"] = Field(
        description="At least two dosage instructions in sequence with falling doses."
    )


class SupplyLeaf(Leaf):
    """When the pump runs empty, predicted from the last refill, the concentration and the daily dose (statement DC-03)."""

    noun: ClassVar[str] = "supply"
    supply: SupplyTest = Field(description="How soon.")


class SpecialtyLeaf(Leaf):
    """The ordering user's specialty."""

    noun: ClassVar[str] = "specialty"
    specialty: str = Field(description="Concept of the specialty.")


class ParameterLeaf(Leaf):
    """A setting of the pack or the site, such as the jurisdiction."""

    noun: ClassVar[str] = "parameter"
    parameter: str = Field(description="Name of the parameter in pack.yaml.")
    is_: str = Field(alias="is", description="The value it must have.")


class FindingLeaf(Leaf):
    """A shared, named finding (rules/findings)."""

    noun: ClassVar[str] = "finding"
    finding: str = Field(description="Id of the shared finding.")
