"""Conditions on the order under review: route, doses, way of giving, what is in it, why, and what it does."""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding
from engine.facts import UNREAD_ROUTE, Dosage, Gap, Ingredient, MedicationFact, OrderAction
from engine.finding import Finding, Truth
from engine.quantity import Quantity
from engine.record import Record
from engine.subjects import Subject, subjects
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    UNMAPPED,
    coded,
    device,
    dosage,
    medicine,
    on,
    order,
    patient,
    pump,
    reasons,
)
from tests.engine.builders import look as look_at

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN


def about(
    condition: dict[str, Any], under_review: MedicationFact, *others: MedicationFact, **more: Any
) -> Finding:
    """What a condition comes to for an order of the medicine."""
    return look_at(condition, patient(orders=(under_review, *others), **more))


class TestRoute:
    @pytest.mark.parametrize(
        ("routes", "right", "wrong", "stated"),
        [
            (["intrathecal"], MET, NOT_MET, MET),
            (["intravenous"], NOT_MET, MET, MET),
            (["intrathecal", "intravenous"], MET, MET, MET),
            (["intrathecal", None], MET, UNKNOWN, MET),
            (["intravenous", None], UNKNOWN, MET, MET),
            ([None], UNKNOWN, UNKNOWN, NOT_MET),
            ([], UNKNOWN, UNKNOWN, NOT_MET),
            ([UNMAPPED], UNKNOWN, UNKNOWN, MET),
            ([CodedText(text="i.th.")], UNKNOWN, UNKNOWN, NOT_MET),
            ([CodedText(text="Intrathecal (not intravenously)")], MET, NOT_MET, MET),
            ([CodedText(text="intravenously")], NOT_MET, MET, MET),
            ([CodedText(text="I.V. slowly")], NOT_MET, MET, MET),
            ([CodedText(text="not intrathecally")], UNKNOWN, UNKNOWN, NOT_MET),
            ([CodedText(text="not intrathecally, give intravenously")], NOT_MET, MET, MET),
            ([CodedText(text="intrathecal or intravenous")], UNKNOWN, UNKNOWN, MET),
            # Words stand in for codes that nobody knows, and for none that are known.
            ([replace(UNMAPPED, text="intravenously")], NOT_MET, MET, MET),
            ([CodedText((Coding("urn:oid:1.2.3.4", "15", "Intrathecal"),))], MET, NOT_MET, MET),
            ([replace(coded("intravenous"), text="intrathecal")], NOT_MET, MET, MET),
            # One route that is said to be two at once leaves it open.
            ([CodedText(coded("intrathecal").codings + coded("intravenous").codings)], UNKNOWN, UNKNOWN, MET),
        ],
    )
    def test_every_instruction_is_looked_at(
        self, routes: list[Any], right: Truth, wrong: Truth, stated: Truth
    ) -> None:
        found = order("pump-product", dosages=[dosage(route) for route in routes])
        assert about({"route": {"is": "intrathecal"}}, found).truth is right
        assert about({"route": {"other_than": "intrathecal"}}, found).truth is wrong
        assert about({"route": {"stated": True}}, found).truth is stated
        assert about({"route": {"stated": False}}, found).truth is ~stated

    def test_a_route_that_cannot_be_read_is_said(self) -> None:
        finding = about({"route": {"is": "intrathecal"}}, order("pump-product", None))
        assert reasons(finding) == ["the order does not state a route that can be read"]

    def test_the_card_can_name_every_route_once(self) -> None:
        found = order("pump-product", dosages=[dosage("intravenous"), dosage("oral"), dosage("oral")])
        assert about({"route": {"other_than": "intrathecal"}}, found).values == {
            "label": "intravenous and oral"
        }

    def test_a_route_in_words_is_marked(self) -> None:
        finding = about({"route": {"is": "intrathecal"}}, order("baclofen", CodedText(text="intrathecal")))
        assert finding.notes == ("the route was recognised from text, it has no code that is known",)
        assert about({"route": {"is": "intrathecal"}}, order()).notes == ()


def dose_is(of: str, **test: Any) -> dict[str, Any]:
    return {"dose": {"of": of} | test}


