"""Changes: two states of a rules folder compared rule by rule, in words, with the version bump that each change calls for.

Compared is what ships: a site's own folder is no part of it. A rule that says other words calls for a patch, a new case for a minor,
and whatever else changes who gets its card, or how urgent it is, for a major version. A rule that is gone can have no version: it
is never raised enough, unless it made no card or has another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.authoring.fingerprints import LABEL, rule_fingerprint
from engine.authoring.folder import Loaded
from engine.authoring.part_changes import part_changes, say_with
from engine.authoring.tree_changes import Said, Say, bare, tree_changes
from engine.authoring.versions import Bump, bump_between
from engine.describe import describe
from engine.rule import Rule, Variant
from engine.ruleset import Pack
from engine.words import listing

_DECIDING: Final = ("status", "experimental", "kind", "medicine", "if_unknown")
"""Fields that decide who is told, where and whether; any change of them is major."""

_LABEL_WORDS: Final = frozenset({"label_title", "label_version", "label_url"})
"""What a pack says of its label that decides nothing; an example is not for patients, and topics are what EHRs know cards by."""

_CHOICES: Final = ("suggestions", "override_reasons", "links")


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What became of one rule: its versions (None where it is not there), the changes in words, and the bumps.

    ``rule`` is its id, or that of a pack: what a pack says of its label stands on each of its cards.
    """

    rule: str
    old: str | None
    new: str | None
    said: tuple[Said, ...]

    @property
    def called_for(self) -> Bump:
        """The step that the changes call for."""
        return max((said.bump for said in self.said), default=Bump.NONE)

    @property
    def made(self) -> Bump:
        """The step that was made; none for a rule that is new or gone."""
        return (
            bump_between(self.old, self.new) if self.old is not None and self.new is not None else Bump.NONE
        )

    @property
    def enough(self) -> bool:
        """Whether the version was raised as far as the changes ask."""
        return self.made >= self.called_for


def rule_changes(old: Loaded, new: Loaded) -> tuple[RuleChange, ...]:
    """Every pack that says something else of its label, and every rule that is new, gone or changed, in the order of their ids."""
    before = {rule.id: rule for rule in old.rules.rules}
    after = {rule.id: rule for rule in new.rules.rules}
    found = (_change(old, new, before.get(name), after.get(name)) for name in sorted(before | after))
    changed = tuple(each for each in found if each.said or each.old != each.new)
    both = sorted(old.rules.packs.keys() & new.rules.packs.keys())
    packs = (_pack(old.rules.packs[name], new.rules.packs[name]) for name in both)
    return (*(pack for pack in packs if pack.said), *_renamed(before, after, changed))


def _pack(old: Pack, new: Pack) -> RuleChange:
    """What a pack says otherwise on each of its cards."""
    said = tuple(
        Said(
            f"{field} is {_stated(getattr(new, field))}, instead of {_stated(getattr(old, field))}: it stands on each card",
            Bump.PATCH if field in _LABEL_WORDS else Bump.MAJOR,
        )
        for field in LABEL
        if getattr(old, field) != getattr(new, field)
    )
    return RuleChange(new.id, old.version, new.version, said)


