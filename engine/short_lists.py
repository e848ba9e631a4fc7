"""Short lists: the line on a card for codes of SNOMED CT that count as nothing only because no list of the rules has them.

No list can hold the hierarchy of SNOMED CT, and where neither expansions nor a terminology server stand behind the lists, an epilepsy
under a code of its own passes for none. Nearly every record has such codes, nearly all of them rightly passed: so they bring no card
of their own up, with one exception. An order of the medicine itself that leaves nothing else unchecked gets a card that says just this:
there, silence would be taken for an answer. A code beside which the entry has one of ICD is no part of it: that one tells what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from engine.cards import Card, about, in_order, sentence_start
from engine.finding import Truth
from engine.grammars import SNOMED
from engine.markdown import escape
from engine.outcome import Evaluation, RuleOutcome
from engine.record import Presumed
from engine.rule import Hook, Indicator
from engine.ruleset import RuleSet

NAMED: Final = 3
"""Entries that the line names; the others are counted."""

_LONGEST_NAME: Final = 60


def told_of_short_lists(
    cards: Sequence[Card], evaluation: Evaluation, rules: RuleSet, presumed: Iterable[Presumed], alone: bool
) -> tuple[Card, ...]:
    """The cards, those of what could not be checked with a line on the codes of SNOMED CT that were compared with the lists only.

    With ``alone``, an order of the medicine itself that has no such card gets one.
    """
    codes = [each for each in presumed if each.system == SNOMED and each.alone]
    if not codes:
        return tuple(cards)
    line = _line(codes)
    told = [
        replace(card, detail=f"{card.detail}\n\n{line}") if card.tier == "unchecked" else card
        for card in cards
    ]
    reviewed = evaluation.hook != Hook.ORDER_SELECT and alone
    return in_order([*told, *(_alone(evaluation, rules, told, line) if reviewed else ())])


def _line(codes: Sequence[Presumed]) -> str:
    count = len(codes)
    names = list(dict.fromkeys(each.label for each in codes if each.label))[:NAMED]
    more = [f"{count - len(names)} more"] if names and count > len(names) else []
    listed = ", ".join([*(f"“{escape(_short(name))}”" for name in names), *more])
    one = count == 1
    return (
        f"**Compared with short lists only**: {count} {'code' if one else 'codes'} of SNOMED CT{f' ({listed})' if listed else ''}. "
        f"No list of the rules has {'it' if one else 'them'}, so {'it counts' if one else 'they count'} as nothing that the rules look "
        "for; without an expansion or a terminology server nobody can tell whether it is a kind of it."
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1].rstrip()}…"


def _alone(evaluation: Evaluation, rules: RuleSet, cards: Iterable[Card], line: str) -> Iterator[Card]:
    """A card for each order of a medicine of the rules that has none for what could not be checked."""
    told = {(card.pack, card.order) for card in cards if card.tier == "unchecked"}
    for pack_id, outcome in _of_orders(evaluation):
        subject = outcome.subject
        assert subject is not None
        if (pack_id, subject.order) in told:
            continue
        told.add((pack_id, subject.order))
        pack = rules.packs[pack_id]
        yield Card(
            tier="unchecked",
            indicator=Indicator.INFO,
            summary=f"{sentence_start(pack)}: codes of SNOMED CT were compared with short lists only",
            detail=f"{about(subject)}\n\n{line}",
            rules=(),
            pack=pack.id,
            topic=f"{pack.id}.short-lists",
            topic_title="Compared with short lists",
            source_label=pack.source_label,
            source_url=pack.label_url,
            order=subject.order,
        )


def _of_orders(evaluation: Evaluation) -> Iterator[tuple[str, RuleOutcome]]:
    for outcome in evaluation.outcomes:
        subject = outcome.subject
        if subject is not None and subject.kind == "order" and subject.certainty is Truth.MET:
            yield outcome.rule.id.split(".", 1)[0], outcome
