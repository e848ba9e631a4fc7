"""Conditions on appointments, encounters and requested services."""

from typing import Any

import pytest

from engine.facts import (
    FactList,
    ListName,
    ListState,
    PatientFacts,
)
from engine.finding import Finding, Truth
from tests.engine.builders import (
    UNMAPPED,
    allergy,
    appointment,
    coded,
    device,
    diagnosis,
    encounter,
    look,
    on,
    patient,
    procedure,
    reasons,
    service,
    with_list,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN

# Each noun with its list, an entry that it looks for, one of something else, and one that nobody mapped.
NOUNS: list[tuple[dict[str, Any], ListName, Any, Any, Any]] = [
    ({"condition": "epilepsy"}, ListName.CONDITIONS, diagnosis(), diagnosis("head-injury"), diagnosis(UNMAPPED)),
    ({"allergy": "penicillin"}, ListName.ALLERGIES, allergy(), allergy("baclofen"), allergy(UNMAPPED)),
    ({"procedure": "pump-implant"}, ListName.PROCEDURES, procedure(), procedure("refill"), procedure(UNMAPPED)),
    ({"device": "pump"}, ListName.DEVICES, device(), device("pump-implant"), device(UNMAPPED)),
    ({"appointment": "refill", "state": "planned"}, ListName.APPOINTMENTS, appointment("booked", "2026-03-20"),
     appointment("booked", "2026-03-20", "pump-implant"), appointment("booked", "2026-03-20", UNMAPPED)),
    ({"encounter": "inpatient"}, ListName.ENCOUNTERS, encounter("in-progress"), encounter("in-progress", "refill"),
     encounter("in-progress", UNMAPPED)),
    ({"service": "refill"}, ListName.SERVICES, service(), service("pump-implant"), service(UNMAPPED)),
]  # fmt: skip

every_noun = pytest.mark.parametrize(
    ("condition", "name", "wanted", "other", "unclear"), NOUNS, ids=[name.value for _, name, *_ in NOUNS]
)


def listed(name: ListName, *entries: Any) -> PatientFacts:
    return with_list(patient(), name.value, FactList.of(*entries))


class TestAppointments:
    MISSED = appointment("noshow", "2026-03-01T09:00:00Z")

    def missed(self, *others: Any) -> Finding:
        return look(
            {"appointment": "refill", "state": "missed"}, patient(appointments=[self.MISSED, *others])
        )

    @pytest.mark.parametrize(
        "status", ["booked", "proposed", "pending", "arrived", "checked-in", "fulfilled"]
    )
    def test_a_missed_one_is_made_up_for_by_a_later_one(self, status: str) -> None:
        assert self.missed().truth is MET
        assert self.missed(appointment(status, "2026-03-20T09:00:00Z")).truth is NOT_MET
        assert self.missed(appointment(status, "2026-02-01T09:00:00Z")).truth is MET

    @pytest.mark.parametrize(
        "other",
        [
            appointment("waitlist", "2026-03-20"),
            appointment("entered-in-error", "2026-03-20"),
            appointment("booked", "2026-03-20", "pump-implant"),
        ],
    )
    def test_not_by_one_that_is_not_booked_or_is_for_something_else(self, other: Any) -> None:
        assert self.missed(other).truth is MET

    @pytest.mark.parametrize(
        ("other", "why"),
        [
            (appointment("fulfilled", None), "has no date, or one too coarse"),
            (appointment("fulfilled", "2026-03"), "has no date, or one too coarse"),
            (appointment("fulfilled", "2026-03-20", UNMAPPED), "has no code that is known here"),
            (appointment("fulfilled", "2026-03-20", None), "has no code that is known here"),
        ],
    )
    def test_one_that_cannot_be_read_neither_makes_up_for_it_nor_leaves_it_missed(
        self, other: Any, why: str
    ) -> None:
        finding = self.missed(other)
        assert finding.truth is UNKNOWN
        assert reasons(finding)[0].endswith(why)

    def test_a_cancelled_one_is_missed_too_and_the_time_counts(self) -> None:
        cancelled = patient(appointments=[appointment("cancelled", "2026-03-01")])
        assert look({"appointment": "refill", "state": "missed", "within": "1 month"}, cancelled).truth is MET
        assert (
            look({"appointment": "refill", "state": "missed", "within": "1 week"}, cancelled).truth is NOT_MET
        )

    @pytest.mark.parametrize(
        ("status", "start", "truth"),
        [
            ("booked", "2026-03-20T09:00:00Z", MET),
            ("waitlist", "2026-03-20", MET),
            ("booked", "2026-03-15", MET),  # today, and nobody says when
            ("booked", "2026-03-15T11:59:00Z", NOT_MET),
            ("booked", "2026-03-14", NOT_MET),
            ("booked", "2026-05-01", NOT_MET),
            ("fulfilled", "2026-03-20", NOT_MET),
            ("booked", None, UNKNOWN),
        ],
    )
    def test_a_planned_one_is_still_to_come(self, status: str, start: str | None, truth: Truth) -> None:
        condition = {"appointment": "refill", "state": "planned", "within": "1 month"}
        assert look(condition, patient(appointments=[appointment(status, start)])).truth is truth

    @pytest.mark.parametrize(
        ("status", "truth"),
        [("fulfilled", MET), ("arrived", MET), ("checked-in", MET), ("booked", NOT_MET), ("noshow", NOT_MET)],
    )
    def test_a_kept_one_was_attended(self, status: str, truth: Truth) -> None:
        condition = {"appointment": "refill", "state": "kept", "within": "1 month"}
        assert look(condition, patient(appointments=[appointment(status, "2026-03-01")])).truth is truth


class TestEncounters:
    NOW = {"encounter": "inpatient"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("status", "now", "finished"),
        [
            ("in-progress", MET, NOT_MET), ("arrived", MET, NOT_MET), ("triaged", MET, NOT_MET),
            ("finished", NOT_MET, MET), ("completed", NOT_MET, MET), ("discharged", NOT_MET, MET),
            ("planned", NOT_MET, NOT_MET), ("cancelled", NOT_MET, NOT_MET),
        ],
    )  # fmt: skip
    def test_now_or_finished(self, status: str, now: Truth, finished: Truth) -> None:
        found = patient(encounters=[encounter(status)])
        assert look(self.NOW, found).truth is now
        assert look(self.NOW | {"state": "finished"}, found).truth is finished

    def test_the_encounter_that_the_request_names_is_the_one_of_now(self) -> None:
        other = encounter("in-progress", reference="Encounter/2")
        named = encounter("planned", "refill", in_context=True)
        assert look(self.NOW, patient(encounters=[other, named])).truth is NOT_MET
        assert look({"encounter": "refill"}, patient(encounters=[other, named])).truth is MET
        partial = FactList(ListState.PARTIAL, (other, named))
        assert look(self.NOW, patient(encounters=partial)).truth is MET

    def test_a_type_counts_like_the_class_and_one_without_either_may_be_any(self) -> None:
        typed = encounter("in-progress", "refill", types=(coded("inpatient"),))
        assert look(self.NOW, patient(encounters=[typed])).truth is MET
        assert look(self.NOW, patient(encounters=[encounter("in-progress", None)])).truth is UNKNOWN

    @pytest.mark.parametrize(
        ("period", "truth"),
        [("2026-03-01", MET), ("2025-03-01", NOT_MET), ("2026", UNKNOWN), (None, UNKNOWN)],
    )
    def test_a_finished_one_may_be_asked_for_in_a_time(self, period: str | None, truth: Truth) -> None:
        found = encounter("finished", period=on(period) if period else None)
        finding = look(self.NOW | {"state": "finished", "within": "1 month"}, patient(encounters=[found]))
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["1 entry of the list of encounters has no date, or one too coarse"]

    def test_a_finished_one_of_a_day_to_come_is_left_open(self) -> None:
        found = patient(encounters=[encounter("finished", period=on("2026-05-01"))])
        finding = look(self.NOW | {"state": "finished", "within": "1 month"}, found)
        assert (finding.truth, reasons(finding)) == (
            UNKNOWN,
            ["1 entry of the list of encounters has a date that lies ahead"],
        )


class TestServices:
    @pytest.mark.parametrize(
        ("date", "truth"),
        [("2026-03-01", MET), ("2026-04-01", MET), ("2025-03-01", NOT_MET), ("2026", UNKNOWN), (None, MET)],
    )
    def test_a_date_lies_on_either_side_of_now_and_one_without_a_date_is_open(
        self, date: str | None, truth: Truth
    ) -> None:
        found = service(occurrence=on(date) if date else None)
        finding = look({"service": "refill", "within": "1 month"}, patient(services=[found]))
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == [
                "1 entry of the list of requested services has no date, or one too coarse"
            ]
