"""What a code system can hold: a word, a typing error, or the code of another system under its URI denies nothing."""

import pytest

from engine import grammars
from engine.concepts import Coding, Membership
from engine.grammars import holds
from tests.engine.builders import concept
from tests.engine.test_concepts import library

SNOMED, LOINC, ATC = "http://snomed.info/sct", "http://loinc.org", "http://www.whocc.no/atc"
ICD, ICD_CM = "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.mark.parametrize(
    ("uri", "codes"),
    [
        (SNOMED, ["84757009", "387342009", "445355009", "900000000000207008"]),
        (LOINC, ["2160-0", "62238-1", "98979-8", "LA6576-8", "LP14355-9"]),
        (ATC, ["M", "M03", "M03B", "M03BX", "M03BX01"]),
        (ICD, ["G40", "G409", "Z451", "M0580"]),
        (ICD_CM, ["G40", "G40A09", "C7A00", "S062X0A"]),
        (RXNORM, ["1292", "2670", "1007660"]),
        ("http://ehr.example/codes", ["Kanarie", "", "4711"]),
    ],
)
def test_codes_of_a_system_and_anything_where_its_grammar_is_not_known(uri: str, codes: list[str]) -> None:
    assert [code for code in codes if not holds(uri, code)] == []


@pytest.mark.parametrize(
    ("uri", "codes"),
    [
        (
            SNOMED,
            ["84757008", "87457009", "34552-0", "1", "084757009", "Kanarie", "٨٤٧٥٧٠٠٩", "445355009:1=2"],
        ),
        (LOINC, ["2160-1", "2610-0", "2160", "creatinine", "2160-0-0", "LA6576"]),
        (ATC, ["KANARIE", "M3", "M03BX1", "M03BX011", "03BX01", ""]),
        (ICD, ["XYZ", "G4", "40", "G40-G47", "S062X0A"]),
        (ICD_CM, ["XYZ", "G4", "S062X0AB"]),
        (RXNORM, ["RX1292", "1292.0", "123456789"]),
    ],
)
def test_what_is_no_code_of_a_system(uri: str, codes: list[str]) -> None:
    assert [code for code in codes if holds(uri, code)] == []


class TestWhatItMeansForMembership:
    LIBRARY = library(concept("opioids", "atc N02A>"), concept("odd", "atc ODD"))

    def of(self, concept_id: str, *codes: str) -> Membership:
        return self.LIBRARY.membership(concept_id, tuple(Coding(ATC, code) for code in codes))

    def test_it_denies_nothing_and_takes_no_denial_away(self) -> None:
        assert self.of("opioids", "Kanarie") is Membership.UNKNOWN
        assert self.of("opioids", "N02BE01", "Kanarie") is Membership.NO
        assert self.of("opioids", "n02aa01", "Kanarie") is Membership.YES

    def test_what_a_concept_lists_or_a_site_maps_is_a_code_whatever_it_looks_like(self) -> None:
        assert self.of("odd", "ODD") is Membership.YES
        assert self.of("opioids", "ODD") is Membership.NO
        mapped = self.LIBRARY.with_local_codes({(ATC, "Kanarie"): frozenset({"odd"})})
        assert mapped.membership("opioids", (Coding(ATC, "Kanarie"),)) is Membership.NO


def test_it_is_told_of_which_systems_there_is_a_grammar() -> None:
    assert grammars.is_told("http://loinc.org")
    assert not grammars.is_told("urn:oid:1.2.3")
