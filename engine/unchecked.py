"""Unchecked: the words of the one card that names what could not be looked at, and why."""

from __future__ import annotations

from collections.abc import Sequence

from engine.finding import Missing
from engine.markdown import escape
from engine.rule import Rule
from engine.wording import fit
from engine.words import LIST_TITLES

Unchecked = Sequence[tuple[Rule, Missing]]


def unchecked_summary(missing: Unchecked, medicine: str, limit: int) -> str:
    """One line: which checks could not be made, a whole list by its name when it is missing for more than one of them."""
    names: list[str] = []
    for entries in _by_reason(missing).values():
        whats = dict.fromkeys(entry.what for _, entry in entries)
        lists = {entry.list for _, entry in entries}
        whole = next(iter(lists)) if len(lists) == 1 else None
        names += [LIST_TITLES[whole]] if len(whats) > 1 and whole is not None else list(whats)
    return fit(f"{medicine}, not checked: ", names, limit)


def unchecked_detail(missing: Unchecked) -> str:
    """A list: each reason once, with everything it keeps from being checked and the rules that are waiting for it."""
    lines = []
    for why, entries in _by_reason(missing).items():
        whats = dict.fromkeys(entry.what for _, entry in entries)
        rules = dict.fromkeys(rule.title for rule, _ in entries)
        lines.append(
            f"- **{escape(', '.join(whats))}**: {escape(why)}. Needed for: {escape(', '.join(rules))}."
        )
    return "No answer was possible, so silence on these points does not mean safe:\n\n" + "\n".join(lines)


def _by_reason(missing: Unchecked) -> dict[str, list[tuple[Rule, Missing]]]:
    found: dict[str, list[tuple[Rule, Missing]]] = {}
    for rule, entry in missing:
        found.setdefault(entry.why, []).append((rule, entry))
    return found
