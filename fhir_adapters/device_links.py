"""Device links: which resources say whose a Device is, and whether it is on or in that patient.

FHIR R5 has taken the patient out of Device: there a DeviceAssociation (https://hl7.org/fhir/R5/deviceassociation.html:
``device``, ``subject``) and a DeviceUsage (``device``, ``patient``) name both. Up to R4B Device.patient says it, and
DeviceUseStatement besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fhir_adapters.identity import UNCLEAR, PatientIdentity, Subject
from fhir_adapters.mapping.device_statuses import NO_DEVICE
from fhir_adapters.mapping.elements import reference
from fhir_adapters.mapping.statuses import status_code
from fhir_adapters.references import ReferenceIndex
from fhir_adapters.wire import Entry

_LINKS: Final = frozenset({"DeviceAssociation", "DeviceUsage", "DeviceUseStatement"})


class DeviceLinks:
    """What in a set of entries names each of its Devices."""

    __slots__ = ("_by_device",)

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Follow the references; one that leads nowhere, or to one of two, links nothing."""
        found = tuple(entries)
        index = ReferenceIndex(found)
        self._by_device: dict[int, list[Entry]] = {}
        for link in found:
            if link.type in _LINKS and (written := reference(link.resource.get("device"))) is not None:
                target = index.resolve(written)
                if target is not None:
                    self._by_device.setdefault(id(target), []).append(link)

    def associations(self, device: Entry) -> list[Entry]:
        """The DeviceAssociations of a Device, those entered in error among them."""
        return [link for link in self._by_device.get(id(device), ()) if link.type == "DeviceAssociation"]

    def whose(self, device: Entry, identity: PatientIdentity) -> Subject:
        """Whose a Device is that does not say so: this patient's where one link names them, else another's where one does.

        Where one may name them and may not, whose the Device is cannot be told either.
        """
        found = {
            identity.whose(link)
            for link in self._by_device.get(id(device), ())
            if status_code(link.resource.get("status"), NO_DEVICE) not in NO_DEVICE
        }
        order = (Subject.THIS, Subject.MERGED, *UNCLEAR, Subject.OTHER)
        return next((whose for whose in order if whose in found), Subject.UNSTATED)
