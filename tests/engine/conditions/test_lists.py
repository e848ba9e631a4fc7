"""Conditions on the lists of the record: which entries count, and what keeps the absence of one from meaning no."""

from dataclasses import replace
from typing import Any

import pytest

from engine.facts import (
    AllergyFact,
    ConditionFact,
    Course,
    FactList,
    Gap,
    ListName,
    ListState,
    PatientFacts,
    ServiceFact,
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
    order,
    patient,
    procedure,
    pump,
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


class TestEveryList:
    @every_noun
    def test_an_entry_is_found_with_its_evidence(
        self, condition: dict[str, Any], name: ListName, wanted: Any, other: Any, unclear: Any
    ) -> None:
        finding = look(condition, listed(name, other, wanted))
        assert finding.truth is MET
        assert [source.reference for source in finding.evidence] == [wanted.reference]
        assert finding.values["count"] == "1"
        assert finding.values["label"] == finding.values["list"] == finding.evidence[0].label

    @every_noun
    def test_nothing_and_something_else_in_a_complete_list_is_a_no(
        self, condition: dict[str, Any], name: ListName, wanted: Any, other: Any, unclear: Any
    ) -> None:
        assert look(condition, patient()).truth is NOT_MET
        assert look(condition, listed(name, other)).truth is NOT_MET

    @every_noun
    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (ListState.NOT_SUPPLIED, "did not arrive"),
            (ListState.FAILED, "could not be read from the record"),
            (ListState.PARTIAL, "arrived incomplete"),
        ],
    )
    def test_a_list_that_is_not_complete_denies_nothing_but_shows_what_is_in_it(
        self, condition: dict[str, Any], name: ListName, wanted: Any, other: Any, unclear: Any, state: ListState, words: str
    ) -> None:  # fmt: skip
        finding = look(condition, with_list(patient(), name.value, FactList(state, (other,))))
        assert (finding.truth, finding.missing[0].list) == (UNKNOWN, name)
        assert reasons(finding)[0].endswith(words)
        assert look(condition, with_list(patient(), name.value, FactList(state, (wanted,)))).truth is MET

    @every_noun
    def test_what_happened_to_a_list_is_told(
        self, condition: dict[str, Any], name: ListName, wanted: Any, other: Any, unclear: Any
    ) -> None:
        failed: FactList[Any] = FactList(ListState.FAILED, detail="the server failed (503)")
        finding = look(condition, with_list(patient(), name.value, failed))
        assert reasons(finding)[0].endswith("could not be read from the record: the server failed (503)")

    @every_noun
    def test_an_entry_that_could_not_be_read_may_be_it(
        self, condition: dict[str, Any], name: ListName, wanted: Any, other: Any, unclear: Any
    ) -> None:
        gaps = (Gap("Basic/1", "no code"), Gap("Basic/2", "no code"))
        finding = look(
            condition, with_list(patient(), name.value, FactList(ListState.PRESENT, (other,), gaps))
        )
        assert (finding.truth, finding.missing[0].references) == (UNKNOWN, ("Basic/1", "Basic/2"))
        assert reasons(finding)[0].startswith("2 entries of the")

    @every_noun
    def test_an_entry_in_a_system_that_nobody_mapped_may_be_it(
        self, condition: dict[str, Any], name: ListName, wanted: Any, other: Any, unclear: Any
    ) -> None:
        finding = look(condition, listed(name, other, unclear))
        assert (finding.truth, finding.missing[0].references) == (UNKNOWN, (unclear.reference,))
        assert reasons(finding)[0].endswith("has no code that is known here")
        assert look(condition, listed(name, unclear, wanted)).truth is MET


def test_several_entries_are_named_as_in_a_sentence() -> None:
    found = [diagnosis("epilepsy", f"Condition/{n}", onset=on("2020-05-01")) for n in (1, 2)]
    found.append(diagnosis(replace(coded("epilepsy"), text="Absence epilepsy"), "Condition/3"))
    finding = look({"condition": "epilepsy"}, patient(conditions=found))
    assert finding.values == {
        "list": "epilepsy and Absence epilepsy", "count": "3", "label": "epilepsy", "date": "1 May 2020",
    }  # fmt: skip


