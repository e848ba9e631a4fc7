"""National editions of ICD-10: as far as their codes are the WHO's, and every spelling of a system that records use."""

import pytest

from engine.authoring.loading import load_rules
from engine.concept import CodeSystem
from engine.concepts import Coding, ConceptLibrary, Membership
from tests.engine.builders import SYSTEMS, concept

GERMAN = "https://example.org/icd-10-gm"
EDITION = CodeSystem("icd-10-gm", GERMAN, ("urn:oid:1.2.276.0.76.5.409",), "no", True, "", "icd-10")
LIBRARY = ConceptLibrary(
    {
        each.id: each
        for each in (
            concept("epilepsy", "icd-10 G40>", "snomed 84757009"),
            concept("kidney", "icd-10 N18.3"),
            concept("narrow", "icd-10 M46.20"),
            concept("resistant", "snomed 445355009", complete_in=("icd-10",)),
            concept("open", "icd-10 A01", open_in=("icd-10",)),
            concept("elsewhere", "snomed 84757009"),
        )
    },
    {**SYSTEMS, EDITION.name: EDITION},
)
YES, NO, UNKNOWN = Membership.YES, Membership.NO, Membership.UNKNOWN


@pytest.mark.parametrize(
    ("concept_id", "code", "membership"),
    [
        ("epilepsy", "G40", YES),
        ("epilepsy", "G40.3", YES),
        ("epilepsy", "G40.30", YES),  # longer than the WHO's, and below one of its codes
        ("epilepsy", "g40.-", YES),
        ("epilepsy", "I10.90", NO),
        ("kidney", "N18.3", YES),
        ("kidney", "N18.30", NO),
        ("narrow", "M46.20", NO),  # the WHO's fifth character is not the German one
        ("resistant", "G40.9", NO),
        ("open", "B02", UNKNOWN),
        ("elsewhere", "G40.3", NO),
    ],
)
def test_codes_of_up_to_four_characters_are_those_of_the_who(
    concept_id: str, code: str, membership: Membership
) -> None:
    for system in (GERMAN, "urn:oid:1.2.276.0.76.5.409"):
        assert LIBRARY.membership(concept_id, (Coding(system, code),)) is membership


def test_a_longer_code_of_the_who_is_none_of_an_edition_and_is_what_it_was_in_the_who_s_own_list() -> None:
    assert LIBRARY.membership("narrow", (Coding(SYSTEMS["icd-10"].uri, "M46.20"),)) is YES


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("snomed", ["https://snomed.info/sct", "https://snomed.info/sct/900000000000207008/version/20260101/",
                    "http://snomed.info/sct/731000124108/", "http://snomed.info/sct|http://snomed.info/sct/1"]),
        ("icd-10", ["http://hl7.org/fhir/sid/icd-10-nl", "2.16.840.1.113883.6.3.2"]),
        ("icd-10-gm", ["http://fhir.de/CodeSystem/bfarm/icd-10-gm", "http://fhir.de/CodeSystem/dimdi/icd-10-gm",
                       "http://fhir.de/CodeSystem/bfarm/icd-10-gm|2026", "http://hl7.org/fhir/sid/icd-10-de"]),
        ("icd-10-fr", ["https://smt.esante.gouv.fr/terminologie-cim-10", "https://smt.esante.gouv.fr/terminologie-cim-10/"]),
        ("icd-10-se", ["http://hl7.org/fhir/sid/icd-10-se", "urn:oid:1.2.752.116.1.1.1.1.3", "1.2.752.116.1.1.1.1.8"]),
        ("atc", ["http://whocc.no/atc", "https://whocc.no/atc", "https://www.whocc.no/atc", "http://fhir.de/CodeSystem/bfarm/atc",
                 "http://fhir.de/CodeSystem/dimdi/atc", "https://smt.esante.gouv.fr/terminologie-atc"]),
    ],
)  # fmt: skip
def test_every_spelling_of_the_shipped_systems(name: str, spellings: list[str]) -> None:
    library = load_rules().concepts
    assert {library.system_uri(spelling) for spelling in spellings} == {library.systems[name].uri}


@pytest.mark.parametrize(
    ("system", "code", "membership"),
    [
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "G40.3", YES),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "I10.90", NO),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "Epilepsie", UNKNOWN),
        ("https://smt.esante.gouv.fr/terminologie-cim-10", "G40.9", YES),
        ("https://smt.esante.gouv.fr/terminologie-cim-10", "Z99.8+1", NO),
        ("https://smt.esante.gouv.fr/terminologie-cim-10", "épilepsie", UNKNOWN),
        ("http://hl7.org/fhir/sid/icd-10-se", "G40.9A", YES),
        ("http://hl7.org/fhir/sid/icd-10-se", "I48.9B", NO),
        ("http://hl7.org/fhir/sid/icd-10-se", "epilepsi", UNKNOWN),
    ],
)
def test_what_an_edition_cannot_hold_denies_nothing(system: str, code: str, membership: Membership) -> None:
    assert load_rules().concepts.membership("epilepsy-any", (Coding(system, code),)) is membership
