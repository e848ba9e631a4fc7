"""Whether an entry is the medicine in the pump or its sibling the tablet, and whether the patient has it now."""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary, Membership
from engine.facts import (
    FactList,
    Gap,
    Ingredient,
    ListName,
    ListState,
    MedicationFact,
    TherapyStatus,
)
from engine.finding import Truth
from engine.medicine import Medicine
from engine.medicines import Therapy, belongs, identity, medicine_in, route_in, strengths, therapy
from engine.quantity import Quantity
from engine.record import Record
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    UNMAPPED,
    coded,
    concept,
    device,
    diagnosis,
    dosage,
    medicine,
    on,
    order,
    past,
    patient,
    procedure,
    pump,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
YES, NO = Membership.YES, Membership.NO
IMPLANTED, REMOVED = (CodedText(text=f"{what} of intrathecal pump") for what in ("Implantation", "Removal"))
TABLET, SOLUTION = coded("tablet-product"), coded("pump-product")


def who(medication: MedicationFact) -> Truth:
    return identity(CONCEPTS, MEDICINE, medication)


def part(what: str | CodedText, strength: str | None = None, *, active: bool = True) -> Ingredient:
    code = what if isinstance(what, CodedText) else coded(what)
    return Ingredient(code, Quantity.parse(strength) if strength else None, active)


class TestAMedicineWithoutSiblings:
    ALONE = Medicine(id="baclofen", title="baclofen", substance="baclofen")

    @pytest.mark.parametrize(
        ("medication", "truth"),
        [
            (medicine("baclofen"), MET),
            (medicine("baclofen", "intravenous"), MET),
            (medicine("opioids"), NOT_MET),
            (medicine(UNMAPPED), UNKNOWN),
        ],
    )
    def test_is_told_by_its_substance_alone(self, medication: MedicationFact, truth: Truth) -> None:
        assert self.ALONE.alone
        assert identity(CONCEPTS, self.ALONE, medication) is truth

    @pytest.mark.parametrize("siblings", [{"other_routes": "oral"}, {"products": "pump-product"}])
    def test_and_has_none_as_soon_as_something_tells_it_from_another(self, siblings: dict[str, Any]) -> None:
        assert not replace(self.ALONE, **siblings).alone


