"""A test as text: it reads back as what it was, and stands behind the tests that are there."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring.case_text import case_text, expectation_of, new_file, with_case
from engine.authoring.loading import parse_document
from engine.authoring.testing import read_tests, rule_tests

KIDNEY = "baclofen-it.renal-impairment"
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="\u2028\u2029\ufeff"),
    min_size=1,
)
VALUES = st.recursive(
    TEXT | st.booleans() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.dictionaries(TEXT.filter(lambda key: key != "<<"), VALUES, max_size=4))
def test_what_is_written_reads_back_as_it_was(values):
    text = new_file(date(2026, 3, 1)) + case_text("it is so", {"patient": values}, {"outcome": "met"})
    document, problems = parse_document(text, "rules/x.test.yaml")
    assert problems == []
    assert document.data["tests"] == [{"name": "it is so", "patient": values, "expect": {"outcome": "met"}}]


def test_a_test_is_written_as_an_author_would(mini):
    setup = {
        "patient": {"age": "60 years", "sex": "female"},
        "labs": ["lab-egfr 42 mL/min/1.73m2 on 2026-02-08"],
        "missing": ["conditions"],
    }
    assert case_text("a low rate warns", setup, {"outcome": "met", "card": "warning"}) == (
        "  - name: a low rate warns\n"
        "    patient: {age: 60 years, sex: female}\n"
        "    labs: [lab-egfr 42 mL/min/1.73m2 on 2026-02-08]\n"
        "    missing: [conditions]\n"
        "    expect:\n"
        "      outcome: met\n"
        "      card: warning\n"
    )


def test_a_long_list_has_a_line_for_each_entry():
    text = case_text("x", {"conditions": ["a-condition-with-a-long-name"] * 5}, {"outcome": "met"})
    assert text.count("\n      - a-condition-with-a-long-name") == 5


@pytest.mark.parametrize(
    "text", ["60", "true", "a: b", "x, y", "- x", "no#", "[x]", "0x1", " x", "x ", "12:30", "1.5", "null"]
)
def test_what_yaml_would_read_as_something_else_is_quoted(text):
    written = case_text(text, {}, {"outcome": "met"})
    document, _ = parse_document("tests:\n" + written, "rules/x.test.yaml")
    assert document.data["tests"][0]["name"] == text


def appended(text: str) -> str:
    document, _ = parse_document(text, "rules/x.test.yaml")
    return with_case(document, case_text("new", {}, {"outcome": "met"}))


def test_it_stands_behind_the_last_test_with_a_line_between():
    assert appended("tests:\n  - name: old\n    expect: met\n\n\n").endswith(
        "expect: met\n\n  - name: new\n    expect:\n      outcome: met\n"
    )


def test_what_stands_after_the_tests_stays_there():
    after = "\nshared:\n  therapy: current\ntoday: 2026-03-01\n"
    text = appended("tests:\n  - name: old\n    expect: met\n\n" + after)
    assert text.endswith("      outcome: met\n" + after)


def test_the_first_test_of_a_new_file_is_one(mini):
    begun, _ = parse_document(new_file(date(2026, 3, 1)), "rules/x.test.yaml")
    text = with_case(begun, case_text("new", {}, {"outcome": "met"}))
    assert text == "today: 2026-03-01\ntests:\n  - name: new\n    expect:\n      outcome: met\n"


def test_what_came_out_is_what_the_same_test_expects(mini):
    """Every test of the small rules, with its expectation replaced by what came out, passes."""
    tests = read_tests(mini, KIDNEY)
    assert tests is not None
    assert tests.file is not None
    truths = set()
    for case in tests.cases:
        _, cards = tests.evaluate(case)
        _, [outcome] = tests.look(case)
        truths.add(outcome.outcome.value)
        expect = expectation_of(outcome, tests.card_in(cards))
        setup = case.model_dump(by_alias=True, mode="json", exclude_unset=True, exclude={"name", "expect"})
        text = new_file(tests.file.today) + case_text("again", setup, expect)
        again = rule_tests(mini, KIDNEY, *parse_document(text, "rules/x.test.yaml"))
        assert again.problems == ()
        assert [again.run(case).failures for case in again.cases] == [()]
        again.close()
    tests.close()
    assert truths == {"met", "not_met", "unknown"}
