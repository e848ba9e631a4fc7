"""No name in a file escapes the check that what it names exists."""

from __future__ import annotations

import re

import pytest

from engine.authoring import cases, files
from engine.authoring.references import REFERENCES, written_names
from engine.authoring.testing import read_tests
from engine.language import GROUPS, NOUNS, FileModel, IngredientTest, RouteTest
from engine.rule import CardSpec, Rule, SourceSpec, SuggestionSpec

RULES = [
    *NOUNS.values(),
    *GROUPS.values(),
    RouteTest,
    IngredientTest,
    Rule,
    CardSpec,
    SourceSpec,
    SuggestionSpec,
]
# What describes what a concept is, or is only ever part of another model.
ELSEWHERE = (FileModel, cases.Coded, files.SystemFile, files.ConceptsDocument)
FILES = [value for module in (cases, files) for value in vars(module).values() if isinstance(value, type)]
MODELS = [*RULES, *(model for model in FILES if issubclass(model, FileModel) and model not in ELSEWHERE)]
CONCEPT = re.compile(r"(?<!/)\b[Cc]oncepts?\b")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_field_that_says_it_holds_a_concept_is_checked(model):
    """The descriptions, which editors show, and the table of references cannot drift apart."""
    described = {
        name for name, field in model.model_fields.items() if CONCEPT.search(field.description or "")
    }
    checked = {name for name, kind in REFERENCES.get(model, {}).items() if kind.startswith("concept")}
    assert described == checked


RENAL = "baclofen-it/warnings/renal-impairment.yaml"


def test_what_does_not_fit_hides_no_name(folder) -> None:
    """An author is told at once, and not of five more mistakes when the first is mended."""
    folder.edit(RENAL, "condition: chronic-kidney-disease", "condition: chronic-kidny-disease")
    folder.edit(RENAL, "lab: lab-egfr", "lab: lab-egf").edit(RENAL, "parameter kidney-limit", "60")
    folder.edit(RENAL, "procedure: surgery", "procedure: surgry")
    folder.edit(RENAL, "will-monitor", "will-monitr").edit(RENAL, "statement: WP-02", "statement: WP-2")
    told = [
        (problem.code, problem.line) for problem in folder.load().problems if problem.file.endswith(RENAL)
    ]
    assert told == [
        ("unknown-concept", 10),
        ("unknown-concept", 11),
        ("unit-missing", 12),
        ("unknown-concept", 16),
        ("unknown-override-reason", 25),
        ("unknown-statement", 28),
    ]


def test_a_rule_that_is_a_list_has_no_names_to_look_up(folder) -> None:
    folder.write(RENAL, "- condition: chronic-kidny-disease\n")
    told = [problem.code for problem in folder.load().problems if problem.file.endswith(RENAL)]
    assert told
    assert "unknown-concept" not in told


def test_names_inside_conditions_are_found_as_far_as_it_can_be_told_what_they_name() -> None:
    data = {
        "medicine": "any",
        "when": {
            "all": [
                {"route": {"other_than": ["a", 7]}},
                {"order": "any", "excluding": "b"},
                "epilepsy",
                {"labb": "c"},
            ]
        },
        "unless": {"at_least": 1, "of": [{"parameter": "d"}, {"lab": "e", "vital": "f"}]},
        "card": {"suggestions": [{"code": "g"}], "variants": [{"when": {"condition": "h"}}]},
        "sources": "i",
    }
    found = {(reference.kind, reference.name): reference.path for reference in written_names(Rule, data)}
    assert found == {
        ("concept", "a"): ("when", "all", 0, "route", "other_than", 0),
        ("concept", "b"): ("when", "all", 1, "excluding"),
        ("parameter", "d"): ("unless", "of", 0, "parameter"),
        ("concept", "e"): ("unless", "of", 1, "lab"),
        ("concept", "g"): ("card", "suggestions", 0, "code"),
        ("concept", "h"): ("card", "variants", 0, "when", "condition"),
    }


def test_a_citation_that_is_misspelt_leaves_no_statement_uncited(folder) -> None:
    """Which one is meant is not known; where the others stand open is told once every citation leads somewhere."""
    statements = "baclofen-it/statements.yaml"
    folder.edit(RENAL, "statement: WP-02", "statement: WP-0222").edit(
        statements, ", no_rule: It describes the medicine and asks for nothing.", ""
    )
    assert [(code, file) for code, file, *_ in folder.found()] == [("unknown-statement", RENAL)]
    folder.edit(RENAL, "statement: WP-0222", "statement: WP-02")
    assert [(code, file) for code, file, *_ in folder.found()] == [("statement-unaccounted", statements)]


