"""A site's own codes, from ``local/codes.yaml`` to the card: its drug catalogue, its pump, its refill appointments."""

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.concepts import Coding
from engine.evaluation import Engine
from engine.rule import Hook
from fhir_adapters.cds_hooks.evaluation import EXTENSION
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_request

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DRUGS = "1.2.616.1.113883.3.999"
CODES = f"""\
codes:
  - {{system: "urn:oid:{DRUGS}", code: "MORF10", concept: class-opioids}}
  - {{system: "https://hospital.example/devices", code: "PUMP-40", concept: intrathecal-pump}}
  - {{system: "https://hospital.example/visits", code: "REFILL", concept: pump-refill}}
"""

Resource = dict[str, Any]
PATIENT = {"reference": "Patient/p1"}


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


MORPHINE: Resource = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "subject": PATIENT,
    "authoredOn": "2026-04-20",
    "medicationCodeableConcept": coded(f"urn:oid:{DRUGS}", "MORF10"),
}
PUMP: Resource = {
    "resourceType": "Device",
    "id": "d1",
    "status": "active",
    "patient": PATIENT,
    "type": coded("https://hospital.example/devices", "PUMP-40"),
}
VISIT: Resource = {
    "resourceType": "Appointment",
    "id": "a1",
    "status": "booked",
    "start": "2026-06-01T09:00:00Z",
    "serviceType": [coded("https://hospital.example/visits", "REFILL")],
    "participant": [{"actor": PATIENT, "status": "accepted"}],
}
BACLOFEN: Resource = {
    "resourceType": "MedicationRequest",
    "id": "r1",
    "status": "draft",
    "intent": "order",
    "subject": PATIENT,
    "medicationCodeableConcept": coded("http://www.whocc.no/atc", "M03BX01"),
    "dosageInstruction": [
        {
            "route": coded("http://snomed.info/sct", "72607000"),
            "doseAndRate": [
                {
                    "rateQuantity": {
                        "value": 100,
                        "unit": "ug/d",
                        "system": "http://unitsofmeasure.org",
                        "code": "ug/d",
                    }
                }
            ],
        }
    ],
}
PUMP_THERAPY: Resource = BACLOFEN | {"id": "m2", "status": "active", "authoredOn": "2026-04-20"}


