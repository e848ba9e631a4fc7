"""The five stories of docs/stories.md: each is answered as its picture shows."""

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from engine.authoring.loading import load_rules
from engine.cards import Card
from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import questions_of

STORIES = Path(__file__).parent.parent / "docs" / "stories"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = load_rules()
ENGINE, SERVICES = Engine(RULES.rules, RULES.concepts), Services(RULES.rules, RULES.concepts)


def cards_of(story: str) -> tuple[Card, ...]:
    (file,) = STORIES.glob(f"{story}-*.json")
    (question,) = questions_of(file.read_bytes(), None, SERVICES)
    return question.decide(ENGINE, NOW).cards


@pytest.mark.parametrize(
    ("story", "indicator", "rules"),
    [
        ("1", "critical", {"baclofen-it.bolus-strength"}),
        ("2", "warning", {"baclofen-it.opioids", "baclofen-it.cns-depressants"}),
        ("3", "warning", {"baclofen-it.head-injury-recent"}),
        ("4", "warning", {"baclofen-it.no-refill-booked"}),
        ("5", "critical", {"baclofen-it.dose-unit"}),
    ],
)
def test_the_first_card_of_each_story(story: str, indicator: str, rules: set[str]) -> None:
    first = cards_of(story)[0]
    assert first.indicator.value == indicator
    assert rules <= set(first.rules)


@pytest.mark.parametrize("story", "12345")
def test_no_story_needs_more_than_four_cards(story: str) -> None:
    assert 1 <= len(cards_of(story)) <= 4


def test_every_story_is_in_the_page_and_has_its_picture() -> None:
    page = (STORIES.parent / "stories.md").read_text(encoding="utf-8")
    for file in STORIES.glob("*.json"):
        assert f"stories/{file.name}" in page
        assert (STORIES.parent / "images" / f"story-{file.name[0]}.svg").is_file()


@pytest.mark.parametrize("story", "12345")
def test_each_picture_shows_the_cards_of_today(story: str) -> None:
    drawn = _words((STORIES.parent / "images" / f"story-{story}.svg").read_text(encoding="utf-8"))
    for card in cards_of(story):
        assert f"{card.indicator.value.upper()} {card.summary}" in drawn


def _words(svg: str) -> str:
    """What a picture of a terminal says, without the frames around the cards."""
    text = " ".join(re.findall(r"<text[^>]*>(.*?)</text>", svg, flags=re.DOTALL))
    return " ".join(re.sub("[╭╮╰╯─│]", " ", unescape(text)).split())
