"""The rule author's page in a real browser: what one does on it, with the mouse and without."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.bench import PATIENCE, RULE, Bench, needs_chromium

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)
TESTS = RULE.replace(".yaml", ".test.yaml")
CANARY = "Zebrafinch"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def at(page: Page) -> str:
    """The name of what has the focus."""
    name = "(e) => e === document.body ? '' : e.getAttribute('aria-label') || e.innerText"
    return str(page.evaluate(f"({name})(document.activeElement)"))


def tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        if name in at(page):
            return
        press(page, "Tab")
    raise AssertionError(f"sixty times Tab do not reach {name}")


def end_of(page: Page, words: str) -> None:
    """Put the cursor behind the first line of the editor with these words."""
    page.locator(".cm-line", has_text=words).first.click()
    press(page, "End")


def test_cards_trace_and_sentence_are_of_the_first_patient_of_the_tests(page: Page) -> None:
    card = page.get_by_role("article", name="Warning: Kidney function is reduced (eGFR 42)")
    expect(card.get_by_text("Warning", exact=True)).to_be_visible()
    expect(card.get_by_role("list", name="Suggestions")).to_contain_text("Note the lower dose")
    expect(card).to_contain_text("Reasons to go ahead (2)")
    row = page.locator("#trace tr", has_text="lab: lab-egfr below 60 mL/min/1.73m2")
    expect(row).to_contain_text("met")
    expect(row).to_contain_text("42 mL/min/1.73 m²")
    expect(page.locator("#sentence")).to_contain_text("when intrathecal baclofen is ordered and")


def test_a_mistake_is_told_with_line_reason_and_mend_while_one_types(page: Page) -> None:
    end_of(page, "lab: lab-egfr")
    press(page, "Backspace")
    problem = page.get_by_role("button", name="Line 11 there is")
    expect(problem).to_contain_text("there is no concept lab-egf. did you mean lab-egfr?")
    expect(page.locator("#cards")).to_contain_text("these cards are of the text before")
    press(page, "Control+Home", "F8")
    expect(page.locator(".cm-activeLine")).to_contain_text("lab: lab-egf")
    press(page, "End")
    page.keyboard.type("r")
    expect(problem).to_have_count(0)
    expect(page.locator("#rule")).to_contain_text("No problems.")


def test_what_one_types_stays_while_it_is_read(page: Page) -> None:
    end_of(page, "limits: ")
    for pause in (0, 300, 400, 500, 0, 350):
        page.keyboard.type(" and so on", delay=30)
        page.wait_for_timeout(pause)
    expect(page.locator(".cm-line", has_text="limits: ")).to_contain_text("creatinine." + 6 * " and so on")


def test_from_choosing_a_rule_to_running_its_tests_with_the_keyboard_alone(page: Page) -> None:
    tab_to(page, "Skip to the cards")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong-r")
    expect(page.locator(".finder-list [role=option]")).to_have_text(
        ["wrong-route · Route other than intrathecal"]
    )
    press(page, "ArrowDown", "Enter")
    expect(page.get_by_role("article", name="Critical")).to_be_visible()
    tab_to(page, "Text of the rule")
    press(page, "Escape")
    tab_to(page, "Run tests")
    press(page, "Enter")
    expect(page.locator("#tests")).to_contain_text("3 passed, 0 failed.")
    expect(page.locator("#tests")).to_contain_text("Conditions seen by the tests:")


def test_another_patient_gives_other_cards_and_an_edited_limit_fails_a_test(page: Page) -> None:
    page.get_by_role("button", name="eGFR of exactly 60 is not reduced").click()
    expect(page.locator("#cards")).to_contain_text("No card. 1 rule looked at: 0 met, 1 not met, 0 unknown.")
    end_of(page, "below: parameter kidney-limit")
    press(page, "Shift+Home")
    page.keyboard.type("below: 61 mL/min/1.73m2")
    expect(page.get_by_role("article", name="Warning")).to_be_visible()
    page.get_by_role("button", name="Run tests").click()
    expect(page.locator("#tests")).to_contain_text("outcome: expected not met, got met")


def make_up(page: Page) -> None:
    """Begin with nobody, and add a diagnosis to the record."""
    page.get_by_label("Begin with the patient of a test").select_option("")
    expect(page.locator("#cards")).to_contain_text("0 met, 0 not met, 1 unknown")
    page.get_by_role("combobox", name="What").click()
    page.keyboard.type("chronic")
    page.get_by_role("option", name="chronic-kidney-disease").click()
    page.get_by_role("button", name="Add", exact=True).click()


def test_a_patient_is_made_up_entry_by_entry(page: Page) -> None:
    make_up(page)
    expect(page.get_by_role("list", name="On record")).to_contain_text("Diagnosis")
    assert at(page).endswith("Add"), "the focus stays where it is"
    expect(page.get_by_role("article", name="Warning")).to_be_visible()


def test_a_file_is_written_only_after_its_changes_were_shown(page: Page, bench: Bench) -> None:
    before = bench.text("baclofen-it/monitoring/epilepsy.yaml")
    page.get_by_role("combobox", name="Rule").click()
    page.get_by_role("option", name="epilepsy").click()
    expect(page.locator(".cm-content")).to_contain_text("baclofen-it.epilepsy")
    end_of(page, "title: ")
    page.keyboard.type(" on record")
    expect(page.get_by_text("Not saved")).to_be_visible()
    press(page, "Control+s")
    dialog = page.get_by_role("dialog", name="Save the rule")
    expect(dialog.locator(".added")).to_have_text("added+title: Epilepsy on record")
    assert bench.text("baclofen-it/monitoring/epilepsy.yaml") == before
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    after = bench.text("baclofen-it/monitoring/epilepsy.yaml")
    assert [line for line in after.splitlines() if line not in before.splitlines()] == [
        "title: Epilepsy on record"
    ]


def test_what_was_typed_is_there_after_the_page_is_loaded_again(page: Page) -> None:
    end_of(page, "title: ")
    page.keyboard.type(" once more")
    expect(page.get_by_text("Not saved")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.get_by_text("Not saved")).to_be_visible()
    expect(page.locator(".cm-line", has_text="title: ").first).to_contain_text("once more")


def test_a_patient_becomes_a_test_under_a_sentence(page: Page, bench: Bench) -> None:
    before = bench.text(TESTS)
    page.get_by_role("textbox", name="Age").fill("80")
    press(page, "Tab")
    page.get_by_role("button", name="Save this as a test").click()
    dialog = page.get_by_role("dialog", name="Save this patient as a test")
    add = dialog.get_by_role("button", name="Add the test")
    expect(add).to_be_disabled()
    dialog.get_by_label("The test says").fill("a low rate warns at 80, too")
    press(page, "Tab")
    expect(dialog).to_contain_text("It passes.")
    assert bench.text(TESTS) == before
    add.click()
    expect(page.locator("#tests")).to_contain_text("a low rate warns at 80, too")
    added = bench.text(TESTS).removeprefix(before)
    assert added.startswith(
        '\n  - name: "a low rate warns at 80, too"\n    patient: {age: 80 years, sex: female}\n'
    )


def test_a_pasted_record_is_shown_as_words_and_kept_nowhere(page: Page, bench: Bench) -> None:
    record = (Path(__file__).parent / "record.json").read_text(encoding="utf-8")
    assert CANARY in record
    page.get_by_role("button", name="From a record").click()
    page.get_by_label("Paste a record").fill(record)
    page.get_by_role("button", name="Use this text").click()
    expect(page.locator("#patient")).to_contain_text("47 years, female")
    expect(page.locator("#patient")).to_contain_text(f"<img src=x onerror=alert(1)> {CANARY}")
    expect(page.locator("#cards .card")).to_have_count(1)
    assert page.locator("#patient img, #cards img, #trace img").count() == 0
    page.get_by_role("button", name="Save this as a test").click()
    dialog = page.get_by_role("dialog", name="Save this patient as a test")
    dialog.get_by_label("The test says").fill("words without a code leave it open")
    press(page, "Tab")
    expect(dialog).to_contain_text("conditions: [{text: in words only}]")
    expect(dialog).to_contain_text("It passes.")
    press(page, "Escape")
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert bench.printed in files
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    assert not (bench.folder / ".nicegui").exists()


def test_nothing_comes_from_elsewhere(page: Page, bench: Bench) -> None:
    assert bench.asked
    here = (bench.url, bench.url.replace("http", "ws", 1), "data:", "blob:")
    assert [address for address in bench.asked if not address.startswith(here)] == []
