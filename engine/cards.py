"""Cards: the few that a prescriber sees, made from the outcomes of many rules.

Contraindications, and whatever else is critical, stand alone. The warnings of one order come as one card, its interactions as one,
monitoring and information as one, and what could not be checked as one. Most urgent first; the same outcomes give the same cards in
the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from engine.finding import Missing, Truth, once
from engine.markdown import escape
from engine.outcome import Evaluation, RuleOutcome
from engine.rule import Hook, Indicator, Kind, LinkSpec, Rule, SuggestionSpec
from engine.ruleset import Pack, RuleSet
from engine.subjects import Subject
from engine.unchecked import unchecked_detail, unchecked_summary
from engine.wording import Wording, fit, wording
from engine.words import listing

SUMMARY_LIMIT = 139
"""CDS Hooks 2.0.1, card attributes: a summary is under 140 characters (CH-120)."""

Tier = Literal["contraindication", "warnings", "interactions", "information", "unchecked"]
"""Which card a rule's outcome goes on."""

_TIERS: dict[Kind, Tier] = {
    Kind.CONTRAINDICATION: "contraindication",
    Kind.WARNING: "warnings",
    Kind.PRECAUTION: "warnings",
    Kind.ADMINISTRATION: "warnings",
    Kind.INTERACTION: "interactions",
    Kind.MONITORING: "information",
    Kind.INFORMATION: "information",
}
_ORDER: tuple[Tier, ...] = ("contraindication", "warnings", "interactions", "unchecked", "information")
_TITLES: dict[Tier, str] = {
    "warnings": "Precautions",
    "interactions": "Interactions",
    "information": "For information",
    "unchecked": "Not checked",
}


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """A reason for going ahead, that the prescriber may choose."""

    code: str
    display: str


@dataclass(frozen=True, slots=True)
class CardSuggestion:
    """A suggestion with the order it acts on (None for those that create something)."""

    spec: SuggestionSpec
    order: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """One card in the engine's own terms; adapters put it into CDS Hooks.

    ``rules`` are the ids behind it; ``topic`` and ``topic_title`` identify what it is about; ``source_label`` names the label
    document; ``order`` is the reference of the order under review, None when therapy brought it up. ``rules`` are empty on the cards
    that rest on none (:mod:`engine.deceased`, :mod:`engine.short_lists`), and so is ``pack`` on the first of them.
    """

    tier: Tier
    indicator: Indicator
    summary: str
    detail: str
    rules: tuple[str, ...]
    pack: str
    topic: str
    topic_title: str
    source_label: str
    source_url: str | None
    order: str | None
    suggestions: tuple[CardSuggestion, ...] = ()
    override_reasons: tuple[OverrideReason, ...] = ()
    links: tuple[LinkSpec, ...] = ()


def cards_of(evaluation: Evaluation, rules: RuleSet) -> tuple[Card, ...]:
    """The cards of an evaluation: each order's, and therapy's, grouped by tier, most urgent first."""
    cards: list[Card] = []
    told = [outcome for outcome in evaluation.outcomes if outcome.shown and outcome.subject is not None]
    for (pack_id, *_), found in groupby(sorted(told, key=_group), key=_group):
        outcomes = list(found)
        pack = rules.packs[pack_id]
        lines = [_line(outcome, pack) for outcome in outcomes if outcome.outcome is Truth.MET]
        cards += _met_cards(lines, pack, rules)
        cards += _unchecked_cards([o for o in outcomes if _is_told(o, evaluation.hook)], pack)
    return in_order(cards)


def in_order(cards: Iterable[Card]) -> tuple[Card, ...]:
    """Cards, the most urgent first."""
    return tuple(sorted(cards, key=lambda card: (card.indicator.rank, _ORDER.index(card.tier))))


def _group(outcome: RuleOutcome) -> tuple[str, str, str]:
    assert outcome.subject is not None
    return outcome.rule.id.split(".", 1)[0], outcome.subject.order or "", outcome.subject.kind


@dataclass(frozen=True, slots=True)
class _Line:
    """One met rule with its words as they will stand on a card."""

    outcome: RuleOutcome
    words: Wording
    tier: Tier


