"""Conditions on laboratory values and vital signs: which value counts, what can be said of it, and what when there is none."""

from decimal import Decimal
from typing import Any

import pytest

from engine.facts import FactList, Gap, ListName, ListState, ObservationFact
from engine.finding import Finding, Truth
from engine.quantity import QuantityInterval
from tests.engine.builders import UNMAPPED, observation, patient, reasons
from tests.engine.builders import look as look_at

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
REDUCED = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months"}
INFECTED = {"lab": "urine-culture", "is": "bacteria", "within": "2 weeks"}


def egfr(
    amount: Any, date: str | None = "2026-03-01", reference: str = "Observation/egfr", **more: Any
) -> Any:
    value = f"{amount} mL/min/{{1.73_m2}}" if isinstance(amount, int | float) else amount
    return observation("egfr", value, date, reference, **more)


def between(low: str | None, high: str | None) -> QuantityInterval:
    ends = [Decimal(end) if end else None for end in (low, high)]
    return QuantityInterval(ends[0], True, ends[1], True, "mL/min/{1.73_m2}")


def look(condition: dict[str, Any], *observations: ObservationFact, **more: Any) -> Finding:
    return look_at(condition, patient(observations=observations, **more))


class TestOneValue:
    @pytest.mark.parametrize(
        ("comparison", "amount", "truth"),
        [
            ({"below": "60 mL/min/1.73m2"}, 59.9, MET),
            ({"below": "60 mL/min/1.73m2"}, 60, NOT_MET),
            ({"at_or_below": "60 mL/min/1.73m2"}, 60, MET),
            ({"above": "60 mL/min/1.73m2"}, 60, NOT_MET),
            ({"at_or_above": "60 mL/min/1.73m2"}, 60, MET),
            ({"between": ["30 mL/min/1.73m2", "60 mL/min/1.73m2"]}, 30, MET),
            ({"between": ["30 mL/min/1.73m2", "60 mL/min/1.73m2"]}, 29, NOT_MET),
        ],
    )
    def test_the_words_of_comparison_mean_what_they_say(
        self, comparison: dict[str, Any], amount: float, truth: Truth
    ) -> None:
        assert look({"lab": "egfr", "within": "12 months"} | comparison, egfr(amount)).truth is truth

    def test_a_card_can_show_it(self) -> None:
        finding = look(REDUCED, egfr(42))
        assert finding.values == {"value": "42", "unit": "mL/min/1.73 m²", "date": "1 Mar 2026"}
        assert [source.reference for source in finding.evidence] == ["Observation/egfr"]

    @pytest.mark.parametrize(
        ("low", "high", "truth"),
        [
            (None, "30", MET),
            (None, "90", UNKNOWN),
            ("60", None, NOT_MET),
            ("50", None, UNKNOWN),
            (None, None, UNKNOWN),
        ],
    )
    def test_a_reported_range_counts_only_where_all_of_it_lies_on_one_side(
        self, low: str | None, high: str | None, truth: Truth
    ) -> None:
        finding = look(REDUCED, egfr(between(low, high)))
        assert finding.truth is truth
        assert truth is not UNKNOWN or reasons(finding) == [
            "the reported range lies on both sides of the limit"
        ]

    @pytest.mark.parametrize(
        ("amount", "truth"),
        [("50 mL/min", MET), ("0.5 mL/s", UNKNOWN), ("50 mg/dL", UNKNOWN)],
    )
    def test_a_unit_that_means_the_same_counts_and_one_that_does_not_convert_is_said(
        self, amount: str, truth: Truth
    ) -> None:
        finding = look(REDUCED, egfr(amount))
        assert finding.truth is truth
        assert truth is MET or reasons(finding) == ["its unit cannot be converted"]

    def test_moles_are_compared_with_a_mass_where_the_substance_is_known(self) -> None:
        high = {"lab": "lab-creatinine", "above": "1.3 mg/dL", "within": "1 year"}
        assert look(high, observation("lab-creatinine", "150 umol/L")).truth is MET
        assert look(high, observation("lab-creatinine", "80 umol/L")).truth is NOT_MET

    @pytest.mark.parametrize("amount", [0.4, 900])
    def test_a_value_that_nobody_has_is_an_error_of_the_record(self, amount: float) -> None:
        assert reasons(look(REDUCED, egfr(amount))) == ["the value on record is not plausible"]

    def test_any_value_can_be_one_where_the_concept_does_not_say_what_is_plausible(self) -> None:
        many = {"lab": "urine-culture", "above": "1000 /mL", "within": "2 weeks"}
        assert look(many, observation("urine-culture", "1000000000 /mL")).truth is MET

    def test_a_preliminary_value_counts_and_is_marked(self) -> None:
        assert look(REDUCED, egfr(42, preliminary=True)).notes == ("egfr: a preliminary value",)

    def test_a_value_that_is_no_amount_cannot_be_compared(self) -> None:
        assert reasons(look(REDUCED, observation("egfr", UNMAPPED))) == ["the value is not a quantity"]


