"""The cases that fuzzing begins with and what it has found, and some hundred changes of them, always the same ones.

``make fuzz`` goes on from here for as long as one likes; see ``docs/fuzzing.md``.
"""

from random import Random

import pytest

from fhir_adapters.errors import FhirDataError
from fhir_adapters.wire import decode_value
from tests.fuzz.mutation import CORPUS, mutated, seeds
from tests.fuzz.target import LONGEST, Defect, check, engine_and_services

FILES = sorted(CORPUS.glob("*.json"))
CHANGED_EACH = 12
DECIDED_EACH = 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_case_of_the_corpus_goes_through_every_hook_and_all_rules(file):
    check(file.read_bytes(), thorough=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_changes_of_it_are_read_and_one_goes_through_all_rules(file):
    random, pool = Random(file.stem), seeds()  # the same cases in every run
    changed = [mutated(file.read_bytes(), random, pool) for _ in range(CHANGED_EACH)]
    assert len(set(changed)) > CHANGED_EACH / 2
    for number, case in enumerate(changed):
        check(case, thorough=number < DECIDED_EACH)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"{}" * 2, b'"\\ud800"'])
def test_what_is_no_json_and_no_record_is_refused_and_nothing_else(data):
    check(data, thorough=True)


def test_a_change_leaves_a_document_that_can_be_read_and_can_be_made_again():
    pool = seeds()
    for number in range(200):
        case = mutated(pool[number % len(pool)], Random(number), pool)
        assert case == mutated(pool[number % len(pool)], Random(number), pool)
        try:
            decode_value(case)
        except FhirDataError:
            continue  # a lone surrogate, or nested too deep


def test_what_is_too_deep_to_copy_is_no_end_of_the_run():
    """A document may be grown over many cases until Python can no longer copy it."""
    deep = b"[" * 700 + b"]" * 700
    for number in range(50):
        mutated(deep, Random(number), seeds()[:3])


@pytest.mark.parametrize("thorough", [True, False])
def test_a_defect_is_noticed(thorough, monkeypatch):
    """The mapping made to break in one place: what leaves it is not swallowed."""

    def broken(*_, **__):
        raise KeyError("a defect")

    monkeypatch.setattr("fhir_adapters.mapping.facts.condition", broken)
    with pytest.raises(KeyError):
        check((CORPUS / "condition-r4.json").read_bytes(), thorough=thorough)


def test_a_rule_that_fails_is_a_defect_too(monkeypatch):
    engine, _ = engine_and_services()
    monkeypatch.setattr("engine.evaluation.find", lambda *_: 1 / 0)
    with pytest.raises(Defect):
        check((CORPUS / "condition-r4.json").read_bytes(), thorough=True)
    assert engine is engine_and_services()[0]


def test_what_is_too_long_is_passed_over():
    check(b"{" * (LONGEST + 1), thorough=True)
