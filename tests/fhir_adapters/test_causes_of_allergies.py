"""An allergy that names no cause, from the request to the card: it may be one to baclofen until another code of it says to what."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import fhir_adapters.command_line as command_line
from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.rule import Hook
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_request

Answer = Callable[..., dict[str, Any]]

DEMO = Path(command_line.__file__).with_name("demo-order-sign.json")
RULES = Path(__file__).resolve().parents[2] / "rules"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SNOMED, RXNORM = "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
ICD_10, ICD_10_CM = "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm"
TO_A_DRUG, PENICILLIN = (SNOMED, "416098002"), (RXNORM, "7980")


def coded(*codings: tuple[str, str], text: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for system, code in codings], "text": text}


def allergy(*codings: tuple[str, str], text: str = "", **members: Any) -> dict[str, Any]:
    active = {"coding": [{"code": "active"}]}
    code = coded(*codings, text=text)
    return {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "clinicalStatus": active,
        "code": code,
        **members,
    }


@pytest.fixture(scope="module")
def answer() -> Iterator[Answer]:
    loaded = load_rules(RULES)
    engine = Engine(loaded.rules, loaded.concepts)
    service = Services(loaded.rules, loaded.concepts).of(Hook.ORDER_SIGN)
    assert service is not None
    demo = json.loads(DEMO.read_text("utf-8"))

    def answered(**lists: dict[str, Any]) -> dict[str, Any]:
        body = copy.deepcopy(demo)
        patient = {"reference": f"Patient/{demo['context']['patientId']}"}
        for name, resource in lists.items():
            entry = [{"resource": resource | {"patient": patient}}]
            body["prefetch"][name] = {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": 1,
                "entry": entry,
            }
        decided = decide_request(json.dumps(body).encode(), service, engine, now=NOW)
        found: dict[str, Any] = json.loads(encode(decided.response))
        return found

    yield answered
    engine.close()


def outcome(answer: dict[str, Any]) -> str:
    rules = answer["extension"]["org.primum.evaluation"]["rules"]
    (found,) = [each["outcome"] for each in rules if each["id"] == "baclofen-it.allergy"]
    return str(found)


def is_told(answer: dict[str, Any]) -> bool:
    return any(
        "not checked" in card["summary"] and "allergy to baclofen" in card["detail"]
        for card in answer["cards"]
    )


@pytest.mark.parametrize(
    "code",
    [
        *((SNOMED, code) for code in ("62014003", "281647001", "106190000", "282100009", "609328004", "39579001")),
        *((ICD_10, code) for code in ("T88.7", "T78.4", "Y46.8")),
        *((ICD_10_CM, code) for code in ("T88.7XXA", "T78.40XA", "T50.905A", "T42.8X5A")),
    ],
)  # fmt: skip
def test_a_code_that_names_no_cause_is_told(answer: Answer, code: tuple[str, str]) -> None:
    found = answer(allergies=allergy(code))
    assert outcome(found) == "unknown"
    assert is_told(found)


def test_beside_a_local_code_it_stays_open(answer: Answer) -> None:
    assert outcome(answer(allergies=allergy(("urn:site", "LIO"), (SNOMED, "62014003")))) == "unknown"


@pytest.mark.parametrize("other", [PENICILLIN, (SNOMED, "91936005"), (ATC, "J01CA04")])
def test_another_code_that_names_a_cause_answers(answer: Answer, other: tuple[str, str]) -> None:
    found = answer(allergies=allergy(TO_A_DRUG, other))
    assert outcome(found) == "not_met"
    assert not is_told(found)


def test_so_does_the_substance_of_a_reaction_unless_words_name_baclofen(answer: Answer) -> None:
    reaction = [{"substance": coded(PENICILLIN)}]
    assert outcome(answer(allergies=allergy(TO_A_DRUG, reaction=reaction))) == "not_met"
    named = allergy(TO_A_DRUG, text="Lioresal", reaction=reaction)
    assert outcome(answer(allergies=named)) == "unknown"
    unknown = [{"substance": coded(("urn:site", "LIO"))}]
    assert outcome(answer(allergies=allergy(TO_A_DRUG, reaction=unknown))) == "unknown"
