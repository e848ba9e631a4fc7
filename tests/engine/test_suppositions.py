"""A clause of a condition as it reads after *if*."""

import pytest

from engine.suppositions import denied, supposed


@pytest.mark.parametrize(
    ("clause", "so", "not_so"),
    [
        (
            "the latest eGFR in the last 12 months is below 30 mL/min/1.73m2",
            "the latest eGFR in the last 12 months were below 30 mL/min/1.73m2",
            "the latest eGFR in the last 12 months were not below 30 mL/min/1.73m2",
        ),
        ("the patient has epilepsy", "the patient had epilepsy", "the patient did not have epilepsy"),
        ("the patient takes an opioid", "the patient took an opioid", "the patient did not take an opioid"),
        ("the patient has had a stroke", "the patient had had a stroke", "the patient had not had a stroke"),
        ("the order's route is not oral", "the order's route were not oral", "the order's route were oral"),
        ("the order states no route", "the order stated no route", "the order stated a route"),
        ("a head operation was done", "a head operation had been done", "a head operation had not been done"),
    ],
)
def test_a_clause_is_supposed_or_denied_by_its_verb(clause: str, so: str, not_so: str) -> None:
    assert supposed(clause) == so
    assert denied(clause) == not_so


@pytest.mark.parametrize(
    "clause",
    [
        "an appointment for a refill was missed and no other is booked",
        "the patient may be pregnant, and nothing is on record",
        "a stepwise plan",
    ],
)
def test_what_one_verb_cannot_deny_is_denied_as_a_whole(clause: str) -> None:
    assert denied(clause) == f"it were not so that {clause}"
