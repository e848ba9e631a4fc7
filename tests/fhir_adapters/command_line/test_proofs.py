"""The proofs an author and an auditor ask for: label coverage, condition coverage, mutants, schemas, export."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

from typer.testing import Result

Run = Callable[..., Result]
MINI = Path(__file__).parents[2] / "fixtures" / "rules-mini"


def said(result: Result) -> dict[str, object]:
    return dict(json.loads(result.stdout))


def test_mutants_are_counted_and_survivors_named(primum: Run) -> None:
    result = primum("rules", "test", "--rules", MINI, "--mutants", "-k", "wrong-route", "--format", "json")
    report = said(result)
    assert set(report) == {"mutants", "killed", "survivors", "unused_reasons"}
    assert report["mutants"] == report["killed"] + len(report["survivors"])  # type: ignore[operator, arg-type]
    shown = primum("rules", "test", "--rules", MINI, "--mutants", "-k", "wrong-route").stdout
    assert f"{report['mutants']} mutants: {report['killed']} killed" in shown


def test_condition_coverage_names_what_no_test_saw(primum: Run) -> None:
    report = said(primum("rules", "test", "--rules", MINI, "--coverage", "--format", "json"))
    assert report["conditions"] == report["covered"] + len(report["lacking"])  # type: ignore[operator, arg-type]
    shown = primum("rules", "test", "--rules", MINI, "--coverage")
    assert "conditions:" in shown.stdout
    assert shown.exit_code == (1 if report["lacking"] else 0)


def test_the_label_is_accounted_for_on_the_screen_as_json_and_as_a_page(primum: Run, tmp_path: Path) -> None:
    page = tmp_path / "coverage.html"
    shown = primum("rules", "coverage", "--rules", MINI, "--html", page)
    assert shown.exit_code == 0
    assert "4 of 4 statements accounted for" in shown.stdout
    assert "renal-impairment" in page.read_text(encoding="utf-8")
    report = said(primum("rules", "coverage", "--rules", MINI, "--format", "json"))
    assert [entry["id"] for entry in report["packs"][0]["statements"]] == ["CI-01", "WP-01", "WP-02", "IN-01"]  # type: ignore[index]


def test_a_changed_label_ends_with_1_and_names_the_rules(primum: Run, tmp_path: Path) -> None:
    label = tmp_path / "label.txt"
    label.write_text("Everything is new here.\n", encoding="utf-8")
    result = primum("rules", "coverage", "--label", label)
    assert result.exit_code == 1
    assert "baclofen-it.age-under-4" in result.stdout
    assert "line 1 is new" in result.stdout


def test_schemas_are_written_and_checked(primum: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    copytree(MINI, rules)
    assert primum("rules", "schema", "--rules", rules, "--check").exit_code == 1
    assert "rule.json" in said(primum("rules", "schema", "--rules", rules, "--format", "json"))["written"]  # type: ignore[operator]
    checked = primum("rules", "schema", "--rules", rules, "--check")
    assert (checked.exit_code, checked.stdout) == (0, "0 schemas out of date.\n")


def test_a_pack_is_exported_as_product_information(primum: Run) -> None:
    bundle = said(primum("rules", "export", "--format", "epi"))
    assert bundle["resourceType"] == "Bundle"
    refused = primum("rules", "export", "--pack", "nothing")
    assert refused.exit_code == 2
    assert "baclofen-it" in refused.stderr
