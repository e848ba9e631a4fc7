"""What holds for every patient: the order of a record says nothing, nor does what has nothing to do with it; and silence is not safety.

Rules of one noun each stand for the language; each is looked at for orders, for therapy and when the record is opened.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.concepts import CodedText, Coding
from engine.evaluation import Engine
from engine.facts import FactList, ListName, ListState, PatientFacts
from engine.finding import Truth
from engine.rule import Rule
from tests.engine.builders import (
    CONCEPTS,
    allergy,
    appointment,
    device,
    diagnosis,
    encounter,
    medicine,
    observation,
    procedure,
    rule,
    rule_set,
    service,
    with_list,
)
from tests.engine.records import records

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN

CONDITIONS: dict[str, dict[str, Any]] = {
    "diagnosis": {"condition": "epilepsy"},
    "ever": {"condition": "epilepsy", "status": "ever"},
    "recent": {"condition": "head-injury", "within": "6 months"},
    "allergy": {"allergy": "penicillin"},
    "intolerance": {"allergy": "baclofen", "type": "intolerance"},
    "lab": {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "1 year"},
    "lab-any": {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "1 year", "pick": "any"},
    "estimate": {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "1 year", "estimate": "creatinine"},
    "clearance": {
        "lab": "clearance",
        "below": "60 mL/min",
        "within": "1 year",
        "estimate": "creatinine-and-weight",
    },
    "procedure": {"procedure": "pump-implant"},
    "planned": {"procedure": "pump-implant", "status": "planned", "within": "2 months"},
    "device": {"device": "pump"},
    "missed": {"appointment": "refill", "state": "missed"},
    "booked": {"appointment": "refill", "state": "planned", "within": "1 month"},
    "encounter": {"encounter": "inpatient"},
    "stay": {"encounter": "inpatient", "state": "finished", "within": "1 year"},
    "service": {"service": "refill"},
    "partner": {"medication": "opioids"},
    "partners": {"medication": "opioids", "different": 2},
    "stopped": {"medication": "opioids", "status": "recent", "within": "1 month"},
    "spinal": {"medication": "opioids", "route": "intrathecal"},
    "age": {"age": {"below": "4 years"}},
    "sex": {"sex": ["female"]},
    "route": {"route": {"is": "intrathecal"}},
    "dose": {"dose": {"of": "day", "above": "150 ug/d"}},
    "both": {"all": [{"condition": "epilepsy"}, {"any": [{"medication": "opioids"}, {"device": "pump"}]}]},
    "some": {
        "at_least": 2,
        "of": [{"condition": "epilepsy"}, {"allergy": "penicillin"}, {"service": "refill"}],
    },
}
NEGATED: dict[str, dict[str, Any]] = {
    "pregnant": {"pregnancy": "current"},
    "none": {"none": [{"condition": "epilepsy"}, {"medication": "opioids"}]},
    "therapy": {"therapy": {"status": "current"}},
    "rise": {"dose": {"of": "day", "rise_above": 30}},
}


def rules(conditions: dict[str, dict[str, Any]], by: list[str]) -> Iterator[Rule]:
    for name, condition in conditions.items():
        yield rule(
            name, when=condition, brought_up_by=by, hooks=["order-sign", "order-select", "patient-view"]
        )


def engine_of(conditions: dict[str, dict[str, Any]], by: list[str]) -> Engine:
    return Engine(rule_set(rules(conditions, by)), CONCEPTS)


EVERYTHING = engine_of(CONDITIONS | NEGATED, ["order", "therapy", "stop", "ended"])
POSITIVE = engine_of(CONDITIONS, ["order", "stop"])

thoroughly = settings(deadline=None, max_examples=100)


def outcomes(engine: Engine, facts: PatientFacts) -> dict[tuple[str, str, str | None], Truth]:
    """Each rule for each of its subjects."""
    return {
        (found.rule.name, found.subject.kind, found.subject.order): found.outcome
        for found in engine.evaluate(facts).outcomes
        if found.subject is not None
    }


@thoroughly
@given(records(), st.randoms(use_true_random=False))
def test_the_order_of_lists_and_orders_changes_nothing(facts: PatientFacts, random: Any) -> None:
    """Not the truths, and not the evidence, the doubts, the remarks or the values for a card."""
    lists = {
        name.value: replace(found, items=tuple(random.sample(found.items, len(found.items))))
        for name in ListName
        if name is not ListName.PATIENT
        for found in (getattr(facts, name.value),)
    }
    shuffled = replace(facts, orders=tuple(random.sample(facts.orders, len(facts.orders))), **lists)
    assert EVERYTHING.evaluate(shuffled) == EVERYTHING.evaluate(facts)


@thoroughly
@given(records(), st.randoms(use_true_random=False))
def test_the_order_of_the_codings_of_an_entry_changes_no_outcome(facts: PatientFacts, random: Any) -> None:
    """Each entry of the lists of problems and medicines has two codes here, one of them of a system that nobody described."""
    local = Coding("urn:oid:1.2.3.4", "0815")

    def turned(code: CodedText, shuffled: bool) -> CodedText:
        codings = (*code.codings, local)
        return replace(code, codings=tuple(random.sample(codings, len(codings))) if shuffled else codings)

    def with_codings(shuffled: bool) -> PatientFacts:
        problems = tuple(replace(f, code=turned(f.code, shuffled)) for f in facts.conditions.items)
        taken = tuple(replace(f, product=turned(f.product, shuffled)) for f in facts.medications.items)
        return replace(
            facts,
            conditions=replace(facts.conditions, items=problems),
            medications=replace(facts.medications, items=taken),
        )

    assert outcomes(EVERYTHING, with_codings(True)) == outcomes(EVERYTHING, with_codings(False))


UNRELATED: dict[str, Any] = {
    "conditions": diagnosis("spasticity", "Condition/unrelated"),
    "allergies": allergy("opioids", "AllergyIntolerance/unrelated"),
    "medications": medicine("sodium-chloride", "oral", reference="MedicationRequest/unrelated"),
    "observations": observation("urine-culture", "bacteria", "2026-03-01", "Observation/unrelated"),
    "procedures": procedure("refill", "Procedure/unrelated"),
    "devices": device("pump-implant", "Device/unrelated"),
    "appointments": appointment("booked", "2026-04-01", "pump-implant", "Appointment/unrelated"),
    "encounters": encounter("finished", "refill", "Encounter/unrelated"),
    "services": service("pump-implant", "ServiceRequest/unrelated"),
}


@thoroughly
@given(records(), st.sampled_from(sorted(UNRELATED)))
def test_an_entry_that_is_known_to_be_something_else_changes_nothing(facts: PatientFacts, name: str) -> None:
    found = getattr(facts, name)
    more = with_list(facts, name, replace(found, items=(*found.items, UNRELATED[name])))
    assert outcomes(EVERYTHING, more) == outcomes(EVERYTHING, facts)


@thoroughly
@given(records(), st.sampled_from([name for name in ListName if name is not ListName.PATIENT]))
def test_a_list_that_did_not_arrive_makes_nothing_safe_and_proves_nothing(
    facts: PatientFacts, name: ListName
) -> None:
    """What was met or unknown with the list does not become a no without it, and what was unknown is not met by its absence.

    For rules about orders and conditions that look for something. Not so where one list speaks against another, as a newer test
    against a diagnosis of pregnancy, nor for therapy that only a pump tells of: with neither list there is no sign of it.
    """
    without = with_list(facts, name.value, FactList(ListState.NOT_SUPPLIED))
    before, after = outcomes(POSITIVE, facts), outcomes(POSITIVE, without)
    assert after.keys() == before.keys()
    for key, truth in before.items():
        assert after[key] is not NOT_MET or truth is NOT_MET, key
        assert after[key] is not MET or truth is not UNKNOWN, key


@thoroughly
@given(records())
def test_nor_does_a_patient_who_did_not_arrive(facts: PatientFacts) -> None:
    without = replace(facts, person=None, person_state=ListState.FAILED)
    before, after = outcomes(POSITIVE, facts), outcomes(POSITIVE, without)
    for key, truth in before.items():
        if key[0] in ("age", "sex"):
            assert after[key] is UNKNOWN
        else:
            assert after[key] in (truth, UNKNOWN)


@thoroughly
@given(records())
def test_whatever_is_unknown_says_why(facts: PatientFacts) -> None:
    for found in EVERYTHING.evaluate(facts).outcomes:
        assert found.error is None
        assert bool(found.missing) or found.outcome is not UNKNOWN
        assert found.outcome is not NOT_MET or not found.missing


def test_these_rules_are_met_and_not_met_and_unknown_for_these_records() -> None:
    """A property of rules that always end the same would say nothing."""
    seen: dict[str, set[Truth]] = {name: set() for name in CONDITIONS | NEGATED}

    @settings(deadline=None, max_examples=300, derandomize=True, database=None)
    @given(records())
    def look(facts: PatientFacts) -> None:
        for (name, *_), truth in outcomes(EVERYTHING, facts).items():
            seen[name].add(truth)

    look()
    assert {name: found for name, found in seen.items() if found != set(Truth)} == {}
