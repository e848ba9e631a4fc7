"""The editor's schemas: up to date, whole, and of one mind with the loader."""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.authoring.documents import Document
from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules, read_document
from engine.authoring.meanings import MEANINGS
from engine.authoring.parameters import substituted
from engine.authoring.schema import SCHEMAS, schema_of, schema_text, stale_schemas, write_schemas
from engine.authoring.validation import validate
from engine.rule import Rule

RULES = Path(engine.__file__).parent.parent / "rules"
BY_NAME = {
    "pack.yaml": "pack",
    "statements.yaml": "statements",
    "sentences.yaml": "sentences",
    "equivalent-mutants.yaml": "equivalent-mutants",
    "override-reasons.yaml": "override-reasons",
    "check-exceptions.yaml": "check-exceptions",
    "systems.yaml": "systems",
    "medicines.yaml": "medicines",
}
VALIDATORS = {name: jsonschema_rs.validator_for(json.loads(schema_text(name))) for name in SCHEMAS}


@pytest.fixture(scope="module")
def shipped() -> Loaded:
    return load_rules(RULES)


def kind_of(name: str) -> str:
    place = PurePosixPath(name)
    if place.name in BY_NAME:
        return BY_NAME[place.name]
    if place.name.endswith(".test.yaml"):
        return "test"
    return "concepts" if "concepts" in place.parts else "finding" if "findings" in place.parts else "rule"


def test_the_schemas_in_the_rules_folder_are_those_of_the_models() -> None:
    assert stale_schemas(RULES / "schema") == (), "run: primum rules schema"


def test_writing_them_mends_what_is_stale_and_says_so(tmp_path: Path) -> None:
    assert len(write_schemas(tmp_path)) == len(SCHEMAS)
    (tmp_path / "rule.json").write_text("{}", encoding="utf-8")
    assert [path.name for path in write_schemas(tmp_path)] == ["rule.json"]


def parts(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of a schema with the place where it stands."""
    if isinstance(schema, dict):
        yield path, schema
    pairs = (
        schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    )
    for key, value in pairs:
        yield from parts(value, f"{path}.{key}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_field_is_explained(name: str) -> None:
    unexplained = [
        f"{path}.{key}"
        for path, part in parts(json.loads(schema_text(name)), name)
        for key, field in part.get("properties", {}).items()
        if "description" not in field and "$ref" not in field  # a reference brings its own
    ]
    assert unexplained == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_value_that_can_be_chosen_is_explained(name: str) -> None:
    for path, part in parts(json.loads(schema_text(name)), name):
        values = part.get("enum", [part["const"]] if "const" in part else [])
        words = part.get("enumDescriptions", [])
        assert len(words) == len(values), path
        assert all(words), (path, values)


def test_no_words_are_left_for_values_that_are_gone() -> None:
    schemas = [schema_of(model) for model in SCHEMAS.values()]
    named = {model.__name__: schema for model, schema in zip(SCHEMAS.values(), schemas, strict=True)}
    for schema in schemas:
        named |= schema.get("$defs", {})
    for (model, field), words in MEANINGS.items():
        where = named[model]["properties"][field] if field else named[model]
        chosen = {
            value
            for _, part in parts(where, model)
            for value in (*part.get("enum", ()), *([part["const"]] if "const" in part else ()))
        }
        assert chosen == words.keys(), (model, field)


FILES = sorted(path for path in RULES.rglob("*.yaml") if "local" not in path.relative_to(RULES).parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(RULES)))
def test_the_first_line_of_each_file_leads_an_editor_to_its_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    begin = "# yaml-language-server: $schema="
    assert first.startswith(begin)
    schema = (path.parent / first.removeprefix(begin)).resolve()
    assert schema == RULES / "schema" / f"{kind_of(str(path.relative_to(RULES)))}.json"


def test_what_the_loader_reads_the_schema_accepts(shipped: Loaded) -> None:
    tests = {
        name: read_document(path, name)[0]
        for name, path in shipped.paths.items()
        if name.endswith(".test.yaml")
    }
    assert len(tests) > 50
    for name, document in {**shipped.documents, **tests}.items():
        faults = [fault.message for fault in VALIDATORS[kind_of(name)].iter_errors(document.data)]
        assert faults == [], name


BROKEN = {
    "an unknown key": lambda rule: rule | {"severity": "high"},
    "no card": lambda rule: {key: value for key, value in rule.items() if key != "card"},
    "an unknown indicator": lambda rule: rule | {"card": rule["card"] | {"indicator": "hard-stop"}},
    "an unknown hook": lambda rule: rule | {"hooks": ["order-review"]},
    "no hook": lambda rule: rule | {"hooks": []},
    "a condition without a noun": lambda rule: rule | {"when": {"status": "current"}},
    "an unknown option of a noun": lambda rule: rule | {"when": {"condition": "x", "severity": "bad"}},
    "a version that is none": lambda rule: rule | {"version": "1"},
    "an id that is none": lambda rule: rule | {"id": "Epilepsy"},
    "no in place of false": lambda rule: rule | {"experimental": "no"},
    "a day that is a number": lambda rule: rule | {"review": rule["review"] | {"next": 0}},
    "a number in quotes": lambda rule: rule | {"when": {"at_least": "1", "of": [rule["when"], rule["when"]]}},
    "a link that is not https": lambda rule: (
        rule | {"card": rule["card"] | {"links": [{"label": "a", "url": "http://a"}]}}
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_what_the_schema_refuses_the_loader_refuses(shipped: Loaded, fault: str) -> None:
    good = shipped.document("baclofen-it.age-under-4").data
    broken = BROKEN[fault](deepcopy(good))
    assert not VALIDATORS["rule"].is_valid(broken)
    with pytest.raises(ValueError, match=r"."):
        Rule.model_validate(broken)


ODD = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "order", "current", "60 years", "60", "parameter elderly", "2026-02-30"])
    | st.sampled_from(
        [[], {}, ["order"], {"any": []}, {"age": {"below": "4 years"}}, {"all": [{"sex": ["male"]}]}]
    )
)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and item of a file."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def odd_rules(draw: st.DrawFn) -> dict[str, Any]:
    """A rule that ships with one thing taken out, put in, or put in place of another."""
    rule: dict[str, Any] = deepcopy(draw(st.sampled_from(RULE_FILES)))
    place = draw(st.sampled_from([*places(rule)]))
    inside = rule
    for key in place[:-1]:
        inside = inside[key]
    match draw(st.sampled_from(["out", "in", "other"])):
        case "out":
            del inside[place[-1]]
        case "in" if isinstance(inside, dict):
            inside[draw(st.sampled_from(["status", "within", "below", "any", "severity", "as"]))] = draw(ODD)
        case _:
            inside[place[-1]] = draw(ODD)
    return rule


RULE_FILES = [
    read_document(path, path.name)[0].data
    for path in FILES
    if kind_of(str(path.relative_to(RULES))) == "rule"
]


PARAMETERS = {
    name: str(entry["value"])
    for path in FILES
    if path.name == "pack.yaml"
    for name, entry in read_document(path, path.name)[0].data.get("parameters", {}).items()
}


@settings(max_examples=300, deadline=None)
@given(odd_rules())
def test_the_loader_takes_no_rule_that_the_schema_refuses(rule: dict[str, Any]) -> None:
    loads, _ = validate(Rule, Document("rule.yaml", "", rule), substituted(rule, PARAMETERS)[0])
    faults = [(fault.message, fault.instance_path) for fault in VALIDATORS["rule"].iter_errors(rule)]
    assert loads is None or faults == []
