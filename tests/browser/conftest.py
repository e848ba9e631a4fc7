"""One browser and one workbench for the tests of a module; each test opens a tab of its own.

The browser's driver leaves an event loop running in its thread for as long as it is open, and whatever runs there next could
not start one: so it closes with the module.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.bench import Bench, chromium, working


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with working(tmp_path_factory.mktemp("bench"), "renal-impairment") as started:
        yield started


@pytest.fixture
def page(bench: Bench, browser) -> Iterator:
    opened = bench.opened(browser)
    yield opened
    opened.close()
