"""Medication resources as facts: one medicine from every FHIR version, and the orders of a session among themselves."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.concepts import UNREAD, CodedText
from engine.facts import MedicationFact, OrderAction, TherapyStatus
from engine.quantity import Quantity
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.medications import medication_fact
from fhir_adapters.mapping.switches import resolve_switches

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ATC, SNOMED, EDQM, UCUM = (
    "http://www.whocc.no/atc",
    "http://snomed.info/sct",
    "http://standardterms.edqm.eu",
    "http://unitsofmeasure.org",
)
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
BACLOFEN = {"coding": [{"system": ATC, "code": "M03BX01", "display": "baclofen"}]}
INTRATHECAL = {"coding": [{"system": SNOMED, "code": "72607000"}]}
SPASTICITY = {"coding": [{"system": SNOMED, "code": "397790002"}]}
CONDITION = {"resourceType": "Condition", "id": "s", "code": SPASTICITY}

# The first unit loads the unit libraries, which takes longer than Hypothesis allows one example.
untimed = settings(deadline=None)


def read(resource, known=None, **options) -> tuple[MedicationFact, list[tuple[str, str, str]]]:
    issues = DataIssues()
    fact = medication_fact(resource, (known or {}).get, issues, now=NOW, **options)
    assert fact is not None
    return fact, [(issue.element, issue.effect, issue.reason) for issue in issues]


def request(**members):
    return {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": BACLOFEN,
        **members,
    }


STRENGTH: dict[str, Any] = {
    "numerator": {"value": 10, "unit": "mg"},
    "denominator": {"value": 20, "unit": "mL"},
}
RATE = {"value": 0.2, "unit": "mL/d", "system": UCUM, "code": "mL/d"}
PUMP = {
    "resourceType": "MedicationRequest",
    "id": "1",
    "status": "active",
    "authoredOn": "2026-05-01",
    "groupIdentifier": {"system": "urn:orders", "value": "7"},
    "priorPrescription": {"reference": "MedicationRequest/0"},
    "dispenseRequest": {
        "quantity": {"value": 20, "unit": "mL"},
        "expectedSupplyDuration": {"value": 100, "unit": "days", "system": UCUM, "code": "d"},
    },
}
MEDICATION: dict[str, Any] = {
    "resourceType": "Medication",
    "id": "m",
    "code": BACLOFEN,
    "ingredient": [{"itemCodeableConcept": BACLOFEN, "strength": STRENGTH}],
}
STU3 = {
    **PUMP,
    "intent": "order",
    "medicationReference": {"reference": "#m"},
    "contained": [
        {
            "resourceType": "Medication",
            "id": "m",
            "code": BACLOFEN,
            "ingredient": [{"itemCodeableConcept": BACLOFEN, "amount": STRENGTH}],
        }
    ],
    "category": {"text": "inpatient"},
    "reasonCode": [SPASTICITY],
    "dosageInstruction": [{"route": INTRATHECAL, "rateQuantity": RATE}],
}
R4 = {
    **PUMP,
    "intent": "order",
    "medicationReference": {"reference": "Medication/m"},
    "category": [{"text": "inpatient"}],
    "reasonReference": [{"reference": "Condition/s"}],
    "dosageInstruction": [{"route": INTRATHECAL, "doseAndRate": [{"rateQuantity": RATE}]}],
}
R5 = {
    **PUMP,
    "intent": "order",
    "medication": {"reference": {"reference": "Medication/m"}},
    "category": [{"text": "inpatient"}],
    "reason": [{"reference": {"reference": "Condition/s"}}],
    "dosageInstruction": [{"route": INTRATHECAL, "doseAndRate": [{"rateQuantity": RATE}]}],
}


def test_one_order_is_the_same_fact_in_every_version():
    known = {"Medication/m": MEDICATION, "Condition/s": CONDITION}
    facts = [read(resource, known) for resource in (STU3, R4, R5)]
    assert [issues for _, issues in facts] == [[], [], []]
    assert facts[0][0] == facts[1][0] == facts[2][0]
    fact = facts[0][0]
    assert fact.label == "baclofen"
    assert fact.replaces == "MedicationRequest/0"
    assert fact.group == "urn:orders|7"
    assert [reason.codings[0].code for reason in fact.reasons] == ["397790002"]
    assert fact.volume == Quantity(Decimal(20), "mL")
    assert fact.supply_days == 100
    assert fact.dosages[0].daily is not None
    assert fact.dosages[0].daily.exact == Quantity(Decimal(100), "ug/d")
    assert fact.authored is not None
    assert fact.authored.describe() == "1 May 2026"


STATEMENT: dict[str, Any] = {"resourceType": "MedicationStatement", "id": "1", "dateAsserted": "2026-05-01"}
BY_MOUTH = {"text": "by mouth"}
TABLET_DOSE = {"value": 10, "unit": "mg"}


def test_one_statement_is_the_same_fact_in_every_version():
    stu3 = {**STATEMENT, "status": "active", "taken": "y", "medicationCodeableConcept": BACLOFEN}
    stu3 |= {
        "effectivePeriod": {"start": "2025"},
        "dosage": [{"route": BY_MOUTH, "doseQuantity": TABLET_DOSE}],
    }
    dosage = [{"route": BY_MOUTH, "doseAndRate": [{"doseQuantity": TABLET_DOSE}]}]
    r4 = {**STATEMENT, "status": "active", "medicationCodeableConcept": BACLOFEN, "dosage": dosage}
    r4 |= {"effectivePeriod": {"start": "2025"}}
    r5 = {**STATEMENT, "status": "recorded", "medication": {"concept": BACLOFEN}, "dosage": dosage}
    r5 |= {"effectivePeriod": {"start": "2025"}, "adherence": {"code": {"coding": [{"code": "taking"}]}}}
    facts = [read(resource)[0] for resource in (stu3, r4, r5)]
    assert facts[0] == facts[1] == facts[2]
    assert (facts[0].kind, facts[0].status) == ("statement", TherapyStatus.CURRENT)
    assert facts[0].started is not None
    assert facts[0].started.describe() == "2025"


@pytest.mark.parametrize(
    "when",
    [
        pytest.param({"effectiveDateTime": "2026-05-20T10:00:00Z"}, id="STU3, R4"),
        pytest.param({"occurenceDateTime": "2026-05-20T10:00:00Z"}, id="R5, which spells it so"),
        pytest.param(
            {"effectivePeriod": {"start": "2026-05-20T10:00:00Z", "end": "2026-05-20T10:10:00Z"}},
            id="a period",
        ),
    ],
)
def test_an_administration_is_dated_by_when_it_was_given(when):
    resource = {"resourceType": "MedicationAdministration", "id": "1", "status": "completed", **when}
    fact, _ = read(
        {**resource, "medicationCodeableConcept": BACLOFEN, "dosage": {"dose": {"value": 50, "unit": "ug"}}}
    )
    assert (fact.kind, fact.status) == ("administration", TherapyStatus.ENDED)
    assert fact.started is not None
    assert fact.started.describe() == "20 May 2026"
    assert fact.ended is not None
    assert fact.ended.describe() == "20 May 2026"
    assert fact.dosages[0].once


def test_the_volume_that_was_given_fills_the_pump():
    """DC-03 needs it beside the mass."""
    resource: dict[str, Any] = {
        "resourceType": "MedicationAdministration",
        "id": "1",
        "status": "completed",
        "contained": [MEDICATION],
    }
    resource |= {"medicationReference": {"reference": "#m"}, "dosage": {"dose": {"value": 20, "unit": "mL"}}}
    fact, _ = read(resource)
    assert fact.volume == Quantity(Decimal(20), "mL")
    assert fact.dosages[0].dose is not None
    assert fact.dosages[0].dose.exact == Quantity(Decimal(10000), "ug")


def test_a_quantity_of_tablets_is_no_volume():
    fact, issues = read(
        request(dispenseRequest={"quantity": {"value": 30, "code": "{tablet}", "system": UCUM}})
    )
    assert (fact.volume, issues) == (None, [])


def test_a_supply_that_is_no_time_is_listed():
    fact, issues = read(request(dispenseRequest={"expectedSupplyDuration": {"value": 30, "unit": "mg"}}))
    assert fact.supply_days is None
    assert issues == [
        (
            "dispenseRequest.expectedSupplyDuration",
            "unreadable",
            "the time that the supply lasts is not a number of days",
        )
    ]


class TestReferences:
    @pytest.mark.parametrize(
        "written",
        [
            "MedicationRequest/0",
            "https://ehr.example/fhir/MedicationRequest/0/_history/3",
            "urn:uuid:0",
            "#0",
        ],
    )
    def test_a_prior_prescription_is_named_as_evidence_names_it(self, written):
        prior = {"resourceType": "MedicationRequest", "id": "0"}
        resource = request(priorPrescription={"reference": written}, contained=[prior])
        assert read(resource, {"urn:uuid:0": prior})[0].replaces == "MedicationRequest/0"

    def test_a_reason_that_was_not_sent_is_a_reason_without_code(self):
        fact, issues = read(request(reasonReference=[{"reference": "Condition/x", "display": "spasticity"}]))
        assert fact.reasons == (CodedText(text="spasticity"),)
        assert issues == [
            ("reasonReference", "not checked", "the reason is a reference that leads to no code")
        ]

    def test_the_medicine_of_a_reference_that_leads_nowhere_is_unknown(self):
        resource = request(medicationReference={"reference": "Medication/x"})
        del resource["medicationCodeableConcept"]
        fact, issues = read(resource)
        assert fact.product == CodedText()
        assert fact.problems == ("the medicine is a reference that leads nowhere",)
        assert fact.label == "a medicine without a name"
        assert issues[0][:2] == ("medication", "unreadable")

    def test_evidence_may_name_a_resource_otherwise(self):
        assert read(request(), name="draft 2")[0].reference == "draft 2"


@pytest.mark.parametrize(
    "codings",
    [
        [{"system": IPS, "code": "no-medication-info"}],
        [{"system": SNOMED, "code": "787481004"}, {"system": "http://www.whocc.no/atc", "code": "N02AA01"}],
    ],
)
def test_a_medicine_of_which_nothing_is_known_or_that_contradicts_itself_may_be_any(codings):
    fact, issues = read({**STATEMENT, "status": "active", "medicationCodeableConcept": {"coding": codings}})
    assert fact.product.codings == (UNREAD,)
    assert [issue[:2] for issue in issues if issue[0] == "medication"] == [("medication", "unreadable")]


class TestWhatIsLeftOut:
    def leave_out(self, resource) -> list[tuple[str, str]]:
        issues = DataIssues()
        assert medication_fact(resource, lambda _: None, issues, now=NOW) is None
        return [(issue.element, issue.effect) for issue in issues]

    @pytest.mark.parametrize(
        "resource", [{"resourceType": "MedicationOrder"}, {"resourceType": "Patient"}, {}, None, [], "x"]
    )
    def test_what_is_no_medication_resource(self, resource):
        assert self.leave_out(resource) == [("resourceType", "not checked")]

    @pytest.mark.parametrize(
        "code",
        [
            {"coding": [{"system": IPS, "code": "no-known-medications"}]},
            {"coding": [{"system": SNOMED, "code": "787481004"}]},
            {"text": "No known medications"},
        ],
    )
    def test_a_statement_that_no_medicine_is_known(self, code):
        assert self.leave_out({**STATEMENT, "status": "active", "medicationCodeableConcept": code}) == [
            ("medication", "ignored")
        ]

    def test_a_modifier_extension_that_denies_it(self):
        extension = {
            "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPerform",
            "valueBoolean": True,
        }
        assert self.leave_out(request(modifierExtension=[extension])) == [("modifierExtension", "ignored")]

    def test_a_modifier_extension_that_denies_an_order_under_review_stops_therapy(self):
        extension = {
            "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPerform",
            "valueBoolean": True,
        }
        assert read(request(modifierExtension=[extension]), draft=True)[0].action is OrderAction.STOP

    def test_a_modifier_extension_that_is_not_understood_leaves_the_status_uncertain(self):
        fact, issues = read(request(modifierExtension=[{"url": "http://ehr.example/odd", "valueCode": "x"}]))
        assert not fact.status_certain
        assert [issue[:2] for issue in issues] == [("modifierExtension", "unreadable")]


def test_problems_of_dosages_are_listed_with_their_place():
    dosage = {"doseAndRate": [{"doseQuantity": {"value": 1}}]}
    sound = {"doseAndRate": [{"doseQuantity": TABLET_DOSE}], "timing": {"code": {"text": "QD"}}}
    _, issues = read(request(dosageInstruction=[sound, dosage]))
    assert issues == [("dosageInstruction[1]", "unreadable", "the dose has no unit")]


def test_issues_hold_no_words_of_the_record():
    resource = request(
        status="Mr Smith",
        medicationCodeableConcept={"text": "for Mr Smith"},
        dosageInstruction=[
            {"text": "Mr Smith", "doseQuantity": {"value": 1, "unit": "Mr Smith"}, "timing": "Mr Smith"}
        ],
        dispenseRequest={"expectedSupplyDuration": {"value": 1, "unit": "Mr Smith"}},
    )
    _, issues = read(resource)
    assert issues
    assert not any("Smith" in part for issue in issues for part in issue)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=5)
telling = st.sampled_from(
    ["active", "draft", "stopped", "order", "#m", "2026-05-01", "mg", "ug/h", "mL", "d", "BID", 0, 1, UCUM]
)
# fmt: off
MEMBERS = [
    "status", "intent", "medication", "medicationCodeableConcept", "medicationReference", "contained",
    "dosageInstruction", "dosage", "doseAndRate", "doseQuantity", "rateQuantity", "rateRatio",
    "numerator", "denominator", "value", "unit", "code", "system", "coding", "text", "timing", "repeat",
    "frequency", "period", "periodUnit", "boundsPeriod", "boundsDuration", "start", "end", "event",
    "count", "route", "maxDosePerPeriod", "asNeededBoolean", "ingredient", "item", "strength",
    "reference", "concept", "id", "dispenseRequest", "quantity", "expectedSupplyDuration",
    "validityPeriod", "effectivePeriod", "priorPrescription", "reasonReference", "reason", "category",
    "statusReason", "adherence", "batch", "modifierExtension", "url", "groupIdentifier",
]
# fmt: on
members = st.sampled_from(MEMBERS)
json_values = st.recursive(
    scalars | telling,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(members, inner, max_size=5),
    max_leaves=25,
)
resources = st.builds(
    lambda kind, values: {"resourceType": kind, **values},
    st.sampled_from(
        ["MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"]
    ),
    st.dictionaries(members, json_values, max_size=12),
)


def read_leniently(resource) -> None:
    known: dict[str, Any] = {"Medication/m": MEDICATION, "Condition/s": CONDITION}
    medication_fact(resource, known.get, DataIssues(), now=NOW)


class TestAnyJson:
    @untimed
    @given(resources, st.booleans(), json_values)
    def test_as_the_members_of_a_resource_is_a_fact_or_an_issue(self, resource, draft, referred):
        issues = DataIssues()
        fact = medication_fact(resource, lambda _: referred, issues, now=NOW, draft=draft)
        assert fact is not None or len(issues)
        if fact is not None:
            resolve_switches([fact, replace(fact, action=OrderAction.STOP)])

    @untimed
    @given(json_values)
    def test_as_a_resource_is_never_an_exception(self, value):
        medication_fact(value, lambda _: None, DataIssues(), now=NOW)

    @untimed
    @given(st.sampled_from(sorted(R4)), json_values)
    def test_as_one_element_of_a_sound_order_is_never_an_exception(self, element, value):
        resource = {**R4, element: value, "resourceType": "MedicationRequest"}
        read_leniently(resource)
