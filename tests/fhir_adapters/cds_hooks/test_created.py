"""What one click creates: valid in the version of FHIR that the session speaks, for every rule that ships."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.loading import load_strict
from engine.rule import SuggestionSpec
from fhir_adapters.cds_hooks.actions import action_of
from fhir_adapters.cds_hooks.created import created, spoken
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import Entry

RULES = load_strict(Path(__file__).resolve().parents[3] / "rules", examples=True)
CREATES = [
    pytest.param(spec, id=f"{rule.id}: {spec.label}")
    for rule in RULES.rules.active()
    for spec in (*rule.obtain, *rule.card.suggestions)
    if spec.creates
]
CREATES += [
    pytest.param(
        SuggestionSpec(label=f"Request {words}", request=words, code=code),
        id=f"what an estimate lacks: {words}",
    )
    for code, words in (("vital-height", "Body height"), ("vital-weight", "Body weight"))
]
TABLET = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]}
ORDERS: dict[str, dict[str, Any]] = {
    "R4": {"medicationCodeableConcept": TABLET, "dosageInstruction": [{"doseAndRate": []}]},
    "R5": {"medication": {"concept": TABLET}},
    "STU3": {"medicationCodeableConcept": TABLET, "dosageInstruction": [{"doseQuantity": {"value": 1}}]},
}
MODELS = {"R4": "fhir.resources.R4B", "R5": "fhir.resources", "STU3": "fhir.resources.STU3"}


def session(version: str = "R4", patient: str = "p1", encounter: str = "e1") -> ReviewContext:
    order = {"resourceType": "MedicationRequest", "id": "r1", **ORDERS[version]}
    entry = Entry("MedicationRequest", "MedicationRequest/r1", order, None)  # type: ignore[arg-type]
    return ReviewContext("order-sign", patient, encounter, orders=(entry,))


def test_there_are_rules_that_create_something() -> None:
    assert len(CREATES) > 5


@pytest.mark.parametrize("version", MODELS)
@pytest.mark.parametrize("spec", CREATES)
def test_ch_150_every_rule_creates_a_valid_draft_about_the_patient_in_the_encounter(
    spec: SuggestionSpec, version: str
) -> None:
    action = action_of(spec, None, session(version), RULES.concepts)
    assert action is not None
    assert (action.type, action.description, action.resource_id) == ("create", spec.label, None)
    made = action.resource
    assert made is not None
    models = importlib.import_module(MODELS[version])
    models.get_fhir_model_class(made["resourceType"]).model_validate(made)
    assert "id" not in made
    assert made["status"] == "draft"
    subject = made.get("for") or made["subject"]
    assert subject == {"reference": "Patient/p1"}
    encounter = made["context" if version == "STU3" else "encounter"]
    assert encounter == {"reference": "Encounter/e1"}
    if "Request" in made["resourceType"] and spec.request is not None:
        assert (
            made["intent"] == "order"
        )  # a draft that becomes an order when it is signed, as those of the session do
        code = made["code"]["concept"] if version == "R5" else made["code"]
        assert code["text"] == spec.request
        for coding in code.get("coding", ()):
            assert coding["system"].startswith("http")
            assert coding["display"]


@pytest.mark.parametrize("spec", CREATES)
def test_the_words_on_the_button_say_what_is_asked_for_in_a_few_words(spec: SuggestionSpec) -> None:
    assert re.fullmatch(r"[A-Z][^.!]{3,50}", spec.label)


@pytest.mark.parametrize("patient", ["", "a b", "../Patient", "p1?x=y", "x" * 65, "Zażółć"])
def test_nothing_is_created_for_a_patient_that_no_reference_can_name(patient: str) -> None:
    for spec in (case.values[0] for case in CREATES):
        assert isinstance(spec, SuggestionSpec)
        assert created(spec, session(patient=patient), {"text": "x"}) is None


@pytest.mark.parametrize("encounter", ["", "a b", "e/1"])
def test_an_encounter_that_no_reference_can_name_is_left_out(encounter: str) -> None:
    made = created(SuggestionSpec(label="Do it", task="x"), session(encounter=encounter), {})
    assert made is not None
    assert "encounter" not in made


def test_the_version_is_that_of_the_orders_and_r4_where_they_do_not_tell() -> None:
    assert spoken([]) == "R4"
    assert spoken([{"code": {"concept": TABLET}}]) == "R5"
    assert spoken([{"code": TABLET}, {"context": {"reference": "Encounter/1"}}]) == "STU3"
    assert spoken([{"dosageInstruction": "daily", "code": 5, "medication": "x"}]) == "R4"
