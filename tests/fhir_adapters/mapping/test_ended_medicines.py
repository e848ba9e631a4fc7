"""When a medicine ended that was planned to go on: whoever stops an order leaves in it until when it was to be given."""

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.dates import DateInterval
from engine.facts import MedicationFact, TherapyStatus
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.medications import medication_fact

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEGAN = "2026-05-20"
SINCE = DateInterval(datetime(2026, 5, 20, tzinfo=UTC), NOW, "day")
EARLIER = "it has ended before the time that it states, some time since its start"


def read(
    type_: str, draft: bool = False, **members: Any
) -> tuple[MedicationFact, list[tuple[str, str, str]]]:
    issues = DataIssues()
    resource = {
        "resourceType": type_,
        "id": "1",
        "status": "stopped",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02AA01"}]},
        **members,
    }
    fact = medication_fact(resource, lambda _: None, issues, now=NOW, draft=draft)
    assert fact is not None
    return fact, [(issue.element, issue.effect, issue.reason) for issue in issues]


def bounds(**period: str) -> dict[str, Any]:
    return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": period}}, "text": "as told"}]}


def days(number: int) -> dict[str, Any]:
    return {"value": number, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}


TO_COME = {"start": BEGAN, "end": "2026-06-20"}


@pytest.mark.parametrize(
    ("type_", "members"),
    [
        pytest.param("MedicationRequest", bounds(**TO_COME), id="the bounds of its dosage"),
        pytest.param("MedicationRequest", {"authoredOn": BEGAN, **bounds(end="2026-06-20")}, id="an end alone"),
        pytest.param("MedicationRequest", {"status": "completed", **bounds(**TO_COME)}, id="completed"),
        pytest.param("MedicationRequest", {"effectiveDosePeriod": TO_COME}, id="the period of R5"),
        pytest.param(
            "MedicationRequest",
            {"dispenseRequest": {"validityPeriod": {"start": BEGAN, "end": "2026-07-20"}, "expectedSupplyDuration": days(30)}},
            id="until when it may be dispensed",
        ),
        pytest.param("MedicationStatement", {"status": "completed", "effectivePeriod": TO_COME}, id="a statement"),
        pytest.param(
            "MedicationAdministration", {"status": "completed", "effectivePeriod": TO_COME}, id="an administration"
        ),
        pytest.param("MedicationDispense", {"whenHandedOver": BEGAN, "daysSupply": days(60)}, id="a supply"),
    ],
)  # fmt: skip
def test_what_has_ended_before_its_time_ended_some_time_since_its_start(type_, members):
    fact, issues = read(type_, **members)
    assert (fact.status, fact.status_certain, fact.ended) == (TherapyStatus.ENDED, True, SINCE)
    assert ("status", "assumed", EARLIER) in issues


@pytest.mark.parametrize("end", ["2026-05-27", "2026-06-01", "2026-06"])
def test_an_end_that_has_come_or_may_have_come_stands(end):
    fact, issues = read("MedicationRequest", **bounds(start=BEGAN, end=end))
    assert fact.ended == DateInterval.parse(end)
    assert EARLIER not in {reason for *_, reason in issues}


@pytest.mark.parametrize("members", [bounds(end="2026-06-20"), bounds(start="2026-06-10", end="2026-06-20")])
def test_when_it_ended_is_not_known_where_no_start_is_either(members):
    fact, issues = read("MedicationRequest", **members)
    assert (fact.status, fact.ended) == (TherapyStatus.ENDED, None)
    assert ("status", "assumed", EARLIER) in issues


def test_what_goes_on_ends_when_it_says():
    fact, _ = read("MedicationRequest", status="active", **bounds(**TO_COME))
    assert (fact.status, fact.ended) == (TherapyStatus.CURRENT, DateInterval.parse("2026-06-20"))


def test_that_a_stop_comes_before_the_time_of_its_order_goes_without_saying():
    fact, issues = read("MedicationRequest", draft=True, **bounds(**TO_COME))
    assert fact.ended == SINCE
    assert EARLIER not in {reason for *_, reason in issues}
