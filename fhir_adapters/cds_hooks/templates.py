"""Prefetch templates, derived from the nouns of the rules: authors never write a FHIR query.

A service asks for a list only when a rule of its hook looks into it (CH-068), in queries of the restricted
kind (CH-064) with tokens that CDS Hooks 2.0.1 allows in every hook (CH-061, CH-062). There is no date in any
of them: a date worked out at discovery would go stale in the client's copy (CH-066).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from engine.concepts import ConceptLibrary
from engine.conditions.estimates import CREATININE, FORMULAS
from engine.facts import ListName
from engine.language import (
    ConditionLeaf,
    DoseLeaf,
    EncounterLeaf,
    FileModel,
    FindingLeaf,
    LabLeaf,
    LactationLeaf,
    Leaf,
    MedicationLeaf,
    PregnancyLeaf,
    SpecialtyLeaf,
    SupplyLeaf,
    TherapyLeaf,
    TherapyTest,
    VitalLeaf,
)
from engine.rule import Rule
from engine.ruleset import RuleSet

LOINC: Final = "http://loinc.org"
PREGNANCY_STATUS: Final = "pregnancy-status"
BREASTFEEDING_STATUS: Final = "breastfeeding-status"
"""The concepts of the observations that the nouns pregnancy and lactation read the answers of."""

LISTS_OF_NOUN: Final[dict[str, frozenset[ListName]]] = {
    "medication": frozenset({ListName.MEDICATIONS}),
    "therapy": frozenset({ListName.MEDICATIONS}),
    "supply": frozenset({ListName.MEDICATIONS}),
    "condition": frozenset({ListName.CONDITIONS}),
    "allergy": frozenset({ListName.ALLERGIES}),
    "lab": frozenset({ListName.OBSERVATIONS}),
    "vital": frozenset({ListName.OBSERVATIONS}),
    "pregnancy": frozenset({ListName.OBSERVATIONS, ListName.CONDITIONS}),
    "lactation": frozenset({ListName.OBSERVATIONS, ListName.CONDITIONS}),
    "procedure": frozenset({ListName.PROCEDURES}),
    "device": frozenset({ListName.DEVICES}),
    "appointment": frozenset({ListName.APPOINTMENTS}),
    "encounter": frozenset({ListName.ENCOUNTERS}),
    "service": frozenset({ListName.SERVICES}),
}
"""Which lists of the record a noun looks into; nouns that are not here look at the order or the patient only."""


@dataclass(frozen=True, slots=True)
class Template:
    """One prefetch key, its query, and the lists whose completeness its answer decides.

    No lists means that the answer can only add evidence: its absence does not make a list incomplete.
    """

    key: str
    query: str
    lists: frozenset[ListName] = frozenset()


def templates_of(rules: Iterable[Rule], rule_set: RuleSet, concepts: ConceptLibrary) -> tuple[Template, ...]:
    """What the rules need of a record, in a fixed order; the patient always comes first."""
    needs = _Needs(tuple(rules), rule_set, concepts)
    return tuple(template for template in _templates(needs, concepts) if template is not None)


class _Needs:
    """What a set of rules looks at, gathered from their conditions and from what brings them up."""

    def __init__(self, rules: tuple[Rule, ...], rule_set: RuleSet, concepts: ConceptLibrary) -> None:
        self.leaves = [leaf for rule in rules for leaf in _leaves_of(rule, rule_set)]
        self.therapy = any({"therapy", "record", "stop", "ended"} & set(rule.brought_up_by) for rule in rules)
        self.ended = any("ended" in rule.brought_up_by for rule in rules)
        self.lists = {ListName.PATIENT}.union(*(LISTS_OF_NOUN.get(leaf.noun, ()) for leaf in self.leaves))
        looks_at_therapy = self.therapy or any(_compares_with_therapy(leaf) for leaf in self.leaves)
        if looks_at_therapy:
            self.lists.add(ListName.MEDICATIONS)
            medicines = [concepts.medicine(rule.medicine) for rule in rules]
            if any(medicine.device for medicine in medicines):
                self.lists.add(ListName.DEVICES)
            if any(medicine.presence for medicine in medicines):
                self.lists |= {ListName.CONDITIONS, ListName.PROCEDURES}

    def has(self, *kinds: type[Leaf]) -> bool:
        return any(isinstance(leaf, kinds) for leaf in self.leaves)

    def past_medicines(self) -> bool:
        return self.ended or any(
            (isinstance(leaf, MedicationLeaf) and leaf.status != "current")
            or (isinstance(leaf, TherapyLeaf) and not _only_current(leaf))
            or (isinstance(leaf, ConditionLeaf) and leaf.since is not None)
            for leaf in self.leaves
        )

    def doses_before(self) -> bool:
        return any(isinstance(leaf, DoseLeaf) and _compares_with_therapy(leaf) for leaf in self.leaves)

    def labs(self) -> set[str]:
        found = {leaf.lab for leaf in self.leaves if isinstance(leaf, LabLeaf)}
        return found | (self._estimated_from() & {CREATININE})

    def vitals(self) -> set[str]:
        found = {leaf.vital for leaf in self.leaves if isinstance(leaf, VitalLeaf)}
        return found | (self._estimated_from() - {CREATININE})

    def states(self) -> set[str]:
        pregnancy = {PREGNANCY_STATUS} if self.has(PregnancyLeaf) else set()
        return pregnancy | ({BREASTFEEDING_STATUS} if self.has(LactationLeaf) else set())

    def _estimated_from(self) -> set[str]:
        estimates = {leaf.estimate for leaf in self.leaves if isinstance(leaf, LabLeaf) and leaf.estimate}
        return {concept for estimate in estimates for concept in FORMULAS[estimate].needs}


def _leaves_of(rule: Rule, rule_set: RuleSet) -> Iterator[Leaf]:
    trees = (rule.when, rule.unless, *(variant.when for variant in rule.card.variants))
    for leaf in (leaf for tree in trees if tree is not None for leaf in _leaves(tree)):
        if isinstance(leaf, FindingLeaf):
            yield from _leaves(rule_set.findings[leaf.finding].when)
        else:
            yield leaf


def _leaves(tree: FileModel) -> Iterator[Leaf]:
    if isinstance(tree, Leaf):
        yield tree
        return
    for _, value in tree:
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, FileModel):
                yield from _leaves(part)


def _compares_with_therapy(leaf: Leaf) -> bool:
    """Whether a condition looks at the therapy with the rule's own medicine."""
    match leaf:
        case TherapyLeaf() | SupplyLeaf():
            return True
        case ConditionLeaf():
            return leaf.since is not None
        case DoseLeaf():
            test = leaf.dose
            return any(
                limit is not None for limit in (test.rise_above, test.fall_above, test.above_test_dose)
            )
    return False


