"""Interpretations: a flag beside a value is never a value, and never passed over where it and the value do not go together."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.interpretations import CONTRADICTED, CRITICAL, UNREAD
from fhir_adapters.mapping.observations import observations

SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
FROM_60: dict[str, Any] = {"low": {"value": 60, "unit": "mL/min"}, "high": {"value": 120, "unit": "mL/min"}}


def flagged(*codes: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": SYSTEM, "code": code}]} for code in codes]


def said(element: str = "interpretation", /, **members: Any) -> list[str]:
    """What the data issues say of an observation's interpretation."""
    issues = DataIssues()
    code = {"coding": [{"system": "http://loinc.org", "code": "98979-8"}]}
    resource = {"status": "final", "effectiveDateTime": "2026-05-01", "code": code, **members}
    observations(resource, "Observation/o", issues, now=datetime(2026, 5, 10, tzinfo=UTC))
    return [issue.reason for issue in issues if issue.element == element]


def measured(value: float, unit: str = "mL/min") -> dict[str, Any]:
    return {"value": value, "unit": unit}


@pytest.mark.parametrize(
    ("codes", "value", "reason"),
    [
        (["LL"], 90, CONTRADICTED),
        (["L"], 60, CONTRADICTED),
        (["H"], 40, CONTRADICTED),
        (["N"], 40, CONTRADICTED),
        (["N"], 130, CONTRADICTED),
        (["N", "LL"], 40, CONTRADICTED),
        (["AA"], 90, CRITICAL),
        (["L"], 40, ""),
        (["LL"], 40, ""),
        (["H"], 130, ""),
        (["N"], 90, ""),
        (["A"], 40, ""),
        (["POS"], 40, ""),
        ([], 40, ""),
    ],
)
def test_it_is_held_against_the_value_by_the_observations_own_range(
    codes: list[str], value: float, reason: str
) -> None:
    found = said(valueQuantity=measured(value), interpretation=flagged(*codes), referenceRange=[FROM_60])
    assert found == ([reason] if reason else [])


@pytest.mark.parametrize(
    "ranges",
    [
        None,
        [],
        [FROM_60, FROM_60],
        [{"text": "60 to 120"}],
        [{"low": {"value": 60, "unit": "mg/dL"}, "high": {"value": 120, "unit": "kg"}}],
        [{"low": "60", "high": {"value": 120}}],
    ],
)
def test_without_a_range_that_can_be_read_a_critical_one_is_named(ranges: object) -> None:
    value = measured(90)
    assert said(valueQuantity=value, interpretation=flagged("LL"), referenceRange=ranges) == [CRITICAL]
    assert said(valueQuantity=value, interpretation=flagged("L"), referenceRange=ranges) == []


@pytest.mark.parametrize("code", ["LL", "HH", "AA", "L", "H", "<", ">"])
def test_beside_a_value_that_cannot_be_read_it_is_named(code: str) -> None:
    for value in (measured(25, "sheep"), {"unit": "mL/min"}):
        assert said(valueQuantity=value, interpretation=flagged(code)) == [UNREAD]
    assert said(valueQuantity=measured(25, "sheep"), interpretation=flagged("N")) == []
    assert (
        said(valueString="very low", interpretation=flagged(code)) == []
    )  # the words are the value, and no amount


def test_so_is_that_of_a_component_and_the_single_one_of_stu3() -> None:
    part = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "valueQuantity": measured(300, "sheep"),
        "interpretation": flagged("HH"),
    }
    assert said("component[0].interpretation", component=[part]) == [UNREAD]
    (single,) = flagged("HH")
    assert said(valueQuantity=measured(90), interpretation=single) == [CRITICAL]
    assert said(valueQuantity=measured(90), interpretation="HH") == []