class TestWhichOfTheSiblings:
    @pytest.mark.parametrize(
        ("medication", "truth"),
        [
            # The right route decides before all else: a tablet ordered intrathecally is a wrong order of this medicine.
            (medicine("baclofen", "intrathecal"), MET),
            (medicine(TABLET, "intrathecal"), MET),
            (medicine("baclofen", CodedText(text="intrathecally by pump")), MET),
            # Then its own product and its form, on whatever route.
            (medicine(SOLUTION), MET),
            (medicine(SOLUTION, "oral"), MET),
            (medicine("baclofen", "oral", form="solution"), MET),
            # Then a sibling's product or form, before a route that is wrong for both.
            (medicine(TABLET), NOT_MET),
            (medicine(TABLET, "intravenous"), NOT_MET),
            (medicine("baclofen", form="tablet"), NOT_MET),
            # Then a wrong parenteral route, then an enteral one.
            (medicine("baclofen", "intravenous"), MET),
            (medicine("baclofen", "oral"), NOT_MET),
            (medicine("baclofen", CodedText(text="by mouth")), NOT_MET),
            (medicine("baclofen", "oral", strength="2 mg/mL"), NOT_MET),
            # A concentration that no tablet or oral liquid has, before the enteral route.
            (medicine("baclofen", "oral", strength="50 ug/mL"), MET),
            # Last a concentration that it is sold in, in whatever unit.
            (medicine("baclofen", strength="500 ug/mL"), MET),
            (medicine("baclofen", strength="2 mg/mL"), MET),
            (medicine("baclofen", strength="0.5 mg/mL"), MET),
            (medicine("baclofen", strength="10 mg"), UNKNOWN),
            (medicine("baclofen", strength="1 mg/mL"), UNKNOWN),
            # Nothing of that: the record does not tell.
            (medicine("baclofen"), UNKNOWN),
            (medicine("baclofen", UNMAPPED), UNKNOWN),
            (medicine("baclofen", CodedText(text="as told")), UNKNOWN),
            (medicine("baclofen", dosages=[]), UNKNOWN),
        ],
    )  # fmt: skip
    def test_route_product_form_and_concentration_decide_in_this_order(
        self, medication: MedicationFact, truth: Truth
    ) -> None:
        assert who(medication) is truth

    def test_one_right_route_among_several_is_enough(self) -> None:
        assert who(medicine("baclofen", dosages=[dosage("oral"), dosage("intrathecal")])) is MET

    @pytest.mark.parametrize("what", ["opioids", "sodium-chloride"])
    def test_another_substance_is_not_it_on_any_route(self, what: str) -> None:
        assert who(medicine(what, "intrathecal")) is NOT_MET

    @pytest.mark.parametrize("what", [UNMAPPED, CodedText(text="Baclofen 10 mg"), CodedText()])
    def test_what_nobody_can_read_may_be_it(self, what: CodedText) -> None:
        assert who(medicine(what, "intrathecal")) is UNKNOWN

    def test_a_mixture_with_it_is_it_whatever_the_product_is_called(self) -> None:
        """A pump filled with morphine and baclofen is coded as morphine by some pharmacies."""
        mixture = medicine("opioids", "intrathecal", ingredients=(part("opioids"), part("baclofen")))
        assert who(mixture) is MET
        assert medicine_in(CONCEPTS, "opioids", replace(mixture, product=coded("baclofen"))) is YES

    def test_an_inactive_part_does_not_make_it(self) -> None:
        assert (
            who(medicine("opioids", "intrathecal", ingredients=(part("baclofen", active=False),))) is NOT_MET
        )

    def test_ingredients_speak_for_a_product_that_nobody_mapped(self) -> None:
        assert who(medicine(UNMAPPED, "intrathecal", ingredients=(part("baclofen"),))) is MET
        assert who(medicine(UNMAPPED, "intrathecal", ingredients=(part("opioids"),))) is NOT_MET
        assert (
            who(medicine(UNMAPPED, "intrathecal", ingredients=(part("opioids"), part(UNMAPPED)))) is UNKNOWN
        )

    @pytest.mark.parametrize("product", ["opioids", UNMAPPED])
    @pytest.mark.parametrize("unread", [CodedText(), CodedText(text="Codeine 30 mg")])
    def test_a_part_without_a_code_may_be_anything_unless_it_is_inactive(
        self, product: str | CodedText, unread: CodedText
    ) -> None:
        for active, answer in ((True, Membership.UNKNOWN), (False, NO)):
            parts = (part("opioids"), part(unread, active=active))
            mixture = medicine(product, ingredients=parts)
            assert medicine_in(CONCEPTS, "relaxants", mixture) is answer
            assert medicine_in(CONCEPTS, "opioids", mixture) is YES

    def test_the_concentration_of_something_else_in_it_says_nothing(self) -> None:
        mixture = medicine(
            "baclofen", ingredients=(part("opioids", "500 ug/mL"), part("baclofen", "1 mg/mL"))
        )
        assert who(mixture) is UNKNOWN
        assert list(strengths(CONCEPTS, MEDICINE, mixture)) == [Quantity.parse("1 mg/mL")]

    def test_an_ingredient_without_a_code_may_be_the_medicine(self) -> None:
        assert who(medicine("baclofen", ingredients=(part(CodedText(text="baclofen"), "2 mg/mL"),))) is MET

    def test_a_complete_list_of_its_products_does_not_deny_a_substance_that_nobody_can_read(self) -> None:
        """Not being the ready-made solution is not the same as not holding baclofen."""
        library = ConceptLibrary(
            {
                each.id: each
                for each in (
                    concept("substance", "atc M03BX01"),
                    concept("product", "rxnorm 308517", complete_in=("rxnorm",)),
                    concept("intrathecal", "snomed 72607000"),
                )
            },
            SYSTEMS,
        )
        compounded = CodedText((Coding(SYSTEMS["rxnorm"].uri, "1"),))
        bare = Medicine("m", "the medicine", "substance", "intrathecal", products="product")
        assert identity(library, bare, medicine(compounded, "intrathecal")) is UNKNOWN

    def test_a_medicine_without_siblings_needs_its_route_or_nothing_more_is_known(self) -> None:
        bare = Medicine("m", "the medicine", "baclofen", "intrathecal")
        assert identity(CONCEPTS, bare, medicine("baclofen", "intrathecal")) is MET
        assert identity(CONCEPTS, bare, medicine("baclofen", "oral", form="tablet")) is UNKNOWN