def _only_current(leaf: TherapyLeaf) -> bool:
    """Whether a condition asks no more than whether the therapy is current: how long it has been so, past entries tell."""
    return leaf.therapy == TherapyTest()


def _templates(needs: _Needs, concepts: ConceptLibrary) -> Iterator[Template | None]:
    yield Template("patient", "Patient/{{context.patientId}}", frozenset({ListName.PATIENT}))
    yield _search(needs, "allergies", ListName.ALLERGIES, "AllergyIntolerance")
    yield _search(needs, "conditions", ListName.CONDITIONS, "Condition")
    statuses = "active,on-hold,unknown" + (",completed,stopped,cancelled" if needs.past_medicines() else "")
    yield _search(
        needs, "medicationRequests", ListName.MEDICATIONS, "MedicationRequest", f"&status={statuses}"
    )
    yield _search(needs, "medicationStatements", ListName.MEDICATIONS, "MedicationStatement")
    if needs.therapy or needs.has(TherapyLeaf, SupplyLeaf) or needs.doses_before():
        newest = "&_sort=-effective-time&_count=100"
        yield Template("medicationAdministrations", _of_patient("MedicationAdministration", newest))
    if needs.has(SupplyLeaf):
        newest = "&_sort=-whenhandedover&_count=100"
        yield Template("medicationDispenses", _of_patient("MedicationDispense", newest))
    yield _observations("labs", needs.labs(), concepts)
    yield _observations("vitals", needs.vitals(), concepts)
    yield _observations("pregnancy", needs.states(), concepts)
    yield _search(needs, "procedures", ListName.PROCEDURES, "Procedure")
    yield _search(needs, "devices", ListName.DEVICES, "Device")
    yield _search(needs, "appointments", ListName.APPOINTMENTS, "Appointment")
    if needs.has(EncounterLeaf):
        yield _encounters(needs)
    yield _search(needs, "services", ListName.SERVICES, "ServiceRequest", "&status=active,on-hold")
    if needs.has(SpecialtyLeaf):
        yield Template("userRoles", "PractitionerRole?practitioner={{userPractitionerId}}")


def _of_patient(type_: str, rest: str = "") -> str:
    return f"{type_}?patient={{{{context.patientId}}}}{rest}"


def _search(needs: _Needs, key: str, name: ListName, type_: str, rest: str = "") -> Template | None:
    return Template(key, _of_patient(type_, rest), frozenset({name})) if name in needs.lists else None


def _observations(key: str, concept_ids: set[str], concepts: ConceptLibrary) -> Template | None:
    """The newest hundred observations of some kinds, and of what leaves these open, by their LOINC codes and those of the site."""
    open_ = {name for concept_id in concept_ids for name in concepts.leaving_open(concept_id)}
    members = {member for concept_id in concept_ids | open_ for member in concepts.members(concept_id)}
    listed = [code for member in members for code in concepts.concept(member).codes]
    loinc = sorted({code.code for code in listed if concepts.system_uri(code.system) == LOINC})
    own = sorted(
        (concepts.system_uri(system), code)
        for (system, code), means in concepts.local_codes.items()
        if not means.isdisjoint(members)
    )
    codes = [f"{LOINC}|{code}" for code in loinc] + [_token(*each) for each in own]
    rest = f"&code={','.join(codes)}&_sort=-date&_count=100"
    return (
        Template(key, _of_patient("Observation", rest), frozenset({ListName.OBSERVATIONS})) if codes else None
    )


def _token(system: str, code: str) -> str:
    """A site's code as a search token (FHIR R4 search, 3.1.1.4.10 and *Escaping Search Parameters*), safe in a URL."""
    escaped = (re.sub(r"([\\,|$])", r"\\\1", part) for part in (system, code))
    return "|".join(quote(part, safe=":/") for part in escaped)


def _encounters(needs: _Needs) -> Template:
    """The encounter that the hook names; all of them where a rule asks for finished ones."""
    lists = frozenset({ListName.ENCOUNTERS})
    if any(isinstance(leaf, EncounterLeaf) and leaf.state == "finished" for leaf in needs.leaves):
        return Template("encounters", _of_patient("Encounter", "&_sort=-date&_count=100"), lists)
    return Template("encounter", "Encounter/{{context.encounterId}}", lists)
