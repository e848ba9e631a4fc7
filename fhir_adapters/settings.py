"""Settings: every one is an environment variable that begins with PRIMUM_, and has a default that is safe."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from engine.authoring.loading import DEFAULT_FOLDER


class Settings(BaseSettings):
    """How a service runs.

    Building it raises pydantic's ValidationError when a value cannot be used, or when the service would be open
    to others without authentication (CH-200) or without TLS (CH-001).
    """

    model_config = SettingsConfigDict(
        env_prefix="PRIMUM_", frozen=True, extra="forbid", hide_input_in_errors=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    path_prefix: str = Field(
        "", pattern=r"^(/[A-Za-z0-9._~-]+)*$", description="What stands before /cds-services in addresses."
    )
    rules: Path = Field(DEFAULT_FOLDER, description="Folder of the rules.")
    examples: bool = Field(
        False, description="Also answer with the packs that only show how packs are written."
    )
    critical_needs_review: bool = Field(
        False, description="Show as a warning what is critical by a rule that no clinician has signed off."
    )
    packs: Annotated[tuple[Path, ...], NoDecode] = Field(
        (),
        description="Signed archives of packs, separated by commas, whose rules are used in place of a folder's.",
    )
    pack_keys: Path | None = Field(
        None, description="JWK Set of the keys that are trusted to sign these archives."
    )
    local: Path | None = Field(
        None, description="A site's own folder, read in place of the rules folder's local."
    )
    body_limit: int = Field(
        10 * 1024 * 1024, ge=1024, description="Bytes of the largest request that is read."
    )
    receive_deadline: float = Field(
        30, gt=0, le=600, description="Seconds from the first byte of a request to its last."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Browser origins that may call, separated by commas, such as https://ehr.example.org."
    )
    clients: Path | None = Field(
        None,
        description="TOML file of the clients that may call; without it the service is open, on this machine only.",
    )
    public_url: str = Field(
        "",
        description="What clients write before /cds-services, such as https://cds.example.org; TLS ends there.",
    )
    fhir_servers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="FHIR servers that requests may name where nobody is authenticated, separated by commas; with "
        "PRIMUM_CLIENTS each client has its own.",
    )
    fhir_without_token: bool = Field(
        False, description="Ask these servers although a request brings no token: for development only."
    )
    fetch_deadline: float = Field(
        0.35,
        gt=0,
        le=30,
        description="Seconds that a request waits for what is fetched from its FHIR server.",
    )
    terminology_server: str = Field(
        "",
        description="FHIR terminology server that is asked about SNOMED CT codes which no list names; it can only add "
        "to what the rules find.",
    )
    terminology_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        description="Private networks in which that server may be, separated by commas, such as 10.1.0.0/16.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="Where decisions and feedback are stored: sqlite:////folder/file or postgresql://user@host/name; "
        "nothing is stored without it.",
    )
    keep_requests: Literal["none", "full"] = Field(
        "none", description="full: store requests and answers whole, with the patient's data in them."
    )
    keep_comments: bool = Field(False, description="Store what users write when they override a card.")
    configuration_items: bool = Field(
        False, description="Let callers that are not authenticated ask for repeated cards to be left out."
    )
    explain: Literal["off", "findings", "values"] = Field(
        "off",
        description="Tell callers that are not authenticated why each rule came out as it did; values: with what was "
        "compared.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level of the journal."
    )

    @field_validator("cors_origins", "fhir_servers", "packs", "terminology_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )

    @field_validator("cors_origins")
    @classmethod
    def _explicit(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(browser_origin(origin) for origin in origins)

    @field_validator("fhir_servers")
    @classmethod
    def _callable(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        if not servers:
            return servers
        from fhir_adapters.outbound import checked_server  # loads httpx, which few commands need

        return tuple(checked_server(server) for server in servers)

    @field_validator("terminology_server")
    @classmethod
    def _askable(cls, server: str) -> str:
        if not server:
            return server
        from fhir_adapters.outbound import checked_server  # as above

        return checked_server(server)

    @field_validator("public_url")
    @classmethod
    def _plain(cls, url: str) -> str:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname
        if url and (not known or "@" in parts.netloc or parts.query or parts.fragment):
            raise ValueError("write it as https://host or https://host/path")
        return url.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _storable(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        kind, _, place = url.get_secret_value().partition("://")
        if kind == "sqlite":
            file = Path(place[1:])
            if not place.startswith("/") or not file.name or not file.parent.is_dir():
                raise ValueError(
                    "write sqlite:///file, or sqlite:////folder/file from the root, in a folder that exists"
                )
        elif kind not in ("postgresql", "postgresql+psycopg"):
            raise ValueError("write sqlite:////folder/file or postgresql://user:password@host/name")
        return url

    @field_validator("local")
    @classmethod
    def _is_there(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError("there is no such folder")
        return folder

    @model_validator(mode="after")
    def _signed(self) -> Settings:
        if bool(self.packs) != (self.pack_keys is not None):
            raise ValueError(
                "PRIMUM_PACKS and PRIMUM_PACK_KEYS go together: archives, and the keys that may have signed them"
            )
        if self.packs and "rules" in self.model_fields_set:
            raise ValueError("the rules come from PRIMUM_PACKS or from PRIMUM_RULES, not from both")
        return self

    @model_validator(mode="after")
    def _stored_somewhere(self) -> Settings:
        kept = {
            "KEEP_REQUESTS": self.keep_requests == "full",
            "KEEP_COMMENTS": self.keep_comments,
            "CONFIGURATION_ITEMS": self.configuration_items,
        }
        for name, wanted in kept.items():
            if wanted and self.database_url is None:
                raise ValueError(f"PRIMUM_{name} needs a store: set PRIMUM_DATABASE_URL")
        return self

    @model_validator(mode="after")
    def _known_to_others(self) -> Settings:
        if not self.loopback and self.clients is None:
            raise ValueError(
                "on an address that others can reach the service does not start without authentication: "
                "name the file of the clients in PRIMUM_CLIENTS, or listen on 127.0.0.1"
            )
        if self.clients is not None and not self.public_url:
            raise ValueError(
                "PRIMUM_CLIENTS needs PRIMUM_PUBLIC_URL, which is what clients write before /cds-services"
            )
        return self

    @model_validator(mode="after")
    def _servers_of_clients(self) -> Settings:
        if self.clients is not None and (self.fhir_servers or self.fhir_without_token):
            raise ValueError(
                "with PRIMUM_CLIENTS the FHIR servers stand in that file, and tokens are always asked for: "
                "leave out PRIMUM_FHIR_SERVERS and PRIMUM_FHIR_WITHOUT_TOKEN"
            )
        return self

    @model_validator(mode="after")
    def _encrypted(self) -> Settings:
        public = urlsplit(self.public_url)
        if public.scheme == "http" and not (self.loopback and _is_loopback(public.hostname or "")):
            raise ValueError(
                "PRIMUM_PUBLIC_URL begins with http://, but patient data travels over TLS only: "
                "end TLS in front of the service and write https://"
            )
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        return _is_loopback(self.host.strip("[]"))


def browser_origin(origin: str) -> str:
    """A browser's origin, as it sends it (CH-223).

    Raises:
        ValueError: it is something else, or stands for several.
    """
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.netloc or "*" in origin or parts.path:
        raise ValueError("name each origin as scheme://host or scheme://host:port; * is not an origin")
    return origin


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
