"""On pump therapy now? What the rules that ship make of devices and procedures alone, in three versions of FHIR (T-ITB-CURRENT).

A pump never tells what it holds, so that the most it can do is to leave the therapy unknown: then a card asks. Each row says what the
record holds, what becomes of *on pump therapy now*, and why. *Unknown* is visible; *no* is silent, and needs a reason.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from engine.concepts import ConceptLibrary
from engine.facts import PatientFacts
from engine.finding import Truth
from engine.medicines import Therapy, therapy
from engine.record import Record
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NO, UNKNOWN = Truth.NOT_MET, Truth.UNKNOWN
P = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1980-02-01"}
PCS, HCPCS = (
    "http://www.cms.gov/Medicare/Coding/ICD10",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
)
SITE = "https://hospital.example/codes"
SNOMED, CPT = "http://snomed.info/sct", "http://www.ama-assn.org/go/cpt"

in_every_version = pytest.mark.parametrize("version", ["STU3", "R4", "R5"])


def coded(system: str, code: str, display: str = "") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, **({"display": display} if display else {})}]}


INSERTED = coded(PCS, "0JH80VZ", "Insertion of Infusion Pump into Abdomen Subcutaneous Tissue and Fascia")
TAKEN_OUT = coded(PCS, "0JPT0VZ", "Removal of Infusion Pump from Trunk Subcutaneous Tissue and Fascia")
IMPLANTED_HERE, REMOVED_HERE, REFILLED_HERE = (coded(SITE, code) for code in ("IMPLANT", "REMOVE", "REFILL"))
LOCAL = {
    (SITE, "PUMP"): frozenset({"intrathecal-pump"}),
    (SITE, "IMPLANT"): frozenset({"pump-implantation"}),
    (SITE, "REMOVE"): frozenset({"pump-removal"}),
    (SITE, "REFILL"): frozenset({"pump-refill"}),
}


@cache
def concepts() -> ConceptLibrary:
    """The concepts that ship, at a site that has mapped four codes of its own."""
    return load_rules().concepts.with_local_codes(LOCAL)


def facts_of(*resources: dict[str, Any]) -> PatientFacts:
    """A record of only these resources, as it is read."""
    entries = [{"resource": {"id": str(n), **each}} for n, each in enumerate(resources, 1)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, *entries]}
    record = read_record(json.dumps(bundle).encode())
    return patient_facts(record, ReviewContext("patient-view", "p"), now=NOW)[0]


def look(*resources: dict[str, Any]) -> Therapy:
    """What such a record says of therapy with intrathecal baclofen."""
    return therapy(concepts().medicine("baclofen-intrathecal"), Record(facts_of(*resources), concepts()))


def device(
    version: str, status: str | None = "active", type: dict[str, Any] | None = None, **members: Any
) -> dict[str, Any]:
    kind = {} if type is None else {"type": [type] if version == "R5" else type}
    return {
        "resourceType": "Device",
        "patient": P,
        **({"status": status} if status else {}),
        **kind,
        **members,
    }


def named(version: str, name: str) -> dict[str, Any]:
    """A device with a name and no type, as each version writes a name."""
    names: dict[str, dict[str, Any]] = {
        "STU3": {"udi": {"name": name}},
        "R4": {"deviceName": [{"name": name, "type": "model-name"}]},
        "R5": {"name": [{"value": name, "type": "registered-name"}]},
    }
    return device(version, **names[version])


def use(version: str, status: str, **used: Any) -> dict[str, Any]:
    kind, where = ("DeviceUsage", "patient") if version == "R5" else ("DeviceUseStatement", "subject")
    return {
        "resourceType": kind,
        where: P,
        "status": status,
        "device": {"reference": used} if version == "R5" else used,
    }


def procedure(
    version: str,
    code: dict[str, Any],
    on: str | None = None,
    status: str | None = "completed",
    **members: Any,
) -> dict[str, Any]:
    when = "occurrenceDateTime" if version == "R5" else "performedDateTime"
    stated = {"status": status} if status else {}
    return {
        "resourceType": "Procedure",
        "subject": P,
        "code": code,
        **stated,
        **({when: on} if on else {}),
        **members,
    }


@in_every_version
@pytest.mark.parametrize(
    ("status", "certainty"),
    [
        ("active", UNKNOWN),
        ("unknown", UNKNOWN),  # it may be in use
        (None, UNKNOWN),
        ("inactive", NO),  # out of use, says the record; DC-04 asks about that where the medicine is given
        ("entered-in-error", NO),  # there never was one
    ],
)
def test_a_device_counts_unless_the_record_says_that_it_is_not_in_use(
    version: str, status: str | None, certainty: Truth
) -> None:
    for kind in (coded(SITE, "PUMP"), coded(HCPCS, "E0783")):
        found = look(device(version, status, type=kind))
        assert found.certainty is certainty
    if certainty is UNKNOWN:
        assert [entry.why for entry in found.missing] == [
            "a pump is on record, but not which medicine it holds"
        ]


@in_every_version
@pytest.mark.parametrize(
    ("kind", "certainty"),
    [
        # No public code means an intrathecal pump; those of any implanted pump are enough to ask.
        (coded(HCPCS, "C1772", "Infusion pump, programmable (implantable)"), UNKNOWN),
        (coded("urn:oid:2.16.840.1.113883.6.285", "E0785"), UNKNOWN),
        # A code that nobody knows is asked about by its words, in whatever system.
        (coded(SNOMED, "999999999", "SynchroMed II infusion pump"), UNKNOWN),
        ({**coded(CPT, "00000"), "text": "Prometra programmable pump"}, UNKNOWN),
        ({"text": "Siromedes"}, UNKNOWN),
        ({"text": "intrathecal pump"}, UNKNOWN),
        # What is worn, what is temporary, and what is something else is no such pump.
        (coded(HCPCS, "E0784", "External ambulatory infusion pump, insulin"), NO),
        (coded(HCPCS, "C2626", "Infusion pump, non-programmable, temporary (implantable)"), NO),
        ({"text": "volumetric infusion pump"}, NO),
        ({"text": "Hearing aid, left"}, NO),
        ({"text": "no intrathecal pump"}, NO),
        (coded(SNOMED, "14106009", "Cardiac pacemaker"), NO),
    ],
)
def test_what_a_device_is_said_to_be(version: str, kind: dict[str, Any], certainty: Truth) -> None:
    assert look(device(version, type=kind)).certainty is certainty


@in_every_version
def test_a_brand_among_its_names_is_enough_to_ask(version: str) -> None:
    assert look(named(version, "SynchroMed II")).certainty is UNKNOWN
    assert look(named(version, "Advisa DR MRI pacemaker")).certainty is NO
    vague = {**named(version, "SynchroMed II"), **device(version, type=coded(SNOMED, "999999999", "Pump"))}
    assert look(vague).certainty is UNKNOWN


@in_every_version
@pytest.mark.parametrize(
    ("status", "certainty"),
    [
        ("active", UNKNOWN),
        ("on-hold", UNKNOWN),
        ("completed", NO),  # no longer used
        ("stopped", NO),
        ("intended", NO),  # not yet used
        ("entered-in-error", NO),
    ],
)
def test_the_statement_that_a_device_is_used(version: str, status: str, certainty: Truth) -> None:
    assert look(use(version, status, display="SynchroMed II")).certainty is certainty
    pump = device(version, "inactive" if certainty is NO else "active", id="d", type=coded(SITE, "PUMP"))
    assert look(use(version, status, reference="Device/d"), pump).certainty is certainty


@in_every_version
@pytest.mark.parametrize("when", ["over", "to come", "now"])
def test_a_use_that_is_active_tells_of_a_pump_whatever_its_time(version: str, when: str) -> None:
    """An implant needs no renewal, so that a time that is over beside a use that is not is asked about, however old."""
    period = {
        "over": {"start": "2020", "end": "2021"},
        "to come": {"start": "2027"},
        "now": {"start": "2024"},
    }
    stated = {"whenUsed" if version == "STU3" else "timingPeriod": period[when]}
    record = {**use(version, "active", display="SynchroMed II"), **stated}
    assert look(record).certainty is UNKNOWN
    assert [fact.active for fact in facts_of(record).devices.items] == [True if when == "now" else None]


def associated(status: str, **members: Any) -> dict[str, Any]:
    """R5's association of the Device ``d``."""
    return {
        "resourceType": "DeviceAssociation",
        "subject": P,
        "device": {"reference": "Device/d"},
        "status": coded("http://hl7.org/fhir/deviceassociation-status", status),
        **members,
    }