class TestCodedValues:
    @pytest.mark.parametrize(
        ("value", "truth", "why"),
        [
            ("bacteria", MET, []),
            ("pregnancy", NOT_MET, []),
            (UNMAPPED, UNKNOWN, ["the value has no code that is known here"]),
            ("5 mg/dL", UNKNOWN, ["the value is not coded"]),
            (True, UNKNOWN, ["the value is not coded"]),
        ],
    )
    def test_the_value_must_be_in_the_concept(self, value: Any, truth: Truth, why: list[str]) -> None:
        finding = look(INFECTED, observation("urine-culture", value))
        assert (finding.truth, reasons(finding)) == (truth, why)

    def test_without_a_comparison_any_value_will_do(self) -> None:
        done = {"lab": "urine-culture", "within": "2 weeks"}
        assert look(done, observation("urine-culture", "bacteria")).values == {"date": "1 Mar 2026"}
        assert look({"lab": "egfr", "within": "2 weeks"}, egfr(42)).truth is MET
        assert look(done).truth is NOT_MET


class TestWhichValueCounts:
    def test_the_latest_unless_any_is_asked_for(self) -> None:
        values = (egfr(40, "2026-01-01", "Observation/1"), egfr(80, "2026-02-01", "Observation/2"))
        assert look(REDUCED, *values).truth is NOT_MET
        assert look(REDUCED, *reversed(values)).truth is NOT_MET
        assert look(REDUCED | {"pick": "any"}, *values).truth is MET

    def test_among_any_values_one_that_cannot_be_used_keeps_the_answer_open(self) -> None:
        values = (egfr(80, "2026-01-01", "Observation/1"), egfr("80 mg/dL", "2026-02-01", "Observation/2"))
        assert look(REDUCED | {"pick": "any"}, *values).truth is UNKNOWN

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
            ("2026-03-01", "2026-03-01T08:00:00Z"),
            ("2026-03-01", "2026-03-01"),
        ],
    )
    def test_values_of_the_same_moment_that_contradict_each_other_decide_nothing(
        self, one: str, other: str
    ) -> None:
        finding = look(REDUCED, egfr(40, one, "Observation/1"), egfr(80, other, "Observation/2"))
        assert reasons(finding) == ["values of the same moment contradict each other"]
        assert set(finding.missing[0].references) == {"Observation/1", "Observation/2"}

    def test_values_of_the_same_moment_that_agree_are_one_answer(self) -> None:
        same = (egfr(40, reference="Observation/1"), egfr(41, reference="Observation/2"))
        assert look(REDUCED, *same).truth is MET

    @pytest.mark.parametrize("state", [ListState.PARTIAL, ListState.FAILED])
    def test_a_normal_value_denies_nothing_while_the_list_is_incomplete(self, state: ListState) -> None:
        def finding(amount: float) -> Finding:
            return look_at(REDUCED, patient(observations=FactList(state, (egfr(amount),))))

        assert finding(80).truth is UNKNOWN
        assert finding(40).truth is MET

    def test_nor_while_an_entry_could_not_be_read(self) -> None:
        gaps = (Gap("Observation/2", "it has no code"),)
        found = patient(observations=FactList(ListState.PRESENT, (egfr(80),), gaps))
        assert reasons(look_at(REDUCED, found)) == [
            "1 entry of the list of laboratory values and observations could not be read"
        ]


