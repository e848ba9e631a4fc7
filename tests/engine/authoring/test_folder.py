"""A rules folder as a whole: where files belong, what belongs to what, and what is missed."""

from __future__ import annotations

import pytest

from engine.authoring.loading import load_rules
from engine.concepts import Coding
from engine.errors import RuleFileError

RULE = "baclofen-it/warnings/renal-impairment.yaml"


def test_an_empty_folder_is_not_silence_nor_is_one_that_is_not_there(tmp_path):
    (tmp_path / "empty").mkdir()
    for name, code in (("empty", "rules-missing"), ("nowhere", "file-unreadable")):
        (problem,) = load_rules(tmp_path / name).problems
        assert (problem.code, problem.file) == (code, name)


def test_files_that_nothing_reads_are_named(folder):
    folder.write("local/adjustment.yaml", "a: 1\n").write("notes.yaml", "a: 1\n").write(
        "warnings/other.yaml", "id: x\n"
    ).write("baclofen-it/more.yml", "id: x\n").write("baclofen-it/notepad.yaml.txt", "id: x\n")
    assert [(code, file) for code, file, *_ in folder.found()] == [
        ("file-ending", "baclofen-it/more.yml"),
        ("file-ending", "baclofen-it/notepad.yaml.txt"),
        ("file-astray", "local/adjustment.yaml"),
        ("file-astray", "notes.yaml"),
        ("file-astray", "warnings/other.yaml"),
    ]


def test_a_rule_belongs_to_the_nearest_pack_above_it(folder):
    folder.write(
        "baclofen-it/extra/pack.yaml",
        (folder.path / "baclofen-it/pack.yaml").read_text().replace("id: baclofen-it", "id: extra"),
    )
    folder.edit("baclofen-it/monitoring/epilepsy.yaml", "baclofen-it.epilepsy", "extra.epilepsy")
    (folder.path / "baclofen-it/monitoring").rename(folder.path / "baclofen-it/extra/monitoring")
    loaded = folder.load()
    assert loaded.files["extra.epilepsy"] == "rules/baclofen-it/extra/monitoring/epilepsy.yaml"
    assert [(problem.code, problem.message) for problem in loaded.problems] == [
        ("unknown-statement", "there is no statement WP-01"),
    ]


def test_two_packs_or_two_rules_of_one_name_are_a_problem(folder):
    folder.write("second/pack.yaml", (folder.path / "baclofen-it/pack.yaml").read_bytes())
    folder.write(
        "baclofen-it/more/epilepsy.yaml", (folder.path / "baclofen-it/monitoring/epilepsy.yaml").read_bytes()
    )
    found = folder.found()
    assert ("id-reused", "second/pack.yaml", 1, 5) in found
    assert [code for code, *_ in found].count("id-reused") == 2


def test_rules_of_a_pack_that_does_not_load_are_still_looked_through(folder):
    folder.edit("baclofen-it/pack.yaml", "title: intrathecal baclofen\n", "")
    folder.edit(RULE, "lab: lab-egfr", "lab: lab-egrf")
    assert [(code, file) for code, file, *_ in folder.found()] == [
        ("key-missing", "baclofen-it/pack.yaml"),
        ("unknown-concept", RULE),
    ]


def test_a_pack_file_that_is_a_list_is_one_problem(folder):
    folder.write("baclofen-it/pack.yaml", "- id: baclofen-it\n")
    assert [(code, file) for code, file, *_ in folder.found()] == [("value-wrong", "baclofen-it/pack.yaml")]


def test_a_rule_file_that_is_a_list_is_one_problem(folder):
    folder.write(RULE, "- id: x\n")
    codes = [(code, file) for code, file, *_ in folder.found()]
    assert ("value-wrong", RULE) in codes


def test_a_pack_without_statements_has_none_to_cite(folder):
    folder.remove("baclofen-it/statements.yaml")
    assert [code for code, *_ in folder.found()] == ["unknown-statement"] * 3


def test_a_sentence_is_said_by_statements_that_there_are(folder):
    sentence = '{id: L001.1, sha256: "5cf069657154abac", statements: [WP-02, WP-20]}'
    folder.write("baclofen-it/sentences.yaml", f"reasons: {{}}\nsentences:\n  - {sentence}\n")
    (problem,) = folder.load().problems
    assert (problem.code, problem.line) == ("unknown-statement", 3)
    assert "there is no statement WP-20" in problem.render()


def test_sentences_that_do_not_fit_hide_no_statement_that_there_is_not(folder):
    sentence = "{id: L1, sha256: 5cf069657154abac, statements: [WP-02, WP-20]}"
    folder.write("baclofen-it/sentences.yaml", f"reasons: {{}}\nsentences:\n  - {sentence}\n")
    problems = folder.load().problems
    assert ("unknown-statement", 3) in [(problem.code, problem.line) for problem in problems]
    assert "did you mean WP-02?" in [problem.help for problem in problems]


def test_statements_that_do_not_fit_can_still_be_cited(folder):
    folder.edit("baclofen-it/statements.yaml", "line: 20", "line: twenty")
    assert [code for code, *_ in folder.found()] == ["value-wrong"]


def test_sources_in_a_shape_that_does_not_fit_cite_nothing(folder):
    folder.edit(RULE, "  - statement: WP-02", "  - WP-02\n  - statement: [WP-02]")
    codes = [code for code, *_ in folder.found()]
    assert codes == ["statement-unaccounted", "value-wrong", "value-wrong"]


