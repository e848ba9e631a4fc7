"""``primum rules diff`` over one's own patients and against a signed archive: who is asked, who is named, and what could not be read."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from fhir_adapters.packs.archive import write_archive
from fhir_adapters.packs.signing import new_key, public_keys
from tests.fhir_adapters.command_line.conftest import TODAY, Run
from tests.fhir_adapters.command_line.test_rules_diff import MINI, RULE, change

KIDNEY = "baclofen-it/warnings/renal-impairment.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small rules folder, to change."""
    return shutil.copytree(MINI, tmp_path / "rules")


def entries(id_: str, *codes: str) -> list[dict[str, Any]]:
    """A patient with these diagnoses (ICD-10) and an order of intrathecal baclofen about to be signed."""
    who = {"subject": {"reference": f"Patient/{id_}"}}
    clinical = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    conditions = [
        {
            "resourceType": "Condition",
            "id": f"{id_}-{code}",
            "clinicalStatus": {"coding": [clinical]},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": code}]},
            **who,
        }
        for code in codes
    ]
    order = {
        "resourceType": "MedicationRequest",
        "id": f"{id_}-order",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]},
        "dosageInstruction": [
            {"route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]}}
        ],
        **who,
    }
    return [{"resourceType": "Patient", "id": id_, "birthDate": "1980-01-01"}, *conditions, order]


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """A folder with a Bundle, and below it a bulk export, which has a file for each type of resource."""
    place = tmp_path / "patients"
    (place / "export").mkdir(parents=True)
    bundle = {"resourceType": "Bundle", "type": "collection"}
    listed = [{"resource": entry} for entry in entries("one", "N18")]
    (place / "one.json").write_text(json.dumps({**bundle, "entry": listed}), encoding="utf-8")
    exported = [*entries("two", "G40"), *entries("three", "N18", "G40")]
    for type_ in {entry["resourceType"] for entry in exported}:
        lines = (json.dumps(entry) for entry in exported if entry["resourceType"] == type_)
        (place / f"export/{type_}.ndjson").write_text("\n".join(lines), encoding="utf-8")
    return place


def asked(primum: Run, folder: Path, *more: object, base: object = MINI) -> tuple[int, dict[str, Any]]:
    shown = primum(
        "rules", "diff", base, "--rules", folder, "--pumps", "0", "--today", TODAY, "--format", "json", *more
    )
    return shown.exit_code, json.loads(shown.stdout)


def test_every_patient_whose_card_differs_is_named(primum: Run, folder: Path, patients: Path) -> None:
    change(folder, "4 years", "50 years")
    code, told = asked(primum, folder, "--patients", patients)
    assert (code, told["asked"]["patients"]) == (1, 3)
    [rule] = told["rules"]
    [lost] = rule["patients"]
    assert lost["effect"] == "no longer gets the card"
    assert [name.partition(" ")[2] for name in lost["examples"]] == ["Patient/two", "Patient/three"]
    shown = primum(
        "rules", "diff", MINI, "--rules", folder, "--pumps", "0", "--today", TODAY, "--patients", patients
    )
    assert f"no longer gets the card: 2 patients ({patients / 'export'} Patient/two; " in shown.stdout
    assert "asked about 3 patients, 0 generated situations, 15 cases at limits and 5 tests." in shown.stdout


def test_a_rule_that_is_as_it_was_is_named_where_its_card_gives_way_to_another(
    primum: Run, folder: Path, patients: Path
) -> None:
    change(folder, "if_unknown", "yields_to: [baclofen-it.renal-impairment]\nif_unknown")
    before = shutil.copytree(folder, folder.parent / "before" / "rules")
    change(folder, "condition: chronic-kidney-disease", "condition: pump-in-place", KIDNEY)
    _, told = asked(primum, folder, "--patients", patients, base=before)
    epilepsy, kidney = told["rules"]
    assert epilepsy["rule"] == "baclofen-it.epilepsy"
    assert epilepsy["changes"][0]["words"].startswith(
        "is as it was; a rule that changed takes its card's place"
    )
    assert [entry["effect"] for entry in epilepsy["patients"]] == ["now gets the card"]
    assert (epilepsy["called_for"], epilepsy["enough"], kidney["enough"]) == ("none", True, False)


def test_a_hook_that_only_the_earlier_rules_answer_is_asked_too(primum: Run, folder: Path) -> None:
    change(folder, "[patient-view, order-sign]", "[order-sign]")
    shown = primum("rules", "diff", MINI, "--rules", folder, "--pumps", "20", "--today", TODAY)
    assert "no longer gets the card: " in shown.stdout
    assert "record opened" in shown.stdout
    assert "could not be asked of both: baclofen-it.epilepsy: its tests, which hold errors" in shown.stdout


def test_files_that_cannot_be_read_are_named_and_end_with_1(
    primum: Run, folder: Path, patients: Path
) -> None:
    (patients / "broken.json").write_text('{"resourceType": "Bundle", "entry": [', encoding="utf-8")
    (patients / "notes.txt").write_text("no patient", encoding="utf-8")
    code, told = asked(primum, folder, "--patients", patients)
    assert (code, told["asked"]["patients"], told["rules"]) == (1, 3, [])
    [left_out] = told["left_out"]
    assert left_out.startswith(f"{patients / 'broken.json'}: ")


def test_a_folder_without_patients_is_wrong_usage(primum: Run, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "nobody").mkdir()
    shown = primum("rules", "diff", MINI, "--rules", folder, "--patients", tmp_path / "nobody")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "There is no JSON or NDJSON file in" in shown.stderr


def test_the_base_may_be_a_signed_archive_of_which_only_its_packs_are_compared(
    primum: Run, folder: Path, tmp_path: Path
) -> None:
    private, archive, keys = new_key(), tmp_path / "pack.tar", tmp_path / "keys.json"
    archive.write_bytes(write_archive(load_rules(MINI), "baclofen-it", private))
    keys.write_text(json.dumps(public_keys(private)), encoding="utf-8")
    change(folder, "watch for", "look for")
    second = folder / "second"
    shutil.copytree(folder / "baclofen-it", second)
    for file in second.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace("id: baclofen-it", "id: second")
        file.write_text(text, encoding="utf-8")
    code, told = asked(primum, folder, "--keys", keys, base=archive)
    assert (code, [rule["rule"] for rule in told["rules"]]) == (1, ["baclofen-it.epilepsy"])
    without = primum("rules", "diff", archive, "--rules", folder)
    assert (without.exit_code, "name the keys that may have signed it" in without.stderr) == (2, True)
    keys.write_text(json.dumps(public_keys(new_key())), encoding="utf-8")
    other = primum("rules", "diff", archive, "--rules", folder, "--keys", keys)
    assert other.exit_code == 1
    assert "pack.tar is refused: the key that signed it is not one of the trusted keys." in other.stderr
    assert RULE.endswith("epilepsy.yaml")
