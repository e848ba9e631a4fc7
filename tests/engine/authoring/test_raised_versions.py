"""Versions that are raised for an author: those of what changed, and no other; the files otherwise as they were."""

import pytest

from engine.authoring.lock import locked_now, read_lock
from engine.authoring.raised_versions import Raised, raised_versions
from engine.authoring.versions import Bump
from tests.engine.authoring.conftest import Folder

PACK = "baclofen-it/pack.yaml"
KIDNEY = "baclofen-it/warnings/renal-impairment.yaml"
LOCK = "baclofen-it/rules.lock"


@pytest.fixture
def locked(folder: Folder) -> Folder:
    """The small rules folder with its lock."""
    return folder.write(LOCK, locked_now(folder.load(), "baclofen-it").text)


def raise_by(folder: Folder, bump: Bump) -> list[Raised]:
    loaded = folder.load()
    held = read_lock(loaded, "baclofen-it")
    assert held is not None
    return list(raised_versions(loaded, "baclofen-it", held, bump))


def steps(folder: Folder, bump: Bump = Bump.MINOR) -> list[tuple[str, str, str]]:
    return [(each.id, each.old, each.new) for each in raise_by(folder, bump)]


def test_nothing_is_raised_where_nothing_changed(locked: Folder) -> None:
    assert steps(locked) == []


def test_a_rule_is_raised_with_its_pack_and_the_rest_of_the_file_stays(locked: Folder) -> None:
    locked.edit(KIDNEY, "version: 1.0.0", 'version: "1.0.0"  # of spring')
    locked.edit(KIDNEY, "below: parameter", "at_or_below: parameter")
    before = (locked.path / KIDNEY).read_text()
    rule, pack = raise_by(locked, Bump.MAJOR)
    assert (rule.id, rule.file, rule.old, rule.new) == (
        "baclofen-it.renal-impairment", f"rules/{KIDNEY}", "1.0.0", "2.0.0",
    )  # fmt: skip
    assert rule.text == before.replace('version: "1.0.0"  # of', 'version: "2.0.0"  # of')
    assert (pack.id, pack.file, pack.old, pack.new) == ("baclofen-it", f"rules/{PACK}", "0.1.0", "0.2.0")
    for each in (rule, pack):
        locked.write(each.file.removeprefix("rules/"), each.text)
    assert steps(locked) == []


def test_every_rule_that_stands_on_a_concept_that_changed_is_raised(locked: Folder) -> None:
    locked.edit("concepts/medicines.yaml", "[0.5 mg/mL, 2 mg/mL]", "[2 mg/mL]")
    assert len(steps(locked)) == 4
    assert {new for _, _, new in steps(locked)} == {"1.1.0", "0.2.0"}


def test_a_pack_that_was_raised_already_is_left(locked: Folder) -> None:
    locked.edit(KIDNEY, "below: parameter", "at_or_below: parameter")
    locked.edit(PACK, "version: 0.1.0", "version: 0.3.0")
    assert steps(locked) == [("baclofen-it.renal-impairment", "1.0.0", "1.1.0")]


def test_a_pack_whose_rules_were_raised_by_hand_is_raised_alone(locked: Folder) -> None:
    locked.edit(KIDNEY, "below: parameter", "at_or_below: parameter")
    locked.edit(KIDNEY, "version: 1.0.0", "version: 2.0.0")
    assert steps(locked, Bump.PATCH) == [("baclofen-it", "0.1.0", "0.1.1")]


def test_a_version_that_went_back_is_raised_above_what_was_locked(locked: Folder) -> None:
    locked.edit(KIDNEY, "version: 1.0.0", "version: 0.9.9")
    assert steps(locked)[0] == ("baclofen-it.renal-impairment", "0.9.9", "1.1.0")


def test_line_ends_stay_as_they_are(locked: Folder) -> None:
    locked.edit(KIDNEY, "below: parameter", "at_or_below: parameter")
    file = locked.path / KIDNEY
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert "\r\nversion: 1.1.0\r\n" in raise_by(locked, Bump.MINOR)[0].text


def test_a_version_that_stands_elsewhere_is_for_a_person_to_raise(locked: Folder) -> None:
    locked.edit(KIDNEY, "version: 1.0.0", "version:\n  1.0.0")
    locked.edit(KIDNEY, "below: parameter", "at_or_below: parameter")
    with pytest.raises(ValueError, match=r"renal-impairment\.yaml: version 1\.0\.0 does not stand"):
        raise_by(locked, Bump.MINOR)