OF_R5 = {"resourceType": "Device", "id": "d", "status": "active", "type": [coded(SITE, "PUMP")]}
OTHER = {"reference": "Patient/other"}


@pytest.mark.parametrize(
    ("record", "certainty"),
    [
        ([OF_R5, associated("implanted")], UNKNOWN),
        ([OF_R5, associated("implanted", period={"start": "2020", "end": "2026-01-01"})], UNKNOWN),
        ([OF_R5, associated("unknown")], UNKNOWN),
        ([OF_R5, associated("entered-in-error")], UNKNOWN),  # nothing else says whose it is
        ([OF_R5, associated("explanted", period={"end": "2026-01-01"})], NO),
        ([associated("implanted", device={"reference": "#d"}, contained=[OF_R5])], UNKNOWN),
        ([associated("explanted", device={"reference": "#d"}, contained=[OF_R5])], NO),
    ],
)
def test_a_device_of_r5_is_the_patients_by_its_association(
    record: list[dict[str, Any]], certainty: Truth
) -> None:
    assert look(*record).certainty is certainty


def test_a_device_of_r5_that_is_associated_with_another_patient_is_no_pump_of_this_one() -> None:
    """The list of devices is then not known to be whole, so that "no pump on record" is not said either."""
    record = facts_of(OF_R5, associated("implanted", subject=OTHER))
    assert (record.devices.items, record.devices.state.complete) == ((), False)
    assert look(OF_R5, associated("implanted", subject=OTHER)).certainty is NO


