"""Checks of what one site has otherwise: that nobody overlooks it, and that it does not outlive its day. No exception hides it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.authoring.adjustments import adjustment_problems, expired_problems
from engine.authoring.checks.check import Check, Scope
from engine.authoring.problems import Problem


class AdjustedAtSite(Check):
    """A site does not show a rule, or shows it otherwise than it ships."""

    code = "adjusted-at-site"
    family = "metadata"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such rule: a warning, so that nobody overlooks it."""
        yield from adjustment_problems(scope.loaded)


class AdjustmentExpired(Check):
    """The last day of a site's adjustment is past, and the rule is as it ships again."""

    code = "adjustment-expired"
    family = "metadata"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such adjustment."""
        if scope.today is not None:
            yield from expired_problems(scope.loaded, scope.today)
