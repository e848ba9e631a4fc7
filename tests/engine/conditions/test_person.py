"""Conditions on the patient's age and sex."""

from dataclasses import replace
from typing import Any

import pytest

from engine.dates import DateInterval
from engine.facts import ListState, Person
from engine.finding import BIRTH_DATE, SEX, Finding, Truth
from tests.engine.builders import ADULT, look, on, order, patient, pump, reasons

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
YOUNG = {"age": {"below": "4 years"}}
BORN_LATER = "the birth date is after today"


def aged(birth: str, condition: dict[str, Any] = YOUNG, **more: Any) -> Finding:
    return look(condition, patient(replace(ADULT, birth=on(birth)), **more))


class TestAge:
    @pytest.mark.parametrize(
        ("birth", "truth"),
        [
            ("2022-03-16", MET),
            ("2022-03-15", NOT_MET),  # four today
            ("2022-03", UNKNOWN),
            ("2022-04", MET),
            ("2022", UNKNOWN),
            ("2021", NOT_MET),
        ],
    )
    def test_a_birth_date_that_is_too_coarse_for_the_limit_leaves_it_open(
        self, birth: str, truth: Truth
    ) -> None:
        finding = aged(birth)
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["the birth date is too coarse for this age limit"]

    @pytest.mark.parametrize("written", [None, "2026-03-10", "2026", "2036"])
    def test_who_is_born_tomorrow_has_no_age_yet(self, written: str | None) -> None:
        ordered = order(authored=on(written) if written else None)
        why = "the order is dated before the birth date" if written == "2026-03-10" else BORN_LATER
        assert reasons(aged("2026-03-16", orders=[ordered])) == [why]

    @pytest.mark.parametrize(
        ("comparison", "truth"),
        [
            ({"at_or_above": "45 years"}, MET),
            ({"above": "45 years"}, NOT_MET),
            ({"between": ["18 years", "45 years"]}, MET),
            ({"between": ["46 years", "120 years"]}, NOT_MET),
            ({"below": "600 months"}, MET),
        ],
    )
    def test_comparisons_count_completed_years(self, comparison: dict[str, Any], truth: Truth) -> None:
        assert aged("1980-06-15", {"age": comparison}).truth is truth

    def test_the_card_can_name_it_as_one_says_it(self) -> None:
        assert aged("2023-01-15").values == {"value": "3 years"}
        assert aged("2025-09-15").values == {"value": "6 months"}
        assert aged("2023-01-15").evidence[0].date == "15 Jan 2023"

    @pytest.mark.parametrize(
        ("written", "truth"),
        [
            ("2026-03-10", MET),
            ("2026-03-10T10:00:00Z", MET),
            ("2036-03-10", NOT_MET),  # a slip in the year: nobody signs ten years ahead
            (None, NOT_MET),
        ],
    )
    def test_it_is_the_age_on_the_day_the_order_was_written(self, written: str | None, truth: Truth) -> None:
        """Four years old on 12 March, three days ago."""
        ordered = order(authored=on(written) if written else None)
        assert aged("2022-03-12", orders=[ordered]).truth is truth

    @pytest.mark.parametrize("written", ["2026-03-16", "2026-03-18", "2026-04-10", "2036-03-18"])
    def test_a_day_that_is_to_come_makes_no_child_old_enough(self, written: str) -> None:
        """Four years old on 18 March, in three days: a slip in day, month or year of the order changes nothing."""
        assert aged("2022-03-18", orders=[order(authored=on(written))]).truth is MET

    @pytest.mark.parametrize(
        ("birth", "written", "truth"),
        [
            ("2021-09-01", "2025", UNKNOWN),  # three until August, four from September on
            ("2021-09-01", "2025-03", MET),
            ("2021-09-01", "2025-09", NOT_MET),
            ("2022-03-12", "2026-03", UNKNOWN),  # and no later than today
            ("2022-03-16", "2026-03", MET),
            ("1980-06-15", "2025", NOT_MET),
        ],
    )
    def test_a_date_of_the_order_that_is_too_coarse_leaves_it_open(
        self, birth: str, written: str, truth: Truth
    ) -> None:
        finding = aged(birth, orders=[order(authored=on(written))])
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["the date of the order is too coarse for this age limit"]
            assert finding.missing[0].references == ("MedicationRequest/order",)

    def test_a_limit_on_both_sides_is_open_when_the_age_may_lie_between_them(self) -> None:
        """Five in spring, six in autumn, and no date says which: neither end of the year would do."""
        of_six = {"age": {"between": ["5 years", "5 years"]}}
        assert aged("2020-06-01", of_six, orders=[order(authored=on("2025"))]).truth is UNKNOWN
        assert aged("2019-06-01", of_six, orders=[order(authored=on("2024"))]).truth is UNKNOWN
        long = order(authored=DateInterval.spanning(on("2023"), on("2026")))
        assert aged("2019-12-01", of_six, orders=[long]).truth is UNKNOWN

    def test_when_both_dates_are_coarse_both_are_named(self) -> None:
        finding = aged("2021", orders=[order(authored=on("2025"))])
        assert reasons(finding) == [
            "the birth date and the date of the order are too coarse for this age limit"
        ]
        assert finding.missing[0].references == ("MedicationRequest/order", "Patient/1")

    @pytest.mark.parametrize(("birth", "truth"), [("2022-03-16", MET), ("2022-03-15", UNKNOWN)])
    def test_an_order_whose_date_cannot_be_read_may_be_of_any_day_up_to_today(
        self, birth: str, truth: Truth
    ) -> None:
        finding = aged(birth, orders=[order(misdated=True)])
        assert finding.truth is truth
        assert reasons(finding) == (["the date of the order cannot be read"] if truth is UNKNOWN else [])

    def test_an_order_dated_before_the_birth_is_blamed_itself(self) -> None:
        finding = aged("2021-09-01", orders=[order(authored=on("2019-01-01"))])
        assert reasons(finding) == ["the order is dated before the birth date"]
        assert finding.missing[0].references == ("MedicationRequest/order", "Patient/1")

    def test_of_therapy_it_is_the_age_of_today(self) -> None:
        assert aged("2022-03-12", medications=[pump(authored=on("2026-03-10"))]).truth is NOT_MET

    def test_without_a_birth_date_its_problem_is_the_reason(self) -> None:
        assert reasons(look(YOUNG, patient(replace(ADULT, birth=None)))) == ["the birth date is missing"]
        unreadable = replace(ADULT, birth=None, birth_problem="the birth date cannot be read")
        assert reasons(look(YOUNG, patient(unreadable))) == ["the birth date cannot be read"]


