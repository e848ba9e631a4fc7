"""Conditions on other medicines: those the patient takes, took, or is being ordered beside the rule's own."""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding
from engine.facts import (
    UNREAD_ROUTE,
    FactList,
    Gap,
    ListName,
    ListState,
    MedicationFact,
    OrderAction,
    TherapyStatus,
)
from engine.finding import Finding, Truth
from engine.grammars import ATC
from tests.engine.builders import (
    UNMAPPED,
    coded,
    context,
    dosage,
    look,
    medicine,
    on,
    order,
    patient,
    pump,
    reasons,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
OPIOIDS, OWN = {"medication": "opioids"}, order()
PARACETAMOL = CodedText((Coding("http://www.whocc.no/atc", "N02BE01"),))
MORPHINE, TRAMADOL = (
    replace(coded("opioids"), codings=(replace(coded("opioids").codings[0], code=code),), text=name)
    for code, name in (("N02AA01", "Morphine"), ("N02AX02", "Tramadol"))
)


def beside(
    condition: dict[str, Any], *record: MedicationFact, orders: tuple[MedicationFact, ...] = ()
) -> Finding:
    """What a condition comes to where the rule's own medicine is being ordered."""
    return look(condition, patient(medications=record, orders=(OWN, *orders)))


class TestWhatThePatientTakes:
    @pytest.mark.parametrize(
        ("more", "truth"),
        [
            ({}, MET),
            ({"kind": "statement"}, MET),
            ({"kind": "administration"}, MET),  # it runs
            ({"kind": "administration", "status": TherapyStatus.ENDED}, NOT_MET),
            ({"kind": "dispense", "ended": on("2026-04-01")}, MET),
            ({"kind": "dispense"}, UNKNOWN),  # nobody knows since when, or for how long
            ({"kind": "dispense", "started": on("2026-03-14")}, UNKNOWN),
            ({"kind": "dispense", "started": on("2025-09-16")}, UNKNOWN),  # 180 days ago
            ({"kind": "dispense", "started": on("2025-09-15")}, NOT_MET),
            ({"kind": "dispense", "started": on("2025")}, UNKNOWN),
            ({"kind": "dispense", "authored": on("2024")}, NOT_MET),
            ({"status": TherapyStatus.ENDED}, NOT_MET),
            ({"status": TherapyStatus.PLANNED}, NOT_MET),
            ({"status": TherapyStatus.PLANNED, "started": on("2026-04-01")}, MET),
        ],
    )
    def test_current_orders_and_statements_count(self, more: dict[str, Any], truth: Truth) -> None:
        assert beside(OPIOIDS, medicine(MORPHINE, **more)).truth is truth

    def test_words_beside_a_code_that_says_otherwise_are_what_is_told_of_it(self) -> None:
        named = CodedText(PARACETAMOL.codings, "Paracetamol 500 mg / Morphine 10 mg")
        why = "words that may say so, beside a code that does not"
        listed, ordered = medicine(named), order(named, reference="MedicationRequest/order-2")
        assert reasons(beside(OPIOIDS, listed)) == [f"1 entry of the medication list has {why}"]
        assert reasons(beside(OPIOIDS, orders=(ordered,))) == [f"1 order of this session has {why}"]

    def test_what_was_handed_out_for_nobody_knows_how_long_leaves_it_open_and_says_so(self) -> None:
        finding = beside(OPIOIDS, medicine(MORPHINE, kind="dispense", started=on("2026-03-14")))
        assert reasons(finding) == [
            "1 entry of the medication list has no word of how long the supply lasts that was handed out"
        ]
        assert (
            beside({"medication": "opioids", "status": "ever"}, medicine(MORPHINE, kind="dispense")).truth
            is MET
        )

    def test_the_card_can_name_them(self) -> None:
        found = [medicine(MORPHINE, reference="MedicationRequest/1", started=on("2026-01-01")),
                 medicine(TRAMADOL, reference="MedicationRequest/2"),
                 medicine(MORPHINE, reference="MedicationRequest/3")]  # fmt: skip
        finding = beside(OPIOIDS, *found)
        assert finding.values == {
            "list": "Morphine and Tramadol", "count": "2", "label": "Morphine", "date": "1 Jan 2026",
        }  # fmt: skip
        assert len(finding.evidence) == 3

    def test_where_the_record_does_not_say_that_it_is_still_taken_the_card_does(self) -> None:
        finding = beside(OPIOIDS, medicine(MORPHINE, status_certain=False))
        assert finding.notes == ("Morphine: the record does not say whether it is still taken",)

    @pytest.mark.parametrize(
        ("product", "truth"),
        [
            (CodedText(text="Morphine sulfate 10 mg"), MET),
            (CodedText((Coding("urn:oid:1.2.3.4", "4711", "MORPHINE inj."),)), MET),
            (CodedText(text="no morphine"), UNKNOWN),
            (
                CodedText(text="Morphine", codings=(Coding("urn:oid:1.2.3.4", "4711", "morphine: stopped"),)),
                UNKNOWN,
            ),
            (CodedText(text="Apomorphine"), UNKNOWN),  # another word
            (CodedText(text="morphine and baclofen"), UNKNOWN),  # what runs in the pump itself, perhaps
            (CodedText(text="the white pills"), UNKNOWN),
            # A code denies it; but where that is in no list, words beside it that name it leave it open, whatever else they say.
            (CodedText(coded("sodium-chloride").codings, "instead of morphine"), NOT_MET),
            (CodedText(PARACETAMOL.codings, "500 mg"), NOT_MET),
            (CodedText(PARACETAMOL.codings, "paracetamol with morphine, if needed"), UNKNOWN),
            (CodedText(PARACETAMOL.codings, "instead of morphine"), UNKNOWN),
        ],
    )
    def test_without_a_code_that_is_known_the_name_of_an_ingredient_tells(
        self, product: CodedText, truth: Truth
    ) -> None:
        finding = beside(OPIOIDS, medicine(product))
        assert finding.truth is truth
        if truth is MET:
            assert finding.notes == (
                f"{product.label}: recognised by its name, it has no code that is known",
            )

    def test_the_name_of_what_does_not_count_tells_nothing(self) -> None:
        named = medicine(CodedText(text="Morphine 10 mg"))
        assert beside({"medication": "opioids", "excluding": ["opioids"]}, named).truth is UNKNOWN

    def test_what_is_about_to_begin_counts_and_the_card_says_when(self) -> None:
        found = medicine(MORPHINE, status=TherapyStatus.PLANNED, started=on("2026-03-16"))
        assert beside(OPIOIDS, found).notes == ("Morphine: begins on 16 Mar 2026",)

    @pytest.mark.parametrize("state", [ListState.NOT_SUPPLIED, ListState.FAILED, ListState.PARTIAL])
    def test_a_list_that_is_not_complete_denies_nothing(self, state: ListState) -> None:
        facts = patient(medications=FactList(state), orders=[OWN])
        assert (look(OPIOIDS, facts).truth, look(OPIOIDS, facts).missing[0].list) == (
            UNKNOWN,
            ListName.MEDICATIONS,
        )
        facts = patient(medications=FactList(state, (medicine(MORPHINE),)), orders=[OWN])
        assert look(OPIOIDS, facts).truth is MET

    @pytest.mark.parametrize(
        ("record", "why"),
        [
            (medicine(UNMAPPED), "1 entry of the medication list has no code that is known here"),
            (medicine("baclofen"), "baclofen cannot be told from intrathecal baclofen"),
        ],
    )
    def test_what_may_be_it_and_may_be_the_rules_own_leave_it_open(
        self, record: MedicationFact, why: str
    ) -> None:
        finding = beside({"medication": "relaxants"}, record)
        assert (finding.truth, reasons(finding)) == (UNKNOWN, [why])
        assert finding.evidence[0].reference == "MedicationRequest/1"

    def test_the_rules_own_medicine_is_never_the_other_one_but_its_sibling_is(self) -> None:
        assert beside({"medication": "relaxants"}, pump()).truth is NOT_MET
        assert beside({"medication": "relaxants"}, medicine("baclofen", "oral")).truth is MET

    def test_what_is_excluded_does_not_count(self) -> None:
        condition = {"medication": "relaxants", "excluding": ["baclofen"]}
        assert beside(condition, medicine("baclofen", "oral")).truth is NOT_MET
        assert beside(condition, medicine("relaxants")).truth is MET

    def test_any_medicine_is_any_but_the_rules_own(self) -> None:
        anything = {"medication": "any"}
        assert beside(anything, medicine(MORPHINE)).truth is MET
        assert beside(anything, medicine(UNMAPPED)).truth is MET
        assert beside(anything, pump()).truth is NOT_MET
        assert context(patient()).title("any") == "any medicine"


class TestHowMany:
    TWO = OPIOIDS | {"different": 2}

    def test_different_medicines_are_counted_not_entries(self) -> None:
        morphine, tramadol = medicine(MORPHINE), medicine(TRAMADOL, reference="MedicationRequest/2")
        again = medicine(MORPHINE, reference="MedicationRequest/3")
        assert beside(self.TWO, morphine, again).truth is NOT_MET
        assert beside(self.TWO, morphine, tramadol).truth is MET

    def test_it_is_open_only_while_the_doubtful_ones_could_make_up_the_number(self) -> None:
        morphine, unclear = medicine(MORPHINE), medicine(UNMAPPED, reference="MedicationRequest/2")
        assert beside(self.TWO, morphine, unclear).truth is UNKNOWN
        assert beside(self.TWO, unclear).truth is NOT_MET
        assert beside(OPIOIDS | {"different": 3}, morphine, unclear).truth is NOT_MET

    def test_those_that_nobody_can_tell_apart_leave_it_open(self) -> None:
        """A group of ATC twice: two of its medicines, or one of them."""
        group = [medicine(CodedText((Coding(ATC, "N02A"),), words), reference=words) for words in ("a", "b")]
        found = beside(self.TWO, *group)
        assert found.truth is UNKNOWN
        assert [entry.why for entry in found.missing] == [
            "the record does not say whether a and b are 2 different medicines"
        ]
        assert beside(OPIOIDS, *group).truth is MET

    def test_words_make_entries_without_codes_the_same(self) -> None:
        spoken = [
            medicine(CodedText(text=words), reference=f"MedicationRequest/{words}")
            for words in ("Hasj", "hasj")
        ]
        assert beside({"medication": "any", "different": 2}, *spoken).truth is NOT_MET


class TestByRoute:
    BY = OPIOIDS | {"route": "intrathecal"}
    ANY = {"medication": "any", "route": "intrathecal"}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("routes", "named", "anything"),
        [
            (["intrathecal"], MET, MET),
            (["oral"], NOT_MET, NOT_MET),
            (["oral", "intrathecal"], MET, MET),
            ([UNMAPPED], UNKNOWN, UNKNOWN),
            ([None], UNKNOWN, NOT_MET),
            ([], UNKNOWN, NOT_MET),
            (["oral", None], UNKNOWN, NOT_MET),
        ],
    )
    def test_without_a_route_a_medicine_of_the_kind_may_be_by_it_but_not_every_medicine(
        self, routes: list[Any], named: Truth, anything: Truth
    ) -> None:
        found = medicine(MORPHINE, dosages=[dosage(route) for route in routes])
        assert beside(self.BY, found).truth is named
        assert beside(self.ANY, found).truth is anything
        if named is UNKNOWN:
            assert reasons(beside(self.BY, found)) == [
                "1 entry of the medication list has no route that can be read"
            ]

    @pytest.mark.parametrize("beside_it", [[], [dosage("oral")]])
    def test_by_a_route_that_is_stated_and_cannot_be_read_any_medicine_may_be(
        self, beside_it: list[Any]
    ) -> None:
        found = medicine(MORPHINE, dosages=[dosage(None, problems=(UNREAD_ROUTE,)), *beside_it])
        assert beside(self.ANY, found).truth is UNKNOWN
        assert beside(self.BY, found).truth is UNKNOWN

    def test_an_uncoded_medicine_by_the_own_medicines_route_may_be_it(self) -> None:
        assert beside(self.ANY, medicine(UNMAPPED, "intrathecal")).truth is UNKNOWN
        assert beside(self.ANY, medicine(UNMAPPED, "oral")).truth is NOT_MET


