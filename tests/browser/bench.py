"""A workbench in a process of its own, on a copy of the small rules, and a browser that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

MINI = Path(__file__).resolve().parents[1] / "fixtures" / "rules-mini"
PRIMUM = Path(sys.executable).parent / "primum"
RULE = "baclofen-it/warnings/renal-impairment.yaml"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here (Debian: apt install chromium)"),
]
"""The marks of every module that drives the page."""

PATIENCE = 60_000
"""Milliseconds that a loaded machine may take for one thing."""


@dataclass
class Bench:
    """A running workbench: its address, its rules, where it was started, and what it has printed."""

    url: str
    rules: Path
    folder: Path
    printed: Path
    process: subprocess.Popen[bytes]
    asked: list[str] = field(default_factory=list)

    def text(self, file: str = RULE) -> str:
        return (self.rules / file).read_text(encoding="utf-8")

    def opened(
        self,
        browser: BrowserContext,
        *,
        dark: bool = False,
        width: int = 1280,
        height: int = 800,
        query: str = "",
    ) -> Page:
        """The page in a new tab, when the first findings are drawn; every address that it asks for is noted."""
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda connection: self.asked.append(connection.url))
        page.goto(self.url + query)
        page.locator(".lines .finding").first.wait_for()
        return page


@contextmanager
def working(folder: Path, *arguments: str, rules: Path = MINI) -> Iterator[Bench]:
    """A workbench on a copy of some rules, until the block ends."""
    folder.mkdir(exist_ok=True)
    copy = folder / "rules"
    shutil.copytree(rules, copy)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PRIMUM_")}
    command = [str(PRIMUM), "workbench", *arguments, "--rules", str(copy), "--port", str(port)]
    printed = folder / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=own, stdout=output, stderr=output)
    try:
        _wait(port, process, printed)
        yield Bench(f"http://127.0.0.1:{port}/", copy, folder, printed, process)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], printed: Path) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the workbench did not start: {printed.read_text()}")


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """Debian's Chromium, without a window; tabs share what they have loaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser.new_context(locale="en-GB")
        browser.close()
