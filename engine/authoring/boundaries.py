"""Boundaries: for every condition of a rule the cases just inside it, just outside it and without what it needs, and what they come to.

Around each case stands the smallest record with which the condition decides (its siblings neither settle the matter nor hide it), so
that the case shows what the condition is for. What comes out is the engine's answer; nobody has said yet that it is right. An author who
agrees puts the case among the tests of the rule (:mod:`engine.authoring.confirmed`).

::

    boundaries = Boundaries(loaded, "baclofen-it.kidney-function", today=date(2026, 3, 1))
    for seen in boundaries.seen():
        print(seen.case.name, seen.outcome)
    boundaries.close()

``way`` may be another one to the engine: ``fhir_adapters.written_requests.ThroughFhir()`` goes by way of real FHIR resources.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from engine.authoring.case_facts import hook_of
from engine.authoring.cases import Case, CaseFile, Setup
from engine.authoring.condition_coverage import decides
from engine.authoring.folder import Loaded
from engine.authoring.order_witnesses import witnesses
from engine.authoring.testing import Evaluate, RuleTests, read_tests, tests_of, unknown_in
from engine.authoring.witnesses import Side, Witness, World
from engine.describe import describe_condition
from engine.errors import RuleFileError
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.finding import Truth
from engine.language import AnyOf, AtLeast, Leaf, NoneOf
from engine.outcome import RuleOutcome
from engine.reversals import Change, ways_to
from engine.rule import Rule
from engine.trace import Path, Trace

_PATIENT: Final[Mapping[str, Any]] = {"age": "40 years", "sex": "female"}
"""Who a case is about, where neither the condition nor the file's shared setup says so."""

_AMOUNTS: Final = frozenset({"dose", "once", "daily", "rate", "volume", "dosages"})
"""What an order says of its amount; one way of saying it takes the place of the others."""

_USUAL: Final[Mapping[str, Mapping[str, Any]]] = {
    "bolus": {"dose": "1 ug", "once": True},
    "infusion": {"daily": "1 ug/d"},
    "refill": {"volume": "20 mL"},
}
"""What an order says that is given in one of the ways, where nothing asks for another amount."""

_KEYS: Final = {"observations": ("labs", "vitals", "observations")}
"""The keys of a test that fill a list, where they are not called as the list is."""