class TestWhatThePatientTook:
    @pytest.mark.parametrize(
        ("ended", "truth"), [("2026-03-10", MET), ("2026-01-10", NOT_MET), ("2026", UNKNOWN), (None, UNKNOWN)]
    )
    def test_recently_ended(self, ended: str | None, truth: Truth) -> None:
        found = medicine(MORPHINE, status=TherapyStatus.ENDED, ended=on(ended) if ended else None)
        finding = beside(OPIOIDS | {"status": "recent", "within": "2 weeks"}, found)
        assert finding.truth is truth
        if truth is UNKNOWN:
            assert reasons(finding) == ["1 entry of the medication list has no date, or one too coarse"]

    def test_what_has_ended_on_a_day_to_come_may_have_ended_recently(self) -> None:
        found = medicine(MORPHINE, status=TherapyStatus.ENDED, ended=on("2026-04-10"))
        finding = beside(OPIOIDS | {"status": "recent", "within": "2 weeks"}, found)
        assert (finding.truth, reasons(finding)) == (
            UNKNOWN,
            ["1 entry of the medication list has a date that lies ahead"],
        )

    def test_what_is_still_taken_has_not_ended(self) -> None:
        assert (
            beside(OPIOIDS | {"status": "recent", "within": "2 weeks"}, medicine(MORPHINE)).truth is NOT_MET
        )

    @pytest.mark.parametrize(
        ("status", "truth"),
        [(TherapyStatus.CURRENT, MET), (TherapyStatus.ENDED, MET), (TherapyStatus.PLANNED, NOT_MET)],
    )
    def test_ever_is_whatever_was_not_only_planned(self, status: TherapyStatus, truth: Truth) -> None:
        found = medicine(MORPHINE, status=status, kind="administration")
        assert beside(OPIOIDS | {"status": "ever"}, found).truth is truth


