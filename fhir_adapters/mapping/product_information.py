"""Product information: a pack as a FHIR R5 Bundle of ClinicalUseDefinition, the form that electronic product information uses.

Every statement of the label becomes one ClinicalUseDefinition about one MedicinalProductDefinition; the codes are those of the concepts
that its rules look for. The format carries what a statement is, says and is about; it has no place for thresholds, time windows or
exceptions, which stay with the rules. :func:`statements_of` reads back all that it carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.authoring.folder import Loaded
from engine.concepts import Coding, ConceptLibrary
from engine.language import AllergyLeaf, ConditionLeaf, Leaf, MedicationLeaf, Tree
from engine.logic import members_of
from engine.rule import Rule
from engine.ruleset import Pack, Statement

Resource = dict[str, Any]

STATEMENT_SYSTEM = "urn:primum:statement"
"""System of the identifiers: a statement's id within its pack."""


@dataclass(frozen=True, slots=True)
class CodedStatement:
    """What a ClinicalUseDefinition says: its statement's id and pack, type, words and the codes it is about."""

    pack: str
    id: str
    type: str
    text: str
    codes: tuple[Coding, ...]


def product_information(loaded: Loaded, pack_id: str) -> Resource:
    """The Bundle of a pack; valid as FHIR R5 by ``fhir.resources``. KeyError when there is no such pack."""
    pack = loaded.rules.packs[pack_id]
    product = {
        "resourceType": "MedicinalProductDefinition",
        "id": pack.id,
        "identifier": [{"system": STATEMENT_SYSTEM, "value": pack.id}],
        "name": [{"productName": pack.source_label}],
    }
    rules = [rule for rule in loaded.rules.active() if loaded.rules.pack_of(rule) is pack]
    uses = [
        _use(pack, statement, [rule for rule in rules if statement.id in rule.statements], loaded.concepts)
        for statement in pack.statements.values()
    ]
    entries = [
        {"fullUrl": f"urn:primum:{resource['resourceType']}:{resource['id']}", "resource": resource}
        for resource in (product, *uses)
    ]
    identifier = {"system": STATEMENT_SYSTEM, "value": f"{pack.id}@{pack.version}"}
    return {"resourceType": "Bundle", "type": "collection", "identifier": identifier, "entry": entries}


def type_of(statement: Statement) -> str:
    """The ClinicalUseDefinition type of a statement: its own where it names one, else by its kind."""
    if statement.use is not None:
        return statement.use
    return statement.kind if statement.kind in ("contraindication", "interaction") else "warning"


def _use(pack: Pack, statement: Statement, rules: list[Rule], concepts: ConceptLibrary) -> Resource:
    codes = list(dict.fromkeys(code for rule in rules for code in _codes(rule, concepts)))
    concept = (
        {"coding": [_coding(code) for code in codes], "text": statement.text}
        if codes
        else {"text": statement.text}
    )
    kind = type_of(statement)
    bodies: Mapping[str, Resource] = {
        "contraindication": {"contraindication": {"diseaseSymptomProcedure": {"concept": concept}}},
        "indication": {"indication": {"diseaseSymptomProcedure": {"concept": concept}}},
        "undesirable-effect": {"undesirableEffect": {"symptomConditionEffect": {"concept": concept}}},
        "interaction": {"interaction": {"interactant": [{"itemCodeableConcept": concept}]}},
        "warning": {"warning": {"description": statement.text, "code": concept}},
    }
    return {
        "resourceType": "ClinicalUseDefinition",
        "id": f"{pack.id}-{statement.id}",
        "identifier": [{"system": STATEMENT_SYSTEM, "value": f"{pack.id}:{statement.id}"}],
        "type": kind,
        "category": [{"text": statement.title}],
        "subject": [{"reference": f"MedicinalProductDefinition/{pack.id}"}],
        **bodies[kind],
    }


def _codes(rule: Rule, concepts: ConceptLibrary) -> Iterator[Coding]:
    for leaf in _leaves(rule.when) if rule.when is not None else ():
        concept = _concept(leaf)
        for member in sorted(concepts.members(concept)) if concept is not None else ():
            for code in concepts.concept(member).codes:
                yield Coding(concepts.system_uri(code.system), code.code, code.display)


def _concept(leaf: Leaf) -> str | None:
    if isinstance(leaf, ConditionLeaf):
        return leaf.condition
    if isinstance(leaf, AllergyLeaf):
        return leaf.allergy
    return leaf.medication if isinstance(leaf, MedicationLeaf) and leaf.medication != "any" else None


def _leaves(tree: Tree) -> Iterator[Leaf]:
    if isinstance(tree, Leaf):
        yield tree
        return
    for member in members_of(tree)[1]:
        yield from _leaves(member)


def _coding(code: Coding) -> Resource:
    coding = {"system": code.system, "code": code.code}
    return {**coding, "display": code.display} if code.display else coding


def statements_of(bundle: Resource) -> tuple[CodedStatement, ...]:
    """Every statement that a Bundle of :func:`product_information` carries, in its order."""
    uses = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "ClinicalUseDefinition"
    ]
    return tuple(_statement(use) for use in uses)


def _statement(use: Resource) -> CodedStatement:
    pack, name = use["identifier"][0]["value"].split(":", 1)
    match use["type"]:
        case "contraindication" | "indication":
            concept = use[use["type"]]["diseaseSymptomProcedure"]["concept"]
        case "undesirable-effect":
            concept = use["undesirableEffect"]["symptomConditionEffect"]["concept"]
        case "interaction":
            concept = use["interaction"]["interactant"][0]["itemCodeableConcept"]
        case _:
            concept = use["warning"]["code"]
    codes = tuple(
        Coding(code["system"], code["code"], code.get("display", "")) for code in concept.get("coding", ())
    )
    return CodedStatement(pack, name, use["type"], concept["text"], codes)
