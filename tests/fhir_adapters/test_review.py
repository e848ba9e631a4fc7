"""What is under review, from the contexts of all hooks (CDS Hooks library 1.0.1)."""

import json

import pytest

from engine.facts import ListName
from fhir_adapters.errors import ContextError, FhirDataError, FhirVersionError
from fhir_adapters.review import read_context

ORDER = {"resourceType": "MedicationRequest", "id": "a", "status": "draft"}
OTHER = {"resourceType": "MedicationRequest", "id": "b", "status": "active"}
SERVICE = {"resourceType": "ServiceRequest", "id": "s", "status": "draft"}
MEDICATION = {"resourceType": "Medication", "id": "m"}
USER = {"userId": "Practitioner/u", "patientId": "p"}


def bundle(*resources, **members):
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources], **members}


def read(hook, **context):
    return read_context(hook, json.dumps({**USER, **context}).encode())


def references(entries):
    return [entry.reference for entry in entries]


@pytest.mark.parametrize(
    ("hook", "field"),
    [
        ("order-sign", "draftOrders"),
        ("medication-refill", "medications"),
        ("medication-prescribe", "medications"),
        ("order-review", "orders"),
    ],
)
def test_every_order_of_the_field_is_under_review(hook, field):
    session = read(hook, **{field: bundle(ORDER, OTHER, SERVICE, MEDICATION)})
    assert references(session.orders) == ["MedicationRequest/a", "MedicationRequest/b", "ServiceRequest/s"]
    assert all(session.is_selected(entry.reference) for entry in session.orders)
    assert references(session.beside) == ["Medication/m"]


@pytest.mark.parametrize(
    "selection", ["MedicationRequest/a", "https://x/MedicationRequest/a", "a", "urn:uuid:1"]
)
def test_order_select_reviews_only_the_selections(selection):
    draft = {
        "resourceType": "Bundle",
        "entry": [{"fullUrl": "urn:uuid:1", "resource": ORDER}, {"resource": OTHER}],
    }
    session = read("order-select", selections=[selection], draftOrders=draft)
    assert [session.is_selected(entry.reference) for entry in session.orders] == [True, False]


@pytest.mark.parametrize(
    ("context", "path"),
    [
        ({"draftOrders": bundle(ORDER)}, "context.selections"),
        ({"draftOrders": bundle(ORDER), "selections": "MedicationRequest/a"}, "context.selections"),
        ({"draftOrders": bundle(ORDER), "selections": ["MedicationRequest/x"]}, "context.selections[0]"),
        ({"draftOrders": bundle(ORDER), "selections": ["MedicationRequest/a", 7]}, "context.selections[1]"),
        ({"selections": []}, "context.draftOrders"),
        ({"selections": [], "draftOrders": None}, "context.draftOrders"),
        ({"selections": [], "draftOrders": "text"}, "context.draftOrders"),
        ({"selections": [], "draftOrders": {"resourceType": "OperationOutcome"}}, "context.draftOrders"),
    ],
)
def test_a_context_that_contradicts_itself_is_refused_by_its_path(context, path):
    with pytest.raises(ContextError) as caught:
        read("order-select", **context)
    assert caught.value.path == path


def test_a_selection_may_be_the_order_that_cannot_be_read():
    session = read("order-select", selections=["MedicationRequest/x"], draftOrders=bundle(ORDER, {"id": "x"}))
    assert [gap.reference for gap in session.gaps] == ["context.draftOrders, entry 2"]


def test_drafts_that_were_cut_short_leave_a_gap():
    session = read("order-sign", draftOrders=bundle(ORDER, link=[{"relation": "next"}]))
    assert [gap.reference for gap in session.gaps] == ["context.draftOrders"]


@pytest.mark.parametrize(
    "drafts", [ORDER, [ORDER], bundle(ORDER), {"resourceType": "Bundle", "entry": [ORDER]}]
)
def test_drafts_are_read_in_whatever_wrapping(drafts):
    assert references(read("order-sign", draftOrders=drafts).orders) == ["MedicationRequest/a"]


def test_no_orders_are_no_error():
    assert read("order-sign", draftOrders={"resourceType": "Bundle"}).orders == ()


@pytest.mark.parametrize(
    "type_", ["MedicationOrder", "DeviceUseRequest", "DiagnosticOrder", "ProcedureRequest", "ReferralRequest"]
)
def test_orders_of_another_fhir_version_are_refused_aloud(type_):
    with pytest.raises(FhirVersionError, match=type_):
        read("order-sign", draftOrders=bundle(ORDER, {"resourceType": type_, "id": "x"}))


def test_what_is_no_order_is_left_out_aloud():
    session = read(
        "order-sign",
        draftOrders=bundle(ORDER, {"resourceType": "Task", "id": "t"}, {"resourceType": "Medication"}),
    )
    assert references(session.orders) == ["MedicationRequest/a"]
    assert [(issue.effect, issue.reason) for issue in session.issues] == [("ignored", "it is not an order")]
    assert session.gaps == ()


@pytest.mark.parametrize(
    ("type_", "called"),
    [
        ("medicationrequest", "Resource"),
        ("MedicationRequst", "Resource"),
        ("the name of a patient", "Resource"),
        ("MedicationStatement", "MedicationStatement"),
        ("RequestGroup", "RequestGroup"),
        ("Bundle", "Bundle"),
        ("OperationOutcome", "OperationOutcome"),
    ],
)
def test_what_may_hold_an_order_is_a_gap_and_not_silence(type_, called):
    """It is called by its type where that is one of FHIR's: gaps are stored, and a client may have written anything."""
    session = read("order-sign", draftOrders=bundle(ORDER, {"resourceType": type_, "id": "t"}))
    assert references(session.orders) == ["MedicationRequest/a"]
    assert [(gap.reference, gap.why) for gap in session.gaps] == [
        (f"{called}/t", "it cannot be read as an order")
    ]
    assert [issue.effect for issue in session.issues] == ["unreadable"]


