"""``primum concepts find``: from a word to codes, and from a code to concepts."""

import json
from pathlib import Path

import pytest

from engine.authoring.loading import load_rules
from tests.fhir_adapters.command_line.conftest import Run
from tests.fhir_adapters.terminology.site import expandable_rules


def found(primum: Run, wanted: str) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = json.loads(
        primum("concepts", "find", wanted, "--format", "json").stdout
    )
    return entries


def test_a_word_finds_the_codes_of_a_concept(primum: Run) -> None:
    codes = {(entry["system"], entry["code"]) for entry in found(primum, "Refractory epilepsy")}
    assert ("snomed", "445355009") in codes
    assert "445355009" in primum("concepts", "find", "refractory").stdout


def test_a_code_finds_the_concepts_that_hold_its_beginning(primum: Run) -> None:
    entries = [entry for entry in found(primum, "G40.3") if entry["concept"] == "epilepsy-any"]
    listed = {(entry["system"], entry["code"]) for entry in entries if entry["below"]}
    assert listed == {("icd-10", "G40"), ("icd-10-cm", "G40")}


def test_a_code_is_found_in_the_editions_that_keep_it(primum: Run) -> None:
    entries = [entry for entry in found(primum, "G40.3") if entry["concept"] == "epilepsy-any"]
    kept = {(entry["system"], entry["code"]) for entry in entries if not entry["below"]}
    assert kept == {("icd-10-gm", "G40.3"), ("icd-10-fr", "G40.3"), ("icd-10-se", "G40.3")}


def test_a_code_alone_finds_no_other_code(primum: Run) -> None:
    assert {entry["concept"] for entry in found(primum, "1292")} == {"baclofen-substance"}


def test_a_code_of_the_site_is_found_in_its_own_system(primum: Run, tmp_path: Path) -> None:
    rules = expandable_rules(tmp_path)
    (rules / "local").mkdir()
    local = "codes:\n  - {system: '1.2.3', code: EPI, concept: epilepsy}\n"
    (rules / "local" / "codes.yaml").write_text(local, encoding="utf-8")
    shown = primum("concepts", "find", "EPI", "--rules", rules, "--format", "json").stdout
    assert ("urn:oid:1.2.3", "EPI") in {(entry["uri"], entry["code"]) for entry in json.loads(shown)}


def test_nothing_found_ends_with_1_and_says_what_it_means(primum: Run) -> None:
    shown = primum("concepts", "find", "dragonpox")
    assert shown.exit_code == 1
    assert "No concept holds dragonpox" in shown.stderr
    assert "how to add one is in rules/concepts/README.md" in " ".join(shown.stderr.split())


@pytest.mark.parametrize(
    ("wanted", "said", "unsaid"),
    [
        ("6204001", "As a code of SNOMED CT it counts as none of the concepts that have codes of it, presumably", "open:"),
        ("6204001", "As a code of RxNorm it leaves rules unknown", "open:"),
        ("Q89.9", "ICD-10-GM, CIM-10 FR, ICD-10-SE or ICD-10-CM it is none of the concepts that have codes of it", "SNOMED"),
        ("N02", "leaves them open: analgesics-with-psycholeptics, antispastics-also-sedating,", "SNOMED"),
        ("6204002", "As a word, or in a system that is not described, it leaves rules unknown", "SNOMED"),
        ("dragonpox", "As a word, or in a system that is not described, it leaves rules unknown", "As a code of"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_code_that_no_concept_lists_is_told_of_each_system(
    primum: Run, wanted: str, said: str, unsaid: str
) -> None:
    """A wrong check digit (6204002) is no code of SNOMED CT."""
    shown = " ".join(primum("concepts", "find", wanted).stderr.split())
    assert said in shown
    assert unsaid not in shown


def test_every_concept_is_listed(primum: Run) -> None:
    listed = json.loads(primum("concepts", "list", "--format", "json").stdout)
    assert [entry["concept"] for entry in listed] == sorted(load_rules().concepts.concepts)
    assert next(entry for entry in listed if entry["concept"] == "lab-egfr")["codes"] > 0
    assert "lab-egfr" in primum("concepts", "list").stdout
    assert json.loads(primum("concepts", "find", "dragonpox", "--format", "json").stdout) == []
