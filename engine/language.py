"""The language of conditions: one clinical noun each, in groups of ``all``, ``any``, ``none`` and ``at_least``.

These are the words an author may write under ``when`` and ``unless``. What each means for a patient is in
:mod:`engine.conditions`; how it reads as a sentence is in :mod:`engine.describe`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from engine.order_nouns import (
    ActionLeaf,
    BatchLeaf,
    CategoryLeaf,
    DoseLeaf,
    DoseTest,
    FindingLeaf,
    GivenAsLeaf,
    IngredientLeaf,
    IngredientTest,
    ParameterLeaf,
    ReasonLeaf,
    RouteLeaf,
    RouteTest,
    SpecialtyLeaf,
    SupplyLeaf,
    SupplyTest,
    TaperLeaf,
    TestDose,
    TherapyLeaf,
    TherapyTest,
)
from engine.record_nouns import (
    AgeLeaf,
    AllergyLeaf,
    AppointmentLeaf,
    ConditionLeaf,
    DeviceLeaf,
    EncounterLeaf,
    LabLeaf,
    LactationLeaf,
    MeasurementLeaf,
    MedicationLeaf,
    OrderLeaf,
    PregnancyLeaf,
    ProcedureLeaf,
    ServiceLeaf,
    SexLeaf,
    VitalLeaf,
)
from engine.terms import COMPARISONS, Bounded, DurationText, FileModel, Leaf, QuantityText, Whole, duration


class All(FileModel):
    """Every one of these."""

    all: tuple[Tree, ...] = Field(min_length=1, description="Every one of these is met.")


class AnyOf(FileModel):
    """At least one of these."""

    any: tuple[Tree, ...] = Field(min_length=1, description="At least one of these is met.")


class NoneOf(FileModel):
    """Not one of these; unknown while one of them is unknown and none is met."""

    none: tuple[Tree, ...] = Field(min_length=1, description="Not one of these is met.")


class AtLeast(FileModel):
    """Some number of these."""

    at_least: Whole = Field(ge=1, description="How many.")
    of: tuple[Tree, ...] = Field(min_length=2, description="Of these.")

    @model_validator(mode="after")
    def _enough(self) -> AtLeast:
        if self.at_least > len(self.of):
            raise ValueError(f"{self.at_least} of {len(self.of)} conditions can never be met")
        return self


GROUPS: dict[str, type[FileModel]] = {"all": All, "any": AnyOf, "none": NoneOf, "at_least": AtLeast}

NOUNS: dict[str, type[Leaf]] = {
    model.noun: model
    for model in (
        OrderLeaf, MedicationLeaf, ConditionLeaf, AllergyLeaf, LabLeaf, VitalLeaf, ProcedureLeaf, DeviceLeaf, AppointmentLeaf,
        EncounterLeaf, ServiceLeaf, AgeLeaf, SexLeaf, PregnancyLeaf, LactationLeaf, DoseLeaf, GivenAsLeaf, IngredientLeaf,
        CategoryLeaf, BatchLeaf, TherapyLeaf, TaperLeaf, SupplyLeaf, SpecialtyLeaf, ParameterLeaf, FindingLeaf, ActionLeaf,
        ReasonLeaf, RouteLeaf,
    )
}  # fmt: skip
"""Every clinical noun and its model, in the order in which a map's keys are searched: ``route``, ``action`` and ``reason`` are also
options of other nouns, so they come last."""


def noun_of(value: Any) -> str | None:
    """The noun or group word of a condition as written in a file or as a model; None when it has none."""
    if isinstance(value, Leaf):
        return value.noun
    if isinstance(value, FileModel):
        return next((word for word, model in GROUPS.items() if isinstance(value, model)), None)
    if not isinstance(value, dict):
        return None
    return next((word for word in (*NOUNS, *GROUPS) if word in value), None)


Tree = Annotated[
    Annotated[OrderLeaf, Tag("order")]
    | Annotated[MedicationLeaf, Tag("medication")]
    | Annotated[ConditionLeaf, Tag("condition")]
    | Annotated[AllergyLeaf, Tag("allergy")]
    | Annotated[LabLeaf, Tag("lab")]
    | Annotated[VitalLeaf, Tag("vital")]
    | Annotated[ProcedureLeaf, Tag("procedure")]
    | Annotated[DeviceLeaf, Tag("device")]
    | Annotated[AppointmentLeaf, Tag("appointment")]
    | Annotated[EncounterLeaf, Tag("encounter")]
    | Annotated[ServiceLeaf, Tag("service")]
    | Annotated[AgeLeaf, Tag("age")]
    | Annotated[SexLeaf, Tag("sex")]
    | Annotated[PregnancyLeaf, Tag("pregnancy")]
    | Annotated[LactationLeaf, Tag("lactation")]
    | Annotated[DoseLeaf, Tag("dose")]
    | Annotated[GivenAsLeaf, Tag("given_as")]
    | Annotated[IngredientLeaf, Tag("ingredient")]
    | Annotated[CategoryLeaf, Tag("category")]
    | Annotated[BatchLeaf, Tag("batch")]
    | Annotated[TherapyLeaf, Tag("therapy")]
    | Annotated[TaperLeaf, Tag("taper")]
    | Annotated[SupplyLeaf, Tag("supply")]
    | Annotated[SpecialtyLeaf, Tag("specialty")]
    | Annotated[ParameterLeaf, Tag("parameter")]
    | Annotated[FindingLeaf, Tag("finding")]
    | Annotated[ActionLeaf, Tag("action")]
    | Annotated[ReasonLeaf, Tag("reason")]
    | Annotated[RouteLeaf, Tag("route")]
    | Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NoneOf, Tag("none")]
    | Annotated[AtLeast, Tag("at_least")],
    Discriminator(noun_of),
]
"""A condition: one noun, or a group of conditions."""

for _group in GROUPS.values():
    _group.model_rebuild()

__all__ = [
    "COMPARISONS",
    "GROUPS",
    "NOUNS",
    "ActionLeaf",
    "AgeLeaf",
    "All",
    "AllergyLeaf",
    "AnyOf",
    "AppointmentLeaf",
    "AtLeast",
    "BatchLeaf",
    "Bounded",
    "CategoryLeaf",
    "ConditionLeaf",
    "DeviceLeaf",
    "DoseLeaf",
    "DoseTest",
    "DurationText",
    "EncounterLeaf",
    "FileModel",
    "FindingLeaf",
    "GivenAsLeaf",
    "IngredientLeaf",
    "IngredientTest",
    "LabLeaf",
    "LactationLeaf",
    "Leaf",
    "MeasurementLeaf",
    "MedicationLeaf",
    "NoneOf",
    "OrderLeaf",
    "ParameterLeaf",
    "PregnancyLeaf",
    "ProcedureLeaf",
    "QuantityText",
    "ReasonLeaf",
    "RouteLeaf",
    "RouteTest",
    "ServiceLeaf",
    "SexLeaf",
    "SpecialtyLeaf",
    "SupplyLeaf",
    "SupplyTest",
    "TaperLeaf",
    "TestDose",
    "TherapyLeaf",
    "TherapyTest",
    "Tree",
    "VitalLeaf",
    "duration",
    "noun_of",
]
