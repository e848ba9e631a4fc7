"""Interview: the questions by which a rule comes about, each answer judged when it is given.

An answer that will not do is asked for again, an option that will not do ends the command. What is judged is the whole rule with
the answer in it, and something harmless for what is still to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from rich.prompt import Prompt

from engine.authoring.documents import case_file
from engine.authoring.drafts import Draft, errors_in
from engine.authoring.folder import Loaded
from engine.authoring.loading import parse_document
from engine.authoring.problems import nearest
from engine.authoring.validation import spoken_unit
from engine.language import NOUNS as LEAVES
from engine.rule import Hook, Indicator, Kind
from fhir_adapters.command_line.terminal import notices, refuse, say, words

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
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_FEW: Final = 6
_HARMLESS: Final = {"age": {"at_or_above": "18 years"}}

Check = Callable[[str], str]
"""Says what is wrong with an answer; empty when nothing is."""


class Interview:
    """Asks for what was not given; ``draft`` is the rule as far as it is known."""

    def __init__(self, loaded: Loaded, day: date) -> None:
        if not loaded.folders:
            refuse("There is no pack here that a rule can belong to; rules/README.md says how one begins.")
        pack = next(iter(loaded.folders))
        self.loaded = loaded
        self.draft = Draft(
            "rule",
            pack,
            "A rule",
            Kind.WARNING,
            loaded.rules.packs[pack].medicine,
            (Hook.ORDER_SIGN,),
            _HARMLESS,
            Indicator.WARNING,
            "A rule",
            _in_a_year(day),
            beyond="Its author says.",
        )

    def name(self, given: str | None) -> None:
        """A name that no rule and no file has."""

        def wrong(name: str) -> str:
            if not _NAME.fullmatch(name):
                return "A name has small letters, digits and hyphens, such as low-blood-pressure."
            if name in {rule.name for rule in self.loaded.rules.rules}:
                return f"There is a rule {name} already."
            files = {f"{name}.yaml", case_file(f"{name}.yaml")}
            there = [file for file in self.loaded.paths if file.rpartition("/")[2] in files]
            return f"There is a file {there[0]} already." if there else ""

        told = "Of the rule and of its file: small letters and hyphens."
        self._keep(name=self._ask(given, "Name", told, wrong))

    def pack(self, given: str | None) -> None:
        """One of the packs; the only one is not asked for."""
        packs = [*self.loaded.folders]
        only = packs[0] if given is None and len(packs) == 1 else None
        pack = only or self._choice(given, "Pack", "The label that the rule belongs to.", packs)
        self._keep(pack=pack, medicine=self.loaded.rules.packs[pack].medicine)

    def title(self, given: str | None) -> None:
        """A few words."""
        self._keep(
            title=self._text(
                given, "title", "A few words, as they stand in a list of findings on a card.", 60
            )
        )

    def kind(self, given: str | None) -> None:
        """What the label's statement is about."""
        told = "What the label's statement is about; it decides which card it goes on."
        self._keep(kind=Kind(self._choice(given, "Kind", told, [*Kind])))

    def medicine(self, given: str | None) -> None:
        """A medicine of the folder; the pack's is not asked for."""
        known = [*self.loaded.concepts.medicines]
        self._keep(medicine=self._choice(given or self.draft.medicine, "Medicine", "What is ordered.", known))

    def hooks(self, given: str | None) -> None:
        """One or several hooks."""

        def wrong(text: str) -> str:
            unknown = next((each for each in _split(text) if each not in [*Hook]), None)
            if unknown is not None:
                return f"There is no hook {unknown}; the hooks are {', '.join(Hook)}.{_meant(unknown, Hook)}"
            return "" if _split(text) else "Name at least one."

        told = "When the EHR asks: order-select is choosing an order, order-sign signing it, patient-view opening the record."
        text = self._ask(given, "Hooks", told, wrong, default="order-select, order-sign")
        self._keep(hooks=tuple(Hook(each) for each in _split(text)))

    def indicator(self, given: str | None) -> None:
        """The urgency of the card."""
        told = "critical: not without a change or a documented reason."
        self._keep(indicator=Indicator(self._choice(given, "Indicator", told, [*Indicator])))

    def summary(self, given: str | None) -> None:
        """The card's one line; a placeholder that nothing fills is asked for again."""
        named = self.draft.condition.get("as")
        values = f"{{{named}.value}} {{{named}.unit}}, {{{named}.date}} and " if named is not None else ""
        told = f"The card's one line, which the prescriber reads first. It may say {values}{{medicine}}."
        self._keep(summary=self._text(given, "summary", told, 139))

    def source(self, statement: str | None, beyond: str | None) -> None:
        """A statement of the label that a rule may cite; where the author knows of none, where else the rule comes from."""
        if beyond is None:
            statement = self._statement(statement)
        if statement:
            self._keep(statement=statement, beyond="")
        else:
            self._keep(beyond=self._text(beyond, "beyond", "Where the rule comes from instead.", 500))

    def condition(self, given: str | None) -> None:
        """One condition, as written or asked for word by word."""
        if given is not None:
            document, problems = parse_document(f"when: {given}\n", "--condition")
            if problems or not isinstance(document.data["when"], dict):
                refuse("--condition is written as in a rule file, such as '{condition: epilepsy}'.", 2)
            if problem := self._fault(condition=document.data["when"]):
                refuse(problem, 2)
            self._keep(condition=document.data["when"])
            return
        told = "\n".join(f"  {noun}: {meaning}" for noun, meaning in NOUNS.items())
        others = ", ".join(noun for noun in LEAVES if noun not in NOUNS)
        noun = self._choice(
            None,
            "Condition",
            "What has to be so for the card to appear: the first condition. More of them are written into the file, below all or any.\n"
            f"{told}\nNot asked for here, but known in a file and to --condition: {others}.",
            [*NOUNS],
        )
        self._keep(condition=self._words_of(noun))

    def _words_of(self, noun: str) -> dict[str, Any]:
        if noun == "age":
            word = self._word()
            told = "Such as 18 years."
            limit = self._ask(None, "Limit", told, lambda text: self._fault(condition={"age": {word: text}}))
            return {"age": {word: limit}}
        if noun == "pregnancy":
            return {"pregnancy": self._choice(None, "State", "What the record says.", [*_STATES])}
        said = {noun: self._concept(noun)}
        if noun in ("lab", "vital"):
            word = self._word()
            unit = self.loaded.concepts.concepts[said[noun]].unit or ""
            told = f"An amount with its unit, such as 30 {spoken_unit(unit)}."
            # How old the value may be is asked for next; any length lets the limit be judged.
            aged = {"within": "12 months"}
            said[word] = self._ask(
                None, "Limit", told, lambda text: self._fault(condition={**said, word: text, **aged})
            )
            told = "How old the value may be."
            said["within"] = self._ask(
                None,
                "Within",
                told,
                lambda text: self._fault(condition={**said, "within": text}),
                "12 months",
            )
            # What the card calls the value by.
            said["as"] = re.sub(r"[^a-z0-9]+", "_", re.sub(r"^(?:lab|vital)-", "", said[noun])).strip("_")
        return said

    def _concept(self, noun: str) -> str:
        concepts = self.loaded.concepts.concepts

        def wrong(name: str) -> str:
            if name not in concepts:
                titled = {each.id: each.title for each in concepts.values()}
                like = [
                    id_
                    for id_, title in titled.items()
                    if len(name) > 2 and name.lower() in f"{id_} {title}".lower()
                ]
                listed = (
                    f" Of that name: {', '.join(sorted(like)[:_FEW])}." if like else _meant(name, concepts)
                )
                return f"There is no concept {name}.{listed}"
            measured = noun not in ("lab", "vital") or concepts[name].unit is not None
            return "" if measured else f"{name} is nothing that is measured: its concept has no unit."

        told = "Its name in concepts/, or a part of it; primum concepts find WORD looks one up, too."
        return self._ask(None, noun.capitalize(), told, wrong)

    def _word(self) -> str:
        return self._choice(None, "Comparison", "On which side of the limit the condition is met.", [*_WORDS])

    def _statement(self, given: str | None) -> str:
        pack = self.draft.pack
        statements = self.loaded.rules.packs[pack].statements
        open_to_rules = [each for each in statements.values() if each.no_rule is None]
        fitting = [each for each in open_to_rules if each.kind == self.draft.kind] or open_to_rules
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
            return (
                f"No rule can follow {id_}: {no_rule}" if no_rule is not None else self._fault(statement=id_)
            )

        told = f"Of the label, which the rule follows; none where the label does not say it.\n{listed}"
        return self._ask(given, "Statement", told, wrong)

    def _text(self, given: str | None, field: str, told: str, longest: int) -> str:
        """Words for a field of the rule, not too many."""
        question = field.capitalize()

        def wrong(text: str) -> str:
            if not text.strip():
                return f"{question} is empty."
            if not text.isprintable():
                return f"{question} is one line, of characters that can be printed."
            if len(text) > longest:
                return f"{question} has more than {longest} characters."
            return self._fault(**{field: text})

        return self._ask(given, question, told, wrong)

    def _choice(self, given: str | None, question: str, told: str, among: list[str]) -> str:
        """One of several words."""

        def wrong(word: str) -> str:
            if word in among:
                return ""
            # A condition is asked for word by word, and not as it stands in a file.
            alone = " Answer with that word alone." if re.search(r"[:{\s]", word) else ""
            return f"{question} is one of {', '.join(among)}.{alone or _meant(word, among)}"

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

    def _keep(self, **answer: Any) -> None:
        self.draft = replace(self.draft, **answer)

    def _fault(self, **answer: Any) -> str:
        """What is wrong with the rule once it has this answer; empty when nothing is."""
        error = next(iter(errors_in(self.loaded, replace(self.draft, **answer))), None)
        if error is None:
            return ""
        named = error.message[1:2].isupper()  # eGFR is none at the beginning of a sentence either
        message = error.message if named else f"{error.message[:1].upper()}{error.message[1:]}"
        end = "" if error.help.endswith("?") else "."
        return f"{message}: {error.help}{end}" if error.help else f"{message}."


def _in_a_year(day: date) -> date:
    """The same day a year later; of 29 February the day before."""
    return day.replace(year=day.year + 1, day=min(day.day, 28) if day.month == 2 else day.day)


def _meant(written: str, known: Iterable[str]) -> str:
    near = nearest(written, known)
    return f" Did you mean {near}?" if near is not None else ""


def _split(text: str) -> list[str]:
    return [*dict.fromkeys(part.strip() for part in text.split(",") if part.strip())]
