"""Adjustments: what a site has changed of a rule that it did not write, why, who approved it, and until when.

An adjustment never takes a rule out of sight: one that a site does not show is looked at and recorded all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from engine.rule import Indicator, Rule
from engine.words import listing


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A rule as a site has it, and the decision behind it; it holds up to and including the day ``until``.

    ``adjusted`` is the rule with everything set. ``status`` is *retired* where the site shows no card of it.
    """

    adjusted: Rule
    reason: str
    approved_by: str
    until: date
    status: Literal["retired"] | None = None
    indicator: Indicator | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return day <= self.until

    @property
    def words(self) -> str:
        """What it sets, in words: ``not shown``, ``info as its urgency``, ``egfr-reduced 45 mL/min/1.73m2``."""
        parts = ["not shown"] if self.status is not None else []
        parts += [f"{self.indicator} as its urgency"] if self.indicator is not None else []
        return listing([*parts, *(f"{name} {value}" for name, value in self.parameters.items())])
