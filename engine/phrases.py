"""Phrases: what each clinical noun of the rule language says, with its options, as an English clause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.concepts import ConceptLibrary
from engine.language import (
    ActionLeaf,
    AgeLeaf,
    AllergyLeaf,
    AppointmentLeaf,
    ConditionLeaf,
    DeviceLeaf,
    DoseLeaf,
    EncounterLeaf,
    FindingLeaf,
    GivenAsLeaf,
    IngredientLeaf,
    LabLeaf,
    Leaf,
    MeasurementLeaf,
    MedicationLeaf,
    OrderLeaf,
    ParameterLeaf,
    PregnancyLeaf,
    ProcedureLeaf,
    RouteLeaf,
    ServiceLeaf,
    SexLeaf,
    SupplyLeaf,
    TherapyLeaf,
    VitalLeaf,
)
from engine.rule import SharedFinding
from engine.terms import COMPARISONS, Bounded
from engine.words import listing

_COMPARED: Final = {
    "below": "below",
    "at_or_below": "at or below",
    "above": "above",
    "at_or_above": "at or above",
}
_ACTION: Final = {"start": "starts", "change": "changes", "hold": "holds", "stop": "stops"}
_ESTIMATED_FROM: Final = {
    "creatinine": "creatinine where that is later or none is reported",
    "creatinine-and-weight": "creatinine and body weight where one of these is later or none is reported",
}
_CERTAINTY: Final = {"any": "", "confirmed": ", confirmed", "suspected": ", suspected"}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Clauses for conditions; concepts and shared findings stand in their own words."""

    concepts: ConceptLibrary
    findings: Mapping[str, SharedFinding]

    def of(self, leaf: Leaf) -> str:
        """The clause of one condition."""
        return _CLAUSES[leaf.noun](self, leaf)

    def title(self, concept: str) -> str:
        """A concept in words; the name itself when there is none."""
        known = self.concepts.concepts.get(concept)
        return known.title if known is not None else concept

    def but(self, concepts: Iterable[str]) -> str:
        """What does not count, as an addition to a noun."""
        titles = [self.title(concept) for concept in concepts]
        return f" (not {listing(titles, 'or')})" if titles else ""

    def by(self, route: str | None) -> str:
        """A route, as an addition to a noun."""
        return f" by {self.title(route)}" if route is not None else ""


def _last(time: str | None, before: str = " in the last ") -> str:
    return f"{before}{time.removeprefix('1 ')}" if time is not None else ""


def _next(time: str | None) -> str:
    return _last(time, " in the next ")


def _compared(test: Bounded) -> str:
    for name in COMPARISONS:
        value = getattr(test, name)
        if value is not None:
            if isinstance(value, tuple):
                return f"is from {' to '.join(value)}, both included"
            return f"is {_COMPARED[name]} {value}"
    return ""


def _order(say: Phrases, leaf: OrderLeaf) -> str:
    what = "anything" if leaf.order == "any" else say.title(leaf.order)
    does = f" that {_ACTION[leaf.action]} it" if leaf.action is not None else ""
    group = " in the same group of orders" if leaf.same_group else ""
    abrupt = " without lowering the dose step by step" if leaf.abrupt else ""
    return (
        f"there is another order of {what}{say.but(leaf.excluding)}{say.by(leaf.route)}{does}{group}{abrupt}"
    )


def _medication(say: Phrases, leaf: MedicationLeaf) -> str:
    what = "another medicine" if leaf.medication == "any" else say.title(leaf.medication)
    if leaf.different > 1:
        kinds = "medicines" if leaf.medication == "any" else f"kinds of {what}"
        what = f"at least {leaf.different} different {kinds}"
    abrupt = ", not lowered step by step" if leaf.abrupt else ""
    takes = {"current": "takes", "recent": "has stopped", "ever": "takes or has taken"}[leaf.status]
    return (
        f"the patient {takes} {what}{say.but(leaf.excluding)}{say.by(leaf.route)}{_last(leaf.within)}{abrupt}"
    )


