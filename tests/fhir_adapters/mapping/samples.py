"""Resources with everything in them that the mapping reads: one of each type, and more where a choice of elements has several."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]

SNOMED, ATC, UCUM = "http://snomed.info/sct", "http://www.whocc.no/atc", "http://unitsofmeasure.org"
P = {"reference": "Patient/p"}
DAY = "2026-03-01"


def coded(code: str, system: str = SNOMED) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def amount(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def resource(type_: str, **members: Any) -> Resource:
    who = "patient" if type_ in ("AllergyIntolerance", "Device") else "subject"
    return {"resourceType": type_, "id": "1", who: P, **members}


DOSAGE = {
    "sequence": 1,
    "text": "once a day",
    "route": coded("72607000"),
    "timing": {
        "repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": DAY, "end": DAY}}
    },
    "doseAndRate": [{"doseQuantity": amount(50, "ug")}],
    "maxDosePerPeriod": {"numerator": amount(60, "ug"), "denominator": amount(1, "d")},
}
INFUSION = {
    "route": coded("72607000"),
    "doseAndRate": [{"rateRatio": {"numerator": amount(90, "ug"), "denominator": amount(1, "d")}}],
}
MEDICATION = {
    "resourceType": "Medication",
    "id": "m",
    "code": coded("M03BX01", ATC),
    "form": coded("385219001"),
    "ingredient": [
        {
            "itemCodeableConcept": coded("M03BX01", ATC),
            "isActive": False,
            "strength": {"numerator": amount(10, "mg"), "denominator": amount(5, "mL")},
        }
    ],
    "batch": {"expirationDate": DAY},
}
TABLET = coded("M03BX01", ATC)


def request(**members: Any) -> Resource:
    return resource(
        "MedicationRequest", status="active", intent="order", medicationCodeableConcept=TABLET, **members
    )


def condition(**members: Any) -> Resource:
    return resource("Condition", code=coded("84757009"), **members)


def observation(**members: Any) -> Resource:
    return resource(
        "Observation",
        status="final",
        code=coded("2160-0", "http://loinc.org"),
        effectiveDateTime=DAY,
        **members,
    )


def procedure(**members: Any) -> Resource:
    return resource("Procedure", code=coded("1"), **{"status": "completed", **members})


SAMPLES: dict[str, Resource] = {
    "a patient": {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01", "gender": "female", "deceasedDateTime": DAY},
    "a patient who died": {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01", "deceasedBoolean": True},
    "a problem": condition(
        clinicalStatus=coded("remission"), verificationStatus=coded("provisional"), onsetDateTime=DAY, recordedDate=DAY
    ),
    "a problem of a time": condition(
        clinicalStatus=coded("active"), onsetPeriod={"start": DAY}, abatementPeriod={"end": DAY}
    ),
    "a problem that ended": condition(abatementDateTime=DAY),
    "a problem that ended by a flag": condition(abatementBoolean=True),
    "a problem that ended at an age": condition(abatementAge=amount(30, "a")),
    "a problem that ended in a range": condition(abatementRange={"low": amount(30, "a"), "high": amount(40, "a")}),
    "a problem that ended in words": condition(abatementString="last year", onsetString="long ago"),
    "a problem of STU3": condition(clinicalStatus="resolved", verificationStatus="confirmed", assertedDate=DAY),
    "a refuted problem": condition(verificationStatus="refuted"),
    "an allergy": resource(
        "AllergyIntolerance", clinicalStatus=coded("inactive"), verificationStatus=coded("unconfirmed"), type="intolerance",
        code=coded("1"), reaction=[{"substance": coded("2")}], recordedDate=DAY,
    ),
    "an allergy of STU3": resource("AllergyIntolerance", clinicalStatus="active", code=coded("1"), assertedDate=DAY),
    "a refuted allergy": resource("AllergyIntolerance", verificationStatus="refuted", code=coded("1")),
    "a laboratory value": observation(valueQuantity={**amount(1.2, "mg/dL"), "comparator": "<"}),
    "a value of a period": {**observation(valueRange={"low": amount(1, "mg"), "high": amount(2, "mg")}), "effectiveDateTime": None,
        "effectivePeriod": {"start": DAY, "end": DAY}},
    "a value that was issued": {**observation(valueInteger=3), "effectiveDateTime": None, "issued": "2026-03-01T10:00:00Z"},
    "a value at an instant": {**observation(valueRatio={"numerator": amount(1, "mg"), "denominator": amount(1, "mL")}),
        "effectiveDateTime": None, "effectiveInstant": "2026-03-01T10:00:00Z"},
    "a value at a timing": {**observation(valueBoolean=True), "effectiveDateTime": None, "effectiveTiming": {"event": [DAY]}},
    "a coded value": observation(valueCodeableConcept=coded("77386006")),
    "a value in words": observation(valueString="positive"),
    "a value that is absent": observation(dataAbsentReason=coded("unknown")),
    "a value of components": observation(component=[{"code": coded("8480-6"), "valueQuantity": amount(120, "mm[Hg]")}]),
    "a procedure": procedure(performedDateTime=DAY),
    "a procedure of R5": procedure(status="in-progress", occurrencePeriod={"start": DAY, "end": DAY}),
    "a procedure of a time": procedure(performedPeriod={"start": DAY, "end": DAY}),
    "a procedure that was not done": procedure(notDone=True),
    "a procedure that was not performed": procedure(notPerformed=True),
    "a device": resource("Device", status="inactive", type=coded("1"), property=[{"type": {"text": "replacement (ERI)"},
        "valueCode": [{"text": DAY}]}]),
    "a device by its name": resource("Device", status="active", deviceName=[{"name": "pump"}]),
    "the use of a device": resource("DeviceUseStatement", status="completed", device={"reference": "#d"},
        contained=[{"resourceType": "Device", "id": "d", "type": coded("1")}]),
    "the use of a device in STU3": resource("DeviceUseStatement", status="active", device={"reference": "#d"},
        whenUsed={"start": DAY, "end": DAY}, contained=[{"resourceType": "Device", "id": "d", "type": coded("1")}]),
    "the use of a device in R5": resource("DeviceUsage", status="active", device={"concept": coded("1")},
        usageStatus=coded("never"), timingPeriod={"start": DAY, "end": DAY}),
    "the use of a device at a time": resource("DeviceUsage", status="active", device={"concept": coded("1")}, timingDateTime="2027-03-01"),
    "the use of a device by a timing": resource("DeviceUsage", status="active", device={"concept": coded("1")},
        timingTiming={"repeat": {"boundsPeriod": {"start": DAY, "end": DAY}}}),
    "a device that is lost": resource("Device", status="active", type=coded("1"), availabilityStatus=coded("lost")),
    "the association of a device": resource("DeviceAssociation", status=coded("implanted"), device={"reference": "#d"},
        period={"start": DAY, "end": DAY}, contained=[{"resourceType": "Device", "id": "d", "type": coded("1")}]),
    "an appointment": {"resourceType": "Appointment", "id": "1", "status": "booked", "start": "2026-03-01T10:00:00Z",
        "serviceType": [coded("1")], "reasonCode": [coded("2")], "participant": [{"actor": P}]},
    "an appointment that is wanted": {"resourceType": "Appointment", "id": "1", "status": "proposed",
        "requestedPeriod": [{"start": DAY, "end": DAY}], "serviceType": [coded("1")], "participant": [{"actor": P}]},
    "an encounter": resource("Encounter", status="finished", type=[coded("1")], period={"start": DAY, "end": DAY},
        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}),
    "an encounter of R5": resource("Encounter", status="completed", actualPeriod={"start": DAY}, **{"class": [coded("IMP")]}),
    "a service": resource("ServiceRequest", status="active", intent="order", code=coded("1"), occurrenceDateTime=DAY),
    "a service of a time": resource("ServiceRequest", status="active", intent="order", code=coded("1"), occurrencePeriod={"start": DAY}),
    "a service that is not to be done": resource("ServiceRequest", status="active", intent="order", doNotPerform=True, code=coded("1")),
    "an order": request(
        authoredOn=DAY, category=[coded("inpatient", "c")], reasonCode=[coded("1")], groupIdentifier={"system": "s", "value": "g"},
        dosageInstruction=[DOSAGE], statusReason=coded("2"), priorPrescription={"reference": "MedicationRequest/0"},
        dispenseRequest={"quantity": amount(20, "mL"), "expectedSupplyDuration": amount(3000, "d"), "validityPeriod": {"start": DAY}},
    ),
    "an order that may be dispensed until": request(dispenseRequest={"validityPeriod": {"start": DAY, "end": DAY},
        "expectedSupplyDuration": amount(3000, "d")}),
    "an order of R5": {**resource("MedicationRequest", status="active", intent="order", medication={"concept": TABLET},
        reason=[{"concept": coded("1")}], effectiveDosePeriod={"start": DAY, "end": "2027-01-01"})},
    "an order as needed": request(dosageInstruction=[{**DOSAGE, "asNeededBoolean": True}]),
    "an order as needed of R5": request(dosageInstruction=[{**DOSAGE, "asNeeded": True}]),
    "an order as needed for something": request(dosageInstruction=[{**DOSAGE, "asNeededCodeableConcept": coded("1")}]),
    "an order as needed for something of R5": request(dosageInstruction=[{**DOSAGE, "asNeededFor": [coded("1")]}]),
    "an infusion": request(dosageInstruction=[INFUSION]),
    "a dosage of STU3": request(dosageInstruction=[{"route": coded("72607000"), "doseQuantity": amount(50, "ug"),
        "rateQuantity": amount(1, "ug/h"), "timing": {"code": {"text": "QD"}}}]),
    "an order that is not to be given": request(doNotPerform=True),
    "a plan": {**request(), "intent": "plan"},
    "an order of a product": {**resource("MedicationRequest", status="active", intent="order",
        medicationReference={"reference": "#m"}, contained=[MEDICATION])},
    "a statement": resource("MedicationStatement", status="active", medicationCodeableConcept=TABLET,
        effectivePeriod={"start": DAY, "end": "2027-01-01"}, dosage=[DOSAGE], dateAsserted=DAY),
    "a statement of a day": resource("MedicationStatement", status="active", medicationCodeableConcept=TABLET, effectiveDateTime=DAY),
    "a statement that it is not taken": resource("MedicationStatement", status="active", medicationCodeableConcept=TABLET, taken="n"),
    "a statement of adherence": resource("MedicationStatement", status="recorded", medication={"concept": TABLET},
        adherence={"code": coded("not-taking")}),
    "an administration": resource("MedicationAdministration", status="completed", medicationCodeableConcept=TABLET,
        effectiveDateTime=DAY, dosage={"route": coded("72607000"), "dose": amount(50, "ug")}),
    "an administration that was not given": resource("MedicationAdministration", status="completed", notGiven=True,
        medicationCodeableConcept=TABLET),
    "a rate that runs": resource("MedicationAdministration", status="in-progress", medicationCodeableConcept=TABLET,
        effectivePeriod={"start": DAY}, dosage={"rateQuantity": amount(1, "ug/h")}),
    "a dispense": resource("MedicationDispense", status="completed", medicationCodeableConcept=TABLET, whenHandedOver=DAY,
        quantity=amount(20, "mL"), daysSupply=amount(3000, "d"), dosageInstruction=[DOSAGE]),
}  # fmt: skip