def _line(outcome: RuleOutcome, pack: Pack) -> _Line:
    words = wording(outcome, pack)
    critical = words.indicator is Indicator.CRITICAL
    return _Line(outcome, words, "contraindication" if critical else _TIERS[outcome.rule.kind])


def _met_cards(lines: Iterable[_Line], pack: Pack, rules: RuleSet) -> Iterator[Card]:
    ordered = sorted(
        lines, key=lambda line: (_ORDER.index(line.tier), line.words.indicator.rank, line.outcome.rule.id)
    )
    for tier, members in groupby(ordered, key=lambda line: line.tier):
        together = list(members)
        if tier == "contraindication":
            for line in together:
                yield _card(tier, [line], pack, rules)
        else:
            yield _card(tier, together, pack, rules)


def _card(tier: Tier, lines: list[_Line], pack: Pack, rules: RuleSet) -> Card:
    first = lines[0]
    subject = first.outcome.subject
    assert subject is not None
    if len(lines) == 1:
        summary, detail = first.words.summary, first.words.detail
        topic, topic_title = first.outcome.rule.id, first.outcome.rule.title
    else:
        summary = _together(f"{sentence_start(pack)}: ", lines)
        detail = "\n\n".join(f"**{line.words.heading}**  \n{line.words.detail}" for line in lines)
        topic, topic_title = f"{pack.id}.{tier}", _TITLES[tier]
    reasons = dict.fromkeys(reason for line in lines for reason in line.outcome.rule.card.override_reasons)
    links = dict.fromkeys(link for line in lines for link in line.outcome.rule.card.links)
    return Card(
        tier=tier,
        indicator=min((_urgency(line, rules) for line in lines), key=lambda indicator: indicator.rank),
        summary=summary,
        detail="\n\n".join((about(subject), detail, *_caution([line.outcome.rule for line in lines]))),
        rules=tuple(line.outcome.rule.id for line in lines),
        pack=pack.id,
        topic=topic,
        topic_title=topic_title,
        source_label=pack.source_label,
        source_url=pack.label_url,
        order=subject.order,
        suggestions=_suggestions(
            (s for line in lines for s in line.outcome.rule.card.suggestions), subject.order
        ),
        override_reasons=tuple(OverrideReason(reason, rules.override_reasons[reason]) for reason in reasons),
        links=tuple(links),
    )


def _together(start: str, lines: list[_Line]) -> str:
    """The titles of several rules in one line, each with the medicines that brought it up as long as there is room for them."""
    titles = [line.outcome.rule.title for line in lines]
    full = [f"{title}{_partners(line)}" for title, line in zip(titles, lines, strict=True)]
    tries = (start + listing([*full[:named], *titles[named:]]) for named in range(len(lines), 0, -1))
    return next((text for text in tries if len(text) <= SUMMARY_LIMIT), fit(start, titles, SUMMARY_LIMIT))


def _partners(line: _Line) -> str:
    """The medicines that an interaction is with, in brackets; nothing where its rule names none."""
    when = line.outcome.when
    if line.outcome.rule.kind is not Kind.INTERACTION or when is None:
        return ""
    named = dict.fromkeys(value for name, value in when.values().items() if name.endswith(".list"))
    return f" ({' '.join(', '.join(named).split())})" if named else ""


def _urgency(line: _Line, rules: RuleSet) -> Indicator:
    """How urgent a rule's words are, where a site may ask that nothing unreviewed is critical."""
    held_back = rules.critical_needs_review and line.outcome.rule.review.state == "unreviewed"
    critical = line.words.indicator is Indicator.CRITICAL
    return Indicator.WARNING if critical and held_back else line.words.indicator


def sentence_start(pack: Pack) -> str:
    """The medicine of a pack as it begins a sentence."""
    return pack.title[:1].upper() + pack.title[1:]


def _caution(rules: list[Rule]) -> Iterator[str]:
    """Once on each card, that nobody has signed its rules off."""
    unreviewed = sum(rule.review.state == "unreviewed" for rule in rules)
    if unreviewed:
        these = "This rule has" if len(rules) == 1 else f"{unreviewed} of these rules have"
        yield f"_{'These rules have' if 1 < unreviewed == len(rules) else these} not been reviewed by a clinician._"


