"""Checks of what a card asks of the prescriber: its urgency, its suggestions, its reasons for going ahead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.authoring.checks.check import Fault, RuleCheck, Scope
from engine.rule import Indicator, Kind, Rule

_ON_ORDERS: Final = frozenset({"order", "stop"})


class CriticalWithoutSuggestion(RuleCheck):
    """A critical card for an order offers nothing to click, so that the way out has to be looked for."""

    code = "critical-without-suggestion"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Critical cards without a way out."""
        card = rule.card
        if (
            card.indicator is Indicator.CRITICAL
            and not card.suggestions
            and _ON_ORDERS & set(rule.brought_up_by)
        ):
            yield Fault(
                ("card",),
                "the card is critical and offers no suggestion",
                "add  suggestions:  with a label and an action",
            )


class SuggestionWithoutOrder(RuleCheck):
    """A suggestion changes an order in a rule that no order brings up, so that it is never offered."""

    code = "suggestion-without-order"
    family = "card"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Suggestions that have nothing to act on."""
        if _ON_ORDERS & set(rule.brought_up_by):
            return
        offered = ((("card", "suggestions"), rule.card.suggestions), (("obtain",), rule.obtain))
        for path, suggestions in offered:
            for number, suggestion in enumerate(suggestions):
                if not suggestion.creates:
                    message = "no order brings this rule up, so there is none to change"
                    yield Fault((*path, number), message, "write  request:, communicate:  or  task:")


class OverrideReasonsMissing(RuleCheck):
    """A card that warns of an order gives no reasons to choose from when the prescriber goes ahead."""

    code = "override-reasons-missing"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Cards that only take silence for an answer."""
        warns = rule.card.indicator is not Indicator.INFO and "order" in rule.brought_up_by
        if warns and not rule.card.override_reasons:
            yield Fault(("card",), "the card has no override_reasons", "name some of override-reasons.yaml")


class IndicatorUnfit(RuleCheck):
    """The urgency of a card does not fit the kind of its statement: a contraindication that only informs, information that stops."""

    code = "indicator-unfit"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Urgencies that contradict the kind."""
        shown = {rule.card.indicator, *(variant.indicator for variant in rule.card.variants)}
        path = ("card", "indicator")
        if rule.kind is Kind.CONTRAINDICATION and shown == {Indicator.INFO}:
            yield Fault(path, "a contraindication is not only information", "write  indicator: critical")
        if rule.kind is Kind.INFORMATION and rule.card.indicator is Indicator.CRITICAL:
            yield Fault(
                path, "information does not stop an order", "write  indicator: info,  or another kind"
            )


class VariantEmpty(RuleCheck):
    """A variant of a card changes neither its urgency nor its words."""

    code = "variant-empty"
    family = "card"
    severity = "error"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Variants that leave the card as it is."""
        for number, variant in enumerate(rule.card.variants):
            if variant.indicator is None and variant.summary is None and variant.detail is None:
                yield Fault(
                    ("card", "variants", number),
                    "this changes nothing on the card",
                    "add an indicator, a summary or a detail",
                )


class SuggestionRepeated(RuleCheck):
    """Two suggestions of a card have the same words on the button."""

    code = "suggestion-repeated"
    family = "card"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Buttons that cannot be told apart."""
        labels = [suggestion.label.casefold() for suggestion in rule.card.suggestions]
        for number, label in enumerate(labels):
            if label in labels[:number]:
                yield Fault(
                    ("card", "suggestions", number, "label"),
                    "another suggestion has these words",
                    "say what each does",
                )