class TestDiagnoses:
    @pytest.mark.parametrize(
        ("status", "counting"),
        [
            ("current", {Course.CURRENT}),
            ("current-or-remission", {Course.CURRENT, Course.REMISSION}),
            ("past", {Course.REMISSION, Course.PAST}),
            ("ever", set(Course)),
        ],
    )
    def test_the_status_says_which_courses_count(self, status: str, counting: set[Course]) -> None:
        for course in Course:
            finding = look(
                {"condition": "epilepsy", "status": status}, patient(conditions=[diagnosis(course=course)])
            )
            assert (finding.truth is MET) is (course in counting)

    @pytest.mark.parametrize(
        ("abatement", "as_past"),
        [("2020-05-01", MET), (None, NOT_MET), ("2036-05-01", NOT_MET)],
    )
    def test_what_is_called_active_and_has_abated_counts_as_current_and_as_past(
        self, abatement: str | None, as_past: Truth
    ) -> None:
        record = patient(conditions=[diagnosis(abatement=on(abatement) if abatement else None)])
        assert look({"condition": "epilepsy"}, record).truth is MET
        assert look({"condition": "epilepsy", "status": "past"}, record).truth is as_past

    @pytest.mark.parametrize(
        ("certainty", "suspected", "confirmed"),
        [("any", MET, MET), ("confirmed", NOT_MET, MET), ("suspected", MET, NOT_MET)],
    )
    def test_certainty(self, certainty: str, suspected: Truth, confirmed: Truth) -> None:
        condition = {"condition": "epilepsy", "certainty": certainty}
        assert look(condition, patient(conditions=[diagnosis(suspected=True)])).truth is suspected
        assert look(condition, patient(conditions=[diagnosis()])).truth is confirmed

    def test_what_is_only_suspected_is_marked_unless_something_is_confirmed(self) -> None:
        doubtful, sure = diagnosis(suspected=True), diagnosis(reference="Condition/2")
        marked = look({"condition": "epilepsy"}, patient(conditions=[doubtful]))
        assert marked.notes == ("epilepsy: suspected, not confirmed",)
        assert look({"condition": "epilepsy"}, patient(conditions=[doubtful, sure])).notes == ()

    def test_what_is_excluded_does_not_count(self) -> None:
        condition = {"condition": "epilepsy", "excluding": ["head-injury"]}
        both = replace(coded("epilepsy"), codings=(*coded("epilepsy").codings, *coded("head-injury").codings))
        assert look(condition, patient(conditions=[diagnosis()])).truth is MET
        assert look(condition, patient(conditions=[diagnosis(both)])).truth is NOT_MET

    @pytest.mark.parametrize(
        ("dates", "truth", "notes"),
        [
            ({"onset": on("2025-12-01")}, MET, 0),
            ({"onset": on("2024-12-01")}, NOT_MET, 0),
            ({"onset": on("2025")}, UNKNOWN, 0),
            ({"recorded": on("2025-12-01")}, MET, 1),
            ({"onset": on("2020"), "recorded": on("2025-12-01")}, NOT_MET, 0),
            ({}, UNKNOWN, 0),
        ],
    )
    def test_the_time_is_that_of_the_onset_or_else_of_the_recording_which_is_said(
        self, dates: dict[str, Any], truth: Truth, notes: int
    ) -> None:
        finding = look(
            {"condition": "epilepsy", "within": "6 months"}, patient(conditions=[diagnosis(**dates)])
        )
        assert (finding.truth, len(finding.notes)) == (truth, notes)
        if truth is UNKNOWN:
            assert reasons(finding) == ["1 entry of the problem list has no date, or one too coarse"]

    def test_one_that_began_on_a_day_to_come_is_left_open(self) -> None:
        found = patient(conditions=[diagnosis(onset=on("2026-05-01"))])
        finding = look({"condition": "epilepsy", "within": "6 months"}, found)
        assert (finding.truth, reasons(finding)) == (
            UNKNOWN,
            ["1 entry of the problem list has a date that lies ahead"],
        )

    def test_an_entry_without_a_date_counts_where_the_condition_says_so_and_is_called_undated(self) -> None:
        condition = {"condition": "epilepsy", "within": "6 months", "if_undated": "met"}
        finding = look(condition, patient(conditions=[diagnosis()]))
        assert finding.truth is MET
        assert finding.notes == ("epilepsy: the date is not on record, or too coarse",)
        ahead = look(condition, patient(conditions=[diagnosis(onset=on("2026-05-01"))]))
        assert (ahead.truth, ahead.notes) == (MET, ("epilepsy: the date lies ahead",))
        assert look(condition, patient(conditions=[diagnosis(onset=on("2020"))])).truth is NOT_MET


