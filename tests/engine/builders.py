"""A small world to write patients and rules down in: one medicine with a sibling, a handful of concepts, one day.

The medicine is baclofen in a pump, its sibling baclofen in tablets; they share a substance code, as they do in life. Every list
of a patient made by :func:`patient` is complete and empty until a test says otherwise, so that a test names only what it is about:

    look({"condition": "epilepsy"}, patient(conditions=[diagnosis("epilepsy")]))
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from engine.concept import CodeSystem, Concept, ConceptCode
from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.conditions import Context, find
from engine.dates import DateInterval
from engine.doses import administered_once
from engine.evaluation import Engine
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
    ListState,
    MedicationFact,
    ObservationFact,
    PatientFacts,
    Person,
    ProcedureFact,
    ServiceFact,
)
from engine.finding import Finding
from engine.language import Leaf, Tree
from engine.medicine import Medicine
from engine.outcome import Evaluation
from engine.quantity import Quantity, QuantityInterval
from engine.record import Record
from engine.rule import Rule, SharedFinding
from engine.ruleset import Pack, RuleSet
from engine.subjects import Subject, subjects

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)

SYSTEMS = {
    system.name: system
    for system in (
        CodeSystem("snomed", "http://snomed.info/sct", ("urn:oid:2.16.840.1.113883.6.96",), "no"),
        CodeSystem("icd-10", "http://hl7.org/fhir/sid/icd-10", ("urn:oid:2.16.840.1.113883.6.3",), "no", True),
        CodeSystem("atc", "http://www.whocc.no/atc", (), "no", True),
        CodeSystem("rxnorm", "http://www.nlm.nih.gov/research/umls/rxnorm", (), "unknown"),
        CodeSystem("loinc", "http://loinc.org", (), "no"),
    )
}  # fmt: skip


def codes(*written: str) -> tuple[ConceptCode, ...]:
    """Codes as ``system code``, with a display after ``=``; a trailing ``>`` takes every code below it in, too."""
    split = [text.partition("=") for text in written]
    named = [(*text.removesuffix(">").split(" ", 1), text, display) for text, _, display in split]
    return tuple(
        ConceptCode(system, code, text.endswith(">"), display) for system, code, text, display in named
    )


def concept(name: str, *written: str, **more: Any) -> Concept:
    """A concept with these codes, called by its id in words."""
    return Concept(name, name.replace("-", " "), codes(*written), **more)


MEDICINE = Medicine(
    id="itb",
    title="intrathecal baclofen",
    substance="baclofen",
    routes="intrathecal",
    products="pump-product",
    forms="solution",
    other_products="tablet-product",
    other_forms="tablet",
    wrong_routes="intravenous",
    other_routes="oral",
    strengths=("50 ug/mL", "500 ug/mL", "2000 ug/mL"),
    shared_strengths=("2000 ug/mL",),
    device="pump",
    presence="pump-in-place",
    current_for_days=180,
)

CONCEPTS = ConceptLibrary(
    {
        found.id: found
        for found in (
            concept("baclofen", "atc M03BX01", "snomed 387342009", "rxnorm 1292=baclofen"),
            concept("pump-product", "rxnorm 308517"),
            concept("tablet-product", "rxnorm 197391"),
            concept("intrathecal", "snomed 72607000", texts=("intrathec",)),
            concept("intravenous", "snomed 47625008", texts=("intraven", "i.v.")),
            concept("oral", "snomed 26643006", texts=("by mouth",)),
            concept("solution", "snomed 385219001"),
            concept("tablet", "snomed 385055001"),
            concept("opioids", "atc N02A>", "rxnorm 7052=morphine", "rxnorm 6754=an old name"),
            concept("relaxants", "atc M03BX02", includes=("baclofen",)),
            concept("sodium-chloride", "snomed 387390002"),
            concept("epilepsy", "icd-10 G40>", "snomed 84757009"),
            concept("head-injury", "icd-10 S06>"),
            concept("penicillin", "snomed 764146007"),
            concept("egfr", "loinc 98979-8", unit="mL/min/{1.73_m2}", plausible=(1, 250), same_units=("mL/min",)),
            concept("lab-creatinine", "loinc 2160-0", unit="mg/dL", plausible=(0.1, 30), substance="creatinine"),
            concept("vital-height", "loinc 8302-2", unit="cm", plausible=(30, 250)),
            concept("vital-weight", "loinc 29463-7", unit="kg", plausible=(0.3, 650)),
            concept("clearance", "loinc 35591-7", unit="mL/min", plausible=(0, 300)),
            concept("urine-culture", "loinc 630-4"),
            concept("bacteria", "snomed 409822003"),
            concept("pregnancy", "snomed 77386006", "icd-10 Z33"),
            concept("not-pregnant", "snomed 60001007"),
            concept("pregnancy-possible", "snomed 102874004"),
            concept("breastfeeding", "snomed 413712001"),
            concept("not-breastfeeding", "snomed 169750002"),
            concept("pump-implant", "snomed 233562009"),
            concept("pump", "snomed 37299003", texts=("intrathecal pump",)),
            concept("pump-in-place", "icd-10 Z45.1", texts=("intrathecal pump",)),
            concept("epilepsy-said", includes=("epilepsy", "resistant-epilepsy"), texts=("epilep",)),
            concept("resistant-epilepsy", "snomed 445355009", complete_in=("icd-10",),
                    texts=("refract", "drug-resist"), texts_in=("epilepsy-said",)),
            concept("refill", "snomed 225368008"),
            concept("inpatient", "snomed 416800000"),
            concept("neurology", "snomed 394591006"),
            concept("spasticity", "snomed 221360009"),
        )
    },
    SYSTEMS,
    {MEDICINE.id: MEDICINE},
)  # fmt: skip
"""What the tests may name; the ids of pregnancy, breastfeeding, creatinine, height and weight are those that the language stands on."""

UNMAPPED = CodedText((Coding("urn:oid:1.2.3.4", "4711"),), "something local")
"""An entry in a code system that nobody mapped: nobody can say what it is not."""


def coded(concept_id: str) -> CodedText:
    """The first code of a concept, or of the first that it includes, with the concept's title as its words."""
    found = CONCEPTS.concept(concept_id)
    if not found.codes:
        return coded(found.includes[0])
    code = found.codes[0]
    return CodedText((Coding(SYSTEMS[code.system].uri, code.code, found.title),), found.title)


