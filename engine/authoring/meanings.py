"""Meanings: what each word means that a file may choose from a list, for the editor and for the pages of the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ACTIONS: Final = {
    "start": "It begins the medicine.",
    "change": "It changes an order that there is already.",
    "hold": "It pauses the medicine.",
    "stop": "It ends the medicine.",
}
_SEXES: Final = {
    "female": "Recorded as female.",
    "male": "Recorded as male.",
    "other": "Recorded as other.",
    "unknown": "Recorded as unknown.",
}
_IF_MISSING: Final = {
    "unknown": "The condition is unknown, and says what is missing.",
    "not-met": "Silence means no.",
}
_TRUTHS: Final = {
    "met": "The rule holds.",
    "not_met": "It does not.",
    "unknown": "The record does not tell.",
}
_PICK: Final = {
    "latest": "Only the latest value counts.",
    "any": "It is enough that one value within the time fits.",
}
_THERAPY: Final = {
    "current": "The patient has the medicine already.",
    "none": "The patient does not have it.",
}

MEANINGS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("Hook", ""): {
        "order-select": "While an order is being written.",
        "order-sign": "When orders are signed.",
        "patient-view": "When a record is opened.",
        "encounter-start": "When a stay or visit begins.",
        "encounter-discharge": "When the patient is discharged.",
        "medication-refill": "When a refill is asked for.",
        "appointment-book": "When an appointment is booked.",
        "order-dispatch": "When an order is sent to who carries it out.",
        "problem-list-item-create": "When a diagnosis is added.",
        "allergyintolerance-create": "When an allergy is added.",
    },
    ("Kind", ""): {
        "contraindication": "It must not be used; a card of its own.",
        "warning": "A danger to weigh; together with the other warnings of the order.",
        "precaution": "Something to do before or meanwhile; with the warnings.",
        "interaction": "With another medicine; together with the other interactions.",
        "administration": "Dose, route, strength or setting; with the warnings.",
        "monitoring": "What has to be watched; with the information.",
        "information": "Good to know; with the monitoring.",
    },
    ("Indicator", ""): {
        "info": "Good to know; nobody is held up.",
        "warning": "Look at it before you go on.",
        "critical": "Do not go on without a change or a reason.",
    },
    ("Rule", "status"): {
        "draft": "Being written: loaded and checked, not evaluated.",
        "active": "Evaluated for patients.",
        "retired": "No longer evaluated; kept so that old decisions can be understood.",
    },
    ("Rule", "brought_up_by"): {
        "order": "The medicine is being ordered.",
        "therapy": "The patient already has it.",
        "record": "The patient already has it, and the record is opened or added to while no order is under review.",
        "stop": "Its therapy is being stopped or held.",
        "ended": "The record tells of it only as ended, or by a pump.",
    },
    ("Rule", "if_unknown"): {
        "tell": "Named on the card of what could not be checked.",
        "warn": "The same, and that card is a warning.",
        "silent": "Only recorded.",
    },
    ("SuggestionSpec", "delete"): {"order": "The order under review."},
    ("SuggestionSpec", "set_status"): {"on-hold": "Paused."},
    ("Review", "state"): {
        "unreviewed": "No clinician has read it, and the card says so.",
        "approved": "A role has signed the sentence off, on a day.",
    },
    ("ActionLeaf", "action"): _ACTIONS,
    ("OrderLeaf", "action"): _ACTIONS,
    ("MedicationEntry", "action"): {**_ACTIONS, "unknown": "What it does cannot be read."},
    ("AdjustedFile", "status"): {"retired": "Looked at and recorded, and on no card of this site."},
    ("AllergyLeaf", "status"): {"active": "It still holds.", "inactive": "It no longer holds."},
    ("AllergyEntry", "status"): {"active": "It still holds.", "inactive": "It no longer holds."},
    ("AllergyLeaf", "type"): {
        "allergy": "Only entries that say allergy.",
        "intolerance": "Only entries that say intolerance.",
        "any": "Both, and entries that do not say which.",
    },
    ("AllergyEntry", "type"): {
        "allergy": "The entry says allergy.",
        "intolerance": "The entry says intolerance.",
    },
    ("AppointmentLeaf", "state"): {
        "missed": "Not kept or cancelled, and no later one is booked or kept.",
        "planned": "Booked.",
        "kept": "It took place.",
    },
    ("BatchLeaf", "batch"): {"expired": "The expiry date is past."},
    ("ConditionLeaf", "status"): {
        "current": "The patient has it now.",
        "current-or-remission": "Now, or in remission.",
        "past": "It is over.",
        "ever": "Now or at any time.",
    },
    ("ConditionLeaf", "certainty"): {
        "any": "Confirmed or not; the card says which.",
        "confirmed": "Provisional and differential diagnoses do not count.",
        "suspected": "Only provisional and differential diagnoses.",
    },
    ("ConditionLeaf", "if_undated"): {
        "unknown": "Such an entry leaves the condition open.",
        "met": "Such an entry counts.",
    },
    ("ConditionLeaf", "since"): {"therapy-start": "The start of the therapy with the rule's medicine."},
    ("ConditionEntry", "status"): {
        "current": "The patient has it now.",
        "remission": "In remission.",
        "past": "It is over.",
    },
    ("DeviceLeaf", "status"): {
        "active": "In use.",
        "inactive": "No longer in use.",
        "any": "Either.",
    },
    ("DeviceLeaf", "replacement"): {"overdue": "The elective replacement date is past."},
    ("DeviceEntry", "status"): {
        "active": "In use.",
        "inactive": "No longer in use.",
        "unknown": "The record leaves open whether it is in use.",
    },
    ("DoseTest", "of"): {
        "bolus": "One single dose.",
        "day": "The sum of 24 hours.",
        "concentration": "Amount in a volume of the solution.",
    },
    ("EncounterLeaf", "state"): {
        "now": "The one that the request names, or one in progress.",
        "finished": "One that is over.",
    },
    ("GivenAsLeaf", "given_as"): {
        "bolus": "A single dose.",
        "infusion": "Continuously.",
        "refill": "A filling of the reservoir.",
    },
    ("LabLeaf", "estimate"): {
        "creatinine": "The filtration rate in mL/min/1.73m2, from creatinine, age and sex (CKD-EPI 2021); for children from "
        "creatinine and height (bedside Schwartz).",
        "creatinine-and-weight": "An adult's creatinine clearance in mL/min, from creatinine, actual weight, age and sex "
        "(Cockcroft and Gault).",
    },
    ("LabLeaf", "pick"): _PICK,
    ("VitalLeaf", "pick"): _PICK,
    ("LabLeaf", "if_missing"): _IF_MISSING,
    ("VitalLeaf", "if_missing"): _IF_MISSING,
    ("PregnancyLeaf", "if_missing"): _IF_MISSING,
    ("LactationLeaf", "lactation"): {"current": "The patient breastfeeds."},
    ("MedicationLeaf", "status"): {
        "current": "Taken now, or being ordered too.",
        "recent": "Ended within the given time.",
        "ever": "Now or at any time.",
    },
    ("MedicationEntry", "status"): {
        "current": "Taken now.",
        "ended": "No longer taken.",
        "planned": "To be taken later.",
    },
    ("MedicationEntry", "kind"): {
        "request": "An order.",
        "statement": "An entry of what the patient takes.",
        "administration": "A dose that was given.",
        "dispense": "A pack that was handed out.",
    },
    ("PregnancyLeaf", "pregnancy"): {
        "current": "The patient is pregnant.",
        "possible": "The record says that she may be.",
        "excluded": "The record says that she is not.",
        "unstated": "A complete record says nothing, of a patient who may be pregnant.",
    },
    ("ProcedureLeaf", "status"): {"done": "It took place.", "planned": "It is planned.", "any": "Either."},
    ("ProcedureEntry", "status"): {"done": "It took place.", "planned": "It is planned."},
    ("SexLeaf", "sex"): _SEXES,
    ("PatientEntry", "sex"): _SEXES,
    ("TaperLeaf", "taper"): {"planned": "The dose falls in at least two steps."},
    ("TherapyTest", "status"): {
        "current": "The patient has it now.",
        "stopped": "It ended within the given time.",
        "ever": "Now or at any time.",
    },
    ("Case", "therapy"): _THERAPY,
    ("Setup", "therapy"): _THERAPY,
    ("Expectation", "card"): {
        "critical": "A card that stops.",
        "warning": "A card that warns.",
        "info": "A card that informs.",
        "none": "No card names the rule.",
    },
    ("ListName", ""): {
        "patient": "Birth date and sex.",
        "allergies": "Allergies and intolerances.",
        "conditions": "The problem list.",
        "medications": "What the patient takes.",
        "observations": "Laboratory values, vital signs and other observations.",
        "procedures": "What was done or is planned.",
        "devices": "Devices and implants.",
        "appointments": "Appointments.",
        "encounters": "Stays and visits.",
        "services": "Requested services.",
    },
    ("Truth", ""): _TRUTHS,
    ("Case", "expect"): _TRUTHS,
    ("SystemFile", "unlisted"): {
        "no": "It is something else.",
        "unknown": "It may be anything.",
    },
    ("StatementFile", "use"): {
        "indication": "What the medicine is for.",
        "undesirable-effect": "A side effect.",
    },
}
"""The words by model and field, for each value; a field's name is empty where the list of values has a name of its own."""
