"""The page for those who do not see it, or do not use a mouse: names, landmarks, headings, live words, contrast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Page, TimeoutError

from tests.browser.bench import PATIENCE, Bench, needs_chromium

pytestmark = needs_chromium
CONTROLS = {
    "button",
    "textbox",
    "combobox",
    "checkbox",
    "link",
    "searchbox",
    "spinbutton",
    "Date",
    "DisclosureTriangle",
}

CONTRAST = """
() => {
  const seen = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    if (text.startsWith('color(')) parts.splice(0, 3, ...parts.slice(0, 3).map((part) => part * 255));
    return {r: parts[0], g: parts[1], b: parts[2], a: parts[3] ?? 1};
  };
  const over = (top, under) => ['r', 'g', 'b'].reduce((all, c) => ({...all, [c]: top[c] * top.a + under[c] * (1 - top.a)}), {a: 1});
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      const colour = seen(getComputedStyle(each).backgroundColor);
      if (colour.a > 0) layers.push(colour);
      if (colour.a === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), {r: 255, g: 255, b: 255, a: 1});
  };
  const light = ({r, g, b}) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue;
    if (element.closest('[disabled], .unseen, [aria-hidden=true], .skip, script, style')) continue;
    const under = ground(element), text = over(seen(getComputedStyle(element).color), under);
    const [high, low] = [light(text), light(under)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.className}: ${walker.currentNode.textContent.trim().slice(0, 40)}`);
  }
  return [...new Set(poor)];
}
"""


@pytest.fixture(scope="module")
def page(bench: Bench, browser) -> Iterator:
    """One tab for all, because nothing here changes what others look at."""
    opened = bench.opened(browser)
    yield opened
    opened.close()


def nodes(page: Page) -> list[dict]:
    """The page as Chromium tells it to a screen reader."""
    session = page.context.new_cdp_session(page)
    return [node for node in session.send("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]


def named(page: Page, *roles: str) -> list[str]:
    return [node.get("name", {}).get("value", "") for node in nodes(page) if node["role"]["value"] in roles]


def everything_open(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")


def controls(page: Page) -> list[str]:
    """The names of everything that can be worked."""
    return [name.strip() for name in named(page, *CONTROLS)]


@pytest.mark.parametrize("source", ["Made up", "From a record"])
def test_every_control_has_a_name(page: Page, source: str) -> None:
    page.get_by_role("button", name=source).click()
    everything_open(page)
    assert len(controls(page)) > 15
    assert "" not in controls(page)


def test_a_control_without_a_name_and_pale_words_would_be_found(page: Page) -> None:
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p id=bad style=color:#888>pale <button><i></i></button></p>')"
    )
    try:
        assert "" in controls(page)
        assert [line for line in page.evaluate(CONTRAST) if line.endswith("pale")]
    finally:
        page.evaluate("document.getElementById('bad').remove()")


def test_regions_and_headings_are_those_of_the_page(page: Page) -> None:
    assert named(page, "banner")
    assert named(page, "main")
    regions = named(page, "region")
    assert regions[:3] == ["Rule", "Patient", "Cards"]
    assert regions[3:] == ["Trace: why, line by line", "The rule as a sentence", "Tests", "At the limits"]
    assert page.evaluate("document.documentElement.lang") == "en-US"
    assert page.locator("h1").all_inner_texts() == ["Primum"]


def test_what_changes_is_read_out(page: Page) -> None:
    live = [node for node in nodes(page) if node["role"]["value"] == "status"]
    assert len(live) >= 4


def take_a_case(page: Page) -> None:
    """Find the cases and take the first; again where a crowded machine was still drawing and the click met nothing."""
    for patience in (PATIENCE / 3, PATIENCE / 3, PATIENCE):
        page.get_by_role("button", name="Find the cases").click()
        page.get_by_text("of them not among the tests").wait_for()
        page.locator(".limit-case .case-name").first.click()
        with suppress(TimeoutError):
            page.get_by_text("That is right: save").wait_for(timeout=patience)
            return
    pytest.fail("a case was taken three times, and nothing stood below it")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_stand_out_from_their_ground(page: Page, dark: bool) -> None:
    page.get_by_role("button", name="Made up").click()
    page.get_by_role("button", name="Run tests").click()
    page.locator(".case.passed").first.wait_for()
    take_a_case(page)
    page.get_by_role("button", name="Save…", exact=True).click()
    page.get_by_text("Nothing has changed.").wait_for()
    everything_open(page)
    button = page.get_by_role("button", name="Dark")
    if button.get_attribute("aria-pressed") != str(dark).lower():
        button.click()
    page.locator(f".body--{'dark' if dark else 'light'}").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate(CONTRAST) == []
