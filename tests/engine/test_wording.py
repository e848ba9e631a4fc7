"""Wording: a met rule's text with the patient's values in it, inert and short enough."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.facts import FactList, ListState
from engine.rule import Indicator
from engine.wording import BUILT_IN, NOT_STATED, Wording, fit, placeholders, shorten, wording
from tests.engine.builders import PACK, coded, diagnosis, evaluate, observation, on, order, patient, rule


def worded(card: dict[str, Any], *, parameters: dict[str, str] | None = None, **more: Any) -> Wording:
    """The words of a rule that is met by a diagnosis of epilepsy on record since 2020, for an order of the medicine."""
    facts: dict[str, Any] = {"orders": [order()], "conditions": [diagnosis(onset=on("2020-05-01"))]}
    asked: dict[str, Any] = {"when": {"condition": "epilepsy", "as": "fits"}}
    rules: dict[str, Any] = {key: more.pop(key) for key in ("when", "unless", "sources") if key in more}
    (outcome,) = evaluate(patient(**(facts | more)), rule(card=card, **(asked | rules))).outcomes
    return wording(outcome, replace(PACK, parameters=parameters or {}))


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (on("2025-11-26"), "on 26 Nov 2025"),
        (on("2025-11"), "in Nov 2025"),
        (on("2025"), "in 2025"),
        (DateInterval.spanning(on("2025-11-26"), None), "since 26 Nov 2025"),
        (DateInterval.spanning(None, on("2025-11-26")), "until 26 Nov 2025"),
        (DateInterval.spanning(on("2025-11-26"), on("2025-11-27")), "from 26 Nov 2025 to 27 Nov 2025"),
        (None, "on an unknown date"),
    ],
)
def test_what_stands_before_a_date_fits_it(date: DateInterval | None, words: str) -> None:
    card = {"summary": "Fits on {fits.date}: wait"}
    assert worded(card, conditions=[diagnosis(onset=date)]).summary == f"Fits {words}: wait"


class TestTheWords:
    def test_are_the_cards(self) -> None:
        found = worded(
            {"summary": "Epilepsy on record", "detail": "Watch for **seizures**.", "indicator": "warning"}
        )
        assert (found.indicator, found.summary, found.heading) == (
            Indicator.WARNING, "Epilepsy on record", "Epilepsy on record",
        )  # fmt: skip
        assert found.detail == "Watch for **seizures**.  \nOn record: epilepsy (1 May 2020)."

    @pytest.mark.parametrize(
        ("variant", "summary", "indicator"),
        [
            ({"summary": "Since {fits.date}"}, "Since 1 May 2020", Indicator.WARNING),
            ({"indicator": "critical"}, "About epilepsy", Indicator.CRITICAL),
            ({"detail": "Other text."}, "About epilepsy", Indicator.WARNING),
        ],
    )
    def test_are_the_variants_where_that_says_something_else(
        self, variant: dict[str, Any], summary: str, indicator: Indicator
    ) -> None:
        found = worded({"variants": [{"when": {"condition": "epilepsy"}} | variant], "detail": "Text."})
        assert (found.summary, found.indicator) == (summary, indicator)
        assert found.detail.startswith(variant.get("detail", "Text."))


class TestPlaceholders:
    def test_stand_for_the_patients_values(self) -> None:
        summary = "{medicine}, {order.label}: {fits.label} since {fits.date} ({fits.count}), {parameter.low-dose}, {parameter.market}"
        found = worded({"summary": summary}, parameters={"low-dose": "90 ug/d", "market": "eu"})
        assert found.summary == (
            "intrathecal baclofen, baclofen: epilepsy since 1 May 2020 (1), 90 micrograms/day, eu"
        )
        assert placeholders(summary)[:2] == BUILT_IN
        assert set(placeholders(summary)) >= {"fits.label", "parameter.low-dose"}

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("7 days", "7 days"),
            ("100 ug", "100 micrograms"),
            ("2000 ug/d", "2000 micrograms/day"),
            ("eu", "eu"),
        ],
    )
    def test_settings_read_as_a_prescriber_reads_them(self, value: str, words: str) -> None:
        assert worded({"summary": "{parameter.limit}"}, parameters={"limit": value}).summary == words

    def test_what_has_no_value_is_not_stated(self) -> None:
        assert worded({"summary": "{egfr.value} {fits.value}"}).summary == f"{NOT_STATED} {NOT_STATED}"

    def test_values_of_unless_and_of_variants_count_too_and_the_first_wins(self) -> None:
        lab = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "1 year", "as": "egfr"}
        found = worded(
            {"summary": "{egfr.value}", "variants": [{"when": lab}]},
            unless={"all": [{"condition": "head-injury"}]},
            observations=[observation("egfr", "40 mL/min")],
        )
        assert found.summary == "40"

    def test_braces_in_a_record_are_only_braces(self) -> None:
        odd = replace(coded("epilepsy"), text="{medicine}")
        assert worded({"summary": "{fits.label}"}, conditions=[diagnosis(odd)]).summary == "{medicine}"

    def test_without_anything_that_brought_it_up_the_order_is_not_stated(self) -> None:
        (outcome,) = evaluate(patient(), rule(card={"summary": "{order.label}"})).outcomes
        assert wording(outcome, PACK).summary == NOT_STATED


class TestTheRecordsWordsDoNothing:
    EVIL = replace(coded("epilepsy"), text="<img src=x> [a](http://b)\n# *fits*")

    def test_in_the_detail_they_are_inert_and_in_the_summary_plain(self) -> None:
        """CH-129: some clients render the raw HTML of a detail; a summary is plain text."""
        found = worded(
            {"summary": "{fits.label}", "detail": "{fits.label}"}, conditions=[diagnosis(self.EVIL)]
        )
        assert found.summary == "<img src=x> [a](http://b) # *fits*"
        for text in (found.heading, found.detail):
            assert "<img" not in text
            assert "\\[a\\]" in text
        assert "\n#" not in found.detail

    def test_neither_do_remarks_doubts_and_sources(self) -> None:
        found = worded(
            {"detail": ""},
            conditions=[diagnosis(suspected=True)],
            unless={"device": "pump"},
            devices=FactList(ListState.FAILED, detail="<b>"),
            sources=[{"statement": "WP-01"}, {"beyond": "Ours, *not* the label's."}],
        )
        assert found.detail.split("  \n") == [
            "On record: epilepsy.",
            "Epilepsy: suspected, not confirmed.",
            "Could not be checked: pump (the list of devices could not be read from the record: &lt;b&gt;).",
            "Not from the label: Ours, \\*not\\* the label's.",
        ]


class TestEvidence:
    def test_the_order_the_card_is_about_is_no_evidence_of_its_own(self) -> None:
        assert worded({"detail": "Text."}, when={"route": {"is": "intrathecal"}}).detail == "Text."

    def test_the_same_words_stand_once_and_what_has_none_by_its_code(self) -> None:
        twice = [diagnosis(reference=f"Condition/{n}") for n in (1, 2)]
        (coding,) = coded("epilepsy").codings
        bare = diagnosis(CodedText((replace(coding, display=""),)), "Condition/3")
        found = worded({"detail": ""}, conditions=[*twice, bare])
        assert found.detail == "On record: epilepsy; G40."


class TestLength:
    def test_text_is_cut_between_words_and_marked(self) -> None:
        assert shorten("one two three", 13) == "one two three"
        assert shorten("one  two\nthree", 13) == "one two three"
        assert shorten("one two three", 12) == "one two…"
        assert shorten("one (two three", 10) == "one (two…"
        assert shorten("one two, three", 11) == "one two…"
        assert shorten("incomprehensibilities", 10) == "incompreh…"

    def test_words_that_do_not_fit_are_counted(self) -> None:
        words = ["head injury", "epilepsy", "cerebral palsy", "epilepsy"]
        assert fit("Baclofen: ", words, 60) == "Baclofen: head injury, epilepsy and cerebral palsy"
        assert fit("Baclofen: ", words, 45) == "Baclofen: head injury, epilepsy and 1 more"
        assert fit("Baclofen: ", words, 38) == "Baclofen: head injury and 2 more"
        assert fit("Baclofen: ", words, 20) == "Baclofen: head…"
        assert fit("Baclofen", [], 60) == "Baclofen"

    @given(st.text(max_size=300), st.lists(st.text(max_size=80), max_size=12), st.integers(20, 139))
    def test_no_text_is_longer_than_it_may_be(self, start: str, words: list[str], limit: int) -> None:
        assert len(fit(start, words, limit)) <= limit
        assert len(shorten(start, limit)) <= limit

    @given(st.text(min_size=1, max_size=300))
    def test_a_summary_is_under_140_characters_whatever_the_record_says(self, label: str) -> None:
        """CH-120."""
        odd = replace(coded("epilepsy"), text=label)
        found = worded(
            {"summary": "Seizures are possible: {fits.label} since {fits.date}"}, conditions=[diagnosis(odd)]
        )
        assert 0 < len(found.summary) < 140
        assert "\n" not in found.summary
