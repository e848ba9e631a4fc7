"""The files beside the rules: what a code system, concept, medicine, pack, statement and setting look like on disk.

Rules and shared findings are their own models (:mod:`engine.rule`); these are turned into the engine's values once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from engine.concept import CodeSystem, Concept, ConceptCode
from engine.errors import UnitError
from engine.language import FileModel, QuantityText
from engine.medicine import Medicine
from engine.quantity import Quantity, convert
from engine.rule import Kind
from engine.ruleset import Pack, Statement
from engine.terms import Whole, YesNo

ID = r"^[a-z0-9][a-z0-9-]*$"


def _concentration(text: str) -> str:
    try:
        amount = convert(Quantity.parse(text), "ug/mL").value
    except UnitError:
        amount = None
    if amount is None or amount <= 0:
        raise ValueError("not a mass per volume, such as 0.05 mg/mL")
    return text


StrengthText = Annotated[QuantityText, AfterValidator(_concentration)]
"""A concentration, checked."""


class SystemFile(FileModel):
    """One code system of ``concepts/systems.yaml``."""

    uri: str = Field(min_length=1, description="Its canonical URI.")
    aliases: tuple[str, ...] = Field((), description="Other spellings in records: OIDs, URNs, older URIs.")
    unlisted: Literal["no", "unknown"] = Field(
        "unknown", description="What a code means that no concept lists."
    )
    hierarchical: YesNo = Field(False, description="Whether a code's beginning is the code of its parent.")
    title: str = Field("", description="Its name in words.")
    edition_of: str | None = Field(
        None,
        description="The system, by its short name, whose codes of up to four characters are its own, too.",
    )

    def named(self, name: str) -> CodeSystem:
        """The engine's code system."""
        return CodeSystem(
            name, self.uri, self.aliases, self.unlisted, self.hierarchical, self.title, self.edition_of
        )


class CodeFile(FileModel):
    """One code of a concept."""

    code: str = Field(min_length=1, description="The code, in quotes when it is only digits.")
    below: YesNo = Field(False, description="Whether every code that begins with this one counts too.")
    display: str = Field("", description="The code system's own words for it.")
    strength: StrengthText | None = Field(
        None, description="Of a product's code: what a mL holds, read where a record does not state it."
    )
    seen: str = Field(min_length=1, description="Where the code was looked up.")


class ConceptFile(FileModel):
    """One concept of ``concepts/``."""

    title: str = Field(min_length=1, description="In words, as it stands in a sentence.")
    note: str = Field("", description="For the next reader: what is in it, what is left out, why.")
    ecl: str = Field("", description="A SNOMED CT expression that a terminology server can expand.")
    codes: dict[str, tuple[CodeFile, ...]] = Field({}, description="The codes by code system.")
    exclude: dict[str, tuple[CodeFile, ...]] = Field(
        {}, description="Codes below the others that do not count."
    )
    includes: tuple[str, ...] = Field((), description="Concepts that are part of this one.")
    left_open_by: tuple[str, ...] = Field(
        (), description="Concepts that say less than this one: their codes neither mean nor deny it."
    )
    unit: str | None = Field(None, description="For measurements: the unit they are compared in.")
    plausible: tuple[float, float] | None = Field(
        None, description="Values outside are errors of the record."
    )
    substance: str | None = Field(None, description="What is measured, where mass and moles are converted.")
    same_units: tuple[str, ...] = Field((), description="Units that laboratories write for the same amount.")
    unit_tells: YesNo = Field(
        False,
        description="Next to nothing else is measured in its unit: an amount in it with a code that nobody lists may be this.",
    )
    raised_up_to: float | None = Field(
        None,
        gt=1,
        description="The highest factor by which its values are above those of what it leaves open.",
    )
    complete_in: tuple[str, ...] = Field((), description="Code systems in which this list is exhaustive.")
    open_in: tuple[str, ...] = Field(
        (), description="Code systems in which an unlisted code does not deny: their products are not listed."
    )
    says_nothing: YesNo = Field(
        False, description="Whether its codes do not tell what an entry is, so that they count as no code."
    )
    texts: tuple[str, ...] = Field(
        (), description="Words that mean it, or may, in free text: names, brands, stems."
    )
    texts_in: tuple[str, ...] = Field(
        (), description="Concepts in whose entries alone these words are looked for; left out, in any entry."
    )
    texts_unless: tuple[str, ...] = Field(
        (), description="Words beside which those of texts name nothing, wherever they stand in the entry."
    )
    texts_not: tuple[str, ...] = Field(
        (), description="Longer words, or several, that these words stand in and that mean something else."
    )

    def named(self, concept_id: str) -> Concept:
        """The engine's concept."""
        return Concept(
            concept_id, self.title, _codes(self.codes), _codes(self.exclude), self.includes,
            self.unit, self.plausible, self.substance, self.same_units, self.complete_in, self.open_in, self.texts,
            self.left_open_by, self.texts_in, self.texts_not, self.unit_tells, self.raised_up_to, self.texts_unless,
            self.says_nothing,
        )  # fmt: skip


