"""``primum rules new``: a rule from nothing, by questions; every answer can be given as an option instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Final

import typer
from rich.prompt import Prompt

from engine.authoring.case_text import flow
from engine.authoring.checks.shape import amounts_of_something_else
from engine.authoring.drafts import Draft, write_draft
from engine.authoring.folder import Loaded
from engine.authoring.loading import parse_document
from engine.authoring.problems import nearest
from engine.authoring.validation import spoken_unit, validate
from engine.describe import describe as sentence_of
from engine.errors import CdsError
from engine.language import NOUNS as LEAVES
from engine.language import LabLeaf, VitalLeaf
from engine.rule import Hook, Indicator, Kind
from fhir_adapters.command_line.options import (
    FormatOption,
    RulesOption,
    TodayOption,
    loaded_rules,
    moment,
    rules_folder,
)
from fhir_adapters.command_line.terminal import (
    Format,
    answers,
    counted,
    notices,
    refuse,
    say,
    words,
    write_json,
)

NOUNS: Final[Mapping[str, str]] = {
    "condition": "a diagnosis of the problem list",
    "allergy": "an entry of the allergy list",
    "medication": "another medicine that is taken",
    "lab": "a laboratory value, compared with a limit",
    "vital": "a vital sign, compared with a limit",
    "procedure": "a procedure that was done",
    "device": "a device that the patient has",
    "age": "the patient's age, compared with a limit",
    "pregnancy": "what the record says of a pregnancy",
}
"""The nouns that are asked for by questions; any other condition can be given with --condition."""

_WORDS: Final = ("below", "at_or_below", "above", "at_or_above")
_STATES: Final = ("current", "possible", "excluded", "unstated")
_LONGEST: Final = 500

Check = Callable[[str], str]
"""Says what is wrong with an answer; empty when nothing is."""


def new(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Name of the rule and of its file, such as low-blood-pressure."),
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Pack that it belongs to.", show_default=False)] = None,
    title: Annotated[
        str | None, typer.Option(help="A few words for lists of findings.", show_default=False)
    ] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What the label's statement is about.", show_default=False)
    ] = None,
    medicine: Annotated[
        str | None, typer.Option(help="The medicine it is about.", show_default="the pack's")
    ] = None,
    hooks: Annotated[
        str | None, typer.Option(help="When the EHR asks, separated by commas.", show_default=False)
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            help="The condition as a rule file has it, such as '{lab: lab-egfr, below: 30 mL/min/1.73m2, within: 12 months}'.",
            show_default=False,
        ),
    ] = None,
    indicator: Annotated[
        Indicator | None, typer.Option(help="Urgency of the card.", show_default=False)
    ] = None,
    summary: Annotated[str | None, typer.Option(help="The card's one line.", show_default=False)] = None,
    statement: Annotated[
        str | None, typer.Option(help="Id of the label's statement that it follows.", show_default=False)
    ] = None,
    beyond: Annotated[
        str | None,
        typer.Option(help="Instead of a statement: where the rule comes from.", show_default=False),
    ] = None,
    today: TodayOption = None,
    format: FormatOption = Format.PRETTY,
    rules: RulesOption = None,
) -> None:
    """Write a new rule, as a draft, and its first tests; what is not given as an option is asked for.

    Nothing that exists is written over, and a rule with errors is not written. Ends with 1 then.
    """
    if statement is not None and beyond is not None:
        refuse(
            "A rule follows a statement of the label, or says with --beyond where else it comes from: "
            "leave out --statement or --beyond.",
            2,
        )
    loaded = loaded_rules(rules)
    day = moment(today).date()
    ask = _Questions(loaded)
    name = ask.name(name)
    pack = ask.pack(pack)
    title = ask.text(title, "Title", "A few words, as they stand in a list of findings on a card.", 60)
    kind = Kind(
        ask.choice(
            kind, "Kind", "What the label's statement is about; it decides which card it goes on.", [*Kind]
        )
    )
    medicine = ask.medicine(medicine, pack)
    asked = ask.hooks(hooks)
    when = ask.condition(condition)
    indicator = Indicator(
        ask.choice(
            indicator, "Indicator", "critical: not without a change or a documented reason.", [*Indicator]
        )
    )
    summary = ask.text(summary, "Summary", "The card's one line, which the prescriber reads first.", 139)
    if beyond is None:
        statement = ask.statement(statement, pack, kind)
        beyond = (
            None if statement else ask.text(None, "Beyond", "Where the rule comes from instead.", _LONGEST)
        )
    draft = Draft(
        name,
        pack,
        title,
        kind,
        medicine,
        asked,
        when,
        indicator,
        summary,
        _in_a_year(day),
        statement or "",
        beyond or "",
    )
    try:
        written = write_draft(loaded, draft, rules_folder(rules), today=day)
    except CdsError as error:
        refuse(str(error))
    rule = written.loaded.rules.rule(draft.id)
    sentence = sentence_of(rule, written.loaded.concepts, written.loaded.rules.findings)
    if format is Format.JSON:
        files = [str(path) for path in (written.rule, written.tests) if path is not None]
        write_json(
            {
                "rule": draft.id,
                "files": files,
                "tests": [case.name for case in written.cases],
                "sentence": sentence,
            }
        )
        return
    answers.print(words(sentence))
    answers.print(words(f"Written: {written.rule}", "green"), soft_wrap=True)
    if written.tests is not None:
        told = f"Written: {written.tests}, with {counted(len(written.cases), 'test')} of what the rule does"
        answers.print(words(told, "green"), soft_wrap=True)
    answers.print(
        f"Next: more conditions, below all or any, if it needs them (rules/README.md); primum rules check, "
        f"primum rules boundaries {draft.name}; then set status: active."
    )


def _in_a_year(day: date) -> date:
    """The same day a year later; of 29 February the day before."""
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)


class _Questions:
    """Asks for what was not given; an answer that will not do is asked for again, an option that will not do ends the command."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    def name(self, given: str | None) -> str:
        """A name that no rule has."""

        def wrong(name: str) -> str:
            if not name or name.strip("abcdefghijklmnopqrstuvwxyz0123456789-"):
                return "A name has small letters, digits and hyphens."
            return (
                f"There is a rule {name} already."
                if name in {r.name for r in self.loaded.rules.rules}
                else ""
            )

        return self._ask(given, "Name", "Of the rule and of its file: small letters and hyphens.", wrong)

    def pack(self, given: str | None) -> str:
        """One of the packs; the only one is not asked for."""
        packs = [*self.loaded.folders]
        if given is None and len(packs) == 1:
            return packs[0]
        return self.choice(given, "Pack", "The label that the rule belongs to.", packs)

    def medicine(self, given: str | None, pack: str) -> str:
        """A medicine of the folder; the pack's is not asked for."""
        known = [*self.loaded.concepts.medicines]
        return self.choice(
            given or self.loaded.rules.packs[pack].medicine, "Medicine", "What is ordered.", known
        )

    def hooks(self, given: str | None) -> tuple[Hook, ...]:
        """One or several hooks."""

        def wrong(text: str) -> str:
            unknown = next((each for each in _split(text) if each not in [*Hook]), None)
            if unknown is not None:
                return f"There is no hook {unknown}; the hooks are {', '.join(Hook)}.{_meant(unknown, Hook)}"
            return "" if _split(text) else "Name at least one."

        told = "When the EHR asks: order-select is choosing an order, order-sign signing it, patient-view opening the record."
        text = self._ask(given, "Hooks", told, wrong, default="order-select, order-sign")
        return tuple(Hook(each) for each in _split(text))

    def condition(self, given: str | None) -> dict[str, Any]:
        """One condition, as written or asked for word by word."""
        if given is not None:
            document, problems = parse_document(f"when: {given}\n", "--condition")
            if problems or not isinstance(document.data["when"], dict):
                refuse("--condition is written as in a rule file, such as '{condition: epilepsy}'.", 2)
            return dict(document.data["when"])
        told = "\n".join(f"  {noun}: {meaning}" for noun, meaning in NOUNS.items())
        others = ", ".join(noun for noun in LEAVES if noun not in NOUNS)
        noun = self.choice(
            None,
            "Condition",
            f"What has to be so for the card to appear: the first condition. More of them are written into the file, below all or any.\n"
            f"{told}\nNot asked for here, but known in a file and to --condition: {others}.",
            [*NOUNS],
        )
        if noun == "age":
            word = self._word()
            limit = self._ask(
                None, "Limit", "Such as 18 years.", lambda text: self._faults({"age": {word: text}})
            )
            return {"age": {word: limit}}
        if noun == "pregnancy":
            return {"pregnancy": self.choice(None, "State", "What the record says.", [*_STATES])}
        said = {noun: self._concept(noun)}
        if noun in ("lab", "vital"):
            word = self._word()
            unit = self.loaded.concepts.concepts[said[noun]].unit
            told = f"An amount with its unit{f', such as 30 {spoken_unit(unit)}' if unit else ''}."
            said[word] = self._ask(
                None, "Limit", told, lambda text: self._limit_faults(noun, said, word, text)
            )
            told = "How old the value may be."
            said["within"] = self._ask(
                None, "Within", told, lambda text: self._faults({**said, "within": text}), default="12 months"
            )
        return dict(said)

    def _limit_faults(self, noun: str, said: dict[str, str], word: str, text: str) -> str:
        """What is wrong with a limit, also that it is one of something else than the concept measures."""
        # How old the value may be is asked for next; any length lets the limit be read.
        condition = {**said, word: text, "within": "12 months"}
        wrong = self._faults(condition)
        if wrong:
            return wrong
        leaf = LEAVES[noun].model_validate(condition)
        assert isinstance(leaf, LabLeaf | VitalLeaf)
        assert leaf.comparison is not None
        concept = self.loaded.concepts.concepts[said[noun]]
        others = amounts_of_something_else(leaf.comparison[1], concept)
        return " ".join(f"{message[:1].upper()}{message[1:]}: {mend}." for message, mend in others)

    def _faults(self, condition: dict[str, Any]) -> str:
        """What is wrong with a condition as far as it is known; what is still to be asked for is not missed."""
        document, problems = parse_document(f"when: {flow(condition)}\n", "condition")
        noun = next(iter(condition))
        if not problems:
            units = {
                name: concept.unit for name, concept in self.loaded.concept_files.items() if concept.unit
            }
            problems = validate(LEAVES[noun], document, document.data["when"], ("when",), units)[1]
        wrong = next((problem for problem in problems if problem.code != "key-missing"), None)
        return (
            "" if wrong is None else f"{wrong.message[:1].upper()}{wrong.message[1:]}. {wrong.help}".strip()
        )

    def _concept(self, noun: str) -> str:
        concepts = self.loaded.concepts.concepts

        def wrong(name: str) -> str:
            return "" if name in concepts else f"There is no concept {name}.{_meant(name, concepts)}"

        told = "Its name in concepts/; primum concepts find WORD looks one up."
        return self._ask(None, noun.capitalize(), told, wrong)

    def _word(self) -> str:
        return self.choice(None, "Comparison", "On which side of the limit the condition is met.", [*_WORDS])

    def statement(self, given: str | None, pack: str, kind: Kind) -> str:
        """A statement of the label that a rule may cite; empty where the author knows of none."""
        statements = self.loaded.rules.packs[pack].statements
        open_to_rules = [each for each in statements.values() if each.no_rule is None]
        fitting = [each for each in open_to_rules if each.kind == kind] or open_to_rules
        listed = "\n".join(f"  {each.id}: {each.title}" for each in fitting)

        def wrong(id_: str) -> str:
            if not id_:
                return (
                    ""
                    if given is None
                    else "For a rule that no statement says, leave --statement out and say --beyond."
                )
            if id_ not in statements:
                return f"There is no statement {id_} in {pack}.{_meant(id_, statements)}"
            no_rule = statements[id_].no_rule
            return f"No rule can follow {id_}: {no_rule}" if no_rule is not None else ""

        told = f"Of the label, which the rule follows; none where the label does not say it.\n{listed}"
        return self._ask(given, "Statement", told, wrong)

    def text(self, given: str | None, question: str, told: str, longest: int) -> str:
        """Words, not too many."""

        def wrong(text: str) -> str:
            if not text.strip():
                return f"{question} is empty."
            if not text.isprintable():
                return f"{question} is one line, of characters that can be printed."
            return f"{question} has more than {longest} characters." if len(text) > longest else ""

        return self._ask(given, question, told, wrong)

    def choice(self, given: str | None, question: str, told: str, among: list[str]) -> str:
        """One of several words."""

        def wrong(word: str) -> str:
            return "" if word in among else f"{question} is one of {', '.join(among)}.{_meant(word, among)}"

        listed = "" if "\n" in told else f" One of: {', '.join(among)}."
        return self._ask(given, question, f"{told}{listed}", wrong)

    def _ask(
        self, given: str | None, question: str, told: str, wrong: Check, default: str | None = None
    ) -> str:
        if given is not None:
            if problem := wrong(given):
                refuse(problem, 2)
            return given
        notices.print(words(told, "dim"))
        while True:
            answer = Prompt.ask(question, console=notices, default=default) or ""
            problem = wrong(answer)
            if not problem:
                return answer
            say(problem, "yellow")


def _meant(written: str, known: Iterable[str]) -> str:
    near = nearest(written, known)
    return f" Did you mean {near}?" if near is not None else ""


def _split(text: str) -> list[str]:
    return [*dict.fromkeys(part.strip() for part in text.split(",") if part.strip())]
