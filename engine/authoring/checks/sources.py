"""Checks of the account of a label: every statement has its rules or a reason, and every rule its statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from engine.authoring.checks.check import Check, Fault, RuleCheck, Scope
from engine.authoring.documents import Document
from engine.authoring.problems import Problem, did_you_mean
from engine.rule import Indicator, Kind, Rule
from engine.ruleset import Statement
from engine.trace import Path
from engine.words import listing

if TYPE_CHECKING:
    from engine.authoring.folder import Loaded


class StatementUnaccounted(Check):
    """A statement of the label that no rule cites and that does not say why none can."""

    code = "statement-unaccounted"
    family = "sources"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such statement; of a pack in which a citation names no statement, none: it may be meant."""
        for pack, folder in scope.loaded.folders.items():
            if not _citing(scope.loaded, folder).keys() <= scope.loaded.rules.packs[pack].statements.keys():
                continue
            for document, path, statement, cited in _statements(scope.loaded, folder):
                if statement.no_rule is None and not cited:
                    mend = "cite it under sources of a rule, or say under no_rule why no rule can decide it"
                    yield self.problem(
                        document, (*path, "id"), f"no rule cites {statement.id}", mend, subject=statement.id
                    )


class StatementContradicted(Check):
    """A statement of the label that a rule cites although it says that no rule can decide it."""

    code = "statement-contradicted"
    family = "sources"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such statement."""
        for folder in scope.loaded.folders.values():
            for document, path, statement, cited in _statements(scope.loaded, folder):
                if statement.no_rule is not None and cited:
                    message = f"no_rule is given, and {cited[0]} cites it"
                    yield self.problem(
                        document,
                        (*path, "no_rule"),
                        message,
                        "drop no_rule, or the citation",
                        subject=statement.id,
                    )


class StatementMissing(RuleCheck):
    """A rule that cites no statement of the label, only what is beyond it."""

    code = "statement-missing"
    family = "sources"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """A rule without a statement."""
        if not rule.statements:
            yield Fault(
                ("sources",),
                "no statement of the label is cited",
                "cite the one that it goes beyond; if there is none, except it in check-exceptions.yaml and say why",
            )


class ContraindicationSoftened(Check):
    """A contraindication of the label that no rule citing it treats as one: by its kind, or with a critical card."""

    code = "contraindication-softened"
    family = "sources"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such statement."""
        citing: dict[tuple[str, str], list[Rule]] = {}
        for rule in scope.loaded.rules.active():
            for name in rule.statements:
                citing.setdefault((scope.loaded.rules.pack_of(rule).id, name), []).append(rule)
        for pack_id, folder in scope.loaded.folders.items():
            for document, path, statement, _ in _statements(scope.loaded, folder):
                rules = citing.get((pack_id, statement.id), [])
                if statement.kind == Kind.CONTRAINDICATION and rules and not any(map(_stops, rules)):
                    names = listing([rule.id for rule in rules])
                    message = f"{statement.id} is cited by {names} alone, of another kind and not critical"
                    mend = "write  kind: contraindication  or  indicator: critical  there"
                    yield self.problem(document, (*path, "kind"), message, mend, subject=statement.id)


def _stops(rule: Rule) -> bool:
    indicators = (rule.card.indicator, *(variant.indicator for variant in rule.card.variants))
    return rule.kind is Kind.CONTRAINDICATION or Indicator.CRITICAL in indicators


class SentenceUnaccounted(Check):
    """A sentence of the label that no statement says and that gives no reason, or one that is not listed."""

    code = "sentence-unaccounted"
    family = "sources"
    severity = "error"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such sentence."""
        for pack_id, sentences in scope.loaded.sentences.items():
            document = scope.loaded.documents[f"{scope.loaded.folders[pack_id]}/sentences.yaml"]
            for number, sentence in enumerate(sentences.sentences):
                reason = sentence.no_statement
                if sentence.statements or reason in sentences.reasons:
                    continue
                message, mend = (
                    f"no statement says {sentence.id}",
                    "name its statements, or under no_statement the reason",
                )
                if reason is not None:
                    message, mend = f"there is no reason {reason}", did_you_mean(reason, sentences.reasons)
                yield self.problem(
                    document, ("sentences", number, "no_statement"), message, mend, subject=sentence.id
                )


def _statements(loaded: Loaded, folder: str) -> Iterator[tuple[Document, Path, Statement, list[str]]]:
    """Every statement of a pack with its place and the names of the files that cite it; none where some file cannot be read."""
    document = loaded.documents.get(f"{folder}/statements.yaml")
    if document is None or any(name.startswith(f"{folder}/") for name in loaded.unread):
        return
    citing = _citing(loaded, folder)
    pack = next(pack for pack, place in loaded.folders.items() if place == folder)
    known = loaded.rules.packs[pack].statements
    for number, entry in enumerate(document.data["statements"] if known else ()):
        yield document, ("statements", number), known[entry["id"]], citing.get(entry["id"], [])


def _citing(loaded: Loaded, folder: str) -> dict[str, list[str]]:
    """The statements that the files of a pack cite, and in which; retired rules aside, and also where the rest of a rule does not fit."""
    citing: dict[str, list[str]] = {}
    for name, rule in loaded.documents.items():
        for cited in _citations(rule.data) if name.startswith(f"{folder}/") else ():
            citing.setdefault(cited, []).append(name)
    return citing


def _citations(data: Any) -> Iterator[str]:
    sources = data.get("sources") if isinstance(data, dict) and data.get("status") != "retired" else None
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and isinstance(source.get("statement"), str):
            yield source["statement"]
