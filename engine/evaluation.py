"""Evaluation: the rules of a hook looked at for one patient, each ending met, not met or unknown.

Every condition is a finding in three values. The plain evaluator makes the trace that explains; durable_rules decides from the same
findings; where the two differ the rule's outcome is an error that shows, never a silent choice of one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from threading import Lock
from typing import Any, Final, Literal

from engine.concepts import ConceptLibrary
from engine.conditions import Context, find
from engine.errors import MatcherError
from engine.facts import ListName, PatientFacts
from engine.finding import Finding, Truth
from engine.language import Leaf, Tree
from engine.logic import Find, Laid, lay_out, trace_of
from engine.matcher import Matcher
from engine.medicine import Medicine
from engine.normal_form import compile_tree, truths_of
from engine.outcome import Evaluation, Part, RuleOutcome, failed, outcome_of, yielding
from engine.record import Record
from engine.rule import Hook, Rule
from engine.ruleset import Pack, RuleSet
from engine.subjects import Subject, bringing_up, subjects
from engine.trace import Path, Trace
from engine.words import Dated, date_of, label_of


class Engine:
    """Rules and concepts, ready to be asked about patients; safe to share between threads.

    ``Engine(rules, concepts).evaluate(facts)`` looks at every active rule of the facts' hook. ``close`` frees the matcher.
    """

    def __init__(self, rules: RuleSet, concepts: ConceptLibrary) -> None:
        """Compile the active rules; raise RuleFileError or MatcherError when one cannot be compiled."""
        self.rules = rules
        self.concepts = concepts
        self._parts = {rule.id: tuple(_parts(rule)) for rule in rules.active()}
        self._shared = {shared.id: lay_out(shared.when, ()) for shared in rules.findings.values()}
        expressions = {
            _shared_name(name): compile_tree(laid.tree, (_shared_name(name),))
            for name, laid in self._shared.items()
        }
        for rule_id, parts in self._parts.items():
            for part in parts:
                expressions[part.name] = compile_tree(part.laid.tree, (rule_id, *part.laid.path))
        self._together = {hook: self._by_medicine(rules.active(hook)) for hook in Hook}
        self._alike = self._numbered()
        self._matcher = Matcher(expressions)
        self._sites: dict[frozenset[str], Engine] = {}
        self._lock = Lock()
        if rules.adjustments:
            self._at_a_site(frozenset(rules.adjustments))

    def _by_medicine(self, rules: Iterable[Rule]) -> dict[tuple[str, str], list[Rule]]:
        """The rules of each pack about each medicine, which are looked at together."""
        together: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules:
            together.setdefault((self.rules.pack_of(rule).id, rule.medicine), []).append(rule)
        return together

    def _numbered(self) -> dict[int, int]:
        """A number for each condition, the same for those that say the same; conditions live as long as the rules."""
        numbers: dict[Leaf, int] = {}
        laid = (*self._shared.values(), *(part.laid for parts in self._parts.values() for part in parts))
        return {
            id(leaf): numbers.setdefault(leaf.model_copy(update=_SAYS_NOTHING), len(numbers))
            for tree in laid
            for leaf in _leaves(tree)
        }

    def evaluate(self, facts: PatientFacts) -> Evaluation:
        """Look at every active rule of the hook for this patient; a rule that fails is an unknown outcome of its own.

        Rules are as the site has adjusted them on the day of the question.
        """
        adjusted = frozenset(self.rules.adjusted_on(facts.now.date()))
        if adjusted:
            return self._at_a_site(adjusted).evaluate(facts)
        facts = _in_order(facts)
        concepts = self.concepts
        if facts.members or facts.unanswered:
            concepts = concepts.with_members(facts.members, facts.unanswered)
        outcomes: list[RuleOutcome] = []
        record = Record(facts, concepts)
        for (pack, medicine), rules in self._together[Hook(facts.hook)].items():
            look = _Look(record, concepts.medicine(medicine), self.rules.packs[pack])
            outcomes += self._about(look, rules)
        outcomes.sort(key=lambda outcome: outcome.rule.id)
        return Evaluation(facts.hook, tuple(yielding(outcomes)), record.presumed())

    def close(self) -> None:
        """Free what the matcher holds."""
        self._matcher.close()
        for engine in self._sites.values():
            engine.close()

    def _at_a_site(self, adjusted: frozenset[str]) -> Engine:
        """The engine of the rules with these adjusted: adjustments end on different days, and each day has its own rules."""
        with self._lock:
            if adjusted not in self._sites:
                self._sites[adjusted] = Engine(self.rules.with_adjusted(adjusted), self.concepts)
            return self._sites[adjusted]

    def _about(self, look: _Look, rules: list[Rule]) -> Iterator[RuleOutcome]:
        found = subjects(look.medicine, look.record)
        hook = Hook(look.record.facts.hook)
        bringing = {
            kinds: {id(subject) for subject in bringing_up(kinds, found, hook)}
            for kinds in {rule.brought_up_by for rule in rules}
        }
        for subject in found:
            brought_up = [rule for rule in rules if id(subject) in bringing[rule.brought_up_by]]
            yield from self._for_subject(look.at(subject), brought_up)
        for rule in rules:
            if not bringing[rule.brought_up_by]:
                yield RuleOutcome(rule, Truth.NOT_MET)

    def _for_subject(self, context: Context, rules: list[Rule]) -> Iterator[RuleOutcome]:
        traced: dict[str, list[tuple[Part, Trace]]] = {}
        find_once = self._finder(context)
        atoms = self._share(context, find_once)
        for rule in rules:
            try:
                traced[rule.id] = [(part, trace_of(part.laid, find_once)) for part in self._parts[rule.id]]
            except Exception as problem:
                # Whatever a rule meets, it loses only itself; the type of the error says nothing of the patient.
                yield failed(rule, context.subject, f"the rule failed ({type(problem).__name__})")
            else:
                for _, trace in traced[rule.id]:
                    atoms |= truths_of(trace, (rule.id,))
        try:
            decided: Mapping[str, Truth] | None = self._matcher.decide(atoms)
        except MatcherError:
            decided = None
        for rule in rules:
            if rule.id in traced:
                yield outcome_of(rule, context.subject, traced[rule.id], decided)

    def _finder(self, context: Context) -> Find:
        """What finds the conditions of a context, each that says the same once, whatever the number of rules that ask."""
        found: dict[int, Finding] = {}

        def find_once(leaf: Leaf, _path: Path) -> Finding:
            number = self._alike[id(leaf)]
            finding = found.get(number)
            if finding is None:
                finding = found[number] = find(leaf, context)
            return finding

        return find_once

    def _share(self, context: Context, find_once: Find) -> dict[str, Truth]:
        """Work the shared findings out for a context; their conditions' truths are the matcher's, too.

        One that fails is left out, so that the rules that use it fail and no other does.
        """
        atoms: dict[str, Truth] = {}
        found: dict[str, Finding] = {}
        for name, laid in self._shared.items():
            with suppress(Exception):
                trace = trace_of(laid, find_once)
                found[name] = _as_one(trace)
                atoms |= truths_of(trace, (_shared_name(name),))
        context.shared = found
        return atoms


def _as_one(trace: Trace) -> Finding:
    """A shared finding as the finding of the conditions that use it; its values are those of the first condition that decided it."""
    values = {
        name: value for leaf in reversed(trace.deciding()) for name, value in leaf.finding.values.items()
    }
    return Finding(trace.truth, trace.evidence(), trace.missing(), values, trace.notes())


@dataclass(frozen=True, slots=True)
class _Look:
    """What the rules of one pack about one medicine are looked at with."""

    record: Record
    medicine: Medicine
    pack: Pack

    def at(self, subject: Subject) -> Context:
        return Context(self.record, self.medicine, subject, self.pack.parameters)


def _in_order(facts: PatientFacts) -> PatientFacts:
    """The facts in one order, the newest first, whatever the order in which they arrived; observations are sorted where they are used."""
    lists: dict[str, Any] = {
        name: replace(
            found,
            items=tuple(sorted(found.items, key=_place)),
            gaps=tuple(sorted(found.gaps, key=lambda gap: gap.reference)),
        )
        for name in _LISTS
        for found in (getattr(facts, name),)
    }
    orders = tuple(sorted(facts.orders, key=lambda order: order.reference))
    order_gaps = tuple(sorted(facts.order_gaps, key=lambda gap: gap.reference))
    return replace(facts, orders=orders, order_gaps=order_gaps, **lists)


_LISTS = [name.value for name in ListName if name not in (ListName.PATIENT, ListName.OBSERVATIONS)]


def _place(fact: Dated) -> tuple[float, str, str]:
    when = date_of(fact)
    return (-when.latest.timestamp() if when is not None else inf, fact.reference, label_of(fact))


_SAYS_NOTHING: Final = {"as_": None, "because": None}
"""What a condition may carry that its finding does not depend on."""


def _parts(rule: Rule) -> Iterator[Part]:
    trees: list[tuple[Literal["when", "unless", "variant"], Path, Tree | None]] = [
        ("when", ("when",), rule.when),
        ("unless", ("unless",), rule.unless),
    ]
    for place, variant in enumerate(rule.card.variants):
        trees.append(("variant", ("card", "variants", place, "when"), variant.when))
    for kind, path, tree in trees:
        if tree is not None:
            yield Part(".".join((rule.id, *map(str, path))), kind, lay_out(tree, path))


def _leaves(laid: Laid) -> Iterator[Leaf]:
    if isinstance(laid.tree, Leaf):
        yield laid.tree
    for member in laid.members:
        yield from _leaves(member)


def _shared_name(finding: str) -> str:
    return f"finding:{finding}"
