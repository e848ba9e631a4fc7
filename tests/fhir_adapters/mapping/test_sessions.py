"""Orders and drafts under review, as facts beside those of the record."""

import json
from datetime import UTC, datetime

import pytest

from engine.concepts import CodedText, Coding
from engine.facts import Gap, ListName, ListState, OrderAction
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_prefetch, read_record
from fhir_adapters.review import ReviewContext, read_context

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
P = {"reference": "Patient/p"}
SNOMED = "http://snomed.info/sct"


def snomed(code):
    return {"coding": [{"system": SNOMED, "code": code}]}


def bundle(*resources):
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}


def raw(value):
    return json.dumps(value).encode()


def read(*resources, review):
    return patient_facts(read_record(raw(bundle(*resources))), review, now=NOW)


def sign(*orders, hook="order-sign", **context):
    drafts = {"resourceType": "Bundle", "entry": [{"resource": order} for order in orders]}
    return read_context(
        hook, raw({"patientId": "p", "userId": "Practitioner/u", "draftOrders": drafts, **context})
    )


PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1980-02", "gender": "female"}
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "a",
    "status": "draft",
    "intent": "order",
    "subject": P,
    "medicationCodeableConcept": snomed("387342009"),
}


def test_orders_under_review_are_drafts_and_the_record_keeps_its_own():
    active = {**ORDER, "id": "old", "status": "active"}
    facts, _ = read(PATIENT, active, review=sign(ORDER, {**ORDER, "id": "b", "status": "active"}))
    assert [(order.reference, order.draft, order.selected) for order in facts.orders] == [
        ("MedicationRequest/a", True, True),
        ("MedicationRequest/b", True, True),
    ]
    assert [(fact.reference, fact.draft) for fact in facts.medications.items] == [
        ("MedicationRequest/old", False)
    ]


def test_only_selected_orders_are_selected():
    session = sign(ORDER, {**ORDER, "id": "b"}, hook="order-select", selections=["MedicationRequest/b"])
    facts, _ = read(PATIENT, review=session)
    assert [(order.reference, order.selected) for order in facts.orders] == [
        ("MedicationRequest/a", False),
        ("MedicationRequest/b", True),
    ]


def test_a_stop_with_a_successor_in_the_session_is_a_switch():
    route = {"dosageInstruction": [{"route": snomed("72607000")}]}
    stop = {**ORDER, "id": "old", "status": "stopped", **route}
    start = {**ORDER, "id": "new", "priorPrescription": {"reference": "MedicationRequest/old"}, **route}
    facts, _ = read(PATIENT, review=sign(stop, start))
    assert {order.action for order in facts.orders} == {OrderAction.CHANGE}
    alone, _ = read(PATIENT, review=sign(stop))
    assert [order.action for order in alone.orders] == [OrderAction.STOP]


def test_the_medicine_of_an_order_is_found_beside_it_or_in_the_record():
    medication = {"resourceType": "Medication", "id": "m", "code": snomed("387342009")}
    order = {**ORDER, "medicationReference": {"reference": "Medication/m"}}
    del order["medicationCodeableConcept"]
    beside, _ = read(PATIENT, review=sign(order, medication))
    behind, _ = read(PATIENT, medication, review=sign(order))
    for facts in (beside, behind):
        assert facts.orders[0].product == CodedText((Coding(SNOMED, "387342009"),))


def test_an_order_for_another_patient_is_not_checked_against_this_record():
    facts, _ = read(PATIENT, review=sign({**ORDER, "subject": {"reference": "Patient/q"}}))
    assert facts.orders == ()
    assert facts.order_gaps == (
        Gap("MedicationRequest/a", "the order names another patient than the request"),
    )


