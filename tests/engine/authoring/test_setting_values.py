"""The values that a setting may have: a misspelt one is found wherever it is written, with the nearest that there is."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import pytest

from engine.authoring.boundaries import Boundaries
from engine.authoring.fingerprints import pack_fingerprint, parts_of
from engine.authoring.testing import read_tests
from tests.engine.authoring.conftest import Folder

PACK, EPILEPSY = "baclofen-it/pack.yaml", "baclofen-it/monitoring/epilepsy.yaml"
CASES = "baclofen-it/monitoring/epilepsy.test.yaml"
ASKED = "    - {parameter: region, is: us}\n"


@pytest.fixture
def regions(folder: Folder) -> Folder:
    """The small folder with a setting that one rule asks for."""
    folder.edit(PACK, "parameters:\n", "parameters:\n  region: {value: us, one_of: [eu, us], note: Ours.}\n")
    return folder.edit(EPILEPSY, "    - condition: epilepsy\n", f"    - condition: epilepsy\n{ASKED}")


def said(folder: Folder) -> list[tuple[str, str, str, str]]:
    return [
        (problem.file.removeprefix("rules/"), problem.code, problem.message, problem.help)
        for problem in folder.load().problems
    ]


def test_a_value_that_the_setting_may_have_is_right(regions: Folder) -> None:
    assert said(regions) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [(EPILEPSY, "is: us", "is: usa"), (PACK, "{value: us", "{value: usa")],
)
def test_any_other_is_wrong_in_a_rule_and_in_the_pack(regions: Folder, file: str, old: str, new: str) -> None:
    regions.edit(file, old, new)
    assert said(regions) == [(file, "unknown-value", "region is never usa", "did you mean us?")]


def test_any_other_is_wrong_at_a_site(regions: Folder) -> None:
    file = "local/parameters.yaml"
    regions.write(file, "parameters: {baclofen-it: {region: {value: europe, note: Ours.}}}\n")
    assert said(regions) == [(file, "unknown-value", "region is never europe", "there is eu and us")]


def test_any_other_is_wrong_for_one_rule_at_a_site(folder: Folder) -> None:
    folder.edit(
        PACK, "parameters:\n", "parameters:\n  urgency: {value: info, one_of: [info, warning], note: Ours.}\n"
    )
    folder.edit(EPILEPSY, "indicator: info", "indicator: parameter urgency")
    decided = "reason: Ours., approved_by: drug committee, until: 2026-06-30"
    file = "local/adjustments.yaml"
    folder.write(
        file,
        f"adjustments:\n  baclofen-it.epilepsy: {{set: {{parameters: {{urgency: warnin}}}}, {decided}}}\n",
    )
    assert said(folder) == [
        (file, "setting-not-adjustable", "urgency is never warnin", "did you mean warning?")
    ]


def test_any_other_is_wrong_in_a_test(regions: Folder) -> None:
    text = (regions.path / CASES).read_text()
    regions.write(CASES, f"{text}  - name: elsewhere\n    parameters: {{region: usa}}\n    expect: not_met\n")
    tests = read_tests(regions.load(), "baclofen-it.epilepsy")
    assert tests is not None
    [problem] = tests.problems
    assert (problem.code, problem.message, problem.help) == (
        "unknown-value",
        "region is never usa",
        "did you mean us?",
    )


def test_a_shared_finding_is_held_against_the_packs_that_list_the_values(regions: Folder) -> None:
    file = "findings/reduced-kidney-function.yaml"
    regions.edit(
        file, "  any:\n", "  any:\n    - {parameter: region, is: usa}\n    - {parameter: other, is: x}\n"
    )
    assert said(regions) == [(file, "unknown-value", "region is never usa", "did you mean us?")]
    regions.edit(PACK, ", one_of: [eu, us]", "")
    assert said(regions) == []


def test_the_list_is_no_change_of_a_rule(regions: Folder) -> None:
    before = regions.load()
    regions.edit(PACK, "one_of: [eu, us]", "one_of: [eu, us, uk]")
    after = regions.load()
    rule = before.rules.rule("baclofen-it.epilepsy")
    assert parts_of(before, rule) == parts_of(after, rule)
    assert pack_fingerprint(before, "baclofen-it", {}) == pack_fingerprint(after, "baclofen-it", {})


@pytest.mark.parametrize(("listed", "other"), [("[eu, us]", ["eu"]), ("[us]", [])])
def test_the_cases_at_limits_set_only_what_may_be_set(regions: Folder, listed: str, other: list[str]) -> None:
    regions.edit(PACK, "[eu, us]", listed)
    with closing(Boundaries(regions.load(), "baclofen-it.epilepsy", today=date(2026, 3, 1))) as boundaries:
        cases = [case for case in boundaries.cases() if case.side == "outside"]
    values = [case.setup["parameters"]["region"] for case in cases if "parameters" in case.setup]
    assert [value for value in values if value != "us"] == other
