"""Allergies by the inventory's ALLERGY handling, in every FHIR version."""

import pytest

from engine.concepts import CodedText, Coding
from engine.dates import DateInterval
from engine.facts import AllergyFact, Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.allergies import allergy

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
BACLOFEN = {"coding": [{"system": RXNORM, "code": "1292"}]}
SALT = {"coding": [{"system": SNOMED, "code": "387390002"}]}
READ_BACLOFEN = CodedText((Coding(RXNORM, "1292"),))
READ_SALT = CodedText((Coding(SNOMED, "387390002"),))


def read(*, draft=False, code=BACLOFEN, **members):
    issues = DataIssues()
    resource = {"resourceType": "AllergyIntolerance", "id": "a", "code": code, **members}
    found = allergy(resource, "AllergyIntolerance/a", issues, draft=draft)
    return found, [(issue.element, issue.effect) for issue in issues]


def concept(code):
    return {
        "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": code}
        ]
    }


@pytest.mark.parametrize("shape", [str, concept])
@pytest.mark.parametrize(
    ("statuses", "active", "suspected"),
    [
        ({}, True, False),
        ({"clinicalStatus": "active"}, True, False),
        ({"clinicalStatus": "inactive"}, False, False),
        ({"clinicalStatus": "active", "verificationStatus": "confirmed"}, True, False),
        ({"clinicalStatus": "active", "verificationStatus": "unconfirmed"}, True, True),
        ({"clinicalStatus": "active", "verificationStatus": "presumed"}, True, True),
        # DSTU2 says both in one element.
        ({"status": "active"}, True, False),
        ({"status": "inactive"}, False, False),
        ({"status": "unconfirmed"}, True, True),
        ({"status": "confirmed"}, True, False),
    ],
)
def test_what_counts_and_how_surely(statuses, active, suspected, shape):
    found, issues = read(**{element: shape(code) for element, code in statuses.items()})
    assert isinstance(found, AllergyFact)
    assert (found.active, found.suspected, found.substances, issues) == (
        active,
        suspected,
        (READ_BACLOFEN,),
        [],
    )


@pytest.mark.parametrize(
    ("element", "status"),
    [
        ("clinicalStatus", "resolved"),
        ("verificationStatus", "refuted"),
        ("verificationStatus", "entered-in-error"),
        ("status", "resolved"),
        ("status", "refuted"),
        ("status", "entered-in-error"),
    ],
)
def test_what_no_longer_counts_is_listed(element, status):
    assert read(**{element: status}) == (None, [(element, "ignored")])
    assert read(**{element: concept(status)}) == (None, [(element, "ignored")])


@pytest.mark.parametrize("element", ["clinicalStatus", "verificationStatus", "status"])
def test_a_status_that_fhir_does_not_define_is_a_gap(element):
    found, issues = read(**{element: "perhaps"})
    assert isinstance(found, Gap)
    assert issues == [(element, "unreadable")]


@pytest.mark.parametrize(
    ("type_", "intolerance", "issues"),
    [
        (None, False, []),
        ("allergy", False, []),
        ("intolerance", True, []),
        (concept("intolerance"), True, []),
        ("pseudoallergy", False, [("type", "assumed")]),
    ],
)
def test_an_intolerance_is_told_from_an_allergy(type_, intolerance, issues):
    found, said = read(type=type_)
    assert isinstance(found, AllergyFact)
    assert (found.intolerance, said) == (intolerance, issues)


@pytest.mark.parametrize(
    ("members", "substances"),
    [
        ({"reaction": [{"substance": SALT}]}, (READ_BACLOFEN, READ_SALT)),
        (
            {"code": None, "reaction": [{"substance": SALT}, {"manifestation": [{"text": "rash"}]}]},
            (READ_SALT,),
        ),
        ({"code": None, "substance": BACLOFEN}, (READ_BACLOFEN,)),
        ({"code": {"text": "Lioresal"}}, (CodedText(text="Lioresal"),)),
    ],
)
def test_substances_of_reactions_count_too(members, substances):
    found, _ = read(**members)
    assert isinstance(found, AllergyFact)
    assert found.substances == substances


def test_no_known_allergy_is_no_allergy():
    assert read(code={"coding": [{"system": SNOMED, "code": "716186003"}]}) == (None, [("code", "ignored")])


def test_two_codes_where_one_belongs_are_a_gap_whatever_the_reaction_says():
    found, said = read(code=[SALT, BACLOFEN], reaction=[{"substance": SALT}])
    assert isinstance(found, Gap)
    assert said == [("code", "unreadable")]


@pytest.mark.parametrize("reaction", ["baclofen", ["baclofen"], [{"substance": SALT}, 7], [["rash"]]])
def test_a_reaction_that_is_none_in_fhirs_form_may_be_to_anything(reaction):
    found, said = read(code=SALT, reaction=reaction)
    assert found == Gap("AllergyIntolerance/a", "a reaction cannot be read")
    assert said == [("reaction", "unreadable")]


@pytest.mark.parametrize("reaction", [None, [], [{}], [None], {"substance": SALT}])
def test_one_that_says_nothing_and_one_without_its_list_are_read(reaction):
    assert isinstance(read(code=SALT, reaction=reaction)[0], AllergyFact)


def test_no_known_allergy_with_a_reaction_to_something_is_a_gap():
    none = {"coding": [{"system": SNOMED, "code": "716186003"}]}
    found, said = read(code=none, reaction=[{"substance": BACLOFEN}])
    assert isinstance(found, Gap)
    assert said == [("code", "ignored"), ("reaction", "unreadable")]


@pytest.mark.parametrize("substance", [{"coding": [{"system": SNOMED}]}, {"reference": "Substance/1"}])
def test_a_reaction_to_what_cannot_be_read_may_be_one_to_anything(substance):
    found, _ = read(code=SALT, reaction=[{"substance": substance}, {"manifestation": [SALT]}])
    assert isinstance(found, AllergyFact)
    assert [[coding.code for coding in each.codings] for each in found.substances][1:] == [[""]]


def test_an_allergy_to_nothing_in_particular_is_a_gap():
    assert read(code=None)[0] == Gap("AllergyIntolerance/a", "it does not say what it is")


def test_recorded_date_by_either_name_and_draft():
    for element in ("recordedDate", "assertedDate"):
        found, _ = read(draft=True, **{element: "2024-05"})
        assert isinstance(found, AllergyFact)
        assert (found.recorded, found.draft) == (DateInterval.parse("2024-05"), True)
