"""The patient and the request of a test, as the engine sees them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.authoring.case_facts import SITE, facts_of, with_site_codes
from engine.authoring.cases import CaseFile
from engine.concept import Concept
from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.dates import DateInterval
from engine.facts import Course, ListState, OrderAction, PatientFacts, TherapyStatus
from engine.quantity import Quantity, QuantityInterval

TODAY = date(2026, 3, 1)


@pytest.fixture
def facts(mini):
    """The facts of a test of the epilepsy rule (order or therapy, at order-sign or patient-view), or of a rule so changed."""

    def build(rule: dict[str, Any] | None = None, **setup: Any) -> PatientFacts:
        file = CaseFile.model_validate(
            {"today": "2026-03-01", "tests": [{"name": "n", "expect": "met", **setup}]}
        )
        about = mini.rules.rule("baclofen-it.epilepsy").model_copy(update=rule or {})
        return facts_of(file.tests[0], TODAY, about, mini.concepts)

    return build


def test_a_test_runs_at_noon_of_its_day_at_the_hook_of_signing(facts):
    assert facts().now == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert facts().hook == "order-sign"
    assert facts(hook="patient-view").hook == "patient-view"


def test_without_signing_the_rules_first_hook_is_the_tests(facts, mini):
    hooks = mini.rules.rule("baclofen-it.epilepsy").hooks
    assert facts({"hooks": tuple(hook for hook in hooks if hook != "order-sign")}).hook == "patient-view"


def test_the_medicine_is_ordered_plainly_unless_the_test_says_otherwise(facts):
    (order,) = facts().orders
    assert order.reference == "MedicationRequest/order-1"
    assert order.product.codings == (Coding("http://www.whocc.no/atc", "M03BX01", "baclofen"),)
    assert order.dosages[0].route.codings[0].code == "72607000"
    assert (order.draft, order.action) == (True, OrderAction.START)
    assert facts().medications.items == ()
    assert facts(orders=[]).orders == ()


def test_a_rule_about_stopping_meets_an_order_that_stops_the_therapy(facts):
    found = facts({"brought_up_by": ("stop",)})
    assert [order.action for order in found.orders] == [OrderAction.STOP]
    assert [medication.reference for medication in found.medications.items] == ["MedicationRequest/therapy"]


def test_a_rule_about_therapy_meets_a_patient_who_has_it(facts):
    therapy = {"brought_up_by": ("therapy",)}
    assert facts(therapy).orders == ()
    assert [m.reference for m in facts(therapy).medications.items] == ["MedicationRequest/therapy"]
    assert facts(therapy, therapy="none").medications.items == ()
    assert [m.reference for m in facts(therapy, medications=["baclofen-intrathecal"]).medications.items] == [
        "MedicationRequest/1"
    ]


@pytest.mark.parametrize(
    ("said", "born"),
    [
        ({"age": "71 years"}, "1955-03-01"),
        ({"age": "3 months"}, "2025-12-01"),
        ({"age": "2 weeks"}, "2026-02-15"),
        ({"age": "5 days"}, "2026-02-24"),
        ({"age": "3 hours"}, "2026-03-01"),
        ({"born": "1955-03"}, "1955-03"),
    ],
)
def test_a_patient_is_as_old_as_the_test_says(facts, said, born):
    assert facts(patient=said).person.birth == DateInterval.parse(born)


def test_what_a_test_does_not_say_of_the_patient_is_not_on_record(facts):
    person = facts().person
    assert (person.birth, person.sex, person.deceased) == (None, None, False)
    assert facts(patient={"sex": "male", "died": "2026-02-01"}).person.deceased


def test_lists_are_complete_unless_the_test_says_otherwise(facts):
    assert facts().conditions.state is ListState.EMPTY
    assert facts(conditions=["epilepsy"]).conditions.state is ListState.PRESENT
    assert facts(missing=["conditions"]).conditions.state is ListState.NOT_SUPPLIED
    assert facts(partial=["conditions"], conditions=["epilepsy"]).conditions.state is ListState.PARTIAL
    assert facts(missing=["patient"]).person is None


def test_an_entry_is_a_concept_a_code_or_words(facts):
    found = facts(
        conditions=[
            "epilepsy",
            {"code": "icd-10 Z99"},
            {"code": "urn:x 1", "text": "odd"},
            {"text": "only words"},
        ]
    )
    assert [fact.reference for fact in found.conditions.items] == [
        f"Condition/{number}" for number in range(1, 5)
    ]
    assert [fact.code for fact in found.conditions.items] == [
        CodedText((Coding("http://hl7.org/fhir/sid/icd-10", "G40", "Epilepsy"),)),
        CodedText((Coding("http://hl7.org/fhir/sid/icd-10", "Z99"),)),
        CodedText((Coding("urn:x", "1"),), "odd"),
        CodedText((), "only words"),
    ]


def test_a_concept_made_of_others_stands_for_the_first_of_them_or_for_a_sites_code(mini):
    library = ConceptLibrary(
        {
            **mini.concepts.concepts,
            "whole": Concept("whole", "the whole", includes=("epilepsy",)),
            "ours": Concept("ours", "a word of our own"),
        },
        mini.concepts.systems,
        mini.concepts.medicines,
    )
    at_a_site = with_site_codes(library)
    file = CaseFile.model_validate(
        {"today": "2026-03-01", "tests": [{"name": "n", "conditions": ["whole", "ours"], "expect": "met"}]}
    )
    rule = mini.rules.rule("baclofen-it.epilepsy")
    whole, ours = facts_of(file.tests[0], TODAY, rule, at_a_site).conditions.items
    assert whole.code.codings[0].code == "G40"
    assert ours.code.codings == (Coding(SITE, "ours", "a word of our own"),)
    assert at_a_site.membership("ours", ours.code.codings) == "yes"


def test_diagnoses_and_allergies_carry_status_certainty_and_dates(facts):
    found = facts(
        conditions=[
            {
                "is": "epilepsy",
                "status": "past",
                "suspected": True,
                "onset": "2019-05",
                "abatement": "2020",
                "on": "2019-06-01",
            }
        ],
        allergies=[{"is": "baclofen-substance", "type": "intolerance", "status": "inactive", "added": True}],
    )
    (condition,), (allergy,) = found.conditions.items, found.allergies.items
    assert (condition.course, condition.suspected) == (Course.PAST, True)
    assert [when.describe() for when in (condition.onset, condition.abatement, condition.recorded)] == [
        "May 2019",
        "2020",
        "1 Jun 2019",
    ]
    assert (allergy.reference, allergy.active, allergy.intolerance, allergy.draft) == (
        "AllergyIntolerance/1",
        False,
        True,
        True,
    )


def test_measurements_of_all_kinds_are_one_list(facts):
    found = facts(
        labs=["lab-egfr 42 mL/min/1.73m2 on 2026-02-08", "lab-egfr >60 mL/min/1.73m2"],
        vitals=[{"is": "lab-egfr", "coded": "epilepsy"}],
        observations=[{"is": "lab-egfr", "absent": "no unit", "preliminary": True}],
    ).observations.items
    unit = "mL/min/{1.73_m2}"
    assert found[0].value == QuantityInterval.exactly(Quantity(Decimal(42), unit))
    assert found[1].value == QuantityInterval.from_comparator(Quantity(Decimal(60), unit), ">")
    assert found[2].value.codings[0].code == "G40"
    assert (found[3].reference, found[3].value, found[3].absent, found[3].preliminary) == (
        "Observation/4",
        None,
        "no unit",
        True,
    )


def test_the_other_lists_are_numbered_by_their_own_kind(facts):
    found = facts(
        procedures=["surgery on 2026-02-01", {"is": "surgery", "status": "planned"}],
        devices=[{"is": "pump-in-place", "status": "inactive", "replace_by": "2026-01"}],
        appointments=[{"is": "surgery", "status": "noshow", "on": "2026-02-01"}],
        encounters=[{"is": "surgery", "in_context": True}],
        services=["surgery on 2026-04-01", {"is": "surgery", "added": True}],
        specialties=["surgery"],
    )
    assert [(fact.reference, fact.done) for fact in found.procedures.items] == [
        ("Procedure/1", True),
        ("Procedure/2", False),
    ]
    assert (found.devices.items[0].active, found.devices.items[0].replace_by.describe()) == (
        False,
        "Jan 2026",
    )
    of_status = [{"is": "pump-in-place", "status": status} for status in ("active", "inactive", "unknown")]
    assert [fact.active for fact in facts(devices=of_status).devices.items] == [True, False, None]
    assert (found.appointments.items[0].reference, found.appointments.items[0].status) == (
        "Appointment/1",
        "noshow",
    )
    assert (found.encounters.items[0].reference, found.encounters.items[0].in_context) == (
        "Encounter/1",
        True,
    )
    assert [(fact.reference, fact.draft) for fact in found.services.items] == [
        ("ServiceRequest/1", False),
        ("ServiceRequest/2", True),
    ]
    assert found.user_specialties[0].codings[0].code == "387713003"


def test_an_order_says_all_that_a_record_can(facts):
    (order,) = facts(
        orders=[
            {
                "is": "baclofen-intrathecal", "form": "baclofen-oral-product", "strength": "2 mg/mL", "route_text": "into the spine",
                "ingredients": [{"is": "baclofen-substance", "strength": "1 mg", "active": False}, "baclofen-oral-product"],
                "dose": "50 ug", "rate": "5 ug/h", "daily": "120 ug/d", "per_day": 1, "once": True, "sequence": 2,
                "status": "planned", "certain": False, "status_reason": "surgery", "action": "change", "selected": False,
                "replaces": "MedicationRequest/1", "on": "2026-02-01", "started": "2026-02-02", "ended": "2026-02-03",
                "reasons": ["epilepsy"], "categories": ["surgery"], "group": "g", "volume": "20 mL", "supply_days": 30,
                "batch_expiry": "2026-05",
            }
        ]
    ).orders  # fmt: skip
    (dosage,) = order.dosages
    assert (dosage.route, dosage.once, dosage.sequence, dosage.per_day) == (
        CodedText(text="into the spine"),
        True,
        2,
        Decimal(1),
    )
    assert [str(amount.exact) for amount in (dosage.dose, dosage.rate, dosage.daily)] == [
        "50 ug",
        "5 ug/h",
        "120 ug/d",
    ]
    assert [(str(part.strength), part.active) for part in order.ingredients] == [
        ("2 mg/mL", True),
        ("1 mg", False),
        ("None", True),
    ]
    assert order.form.codings[0].code == "197391"
    assert (order.status, order.status_certain, order.action, order.selected) == (
        TherapyStatus.PLANNED,
        False,
        OrderAction.CHANGE,
        False,
    )
    assert order.status_reason.label == order.category[0].label == "Surgical procedure"
    assert [when.describe() for when in (order.authored, order.started, order.ended)] == [
        "1 Feb 2026",
        "2 Feb 2026",
        "3 Feb 2026",
    ]
    assert (order.replaces, order.group, str(order.volume), order.supply_days) == (
        "MedicationRequest/1",
        "g",
        "20 mL",
        Decimal(30),
    )
    assert (order.reasons[0].label, order.batch_expiry.describe()) == ("Epilepsy", "May 2026")


def test_why_an_order_stops_may_stand_in_words_only(facts):
    (order,) = facts(
        orders=[{"is": "baclofen-intrathecal", "action": "hold", "status_reason_text": "holiday"}]
    ).orders
    assert order.status_reason == CodedText(text="holiday")


def test_an_order_may_have_several_dosages_another_route_or_none(facts):
    several, oral, none, other = facts(
        orders=[
            {
                "is": "baclofen-intrathecal",
                "dosages": [{"dose": "50 ug"}, {"dose": "25 ug", "route": "route-oral"}],
            },
            {"is": "baclofen-intrathecal", "route": "route-oral"},
            {"is": "baclofen-intrathecal", "route": "none"},
            "baclofen-oral-product",
        ]
    ).orders
    assert [dosage.route.codings[0].code for dosage in several.dosages] == ["72607000", "26643006"]
    assert [dosage.route.codings[0].code for dosage in oral.dosages] == ["26643006"]
    assert none.dosages[0].route is None
    assert other.dosages[0].route is None


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("request", "MedicationRequest"),
        ("statement", "MedicationStatement"),
        ("administration", "MedicationAdministration"),
        ("dispense", "MedicationDispense"),
    ],
)
def test_a_medicine_is_known_from_any_of_four_resources(facts, kind, resource):
    (medication,) = facts(medications=[{"is": "baclofen-oral-product", "kind": kind}]).medications.items
    assert (medication.reference, medication.kind, medication.draft) == (f"{resource}/1", kind, False)