class TestNoValue:
    @pytest.mark.parametrize("state", [ListState.NOT_SUPPLIED, ListState.FAILED, ListState.PARTIAL])
    def test_a_list_that_is_not_complete_is_the_reason(self, state: ListState) -> None:
        for if_missing in ("unknown", "not-met"):
            found = patient(observations=FactList(state))
            finding = look_at(REDUCED | {"if_missing": if_missing}, found)
            assert (finding.truth, finding.missing[0].list) == (UNKNOWN, ListName.OBSERVATIONS)

    @pytest.mark.parametrize(
        ("found", "why"),
        [
            ([], "none is on record"),
            ([observation(UNMAPPED, "50 mL/min")],
             "none is on record; 1 entry of the list of laboratory values and observations has no code that is known here"),
            ([observation(UNMAPPED, "50 mL/min", "2020-01-01")], "none is on record"),
            ([observation(UNMAPPED, "5 mg/dL")], "none is on record"),
            ([egfr(40, "2024-05-03")], "the latest (40 mL/min/1.73 m²) is from 3 May 2024, longer ago than 12 months"),
            ([egfr(40, "2027-05-03")], "it is dated ahead"),
            ([observation("egfr", UNMAPPED, "2024-05-03")], "the latest is from 3 May 2024, longer ago than 12 months"),
            ([egfr(None, "2026-03-01", absent="the specimen was lost")], "the specimen was lost"),
            ([egfr(None, "2026-03-01")], "the entry has no value"),
            ([egfr(40, None)], "its date does not tell whether it is from the last 12 months"),
        ],
    )  # fmt: skip
    def test_what_is_known_instead_is_said(self, found: list[ObservationFact], why: str) -> None:
        assert reasons(look(REDUCED, *found)) == [why]

    @pytest.mark.parametrize("date", ["2026-03-16T08:00:00Z", "2026-03-20", "2062-11-27", "2026-04"])
    def test_a_value_that_is_dated_ahead_is_passed_over_by_none(self, date: str) -> None:
        """It may be the latest: 40 of which nobody knows when beside 90 of last year denies nothing, and stands for none."""
        alone, beside = look(REDUCED, egfr(40, date)), look(REDUCED, egfr(90, "2026-01-01"), egfr(40, date))
        assert (alone.truth, reasons(alone)) == (UNKNOWN, ["it is dated ahead"])
        assert (beside.truth, reasons(beside)) == (UNKNOWN, ["another value is dated ahead"])
        assert look(REDUCED, egfr(90, "2026-01-01"), egfr(95, date)).truth is NOT_MET
        assert look(REDUCED, egfr(40, "2026-01-01"), egfr(95, date)).truth is MET

    @pytest.mark.parametrize(
        "value", ["24 mL/min/{1.73_m2}", "24 ml/min", "24 mL/min", "0.4 mL/s/{1.73_m2}", "24 ml/min/1,73 qm"]
    )
    def test_a_card_tells_it_in_the_unit_of_the_concept_however_it_was_spelt(self, value: str) -> None:
        found = look(REDUCED, observation("egfr", value))
        assert found.values == {"value": "24", "unit": "mL/min/1.73 m²", "date": "1 Mar 2026"}

    def test_a_day_that_has_begun_in_another_zone_is_today(self) -> None:
        assert look(REDUCED, egfr(90, "2026-01-01"), egfr(40, "2026-03-16")).truth is MET

    def test_an_estimate_stands_in_for_a_rate_that_is_dated_ahead_where_it_is_reduced(self) -> None:
        """A normal one denies nothing beside it."""
        estimated, ahead = REDUCED | {"estimate": "creatinine"}, egfr(40, "2026-05-01")
        assert look(estimated, ahead, observation("lab-creatinine", "5 mg/dL")).truth is MET
        finding = look(estimated, ahead, observation("lab-creatinine", "0.7 mg/dL"))
        assert (finding.truth, reasons(finding)) == (UNKNOWN, ["another value is dated ahead"])

    def test_the_condition_may_say_that_nothing_means_no(self) -> None:
        assert look(REDUCED | {"if_missing": "not-met"}).truth is NOT_MET


