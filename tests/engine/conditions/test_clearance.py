"""Creatinine clearance after Cockcroft and Gault: from what it is estimated, why it is not, and what a later weight changes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cards import cards_of
from engine.facts import FactList, ListState, ObservationFact, Person
from engine.finding import BIRTH_DATE, NOTHING, SEX, Datum, Finding, Truth
from engine.quantity import Quantity, QuantityInterval, convert
from tests.engine.builders import (
    ADULT,
    UNMAPPED,
    evaluate,
    observation,
    on,
    order,
    patient,
    reasons,
    rule,
    rule_set,
)  # fmt: skip
from tests.engine.builders import look as look_at

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
LOW = {
    "lab": "clearance", "below": "60 mL/min", "within": "12 months", "estimate": "creatinine-and-weight", "as": "clearance",
}  # fmt: skip
MAN = replace(ADULT, sex="male")
CHILD = replace(ADULT, birth=on("2012-03-15"))


def creatinine(
    amount: Any, date: str | None = "2026-03-01", reference: str = "Observation/creatinine"
) -> Any:
    return observation("lab-creatinine", amount, date, reference)


def weight(amount: Any, date: str | None = "2026-02-01", reference: str = "Observation/weight") -> Any:
    return observation("vital-weight", amount, date, reference)


def reported(amount: Any, date: str = "2026-02-10") -> ObservationFact:
    return observation("clearance", amount, date, "Observation/clearance")


def look(*found: ObservationFact, person: Person | None = ADULT, **more: Any) -> Finding:
    return look_at(LOW | more, patient(person, observations=found))


@pytest.mark.parametrize(("person", "expected"), [(MAN, "95"), (ADULT, "81")])
@pytest.mark.parametrize("milligrams", ["1 mg/dL", "88.4017 umol/L", "10 mg/L"])
@pytest.mark.parametrize("kilograms", ["72 kg", "72000 g", "158.733 [lb_av]"])
def test_it_is_made_of_creatinine_age_sex_and_weight_whatever_the_units(
    person: Person, expected: str, milligrams: str, kilograms: str
) -> None:
    """(140 - 45 years) × 72 kg / (72 × 1 mg/dL) is 95 mL/min for a man, and 0.85 of it for a woman."""
    finding = look(creatinine(milligrams), weight(kilograms), person=person)
    assert (finding.truth, finding.values["value"], finding.values["unit"]) == (NOT_MET, expected, "mL/min")
    assert [source.reference for source in finding.evidence] == [
        "Observation/creatinine",
        "Observation/weight",
    ]


def test_it_says_how_it_was_made() -> None:
    finding = look(creatinine("1 mg/dL"), replace(weight("40 kg"), preliminary=True))
    assert (finding.truth, finding.values["value"], finding.values["date"]) == (MET, "45", "1 Mar 2026")
    assert finding.notes == (
        "estimated from creatinine and actual body weight after Cockcroft and Gault; "
        "where muscle is lost, the true rate is lower, and in obesity, too",
        "vital weight: a preliminary value",
    )


def test_the_latest_weight_counts_and_one_of_more_than_six_months_ago_does_not() -> None:
    before = weight("100 kg", "2025-12-01", "Observation/before")
    assert look(creatinine("1 mg/dL"), before, weight("40 kg")).truth is MET
    assert look(creatinine("1 mg/dL"), before, weight("40 kg", "2025-11-01")).truth is NOT_MET
    assert look(creatinine("1 mg/dL"), weight("40 kg", "2025-09-15")).truth is MET
    assert look(creatinine("1 mg/dL"), weight("40 kg", "2025-09-14")).truth is UNKNOWN


ONE = creatinine("1 mg/dL")
NO_WEIGHT = "an estimate needs a body weight of the last 6 months"
UNUSABLE = f"{NO_WEIGHT}: the body weight value cannot be used"
ADULTS_ONLY = "creatinine clearance is estimated for adults only"
WEIGHT = Datum("vital weight", "vital-weight")


@pytest.mark.parametrize(
    ("found", "person", "why", "lacks"),
    [
        ([weight("70 kg")], ADULT, "no creatinine of the last 12 months to estimate it from", None),
        ([creatinine("1 mg/dL", None), weight("70 kg")], ADULT,
         "no creatinine of the last 12 months can be used for an estimate: the value, the date or the code does not tell", None),
        ([creatinine("80 mg/dL"), weight("70 kg")], ADULT,
         "the creatinine value cannot be used: it is not plausible", None),
        ([ONE, creatinine("4 mg/dL", reference="Observation/2"), weight("70 kg")], ADULT,
         "creatinine values of the same moment contradict each other", None),
        ([ONE], ADULT, NO_WEIGHT, WEIGHT),
        ([ONE, weight("70 kg", None)], ADULT, NO_WEIGHT, WEIGHT),
        ([ONE, weight("70 kg", "2026-04-01")], ADULT, NO_WEIGHT, WEIGHT),
        ([ONE, weight(None)], ADULT, NO_WEIGHT, WEIGHT),
        ([ONE, weight(UNMAPPED)], ADULT, NO_WEIGHT, WEIGHT),
        ([ONE, weight("0.1 kg")], ADULT, f"{UNUSABLE}: it is not plausible", WEIGHT),
        ([ONE, weight("70 cm")], ADULT, f"{UNUSABLE}: its unit cannot be converted to kg", WEIGHT),
        ([ONE, weight("70 kg"), weight("50 kg", reference="Observation/2")], ADULT,
         f"{NO_WEIGHT}: body weight values of the same moment contradict each other", WEIGHT),
        ([ONE, weight("15 kg")], ADULT, "an estimate is not made for this age or these values", None),
        ([ONE, weight("70 kg")], replace(ADULT, birth=on("1880-01-01")),
         "an estimate is not made for this age or these values", None),
        ([ONE, weight("70 kg")], CHILD, ADULTS_ONLY, NOTHING),
        ([ONE], CHILD, ADULTS_ONLY, NOTHING),
        ([], CHILD, ADULTS_ONLY, NOTHING),
        ([ONE, weight("70 kg")], replace(ADULT, birth=on("2008-03-16")), ADULTS_ONLY, NOTHING),
        ([ONE, weight("70 kg")], replace(ADULT, birth=on("2008-03-15")),
         "the latest creatinine is from before the 18th birthday, and creatinine clearance is estimated for adults only", None),
        ([ONE, weight("70 kg")], None, "creatinine is on record, but not the birth date that an estimate needs", NOTHING),
        ([ONE, weight("70 kg")], replace(ADULT, birth=None),
         "creatinine is on record, but not the birth date that an estimate needs", BIRTH_DATE),
        ([ONE, weight("70 kg")], replace(ADULT, birth=on("2008")),
         "creatinine is on record, but the birth date is too coarse for an estimate", BIRTH_DATE),
        ([ONE, weight("70 kg")], replace(ADULT, sex=None),
         "creatinine is on record, but not the sex that an estimate needs", SEX),
        ([ONE, weight("70 kg")], replace(ADULT, sex="unknown"),
         "creatinine is on record, but not the sex that an estimate needs", SEX),
        ([ONE, weight("70 kg")], replace(ADULT, sex="other"),
         "creatinine is on record, but not the sex that an estimate needs", NOTHING),
    ],
)  # fmt: skip
def test_what_keeps_it_from_being_made_is_said_with_what_the_answer_waits_for(
    found: list[ObservationFact], person: Person | None, why: str, lacks: Datum | None
) -> None:
    """Also where silence means no: a creatinine is no silence."""
    for silence in ({}, {"if_missing": "not-met"}):
        finding = look(*found, person=person, **silence)
        if silence and why.endswith("to estimate it from"):
            assert finding.truth is NOT_MET
            continue
        assert finding.truth is UNKNOWN
        assert [(entry.why, entry.lacks) for entry in finding.missing] == [(why, lacks)]


def test_without_creatinine_and_weight_both_are_wanting() -> None:
    assert [(entry.why, entry.lacks) for entry in look().missing] == [
        ("no creatinine of the last 12 months to estimate it from", None),
        ("an estimate needs a vital weight of the last 6 months, too", WEIGHT),
    ]
    assert look(if_missing="not-met").truth is NOT_MET


@pytest.mark.parametrize(
    ("found", "person", "waits"),
    [
        ([], {"birth": None, "sex": None}, [None, WEIGHT, BIRTH_DATE, SEX]),
        ([], {"sex": "unknown"}, [None, WEIGHT, SEX]),
        ([], {"sex": "other"}, [None, WEIGHT, NOTHING]),
        ([weight("70 kg")], {"sex": None}, [None, SEX]),
        ([ONE], {"birth": None}, [BIRTH_DATE, WEIGHT]),
        ([ONE, weight("70 kg")], {"birth": None, "sex": None}, [BIRTH_DATE, SEX]),
        ([ONE], {"sex": None}, [SEX, WEIGHT]),
        ([ONE], {"sex": "other"}, [NOTHING]),  # no weight helps
    ],
)
def test_all_that_is_wanting_is_named_at_once(
    found: list[ObservationFact], person: dict[str, Any], waits: list[Datum | None]
) -> None:
    """So that nobody draws blood for an estimate that the birth date keeps from being made."""
    finding = look(*found, person=replace(ADULT, **person))
    assert [entry.lacks for entry in finding.missing] == waits


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (weight(None, "2026-03-10", "Observation/other"), "another entry cannot be used: it has no value"),
        (weight("40 kg", None, "Observation/other"), "another value has no date, or one too coarse"),
        (observation(UNMAPPED, "40 kg", "2026-03-10", "Observation/other"),
         "1 entry of the list of laboratory values and observations has no code that is known here and may be newer"),
    ],
)  # fmt: skip
def test_a_normal_estimate_denies_nothing_while_another_weight_may_be_newer(
    entry: ObservationFact, why: str
) -> None:
    normal, low = weight("72 kg"), weight("45 kg")
    assert (look(ONE, normal, entry).truth, reasons(look(ONE, normal, entry))) == (UNKNOWN, [why])
    assert look(ONE, low, entry).truth is MET


def test_nor_while_the_list_is_not_complete() -> None:
    found = FactList(ListState.PARTIAL, (ONE, weight("72 kg")))
    assert look_at(LOW, patient(observations=found)).truth is UNKNOWN


def test_an_estimate_that_nobody_has_is_unknown() -> None:
    """Who has lost muscle has little creatinine, and the formula takes that for kidneys that nobody has."""
    assert reasons(look(creatinine("0.2 mg/dL"), weight("72 kg"))) == ["the estimate is not plausible"]


class TestAReportedClearance:
    """Made from creatinine and weight, too: it denies nothing that a later one of both may tell."""

    NORMAL = reported("80 mL/min")
    WITH_IT = creatinine("1 mg/dL", "2026-02-10")

    def test_goes_before_an_estimate_from_older_entries(self) -> None:
        older = creatinine("4 mg/dL", "2026-01-01"), weight("40 kg", "2026-01-01")
        assert look(self.NORMAL, *older).truth is NOT_MET
        assert look(reported("40 mL/min"), ONE, weight("100 kg", "2026-03-01")).values["value"] == "40"

    def test_denies_nothing_after_a_later_creatinine(self) -> None:
        assert look(self.NORMAL, creatinine("4 mg/dL"), weight("72 kg")).truth is MET
        assert look(self.NORMAL, creatinine("1 mg/dL"), weight("72 kg")).truth is NOT_MET
        assert reasons(look(self.NORMAL, creatinine("4 mg/dL"))) == [NO_WEIGHT]

    def test_denies_nothing_after_a_later_weight(self) -> None:
        assert look(self.NORMAL, self.WITH_IT, weight("45 kg", "2026-03-01")).truth is MET
        assert look(self.NORMAL, self.WITH_IT, weight("72 kg", "2026-03-01")).truth is NOT_MET
        assert look(self.NORMAL, self.WITH_IT, weight("72 kg", None)).truth is UNKNOWN

    def test_a_creatinine_from_before_it_knows_less_than_it_does(self) -> None:
        """The laboratory had another creatinine, which is not on record: neither 4 mg/dL nor 0.5 mg/dL tells the clearance of today."""
        for amount in ("4 mg/dL", "0.5 mg/dL"):
            finding = look(self.NORMAL, creatinine(amount, "2026-01-01"), weight("45 kg", "2026-03-01"))
            assert reasons(finding) == [
                "body weight was measured since the reported value, and no creatinine on record is as new as that value"
            ]
            assert finding.missing[0].references == ("Observation/weight",)

    def test_of_a_child_it_counts_until_something_is_measured_again(self) -> None:
        assert look(self.NORMAL, person=CHILD).truth is NOT_MET
        assert reasons(look(self.NORMAL, ONE, person=CHILD)) == [ADULTS_ONLY]


AMOUNTS = st.decimals("0.6", "9", places=2)
WEIGHTS = st.decimals("30", "120", places=1)


def in_unit(text: str, unit: str, substance: str | None = None) -> QuantityInterval:
    return QuantityInterval.exactly(convert(Quantity.parse(text), unit, substance))


@settings(deadline=None, max_examples=200)
@given(
    AMOUNTS,
    WEIGHTS,
    st.sampled_from(["umol/L", "mmol/L", "mg/L", "g/L"]),
    st.sampled_from(["g", "[lb_av]", "mg"]),
    st.sampled_from([ADULT, MAN]),
)
def test_another_unit_of_creatinine_or_weight_changes_nothing(
    milligrams: Any, kilograms: Any, of_creatinine: str, of_weight: str, person: Person
) -> None:
    plain = look(creatinine(f"{milligrams} mg/dL"), weight(f"{kilograms} kg"), person=person)
    other = look(
        creatinine(in_unit(f"{milligrams} mg/dL", of_creatinine, "creatinine")),
        weight(in_unit(f"{kilograms} kg", of_weight)),
        person=person,
    )
    assert other == plain
    assert plain.truth is not UNKNOWN


ENTRIES = (
    ONE, creatinine("3 mg/dL", "2026-02-01", "Observation/2"), creatinine("88 umol/L", "2026-03-01", "Observation/3"),
    weight("72 kg"), weight("45 kg", "2026-03-01", "Observation/4"), weight("99.2 [lb_av]", "2026-03-01", "Observation/5"),
    weight(None, "2026-03-05", "Observation/6"), reported("80 mL/min"), observation(UNMAPPED, "40 kg", reference="Observation/7"),
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sampled_from(ENTRIES), unique_by=lambda fact: fact.reference),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_entries_changes_nothing(found: list[ObservationFact], random: Any) -> None:
    shuffled = random.sample(found, len(found))
    assert look(*shuffled) == look(*found)


def test_a_card_shows_it_with_its_doubts_and_the_weight_is_asked_for_in_one_click() -> None:
    asked = rule(
        "clearance",
        when=LOW,
        card={"summary": "Clearance {clearance.value} {clearance.unit} on {clearance.date}"},
        obtain=[{"label": "Request creatinine", "request": "Serum creatinine", "code": "lab-creatinine"}],
    )

    def cards(*found: ObservationFact) -> Any:
        evaluation = evaluate(patient(orders=[order()], observations=found), asked)
        return cards_of(evaluation, rule_set([asked]))

    (card,) = cards(ONE, weight("40 kg"))
    assert card.summary == "Clearance 45 mL/min on 1 Mar 2026"
    assert "Estimated from creatinine and actual body weight after Cockcroft and Gault" in card.detail
    (unchecked,) = cards(ONE)
    assert NO_WEIGHT in unchecked.detail
    assert [(each.spec.label, each.spec.code) for each in unchecked.suggestions] == [
        ("Request vital weight", "vital-weight")
    ]
    for found, offered in (
        ((weight("40 kg"),), ["lab-creatinine"]),
        ((), ["lab-creatinine", "vital-weight"]),
    ):
        (unchecked,) = cards(*found)
        assert [each.spec.code for each in unchecked.suggestions] == offered
    assert cards(ONE, weight("72 kg")) == ()
