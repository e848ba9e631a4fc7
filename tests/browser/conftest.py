"""One browser and one workbench for all tests of the page; each test opens a tab of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.bench import Bench, chromium, working


@pytest.fixture(scope="session")
def browser() -> Iterator:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with working(tmp_path_factory.mktemp("bench"), "renal-impairment") as started:
        yield started


@pytest.fixture
def page(bench: Bench, browser) -> Iterator:
    opened = bench.opened(browser)
    yield opened
    opened.close()