def test_a_vital_sign_is_looked_at_like_a_laboratory_value() -> None:
    small = {"vital": "vital-height", "below": "1.2 m", "within": "6 months"}
    assert look(small, observation("vital-height", "110 cm")).truth is MET
    assert look(small, observation("vital-height", "150 cm")).truth is NOT_MET


class TestAnEstimateInPlaceOfAValue:
    ESTIMATED = REDUCED | {"estimate": "creatinine"}

    def test_it_stands_in_only_where_no_value_is_reported(self) -> None:
        creatinine = observation("lab-creatinine", "3 mg/dL", reference="Observation/creatinine")
        finding = look(self.ESTIMATED, creatinine)
        assert (finding.truth, finding.values["value"]) == (MET, "19")
        assert finding.notes == (
            "estimated from creatinine by CKD-EPI 2021; where muscle is lost, the true rate is lower",
        )
        assert look(REDUCED, creatinine).truth is UNKNOWN
        assert look(self.ESTIMATED, egfr(80), creatinine).truth is NOT_MET
        assert look(self.ESTIMATED, egfr(80, None), creatinine).truth is UNKNOWN

    def test_an_entry_that_says_why_it_has_no_value_leaves_room_for_it(self) -> None:
        not_calculated = egfr(None, absent="not calculated")
        creatinine = observation("lab-creatinine", "3 mg/dL", reference="Observation/creatinine")
        assert look(self.ESTIMATED, not_calculated, creatinine).truth is MET
        assert look(self.ESTIMATED, not_calculated).truth is UNKNOWN

    def test_a_healthy_estimate_denies_only_where_the_list_is_complete(self) -> None:
        creatinine = observation("lab-creatinine", "0.7 mg/dL")
        assert look(self.ESTIMATED, creatinine).truth is NOT_MET
        found = patient(observations=FactList(ListState.PARTIAL, (creatinine,)))
        assert look_at(self.ESTIMATED, found).truth is UNKNOWN

    def test_without_value_and_creatinine_the_condition_says_what_that_means(self) -> None:
        finding = look(self.ESTIMATED)
        assert reasons(finding) == ["no creatinine of the last 12 months to estimate it from"]
        assert finding.missing[0].what == "egfr"
        assert look(self.ESTIMATED | {"if_missing": "not-met"}).truth is NOT_MET

    def test_a_creatinine_that_cannot_be_used_is_not_nothing(self) -> None:
        """Where nothing on record means no, a value that nobody can read does not."""
        creatinine = observation("lab-creatinine", "3 mmol/mol")
        assert look(self.ESTIMATED | {"if_missing": "not-met"}, creatinine).truth is UNKNOWN

    def test_an_old_value_is_said_unless_a_new_creatinine_could_have_told(self) -> None:
        old = egfr(25, "2024-05-03")
        creatinine = observation("lab-creatinine", "3 mmol/mol", reference="Observation/creatinine")
        assert reasons(look(self.ESTIMATED, old)) == [
            "the latest (25 mL/min/1.73 m²) is from 3 May 2024, longer ago than 12 months"
        ]
        assert reasons(look(self.ESTIMATED, old, creatinine)) == [
            "the creatinine value cannot be used: its unit cannot be converted to mg/dL"
        ]


def test_the_day_a_year_ago_is_within_a_year_and_the_day_before_is_not() -> None:
    assert look(REDUCED, egfr(40, "2025-03-15")).truth is MET
    assert look(REDUCED, egfr(40, "2025-03-14")).truth is UNKNOWN
