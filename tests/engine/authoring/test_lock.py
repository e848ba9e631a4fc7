"""The lock of a pack: no rule changes, in itself or through what it stands on, or goes, without a higher version."""

from __future__ import annotations

import pytest

from engine.authoring.fingerprints import parts_of, rule_fingerprint
from engine.authoring.loading import load_rules
from engine.authoring.lock import lock_file, locked_now, read_lock, unlocked
from tests.engine.authoring.conftest import Folder

RULE = "baclofen-it/warnings/renal-impairment.yaml"
LOCK = "baclofen-it/rules.lock"
EPILEPSY = "baclofen-it/monitoring/epilepsy.yaml"
PACK = (
    "lock-behind",
    "warning",
    "its rules, or what it says of its label, are not what was locked as version 0.1.0",
)
VERSIONS = {"changed-without-version", "lock-behind", "lock-unreadable"}


@pytest.fixture
def locked(folder: Folder) -> Folder:
    """The small rules folder with its lock."""
    return lock(folder)


def said(folder: Folder) -> list[tuple[str, str, str]]:
    """Code, severity and message of every problem about versions."""
    return [(p.code, p.severity, p.message) for p in folder.load().problems if p.code in VERSIONS]


def lock(folder: Folder) -> Folder:
    return folder.write(LOCK, locked_now(folder.load(), "baclofen-it").text)


def states(folder: Folder) -> list[tuple[str, str]]:
    """What `primum rules lock` would tell."""
    loaded = folder.load()
    held = read_lock(loaded, "baclofen-it")
    assert held is not None
    return [(entry.rule, entry.state) for entry in unlocked(loaded, "baclofen-it", held)]


def test_the_rules_that_ship_are_as_they_were_locked() -> None:
    loaded = load_rules(examples=True)
    assert len(loaded.folders) > 1
    for pack_id in loaded.folders:
        assert read_lock(loaded, pack_id) == locked_now(loaded, pack_id), "run: primum rules lock"


def test_a_pack_without_a_lock_is_not_held_to_it(folder: Folder) -> None:
    assert read_lock(folder.load(), "baclofen-it") is None
    assert said(folder) == []


def test_what_was_just_locked_is_in_order(locked: Folder) -> None:
    assert said(locked) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        (RULE, "below: parameter", "at_or_below: parameter", "what the rule says has"),
        (RULE, "start {medicine} with", "begin {medicine} with", "what the rule says has"),
        (RULE, "status: active", "status: draft", "what the rule says has"),
        ("baclofen-it/pack.yaml", "60 mL", "45 mL", "parameter kidney-limit has"),
        ("concepts/conditions.yaml", "code: N18,", "code: N19,", "concept chronic-kidney-disease has"),
        ("concepts/measurements.yaml", "[1, 250]", "[1, 300]", "concept lab-egfr has"),
        (
            "override-reasons.yaml",
            "will-monitor: Will",
            "will-monitor: Shall",
            "override-reason will-monitor has",
        ),
    ],
)
def test_a_change_without_a_version_is_an_error_at_the_version(
    locked: Folder, file: str, old: str, new: str, what: str
) -> None:
    locked.edit(file, old, new)
    own = ("changed-without-version", "error", f"{what} changed since version 1.0.0")
    assert [found for found in said(locked) if found != PACK] == [own]
    assert (PACK in said(locked)) == (file == RULE), (
        "once the rules have other versions, the pack asks for one"
    )
    [problem] = [p for p in locked.load().problems if p.code == "changed-without-version"]
    assert (problem.file, problem.line) == (f"rules/{RULE}", 5)
    assert problem.help.startswith("raise version")


def test_a_code_system_or_a_medicine_changes_every_rule_that_stands_on_it(locked: Folder) -> None:
    locked.edit("concepts/systems.yaml", 'rxnorm"', 'RXNORM"')
    locked.edit("concepts/medicines.yaml", "[0.5 mg/mL, 2 mg/mL]", "[2 mg/mL]")
    both = "code system rxnorm and medicine baclofen-intrathecal have changed since version 1.0.0"
    assert said(locked) == [("changed-without-version", "error", both)] * 3


def test_a_concept_that_leaves_another_open_changes_the_rules_that_stand_on_that(locked: Folder) -> None:
    locked.edit(
        "concepts/conditions.yaml",
        "title: chronic kidney disease",
        "title: chronic kidney disease\n    left_open_by: [pump-in-place, misspelt]",
    )
    lock(locked)
    locked.edit("concepts/conditions.yaml", "code: Z45.1,", "code: Z45.9,")
    assert ("baclofen-it.renal-impairment", "changed") in states(locked)