def test_several_codes_belong_where_one_does_and_are_doubtful_where_one_is() -> None:
    def together(*codes: CodedText) -> Membership:
        return belongs(CONCEPTS, "baclofen", codes)

    assert together(UNMAPPED, coded("baclofen")) is YES
    assert together(UNMAPPED, coded("opioids")) is Membership.UNKNOWN
    assert together(coded("opioids")) is NO
    assert together() is Membership.UNKNOWN


def test_words_of_a_route_are_recognised_only_without_a_code() -> None:
    assert route_in(CONCEPTS, "intrathecal", CodedText(text="INTRATHECAL")) is YES
    assert route_in(CONCEPTS, "intrathecal", CodedText(text="i.th.")) is Membership.UNKNOWN
    oral = replace(coded("oral"), text="intrathecal")
    assert route_in(CONCEPTS, "intrathecal", oral) is NO


def test_a_route_that_is_called_the_right_one_beside_a_code_for_another_leaves_it_open() -> None:
    called = replace(coded("oral"), text="intrathecal")
    denied = replace(coded("oral"), text="not intrathecal")
    assert who(medicine("baclofen", dosages=[replace(dosage("oral"), route=called)])) is UNKNOWN
    assert who(medicine("baclofen", dosages=[replace(dosage("oral"), route=denied)])) is NOT_MET


def look(*medications: MedicationFact, **more: Any) -> Therapy:
    return therapy(MEDICINE, Record(patient(medications=medications, **more), CONCEPTS))


def reasons(found: Therapy) -> list[str]:
    return [missing.why for missing in found.missing]