_MEANT: Final[Mapping[Side, Truth]] = {
    "inside": Truth.MET,
    "outside": Truth.NOT_MET,
    "missing": Truth.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class BoundaryCase:
    """One case of a condition: which condition and where, on which side it is meant to be, in words, and as a test writes it.

    ``setup`` holds the keys of a test in plain values, ready to be written to a file.
    """

    path: Path
    condition: str
    side: Side
    said: str
    setup: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BoundarySeen:
    """What a case came to: the condition's own truth, the rule's outcome, its card, and whether the condition decided it.

    ``card`` is the urgency of the card that the rule is on, or none. ``name`` is a sentence for a test, ``expect`` what the test would
    expect: both say what came out. ``tested``: a test of the rule's file has the same setup already.
    """

    case: BoundaryCase
    truth: Truth | None
    outcome: Truth
    card: str
    summary: str
    missing: tuple[str, ...]
    decided: bool
    tested: bool

    @property
    def as_meant(self) -> bool:
        """Whether the condition came to what the case was made for."""
        return self.truth is _MEANT[self.case.side]

    @property
    def name(self) -> str:
        """The case as the sentence that names a test."""
        if self.outcome is Truth.UNKNOWN:
            return f"{self.case.said} leaves it open"
        shown = f"a card ({self.card})" if self.card != "none" else "no card"
        return f"{self.case.said} means {shown if self.outcome is Truth.MET else 'no card'}"

    @property
    def expect(self) -> dict[str, Any]:
        """What a test of this case expects: the outcome, the urgency of the card and, where the rule is met, its line."""
        words = {"summary": self.summary} if self.outcome is Truth.MET and self.summary else {}
        return {"outcome": self.outcome.value, "card": self.card, **words}


class Boundaries:
    """The boundary cases of one rule; engines are kept until :meth:`close`."""

    def __init__(self, loaded: Loaded, rule_id: str, *, today: date, way: Evaluate = Engine.evaluate) -> None:
        """Make ready; ``today`` is the day of the cases where the rule has no tests that name one.

        Raises:
            KeyError: there is no such rule.
            RuleFileError: the rule names what does not exist.
        """
        rule = loaded.rules.rule(rule_id)
        unknown = unknown_in(loaded, rule_id)
        if unknown:
            raise RuleFileError(unknown[0].message)
        existing = read_tests(loaded, rule_id)
        file = existing.file if existing is not None else None
        self.today = file.today if file is not None else today
        self._written = tuple(file.setup_of(case) for case in file.tests) if file is not None else ()
        self._shared = file.shared if file is not None else Setup()
        self._tests: RuleTests = replace(tests_of(loaded, rule_id, self._file({})), way=way)
        self._world = World(
            self.today,
            self._tests.loaded.concepts,
            loaded.concepts.medicine(rule.medicine),
            loaded.rules.findings,
            loaded.rules.pack_of(rule).choices,
        )
        self.rule: Rule = rule

    def close(self) -> None:
        """Free the engines."""
        self._tests.close()

    def seen(self) -> Iterator[BoundarySeen]:
        """Every case with what it comes to, in the order of the rule's file."""
        for case in self.cases():
            yield self.look(case)

    def cases(self) -> Iterator[BoundaryCase]:
        """The cases of every condition of ``when``, ``unless`` and the card's variants, for each condition every setup once."""
        base = self._outcome(self._brought_up())
        if base.subject is None:
            return
        sides = [base.when, base.unless, *base.variants]
        for side in (trace for trace in sides if trace is not None):
            for leaf in side.leaves():
                beside = [self._witness(change) for change in _background(base, side, leaf)]
                around = self._merged([self._brought_up(), *beside])
                setups: list[Mapping[str, Any]] = []
                for case in self._of_leaf(leaf, around):
                    if case.setup not in setups:
                        setups.append(case.setup)
                        yield case

    def look(self, case: BoundaryCase) -> BoundarySeen:
        """What a case comes to."""
        written = self._case(case.setup)
        outcomes, card = self._tests.seen(written)
        outcome = outcomes[0]
        traces = [trace for trace in (outcome.when, outcome.unless, *outcome.variants) if trace is not None]
        leaf = next((leaf for trace in traces for leaf in trace.leaves() if leaf.path == case.path), None)
        return BoundarySeen(
            case,
            leaf.truth if leaf is not None else None,
            outcome.outcome,
            card.indicator.value if card is not None else "none",
            card.summary if card is not None else "",
            tuple(f"{entry.what}: {entry.why}" for entry in outcome.missing),
            leaf is not None and decides(outcome, leaf),
            any(_same(written, other) for other in self._written),
        )

    def tests(self) -> tuple[RuleTests, list[tuple[str, Case]]]:
        """The cases as tests, each with its words, and the rule's tests with which another state of the rules can be asked."""
        return self._tests, [(case.said, self._case(case.setup)) for case in self.cases()]

    def request(self, case: BoundaryCase, write: Callable[[Engine, PatientFacts], bytes]) -> bytes:
        """A case as ``write`` puts it: ``ThroughFhir().request`` gives the CDS Hooks request that would tell it."""
        written = self._case(case.setup)
        return write(self._tests.engine(written.parameters), self._tests.facts(written))

    def _of_leaf(self, leaf: Trace, around: Mapping[str, Any]) -> Iterator[BoundaryCase]:
        assert isinstance(leaf.condition, Leaf)
        clause = describe_condition(leaf.condition, self._world.concepts, self._world.findings)
        for witness in witnesses(leaf.condition, self._world):
            setup = self._finished(_joined(around, witness.setup))
            yield BoundaryCase(leaf.path, clause, witness.side, witness.said, setup)

    def _brought_up(self) -> Mapping[str, Any]:
        """What brings the rule up where a plain case does not: therapy that has ended."""
        if set(self.rule.brought_up_by) != {"ended"}:
            return {}
        ended = {"is": self.rule.medicine, "status": "ended", "ended": self._world.edge("1 day")}
        return {"therapy": "none", "medications": [ended]}

    def _witness(self, change: Change) -> Mapping[str, Any]:
        """The setup of the first witness that brings a condition to a truth; empty where there is none."""
        assert change.condition is not None
        found = (w for w in witnesses(change.condition, self._world) if w.aims is change.becomes)
        first: Witness | None = next(found, None)
        return first.setup if first is not None else {}

    def _merged(self, setups: list[Mapping[str, Any]]) -> Mapping[str, Any]:
        merged: Mapping[str, Any] = {}
        for setup in setups:
            merged = _joined(merged, setup)
        return merged

    def _outcome(self, setup: Mapping[str, Any]) -> RuleOutcome:
        outcomes, _ = self._tests.seen(self._case(self._finished(setup)))
        return outcomes[0]

    def _finished(self, setup: Mapping[str, Any]) -> dict[str, Any]:
        """A setup as a test writes it: ``order`` and ``beside`` become orders, or the therapy where no order brings the rule up."""
        patient = {**self._patient(), **setup.get("patient", {})}
        if "born" in setup.get("patient", {}):
            patient.pop("age", None)
        done: dict[str, Any] = {
            "patient": {name: value for name, value in patient.items() if value is not None}
        }
        done |= {name: value for name, value in setup.items() if name not in ("order", "beside", "patient")}
        if "order" in setup or "beside" in setup:
            stops = {"action": "stop"} if not self._ordered and "stop" in self.rule.brought_up_by else {}
            order = dict(setup.get("order", {}))
            way = order.pop("given_as", None)
            if way is not None and _AMOUNTS.isdisjoint(order):
                order |= _USUAL[way]
            said = {key: value for key, value in order.items() if value is not None}
            own: dict[str, Any] = {"is": self.rule.medicine, **stops, **said}
            if self._ordered or stops:
                done["orders"] = [own, *setup.get("beside", [])]
            else:
                done["therapy"] = "none"
                done["medications"] = [own, *setup.get("medications", [])]
                done["orders"] = list(setup.get("beside", []))
        for name in setup.get("missing", ()):
            for key in _KEYS.get(name, (name,)):
                done.pop(key, None)
        # What is empty goes without saying, unless the file's shared setup would fill it.
        shared = self._shared.model_fields_set
        return {name: value for name, value in done.items() if value not in ([], {}) or name in shared}

    @property
    def _ordered(self) -> bool:
        reviews = hook_of(self._case({}), self.rule).reviews_orders
        return "order" in self.rule.brought_up_by and (reviews or "record" not in self.rule.brought_up_by)

    def _patient(self) -> Mapping[str, Any]:
        shared = self._shared.patient.model_dump(exclude_unset=True)
        return shared or _PATIENT

    def _case(self, setup: Mapping[str, Any]) -> Case:
        file = self._file(setup)
        return file.setup_of(file.tests[0])

    def _file(self, setup: Mapping[str, Any]) -> CaseFile:
        case = {**setup, "name": "a case", "expect": "met"}
        shared = self._shared.model_dump(exclude_unset=True, by_alias=True)
        return CaseFile.model_validate({"today": self.today, "shared": shared, "tests": [case]})


def _same(one: Case, other: Case) -> bool:
    left_out = {"name", "expect"}
    return one.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)


