"""Code systems: the many spellings of their addresses, and the form in which their codes are compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.concept import CodeSystem
from engine.errors import ConceptError
from engine.grammars import home_of

# SNOMED CT URI Standard, 2.2 and 2.3: an edition and a version of it; and FHIR's canonical with a version behind a bar.
_EDITION: Final = re.compile(
    r"(https?://snomed\.info/sct)/[0-9]+(?:/version/[0-9]+)?/?|([^|]+)\|.*", re.ASCII
)
_OID: Final = re.compile(r"(?:urn:)?(?:oid:)?([0-2](?:\.(?:0|[1-9][0-9]*))+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CodeSystems:
    """The described code systems, by their short names and by every URI that is told of them."""

    by_name: Mapping[str, CodeSystem]
    by_uri: Mapping[str, CodeSystem] = field(init=False)

    def __post_init__(self) -> None:
        """Index the URIs."""
        uris = {uri: each for each in self.by_name.values() for uri in (each.uri, *each.aliases)}
        object.__setattr__(self, "by_uri", uris)

    def named(self, name: str) -> CodeSystem:
        """The system with this short name; ConceptError when there is none."""
        system = self.by_name.get(name)
        if system is None:
            raise ConceptError(f"code system {name} is not described in systems.yaml")
        return system

    def uris(self, name: str) -> tuple[str, ...]:
        """The canonical URI of a system with this short name, and those of its national editions; ConceptError when there is none."""
        editions = (each.uri for each in self.by_name.values() if each.edition_of == name)
        return (self.named(name).uri, *editions)

    def uri(self, system: str) -> str:
        """The canonical URI of a system given by URI, OID, URN or short name, also with a version or an edition in it.

        Of a system that is not described an OID is written as FHIR wants it (``urn:oid:1.2.3``), anything else as it is.
        """
        if system in self.by_name:
            return self.by_name[system].uri
        if edition := _EDITION.fullmatch(system):
            system = edition[1] or edition[2]
        known = self.by_uri.get(system) or self.by_uri.get(system.rstrip("/"))
        if known is None and (oid := _OID.fullmatch(system)):
            system = f"urn:oid:{oid[1]}"
            known = self.by_uri.get(system)
        return known.uri if known else system

    def is_hierarchical(self, uri: str) -> bool:
        """Whether the beginning of a code is the code of its parent in the system with this canonical URI."""
        system = self.by_uri.get(uri)
        return system is not None and system.hierarchical

    def normal(self, uri: str, code: str) -> str:
        """A code in the form in which it is compared: of a hierarchical system in capitals, without dots, spaces and marks."""
        if not self.is_hierarchical(uri):
            return code
        return code.replace(".", "").replace(" ", "").rstrip("+*†!-").upper()

    def place(self, system: str, code: str) -> tuple[str, str]:
        """The canonical URI of the system that a code is of, whatever stands beside it, and the code in its normal form."""
        uri = self.uri(system)
        code = self.normal(uri, code)
        return home_of(uri, code), code

    def all_described(self, uris: Iterable[str]) -> bool:
        """Whether every one of these canonical URIs is that of a described system."""
        return all(uri in self.by_uri for uri in uris)
