"""Mutations: the small wrong changes that could be made to a rule, and that its tests must notice.

Each is a place in the rule, what is done there in words, and the doing. Thresholds move by one in their last digit, so that a test on
each side of the limit, and only such tests, can tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.language import GROUPS, NOUNS
from engine.rule import Rule
from engine.terms import COMPARISONS
from engine.trace import Path

Data = dict[str, Any]
Edit = Callable[[Any], Any]

_NUMBER = re.compile(r"^(-?\d+(?:\.\d+)?)(.*)$", re.DOTALL)
_NEIGHBOUR = {"below": "at_or_below", "at_or_below": "below", "above": "at_or_above", "at_or_above": "above"}
_OPPOSITE = {"below": "above", "at_or_below": "at_or_above", "above": "below", "at_or_above": "at_or_below"}
_CHOICES: dict[tuple[str, str], tuple[Any, ...]] = {
    ("condition", "status"): ("current", "current-or-remission", "past", "ever"),
    ("condition", "certainty"): ("any", "confirmed"),
    ("allergy", "status"): ("active", "inactive"),
    ("allergy", "type"): ("any", "allergy", "intolerance"),
    ("medication", "status"): ("current", "ever"),
    ("procedure", "status"): ("done", "any"),
    ("device", "status"): ("active", "any"),
    ("lab", "pick"): ("latest", "any"),
    ("vital", "pick"): ("latest", "any"),
    ("lab", "if_missing"): ("unknown", "not-met"),
    ("vital", "if_missing"): ("unknown", "not-met"),
    ("pregnancy", "if_missing"): ("unknown", "not-met"),
}
_IF_UNKNOWN = ("tell", "warn", "silent")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change: where (as in ``when.any.0``), what in words, and the function that makes it in a rule's data."""

    where: Path
    what: str
    make: Callable[[Data], object]

    @property
    def name(self) -> str:
        """Place and change on one line; a survivor's reason is filed under it."""
        return f"{'.'.join(map(str, self.where))}: {self.what}"

    def applied(self, rule: Rule) -> Rule:
        """The changed rule; pydantic's ValidationError when the change makes no rule any more."""
        data = deepcopy(rule.model_dump(by_alias=True, exclude_defaults=True))
        self.make(data)
        return Rule.model_validate(data)


def mutations(rule: Rule) -> Iterator[Mutation]:
    """Every mutation of a rule, in the order of its file."""
    data = rule.model_dump(by_alias=True, exclude_defaults=True)
    yield from _choices_of_the_rule(data)
    for name in ("when", "unless"):
        if name in data:
            yield from _of_tree(data[name], (name,))
    if "unless" in data:
        yield Mutation(("unless",), "left out", lambda d: d.pop("unless"))
    yield from _of_card(data["card"])


def _choices_of_the_rule(data: Data) -> Iterator[Mutation]:
    for place, hook in enumerate(data["hooks"]):
        if len(data["hooks"]) > 1:
            yield Mutation(("hooks",), f"without {hook}", _without("hooks", place))
    for place, subject in enumerate(data.get("brought_up_by", ())):
        if len(data["brought_up_by"]) > 1:
            yield Mutation(("brought_up_by",), f"without {subject}", _without("brought_up_by", place))
    for place, other in enumerate(data.get("yields_to", ())):
        yield Mutation(("yields_to",), f"without {other}", _without("yields_to", place))
    for choice in _IF_UNKNOWN:
        if choice != data.get("if_unknown", _IF_UNKNOWN[0]):
            yield Mutation(("if_unknown",), choice, _putting("if_unknown", choice))


def _without(key: str, place: int) -> Callable[[Data], None]:
    def make(data: Data) -> None:
        data[key] = [entry for number, entry in enumerate(data[key]) if number != place]

    return make


def _putting(key: str, value: str) -> Callable[[Data], None]:
    return lambda data: data.update({key: value})


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _change(path: Path, edit: Edit) -> Callable[[Data], None]:
    """Replace what stands at a path by what ``edit`` makes of it."""

    def make(data: Data) -> None:
        holder = _at(data, path[:-1])
        value = edit(holder[path[-1]])
        if isinstance(holder, tuple):
            holder = list(holder)
            _at(data, path[:-2])[path[-2]] = holder
        holder[path[-1]] = value

    return make


def _dropping(place: int) -> Edit:
    return lambda entries: [entry for number, entry in enumerate(entries) if number != place]


def _with(key: str, value: Any) -> Edit:
    return lambda mapping: {**mapping, key: value}


def _becoming(value: Any) -> Edit:
    return lambda _: value


def _renaming(old: str, new: str) -> Edit:
    return lambda mapping: {(new if key == old else key): value for key, value in mapping.items()}