class TestSinceTheTherapyBegan:
    NEW = {"condition": "epilepsy", "since": "therapy-start"}  # noqa: RUF012

    def look(
        self, *conditions: ConditionFact, start: str | None = "2025-06-01", new: bool = False
    ) -> Finding:
        therapy = pump(started=on(start) if start else None)
        return look(self.NEW | {"new": new}, patient(conditions=conditions, medications=[therapy]))

    @pytest.mark.parametrize(
        ("onset", "truth"),
        [
            ("2025-06-02", MET),
            ("2025-05-31", NOT_MET),
            ("2025-06-01", UNKNOWN),  # in the morning or in the evening?
            ("2025", UNKNOWN),
            (None, UNKNOWN),
        ],
    )
    def test_what_began_after_it_counts(self, onset: str | None, truth: Truth) -> None:
        assert self.look(diagnosis(onset=on(onset) if onset else None)).truth is truth

    def test_without_a_start_on_record_everything_counts_and_the_card_says_so(self) -> None:
        finding = self.look(diagnosis(onset=on("2020-01-01")), start=None)
        assert finding.truth is MET
        assert finding.notes == ("the start of the therapy is not on record: counted as after it",)

    def test_it_is_new_unless_the_same_code_was_there_before(self) -> None:
        before = diagnosis(reference="Condition/1", recorded=on("2020-01-01"))
        after = diagnosis(reference="Condition/2", recorded=on("2026-02-01"))
        undated = diagnosis(reference="Condition/3")
        other = diagnosis("head-injury", "Condition/4", recorded=on("2020-01-01"))
        assert self.look(after, other, new=True).truth is MET
        assert self.look(before, new=True).truth is NOT_MET
        assert self.look(before, after, new=True).truth is NOT_MET
        assert self.look(undated, new=True).truth is UNKNOWN
        assert self.look(after, new=True, start=None).truth is MET


class TestAllergies:
    @pytest.mark.parametrize(
        ("asked", "entry", "truth"),
        [
            ({}, {}, MET),
            ({}, {"active": False}, NOT_MET),
            ({"status": "inactive"}, {"active": False}, MET),
            ({"status": "inactive"}, {}, NOT_MET),
            ({"type": "allergy"}, {}, MET),
            ({"type": "allergy"}, {"intolerance": True}, NOT_MET),
            ({"type": "intolerance"}, {"intolerance": True}, MET),
            ({"type": "intolerance"}, {}, NOT_MET),
            ({"type": "any"}, {"intolerance": True}, MET),
        ],
    )
    def test_status_and_type(self, asked: dict[str, Any], entry: dict[str, Any], truth: Truth) -> None:
        found = patient(allergies=[allergy(**entry)])
        assert look({"allergy": "penicillin"} | asked, found).truth is truth

    def test_the_substance_of_a_reaction_counts_like_the_code(self) -> None:
        several = AllergyFact("AllergyIntolerance/1", (UNMAPPED, coded("penicillin")))
        assert look({"allergy": "penicillin"}, patient(allergies=[several])).truth is MET
        nameless = AllergyFact("AllergyIntolerance/1", ())
        assert look({"allergy": "penicillin"}, patient(allergies=[nameless])).truth is UNKNOWN

    def test_an_entry_that_nobody_confirmed_is_marked(self) -> None:
        doubtful, sure = allergy(suspected=True), allergy(reference="AllergyIntolerance/2")
        marked = look({"allergy": "penicillin"}, patient(allergies=[doubtful]))
        assert marked.notes == ("the allergy entry is not confirmed",)
        assert look({"allergy": "penicillin"}, patient(allergies=[doubtful, sure])).notes == ()


