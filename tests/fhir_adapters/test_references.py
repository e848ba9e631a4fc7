"""References in all their forms."""

import pytest
from msgspec import Raw

from fhir_adapters.references import ReferenceIndex, bare_id, normal_reference
from fhir_adapters.wire import Entry


def entry(type_, id_, full_url="", **members):
    return Entry(type_, f"{type_}/{id_}", {"resourceType": type_, "id": id_, **members}, Raw(b"{}"), full_url)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Patient/1", "Patient/1"),
        ("Patient/1/_history/3", "Patient/1"),
        ("https://example.org/fhir/Patient/1", "Patient/1"),
        ("https://example.org/fhir/Patient/1/_history/3", "Patient/1"),
        ("Patient/1/", "Patient/1"),
        ("urn:uuid:1", "urn:uuid:1"),
        ("URN:UUID:5A0C-F1", "urn:uuid:5a0c-f1"),
        ("urn:oid:1.2.3", "urn:oid:1.2.3"),
        ("#A", "#A"),
        ("#1", "#1"),
        ("1", "1"),
        ("", ""),
    ],
)
def test_literal_references_become_type_and_id(written, normal):
    assert normal_reference(written) == normal


@pytest.mark.parametrize(
    ("written", "id_"),
    [
        ("1", "1"),
        ("Patient/1", "1"),
        (" Patient/1 ", "1"),
        ("https://x/Patient/1/_history/2", "1"),
        (None, ""),
    ],
)
def test_ids_are_bare_however_a_client_writes_them(written, id_):
    assert bare_id(written) == id_


@pytest.mark.parametrize(
    "written",
    [
        "Medication/m",
        "Medication/m/_history/2",
        "https://example.org/fhir/Medication/m",
        "https://example.org/fhir/Medication/m/_history/2",
        "http://Example.org/fhir/Medication/m/",
    ],
)
def test_a_resource_is_found_by_any_of_its_references(written):
    medication = entry("Medication", "m", "https://example.org/fhir/Medication/m")
    assert ReferenceIndex([medication]).resolve(written) is medication


@pytest.mark.parametrize(
    ("full_url", "written"),
    [("urn:uuid:5", "urn:uuid:5"), ("urn:uuid:5", "Medication/m"), ("", "https://example.org/Medication/m")],
)
def test_what_does_not_say_where_it_is_kept_is_found_by_its_name(full_url, written):
    medication = entry("Medication", "m", full_url)
    assert ReferenceIndex([medication]).resolve(written) is medication


def test_what_two_servers_keep_under_one_id_are_two_resources():
    one = entry("Medication", "m", "https://a/Medication/m", code="one")
    other = entry("Medication", "m", "https://b/Medication/m", code="other")
    index = ReferenceIndex([one, other])
    assert index.resolve("https://a/Medication/m") is one
    assert index.resolve("https://b/Medication/m") is other
    assert index.resolve("Medication/m") is None  # which of them is meant is not guessed at


@pytest.mark.parametrize("servers", ["a", "ab"])
def test_an_absolute_reference_means_nothing_that_is_kept_elsewhere(servers):
    kept = [entry("Medication", "m", f"https://{server}/Medication/m") for server in servers]
    assert ReferenceIndex(kept).resolve("https://c/Medication/m") is None


@pytest.mark.parametrize("written", ["Medication/other", "m", "urn:uuid:6", "#m", ""])
def test_what_was_not_sent_is_not_found(written):
    assert ReferenceIndex([entry("Medication", "m")]).resolve(written) is None


@pytest.mark.parametrize(
    ("full_url", "written"),
    [
        ("urn:uuid:0C3151BD-1CBF-4D64-B04D-CD9187A4C6E0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "URN:uuid:0C3151BD-1cbf-4d64-b04d-cd9187a4c6e0"),
    ],
)
def test_a_uuid_is_the_same_in_any_letters(full_url, written):
    medication = entry("Medication", "m", full_url)
    assert ReferenceIndex([medication]).resolve(written) is medication
