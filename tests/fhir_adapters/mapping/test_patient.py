"""The person: birth date of any precision, sex, death."""

from datetime import UTC, datetime

import pytest

from engine.dates import DateInterval
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.patient import person, replaced

ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
WITHHELD = {"extension": [{"url": ABSENT, "valueCode": "unknown"}]}


def read(**members):
    issues = DataIssues()
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    found = person({"resourceType": "Patient", "id": "p", **members}, "Patient/p", issues, now=now)
    return found, [(issue.element, issue.effect) for issue in issues]


@pytest.mark.parametrize("written", ["2022", "2022-05", "2022-05-17"])
def test_a_birth_date_keeps_its_precision(written):
    found, issues = read(birthDate=written)
    assert found.birth == DateInterval.parse(written)
    assert issues == []


@pytest.mark.parametrize(
    ("members", "problem", "issues"),
    [
        ({}, "the birth date is missing", []),
        ({"birthDate": "17.05.2022"}, "the birth date cannot be read", [("birthDate", "unreadable")]),
        ({"birthDate": "2022-02-30"}, "the birth date cannot be read", [("birthDate", "unreadable")]),
        ({"birthDate": {"year": 2022}}, "the birth date cannot be read", [("birthDate", "unreadable")]),
        ({"birthDate": 2022}, "the birth date cannot be read", [("birthDate", "unreadable")]),
    ],
)
def test_a_birth_date_that_is_none_says_why(members, problem, issues):
    found, said = read(**members)
    assert (found.birth, found.birth_problem, said) == (None, problem, issues)


@pytest.mark.parametrize("written", ["0001-01-01", "1900-01-01", "1905"])
def test_a_birth_date_that_stands_for_an_unknown_one_is_none(written):
    """A child born on 0001-01-01 must not pass for an adult."""
    found, issues = read(birthDate=written)
    assert found.birth is None
    assert found.birth_problem == "the birth date is not plausible: more than 120 years ago"
    assert issues == [("birthDate", "unreadable")]
    assert read(birthDate="1906-01-01")[0].birth is not None


@pytest.mark.parametrize(
    ("gender", "sex", "issues"),
    [
        ("female", "female", []),
        ("male", "male", []),
        ("other", "other", []),
        ("unknown", "unknown", []),
        ("Female", "female", []),
        (None, None, []),
        ("F", None, [("gender", "unreadable")]),
    ],
)
def test_administrative_sex(gender, sex, issues):
    found, said = read(gender=gender)
    assert (found.sex, said) == (sex, issues)


@pytest.mark.parametrize(
    ("members", "deceased", "died", "issues"),
    [
        ({}, False, None, []),
        ({"deceasedBoolean": False}, False, None, []),
        ({"deceasedBoolean": True}, True, None, [("deceased", "assumed")]),
        ({"deceasedDateTime": "2024-03"}, True, DateInterval.parse("2024-03"), [("deceased", "assumed")]),
        (
            {"deceasedDateTime": "in spring"},
            True,
            None,
            [("deceasedDateTime", "unreadable"), ("deceased", "assumed")],
        ),
        (
            {"_deceasedDateTime": WITHHELD},
            True,
            None,
            [("deceasedDateTime", "unreadable"), ("deceased", "assumed")],
        ),
        (
            {"deceasedBoolean": False, "_deceasedDateTime": WITHHELD},
            True,
            None,
            [("deceasedDateTime", "unreadable"), ("deceased[x]", "assumed"), ("deceased", "assumed")],
        ),
        ({"deceasedBoolean": True, "_deceasedBoolean": WITHHELD}, True, None, [("deceased", "assumed")]),
        ({"_deceasedBoolean": WITHHELD}, False, None, [("deceasedBoolean", "unreadable")]),
        ({"_deceasedDateTime": {"id": "d"}}, False, None, []),
    ],
)
def test_death_is_named(members, deceased, died, issues):
    found, said = read(**members)
    assert (found.deceased, found.died, said) == (deceased, died, issues)


@pytest.mark.parametrize(("active", "issues"), [(True, []), (False, [("active", "assumed")]), (None, [])])
def test_a_record_that_is_not_in_use_is_named(active, issues):
    assert read(active=active)[1] == issues


REPLACED, UNREADABLE = (
    "another record has replaced this one",
    "whether another record has replaced this one cannot be read",
)


@pytest.mark.parametrize(
    ("links", "why", "said"),
    [
        (["replaced-by"], REPLACED, [REPLACED]),
        (["replace"], REPLACED, [REPLACED]),  # DSTU2
        ([None, "replaced-by"], REPLACED, [REPLACED]),
        (["seealso"], "", ["it names another record of the patient"]),
        (["refer", "replaced-by"], REPLACED, ["it names another record of the patient", REPLACED]),
        ([None], UNREADABLE, [UNREADABLE]),
        (["merged"], UNREADABLE, [UNREADABLE]),
    ],
)
def test_a_link_to_another_record_is_named_and_one_that_replaces_this_is_why_it_is_not_whole(
    links, why, said
):
    issues = DataIssues()
    other = {"reference": "Patient/q"}
    resource = {"link": [{"other": other, **({"type": type_} if type_ else {})} for type_ in links]}
    assert replaced(resource, "Patient/p", issues) == why
    assert [(issue.element, issue.effect, issue.reason) for issue in issues] == [
        ("link", "not checked", reason) for reason in said
    ]


@pytest.mark.parametrize("type_", ["replaces", "Replaces"])
def test_that_the_record_has_replaced_another_is_said(type_):
    issues = DataIssues()
    link = [{"type": type_, "other": {"reference": "Patient/old"}}]
    assert replaced({"link": link}, "Patient/p", issues) == ""
    ((element, effect),) = [(issue.element, issue.effect) for issue in issues]
    assert (element, effect) == ("link", "assumed")


@pytest.mark.parametrize(("link", "why"), [(None, ""), ([], ""), ([{}], ""), ("Patient/q", UNREADABLE)])
def test_what_stands_where_a_link_belongs_may_say_it_too(link, why):
    assert replaced({"link": link}, "Patient/p", DataIssues()) == why
