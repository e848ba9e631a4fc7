"""A site's adjustments: ``local/adjustments.yaml``, which sets status, urgency or settings of single rules, with a reason and an end.

The shared files stay as they are. A setting may be set for one rule only where nothing else of the rule speaks of it: a text that
names the pack's value would be wrong beside another limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, model_validator

from engine.adjustments import Adjustment
from engine.authoring.parameters import substituted
from engine.authoring.problems import Problem, did_you_mean
from engine.authoring.references import references
from engine.authoring.validation import validate
from engine.errors import UnitError
from engine.quantity import Quantity, compare
from engine.rule import Indicator, Rule
from engine.terms import FileModel
from engine.trace import Path

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded
    from engine.authoring.packs import Packs
    from engine.authoring.reading import Reading

FILE: Final = "local/adjustments.yaml"


class AdjustedFile(FileModel):
    """What an adjustment sets."""

    status: Literal["retired"] | None = Field(
        None, description="retired: looked at and recorded, and on no card."
    )
    indicator: Indicator | None = Field(
        None, description="The urgency of its card; variants that name one of their own keep it."
    )
    parameters: dict[str, str | int | float] = Field(
        {}, description="Settings of the pack that have another value in this rule alone."
    )

    @model_validator(mode="after")
    def _something(self) -> AdjustedFile:
        if self.status is None and self.indicator is None and not self.parameters:
            raise ValueError("an adjustment sets status, indicator or parameters")
        return self


class AdjustmentFile(FileModel):
    """How this site has one rule, and the decision behind it."""

    set: AdjustedFile = Field(description="What is different here.")
    reason: str = Field(min_length=1, description="Why.")
    approved_by: str = Field(
        min_length=1, description="The role that decided it, such as 'drug and therapeutics committee'."
    )
    until: date = Field(description="Last day on which it holds; then the rule is as it ships again.")


class LocalAdjustmentsDocument(FileModel):
    """``local/adjustments.yaml``."""

    adjustments: dict[str, AdjustmentFile] = Field(description="The adjustments by the ids of their rules.")


def read_adjustments(reading: Reading, packs: Packs) -> dict[str, Adjustment]:
    """The site's adjustments by rule; what is wrong is left out, and noted."""
    name = reading.name(FILE)
    document = reading.model(LocalAdjustmentsDocument, name)
    found: dict[str, Adjustment] = {}
    # Where the file does not fit, the names in it are looked up all the same.
    for rule_id, written in _entries(reading, name):
        path: Path = ("adjustments", rule_id)
        rule = packs.rules.get(rule_id)
        if rule is None:
            known = {str(reading.documents[file].at(("id",))) for file in packs.files.values()}
            mend = did_you_mean(rule_id, known) or "delete the adjustment"
            reading.problem(name, "unknown-rule", f"there is no rule {rule_id}", mend, path, key=True)
            continue
        faults = list(_setting_faults(reading, packs, rule, _inside(_inside(written, "set"), "parameters")))
        for setting, message, help in faults:
            place = (*path, "set", "parameters", setting)
            reading.problem(name, "setting-not-adjustable", message, help, place, key=True)
        if document is None:
            continue
        entry = document.adjustments[rule_id]
        adjusted = None if faults else _adjusted(reading, packs, rule, entry.set)
        if adjusted is not None:
            found[rule_id] = _named(entry, adjusted)
        elif not faults:
            message = f"with these settings {rule_id} does not hold together"
            mend = "write values of the same kind as in pack.yaml"
            reading.problem(name, "adjustment-unfit", message, mend, (*path, "set", "parameters"), key=True)
    return found


def _entries(reading: Reading, name: str) -> Iterator[tuple[str, Any]]:
    """The ids of rules in the file and what is written for each, whether or not it fits."""
    data = reading.documents[name].data if name in reading.documents else None
    yield from _inside(data, "adjustments").items()


def _inside(data: Any, key: str) -> Mapping[str, Any]:
    """What stands under a key, nothing where that is no mapping."""
    inner = data.get(key) if isinstance(data, dict) else None
    pairs = inner.items() if isinstance(inner, dict) else ()
    return {name: value for name, value in pairs if isinstance(name, str)}


