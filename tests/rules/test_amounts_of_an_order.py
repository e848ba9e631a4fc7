"""No amount slips through: an order over the limits in any reading of its instruction never ends with the check of its unit not met.

A dosage is a single dose, repeated doses, or a continuous rate. FHIR lets an order say so in many ways at once (a dose beside a rate,
an event, a count, codes, bounds, a volume to dispense), and each of them has once hidden an overdose that was found without it.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.authoring.loading import load_rules
from engine.evaluation import Engine
from engine.facts import FactList, PatientFacts
from engine.finding import Truth
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.medications import medication_fact

SNOMED, ATC, UCUM = "http://snomed.info/sct", "http://www.whocc.no/atc", "http://unitsofmeasure.org"
CHECKS = ("dose-unit", "high-daily-dose", "bolus-strength", "dose-cut", "dose-step", "infusion-strength")
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAILY: Json = {"frequency": 1, "period": 1, "periodUnit": "d"}
LISTS = (
    *("allergies", "conditions", "medications", "observations", "procedures"),
    *("devices", "appointments", "encounters", "services"),
)

Json = dict[str, Any]


def amount(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def ratio(value: float, unit: str, time: str) -> Json:
    return {"numerator": amount(value, unit), "denominator": amount(1, time)}


def coded(code: str, system: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


@cache
def shipped() -> Engine:
    """The checks that look at amounts, without the other rules of the pack."""
    loaded = load_rules()
    looked_at = tuple(rule for rule in loaded.rules.rules if rule.id.partition(".")[2] in CHECKS)
    assert len(looked_at) == len(CHECKS)
    return Engine(replace(loaded.rules, rules=looked_at), loaded.concepts)


def ingredient(code: str, strength: str | None = None, system: str = ATC, **more: Any) -> Json:
    value, _, unit = (strength or "").partition(" ")
    stated = {"strength": ratio(float(value), unit.removesuffix("/mL"), "mL")} if strength else {}
    return {"itemCodeableConcept": coded(code, system)} | stated | more


MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
BACLOFEN, CLONIDINE, MORPHINE, SALT = "M03BX01", "C02AC01", "N02AA01", "B05XA03"


def outcomes(
    *instructions: Json, ingredients: list[Json] | None = None, record: tuple[Json, ...] = (), **more: Any
) -> dict[str, Truth]:
    """How each rule ends for an intrathecal order with these instructions, of a solution of 500 ug/mL unless told."""

    def fact(raw: Json, *, draft: bool) -> Any:
        held = [ingredient(BACLOFEN, "500 ug/mL")] if ingredients is None else ingredients
        medication = {
            "resourceType": "Medication",
            "id": "m",
            "code": coded(BACLOFEN, ATC),
            "ingredient": held,
        }
        route = {"route": coded("72607000", SNOMED)}
        whole = {"resourceType": "MedicationRequest", "id": "1", "intent": "order", **raw}
        for element in ("dosageInstruction", "dosage"):
            if isinstance(whole.get(element), list):
                whole[element] = [route | each for each in whole[element]]
        whole |= {"contained": [medication], "medicationReference": {"reference": "#m"}}
        return medication_fact(whole, lambda _: None, DataIssues(), now=NOW, draft=draft)

    order = fact({"status": "draft", "dosageInstruction": list(instructions), **more}, draft=True)
    lists: dict[str, Any] = {name: FactList.of() for name in LISTS}
    lists["medications"] = FactList.of(*(fact(each, draft=False) for each in record))
    found = shipped().evaluate(PatientFacts(NOW, orders=(order,), **lists))
    return {each.rule.id.partition(".")[2]: each.outcome for each in found.outcomes}


def dosed(dose: Json | None = None, rate: Json | None = None, **members: Any) -> Json:
    name = "rateRatio" if rate and "numerator" in rate else "rateQuantity"
    entry = ({"doseQuantity": dose} if dose else {}) | ({name: rate} if rate else {})
    return {"doseAndRate": [entry], **members}


RATES = [
    *(amount(50, "mg/min"), amount(1, "mL/min"), amount(50, "ug/min"), amount(10, "ug/h")),
    *(
        amount(200, "ug/d"),
        amount(5, "mg/d"),
        amount(0.02, "mL/h"),
        ratio(5, "mg", "d"),
        amount(3, "foo/bar"),
    ),
]
MAXIMA = [ratio(1, "mg", "d"), ratio(100, "ug", "d"), ratio(7, "mg", "wk"), ratio(50, "mg", "h")]
CODES = [
    *({"text": word} for word in ("once", "BID", "Q6H", "continuous")),
    *(coded(code, "urn:x") for code in ("ONCE", "STAT", "QD", "TID")),
    {"coding": [{"code": "BID"}, {"code": "TID"}]},
    {"coding": [{"code": "ONCE"}, {"code": "Q1H"}]},
]
REPEATS = st.fixed_dictionaries(
    {},
    optional={
        "count": st.sampled_from([1, 2, "x"]),
        "frequency": st.sampled_from([1, 4, 0]),
        "period": st.sampled_from([1, 12]),
        "periodUnit": st.sampled_from(["d", "h", "wk", "day"]),
        "duration": st.sampled_from([1, 24]),
        "durationUnit": st.sampled_from(["min", "h"]),
        "boundsDuration": st.sampled_from([amount(1, "d"), amount(7, "d")]),
        "boundsRange": st.sampled_from([{"low": amount(1, "d")}, {"high": amount(1, "d")}]),
        "boundsPeriod": st.just({"start": "2026-11-29", "end": "2026-11-29"}),
        "dayOfWeek": st.just(["mon"]),
        "timeOfDay": st.sampled_from([["08:00:00"], ["08:00:00", "20:00:00"]]),
        "when": st.just(["ACM"]),
    },
)
EVENTS = [["2026-11-29T10:00:00Z"], ["2026-11-29", "2026-11-30"], ["soon"]]
TIMINGS = st.fixed_dictionaries(
    {}, optional={"event": st.sampled_from(EVENTS), "code": st.sampled_from(CODES), "repeat": REPEATS}
)
BESIDE = st.fixed_dictionaries(
    {},
    optional={
        "timing": TIMINGS,
        "sequence": st.just(1),
        "text": st.just("as discussed"),
        "maxDosePerPeriod": st.sampled_from(MAXIMA),
    },
)
DISPENSED = st.sampled_from([None, amount(1, "mL"), amount(20, "mL"), {"value": 1, "unit": "ampoule"}])
ANOTHER = st.sampled_from(
    [(), (dosed(amount(25, "ug"), timing={"repeat": {"count": 1}}),), ({"text": "see above"},)]
)

thoroughly = settings(deadline=None, max_examples=150, derandomize=True, database=None)


def said(quantity: Json | None) -> Json:
    return {"dispenseRequest": {"quantity": quantity}} if quantity is not None else {}


@thoroughly
@given(
    st.sampled_from([amount(3.001, "mg"), amount(50, "mg"), amount(7, "mL"), amount(3001, "ug")]),
    st.one_of(st.none(), st.sampled_from(RATES)),
    BESIDE,
    ANOTHER,
    DISPENSED,
)
def test_a_dose_that_is_over_every_limit_is_never_silent(
    dose: Json, rate: Json | None, beside: Json, another: tuple[Json, ...], dispensed: Json | None
) -> None:
    """Once it is over the largest single dose, daily over the largest dose of a day: so whatever stands beside it."""
    assert outcomes(dosed(dose, rate, **beside), *another, **said(dispensed))["dose-unit"] is not NOT_MET


@thoroughly
@given(
    st.sampled_from([amount(5, "mg/d"), amount(0.3, "mg/h"), amount(1, "mL/h"), ratio(5, "mg", "d"), amount(2, "ug/min")]),
    BESIDE,
    ANOTHER,
    DISPENSED,
)  # fmt: skip
def test_a_rate_that_is_over_the_limit_in_24_hours_is_never_silent(
    rate: Json, beside: Json, another: tuple[Json, ...], dispensed: Json | None
) -> None:
    """But where its own times say that it runs for so short a while that a day gets less."""
    repeat = beside.get("timing", {}).get("repeat", {})
    if "duration" not in repeat:
        assert outcomes(dosed(rate=rate, **beside), *another, **said(dispensed))["dose-unit"] is not NOT_MET


@thoroughly
@given(
    st.sampled_from([amount(101, "ug"), amount(0.5, "mg"), amount(1.5, "mg"), amount(1, "mL")]),
    st.one_of(st.none(), st.sampled_from(RATES)),
    st.sampled_from(
        [
            *({"repeat": {"count": 1}}, {"event": EVENTS[0]}, {"code": {"text": "once"}}, None, {}),
            *({"repeat": DAILY | {"boundsDuration": amount(1, "d")}}, {"code": CODES[-1]}, {"event": ["soon"]}),
            {"repeat": {"frequency": 24, "period": 1, "periodUnit": "d"}, "code": {"text": "once"}},
        ]
    ),
    st.one_of(st.none(), st.sampled_from(MAXIMA)),
    DISPENSED,
)  # fmt: skip
def test_a_dose_over_the_largest_single_one_is_never_silent_where_it_may_be_single(
    dose: Json, rate: Json | None, timing: Json | None, most: Json | None, dispensed: Json | None
) -> None:
    """But where it is what the volume to dispense holds: 0.5 mg, or 1 mL, in 1 mL of 500 ug/mL."""
    if dispensed == amount(1, "mL") and dose in (amount(1, "mL"), amount(0.5, "mg")):
        return
    instruction = dosed(dose, rate, timing=timing, maxDosePerPeriod=most)
    assert outcomes(instruction, **said(dispensed))["dose-unit"] is not NOT_MET


@thoroughly
@given(
    st.sampled_from([{"frequency": 24, "period": 1}, {"frequency": 1, "period": 1, "periodUnit": "h"}, {"frequency": 30}]),
    st.one_of(st.none(), st.sampled_from(RATES)),
    st.sampled_from([{}, {"event": EVENTS[0]}, {"code": {"text": "once"}}, {"code": coded("Q1H", "urn:x")}]),
    st.one_of(st.none(), st.sampled_from(MAXIMA)),
    DISPENSED,
)  # fmt: skip
def test_small_doses_that_come_to_too_much_in_a_day_are_never_silent(
    repeat: Json, rate: Json | None, timing: Json, most: Json | None, dispensed: Json | None
) -> None:
    repeat = {"periodUnit": "d", "period": 1} | repeat
    instruction = dosed(amount(90, "ug"), rate, timing={"repeat": repeat, **timing}, maxDosePerPeriod=most)
    assert outcomes(instruction, **said(dispensed))["dose-unit"] is not NOT_MET


def without(written: Json) -> list[Json]:
    """An instruction without each of its elements in turn, whatever it stands in; what says how much stays."""
    found: list[Json] = []

    def leave_out(at: tuple[str, ...]) -> None:
        inner: Any = written
        for name in at:
            inner = inner[name]
        if not isinstance(inner, dict):
            return
        for name in inner:
            if name != "doseAndRate":
                copy = deepcopy(written)
                place = copy
                for step in at:
                    place = place[step]
                del place[name]
                found.append(copy)
                leave_out((*at, name))

    leave_out(())
    return found


@thoroughly
@given(
    st.sampled_from(
        [dosed(amount(5, "mg")), dosed(amount(5, "mg"), RATES[0]), dosed(rate=amount(5, "mg/d"))]
    ),
    BESIDE,
)
@example(dosed(amount(5, "mg")), {"timing": {"repeat": DAILY}})
def test_leaving_out_an_element_never_silences_what_is_over(amounts: Json, beside: Json) -> None:
    dispensed = said(amount(20, "mL"))
    for less in without(amounts | beside):
        if "duration" not in less.get("timing", {}).get("repeat", {}):
            assert outcomes(less, **dispensed)["dose-unit"] is not NOT_MET, less


ONCE = {"timing": {"repeat": {"count": 1}}}


def test_a_test_dose_over_a_minute_is_right_as_it_is_without_the_minute() -> None:
    for rate in (None, amount(50, "ug/min"), amount(0.1, "mL/min"), ratio(50, "ug", "min")):
        found = outcomes(
            dosed(amount(50, "ug"), rate, **ONCE), ingredients=[ingredient(BACLOFEN, "50 ug/mL")]
        )
        assert set(found.values()) == {NOT_MET}, rate


def test_an_infusion_is_right_with_and_without_the_dose_of_a_day() -> None:
    for dose in (None, amount(400, "ug"), amount(0.8, "mL")):
        assert set(outcomes(dosed(dose, amount(400, "ug/d"))).values()) == {NOT_MET}, dose


def test_a_rate_that_begins_at_a_moment_goes_on() -> None:
    starting = {"timing": {"event": EVENTS[0]}}
    assert set(outcomes(dosed(rate=amount(200, "ug/d"), **starting)).values()) == {NOT_MET}
    assert outcomes(dosed(rate=amount(5, "mg/d"), **starting))["dose-unit"] is MET


def running(*instructions: Json) -> Json:
    return {
        "status": "active",
        "id": "0",
        "authoredOn": "2026-06-01",
        "dosageInstruction": list(instructions),
    }


def test_a_change_is_seen_by_whichever_way_the_dose_is_told() -> None:
    daily = {"timing": {"repeat": DAILY}}
    before = {
        "one rate": running(dosed(rate=amount(400, "ug/d"))),
        "two equal doses": running(dosed(amount(200, "ug"), **daily), dosed(amount(200, "ug"), **daily)),
        "from a moment on": running(
            dosed(rate=amount(400, "ug/d"), timing={"event": ["2026-06-01T10:00:00Z"]})
        ),
        "in two units": running(dosed(amount(200, "ug"), **daily), dosed(amount(0.2, "mg"), **daily)),
    }
    for told, entry in before.items():
        for rate, cut, raised in ((200, MET, NOT_MET), (400, NOT_MET, NOT_MET), (600, NOT_MET, MET)):
            found = outcomes(dosed(rate=amount(rate, "ug/d")), record=(entry,))
            assert (found["dose-cut"], found["dose-step"]) == (cut, raised), told
    unread = running(dosed(amount(200, "ug"), **daily), dosed({"value": 300, "unit": "foo"}, **daily))
    assert outcomes(dosed(rate=amount(200, "ug/d")), record=(unread,))["dose-cut"] is UNKNOWN


def test_a_lower_dose_is_seen_although_it_is_said_to_begin_or_to_last_a_day() -> None:
    for timing in (
        {"event": EVENTS[0]},
        {"code": {"text": "once"}},
        {"repeat": {"count": 1, "duration": 24, "durationUnit": "h"}},
    ):
        order = dosed(rate=amount(200, "ug/d"), timing=timing)
        assert outcomes(order, record=(running(dosed(rate=amount(400, "ug/d"))),))["dose-cut"] is MET, timing


def test_a_therapy_that_is_only_given_or_handed_out_leaves_a_change_open() -> None:
    given = {
        "resourceType": "MedicationAdministration",
        "status": "in-progress",
        "effectiveDateTime": "2026-11-20",
    }
    rate = {"route": coded("72607000", SNOMED), "rateQuantity": amount(400, "ug/d")}
    handed: Json = {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "whenHandedOver": "2026-11-20",
    }
    handed |= {"dosageInstruction": [dosed(rate=amount(400, "ug/d"))]}
    order = dosed(rate=amount(200, "ug/d"))
    assert outcomes(order, record=(given | {"dosage": rate},))["dose-cut"] is UNKNOWN
    assert outcomes(order, record=(handed,))["dose-cut"] is UNKNOWN


def test_a_volume_holds_what_its_own_concentration_says() -> None:
    """5 mL of 20 ug/mL are 100 ug, the largest test dose, but of clonidine or morphine."""
    stated, clonidine = ingredient(BACLOFEN, "50 ug/mL"), ingredient(CLONIDINE, "20 ug/mL")
    held: dict[str, tuple[list[Json], Truth]] = {
        "its own": ([stated], MET),
        "its own, in salt solution": ([stated, ingredient(SALT, "9 mg/mL", isActive=False)], MET),
        "its own, beside another's": ([stated, clonidine], MET),
        "only another's": ([ingredient(BACLOFEN), clonidine], UNKNOWN),
        "only another's, by another code": ([ingredient("387342009", system=SNOMED), clonidine], UNKNOWN),
        "nothing else in it": ([clonidine], UNKNOWN),
        "its own, not active": (
            [ingredient(BACLOFEN, "2 mg/mL", isActive=False), ingredient(MORPHINE, "20 ug/mL")],
            UNKNOWN,
        ),
        "an ampoule's, beside another's": (
            [
                ingredient(BACLOFEN)
                | {"strength": {"numerator": amount(10, "mg"), "denominator": {"value": 1}}},
                clonidine,
            ],
            UNKNOWN,
        ),
    }
    for whose, (ingredients, expected) in held.items():
        assert outcomes(dosed(amount(5, "mL"), **ONCE), ingredients=ingredients)["dose-unit"] is expected, (
            whose
        )


def test_a_largest_dose_that_contradicts_the_dose_hides_nothing() -> None:
    most: Json = {"maxDosePerPeriod": ratio(1, "mg", "d")}
    for order in (dosed(amount(5, "mg"), timing={"repeat": DAILY}), dosed(rate=amount(5, "mg/d"))):
        assert outcomes(order)["dose-unit"] is MET
        assert outcomes(order | most)["dose-unit"] is UNKNOWN, "the largest dose is below the limit"
        over = {"maxDosePerPeriod": ratio(2.5, "mg", "d")}
        assert outcomes(order | over)["dose-unit"] is MET, "both are above it"
    often = {"repeat": {"frequency": 12, "period": 1, "periodUnit": "d"}}
    needed = dosed(amount(0.25, "mg"), timing=often, asNeededBoolean=True)
    assert outcomes(needed)["dose-unit"] is UNKNOWN
    assert outcomes(needed | most)["dose-unit"] is NOT_MET