class TestWhatIsBeingOrdered:
    @pytest.mark.parametrize(
        ("action", "truth"),
        [
            (OrderAction.START, MET),
            (OrderAction.CHANGE, MET),
            (OrderAction.UNKNOWN, MET),
            (OrderAction.HOLD, NOT_MET),
            (OrderAction.STOP, NOT_MET),
        ],
    )
    def test_what_is_begun_in_the_same_session_counts_as_taken(
        self, action: OrderAction, truth: Truth
    ) -> None:
        other = order(MORPHINE, "oral", reference="MedicationRequest/other", action=action)
        assert beside(OPIOIDS, orders=(other,)).truth is truth
        assert beside(OPIOIDS | {"status": "ever"}, orders=(other,)).truth is NOT_MET

    @pytest.mark.parametrize("ends", [OrderAction.STOP, OrderAction.HOLD])
    def test_what_the_session_stops_is_no_longer_taken(self, ends: OrderAction) -> None:
        taken = medicine(MORPHINE, reference="MedicationRequest/7")
        itself = order(MORPHINE, "oral", reference="MedicationRequest/7", action=ends)
        linked = order(
            MORPHINE, "oral", reference="MedicationRequest/8", replaces="MedicationRequest/7", action=ends
        )
        assert beside(OPIOIDS, taken).truth is MET
        assert beside(OPIOIDS, taken, orders=(itself,)).truth is NOT_MET
        assert beside(OPIOIDS, taken, orders=(linked,)).truth is NOT_MET

    def test_an_order_that_cannot_be_read_may_be_it(self) -> None:
        gaps = (Gap("MedicationRequest/9", "no medicine"), Gap("MedicationRequest/10", "no medicine"))
        finding = look(OPIOIDS, patient(orders=[OWN], order_gaps=gaps))
        assert (finding.truth, reasons(finding)) == (UNKNOWN, ["2 orders of this session could not be read"])

    def test_doubts_about_orders_are_told_apart_from_those_about_the_list(self) -> None:
        finding = beside(
            OPIOIDS, medicine(UNMAPPED), orders=(order(UNMAPPED, reference="MedicationRequest/9"),)
        )
        assert reasons(finding) == [
            "1 order of this session has no code that is known here",
            "1 entry of the medication list has no code that is known here",
        ]
        assert [entry.list for entry in finding.missing] == [None, ListName.MEDICATIONS]


