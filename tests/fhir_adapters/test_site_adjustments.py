"""A site's adjustments from its file to the answer: what is not shown is in the evaluation, with the reason."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.authoring.loading import DEFAULT_FOLDER
from fhir_adapters.app import create_app
from fhir_adapters.command_line.demo import request_on
from fhir_adapters.settings import Settings

DAY = date(2026, 3, 1)
SITE = """\
adjustments:
  baclofen-it.opioids:
    set: {status: retired}
    reason: The ward's own protocol covers it.
    approved_by: drug and therapeutics committee
    until: 2026-06-30
  baclofen-it.age-under-4:
    set: {indicator: warning}
    reason: A ward for small children.
    approved_by: drug and therapeutics committee
    until: 2026-06-30
"""


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """The site's own folder."""
    (tmp_path / "adjustments.yaml").write_text(SITE, encoding="utf-8")
    return tmp_path


def answers(local: Path | None, day: date = DAY) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the service answers to the demonstration's order on a day, and what it says of itself."""
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    app = create_app(Settings(local=local), clock=lambda: now)

    async def ask() -> tuple[dict[str, Any], dict[str, Any]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client:
            cards = await client.post(
                "/cds-services/primum-order-sign",
                content=request_on(day),
                headers={"content-type": "application/json"},
            )
            return cards.json(), (await client.get("/health/ready")).json()

    return asyncio.run(ask())


def rule(answer: dict[str, Any], name: str) -> dict[str, Any]:
    reports = answer["extension"]["org.primum.evaluation"]["rules"]
    return next(report for report in reports if report["id"] == name)


def test_what_a_site_adjusts_is_in_the_answer_with_its_reason(local: Path) -> None:
    shipped, _ = answers(None)
    adjusted, ready = answers(local)
    assert "adjusted" not in rule(shipped, "baclofen-it.opioids")
    opioids = rule(adjusted, "baclofen-it.opioids")
    assert opioids["outcome"] == rule(shipped, "baclofen-it.opioids")["outcome"] == "met"
    assert opioids["adjusted"] == {
        "set": "not shown",
        "reason": "The ward's own protocol covers it.",
        "approved_by": "drug and therapeutics committee",
        "until": "2026-06-30",
        "silenced": True,
    }
    assert "experimental" not in opioids
    assert "Opioid" in json.dumps(shipped["cards"])
    assert "Opioid" not in json.dumps(adjusted["cards"])
    child = rule(adjusted, "baclofen-it.age-under-4")
    assert child["adjusted"]["set"] == "warning as its urgency"
    assert "silenced" not in child["adjusted"]
    assert [(entry["rule"], entry["in_force"]) for entry in ready["adjustments"]] == [
        ("baclofen-it.age-under-4", True),
        ("baclofen-it.opioids", True),
    ]


def test_what_has_ended_is_as_it_ships_and_said(local: Path) -> None:
    later = date(2026, 6, 30) + timedelta(days=1)
    adjusted, ready = answers(local, later)
    assert "adjusted" not in rule(adjusted, "baclofen-it.opioids")
    assert adjusted["cards"] != []
    assert "Opioid" in json.dumps(adjusted["cards"])
    assert {entry["in_force"] for entry in ready["adjustments"]} == {False}


def test_upstream_adjusts_nothing() -> None:
    assert not (DEFAULT_FOLDER / "local/adjustments.yaml").exists()


def test_the_command_line_says_what_is_not_shown_and_what_has_ended(tmp_path: Path, local: Path) -> None:
    from typer.testing import CliRunner

    from fhir_adapters.cli import app

    folder = shutil.copytree(DEFAULT_FOLDER, tmp_path / "rules")
    (folder / "local").mkdir()
    ended = SITE.replace("2026-06-30", "2026-01-31", 1)
    (folder / "local/adjustments.yaml").write_text(ended, encoding="utf-8")
    run = CliRunner(env={"COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"}).invoke
    shown = run(app, ["rules", "check", "--rules", str(folder)])
    assert shown.exit_code == 0
    assert "at this site baclofen-it.opioids is not shown until 2026-01-31" in shown.stdout
    assert "this ended on 2026-01-31: baclofen-it.opioids is as it ships again" in shown.stdout
    told = run(app, ["describe", "opioids", "--rules", str(folder)])
    assert "At this site not shown until 2026-01-31, which has ended: it is as it ships again." in told.stdout
    ended = json.loads(run(app, ["describe", "opioids", "--rules", str(folder), "--format", "json"]).stdout)
    assert (ended["adjusted"]["set"], ended["adjusted"]["in_force"]) == ("not shown", False)


def test_the_command_line_says_what_is_adjusted_where_it_speaks_of_a_patient(
    tmp_path: Path, local: Path
) -> None:
    from typer.testing import CliRunner

    from fhir_adapters.cli import app

    folder = shutil.copytree(DEFAULT_FOLDER, tmp_path / "rules")
    shutil.copytree(local, folder / "local", ignore=shutil.ignore_patterns("rules"))
    order = tmp_path / "order.json"
    order.write_bytes(request_on(DAY))
    run = CliRunner(env={"COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"}).invoke
    asked = ("--rules", str(folder), "--today", DAY.isoformat())
    told = run(app, ["explain", "opioids", str(order), *asked])
    said = "until 2026-06-30: The ward's own protocol covers it."
    assert f"At this site not shown {said} (approved by drug and therapeutics committee)" in told.stdout
    answer = json.loads(run(app, ["explain", "age-under-4", str(order), *asked, "--format", "json"]).stdout)
    assert answer["adjusted"] == {
        "set": "warning as its urgency",
        "reason": "A ward for small children.",
        "approved_by": "drug and therapeutics committee",
        "until": "2026-06-30",
        "silenced": False,
        "in_force": True,
    }
    assert "at this site not shown" in run(app, ["check", str(order), "--all", *asked]).stdout
