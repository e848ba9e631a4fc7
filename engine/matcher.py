"""The matcher: decides compiled trees with durable_rules. The only module that knows that library.

It calls the library's C core, and not the Python layer around it: that one swallows errors (D7), starts threads that
race with the caller (D8), makes exceptions of normal outcomes (D14), reads a meaning into the signature of an action
(D16) and takes about ten times as long. The C core is given small integers of our own alone (D5, D6): the atoms of a
patient are the members of a few facts such as ``{"id": 0, "t17": 3, "t18": 1}``, because each fact costs time (D12), and
a rule is a flat conjunction of comparisons (D1 to D4), one pattern for all that it asks of one fact (D2). A rule that
fires concludes the truth of an expression; where other rules ask for that truth, it becomes a fact too, so that shared
findings are derived by forward chaining, and so is *unknown* where it would take many rules to conclude it at once.

What the C core shares between rulesets is its list of handles, which the interpreter's own lock guards. So several
matchers can be alive at once, as when rules are reloaded, and each needs no more than a lock of its own (D9). The
numbers D1 to D22 are those of the traps in ``tests/engine/test_matcher*.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, Self

import durable_rules_engine as durable  # type: ignore[import-not-found]

from engine.errors import MatcherError
from engine.finding import Truth
from engine.normal_form import Conjunction, Expression, Form

_VALUES: Final = {Truth.NOT_MET: 1, Truth.UNKNOWN: 2, Truth.MET: 3}
_MET: Final = frozenset({Truth.MET})

_SESSION: Final = "0"
"""The one session of every ruleset: what the library assumes when a fact names none."""

_MEMBERS: Final = 64
"""Most members of one fact: far below the 300 that end the process (D6)."""

_FRAME: Final = 16
"""Facts that one match can hold (MAX_MESSAGE_FRAMES)."""

_PATTERNS: Final = 200
"""Patterns after which a ruleset is full: far below what the library takes (D11)."""

_TESTS: Final = 400
"""Different comparisons in one ruleset: the library has a table of 512 for them and loops for ever when it is full."""

_MARKS: Final = ("possible", "refutable")

_MARKED: Final = {Truth.MET: (True, False), Truth.NOT_MET: (False, True), Truth.UNKNOWN: (True, True)}
"""For each truth, whether it comes with possible and with refutable."""


class Matcher:
    """Compiled trees by name, ready to be decided for one patient after another; safe to share between threads.

    An expression whose name others use as an atom is a shared finding; it may not use one itself. Call `close` at
    the end, or use the matcher in a ``with`` statement: the memory is not Python's.
    """

    def __init__(self, expressions: Mapping[str, Expression]) -> None:
        """Build the rulesets; raise MatcherError when the library refuses one or a shared finding uses another."""
        self._lock = Lock()
        self._rulesets: list[_Ruleset] = []
        self._needs = {name: _needs(name, expressions) for name in expressions}
        self._asked = frozenset().union(*self._needs.values())
        try:
            for part in _parts(expressions):
                with _library_errors_shown():
                    self._rulesets.append(_Ruleset(part))
        except MatcherError:
            self.close()
            raise

    def decide(self, findings: Mapping[str, Truth]) -> dict[str, Truth]:
        """Return the truth of every expression whose atoms, and those of its shared findings, all have a finding.

        Findings that no expression asks for are ignored. Raises MatcherError when the matcher is closed, the
        library refuses a fact, or an expression does not come to exactly one truth; the next call starts afresh.
        """
        lacking = self._asked - findings.keys()
        ready = {name: needs for name, needs in self._needs.items() if needs.isdisjoint(lacking)}
        decided: dict[str, Truth] = {}
        with self._lock:
            if not self._rulesets and self._needs:
                raise MatcherError("the matcher is closed")
            for ruleset in self._rulesets:
                names = [name for name in ruleset.names if name in ready]
                needs = frozenset().union(*(ready[name] for name in names))
                given = {atom: findings[atom] for atom in ruleset.atoms if atom in needs}
                with _library_errors_shown():
                    decided |= ruleset.decide(names, given)
        return {name: decided[name] for name in ready}

    def close(self) -> None:
        """Free the rulesets (D13); a second call does nothing."""
        with self._lock:
            while self._rulesets:
                self._rulesets.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@contextmanager
def _library_errors_shown() -> Iterator[None]:
    try:
        yield
    except durable.error as problem:
        raise MatcherError(f"durable_rules: {problem}") from problem


def _needs(name: str, expressions: Mapping[str, Expression]) -> frozenset[str]:
    """The atoms that must be given before an expression can be decided: its own and those of its shared findings."""
    atoms = expressions[name].atoms
    shared = atoms & expressions.keys()
    needs = (atoms - shared).union(*(expressions[finding].atoms for finding in shared))
    if needs & expressions.keys():
        raise MatcherError(f"{name} uses a shared finding that uses another one")
    return needs


def _parts(expressions: Mapping[str, Expression]) -> Iterator[dict[str, Expression]]:
    """The expressions in parts that a ruleset can take, each with all the shared findings it uses."""
    part: dict[str, Expression] = {}
    for name, expression in expressions.items():
        shared = sorted(expression.atoms & expressions.keys())
        wanted = {each: expressions[each] for each in (*shared, name)}
        if part and sum(map(_size, (part | wanted).values())) > _PATTERNS:
            yield part
            part = {}
        part |= wanted
    if part:
        yield part


def _size(expression: Expression) -> int:
    forms = (*expression.forms.values(), *_marks("", expression).values())
    return sum(len(conjunction) for form in forms for conjunction in form)


def _marks(name: str, expression: Expression) -> dict[str, Form]:
    """The conclusions that an expression is possible and that it is refutable, where *unknown* follows from both."""
    if expression.unknown:
        return {}
    return {f"{name} is possible": expression.possible, f"{name} is refutable": expression.refutable}


class _Ruleset:
    """One ruleset of the library with its one session, which is emptied after each evaluation (D10)."""

    def __init__(self, expressions: Mapping[str, Expression]) -> None:
        self.names = tuple(expressions)
        self._numbers: dict[str, int] = {}  # of what rules ask for: atoms, and conclusions that become facts
        self._chained: dict[str, str] = {}  # conclusions, and the fact that each is a member of
        self._marks: dict[str, tuple[str, ...]] = {}  # of each expression
        self._tests: set[tuple[str, frozenset[Truth]]] = set()
        self._conclusions: list[tuple[str, Truth]] = []  # of each rule
        self._rules: dict[str, Any] = {}
        for name, expression in expressions.items():
            self._marks[name] = tuple(_marks(name, expression))
            # Both marks of an expression are asked for at once, so they must not be members of one fact (D2).
            self._chained |= {name: name, **dict(zip(self._marks[name], _MARKS, strict=False))}
        for name, expression in expressions.items():
            for truth, form in expression.forms.items():
                self._add(form, name, truth)
            for mark, form in _marks(name, expression).items():
                self._add(form, mark, Truth.MET)
            if self._marks[name]:
                self._add([dict.fromkeys(self._marks[name], _MET)], name, Truth.UNKNOWN)
        self._add([{"a session": _MET}], "a session has begun", Truth.MET)
        if len(self._tests) > _TESTS:
            raise _too_much(self.names[-1])
        self.atoms = tuple(self._numbers)
        self._members = {atom: (self._fact_of(atom), f'"t{place}":') for atom, place in self._numbers.items()}
        self._handle = durable.create_ruleset("primum", json.dumps(self._rules))
        # To delete a session in which no rule has fired yet frees memory at a random address; this makes one fire.
        self._conclude({"a session": Truth.MET})

    def decide(self, names: Iterable[str], findings: Mapping[str, Truth]) -> dict[str, Truth]:
        concluded = self._conclude(findings) if findings else {}
        return {name: self._truth(name, concluded) for name in names}

    def close(self) -> None:
        durable.delete_ruleset(self._handle)

    def _add(self, form: Iterable[Conjunction], name: str, truth: Truth) -> None:
        for conjunction in form:
            patterns: dict[str, list[dict[str, Any]]] = {}
            for atom, truths in sorted(conjunction.items()):
                comparison = self._comparison(atom, truths)
                patterns.setdefault(self._fact_of(atom), []).append(comparison)
            if len(patterns) > _FRAME:
                raise _too_much(name)
            self._rules[str(len(self._conclusions))] = {
                "all": [
                    {f"m{place}": asked[0] if len(asked) == 1 else {"$and": asked}}
                    for place, asked in enumerate(patterns.values())
                ]
            }
            self._conclusions.append((name, truth))

    def _comparison(self, atom: str, truths: frozenset[Truth]) -> dict[str, Any]:
        self._tests.add((atom, truths))
        token = f"t{self._numbers.setdefault(atom, len(self._numbers))}"
        lowest, highest = min(map(_VALUES.__getitem__, truths)), max(map(_VALUES.__getitem__, truths))
        if lowest == highest:
            return {token: lowest}
        return {"$lte": {token: highest}} if lowest == 1 else {"$gte": {token: lowest}}

    def _fact_of(self, atom: str) -> str:
        return self._chained.get(atom) or f"findings {self._numbers[atom] // _MEMBERS}"

    def _truth(self, name: str, concluded: Mapping[str, Set[Truth]]) -> Truth:
        truths = concluded.get(name, frozenset())
        marks = tuple(mark in concluded for mark in self._marks[name])
        if len(truths) == 1 and (not marks or marks == _MARKED[next(iter(truths))]):
            return next(iter(truths))
        told = ", ".join(truth for truth in _VALUES if truth in truths) or "nothing"
        also = ", ".join(
            mark if marked else f"not {mark}" for mark, marked in zip(_MARKS, marks, strict=False)
        )
        raise MatcherError(f"{name}: durable_rules concluded {told}{f' ({also})' if also else ''}")

    def _conclude(self, findings: Mapping[str, Truth]) -> dict[str, set[Truth]]:
        """The truths that the rules conclude from findings; each once, however often a rule fires (D15)."""
        concluded: dict[str, set[Truth]] = {}
        asserted: set[str] = set()
        count = 0
        try:
            waiting = list(findings.items())
            while waiting:
                session = 0
                for fact in self._facts(waiting, asserted):
                    session = self._assert(count, fact)
                    count += 1
                waiting = []
                _, fired = durable.start_action_for_state(self._handle, session) or (None, None)
                while fired:
                    rule = int(fired.split('"', 2)[1])  # of {"<rule>": {<its facts>}}
                    name, truth = self._conclusions[rule]
                    truths = concluded.setdefault(name, set())
                    if truth not in truths:
                        truths.add(truth)
                        if name in self._numbers:
                            waiting.append((name, truth))
                    fired = durable.complete_and_start_action(self._handle, session)
        finally:
            # Not retract_fact: after a rule with several patterns has fired, it reads and writes beyond its arrays.
            durable.delete_state(self._handle, _SESSION)
        return concluded

    def _facts(self, truths: Iterable[tuple[str, Truth]], asserted: set[str]) -> Iterator[list[str]]:
        """The facts that say so, each as its members; ``asserted`` grows by what they are about."""
        facts: dict[str, list[str]] = {}
        for name, truth in truths:
            if name in asserted:
                raise MatcherError(f"{name} has more than one truth")
            asserted.add(name)
            fact, token = self._members[name]
            facts.setdefault(fact, []).append(f"{token}{_VALUES[truth]}")
        for members in facts.values():
            for start in range(0, len(members), _MEMBERS):
                yield members[start : start + _MEMBERS]

    def _assert(self, number: int, members: list[str]) -> int:
        """Add a fact (not an event, which the first rule would consume, D17); return the session's number."""
        _, session = durable.assert_fact(self._handle, f'{{"id":{number},{",".join(members)}}}')
        return int(session)


def _too_much(name: str) -> MatcherError:
    return MatcherError(f"{name} asks, with its shared findings, for more than a ruleset takes")
