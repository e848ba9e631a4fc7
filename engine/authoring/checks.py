"""Checks: what must be true of rules that a model of a file cannot say. One check, one class, one sentence, one code."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeGuard

from engine.authoring.adjustments import adjustment_problems
from engine.authoring.documents import Document, case_file, is_case_file
from engine.authoring.lock import CHANGED, Lock, behind, changed, lock_file, read_lock
from engine.authoring.problems import Problem, nearest
from engine.authoring.references import models_in
from engine.authoring.validation import spoken_unit
from engine.cards import SUMMARY_LIMIT
from engine.errors import UnitError
from engine.language import GROUPS, FileModel, FindingLeaf, LabLeaf, Leaf, VitalLeaf
from engine.quantity import convert
from engine.rule import CardSpec, Rule, SuggestionSpec, Variant
from engine.ruleset import Statement
from engine.trace import Path
from engine.wording import BUILT_IN

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded

FIELDS: Final = ("value", "unit", "date", "label", "list", "count")
"""What a text may name of a condition with ``as``."""

NESTING_LIMIT: Final = 3
"""How many groups may stand inside one another."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_GROUP_STEPS = frozenset({"all", "any", "none", "of"})
_TEXTS: Final[Mapping[type[FileModel], tuple[str, ...]]] = {
    CardSpec: ("summary", "detail"),
    Variant: ("summary", "detail"),
    SuggestionSpec: ("label", "instruct", "note", "request", "communicate", "task"),
}


class Check(ABC):
    """One thing that is looked for in all rules of a folder."""

    code: ClassVar[str]
    """What the problem is called."""

    @abstractmethod
    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every place where it is found."""


class Fault(NamedTuple):
    """What is wrong in a rule: the place, the reason, the mend, and the words of a text that are meant."""

    path: Path
    message: str
    help: str
    words: str = ""


class RuleCheck(Check):
    """A check that looks at one rule at a time."""

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every place where it is found, rule by rule."""
        for rule in loaded.rules.rules:
            document = loaded.document(rule.id)
            for path, message, help, words in self.faults(rule, loaded):
                mark = document.find(path, words) if words else document.mark(path)
                yield document.problem_at(mark, self.code, message, help)

    @abstractmethod
    def faults(self, rule: Rule, loaded: Loaded) -> Iterator[Fault]:
        """What is wrong in one rule."""


class TooDeep(RuleCheck):
    """Groups stand inside one another more than three deep."""

    code = "too-deep"

    def faults(self, rule: Rule, loaded: Loaded) -> Iterator[Fault]:
        """Groups that stand too deep."""
        for path, model in models_in(rule):
            if type(model) in GROUPS.values() and sum(step in _GROUP_STEPS for step in path) == NESTING_LIMIT:
                yield Fault(
                    path, "groups stand more than three deep", "name the inner ones in rules/findings"
                )


class SummaryTooLong(RuleCheck):
    """A summary that is too long for a card even before its placeholders are filled in (CDS Hooks 2.0.1: under 140 characters)."""

    code = "summary-too-long"

    def faults(self, rule: Rule, loaded: Loaded) -> Iterator[Fault]:
        """Summaries without room."""
        for path, text in texts(rule):
            length = len(_PLACEHOLDER.sub("", text))
            if path[-1] == "summary" and length > SUMMARY_LIMIT:
                message = f"the summary has {length} characters; {SUMMARY_LIMIT} are allowed"
                yield Fault(path, message, "move words into detail")


class PlaceholderUnknown(RuleCheck):
    """A text for the prescriber names something that no condition provides."""

    code = "placeholder-unknown"

    def faults(self, rule: Rule, loaded: Loaded) -> Iterator[Fault]:
        """Placeholders that nothing fills."""
        names = [model.as_ for _, model in models_in(rule) if _has_values(model)]
        settings = loaded.rules.pack_of(rule).parameters
        allowed = [*BUILT_IN, *(f"parameter.{name}" for name in settings)]
        allowed += [f"{name}.{field}" for name in names if name for field in FIELDS]
        for path, text in texts(rule):
            for words, placeholder in ((f"{{{name}}}", name) for name in _PLACEHOLDER.findall(text)):
                if path[-1] not in ("summary", "detail"):
                    mend = "say it in words; only summary and detail are filled in"
                    yield Fault(path, f"{words} is not filled in here", mend, words)
                elif placeholder not in allowed:
                    near = nearest(placeholder, allowed, 0.8)
                    own = f"name a condition with  as: {placeholder.split('.')[0]}"
                    yield Fault(
                        path, f"nothing fills {words}", f"did you mean {{{near}}}?" if near else own, words
                    )


class UnitMismatch(RuleCheck):
    """A laboratory value or vital sign is compared with an amount of something else."""

    code = "unit-mismatch"

    def faults(self, rule: Rule, loaded: Loaded) -> Iterator[Fault]:
        """Amounts of something else."""
        for path, model in models_in(rule):
            if not isinstance(model, LabLeaf | VitalLeaf) or model.comparison is None:
                continue
            concept = loaded.concepts.concepts.get(model.lab if isinstance(model, LabLeaf) else model.vital)
            if concept is None or concept.unit is None:
                continue
            word, quantities = model.comparison
            for quantity in quantities:
                try:
                    convert(quantity, concept.unit, concept.substance)
                except UnitError:
                    unit = spoken_unit(concept.unit)
                    message = f"{concept.title} is measured in {unit}, not in {spoken_unit(quantity.unit)}"
                    yield Fault((*path, word), message, f"write the amount in {unit}")


