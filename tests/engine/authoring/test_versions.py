"""Versions: the step from one to another, and the one after a step."""

import pytest

from engine.authoring.versions import Bump, bump_between, raised


@pytest.mark.parametrize(
    ("version", "bump", "next_one"),
    [
        ("1.2.3", Bump.PATCH, "1.2.4"),
        ("1.2.3", Bump.MINOR, "1.3.0"),
        ("1.2.3", Bump.MAJOR, "2.0.0"),
        ("0.2.3", Bump.PATCH, "0.2.4"),
        ("0.2.3", Bump.MINOR, "0.3.0"),
        ("0.2.3", Bump.MAJOR, "0.3.0"),
    ],
)
def test_the_version_after_a_step(version: str, bump: Bump, next_one: str) -> None:
    assert raised(version, bump) == next_one
    assert bump_between(version, next_one) >= bump


@pytest.mark.parametrize(
    ("old", "new", "bump"),
    [
        ("1.0.0", "2.0.0", Bump.MAJOR),
        ("1.0.0", "1.1.0", Bump.MINOR),
        ("1.1.9", "1.1.10", Bump.PATCH),
        ("1.0.0", "1.0.0", Bump.NONE),
        ("1.1.0", "1.0.9", Bump.NONE),
        ("0.1.0", "0.2.0", Bump.MAJOR),
        ("0.1.0", "0.1.1", Bump.PATCH),
    ],
)
def test_the_step_between_two_versions(old: str, new: str, bump: Bump) -> None:
    assert bump_between(old, new) is bump