class TestProcedures:
    @pytest.mark.parametrize(
        ("asked", "done", "date", "truth"),
        [
            ({}, True, None, MET),
            ({}, False, None, NOT_MET),
            ({"status": "planned"}, False, None, MET),
            ({"status": "any"}, False, None, MET),
            ({"within": "1 month"}, True, "2026-03-01", MET),
            ({"within": "1 month"}, True, "2026-01-01", NOT_MET),
            ({"within": "1 month"}, True, None, UNKNOWN),
            ({"within": "1 month"}, True, "2026", UNKNOWN),
            ({"status": "planned", "within": "1 month"}, False, "2026-04-01", MET),
            ({"status": "planned", "within": "1 month"}, False, "2026-05-01", NOT_MET),
            ({"status": "planned", "within": "1 month"}, False, "2026-03-01", NOT_MET),
        ],
    )
    def test_done_or_planned_in_a_time(
        self, asked: dict[str, Any], done: bool, date: str | None, truth: Truth
    ) -> None:
        found = procedure(done=done, performed=on(date) if date else None)
        finding = look({"procedure": "pump-implant"} | asked, patient(procedures=[found]))
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["1 entry of the list of procedures has no date, or one too coarse"]

    def test_what_was_done_on_a_day_to_come_was_done_nobody_knows_when(self) -> None:
        found = patient(procedures=[procedure(done=True, performed=on("2026-04-01"))])
        finding = look({"procedure": "pump-implant", "within": "1 month"}, found)
        assert (finding.truth, reasons(finding)) == (
            UNKNOWN,
            ["1 entry of the list of procedures has a date that lies ahead"],
        )

    def test_what_may_not_have_come_to_its_end_is_unknown(self) -> None:
        unsure = procedure(certain=False)
        finding = look({"procedure": "pump-implant"}, patient(procedures=[unsure]))
        assert reasons(finding) == [
            "1 entry of the list of procedures does not say that all was brought to an end"
        ]
        assert look({"procedure": "pump-implant"}, patient(procedures=[unsure, procedure()])).truth is MET
        assert look({"procedure": "refill"}, patient(procedures=[unsure])).truth is NOT_MET


def on_the_pump(hook: str, **lists: Any) -> PatientFacts:
    """A patient who already has the medicine, and no order of it."""
    return patient(hook=hook, medications=[pump()], **lists)


class TestOnlyWhatIsNewWhereThePatientHasTheMedicine:
    """What such a patient has long had is no news when something is added or ordered."""

    def test_a_diagnosis_that_is_being_added(self) -> None:
        old, added = diagnosis(reference="Condition/old"), diagnosis(reference="Condition/new", draft=True)
        other = diagnosis("head-injury", "Condition/new", draft=True)
        hook, epilepsy = "problem-list-item-create", {"condition": "epilepsy"}
        assert look(epilepsy, on_the_pump(hook, conditions=[old, other])).truth is NOT_MET
        finding = look(epilepsy, on_the_pump(hook, conditions=[old, added]))
        assert [source.reference for source in finding.evidence] == ["Condition/new"]
        assert look(epilepsy, on_the_pump("patient-view", conditions=[old])).truth is MET

    def test_what_is_being_recorded_and_has_no_date_begins_now(self) -> None:
        lately = {"condition": "epilepsy", "within": "7 days"}
        hook = "problem-list-item-create"
        assert look(lately, on_the_pump(hook, conditions=[diagnosis(draft=True)])).truth is MET
        old = diagnosis(draft=True, onset=on("2019"))
        assert look(lately, on_the_pump(hook, conditions=[old])).truth is NOT_MET

    def test_the_list_itself_need_not_have_arrived_but_what_could_not_be_read_may_be_new(self) -> None:
        hook, epilepsy = "problem-list-item-create", {"condition": "epilepsy"}
        failed = FactList(ListState.FAILED, (diagnosis("head-injury", draft=True),))
        assert look(epilepsy, on_the_pump(hook, conditions=failed)).truth is NOT_MET
        unread: FactList[ConditionFact] = FactList(ListState.PRESENT, (), (Gap("Condition/new", "no code"),))
        assert look(epilepsy, on_the_pump(hook, conditions=unread)).truth is UNKNOWN

    def test_an_allergy_that_is_being_added(self) -> None:
        old = allergy("baclofen", "AllergyIntolerance/old")
        added = allergy("penicillin", "AllergyIntolerance/new", draft=True)
        found = on_the_pump("allergyintolerance-create", allergies=[old, added])
        assert look({"allergy": "baclofen"}, found).truth is NOT_MET
        assert look({"allergy": "penicillin"}, found).truth is MET

    def test_a_service_of_the_session_where_orders_are_under_review(self) -> None:
        def look_for(hook: str, found: ServiceFact, **more: Any) -> Truth:
            return look({"service": "refill"}, on_the_pump(hook, services=[found], **more)).truth

        assert look_for("order-sign", service(draft=True)) is MET
        assert look_for("order-sign", service()) is NOT_MET
        assert look_for("order-sign", service(), orders=[order()]) is MET
        assert look_for("patient-view", service()) is MET
