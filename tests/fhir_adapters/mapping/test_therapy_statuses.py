"""Every status and intent of the four medication resources, STU3 to R5 (inventory: MEDS, ORDER, STOP)."""

from datetime import UTC, datetime

import pytest

from engine.facts import MedicationFact, OrderAction, TherapyStatus
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.medications import medication_fact

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CODE = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]}
CURRENT, ENDED, PLANNED = TherapyStatus.CURRENT, TherapyStatus.ENDED, TherapyStatus.PLANNED


def read(resource, draft=False) -> tuple[MedicationFact | None, list[tuple[str, str, str]]]:
    issues = DataIssues()
    whole = {"id": "1", "medicationCodeableConcept": CODE, **resource}
    fact = medication_fact(whole, lambda _: None, issues, now=NOW, draft=draft)
    return fact, [(issue.element, issue.effect, issue.reason) for issue in issues]


def request(**members):
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", **members}


def statement(**members):
    return {"resourceType": "MedicationStatement", "status": "active", **members}


@pytest.mark.parametrize(
    ("kind", "status", "expected", "said"),
    [
        ("MedicationRequest", "active", CURRENT, ""),
        ("MedicationRequest", "on-hold", CURRENT, "it is on hold; it counts as current"),
        ("MedicationRequest", "completed", ENDED, ""),
        ("MedicationRequest", "stopped", ENDED, ""),
        ("MedicationRequest", "cancelled", ENDED, ""),
        ("MedicationRequest", "ended", ENDED, ""),
        ("MedicationRequest", "draft", PLANNED, "it is a draft that nobody has signed; it counts as planned"),
        ("MedicationStatement", "active", CURRENT, ""),
        ("MedicationStatement", "on-hold", CURRENT, "it is on hold; it counts as current"),
        ("MedicationStatement", "intended", CURRENT, ""),
        ("MedicationStatement", "recorded", CURRENT, ""),
        ("MedicationStatement", "completed", ENDED, ""),
        ("MedicationStatement", "stopped", ENDED, ""),
        ("MedicationUsage", "recorded", CURRENT, ""),
        ("MedicationAdministration", "in-progress", CURRENT, ""),
        ("MedicationAdministration", "on-hold", CURRENT, "it is on hold; it counts as current"),
        ("MedicationAdministration", "completed", ENDED, ""),
        ("MedicationAdministration", "stopped", ENDED, ""),
        ("MedicationDispense", "preparation", PLANNED, "it is being prepared; it counts as planned"),
        ("MedicationDispense", "in-progress", PLANNED, "it is being prepared; it counts as planned"),
        ("MedicationDispense", "on-hold", PLANNED, "it is on hold; it counts as planned"),
        ("MedicationDispense", "stopped", ENDED, ""),
    ],
)
def test_a_status_that_is_certain_and_what_is_said_of_one_that_waits(kind, status, expected, said):
    fact, issues = read({"resourceType": kind, "status": status, "intent": "order"})
    assert fact is not None
    assert (fact.status, fact.status_certain) == (expected, True)
    assert issues == ([("status", "assumed", said)] if said else [])


KINDS = ["MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "said"), [("unknown", "unknown"), (None, "missing"), ("aktiv", "not one of FHIR's")]
)
def test_a_status_that_says_nothing_counts_as_current_and_is_marked(kind, status, said):
    fact, issues = read({"resourceType": kind, "status": status, "intent": "order"})
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, False)
    assert ("status", "assumed", f"the status is {said}; it counts as current") in issues


def test_a_statement_still_being_written_is_not_certain():
    fact, _ = read(statement(status="draft"))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("draft", [False, True])
def test_what_was_entered_in_error_is_left_out(kind, draft):
    fact, issues = read({"resourceType": kind, "status": "entered-in-error"}, draft)
    assert fact is None
    assert issues == [("status", "ignored", "it was entered in error")]


def test_an_order_with_a_status_that_is_none_is_reviewed_as_one_to_give_and_said_so():
    fact, issues = read({"resourceType": "MedicationRequest", "status": "finished"}, draft=True)
    assert fact is not None
    assert fact.action is OrderAction.START
    assert ("status", "assumed") in {(element, effect) for element, effect, _ in issues}


