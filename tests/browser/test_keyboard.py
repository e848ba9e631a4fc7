"""The page by keyboard alone, enlarged, on a narrow screen, and without motion."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bench import PATIENCE, RULE, Bench, needs_chromium
from tests.browser.test_workbench import press, tab_to

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)
TESTS = RULE.replace(".yaml", ".test.yaml")

PLACE = """
async () => {
  await new Promise((done) => setTimeout(done, 50));  // the editor draws its ring a moment later
  const at = document.activeElement;
  const region = at.closest('header, section.pane');
  const shown = at.closest('.file') || at.closest('.q-field') || at.closest('.cm-editor') || at;
  const style = getComputedStyle(shown), inner = getComputedStyle(at);
  const ring = [style, inner].some((each) => each.outlineStyle !== 'none' && parseFloat(each.outlineWidth) >= 2);
  const box = shown.getBoundingClientRect();
  return {
    body: at === document.body,
    region: region ? (region.tagName === 'HEADER' ? 'header' : region.id) : '',
    ring: ring || !!at.closest('.q-field--focused, .q-field--highlighted'),
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    name: at.getAttribute('aria-label') || at.innerText || at.tagName,
  };
}
"""


def stops(page: Page) -> list[dict]:
    """Where Tab stops, from the top of the page to its end."""
    found: list[dict] = []
    for _ in range(150):
        press(page, "Tab")
        place = page.evaluate(PLACE)
        if place["body"] or (found and place["region"] == "header" and found[-1]["region"] != "header"):
            break
        found.append(place)
        if "Text of the rule" in place["name"]:
            press(page, "Escape")
    return found


def test_tab_goes_through_the_regions_in_their_order_and_one_sees_where(page: Page) -> None:
    found = stops(page)
    regions = list(dict.fromkeys(place["region"] for place in found))
    assert regions == ["header", "rule", "patient", "cards", "trace", "tests", "limits"]
    seen = [place["region"] for place in found]
    assert [seen.index(region) for region in regions] == sorted(seen.index(region) for region in regions)
    assert [place["name"] for place in found if not place["ring"]] == []
    assert [place["name"] for place in found if not place["seen"]] == []


def test_a_ring_that_is_missing_would_be_found(page: Page) -> None:
    page.add_style_tag(content=".button:focus-visible { outline: none !important; }")
    assert "Run tests" in [place["name"].split("\n")[-1] for place in stops(page) if not place["ring"]]


def test_a_record_a_rule_and_a_test_with_the_keyboard_alone(page: Page, bench: Bench) -> None:
    before, tests = bench.text(), bench.text(TESTS)
    try:
        tab_to(page, "Text of the rule")
        press(page, "Control+Home", "ArrowDown", "End")
        page.keyboard.type(" by keys")
        expect(page.get_by_text("Not saved")).to_be_visible()
        press(page, "Control+s")
        expect(page.get_by_role("dialog", name="Save the rule")).to_be_visible()
        tab_to(page, "Save")
        press(page, "Enter")
        expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        assert "title: Reduced kidney function by keys\n" in bench.text()
        expect(page.locator(".cm-content")).to_be_focused()
        press(page, "Escape")
        tab_to(page, "From a record")
        press(page, "Enter")
        # the box is drawn when the program has answered
        expect(page.get_by_label("Paste a record")).to_be_visible()
        press(page, "Tab")
        expect(page.get_by_label("Paste a record")).to_be_focused()
        page.keyboard.insert_text((Path(__file__).parent / "record.json").read_text(encoding="utf-8"))
        tab_to(page, "Use this text")
        press(page, "Enter")
        expect(page.locator("#patient")).to_contain_text("47 years, female")
        tab_to(page, "Save this as a test")
        press(page, "Enter")
        dialog = page.get_by_role("dialog", name="Save this patient as a test")
        expect(dialog.get_by_label("The test says")).to_be_focused()
        page.keyboard.type("a record becomes a test by keys")
        press(page, "Enter")
        expect(dialog).to_contain_text("It passes.")
        tab_to(page, "Add the test")
        press(page, "Enter")
        expect(page.locator("#tests .cases")).to_contain_text("a record becomes a test by keys")
        assert bench.text(TESTS).startswith(tests)
        assert bench.text(TESTS) != tests
    finally:
        (bench.rules / RULE).write_text(before, encoding="utf-8")
        (bench.rules / TESTS).write_text(tests, encoding="utf-8")


def test_a_dialog_holds_the_focus_and_gives_it_back(page: Page) -> None:
    button = page.get_by_role("button", name="Save this as a test")
    button.focus()
    press(page, "Enter")
    dialog = page.get_by_role("dialog", name="Save this patient as a test")
    expect(dialog).to_be_visible()
    for _ in range(8):
        press(page, "Tab")
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    press(page, "Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


def test_what_changed_is_said_where_a_screen_reader_listens(page: Page) -> None:
    """The words change in an element that was there before: one that is new is not read out by every reader."""
    page.evaluate("window.heard = document.querySelector('#cards [role=status]')")
    page.get_by_role("button", name="eGFR of exactly 60 is not reduced").click()
    page.wait_for_function("heard.isConnected && heard.textContent.startsWith('No card.')")
    page.get_by_role("button", name="From a record").click()
    page.get_by_label("Paste a record").fill("{")
    page.get_by_role("button", name="Use this text").click()
    page.wait_for_function("heard.isConnected && heard.textContent.includes('This is not JSON')")


@pytest.mark.parametrize("width", [720, 390, 320], ids=["200 %", "phone", "400 %"])
def test_enlarged_or_narrow_nothing_lies_outside_of_the_screen(
    bench: Bench, browser: BrowserContext, width: int
) -> None:
    page = bench.opened(browser, width=width, height=560)
    page.get_by_role("button", name="Run tests").click()
    page.locator(".case.passed").first.wait_for()
    page.get_by_role("button", name="Find the cases").click()
    page.locator(".limit-case .case-name").first.click()
    page.get_by_text("That is right: save").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = """(width) => [...document.querySelectorAll('button, input, select, textarea, a, p, h2, h3, td')]
      .filter((each) => each.checkVisibility() && !each.closest('.unseen, .skip, .cm-editor'))
      .filter((each) => each.getBoundingClientRect().right > width + 1)
      .map((each) => each.outerHTML.slice(0, 90))"""
    assert page.evaluate(outside, width) == []
    page.close()


def test_nothing_moves_for_those_who_do_not_want_it(bench: Bench, browser: BrowserContext) -> None:
    page = bench.opened(browser)
    moving = """() => [...document.querySelectorAll('*')]
      .flatMap((each) => [null, '::before', '::after'].map((part) => getComputedStyle(each, part)))
      .flatMap((style) => [...style.transitionDuration.split(','), ...style.animationDuration.split(',')])
      .filter((time) => parseFloat(time) > 0.01).length"""
    assert page.evaluate(moving) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(moving) == 0
    page.close()
