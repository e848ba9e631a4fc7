"""Signatures of packs: one algorithm, known keys, and no way round."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry, serialize_compact

from fhir_adapters.packs.errors import PackError
from fhir_adapters.packs.signing import Keys, new_key, parsed, public_keys, read_keys, sign, verified

PAYLOAD = b'{"a": 1}'


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_what_was_signed_comes_back_with_the_key(private: dict[str, Any], keys: Keys) -> None:
    assert verified(sign(PAYLOAD, private), keys) == (PAYLOAD, private["kid"])


def test_a_public_set_holds_nothing_private(private: dict[str, Any]) -> None:
    [key] = public_keys(private)["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "alg", "use"}


@pytest.mark.parametrize("part", [0, 1, 2])
def test_each_part_counts(private: dict[str, Any], keys: Keys, part: int) -> None:
    parts = sign(PAYLOAD, private).decode().split(".")
    middle = len(parts[part]) // 2
    changed = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + changed + parts[part][middle + 1 :]
    with pytest.raises(PackError):
        verified(".".join(parts).encode(), keys)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, "is not one of a pack"),
        ({"alg": "EdDSA"}, "is not one of a pack"),
        ({"alg": "HS256"}, "is not one of a pack"),
        ({"typ": "JWT"}, "is not one of a pack"),
        ({"kid": "another"}, "is not one of the trusted keys"),
        ({"kid": ["a"]}, "is not one of the trusted keys"),
        ({"crit": ["b64"], "b64": False}, "does not have the header"),
        ({"jwk": {}}, "does not have the header"),
        ({"jku": "https://evil.example"}, "does not have the header"),
    ],
)
def test_the_header_chooses_nothing(
    private: dict[str, Any], keys: Keys, header: dict[str, Any], reason: str
) -> None:
    _, payload, signature = sign(PAYLOAD, private).decode().split(".")
    whole = {"alg": "Ed25519", "kid": private["kid"], "typ": "primum-pack+json"} | header
    with pytest.raises(PackError, match=reason):
        verified(f"{encoded(whole)}.{payload}.{signature}".encode(), keys)


def test_the_public_key_used_as_a_secret_signs_nothing(private: dict[str, Any], keys: Keys) -> None:
    secret = OctKey.import_key(json.dumps(public_keys(private)["keys"][0]))
    header = {"alg": "HS256", "kid": private["kid"], "typ": "primum-pack+json"}
    forged = serialize_compact(header, PAYLOAD, secret, registry=JWSRegistry(algorithms=["HS256"]))
    with pytest.raises(PackError, match="is not one of a pack"):
        verified(forged.encode(), keys)


@pytest.mark.parametrize(
    "signed", [b"", b"a.b", b"....", b"\xff\xff", b"e30.e30.", b"[].e30.e30", b"W10.e30.e30"]
)
def test_what_is_no_signature(keys: Keys, signed: bytes) -> None:
    with pytest.raises(PackError):
        verified(signed, keys)


@pytest.mark.parametrize("data", [None, [], {}, {"keys": []}, {"keys": "x"}, {"keys": [1]}])
def test_what_is_no_set_of_keys(data: object) -> None:
    with pytest.raises(PackError):
        read_keys(data)


def test_a_set_with_one_key_that_does_not_fit_is_refused_whole(private: dict[str, Any]) -> None:
    good = public_keys(private)["keys"][0]
    curve = ECKey.generate_key("P-256").as_dict() | {"kid": "ec"}
    for bad in (
        private,
        good,
        {**good, "kid": ""},
        curve,
        {**good, "kid": "b", "x": "AA"},
        {**good, "kid": "b", "crv": "X25519"},
    ):
        with pytest.raises(PackError):
            read_keys({"keys": [good, bad]})


def test_only_a_private_key_signs(private: dict[str, Any]) -> None:
    for key in (
        public_keys(private)["keys"][0],
        public_keys(private),
        None,
        {**private, "d": "AA"},
        {**private, "kid": 1},
        {**private, "alg": "EdDSA"},
        {**private, "key_ops": ["verify"]},
    ):
        with pytest.raises(PackError):
            sign(PAYLOAD, key)


def test_keys_are_known_by_their_thumbprint() -> None:
    made = new_key()
    assert made["kid"] != new_key()["kid"]
    assert len(base64.urlsafe_b64decode(made["kid"] + "=")) == 32


def test_a_file_that_is_no_json_is_not_quoted() -> None:
    with pytest.raises(PackError, match=r"^keys\.json is not JSON$"):
        parsed(b"-----BEGIN PRIVATE KEY-----", "keys.json")
