"""Every resource that a test of the mapping gives to a reader goes over the wire as well, and must be read the same.

The product reads what :mod:`fhir_adapters.wire` decodes, which leaves out each member that it does not list and brings the
codes of some elements in another form. A test that gives a plain dict to a reader says nothing of that: a member missing
there is read by the test alone.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.facts import ListName
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping import (
    allergies,
    appointments,
    conditions,
    devices,
    encounters,
    observations,
    patient,
    procedures,
    services,
)
from fhir_adapters.record import LIST_OF
from fhir_adapters.wire import MEMBERS, decode_resource

READERS: dict[Callable[..., Any], tuple[str, ...]] = {
    reader: tuple(type_ for type_, of in LIST_OF.items() if of is name)
    for name, readers in {
        ListName.PATIENT: (patient.person, patient.replaced),
        ListName.ALLERGIES: (allergies.allergy,),
        ListName.CONDITIONS: (conditions.condition,),
        ListName.OBSERVATIONS: (observations.observations,),
        ListName.PROCEDURES: (procedures.procedure,),
        ListName.DEVICES: (devices.device, devices.device_use),
        ListName.APPOINTMENTS: (appointments.appointment,),
        ListName.ENCOUNTERS: (encounters.encounter,),
        ListName.SERVICES: (services.service,),
    }.items()
    for reader in readers
}
"""What reads a resource whose members are listed, and the types that it is for; medicines are decoded whole."""


def over_the_wire(resource: dict[str, Any], types: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The resource as the product gets it: as its own type, or as each that its reader is for."""
    stated = "resourceType" in resource
    for type_ in (resource["resourceType"],) if stated else types:
        found = decode_resource(json.dumps({**resource, "resourceType": type_}, default=float).encode())
        assert found is not None, f"the wire cannot read this {type_}"
        yield found if stated else {name: value for name, value in found.items() if name != "resourceType"}


ELSEWHERE = {
    "onsetBoolean": "asked for with all kinds of dates; FHIR has it of an abatement only",
    "reaction": "asked for with the notes; only an allergy has it",
}
"""Members that no type has for which a reader asks, and why it does."""


class Asked(dict[str, Any]):
    """A resource that keeps the names of the members that it is asked for, there or not."""

    def __init__(self, resource: dict[str, Any]) -> None:
        super().__init__(resource)
        self.names: set[object] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.names.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.names.add(name)
        return super().__contains__(name)


def both_ways(reader: Callable[..., Any], types: tuple[str, ...]) -> Callable[..., Any]:
    """The reader, which asks for nothing that is not sent, reads what comes over the wire as well, and finds and notes the same."""
    listed = {member for type_ in types for member in MEMBERS.get(type_, ())}

    @functools.wraps(reader)
    def read(resource: dict[str, Any], reference: str, issues: DataIssues, **named: Any) -> Any:
        before = tuple(issues)
        found = (reader(resource, reference, issues, **named), tuple(issues))
        asked = Asked(resource)
        reader(asked, reference, DataIssues(before), **named)
        never = asked.names - listed - ELSEWHERE.keys()
        assert not never, f"these never arrive: no MEMBERS of {', '.join(types)} has {never}"
        arriving = []
        for arrived in over_the_wire(resource, types):
            noted = DataIssues(before)
            arriving.append((reader(arrived, reference, noted, **named), tuple(noted)))
        assert found in arriving, "a member is lost or changed on the wire: see MEMBERS and RECURRING"
        return found[0]

    return read


@pytest.fixture(autouse=True)
def read_both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the readers that a test module has imported under their own names, or from another test module, in pairs."""
    here = request.module.__name__.rpartition(".")[0]
    modules = {module for name, module in sys.modules.items() if name.startswith(f"{here}.")}
    for module in modules | {request.module}:
        for reader, types in READERS.items():
            if vars(module).get(reader.__name__) is reader:
                monkeypatch.setattr(module, reader.__name__, both_ways(reader, types))
