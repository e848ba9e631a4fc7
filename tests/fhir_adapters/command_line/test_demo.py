"""``primum demo``: the service is started, asked over HTTP as an EHR would, and its cards are shown."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from datetime import date
from pathlib import Path

import msgspec
import pytest

from fhir_adapters.command_line.demo import WRITTEN_ON, demo_settings, request_on
from tests.fhir_adapters.command_line.conftest import Run

PRIMUM = [sys.executable, "-c", "from fhir_adapters.cli import main; main()"]


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"COLUMNS": "120", "TERM": "dumb", "PORT": "0"} | more


def test_once_shows_the_call_and_the_cards_and_ends() -> None:
    shown = subprocess.run(
        [*PRIMUM, "demo"], env=environment(ONCE="1"), capture_output=True, text=True, timeout=120, check=False
    )
    assert shown.returncode == 0, shown.stderr
    assert re.search(
        r"POST http://127\.0\.0\.1:\d+/cds-services/primum-order-sign  200  \d+ ms", shown.stdout
    )
    assert shown.stdout.count(" CRITICAL ") == 2
    assert "Drug-resistant epilepsy: intrathecal baclofen is contraindicated" in shown.stdout
    assert "Child of 3 years" in shown.stdout
    assert "not checked" in shown.stdout
    assert "Traceback" not in shown.stderr


def test_it_serves_on_until_it_is_interrupted() -> None:
    command = [*PRIMUM, "demo"]
    with subprocess.Popen(
        command, env=environment(ONCE=""), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stderr is not None
            line = next((line for line in running.stderr if "The service goes on at" in line), "")
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert address is not None
            with urllib.request.urlopen(f"{address[0]}/health/live", timeout=10) as response:
                assert response.status == 200
            running.send_signal(signal.SIGINT)
            rest = running.communicate(timeout=30)[1]
        finally:
            running.kill()
    assert running.returncode == 130
    assert rest.endswith("Stopped.\n")


def test_a_site_s_settings_are_not_for_the_demonstration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PRIMUM_CLIENTS", "clients.toml")
    monkeypatch.setenv("PRIMUM_PUBLIC_URL", "https://cds.example.org")
    monkeypatch.setenv("PRIMUM_HOST", "0.0.0.0")
    settings = demo_settings(0, tmp_path)
    assert (settings.host, settings.clients, settings.rules) == ("127.0.0.1", None, tmp_path)


@pytest.mark.parametrize("today", [date(2026, 1, 15), date(2028, 2, 29), date(2031, 12, 31)])
def test_the_child_stays_three_and_the_order_is_of_today(today: date) -> None:
    request = msgspec.json.decode(request_on(today))
    born = date.fromisoformat(request["prefetch"]["patient"]["birthDate"])
    assert 3 * 366 < (today - born).days < 4 * 365
    [draft] = request["context"]["draftOrders"]["entry"]
    assert draft["resource"]["authoredOn"] == today.isoformat()


def test_the_request_is_set_on_the_day_of_its_order() -> None:
    assert f'"authoredOn": "{WRITTEN_ON}"'.encode() in request_on(WRITTEN_ON)


def test_the_request_can_be_had_alone(primum: Run) -> None:
    shown = primum("demo", "--request")
    assert msgspec.json.decode(shown.stdout)["hook"] == "order-sign"


def test_a_busy_port_is_one_sentence(primum: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        shown = primum("demo", "--port", taken.getsockname()[1])
    assert shown.exit_code == 1
    assert "choose another port with --port" in shown.stderr
    assert shown.stdout == ""


def test_the_picture_shows_the_cards_and_loads_nothing(tmp_path: Path) -> None:
    picture = tmp_path / "cards.svg"
    arguments = [*PRIMUM, "demo", "--once", "--picture", str(picture)]
    subprocess.run(arguments, env=environment(), capture_output=True, timeout=120, check=True)
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert "CRITICAL" in drawn
    assert "url(http" not in drawn