def _condition(say: Phrases, leaf: ConditionLeaf) -> str:
    has, after = {
        "current": ("has", ""),
        "current-or-remission": ("has", ", be it in remission"),
        "past": ("has had", ""),
        "ever": ("has or has had", ""),
    }[leaf.status]
    begun = _last(leaf.within, ", begun in the last ") + (
        ", or at an unknown time" if leaf.if_undated == "met" else ""
    )
    new = " and not known before it" if leaf.new else ""
    since = f", begun after the therapy{new}" if leaf.since is not None else ""
    return f"the patient {has} {say.title(leaf.condition)}{say.but(leaf.excluding)}{_CERTAINTY[leaf.certainty]}{after}{begun}{since}"


def _allergy(say: Phrases, leaf: AllergyLeaf) -> str:
    kind = "" if leaf.type == "any" else f" as an {leaf.type}"
    state = "" if leaf.status == "active" else ", no longer active"
    return f"the allergy list names {say.title(leaf.allergy)}{kind}{state}"


def _measurement(say: Phrases, concept: str, leaf: MeasurementLeaf) -> str:
    which = "the latest" if leaf.pick == "latest" else "any"
    is_ = f"is {say.title(leaf.is_)}" if leaf.is_ is not None else ""
    # Where nothing on record means no, that there is a value is part of the condition.
    asked = "is on record" if leaf.if_missing == "not-met" else ""
    said = " and ".join(part for part in (asked, _compared(leaf), is_) if part) or "is on record"
    title = re.sub("^(the|an?) ", "", say.title(concept))
    return f"{which} {title}{_last(leaf.within)} {said}"


def _lab(say: Phrases, leaf: LabLeaf) -> str:
    estimate = f", estimated from {_ESTIMATED_FROM[leaf.estimate]}" if leaf.estimate is not None else ""
    return _measurement(say, leaf.lab, leaf) + estimate


def _vital(say: Phrases, leaf: VitalLeaf) -> str:
    return _measurement(say, leaf.vital, leaf)


def _procedure(say: Phrases, leaf: ProcedureLeaf) -> str:
    what = say.title(leaf.procedure)
    done, planned = f"was done{_last(leaf.within)}", f"is planned{_next(leaf.within)}"
    return f"{what} {({'done': done, 'planned': planned, 'any': f'{done} or {planned}'})[leaf.status]}"


def _device(say: Phrases, leaf: DeviceLeaf) -> str:
    has = {"active": "has", "inactive": "has, no longer active,", "any": "has or has had"}[leaf.status]
    overdue = " whose replacement is overdue" if leaf.replacement is not None else ""
    return f"the patient {has} {say.title(leaf.device)}{overdue}"


def _appointment(say: Phrases, leaf: AppointmentLeaf) -> str:
    state = {
        "missed": f"was missed{_last(leaf.within)} and no other is booked",
        "planned": f"is booked{_next(leaf.within)}",
        "kept": f"was kept{_last(leaf.within)}",
    }[leaf.state]
    return f"an appointment for {say.title(leaf.appointment)} {state}"


def _encounter(say: Phrases, leaf: EncounterLeaf) -> str:
    if leaf.state == "now":
        return f"the encounter is {say.title(leaf.encounter)}"
    return f"an encounter that was {say.title(leaf.encounter)} ended{_last(leaf.within)}"


def _service(say: Phrases, leaf: ServiceLeaf) -> str:
    return f"{say.title(leaf.service)} is requested{_last(leaf.within, ' for a day at most ')}{' away' if leaf.within else ''}"


def _age(say: Phrases, leaf: AgeLeaf) -> str:
    return f"the patient's age {_compared(leaf.age)}"


def _sex(say: Phrases, leaf: SexLeaf) -> str:
    return f"the patient's recorded sex is {listing(leaf.sex, 'or')}"


def _pregnancy(say: Phrases, leaf: PregnancyLeaf) -> str:
    state = {
        "current": "is pregnant",
        "possible": "may be pregnant",
        "excluded": "is known not to be pregnant",
        "unstated": "may be pregnant, and nothing is on record",
    }
    silent = " by what is on record" if leaf.if_missing == "not-met" else ""
    return f"the patient {state[leaf.pregnancy]}{silent}"


