"""A site's pinned expansions: read with the rules, and refused where they do not hold together."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.expansions import SIZE_LIMIT, ExpansionFile, read_expansions
from engine.authoring.reading import Reading
from engine.concepts import Coding, Membership
from engine.expansions import Expansion

SNOMED = "http://snomed.info/sct"
ECL = "<< 84757009 |Epilepsy|"
FILE = "local/expansions/epilepsy.json"
EXPANSION = Expansion(
    frozenset({(SNOMED, "84757009"), (SNOMED, "230381009")}),
    "https://tx.example/r4",
    f"{SNOMED}/900000000000207008/version/20260101",
    "urn:uuid:8a1f",
    "2026-05-01",
    ECL,
)


@pytest.fixture
def expandable(folder):
    """The small rules folder, whose epilepsy has an expression."""
    return folder.edit(
        "concepts/conditions.yaml", "title: epilepsy\n", f'title: epilepsy\n    ecl: "{ECL}"\n'
    )


def pinned(**changes: Any) -> str:
    file = ExpansionFile.of("epilepsy", EXPANSION)
    return json.dumps(file.model_dump(mode="json") | changes)


def test_codes_of_a_pinned_expansion_are_members_and_the_expansion_tells_where_it_is_from(expandable):
    loaded = expandable.write(FILE, pinned()).load()
    assert loaded.problems == ()
    assert loaded.concepts.expansions == {"epilepsy": EXPANSION}
    assert loaded.concepts.membership("epilepsy", [Coding(SNOMED, "230381009")]) is Membership.YES
    assert loaded.concepts.sources[0].server == "https://tx.example/r4"
    assert loaded.concept_files["epilepsy"].ecl == ECL


@pytest.mark.parametrize(
    ("file", "text", "code", "message"),
    [
        (FILE, "{", "expansion-unreadable", "the file: Invalid JSON"),
        (FILE, pinned(extra=1), "expansion-unreadable", "extra: Extra inputs are not permitted"),
        (FILE, pinned(codes=[["x"]]), "expansion-unreadable", "codes.0.1: Field required"),
        (FILE, pinned(concept="epilepsie"), "unknown-concept", "there is no concept epilepsie"),
        ("local/expansions/other.json", pinned(), "id-not-filename", "epilepsy is not the file's name"),
        (FILE, pinned(ecl="<< 1"), "expansion-outdated", "epilepsy has another expression now"),
        (FILE, pinned(version=""), "expansion-unreadable", "version: String should have at least 1 character"),
        ("local/expansions/old/epilepsy.json", pinned(), "expansion-misplaced", "not read from a folder in"),
        *(
            (FILE, pinned(**{name: value}), "expansion-changed", "it is not what the hash was made of")
            for name, value in {
                "codes": [[SNOMED, "1"]],
                "server": "https://tx.fhir.org",
                "version": "20991231",
                "identifier": "urn:uuid:0",
                "date": "2027-01-01",
            }.items()
        ),
        (FILE, " " * (SIZE_LIMIT + 1), "file-too-large", "larger than"),
        (
            FILE,
            ExpansionFile.of("epilepsy", Expansion(frozenset({("urn:ours", "1")}), "s", "v", "", "d", ECL))
            .model_dump_json(),
            "unknown-system",
            "there is no code system urn:ours",
        ),
    ],
)  # fmt: skip
def test_a_file_that_does_not_hold_together_is_a_problem_and_adds_nothing(
    expandable, file: str, text: str, code: str, message: str
):
    loaded = expandable.write(file, text).load()
    (problem,) = loaded.problems
    assert (problem.code, problem.file, problem.severity) == (code, f"rules/{file}", "error")
    assert problem.message.startswith(message) or message in problem.message
    assert loaded.concepts.expansions == {}


def test_a_copy_in_a_folder_of_its_own_takes_no_place_of_the_pin(expandable):
    other = Expansion(frozenset({(SNOMED, "73211009")}), "s", "v", "", "d", ECL)
    copied = ExpansionFile.of("epilepsy", other).model_dump_json()
    loaded = expandable.write(FILE, pinned()).write("local/expansions/old/epilepsy.json", copied).load()
    assert [problem.code for problem in loaded.problems] == ["expansion-misplaced"]
    assert loaded.concepts.expansions == {"epilepsy": EXPANSION}


def test_a_file_that_cannot_be_opened_is_a_problem(expandable, monkeypatch: pytest.MonkeyPatch):
    def refused(path: Path) -> bytes:
        raise PermissionError

    expandable.write(FILE, pinned())
    paths = {name: path for name, path in expandable.load().paths.items() if name.endswith(".json")}
    monkeypatch.setattr(Path, "read_bytes", refused)
    reading = Reading("rules", {}, paths, ())
    assert read_expansions(reading, {}, {}) == {}
    assert [problem.code for problem in reading.problems] == ["file-unreadable"]


def test_other_files_beside_them_are_left_alone(expandable):
    expandable.write("local/expansions/README.md", "words").write("local/epilepsy.json", "[")
    assert expandable.load().problems == ()
