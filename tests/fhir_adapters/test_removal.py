"""What a datum of a record less, or the same amount in another unit, does to the rules that ship: it never silences one."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.facts import ListName
from engine.finding import Truth, any_of
from engine.rule import Hook
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import LIST_OF, read_prefetch, read_record
from fhir_adapters.review import read_context

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
P = {"reference": "Patient/p"}
SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
ATC, LOCAL = "http://www.whocc.no/atc", "urn:oid:1.2.3.4.5"


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def amount(value, unit):
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def measured(id_, code, value, when="2026-05-30"):
    return {
        "resourceType": "Observation", "id": id_, "status": "final", "subject": P, "code": coded(LOINC, code),
        "effectiveDateTime": when, "valueQuantity": value,
    }  # fmt: skip


def ordered(dose):
    return {
        "resourceType": "MedicationRequest", "id": "order", "status": "draft", "intent": "order", "subject": P,
        "medicationCodeableConcept": coded(ATC, "M03BX01"),
        "dosageInstruction": [{
            "route": coded(SNOMED, "72607000"), "doseAndRate": [{"doseQuantity": dose}],
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        }],
    }  # fmt: skip


ORDER = ordered(amount(300, "ug"))
CREATININE, WEIGHT = (
    measured("cr", "2160-0", amount(2.2624, "mg/dL")),
    measured("w", "29463-7", amount(70, "kg")),
)
RECORD = [
    {"resourceType": "Patient", "id": "p", "birthDate": "1960-02", "gender": "female"},
    {"resourceType": "Condition", "id": "epilepsy", "subject": P, "clinicalStatus": coded("c", "active"),
     "verificationStatus": coded("v", "confirmed"), "code": coded(SNOMED, "84757009"), "onsetDateTime": "2020"},
    {"resourceType": "Condition", "id": "local", "subject": P, "clinicalStatus": coded("c", "active"),
     "code": {"coding": [{"system": LOCAL, "code": "17", "display": "a problem"}], "text": "a problem"}},
    {"resourceType": "Condition", "id": "injury", "subject": P, "code": coded(SNOMED, "82271004"), "onsetDateTime": "2025"},
    {"resourceType": "AllergyIntolerance", "id": "text", "patient": P, "code": {"text": "a medicine"}},
    {"resourceType": "MedicationStatement", "id": "text", "status": "active", "subject": P,
     "medicationCodeableConcept": {"text": "white pills"}, "effectivePeriod": {"start": "2026-01"}},
    {"resourceType": "MedicationRequest", "id": "morphine", "status": "active", "intent": "order", "subject": P,
     "medicationCodeableConcept": coded(ATC, "N02AA01"), "authoredOn": "2026-05-01",
     "dosageInstruction": [{"route": coded(SNOMED, "26643006"), "text": "as told"}]},
    {"resourceType": "Procedure", "id": "local", "status": "completed", "subject": P, "code": coded(LOCAL, "18"),
     "performedDateTime": "2026"},
    {"resourceType": "MedicationDispense", "id": "diazepam", "status": "completed", "subject": P, "daysSupply": amount(30, "d"),
     "medicationCodeableConcept": coded(ATC, "N05BA01"), "whenHandedOver": "2026-05-20"},
    measured("cr-before", "2160-0", amount(0.8, "mg/dL"), "2026-03-01"),
    measured("w-before", "29463-7", amount(71, "kg"), "2026-05-01"),
    measured("o2-before", "59408-5", amount(98, "%"), "2026-06-01T08:00:00Z"),
    measured("o2", "59408-5", amount(80, "%"), "2026-06-01T10:00:00Z"),
    measured("s-before", "8480-6", amount(120, "mm[Hg]"), "2026-06-01T08:00:00Z"),
    measured("s", "8480-6", amount(70, "mm[Hg]"), "2026-06-01T10:00:00Z"),
    CREATININE, WEIGHT, measured("egfr", "62238-1", {"value": 50, "unit": "spoons"}),
]  # fmt: skip


@cache
def engine():
    loaded = load_rules()
    return Engine(loaded.rules, loaded.concepts)


def outcomes(record, order=ORDER):
    """How each rule ended, by its id."""
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": entry} for entry in record],
    }
    return decided(read_record(json.dumps(bundle).encode(), patient_id="p"), order)


def decided(record, order=ORDER):
    """The same of a record that has been read."""
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order}]}
    context = {"userId": "Practitioner/1", "patientId": "p", "draftOrders": drafts}
    review = read_context(Hook.ORDER_SIGN.value, json.dumps(context).encode())
    facts, _ = patient_facts(record, review, now=NOW)
    found = engine().evaluate(facts).outcomes
    return {
        rule.id: any_of(each.outcome for each in found if each.rule is rule)
        for rule in {each.rule.id: each.rule for each in found}.values()
    }


def places(value, path=()):
    """Every member and entry of a resource, as the steps to it."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, member in members:
        yield (*path, step)
        yield from places(member, (*path, step))