class TestTherapyNow:
    @pytest.mark.parametrize("kind", ["request", "statement"])
    @pytest.mark.parametrize(
        ("status", "truth"),
        [(TherapyStatus.CURRENT, MET), (TherapyStatus.ENDED, NOT_MET), (TherapyStatus.PLANNED, NOT_MET)],
    )
    def test_an_order_or_a_statement_counts_by_its_status(
        self, kind: Any, status: TherapyStatus, truth: Truth
    ) -> None:
        assert look(pump(kind=kind, status=status)).certainty is truth

    @pytest.mark.parametrize("kind", ["administration", "dispense"])
    @pytest.mark.parametrize(
        ("given", "truth"),
        [
            ("2026-03-01", MET),
            ("2025-09-16", MET),  # 180 days ago
            ("2025-09-15", NOT_MET),
            ("2025", UNKNOWN),
            ("2025-09", UNKNOWN),
            ("2026", MET),  # the part of the year that is over is all within the time
            (None, UNKNOWN),
        ],
    )
    def test_what_was_given_counts_for_180_days_and_a_date_that_does_not_tell_leaves_it_open(
        self, kind: Any, given: str | None, truth: Truth
    ) -> None:
        for status in (TherapyStatus.CURRENT, TherapyStatus.ENDED):
            found = look(pump(kind=kind, status=status, started=on(given) if given else None))
            assert found.certainty is truth
            if truth is UNKNOWN:
                assert reasons(found) == ["1 entry of the medication list has no date, or one too coarse"]

    @pytest.mark.parametrize("kind", ["administration", "dispense"])
    def test_what_was_given_on_a_day_to_come_was_given_nobody_knows_when(self, kind: Any) -> None:
        found = look(pump(kind=kind, status=TherapyStatus.CURRENT, started=on("2026-04-01")))
        assert found.certainty is UNKNOWN
        assert reasons(found) == ["1 entry of the medication list has a date that lies ahead"]

    def test_what_is_only_planned_to_be_given_does_not_count(self) -> None:
        planned = pump(kind="administration", status=TherapyStatus.PLANNED, started=on("2026-03-20"))
        assert look(planned).certainty is NOT_MET

    def test_tablets_are_not_therapy_with_the_pump(self) -> None:
        assert look(medicine(TABLET)).certainty is NOT_MET

    def test_entries_that_may_be_it_leave_it_open(self) -> None:
        found = look(medicine("baclofen"), medicine(UNMAPPED, reference="MedicationRequest/2"))
        assert found.certainty is UNKNOWN
        assert reasons(found) == ["2 current entries of the medication list cannot be told apart from it"]
        assert {source.reference for source in found.evidence} == {
            "MedicationRequest/1",
            "MedicationRequest/2",
        }

    def test_a_certain_entry_outweighs_doubtful_ones(self) -> None:
        found = look(medicine("baclofen"), pump())
        assert (found.certainty, [m.reference for m in found.medications]) == (
            MET,
            ["MedicationRequest/pump"],
        )

    @pytest.mark.parametrize("state", [ListState.NOT_SUPPLIED, ListState.FAILED, ListState.PARTIAL])
    def test_a_list_that_is_not_complete_denies_nothing(self, state: ListState) -> None:
        found = therapy(MEDICINE, Record(patient(medications=FactList(state)), CONCEPTS))
        assert (found.certainty, found.missing[0].list) == (UNKNOWN, ListName.MEDICATIONS)
        shown = therapy(MEDICINE, Record(patient(medications=FactList(state, (pump(),))), CONCEPTS))
        assert shown.certainty is MET

    def test_an_entry_that_could_not_be_read_may_be_it(self) -> None:
        gaps = (Gap("MedicationRequest/9", "no code"),)
        found = therapy(
            MEDICINE, Record(patient(medications=FactList(ListState.PRESENT, (), gaps)), CONCEPTS)
        )
        assert found.certainty is UNKNOWN

    @pytest.mark.parametrize(
        ("record", "certainty"),
        [
            ({"devices": [device()]}, UNKNOWN),
            ({"devices": [device(active=False)]}, NOT_MET),
            ({"devices": [device("sodium-chloride")]}, NOT_MET),
            ({"devices": [device(replace(UNMAPPED, text="Intrathecal pump, 20 mL"))]}, UNKNOWN),
            ({"devices": [device(replace(coded("sodium-chloride"), text="no intrathecal pump"))]}, NOT_MET),
            ({"conditions": [diagnosis(CodedText(text="Intrathecal pump in place"))]}, UNKNOWN),
            ({"conditions": [diagnosis("pump-in-place")]}, UNKNOWN),
            ({"conditions": [past("pump-in-place")]}, NOT_MET),
            # Procedures: what was done, unless the pump was taken away since.
            ({"procedures": [procedure(IMPLANTED)]}, UNKNOWN),
            ({"procedures": [procedure("pump-in-place")]}, UNKNOWN),
            ({"procedures": [procedure(IMPLANTED, done=False)]}, NOT_MET),
            ({"procedures": [procedure("refill"), procedure(UNMAPPED)]}, NOT_MET),
            ({"procedures": [procedure(IMPLANTED, performed=on("2025")), procedure(REMOVED, performed=on("2026-01-01"))]}, NOT_MET),
            ({"procedures": [procedure(IMPLANTED, performed=on("2026")), procedure(REMOVED, performed=on("2026-02-01"))]}, UNKNOWN),
            ({"procedures": [procedure(IMPLANTED, performed=on("2026-02-01")), procedure(REMOVED, performed=on("2025"))]}, UNKNOWN),
            ({"procedures": [procedure(IMPLANTED), procedure(REMOVED, performed=on("2026"))]}, UNKNOWN),
            ({"procedures": [procedure(IMPLANTED, performed=on("2025")), procedure(REMOVED)]}, UNKNOWN),
            ({"procedures": [procedure(REMOVED)]}, NOT_MET),
            ({"procedures": [procedure(CodedText(text="Removal and replacement of intrathecal pump"))]}, UNKNOWN),
        ],
    )  # fmt: skip
    def test_a_pump_alone_does_not_say_what_is_in_it(self, record: dict[str, Any], certainty: Truth) -> None:
        found = look(**record)
        assert found.certainty is certainty
        if certainty is UNKNOWN:
            assert reasons(found) == ["a pump is on record, but not which medicine it holds"]

    def test_a_medicine_without_a_device_is_not_looked_for_in_devices(self) -> None:
        bare = replace(MEDICINE, device=None, presence=None)
        record = patient(
            devices=[device()], conditions=[diagnosis("pump-in-place")], procedures=[procedure()]
        )
        assert therapy(bare, Record(record, CONCEPTS)).certainty is NOT_MET

    def test_it_began_with_the_earliest_start(self) -> None:
        old = pump(reference="MedicationRequest/old", authored=on("2024"))
        assert look(pump(started=on("2025-06-01")), old).started == on("2024")
        assert look(pump()).started is None
        assert look().started is None

    def test_what_runs_comes_first_newest_first_then_what_was_given_then_what_an_order_changes(self) -> None:
        entries = [
            pump(reference="MedicationRequest/changed", started=on("2026-03-01")),
            pump(reference="MedicationAdministration/1", kind="administration", started=on("2026-03-02")),
            pump(reference="MedicationRequest/undated"),
            pump(reference="MedicationRequest/old", started=on("2024-01-01")),
            pump(reference="MedicationRequest/new", started=on("2026-01-01")),
        ]
        changing = order(replaces="MedicationRequest/changed")
        wanted = [
            "MedicationRequest/new",
            "MedicationRequest/old",
            "MedicationRequest/undated",
            "MedicationAdministration/1",
            "MedicationRequest/changed",
        ]
        for listed in (entries, entries[::-1]):
            assert [m.reference for m in look(*listed, orders=[changing]).medications] == wanted


