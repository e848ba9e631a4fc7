"""What strangers send: rules, records and addresses with scripts in them, calls from other sites; and what stays of a patient."""

from __future__ import annotations

import json
import os
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bench import PATIENCE, RULE, Bench, needs_chromium, working

pytestmark = needs_chromium
expect.set_options(timeout=PATIENCE)
CANARY = "Zebrafinch"
SCRIPT = "<img src=x onerror='pwned=1'><script>pwned=1</script>"
LINKS = (
    "[one](javascript:pwned=1) [two](data:text/html,<script>pwned=1</script>) "
    "![](http://evil.example/seen.png) <javascript:pwned=1>"
)


def record(**changed: Any) -> dict[str, Any]:
    """The record of these tests, with the order's words or other members changed."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / "record.json").read_text(encoding="utf-8"))
    read["entry"][2]["resource"] |= changed
    return read


def paste(page: Page, text: str) -> None:
    page.get_by_role("button", name="From a record").click()
    page.get_by_label("Paste a record").fill(text)
    page.get_by_role("button", name="Use this text").click()


def assert_harmless(page: Page, bench: Bench) -> None:
    """Nothing that was written ran, became an element that loads or runs something, or fetched something."""
    assert page.evaluate("window.pwned") is None
    assert page.locator("main, .bench").locator("img, script, iframe, object, svg").count() == 0
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map((each) => each.href)")
    assert [link for link in links if not link.startswith(("http:", "https:"))] == []
    assert [address for address in bench.asked if "evil" in address] == []


def test_scripts_in_a_rule_its_card_and_its_tests_are_words(bench: Bench, browser: BrowserContext) -> None:
    rule, tests, concepts = RULE, RULE.replace(".yaml", ".test.yaml"), "concepts/measurements.yaml"
    before = {name: bench.text(name) for name in (rule, tests, concepts)}
    named = (bench.rules / rule).with_name("a-<img src=x onerror=pwned=1>.yaml")
    texts = {
        rule: before[rule]
        .replace("title: Reduced kidney function", f'title: "{SCRIPT}"')
        .replace('summary: "Kidney', f'summary: "{SCRIPT} Kidney')
        .replace("detail: Baclofen", f'detail: "{SCRIPT} {LINKS}"  # Baclofen')
        .replace("label: Note the lower dose", f'label: "{SCRIPT}"'),
        tests: before[tests].replace("- name: eGFR 42 three weeks ago warns", f'- name: "{SCRIPT} warns"'),
        concepts: before[concepts].replace("title: eGFR", f'title: "{SCRIPT} eGFR"'),
    }
    try:
        named.write_text(f'id: "{SCRIPT}"\n')
        for name, text in texts.items():
            (bench.rules / name).write_text(text)
        page = bench.opened(browser)
        expect(page.locator("#cards .detail")).to_contain_text("<script>pwned=1</script>")
        expect(page.locator("#cards .summary")).to_contain_text("<img src=x")
        page.get_by_role("button", name="Run tests").click()
        expect(page.locator("#tests")).to_contain_text("passed,")
        expect(page.locator("#tests")).to_contain_text("<img src=x")
        page.get_by_role("combobox", name="Rule").click()
        page.get_by_role("option", name="a-<img").click()
        expect(page.locator("#rule .problems")).to_contain_text("is missing")
        expect(page.locator(".cm-content")).to_contain_text("pwned")
        assert_harmless(page, bench)
        page.close()
    finally:
        named.unlink()
        for name, text in before.items():
            (bench.rules / name).write_text(text)


def test_scripts_in_a_record_and_in_the_address_are_words(bench: Bench, browser: BrowserContext) -> None:
    page = bench.opened(browser, query=f"?{SCRIPT}=%22%3E{SCRIPT}#{SCRIPT}")
    hostile = record(medicationCodeableConcept={"text": f"baclofen {SCRIPT} {LINKS} **bold**"})
    paste(page, json.dumps(hostile))
    expect(page.locator("#patient")).to_contain_text("<script>pwned=1</script>")
    expect(page.locator("#patient")).to_contain_text("47 years")
    assert_harmless(page, bench)
    page.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'{{"resourceType": "Bundle", {CANARY}', "This is not JSON in UTF-8."),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "The JSON nests too deeply."),
        ("12345", "This is no CDS Hooks request and holds no FHIR resource."),
        ('{"resourceType": "Patient", "name": "\\ud800"}', "This is not JSON in UTF-8."),
    ],
    ids=["no JSON", "deep", "no record", "half a character"],
)
def test_what_is_no_record_is_said(page: Page, bench: Bench, text: str, said: str) -> None:
    paste(page, text)
    expect(page.locator("#cards")).to_contain_text(said)
    assert CANARY not in page.locator("#cards").inner_text()


def test_lines_of_resources_and_several_patients_are_read(page: Page) -> None:
    lines = [json.dumps(entry["resource"]) for entry in record()["entry"]]
    paste(page, "\n".join(lines))
    expect(page.locator("#patient")).to_contain_text("47 years, female")
    other = [line.replace('"id": "1"', '"id": "2"').replace("Patient/1", "Patient/2") for line in lines]
    paste(page, "\n".join([*lines, *(line.replace("1979", "1949") for line in other)]))
    page.locator("#patient .chart select").select_option("1")
    expect(page.locator("#patient")).to_contain_text("77 years, female")


def test_of_a_long_list_the_first_entries_are_drawn(page: Page) -> None:
    value = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "98979-8"}], "text": "x" * 1500},
        "effectiveDateTime": "2020-01-01",
        "valueInteger": 1,
    }
    several = record()
    several["entry"] += [{"resource": {**value, "id": f"o{number}"}} for number in range(3000)]
    content = json.dumps(several)
    assert len(content) > 5_000_000
    paste(page, content)
    expect(page.locator("#patient")).to_contain_text("and 2,980 more")


def test_a_rule_that_is_broken_in_every_way_leaves_the_page_standing(page: Page, bench: Bench) -> None:
    whole = bench.text().split("\n")
    texts = [
        "",
        "{",
        "- a",
        "a: &a [*a, *a]",
        "\t",
        "id: 1",
        "!!python/object:os.system x",
        "%",
        "\x00",
        "x" * 99_999,
    ]
    texts += ["\n".join(whole[:cut]) + whole[cut][: len(whole[cut]) // 2] for cut in range(0, len(whole), 6)]
    for text in texts:
        page.evaluate(
            """async (text) => {
              const editor = document.querySelector('.cm-content').cmView.view;
              editor.dispatch({changes: {from: 0, to: editor.state.doc.length, insert: text}});
            }""",
            text,
        )
        expect(page.locator("#rule .problems .status")).not_to_contain_text("No problems")
    page.locator(".cm-content").press("Control+Home")
    page.evaluate(
        "(text) => { const view = document.querySelector('.cm-content').cmView.view; "
        "view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: text}}); }",
        bench.text(),
    )
    expect(page.locator("#rule .problems .status")).to_have_text("No problems.")
    expect(page.locator("#cards .card")).to_have_count(1)
    assert page.locator(".q-notification").count() == 0


def test_a_record_that_is_pasted_into_the_rule_is_told_where_it_belongs(page: Page, bench: Bench) -> None:
    pasting = """(size) => {
      const brought = new DataTransfer();
      brought.setData('text/plain', 'x'.repeat(size));
      const event = new ClipboardEvent('paste', {clipboardData: brought, bubbles: true, cancelable: true});
      document.querySelector('.cm-content').dispatchEvent(event);
      return document.querySelector('.cm-content').cmView.view.state.doc.length;
    }"""
    before = page.evaluate(pasting, 0)
    assert page.evaluate(pasting, 200_001) == before
    expect(page.locator(".q-notification")).to_contain_text("too long for a rule")
    assert page.evaluate(pasting, 10) == before + 10
    expect(page.get_by_text("Not saved")).to_be_visible()


def test_tabs_do_not_see_each_others_patients_and_nothing_of_them_stays(
    bench: Bench, browser: BrowserContext
) -> None:
    mine, other = bench.opened(browser), bench.opened(browser)
    paste(mine, json.dumps(record(medicationCodeableConcept={"text": CANARY})))
    expect(mine.locator("#patient")).to_contain_text(CANARY)
    other.get_by_role("button", name="From a record").click()
    other.wait_for_timeout(500)
    assert CANARY not in other.content()
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert CANARY not in mine.evaluate(kept)
    assert CANARY not in json.dumps(browser.cookies())
    assert mine.evaluate("indexedDB.databases().then((found) => found.length)") == 0
    files = [path for path in bench.folder.rglob("*") if path.is_file()]
    assert bench.printed in files
    assert [path for path in files if CANARY.encode() in path.read_bytes()] == []
    assert not (bench.folder / ".nicegui").exists()
    expect(mine.get_by_label("Paste a record")).to_have_value("")
    mine.get_by_role("button", name="Forget it").click()
    expect(mine.locator("#patient")).to_contain_text("No record yet")
    expect(mine.get_by_label("Paste a record")).to_be_focused()
    expect(mine.locator("#cards .card")).to_contain_text("eGFR 42")
    assert "exception" not in bench.printed.read_text(encoding="utf-8")
    assert CANARY not in mine.content()
    mine.reload()
    mine.locator(".lines .finding").first.wait_for()
    assert CANARY not in mine.content()
    mine.close()
    other.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/record"),
        ("GET", "/_nicegui_ws/socket.io/?EIO=4&transport=polling"),
        ("GET", "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"),
    ],
)
@pytest.mark.parametrize(
    "claim",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8001", "Origin": "http://127.0.0.1.evil.example:8001"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
    ids=["another name", "rebound name", "another site", "no site", "fetched for another site"],
)
def test_a_call_for_another_site_is_refused(
    bench: Bench, method: str, path: str, claim: dict[str, str]
) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    headers = claim | (upgrade if "websocket" in path else {})
    assert status(bench, method, path, headers) == 403
    assert status(bench, method, path, upgrade if "websocket" in path else {}) in (101, 200)


def status(bench: Bench, method: str, path: str, headers: dict[str, str]) -> int:
    connection = HTTPConnection(urlsplit(bench.url).netloc, timeout=PATIENCE / 1000)
    connection.request(method, path, b"record" if method == "POST" else None, headers)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_page_of_another_site_cannot_connect(bench: Bench, browser: BrowserContext) -> None:
    """Another port is another site; the browser itself says where it comes from."""
    with working(bench.folder / "other", "renal-impairment") as other:
        page = bench.opened(browser)
        page.goto(f"{other.url}nothing")
        there = bench.url.replace("http", "ws", 1)
        answers = page.evaluate(
            """async ([url, socket]) => [
              await fetch(`${url}record`, {method: 'POST', body: 'x'}).then(() => 'taken', () => 'refused'),
              await fetch(url, {mode: 'no-cors'}).then(() => 'taken', () => 'refused'),
              await new Promise((done) => {
                const connection = new WebSocket(`${socket}_nicegui_ws/socket.io/?EIO=4&transport=websocket`);
                connection.onopen = () => done('taken');
                connection.onerror = () => done('refused');
              }),
            ]""",
            [bench.url, there],
        )
        assert answers == ["refused", "refused", "refused"]
        page.close()


def test_ctrl_c_ends_it_at_once_also_with_the_page_open(tmp_path: Path, browser: BrowserContext) -> None:
    with working(tmp_path, "renal-impairment") as bench:
        page = bench.opened(browser)
        os.kill(bench.process.pid, signal.SIGINT)
        assert bench.process.wait(timeout=30) in (0, 130, -signal.SIGINT)
        assert "Traceback" not in bench.printed.read_text()
        page.close()
