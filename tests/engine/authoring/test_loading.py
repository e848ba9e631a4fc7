"""YAML read strictly: what two readers could read differently is refused, and everything has its place."""

from __future__ import annotations

import pytest

from engine.authoring.loading import (
    DEFAULT_FOLDER,
    DEPTH_LIMIT,
    SIZE_LIMIT,
    load_rules,
    load_strict,
    parse_document,
)
from engine.errors import RuleFileError


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("012", "012"),
        ("3:25", "3:25"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("2026-03-01", "2026-03-01"),
        ("12", 12),
        ("-7", -7),
        ("0.5", 0.5),
        ('"12"', "12"),
        ("'true'", "true"),
        ("[1, two]", [1, "two"]),
        ("{a: 1}", {"a": 1}),
        (".nan", ".nan"),
    ],
)
def test_plain_words_are_read_as_yaml_1_2_and_dates_stay_text(written, read):
    document, problems = parse_document(f"key: {written}\n", "a.yaml")
    assert document.data == {"key": read}
    assert problems == []


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "reason"),
    [
        ("a: 1\na: 2\n", "key-duplicate", 2, 1, "a is already on line 1"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", "key-duplicate", 4, 3, "b is already on line 2"),
        ("a:\n\t- b\n", "yaml-tab", 2, 1, "a tab in the indentation"),
        ("a:\n  \tb: c\n", "yaml-tab", 2, 3, "a tab in the indentation"),
        ("a: &x 1\n", "yaml-anchor", 1, 4, "anchors (&) are not used here"),
        ("a: *x\n", "yaml-anchor", 1, 4, "references to other lines (*) are not used here"),
        ("a:\n  <<: {b: 1}\n", "yaml-merge", 2, 3, "merging maps (<<) is not used here"),
        ("a: !!int 5\n", "yaml-tag", 1, 4, "tags (!) are not used here"),
        ("a: !python/object:os.system {}\n", "yaml-tag", 1, 4, "tags (!) are not used here"),
        ("a: 1\n---\nb: 2\n", "yaml-documents", 2, 1, "a second document begins here"),
        ("", "file-empty", 1, 1, "the file says nothing"),
        ("# only words\n", "file-empty", 1, 1, "the file says nothing"),
        ("~\n", "file-empty", 1, 1, "the file says nothing"),
        ("a:\nb: 1\n", "value-missing", 1, 1, "a is empty"),
        ("a:\n  - b\n  - ~\n", "value-missing", 3, 5, "this item is empty"),
        ("a: " + "9" * 5000, "number-long", 1, 4, "a number of more than 40 digits"),
        ("a: -" + "9" * 400 + ".5", "number-long", 1, 4, "a number of more than 40 digits"),
        ("? [a]\n: b\n", "yaml-key", 1, 3, "a key is one word"),
        (
            "a: Kidney: reduced\n",
            "yaml-syntax",
            1,
            10,
            "there is a second colon here, or this line is indented too far",
        ),
        ("a: > 30\n", "yaml-syntax", 1, 6, "> and | begin a block of text in YAML"),
        ("a: >x\n", "yaml-syntax", 1, 5, "> and | begin a block of text in YAML"),
        ("a: @x\n", "yaml-syntax", 1, 4, "a value cannot begin with this character"),
        ("a: {x.y} is low\n", "yaml-syntax", 1, 10, "the text goes on where the value has ended"),
        ('a: "open\n', "yaml-syntax", 1, 4, "a quotation mark is opened and not closed"),
        ("a: [1, 2\n", "yaml-syntax", 1, 4, "a bracket or brace is opened and not closed"),
        (
            'a: "C:\\Windows"\n',
            "yaml-syntax",
            1,
            8,
            "a backslash means something special inside double quotes",
        ),
        ("a:\n  - b\n c: d\n", "yaml-syntax", 3, 2, "this line does not align with the lines above it"),
        ("a: x\nb:x\n", "yaml-syntax", 2, 2, "there is no space after the colon"),
        ("a: x\nbx\n", "yaml-syntax", 2, 1, "this line is neither a key with a value nor an item of a list"),
        ("{", "yaml-syntax", 1, 2, "this is not YAML"),
        ("- a\n", "value-wrong", 1, 1, "the file is a list, without keys"),
        ("hello\n", "value-wrong", 1, 1, "the file is only text, without keys"),
        ("a: 1\nb: x\x01\n", "yaml-syntax", 2, 5, "this character cannot be printed"),
        ("[" * (DEPTH_LIMIT + 2), "yaml-depth", 1, DEPTH_LIMIT + 2, "nested too deep"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_in_its_place(text, code, line, column, reason):
    _, problems = parse_document(text, "a.yaml")
    found = [(problem.code, problem.line, problem.column, problem.message) for problem in problems]
    assert found == [(code, line, column, reason)]


@pytest.mark.parametrize(("text", "found"), [("- id: x\n", "a list"), ("hello\n", "only text")])
@pytest.mark.parametrize(
    "file", ["override-reasons.yaml", "baclofen-it/statements.yaml", "concepts/conditions.yaml"]
)
def test_a_file_without_keys_is_one_problem_and_not_one_for_each_name_that_it_would_have_had(
    folder, file, text, found
):
    assert (folder.path / file).exists()
    (problem,) = folder.write(file, text).load().problems
    assert (problem.code, problem.line, problem.message) == (
        "value-wrong",
        1,
        f"the file is {found}, without keys",
    )


def test_a_pack_that_cannot_be_read_is_not_missed(folder):
    folder.write("baclofen-it/pack.yaml", "id:\n\tx: 1\n")
    assert [code for code, *_ in folder.found()] == ["yaml-tab"]


def test_every_tab_is_named_at_once():
    _, problems = parse_document("a:\n\tb: 1\n\tc: 2\n", "a.yaml")
    assert [problem.line for problem in problems] == [2, 3]


def test_a_file_with_two_equal_keys_is_still_looked_through(folder):
    folder.edit("baclofen-it/monitoring/epilepsy.yaml", "kind: warning\n", "kind: warning\nkind: warnin\n")
    folder.edit("baclofen-it/monitoring/epilepsy.yaml", "- condition: epilepsy", "- condition: epilepsie")
    assert [code for code, *_ in folder.found()] == ["key-duplicate", "value-wrong", "unknown-concept"]


def test_windows_files_are_read_with_the_same_places():
    document, problems = parse_document("\ufeffa: 1\r\nb:\r\n  - c\r\n", "a.yaml")
    assert problems == []
    assert document.data == {"a": 1, "b": ["c"]}
    assert str(document.position(("b", 0))) == "a.yaml:3:5"


def test_a_text_that_is_not_utf_8_says_where(folder):
    folder.write(
        "baclofen-it/warnings/renal-impairment.yaml", "id: x\ntitle: Nierenschwäche\n".encode("latin-1")
    )
    problem = next(problem for problem in folder.load().problems if problem.code == "file-not-utf8")
    assert (problem.line, problem.column) == (2, 18)
    assert problem.help == "save the file as UTF-8"


def test_a_file_beyond_the_limit_is_not_read(folder):
    folder.write("baclofen-it/warnings/renal-impairment.yaml", "#" * (SIZE_LIMIT + 1))
    assert ("file-too-large", "baclofen-it/warnings/renal-impairment.yaml", 1, 1) in folder.found()


def test_a_file_that_cannot_be_read_is_a_problem(folder, monkeypatch):
    target = folder.path / "baclofen-it/warnings/renal-impairment.yaml"
    whole = type(target).read_bytes

    def refuse(path):
        if path == target:
            raise PermissionError(13, "not for you", str(path))
        return whole(path)

    monkeypatch.setattr(type(target), "read_bytes", refuse)
    problem = next(problem for problem in folder.load().problems if problem.code == "file-unreadable")
    assert problem.message == "the file cannot be read (PermissionError)"


def test_what_an_unreadable_file_would_have_said_is_not_missed(folder):
    """No noise: with one broken file, only that file is named."""
    folder.write("concepts/conditions.yaml", "concepts: [\n")
    folder.write("override-reasons.yaml", "reasons: [\n")
    folder.write("findings/reduced-kidney-function.yaml", "id: [\n")
    folder.edit(
        "baclofen-it/monitoring/epilepsy.yaml",
        "    - condition: epilepsy",
        "    - finding: reduced-kidney-function",
    )
    assert [(code, file) for code, file, *_ in folder.found()] == [
        ("yaml-syntax", "concepts/conditions.yaml"),
        ("yaml-syntax", "findings/reduced-kidney-function.yaml"),
        ("yaml-syntax", "override-reasons.yaml"),
    ]


@pytest.mark.parametrize(
    "file", ["baclofen-it/statements.yaml", "baclofen-it/warnings/renal-impairment.yaml"]
)
def test_an_unreadable_file_of_a_pack_is_the_only_problem_of_it(folder, file):
    folder.write(file, "id: [\n")
    assert [(code, where) for code, where, *_ in folder.found()] == [("yaml-syntax", file)]


def test_the_small_folder_loads_whole(mini):
    assert mini.problems == ()
    assert not mini.broken
    assert [rule.id for rule in mini.rules.rules] == [
        "baclofen-it.epilepsy",
        "baclofen-it.renal-impairment",
        "baclofen-it.wrong-route",
    ]
    assert mini.rules.findings["reduced-kidney-function"].title == "reduced kidney function"
    assert mini.rules.override_reasons["will-monitor"] == "Will monitor"
    assert mini.concepts.medicine("baclofen-intrathecal").strengths == ("0.5 mg/mL", "2 mg/mL")


def test_a_rule_knows_its_file_and_the_place_of_each_line(mini):
    below = mini.locate("baclofen-it.renal-impairment", ("when", "any", 1, "below"))
    assert str(below) == "rules-mini/baclofen-it/warnings/renal-impairment.yaml:12:14"
    left_out = mini.locate("baclofen-it.renal-impairment", ("card", "links", 0))
    assert left_out.line == mini.locate("baclofen-it.renal-impairment", ("card",)).line - 1


def test_the_default_folder_is_beside_the_engine():
    assert (DEFAULT_FOLDER / "concepts").is_dir()


def test_a_text_that_is_in_use_is_not_parsed_again_and_a_change_is_read(folder):
    before = folder.load()
    concepts, rule = "rules/concepts/conditions.yaml", "rules/baclofen-it/warnings/renal-impairment.yaml"
    folder.edit("baclofen-it/warnings/renal-impairment.yaml", "Reduced kidney", "Poor kidney")
    after = folder.load()
    assert after.documents[concepts].data is before.documents[concepts].data
    assert before.documents[rule].data["title"] == "Reduced kidney function"
    assert after.documents[rule].data["title"] == "Poor kidney function"


def test_two_files_may_say_the_same_and_each_keeps_its_name():
    first, second = (parse_document("a: 1\n", name)[0] for name in ("a.yaml", "b.yaml"))
    assert str(first.position(("a",))) == "a.yaml:1:4"
    assert str(second.position(("a",))) == "b.yaml:1:4"


def test_what_is_wrong_with_a_text_is_said_each_time():
    documents, problems = zip(*(parse_document("a: 1\na: 2\n", "a.yaml") for _ in "12"), strict=True)
    assert documents[0] is not documents[1]
    assert [problem.code for (problem,) in problems] == ["key-duplicate", "key-duplicate"]


def test_a_service_refuses_a_broken_folder_with_all_its_problems(folder):
    folder.edit("baclofen-it/monitoring/epilepsy.yaml", "kind: warning", "kind: warnin")
    folder.edit("baclofen-it/warnings/renal-impairment.yaml", "kind: warning", "kind: caution")
    with pytest.raises(RuleFileError) as refused:
        load_strict(folder.path)
    assert "epilepsy.yaml:3:7" in str(refused.value)
    assert "renal-impairment.yaml:3:7" in str(refused.value)


def test_a_service_starts_on_a_sound_folder(folder):
    assert len(load_strict(folder.path).rules.rules) == 3


def test_a_site_changes_settings_and_adds_codes_in_its_own_folder(folder):
    folder.write(
        "local/parameters.yaml",
        "parameters: {baclofen-it: {kidney-limit: {value: 45 mL/min/1.73m2, note: Our laboratory.}}}\n",
    )
    folder.write(
        "local/codes.yaml",
        "codes:\n  - {system: urn:ours, code: KIDNEY, concept: chronic-kidney-disease}\n"
        "  - {system: urn:ours, code: KIDNEY, concept: epilepsy}\n",
    )
    loaded = folder.load()
    assert loaded.problems == ()
    assert loaded.rules.packs["baclofen-it"].parameters == {"kidney-limit": "45 mL/min/1.73m2"}
    assert loaded.rules.rule("baclofen-it.renal-impairment").when.any[1].below == "45 mL/min/1.73m2"
    assert loaded.concepts.local_codes == {
        ("urn:ours", "KIDNEY"): frozenset({"chronic-kidney-disease", "epilepsy"})
    }


def test_a_sites_folder_may_lie_elsewhere(folder, tmp_path):
    own = tmp_path / "ours"
    own.mkdir()
    (own / "parameters.yaml").write_text(
        "parameters: {baclofen-it: {kidney-limit: {value: 30 mL/min/1.73m2, note: Ours.}}}\n"
    )
    folder.write(
        "local/parameters.yaml",
        "parameters: {baclofen-it: {kidney-limit: {value: 45 mL/min/1.73m2, note: Theirs.}}}\n",
    )
    loaded = load_rules(folder.path, local=own)
    assert loaded.rules.packs["baclofen-it"].parameters == {"kidney-limit": "30 mL/min/1.73m2"}
    assert loaded.paths["rules/local/parameters.yaml"] == own / "parameters.yaml"


def test_a_sites_settings_and_codes_must_exist(folder):
    folder.write(
        "local/parameters.yaml",
        "parameters:\n  baclofen-it:\n    kidney-limits: {value: x, note: x}\n  baclofen: {}\n",
    )
    folder.write(
        "local/codes.yaml", "codes:\n  - {system: urn:ours, code: KIDNEY, concept: chronic-kidney}\n"
    )
    problems = [
        (problem.code, problem.line, problem.column, problem.help) for problem in folder.load().problems
    ]
    assert problems == [
        ("unknown-concept", 2, 47, "did you mean chronic-kidney-disease?"),
        ("unknown-parameter", 3, 5, "did you mean kidney-limit?"),
        ("unknown-pack", 4, 3, "did you mean baclofen-it?"),
    ]


def test_a_value_of_a_site_that_does_not_fit_is_found_where_it_is_used(folder):
    folder.write(
        "local/parameters.yaml", "parameters: {baclofen-it: {kidney-limit: {value: 45, note: No unit.}}}\n"
    )
    (problem,) = folder.load().problems
    assert (problem.code, problem.line, problem.help) == (
        "unit-missing",
        12,
        "write  below: 45 mL/min/1.73m2",
    )


def test_hidden_files_and_generated_schemas_are_left_alone(folder):
    folder.write(".cache/x.yaml", "[")
    folder.write("schema/rule.yaml", "[")
    folder.write("README.md", "# words")
    assert folder.found() == []
