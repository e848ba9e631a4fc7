"""What is written to files is what was shown, and each file has a history of its own."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.bench import PATIENCE, RULE, Bench, needs_chromium
from tests.browser.test_workbench import press

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)
TESTS = RULE.replace(".yaml", ".test.yaml")


def test_a_test_is_added_under_the_name_that_was_shown_with_it(page: Page, bench: Bench) -> None:
    before = bench.text(TESTS)
    page.get_by_role("button", name="Save this as a test").click()
    dialog = page.get_by_role("dialog", name="Save this patient as a test")
    name, add = dialog.get_by_label("The test says"), dialog.get_by_role("button", name="Add the test")
    name.fill("the first name")
    press(page, "Enter")
    expect(dialog).to_contain_text("name: the first name")
    expect(add).to_be_enabled()
    # As voice control and screen readers press a button: the field is not left before.
    name.evaluate("(field) => { field.value = 'a second name'; field.dispatchEvent(new Event('input')); }")
    add.evaluate("(button) => button.click()")
    expect(dialog).to_contain_text("name: a second name")
    assert bench.text(TESTS) == before
    expect(add).to_be_enabled()
    add.click()
    expect(page.locator("#tests")).to_contain_text("a second name")
    try:
        assert "name: a second name" in bench.text(TESTS)
        assert "the first name" not in bench.text(TESTS)
    finally:
        (bench.rules / TESTS).write_text(before, encoding="utf-8")


def test_what_one_writes_in_a_field_stays_while_the_page_is_drawn(page: Page) -> None:
    age = page.get_by_role("textbox", name="Age")
    age.fill("8")
    age.press("End")
    page.get_by_role("button", name="Run tests").evaluate("(button) => button.click()")
    expect(page.locator("#tests")).to_contain_text("7 passed, 0 failed.")
    age.press("1")
    expect(age).to_have_value("81")


def test_a_change_elsewhere_is_told_each_time_one_asks(page: Page, bench: Bench) -> None:
    before, file = bench.text(), bench.rules / RULE
    page.locator(".cm-line", has_text="title: ").first.click()
    press(page, "End")
    page.keyboard.type(" here")
    expect(page.get_by_text("Not saved")).to_be_visible()
    file.write_text(before.replace("Baclofen leaves", "Elsewhere leaves"), encoding="utf-8")
    dialog = page.get_by_role("dialog", name="Save the rule")
    try:
        for _ in range(2):
            page.get_by_role("button", name="Save…", exact=True).click()
            expect(dialog).to_contain_text("The file has been changed elsewhere")
            press(page, "Escape")
            expect(dialog).to_be_hidden()
    finally:
        file.write_text(before, encoding="utf-8")


def test_undoing_does_not_bring_the_text_of_the_rule_before(page: Page) -> None:
    content = page.locator(".cm-content")
    page.get_by_role("combobox", name="Rule").click()
    page.get_by_role("option", name="wrong-route").click()
    expect(content).to_contain_text("id: baclofen-it.wrong-route")
    expect(page.get_by_role("article", name="Critical")).to_be_visible()
    expect(content).to_have_attribute("aria-label", "Text of the rule, YAML")
    page.locator(".cm-line", has_text="title: ").first.click()
    press(page, "End")
    page.keyboard.type("x")
    expect(page.get_by_text("Not saved")).to_be_visible()
    press(page, "Control+z", "Control+z", "Control+z")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(content).to_contain_text("id: baclofen-it.wrong-route")
    expect(content).not_to_contain_text("renal-impairment")


def test_the_keys_work_everywhere_on_the_page_and_once(page: Page) -> None:
    page.locator(".cm-line", has_text="title: ").first.click()
    press(page, "End")
    page.keyboard.type(" here")
    expect(page.get_by_text("Not saved")).to_be_visible()
    page.evaluate(
        """() => {
          const emit = window.emitEvent;
          window.told = [];
          window.emitEvent = (name, more) => { window.told.push(name); emit(name, more); };
        }"""
    )
    lines = page.locator(".cm-line").count()
    for place in (page.get_by_role("textbox", name="Age"), page.locator(".cm-content")):
        place.focus()
        press(page, "Control+Enter")
        page.wait_for_function("told.at(-1) === 'run-tests'")
        expect(page.locator("#tests .status")).to_contain_text("7 passed, 0 failed.")
        press(page, "Control+s")
        dialog = page.get_by_role("dialog", name="Save the rule")
        expect(dialog).to_be_visible()
        press(page, "Control+s", "Escape")
        expect(dialog).to_be_hidden()
    assert page.evaluate("told") == ["run-tests", "save"] * 2
    assert page.locator(".cm-line").count() == lines, "the editor has not taken Ctrl+Enter for its own"
    page.locator(".cm-line", has_text="lab: lab-egfr").first.click()
    press(page, "End", "Backspace")
    expect(page.get_by_role("button", name="Line 11 there is")).to_be_visible()
    page.get_by_role("textbox", name="Age").focus()
    press(page, "F8")
    expect(page.locator(".cm-content")).to_be_focused()
    expect(page.locator(".cm-activeLine")).to_contain_text("lab: lab-egf")