OTHERS = {"reference": "Patient/q"}
FOREIGN = [
    pytest.param(
        "problem-list-item-create", "conditions", {"resourceType": "Condition", "subject": OTHERS}, "conditions", id="a problem"
    ),
    pytest.param(
        "allergyintolerance-create", "allergyIntolerance", {"resourceType": "AllergyIntolerance", "patient": OTHERS},
        "allergies", id="an allergy",
    ),
    pytest.param(
        "appointment-book", "appointments",
        {"resourceType": "Appointment", "status": "proposed", "participant": [{"actor": OTHERS}]}, "appointments", id="an appointment",
    ),
    pytest.param(
        "order-sign", "draftOrders", {"resourceType": "ServiceRequest", "status": "draft", "subject": OTHERS}, "services", id="a service"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("hook", "field", "resource", "name"), FOREIGN)
def test_a_draft_for_another_patient_does_not_count_and_leaves_its_list_open(hook, field, resource, name):
    draft = {"id": "1", "code": snomed("1"), **resource}
    session = read_context(hook, raw({"patientId": "p", field: bundle(draft)}))
    facts, issues = read(PATIENT, review=session)
    why = "the entry names another patient than the request"
    found = getattr(facts, name)
    assert (found.items, found.gaps) == ((), (Gap(f"{resource['resourceType']}/1", why),))
    assert (why, "unreadable") in {(issue.reason, issue.effect) for issue in issues}
    assert facts.order_gaps == ()


@pytest.mark.parametrize(("hook", "field", "resource", "name"), FOREIGN)
def test_what_cannot_be_read_of_a_session_is_a_gap_in_the_list_that_it_could_belong_to(
    hook, field, resource, name
):
    session = read_context(hook, raw({"patientId": "p", field: bundle(resource | {"resourceType": "?"})}))
    facts, _ = read(PATIENT, review=session)
    lists = ("conditions", "allergies", "appointments", "services", "medications", "observations", "devices")
    assert [each for each in lists if getattr(facts, each).gaps] == [name]
    assert len(facts.order_gaps) == (hook == "order-sign")


def test_an_order_for_two_patients_is_not_checked_either():
    facts, _ = read(PATIENT, review=sign({**ORDER, "patient": {"reference": "Patient/q"}}))
    assert [gap.reference for gap in facts.order_gaps] == ["MedicationRequest/a"]


def test_an_order_that_names_nobody_is_taken_as_this_patients_which_is_assumed():
    facts, issues = read(PATIENT, review=sign({**ORDER, "subject": {"display": "her"}}))
    assert [order.reference for order in facts.orders] == ["MedicationRequest/a"]
    assert ("MedicationRequest/a", "subject", "assumed") in [
        (issue.reference, issue.element, issue.effect) for issue in issues
    ]
    _, issues = read(PATIENT, review=sign({**ORDER, "subject": P}))
    assert "subject" not in [issue.element for issue in issues]


def test_an_order_entered_in_error_is_none():
    facts, issues = read(PATIENT, review=sign({**ORDER, "status": "entered-in-error"}))
    assert (facts.orders, facts.order_gaps) == ((), ())
    assert ("MedicationRequest/a", "ignored") in [(issue.reference, issue.effect) for issue in issues]


def test_an_order_that_cannot_be_read_is_a_gap():
    facts, _ = read(PATIENT, review=sign(ORDER, {"medication": "?"}))
    assert [order.reference for order in facts.orders] == ["MedicationRequest/a"]
    assert [gap.reference for gap in facts.order_gaps] == ["context.draftOrders, entry 2"]


def test_dispatched_orders_are_those_of_the_record():
    active = {**ORDER, "status": "active"}
    session = read_context(
        "order-dispatch",
        raw(
            {
                "patientId": "p",
                "dispatchedOrders": ["MedicationRequest/a", "MedicationRequest/gone", "Patient/p"],
            }
        ),
    )
    facts, _ = read(PATIENT, active, review=session)
    assert [(order.reference, order.draft) for order in facts.orders] == [("MedicationRequest/a", True)]
    assert facts.order_gaps == (Gap("MedicationRequest/gone", "the order that is dispatched was not sent"),)


def test_drafts_of_the_session_stand_in_the_lists():
    service = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "draft",
        "code": snomed("1"),
        "subject": P,
    }
    facts, _ = read(PATIENT, review=sign(service))
    assert [(fact.reference, fact.draft) for fact in facts.services.items] == [("ServiceRequest/s", True)]
    assert facts.services.state is ListState.PRESENT
    drafts = {
        "problem-list-item-create": (
            "conditions",
            {"resourceType": "Condition", "id": "1", "code": snomed("1")},
        ),
        "appointment-book": (
            "appointments",
            {"resourceType": "Appointment", "id": "1", "status": "proposed"},
        ),
    }
    for hook, (field, resource) in drafts.items():
        session = read_context(hook, raw({"patientId": "p", field: bundle(resource)}))
        found, _ = read(PATIENT, review=session)
        assert [fact.draft for fact in getattr(found, field).items] == [True]


