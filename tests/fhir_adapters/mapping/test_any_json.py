"""Whatever JSON stands in whatever element that is read, of whatever resource: it becomes a fact, a gap or an issue, and no error.

Each element in turn, so that no luck is needed to find the one that is read as if it could only be what FHIR says.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import LIST_OF, SUPPORTING, read_record
from fhir_adapters.review import read_context
from fhir_adapters.wire import MEMBERS, WHOLE
from tests.fhir_adapters.mapping.samples import SAMPLES, P, Resource, coded

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
KINDS: tuple[Any, ...] = (
    *(None, True, 7, -0.5, 10**30, "", "a text", "2026-13-45", "9999-12-31"),
    *(
        [],
        {},
        [7],
        [None],
        ["a text"],
        [{}],
        [[]],
        {"a": 1},
        {"start": 7, "end": ["x"]},
        {"value": "x", "coding": 7, "reference": 7},
    ),
)
# Elements that are read of medicines, whose resources are kept whole.
OF_MEDICINES = {name for type_ in WHOLE for sample in SAMPLES.values() if sample["resourceType"] == type_ for name in sample} | {
    *("occurenceDateTime", "occurencePeriod", "occurrenceDateTime", "occurrencePeriod", "effective", "dateWritten", "recorded"),
    *("whenPrepared", "notDone", "notPerformedReason", "reasonNotTaken", "reasonNotGiven", "statusReasonCodeableConcept"),
    *("notDoneReasonCodeableConcept", "reasonReference", "modifierExtension", "implicitRules", "patient", "product", "package"),
}  # fmt: skip
PLAIN = {
    type_: {
        "resourceType": type_,
        "id": "1",
        "status": "active",
        "intent": "order",
        "subject": P,
        "code": coded("1"),
    }
    for type_ in [*LIST_OF, *sorted(SUPPORTING)]
    if type_ not in {sample["resourceType"] for sample in SAMPLES.values()}
}
Path = tuple[str | int, ...]


def paths(value: Any, before: Path = ()) -> Iterator[Path]:
    """The way to every member and entry."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (*before, key)
        yield from paths(member, (*before, key))


def ways() -> Iterator[tuple[str, Resource, set[Path]]]:
    """Each sample with the ways to what it has, and to what is read of its type besides: each way once for a type."""
    told: dict[str, set[Path]] = {}
    for name, sample in (SAMPLES | PLAIN).items():
        type_ = sample["resourceType"]
        read = OF_MEDICINES if type_ in WHOLE else MEMBERS.get(type_, frozenset())
        found = {*paths(sample), *((member,) for member in read)} - {("resourceType",)}
        fresh = found - told.setdefault(type_, set())
        told[type_] |= fresh
        yield name, sample, fresh


def with_member(sample: Resource, path: Path, value: Any) -> Resource:
    changed = deepcopy(sample)
    where: Any = changed
    for key in path[:-1]:
        where = where[key]
    where[path[-1]] = value
    return changed


def changes(sample: Resource, ways_into_it: set[Path]) -> Iterator[tuple[str, Resource]]:
    """The sample with each element in turn as each kind of JSON, and what was changed."""
    for path in sorted(ways_into_it, key=str):
        for place, kind in enumerate(KINDS):
            id_ = {} if path == ("id",) or sample["resourceType"] == "Patient" else {"id": f"{path} {place}"}
            yield f"{path} = {kind!r}", with_member(sample, path, kind) | id_


def read(*resources: Resource) -> None:
    """Read these as a record, and the medicines and services among them as orders, too."""
    entries = [{"resource": resource} for resource in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    drafts = [
        entry
        for entry in entries
        if entry["resource"].get("resourceType") in ("MedicationRequest", "ServiceRequest")
    ]
    context = {"patientId": "p", "draftOrders": {"resourceType": "Bundle", "entry": drafts}}
    session = read_context("order-sign", json.dumps(context).encode())
    patient_facts(read_record(json.dumps(bundle).encode(), patient_id="p"), session, now=NOW)


@pytest.mark.parametrize(
    ("sample", "ways_into_it"), [each[1:] for each in ways()], ids=[each[0] for each in ways()]
)
def test_any_json_in_any_element_is_read_or_named(sample, ways_into_it):
    changed = dict(changes(sample, ways_into_it))
    try:
        if sample["resourceType"] == "Patient":  # a record has one
            for resource in changed.values():
                read(resource)
        else:
            read(*changed.values())
    except Exception:
        for what, resource in changed.items():
            try:
                read(resource)
            except Exception as error:
                raise AssertionError(f"{type(error).__name__} where {what}") from error
        raise


def test_each_date_and_period_of_each_type_is_among_them():
    """So that one which is read as if it could only be a text, or only a period, is found."""
    told = {(sample["resourceType"], path) for _, sample, found in ways() for path in found}
    for type_, member in [
        *(("Condition", "recordedDate"), ("Encounter", "period"), ("Encounter", "actualPeriod"), ("Observation", "issued")),
        *(("MedicationAdministration", "occurencePeriod"), ("DeviceUseStatement", "whenUsed"), ("ServiceRequest", "authoredOn")),
        *(("ReferralRequest", "occurrencePeriod"), ("NutritionOrder", "dateTime"), ("MedicationRequest", "dispenseRequest")),
    ]:  # fmt: skip
        assert (type_, (member,)) in told