def test_an_active_rule_without_tests_and_tests_without_a_rule_are_problems(folder):
    (folder.path / "baclofen-it/monitoring/epilepsy.test.yaml").rename(
        folder.path / "baclofen-it/monitoring/fits.test.yaml"
    )
    assert folder.found() == [
        ("tests-missing", "baclofen-it/monitoring/epilepsy.yaml", 1, 5),
        ("tests-missing", "baclofen-it/monitoring/fits.test.yaml", 1, 1),
    ]


def test_a_draft_needs_no_tests_yet(folder):
    folder.remove("baclofen-it/monitoring/epilepsy.test.yaml")
    folder.edit("baclofen-it/monitoring/epilepsy.yaml", "status: active", "status: draft")
    assert folder.found() == []


def test_concepts_that_do_not_load_are_not_missed(folder):
    """The ids of a file with a mistake elsewhere in it still exist."""
    folder.edit("concepts/measurements.yaml", "    title: eGFR\n", "")
    assert [code for code, *_ in folder.found()] == ["key-missing"]


def test_a_folder_without_code_systems_says_so_once_for_each_use(folder):
    folder.remove("concepts/systems.yaml")
    assert {code for code, *_ in folder.found()} == {"unknown-system"}


def test_code_systems_that_do_not_load_are_not_missed(folder):
    folder.edit("concepts/systems.yaml", 'uri: "http://loinc.org", ', "")
    assert [code for code, *_ in folder.found()] == ["key-missing"]


def test_medicines_that_do_not_load_are_not_missed(folder):
    folder.edit("concepts/medicines.yaml", "    title: intrathecal baclofen\n", "")
    assert [code for code, *_ in folder.found()] == ["key-missing"]


def test_a_shared_finding_that_does_not_load_is_not_missed(folder):
    folder.edit("findings/reduced-kidney-function.yaml", "title: reduced kidney function\n", "")
    folder.edit(
        "baclofen-it/monitoring/epilepsy.yaml", "- condition: epilepsy", "- finding: reduced-kidney-function"
    )
    assert [code for code, *_ in folder.found()] == ["key-missing"]


def test_concepts_may_not_go_round_in_circles(folder):
    folder.edit(
        "concepts/conditions.yaml", "title: epilepsy\n", "title: epilepsy\n    includes: [pump-in-place]\n"
    )
    folder.edit(
        "concepts/conditions.yaml",
        "title: an implanted pump\n",
        "title: an implanted pump\n    includes: [epilepsy]\n",
    )
    assert [(code, line) for code, _, line, _ in folder.found()] == [
        ("concept-loop", 10),
        ("concept-loop", 19),
    ]


def test_concepts_may_include_others(folder):
    folder.edit(
        "concepts/conditions.yaml", "title: epilepsy\n", "title: epilepsy\n    includes: [pump-in-place]\n"
    )
    loaded = folder.load()
    assert loaded.problems == ()
    assert loaded.concepts.members("epilepsy") == {"epilepsy", "pump-in-place"}


def test_a_rule_can_be_read_with_other_settings(mini):
    rule = mini.rule_with("baclofen-it.renal-impairment", {"kidney-limit": "30 mL/min/1.73m2"})
    assert rule.when.any[1].below == "30 mL/min/1.73m2"


def test_settings_that_do_not_fit_a_rule_are_refused(mini):
    with pytest.raises(RuleFileError, match="12:14"):
        mini.rule_with("baclofen-it.renal-impairment", {"kidney-limit": "thirty"})


def test_a_file_that_can_name_no_rule_is_to_be_renamed(folder):
    folder.write("baclofen-it/my rule.yaml", (folder.path / RULE).read_bytes()).remove(RULE)
    [problem] = [problem for problem in folder.load().problems if problem.code == "id-not-filename"]
    assert problem.help == "rename the file: small letters, digits and hyphens"


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_the_ends_of_lines_are_those_of_any_system(folder, ending):
    text = (folder.path / RULE).read_text()
    folder.write(RULE, f"\ufeff{text}".replace("\n", ending).encode())
    assert folder.found() == []
    folder.write(RULE, text.replace("lab: lab-egfr", "lab: lab-egrf").replace("\n", ending).encode())
    [problem] = folder.load().problems
    assert (problem.line, problem.excerpt[-1][1].strip()) == (11, "- lab: lab-egrf")


@pytest.mark.parametrize(
    ("system", "help"),
    [
        ("icd10", "did you mean icd-10?"),
        ("our catalogue", "write its URI or OID, as the records have it"),
        ("icd-10", None),
        ("1.2.616.1", None),
        ("https://hospital.example/drugs", None),
    ],
)
def test_a_code_of_a_site_has_a_system_that_is_described_or_a_uri(folder, system, help):
    """Else it is a slip that maps nothing, and nobody would notice."""
    line = f'{{system: "{system}", code: "E", concept: epilepsy, below: true}}'
    folder.write("local/codes.yaml", f"codes:\n  - {line}\n")
    problems = folder.load().problems
    assert [(each.code, each.line, each.help) for each in problems] == (
        [] if help is None else [("unknown-system", 2, help)]
    )


def test_a_code_of_a_site_may_take_all_in_that_begins_with_it(folder):
    line = '{system: "https://hospital.example/drugs", code: "E", concept: epilepsy, below: true}'
    folder.write("local/codes.yaml", f"codes:\n  - {line}\n")
    concepts = load_rules(folder.path).concepts
    for code, membership in (("E", "yes"), ("E7", "yes"), ("XE", "unknown")):
        assert (
            concepts.membership("epilepsy", (Coding("https://hospital.example/drugs", code),)) == membership
        )