class TestTherapyThatGoesOnFromAnEarlierEntry:
    """A new order for a new dose does not begin the therapy anew."""

    NOW = pump(reference="MedicationRequest/now", started=on("2026-02-01"))

    def over(self, start: str | None, end: str | None, name: str = "over", **more: Any) -> MedicationFact:
        dates = {"started": on(start) if start else None, "ended": on(end) if end else None}
        return pump(reference=f"MedicationRequest/{name}", status=TherapyStatus.ENDED, **dates, **more)

    @pytest.mark.parametrize(
        ("start", "end", "began"),
        [
            ("2024-01-01", "2026-02-01", "2024-01-01"),
            ("2024-01-01", "2025-09-01", "2024-01-01"),  # a break of less than 180 days
            ("2024-01-01", "2025-06-01", "2026-02-01"),
            ("2025-12-01", None, "2025-12-01"),
            (None, "2026-02-01", "2026-02-01"),
            ("0001-01-01", "9999-12-31", "0001-01-01"),
        ],
    )
    def test_it_began_where_no_longer_gap_lies_between(
        self, start: str | None, end: str | None, began: str
    ) -> None:
        assert look(self.NOW, self.over(start, end)).started == on(began)

    def test_links_form_a_chain(self) -> None:
        first, second = self.over("2024-01-01", "2025-06-01", "1"), self.over("2025-06-01", "2026-01-01", "2")
        assert look(first, self.NOW, second).started == on("2024-01-01")

    def test_tablets_are_no_link_and_without_a_start_there_is_nothing_to_go_on_from(self) -> None:
        tablets = medicine(
            TABLET, started=on("2024-01-01"), status=TherapyStatus.ENDED, ended=on("2026-01-01")
        )
        assert look(self.NOW, tablets).started == on("2026-02-01")
        assert look(pump(), self.over("2024-01-01", "2026-02-01")).started is None