def _joined(around: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Two setups as one: maps are merged, lists joined; the second's entry of a concept, and its amounts of an order, come first."""
    joined = dict(around)
    for name, value in own.items():
        before = joined.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            gone = _replaced(before, value) if name == "order" else ()
            joined[name] = {**{key: old for key, old in before.items() if key not in gone}, **value}
        elif isinstance(value, list) and isinstance(before, list) and value:
            named = {_concept(entry) for entry in value}
            joined[name] = [*(entry for entry in before if _concept(entry) not in named), *value]
        else:
            joined[name] = value
    return joined


def _replaced(before: Mapping[str, Any], own: Mapping[str, Any]) -> Collection[str]:
    """The keys of an order whose place others take: amounts by amounts, and by a way of giving that they are not given in."""
    said = _AMOUNTS & before.keys()
    if "given_as" in own:
        return () if said <= _USUAL[own["given_as"]].keys() else said
    return () if _AMOUNTS.isdisjoint(own) else {*said, "given_as"}


def _concept(entry: Any) -> str:
    return str(entry.get("is")) if isinstance(entry, dict) else str(entry).split(" ")[0]


def _background(base: RuleOutcome, side: Trace, leaf: Trace) -> list[Change]:
    """What must be so for a condition to decide: its siblings leave the matter to it, and no other part of the rule settles it."""
    wanted: list[tuple[Trace | None, Truth]] = []
    if side is not base.when:
        wanted.append((base.when, Truth.MET))
    if side is not base.unless:
        wanted.append((base.unless, Truth.NOT_MET))
    if side in base.variants:
        wanted += [(earlier, Truth.NOT_MET) for earlier in base.variants[: base.variants.index(side)]]
    wanted += _siblings(side, leaf)
    changes: list[Change] = []
    for trace, truth in wanted:
        ways = ways_to(trace, frozenset({truth})) if trace is not None else [()]
        changes += next(iter(ways), ())
    return list(dict.fromkeys(changes))


def _siblings(trace: Trace, leaf: Trace) -> Iterator[tuple[Trace | None, Truth]]:
    """The members beside the way from a group down to a condition, and what each must be for that way to decide."""
    if trace is leaf:
        return
    way = next(child for child in trace.children if child.path == leaf.path[: len(child.path)])
    others = [child for child in trace.children if child is not way]
    needed = trace.condition.at_least - 1 if isinstance(trace.condition, AtLeast) else len(others)
    if isinstance(trace.condition, AnyOf | NoneOf):
        needed = 0
    for place, other in enumerate(others):
        yield other, Truth.MET if place < needed else Truth.NOT_MET
    yield from _siblings(way, leaf)
