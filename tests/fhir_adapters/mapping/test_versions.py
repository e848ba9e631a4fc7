"""One patient as STU3, R4 and R5 write it, in any order, and with anything put in any place of it."""

import importlib
import json
import random
import re
from contextlib import suppress
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.concepts import CodedText, Coding
from engine.dates import DateInterval
from engine.facts import FactList
from engine.quantity import Quantity
from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext, read_context
from tests.fhir_adapters.mapping.versions import PATIENT, SNOMED, P, in_version, snomed

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PATIENT_VIEW = ReviewContext("patient-view", "p")
# The first unit loads the unit libraries, which takes longer than Hypothesis allows one example.
untimed = settings(deadline=None, max_examples=60)


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def raw(value):
    return json.dumps(value).encode()


def read(*resources):
    return patient_facts(read_record(raw(bundle(*resources))), PATIENT_VIEW, now=NOW)


MODELS = {"STU3": "fhir.resources.STU3", "R4": "fhir.resources.R4B", "R5": "fhir.resources"}
"""The models of R4 are those of R4B, which is all that the library has of both."""


@pytest.mark.parametrize("version", MODELS)
def test_the_patient_is_written_as_the_version_has_it(version):
    models = importlib.import_module(MODELS[version])
    for resource in in_version(version):
        models.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def facts_of(version):
    """What the version's patient comes to, called as R4 calls it, and the issues."""
    facts, issues = read(*in_version(version))
    if version == "R5":
        # What R4 says in Device.patient and Device.status, R5 says in an association, which is a fact of its own.
        *devices, associated = facts.devices.items
        assert replace(associated, reference="Device/d") == devices[0]
        facts = replace(facts, devices=FactList.of(*devices))
    renamed = {"ProcedureRequest/s": "ServiceRequest/s", "DeviceUsage/u": "DeviceUseStatement/u"}
    text = repr(facts)
    for name, usual in renamed.items():
        text = text.replace(name, usual)
    return facts, text, {issue.reference for issue in issues if issue.effect != "ignored"}


def test_the_same_patient_in_every_version_of_fhir_is_the_same():
    facts, expected, said = facts_of("R4")
    assert facts.conditions.items[0].suspected
    assert facts.devices.items[1].code == CodedText((Coding(SNOMED, "5639009"),))
    assert {fact.kind for fact in facts.medications.items} == {
        *("request", "statement", "administration", "dispense")
    }
    for fact in facts.medications.items:
        if fact.reference != "MedicationRequest/m":
            assert (fact.batch_expiry, len(fact.ingredients)) == (DateInterval.parse("2027-03"), 1)
            assert fact.ingredients[0].strength == Quantity(Decimal(2000), "ug/mL")
            assert fact.dosages[0].dose is not None
    for version in ("STU3", "R5"):
        _, others, others_said = facts_of(version)
        assert others == expected
        assert others_said == said


SHUFFLED = [
    *in_version("R4"),
    *(
        {
            "resourceType": "Condition",
            "id": f"c{n}",
            "subject": P,
            "code": snomed(str(n)),
            "clinicalStatus": "active",
        }
        for n in range(5)
    ),
    {"resourceType": "Condition", "id": "uncoded", "subject": P},
    {
        "resourceType": "Condition",
        "id": "c",
        "subject": P,
        "code": snomed("84757009"),
        "clinicalStatus": "resolved",
    },
    # Without an id nothing but what they say tells them apart.
    *(
        {"resourceType": type_, "subject": P, "code": snomed(code)}
        for type_ in ("Condition", "AllergyIntolerance", "Procedure", "ServiceRequest")
        for code in ("7", "8", "9")
    ),
    *(
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            "subject": P,
            "medicationCodeableConcept": snomed(code),
        }
        for code in ("7", "8", "9")
    ),
    {"resourceType": "Claim", "id": "z"},
]


def without_places(values):
    """What a resource without id is called tells where it stood."""
    return re.sub(r"entry \d+", "entry", repr(values))


@untimed
@given(st.randoms(use_true_random=False))
def test_shuffling_a_record_never_changes_the_facts(order: random.Random):
    shuffled = SHUFFLED[:]
    order.shuffle(shuffled)
    (expected, issues), (found, said) = read(*SHUFFLED), read(*shuffled)
    assert without_places(found) == without_places(expected)
    assert without_places(sorted(map(repr, said))) == without_places(sorted(map(repr, issues)))


@untimed
@given(st.randoms(use_true_random=False))
def test_nor_does_shuffling_what_stands_in_lists_within_a_resource_where_its_order_says_nothing(
    order: random.Random,
):
    """Codings, categories, reactions, components, participants, batches, links: which of them stands first decides nothing."""
    resources = deepcopy(MANIFOLD)
    for resource in resources:
        shuffle_lists(resource, order)
    (expected, _), (found, _) = read(*MANIFOLD), read(*resources)
    assert [sets(getattr(found, name)) for name in LISTS] == [sets(getattr(expected, name)) for name in LISTS]


