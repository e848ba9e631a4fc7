"""A member that stands twice is found wherever it stands, and nothing else is taken for one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_adapters.duplicates import duplicate_member

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"a": 1, "a": 1}', "a"),
        (b'{"conditions": {"entry": [1]}, "conditions": null}', "conditions"),
        (b'[{"a": [{"b": 1}, {"c": "x", "c": "y"}]}]', "c"),
        (b'{"a": 1, "\\u0061": 2}', "a"),
        (b'{"a": "\\u0022\\u0022", "b": 1, "b": 2}', "b"),
        (b'{"n": 123456789012345678901234567890, "b": 1, "b": 2}', "b"),
        (b'{"a": "\\ud800", "b": 1, "b": 2}', "b"),
        (b'{"n": %s, "b": 1, "b": 2}' % (b"9" * 5000), "b"),
        (b'{"n": 1e99999999999999999999, "b": 1, "b": 2}', "b"),
    ],
)
def test_a_member_that_stands_twice_is_named(body: bytes, name: str) -> None:
    assert duplicate_member(body) == name


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'[{"a": 1}, {"a": 1}]',
        b'{"a": {"a": "a"}}',
        b'{"a": "\\"a\\":1"}',
        b'{"a": "\\u0022"}',
        b"not JSON",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_stands_once_is_none(body: bytes) -> None:
    assert duplicate_member(body) is None


@given(JSON, st.booleans())
def test_what_a_program_writes_has_none(value: object, ascii_only: bool) -> None:
    assert (
        duplicate_member(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")) is None
    )


@given(st.dictionaries(st.text(), JSON, min_size=1), JSON)
def test_what_is_written_a_second_time_is_found(members: dict[str, object], other: object) -> None:
    name = min(members)
    once = json.dumps(members)
    body = f"{once[:-1]}, {json.dumps(name)}: {json.dumps(other)}}}".encode()
    assert duplicate_member(body) == name
