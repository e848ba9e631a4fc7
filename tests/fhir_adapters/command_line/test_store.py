"""``primum store`` and ``primum reproduce``: what an operator and an auditor see."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import Result

from engine.authoring.loading import load_rules
from fhir_adapters.app import application
from fhir_adapters.recording import Recorder
from fhir_adapters.settings import Settings
from fhir_adapters.store.store import Store
from tests.fhir_adapters.cds_hooks.conftest import REQUEST, caller

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SIGN = "/cds-services/primum-order-sign"
Run = Callable[..., Result]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'primum.sqlite3'}"


@pytest.fixture
def call(url: str) -> Iterator[Callable[..., httpx.Response]]:
    """Calls a service that keeps requests in the store."""
    loaded = load_rules(MINI)
    with closing(Recorder(Store(url), keep_requests=True)) as recorder:
        app = application(loaded.rules, loaded.concepts, Settings(), clock=lambda: NOW, recorder=recorder)
        yield caller(app)


@pytest.fixture
def decided(call: Callable[..., httpx.Response]) -> dict[str, Any]:
    """The answer to a decision of which one card was overridden."""
    answer: dict[str, Any] = call("POST", SIGN, json=REQUEST).json()
    report = {
        "card": answer["cards"][0]["uuid"],
        "outcome": "overridden",
        "outcomeTimestamp": "2026-05-01T12:05:00Z",
        "overrideReason": {"reason": {"code": "benefit", "system": "urn:o", "display": "Benefit"}},
    }
    assert call("POST", f"{SIGN}/feedback", json={"feedback": [report]}).status_code == 200
    return answer


@pytest.fixture
def decision(decided: dict[str, Any]) -> str:
    found: str = decided["extension"]["org.primum.evaluation"]["decision"]
    return found


def test_upgrade_makes_the_tables_once_and_is_content_with_them_afterwards(primum: Run, url: str) -> None:
    for _ in range(2):
        done = primum("store", "upgrade", "--store", url)
        assert (done.exit_code, "up to date" in done.stderr) == (0, True)
    with closing(Store(url)) as store:
        assert store.database.exists


@pytest.mark.parametrize(
    "command", [["show", str(uuid4())], ["feedback"], ["prune", "--before", "2026-01-01"]]
)
def test_a_mistyped_address_makes_no_new_store(primum: Run, url: str, command: list[str]) -> None:
    done = primum("store", *command, "--store", url)
    assert (done.exit_code, "There is no store" in done.stderr) == (1, True)
    assert not Path(url.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize("url", ["mysql://localhost/primum", "sqlite:////nowhere/at/all"])
def test_an_address_that_cannot_be_used_is_one_sentence(primum: Run, url: str) -> None:
    done = primum("store", "upgrade", "--store", url)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "the store" in done.stderr


def test_show_tells_how_every_rule_ended_and_what_was_reported(primum: Run, url: str, decision: str) -> None:
    shown = primum("store", "show", decision, "--store", url)
    assert shown.exit_code == 0
    for words in (
        decision,
        "2026-05-01T12:00:00.000+00:00",
        "not authenticated",
        "baclofen-it.renal-impairment",
        "Condition/c1",
        "not met",
        "overridden 2026-05-01T12:05:00+00:00: Benefit",
    ):
        assert words in shown.stdout


def test_show_as_json_holds_everything_but_the_kept_request(primum: Run, url: str, decision: str) -> None:
    shown = json.loads(primum("store", "show", decision, "--store", url, "--format", "json").stdout)
    assert shown["decision"]["id"] == decision
    assert (shown["decision"]["kept"], shown["request_kept"]) == (None, True)
    assert [report["outcome"] for report in shown["feedback"]] == ["overridden"]


def test_a_decision_that_is_not_there_or_none_is_one_sentence(primum: Run, url: str, decision: str) -> None:
    other = str(uuid4())
    done = primum("store", "show", other, "--store", url)
    assert (done.exit_code, other in done.stderr) == (1, True)
    assert primum("store", "show", "17", "--store", url).exit_code == 2
    assert primum("store", "show", decision.upper(), "--store", url).exit_code == 0


def test_ch_186_feedback_counts_what_became_of_the_cards_of_every_rule(
    primum: Run, url: str, decided: dict[str, Any]
) -> None:
    counted = json.loads(primum("store", "feedback", "--store", url, "--format", "json").stdout)
    assert counted["unmatched"] == 0
    assert {each.pop("rule"): each for each in counted["rules"]} == {
        "baclofen-it.wrong-route": {
            "cards": 1,
            "accepted": 0,
            "overridden": 1,
            "no_feedback": 0,
            "reasons": {"urn:o|benefit": 1},
        },
        "baclofen-it.renal-impairment": {
            "cards": 1,
            "accepted": 0,
            "overridden": 0,
            "no_feedback": 1,
            "reasons": {},
        },
    }
    shown = primum("store", "feedback", "--store", url)
    assert "benefit (1)" in shown.stdout
    assert "0 reports on cards of no stored decision" in shown.stdout


def test_prune_deletes_what_is_older_than_a_day(primum: Run, url: str, decision: str) -> None:
    kept = primum("store", "prune", "--before", "2026-04-30", "--store", url)
    assert (kept.exit_code, "0 decisions and 0 reports" in kept.stderr) == (0, True)
    pruned = primum("store", "prune", "--before", "2026-05-03", "--store", url)
    assert (pruned.exit_code, "1 decision and 1 report of feedback" in pruned.stderr) == (0, True)
    assert primum("store", "show", decision, "--store", url).exit_code == 1


def test_reproduce_shows_the_same_cards(
    primum: Run, url: str, decision: str, decided: dict[str, Any]
) -> None:
    done = primum("reproduce", decision, "--store", url, "--rules", MINI)
    assert (done.exit_code, "to the last byte" in done.stderr) == (0, True)
    assert all(card["summary"] in done.stdout for card in decided["cards"])
    as_json = json.loads(
        primum("reproduce", decision, "--store", url, "--rules", MINI, "--format", "json").stdout
    )
    assert as_json == {"same": True, "changes": [], "adjusted": {}, "response": decided}


def test_reproduce_with_other_rules_names_them_and_ends_with_1(
    primum: Run, url: str, decision: str, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    for file in MINI.rglob("*.yaml"):
        copied = rules / file.relative_to(MINI)
        copied.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        copied.write_text(
            text.replace("version: 1.0.0", "version: 1.0.1") if file.stem == "wrong-route" else text
        )
    done = primum("reproduce", decision, "--store", url, "--rules", rules)
    assert done.exit_code == 1
    assert "baclofen-it.wrong-route: then 1.0.0, now 1.0.1" in done.stderr


def test_reproduce_says_what_the_site_has_adjusted_and_what_it_had_not(
    primum: Run, url: str, decision: str, tmp_path: Path
) -> None:
    rules = Path(shutil.copytree(MINI, tmp_path / "rules"))
    (rules / "local").mkdir(exist_ok=True)
    (rules / "local/adjustments.yaml").write_text(
        "adjustments:\n  baclofen-it.renal-impairment:\n    set: {status: retired}\n    reason: Ours.\n"
        "    approved_by: drug and therapeutics committee\n    until: 2026-12-31\n",
        encoding="utf-8",
    )
    done = primum("reproduce", decision, "--store", url, "--rules", rules)
    assert done.exit_code == 1
    said = "adjustment of baclofen-it.renal-impairment: then not there, now not shown until 2026-12-31"
    assert said in done.stderr
    assert "At this site baclofen-it.renal-impairment not shown until 2026-12-31: Ours." in done.stdout
    told = json.loads(
        primum("reproduce", decision, "--store", url, "--rules", rules, "--format", "json").stdout
    )
    assert told["adjusted"]["baclofen-it.renal-impairment"]["silenced"]


def test_ch_131_reproduce_heeds_what_a_site_wants_to_be_critical(
    primum: Run, url: str, decision: str
) -> None:
    done = primum(
        "reproduce", decision, "--store", url, "--rules", MINI, "--critical-needs-review", "--format", "json"
    )
    assert done.exit_code == 1
    again = json.loads(done.stdout)
    assert again["changes"] == []
    assert {card["indicator"] for card in again["response"]["cards"]} == {"warning"}


def test_reproduce_says_when_the_request_was_not_kept(primum: Run, url: str, decision: str) -> None:
    with closing(Store(url)) as store, store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM kept_exchange")
    done = primum("reproduce", decision, "--store", url, "--rules", MINI)
    assert (done.exit_code, "PRIMUM_KEEP_REQUESTS" in done.stderr) == (1, True)


def test_the_address_comes_from_the_environment_too(
    primum: Run, url: str, decision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIMUM_DATABASE_URL", url)
    assert primum("store", "show", decision).exit_code == 0
