"""What a suggestion makes the client do, and what it never does to a draft."""

import json
from typing import Any

import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class

from engine.authoring.folder import Loaded
from engine.concept import Concept
from engine.concepts import ConceptLibrary
from engine.rule import SuggestionSpec
from fhir_adapters.cds_hooks.actions import action_of
from fhir_adapters.cds_hooks.models import Action
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import Entry

DRAFT: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "id": "r1",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "Baclofen"},
    "unheard": {"of": [1, None]},
    "_status": {"extension": [{"url": "urn:x", "valueDecimal": 0.5}]},
    "dosageInstruction": [
        {"sequence": 1, "route": {"text": "IV"}, "patientInstruction": "Lie down."},
        {"sequence": 2, "unheard": True},
    ],
}
INTRATHECAL = {
    "coding": [{"system": "http://snomed.info/sct", "code": "72607000", "display": "Intrathecal route"}],
    "text": "Intrathecal route",
}


@pytest.fixture
def concepts(mini: Loaded) -> ConceptLibrary:
    return mini.concepts


def entry(draft: dict[str, Any]) -> Entry:
    raw = msgspec.Raw(json.dumps(draft).encode())
    return Entry("MedicationRequest", "MedicationRequest/r1", draft, raw)


def made(concepts: ConceptLibrary, draft: dict[str, Any] | None = DRAFT, **spec: Any) -> Action | None:
    suggestion = SuggestionSpec(label="Do it", **spec)
    session = ReviewContext("order-sign", "p1")
    return action_of(suggestion, entry(draft) if draft is not None else None, session, concepts)


def resource(action: Action | None) -> dict[str, Any]:
    assert action is not None
    assert action.resource is not None
    return json.loads(msgspec.json.Encoder(decimal_format="number").encode(action.resource))  # type: ignore[no-any-return]


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The members that differ."""
    return {name: after.get(name) for name in before | after if before.get(name) != after.get(name)}


def test_ch_153_a_delete_names_the_draft(concepts: ConceptLibrary) -> None:
    assert made(concepts, delete="order") == Action("delete", "Do it", resource_id="MedicationRequest/r1")


def test_ch_151_setting_the_route_changes_the_route_of_every_instruction_and_nothing_else(
    concepts: ConceptLibrary,
) -> None:
    after = resource(made(concepts, set_route="route-intrathecal"))
    first, second = DRAFT["dosageInstruction"]
    assert changed(DRAFT, after) == {
        "dosageInstruction": [first | {"route": INTRATHECAL}, second | {"route": INTRATHECAL}]
    }


def test_ch_151_setting_the_route_of_an_order_without_instructions_makes_one(
    concepts: ConceptLibrary,
) -> None:
    bare = {name: value for name, value in DRAFT.items() if name != "dosageInstruction"}
    after = resource(made(concepts, bare, set_route="route-intrathecal"))
    assert after["dosageInstruction"] == [{"route": INTRATHECAL}]


def test_ch_151_holding_changes_the_status_only(concepts: ConceptLibrary) -> None:
    after = resource(made(concepts, set_status="on-hold"))
    assert changed(DRAFT, after) == {"status": "on-hold"}


def test_ch_151_an_instruction_is_added_to_what_the_patient_is_told(concepts: ConceptLibrary) -> None:
    after = resource(made(concepts, instruct="Do not drive."))
    first, second = DRAFT["dosageInstruction"]
    assert changed(DRAFT, after) == {
        "dosageInstruction": [first | {"patientInstruction": "Lie down. Do not drive."}, second]
    }


def test_ch_151_a_note_is_added_to_the_notes(concepts: ConceptLibrary) -> None:
    assert resource(made(concepts, note="Start low."))["note"] == [{"text": "Start low."}]
    noted = DRAFT | {"note": [{"text": "Urgent"}]}
    assert resource(made(concepts, noted, note="Start low."))["note"] == [
        {"text": "Urgent"},
        {"text": "Start low."},
    ]


def test_ch_152_an_update_keeps_type_and_id(concepts: ConceptLibrary) -> None:
    after = resource(made(concepts, set_status="on-hold"))
    assert (after["resourceType"], after["id"]) == ("MedicationRequest", "r1")


def test_ch_154_what_is_no_draft_of_the_session_is_left_alone(concepts: ConceptLibrary) -> None:
    assert made(concepts, None, delete="order") is None
    assert made(concepts, None, set_status="on-hold") is None


@pytest.mark.parametrize("id_", [None, "", 7, "a/b", "a b"])
def test_ch_152_a_draft_without_an_id_of_its_own_cannot_be_named(concepts: ConceptLibrary, id_: Any) -> None:
    nameless = DRAFT | {"id": id_}
    assert made(concepts, nameless, delete="order") is None
    assert made(concepts, nameless, set_route="route-intrathecal") is None


@pytest.mark.parametrize(
    ("member", "value", "spec"),
    [
        ("dosageInstruction", {"text": "daily"}, {"set_route": "route-intrathecal"}),
        ("dosageInstruction", ["daily"], {"instruct": "Do not drive."}),
        ("dosageInstruction", [], {"set_route": "route-intrathecal"}),
        ("note", "Urgent", {"note": "Start low."}),
    ],
)
def test_a_draft_that_has_not_the_shape_of_r4_is_not_changed(
    concepts: ConceptLibrary, member: str, value: Any, spec: dict[str, str]
) -> None:
    assert made(concepts, DRAFT | {member: value}, **spec) is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"request": "Serum creatinine"},
            {
                "resourceType": "ServiceRequest",
                "status": "draft",
                "intent": "order",
                "code": {"text": "Serum creatinine"},
                "subject": {"reference": "Patient/p1"},
            },
        ),
        (
            {"communicate": "Ask which pump the patient has"},
            {
                "resourceType": "CommunicationRequest",
                "status": "draft",
                "subject": {"reference": "Patient/p1"},
                "payload": [{"contentString": "Ask which pump the patient has"}],
            },
        ),
        (
            {"task": "Confirm the route"},
            {
                "resourceType": "Task",
                "status": "draft",
                "intent": "order",
                "description": "Confirm the route",
                "for": {"reference": "Patient/p1"},
            },
        ),
    ],
)
def test_ch_150_what_is_created_is_an_r4_draft_about_the_patient(
    concepts: ConceptLibrary, spec: dict[str, str], expected: dict[str, Any]
) -> None:
    action = made(concepts, None, **spec)
    assert action is not None
    assert action.type == "create"
    assert resource(action) == expected
    get_fhir_model_class(expected["resourceType"]).model_validate(expected)


def test_ch_150_a_requested_service_carries_its_code_beside_its_words(concepts: ConceptLibrary) -> None:
    after = resource(made(concepts, None, request="Measure kidney function", code="lab-egfr"))
    assert after["code"] == {
        "coding": [{"system": "http://loinc.org", "code": "62238-1", "display": "CKD-EPI"}],
        "text": "Measure kidney function",
    }


def test_a_concept_that_waits_for_a_sites_codes_is_requested_in_words() -> None:
    uncoded = ConceptLibrary({"refill": Concept("refill", "a refill of the pump")}, {})
    asked = resource(made(uncoded, request="Refill of the pump", code="refill"))
    assert asked["code"] == {"text": "Refill of the pump"}
