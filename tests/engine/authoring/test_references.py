"""No name in a file escapes the check that what it names exists."""

from __future__ import annotations

import re

import pytest

from engine.authoring import cases, files
from engine.authoring.references import REFERENCES, written_names
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


def test_a_name_that_is_wrong_in_itself_is_told_of_once(folder) -> None:
    folder.edit(RENAL, "statement: WP-02", 'statement: "W P"')
    told = [problem.line for problem in folder.load().problems if problem.file.endswith(RENAL)]
    assert told == [28]


def test_a_file_that_is_no_rule_at_all_has_no_names(folder) -> None:
    folder.write(RENAL, "- condition: chronic-kidny-disease\n")
    assert "unknown-concept" not in [code for code, *_ in folder.found()]