def about(subject: Subject) -> str:
    """Which order or therapy a card is about, in words: a card has no link to a resource (CH-130)."""
    words = {"therapy": "Therapy", "ended": "Therapy that has ended"}.get(subject.kind, "Order")
    return f"{words}: {escape(subject.label)}."


def _suggestions(specs: Iterable[SuggestionSpec], order: str | None) -> tuple[CardSuggestion, ...]:
    """Each different action once; what acts on the order is left out where no order is under review."""
    kept: dict[SuggestionSpec, CardSuggestion] = {}
    for spec in specs:
        bare = spec.model_copy(update={"label": "", "recommended": False})
        if order is not None or spec.creates:
            kept.setdefault(bare, CardSuggestion(spec, order))
    return tuple(kept.values())


def _is_told(outcome: RuleOutcome, hook: str) -> bool:
    """Whether an unknown outcome is named on the grouped card.

    An order that cannot be told from a sibling medicine yet is not named while it is still being written.

    While an order is still being written (order-select) only what a contraindication would need is named; the rest waits for signing
    (inventory, hooks). Where it is not even known that the patient has the medicine, a rule is named only when the rest of it holds;
    and where nothing points to the medicine, only when that rests on something of the record, not on what is absent.
    """
    if outcome.outcome is not Truth.UNKNOWN or outcome.subject is None:
        return False
    if outcome.error is not None:
        return True
    if outcome.rule.if_unknown == "silent":
        return False
    settled = outcome.rule.kind is Kind.CONTRAINDICATION and outcome.subject.certainty is Truth.MET
    if hook == Hook.ORDER_SELECT and not settled:
        return False
    if outcome.subject.kind in ("therapy", "ended") and outcome.subject.certainty is Truth.UNKNOWN:
        holds = outcome.when is not None and outcome.when.truth is Truth.MET
        return holds and (outcome.subject.suspected or bool(outcome.when and outcome.when.evidence()))
    return True


def _unchecked_cards(outcomes: list[RuleOutcome], pack: Pack) -> Iterator[Card]:
    if not outcomes:
        return
    subject = outcomes[0].subject
    assert subject is not None
    missing = [(outcome.rule, entry) for outcome in outcomes for entry in outcome.missing or (FAILED,)]
    words = {found.reference: found.label for outcome in outcomes for found in outcome.evidence}
    warned = any(outcome.rule.if_unknown == "warn" for outcome in outcomes)
    yield Card(
        tier="unchecked",
        indicator=Indicator.WARNING if warned else Indicator.INFO,
        summary=unchecked_summary(missing, sentence_start(pack), SUMMARY_LIMIT),
        detail=f"{about(subject)}\n\n{unchecked_detail(missing, words)}",
        rules=tuple(outcome.rule.id for outcome in outcomes),
        pack=pack.id,
        topic=f"{pack.id}.unchecked",
        topic_title=_TITLES["unchecked"],
        source_label=pack.source_label,
        source_url=pack.label_url,
        order=subject.order,
        suggestions=_suggestions((s for outcome in outcomes for s in _obtainable(outcome)), subject.order),
    )


def _obtainable(outcome: RuleOutcome) -> Iterator[SuggestionSpec]:
    """What would answer a rule that is unknown: what the rule says, and the measurement that an estimate lacks.

    No request for another datum than the one that lacks.
    """
    lacking = once(entry.lacks for entry in outcome.missing)
    concepts = [datum.concept for datum in lacking if datum is not None and datum.concept is not None]
    for spec in outcome.rule.obtain:
        if spec.code is None or not lacking or None in lacking or spec.code in concepts:
            yield spec
    offered = {spec.code for spec in outcome.rule.obtain}
    for datum in lacking:
        if datum is not None and datum.concept is not None and datum.concept not in offered:
            label = f"Request {datum.name}"[:80]
            words = f"{datum.name[:1].upper()}{datum.name[1:]}"
            yield SuggestionSpec(label=label, request=words, code=datum.concept)


FAILED = Missing("a rule", "it failed; its authors need to look at it")
"""What the grouped card says of a rule that raised an error."""