def test_a_name_that_is_wrong_in_itself_is_told_of_once(folder) -> None:
    folder.edit(RENAL, "statement: WP-02", 'statement: "W P"')
    told = [problem.line for problem in folder.load().problems if problem.file.endswith(RENAL)]
    assert told == [28]


def test_a_file_that_is_no_rule_at_all_has_no_names(folder) -> None:
    folder.write(RENAL, "- condition: chronic-kidny-disease\n")
    assert "unknown-concept" not in [code for code, *_ in folder.found()]


TESTS = "baclofen-it/warnings/renal-impairment.test.yaml"


def test_a_test_file_that_does_not_fit_hides_no_name(folder) -> None:
    """Neither in keys nor in an entry of one line, nor a setting that the pack does not have."""
    folder.write(
        TESTS,
        """today: 2026-03-01
shared:
  parameters: {kidny-limit: 40 mL/min/1.73m2}
  medications: [{is: baclofen-intratecal, route: route-intratecal}]
tests:
  - name: everything is wrong
    labs: [lab-egf 42 on 2026-02-08, "lab-egfr 42 on 2026-02-08"]
    orders: [{is: baclofen-intrathecal, reasons: [epilepsie], given: bolus}]
    conditions: epilepsie
    parameters: {kidney-limt: 40 mL/min/1.73m2}
    expect: meet
  - parameters: none
""",
    )
    tests = read_tests(folder.load(), "baclofen-it.renal-impairment")
    assert tests is not None
    assert [(problem.code, problem.line, problem.column) for problem in tests.problems] == [
        ("unknown-parameter", 3, 16),
        ("unknown-concept-or-medicine", 4, 22),
        ("unknown-concept", 4, 50),
        ("unit-missing", 7, 12),
        ("unknown-concept", 7, 12),
        ("unit-missing", 7, 38),
        ("unknown-concept", 8, 51),
        ("key-unknown", 8, 63),
        ("value-wrong", 9, 17),
        ("unknown-parameter", 10, 18),
        ("value-wrong", 11, 13),
        ("key-missing", 12, 5),
        ("key-missing", 12, 5),
        ("value-wrong", 12, 17),
    ]


@pytest.mark.parametrize("data", ["tests: met\n", "tests: [met]\n", "shared: [a]\n"])
def test_a_test_file_of_another_shape_has_no_settings_to_look_up(folder, data) -> None:
    folder.write(TESTS, data)
    tests = read_tests(folder.load(), "baclofen-it.renal-impairment")
    assert tests is not None
    assert {problem.code for problem in tests.problems} <= {"value-wrong", "key-missing"}


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "concepts/new.yaml",
            """concepts:
  falls:
    titel: falls
    includes: [epilepsie]
    codes: {icd-1O: [{code: R29.6, seen: "https://icd.who.int/browse10"}]}
    complete_in: [icd10, 7]
    open_in: [rx-norm]
  odd: 3
""",
            [
                "title is missing",
                "titel is not known here",
                "there is no concept epilepsie",
                "there is no code system icd-1O",
                "there is no code system icd10",
                "7 must be text",
                "there is no code system rx-norm",
                "3 must be keys with values",
            ],
        ),
        (
            "concepts/medicines.yaml",
            "medicines:\n  aspirin: {title: aspirin, substence: aspirin, routes: route-intratecal}\n",
            ["substance is missing", "substence is not known here", "there is no concept route-intratecal"],
        ),
        (
            "local/codes.yaml",
            "codes:\n  - {system: snomed, kode: '1', concept: epilepsie}\n",
            ["code is missing", "kode is not known here", "there is no concept epilepsie"],
        ),
        (
            "baclofen-it/pack.yaml",
            "id: baclofen-it\nmedicine: baclofen-intratecal\n",
            [
                "title is missing",
                "version is missing",
                "label_title is missing",
                "label_version is missing",
                "there is no medicine baclofen-intratecal",
            ],
        ),
        (
            "findings/low.yaml",
            "id: low\nwen: {condition: epilepsie}\nwhen: {condition: epilepsi}\n",
            ["title is missing", "wen is not known here", "there is no concept epilepsi"],
        ),
        (
            "check-exceptions.yaml",
            "exceptions:\n  - {id: x, code: never-tru}\n",
            ["reason is missing", "there is no check never-tru"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(".yaml") else "",
)
def test_no_file_of_a_folder_that_does_not_fit_hides_a_name(folder, file, text, said) -> None:
    folder.write(file, text)
    told = [problem.message for problem in folder.load().problems if problem.file == f"rules/{file}"]
    assert sorted(told) == sorted(said)
