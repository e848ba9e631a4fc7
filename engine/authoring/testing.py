"""Testing: the cases beside the rules run on the real engine, and what they say when one fails.

Each rule is run alone, with the rules it yields to, whatever its status; cards are made from that run as for a prescriber.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.authoring.case_facts import facts_of, hook_of, with_site_codes
from engine.authoring.cases import Case, CaseFile, Expectation
from engine.authoring.documents import Document, Position, case_file
from engine.authoring.explanation import WORDS, explain_text
from engine.authoring.folder import Loaded
from engine.authoring.loading import read_document
from engine.authoring.problems import Problem, did_you_mean, in_order
from engine.authoring.references import Known, unknown_names
from engine.authoring.validation import validate
from engine.cards import Card, cards_of
from engine.errors import CdsError
from engine.evaluation import Engine
from engine.facts import PatientFacts
from engine.finding import Truth
from engine.outcome import Evaluation, RuleOutcome
from engine.rule import Rule
from engine.ruleset import Pack, RuleSet
from engine.trace import Path

Evaluate = Callable[[Engine, PatientFacts], Evaluation]
"""A way from facts to what the rules of an engine say of them; it may raise CdsError."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one test ended: ``failures`` in words (none: it passed), and why the rule came out as it did."""

    rule: str
    name: str
    position: Position
    failures: tuple[str, ...]
    explanation: str

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures

    def render(self) -> str:
        """The failure as a person reads it."""
        return "\n".join(
            (f"{self.position}  {self.name}", *(f"  {line}" for line in self.failures), "", self.explanation)
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All tests that ran, and what kept others from running."""

    results: tuple[CaseResult, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The tests that failed."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def ok(self) -> bool:
        """Whether at least one test ran, all passed, and none was kept from running."""
        return bool(self.results) and not self.failed and not self.problems


@dataclass(slots=True)
class RuleTests:
    """The tests of one rule; engines are kept between its tests until :meth:`close`.

    ``change`` is applied to the rule before each run: that is how a mutant meets the tests of its original. ``way`` may be
    another one from the facts of a test to what the engine says of them, such as through a request.
    """

    loaded: Loaded
    rule_id: str
    document: Document
    file: CaseFile | None
    problems: tuple[Problem, ...]
    change: Callable[[Rule], Rule] | None = None
    way: Evaluate = Engine.evaluate
    _engines: dict[tuple[tuple[str, str], ...], Engine] = field(default_factory=dict)

    @property
    def cases(self) -> tuple[Case, ...]:
        """The tests, each with what all share; none while the file has problems."""
        if self.file is None or self.problems:
            return ()
        return tuple(self.file.setup_of(case) for case in self.file.tests)

    def run(self, case: Case) -> CaseResult:
        """Run one of the cases."""
        number = next(
            number for number, own in enumerate(self.file.tests if self.file else ()) if own.name == case.name
        )
        position = self.document.position(("tests", number, "name"))
        try:
            failures, explanation = self._run(case)
        except CdsError as error:
            failures, explanation = [f"the rule cannot be run: {error}"], ""
        return CaseResult(self.rule_id, case.name, position, tuple(failures), explanation)

    def _run(self, case: Case) -> tuple[list[str], str]:
        failures, outcomes = self.look(case)
        return failures, "\n\n".join(explain_text(outcome, self.loaded) for outcome in outcomes)

    def look(self, case: Case) -> tuple[list[str], list[RuleOutcome]]:
        """What is not as the case expects, in words, and the rule's outcomes; CdsError when the rule cannot be run."""
        outcomes, card = self.seen(case)
        if not outcomes:
            return ["the rule is not asked at this hook"], []
        return list(_failures(case.expect, outcomes[0], card)), outcomes

    def seen(self, case: Case) -> tuple[list[RuleOutcome], Card | None]:
        """The rule's outcomes for a case, the deciding one first (none at a hook where it is not asked), and the card that it is on.

        Raises:
            CdsError: the rule cannot be run.
        """
        evaluation, cards = self.evaluate(case)
        outcomes = [outcome for outcome in evaluation.outcomes if outcome.rule.id == self.rule_id]
        return sorted(outcomes, key=_rank), self.card_in(cards)

    def evaluate(self, case: Case) -> tuple[Evaluation, tuple[Card, ...]]:
        """The rule, with those it yields to, looked at for a case, and the cards; CdsError when the rule cannot be run."""
        engine = self.engine(case.parameters)
        evaluation = self.way(engine, self.facts(case))
        return evaluation, cards_of(evaluation, engine.rules)

    def card_in(self, cards: Iterable[Card]) -> Card | None:
        """The card with the rule, most urgent first; None when it is on none."""
        return next((card for card in cards if self.rule_id in card.rules), None)

    def facts(self, case: Case) -> PatientFacts:
        """The patient and the request of a case."""
        assert self.file is not None
        original = self.loaded.rules.rule(self.rule_id)
        return facts_of(case, self.file.today, original, self.loaded.concepts)

    def engine(self, parameters: Mapping[str, str]) -> Engine:
        """The rule under these settings, with the rules it yields to, ready to be asked."""
        key = tuple(sorted(parameters.items()))
        if key not in self._engines:
            self._engines[key] = Engine(self.rules_alone(parameters), self.loaded.concepts)
        return self._engines[key]

    def rules_alone(self, parameters: Mapping[str, str]) -> RuleSet:
        """The rule alone, with those it yields to, under these settings; whatever its status, it is looked at and shown."""
        rules = self.loaded.rules
        under_test = self.loaded.rule_with(self.rule_id, parameters)
        shown = {"status": "active", "experimental": False}
        if self.change is not None:
            under_test = self.change(under_test)
        together = [under_test, *(rules.rule(other) for other in under_test.yields_to)]
        pack = rules.pack_of(under_test)
        return replace(
            rules,
            rules=tuple(rule.model_copy(update=shown) for rule in together),
            adjustments={},
            packs={**rules.packs, pack.id: replace(pack, parameters={**pack.parameters, **parameters})},
        )

    def close(self) -> None:
        """Free the engines."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


def read_case_file(loaded: Loaded, rule_id: str) -> tuple[Document, CaseFile | None, list[Problem]] | None:
    """The test file beside a rule with what does not fit in it; None when there is no such file."""
    name = case_file(loaded.files[rule_id])
    if name not in loaded.paths:
        return None
    document, problems = read_document(loaded.paths[name], name)
    # A file of concepts with an error has its own problem: that its names are used is none.
    concepts, medicines = loaded.names["concept"], loaded.names["medicine"]
    either = None if concepts is None or medicines is None else {*concepts, *medicines}
    known: Known = {"concept": concepts, "concept-or-medicine": either}
    file, faults = _cases(loaded, rule_id, document, known)
    return document, file, problems + faults


def read_tests(loaded: Loaded, rule_id: str) -> RuleTests | None:
    """The tests beside a rule; None when there is no such file."""
    name = case_file(loaded.files[rule_id])
    if name not in loaded.paths:
        return None
    return rule_tests(loaded, rule_id, *read_document(loaded.paths[name], name))


def rule_tests(
    loaded: Loaded, rule_id: str, document: Document, problems: Iterable[Problem] = ()
) -> RuleTests:
    """The tests of a rule in a document that need not be a file; ``problems`` were met when it was read.

    A rule that names what does not exist cannot be run: its problems are those of its tests, too.
    """
    concepts, medicines = loaded.concepts.concepts, loaded.concepts.medicines
    known: Known = {"concept": concepts, "concept-or-medicine": {**concepts, **medicines}}
    file, faults = _cases(loaded, rule_id, document, known)
    at_a_site = replace(loaded, concepts=with_site_codes(loaded.concepts))
    return RuleTests(
        at_a_site, rule_id, document, file, in_order((*problems, *faults, *unknown_in(loaded, rule_id)))
    )


def _cases(
    loaded: Loaded, rule_id: str, document: Document, known: Known
) -> tuple[CaseFile | None, list[Problem]]:
    if document.data is None:
        return None, []
    units = {concept.id: concept.unit for concept in loaded.concepts.concepts.values() if concept.unit}
    file, problems = validate(CaseFile, document, document.data, units=units)
    rule = loaded.rules.rule(rule_id)
    problems += unknown_names(document, CaseFile, file, known)
    problems += _unknown_settings(document, loaded.rules.pack_of(rule))
    if file is not None:
        problems += _case_problems(file, document, rule)
    return file, problems


def unknown_in(loaded: Loaded, rule_id: str) -> tuple[Problem, ...]:
    """What keeps a rule from being run: names in its file, or in that of a rule that it yields to, of what does not exist."""
    names = (rule_id, *loaded.rules.rule(rule_id).yields_to)
    files = {loaded.files[name] for name in names if name in loaded.files}
    return tuple(p for p in loaded.problems if p.file in files and p.code.startswith("unknown-"))


def tests_of(loaded: Loaded, rule_id: str, file: CaseFile) -> RuleTests:
    """Tests of a rule that stand in no file yet."""
    at_a_site = replace(loaded, concepts=with_site_codes(loaded.concepts))
    return RuleTests(at_a_site, rule_id, Document("", ""), file, ())


def run_tests(loaded: Loaded, *, select: str | None = None) -> Report:
    """Run the tests of all rules, or those whose rule id or name contains ``select``."""
    results: list[CaseResult] = []
    problems: list[Problem] = []
    for rule in loaded.rules.rules:
        tests = read_tests(loaded, rule.id)
        if tests is None:
            continue
        asked = select is None or select in rule.id
        problems += (p for p in tests.problems if asked or p.file == tests.document.file)
        wanted = (case for case in tests.cases if select is None or select in rule.id or select in case.name)
        results += [tests.run(case) for case in wanted]
        tests.close()
    return Report(tuple(results), tuple(problems))


def _case_problems(file: CaseFile, document: Document, rule: Rule) -> Iterator[Problem]:
    names: set[str] = set()
    for number, case in enumerate(file.tests):
        path = ("tests", number)
        if case.name in names:
            yield document.problem("test-name-duplicate", "another test has this name", "", (*path, "name"))
        names.add(case.name)
        hook = hook_of(file.setup_of(case), rule)
        if hook not in rule.hooks:
            yield document.problem(
                "hook-not-in-rule",
                f"the rule is not asked at {hook.value}",
                did_you_mean(hook, rule.hooks),
                (*path, "hook"),
            )


def _unknown_settings(document: Document, pack: Pack) -> Iterator[Problem]:
    """Every setting that no pack has, or never with this value, of each test and of what they share, whether or not the rest fits."""
    tests = document.data.get("tests")
    places = [
        ("shared",),
        *(("tests", number) for number in range(len(tests) if isinstance(tests, list) else 0)),
    ]
    for place in places:
        path: Path = (*place, "parameters")
        try:
            written = document.at(path)
        except (KeyError, IndexError, TypeError):
            continue
        for name, value in written.items() if isinstance(written, dict) else ():
            choices = pack.choices.get(name, (value,))
            if name not in pack.parameters:
                mend, message = did_you_mean(name, pack.parameters), f"there is no parameter {name}"
                yield document.problem("unknown-parameter", message, mend, (*path, name), key=True)
            elif value not in choices:
                mend, message = did_you_mean(str(value), choices), f"{name} is never {value}"
                yield document.problem("unknown-value", message, mend, (*path, name))


def deciding(outcomes: Iterable[RuleOutcome]) -> RuleOutcome:
    """The outcome of the rule where several orders brought it up: met before unknown before not met."""
    return min(outcomes, key=_rank)


def _rank(outcome: RuleOutcome) -> int:
    return (Truth.MET, Truth.UNKNOWN, Truth.NOT_MET).index(outcome.outcome)


def _failures(expected: Expectation, outcome: RuleOutcome, card: Card | None) -> Iterator[str]:
    if expected.outcome is not None and outcome.outcome is not expected.outcome:
        yield f"outcome: expected {WORDS[expected.outcome]}, got {WORDS[outcome.outcome]}"
    reasons = [f"{entry.what}: {entry.why}" for entry in outcome.missing]
    for words in expected.missing:
        if not any(words in reason for reason in reasons):
            yield f"missing: expected “{words}”, got {'; '.join(reasons) or 'nothing'}"
    evidence = sorted({entry.reference for entry in outcome.evidence})
    if expected.evidence is not None and evidence != sorted(expected.evidence):
        yield f"evidence: expected {', '.join(sorted(expected.evidence)) or 'none'}, got {', '.join(evidence) or 'none'}"
    yield from _card_failures(expected, card)


def _card_failures(expected: Expectation, card: Card | None) -> Iterator[str]:
    shown = card.indicator.value if card is not None else "none"
    if expected.card is not None and shown != expected.card:
        yield f"card: expected {expected.card}, got {shown}"
    summary = card.summary if card is not None else ""
    if expected.summary is not None and summary != expected.summary:
        yield f"summary: expected “{expected.summary}”\n                got “{summary}”"
    detail = card.detail if card is not None else ""
    for words in expected.detail_has:
        if words not in detail:
            yield f"detail: expected “{words}” in “{detail}”"
    for words in expected.detail_lacks:
        if card is None:
            yield f"detail: expected a card without “{words}”, got none"
        elif words in detail:
            yield f"detail: expected no “{words}” in “{detail}”"
    labels = tuple(suggestion.spec.label for suggestion in card.suggestions) if card is not None else ()
    if expected.suggestions is not None and labels != expected.suggestions:
        yield f"suggestions: expected {', '.join(expected.suggestions) or 'none'}, got {', '.join(labels) or 'none'}"