class NoTests(Check):
    """An active rule has no test file beside it, or a test file has no rule."""

    code = "tests-missing"

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every rule without tests, and all tests without a rule."""
        for rule in loaded.rules.rules:
            beside = case_file(loaded.files[rule.id])
            if rule.status == "active" and beside not in loaded.paths:
                yield loaded.problem(rule.id, self.code, "the rule has no tests", f"write {beside}", ("id",))
        rules = {case_file(name) for name in loaded.paths}
        for name in loaded.paths:
            if is_case_file(name) and name not in rules:
                yield Document(name, "").problem(
                    self.code, "there is no rule beside these tests", "name both alike"
                )


class StatementUnaccounted(Check):
    """A statement of the label that no rule cites and that does not say why none can."""

    code = "statement-unaccounted"

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every such statement."""
        for document, path, statement, cited in statements(loaded):
            if statement.no_rule is None and not cited:
                mend = "cite it under sources of a rule, or say under no_rule why no rule can decide it"
                yield document.problem(self.code, f"no rule cites {statement.id}", mend, (*path, "id"))


class StatementContradicted(Check):
    """A statement of the label that a rule cites although it says that no rule can decide it."""

    code = "statement-contradicted"

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every such statement."""
        for document, path, statement, cited in statements(loaded):
            if statement.no_rule is not None and cited:
                mend = "drop no_rule, or the citation"
                yield document.problem(
                    self.code, f"no_rule is given, and {cited[0]} cites it", mend, (*path, "no_rule")
                )


class ChangedWithoutVersion(Check):
    """A rule, or something that it stands on, is not what ``rules.lock`` holds for its version."""

    code = CHANGED

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every such rule."""
        for pack_id, lock in _locks(loaded):
            for found in changed(loaded, pack_id, lock):
                yield loaded.problem(found.rule, self.code, found.message, found.help, ("version",))


class LockBehind(Check):
    """A rule has a new version or is gone, and ``rules.lock`` does not say so yet."""

    code = "lock-behind"

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every such rule: a warning, because a version that was raised is meant to be written down last."""
        for pack_id, lock in _locks(loaded):
            for rule, state, message, help in behind(loaded, pack_id, lock):
                if state == "behind":
                    yield loaded.problem(rule, self.code, message, help, ("version",), "warning")
                elif state == "gone":
                    document = Document(lock_file(loaded, pack_id), "")
                    yield document.problem(self.code, message, help, severity="warning")


class LockUnreadable(Check):
    """The ``rules.lock`` of a pack is not what ``primum rules lock`` writes."""

    code = "lock-unreadable"

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every such file."""
        for pack_id in loaded.folders:
            try:
                read_lock(loaded, pack_id)
            except ValueError as error:
                mend = (
                    "take it from the last version that was released, or delete it and run  primum rules lock"
                )
                yield Document(lock_file(loaded, pack_id), "").problem(self.code, str(error), mend)


class AdjustedAtSite(Check):
    """A site does not show a rule, or shows it otherwise than it ships."""

    code = "adjusted-at-site"

    def problems(self, loaded: Loaded) -> Iterator[Problem]:
        """Every such rule: a warning, so that nobody overlooks it."""
        yield from adjustment_problems(loaded)


CHECKS: Final[tuple[Check, ...]] = (
    AdjustedAtSite(),
    ChangedWithoutVersion(),
    LockBehind(),
    LockUnreadable(),
    NoTests(),
    PlaceholderUnknown(),
    StatementContradicted(),
    StatementUnaccounted(),
    SummaryTooLong(),
    TooDeep(),
    UnitMismatch(),
)
"""Every check that loading makes."""


def _locks(loaded: Loaded) -> Iterator[tuple[str, Lock]]:
    """The packs that have a lock; one that cannot be read is passed over."""
    for pack_id in loaded.folders:
        with suppress(ValueError):
            lock = read_lock(loaded, pack_id)
            if lock is not None:
                yield pack_id, lock


def _has_values(model: FileModel) -> TypeGuard[Leaf]:
    return isinstance(model, Leaf) and not isinstance(model, FindingLeaf)


def texts(rule: Rule) -> Iterator[tuple[Path, str]]:
    """Everything in a rule that a prescriber may read, with its place."""
    for path, model in models_in(rule):
        for field in _TEXTS.get(type(model), ()):
            text = getattr(model, field)
            if text is not None:
                yield (*path, field), text


def statements(loaded: Loaded) -> Iterator[tuple[Document, Path, Statement, list[str]]]:
    """Every statement of the labels with its place and the names of the files that cite it, retired rules aside.

    Citations count also where the rest of a rule does not fit. Packs in which some file cannot be read are left out.
    """
    for pack_id, folder in loaded.folders.items():
        document = loaded.documents.get(f"{folder}/statements.yaml")
        if document is None or any(name.startswith(f"{folder}/") for name in loaded.unread):
            continue
        citing: dict[str, list[str]] = {}
        for name, rule in loaded.documents.items():
            for cited in _citations(rule.data) if name.startswith(f"{folder}/") else ():
                citing.setdefault(cited, []).append(name)
        known = loaded.rules.packs[pack_id].statements
        for number, entry in enumerate(document.data["statements"] if known else ()):
            yield document, ("statements", number), known[entry["id"]], citing.get(entry["id"], [])


def _citations(data: Any) -> Iterator[str]:
    sources = data.get("sources") if isinstance(data, dict) and data.get("status") != "retired" else None
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and isinstance(source.get("statement"), str):
            yield source["statement"]