@cache
def shipped() -> Loaded:
    return load_rules()


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The rules that ship, with the codes of one hospital."""
    folder = tmp_path_factory.mktemp("local")
    (folder / "codes.yaml").write_text(CODES, encoding="utf-8")
    loaded = load_rules(local=folder)
    assert loaded.problems == shipped().problems
    return loaded


def bundle(*resources: Resource) -> Resource:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


def outcome(loaded: Loaded, rule: str, hook: Hook, *resources: Resource) -> str:
    """How a rule ends for a patient of forty with these resources and nothing else in the record."""
    service = Services(loaded.rules, loaded.concepts).of(hook)
    assert service is not None
    found = {
        template.key: bundle(
            *(each for each in resources if each["resourceType"] == template.query.partition("?")[0])
        )
        for template in service.templates
        if "?" in template.query
    }
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1986-02-03", "gender": "female"}
    context: Resource = {"userId": "Practitioner/1", "patientId": "p1"}
    if hook is Hook.ORDER_SIGN:
        context["draftOrders"] = bundle(BACLOFEN)
    body = {
        "hook": hook.value,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": context,
        "prefetch": {"patient": patient, **found},
    }
    engine = Engine(loaded.rules, loaded.concepts)
    try:
        decision = decide_request(json.dumps(body).encode(), service, engine, now=NOW)
    finally:
        engine.close()
    assert decision.response.extension is not None
    (told,) = [
        each for each in decision.response.extension[EXTENSION].rules if each.id == f"baclofen-it.{rule}"
    ]
    return str(told.outcome)


ROWS = [
    pytest.param("opioids", Hook.ORDER_SIGN, (MORPHINE,), "unknown", "met", id="a drug of the hospital's catalogue"),
    pytest.param("pump-unsuitable", Hook.ORDER_SIGN, (PUMP,), "unknown", "met", id="a pump"),
    pytest.param(
        "no-refill-booked", Hook.PATIENT_VIEW, (PUMP_THERAPY, VISIT), "unknown", "not_met", id="a refill appointment"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "hook", "resources", "without", "with_codes"), ROWS)
def test_a_code_of_the_site_is_open_until_it_is_mapped_and_counts_then(
    local: Loaded, rule: str, hook: Hook, resources: tuple[Resource, ...], without: str, with_codes: str
) -> None:
    assert outcome(shipped(), rule, hook, *resources) == without
    assert outcome(local, rule, hook, *resources) == with_codes


@pytest.mark.parametrize("system", [DRUGS, f"urn:oid:{DRUGS}", f"URN:OID:{DRUGS}"])
def test_the_oid_of_the_catalogue_may_be_written_in_any_way(local: Loaded, system: str) -> None:
    morphine = MORPHINE | {"medicationCodeableConcept": coded(system, "MORF10")}
    assert outcome(local, "opioids", Hook.ORDER_SIGN, morphine) == "met"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(coded(f"urn:oid:{DRUGS}", "MORF20"), id="another code"),
        pytest.param(coded(f"urn:oid:{DRUGS}.1", "MORF10"), id="another catalogue"),
        pytest.param({"coding": [{"code": "MORF10"}]}, id="no system"),
        pytest.param({"text": "MORF10"}, id="only words"),
    ],
)
def test_what_is_not_that_code_of_that_catalogue_stays_open(local: Loaded, other: Resource) -> None:
    medicine = MORPHINE | {"medicationCodeableConcept": other}
    assert outcome(local, "opioids", Hook.ORDER_SIGN, medicine) == "unknown"


def test_the_example_of_the_documentation_loads(tmp_path: Path) -> None:
    """The YAML under *A site's own codes* in ``rules/concepts/README.md``."""
    readme = (Path(__file__).resolve().parents[2] / "rules" / "concepts" / "README.md").read_text("utf-8")
    example = readme.partition("## A site's own codes")[2].partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "codes.yaml").write_text(example, encoding="utf-8")
    loaded = load_rules(local=tmp_path)
    assert loaded.problems == shipped().problems
    assert loaded.concepts.local_codes


def test_a_mapped_code_may_take_all_in_that_begins_with_it(tmp_path: Path) -> None:
    codes = 'codes:\n  - {system: "urn:oid:1.2.3", code: "OP", concept: class-opioids, below: true}\n'
    (tmp_path / "codes.yaml").write_text(codes, encoding="utf-8")
    concepts = load_rules(local=tmp_path).concepts
    for code, membership in (("OP", "yes"), ("OP7", "yes"), ("O", "unknown"), ("XOP", "unknown")):
        assert concepts.membership("class-opioids", (Coding("1.2.3", code),)).value == membership


@pytest.mark.parametrize(
    ("system", "mend"),
    [
        ("icd-10gm", "did you mean icd-10-gm?"),
        ("our catalogue", "write its URI or OID, as the records have it"),
    ],
)
def test_a_system_that_is_neither_described_nor_a_uri_is_an_error(
    tmp_path: Path, system: str, mend: str
) -> None:
    codes = f'codes:\n  - {{system: "{system}", code: "1", concept: class-opioids}}\n'
    (tmp_path / "codes.yaml").write_text(codes, encoding="utf-8")
    (problem,) = [each for each in load_rules(local=tmp_path).problems if each.code == "unknown-system"]
    assert (problem.file.rpartition("/")[2], problem.help) == ("codes.yaml", mend)
    assert system in problem.message


@pytest.mark.parametrize(
    "system", ["snomed", "1.2.616.1", "urn:oid:1.2.616.1", "https://hospital.example/a", "urn:uuid:7"]
)
def test_every_way_to_name_a_system_is_taken(tmp_path: Path, system: str) -> None:
    codes = f'codes:\n  - {{system: "{system}", code: "1", concept: class-opioids}}\n'
    (tmp_path / "codes.yaml").write_text(codes, encoding="utf-8")
    assert [each for each in load_rules(local=tmp_path).problems if each.code == "unknown-system"] == []