class TestDose:
    BOLUS = dosage(dose="60 ug", once=True)
    INFUSION = dosage(rate="0.1 mL/h", daily="600 ug/d")

    @pytest.mark.parametrize(
        ("instruction", "bolus", "day"),
        [
            (BOLUS, MET, NOT_MET),
            (INFUSION, NOT_MET, MET),
            (dosage(dose="60 ug"), MET, UNKNOWN),  # once or many times? both are looked at
            (dosage(rate="0.1 mL/h"), NOT_MET, UNKNOWN),
            (dosage(once=True), UNKNOWN, UNKNOWN),
            (dosage(), UNKNOWN, UNKNOWN),
            (dosage(dose="1 mL", once=True), UNKNOWN, NOT_MET),
            (dosage(daily="2 mL/d"), NOT_MET, UNKNOWN),
        ],
    )
    def test_a_single_dose_is_not_a_daily_dose(self, instruction: Dosage, bolus: Truth, day: Truth) -> None:
        found = order(dosages=[instruction])
        assert about(dose_is("bolus", above="50 ug"), found).truth is bolus
        assert about(dose_is("day", above="500 ug/d"), found).truth is day

    def test_the_highest_of_several_decides_and_what_cannot_be_read_leaves_it_open(self) -> None:
        high, low, none, volume = (dosage(dose=dose, once=True) for dose in ("60 ug", "40 ug", None, "1 mL"))
        above = dose_is("bolus", above="50 ug")
        assert about(above, order(dosages=[low, high])).truth is MET
        assert about(above, order(dosages=[low, low])).truth is NOT_MET
        assert about(above, order(dosages=[low, none])).truth is UNKNOWN
        assert about(above, order(dosages=[high, none])).truth is MET
        assert about(above, order(dosages=[volume, high])).truth is MET
        assert reasons(about(above, order(dosages=[volume]))) == [
            "the amount cannot be compared with the limit"
        ]

    def test_the_card_can_name_the_amount_that_decided(self) -> None:
        found = order(dosages=[dosage(dose="40 ug", once=True), dosage(dose="0.06 mg", once=True)])
        assert about(dose_is("bolus", above="50 ug"), found).values == {"value": "0.06", "unit": "mg"}

    @pytest.mark.parametrize(
        ("instructions", "why"),
        [([dosage()], "the order does not state it"), ([], "the order does not state it"),
         ([dosage(once=True, problems=("the dose has no unit",))], "the dose has no unit")],
    )  # fmt: skip
    def test_why_there_is_no_amount_is_said(self, instructions: list[Dosage], why: str) -> None:
        finding = about(dose_is("bolus", above="50 ug"), order(dosages=instructions))
        assert (finding.truth, reasons(finding)) == (UNKNOWN, [why])

    def test_an_amount_that_lies_on_both_sides_of_the_limit_is_open_for_the_reason_of_its_instruction(
        self,
    ) -> None:
        volume = "the amount is a volume, and the concentration is not known"
        for problems in ((volume,), (UNREAD_ROUTE, volume)):
            found = order(dosages=[dosage(dose="1 mL", once=True, problems=problems)])
            assert reasons(about(dose_is("bolus", above="50 ug"), found)) == [volume]

    def test_whether_it_is_stated_can_be_asked(self) -> None:
        assert about(dose_is("bolus", stated=True), order(dosages=[self.BOLUS])).truth is MET
        assert about(dose_is("bolus", stated=False), order(dosages=[dosage(once=True)])).truth is MET

    @pytest.mark.parametrize(
        ("strength", "truth"),
        [("50 ug/mL", MET), ("0.05 mg/mL", MET), ("60 ug/mL", NOT_MET), ("10 mg", UNKNOWN), (None, UNKNOWN)],
    )
    def test_the_concentration_can_be_one_of_those_that_exist(
        self, strength: str | None, truth: Truth
    ) -> None:
        listed = dose_is("concentration", one_of=["50 ug/mL", "500 ug/mL"])
        assert about(listed, order(strength=strength)).truth is truth

    def test_the_concentration_of_something_else_in_the_mixture_is_not_its_own(self) -> None:
        mixture = order(
            ingredients=(
                Ingredient(coded("opioids"), Quantity.parse("10 mg/mL")),
                Ingredient(coded("baclofen"), Quantity.parse("1 mg/mL")),
            )
        )
        assert about(dose_is("concentration", above="2 mg/mL"), mixture).truth is NOT_MET