def on(text: str) -> DateInterval:
    """A date as FHIR writes it, as exact as it is written."""
    date = DateInterval.parse(text)
    assert date is not None, text
    return date


def exactly(text: str) -> QuantityInterval:
    """An exact amount, such as ``42 mg/dL``."""
    return QuantityInterval.exactly(Quantity.parse(text))


def diagnosis(
    what: str | CodedText = "epilepsy", reference: str = "Condition/1", **more: Any
) -> ConditionFact:
    """A current diagnosis."""
    return ConditionFact(reference, what if isinstance(what, CodedText) else coded(what), **more)


def past(what: str = "epilepsy", reference: str = "Condition/1", **more: Any) -> ConditionFact:
    """A diagnosis that is over."""
    return diagnosis(what, reference, course=Course.PAST, **more)


def allergy(
    what: str | CodedText = "penicillin", reference: str = "AllergyIntolerance/1", **more: Any
) -> AllergyFact:
    """An active allergy."""
    return AllergyFact(reference, (what if isinstance(what, CodedText) else coded(what),), **more)


def dosage(route: str | CodedText | None = "intrathecal", **more: Any) -> Dosage:
    """One dosage instruction; amounts may be written as text, such as ``daily="100 ug/d"``."""
    for name in ("dose", "rate", "daily"):
        if isinstance(more.get(name), str):
            more[name] = exactly(more[name])
    repeated = more.get("per_day") is not None or more.get("daily") is not None
    said = more.get("once", False if repeated else None)
    more["once"] = administered_once(said, more.get("dose"), more.get("rate"))
    return Dosage(coded(route) if isinstance(route, str) else route, **more)


def medicine(
    what: str | CodedText = "baclofen",
    route: str | CodedText | None = None,
    *,
    reference: str = "MedicationRequest/1",
    dosages: Sequence[Dosage] | None = None,
    strength: str | None = None,
    form: str | None = None,
    **more: Any,
) -> MedicationFact:
    """A medicine on the medication list, taken now, with one dosage instruction unless others are given."""
    product = what if isinstance(what, CodedText) else coded(what)
    if strength is not None:
        more["ingredients"] = (Ingredient(product, Quantity.parse(strength)),)
    return MedicationFact(
        reference,
        product,
        dosages=tuple(dosages) if dosages is not None else (dosage(route),),
        form=coded(form) if form is not None else None,
        **more,
    )


def pump(**more: Any) -> MedicationFact:
    """The rule's own medicine on the medication list."""
    known: dict[str, Any] = {"route": "intrathecal", "reference": "MedicationRequest/pump"}
    return medicine(**(known | more))


def order(
    what: str | CodedText = "baclofen", route: str | CodedText | None = "intrathecal", **more: Any
) -> MedicationFact:
    """An order under review; of the rule's own medicine unless it says otherwise."""
    known: dict[str, Any] = {"reference": "MedicationRequest/order", "draft": True}
    return medicine(what, route, **(known | more))


def observation(
    what: str | CodedText,
    value: str | QuantityInterval | CodedText | bool | None,
    date: str | None = "2026-03-01",
    reference: str = "Observation/1",
    **more: Any,
) -> ObservationFact:
    """A value of a concept; an amount is written as text, a coded value by its concept."""
    if isinstance(value, str):
        value = coded(value) if value in CONCEPTS.concepts else exactly(value)
    code = what if isinstance(what, CodedText) else coded(what)
    return ObservationFact(reference, code, value, on(date) if date is not None else None, **more)


def procedure(
    what: str | CodedText = "pump-implant", reference: str = "Procedure/1", **more: Any
) -> ProcedureFact:
    """A procedure that was done."""
    return ProcedureFact(reference, what if isinstance(what, CodedText) else coded(what), **more)