def shuffle_lists(value, order):
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        shuffle_lists(member, order)
    if isinstance(value, list):
        order.shuffle(value)


def sets(value):
    """Facts as what they hold, whatever its order."""
    if is_dataclass(value) and not isinstance(value, type):
        return frozenset((each.name, sets(getattr(value, each.name))) for each in fields(value))
    return frozenset(map(sets, value)) if isinstance(value, tuple) else value


LISTS = ("conditions", "allergies", "medications", "observations", "procedures", "appointments", "encounters")


def codes(*written):
    return {"coding": [{"system": SNOMED, "code": code} for code in written]}


MANIFOLD = [
    {
        **PATIENT,
        "link": [
            {"type": "seealso", "other": {"reference": "Patient/a"}},
            {"type": "replaces", "other": {"reference": "Patient/b"}},
        ],
    },
    {"resourceType": "Condition", "id": "1", "subject": P, "code": codes("1", "2"), "category": [codes("3")]},
    {
        "resourceType": "Condition",
        "id": "2",
        "subject": {"reference": "Patient/b"},
        "code": codes("1", "2"),
        "clinicalStatus": codes("active", "resolved"),
    },
    {
        "resourceType": "AllergyIntolerance",
        "id": "1",
        "patient": P,
        "code": codes("1", "2"),
        "reaction": [{"substance": codes("3", "4")}, {"substance": codes("5")}],
    },
    {
        "resourceType": "Observation",
        "id": "1",
        "status": "final",
        "subject": P,
        "code": codes("1", "2"),
        "component": [{"code": codes("3"), "valueBoolean": True}, {"code": codes("4"), "valueInteger": 1}],
    },
    {
        "resourceType": "Observation",
        "id": "2",
        "status": "final",
        "subject": P,
        "focus": [P, {"reference": "Condition/1"}],
        "code": codes("1"),
    },
    {
        "resourceType": "Appointment",
        "id": "1",
        "status": "booked",
        "serviceType": [codes("1"), codes("2")],
        "participant": [{"actor": {"reference": "Patient/q"}}, {"actor": P}],
        "requestedPeriod": [{"start": "2026-07-01", "end": "2026-07-02"}, {"start": "2026-06-20"}],
    },
    {
        "resourceType": "MedicationStatement",
        "id": "1",
        "status": "recorded",
        "subject": P,
        "adherence": {"code": codes("taking", "not-taking")},
        "medication": {"reference": {"reference": "#m"}},
        "contained": [
            {
                "resourceType": "Medication",
                "id": "m",
                "code": codes("1", "2"),
                "ingredient": [{"itemCodeableConcept": codes("3")}, {"itemCodeableConcept": codes("4", "5")}],
                "package": {"batch": [{"expirationDate": "2027"}, {"expirationDate": "2025-01"}]},
            }
        ],
        "dosage": [{"sequence": 1, "route": codes("6", "7")}, {"sequence": 2, "route": codes("8")}],
    },
]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def disturbed(draw):
    """A sound resource with some of its members, at any depth, replaced by any JSON."""
    resource = json.loads(
        json.dumps(draw(st.sampled_from([r for v in ("STU3", "R4", "R5") for r in in_version(v)])))
    )
    for _ in range(draw(st.integers(1, 3))):
        where = resource
        while True:
            keys = list(where) if isinstance(where, dict) else list(range(len(where)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(where[key], dict | list) and where[key] and draw(st.booleans()):
                where = where[key]
                continue
            where[key] = draw(JSON)
            break
    return resource


@untimed
@given(st.lists(disturbed(), max_size=4))
def test_disturbed_resources_become_facts_gaps_or_issues_but_never_errors(resources):
    try:
        record = read_record(raw(bundle(PATIENT, *resources)), patient_id="p")
    except FhirDataError:
        return
    patient_facts(record, PATIENT_VIEW, now=NOW)


@untimed
@given(st.one_of(JSON, JSON.map(lambda value: {"resourceType": "Bundle", "entry": [{"resource": value}]})))
def test_any_json_is_read_or_refused_with_our_error(value):
    try:
        record = read_record(raw(value))
        session = read_context("order-sign", raw({"draftOrders": value}))
    except FhirDataError:
        return
    patient_facts(record, session, now=NOW)


@untimed
@given(st.binary(max_size=60))
def test_any_bytes_are_refused_with_our_error_or_read(value):
    with suppress(FhirDataError):
        read_record(value)
