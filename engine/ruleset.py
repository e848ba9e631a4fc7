"""Rule sets: the packs, rules, shared findings and wording that an engine runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from engine.adjustments import Adjustment
from engine.rule import Hook, Rule, SharedFinding


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a label in our own words: where it stands, and the rules that cite it or why none can decide it.

    ``use`` is its type as a FHIR R5 ClinicalUseDefinition, where ``kind`` does not already say it.
    """

    id: str
    title: str
    section: str
    text: str
    kind: str
    line: int | None = None
    no_rule: str | None = None
    counselling: str | None = None
    use: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of one medicine's label: the label document and its version, the reviewers' roles, and the parameters.

    ``topic_system`` is the code system of ``card.source.topic``; ``label_title`` and ``label_url`` name the document. ``example`` packs
    only show how packs are written. ``choices`` are the only values that some parameters may have.
    """

    id: str
    title: str
    version: str
    medicine: str
    label_title: str
    label_version: str
    label_url: str | None = None
    topic_system: str = ""
    example: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    statements: Mapping[str, Statement] = field(default_factory=dict)

    @property
    def source_label(self) -> str:
        """The name of the label as a card gives it; the cards of an example say that they are none for patients."""
        return f"Example, not for patients: {self.label_title}" if self.example else self.label_title


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Everything loaded from a rules folder but the concepts.

    ``rules`` are in the order of their ids; ``override_reasons`` maps an id to the words of the choice.
    ``critical_needs_review``: a card is *critical*, which some clients show as a window over all others, only where a
    clinician has signed its rule off; otherwise it is a warning (CH-131). ``adjustments`` are a site's, by rule; ``rules`` are
    as they ship.
    """

    rules: tuple[Rule, ...]
    packs: Mapping[str, Pack]
    findings: Mapping[str, SharedFinding] = field(default_factory=dict)
    override_reasons: Mapping[str, str] = field(default_factory=dict)
    critical_needs_review: bool = False
    adjustments: Mapping[str, Adjustment] = field(default_factory=dict)

    def rule(self, rule_id: str) -> Rule:
        """The rule with this id; KeyError when there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

    def pack_of(self, rule: Rule) -> Pack:
        """The pack that a rule belongs to, by the part of its id before the dot."""
        return self.packs[rule.id.split(".", 1)[0]]

    def adjusted_on(self, day: date) -> Mapping[str, Adjustment]:
        """The adjustments that are in force on a day."""
        return {name: adjustment for name, adjustment in self.adjustments.items() if adjustment.holds(day)}

    def with_adjusted(self, names: Collection[str]) -> RuleSet:
        """The rules with these adjusted, and with no more to adjust."""
        rules = tuple(self.adjustments[rule.id].adjusted if rule.id in names else rule for rule in self.rules)
        return replace(self, rules=rules, adjustments={})

    def as_if_active(self, rule_id: str) -> RuleSet:
        """The rules with this one looked at whatever its status, for those who are writing it."""
        active = {"status": "active"}
        adjustments = dict(self.adjustments)
        if rule_id in adjustments:
            adjusted = adjustments[rule_id].adjusted.model_copy(update=active)
            adjustments[rule_id] = replace(adjustments[rule_id], adjusted=adjusted)
        rules = tuple(rule.model_copy(update=active) if rule.id == rule_id else rule for rule in self.rules)
        return replace(self, rules=rules, adjustments=adjustments)

    def current(self) -> tuple[Rule, ...]:
        """The rules that are in use or being written: all that are not retired."""
        return tuple(rule for rule in self.rules if rule.status != "retired")

    def active(self, hook: Hook | None = None) -> tuple[Rule, ...]:
        """Active rules (experimental ones included), those of one hook when it is given."""
        return tuple(
            rule for rule in self.rules if rule.status == "active" and (hook is None or hook in rule.hooks)
        )
