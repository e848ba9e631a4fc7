"""The pictures of the page in the documentation: ``python -m tests.browser.pictures`` draws them anew."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import BrowserContext, Page

from engine.authoring.loading import DEFAULT_FOLDER
from tests.browser.bench import Bench, chromium, working

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def a_card(bench: Bench, browser: BrowserContext) -> None:
    """The rule, the patient of its first test, and the card."""
    page = bench.opened(browser)
    _draw(page, "card")


def a_mistake(bench: Bench, browser: BrowserContext) -> None:
    """A concept that does not exist, and what is said of it."""
    page = bench.opened(browser)
    page.locator(".cm-line", has_text="condition: renal-impairment").first.click()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.get_by_text("did you mean").wait_for()
    _draw(page, "mistake")


def a_limit(bench: Bench, browser: BrowserContext) -> None:
    """The cases at the limits, one of them taken, with the trace beside it."""
    page = bench.opened(browser, height=760)
    page.get_by_role("button", name="Find the cases").click()
    page.locator(".limit-case .case-name").nth(3).click()
    page.get_by_role("button", name="That is right").wait_for()
    page.locator("#trace .finding.unknown").first.wait_for()
    page.evaluate("document.getElementById('limits').scrollIntoView({block: 'end'})")
    _draw(page, "limit")


def a_test(bench: Bench, browser: BrowserContext) -> None:
    """The tests after a run, the trace, and a patient on the way to a test, in the dark."""
    page = bench.opened(browser, dark=True)
    page.get_by_role("button", name="an older value is shown with its date").click()
    page.get_by_role("button", name="Run tests").click()
    page.locator(".case.passed").first.wait_for()
    page.get_by_role("textbox", name="Age").fill("17")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Save this as a test").click()
    page.get_by_label("The test says").fill("a value of last year leaves it open at 17, too")
    page.keyboard.press("Tab")
    page.get_by_text("It passes.").wait_for()
    page.locator("#tests").scroll_into_view_if_needed()
    _draw(page, "test")


def _draw(page: Page, name: str) -> None:
    page.wait_for_timeout(700)
    page.screenshot(path=IMAGES / f"workbench-{name}.png")
    page.close()


def main() -> None:
    """Draw all of them."""
    with (
        TemporaryDirectory() as folder,
        working(Path(folder), "kidney-function", rules=DEFAULT_FOLDER) as bench,
        chromium() as browser,
    ):
        for draw in (a_card, a_mistake, a_limit, a_test):
            draw(bench, browser)


if __name__ == "__main__":
    main()
