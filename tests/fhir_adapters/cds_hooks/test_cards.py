"""Cards of the engine as CDS Hooks sends them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from engine.authoring.folder import Loaded
from engine.cards import Card as EngineCard
from engine.cards import CardSuggestion, OverrideReason
from engine.rule import Indicator, LinkSpec, SuggestionSpec
from fhir_adapters.cds_hooks.cards import card_of
from fhir_adapters.cds_hooks.models import Card, Coding, HookResponse, Link, encode
from fhir_adapters.issues import DataIssues
from fhir_adapters.review import ReviewContext

DELETE = SuggestionSpec(label="Remove the order", delete="order", recommended=True)
HOLD = SuggestionSpec(label="Hold the order", set_status="on-hold", recommended=True)
ASK = SuggestionSpec(label="Order creatinine", request="Serum creatinine", recommended=True)
TELL = SuggestionSpec(label="Tell the ward", communicate="Watch for seizures", recommended=True)


def uuids() -> Iterator[UUID]:
    number = 0
    while True:
        number += 1
        yield UUID(int=number)


def sent(mini: Loaded, issues: DataIssues | None = None, **members: Any) -> Card:
    complete: dict[str, Any] = {
        "tier": "warnings",
        "indicator": Indicator.WARNING,
        "summary": "Lower the dose",
        "detail": "",
        "rules": ("baclofen-it.renal-impairment",),
        "pack": "baclofen-it",
        "topic": "baclofen-it.renal-impairment",
        "topic_title": "Reduced kidney function",
        "source_label": "A leaflet for tests",
        "source_url": None,
        "order": None,
    }
    numbers = uuids()
    return card_of(
        EngineCard(**complete | members),
        ReviewContext("order-sign", patient_id="p1"),
        issues if issues is not None else DataIssues(),
        rules=mini.rules,
        concepts=mini.concepts,
        new_uuid=lambda: next(numbers),
    )


def suggested(*specs: SuggestionSpec, order: str | None = None) -> tuple[CardSuggestion, ...]:
    return tuple(CardSuggestion(spec, order) for spec in specs)


def test_what_is_to_be_created_for_nobody_is_left_out_with_an_issue(mini: Loaded) -> None:
    issues = DataIssues()
    card = EngineCard(
        "unchecked", Indicator.INFO, "s", "d", (), "baclofen-it", "t", "T", "L", None, None, suggested(ASK)
    )
    session = ReviewContext("order-sign")
    made = card_of(
        card, session, issues, rules=mini.rules, concepts=mini.concepts, new_uuid=lambda: UUID(int=1)
    )
    assert made.suggestions == ()
    assert [(issue.reference, issue.reason) for issue in issues] == [
        ("request", "a suggestion is left out: it cannot name the patient")
    ]


def test_ch_126_the_topic_has_the_system_of_its_pack_or_ours(mini: Loaded) -> None:
    assert sent(mini).source.topic == Coding(
        "urn:primum:topic", "baclofen-it.renal-impairment", "Reduced kidney function"
    )


def test_ch_127_and_ch_143_every_card_and_suggestion_has_its_own_uuid(mini: Loaded) -> None:
    card = sent(mini, suggestions=suggested(ASK, TELL))
    assert len({card.uuid, *(suggestion.uuid for suggestion in card.suggestions)}) == 3


def test_ch_128_a_detail_without_words_is_left_out(mini: Loaded) -> None:
    assert sent(mini).detail is None
    assert sent(mini, detail="**Why**").detail == "**Why**"


def test_ch_132_override_reasons_are_codings_with_words(mini: Loaded) -> None:
    reasons = (OverrideReason("will-monitor", "I will monitor the patient"),)
    assert sent(mini, override_reasons=reasons).override_reasons == (
        Coding("urn:primum:override-reason", "will-monitor", "I will monitor the patient"),
    )


def test_ch_141_suggestions_that_only_create_may_be_combined(mini: Loaded) -> None:
    assert sent(mini, suggestions=suggested(ASK, TELL)).selection_behavior == "any"


def test_ch_144_only_the_first_recommendation_stays(mini: Loaded) -> None:
    card = sent(mini, suggestions=suggested(ASK, TELL))
    assert [suggestion.is_recommended for suggestion in card.suggestions] == [True, False]


def test_ch_154_and_ch_155_a_suggestion_that_has_no_draft_is_left_out_and_told(mini: Loaded) -> None:
    issues = DataIssues()
    card = sent(
        mini,
        issues,
        order="MedicationRequest/r1",
        suggestions=suggested(DELETE, order="MedicationRequest/r1"),
    )
    assert (card.suggestions, card.selection_behavior) == ((), None)
    assert [(issue.reference, issue.effect) for issue in issues] == [("MedicationRequest/r1", "ignored")]


def test_ch_160_links_are_sent_as_absolute(mini: Loaded) -> None:
    link = LinkSpec(label="Label", url="https://example.org/label")
    assert sent(mini, links=(link,)).links == (Link("Label", "https://example.org/label", "absolute"),)


@pytest.mark.parametrize("specs", [(), (ASK,), (ASK, TELL)])
def test_whatever_is_made_conforms(mini: Loaded, specs: tuple[SuggestionSpec, ...]) -> None:
    encode(HookResponse((sent(mini, suggestions=suggested(*specs)),)))
