"""What brings rules up: orders of the medicine, therapy with it, what stops it, and what has ended."""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding
from engine.facts import (
    DeviceFact,
    FactList,
    Gap,
    ListState,
    MedicationFact,
    OrderAction,
    PatientFacts,
    TherapyStatus,
)
from engine.finding import Truth
from engine.record import Record
from engine.rule import Hook
from engine.subjects import Subject, bringing_up, subjects
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    UNMAPPED,
    device,
    dosage,
    medicine,
    on,
    order,
    patient,
    pump,
    rule,
)

MET, UNKNOWN = Truth.MET, Truth.UNKNOWN


def found(facts: PatientFacts) -> tuple[Subject, ...]:
    return subjects(MEDICINE, Record(facts, CONCEPTS))


def brought_up(by: list[str], facts: PatientFacts) -> list[tuple[str, Truth]]:
    """The kinds of subject that bring a rule up, and how certain each is."""
    hook = Hook(facts.hook)
    wanted = rule(brought_up_by=by)
    return [
        (subject.kind, subject.certainty) for subject in bringing_up(wanted.brought_up_by, found(facts), hook)
    ]


class TestOrders:
    def test_each_selected_order_of_the_medicine_is_one(self) -> None:
        orders = [
            order(reference="MedicationRequest/1"),
            order("opioids", reference="MedicationRequest/2"),
            order(reference="MedicationRequest/3", selected=False),
            order(reference="MedicationRequest/4"),
        ]
        subject, other = found(patient(orders=orders))
        assert (subject.kind, subject.certainty, subject.order) == ("order", MET, "MedicationRequest/1")
        assert (subject.label, subject.evidence[0].reference) == ("baclofen", "MedicationRequest/1")
        assert (subject.medication, other.order) == (orders[0], "MedicationRequest/4")

    def test_one_whose_status_cannot_be_read_is_an_order_and_may_be_a_stop(self) -> None:
        ordered, stopped = found(patient(orders=[order(action=OrderAction.UNKNOWN)]))
        assert (ordered.kind, ordered.certainty, ordered.missing) == ("order", MET, ())
        assert (stopped.kind, stopped.certainty, stopped.order) == (
            "stop",
            UNKNOWN,
            "MedicationRequest/order",
        )
        assert [(entry.what, entry.why) for entry in stopped.missing] == [
            ("whether this order stops intrathecal baclofen", "its status cannot be read")
        ]
        assert not found(patient(orders=[order("opioids", action=OrderAction.UNKNOWN)]))[1:]

    @pytest.mark.parametrize(
        ("action", "kind"),
        [
            (OrderAction.START, "order"),
            (OrderAction.CHANGE, "order"),
            (OrderAction.STOP, "stop"),
            (OrderAction.HOLD, "stop"),
        ],
    )
    def test_what_stops_or_holds_it_is_not_an_order_of_it(self, action: OrderAction, kind: str) -> None:
        (subject,) = found(patient(orders=[order(action=action)]))
        assert (subject.kind, subject.order) == (kind, "MedicationRequest/order")

    @pytest.mark.parametrize(
        ("what", "why"),
        [
            ("baclofen", "no route, product, form or concentration says so"),
            (UNMAPPED, "it has no code that is known here"),
            (CodedText(text="Baclofen"), "it has no code that is known here"),
            (CodedText((Coding(SYSTEMS["rxnorm"].uri, "999"),)), "it has no code that is known here"),
        ],
    )
    def test_one_that_cannot_be_told_from_a_sibling_says_why(self, what: Any, why: str) -> None:
        (subject,) = found(patient(orders=[order(what, None)]))
        assert (subject.certainty, [entry.why for entry in subject.missing]) == (UNKNOWN, [why])
        assert subject.missing[0].references == ("MedicationRequest/order",)

    @pytest.mark.parametrize(
        ("count", "why"),
        [(1, "1 order of this session could not be read"), (2, "2 orders of this session could not be read")],
    )
    def test_those_that_could_not_be_read_are_one_subject_so_that_rules_do_not_stay_silent(
        self, count: int, why: str
    ) -> None:
        gaps = tuple(Gap(f"MedicationRequest/{number}", "no medicine") for number in range(count))
        (subject,) = found(patient(order_gaps=gaps))
        assert (subject.kind, subject.certainty, subject.order) == ("order", UNKNOWN, None)
        assert subject.missing[0].why == why
        assert len(subject.missing[0].references) == count


