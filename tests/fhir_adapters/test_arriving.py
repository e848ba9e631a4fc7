"""Elements that say more than a code or a value does, from the JSON of a request to the cards and the data issues."""

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.evaluation import EXTENSION
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import questions_of

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
P = {"reference": "Patient/demo-child"}
GERMAN, SNOMED = "http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://snomed.info/sct"
CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
FLAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
UCUM = "http://unitsofmeasure.org"
EPILEPSY = {"system": SNOMED, "code": "84757009"}

Resource = dict[str, Any]


@cache
def service() -> tuple[Engine, Services]:
    loaded = load_rules()
    return Engine(loaded.rules, loaded.concepts), Services(loaded.rules, loaded.concepts)


class Answer:
    """What a request that lists these brings, besides the demonstration's order and nothing else."""

    def __init__(
        self, patient: Resource | None = None, order: Resource | None = None, **lists: Resource
    ) -> None:
        request = json.loads(
            files("fhir_adapters.command_line").joinpath("demo-order-sign.json").read_bytes()
        )
        sent = request["prefetch"]
        sent["patient"] |= {"birthDate": "1980-03-02", "gender": "male", **(patient or {})}
        for key in set(sent) - {"patient", "encounter", "userRoles"}:
            found = [lists[key]] if key in lists else []
            entries = [{"resource": each} for each in found]
            sent[key] = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}
        request["context"]["draftOrders"]["entry"][0]["resource"] |= order or {}
        engine, services = service()
        (question,) = questions_of(json.dumps(request).encode(), None, services)
        answer = json.loads(encode(question.decide(engine, NOW).response))
        evaluation = answer["extension"][EXTENSION]
        self.cards = " ".join(card["summary"] + card.get("detail", "") for card in answer["cards"])
        self.outcomes = {
            rule["id"].removeprefix("baclofen-it."): rule["outcome"] for rule in evaluation["rules"]
        }
        self.issues = {
            (issue.get("element", ""), issue["effect"]) for issue in evaluation.get("data_issues", ())
        }


def problem(*codings: Resource, **members: Any) -> Resource:
    return {
        "resourceType": "Condition",
        "id": "c",
        "subject": P,
        "recordedDate": "2025-11-01",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"coding": list(codings)},
        **members,
    }


def kidneys(value: float, **members: Any) -> Resource:
    unit = "mL/min/{1.73_m2}"
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": P,
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]},
        "effectiveDateTime": "2026-01-10",
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        **members,
    }


def letter(written: str) -> Resource:
    return {
        "system": GERMAN,
        "code": "G40.3",
        "extension": [{"url": CERTAINTY, "valueCoding": {"code": written}}],
    }


def test_an_epilepsy_brings_its_card_and_one_marked_as_excluded_is_none() -> None:
    assert "Epilepsy" in Answer(conditions=problem(EPILEPSY)).cards
    assert "Epilepsy" in Answer(conditions=problem(letter("G"), EPILEPSY)).cards
    for excluded in (
        letter("A"),
        {"system": GERMAN, "code": "G40.3A"},
        {"system": GERMAN, "code": "G40.3-A"},
    ):
        found = Answer(conditions=problem(excluded, EPILEPSY))
        assert found.outcomes["epilepsy"] == "not_met"
        assert "Epilepsy" not in found.cards
        assert ("code", "ignored") in found.issues


def test_one_marked_as_excluded_that_is_confirmed_is_left_open() -> None:
    found = Answer(conditions=problem(letter("A"), verificationStatus={"coding": [{"code": "confirmed"}]}))
    assert found.outcomes["epilepsy"] == "unknown"
    assert ("code", "unreadable") in found.issues


@pytest.mark.parametrize(
    ("flag", "range_", "named"), [("LL", {}, True), ("L", {"low": 60}, True), ("L", {}, False)]
)
def test_a_flag_that_contradicts_its_value_is_named_and_the_value_counts(
    flag: str, range_: dict[str, float], named: bool
) -> None:
    limits = {end: {**kidneys(value)["valueQuantity"]} for end, value in range_.items()}
    coded = [{"coding": [{"system": FLAGS, "code": flag}]}]
    found = Answer(labs=kidneys(95, interpretation=coded, referenceRange=[limits] if limits else []))
    assert (("interpretation", "not checked") in found.issues) is named
    assert found.outcomes == Answer(labs=kidneys(95)).outcomes


def test_a_value_of_somebody_else_is_none_of_this_patient() -> None:
    assert Answer(labs=kidneys(25)).outcomes["kidney-function"] == "met"
    elsewhere = Answer(labs=kidneys(25, focus=[{"reference": "Patient/other"}]))
    assert elsewhere.outcomes["kidney-function"] != "met"
    assert ("subject", "ignored") in elsewhere.issues


def test_why_there_is_no_value_arrives() -> None:
    absent = kidneys(25, dataAbsentReason={"coding": [{"code": "error"}]})
    assert ("value[x]", "unreadable") in Answer(labs=absent).issues  # it has both, which FHIR forbids


def test_a_note_arrives() -> None:
    assert ("note", "not checked") in Answer(
        conditions=problem(EPILEPSY, note=[{"text": "see letter"}])
    ).issues


def test_a_record_that_another_has_replaced_is_not_the_whole_one() -> None:
    link = [{"type": "replaced-by", "other": {"reference": "Patient/new"}}]
    assert Answer().outcomes["epilepsy"] == "not_met"
    assert Answer(patient={"link": link}).outcomes["epilepsy"] == "unknown"


def test_the_most_that_may_be_given_in_a_day_arrives() -> None:
    amount = {"unit": "ug", "system": UCUM, "code": "ug"}
    limit = {"numerator": {"value": 3000, **amount}, "denominator": {"value": 1, "system": UCUM, "code": "d"}}
    dosage = {
        "route": {"coding": [{"system": SNOMED, "code": "72607000"}]},
        "asNeededBoolean": True,
        "doseAndRate": [{"doseQuantity": {"value": 3000, **amount}}],
        "maxDosePerPeriod": limit,
    }
    found = Answer(order={"dosageInstruction": [dosage]})
    unlimited = {name: value for name, value in dosage.items() if name != "maxDosePerPeriod"}
    assert found.outcomes != Answer(order={"dosageInstruction": [unlimited]}).outcomes
