"""Checks: what must be true of rules that a model of a file cannot say. One check, one class, one sentence, one code, one page."""

from __future__ import annotations

from typing import Final

from engine.authoring.checks import (
    card,
    choices,
    concepts,
    identity,
    logic,
    metadata,
    shape,
    site,
    sources,
    tests,
    versions,
)  # fmt: skip
from engine.authoring.checks.check import CasesBeside, Check, Fault, RuleCheck, Scope

CHECKS: Final[tuple[Check, ...]] = (
    identity.FindingUnused(),
    identity.TitleDuplicate(),
    metadata.ExceptionUnused(),
    metadata.ListedTwice(),
    metadata.MutantAstray(),
    metadata.ParameterUnused(),
    metadata.ReviewOutOfOrder(),
    metadata.ReviewOverdue(),
    metadata.ValuesUnlisted(),
    site.AdjustedAtSite(),
    site.AdjustmentExpired(),
    versions.ChangedWithoutVersion(),
    versions.LockBehind(),
    versions.LockUnreadable(),
    sources.ContraindicationSoftened(),
    sources.SentenceUnaccounted(),
    sources.StatementContradicted(),
    sources.StatementMissing(),
    sources.StatementUnaccounted(),
    logic.AlwaysTrue(),
    logic.ConditionImplied(),
    logic.ConditionRepeated(),
    logic.NeverTrue(),
    logic.RuleOverlaps(),
    logic.RuleShadowed(),
    logic.ThresholdImplausible(),
    logic.UnlessAlwaysApplies(),
    logic.UnlessNeverApplies(),
    logic.VariantNeverShown(),
    shape.EstimateUnfit(),
    shape.GroupIdle(),
    shape.NeverAsked(),
    shape.TooDeep(),
    shape.TooManyAlternatives(),
    shape.UnitMismatch(),
    shape.YieldsInCircle(),
    shape.YieldsInVain(),
    card.HtmlInText(),
    card.MisreadNotation(),
    card.PlaceholderEmpty(),
    card.PlaceholderUnknown(),
    card.Shouting(),
    card.SummaryTooLong(),
    choices.CriticalWithoutSuggestion(),
    choices.IndicatorUnfit(),
    choices.OverrideReasonsMissing(),
    choices.SuggestionRepeated(),
    choices.SuggestionWithoutOrder(),
    choices.VariantEmpty(),
    concepts.BelowUnfit(),
    concepts.CodeExcluded(),
    concepts.CodeRepeated(),
    concepts.CodeUnseen(),
    concepts.ConceptEmpty(),
    concepts.PlausibleMissing(),
    concepts.PlausibleReversed(),
    tests.LimitUntested(),
    tests.MetUntested(),
    tests.MissingDataUntested(),
    tests.SilenceUntested(),
    tests.TestRepeated(),
    tests.TestsMissing(),
    tests.WordsUntested(),
)
"""Every check, by what it is about."""

CODES: Final = {check.code: check for check in CHECKS}
"""The checks by their codes."""

__all__ = ["CHECKS", "CODES", "CasesBeside", "Check", "Fault", "RuleCheck", "Scope"]