def test_a_finding_counts_with_the_concepts_behind_it(locked: Folder) -> None:
    locked.edit(RULE, "condition: chronic-kidney-disease", "finding: reduced-kidney-function")
    lock(locked)
    locked.edit("findings/reduced-kidney-function.yaml", "within: 12 months", "within: 6 months")
    locked.edit("concepts/conditions.yaml", "code: N18,", "code: N19,")
    both = (
        "concept chronic-kidney-disease and finding reduced-kidney-function have changed since version 1.0.0"
    )
    assert said(locked) == [("changed-without-version", "error", both)]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (RULE, "limits: Does", "# why\nlimits: Does"),
        (RULE, "next: 2027-01-01", "next: 2028-01-01"),
        (RULE, "title: Reduced kidney function", 'title: "Reduced kidney function"'),
        ("concepts/measurements.yaml", "note: Any equation.", "note: Any equation, any age."),
        ("baclofen-it/pack.yaml", "The leaflet names no figure.", "Ours."),
        ("concepts/medicines.yaml", "    substance:", "    current_for_days: 180\n    substance:"),
    ],
)
def test_comments_notes_and_reviews_change_no_rule(locked: Folder, file: str, old: str, new: str) -> None:
    locked.edit(file, old, new)
    assert said(locked) == []


def test_a_sites_own_files_change_no_rule(locked: Folder) -> None:
    locked.write(
        "local/parameters.yaml",
        "parameters: {baclofen-it: {kidney-limit: {value: 45 mL/min/1.73m2, note: Ours.}}}",
    )
    locked.write("local/codes.yaml", "codes: [{system: icd-10, code: X1, concept: epilepsy}]")
    assert said(locked) == []


def test_a_version_that_was_raised_waits_to_be_locked(locked: Folder) -> None:
    locked.edit(RULE, "below: parameter", "at_or_below: parameter")
    locked.edit(RULE, "version: 1.0.0", "version: 2.0.0")
    behind = ("lock-behind", "warning", "rules.lock still has version 1.0.0")
    assert sorted(said(locked)) == sorted([behind, PACK])
    locked.edit("baclofen-it/pack.yaml", "version: 0.1.0", "version: 0.2.0")
    pack = ("lock-behind", "warning", "rules.lock still has version 0.1.0 of the pack")
    assert sorted(said(locked)) == sorted([behind, pack])
    assert states(locked) == [("baclofen-it", "behind"), ("baclofen-it.renal-impairment", "behind")]
    assert said(lock(locked)) == []


def test_a_version_never_goes_back(locked: Folder) -> None:
    locked.edit(RULE, "version: 1.0.0", "version: 0.9.9")
    lower = "version 0.9.9 is lower than 1.0.0, which was locked"
    assert ("changed-without-version", "error", lower) in said(locked)


def test_nor_does_that_of_a_pack(locked: Folder) -> None:
    locked.edit("baclofen-it/pack.yaml", "version: 0.1.0", "version: 0.0.9")
    assert said(locked) == [("lock-behind", "warning", "version 0.0.9 is lower than 0.1.0, which was locked")]
    assert states(locked) == [("baclofen-it", "changed")]


def test_a_rule_that_is_gone_is_an_error_while_it_was_active(locked: Folder) -> None:
    locked.remove(EPILEPSY)
    gone = "baclofen-it.epilepsy is locked as active and has no file"
    assert sorted(said(locked)) == [("changed-without-version", "error", gone), PACK]
    assert states(locked) == [("baclofen-it.epilepsy", "lost"), ("baclofen-it", "changed")]


@pytest.mark.parametrize("kept", ["epilepsy.md", "epilepsy.txt", "epilepsy.test.yaml", "epilepsy.lock"])
def test_a_file_that_is_no_rule_does_not_stand_for_one(locked: Folder, kept: str) -> None:
    text = (locked.path / EPILEPSY).read_text()
    locked.remove(EPILEPSY)
    locked.write(f"baclofen-it/monitoring/{kept}", text)
    gone = "baclofen-it.epilepsy is locked as active and has no file"
    assert ("changed-without-version", "error", gone) in said(locked)
    assert states(locked) == [("baclofen-it.epilepsy", "lost"), ("baclofen-it", "changed")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A leaflet for tests", "Another leaflet"),
        ('"2026-01"', '"2026-02"'),
        ("example: true", "example: false"),
        ("example: true", "example: true\nlabel_url: https://example.org/leaflet"),
        ("example: true", "example: true\ntopic_system: https://example.org/topics"),
    ],
)
def test_what_stands_on_every_card_asks_for_a_version_of_the_pack(locked: Folder, old: str, new: str) -> None:
    locked.edit("baclofen-it/pack.yaml", old, new)
    assert said(locked) == [PACK]
    assert states(locked) == [("baclofen-it", "changed")]
    locked.edit("baclofen-it/pack.yaml", "version: 0.1.0", "version: 0.1.1")
    assert states(locked) == [("baclofen-it", "behind")]


