"""``primum workbench``: starts on this machine only."""

import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fhir_adapters.app import create_app
from fhir_adapters.settings import Settings
from tests.fhir_adapters.command_line.conftest import Run

ROOT = Path(__file__).resolve().parents[3]
MINI = ROOT / "tests/fixtures/rules-mini"


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


def test_the_service_neither_loads_nor_serves_it() -> None:
    program = "import sys, fhir_adapters.app; print([m for m in sys.modules if 'nicegui' in m or '.workbench' in m])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"
    with TestClient(create_app(Settings(rules=MINI)), base_url="http://127.0.0.1") as service:
        for path in ("/record", "/workbench", "/_nicegui", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
            assert service.get(path).status_code == 404


def test_the_containers_do_not_install_it() -> None:
    assert "nicegui" not in (ROOT / "requirements.txt").read_text()
    assert "requirements.txt" in (ROOT / "Dockerfile").read_text()
    assert "nicegui" in (ROOT / "requirements-dev.txt").read_text()