def moved(text: str, step: int) -> str:
    """A quantity or a length of time moved by some steps of one in its last digit: ``60 mL`` by -1 is ``59 mL``."""
    number, unit = _NUMBER.findall(text)[0]
    last_digit = Decimal(1).scaleb(int(Decimal(number).as_tuple().exponent))
    return f"{Decimal(number) + step * last_digit}{unit}"


def _moving(step: int) -> Edit:
    return lambda text: moved(text, step)


def _moving_end(place: int, step: int) -> Edit:
    return lambda ends: [_moving(step)(end) if number == place else end for number, end in enumerate(ends)]


def _of_tree(tree: Data, path: Path) -> Iterator[Mutation]:
    word = next((word for word in (*NOUNS, *GROUPS) if word in tree), "")
    yield Mutation(path, "negated", _change(path, lambda t: {"none": [t]}))
    if word in NOUNS:
        yield from _of_leaf(word, tree, path)
        return
    members = "of" if word == "at_least" else word
    if word == "at_least":
        count = tree["at_least"]
        yield Mutation(path, "one more of them", _change(path, _with("at_least", count + 1)))
        if count > 1:
            yield Mutation(path, "one fewer of them", _change(path, _with("at_least", count - 1)))
    elif len(tree[members]) > 1:
        other = {"all": "any", "any": "all", "none": "all"}[word]
        yield Mutation(path, f"{word} becomes {other}", _change(path, _renaming(word, other)))
    for place, member in enumerate(tree[members]):
        where = (*path, members, place)
        if len(tree[members]) > (2 if word == "at_least" else 1):
            yield Mutation(where, "left out", _change((*path, members), _dropping(place)))
        yield from _of_tree(member, where)


def _of_leaf(noun: str, leaf: Data, path: Path) -> Iterator[Mutation]:
    holder, where = (leaf[noun], (*path, noun)) if isinstance(leaf[noun], dict) else (leaf, path)
    for word in COMPARISONS:
        if holder.get(word) is not None:
            yield from _of_comparison(word, where)
    for place, concept in enumerate(leaf.get("excluding", ())):
        yield Mutation(path, f"also counts {concept}", _change((*path, "excluding"), _dropping(place)))
    for (of, key), choices in _CHOICES.items():
        for choice in choices if of == noun else ():
            if choice != leaf.get(key, choices[0]):
                yield Mutation(path, f"{key} {choice}", _change(path, _with(key, choice)))
    if leaf.get("estimate") is not None:
        yield Mutation(path, "estimate left out", _change(path, _with("estimate", None)))
    for key in ("within", "longer_than", "empty_within"):
        if holder.get(key) is not None:
            yield Mutation(where, f"{key} one longer", _change((*where, key), _moving(1)))
            yield Mutation(where, f"{key} one shorter", _change((*where, key), _moving(-1)))
    for key in ("different", "rise_above"):
        if holder.get(key) is not None:
            yield Mutation(where, f"{key} one more", _change((*where, key), _becoming(holder[key] + 1)))
    if isinstance(holder.get("stated"), bool):
        yield Mutation(
            where, "stated turned round", _change((*where, "stated"), _becoming(not holder["stated"]))
        )


def _of_comparison(word: str, where: Path) -> Iterator[Mutation]:
    if word == "between":
        for place, end in enumerate(("lower", "upper")):
            for step in (1, -1):
                edit = _moving_end(place, step)
                yield Mutation((*where, word), f"{end} end {step:+d}", _change((*where, word), edit))
        return
    for other in (_NEIGHBOUR[word], _OPPOSITE[word]):
        yield Mutation(where, f"{word} becomes {other}", _change(where, _renaming(word, other)))
    for step in (1, -1):
        yield Mutation((*where, word), f"limit {step:+d}", _change((*where, word), _moving(step)))


def _of_card(card: Data) -> Iterator[Mutation]:
    """Urgencies and variants; of these a condition that is unknown is passed over like one that is not met."""
    yield from _of_indicator(card["indicator"], ("card", "indicator"))
    for place, variant in enumerate(card.get("variants", ())):
        where: Path = ("card", "variants", place)
        yield Mutation(where, "left out", _change(("card", "variants"), _dropping(place)))
        if "indicator" in variant:
            yield from _of_indicator(variant["indicator"], (*where, "indicator"))
        for mutation in _of_tree(variant["when"], (*where, "when")):
            if "none" in mutation.where or not mutation.what.startswith("if_missing"):
                yield mutation


def _of_indicator(indicator: str, where: Path) -> Iterator[Mutation]:
    for other in ("critical", "warning", "info"):
        if other != indicator:
            yield Mutation(where, other, _change(where, _becoming(other)))
