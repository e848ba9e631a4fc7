"""Adjustment views: what a site has changed of a rule, wherever a command speaks of the rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.adjustments import Adjustment
from fhir_adapters.cds_hooks.evaluation import adjustment_report
from fhir_adapters.command_line.terminal import answers, words


def tell_adjustment(adjustment: Adjustment | None, day: date, rule: str = "") -> None:
    """Print what a site has set, why, by whom and until when; of an adjustment that has ended, that it has."""
    if adjustment is not None:
        answers.print(words(_sentence(adjustment, day, rule), "yellow"), soft_wrap=True)


def adjustment_json(adjustment: Adjustment | None, day: date) -> Mapping[str, Any] | None:
    """The same for programs, with the members that answers have, and whether it is in force."""
    if adjustment is None:
        return None
    report = adjustment_report(adjustment)
    return {
        **{name: getattr(report, name) for name in report.__struct_fields__},
        "in_force": adjustment.holds(day),
    }


def _sentence(adjustment: Adjustment, day: date, rule: str) -> str:
    what = f"{rule} {adjustment.words}".strip()
    why = f"{adjustment.reason} (approved by {adjustment.approved_by})"
    if adjustment.holds(day):
        return f"At this site {what} until {adjustment.until}: {why}"
    return f"At this site {what} until {adjustment.until}, which has ended: it is as it ships again. It was: {why}"