def test_a_draft_does_not_make_a_list_complete():
    session = read_context(
        "problem-list-item-create",
        raw(
            {
                "patientId": "p",
                "conditions": bundle({"resourceType": "Condition", "id": "1", "code": snomed("1")}),
            }
        ),
    )
    facts, _ = patient_facts(read_prefetch({}, keys={}, patient_id="p"), session, now=NOW)
    assert (facts.conditions.state, len(facts.conditions.items)) == (ListState.NOT_SUPPLIED, 1)


def test_the_encounter_of_the_hook_and_the_specialty_of_the_user():
    encounter = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "in-progress",
        "class": {"code": "IMP"},
        "subject": P,
    }
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "Practitioner/u"},
        "specialty": [{"text": "neurology"}],
    }
    facts, _ = read(PATIENT, encounter, role, review=sign(encounterId="Encounter/e"))
    assert [fact.in_context for fact in facts.encounters.items] == [True]
    assert facts.user_specialties == (CodedText(text="neurology"),)


def test_a_draft_on_the_list_is_named_unless_it_is_the_order_under_review_itself():
    """Clients that are asked for all orders send the one that is being signed among them."""
    why = "it is a draft that nobody has signed; it counts as planned"
    other = {**ORDER, "id": "other"}
    _, issues = read(PATIENT, ORDER, other, review=sign(ORDER))
    assert [issue.reference for issue in issues if issue.reason == why] == ["MedicationRequest/other"]


OLD = {"reference": "Patient/old"}


@pytest.mark.parametrize(
    ("type_", "counts"), [("replaces", True), ("seealso", False), ("refer", False), ("replaced-by", False)]
)
def test_what_names_a_record_that_the_patients_is_linked_to_counts_or_leaves_its_list_open(type_, counts):
    """After a merge references are not always rewritten: a diagnosis under the old id is the patient's all the same."""
    patient = {**PATIENT, "link": [{"type": type_, "other": OLD}]}
    problem = {"resourceType": "Condition", "id": "c", "subject": OLD, "code": snomed("84757009")}
    keys = {"patient": (ListName.PATIENT,), "conditions": (ListName.CONDITIONS,)}
    sent = {"patient": raw(patient), "conditions": raw(bundle(problem))}
    record = read_prefetch(sent, keys=keys, patient_id="p")
    facts, issues = patient_facts(record, ReviewContext("patient-view", "p"), now=NOW)
    assert len(facts.conditions.items) == counts
    gap = Gap("Condition/c", "it is of another record of the patient")
    assert facts.conditions.gaps == (() if counts else (gap,))
    assert "Condition/c" in {issue.reference for issue in issues}
    assert "link" in {issue.element for issue in issues}


def test_no_list_is_whole_of_a_patient_whom_another_patient_that_was_sent_has_replaced():
    newer = {
        "resourceType": "Patient",
        "id": "newer",
        "birthDate": "1999",
        "link": [{"type": "replaces", "other": P}],
    }
    sent = {"patient": raw(bundle(newer, PATIENT)), "conditions": raw(bundle())}
    keys = {"patient": (ListName.PATIENT,), "conditions": (ListName.CONDITIONS,)}
    record = read_prefetch(sent, keys=keys, patient_id="p")
    facts, _ = patient_facts(record, ReviewContext("patient-view", "p"), now=NOW)
    assert (facts.conditions.state, facts.conditions.detail) == (
        ListState.PARTIAL,
        "another record has replaced this one",
    )
    assert facts.person is not None
    assert facts.person.reference == "Patient/p"  # and it is not described by the other