def _route(say: Phrases, leaf: RouteLeaf) -> str:
    test = leaf.route
    if test.stated is not None:
        return f"the order {'states a' if test.stated else 'states no'} route"
    if test.is_ is not None:
        return f"the order's route is {say.title(test.is_)}"
    return f"the order's route is not {say.title(str(test.other_than))}"


def _dose(say: Phrases, leaf: DoseLeaf) -> str:
    test = leaf.dose
    what = {"bolus": "the bolus", "day": "the daily dose", "concentration": "the concentration"}[test.of]
    if test.stated is not None:
        return f"{what} is {'stated' if test.stated else 'not stated'}"
    if test.rise_above is not None:
        return f"{what} is more than {test.rise_above:g} % above the dose before"
    if test.fall_above is not None:
        return f"{what} is more than {test.fall_above:g} % below the dose before"
    if test.above_test_dose is not None:
        return f"{what} is the first and more than {test.above_test_dose.times:g} times the last test dose"
    if test.one_of is not None:
        return f"{what} is {listing(test.one_of, 'or')}"
    return f"{what} {_compared(test)}"


def _given_as(say: Phrases, leaf: GivenAsLeaf) -> str:
    ways = {
        "bolus": "a single bolus",
        "infusion": "a continuous infusion",
        "refill": "a refill of the reservoir",
    }
    return f"it is given as {ways[leaf.given_as]}"


def _ingredient(say: Phrases, leaf: IngredientLeaf) -> str:
    test = leaf.ingredient
    return f"it contains {'something' if test.is_ is None else say.title(test.is_)}{say.but(test.other_than or ())}"


def _therapy(say: Phrases, leaf: TherapyLeaf) -> str:
    test = leaf.therapy
    if test.status == "ever":
        return "the patient has or has had the therapy"
    if test.status == "stopped":
        return f"the therapy was stopped{_last(test.within)}"
    if test.rise_above is not None:
        return f"the daily dose has risen by more than {test.rise_above:g} %{_last(test.over)}"
    longer = f", for longer than {test.longer_than}" if test.longer_than is not None else ""
    return f"the therapy is current{_last(test.within, ', begun in the last ')}{longer}"


def _action(say: Phrases, leaf: ActionLeaf) -> str:
    reason = f" because of {say.title(leaf.reason)}" if leaf.reason is not None else ""
    return f"the order {_ACTION[leaf.action]} the therapy{reason}"


def _supply(say: Phrases, leaf: SupplyLeaf) -> str:
    return f"the pump is predicted to run empty{_next(leaf.supply.empty_within)}"


def _parameter(say: Phrases, leaf: ParameterLeaf) -> str:
    return f"the setting {leaf.parameter} is {leaf.is_}"


def _finding(say: Phrases, leaf: FindingLeaf) -> str:
    shared = say.findings.get(leaf.finding)
    return f"there is {shared.title if shared is not None else leaf.finding}"


_CLAUSES: Final[Mapping[str, Callable[[Phrases, Any], str]]] = {
    "action": _action,
    "age": _age,
    "allergy": _allergy,
    "appointment": _appointment,
    "batch": lambda say, leaf: "the batch has expired",
    "category": lambda say, leaf: f"the category is {say.title(leaf.category)}",
    "condition": _condition,
    "device": _device,
    "dose": _dose,
    "encounter": _encounter,
    "finding": _finding,
    "given_as": _given_as,
    "ingredient": _ingredient,
    "lab": _lab,
    "lactation": lambda say, leaf: "the patient is breastfeeding",
    "medication": _medication,
    "order": _order,
    "parameter": _parameter,
    "pregnancy": _pregnancy,
    "procedure": _procedure,
    "reason": lambda say, leaf: f"the order's reason is {say.title(leaf.reason)}",
    "route": _route,
    "service": _service,
    "sex": _sex,
    "specialty": lambda say, leaf: f"the prescriber's specialty is {say.title(leaf.specialty)}",
    "supply": _supply,
    "taper": lambda say, leaf: "a stepwise reduction is planned",
    "therapy": _therapy,
    "vital": _vital,
}