class TestDoseBesideThoseBefore:
    @pytest.mark.parametrize(
        ("test", "met", "not_met"),
        [({"rise_above": 30}, "261 ug/d", "260 ug/d"), ({"fall_above": 20}, "159 ug/d", "160 ug/d")],
    )
    def test_a_change_is_compared_with_the_dose_that_ran_before(
        self, test: dict[str, Any], met: str, not_met: str
    ) -> None:
        def look(daily: str, *record: MedicationFact) -> Finding:
            return about(dose_is("day", **test), order(dosages=[dosage(daily=daily)]), medications=record)

        running = pump(dosages=[dosage(daily="200 ug/d")])
        assert look(met, running).truth is MET
        assert look(not_met, running).truth is NOT_MET
        assert look(met).truth is NOT_MET, "nothing ran before"
        assert reasons(look(met, pump())) == ["the therapy's dose before is not known"]

    def test_without_a_known_therapy_nothing_is_known_of_the_dose_before(self) -> None:
        """Baclofen without a route is tablets or pump: 30 mg of tablets are no dose before."""
        now = order(dosages=[dosage(daily="100 ug/d")])
        tablets = medicine("baclofen", dosages=[dosage(None, daily="30 mg/d")])
        for test in (
            {"fall_above": 20},
            {"rise_above": 20},
            {"above_test_dose": {"times": 2, "largest": "100 ug"}},
        ):
            assert about(dose_is("day", **test), now, medications=[tablets]).truth is UNKNOWN
        running = pump(dosages=[dosage(daily="200 ug/d")])
        assert about(dose_is("day", fall_above=20), now, medications=[tablets, running]).truth is MET

    def test_a_first_daily_dose_is_compared_with_the_test_dose(self) -> None:
        test = {"above_test_dose": {"times": 2, "largest": "100 ug"}}
        given = pump(
            kind="administration", started=on("2026-03-01"), dosages=[dosage(dose="50 ug", once=True)]
        )

        def first(daily: str, *record: MedicationFact) -> Finding:
            return about(dose_is("day", **test), order(dosages=[dosage(daily=daily)]), medications=record)

        assert first("101 ug/d", given).truth is MET
        assert first("100 ug/d", given).truth is NOT_MET
        assert first("900 ug/d", given, pump(dosages=[dosage(daily="900 ug/d")])).truth is NOT_MET
        assert reasons(first("100 ug/d")) == ["the test dose is not on record"]


SOMETHING_ELSE = {"ingredient": {"other_than": ["baclofen", "sodium-chloride"]}}


class TestIngredients:
    def mixture(self, *codes: Any) -> MedicationFact:
        return order(
            ingredients=tuple(Ingredient(c if isinstance(c, CodedText) else coded(c)) for c in codes)
        )

    def test_each_is_looked_at_and_those_that_decide_are_named(self) -> None:
        finding = about(SOMETHING_ELSE, self.mixture("baclofen", "opioids", "sodium-chloride"))
        assert (finding.truth, finding.values) == (MET, {"label": "opioids"})
        assert about(SOMETHING_ELSE, self.mixture("baclofen", "sodium-chloride")).truth is NOT_MET
        assert about(SOMETHING_ELSE, self.mixture("baclofen", UNMAPPED)).truth is UNKNOWN
        assert about({"ingredient": {"is": "opioids"}}, self.mixture("baclofen", "opioids")).truth is MET

    def test_a_product_that_lists_none_is_only_what_it_is_called(self) -> None:
        assert about(SOMETHING_ELSE, order()).truth is NOT_MET
        assert about(SOMETHING_ELSE, order(CodedText(text="baclofen mix"))).truth is UNKNOWN
        assert reasons(about({"ingredient": {"is": "opioids"}}, order())) == ["the order does not list them"]


class TestCodesOfTheOrder:
    @pytest.mark.parametrize(
        ("noun", "field", "what"),
        [("reason", "reasons", "spasticity"), ("category", "category", "inpatient")],
    )
    def test_reason_and_category(self, noun: str, field: str, what: str) -> None:
        def look(*codes: CodedText) -> Finding:
            more: dict[str, Any] = {field: codes}
            return about({noun: what}, order(**more))

        assert look(coded(what)).truth is MET
        assert look(coded("epilepsy"), coded(what)).truth is MET
        assert look(coded("pregnancy")).truth is NOT_MET
        assert look().truth is NOT_MET
        assert reasons(look(UNMAPPED)) == [f"the order's {noun} has no code that is known here"]

    @pytest.mark.parametrize(
        ("expiry", "truth"),
        [
            ("2026-03-14", MET),
            ("2026-03-15", NOT_MET),
            ("2026-02", MET),
            ("2026-03", NOT_MET),
            ("2026-03-15T11:00:00Z", MET),
            ("2026-03-15T13:00:00Z", NOT_MET),
            (None, NOT_MET),
        ],
    )
    def test_a_batch_has_expired_after_its_last_day(self, expiry: str | None, truth: Truth) -> None:
        found = order(batch_expiry=on(expiry) if expiry else None)
        assert about({"batch": "expired"}, found).truth is truth

    @pytest.mark.parametrize(("expiry", "truth"), [("2026-02", MET), ("2026-03", UNKNOWN), (None, UNKNOWN)])
    def test_one_that_cannot_be_read_may_have_expired(self, expiry: str | None, truth: Truth) -> None:
        found = order(batch_expiry=on(expiry) if expiry else None, batch_problem="nobody can read it")
        finding = about({"batch": "expired"}, found)
        assert finding.truth is truth
        assert reasons(finding) == (["nobody can read it"] if truth is UNKNOWN else [])


ACTIONS = [action for action in OrderAction if action is not OrderAction.UNKNOWN]