def device(what: str | CodedText = "pump", reference: str = "Device/1", **more: Any) -> DeviceFact:
    """A device of the patient."""
    return DeviceFact(reference, what if isinstance(what, CodedText) else coded(what), **more)


def appointment(
    status: str, start: str | None, what: str | CodedText | None = "refill", reference: str = "Appointment/1"
) -> AppointmentFact:
    """An appointment."""
    services = () if what is None else (what if isinstance(what, CodedText) else coded(what),)
    return AppointmentFact(reference, status, on(start) if start is not None else None, services)


def encounter(
    status: str, what: str | CodedText | None = "inpatient", reference: str = "Encounter/1", **more: Any
) -> EncounterFact:
    """An encounter of a class."""
    kind = coded(what) if isinstance(what, str) else what
    return EncounterFact(reference, status, kind, **more)


def service(
    what: str | CodedText = "refill", reference: str = "ServiceRequest/1", **more: Any
) -> ServiceFact:
    """A requested service."""
    return ServiceFact(reference, what if isinstance(what, CodedText) else coded(what), **more)


ADULT = Person("Patient/1", on("1980-06-15"), sex="female")

LISTS = (
    "allergies", "conditions", "medications", "observations", "procedures", "devices", "appointments", "encounters", "services",
)  # fmt: skip


def patient(person: Person | None = ADULT, **more: Any) -> PatientFacts:
    """A patient whose record is complete: a list that is not named is known to be empty; without a person, that did not arrive."""
    lists: dict[str, Any] = {name: FactList.of() for name in LISTS}
    for name in LISTS & more.keys():
        given = more.pop(name)
        lists[name] = given if isinstance(given, FactList) else FactList.of(*given)
    state = ListState.NOT_SUPPLIED if person is None else ListState.PRESENT
    orders = tuple(more.pop("orders", ()))
    return PatientFacts(
        **({"now": NOW, "person": person, "person_state": state, "orders": orders} | lists | more)
    )


def with_list(facts: PatientFacts, name: str, found: FactList[Any]) -> PatientFacts:
    """The same patient with another list in the place of one."""
    return replace(facts, **{name: found})  # type: ignore[arg-type]  # names of lists only


_TREE: TypeAdapter[Any] = TypeAdapter(Tree)


def written(condition: Mapping[str, Any]) -> Any:
    """A condition as a rule file writes it."""
    return _TREE.validate_python(condition)


def context(facts: PatientFacts, subject: Subject | None = None, **more: Any) -> Context:
    """What a condition sees: the patient, and what brought the rule up, which is an order of the medicine unless the patient says so."""
    found = subjects(MEDICINE, Record(facts, CONCEPTS))
    if subject is None:
        subject = (
            found[0] if found else subjects(MEDICINE, Record(replace(facts, orders=(order(),)), CONCEPTS))[0]
        )
    return Context(Record(facts, CONCEPTS), MEDICINE, subject, **more)


def look(
    condition: Mapping[str, Any], facts: PatientFacts, subject: Subject | None = None, **more: Any
) -> Finding:
    """What a condition comes to for a patient."""
    leaf = written(condition)
    assert isinstance(leaf, Leaf)
    return find(leaf, context(facts, subject, **more))


def reasons(finding: Finding) -> list[str]:
    """Why a finding is unknown."""
    return [entry.why for entry in finding.missing]


PACK = Pack(
    "itb", "intrathecal baclofen", "1.0.0", "itb", "Leaflet", "2026-01", "https://example.org/leaflet"
)


def rule(name: str = "epilepsy", **more: Any) -> Rule:
    """A rule of the pack; ``card`` is merged into a card that says as little as a card may."""
    card = {"indicator": "warning", "summary": f"About {name}"} | more.pop("card", {})
    return Rule.model_validate(
        {
            "id": f"itb.{name}", "title": name.replace("-", " ").capitalize(), "kind": "warning", "status": "active",
            "version": "1.0.0", "hooks": ["order-sign"], "medicine": "itb", "card": card,
            "sources": [{"statement": "WP-01"}], "review": {"state": "unreviewed", "next": "2027-01-01"},
        }
        | more
    )  # fmt: skip


def shared(name: str, when: Mapping[str, Any]) -> SharedFinding:
    """A shared finding."""
    return SharedFinding.model_validate({"id": name, "title": name, "when": when})


def rule_set(rules: Iterable[Rule], findings: Iterable[SharedFinding] = (), pack: Pack = PACK) -> RuleSet:
    """A set of rules of one pack."""
    return RuleSet(
        tuple(sorted(rules, key=lambda found: found.id)),
        {pack.id: pack},
        {found.id: found for found in findings},
        {"benefit": "The benefit outweighs the risk"},
    )


def evaluate(facts: PatientFacts, *rules: Rule, findings: Iterable[SharedFinding] = ()) -> Evaluation:
    """The outcomes of rules for a patient."""
    engine = Engine(rule_set(rules, findings), CONCEPTS)
    try:
        return engine.evaluate(facts)
    finally:
        engine.close()
