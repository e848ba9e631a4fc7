"""Expansions: what a terminology server added, told by hash and source."""

from dataclasses import replace
from typing import Any

import pytest

from engine.expansions import Expansion, TerminologySource, sources

SNOMED = "http://snomed.info/sct"


def expansion(*codes: str, server: str = "https://tx.example/r4", version: str = "2026-01") -> Expansion:
    return Expansion(frozenset((SNOMED, code) for code in codes), server, version)


def test_the_hash_is_of_all_that_is_said() -> None:
    """``printf '%s' '["","https://tx.example/r4","2026-01","","",[["http://snomed.info/sct","1"]]]' | sha256sum``."""
    known = "c46e1f317a1bde80dc60304ea3e04335990a065b73e6c482000864b397b98577"
    assert expansion("1").sha256 == known
    assert expansion("2", "1").sha256 == expansion("1", "2").sha256 != known


@pytest.mark.parametrize("name", ["server", "version", "identifier", "date", "ecl"])
def test_no_part_of_an_expansion_changes_without_its_hash(name: str) -> None:
    whole = expansion("1")
    other: dict[str, Any] = {name: "another"}
    assert replace(whole, **other).sha256 != whole.sha256


def test_sources_are_told_apart_by_server_and_version() -> None:
    first, second, third = expansion("1", "2"), expansion("2", "3"), expansion("4", version="2026-07")
    found = sources({"epilepsy": first, "stroke": second, "delirium": third})
    assert [(source.version, source.concepts, source.codes) for source in found] == [
        ("2026-01", 2, 3),
        ("2026-07", 1, 1),
    ]
    assert sources({}) == ()


def test_the_hash_of_a_source_changes_with_any_code_of_any_concept() -> None:
    def of(**expansions: Expansion) -> TerminologySource:
        (found,) = sources(expansions)
        return found

    first, second = expansion("1"), expansion("2")
    whole = of(epilepsy=first, stroke=second)
    assert whole.sha256 == of(stroke=second, epilepsy=first).sha256
    assert whole.sha256 != of(epilepsy=second, stroke=first).sha256
