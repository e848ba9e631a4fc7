"""Unchecked: the words of the one card that names what could not be looked at, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from engine.facts import ListName
from engine.finding import NOTHING, Missing, once
from engine.markdown import escape
from engine.rule import Rule
from engine.wording import fit
from engine.words import LIST_TITLES, noted, unanswered, uncoded, vague, worded

Unchecked = Sequence[tuple[Rule, Missing]]

_MOST_QUOTED: Final = 3
_LONGEST_QUOTE: Final = 60
_QUOTED_AS: Final = {
    uncoded: "not coded, not checked",
    vague: "it says no more than",
    worded: "in words",
    noted: "in the note of",
    unanswered: "not looked up",
}
_NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})


def unchecked_summary(missing: Unchecked, medicine: str, limit: int) -> str:
    """One line: which checks could not be made, a whole list by its name when it is missing for more than one of them."""
    names: list[str] = []
    for entries in _by_reason(missing).values():
        whats = dict.fromkeys(entry.what for _, entry in entries)
        # Where one datum lacks, it is not the list that does.
        lists = {entry.list if entry.lacks is None else None for _, entry in entries}
        whole = next(iter(lists)) if len(lists) == 1 else None
        names += [LIST_TITLES[whole]] if len(whats) > 1 and whole is not None else list(whats)
    return fit(f"{medicine}, not checked: ", names, limit)


def unchecked_detail(missing: Unchecked, words: Mapping[str, str] = _NO_WORDS) -> str:
    """A list: each reason once, with everything it keeps from being checked and the rules that are waiting for it.

    ``words`` are what entries of the record call themselves, by reference: of those without a code some are quoted.
    """
    lines = []
    for why, entries in _by_reason(missing).items():
        whats = dict.fromkeys(entry.what for _, entry in entries)
        rules = dict.fromkeys(rule.title for rule, _ in entries)
        quoted = _quoted([entry for _, entry in entries], words)
        lines.append(
            f"- **{escape(', '.join(whats))}**: {escape(why)}{quoted}. Needed for: {escape(', '.join(rules))}."
            f"{_to_complete([entry for _, entry in entries])}"
        )
    return "No answer was possible, so silence on these points does not mean safe:\n\n" + "\n".join(lines)


def _to_complete(missing: Sequence[Missing]) -> str:
    """What of the patient's own data an answer waits for: nobody can request it, only complete the record."""
    lacking = once(entry.lacks for entry in missing if entry.lacks is not None)
    names = [datum.name for datum in lacking if datum.concept is None and datum != NOTHING]
    return f" To complete or correct in the patient's record: {', '.join(names)}." if names else ""


def is_uncoded(entry: Missing) -> bool:
    """Whether what is missing is a code that is known, of entries of the record."""
    return _says(entry, uncoded)


def is_worded(entry: Missing) -> bool:
    """Whether what is missing is an answer of entries of the record whose words may say what their codes deny."""
    return _says(entry, worded)


def is_noted(entry: Missing) -> bool:
    """Whether what is missing is an answer of entries of the record whose notes may say what their codes deny."""
    return _says(entry, noted)


def _says(entry: Missing, clause: Callable[[ListName, int], str]) -> bool:
    return entry.list is not None and entry.why == clause(entry.list, len(entry.references))


def _quoted(missing: Sequence[Missing], words: Mapping[str, str]) -> str:
    """The first few entries whose codes do not tell, in their own words, which nobody has checked."""
    quotable = [entry for entry in missing if any(_says(entry, clause) for clause in _QUOTED_AS)]
    references = (name for entry in quotable for name in entry.references)
    said = [each for each in dict.fromkeys(words.get(name, "") for name in references) if _is_wordy(each)]
    if not said:
        return ""
    shown = [f"“{escape(_short(each))}”" for each in said[:_MOST_QUOTED]]
    more = [f"{len(said) - _MOST_QUOTED} more"] if len(said) > _MOST_QUOTED else []
    what = next(what for clause, what in _QUOTED_AS.items() if _says(quotable[0], clause))
    return f" ({what}: {', '.join(shown + more)})"


def _is_wordy(label: str) -> bool:
    """Whether there are words, and not a number alone, which stands for a code that nobody gave a display."""
    return any(map(str.isalpha, label))


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_QUOTE else f"{words[: _LONGEST_QUOTE - 1].rstrip()}…"


def _by_reason(missing: Unchecked) -> dict[str, list[tuple[Rule, Missing]]]:
    found: dict[str, list[tuple[Rule, Missing]]] = {}
    for rule, entry in missing:
        found.setdefault(entry.why, []).append((rule, entry))
    return found
