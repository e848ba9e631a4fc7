"""Which value is the latest: what denies does so only where no other entry can be as new, and what is met stays so."""

from typing import Any

import pytest

from engine.concepts import CodedText
from engine.conditions.values import newest_of
from engine.facts import ObservationFact
from engine.finding import Finding, Truth
from tests.engine.builders import ADULT, UNMAPPED, coded, look, observation, on, patient, reasons
from tests.engine.conditions.test_estimates import CANNOT_BE_USED, CHILD

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
REDUCED = {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months"}
ESTIMATED = REDUCED | {"estimate": "creatinine"}
SHORT = {"vital": "vital-height", "below": "120 cm", "within": "12 months"}
INFECTED = {"lab": "urine-culture", "is": "bacteria", "within": "12 months"}
NORMAL, LOW = "80 mL/min/{1.73_m2}", "40 mL/min/{1.73_m2}"
WORDS = CodedText(text="in words")

NO_DATE = "another value has no date, or one too coarse"
NO_VALUE = "another entry cannot be used: it has no value"
NO_AMOUNT = "another entry cannot be used: the value is not a quantity"
NO_CODE = "1 entry of the list of laboratory values and observations has no code that is known here and may be newer"


def other(concept: Any, value: Any, date: str | None = "2026-03-10", **more: Any) -> ObservationFact:
    return observation(concept, value, date, "Observation/other", **more)


def answer(condition: dict[str, Any], *found: ObservationFact, **more: Any) -> tuple[Truth, list[str]]:
    finding: Finding = look(condition, patient(**more, observations=found))
    return finding.truth, reasons(finding)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (other("egfr", None), NO_VALUE),
        (other("egfr", None, absent="the value has no unit"), "another entry cannot be used: the value has no unit"),
        (other("egfr", None, "2026-03-01"), NO_VALUE),
        (other("egfr", LOW, None), NO_DATE),
        (other("egfr", LOW, "2025"), NO_DATE),
        (other(UNMAPPED, LOW), NO_CODE),
        (other(UNMAPPED, LOW, None), NO_CODE),
        (other(UNMAPPED, None), NO_CODE),
        (other(UNMAPPED, WORDS), NO_CODE),
    ],
)  # fmt: skip
def test_a_normal_value_denies_nothing_while_another_may_be_as_new(entry: ObservationFact, why: str) -> None:
    used = "2025-06-01" if entry.effective == on("2025") else "2026-03-01"
    assert answer(REDUCED, observation("egfr", NORMAL, used), entry) == (UNKNOWN, [why])
    assert answer(REDUCED, observation("egfr", LOW, used), entry) == (MET, [])


@pytest.mark.parametrize(
    "entry",
    [
        other("egfr", None, "2026-01-01"),
        other("egfr", LOW, "2025"),
        other("egfr", NORMAL, None),
        other(UNMAPPED, LOW, "2026-01-01"),
        other(UNMAPPED, NORMAL),
        other(UNMAPPED, "5 mg/dL"),
        other(UNMAPPED, "900 mL/min"),
        other(UNMAPPED, coded("bacteria")),
        other(UNMAPPED, True),
    ],
)
def test_it_denies_beside_one_that_is_older_or_of_another_kind_or_denies_as_well(
    entry: ObservationFact,
) -> None:
    assert answer(REDUCED, observation("egfr", NORMAL), entry) == (NOT_MET, [])


@pytest.mark.parametrize(
    ("condition", "normal", "entry", "truth"),
    [
        (SHORT, observation("vital-height", "150 cm"), other("vital-height", None), UNKNOWN),
        (SHORT, observation("vital-height", "150 cm"), other(UNMAPPED, "1.1 m"), UNKNOWN),
        (SHORT, observation("vital-height", "150 cm"), other(UNMAPPED, "1.1 kg"), NOT_MET),
        (INFECTED, observation("urine-culture", "pregnancy"), other("urine-culture", None), UNKNOWN),
        (INFECTED, observation("urine-culture", "pregnancy"), other(UNMAPPED, coded("bacteria")), UNKNOWN),
        (INFECTED, observation("urine-culture", "pregnancy"), other(UNMAPPED, "5 mg/dL"), NOT_MET),
    ],
)
def test_every_laboratory_value_and_vital_sign_is_looked_at_so(
    condition: dict[str, Any], normal: ObservationFact, entry: ObservationFact, truth: Truth
) -> None:
    assert answer(condition, normal, entry)[0] is truth


def test_where_any_value_will_do_an_older_one_may_be_it_too() -> None:
    older = other("egfr", None, "2026-01-01")
    assert answer(REDUCED | {"pick": "any"}, observation("egfr", NORMAL), older) == (UNKNOWN, [NO_VALUE])


