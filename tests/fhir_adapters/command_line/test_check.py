"""``primum check``: the cards of a file, as a person reads them and as the service sends them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fhir_adapters.command_line.conftest import TODAY, Run

PATIENT = {"resourceType": "Patient", "id": "1", "gender": "male", "birthDate": "1960-05-01"}
MORPHINE = {
    "resourceType": "MedicationRequest",
    "id": "morphine",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "N02AA01", "display": "morphine"}]
    },
}
BACLOFEN = {
    "resourceType": "MedicationRequest",
    "id": "baclofen",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/1"},
    "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]},
    "dosageInstruction": [{"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}],
}


def bundle(*resources: dict[str, Any]) -> str:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def rules_on_cards(line: str) -> set[str]:
    """The titles of what the cards of one answer are about."""
    return {card["source"]["topic"]["display"] for card in json.loads(line)["cards"]}


def outcomes(line: str) -> dict[str, str]:
    report = json.loads(line)["extension"]["org.primum.evaluation"]
    return {rule["id"]: rule["outcome"] for rule in report["rules"]}


def test_a_request_is_shown_as_cards_most_urgent_first(primum: Run, order_sign: Path) -> None:
    shown = primum("check", order_sign, "--today", TODAY)
    assert shown.exit_code == 0
    headings = [word for word in shown.stdout.split() if word in ("CRITICAL", "WARNING", "INFO")]
    assert headings == sorted(headings, key=("CRITICAL", "WARNING", "INFO").index)
    assert headings.count("CRITICAL") == 2
    for words in (
        "Drug-resistant epilepsy: intrathecal baclofen is contraindicated",
        "Child of 3 years",
        "Remove this order",
        "To go ahead, say why: ",
        "Source: Baclofen Accord, package leaflet",
        "7 entries read, 0 ignored, 0 unreadable; 1 order under review.",
    ):
        assert words in shown.stdout


def test_json_is_the_answer_of_the_service_and_names_its_file(primum: Run, order_sign: Path) -> None:
    shown = primum("check", order_sign, "--today", TODAY, "--format", "json")
    [line] = shown.stdout.splitlines()
    answer = json.loads(line)
    assert {"Age under 4", "Drug-resistant epilepsy"} <= rules_on_cards(line)
    assert outcomes(line)["baclofen-it.kidney-function"] == "unknown"
    assert answer["extension"]["org.primum.file"] == {
        "file": str(order_sign),
        "patient": "Patient/demo-child",
    }


def test_the_day_decides_the_age(primum: Run, tmp_path: Path) -> None:
    child = PATIENT | {"birthDate": "2023-01-01"}
    file = written(tmp_path, "record.json", bundle(child, MORPHINE, BACLOFEN))
    for today, outcome in ((TODAY, "met"), ("2027-03-01", "not_met")):
        shown = primum("check", file, "--today", today, "--format", "json").stdout
        assert outcomes(shown)["baclofen-it.age-under-4"] == outcome


def test_all_shows_every_rule_and_why(primum: Run, order_sign: Path) -> None:
    shown = primum("check", order_sign, "--today", TODAY, "--all").stdout
    kidney = next(line for line in shown.splitlines() if "baclofen-it.kidney-function" in line)
    assert "unknown" in kidney
    assert "no creatinine" in kidney
    epilepsy = next(line for line in shown.splitlines() if "baclofen-it.drug-resistant-epilepsy " in line)
    assert "Condition/demo-epilepsy" in epilepsy


def test_a_record_with_a_draft_is_asked_as_if_it_were_signed(primum: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "record.json", bundle(PATIENT, MORPHINE, BACLOFEN))
    shown = primum("check", file, "--today", TODAY)
    assert "order-sign" in shown.stdout
    assert "1 order under review" in shown.stdout
    answer = primum("check", file, "--today", TODAY, "--format", "json").stdout
    assert outcomes(answer)["baclofen-it.opioids"] == "met"


def test_a_record_without_a_draft_is_asked_as_if_it_were_opened(primum: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "record.json", bundle(PATIENT, MORPHINE))
    shown = primum("check", file, "--today", TODAY)
    assert shown.exit_code == 0
    assert "patient-view" in shown.stdout
    assert "No card." in shown.stdout


def test_what_no_rule_looks_into_is_counted(primum: Run, tmp_path: Path) -> None:
    coverage = {"resourceType": "Coverage", "id": "c", "status": "active"}
    file = written(tmp_path, "record.json", bundle(PATIENT, MORPHINE, coverage))
    shown = primum("check", file, "--today", TODAY, "--all").stdout
    assert "2 entries read, 1 ignored, 0 unreadable." in shown
    assert "no rule looks into resources of this type" in shown


def test_each_patient_of_ndjson_gets_an_answer_of_their_own(primum: Run, tmp_path: Path) -> None:
    other = PATIENT | {"id": "2", "birthDate": "2024-01-01"}
    orders = [BACLOFEN, BACLOFEN | {"id": "baclofen-2", "subject": {"reference": "Patient/2"}}]
    lines = [json.dumps(resource) for resource in (PATIENT, other, *orders)]
    file = written(tmp_path, "record.ndjson", "\n".join(lines))
    answers = primum("check", file, "--today", TODAY, "--format", "json").stdout.splitlines()
    patients = [json.loads(line)["extension"]["org.primum.file"]["patient"] for line in answers]
    assert patients == ["Patient/1", "Patient/2"]
    assert [outcomes(line)["baclofen-it.age-under-4"] for line in answers] == ["not_met", "met"]


def test_standard_input_is_read(primum: Run, order_sign: Path) -> None:
    shown = primum("check", "-", "--today", TODAY, "--format", "json", input=order_sign.read_bytes())
    assert "Age under 4" in rules_on_cards(shown.stdout)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "this is not JSON"),
        ("[]", "this is no CDS Hooks request and holds no FHIR resource"),
        ("[1, 2]", "this is no CDS Hooks request and holds no FHIR resource"),
        ('{"body": {"hook": "order-sign"}}', "this is no CDS Hooks request and holds no FHIR resource"),
        ('{"hook": "order-sign"}', "hookInstance is missing"),
        ('{"hook": "order-cancel", "context": {}}', "no active rule answers the hook of this request"),
    ],
)
def test_a_file_that_cannot_be_checked_is_told_and_the_others_go_on(
    primum: Run, tmp_path: Path, order_sign: Path, text: str, reason: str
) -> None:
    bad = written(tmp_path, "bad.json", text)
    shown = primum("check", bad, tmp_path / "absent.json", order_sign, "--today", TODAY)
    assert f"{bad}: {reason}" in shown.stderr
    assert f"{tmp_path / 'absent.json'}: the file cannot be read (No such file or directory)." in shown.stderr
    assert "Drug-resistant epilepsy" in shown.stdout
    assert shown.exit_code == 1
    assert "Traceback" not in shown.output


def test_a_file_that_cannot_be_checked_is_an_operation_outcome_among_the_answers(
    primum: Run, tmp_path: Path, order_sign: Path
) -> None:
    bad = written(tmp_path, "bad.json", '{"hook": "order-sign"}')
    shown = primum("check", bad, order_sign, "--today", TODAY, "--format", "json")
    first, second = map(json.loads, shown.stdout.splitlines())
    assert first["resourceType"] == "OperationOutcome"
    assert first["extension"] == [{"url": "urn:primum:file", "valueString": str(bad)}]
    assert second["cards"]
    assert shown.exit_code == 1


def test_a_defect_costs_one_file_and_names_no_value_of_the_record(
    primum: Run, order_sign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("the child is called Ada")

    monkeypatch.setattr("fhir_adapters.command_line.questions.read_prefetch", broken)
    shown = primum("check", order_sign)
    assert shown.exit_code == 1
    assert "a defect of Primum: ValueError at test_check.py:" in shown.stderr
    assert "Ada" not in shown.output


@pytest.mark.parametrize(("least", "code"), [("critical", 1), ("warning", 1), ("info", 1)])
def test_fail_on_ends_with_1_when_a_card_is_that_urgent(
    primum: Run, order_sign: Path, least: str, code: int
) -> None:
    assert primum("check", order_sign, "--today", TODAY, "--fail-on", least).exit_code == code


def test_fail_on_lets_less_urgent_cards_pass(primum: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "record.json", bundle(PATIENT, MORPHINE, BACLOFEN))
    assert primum("check", file, "--today", TODAY, "--fail-on", "warning").exit_code == 1
    assert primum("check", file, "--today", TODAY, "--fail-on", "critical").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("x.json", "--hook", "order-dispatch"),
        ("x.json", "--today", "yesterday"),
        ("x.json", "--format", "xml"),
    ],
)
def test_wrong_usage_ends_with_2(primum: Run, arguments: tuple[str, ...]) -> None:
    assert primum("check", *arguments).exit_code == 2


def test_words_of_a_record_cannot_steer_the_terminal(primum: Run, tmp_path: Path) -> None:
    loud = json.loads(json.dumps(MORPHINE))
    loud["medicationCodeableConcept"]["text"] = "\x1b[2Jmorphine\x07 [red]x"
    file = written(tmp_path, "record.json", bundle(PATIENT, loud, BACLOFEN))
    shown = primum("check", file, "--today", TODAY, "--all").stdout
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "[red]x" in shown


def test_ch_131_nothing_is_critical_that_nobody_has_signed_off_where_a_site_asks_for_it(
    primum: Run, order_sign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIMUM_CRITICAL_NEEDS_REVIEW", "1")
    shown = primum("check", order_sign, "--today", TODAY, "--format", "json")
    cards = json.loads(shown.stdout)["cards"]
    assert len(cards) > 2
    assert "critical" not in {card["indicator"] for card in cards}
