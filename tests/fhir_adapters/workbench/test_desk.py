"""An author's desk: what is typed stays in memory, and files change only as was shown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.authoring.loading import load_rules
from engine.authoring.testing import run_tests
from fhir_adapters.workbench.desk import Desk
from fhir_adapters.workbench.patients import setups_of
from fhir_adapters.workbench.shelf import NotWritten, Shelf
from tests.fhir_adapters.workbench.conftest import RULE

TODAY = date(2026, 11, 28)


def path_of(folder: Path, name: str = "renal-impairment.yaml") -> Path:
    return folder / "baclofen-it/warnings" / name


def test_what_is_typed_changes_no_file(desk: Desk, folder: Path) -> None:
    before = path_of(folder).read_text()
    edit = desk.type(before.replace("(eGFR", "(filtration rate"))
    assert edit.usable
    assert desk.changed
    assert path_of(folder).read_text() == before
    assert [line for line in desk.difference() if line.startswith("+")] == [
        '+  summary: "Kidney function is reduced (filtration rate {egfr.value}): start {medicine} with a lower dose"'
    ]


def test_saving_writes_what_was_typed_and_the_folder_knows(desk: Desk, folder: Path) -> None:
    desk.type(desk.saved_text.replace("title: Reduced", "title: Much reduced"))
    desk.save()
    assert not desk.changed
    assert desk.loaded.rules.rule("baclofen-it.renal-impairment").title.startswith("Much reduced")
    assert load_rules(folder).rules == desk.loaded.rules


def test_a_file_that_someone_else_changed_is_written_over_only_after_the_difference_was_shown(
    desk: Desk, folder: Path
) -> None:
    path_of(folder).write_text(path_of(folder).read_text() + "# by someone else\n")
    desk.type(desk.saved_text.replace("title: Reduced", "title: Much reduced"))
    with pytest.raises(NotWritten, match="changed elsewhere"):
        desk.save()
    assert "Much" not in path_of(folder).read_text()
    assert desk.renew()
    assert "-# by someone else" in desk.difference()
    desk.save()
    assert "by someone else" not in path_of(folder).read_text()
    assert not desk.renew()


def test_that_a_file_was_changed_elsewhere_is_told_until_the_author_decides(desk: Desk, folder: Path) -> None:
    path_of(folder).write_text(path_of(folder).read_text() + "# by someone else\n")
    desk.type(desk.saved_text.replace("title: Reduced", "title: Much reduced"))
    assert desk.renew()
    assert desk.renew(), "the author has only looked at it"
    path_of(folder).write_text(path_of(folder).read_text() + "# and again\n")
    with pytest.raises(NotWritten, match="changed elsewhere"):
        desk.save()
    assert desk.renew(), "nothing was written yet"
    desk.type(path_of(folder).read_text())
    assert not desk.renew(), "the author has taken the text of the others"
    desk.type(desk.saved_text.replace("title: Reduced", "title: Much reduced"))
    assert not desk.renew()
    desk.save()
    assert path_of(folder).read_text().endswith("# by someone else\n# and again\n")


def test_what_was_typed_on_an_older_text_is_told_as_such(desk: Desk, shelf: Shelf, folder: Path) -> None:
    base, typed = desk.base, desk.saved_text.replace("title: Reduced", "title: Much reduced")
    path_of(folder).write_text(base + "# by someone else\n")
    again = Desk(shelf, RULE)
    assert "by someone else" in again.edit.document.text
    again.resume(base, typed)
    with pytest.raises(NotWritten, match="changed elsewhere"):
        again.save()


def test_what_one_desk_saves_another_begins_with(desk: Desk, shelf: Shelf) -> None:
    desk.type(desk.saved_text.replace("title: Reduced", "title: Much reduced"))
    desk.save()
    assert "Much reduced" in Desk(shelf, RULE).edit.document.text


def test_a_rule_whose_file_is_gone_is_said(desk: Desk, shelf: Shelf, folder: Path) -> None:
    path_of(folder).unlink()
    with pytest.raises(NotWritten, match="no longer there"):
        desk.renew()
    assert Desk(shelf, RULE).file != RULE


def test_a_change_that_breaks_another_file_is_told_before(desk: Desk) -> None:
    desk.open("rules/baclofen-it/contraindications/wrong-route.yaml")
    desk.type(desk.saved_text.replace("id: baclofen-it.wrong-route", "id: baclofen-it.renal-impairment"))
    assert [(problem.file, problem.code) for problem in desk.consequences()] == [(RULE, "id-reused")]


def test_a_rule_that_could_not_be_read_can_be_opened_and_mended(folder: Path, shelf: Shelf) -> None:
    good = path_of(folder).read_text()
    path_of(folder).write_text("hooks: [\n")
    desk = Desk(shelf, RULE)
    assert desk.edit.rule is None
    assert (desk.sentence(), desk.run_tests(), desk.coverage()) == ("", [], [])
    assert desk.type(good).usable
    desk.save()
    assert not load_rules(folder).broken


def test_tests_run_on_what_is_typed(desk: Desk) -> None:
    assert [result.passed for result in desk.run_tests()] == [True] * 7
    desk.type(desk.saved_text.replace("parameter kidney-limit", "61 mL/min/1.73m2"))
    assert [result.name for result in desk.run_tests() if not result.passed] == [
        "eGFR of exactly 60 is not reduced",
        "a site may set another limit",
    ]


def test_coverage_is_of_the_tests_of_the_rule(desk: Desk) -> None:
    seen = {entry.path: {truth.value for truth in entry.lacking} for entry in desk.coverage()}
    assert len(seen) == 3
    assert seen[("when", "any", 1)] == set()


def test_a_test_is_shown_with_how_it_ends_and_then_added(desk: Desk, folder: Path) -> None:
    before = path_of(folder, "renal-impairment.test.yaml").read_text()
    setup = {
        "patient": {"age": "71 years", "sex": "female"},
        "conditions": ["chronic-kidney-disease"],
        "missing": ["devices"],
    }
    addition = desk.addition(
        "a diagnosis warns without devices", setup, {"outcome": "met", "card": "warning"}, TODAY
    )
    assert addition.problems == ()
    assert addition.result is not None
    assert addition.result.passed
    assert "patient" not in addition.lines, "the tests of this file share it"
    assert path_of(folder, "renal-impairment.test.yaml").read_text() == before
    desk.add_test(addition)
    assert path_of(folder, "renal-impairment.test.yaml").read_text() == f"{before}\n{addition.lines}"
    assert run_tests(load_rules(folder), select="without devices").ok


def test_a_test_that_would_fail_says_so(desk: Desk) -> None:
    addition = desk.addition("nothing warns", {}, {"outcome": "met"}, TODAY)
    assert addition.result is not None
    assert addition.result.failures == ("outcome: expected met, got unknown",)


def test_a_name_that_is_taken_is_a_problem(desk: Desk) -> None:
    taken = desk.addition("a diagnosis is enough", {}, {"outcome": "unknown"}, TODAY)
    assert [problem.code for problem in taken.problems] == ["test-name-duplicate"]


def test_the_first_test_makes_the_file(folder: Path, shelf: Shelf) -> None:
    path_of(folder, "renal-impairment.test.yaml").unlink()
    desk = Desk(shelf, RULE)
    assert desk.tests() is None
    assert desk.today(TODAY) == TODAY
    desk.add_test(desk.addition("nothing on record is said", {}, {"outcome": "unknown"}, TODAY))
    assert path_of(folder, "renal-impairment.test.yaml").read_text() == (
        "# yaml-language-server: $schema=../../schema/test.json\n"
        "today: 2026-11-28\ntests:\n  - name: nothing on record is said\n    expect:\n      outcome: unknown\n"
    )
    assert [result.passed for result in desk.run_tests()] == [True]


def test_a_test_file_that_someone_else_changed_is_not_written_over(desk: Desk, folder: Path) -> None:
    addition = desk.addition("again", {}, {"outcome": "unknown"}, TODAY)
    file = path_of(folder, "renal-impairment.test.yaml")
    file.write_text(file.read_text() + "# by someone else\n")
    with pytest.raises(NotWritten, match="changed elsewhere"):
        desk.add_test(addition)
    desk.add_test(desk.addition("again", {}, {"outcome": "unknown"}, TODAY))
    assert "# by someone else" in file.read_text()


@pytest.mark.parametrize("broken", ["tests: [\n", "today: 2026-03-01\ntests: no list\n", "nonsense: 1\n"])
def test_to_a_broken_test_file_nothing_is_added_and_it_is_no_file_without_tests(
    desk: Desk, folder: Path, broken: str
) -> None:
    path_of(folder, "renal-impairment.test.yaml").write_text(broken)
    addition = desk.addition("again", {}, {"outcome": "unknown"}, TODAY)
    assert addition.problems
    assert (addition.text, addition.result) == ("", None)
    tests = desk.tests()
    assert tests is not None
    assert tests.problems == addition.problems


def test_patients_of_tests_have_what_all_share(desk: Desk) -> None:
    tests = desk.tests()
    assert tests is not None
    assert setups_of(tests)["a diagnosis is enough"] == {
        "patient": {"age": "71 years", "sex": "female"},
        "conditions": ["chronic-kidney-disease"],
    }
