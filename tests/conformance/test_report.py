"""The page of the conformance report: complete, explained, and what the tests say."""

import subprocess
import sys

import pytest

from fhir_adapters.conformance.row import ROWS
from tests.conformance.report import PAGE, ROOT, STANDING, in_sources, report, rows_of


def test_the_page_is_what_a_run_writes_in_which_every_test_passes() -> None:
    assert PAGE.read_text(encoding="utf-8") == report(in_sources(), {}), "make conformance mends this"


def test_every_row_is_shown_by_a_test_or_has_a_reason() -> None:
    shown = in_sources()
    assert [row for row in ROWS if row not in shown and "state" not in STANDING.get(row, {})] == []


def test_what_is_said_of_a_row_is_said_of_one_that_exists() -> None:
    assert STANDING.keys() <= ROWS.keys()
    for standing in STANDING.values():
        assert standing["reason"]
        assert standing.get("state", "open") in ("open", "not for us", "measured")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("tests/test_x.py::test_ch_120_a_summary", {"CH-120"}),
        ("test_ch_003_and_ch_004_no_member", {"CH-003", "CH-004"}),
        ("test_ch_060_to_062_the_linter", {"CH-060", "CH-061", "CH-062"}),
        ("test_an_attack[CH-202 alg none]", {"CH-202"}),
        ("test_conforms[open-ch_120_a_summary]", {"CH-120"}),
        ("test_patch_120_is_none", set()),
        ("test_ch_999_is_none", set()),
    ],
)
def test_the_name_of_a_test_says_which_rows_it_shows(name: str, rows: set[str]) -> None:
    assert rows_of(name) == rows


def test_a_failed_test_fails_its_row_whatever_else_shows_it() -> None:
    written = report(in_sources(), {"CH-120": {"tests/test_x.py"}})
    assert "| CH-120 | SHALL, all | A summary is under 140 characters | failed | tests/test_x.py |" in written


def test_a_run_begins_in_a_process_of_its_own_as_make_has_it() -> None:
    """There, the modules of this one are loaded before pytest is, which it may take for an error."""
    program = (
        "from tests.conformance.report import ran; "
        "ended, run = ran('tests/fhir_adapters/test_settings.py', '-k', 'ch_001'); "
        "print(int(ended), sorted(run.shown), run.failed)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["0 ['CH-001'] {}"], done.stderr
