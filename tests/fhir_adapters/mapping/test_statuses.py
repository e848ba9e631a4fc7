"""Statuses in all their shapes, modifier extensions, and codes that state absence."""

import pytest

from engine.concepts import CodedText, Coding
from engine.facts import Gap
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.statuses import meaning_of, modified, status_code

KNOWN = {"active", "resolved"}
SNOMED = "http://snomed.info/sct"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("active", "active"),
        ("ACTIVE", "active"),
        (" active ", "active"),
        ({"coding": [{"system": "x", "code": "active"}]}, "active"),
        ({"coding": [{"code": "local"}, {"code": "active"}]}, "active"),
        ({"coding": [{"code": "local"}], "text": "Active"}, "active"),
        ({"coding": {"code": "active"}}, "active"),
        ({"text": "active"}, "active"),
        (CodedText((Coding("x", "active"),)), "active"),
        (None, ""),
        ("", ""),
        ({}, ""),
        ([], ""),
        ({"extension": [{"url": "data-absent"}]}, ""),
        ("unheard-of", None),
        ({"coding": [{"code": "unheard-of"}]}, None),
        (7, None),
        (True, None),
        # Several codings that say one thing are one status; of two things neither is chosen.
        ({"coding": [{"code": "active"}, {"code": "Active"}], "text": "active"}, "active"),
        ({"coding": [{"code": "active"}, {"code": "resolved"}]}, None),
        ({"coding": [{"code": "resolved"}, {"code": "active"}]}, None),
        ({"coding": [{"code": "resolved"}], "text": "Active"}, None),
    ],
)
def test_a_status_is_read_as_code_or_concept(value, code):
    assert status_code(value, KNOWN) == code


@pytest.mark.parametrize(
    ("extensions", "outcome"),
    [
        (None, False),
        ([], False),
        (
            [
                {
                    "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDone",
                    "valueBoolean": False,
                }
            ],
            False,
        ),
        (
            [
                {
                    "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDone",
                    "valueBoolean": True,
                }
            ],
            True,
        ),
        (
            [
                {
                    "url": "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-doNotPeform",
                    "valueBoolean": True,
                }
            ],
            True,
        ),
        ([{"url": "https://example.org/only-in-another-universe", "valueBoolean": False}], Gap),
        ([{"url": "https://example.org/notDone", "valueString": "maybe"}], Gap),
    ],
)
def test_a_modifier_extension_denies_a_resource_or_makes_it_unclear(extensions, outcome):
    issues = DataIssues()
    found = modified({"modifierExtension": extensions}, "Procedure/1", issues)
    assert isinstance(found, Gap) if outcome is Gap else found is outcome
    assert bool(len(issues)) == (outcome is not False)


@pytest.mark.parametrize(
    ("system", "code"),
    [(SNOMED, code) for code in ("716186003", "409137002", "428607008", "429625007", "716184000")]
    + [(IPS, code) for code in ("no-known-allergies", "no-known-problems", "no-known-devices")],
)
def test_a_code_that_states_that_there_is_none_means_nothing_to_look_at(system, code):
    issues = DataIssues()
    assert meaning_of({"coding": [{"system": system, "code": code}]}, "code", "X/1", issues) is None
    assert [issue.effect for issue in issues] == ["ignored"]


@pytest.mark.parametrize(
    ("members", "none"),
    [
        ({"text": "No Known Drug Allergies (NKDA)"}, True),
        ({"text": "Keine Allergien bekannt"}, True),
        ({"text": "Baclofen"}, False),
        ({"text": "No known allergy except baclofen"}, False),
        ({"display": "No known allergy (situation)"}, True),
        ({"display": "Baclofen"}, False),
        ({"beside": {"system": SNOMED, "code": "409137002"}}, True),
        ({"beside": {"system": "http://www.whocc.no/atc", "code": "M03BX01"}}, False),
        ({"beside": {"system": "urn:of:this:site", "code": "17"}}, False),
    ],
)
def test_none_is_known_only_where_nothing_beside_it_says_more(members, none):
    stated = {"system": SNOMED, "code": "716186003", "display": members.get("display", "")}
    codings = [stated, *([members["beside"]] if "beside" in members else [])]
    for order in (codings, codings[::-1]):
        concept = {"coding": order, "text": members.get("text", "")}
        found = meaning_of(concept, "code", "X/1", DataIssues())
        assert found == (
            None if none else Gap("X/1", "it states that none is known, and something else besides")
        )


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "1631000175102"),
        *((IPS, f"no-{kind}-info") for kind in ("allergy", "problem", "procedure", "device")),
    ],
)
def test_no_information_is_the_opposite_of_none(system, code):
    found = meaning_of({"coding": [{"system": system, "code": code}]}, "code", "X/1", DataIssues())
    assert found == Gap("X/1", "it states that there is no information")


@pytest.mark.parametrize("value", [None, {}, [], {"coding": []}, {"coding": [{"system": SNOMED}]}, 7])
def test_what_does_not_say_what_it_is_may_be_anything(value):
    assert meaning_of(value, "code", "X/1", DataIssues()) == Gap("X/1", "it does not say what it is")


def test_text_alone_that_states_that_none_is_known_is_read_like_the_code():
    issues = DataIssues()
    assert meaning_of({"text": "NKDA"}, "code", "X/1", issues) is None
    assert [(issue.effect, issue.reason) for issue in issues] == [("ignored", "it states that none is known")]


def test_text_alone_is_kept_for_a_reader():
    assert meaning_of({"text": "epilepsy"}, "code", "X/1", DataIssues()) == CodedText(text="epilepsy")
