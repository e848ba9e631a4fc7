"""Records for property tests: patients with a few entries in every list, readable and not, and a few orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from engine.concepts import CodedText, Coding
from engine.facts import AllergyFact, FactList, Gap, ListState, OrderAction, PatientFacts, TherapyStatus
from tests.engine.builders import (
    ADULT,
    UNMAPPED,
    allergy,
    appointment,
    coded,
    device,
    diagnosis,
    dosage,
    encounter,
    medicine,
    observation,
    on,
    order,
    past,
    patient,
    procedure,
    pump,
    service,
)

MORPHINE = CodedText((Coding("http://www.whocc.no/atc", "N02AA01"),), "Morphine")
TRAMADOL = CodedText((Coding("http://www.whocc.no/atc", "N02AX02"),), "Tramadol")

ENTRIES: dict[str, tuple[Any, ...]] = {
    "conditions": (
        diagnosis(), past(reference="Condition/2"), diagnosis("head-injury", "Condition/3", onset=on("2020")),
        diagnosis("head-injury", "Condition/4", onset=on("2026-01-01")), diagnosis(UNMAPPED, "Condition/5"),
        diagnosis("pregnancy", "Condition/6", suspected=True),
    ),
    "allergies": (
        allergy(), allergy("baclofen", "AllergyIntolerance/2", intolerance=True), allergy(UNMAPPED, "AllergyIntolerance/3"),
        AllergyFact("AllergyIntolerance/4", ()),
    ),
    "medications": (
        medicine(MORPHINE, "oral", reference="MedicationRequest/1", started=on("2025-01-01")),
        medicine(replace(coded("opioids"), text="Oxycodone"), reference="MedicationRequest/2"),
        medicine(UNMAPPED, "oral", reference="MedicationRequest/3"),
        medicine("opioids", reference="MedicationRequest/4", status=TherapyStatus.ENDED, ended=on("2026")),
        medicine("opioids", "oral", reference="MedicationRequest/6", status=TherapyStatus.ENDED, ended=on("2026-03-01")),
        medicine(TRAMADOL, "intrathecal", reference="MedicationRequest/7"),
        pump(dosages=[dosage(daily="100 ug/d")], started=on("2025-06-01")),
        pump(reference="MedicationAdministration/1", kind="administration", status=TherapyStatus.ENDED, started=on("2026-02-01")),
        medicine("baclofen", reference="MedicationRequest/5"),
    ),
    "observations": (
        observation("egfr", "40 mL/min", "2026-01-01", "Observation/1"),
        observation("egfr", "80 mL/min", "2026-02-01", "Observation/2"),
        observation("egfr", "55 mg/dL", "2026-02-20", "Observation/3"),
        observation("egfr", "80 mL/min", None, "Observation/4"),
        observation("lab-creatinine", "1 mg/dL", "2026-02-01", "Observation/5"),
        observation(UNMAPPED, "5 mg/dL", "2026-02-01", "Observation/6"),
        observation("vital-weight", "90 kg", "2026-02-01", "Observation/7"),
        observation("vital-weight", "40 kg", "2026-02-15", "Observation/8"),
        observation("clearance", "80 mL/min", "2026-02-10", "Observation/9"),
    ),
    "procedures": (
        procedure(), procedure(reference="Procedure/2", done=False, performed=on("2026-04-01")), procedure(UNMAPPED, "Procedure/3"),
    ),
    "devices": (device(), device(reference="Device/2", active=False), device(UNMAPPED, "Device/3")),
    "appointments": (
        appointment("noshow", "2026-03-01T09:00:00Z"), appointment("booked", "2026-03-20T09:00:00Z", reference="Appointment/2"),
        appointment("fulfilled", None, reference="Appointment/3"), appointment("booked", "2026-03-20", UNMAPPED, "Appointment/4"),
    ),
    "encounters": (encounter("in-progress"), encounter("finished", reference="Encounter/2", period=on("2026-01-01"))),
    "services": (service(), service(UNMAPPED, "ServiceRequest/2"), service(reference="ServiceRequest/3", draft=True)),
}  # fmt: skip
"""What may stand in each list."""

ORDERS = (
    order(reference="MedicationRequest/o1", dosages=[dosage(daily="200 ug/d")]),
    order("opioids", "oral", reference="MedicationRequest/o2"),
    order(route=None, reference="MedicationRequest/o3"),
    order(reference="MedicationRequest/o4", action=OrderAction.STOP),
    order(UNMAPPED, None, reference="MedicationRequest/o5"),
)

PEOPLE = (
    ADULT,
    ADULT,
    replace(ADULT, sex=None),
    replace(ADULT, birth=on("2022")),
    replace(ADULT, birth=on("2024-01-01"), sex="male"),
    None,
)


@st.composite
def records(
    draw: st.DrawFn, hooks: tuple[str, ...] = ("order-sign", "order-select", "patient-view")
) -> PatientFacts:
    """A patient with some of the entries in each list, in any order; lists are mostly complete."""

    def some(entries: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(draw(st.permutations(entries))[: draw(st.integers(0, len(entries)))])

    lists: dict[str, Any] = {}
    for name, entries in ENTRIES.items():
        state = draw(st.sampled_from([*[ListState.PRESENT] * 6, *ListState]))
        gaps = draw(st.sampled_from([(), (), (), (Gap("Basic/1", "no code"),)]))
        lists[name] = FactList(state, some(entries), gaps)
    person = draw(st.sampled_from(PEOPLE))
    return patient(person, hook=draw(st.sampled_from(hooks)), orders=some(ORDERS), **lists)