@pytest.mark.parametrize(
    ("kind", "members", "element"),
    [
        pytest.param("MedicationStatement", {"status": "not-taken"}, "status", id="R4: not taken"),
        pytest.param(
            "MedicationStatement", {"status": "active", "taken": "n"}, "taken", id="STU3: not taken"
        ),
        pytest.param("MedicationAdministration", {"status": "not-done"}, "status", id="R4: not done"),
        pytest.param(
            "MedicationAdministration",
            {"status": "completed", "notGiven": True},
            "notGiven",
            id="STU3: not given",
        ),
        pytest.param("MedicationDispense", {"status": "cancelled"}, "status", id="dispense cancelled"),
        pytest.param("MedicationDispense", {"status": "declined"}, "status", id="dispense declined"),
        pytest.param(
            "MedicationRequest",
            {"status": "active", "doNotPerform": True},
            "doNotPerform",
            id="an order not to give it",
        ),
    ],
)
def test_what_was_never_given_or_taken_is_no_fact(kind, members, element):
    """So that it cannot count as a medicine that was taken recently (IX-11)."""
    fact, issues = read({"resourceType": kind, "intent": "order", **members})
    assert fact is None
    assert [(issue[0], issue[1]) for issue in issues] == [(element, "ignored")]


@pytest.mark.parametrize(
    "intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"]
)
def test_orders_by_intent(intent):
    fact, issues = read(request(intent=intent))
    assert fact is not None
    assert (fact.status, issues) == (CURRENT, [])


def test_a_plan_may_be_what_the_patient_reports_and_counts_as_its_status_says():
    """US Core writes what a patient says they take as an active plan."""
    plan, issues = read(request(intent="plan"))
    assert plan is not None
    assert (plan.status, plan.status_certain) == (CURRENT, False)
    assert [(element, effect) for element, effect, _ in issues] == [("intent", "assumed")]
    for status, expected in (("stopped", ENDED), ("draft", PLANNED)):
        other, issues = read(request(intent="plan", status=status))
        assert other is not None
        assert (other.status, other.status_certain) == (expected, True)
        assert not any(element == "intent" for element, _, _ in issues)


@pytest.mark.parametrize("intent", ["proposal", "option"])
def test_suggestions_are_left_out(intent):
    assert read(request(intent=intent)) == (None, [("intent", "ignored", f"it is not an order ({intent})")])


@pytest.mark.parametrize("intent", [None, "wish", 5])
def test_an_intent_that_is_not_fhirs_counts_as_an_order(intent):
    fact, issues = read(request(intent=intent))
    assert fact is not None
    assert fact.status is CURRENT
    assert [(issue[0], issue[1]) for issue in issues] == [("intent", "assumed")]


@pytest.mark.parametrize(
    ("said", "expected", "certain"),
    [
        ("taking", CURRENT, True),
        ("taking-as-directed", CURRENT, True),
        ("on-hold", CURRENT, True),
        ("not-taking", ENDED, True),
        ("stopped-as-directed", ENDED, True),
        ("unknown", CURRENT, False),
    ],
)
def test_adherence_of_r5(said, expected, certain):
    adherence = {"code": {"coding": [{"code": said}]}}
    fact, _ = read(statement(status="recorded", adherence=adherence))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (expected, certain)


@pytest.mark.parametrize(("taken", "certain"), [("y", True), ("na", True), ("unk", False)])
def test_taken_of_stu3(taken, certain):
    fact, _ = read(statement(taken=taken))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, certain)


def bounded(start=None, end=None):
    period = {name: date for name, date in (("start", start), ("end", end)) if date}
    return {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": period}}}


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


def test_what_was_handed_out_for_nobody_knows_how_long_is_named():
    dispensed = {"resourceType": "MedicationDispense", "status": "completed", "whenHandedOver": "2026-05-31"}
    fact, issues = read(dispensed)
    assert fact is not None
    assert (fact.status, fact.status_certain, fact.ended) == (CURRENT, False, None)
    assert [issue[:2] for issue in issues] == [("daysSupply", "not checked")]
    assert read(dispensed | {"daysSupply": {"value": 30, "unit": "d"}})[1] == []
