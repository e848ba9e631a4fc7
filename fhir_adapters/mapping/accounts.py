"""Accounts: whether each resource that was sent was read, left out with a reason, or unreadable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.facts import FactList, Gap, ListName, PatientFacts
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.products import read_product
from fhir_adapters.record import SUPPORTING, PatientRecord
from fhir_adapters.wire import Entry


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the resources of one type; the parts add up to ``total``."""

    total: int
    read: int = 0
    unreadable: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)

    @property
    def unaccounted(self) -> int:
        """How many are neither read, nor ignored with a reason, nor reported as unreadable: always none."""
        return self.total - self.read - self.unreadable - sum(self.ignored.values())


def account(record: PatientRecord, facts: PatientFacts, issues: DataIssues) -> dict[str, Account]:
    """The account of a record and of the facts that were made of it, by resource type.

    What was sent but is no resource at all stands under the type ``""``. What only supports others (a
    Medication, a Practitioner) counts as read, unless it is a medicine that does not say what it is.
    """
    read, gaps = set(_references(facts)), {gap.reference for gap in _gaps(facts)}
    reasons: dict[str, str] = {}
    for issue in issues:
        if issue.effect == "ignored":
            reasons.setdefault(issue.reference, issue.reason)
    total: Counter[str] = Counter()
    done: Counter[str] = Counter()
    unreadable: Counter[str] = Counter()
    ignored: dict[str, Counter[str]] = {}
    for entry in record:
        total[entry.type] += 1
        if entry.type in SUPPORTING and _says_nothing(entry):
            unreadable[entry.type] += 1
        elif entry.type in SUPPORTING or entry.reference in read:
            done[entry.type] += 1
        elif entry.reference in gaps:
            unreadable[entry.type] += 1
        elif entry.reference in reasons:
            ignored.setdefault(entry.type, Counter())[reasons[entry.reference]] += 1
    for (type_, why), count in record.left_out.items():
        total[type_] += count
        ignored.setdefault(type_, Counter())[why] += count
    if record.illegible:
        total[""] = unreadable[""] = record.illegible
    return {
        type_: Account(total[type_], done[type_], unreadable[type_], dict(ignored.get(type_, {})))
        for type_ in sorted(total)
    }


def _says_nothing(entry: Entry) -> bool:
    """Whether a Medication is none that can be read."""
    if entry.type != "Medication":
        return False
    named = {"medicationReference": {"reference": entry.reference}}
    product = read_product(named, {entry.reference: entry.resource}.get, DataIssues(), "")
    return not (product.code.codings or product.code.text or product.ingredients)


def _lists(facts: PatientFacts) -> Iterator[FactList[Any]]:
    return (getattr(facts, name.value) for name in ListName if name is not ListName.PATIENT)


def _references(facts: PatientFacts) -> Iterator[str]:
    if facts.person is not None:
        yield facts.person.reference
    for found in _lists(facts):
        yield from (fact.reference for fact in found.items)


def _gaps(facts: PatientFacts) -> Iterator[Gap]:
    yield from facts.order_gaps
    for found in _lists(facts):
        yield from found.gaps