@in_every_version
def test_a_request_for_a_device_is_no_device(version: str) -> None:
    asked = {"STU3": "codeCodeableConcept", "R4": "codeCodeableConcept", "R5": "code"}[version]
    code = {"concept": coded(SITE, "PUMP")} if version == "R5" else coded(SITE, "PUMP")
    request = {
        "resourceType": "DeviceRequest",
        "subject": P,
        "status": "active",
        "intent": "order",
        asked: code,
    }
    assert look(request).certainty is NO


@in_every_version
@pytest.mark.parametrize(
    ("status", "certainty"),
    [
        ("completed", UNKNOWN),
        ("unknown", UNKNOWN),  # it may have been done
        (None, UNKNOWN),
        ("stopped", UNKNOWN),  # it was begun, and the pump may be in
        ("preparation", NO),  # planned
        ("in-progress", NO),  # under way: nothing runs yet
        ("on-hold", NO),
        ("not-done", NO),  # refused
        ("entered-in-error", NO),
    ],
)
def test_an_implantation_counts_once_it_may_have_been_done(
    version: str, status: str | None, certainty: Truth
) -> None:
    for code in (INSERTED, IMPLANTED_HERE, {"text": "Implantation of SynchroMed II"}):
        assert look(procedure(version, code, "2024-05-02", status)).certainty is certainty
        assert look(procedure(version, code, None, status)).certainty is certainty  # undated


@in_every_version
@pytest.mark.parametrize("status", ["stopped", "unknown", None])
def test_no_rule_takes_for_done_what_may_not_have_come_to_its_end(version: str, status: str | None) -> None:
    """A removal that was broken off does not explain why the therapy is gone (DC-06)."""
    record = facts_of(procedure(version, REMOVED_HERE, "2026-05-25", status))
    assert [(each.done, each.certain) for each in record.procedures.items] == [(True, False)]


