"""One browser and one workbench for all tests of the page; each test opens a tab of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.bench import CHROMIUM, Bench, chromium, working

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = pytest.mark.skip(reason="there is no Chromium here (Debian: apt install chromium)")
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not CHROMIUM:
                item.add_marker(absent)


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
