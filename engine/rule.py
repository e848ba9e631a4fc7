"""The rule file: one rule, one file, as a clinical pharmacist writes it.

Files are pydantic models that forbid unknown keys; every field carries the words that an editor shows on hover. The conditions of
``when`` and ``unless`` are in :mod:`engine.language`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from engine.language import FileModel, Tree
from engine.terms import Day, YesNo


class Kind(StrEnum):
    """What a statement of a label is about (FHIR R5 ClinicalUseDefinition.type, and the rest of a leaflet)."""

    CONTRAINDICATION = "contraindication"
    WARNING = "warning"
    PRECAUTION = "precaution"
    INTERACTION = "interaction"
    ADMINISTRATION = "administration"
    MONITORING = "monitoring"
    INFORMATION = "information"


class Indicator(StrEnum):
    """The urgency of a card (CDS Hooks 2.0.1, card attributes)."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return (Indicator.CRITICAL, Indicator.WARNING, Indicator.INFO).index(self)


class Hook(StrEnum):
    """The CDS Hooks hooks that a rule may name (Hook Library 1.0.1)."""

    ORDER_SELECT = "order-select"
    ORDER_SIGN = "order-sign"
    PATIENT_VIEW = "patient-view"
    ENCOUNTER_START = "encounter-start"
    ENCOUNTER_DISCHARGE = "encounter-discharge"
    MEDICATION_REFILL = "medication-refill"
    APPOINTMENT_BOOK = "appointment-book"
    ORDER_DISPATCH = "order-dispatch"
    PROBLEM_LIST_ITEM_CREATE = "problem-list-item-create"
    ALLERGYINTOLERANCE_CREATE = "allergyintolerance-create"

    @property
    def reviews_orders(self) -> bool:
        """Whether the hook puts orders under review."""
        return self in (Hook.ORDER_SELECT, Hook.ORDER_SIGN, Hook.MEDICATION_REFILL, Hook.ORDER_DISPATCH)

    @property
    def adds_to_record(self) -> bool:
        """Whether the hook is about entries that are being added to the record."""
        return self in (Hook.PROBLEM_LIST_ITEM_CREATE, Hook.ALLERGYINTOLERANCE_CREATE)


class SuggestionSpec(FileModel):
    """One thing the prescriber can do with a click; exactly one of the actions."""

    label: str = Field(min_length=1, max_length=80, description="The words on the button.")
    delete: Literal["order"] | None = Field(
        None, description="Take the order under review out of the session."
    )
    set_route: str | None = Field(
        None, description="Set the route of the order to the first code of this route concept."
    )
    set_status: Literal["on-hold"] | None = Field(
        None, description="Change the status of the order under review."
    )
    instruct: str | None = Field(None, description="Add this sentence to the order's patient instruction.")
    note: str | None = Field(None, description="Add this sentence to the order's note.")
    request: str | None = Field(None, description="Create a draft ServiceRequest with these words.")
    code: str | None = Field(
        None, description="Concept whose first code the ServiceRequest carries, beside its words."
    )
    communicate: str | None = Field(None, description="Create a draft CommunicationRequest with these words.")
    task: str | None = Field(None, description="Create a draft Task with these words.")
    recommended: YesNo = Field(False, description="Mark this as the preferred choice (isRecommended).")

    @property
    def creates(self) -> bool:
        """Whether the action makes something new, and so needs no order to act on."""
        return any(made is not None for made in (self.request, self.communicate, self.task))

    @model_validator(mode="after")
    def _one_action(self) -> SuggestionSpec:
        actions = (
            self.delete, self.set_route, self.set_status, self.instruct, self.note, self.request, self.communicate, self.task,
        )  # fmt: skip
        if sum(action is not None for action in actions) != 1:
            raise ValueError(
                "a suggestion has exactly one action: delete, set_route, set_status, instruct, note, request, communicate or task"
            )
        if self.code is not None and self.request is None:
            raise ValueError("code goes with request: it is the code of the requested service")
        return self


class LinkSpec(FileModel):
    """A link on the card."""

    label: str = Field(min_length=1, description="The words of the link.")
    url: str = Field(pattern=r"^https://[^\s]+$", description="An https address.")


class Variant(FileModel):
    """Another wording or urgency of the same card, taken when its own condition is met; the first that is met wins."""

    when: Tree = Field(description="When this variant replaces the card's words.")
    indicator: Indicator | None = Field(None, description="The urgency in this case.")
    summary: str | None = Field(None, description="The card's one line in this case.")
    detail: str | None = Field(None, description="The card's text in this case.")