@in_every_version
def test_a_refill_that_the_site_has_mapped_tells_of_a_pump(version: str) -> None:
    assert look(procedure(version, REFILLED_HERE, "2026-05-02")).certainty is UNKNOWN


def test_an_implantation_that_was_not_done_as_stu3_says_it() -> None:
    assert look(procedure("STU3", INSERTED, "2024-05-02", notDone=True)).certainty is NO


@in_every_version
@pytest.mark.parametrize(
    ("implanted", "removed", "status", "certainty"),
    [
        ("2024-05-02", "2025-05-02", "completed", NO),  # it is gone
        ("2024-05-02", "2024-05-02", "completed", UNKNOWN),  # replaced in one operation, in whatever order
        ("2025-05-02", "2024-05-02", "completed", UNKNOWN),  # the new one is there
        ("2024", "2024-05-02", "completed", UNKNOWN),  # nobody knows which came first
        (None, "2025-05-02", "completed", UNKNOWN),
        ("2024-05-02", None, "completed", UNKNOWN),
        # A removal that was not brought to an end, as far as is known, takes nothing away.
        ("2024-05-02", "2025-05-02", "preparation", UNKNOWN),
        ("2024-05-02", "2025-05-02", "in-progress", UNKNOWN),
        ("2024-05-02", "2025-05-02", "stopped", UNKNOWN),
        ("2024-05-02", "2025-05-02", "unknown", UNKNOWN),
        ("2024-05-02", "2025-05-02", None, UNKNOWN),
        ("2024-05-02", "2025-05-02", "not-done", UNKNOWN),
        ("2024-05-02", "2025-05-02", "entered-in-error", UNKNOWN),
    ],
)
def test_a_removal_takes_back_what_was_done_on_an_earlier_day(
    version: str, implanted: str | None, removed: str | None, status: str | None, certainty: Truth
) -> None:
    words = [{"text": f"{what} of intrathecal pump"} for what in ("Implantation", "Removal")]
    for put_in, taken_out in ((INSERTED, TAKEN_OUT), (IMPLANTED_HERE, REMOVED_HERE), words):
        record = (procedure(version, put_in, implanted), procedure(version, taken_out, removed, status))
        assert look(*record).certainty is certainty
        assert look(*record[::-1]).certainty is certainty


@in_every_version
def test_the_removal_of_some_pump_does_not_take_back_that_of_this_one(version: str) -> None:
    gone = procedure(version, TAKEN_OUT, "2025-05-02")
    assert look(procedure(version, IMPLANTED_HERE, "2024-05-02"), gone).certainty is UNKNOWN
    assert (
        look(procedure(version, {"text": "Baclofen pump implanted"}, "2024-05-02"), gone).certainty is UNKNOWN
    )
    both = look(procedure(version, INSERTED, "2024-05-02"), procedure(version, REMOVED_HERE, "2025-05-02"))
    assert both.certainty is NO


@in_every_version
@pytest.mark.parametrize("removal", [TAKEN_OUT, REMOVED_HERE, {"text": "Removal of intrathecal pump"}])
def test_a_removal_alone_tells_of_a_pump_until_it_is_over(version: str, removal: dict[str, Any]) -> None:
    assert look(procedure(version, removal, "2026-06-09", "preparation")).certainty is UNKNOWN
    assert look(procedure(version, removal, "2026-05-02", "stopped")).certainty is UNKNOWN
    assert look(procedure(version, removal, "2026-05-02")).certainty is NO


@in_every_version
def test_a_removal_does_not_take_back_a_device_in_use(version: str) -> None:
    """The two contradict each other, and nobody knows which is behind."""
    gone = procedure(version, REMOVED_HERE, "2025-05-02")
    assert look(device(version, type=coded(SITE, "PUMP")), gone).certainty is UNKNOWN
    assert look(device(version, "inactive", type=coded(SITE, "PUMP")), gone).certainty is NO
