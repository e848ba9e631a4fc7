"""Evaluation: the rules of a hook looked at for one patient, each ending met, not met or unknown.

Every condition is a finding in three values. The plain evaluator makes the trace that explains; durable_rules decides from the same
findings; where the two differ the rule's outcome is an error that shows, never a silent choice of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any

from engine.concepts import ConceptLibrary, Medicine
from engine.conditions import Context, find
from engine.errors import MatcherError
from engine.facts import ListName, PatientFacts
from engine.finding import Evidence, Finding, Missing, Truth, all_of
from engine.language import Leaf, Tree
from engine.logic import evaluate
from engine.matcher import Matcher
from engine.normal_form import compile_tree, truths_of
from engine.record import Record
from engine.rule import Hook, Rule, SharedFinding
from engine.ruleset import Pack, RuleSet
from engine.subjects import Subject, bringing_up, subjects
from engine.trace import Path, Trace
from engine.words import Dated, date_of, label_of


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How one rule ended for one subject.

    ``variant`` is the index of the card variant that applies. ``yielded_to`` is the rule whose card replaces this one. ``error`` says
    that the rule itself failed (its outcome is then unknown, and its card says so); it never holds patient data. A rule that nothing
    brought up is not met and has no subject.
    """

    rule: Rule
    outcome: Truth
    subject: Subject | None = None
    when: Trace | None = None
    unless: Trace | None = None
    variants: tuple[Trace, ...] = ()
    variant: int | None = None
    missing: tuple[Missing, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    yielded_to: str | None = None
    error: str | None = None

    @property
    def shown(self) -> bool:
        """Whether the outcome may be on a card at all: experimental rules and rules that yielded are only recorded."""
        return not self.rule.experimental and self.yielded_to is None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every rule of the hook that was looked at, in the order of the rules' ids and then of the orders."""

    hook: str
    outcomes: tuple[RuleOutcome, ...]


class Engine:
    """Rules and concepts, ready to be asked about patients; safe to share between threads.

    ``Engine(rules, concepts).evaluate(facts)`` looks at every active rule of the facts' hook. ``close`` frees the matcher.
    """

    def __init__(self, rules: RuleSet, concepts: ConceptLibrary) -> None:
        """Compile the active rules; raise RuleFileError or MatcherError when one cannot be compiled."""
        self.rules = rules
        self.concepts = concepts
        self._trees = {rule.id: dict(_trees(rule)) for rule in rules.active()}
        expressions = {
            _shared_name(shared): compile_tree(shared.when, (_shared_name(shared),))
            for shared in rules.findings.values()
        }
        for rule_id, trees in self._trees.items():
            for path, tree in trees.items():
                expressions[_name(rule_id, path)] = compile_tree(tree, (rule_id, *path))
        self._matcher = Matcher(expressions)

    def evaluate(self, facts: PatientFacts) -> Evaluation:
        """Look at every active rule of the hook for this patient; a rule that fails is an unknown outcome of its own."""
        facts = _in_order(facts)
        concepts = self.concepts.with_members(facts.members) if facts.members else self.concepts
        together: dict[tuple[str, str], list[Rule]] = {}
        for rule in self.rules.active(Hook(facts.hook)):
            together.setdefault((self.rules.pack_of(rule).id, rule.medicine), []).append(rule)
        outcomes: list[RuleOutcome] = []
        record = Record(facts, concepts)
        for (pack, medicine), rules in together.items():
            look = _Look(record, concepts.medicine(medicine), self.rules.packs[pack])
            outcomes += self._about(look, rules)
        outcomes.sort(key=lambda outcome: outcome.rule.id)
        return Evaluation(facts.hook, tuple(_yielding(outcomes)))

    def close(self) -> None:
        """Free what the matcher holds."""
        self._matcher.close()

    def _about(self, look: _Look, rules: list[Rule]) -> Iterator[RuleOutcome]:
        found = subjects(look.medicine, look.record)
        hook = Hook(look.record.facts.hook)
        bringing = {rule.id: list(bringing_up(rule, found, hook)) for rule in rules}
        for subject in found:
            brought_up = [rule for rule in rules if any(s is subject for s in bringing[rule.id])]
            yield from self._for_subject(look.at(subject), brought_up)
        for rule in rules:
            if not bringing[rule.id]:
                yield RuleOutcome(rule, Truth.NOT_MET)

    def _for_subject(self, context: Context, rules: list[Rule]) -> Iterator[RuleOutcome]:
        traced: dict[str, dict[Path, Trace]] = {}
        atoms = self._share(context)
        find_in = partial(_find, context)
        for rule in rules:
            try:
                traced[rule.id] = {
                    path: evaluate(tree, path, find_in) for path, tree in self._trees[rule.id].items()
                }
            except Exception as problem:
                # Whatever a rule meets, it loses only itself; the type of the error says nothing of the patient.
                yield _failed(rule, context.subject, f"the rule failed ({type(problem).__name__})")
            else:
                for trace in traced[rule.id].values():
                    atoms |= truths_of(trace, (rule.id,))
        try:
            decided: Mapping[str, Truth] | None = self._matcher.decide(atoms)
        except MatcherError:
            decided = None
        for rule in rules:
            if rule.id in traced:
                yield _outcome(rule, context.subject, traced[rule.id], decided)

    def _share(self, context: Context) -> dict[str, Truth]:
        """Work the shared findings out for a context; their conditions' truths are the matcher's, too.

        One that fails is left out, so that the rules that use it fail and no other does.
        """
        atoms: dict[str, Truth] = {}
        found: dict[str, Finding] = {}
        for shared in self.rules.findings.values():
            with suppress(Exception):
                trace = evaluate(shared.when, (), partial(_find, context))
                found[shared.id] = _as_one(trace)
                atoms |= truths_of(trace, (_shared_name(shared),))
        context.shared = found
        return atoms


def _as_one(trace: Trace) -> Finding:
    """A shared finding as the finding of the conditions that use it; its values are those of the first condition that decided it."""
    values = {
        name: value for leaf in reversed([*trace.deciding()]) for name, value in leaf.finding.values.items()
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


def _find(context: Context, leaf: Leaf, _path: Path) -> Finding:
    return find(leaf, context)


def _trees(rule: Rule) -> Iterator[tuple[Path, Tree]]:
    if rule.when is not None:
        yield ("when",), rule.when
    if rule.unless is not None:
        yield ("unless",), rule.unless
    for place, variant in enumerate(rule.card.variants):
        yield ("card", "variants", place, "when"), variant.when


def _name(rule_id: str, path: Path) -> str:
    return ".".join((rule_id, *map(str, path)))


def _shared_name(shared: SharedFinding) -> str:
    return f"finding:{shared.id}"


def _failed(rule: Rule, subject: Subject, error: str) -> RuleOutcome:
    missing = Missing(rule.title, "the rule itself failed, and its authors need to look at it")
    return RuleOutcome(
        rule, Truth.UNKNOWN, subject, missing=(missing,), evidence=subject.evidence, error=error
    )


def _outcome(
    rule: Rule, subject: Subject, traces: Mapping[Path, Trace], decided: Mapping[str, Truth] | None
) -> RuleOutcome:
    """Join ``when``, ``unless`` and the subject's own certainty to the rule's outcome.

    Met needs ``when`` met; an exception (``unless``) that is unknown does not take the card away, it is named on it, and so is what
    could have made the card more urgent.
    """
    if decided is None:
        return _failed(rule, subject, "durable_rules refused to decide")
    if any(decided.get(_name(rule.id, path)) is not trace.truth for path, trace in traces.items()):
        return _failed(rule, subject, "durable_rules and the plain evaluator differ")
    when, unless = traces.get(("when",)), traces.get(("unless",))
    variants = tuple(trace for path, trace in traces.items() if path[0] == "card")
    holds = all_of((subject.certainty, when.truth if when is not None else Truth.MET))
    excepted = unless.truth if unless is not None else Truth.NOT_MET
    if excepted is Truth.MET:
        holds = Truth.NOT_MET
    sides: list[Trace] = []
    if when is not None and (holds is not Truth.UNKNOWN or when.truth is Truth.UNKNOWN):
        sides.append(when)
    if unless is not None and (holds is not Truth.MET or excepted is Truth.UNKNOWN):
        sides.append(unless)
    variant = (
        next((place for place, trace in enumerate(variants) if trace.truth is Truth.MET), None)
        if holds is Truth.MET
        else None
    )
    chosen = (variants[variant],) if variant is not None else ()
    missing: list[Missing] = []
    if holds is Truth.UNKNOWN:
        missing = [*subject.missing, *(entry for side in sides for entry in side.missing())]
    elif holds is Truth.MET:
        missing = [*(unless.missing() if unless is not None else ()), *_more_urgent(rule, variants, variant)]
    return RuleOutcome(
        rule,
        holds,
        subject,
        when=when,
        unless=unless,
        variants=variants,
        variant=variant,
        missing=tuple(dict.fromkeys(missing)),
        evidence=tuple(dict.fromkeys(e for side in (*sides, *chosen) for e in side.evidence()))
        or subject.evidence,
        notes=tuple(dict.fromkeys(note for side in (*sides, *chosen) for note in side.notes())),
    )


def _more_urgent(rule: Rule, variants: Sequence[Trace], chosen: int | None) -> Iterator[Missing]:
    """What is missing of the variants that would have taken the place of the card's words, and are more urgent than these."""
    card = rule.card
    shown = (card.variants[chosen].indicator if chosen is not None else None) or card.indicator
    for variant, trace in list(zip(card.variants, variants, strict=True))[:chosen]:
        urgent = variant.indicator is not None and variant.indicator.rank < shown.rank
        if urgent and trace.truth is Truth.UNKNOWN:
            yield from trace.missing()


def _yielding(outcomes: list[RuleOutcome]) -> Iterator[RuleOutcome]:
    """Mark the outcomes whose card another met rule's card replaces for the same order (CI-03 replaces WP-06).

    Rules that yield to each other, directly or in a circle, all stay: a card may only go where another one comes.
    """
    met = {
        (outcome.rule.id, outcome.subject): outcome.rule.yields_to
        for outcome in outcomes
        if outcome.outcome is Truth.MET and not outcome.rule.experimental
    }

    def beyond(rule: str, subject: Subject | None, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The rule and all that its card gives way to."""
        for other in met.get((rule, subject), ()):
            if other not in seen and (other, subject) in met:
                seen = beyond(other, subject, seen | {other})
        return seen | {rule}

    for outcome in outcomes:
        winner = next(
            (
                rule
                for rule in outcome.rule.yields_to
                if (rule, outcome.subject) in met and outcome.rule.id not in beyond(rule, outcome.subject)
            ),
            None,
        )
        yields = winner is not None and outcome.outcome is Truth.MET
        yield replace(outcome, yielded_to=winner) if yields else outcome
