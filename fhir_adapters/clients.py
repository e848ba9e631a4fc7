"""Clients: the EHRs that may call, how each proves who it is, and what it may ask for and name.

They are listed in a TOML file (``PRIMUM_CLIENTS``); `docs/authentication.md` explains it by example. Every
permission is a list of what is allowed, and what is not listed is refused.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from engine.errors import CdsError
from fhir_adapters.outbound import Targets, checked_address, checked_server
from fhir_adapters.settings import browser_origin

ALGORITHMS: Final = ("ES384", "RS384")
"""The signatures that CDS Hooks recommends (CH-204), accepted unless a client's entry names others."""

Algorithm = Literal["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ClientsError(CdsError):
    """The file of clients cannot be used; the message is one sentence for whoever runs the service."""


def _callable(address: str) -> str:
    checked_address(address)
    return address


Url = Annotated[str, AfterValidator(_callable)]


class _FileModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Switches(_FileModel):
    """What this client gets beyond CDS Hooks 2.0.1, or is forgiven; everything is off unless it is turned on."""

    cds_hooks_3: bool = Field(False, description="Members of answers that only CDS Hooks 3.0 knows.")
    cds_hooks_1: bool = Field(False, description="Answers without what CDS Hooks 1.0 does not know.")
    action_selection_behavior: bool = Field(False, description="actionSelectionBehavior on suggestions.")
    configuration_items: bool = Field(False, description="configuration-items of PDDI-CDS (CH-242).")
    explain: Literal["off", "findings", "values"] = Field(
        "off", description="Why each rule came out as it did, in the answer; values: with what was compared."
    )
    lenient_typ: bool = Field(False, description="Tokens whose header has no typ, or another than JWT.")

    @model_validator(mode="after")
    def _speaks_one_version(self) -> Switches:
        if self.cds_hooks_1 and (self.cds_hooks_3 or self.action_selection_behavior):
            raise ValueError("a client that speaks 1.0 does not know what 3.0 adds")
        return self


class Client(_FileModel):
    """One client, which is one issuer of tokens.

    Its keys are given here (``jwks``, ``jwks_file``), or fetched from one of the addresses in ``jku``, or both:
    keys that are given here are looked at first.
    """

    name: Text = Field(description="What the journal calls it.")
    iss: Text = Field(description="Issuer of its tokens, character by character.")
    jwks: Mapping[str, Any] | None = Field(None, description="Its public keys as a JWK Set.")
    jwks_file: Path | None = Field(None, description="File of its JWK Set, beside this file.")
    jku: tuple[Url, ...] = Field((), description="Addresses that its JWK Set may be fetched from.")
    algorithms: tuple[Algorithm, ...] = Field(ALGORITHMS, min_length=1, description="Signatures accepted.")
    audiences: tuple[Text, ...] = Field(
        (), description="Values of aud that are accepted besides the address that is called."
    )
    tenants: tuple[Text, ...] = Field((), description="Tenants accepted; none: tokens need not name one.")
    services: tuple[Text, ...] = Field((), description="Services that it may call; none: all of them.")
    fhir_servers: tuple[Annotated[str, AfterValidator(checked_server)], ...] = Field(
        (), description="FHIR servers that its requests may name, with their paths."
    )
    networks: tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(ip_network)], ...] = Field(
        (), description="Private networks in which its FHIR servers and JWK Sets may be."
    )
    origins: tuple[Annotated[str, AfterValidator(browser_origin)], ...] = Field(
        (), description="Browser origins from which it calls."
    )
    max_token_life: int = Field(3600, ge=1, le=86_400, description="Longest life of a token, in seconds.")
    switches: Switches = Switches()

    @model_validator(mode="after")
    def _has_keys(self) -> Client:
        if self.jwks is None and self.jwks_file is None and not self.jku:
            raise ValueError("give its keys: jwks, jwks_file or jku")
        if self.jwks is not None and self.jwks_file is not None:
            raise ValueError("give jwks or jwks_file, not both")
        return self

    def may_call(self, service: str) -> bool:
        """Whether it may call a service, by its id."""
        return not self.services or service in self.services

    @property
    def key_targets(self) -> Targets:
        """Where its keys may be fetched from."""
        return Targets(self.jku, self.networks)

    @property
    def fhir_targets(self) -> Targets:
        """The FHIR servers that may be called on its behalf (CH-108)."""
        return Targets(self.fhir_servers, self.networks)


class _File(_FileModel):
    clients: tuple[Client, ...] = Field(min_length=1)


class Clients:
    """The clients that are known, by the issuer of their tokens."""

    def __init__(self, clients: tuple[Client, ...]) -> None:
        """Take clients, each with an issuer and a name of its own.

        Raises:
            ClientsError: two share one.
        """
        self.by_issuer: Mapping[str, Client] = MappingProxyType({client.iss: client for client in clients})
        if len(self.by_issuer) < len(clients) or len({client.name for client in clients}) < len(clients):
            raise ClientsError("two clients have the same iss or the same name")

    def __iter__(self) -> Iterator[Client]:
        """In the order of the file."""
        return iter(self.by_issuer.values())

    def check_services(self, known: Mapping[str, object]) -> None:
        """See that every service that a client may call exists.

        Raises:
            ClientsError: one does not, which would lock its client out silently.
        """
        for client in self:
            for service in client.services:
                if service not in known:
                    raise ClientsError(
                        f"{client.name} may call {service}, which is none of {', '.join(known)}"
                    )


def read_clients(path: Path) -> Clients:
    """The clients of a file.

    Raises:
        ClientsError: it cannot be read, or says something that it must not.
    """
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        return Clients(tuple(_with_keys(client, path.parent) for client in found.clients))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ClientsError(f"{path.name}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ClientsError(f"{path.name} cannot be read: {_reason(error)}") from None
    except ClientsError as error:
        raise ClientsError(f"{path.name}: {error}") from None


def _with_keys(client: Client, folder: Path) -> Client:
    """The client with the keys of its file inside."""
    if client.jwks_file is None:
        return client
    try:
        jwks = json.loads((folder / client.jwks_file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ClientsError(f"jwks_file of {client.name} cannot be read: {_reason(error)}") from None
    return client.model_copy(update={"jwks": jwks, "jwks_file": None})


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