def _codes(by_system: Mapping[str, tuple[CodeFile, ...]]) -> tuple[ConceptCode, ...]:
    return tuple(
        ConceptCode(system, code.code, code.below, code.display, code.strength)
        for system, codes in by_system.items()
        for code in codes
    )


class MedicineFile(FileModel):
    """One medicine of ``concepts/medicines.yaml``; all but the title, the strengths and the days are concepts."""

    title: str = Field(min_length=1, description="In words, as it stands in a sentence.")
    substance: str = Field(description="Concept of the substance.")
    routes: str | None = Field(
        None,
        description="Concept of the routes that make it this medicine; left out where the substance alone does.",
    )
    products: str | None = Field(None, description="Concept of its products.")
    forms: str | None = Field(None, description="Concept of its dose forms.")
    other_products: str | None = Field(None, description="Concept of products that are its sibling.")
    other_forms: str | None = Field(None, description="Concept of dose forms that are its sibling's.")
    wrong_routes: str | None = Field(None, description="Concept of routes on which it would be an error.")
    other_routes: str | None = Field(None, description="Concept of its sibling's routes.")
    strengths: tuple[QuantityText, ...] = Field((), description="Concentrations that it is sold in.")
    shared_strengths: tuple[QuantityText, ...] = Field(
        (), description="Those of them that its sibling is sold in, too."
    )
    device: str | None = Field(None, description="Concept of the device that gives it.")
    presence: str | None = Field(
        None, description="Concept of diagnoses, procedures and devices that show it may be in use."
    )
    removal: str | None = Field(None, description="Concept of procedures that take its device away.")
    other_devices: str | None = Field(
        None, description="Concept of what a device is called that is surely another one."
    )
    current_for_days: Whole = Field(
        180, gt=0, description="How long an order without an end counts as current."
    )

    def named(self, medicine_id: str) -> Medicine:
        """The engine's medicine."""
        return Medicine(id=medicine_id, **dict(self))


class SystemsDocument(FileModel):
    """``concepts/systems.yaml``."""

    systems: dict[str, SystemFile] = Field(description="The code systems by their short names.")


class ConceptsDocument(FileModel):
    """Any other file of ``concepts/``."""

    concepts: dict[str, ConceptFile] = Field(description="The concepts by their ids.")


class MedicinesDocument(FileModel):
    """``concepts/medicines.yaml``."""

    medicines: dict[str, MedicineFile] = Field(description="The medicines by their ids.")


class LocalCode(FileModel):
    """A site's own code and the concept it means."""

    system: str = Field(min_length=1, description="The code system's URI or short name.")
    code: str = Field(min_length=1, description="The code.")
    concept: str = Field(description="Concept that the code means here.")
    strength: StrengthText | None = Field(
        None, description="Of a product's code: what a mL holds, read where a record does not state it."
    )
    below: YesNo = Field(False, description="Whether every code that begins with this one counts too.")


class LocalCodesDocument(FileModel):
    """``local/codes.yaml``."""

    codes: tuple[LocalCode, ...] = Field(description="Codes that only this site uses.")


class ParameterFile(FileModel):
    """One setting of a pack and why it has its value."""

    value: str | int | float = Field(description="The value; where it stands for an amount, with its unit.")
    note: str = Field(min_length=1, description="Where the value comes from, or why this site changed it.")


class StatedParameterFile(ParameterFile):
    """One setting as its pack states it; ``one_of`` are words that conditions ask for, so that a misspelt one is found."""

    one_of: tuple[str, ...] = Field(
        (), description="The only values it may have, where conditions ask for them."
    )


class LocalParametersDocument(FileModel):
    """``local/parameters.yaml``."""

    parameters: dict[str, dict[str, ParameterFile]] = Field(description="Settings by pack and name.")


