"""The status of a medicine against the calendar: what is over, what is to come, and what nobody has renewed."""

import pytest

from tests.fhir_adapters.mapping.medicines import (
    CURRENT,
    ENDED,
    NOW,
    PLANNED,
    bounded,
    read,
    request,
    statement,
)


class TestTheCalendar:
    @pytest.mark.parametrize(
        ("resource", "expected"),
        [
            pytest.param(
                request(dosageInstruction=[bounded(end="2026-05")]), ENDED, id="all bounds are over"
            ),
            pytest.param(
                request(dosageInstruction=[bounded(end="2026-05"), bounded(start="2026-05")]),
                CURRENT,
                id="not all are",
            ),
            pytest.param(request(dosageInstruction=[bounded(start="2026-07")]), PLANNED, id="bounds to come"),
            pytest.param(request(dosageInstruction=[bounded(end="2026")]), CURRENT, id="too coarse an end"),
            pytest.param(
                request(effectiveDosePeriod={"end": "2026-05-01"}), ENDED, id="R5: its period is over"
            ),
            pytest.param(
                request(dispenseRequest={"validityPeriod": {"end": "2026-05-01"}}),
                CURRENT,
                id="no longer dispensed, and nobody knows how long the supply lasts",
            ),
            pytest.param(
                request(
                    dispenseRequest={
                        "validityPeriod": {"end": "2026-01-01"},
                        "expectedSupplyDuration": {"value": 30, "unit": "days"},
                    }
                ),
                ENDED,
                id="no longer dispensed, and the supply is used up",
            ),
            pytest.param(
                request(
                    dispenseRequest={
                        "validityPeriod": {"end": "2026-05-01"},
                        "expectedSupplyDuration": {"value": 90, "unit": "days"},
                    }
                ),
                CURRENT,
                id="no longer dispensed, but the supply lasts",
            ),
            pytest.param(
                statement(effectivePeriod={"start": "2020", "end": "2026-05-01"}), ENDED, id="statement over"
            ),
            pytest.param(statement(effectivePeriod={"start": "2020"}), CURRENT, id="statement without end"),
            pytest.param(statement(effectiveDateTime="2020"), CURRENT, id="statement of one day is no end"),
            pytest.param(
                statement(status="intended", effectivePeriod={"start": "2027"}), PLANNED, id="intended"
            ),
            pytest.param(
                request(status="stopped", dosageInstruction=[bounded(start="2027")]),
                ENDED,
                id="stopped is stopped",
            ),
        ],
    )
    def test_what_is_over_has_ended_and_what_is_to_come_is_planned(self, resource, expected):
        fact, _ = read(resource)
        assert fact is not None
        assert fact.status is expected

    @pytest.mark.parametrize(
        "resource",
        [
            request(dosageInstruction=[bounded(end="2026-05")]),
            statement(effectivePeriod={"end": "2026-05"}),
            {
                "resourceType": "MedicationAdministration",
                "status": "in-progress",
                "effectivePeriod": {"end": "2026-05"},
            },
        ],
        ids=["order", "statement", "infusion"],
    )
    def test_what_is_active_although_its_time_is_over_has_not_certainly_ended(self, resource):
        fact, issues = read(resource)
        assert fact is not None
        assert (fact.status, fact.status_certain) == (ENDED, False)
        assert [reason for element, _, reason in issues if element == "status"] == [
            "it is active, but its time is over; it may still be taken if that is recent, else it has ended"
        ]

    @pytest.mark.parametrize(
        ("status", "said"),
        [("unknown", "unknown"), (None, "missing"), ("bogus", "not one of FHIR's")],
    )
    @pytest.mark.parametrize(
        "time",
        [
            {"effectiveDateTime": "2026-05-30"},
            {"effectivePeriod": {"start": "2026-05-30", "end": "2026-05-31"}},
        ],
        ids=["moment", "period"],
    )
    def test_a_dose_of_a_status_that_says_nothing_has_not_certainly_ended_with_its_time(
        self, status, said, time
    ):
        """The moment may be the beginning of an infusion that still runs; and only one thing is said of it."""
        fact, issues = read({"resourceType": "MedicationAdministration", "status": status, **time})
        assert fact is not None
        assert (fact.status, fact.status_certain) == (ENDED, False)
        why = f"the status is {said}, but its time is over; it may still be taken if that is recent, else it has ended"
        assert issues == [("status", "assumed", why)]

    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            (
                {"resourceType": "MedicationAdministration", "effectivePeriod": {"start": "2026-05-30"}},
                "current",
            ),
            ({"resourceType": "MedicationStatement", "effectivePeriod": {"start": "2026-07-01"}}, "planned"),
            (
                {
                    "resourceType": "MedicationStatement",
                    "adherence": {"code": {"coding": [{"code": "stopped"}]}},
                },
                "ended",
            ),
            (
                {
                    "resourceType": "MedicationDispense",
                    "whenHandedOver": "2026-01-20",
                    "daysSupply": {"value": 30, "unit": "days"},
                },
                "ended",
            ),
        ],
    )
    def test_what_a_status_that_says_nothing_counts_as_is_said_as_it_was_done(self, entry, expected):
        fact, issues = read(entry | {"status": "unknown"})
        assert fact is not None
        assert fact.status.value == expected
        assert ("status", "assumed", f"the status is unknown; it counts as {expected}") in issues

    def test_an_active_order_that_is_no_longer_dispensed_is_listed(self):
        fact, issues = read(request(dispenseRequest={"validityPeriod": {"end": "2026-05-01"}}))
        assert fact is not None
        assert (fact.status, fact.status_certain) == (CURRENT, False)
        why = "it is active, but no longer dispensed; it counts as current"
        assert issues == [("dispenseRequest.validityPeriod", "assumed", why)]

    def test_what_is_being_given_goes_on_although_only_its_beginning_is_stated(self):
        running = {"resourceType": "MedicationAdministration", "effectiveDateTime": "2026-05-30"}
        for status, expected in (("in-progress", CURRENT), ("completed", ENDED)):
            fact, _ = read(running | {"status": status})
            assert fact is not None
            assert fact.status is expected

    @pytest.mark.parametrize(
        ("handed_over", "days", "expected", "certain"),
        [
            ("2026-05-20", 30, CURRENT, True),
            ("2026-01-20", 30, ENDED, True),
            ("2026-01-20", None, CURRENT, False),
        ],
    )
    def test_what_was_dispensed_is_taken_as_long_as_the_supply_lasts(
        self, handed_over, days, expected, certain
    ):
        supply = {"daysSupply": {"value": days, "unit": "days"}} if days else {}
        dispense = {
            "resourceType": "MedicationDispense",
            "status": "completed",
            "whenHandedOver": handed_over,
            **supply,
        }
        fact, issues = read(dispense)
        assert fact is not None
        assert (fact.status, fact.status_certain) == (expected, certain)
        used_up = ("daysSupply", "assumed", "what was handed out is used up; it counts as ended")
        assert (used_up in issues) is (expected is ENDED)

    def test_what_ended_without_saying_when_ended_between_its_start_and_now(self):
        fact, _ = read(request(status="stopped", authoredOn="2026-05-28"))
        assert fact is not None
        assert fact.ended is not None
        assert (fact.ended.earliest.date().isoformat(), fact.ended.latest) == ("2026-05-28", NOW)

    def test_what_ended_without_any_date_has_none(self):
        fact, _ = read(request(status="stopped"))
        assert fact is not None
        assert fact.ended is None