def without(resource, path):
    less = deepcopy(resource)
    here = less
    for step in path[:-1]:
        here = here[step]
    del here[path[-1]]
    return less


CLEAR = [entry for entry in RECORD if entry["id"] not in ("local", "text", "egfr")]
"""The record without what nobody can tell: here a newer entry stands beside an older one that would deny, and nothing else is in doubt."""


@pytest.mark.parametrize(
    "record",
    [pytest.param(RECORD, marks=pytest.mark.full, id="with doubts"), pytest.param(CLEAR, id="clear")],
)
def test_without_any_one_datum_nothing_that_was_told_or_could_not_be_looked_at_is_silent(record):
    before = outcomes(record)
    assert set(before.values()) == set(Truth)
    made_safe = {}
    for number, entry in enumerate(record):
        for path in places(entry):
            after = outcomes([*record[:number], without(entry, path), *record[number + 1 :]])
            safe = [
                rule
                for rule, was in before.items()
                if was is not Truth.NOT_MET and after[rule] is Truth.NOT_MET
            ]
            if safe:
                made_safe[f"{entry['resourceType']}/{entry['id']} {'.'.join(map(str, path))}"] = safe
    assert made_safe == {}


ANSWERS: dict[str, dict[str, Any]] = {
    name.value: {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": entry} for entry in CLEAR if LIST_OF[entry["resourceType"]] is name],
    }
    for name in ListName
}
"""The record as the answers of a prefetch, one for each list, some of them empty."""


def prefetched(answers):
    """How each rule ended where the record came as these answers."""
    sent = {key: json.dumps(answer).encode() for key, answer in answers.items()}
    return decided(read_prefetch(sent, keys={name.value: (name,) for name in ListName}, patient_id="p"))


FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(lambda answers, key: answers.pop(key), id="the key"),
        pytest.param(lambda answers, key: answers[key].pop("resourceType"), id="the type of the answer"),
        pytest.param(lambda answers, key: answers.update({key: FAILED}), id="to an error"),
        pytest.param(lambda answers, key: answers[key].update(entry=[], total=9), id="the entries"),
        pytest.param(
            lambda answers, key: answers[key].update(entry=[], link=[{"relation": "next"}]), id="a page"
        ),
        pytest.param(
            lambda answers, key: answers[key].update(entry=[7 for _ in answers[key]["entry"]] or [7]),
            id="the resources",
        ),
    ],
)
def test_nor_without_the_answer_of_any_key(lost):
    before = prefetched(ANSWERS)
    assert before == outcomes(CLEAR)
    for key in ANSWERS:
        answers = deepcopy(ANSWERS)
        lost(answers, key)
        after = prefetched(answers)
        silent = [
            rule for rule, was in before.items() if was is not Truth.NOT_MET and after[rule] is Truth.NOT_MET
        ]
        assert silent == [], key


@pytest.mark.parametrize("path", list(places(ORDER)), ids=lambda path: ".".join(map(str, path)))
def test_nor_without_any_one_datum_of_the_order(path):
    before, after = outcomes(RECORD), outcomes(RECORD, without(ORDER, path))
    assert [
        rule for rule, was in before.items() if was is Truth.UNKNOWN and after[rule] is Truth.NOT_MET
    ] == []


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (CREATININE, amount(200, "umol/L")),
        (CREATININE, amount(0.2, "mmol/L")),
        (CREATININE, amount(22.624, "mg/L")),
        (CREATININE, {"value": 200, "unit": "µmol/l"}),
        (WEIGHT, amount(70000, "g")),
    ],
)
def test_the_same_measurement_in_another_unit_ends_every_rule_alike(entry, value):
    other = [{**each, "valueQuantity": value} if each is entry else each for each in RECORD]
    assert outcomes(other) == outcomes(RECORD)


@pytest.mark.parametrize(
    "dose",
    [amount(0.3, "mg"), amount(300_000, "ng"), {"value": 300, "unit": "mcg"}, {"value": 300, "unit": "µg"}],
)
def test_the_same_dose_in_another_unit_ends_every_rule_alike(dose):
    assert outcomes(RECORD, ordered(dose)) == outcomes(RECORD)
