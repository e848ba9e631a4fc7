"""What stands under cards, trace and chart is of this rule and of this patient, or it is taken away and the page says so."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.bench import PATIENCE, RULE, Bench, needs_chromium
from tests.browser.test_strangers import paste, record
from tests.browser.test_workbench import end_of, make_up, press

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)
BROKEN = RULE.replace("renal-impairment", "broken-one")


def test_no_card_of_another_patient_stays_while_the_rule_has_problems(page: Page) -> None:
    text = json.dumps(record())
    paste(page, text)
    expect(page.locator("#patient .chart")).to_contain_text("47 years, female")
    expect(page.locator("#cards .card")).to_have_count(1)
    end_of(page, "lab: lab-egfr")
    press(page, "Backspace")
    expect(page.locator("#cards")).to_contain_text("these cards are of the text before")
    paste(page, text.replace("1979", "1949"))
    expect(page.locator("#cards")).to_contain_text("Mend them, and this patient is looked at.")
    expect(page.locator("#cards .card, #trace table, #patient .chart-line")).to_have_count(0)
    page.get_by_role("button", name="Forget it").click()
    expect(page.locator("#patient .chart")).to_contain_text("No record yet")
    expect(page.locator("#cards .card, #trace table")).to_have_count(0)
    paste(page, text.replace("1979", "1949"))
    end_of(page, "lab: lab-egf")
    page.keyboard.type("r")
    expect(page.locator("#patient .chart")).to_contain_text("77 years, female")
    expect(page.locator("#cards .card")).to_have_count(1)


def test_a_file_that_is_no_rule_shows_nothing_of_the_rule_before(page: Page, bench: Bench) -> None:
    file = bench.rules / BROKEN
    file.write_text("id: baclofen-it.broken-one\ntitle: Broken one\nwhen: [\n", encoding="utf-8")
    try:
        page.reload()
        expect(page.locator("#cards .card")).to_have_count(1)
        expect(page.locator("#tests .case")).to_have_count(7)
        page.get_by_role("combobox", name="Rule").click()
        page.get_by_role("option", name="broken-one").click()
        expect(page.locator("#cards")).to_contain_text("Mend them, and this patient is looked at.")
        expect(page.locator("#cards .card, #trace table, #tests .case")).to_have_count(0)
        expect(page.locator("#sentence")).not_to_contain_text("renal-impairment")
        page.get_by_role("button", name="Run tests").click()
        expect(page.locator("#tests")).to_contain_text("The rule has problems: mend them first.")
    finally:
        file.unlink()


def test_a_patient_that_was_made_up_goes_along_to_the_next_rule(page: Page) -> None:
    make_up(page)
    expect(page.get_by_role("article", name="Warning")).to_be_visible()
    page.get_by_role("combobox", name="Rule").click()
    page.get_by_role("option", name="wrong-route").click()
    begun = page.get_by_label("Begin with the patient of a test")
    expect(begun).to_have_value("the patient that you made up")
    expect(page.get_by_role("list", name="On record")).to_contain_text("Diagnosis")


def test_what_is_listed_can_be_found_only_where_it_may_stand(page: Page) -> None:
    medicine = page.get_by_role("option", name="(baclofen-intrathecal)")
    for kind, offered in (("allergies", 0), ("medications", 1)):
        page.get_by_label("Kind").select_option(kind)
        what = page.get_by_role("combobox", name="What")
        what.fill("baclofen-intrathecal")
        expect(medicine).to_have_count(offered)
        what.press("Escape")
