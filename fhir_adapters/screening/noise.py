"""Noise: how many cards the rules would make over many orders, by tier and by rule, held under a recorded budget.

A rule that is right and never read helps nobody. Three kinds of orders are played: a first test dose for a patient without a pump, a
change of dose for a patient with one, and an ordinary medicine for a patient with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from statistics import quantiles

import msgspec

from engine.evaluation import Engine
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.command_line.questions import RecordHook, questions_of
from fhir_adapters.screening.cohort import ATC, ICD, SNOMED, UCUM, Resource, coded, intrathecal_baclofen

ORDINARY = (
    ("N02BE01", "paracetamol"),
    ("J01CA04", "amoxicillin"),
    ("A02BC01", "omeprazole"),
    ("N02AA01", "morphine"),
    ("C07AB02", "metoprolol"),
    ("N05CF01", "zopiclone"),
)


@dataclass(slots=True)
class Noise:
    """Counts over many orders of one kind; ``cards`` is the number of cards of each order.

    ``met`` and ``unknown`` count by rule: the cards that say what it found, and those on which it could not be checked.
    """

    kind: str
    cards: list[int] = field(default_factory=list)
    tiers: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def orders(self) -> int:
        """How many orders were played."""
        return len(self.cards)

    def per_hundred(self, count: int) -> float:
        """A count as a number for every 100 orders."""
        return round(100 * count / self.orders, 1) if self.orders else 0.0

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that were on cards, the noisiest first."""
        return tuple(rule for rule, _ in (self.met + self.unknown).most_common())

    @property
    def typical(self) -> int:
        """The number of cards that nine of ten orders do not exceed."""
        return int(quantiles(self.cards, n=10)[-1]) if len(self.cards) > 1 else sum(self.cards)


def first_doses(bundles: Iterable[Resource]) -> Iterator[Resource]:
    """Each record with a test dose of intrathecal baclofen about to be signed."""
    for bundle in bundles:
        yield _with(bundle, test_dose(_patient(bundle)))


def dose_changes(bundles: Iterable[Resource], now: datetime) -> Iterator[Resource]:
    """Each record of a pump patient with the pump's dose raised by a tenth."""
    for bundle in bundles:
        patient = _patient(bundle)
        pump = next(
            entry["resource"] for entry in bundle["entry"] if entry["resource"]["id"] == f"{patient}-pump"
        )
        dose = pump["dosageInstruction"][0]["doseAndRate"][0]["rateRatio"]["numerator"]["value"]
        draft = intrathecal_baclofen(patient, "draft", "draft", round(dose * 1.1), now.date())
        yield _with(bundle, {**draft, "priorPrescription": {"reference": f"MedicationRequest/{pump['id']}"}})


def ordinary_orders(bundles: Iterable[Resource]) -> Iterator[Resource]:
    """Each record with an everyday medicine about to be signed, one after the other from a short list."""
    for bundle, (code, words) in zip(bundles, cycle(ORDINARY), strict=False):
        yield _with(bundle, _draft(_patient(bundle), code, words))


def test_dose(patient: str) -> Resource:
    """A first test dose: 50 micrograms into the spinal canal, once."""
    dosage = {
        "route": coded(SNOMED, "72607000", "Intrathecal route"),
        "timing": {"repeat": {"count": 1}},
        "doseAndRate": [{"doseQuantity": {"value": 50, "unit": "ug", "system": UCUM, "code": "ug"}}],
    }
    words = "Baclofen 50 micrograms/mL solution for injection"
    strength = {
        "numerator": {"value": 50, "unit": "ug", "system": UCUM, "code": "ug"},
        "denominator": {"value": 1, "unit": "mL", "system": UCUM, "code": "mL"},
    }
    ingredient = {"itemCodeableConcept": coded(ATC, "M03BX01", "baclofen"), "strength": strength}
    draft = _draft(patient, "M03BX01", words)
    del draft["medicationCodeableConcept"]
    ampoule = {
        "resourceType": "Medication",
        "id": "ampoule",
        "code": coded(ATC, "M03BX01", words),
        "ingredient": [ingredient],
    }
    return {
        **draft,
        "contained": [ampoule],
        "medicationReference": {"reference": "#ampoule"},
        "reasonCode": [coded(ICD, "G35", "Multiple sclerosis")],
        "dosageInstruction": [dosage],
    }


def count(kind: str, bundles: Iterable[Resource], engine: Engine, services: Services, now: datetime) -> Noise:
    """Play every record at order-sign and count what came."""
    noise = Noise(kind)
    for bundle in bundles:
        for question in questions_of(msgspec.json.encode(bundle), RecordHook.ORDER_SIGN, services):
            cards = question.decide(engine, now).cards
            noise.cards.append(len(cards))
            noise.tiers.update(card.tier for card in cards)
            for card in cards:
                (noise.unknown if card.tier == "unchecked" else noise.met).update(card.rules)
    return noise


def over_budget(noises: Iterable[Noise], budget: Mapping[str, Mapping[str, float]]) -> list[str]:
    """What exceeds the recorded budget, in words: for each kind of order the cards for every 100 orders, by tier."""
    found = []
    for noise in noises:
        allowed = budget.get(noise.kind, {})
        measured = {"cards": sum(noise.cards), **noise.tiers}
        for name, number in measured.items():
            if noise.per_hundred(number) > allowed.get(name, 0.0):
                found.append(
                    f"{noise.kind}: {noise.per_hundred(number)} {name} for every 100 orders; {allowed.get(name, 0.0)} are allowed"
                )
    return found


def _patient(bundle: Resource) -> str:
    resources = (entry.get("resource", {}) for entry in bundle["entry"])
    return str(next(resource["id"] for resource in resources if resource.get("resourceType") == "Patient"))


def _with(bundle: Resource, order: Resource) -> Resource:
    return {**bundle, "entry": [*bundle["entry"], {"resource": order}]}


def _draft(patient: str, code: str, words: str) -> Resource:
    return {
        "resourceType": "MedicationRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": coded(ATC, code, words),
    }
