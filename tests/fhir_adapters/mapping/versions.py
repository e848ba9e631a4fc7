"""One patient, the same in every way that is read, as the versions of FHIR write it."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]

P = {"reference": "Patient/p"}
SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
ATC = "http://www.whocc.no/atc"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1980-02", "gender": "female"}


def snomed(code: str) -> Resource:
    return {"coding": [{"system": SNOMED, "code": code}]}


def status(code: str) -> Resource:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/any", "code": code}]}


def amount(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def in_version(version: str) -> list[Resource]:
    """One patient as a version of FHIR writes it: STU3, R4 or R5.

    R4B writes it as R4 does: no resource that is read here changed (HL7, https://hl7.org/fhir/R4B/diff.html, and
    https://hl7.org/fhir/R4B/r3maps.html: what R4B changed did not exist in STU3).
    """
    stu3, r5 = version == "STU3", version == "R5"
    code = (lambda code: code) if stu3 else status
    concept = (lambda concept: {"concept": concept}) if r5 else (lambda concept: concept)
    return [
        PATIENT,
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": P,
            "code": snomed("84757009"),
            "clinicalStatus": code("active"),
            "verificationStatus": code("provisional"),
            "onsetDateTime": "2019",
            ("assertedDate" if stu3 else "recordedDate"): "2019-05-01",
        },
        {
            "resourceType": "AllergyIntolerance",
            "id": "l",
            "patient": P,
            "code": snomed("387342009"),
            "clinicalStatus": code("active"),
            "verificationStatus": code("confirmed"),
            "type": status("intolerance") if r5 else "intolerance",
            ("assertedDate" if stu3 else "recordedDate"): "2020-01-01",
        },
        {
            "resourceType": "Observation",
            "id": "o",
            "status": "final",
            "subject": P,
            "code": {"coding": [{"system": LOINC, "code": "2160-0"}]},
            "effectiveDateTime": "2026-05-01",
            "valueQuantity": {"value": 1.2, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"},
        },
        {
            "resourceType": "Procedure",
            "id": "x",
            "status": "completed",
            "subject": P,
            "code": snomed("440607000"),
            ("occurrenceDateTime" if r5 else "performedDateTime"): "2024-03",
        },
        {
            "resourceType": "Device",
            "id": "d",
            "status": "active",
            "type": [snomed("5639009")] if r5 else snomed("5639009"),
            **({} if r5 else {"patient": P}),
        },
        {
            "resourceType": "DeviceUsage" if r5 else "DeviceUseStatement",
            "id": "u",
            "status": "active",
            ("patient" if r5 else "subject"): P,
            "device": {"reference": {"reference": "Device/d"}} if r5 else {"reference": "Device/d"},
        },
        # R5 took the patient from devices: there this is what says whose one is.
        *(
            [
                {
                    "resourceType": "DeviceAssociation",
                    "id": "a",
                    "device": {"reference": "Device/d"},
                    "status": status("implanted"),
                    "subject": P,
                    "period": {"start": "2024-03"},
                }
            ]
            if r5
            else []
        ),
        {
            "resourceType": "Appointment",
            "id": "t",
            "status": "booked",
            "start": "2026-07-01T10:00:00Z",
            "serviceType": [concept(snomed("108220007"))],
            "participant": [{"actor": P, "status": "accepted"}],
            **({"subject": P} if r5 else {}),
        },
        {
            "resourceType": "Encounter",
            "id": "e",
            "status": "completed" if r5 else "finished",
            "class": [{"coding": [{"system": ACT, "code": "IMP"}]}] if r5 else {"system": ACT, "code": "IMP"},
            "subject": P,
            ("actualPeriod" if r5 else "period"): {"start": "2026-04-01", "end": "2026-04-02"},
        },
        {
            "resourceType": "ProcedureRequest" if stu3 else "ServiceRequest",
            "id": "s",
            "status": "active",
            "intent": "order",
            "subject": P,
            "code": concept(snomed("113091000")),
            "occurrenceDateTime": "2026-07",
        },
        {
            "resourceType": "MedicationRequest",
            "id": "m",
            "status": "active",
            "intent": "order",
            "subject": P,
            "authoredOn": "2026-01-01",
            **(
                {"medication": {"concept": snomed("387342009")}}
                if r5
                else {"medicationCodeableConcept": snomed("387342009")}
            ),
        },
        *medicines(version),
    ]


def medicines(version: str) -> list[Resource]:
    """A medicine with its ingredient, form and batch, ordered, stated, given and handed out."""
    stu3, r5 = version == "STU3", version == "R5"
    baclofen = {"coding": [{"system": ATC, "code": "M03BX01"}]}
    content = {"numerator": amount(10, "mg"), "denominator": amount(5, "mL")}
    ingredient = {
        **({"item": {"concept": baclofen}} if r5 else {"itemCodeableConcept": baclofen}),
        ("amount" if stu3 else "strengthRatio" if r5 else "strength"): content,
    }
    batch = {"expirationDate": "2027-03"}
    medication = {
        "resourceType": "Medication",
        "id": "b",
        "code": baclofen,
        ("doseForm" if r5 else "form"): snomed("385219001"),
        "ingredient": [ingredient],
        **({"package": {"batch": [batch]}} if stu3 else {"batch": batch}),
    }
    reference = {"reference": "Medication/b"}
    what = {"medication": {"reference": reference}} if r5 else {"medicationReference": reference}
    how = {
        "route": snomed("72607000"),
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
    }
    dose = {"doseQuantity": amount(50, "ug")}
    dosage = {**how, **(dose if stu3 else {"doseAndRate": [dose]})}
    given = {"start": "2026-05-30T10:00:00Z", "end": "2026-05-30T10:05:00Z"}
    return [
        medication,
        {
            "resourceType": "MedicationRequest",
            "id": "pump",
            "status": "active",
            "intent": "order",
            "subject": P,
            **what,
            "authoredOn": "2026-05-01",
            **(
                {"reason": [{"concept": snomed("221360009")}]}
                if r5
                else {"reasonCode": [snomed("221360009")]}
            ),
            **({"category": status("inpatient")} if stu3 else {"category": [status("inpatient")]}),
            "dosageInstruction": [dosage],
            "dispenseRequest": {"quantity": amount(20, "mL"), "expectedSupplyDuration": amount(90, "d")},
        },
        {
            "resourceType": "MedicationStatement",
            "id": "stated",
            "status": "recorded" if r5 else "active",
            **({"taken": "y"} if stu3 else {"adherence": {"code": status("taking")}} if r5 else {}),
            "subject": P,
            **what,
            "effectivePeriod": {"start": "2026-01"},
            "dateAsserted": "2026-05-02",
            "dosage": [dosage],
        },
        {
            "resourceType": "MedicationAdministration",
            "id": "given",
            "status": "completed",
            "subject": P,
            **what,
            ("occurencePeriod" if r5 else "effectivePeriod"): given,  # R5 spells it so
            "dosage": {"route": snomed("72607000"), "dose": amount(50, "ug")},
        },
        {
            "resourceType": "MedicationDispense",
            "id": "handed-out",
            "status": "completed",
            "subject": P,
            **what,
            "whenHandedOver": "2026-05-20T10:00:00Z",
            "quantity": amount(20, "mL"),
            "daysSupply": amount(90, "d"),
            "dosageInstruction": [dosage],
        },
    ]