class TestPairsThatThePatientHasLongHad:
    """Where therapy brings the rule up, the pair is news only when the other medicine is ordered."""

    def look(self, hook: str, *orders: MedicationFact, condition: dict[str, Any] = OPIOIDS) -> Truth:
        taken = medicine(MORPHINE)
        return look(condition, patient(hook=hook, medications=[pump(), taken], orders=orders)).truth

    def test_beside_other_orders_only_these_count(self) -> None:
        assert self.look("order-sign") is NOT_MET
        assert self.look("order-sign", order(TRAMADOL, "oral")) is MET
        assert self.look("order-sign", order(TRAMADOL, "oral", selected=False)) is NOT_MET
        assert self.look("order-sign", order(TRAMADOL, "oral", action=OrderAction.STOP)) is NOT_MET
        assert self.look("patient-view") is MET

    def test_a_medicine_of_the_past_is_no_news_when_something_is_ordered(self) -> None:
        recent = OPIOIDS | {"status": "recent", "within": "2 weeks"}
        ended = medicine(MORPHINE, status=TherapyStatus.ENDED, ended=on("2026-03-10"))
        facts = patient(medications=[pump(), ended], orders=[order(TRAMADOL, "oral")])
        assert look(recent, facts).truth is NOT_MET
        assert look(recent, replace(facts, hook="patient-view", orders=())).truth is MET