def _stated(value: object) -> str:
    return (
        "left out" if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _renamed(
    before: Mapping[str, Rule], after: Mapping[str, Rule], changes: tuple[RuleChange, ...]
) -> tuple[RuleChange, ...]:
    """The changes; of a rule that is gone and one that is new and says the same, that the one has become the other."""
    gone = {_but_name(before[change.rule]): change.rule for change in changes if change.new is None}
    names = {
        change.rule: gone[_but_name(after[change.rule])]
        for change in changes
        if change.old is None and _but_name(after[change.rule]) in gone
    }
    said = {
        new: f"is {old} under another name, which stored decisions do not know" for new, old in names.items()
    }
    said |= {old: f"is gone: its name is {new} now" for new, old in names.items()}
    return tuple(
        replace(change, said=(Said(said[change.rule], Bump.NONE),)) if change.rule in said else change
        for change in changes
    )


def _but_name(rule: Rule) -> str:
    return rule.model_dump_json(exclude={"id", "version", "review"})


def _change(old: Loaded, new: Loaded, before: Rule | None, after: Rule | None) -> RuleChange:
    if before is None and after is not None:
        sentence = describe(after, new.concepts, new.rules.findings)
        return RuleChange(after.id, None, after.version, (Said(f"is new: {sentence}", Bump.NONE),))
    assert before is not None
    if after is None:
        return RuleChange(before.id, before.version, None, (_gone(before),))
    said = [*_rule(before, after, say_with(old), say_with(new)), *part_changes(old, new, after)]
    if not said and rule_fingerprint(old, before.id) != rule_fingerprint(new, after.id):
        said.append(Said("its file is written differently and says the same", Bump.PATCH))
    return RuleChange(after.id, before.version, after.version, tuple(dict.fromkeys(said)))


def _gone(rule: Rule) -> Said:
    """A rule that made cards must stay, retired under a major version; one that made none may go."""
    if rule.status != "active":
        return Said(f"is gone: it was {rule.status}, and made no card", Bump.NONE)
    return Said("is gone: nobody gets its card; bring it back, with  status: retired", Bump.MAJOR)


def _rule(old: Rule, new: Rule, say_old: Say, say_new: Say) -> Iterator[Said]:
    for field in _DECIDING:
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield Said(f"{field} is {after} instead of {before}".lower(), Bump.MAJOR)
    yield from _sets("asked at", [*old.hooks], [*new.hooks])
    yield from _sets("brought up by", [*old.brought_up_by], [*new.brought_up_by])
    if set(new.yields_to) - set(old.yields_to):
        names = listing(sorted(set(new.yields_to) - set(old.yields_to)), "or")
        yield Said(f"no longer shown together with {names}", Bump.MAJOR)
    if set(old.yields_to) - set(new.yields_to):
        names = listing(sorted(set(old.yields_to) - set(new.yields_to)), "or")
        yield Said(f"now also shown together with {names}", Bump.MINOR)
    yield from tree_changes(old.when, new.when, say_old, say_new)
    yield from tree_changes(old.unless, new.unless, say_old, say_new, fires=False)
    if old.card.indicator is not new.card.indicator:
        yield Said(f"the card is {new.card.indicator} instead of {old.card.indicator}", Bump.MAJOR)
    yield from _variants(old, new, say_old, say_new)
    yield from _texts(old, new)


def _sets(words: str, old: list[str], new: list[str]) -> Iterator[Said]:
    come, gone = [name for name in new if name not in old], [name for name in old if name not in new]
    if come:
        yield Said(f"now also {words} {listing(come)}", Bump.MINOR)
    if gone:
        yield Said(f"no longer {words} {listing(gone)}", Bump.MAJOR)


def _variants(old: Rule, new: Rule, say_old: Say, say_new: Say) -> Iterator[Said]:
    """Variants are told apart by their conditions; the first that is met wins, so their order counts."""
    before = [(bare(variant.when), variant) for variant in old.card.variants]
    after = [(bare(variant.when), variant) for variant in new.card.variants]
    for place, (when, variant) in enumerate(after):
        same = _of(before, when)
        urgency = variant.indicator or new.card.indicator
        instead = {later.indicator or new.card.indicator for _, later in after[place:]} | {new.card.indicator}
        if same is None and instead == {urgency}:
            yield Said(f"has its own words when {say_new(variant.when)}", Bump.MINOR)
        elif same is None or same.indicator is not variant.indicator:
            yield Said(f"is {urgency} when {say_new(variant.when)}", Bump.MAJOR)
        elif (same.summary, same.detail) != (variant.summary, variant.detail):
            yield Said(f"has other words when {say_new(variant.when)}", Bump.PATCH)
    for when, variant in before:
        if _of(after, when) is None:
            yield Said(f"no longer has its own words or urgency when {say_old(variant.when)}", Bump.MAJOR)
    kept = [when for when, _ in before if _of(after, when) is not None]
    if kept != [when for when, _ in after if _of(before, when) is not None]:
        yield Said("its cases are looked at in another order", Bump.MAJOR)


def _of(variants: Sequence[tuple[object, Variant]], when: object) -> Variant | None:
    return next((variant for own, variant in variants if own == when), None)


def _texts(old: Rule, new: Rule) -> Iterator[Said]:
    if old.card.summary != new.card.summary:
        yield Said(f"reads “{new.card.summary}” instead of “{old.card.summary}”", Bump.PATCH)
    words = [name for name in ("title", "limits", "sources") if getattr(old, name) != getattr(new, name)]
    words += ["detail"] if old.card.detail != new.card.detail else []
    if words:
        yield Said(f"other words: {listing(words)}", Bump.PATCH)
    choices = [name for name in _CHOICES if getattr(old.card, name) != getattr(new.card, name)]
    choices += ["obtain"] if old.obtain != new.obtain else []
    if choices:
        yield Said(f"other choices: {listing(choices)}", Bump.MINOR)