class TestSex:
    @pytest.mark.parametrize(
        ("sex", "truth"),
        [("female", MET), ("other", MET), ("male", NOT_MET), ("unknown", NOT_MET), (None, UNKNOWN)],
    )
    def test_it_is_one_of_those_named(self, sex: Any, truth: Truth) -> None:
        finding = look({"sex": ["female", "other"]}, patient(Person("Patient/1", sex=sex)))
        assert finding.truth is truth
        assert truth is not UNKNOWN or reasons(finding) == ["the record does not state it"]

    def test_a_record_that_says_unknown_is_asked_for_by_that_word(self) -> None:
        assert look({"sex": ["unknown"]}, patient(Person("Patient/1", sex="unknown"))).truth is MET


def test_what_stands_in_the_record_too_coarse_or_not_at_all_is_what_the_answer_waits_for() -> None:
    """Not where the patient's own data did not arrive: there is nothing to complete then."""
    unstated = patient(Person("Patient/1"))
    waits = [look(condition, unstated).missing[0].lacks for condition in (YOUNG, {"sex": ["female"]})]
    assert [*waits, aged("2022").missing[0].lacks] == [BIRTH_DATE, SEX, BIRTH_DATE]
    assert look(YOUNG, patient(None)).missing[0].lacks is None


@pytest.mark.parametrize("condition", [YOUNG, {"sex": ["female"]}], ids=["age", "sex"])
@pytest.mark.parametrize(
    ("state", "detail", "why"),
    [
        (ListState.NOT_SUPPLIED, "", "the patient's own data did not arrive"),
        (ListState.FAILED, "", "the patient's own data could not be read from the record"),
        (
            ListState.FAILED,
            "status 500",
            "the patient's own data could not be read from the record: status 500",
        ),
        (ListState.EMPTY, "", "the patient was not found"),
        (ListState.PRESENT, "", "the patient was not found"),
    ],
)
def test_without_the_patient_neither_is_known(
    condition: dict[str, Any], state: ListState, detail: str, why: str
) -> None:
    assert reasons(look(condition, patient(None, person_state=state, person_detail=detail))) == [why]