class TestWhatTheOrderDoes:
    @pytest.mark.parametrize("does", ACTIONS)
    def test_action(self, does: OrderAction) -> None:
        for asked in ACTIONS:
            finding = about({"action": asked.value}, order(action=does))
            assert finding.truth is (MET if asked is does else NOT_MET)

    @pytest.mark.parametrize("asked", ACTIONS)
    def test_an_order_whose_status_cannot_be_read_may_do_anything(self, asked: OrderAction) -> None:
        finding = about({"action": asked.value, "reason": "spasticity"}, order(action=OrderAction.UNKNOWN))
        assert finding.truth is UNKNOWN
        assert reasons(finding) == ["its status cannot be read"]

    def test_an_action_can_need_its_reason(self) -> None:
        stop = {"action": "stop", "reason": "spasticity"}
        assert about(stop, order(action=OrderAction.STOP, status_reason=coded("spasticity"))).truth is MET
        assert about(stop, order(action=OrderAction.STOP, status_reason=UNMAPPED)).truth is UNKNOWN
        assert about(stop, order(action=OrderAction.STOP)).truth is NOT_MET
        assert about(stop, order(status_reason=coded("spasticity"))).truth is NOT_MET


class TestTaper:
    DOWN = tuple(
        dosage(daily=f"{dose} ug/d", sequence=place) for place, dose in enumerate((300, 200, 100), 1)
    )
    STOP = order(reference="MedicationRequest/stop", action=OrderAction.STOP)

    def test_it_is_planned_in_the_order_itself_or_in_another_of_the_medicine(self) -> None:
        assert about({"taper": "planned"}, order(dosages=self.DOWN)).truth is MET
        assert about({"taper": "planned"}, self.STOP, order(dosages=self.DOWN)).truth is MET
        assert about({"taper": "planned"}, self.STOP, order()).truth is NOT_MET
        stopped = order(dosages=self.DOWN, action=OrderAction.STOP)
        assert about({"taper": "planned"}, self.STOP, stopped).truth is NOT_MET

    def test_to_taper_something_else_off_makes_no_stop_gradual(self) -> None:
        """A course of prednisolone beside it must not silence the card about an abrupt stop of the pump."""
        other = order("opioids", dosages=[replace(step, route=coded("oral")) for step in self.DOWN])
        assert about({"taper": "planned"}, self.STOP, other).truth is NOT_MET

    def test_what_may_be_the_medicine_may_be_its_taper(self) -> None:
        doubtful = order(dosages=[replace(step, route=None) for step in self.DOWN])
        assert reasons(about({"taper": "planned"}, self.STOP, doubtful)) == [
            "an order with a falling dose cannot be told from intrathecal baclofen"
        ]


NOUNS_OF_THE_ORDER: list[dict[str, Any]] = [
    {"route": {"stated": True}}, dose_is("day", above="1 ug/d"), {"given_as": "bolus"}, {"ingredient": {"is": "opioids"}},
    {"reason": "spasticity"}, {"category": "inpatient"}, {"batch": "expired"}, {"action": "start"}, {"taper": "planned"},
]  # fmt: skip


class TestNoOrderToLookAt:
    @pytest.mark.parametrize("condition", NOUNS_OF_THE_ORDER, ids=lambda condition: next(iter(condition)))
    def test_an_order_that_could_not_be_read_is_the_reason(self, condition: dict[str, Any]) -> None:
        facts = patient(order_gaps=(Gap("MedicationRequest/9", "it has no medicine"),))
        finding = look_at(condition, facts)
        assert (finding.truth, reasons(finding)) == (UNKNOWN, ["1 order of this session could not be read"])

    @pytest.mark.parametrize("condition", NOUNS_OF_THE_ORDER, ids=lambda condition: next(iter(condition)))
    def test_a_pump_without_a_medicine_is_the_reason(self, condition: dict[str, Any]) -> None:
        finding = look_at(condition, patient(devices=[device()]))
        if "category" in condition:  # there is no entry that could be in one
            assert finding.truth is NOT_MET
        else:
            assert reasons(finding) == ["a pump is on record, but not which medicine it holds"]


class TestCategoryOfTherapy:
    def look(self, *entries: MedicationFact) -> Finding:
        return look_at({"category": "inpatient"}, patient(medications=entries), self.therapy(*entries))

    def therapy(self, *entries: MedicationFact) -> Subject:
        (subject,) = subjects(MEDICINE, Record(patient(medications=entries), CONCEPTS))
        return subject

    def test_any_entry_may_have_it(self) -> None:
        ward = pump(reference="MedicationRequest/2", category=(coded("inpatient"),))
        unclear = pump(reference="MedicationRequest/3", category=(UNMAPPED,))
        assert self.look(pump()).truth is NOT_MET
        assert self.look(pump(), ward).truth is MET
        assert self.look(pump(), unclear).truth is UNKNOWN
