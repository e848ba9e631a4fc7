"""``primum workbench``: starts on this machine only."""

from pathlib import Path

import pytest

from tests.fhir_adapters.command_line.conftest import Run


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_reach_is_refused(primum: Run, host: str) -> None:
    refused = primum("workbench", "--host", host)
    assert refused.exit_code == 2
    assert "the page is only for this one" in refused.stderr


def test_help_has_an_example(primum: Run) -> None:
    assert "Example: primum workbench" in primum("workbench", "--help").stdout


def test_a_folder_without_rules_has_nothing_to_open(primum: Run, tmp_path: Path) -> None:
    refused = primum("workbench", "--rules", str(tmp_path), "--port", "0")
    assert refused.exit_code == 1
    assert "no rule here" in refused.stderr
