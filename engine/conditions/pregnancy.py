"""Conditions on pregnancy and breastfeeding, which are said in observations and in diagnoses alike (PR-01, PR-02, BF-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from engine.concepts import CodedText
from engine.conditions.context import Context
from engine.conditions.values import newest_first
from engine.dates import DateInterval, age_relation
from engine.facts import ConditionFact, Course, ListName, ObservationFact
from engine.finding import Finding, Missing, Truth, met, not_met, unknown
from engine.language import LactationLeaf, PregnancyLeaf
from engine.quantity import Quantity
from engine.words import entry, incomplete, uncoded

PREGNANT, NOT_PREGNANT, POSSIBLY_PREGNANT = "pregnancy", "not-pregnant", "pregnancy-possible"
BREASTFEEDING, NOT_BREASTFEEDING = "breastfeeding", "not-breastfeeding"
"""The concepts that the pregnancy and lactation nouns stand on; they are part of the language, not of a pack."""

_MAY_BE: Final = (Quantity(Decimal(12), "a"), Quantity(Decimal(55), "a"))
"""The ages at which a patient of whom nothing is on record may be pregnant."""

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def pregnancy(leaf: PregnancyLeaf, context: Context) -> Finding:
    """Pregnancy (PR-01, PR-02): the newest coded observation of the last 42 weeks, or a current condition; a newer "no" counts.

    Nothing on record is "no" for a patient recorded as male or outside 12 to 55 years of age, and otherwise what the condition says.
    Of a diagnosis that is being added for a patient with the medicine nothing else of the record counts.
    """
    return _state(
        leaf.pregnancy,
        (PREGNANT, POSSIBLY_PREGNANT, NOT_PREGNANT),
        "pregnancy",
        "42 weeks",
        context,
        may_be=_may_be_pregnant(context),
        silent_is_unknown=leaf.if_missing == "unknown",
    )


def lactation(leaf: LactationLeaf, context: Context) -> Finding:
    """Breastfeeding (BF-01), from the newest coded observation of the last 12 months or a current condition; no data is "no"."""
    return _state(
        leaf.lactation,
        (BREASTFEEDING, None, NOT_BREASTFEEDING),
        "breastfeeding",
        "12 months",
        context,
        may_be=_may_be_pregnant(context),
        silent_is_unknown=False,
    )


@dataclass(frozen=True, slots=True)
class _Statement:
    """One entry of the record that says current, possible or excluded."""

    fact: ObservationFact | ConditionFact
    state: str

    @property
    def when(self) -> DateInterval | None:
        return (
            self.fact.effective
            if isinstance(self.fact, ObservationFact)
            else self.fact.recorded or self.fact.onset
        )

    @property
    def excludes(self) -> bool:
        return self.state == "excluded"

    @property
    def observed(self) -> bool:
        return isinstance(self.fact, ObservationFact)


def _standing(said: Sequence[_Statement]) -> list[_Statement]:
    """Those whose place no other takes: of observations the newest does, and of all what newly says the contrary."""
    dated = [(one, one.when) for one in said if one.when is not None]
    excluded = max((when.earliest for one, when in dated if one.excludes), default=_NEVER)
    stated = max((when.earliest for one, when in dated if not one.excludes), default=_NEVER)
    observed = max((when.earliest for one, when in dated if one.observed), default=_NEVER)

    def newest_against(one: _Statement) -> datetime:
        contrary = stated if one.excludes else excluded
        return max(contrary, observed) if one.observed else contrary

    return [one for one in said if one.when is None or newest_against(one) <= one.when.latest]


def _state(
    wanted: str,
    concepts: tuple[str, str | None, str],
    title: str,
    within: str,
    context: Context,
    *,
    may_be: bool,
    silent_is_unknown: bool,
) -> Finding:
    meanings = dict(zip(("current", "possible", "excluded"), concepts, strict=True))

    def meant(code: CodedText) -> dict[str, Truth]:
        return {state: context.is_in(concept, code) for state, concept in meanings.items() if concept}

    observations = () if context.additions_only else context.facts.observations.items
    coded = [(fact, fact.value) for fact in observations if isinstance(fact.value, CodedText)]
    present = [fact for fact in context.conditions.items if fact.course is Course.CURRENT]
    said: list[_Statement] = []
    missing: list[Missing] = []
    for fact, value in sorted(coded, key=lambda pair: newest_first(pair[0])):
        states = meant(value)
        timely = context.has_happened_within(fact.effective, within)
        if timely is Truth.MET:
            said += [_Statement(fact, state) for state, truth in states.items() if truth is Truth.MET]
        elif timely is Truth.UNKNOWN and Truth.MET in states.values():
            why = f"its date does not tell whether it is from the last {within}"
            missing.append(Missing(title, why, ListName.OBSERVATIONS, (fact.reference,)))
    for diagnosis in present:
        states = meant(diagnosis.code)
        said += [_Statement(diagnosis, state) for state, truth in states.items() if truth is Truth.MET]
    if not context.additions_only:
        missing += incomplete(ListName.OBSERVATIONS, context.facts.observations, title)
    missing += incomplete(ListName.CONDITIONS, context.conditions, title)
    standing = _standing(said)
    if standing:
        return _of_statements(wanted, standing, title, missing if may_be else [])
    if not may_be:
        return not_met()
    if wanted == "unstated" and not missing and not context.additions_only:
        return met()
    if wanted != "unstated":
        unclear = [d.reference for d in present if meant(d.code)["current"] is Truth.UNKNOWN]
        if unclear:
            why = uncoded(ListName.CONDITIONS, len(unclear))
            missing.append(Missing(title, why, ListName.CONDITIONS, tuple(unclear)))
    if silent_is_unknown and not missing and not context.additions_only:
        missing.append(Missing(title, "nothing is on record", ListName.OBSERVATIONS))
    return unknown(*missing) if missing else not_met()


def _of_statements(
    wanted: str, standing: Sequence[_Statement], title: str, missing: Sequence[Missing]
) -> Finding:
    """What the statements that stand come to; that it is excluded counts only where nothing else can be the newest word."""
    if wanted == "unstated":
        return not_met(*(entry(one.fact) for one in standing))
    state = next(s for s in ("current", "possible", "excluded") if s in {one.state for one in standing})
    facts = [one.fact for one in standing if one.state == state]
    sources = [entry(fact) for fact in facts]
    against = [entry(one.fact) for one in standing if one.state == "excluded"]
    if against and state != "excluded":
        why = "entries of the record contradict each other"
        references = tuple(source.reference for source in (*sources, *against))
        return unknown(Missing(title, why, None, references), evidence=(*sources, *against))
    if state == wanted:
        suspected = all(isinstance(fact, ConditionFact) and fact.suspected for fact in facts)
        notes = (f"{title}: suspected, not confirmed",) if suspected else ()
        return met(*sources, values={"date": sources[0].date or "an unknown date"}, notes=notes)
    return (
        unknown(*missing, evidence=tuple(sources)) if state == "excluded" and missing else not_met(*sources)
    )


def _may_be_pregnant(context: Context) -> bool:
    person = context.facts.person
    if person is None or person.sex == "male":
        return person is None
    if person.birth is None:
        return True
    return age_relation(person.birth, context.facts.now.date(), "between", *_MAY_BE) is not False