class CardSpec(FileModel):
    """What the prescriber sees when the rule is met."""

    indicator: Indicator = Field(
        description="critical: do not proceed without a change or a documented reason; warning; info."
    )
    summary: str = Field(
        min_length=1, description="One line, under 140 characters after placeholders are filled in."
    )
    detail: str = Field("", description="GitHub-flavoured Markdown: why, and what to do.")
    variants: tuple[Variant, ...] = Field((), description="Other words or urgency for special cases.")
    suggestions: tuple[SuggestionSpec, ...] = Field((), description="What can be done with a click.")
    override_reasons: tuple[str, ...] = Field((), description="Ids of rules/override-reasons.yaml.")
    links: tuple[LinkSpec, ...] = Field((), description="Links shown with the card.")


class SourceSpec(FileModel):
    """Where the rule comes from: a statement of the label, or a note that says what the label does not."""

    statement: str | None = Field(
        None, description="Id of a statement in the pack's statements.yaml, such as WP-12."
    )
    beyond: str | None = Field(
        None, description="What is not in the label and where it comes from instead; shown on the card."
    )

    @model_validator(mode="after")
    def _something(self) -> SourceSpec:
        if self.statement is None and self.beyond is None:
            raise ValueError(
                "a source names a statement of the label or says, under beyond, what is not from the label"
            )
        return self


class Review(FileModel):
    """Who answers for the rule. Reviewers are roles; a rule that nobody reviewed says so."""

    state: Literal["unreviewed", "approved"] = Field(
        description="unreviewed until a clinician has signed the sentence off."
    )
    by: str | None = Field(None, description="The role that approved, such as 'clinical pharmacist'.")
    on: Day | None = Field(None, description="Day of the approval.")
    next: Day = Field(description="Day on which the rule must be looked at again.")

    @model_validator(mode="after")
    def _approved_by_someone(self) -> Review:
        if self.state == "approved" and (self.by is None or self.on is None):
            raise ValueError("an approved rule names the role (by) and the day (on)")
        return self


Status = Literal["draft", "active", "retired"]
"""Whether a rule is evaluated."""

BroughtUpBy = Literal["order", "therapy", "record", "stop", "ended"]


class Rule(FileModel):
    """One rule: when it holds, what it says, and where it comes from."""

    id: str = Field(
        pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$", description="pack.name; the name is the file's name."
    )
    title: str = Field(
        min_length=1,
        max_length=60,
        description="A few words, as they stand in a list of findings on a grouped card.",
    )
    kind: Kind = Field(description="What the statement is about; decides which card the rule goes on.")
    status: Status = Field(description="Only active rules are evaluated.")
    experimental: YesNo = Field(False, description="Evaluated and recorded, not shown.")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="Semantic version of this rule.")
    hooks: tuple[Hook, ...] = Field(min_length=1, description="When the EHR asks.")
    medicine: str = Field(description="The medicine (rules/concepts/medicines.yaml) the rule is about.")
    brought_up_by: tuple[BroughtUpBy, ...] = Field(
        ("order",),
        min_length=1,
        description="order: the medicine is being ordered; therapy: the patient already has it; record: the patient already has it "
        "and no orders are under review, but the record is opened or added to; stop: its therapy is being stopped or held; "
        "ended: the record tells of it only as ended, or by a pump.",
    )
    when: Tree | None = Field(
        None, description="The condition; without it the medicine alone brings the card up."
    )
    unless: Tree | None = Field(None, description="What takes the card away again.")
    yields_to: tuple[str, ...] = Field(
        (), description="Rules whose card replaces this one when both are met."
    )
    if_unknown: Literal["tell", "warn", "silent"] = Field(
        "tell",
        description="tell: an unknown outcome is named on the grouped card; warn: and that card is a warning; "
        "silent: only in the evaluation.",
    )
    obtain: tuple[SuggestionSpec, ...] = Field(
        (), description="Offered on the grouped card when the outcome is unknown."
    )
    card: CardSpec = Field(description="What the prescriber sees.")
    limits: str | None = Field(None, description="What the rule cannot see or does not check.")
    sources: tuple[SourceSpec, ...] = Field(min_length=1, description="Statements of the label.")
    review: Review = Field(description="Who answers for the rule.")

    @property
    def statements(self) -> tuple[str, ...]:
        """Ids of the label's statements that the rule cites."""
        return tuple(source.statement for source in self.sources if source.statement)

    @property
    def name(self) -> str:
        """The part of the id after the pack."""
        return self.id.split(".", 1)[1]


class SharedFinding(FileModel):
    """A named finding that several rules share, such as reduced kidney function from a diagnosis or a laboratory value."""

    id: str = Field(pattern=r"^[a-z0-9-]+$", description="What rules write after finding:.")
    title: str = Field(description="In words.")
    when: Annotated[
        Tree, Field(description="The condition it stands for; shared findings may not use shared findings.")
    ]