class ReasonsDocument(FileModel):
    """``override-reasons.yaml``."""

    reasons: dict[str, str] = Field(description="The words of each reason by its id.")


class CheckException(FileModel):
    """One thing that a check may find without anybody having to mend it."""

    id: str = Field(min_length=1, description="Id of what is meant, as the check names it.")
    code: str = Field(description="Code of the check; primum rules help lists them.")
    reason: str = Field(min_length=1, description="Why it is right as it is.")


class ExceptionsDocument(FileModel):
    """``check-exceptions.yaml``, and ``local/check-exceptions.yaml`` for a site's own."""

    exceptions: tuple[CheckException, ...] = Field((), description="What checks may find.")


class PackDocument(FileModel):
    """``pack.yaml`` of a folder of rules."""

    id: str = Field(pattern=ID, description="What the ids of its rules begin with.")
    title: str = Field(min_length=1, description="In words.")
    version: str = Field(
        pattern=r"^\d+\.\d+\.\d+$", description="Semantic version of the pack, such as 1.0.0."
    )
    medicine: str = Field(description="The medicine that the label is about.")
    label_title: str = Field(min_length=1, description="Title of the label document.")
    label_version: str = Field(min_length=1, description="Its version or date.")
    label_url: str | None = Field(None, pattern=r"^https://[^\s]+$", description="Its address, https.")
    topic_system: str = Field("", description="Code system of the cards' topics.")
    example: YesNo = Field(False, description="Whether the pack only shows how packs are written.")
    parameters: dict[str, StatedParameterFile] = Field({}, description="Settings that a site may change.")

    def named(self, parameters: Mapping[str, str], statements: Mapping[str, Statement]) -> Pack:
        """The engine's pack with the settings in force and the label's statements."""
        choices = {name: entry.one_of for name, entry in self.parameters.items() if entry.one_of}
        return Pack(**dict(self) | {"parameters": parameters, "choices": choices, "statements": statements})


class StatementFile(FileModel):
    """One statement of a label."""

    id: str = Field(pattern=r"^[A-Z]+-\d+[a-z]?$", description="What rules cite, such as WP-12.")
    title: str = Field(min_length=1, description="A few words.")
    section: str = Field(min_length=1, description="Heading of the label under which it stands.")
    line: Whole | None = Field(None, ge=1, description="Line of the label's text, where the project has it.")
    text: str = Field(min_length=1, description="What it says, in our words.")
    kind: Kind = Field(description="What it is about.")
    no_rule: str | None = Field(None, description="Why no rule can decide it.")
    counselling: str | None = Field(None, description="What to tell the patient instead.")
    use: Literal["indication", "undesirable-effect"] | None = Field(
        None, description="Its type as a FHIR ClinicalUseDefinition, where the kind does not say it."
    )

    def named(self) -> Statement:
        """The engine's statement."""
        return Statement(**dict(self))


class StatementsDocument(FileModel):
    """``statements.yaml`` of a pack."""

    statements: tuple[StatementFile, ...] = Field(description="Every statement of the label, in its order.")


class EquivalentMutant(FileModel):
    """A change to a rule that no test can tell from the rule, and why."""

    rule: str = Field(description="Id of the rule.")
    mutation: str = Field(description="Place and change, as the report of the mutants names it.")
    reason: str = Field(min_length=1, description="Why the changed rule does the same.")


class EquivalentMutantsDocument(FileModel):
    """``equivalent-mutants.yaml`` of a pack."""

    equivalent: tuple[EquivalentMutant, ...] = Field((), description="Mutants that need not be killed.")


class SentenceFile(FileModel):
    """One sentence of the label, by its place and the hash of its line; the text itself stays with its owner."""

    id: str = Field(
        pattern=r"^L\d{3}\.\d+$", description="Line of the label and number of the sentence in it."
    )
    sha256: str = Field(pattern=r"^[0-9a-f]{16}$", description="First 16 digits of the SHA-256 of its line.")
    statements: tuple[str, ...] = Field((), description="Statements that say it.")
    no_statement: str | None = Field(None, description="Why no statement does: a key of reasons.")


class SentencesDocument(FileModel):
    """``sentences.yaml`` of a pack: every sentence of the label accounted for."""

    reasons: dict[str, str] = Field({}, description="Why a sentence carries no statement of its own.")
    sentences: tuple[SentenceFile, ...] = Field((), description="The label's sentences in order.")
