"""Medication resources as tests write them, and how the mapping reads them at one moment."""

from datetime import UTC, datetime

from engine.facts import MedicationFact, TherapyStatus
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.medications import medication_fact

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CODE = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M03BX01"}]}
CURRENT, ENDED, PLANNED = TherapyStatus.CURRENT, TherapyStatus.ENDED, TherapyStatus.PLANNED


def read(resource, draft=False) -> tuple[MedicationFact | None, list[tuple[str, str, str]]]:
    issues = DataIssues()
    whole = {"id": "1", "medicationCodeableConcept": CODE, **resource}
    fact = medication_fact(whole, lambda _: None, issues, now=NOW, draft=draft)
    return fact, [(issue.element, issue.effect, issue.reason) for issue in issues]


def request(**members):
    return {"resourceType": "MedicationRequest", "status": "active", "intent": "order", **members}


def statement(**members):
    return {"resourceType": "MedicationStatement", "status": "active", **members}


def bounded(start=None, end=None):
    period = {name: date for name, date in (("start", start), ("end", end)) if date}
    return {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": period}}}