class TestTherapy:
    def test_it_stands_for_the_patient_and_has_no_order(self) -> None:
        (subject,) = found(patient(medications=[pump()]))
        assert (subject.kind, subject.certainty, subject.label, subject.order) == (
            "therapy", MET, "baclofen", None,
        )  # fmt: skip

    def test_known_only_from_a_pump_it_has_the_medicines_name_and_no_entry(self) -> None:
        therapy, over = found(patient(devices=[device()]))
        assert (therapy.kind, therapy.certainty, therapy.label) == (
            "therapy",
            UNKNOWN,
            "intrathecal baclofen",
        )
        assert therapy.medication is None
        assert (over.kind, over.certainty) == ("ended", UNKNOWN)

    def test_nothing_brings_a_rule_up_for_a_patient_without_the_medicine(self) -> None:
        assert found(patient(orders=[order("opioids")], medications=[medicine("opioids")])) == ()

    def test_something_points_to_it_where_it_is_unknown_or_nothing_does(self) -> None:
        def suspected(*medications: MedicationFact, devices: tuple[DeviceFact, ...] = ()) -> list[bool]:
            return [subject.suspected for subject in found(patient(medications=medications, devices=devices))]

        anything = MedicationFact("MedicationRequest/1", CodedText(text="the white pills"))
        substance = replace(pump(reference="MedicationRequest/2"), dosages=())
        over = pump(reference="MedicationRequest/3", status=TherapyStatus.ENDED)
        assert suspected(anything) == [False, False]
        assert suspected(anything, substance) == [True, True]
        assert suspected(devices=(device(),)) == [True, True]
        assert suspected(anything, over) == [False, True]

    def test_of_several_entries_that_ended_the_last_to_end_stands_for_the_therapy(self) -> None:
        older = pump(reference="MedicationRequest/1", status=TherapyStatus.ENDED, ended=on("2025-01-01"))
        newer = replace(older, reference="MedicationRequest/2", ended=on("2026-02-01"))
        (subject,) = found(patient(medications=[newer, older]))
        assert (subject.kind, subject.medication, subject.order) == ("ended", newer, None)


class TestWhichOfThemBringARuleUp:
    def test_therapy_is_news_whenever_anything_is_ordered_only_for_rules_that_say_so(self) -> None:
        facts = patient(medications=[pump()], orders=[order("opioids")])
        assert brought_up(["order", "therapy"], facts) == [("therapy", MET)]
        assert brought_up(["order", "record"], facts) == []

    @pytest.mark.parametrize("hook", ["patient-view", "problem-list-item-create", "encounter-start"])
    def test_the_record_brings_therapy_up_where_no_orders_are_under_review(self, hook: str) -> None:
        facts = patient(medications=[pump()], hook=hook)
        assert brought_up(["order", "record"], facts) == [("therapy", MET)]
        assert brought_up(["order"], facts) == []

    def test_an_order_of_the_medicine_itself_hides_the_therapy(self) -> None:
        facts = patient(medications=[pump()], orders=[order()])
        assert brought_up(["order", "record"], facts) == [("order", MET)]
        assert brought_up(["order", "therapy"], facts) == [("order", MET)]
        assert brought_up(["therapy"], facts) == [("therapy", MET)]

    def test_an_order_that_may_be_of_the_medicine_hides_nothing(self) -> None:
        facts = patient(medications=[pump()], orders=[order(route=None)])
        assert brought_up(["order", "therapy"], facts) == [("order", UNKNOWN), ("therapy", MET)]

    def test_only_what_stops_it_brings_up_the_rules_about_stopping(self) -> None:
        facts = patient(medications=[pump()], orders=[order(action=OrderAction.STOP)])
        assert brought_up(["stop"], facts) == [("stop", MET)]
        assert brought_up(["order"], facts) == []
        assert brought_up(["stop", "therapy"], facts) == [("stop", MET), ("therapy", MET)]


class TestTherapyThatHasEnded:
    OVER = pump(reference="MedicationRequest/1", status=TherapyStatus.ENDED)

    def look(self, *medications: MedicationFact, by: str = "ended", **more: Any) -> list[tuple[str, Truth]]:
        facts = patient(**({"hook": "patient-view", "medications": medications} | more))
        return brought_up(["record", by], facts)

    def test_it_brings_up_the_rules_that_wait_for_it(self) -> None:
        assert self.look(self.OVER) == [("ended", MET)]
        assert self.look(self.OVER, by="stop") == []
        assert self.look(self.OVER, pump()) == [("therapy", MET)]
        assert self.look(self.OVER, pump(status=TherapyStatus.PLANNED)) == []
        assert self.look(pump(status=TherapyStatus.ENDED, dosages=[dosage(once=True)])) == []

    def test_therapy_that_may_go_on_has_not_certainly_ended(self) -> None:
        assert self.look(self.OVER, medicine(UNMAPPED, "intrathecal")) == [("therapy", UNKNOWN)]
        partial = FactList(ListState.PARTIAL, (self.OVER,))
        assert self.look(medications=partial) == [("therapy", UNKNOWN)]

    def test_a_pump_without_an_entry_of_its_medicine_is_told_of_once(self) -> None:
        assert self.look(devices=[device()]) == [("therapy", UNKNOWN)]
        assert self.look(self.OVER, devices=[device()]) == [("ended", MET)]
