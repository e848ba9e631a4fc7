"""A new rule is a file that loads, with tests that run beside it; nothing that exists is written over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from errno import ENOSPC
from typing import Any

import pytest

from engine.authoring.drafts import Draft, draft_text, file_of, write_draft
from engine.authoring.testing import run_tests
from engine.errors import RuleFileError
from engine.rule import Hook, Indicator, Kind
from tests.engine.authoring.conftest import Folder

TODAY = date(2026, 3, 1)
LAB: Mapping[str, Any] = {"lab": "lab-egfr", "below": "30 mL/min/1.73m2", "within": "12 months"}
DRAFT = Draft(
    "kidney-failure",
    "baclofen-it",
    "Kidney failure",
    Kind.WARNING,
    "baclofen-intrathecal",
    (Hook.ORDER_SIGN,),
    LAB,
    Indicator.CRITICAL,
    "eGFR: {medicine} accumulates",
    date(2027, 3, 1),
    "WP-02",
)


def test_a_draft_is_written_with_tests_that_run(folder: Folder) -> None:
    before = folder.found()
    written = write_draft(folder.load(), DRAFT, folder.path, today=TODAY)
    assert written.rule == folder.path / "baclofen-it/warnings/kidney-failure.yaml"
    loaded = folder.load()
    rule = loaded.rules.rule("baclofen-it.kidney-failure")
    assert (rule.status, rule.hooks, rule.statements) == ("draft", (Hook.ORDER_SIGN,), ("WP-02",))
    assert [problem for problem in loaded.problems if problem.severity == "error"] == []
    assert len(folder.found()) - len(before) <= 1
    report = run_tests(loaded, select="kidney-failure")
    assert report.ok
    assert [result.name for result in report.results] == [
        "eGFR of 29 mL/min/1.73m2 means a card (critical)",
        "eGFR of 30 mL/min/1.73m2 means no card",
        "eGFR of 29 mL/min/1.73m2 on 2025-02-28 (out of time) leaves it open",
    ]


def test_the_file_is_one_that_a_person_would_write() -> None:
    assert draft_text(
        replace(DRAFT, statement="", beyond="Ours: not in the label"), "rules/baclofen-it/warnings/k.yaml"
    ) == (
        """\
# yaml-language-server: $schema=../../schema/rule.json
id: baclofen-it.kidney-failure
title: Kidney failure
kind: warning
status: draft
version: 0.1.0
hooks: [order-sign]
medicine: baclofen-intrathecal

when:
  lab: lab-egfr
  below: 30 mL/min/1.73m2
  within: 12 months

card:
  indicator: critical
  summary: "eGFR: {medicine} accumulates"

sources:
  - beyond: "Ours: not in the label"
review: {state: unreviewed, next: 2027-03-01}
"""
    )


def test_it_stands_beside_the_rules_of_its_kind(folder: Folder) -> None:
    loaded = folder.load()
    assert file_of(DRAFT, loaded) == "rules/baclofen-it/warnings/kidney-failure.yaml"
    assert (
        file_of(replace(DRAFT, kind=Kind.INTERACTION), loaded)
        == "rules/baclofen-it/interactions/kidney-failure.yaml"
    )


@pytest.mark.parametrize("name", ["renal-impairment", "epilepsy"])
def test_a_rule_that_is_there_stays_as_it_is(folder: Folder, name: str) -> None:
    before = {path: path.read_bytes() for path in folder.path.rglob("*.yaml")}
    with pytest.raises(RuleFileError, match="is there already"):
        write_draft(folder.load(), replace(DRAFT, name=name), folder.path, today=TODAY)
    assert {path: path.read_bytes() for path in folder.path.rglob("*.yaml")} == before


def test_a_file_that_is_there_stays_as_it_is(folder: Folder) -> None:
    folder.write("baclofen-it/warnings/kidney-failure.test.yaml", "mine")
    with pytest.raises(RuleFileError, match="is there already"):
        write_draft(folder.load(), DRAFT, folder.path, today=TODAY)
    assert not (folder.path / "baclofen-it/warnings/kidney-failure.yaml").exists()


def test_on_a_full_disk_nothing_is_left_behind(folder: Folder, full_disk: None) -> None:
    before = {*folder.path.rglob("*")}
    with pytest.raises(OSError, match="kidney-failure"):
        write_draft(folder.load(), DRAFT, folder.path, today=TODAY)
    assert {*folder.path.rglob("*")} == before


def test_a_rule_is_not_left_without_its_tests(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(ENOSPC, "No space left on device", "kidney-failure.test.yaml")

    monkeypatch.setattr("engine.authoring.drafts.add_confirmed", no_room)
    with pytest.raises(OSError, match="No space left"):
        write_draft(folder.load(), DRAFT, folder.path, today=TODAY)
    assert not (folder.path / "baclofen-it/warnings/kidney-failure.yaml").exists()


def test_a_rule_with_errors_is_not_written(folder: Folder) -> None:
    wrong = replace(DRAFT, condition={"condition": "kidney-failure"})
    with pytest.raises(RuleFileError, match="there is no concept kidney-failure"):
        write_draft(folder.load(), wrong, folder.path, today=TODAY)
    assert not (folder.path / "baclofen-it/warnings/kidney-failure.yaml").exists()


def test_a_rule_of_which_no_case_can_be_made_has_no_test_file(folder: Folder) -> None:
    """No value lies below zero, so that no case decides on either side of the limit but the missing one."""
    unreachable = replace(DRAFT, condition={"all": [{"parameter": "kidney-limit", "is": "nothing"}]})
    written = write_draft(folder.load(), unreachable, folder.path, today=TODAY)
    assert {case.case.side for case in written.cases} <= {"inside", "outside"}