def _named(entry: AdjustmentFile, adjusted: Rule) -> Adjustment:
    values = {name: str(value) for name, value in entry.set.parameters.items()}
    return Adjustment(
        adjusted, entry.reason, entry.approved_by, entry.until, entry.set.status, entry.set.indicator, values
    )


def _setting_faults(
    reading: Reading, packs: Packs, rule: Rule, settings: Mapping[str, Any]
) -> Iterator[tuple[str, str, str]]:
    """Each setting that cannot be set for this rule alone, why, and the mend."""
    data = reading.documents[packs.files[rule.id]].data
    limits = {name for _, name in substituted(data, {})[1]}
    asked = {reference.name for reference in references(rule) if reference.kind == "parameter"}
    text = json.dumps(data, ensure_ascii=False)
    pack = packs.packs[rule.id.split(".", 1)[0]]
    stated = pack.parameters
    for name, value in settings.items():
        if name not in limits | asked:
            yield name, f"{rule.id} has no limit that is the setting {name}", did_you_mean(name, limits)
        elif name in asked or f"{{parameter.{name}}}" in text:
            mend = "set it for the whole pack in local/parameters.yaml"
            yield name, f"{rule.id} names {name} elsewhere than as a limit, too", mend
        elif str(value) not in pack.choices.get(name, (str(value),)):
            yield name, f"{name} is never {value}", did_you_mean(str(value), pack.choices[name])
        elif not _alike(str(value), stated[name]):
            yield (
                name,
                f"{value} is not the same kind of amount as {stated[name]}",
                "write number and unit alike",
            )


def _alike(value: str, stated: str) -> bool:
    """Whether a value can stand for what the pack states: where that is an amount, one of the same kind."""
    try:
        amount = Quantity.parse(stated)
    except UnitError:
        return True
    try:
        compare(Quantity.parse(value), amount)
    except UnitError:
        return False
    return True


def _adjusted(reading: Reading, packs: Packs, rule: Rule, settings: AdjustedFile) -> Rule | None:
    """The rule with everything set; None when it does not hold together then."""
    document = reading.documents[packs.files[rule.id]]
    stated = packs.packs[rule.id.split(".", 1)[0]].parameters
    own = {name: str(value) for name, value in settings.parameters.items()}
    changed, _ = validate(
        Rule, document, substituted(document.data, {**stated, **own})[0], units=reading.units
    )
    if changed is None:
        return None
    if settings.indicator is not None:
        card = changed.card.model_copy(update={"indicator": settings.indicator})
        changed = changed.model_copy(update={"card": card})
    # An experimental rule is looked at and recorded, makes no card, and takes no other card's place.
    return changed if settings.status is None else changed.model_copy(update={"experimental": True})


def adjustment_problems(loaded: Loaded) -> Iterator[Problem]:
    """A warning for every adjustment: nobody should overlook what a site does not show, or shows otherwise."""
    for rule_id, adjustment in loaded.rules.adjustments.items():
        message = (
            f"at this site {rule_id} is {_said(adjustment)} until {adjustment.until}: {adjustment.reason}"
        )
        help = f"approved by {adjustment.approved_by}; the rule as it ships: primum describe {rule_id}"
        yield _document_problem(loaded, rule_id, "adjusted-at-site", message, help)


def expired_problems(loaded: Loaded, today: date) -> Iterator[Problem]:
    """A warning for every adjustment that has ended."""
    for rule_id, adjustment in loaded.rules.adjustments.items():
        if not adjustment.holds(today):
            message = f"this ended on {adjustment.until}: {rule_id} is as it ships again"
            mend = "delete it, or have it approved anew"
            yield _document_problem(loaded, rule_id, "adjustment-expired", message, mend)


def _document_problem(loaded: Loaded, rule_id: str, code: str, message: str, help: str) -> Problem:
    name = next(name for name in loaded.documents if name.endswith(f"/{FILE}"))
    path: Path = ("adjustments", rule_id)
    return loaded.documents[name].problem(code, message, help, path, key=True, severity="warning")


def _said(adjustment: Adjustment) -> str:
    return adjustment.words if adjustment.status is not None else f"adjusted to {adjustment.words}"