@pytest.mark.parametrize(
    ("context", "dispatched"),
    [
        ({"dispatchedOrders": ["MedicationRequest/a", "MedicationRequest/a"]}, ("MedicationRequest/a",)),
        ({"order": "ServiceRequest/s", "task": {}}, ("ServiceRequest/s",)),
    ],
)
def test_order_dispatch_names_orders_of_the_record(context, dispatched):
    assert read("order-dispatch", performer="Organization/o", **context).dispatched == dispatched


@pytest.mark.parametrize(
    "context", [{}, {"dispatchedOrders": []}, {"dispatchedOrders": [7]}, {"order": None}]
)
def test_order_dispatch_without_an_order_is_refused(context):
    with pytest.raises(ContextError):
        read("order-dispatch", **context)


def test_drafts_of_other_hooks():
    appointment = {"resourceType": "Appointment", "id": "t", "status": "proposed"}
    condition = {"resourceType": "Condition", "id": "c"}
    allergy = {"resourceType": "AllergyIntolerance", "id": "l"}
    booked = read("appointment-book", appointments=bundle(appointment))
    problem = read("problem-list-item-create", conditions=bundle(condition))
    assert references(booked.appointments) == ["Appointment/t"]
    assert references(problem.conditions) == ["Condition/c"]
    for shape in (allergy, {"resource": allergy}):
        assert references(read("allergyintolerance-create", allergyIntolerance=shape).allergies) == [
            "AllergyIntolerance/l"
        ]


CREATED = [
    ("problem-list-item-create", "conditions", {"resourceType": "Condition", "id": "c"}, ListName.CONDITIONS),
    ("allergyintolerance-create", "allergyIntolerance", {"resourceType": "AllergyIntolerance"}, ListName.ALLERGIES),
    ("appointment-book", "appointments", {"resourceType": "Appointment", "id": "t"}, ListName.APPOINTMENTS),
]  # fmt: skip


@pytest.mark.parametrize(("hook", "field", "resource", "name"), CREATED)
@pytest.mark.parametrize(
    "shape",
    [
        lambda resource: bundle(resource, 42),
        lambda resource: bundle(resource, None),
        lambda resource: bundle({"id": "c"}),
        lambda resource: bundle({**resource, "resourceType": resource["resourceType"].lower()}),
        lambda resource: bundle(bundle(resource)),
        lambda resource: [bundle(resource)],
        lambda resource: {"resourceType": "Parameters", "parameter": [{"resource": resource}]},
        lambda resource: {"resourceType": "List", "entry": [{"item": {"reference": "#c"}}]},
        lambda resource: bundle(resource, link=[{"relation": "next"}]),
        lambda resource: {"resourceType": "Bundle", "Entry": [{"resource": resource}]},
    ],
)
def test_what_is_being_added_and_cannot_be_read_is_a_gap_in_its_list(hook, field, resource, name, shape):
    session = read(hook, **{field: shape(resource)})
    assert session.lists == (name,)
    assert len(session.gaps) == 1


@pytest.mark.parametrize(("hook", "field", "resource", "name"), CREATED)
def test_what_comes_along_with_it_is_named_and_no_gap(hook, field, resource, name):
    session = read(hook, **{field: bundle(resource, ORDER, {"resourceType": "Practitioner", "id": "u"})})
    assert (session.gaps, len(session.beside)) == ((), 2)
    assert [(issue.reference, issue.reason) for issue in session.issues] == [
        ("MedicationRequest/a", "it is not what is being added")
    ]


def test_what_is_drafted_and_cannot_be_read_may_be_a_medicine_or_a_service():
    assert read("order-sign", draftOrders=bundle(7)).lists == (ListName.MEDICATIONS, ListName.SERVICES)


@pytest.mark.parametrize("context", [{"medication": ORDER}, {"order": {"resource": ORDER}}])
def test_medication_verify_by_its_table_and_by_its_example(context):
    assert references(read("medication-verify", **context).orders) == ["MedicationRequest/a"]


@pytest.mark.parametrize(
    "hook", ["patient-view", "encounter-start", "encounter-discharge", "of-somebody-else"]
)
def test_ids_are_read_in_any_form(hook):
    for encounter, patient in (("Encounter/e", "Patient/p"), ("e", "p")):
        session = read(hook, encounterId=encounter, patientId=patient)
        assert (session.encounter_id, session.patient_id, session.user) == ("e", "p", "Practitioner/u")
        assert session.orders == ()


@pytest.mark.parametrize(
    "written", ["Practitioner/1", "a/../b", "Patient/", "/", "https://x/fhir", "Patient/1/2"]
)
@pytest.mark.parametrize(("name", "type_"), [("patientId", "Patient"), ("encounterId", "Encounter")])
def test_a_reference_to_something_else_is_no_id_of_a_patient_or_an_encounter(name, type_, written):
    with pytest.raises(ContextError, match=f"context.{name} names no {type_}"):
        read("patient-view", **{name: written.replace("Patient", type_)})


def test_a_user_may_be_missing_and_an_encounter_null():
    session = read_context("order-sign", json.dumps({"draftOrders": bundle(), "encounterId": None}).encode())
    assert (session.user, session.encounter_id) == ("", "")


@pytest.mark.parametrize(
    ("raw", "error"), [(b"[]", ContextError), (b"null", ContextError), (b"{", FhirDataError)]
)
def test_a_context_that_is_no_object_is_refused(raw, error):
    with pytest.raises(error):
        read_context("order-sign", raw)
