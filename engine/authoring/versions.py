"""Versions: what kind of step a change of a rule calls for, and what kind of step was made (Semantic Versioning 2.0.0)."""

from __future__ import annotations

from enum import IntEnum


class Bump(IntEnum):
    """A step from one version to the next, the greater the more it says.

    Patch: other words. Minor: a new case. Major: who gets the card, or how urgent it is.
    """

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def word(self) -> str:
        """As people write it."""
        return self.name.lower()


def version_of(text: str) -> tuple[int, ...]:
    """A semantic version, to compare."""
    return tuple(int(part) for part in text.split("."))


def bump_between(old: str, new: str) -> Bump:
    """The step from one version to another; none where it is not higher.

    Before 1.0.0 the second number stands for what takes cards away, too, and is as good as a major step.
    """
    before, after = version_of(old), version_of(new)
    if after <= before:
        return Bump.NONE
    changed = next(place for place in range(3) if before[place] != after[place])
    if before[0] == 0 and changed == 1:
        return Bump.MAJOR
    return (Bump.MAJOR, Bump.MINOR, Bump.PATCH)[changed]


def raised(version: str, bump: Bump) -> str:
    """The next version after a step of this kind; before 1.0.0 only the second and the third number move."""
    numbers = list(version_of(version))
    place = {Bump.MAJOR: 0, Bump.MINOR: 1}.get(bump, 2)
    place = max(place, 1) if numbers[0] == 0 else place
    numbers[place:] = [numbers[place] + 1, *(0 for _ in numbers[place + 1 :])]
    return ".".join(map(str, numbers))