@pytest.mark.parametrize("status", ["retired", "draft"])
def test_a_rule_that_made_no_card_may_go(locked: Folder, status: str) -> None:
    locked.edit(EPILEPSY, "status: active", f"status: {status}")
    assert f'"status": "{status}"' in (lock(locked).path / LOCK).read_text()
    locked.remove(EPILEPSY)
    gone = ("lock-behind", "warning", f"baclofen-it.epilepsy is locked as {status} and has no file")
    assert sorted(said(locked)) == sorted([gone, PACK])
    assert states(locked) == [("baclofen-it", "changed"), ("baclofen-it.epilepsy", "gone")]


def test_a_rule_may_go_on_under_another_name(locked: Folder) -> None:
    text = (locked.path / EPILEPSY).read_text()
    locked.write("baclofen-it/monitoring/fits.yaml", text.replace("baclofen-it.epilepsy", "baclofen-it.fits"))
    locked.remove(EPILEPSY)
    gone = ("lock-behind", "warning", "baclofen-it.epilepsy is locked and has another name now")
    assert sorted(said(locked)) == sorted([gone, PACK])
    locked.edit("baclofen-it/monitoring/fits.yaml", "4 years", "5 years")
    assert ("baclofen-it.epilepsy", "lost") in states(locked), "one that says something else is another rule"


def test_two_branches_that_raised_a_pack_to_the_same_version_do_not_merge_unseen(locked: Folder) -> None:
    """The version of the pack is the same on both sides; its hash is that of one of them."""
    locked.edit(EPILEPSY, "version: 1.0.0", "version: 1.0.1")
    merged = locked_now(locked.load(), "baclofen-it")
    held = read_lock(locked.load(), "baclofen-it")
    assert held is not None
    locked.write(LOCK, merged.model_copy(update={"pack": held.pack}).text)
    assert said(locked) == [PACK]


def test_a_new_rule_is_told_when_the_lock_is_written_and_asks_for_another_version_of_the_pack(
    locked: Folder,
) -> None:
    text = (locked.path / RULE).read_text()
    locked.write(RULE.replace("renal-impairment", "kidneys"), text.replace("renal-impairment", "kidneys"))
    assert states(locked) == [("baclofen-it", "changed"), ("baclofen-it.kidneys", "new")]
    assert said(locked) == [PACK]


def test_a_rule_that_does_not_fit_or_cannot_be_read_is_not_gone(locked: Folder) -> None:
    locked.write(EPILEPSY, "title: [\n")
    locked.edit(RULE, "kind: warning", "kind: warming")
    locked.write("baclofen-it/list.yaml", "- a list")
    assert said(locked) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"pack": {"version": "0.1.0", "sha256": ""}, "rules": {"a.b": {"version": "1", "sha256": ""}}, "parts": {}}',
    ],
)
def test_a_lock_that_was_written_by_hand_is_an_error(locked: Folder, text: str) -> None:
    locked.write(LOCK, text)
    assert said(locked) == [("lock-unreadable", "error", "rules.lock cannot be read (ValidationError)")]
    assert lock_file(locked.load(), "baclofen-it") == f"rules/{LOCK}"


def test_what_does_not_exist_is_no_part_of_a_rule(folder: Folder) -> None:
    folder.edit(
        RULE,
        "    - condition: chronic-kidney-disease",
        "    - finding: kidneys\n    - condition: kidney-disease",
    )
    folder.edit(RULE, "medicine: baclofen-intrathecal", "medicine: baclofen")
    folder.edit(RULE, "[benefit-outweighs-risk, will-monitor]", "[no-time]")
    folder.edit(RULE, "{medicine} with", "{parameter.kidneys} with")
    folder.edit("concepts/measurements.yaml", "loinc:", "loink:")
    loaded = folder.load()
    parts = parts_of(loaded, loaded.rules.rule("baclofen-it.renal-impairment"))
    found = ["code system snomed", "concept lab-egfr", "concept surgery", "pack title"]
    assert sorted(parts) == [*found, "parameter kidney-limit"]


def test_a_hash_does_not_depend_on_the_order_of_keys(folder: Folder) -> None:
    before = rule_fingerprint(folder.load(), "baclofen-it.renal-impairment")
    folder.edit(RULE, "kind: warning\nstatus: active\n", "status: active\nkind: warning\n")
    assert rule_fingerprint(folder.load(), "baclofen-it.renal-impairment") == before