def test_nothing_on_record_means_no_only_while_nothing_may_be_of_the_kind() -> None:
    silence = REDUCED | {"if_missing": "not-met"}
    assert answer(silence, other(UNMAPPED, LOW)) == (UNKNOWN, [NO_CODE])
    assert answer(silence, other(UNMAPPED, "5 mg/dL")) == (NOT_MET, [])


def test_values_without_any_date_may_all_be_the_newest() -> None:
    undated = [observation("egfr", LOW, None), observation("egfr", NORMAL, None)]
    assert newest_of(undated) == undated


class TestTheCreatinineOfAnEstimate:
    USED = observation("lab-creatinine", "0.7 mg/dL")

    @pytest.mark.parametrize(
        ("entry", "why"),
        [
            (other("lab-creatinine", None, absent="the value has no unit"),
             "another entry cannot be used: the value has no unit"),
            (other("lab-creatinine", WORDS), NO_AMOUNT),
            (other("lab-creatinine", "5 mg/dL", None), NO_DATE),
            (other(UNMAPPED, "5 mg/dL"), NO_CODE),
            (other("egfr", None), NO_VALUE),
        ],
    )  # fmt: skip
    def test_a_healthy_estimate_denies_nothing_while_another_entry_may_be_newer(
        self, entry: ObservationFact, why: str
    ) -> None:
        assert answer(ESTIMATED, self.USED, entry) == (UNKNOWN, [why])
        assert answer(ESTIMATED, observation("lab-creatinine", "3 mg/dL"), entry) == (MET, [])

    def test_nor_while_a_child_may_have_been_measured_since(self) -> None:
        found = [self.USED, observation("vital-height", "128 cm", "2026-02-01")]
        assert answer(ESTIMATED, *found, person=CHILD) == (NOT_MET, [])
        assert answer(ESTIMATED, *found, other("vital-height", None), person=CHILD) == (UNKNOWN, [NO_VALUE])


class TestAReportedRateBesideALaterCreatinine:
    REPORTED = observation("egfr", NORMAL)

    @pytest.mark.parametrize(
        ("entry", "truth", "why"),
        [
            (other("lab-creatinine", "6 mg/dL"), MET, []),
            (other("lab-creatinine", "0.7 mg/dL"), NOT_MET, []),
            (other("lab-creatinine", "6 mg/dL", "2026-03-01"), NOT_MET, []),
            (other("lab-creatinine", "6 mg/dL", "2026-01-01"), NOT_MET, []),
            (other("lab-creatinine", "6 mmol/mol"), UNKNOWN,
             ["the creatinine value cannot be used: its unit cannot be converted to mg/dL"]),
            (other("lab-creatinine", "6 mg/dL", None), UNKNOWN,
             [CANNOT_BE_USED]),
            (other(UNMAPPED, "6 mg/dL"), UNKNOWN,
             [CANNOT_BE_USED]),
        ],
    )  # fmt: skip
    def test_the_rate_denies_only_what_the_later_creatinine_does_not_tell(
        self, entry: ObservationFact, truth: Truth, why: list[str]
    ) -> None:
        assert answer(ESTIMATED, self.REPORTED, entry) == (truth, why)
        assert answer(ESTIMATED, observation("egfr", LOW), entry) == (MET, [])

    @pytest.mark.parametrize(
        "entry", [other("lab-creatinine", None), other("lab-creatinine", "6 mg/dL", None)]
    )
    def test_a_creatinine_that_cannot_be_used_is_not_nothing(self, entry: ObservationFact) -> None:
        assert answer(ESTIMATED | {"if_missing": "not-met"}, entry) == (UNKNOWN, [CANNOT_BE_USED])

    def test_a_creatinine_from_before_the_rate_does_not_stand_in_for_one_that_cannot_be_used(self) -> None:
        before = observation("lab-creatinine", "6 mg/dL", "2026-01-01", "Observation/before")
        assert answer(ESTIMATED, self.REPORTED, before, other("lab-creatinine", None)) == (
            UNKNOWN,
            [NO_VALUE],
        )

    def test_without_the_sex_that_an_estimate_needs_the_later_creatinine_leaves_it_open(self) -> None:
        person = type(ADULT)(ADULT.reference, ADULT.birth, sex="unknown")
        assert answer(ESTIMATED, self.REPORTED, other("lab-creatinine", "1 mg/dL"), person=person) == (
            UNKNOWN,
            ["creatinine is on record, but not the sex that an estimate needs"],
        )
