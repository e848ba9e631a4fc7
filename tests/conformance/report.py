"""The conformance report: every row, the tests that show it, and a reason for each that none shows.

A test shows a row when its name holds it (``test_ch_120_…``), or the id of its parameter does. ``make conformance`` runs
all of these and writes `docs/conformance.md`; a test holds that page against what the sources say.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest

from fhir_adapters.conformance.report import page
from fhir_adapters.conformance.row import ROWS
from tests.attacks import claims, signatures
from tests.conformance import test_any_service

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conformance.md"
STANDING = tomllib.loads((Path(__file__).parent / "standing.toml").read_text(encoding="utf-8"))
PREFACE = """
What CDS Hooks 1.0 to 3.0 asks of a service, and where Primum stands. Written by `make conformance`, which runs every test
that shows a row. A row has *passed* when tests show it, most of them on a live service over HTTP; their names hold its
number, so that `grep -rniE 'ch[_-]120' tests` finds those of CH-120. Levels: *client* binds clients, and the service
copes; *advice* is good practice where the specification is silent.

Any other service can be put to the rows that show from outside: `primum conformance URL`. It sends invented patients,
broken requests and feedback on cards that do not exist, so it is not for a service in use. A service that authenticates
its callers needs a fresh token for each call, which `--token-command` makes: the command is given the address that is
called, for `aud`, and prints a token.
"""
_NAMED = re.compile(r"(?<![a-z])ch[_-](\d{3})(?:_to_(?:ch_)?(\d{3}))?", re.IGNORECASE)


def rows_of(name: str) -> set[str]:
    """The rows that the name of a test holds."""
    found = set()
    for first, last in _NAMED.findall(name):
        found |= {f"CH-{number:03}" for number in range(int(first), int(last or first) + 1)}
    return found & ROWS.keys()


class Run:
    """A plug-in that runs the tests with rows in their names, and notes how they ended."""

    def __init__(self) -> None:
        self.shown: set[str] = set()
        self.failed: dict[str, set[str]] = {}

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if rows_of(item.nodeid)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that was skipped shows nothing."""
        rows = rows_of(report.nodeid)
        if report.failed:
            for row in rows:
                self.failed.setdefault(row, set()).add(report.nodeid.partition("::")[0])
        elif report.when == "call" and report.passed:
            self.shown |= rows


def in_sources() -> set[str]:
    """The rows that a run shows in which every test passes, read from the sources without running them."""
    attacks = (*signatures.attacks(), *claims.attacks())
    return {*_named(), *(attack.row for attack in attacks), *test_any_service.shown()}


def _named() -> Iterator[str]:
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from rows_of(node.name)


def report(shown: Collection[str], failed: Mapping[str, set[str]]) -> str:
    """The page for the rows that tests have shown, and the files of the tests that failed by their rows."""
    return page("Conformance", PREFACE, {row: _state(row, shown, failed) for row in ROWS})


def _state(row: str, shown: Collection[str], failed: Mapping[str, set[str]]) -> tuple[str, str]:
    standing = STANDING.get(row, {})
    if row in failed:
        return "failed", ", ".join(sorted(failed[row]))
    if "state" in standing:
        return standing["state"], standing["reason"]
    if row not in shown:
        return "not explained", ""
    return "passed", standing.get("reason", "")


def main() -> int:
    """Run the tests and write the page; 1 when a test failed or a row has neither a test nor a reason."""
    ended, run = ran(str(ROOT / "tests"))
    written = report(run.shown, run.failed)
    PAGE.write_text(written, encoding="utf-8")
    return int(ended != 0 or "| not explained |" in written)


def ran(*arguments: str) -> tuple[int, Run]:
    """How pytest ended, and what it showed."""
    run = Run()
    # This module has imported plug-ins of pytest's own (anyio, through httpx) before pytest could rewrite their assertions.
    calm = ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    return pytest.main(["-q", "-p", "no:cacheprovider", *calm, *arguments], plugins=[run]), run


if __name__ == "__main__":
    sys.exit(main())
