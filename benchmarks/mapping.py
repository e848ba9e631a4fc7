"""What reading and mapping a record costs beside merely parsing it: ``python -m benchmarks.mapping [resources]``.

Every round times the same request three ways, each request different from all others (other ids, dates and values), so that nothing
is remembered from one to the next but what recurs in every record: codes, units, statuses. The figures are medians over rounds of
the ratio to ``orjson.loads`` within the round, because the machine's speed drifts between rounds.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import orjson

from engine.facts import ListName
from engine.grammars import holds
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_prefetch
from fhir_adapters.review import ReviewContext
from fhir_adapters.wire import decode_object

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROUNDS = 300
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
KEYS = {
    "patient": (ListName.PATIENT,),
    "conditions": (ListName.CONDITIONS,),
    "observations": (ListName.OBSERVATIONS,),
    "medications": (ListName.MEDICATIONS,),
    "procedures": (ListName.PROCEDURES,),
    "encounters": (ListName.ENCOUNTERS,),
}
# The mix of a general record: out of ten resources six are observations.
MIX = ("observations",) * 6 + ("encounters", "conditions", "procedures", "medications")
LABS = [
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL"),
    ("8867-4", "Heart rate", "/min"),
    ("29463-7", "Body weight", "kg"),
    ("8302-2", "Body height", "cm"),
    ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL"),
    ("33914-3", "Glomerular filtration rate/1.73 sq M.predicted", "mL/min/{1.73_m2}"),
]


def codes_from(first: int) -> list[str]:
    """300 numbers that SNOMED CT can have as codes: what no code system can hold counts as nothing, and is looked at by every rule."""
    return [str(number) for number in range(first, first + 3000) if holds(SNOMED, str(number))][:300]


DISORDERS, PROCEDURES = codes_from(44054006), codes_from(430193006)


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


class Requests:
    """Requests of one size, no two the same."""

    def __init__(self, resources: int) -> None:
        self.resources = resources
        self.random = random.Random(resources)

    def id(self) -> str:
        return f"{self.random.getrandbits(128):032x}"

    def date(self) -> str:
        moment = NOW - timedelta(seconds=self.random.randrange(10 * 365 * 86400))
        return moment.isoformat(timespec="milliseconds")

    def body(self) -> bytes:
        patient = self.id()
        bundles: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KEYS if kind != "patient"}
        # Observations of one visit share their time.
        when = [self.date() for _ in range(max(1, self.resources // 12))]
        for index in range(self.resources - 1):
            kind = MIX[index % len(MIX)]
            bundles[kind].append(getattr(self, kind)(patient, self.random.choice(when)))
        prefetch: dict[str, Any] = {
            kind: {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(found),
                "entry": [
                    {
                        "fullUrl": f"https://ehr.example.org/fhir/{resource['resourceType']}/{resource['id']}",
                        "resource": resource,
                        "search": {"mode": "match"},
                    }
                    for resource in found
                ],
            }
            for kind, found in bundles.items()
        }
        prefetch["patient"] = {
            "resourceType": "Patient",
            "id": patient,
            "birthDate": self.date()[:10],
            "gender": "female",
        }
        context = {
            "patientId": patient,
            "userId": "Practitioner/1",
            "draftOrders": {"resourceType": "Bundle"},
        }
        return orjson.dumps({"hook": "order-sign", "context": context, "prefetch": prefetch})

    def resource(self, type_: str, patient: str, **members: Any) -> dict[str, Any]:
        meta = {
            "versionId": "1",
            "lastUpdated": self.date(),
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{type_.lower()}"],
        }
        return {
            "resourceType": type_,
            "id": self.id(),
            "meta": meta,
            "identifier": [{"system": "https://ehr.example.org/id", "value": self.id()}],
            "subject": {"reference": f"Patient/{patient}", "display": "A. Patient"},
            "encounter": {"reference": f"Encounter/{self.id()}"},
            **members,
        }

    def observations(self, patient: str, when: str) -> dict[str, Any]:
        code, display, unit = self.random.choice(LABS)
        return self.resource(
            "Observation",
            patient,
            status="final",
            category=[status("observation-category", "laboratory")],
            code=concept(LOINC, code, display),
            effectiveDateTime=when,
            issued=when,
            valueQuantity={
                "value": round(self.random.uniform(0.1, 200), 4),
                "unit": unit,
                "system": UCUM,
                "code": unit,
            },
        )

    def encounters(self, patient: str, when: str) -> dict[str, Any]:
        return self.resource(
            "Encounter",
            patient,
            status="finished",
            **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
            type=[concept(SNOMED, "185345009", "Encounter for symptom")],
            period={"start": when, "end": when},
        )

    def conditions(self, patient: str, when: str) -> dict[str, Any]:
        return self.resource(
            "Condition",
            patient,
            clinicalStatus=status("condition-clinical", self.random.choice(("active", "resolved"))),
            verificationStatus=status("condition-ver-status", "confirmed"),
            code=concept(SNOMED, self.random.choice(DISORDERS), "A disorder (disorder)"),
            onsetDateTime=when,
            recordedDate=when,
        )

    def procedures(self, patient: str, when: str) -> dict[str, Any]:
        return self.resource(
            "Procedure",
            patient,
            status="completed",
            code=concept(SNOMED, self.random.choice(PROCEDURES), "A procedure (procedure)"),
            performedPeriod={"start": when, "end": when},
        )

    def medications(self, patient: str, when: str) -> dict[str, Any]:
        return self.resource(
            "MedicationRequest",
            patient,
            status=self.random.choice(("active", "stopped")),
            intent="order",
            medicationCodeableConcept=concept(
                "http://www.nlm.nih.gov/research/umls/rxnorm",
                f"{860975 + self.random.randrange(300)}",
                "A medicine 500 MG Oral Tablet",
            ),
            authoredOn=when,
            dosageInstruction=[
                {
                    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                    "doseAndRate": [
                        {"doseQuantity": {"value": 500, "unit": "mg", "system": UCUM, "code": "mg"}}
                    ],
                }
            ],
        )


def prefetch_of(body: bytes) -> Any:
    members = decode_object(body)
    assert members is not None
    prefetch = decode_object(members["prefetch"])
    assert prefetch is not None
    return prefetch


def read(body: bytes) -> Any:
    return read_prefetch(prefetch_of(body), keys=KEYS, patient_id=None)


def read_and_map(body: bytes) -> Any:
    return patient_facts(read(body), ReviewContext("order-sign"), now=NOW)


def seconds(step: Callable[[bytes], Any], body: bytes) -> float:
    start = time.perf_counter()
    step(body)
    return time.perf_counter() - start


def main() -> None:
    resources = int(sys.argv[1]) if len(sys.argv) > 1 else 155
    requests = Requests(resources)
    for _ in range(20):
        read_and_map(requests.body())
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    steps = {"orjson.loads": orjson.loads, "read": read, "read and map": read_and_map}
    rounds: list[list[float]] = []
    size = 0
    for _ in range(ROUNDS):
        body = requests.body()
        size += len(body)
        rounds.append([seconds(step, body) for step in steps.values()])
    print(f"{resources} resources, {size // ROUNDS // 1024} KiB a request, {ROUNDS} rounds")
    for index, name in enumerate(steps):
        cost = median(times[index] for times in rounds)
        ratio = median(times[index] / times[0] for times in rounds)
        print(f"{name:>14} {cost * 1000:8.2f} ms {ratio:6.2f}x")


if __name__ == "__main__":
    main()
