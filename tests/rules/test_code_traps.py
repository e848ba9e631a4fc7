"""The traps of ``../shared/leaflet/terminology.md``, section 3, against the concepts that ship.

A code that looks as if it belonged, and one that does not look so and does; with a terminology server they stay what they are.
"""

from functools import cache

import pytest

from engine.authoring.loading import load_rules
from engine.concepts import CodedText, Coding, ConceptLibrary, Membership

ATC = "http://www.whocc.no/atc"
WHO = "http://hl7.org/fhir/sid/icd-10"
US = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LOINC = "http://loinc.org"
YES, NO, UNKNOWN = Membership.YES, Membership.NO, Membership.UNKNOWN


@cache
def library() -> ConceptLibrary:
    return load_rules().concepts


def is_in(concept: str, system: str, code: str) -> Membership:
    return library().membership(concept, CodedText((Coding(system, code),)).codings)


@pytest.mark.parametrize(
    ("concept", "code", "membership"),
    [
        ("class-antihypertensives", "C02AC01", YES),
        ("class-antihypertensives", "C02KX02", NO),  # bosentan, for the lungs
        ("class-antihypertensives", "C03CA01", YES),
        ("class-antihypertensives", "C03XA01", NO),  # tolvaptan
        ("class-sedating-antihistamines", "R06AA02", YES),
        ("class-sedating-antihistamines", "R06AX13", NO),  # loratadine
        ("class-sedating-antihistamines", "R06AE07", NO),  # cetirizine
        ("class-opioids", "N02AA01", YES),
        ("class-opioids", "N07BC02", YES),  # methadone for substitution
        ("class-opioids", "N01AH01", YES),  # fentanyl for anaesthesia
        ("class-opioids", "A07DA03", NO),  # loperamide
        ("class-sedating-other", "N02BF01", YES),  # gabapentin
        ("class-sedating-other", "N03AX12", YES),  # gabapentin, where ATC had it before
        ("class-general-anaesthetics", "N01AB08", YES),
        ("class-general-anaesthetics", "N01BB01", NO),  # bupivacaine
    ],
)
def test_a_group_of_atc_is_not_what_its_beginning_suggests(
    concept: str, code: str, membership: Membership
) -> None:
    assert is_in(concept, ATC, code) is membership


@pytest.mark.parametrize(
    ("system", "code", "membership"),
    [
        (US, "G40.011", YES),
        (US, "G40.803", YES),
        (US, "G40.001", NO),
        (US, "G40011", YES),  # written without the dot
        (WHO, "G40.3", NO),  # ICD-10 of the WHO cannot say it
    ],
)
def test_only_the_us_table_can_say_that_epilepsy_is_drug_resistant(
    system: str, code: str, membership: Membership
) -> None:
    assert is_in("epilepsy-drug-resistant", system, code) is membership
    assert is_in("epilepsy-any", system, code) is YES


@pytest.mark.parametrize("written", ["G40.3", "G403", "g40.3", "G40.3+", "G40.3*", "G40.3†", "G40.-"])
def test_a_code_of_icd_10_is_read_however_it_is_written(written: str) -> None:
    assert is_in("epilepsy-any", WHO, written) is YES


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("", "G40.3"),
        ("urn:oid:2.16.724.4.21.5.29", "G40.3"),
        (ATC, "84757009"),
        (RXNORM, "84757009"),
        ("G40.3", "G40.3"),
    ],
)
def test_a_code_is_only_that_code_in_its_own_system(system: str, code: str) -> None:
    assert is_in("epilepsy-any", system, code) is UNKNOWN


def test_a_product_code_of_rxnorm_that_is_not_listed_may_hold_anything() -> None:
    assert is_in("class-opioids", RXNORM, "9999999") is UNKNOWN


def test_a_product_of_snomed_that_is_not_listed_may_hold_baclofen() -> None:
    assert is_in("baclofen-substance", SNOMED, "387342009") is YES
    assert is_in("baclofen-substance", SNOMED, "322310004") is UNKNOWN


def test_one_substance_is_not_told_from_the_other_by_its_code() -> None:
    """Tablets and pump share their codes: the substance is known, the medicine is not."""
    assert is_in("baclofen-substance", ATC, "M03BX01") is YES
    assert is_in("baclofen-substance", RXNORM, "1292") is YES
    assert is_in("baclofen-intrathecal-product", RXNORM, "1292") is NO


def test_a_deprecated_kidney_measurement_is_read_and_a_clearance_is_not_taken_for_it() -> None:
    assert is_in("lab-egfr", LOINC, "33914-3") is YES
    # A clearance in 24 hours is no filtration rate, but a later one may say that the kidneys have got worse.
    assert is_in("lab-egfr", LOINC, "2164-2") is UNKNOWN


def test_a_negative_finding_is_not_what_it_denies() -> None:
    """Current non-drinker of alcohol."""
    named = {each for each in library().concepts if is_in(each, SNOMED, "105542008") is YES}
    assert named == {"alcohol-none"}


@pytest.mark.parametrize(
    "oid", ["2.16.840.1.113883.6.90", "urn:oid:2.16.840.1.113883.6.90", "URN:OID:2.16.840.1.113883.6.90"]
)
def test_an_oid_of_a_known_system_is_that_system(oid: str) -> None:
    assert is_in("epilepsy-any", oid, "G40.3") is YES
