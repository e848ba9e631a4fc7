"""Whose a resource is, by all the ways in which resources name a patient."""

import pytest
from msgspec import Raw

from fhir_adapters.identity import PatientIdentity, Subject
from fhir_adapters.wire import Entry


def entry(type_, id_, full_url="", **members):
    return Entry(type_, f"{type_}/{id_}", {"resourceType": type_, "id": id_, **members}, Raw(b"{}"), full_url)


@pytest.mark.parametrize(
    ("subject", "whose"),
    [
        ({"reference": "Patient/p"}, Subject.THIS),
        ({"reference": "p"}, Subject.THIS),
        ({"reference": "Patient/p/_history/1"}, Subject.THIS),
        ({"reference": "https://example.org/Patient/p"}, Subject.THIS),
        ({"reference": "urn:uuid:p"}, Subject.THIS),
        ({"reference": "urn:uuid:known"}, Subject.THIS),
        ({"reference": "URN:UUID:Known"}, Subject.THIS),
        ({"reference": "Patient/q"}, Subject.OTHER),
        ({"reference": "q"}, Subject.OTHER),
        ({"reference": "Patient/never-sent"}, Subject.OTHER),
        ({"reference": "https://example.org/patient/q|3"}, Subject.OTHER),
        ({"reference": "Practitioner/p"}, Subject.OTHER),
        ({"reference": "patient/p"}, Subject.THIS),
        ({"reference": "Patient/p|2"}, Subject.THIS),
        ({"reference": "https://example.org/Patient/p#x"}, Subject.THIS),
        ({"reference": "Group/p"}, Subject.GROUP),
        ({"reference": "Jane Doe"}, Subject.ILLEGIBLE),
        ({"reference": "Patient"}, Subject.ILLEGIBLE),
        ({"reference": "Patient/"}, Subject.ILLEGIBLE),
        ({"reference": "Patient/ p"}, Subject.ILLEGIBLE),
        ({"reference": "Patient/%70"}, Subject.ILLEGIBLE),
        ({"reference": "Patient/p\u200b"}, Subject.ILLEGIBLE),
        ({"reference": "Patent/p"}, Subject.ILLEGIBLE),
        ({"reference": "never-sent"}, Subject.ILLEGIBLE),
        ({"reference": " "}, Subject.ILLEGIBLE),
        ({"reference": "urn:uuid:another"}, Subject.OTHER),
        ({"reference": "urn:uuid:nobody"}, Subject.UNSTATED),
        ({"reference": "#p"}, Subject.UNSTATED),
        ({"reference": "Patient?identifier=1"}, Subject.UNSTATED),
        ({"identifier": {"value": "1"}}, Subject.UNSTATED),
        ({"reference": 7}, Subject.ILLEGIBLE),
        ("Patient/p", Subject.THIS),
        ("Patient/q", Subject.OTHER),
        ([{"reference": "Patient/p"}], Subject.ILLEGIBLE),
        (7, Subject.ILLEGIBLE),
        ({"display": "a name"}, Subject.UNSTATED),
        ({"reference": None}, Subject.UNSTATED),
        ({}, Subject.UNSTATED),
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


PROBLEM = {"reference": "Condition/c"}


@pytest.mark.parametrize(
    ("focus", "whose"),
    [
        ([{"reference": "Patient/p"}], Subject.THIS),
        ({"reference": "Patient/p"}, Subject.THIS),
        ([{}], Subject.THIS),
        ([{"extension": [{"url": "http://example.org"}]}], Subject.THIS),
        ([], Subject.THIS),
        (None, Subject.THIS),
        ([{"reference": "Patient/fetus"}], Subject.OTHER),
        ([{"reference": "RelatedPerson/donor"}], Subject.OTHER),
        ([{"reference": "Patient/p"}, {"reference": "Patient/fetus"}], Subject.OTHER),
        ([PROBLEM], Subject.FOCUS),
        ([PROBLEM, {"reference": "Patient/fetus"}], Subject.OTHER),
        ([{"reference": "Device/d"}], Subject.FOCUS),
        ([{"reference": "Group/g"}], Subject.FOCUS),
        ([{"reference": "#fetus"}], Subject.FOCUS),
        ([{"reference": "urn:uuid:nobody"}], Subject.FOCUS),
        ([{"reference": "a fetus"}], Subject.FOCUS),
        ([{"identifier": {"value": "1"}, "type": "Patient"}], Subject.FOCUS),
        ([{"display": "fetus"}], Subject.FOCUS),
        ([7], Subject.FOCUS),
    ],
)
def test_an_observation_is_another_persons_only_where_its_focus_is_one(focus, whose):
    """A focus may also be a problem, a device or a treatment of the patient's own: then nobody knows what is measured."""
    identity = PatientIdentity("p")
    assert identity.whose(entry("Observation", "o", subject={"reference": "Patient/p"}, focus=focus)) is whose


def test_a_focus_makes_nothing_the_patients():
    members = {"subject": {"reference": "Patient/q"}, "focus": [{"reference": "Patient/p"}]}
    assert PatientIdentity("p").whose(entry("Observation", "o", **members)) is Subject.OTHER


def linked(type_, written="Patient/old", other=None):
    """A Patient with a link to another record."""
    return {"link": [{"type": type_, "other": {"reference": written} if other is None else other}]}


@pytest.mark.parametrize(
    ("type_", "whose"),
    [
        ("replaces", Subject.MERGED),
        ("Replaces", Subject.MERGED),
        ("seealso", Subject.LINKED),
        ("refer", Subject.LINKED),
        ("replaced-by", Subject.LINKED),
        ("merged", Subject.LINKED),
        (None, Subject.LINKED),
    ],
)
@pytest.mark.parametrize(
    ("link", "subject"),
    [
        ("Patient/old", "Patient/old"),
        ("patient/old|1", "https://example.org/fhir/Patient/old/_history/2"),
        ("https://example.org/fhir/Patient/old", "Patient/old"),
        ("urn:uuid:old", "urn:uuid:old"),
    ],
)
def test_a_record_that_the_patients_is_linked_to_is_nobody_elses(type_, whose, link, subject):
    """HL7, https://hl7.org/fhir/R4/valueset-link-type.html: what has been replaced is to be consulted for more of the patient."""
    identity = PatientIdentity("p", [entry("Patient", "p", **linked(type_, link))])
    assert identity.whose(entry("Condition", "c", subject={"reference": subject})) is whose
    assert identity.whose(entry("Condition", "c", subject={"reference": "Patient/q"})) is Subject.OTHER
    participant = [{"actor": {"reference": subject}}]
    assert identity.whose(entry("Appointment", "a", participant=participant)) is whose


@pytest.mark.parametrize(
    ("type_", "whose", "replaced"),
    [
        ("replaced-by", Subject.MERGED, False),
        ("replaces", Subject.LINKED, True),
        ("seealso", Subject.LINKED, False),
    ],
)
def test_the_other_record_may_say_it_too(type_, whose, replaced):
    old = entry("Patient", "old", "urn:uuid:5", **linked(type_, "Patient/p"))
    identity = PatientIdentity("p", [entry("Patient", "p"), old])
    for written in ("Patient/old", "urn:uuid:5"):
        assert identity.whose(entry("Condition", "c", subject={"reference": written})) is whose
    assert identity.replaced is replaced
    assert identity.whose(old) is Subject.LINKED  # it is not what the patient is described by


@pytest.mark.parametrize("other", [{"display": "an old record"}, {}, 7, {"reference": "Patient/p"}])
def test_a_link_that_leads_nowhere_or_to_the_patient_changes_nothing(other):
    identity = PatientIdentity("p", [entry("Patient", "p", **linked("seealso", other=other))])
    for written, whose in (("Patient/p", Subject.THIS), ("Patient/q", Subject.OTHER)):
        assert identity.whose(entry("Condition", "c", subject={"reference": written})) is whose


def test_the_two_elements_agree_where_one_names_the_record_that_was_replaced():
    identity = PatientIdentity("p", [entry("Patient", "p", **linked("replaces"))])
    members = {"subject": {"reference": "Patient/p"}, "patient": {"reference": "Patient/old"}}
    assert identity.whose(entry("Device", "d", **members)) is Subject.THIS


def test_a_record_that_was_replaced_is_kept_on_the_same_server():
    identity = PatientIdentity(
        "p", [entry("Patient", "p", **linked("replaces"))], server="https://a.org/fhir"
    )
    for host, whose in (("a.org", Subject.MERGED), ("b.org", Subject.ELSEWHERE)):
        subject = {"reference": f"https://{host}/fhir/Patient/old"}
        assert identity.whose(entry("Condition", "c", subject=subject)) is whose


@pytest.mark.parametrize(
    ("actors", "whose"),
    [
        (["Practitioner/1", "Patient/p"], Subject.THIS),
        (["Patient/q"], Subject.OTHER),
        (["Patient/q", "Patient/p"], Subject.THIS),
        (["Practitioner/1"], Subject.UNSTATED),
        (["the physician"], Subject.UNSTATED),
        (["patient/p"], Subject.THIS),
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


def test_that_a_replaced_record_is_the_patients_is_said():
    identity = PatientIdentity("p", [entry("Patient", "p", **linked("replaces"))])
    condition = entry("Condition", "c", subject={"reference": "Patient/old"})
    said = "it names a record that the patient's has replaced; taken as this patient's"
    assert identity.assumption(condition, identity.whose(condition)) == said


def test_nothing_is_taken_for_granted_where_the_server_is_known():
    identity = PatientIdentity("p", server="https://a.org/fhir")
    condition = entry("Condition", "c", subject={"reference": "https://a.org/fhir/Patient/p"})
    assert identity.assumption(condition, identity.whose(condition)) == ""


@pytest.mark.parametrize("subject", [{"reference": "Patient/q"}, {"reference": 7}, "a name"])
def test_without_a_patient_nothing_can_be_told(subject):
    assert PatientIdentity(None).whose(entry("Condition", "c", subject=subject)) is Subject.UNSTATED
