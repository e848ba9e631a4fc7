"""The cases at the limits of a rule on the page: found, taken as the patient, and confirmed by the author as tests."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.bench import PATIENCE, RULE, Bench, needs_chromium

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)
TESTS = RULE.replace(".yaml", ".test.yaml")


def found(page: Page) -> Page:
    page.get_by_role("button", name="Find the cases").click()
    expect(page.locator("#limits .status")).to_contain_text("not among the tests")
    return page


def case(page: Page, words: str):
    return page.locator(".limit-case", has=page.get_by_role("button", name=words, exact=True))


def test_each_condition_has_cases_inside_outside_and_without_what_it_needs(page: Page) -> None:
    limits = found(page).locator(".limit", has_text="the latest eGFR in the last 12 months is below 60")
    expect(limits.get_by_role("button", name="Go to line 11 of the rule")).to_be_visible()
    expect(case(page, "eGFR of 59 mL/min/1.73m2")).to_contain_text("inside")
    expect(case(page, "eGFR of 60 mL/min/1.73m2")).to_contain_text("not met")
    expect(case(page, "the list of observations did not arrive").first).to_contain_text("unknown")
    titles = page.locator(".limit-title").all_inner_texts()
    assert len(titles) == len(set(titles)) == 3


def test_a_case_becomes_the_patient_and_says_what_the_rule_does(page: Page) -> None:
    case(found(page), "eGFR of 59 mL/min/1.73m2").get_by_role("button").first.click()
    taken = page.locator(".limit-case[aria-current=true]")
    expect(taken).to_contain_text(
        "The rule is met, and a card (warning) says “Kidney function is reduced (eGFR 59)"
    )
    expect(page.locator("#cards")).to_contain_text("eGFR 59")
    expect(page.locator("#patient .entries")).to_contain_text("59 mL/min/1.73m2")
    expect(page.locator("#trace .verdict")).to_contain_text("met")
    case(page, "eGFR of 60 mL/min/1.73m2").get_by_role("button").first.click()
    expect(page.locator("#cards")).to_contain_text("No card.")
    expect(taken).to_have_count(1)


def test_what_the_author_confirms_becomes_a_test_and_nothing_before(page: Page, bench: Bench) -> None:
    before = bench.text(TESTS)
    row = case(found(page), "eGFR of 59 mL/min/1.73m2")
    row.get_by_role("button").first.click()
    row.get_by_role("button", name="That is right: save as a test").click()
    dialog = page.get_by_role("dialog", name="Save this patient as a test")
    expect(dialog.get_by_label("The test says")).to_have_value(
        "eGFR of 59 mL/min/1.73m2 means a card (warning)"
    )
    expect(dialog).to_contain_text("It passes.")
    expect(dialog).to_contain_text("add it only if that is right")
    assert bench.text(TESTS) == before
    dialog.get_by_role("button", name="Add the test").click()
    expect(row).to_contain_text("tested")
    expect(row.get_by_role("button", name="That is right")).to_have_count(0)
    expect(row.get_by_role("button").first).to_be_focused()
    added = bench.text(TESTS).removeprefix(before)
    assert "    labs: [lab-egfr 59 mL/min/1.73m2 on 2026-03-01]\n" in added
    assert "outcome: met" in added
    page.get_by_role("button", name="Run tests").click()
    expect(page.locator("#tests .status")).to_contain_text(" passed, 0 failed.")


def test_cases_of_another_text_are_taken_away(page: Page) -> None:
    found(page)
    page.locator(".cm-line", has_text="below: parameter kidney-limit").click()
    for key in ("End", "Shift+Home"):
        page.keyboard.press(key)
    page.keyboard.type("below: 45 mL/min/1.73m2")
    expect(page.locator("#limits .status")).to_have_text("The rule has changed: find the cases again.")
    expect(page.locator(".limit-case")).to_have_count(0)
    found(page)
    expect(case(page, "eGFR of 44 mL/min/1.73m2")).to_contain_text("inside")


def test_a_rule_with_problems_has_no_cases(page: Page) -> None:
    page.locator(".cm-line", has_text="lab: lab-egfr").first.click()
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    expect(page.locator("#rule .problems")).to_contain_text("there is no concept")
    page.get_by_role("button", name="Find the cases").click()
    expect(page.locator("#limits .status")).to_have_text("The rule has problems: mend them first.")
