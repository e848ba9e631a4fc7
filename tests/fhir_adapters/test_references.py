"""References in all their forms, and whose a resource is."""

import pytest
from msgspec import Raw

from fhir_adapters.references import PatientIdentity, ReferenceIndex, Subject, bare_id, normal_reference
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
    ("subject", "whose"),
    [
        ({"reference": "Patient/p"}, Subject.THIS),
        ({"reference": "p"}, Subject.THIS),
        ({"reference": "Patient/p/_history/1"}, Subject.THIS),
        ({"reference": "https://example.org/Patient/p"}, Subject.THIS),
        ({"reference": "urn:uuid:p"}, Subject.THIS),
        ({"reference": "urn:uuid:known"}, Subject.THIS),
        ({"reference": "Patient/q"}, Subject.OTHER),
        ({"reference": "q"}, Subject.OTHER),
        ({"reference": "Group/p"}, Subject.OTHER),
        ({"reference": "urn:uuid:another"}, Subject.OTHER),
        ({"reference": "urn:uuid:nobody"}, Subject.UNSTATED),
        ({"reference": "#p"}, Subject.UNSTATED),
        ({"reference": "Patient?identifier=1"}, Subject.UNSTATED),
        ({"identifier": {"value": "1"}}, Subject.UNSTATED),
        ({"reference": 7}, Subject.UNSTATED),
        ("Patient/q", Subject.UNSTATED),
        (None, Subject.UNSTATED),
    ],
)
@pytest.mark.parametrize("element", ["subject", "patient"])
def test_whose_a_resource_is(element, subject, whose):
    patients = [entry("Patient", "p", "urn:uuid:known"), entry("Patient", "q", "urn:uuid:another")]
    identity = PatientIdentity("Patient/p", patients)
    assert identity.whose(entry("Condition", "c", **{element: subject})) is whose


@pytest.mark.parametrize(
    ("subject", "patient", "whose"),
    [
        ("Patient/p", "Patient/p", Subject.THIS),
        ("Patient/q", "Patient/q", Subject.OTHER),
        ("Patient/p", "Patient/q", Subject.BOTH),
        ("Patient/q", "Patient/p", Subject.BOTH),
        ("#p", "Patient/p", Subject.THIS),
        ("#p", "Patient/q", Subject.OTHER),
    ],
)
def test_two_elements_that_name_the_patient_have_to_agree(subject, patient, whose):
    members = {"subject": {"reference": subject}, "patient": {"reference": patient}}
    assert PatientIdentity("p").whose(entry("Device", "d", **members)) is whose


def test_an_observation_of_something_else_in_the_patient_is_not_the_patients():
    identity = PatientIdentity("p")
    mother = {"reference": "Patient/p"}
    assert identity.whose(entry("Observation", "o", subject=mother, focus=[mother])) is Subject.THIS
    for focus in ({"reference": "Device/d"}, {"reference": "#fetus"}, {"display": "fetus"}):
        assert identity.whose(entry("Observation", "o", subject=mother, focus=[focus])) is Subject.OTHER


@pytest.mark.parametrize(
    ("actors", "whose"),
    [
        (["Practitioner/1", "Patient/p"], Subject.THIS),
        (["Patient/q"], Subject.OTHER),
        (["Patient/q", "Patient/p"], Subject.THIS),
        (["Practitioner/1"], Subject.UNSTATED),
        ([], Subject.UNSTATED),
    ],
)
def test_an_appointment_is_its_participants(actors, whose):
    participants = [{"actor": {"reference": actor}} for actor in actors]
    assert PatientIdentity("p").whose(entry("Appointment", "a", participant=participants)) is whose


@pytest.mark.parametrize(
    ("server", "written", "whose"),
    [
        ("https://a.org/fhir", "https://a.org/fhir/Patient/p", Subject.THIS),
        ("https://A.org/fhir/", "http://a.org/fhir/Patient/p/_history/2", Subject.THIS),
        ("https://a.org/fhir", "https://b.org/fhir/Patient/p", Subject.ELSEWHERE),
        ("https://a.org/fhir", "https://a.org/other/Patient/p", Subject.ELSEWHERE),
        ("https://a.org/fhir", "Patient/p", Subject.THIS),
        ("https://a.org/fhir", "https://a.org/fhir/Patient/q", Subject.OTHER),
        (None, "https://b.org/fhir/Patient/p", Subject.THIS),
    ],
)
def test_a_patient_of_the_same_id_on_another_server_is_not_this_one(server, written, whose):
    identity = PatientIdentity("p", server=server)
    assert identity.whose(entry("Condition", "c", subject={"reference": written})) is whose
    participant = [{"actor": {"reference": written}}]
    assert identity.whose(entry("Appointment", "a", participant=participant)) is whose


def test_a_patient_that_was_sent_with_its_address_tells_the_server_too():
    identity = PatientIdentity("p", [entry("Patient", "p", "https://a.org/fhir/Patient/p")])
    for host, whose in (("a.org", Subject.THIS), ("b.org", Subject.ELSEWHERE)):
        subject = {"reference": f"https://{host}/fhir/Patient/p"}
        assert identity.whose(entry("Condition", "c", subject=subject)) is whose


UNFOLLOWED = "it names its patient in a way that cannot be followed; taken as this patient's"
NOBODY = "it names no patient; taken as this patient's"
SOMEWHERE = (
    "it names a patient of this id on a server of which nobody said whose it is; taken as this patient's"
)


@pytest.mark.parametrize(
    ("subject", "assumed"),
    [
        ({"reference": "urn:uuid:nobody"}, UNFOLLOWED),
        ({"reference": "#p"}, UNFOLLOWED),
        ({"identifier": {"value": "1"}}, UNFOLLOWED),
        ({"display": "a name"}, UNFOLLOWED),
        ({"extension": [{"url": "http://example.org"}]}, NOBODY),
        (None, NOBODY),
        ({"reference": "https://b.org/fhir/Patient/p"}, SOMEWHERE),
        ({"reference": "Patient/p"}, ""),
    ],
)
def test_what_is_taken_for_granted_of_whose_a_resource_is(subject, assumed):
    identity, condition = PatientIdentity("p"), entry("Condition", "c", subject=subject)
    assert identity.assumption(condition, identity.whose(condition)) == assumed


def test_nothing_is_taken_for_granted_where_the_server_is_known():
    identity = PatientIdentity("p", server="https://a.org/fhir")
    condition = entry("Condition", "c", subject={"reference": "https://a.org/fhir/Patient/p"})
    assert identity.assumption(condition, identity.whose(condition)) == ""


def test_without_a_patient_nothing_can_be_told():
    assert (
        PatientIdentity(None).whose(entry("Condition", "c", subject={"reference": "Patient/q"}))
        is Subject.UNSTATED
    )
