"""A rule as an English sentence: every noun, option and group of the language has its words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.concept import Concept
from engine.concepts import ConceptLibrary
from engine.describe import describe, describe_condition
from engine.language import GROUPS, NOUNS, FileModel, Tree
from engine.medicine import Medicine
from engine.rule import Rule, SharedFinding

TREE: TypeAdapter[Tree] = TypeAdapter(Tree)
TITLES = {
    "opioids": "opioids",
    "tramadol": "tramadol",
    "codeine": "codeine",
    "epilepsy": "epilepsy",
    "egfr": "the filtration rate",
    "pressure": "blood pressure",
    "high": "raised",
    "surgery": "an operation",
    "pump": "a pump",
    "refill": "a refill",
    "inpatient": "an inpatient stay",
    "creatinine": "a creatinine test",
    "oral": "the oral route",
    "spasticity": "spasticity",
    "planned": "a planned stop",
    "neurology": "neurology",
}
CONCEPTS = ConceptLibrary(
    {name: Concept(name, title) for name, title in TITLES.items()},
    {},
    {"baclofen": Medicine("baclofen", "intrathecal baclofen", "baclofen", "intrathecal")},
)
FINDINGS = {
    "kidneys": SharedFinding.model_validate(
        {"id": "kidneys", "title": "reduced kidney function", "when": {"condition": "x"}}
    )
}

CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"order": "opioids"}, "there is another order of opioids"),
    (
        {"order": "any", "route": "oral", "excluding": ["tramadol", "codeine"], "action": "stop", "same_group": True},
        "there is another order of anything (not tramadol or codeine) by the oral route that stops it in the same group of orders",
    ),
    ({"order": "opioids", "abrupt": True}, "there is another order of opioids without lowering the dose step by step"),
    ({"medication": "opioids"}, "the patient takes opioids"),
    ({"medication": "any", "different": 5}, "the patient takes at least 5 different medicines"),
    ({"medication": "opioids", "different": 2}, "the patient takes at least 2 different kinds of opioids"),
    ({"medication": "any", "status": "ever"}, "the patient takes or has taken another medicine"),
    (
        {"medication": "opioids", "status": "recent", "within": "7 days", "route": "oral", "excluding": ["codeine"]},
        "the patient has stopped opioids (not codeine) by the oral route in the last 7 days",
    ),
    (
        {"medication": "opioids", "status": "recent", "within": "1 week", "abrupt": True},
        "the patient has stopped opioids in the last week, not lowered step by step",
    ),
    ({"condition": "epilepsy"}, "the patient has epilepsy"),
    ({"condition": "unheard-of"}, "the patient has unheard-of"),
    ({"condition": "epilepsy", "status": "ever"}, "the patient has or has had epilepsy"),
    ({"condition": "epilepsy", "status": "past", "certainty": "confirmed"}, "the patient has had epilepsy, confirmed"),
    (
        {"condition": "epilepsy", "status": "current-or-remission", "certainty": "suspected", "within": "1 year"},
        "the patient has epilepsy, suspected, be it in remission, begun in the last year",
    ),
    (
        {"condition": "epilepsy", "since": "therapy-start", "excluding": ["high"]},
        "the patient has epilepsy (not raised), begun after the therapy",
    ),
    (
        {"condition": "epilepsy", "since": "therapy-start", "new": True},
        "the patient has epilepsy, begun after the therapy and not known before it",
    ),
    (
        {"condition": "epilepsy", "within": "1 year", "if_undated": "met"},
        "the patient has epilepsy, begun in the last year, or at an unknown time",
    ),
    ({"allergy": "codeine"}, "the allergy list names codeine"),
    (
        {"allergy": "codeine", "type": "intolerance", "status": "inactive"},
        "the allergy list names codeine as an intolerance, no longer active",
    ),
    (
        {"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "12 months"},
        "the latest filtration rate in the last 12 months is below 60 mL/min/1.73m2",
    ),
    (
        {"lab": "egfr", "between": ["30 mL/min", "60 mL/min"], "within": "1 month", "pick": "any", "if_missing": "not-met"},
        "any filtration rate in the last month is on record and is from 30 mL/min to 60 mL/min, both included",
    ),
    (
        {"lab": "egfr", "at_or_below": "60 mL/min", "within": "1 month", "estimate": "creatinine"},
        "the latest filtration rate in the last month is at or below 60 mL/min, "
        "estimated from creatinine where that is later or none is reported",
    ),
    (
        {"lab": "egfr", "at_or_below": "60 mL/min", "within": "1 month", "estimate": "creatinine-and-weight"},
        "the latest filtration rate in the last month is at or below 60 mL/min, "
        "estimated from creatinine and body weight where one of these is later or none is reported",
    ),
    ({"vital": "pressure", "within": "2 hours", "is": "high"}, "the latest blood pressure in the last 2 hours is raised"),
    ({"vital": "pressure", "within": "1 day"}, "the latest blood pressure in the last day is on record"),
    ({"procedure": "surgery"}, "an operation was done"),
    ({"procedure": "surgery", "status": "planned", "within": "1 week"}, "an operation is planned in the next week"),
    (
        {"procedure": "surgery", "status": "any", "within": "1 week"},
        "an operation was done in the last week or is planned in the next week",
    ),
    ({"device": "pump"}, "the patient has a pump"),
    ({"device": "pump", "replacement": "overdue"}, "the patient has a pump whose replacement is overdue"),
    ({"device": "pump", "status": "inactive"}, "the patient has, no longer active, a pump"),
    ({"device": "pump", "status": "any"}, "the patient has or has had a pump"),
    (
        {"appointment": "refill", "state": "missed", "within": "1 month"},
        "an appointment for a refill was missed in the last month and no other is booked",
    ),
    ({"appointment": "refill", "state": "planned", "within": "1 month"}, "an appointment for a refill is booked in the next month"),
    ({"appointment": "refill", "state": "kept"}, "an appointment for a refill was kept"),
    ({"encounter": "inpatient"}, "the encounter is an inpatient stay"),
    (
        {"encounter": "inpatient", "state": "finished", "within": "30 days"},
        "an encounter that was an inpatient stay ended in the last 30 days",
    ),
    ({"service": "creatinine"}, "a creatinine test is requested"),
    ({"service": "creatinine", "within": "2 weeks"}, "a creatinine test is requested for a day at most 2 weeks away"),
    ({"age": {"at_or_above": "65 years"}}, "the patient's age is at or above 65 years"),
    ({"age": {"above": "65 years"}}, "the patient's age is above 65 years"),
    ({"sex": ["female", "unknown"]}, "the patient's recorded sex is female or unknown"),
    ({"pregnancy": "current"}, "the patient is pregnant"),
    ({"pregnancy": "possible"}, "the patient may be pregnant"),
    ({"pregnancy": "unstated"}, "the patient may be pregnant, and nothing is on record"),
    ({"pregnancy": "possible", "if_missing": "not-met"}, "the patient may be pregnant by what is on record"),
    ({"pregnancy": "excluded"}, "the patient is known not to be pregnant"),
    ({"lactation": "current"}, "the patient is breastfeeding"),
    ({"route": {"is": "oral"}}, "the order's route is the oral route"),
    ({"route": {"other_than": "oral"}}, "the order's route is not the oral route"),
    ({"route": {"stated": False}}, "the order states no route"),
    ({"route": {"stated": True}}, "the order states a route"),
    ({"dose": {"of": "bolus", "one_of": ["25 ug", "50 ug"]}}, "the bolus is 25 ug or 50 ug"),
    ({"dose": {"of": "day", "above": "1 mg/d"}}, "the daily dose is above 1 mg/d"),
    ({"dose": {"of": "day", "rise_above": 20}}, "the daily dose is more than 20 % above the dose before"),
    ({"dose": {"of": "day", "fall_above": 12.5}}, "the daily dose is more than 12.5 % below the dose before"),
    (
        {"dose": {"of": "day", "above_test_dose": {"times": 2, "largest": "100 ug"}}},
        "the daily dose is the first and more than 2 times the last test dose",
    ),
    ({"dose": {"of": "concentration", "stated": False}}, "the concentration is not stated"),
    ({"dose": {"of": "concentration", "stated": True}}, "the concentration is stated"),
    ({"given_as": "bolus"}, "it is given as a single bolus"),
    ({"ingredient": {"is": "codeine"}}, "it contains codeine"),
    ({"ingredient": {"other_than": ["codeine", "tramadol"]}}, "it contains something (not codeine or tramadol)"),
    ({"reason": "spasticity"}, "the order's reason is spasticity"),
    ({"category": "inpatient"}, "the category is an inpatient stay"),
    ({"batch": "expired"}, "the batch has expired"),
    ({"therapy": {}}, "the therapy is current"),
    ({"therapy": {"within": "1 month"}}, "the therapy is current, begun in the last month"),
    ({"therapy": {"longer_than": "6 months"}}, "the therapy is current, for longer than 6 months"),
    ({"therapy": {"status": "stopped", "within": "1 week"}}, "the therapy was stopped in the last week"),
    ({"therapy": {"status": "ever"}}, "the patient has or has had the therapy"),
    (
        {"therapy": {"rise_above": 50, "over": "1 week"}},
        "the daily dose has risen by more than 50 % in the last week",
    ),
    ({"action": "hold", "reason": "planned"}, "the order holds the therapy because of a planned stop"),
    ({"action": "start"}, "the order starts the therapy"),
    ({"taper": "planned"}, "a stepwise reduction is planned"),
    ({"supply": {"empty_within": "7 days"}}, "the pump is predicted to run empty in the next 7 days"),
    ({"specialty": "neurology"}, "the prescriber's specialty is neurology"),
    ({"parameter": "jurisdiction", "is": "us"}, "the setting jurisdiction is us"),
    ({"finding": "kidneys"}, "there is reduced kidney function"),
    ({"finding": "unheard-of"}, "there is unheard-of"),
    ({"condition": "epilepsy", "because": "it may return", "as": "fits"}, "the patient has epilepsy (because it may return)"),
    ({"all": [{"condition": "epilepsy"}, {"taper": "planned"}]}, "the patient has epilepsy and a stepwise reduction is planned"),
    (
        {"any": [{"condition": "epilepsy"}, {"all": [{"taper": "planned"}, {"batch": "expired"}]}]},
        "the patient has epilepsy or (a stepwise reduction is planned and the batch has expired)",
    ),
    ({"any": [{"all": [{"condition": "epilepsy"}]}, {"batch": "expired"}]}, "the patient has epilepsy or the batch has expired"),
    ({"none": [{"condition": "epilepsy"}]}, "it is not so that the patient has epilepsy"),
    (
        {"none": [{"condition": "epilepsy"}, {"batch": "expired"}]},
        "none of these is so: the patient has epilepsy; the batch has expired",
    ),
    (
        {"at_least": 1, "of": [{"condition": "epilepsy"}, {"batch": "expired"}]},
        "at least 1 of these are so: the patient has epilepsy; the batch has expired",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "sentence"), CONDITIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_condition_reads_as_a_clause(written, sentence):
    assert describe_condition(TREE.validate_python(written), CONCEPTS, FINDINGS) == sentence


MEASURED = ("lab", "vital")
COMPARED = {"below", "at_or_below", "above", "at_or_above", "between"}


@pytest.mark.parametrize("word", [*NOUNS, *GROUPS])
def test_every_word_and_option_of_the_language_has_an_example_above(word):
    shown: set[str] = set()
    for written, _ in CONDITIONS:
        if word in written or (word in MEASURED and any(other in written for other in MEASURED)):
            shown |= written.keys() | {
                key for value in written.values() if isinstance(value, dict) for key in value
            }
    assert options({**NOUNS, **GROUPS}[word]) - {"as", "because"} <= shown | (
        COMPARED if shown & COMPARED else set()
    )


def options(model: type[FileModel]) -> set[str]:
    """The keys of a model and of the models it holds."""
    names = {info.alias or name for name, info in model.model_fields.items()}
    for info in model.model_fields.values():
        if isinstance(info.annotation, type) and issubclass(info.annotation, FileModel):
            names |= options(info.annotation)
    return names


@pytest.mark.parametrize(
    ("written", "sentence"), CONDITIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_option_is_left_out_of_the_sentence(written, sentence):
    for option in written.keys() - {"as"}:
        try:
            without = TREE.validate_python({key: value for key, value in written.items() if key != option})
        except ValidationError:
            continue
        assert describe_condition(without, CONCEPTS, FINDINGS) != sentence


RULE: dict[str, Any] = {
    "id": "baclofen-it.epilepsy",
    "title": "Epilepsy",
    "kind": "warning",
    "status": "active",
    "version": "1.0.0",
    "hooks": ["order-sign"],
    "medicine": "baclofen",
    "card": {"indicator": "warning", "summary": "Watch for seizures"},
    "sources": [{"statement": "WP-06"}],
    "review": {"state": "unreviewed", "next": "2027-01-01"},
}


def sentence(**changes: Any) -> str:
    return describe(Rule.model_validate({**RULE, **changes}), CONCEPTS, FINDINGS)


def test_a_rule_without_conditions_is_about_the_medicine_alone():
    assert sentence() == (
        "On signing orders, when intrathecal baclofen is ordered: warn “Watch for seizures”. What cannot be decided is named."
    )


def test_a_rule_says_when_unless_and_what_happens():
    assert sentence(
        hooks=["order-select", "patient-view"],
        brought_up_by=["order", "therapy"],
        when={"any": [{"condition": "epilepsy"}, {"finding": "kidneys"}]},
        unless={"taper": "planned"},
        if_unknown="silent",
    ) == (
        "On choosing an order or opening the record, when intrathecal baclofen is ordered or is in use and "
        "(the patient has epilepsy or there is reduced kidney function), unless a stepwise reduction is planned: "
        "warn “Watch for seizures”. What cannot be decided is only recorded."
    )


def test_variants_say_what_differs():
    card = {
        "indicator": "critical",
        "summary": "Do not give",
        "variants": [
            {"when": {"batch": "expired"}, "summary": "Fetch another"},
            {"when": {"taper": "planned"}, "indicator": "info"},
        ],
    }
    assert "stop with “Do not give”. If the batch has expired: stop with “Fetch another”. " in sentence(
        card=card
    )
    assert "If a stepwise reduction is planned: inform “Do not give”." in sentence(card=card)


def test_what_keeps_a_card_back_is_said():
    said = sentence(yields_to=["baclofen-it.a", "baclofen-it.b"], experimental=True, if_unknown="warn")
    assert said.endswith(
        "Not shown together with baclofen-it.a or baclofen-it.b. Experimental: recorded and not shown. "
        "What cannot be decided is named, as a warning."
    )


def test_a_medicine_that_is_not_defined_goes_by_its_id():
    assert "when another is ordered" in sentence(medicine="another")


@pytest.mark.parametrize("way", ["order", "therapy", "record", "stop"])
def test_every_way_to_bring_a_rule_up_has_words(way):
    assert "when intrathecal baclofen is " in sentence(brought_up_by=[way])