class TestAbruptly:
    """To lower a medicine step by step is not to stop it at once."""

    DOWN = tuple(
        dosage("oral", daily=f"{dose} mg/d", sequence=place) for place, dose in enumerate((30, 20, 10))
    )
    ABRUPT = {"order": "opioids", "action": "stop", "abrupt": True}  # noqa: RUF012

    def stop(self, *others: MedicationFact, what: Any = MORPHINE, **more: Any) -> Truth:
        stopped = order(what, "oral", reference="MedicationRequest/stop", action=OrderAction.STOP, **more)
        return beside(self.ABRUPT, orders=(stopped, *others)).truth

    def test_by_its_own_steps_or_those_of_another_order_for_it(self) -> None:
        lowered = order(MORPHINE, dosages=self.DOWN, reference="MedicationRequest/lowered")
        assert self.stop() is MET
        assert self.stop(dosages=self.DOWN) is NOT_MET
        assert self.stop(lowered) is NOT_MET

    def test_not_by_those_of_another_medicine_of_its_class(self) -> None:
        lowered = order(TRAMADOL, dosages=self.DOWN, reference="MedicationRequest/lowered")
        assert self.stop(lowered) is MET

    def test_an_entry_that_ended_recently_can_be_asked_the_same(self) -> None:
        recent = OPIOIDS | {"status": "recent", "within": "1 month", "abrupt": True}
        ended: dict[str, Any] = {"status": TherapyStatus.ENDED, "ended": on("2026-03-10")}
        assert beside(recent, medicine(MORPHINE, **ended)).truth is MET
        assert beside(recent, medicine(MORPHINE, dosages=self.DOWN, **ended)).truth is NOT_MET
