"""Signing: keys that sign archives of packs, and the one kind of signature that is accepted.

A signature is a compact JWS (RFC 7515) by Ed25519 (RFC 8037, RFC 9864), whose signatures are the same for the same bytes. Nothing in
a signature chooses anything: its key is looked up by its id among those that are trusted, and another algorithm is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry, extract_compact, serialize_compact, validate_compact

from fhir_adapters.packs.errors import PackError

ALGORITHM: Final = "Ed25519"
TYPE: Final = "primum-pack+json"
_MOST_KEYS: Final = 100

Keys = Mapping[str, OKPKey]
"""Trusted public keys by their ids."""


class _Registry(JWSRegistry):
    """What joserfc may make and verify here: one algorithm, and a manifest of some hundred files."""

    max_header_length = 1024
    max_payload_length = 2_000_000
    max_signature_length = 200


_REGISTRY: Final = _Registry(algorithms=[ALGORITHM])


def new_key() -> dict[str, Any]:
    """A new private key as a JWK; its id is its thumbprint (RFC 7638)."""
    key = OKPKey.generate_key(ALGORITHM)
    return {**key.as_dict(private=True), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"}


def public_keys(private: Mapping[str, Any]) -> dict[str, Any]:
    """The JWK Set with the public part of a private key, for those who verify."""
    return {"keys": [{name: value for name, value in private.items() if name != "d"}]}


def sign(payload: bytes, private: object) -> bytes:
    """The payload with its signature, as a compact JWS.

    Raises:
        PackError: this is no private key for it.
    """
    key = _key(private, "d")
    header = {"alg": ALGORITHM, "kid": str(key.as_dict()["kid"]), "typ": TYPE}
    try:
        return serialize_compact(header, payload, key, registry=_REGISTRY).encode()
    except JoseError:
        raise PackError(f"this key is not one for signing by {ALGORITHM}") from None


def read_keys(data: object) -> Keys:
    """The keys of a JWK Set (RFC 7517) that are trusted.

    Raises:
        PackError: one of them is not a public Ed25519 key with an id of its own. Nothing is left out silently.
    """
    listed = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_KEYS:
        raise PackError("the trusted keys are not a JWK Set with keys in it")
    keys = {str(entry["kid"]): _key(entry, "x") for entry in listed if _is_public(entry)}
    if len(keys) < len(listed):
        raise PackError("every trusted key is a public Ed25519 key with a kid of its own, and one is not")
    return MappingProxyType(keys)


def verified(signed: bytes, keys: Keys) -> tuple[bytes, str]:
    """What was signed, and the id of the trusted key that signed it.

    Raises:
        PackError: none of the trusted keys did.
    """
    try:
        token = extract_compact(signed, registry=_REGISTRY)
        header: object = token.headers()
    except (JoseError, AttributeError, RecursionError, TypeError, ValueError):
        raise PackError("the signature cannot be read") from None
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise PackError("the signature does not have the header of a pack's")
    if header["alg"] != ALGORITHM or header["typ"] != TYPE:
        raise PackError(f"the signature is not one of a pack by {ALGORITHM}")
    kid = header["kid"]
    if not isinstance(kid, str) or kid not in keys:
        raise PackError("the key that signed it is not one of the trusted keys")
    try:
        valid = validate_compact(token, keys[kid], registry=_REGISTRY)
    except (JoseError, TypeError, ValueError):
        valid = False
    if not valid:
        raise PackError("the signature is wrong: what was signed has been changed")
    return bytes(token.payload), kid


def parsed(text: bytes, what: str) -> Any:
    """A JSON file of keys.

    Raises:
        PackError: it is no JSON; nothing of it is quoted.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PackError(f"{what} is not JSON") from None


def _is_public(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and "d" not in entry
        and isinstance(entry.get("kid"), str)
        and bool(entry["kid"])
    )


def _key(data: object, needed: str) -> OKPKey:
    fits = isinstance(data, dict) and data.get("kty") == "OKP" and data.get("crv") == ALGORITHM
    if (
        not isinstance(data, dict)
        or not fits
        or not isinstance(data.get(needed), str)
        or not isinstance(data.get("kid"), str)
    ):
        raise PackError(f"this is no {'private' if needed == 'd' else 'public'} {ALGORITHM} key with a kid")
    try:
        return OKPKey.import_key(data)
    except (JoseError, ValueError, TypeError):
        raise PackError(f"this {ALGORITHM} key cannot be read") from None
