"""The patient's record: five states of a list, whose a resource is, files, and that one bad resource costs no other."""

import json

import pytest

from engine.facts import Gap, ListName, ListState
from fhir_adapters.errors import FhirDataError
from fhir_adapters.record import read_prefetch, read_record

KEYS = {
    "patient": (ListName.PATIENT,),
    "conditions": (ListName.CONDITIONS,),
    "labs": (ListName.OBSERVATIONS,),
    "vitals": (ListName.OBSERVATIONS,),
}
P = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p"}
CONDITION = {"resourceType": "Condition", "id": "c", "subject": P}
LAB = {"resourceType": "Observation", "id": "o", "subject": P}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


def bundle(*resources, **members):
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources], **members}


def raw(value):
    return json.dumps(value).encode()


def prefetch(values, patient_id="p", **options):
    return read_prefetch({k: raw(v) for k, v in values.items()}, keys=KEYS, patient_id=patient_id, **options)


def issues(record):
    return [(issue.reference, issue.effect, issue.reason) for issue in record.issues]


def references(record, *types):
    return [entry.reference for entry in record.entries(*types)]


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        ({}, ListState.NOT_SUPPLIED),
        ({"conditions": None}, ListState.EMPTY),
        ({"conditions": bundle()}, ListState.EMPTY),
        ({"conditions": OUTCOME}, ListState.FAILED),
        ({"conditions": "text"}, ListState.NOT_SUPPLIED),
        ({"conditions": bundle(CONDITION)}, ListState.PRESENT),
        ({"conditions": CONDITION}, ListState.PRESENT),
        ({"conditions": [CONDITION]}, ListState.PRESENT),
        ({"conditions": bundle(CONDITION, OUTCOME)}, ListState.PARTIAL),
        ({"conditions": bundle(CONDITION, link=[{"relation": "next"}])}, ListState.PARTIAL),
        ({"conditions": bundle(CONDITION, type="searchset", total=9)}, ListState.PARTIAL),
        ({"conditions": bundle(LAB)}, ListState.PARTIAL),
        ({"conditions": bundle({**CONDITION, "subject": {"reference": "Patient/q"}})}, ListState.PARTIAL),
        # What comes under a key of somebody else's may have been filtered by anything.
        ({"item4": bundle(CONDITION)}, ListState.PARTIAL),
        ({"item4": None}, ListState.NOT_SUPPLIED),
        ({"conditions": OUTCOME, "item4": bundle(CONDITION)}, ListState.PARTIAL),
        ({"conditions": bundle(), "item4": bundle(CONDITION)}, ListState.PRESENT),
    ],
)
def test_state_of_a_list(sent, state):
    assert prefetch(sent).state(ListName.CONDITIONS) is state


@pytest.mark.parametrize(
    ("labs", "vitals", "state"),
    [
        ("present", "present", ListState.PRESENT),
        ("present", "empty", ListState.PRESENT),
        ("empty", "empty", ListState.EMPTY),
        ("present", "absent", ListState.PARTIAL),
        ("present", "failed", ListState.PARTIAL),
        ("empty", "absent", ListState.PARTIAL),
        ("failed", "absent", ListState.FAILED),
        ("absent", "absent", ListState.NOT_SUPPLIED),
    ],
)
def test_a_list_of_several_keys_is_complete_when_all_of_them_are(labs, vitals, state):
    values = {"present": bundle(LAB), "empty": None, "failed": OUTCOME}
    sent = {key: values[word] for key, word in (("labs", labs), ("vitals", vitals)) if word in values}
    assert prefetch(sent).state(ListName.OBSERVATIONS) is state
    assert prefetch(dict(reversed(sent.items()))).state(ListName.OBSERVATIONS) is state


def test_a_key_that_the_service_could_not_fetch_failed():
    record = prefetch({}, failures={"conditions": "the server answered 403"})
    assert record.state(ListName.CONDITIONS) is ListState.FAILED
    assert record.detail(ListName.CONDITIONS) == "the server answered 403"


def test_a_key_of_which_the_service_could_fetch_a_part_is_partial():
    record = prefetch({"conditions": bundle(CONDITION)}, failures={"conditions": "the server answered 503"})
    assert record.state(ListName.CONDITIONS) is ListState.PARTIAL
    assert record.detail(ListName.CONDITIONS) == "the server answered 503"
    assert references(record, "Condition") == ["Condition/c"]


def test_a_key_whose_value_was_no_resource_failed_when_fetching_it_did():
    record = prefetch({"conditions": "123"}, failures={"conditions": "the server answered 503"})
    assert record.state(ListName.CONDITIONS) is ListState.FAILED
    assert record.detail(ListName.CONDITIONS) == "the server answered 503"


def test_a_resource_that_the_service_could_not_read_is_an_issue():
    record = prefetch({}, failures={"Medication/m": "the server answered 404"})
    assert ("Medication/m", "the server answered 404") in {
        (issue.reference, issue.reason) for issue in record.issues
    }


def test_pages_of_one_search_are_one_answer():
    pages = [
        raw(bundle(CONDITION, total=2, link=[{"relation": "next", "url": "x"}])),
        raw(bundle({**CONDITION, "id": "d"}, total=2)),
    ]
    record = read_prefetch({"conditions": pages}, keys=KEYS, patient_id="p")
    assert record.state(ListName.CONDITIONS) is ListState.PRESENT
    assert references(record, "Condition") == ["Condition/c", "Condition/d"]


def test_an_unreadable_value_fails_its_key_alone():
    sent = {"conditions": b'{"resourceType": ', "labs": raw(bundle(LAB)), "vitals": b"null"}
    record = read_prefetch(sent, keys=KEYS, patient_id="p")
    assert record.state(ListName.CONDITIONS) is ListState.FAILED
    assert record.state(ListName.OBSERVATIONS) is ListState.PRESENT


def test_an_unreadable_entry_is_a_gap_in_the_lists_of_its_key():
    record = prefetch({"conditions": bundle(CONDITION, {"no": "type"}), "labs": bundle(LAB), "vitals": None})
    assert record.state(ListName.CONDITIONS) is ListState.PRESENT
    assert [gap.reference for gap in record.gaps(ListName.CONDITIONS)] == ['prefetch "conditions", entry 2']
    assert record.gaps(ListName.OBSERVATIONS) == ()
    assert record.illegible == 1


def test_other_peoples_resources_are_dropped_and_said_so():
    foreign = {"resourceType": "Condition", "id": "f", "subject": {"reference": "Patient/q"}}
    record = prefetch({"conditions": bundle(CONDITION, foreign)}, patient_id="Patient/p")
    assert references(record, "Condition") == ["Condition/c"]
    assert ("Condition/f", "ignored", "it is about someone or something else") in issues(record)
    assert record.state(ListName.CONDITIONS) is ListState.PRESENT


def test_a_resource_without_a_patient_is_taken_as_this_patients_and_said_so():
    record = prefetch({"conditions": bundle({"resourceType": "Condition", "id": "n"})})
    assert references(record, "Condition") == ["Condition/n"]
    assert ("Condition/n", "assumed", "it names no patient; taken as this patient's") in issues(record)


@pytest.mark.parametrize(("subject", "patient"), [("Patient/p", "Patient/q"), ("Patient/q", "Patient/p")])
def test_a_resource_of_two_patients_may_be_this_ones_and_leaves_its_list_open(subject, patient):
    both = {**CONDITION, "subject": {"reference": subject}, "patient": {"reference": patient}}
    record = prefetch({"conditions": bundle(both)})
    why = "it names this patient, and someone or something else"
    assert references(record, "Condition") == []
    assert record.gaps(ListName.CONDITIONS) == (Gap("Condition/c", why),)
    assert ("Condition/c", "unreadable", why) in issues(record)


def test_the_patient_of_another_key_is_known_all_the_same():
    record = prefetch({"item1": PATIENT})
    assert record.state(ListName.PATIENT) is ListState.PRESENT


def test_another_patient_is_no_patient():
    record = prefetch({"patient": {"resourceType": "Patient", "id": "q"}})
    assert record.state(ListName.PATIENT) is ListState.PARTIAL
    assert record.entries("Patient") == []


def test_a_patient_without_id_is_taken_as_this_one():
    record = prefetch({"patient": {"resourceType": "Patient"}})
    assert [entry.type for entry in record] == ["Patient"]
    assert record.state(ListName.PATIENT) is ListState.PRESENT
    whole = read_record(raw(bundle({"resourceType": "Patient"}, CONDITION)))
    assert [entry.type for entry in whole] == ["Condition", "Patient"]


def test_the_same_resource_counts_once_and_its_later_version():
    old = {**CONDITION, "meta": {"lastUpdated": "2020-01-01T00:00:00Z"}, "clinicalStatus": "active"}
    new = {**CONDITION, "meta": {"lastUpdated": "2021-01-01T00:00:00Z"}, "clinicalStatus": "resolved"}
    for order in ([old, new], [new, old]):
        record = prefetch({"conditions": bundle(order[0]), "item4": bundle(order[1])})
        (entry,) = record.entries("Condition")
        assert json.loads(bytes(entry.raw)) == new
        assert ("Condition/c", "assumed", "two versions were sent; the later one counts") in issues(record)
    twice = prefetch({"conditions": bundle(old, old)})
    assert twice.left_out == {("Condition", "the same resource was sent more than once"): 1}
    assert [reason for _, effect, reason in issues(twice) if effect == "assumed"] == []


UNTOLD = "two versions were sent, and neither says that it is the later one"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"lastUpdated": "2020-01-01T00:00:00Z"}, {}),
        ({"lastUpdated": "2020-01-01T00:00:00Z"}, {"lastUpdated": "2020-01-01T01:00:00+01:00"}),
        ({"lastUpdated": "2020-01-01"}, {"lastUpdated": "2021-01-01"}),  # an instant has a time
        ({"versionId": "1"}, {"versionId": "2"}),
    ],
)
def test_of_versions_that_do_not_say_which_is_the_later_one_neither_denies_anything(one, other):
    active = {**CONDITION, "meta": one, "clinicalStatus": "active"}
    refuted = {**CONDITION, "meta": other, "verificationStatus": "refuted"}
    found = []
    for order in ([active, refuted], [refuted, active]):
        record = prefetch({"conditions": bundle(*order)})
        assert record.gaps(ListName.CONDITIONS) == (Gap("Condition/c", UNTOLD),)
        assert ("Condition/c", "unreadable", UNTOLD) in issues(record)
        found.append([bytes(entry.raw) for entry in record.entries("Condition")])
    assert found[0] == found[1]


def test_the_later_version_is_told_by_the_moment_and_not_by_its_spelling():
    early = {**CONDITION, "meta": {"lastUpdated": "2020-01-02T01:00:00+14:00"}, "clinicalStatus": "active"}
    late = {**CONDITION, "meta": {"lastUpdated": "2020-01-01T23:00:00-05:00"}, "clinicalStatus": "resolved"}
    record = prefetch({"conditions": bundle(early, late)})
    assert [json.loads(bytes(entry.raw)) for entry in record.entries("Condition")] == [late]
    assert record.gaps(ListName.CONDITIONS) == ()


def test_of_a_patient_or_a_medicine_that_is_told_in_two_ways_neither_counts():
    medicine = {"resourceType": "Medication", "id": "m"}
    record = prefetch({
        "patient": bundle({**PATIENT, "birthDate": "1950-01-01"}, {**PATIENT, "birthDate": "2025-01-01"}),
        "conditions": bundle({**medicine, "code": {"text": "one"}}, {**medicine, "code": {"text": "other"}}, CONDITION),
    })  # fmt: skip
    assert [entry.type for entry in record] == ["Condition"]
    assert record.state(ListName.PATIENT) is ListState.PARTIAL
    assert record.left_out["Patient", UNTOLD] == record.left_out["Medication", UNTOLD] == 1


def kept(server, year, **resource):
    resource = {**resource, "meta": {"lastUpdated": f"{year}-01-01T00:00:00Z"}}
    return {"fullUrl": f"https://{server}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def test_what_two_servers_keep_under_one_id_are_two_resources():
    one = kept("a", 2020, **CONDITION, clinicalStatus="active")
    other = kept("b", 2024, **CONDITION, clinicalStatus="resolved")
    for entries in ([one, other], [other, one]):
        record = prefetch({"conditions": {"resourceType": "Bundle", "entry": entries}})
        found = [entry.resource["clinicalStatus"] for entry in record.entries("Condition")]
        assert found == ["active", "resolved"]
        assert ("Condition/c", "assumed", "two servers have a resource of this id; each counts") in issues(
            record
        )
    again = kept("a", 2022, **CONDITION, clinicalStatus="remission")  # a later version of the first
    record = prefetch({"conditions": {"resourceType": "Bundle", "entry": [one, other, again]}})
    found = [entry.resource["clinicalStatus"] for entry in record.entries("Condition")]
    assert found == ["remission", "resolved"]
    same = kept("b", 2020, **CONDITION, clinicalStatus="active")  # one server, reached by two names
    record = prefetch({"conditions": {"resourceType": "Bundle", "entry": [one, same]}})
    assert len(record.entries("Condition")) == 1


def test_of_two_patients_of_one_id_on_two_servers_neither_counts():
    one, other = kept("a", 2020, **PATIENT), kept("b", 2024, **{**PATIENT, "birthDate": "2025-01-01"})
    record = prefetch({"patient": {"resourceType": "Bundle", "entry": [one, other]}})
    assert record.entries("Patient") == []
    assert ("Patient/p", "unreadable", UNTOLD) in issues(record)


def test_a_version_that_cannot_be_dated_costs_nothing():
    digits = b"9" * 5000
    one = raw(CONDITION)[:-1] + b', "unread": ' + digits + b"}"
    record = read_prefetch({"conditions": one, "item4": raw(CONDITION)}, keys=KEYS, patient_id="p")
    assert references(record, "Condition") == ["Condition/c"]


def test_names_that_a_client_chose_are_not_repeated_at_length():
    long = "x" * 1000
    record = prefetch({long: bundle({"resourceType": long}, {"resourceType": "Condition", "id": long}, {})})
    assert all(len(issue.reference) < 100 for issue in record.issues)


def test_types_that_no_rule_looks_into_are_counted_by_type():
    record = prefetch({"conditions": bundle(CONDITION, {"resourceType": "Claim"})})
    assert record.left_out == {("Claim", "no rule looks into resources of this type"): 1}
    assert record.gaps(ListName.CONDITIONS) == ()


@pytest.mark.parametrize("type_", ["condition", "ConditionThing", "Bundle", "Parameters", " Condition"])
def test_what_is_of_no_type_that_can_be_passed_over_may_be_what_a_rule_looks_for(type_):
    record = prefetch({"conditions": bundle(CONDITION, {**CONDITION, "resourceType": type_})})
    why = "it cannot be read as a FHIR resource"
    assert record.gaps(ListName.CONDITIONS) == (Gap('prefetch "conditions"', why),)
    assert record.gaps(ListName.ALLERGIES) == ()
    assert record.left_out == {(type_, "it is of a type that cannot be read here"): 1}


def test_references_are_followed_within_what_was_sent():
    medication = {"resourceType": "Medication", "id": "m"}
    record = prefetch(
        {"item1": {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:9", "resource": medication}]}}
    )
    for written in ("Medication/m", "urn:uuid:9", "https://example.org/fhir/Medication/m/_history/1"):
        found = record.resolve(written)
        assert found is not None
        assert found.reference == "Medication/m"
    assert record.resolve("Medication/other") is None


def test_the_whole_resource_is_kept_for_actions_that_send_it_back():
    order = {
        "resourceType": "Condition",
        "id": "c",
        "subject": P,
        "extension": [{"url": "x"}],
        "unknown": {"a": 1},
    }
    (entry,) = prefetch({"conditions": bundle(order)}).entries("Condition")
    assert json.loads(bytes(entry.raw)) == order
    assert "extension" not in entry.resource


@pytest.mark.parametrize("type_", [None, "transaction", "collection", "searchset", "batch"])
def test_a_bundle_with_a_patient_is_the_whole_record_which_is_assumed_aloud(type_):
    record = read_record(raw(bundle(PATIENT, CONDITION, **({"type": type_} if type_ else {}))))
    assert record.identity.id == "p"
    assert record.state(ListName.CONDITIONS) is ListState.PRESENT
    assert record.state(ListName.ALLERGIES) is ListState.EMPTY
    assert (
        "Bundle",
        "assumed",
        "taken as the whole record: what it does not hold is taken not to exist",
    ) in issues(record)


@pytest.mark.parametrize(
    "sent",
    [
        bundle(PATIENT, CONDITION, link=[{"relation": "next"}]),
        bundle(PATIENT, CONDITION, OUTCOME, type="searchset", total=9),
        bundle(PATIENT, CONDITION, type="document"),
        bundle(PATIENT, CONDITION, type="history"),
        bundle(CONDITION, LAB),
        CONDITION,
    ],
)
def test_less_than_a_whole_record_denies_nothing(sent):
    record = read_record(raw(sent))
    assert record.state(ListName.CONDITIONS) is ListState.PARTIAL
    assert record.state(ListName.ALLERGIES) is ListState.NOT_SUPPLIED


def test_a_lone_patient_is_no_record_but_a_bundle_of_one_is():
    assert read_record(raw(PATIENT)).state(ListName.CONDITIONS) is ListState.NOT_SUPPLIED
    assert read_record(raw(bundle(PATIENT))).state(ListName.CONDITIONS) is ListState.EMPTY


def test_lines_are_read_and_bad_ones_named_by_number():
    lines = b"\n".join([raw(PATIENT), raw(CONDITION), b"{broken", raw(LAB)])
    record = read_record(lines)
    assert references(record, "Condition", "Observation") == ["Condition/c", "Observation/o"]
    assert ("the file, line 3", "unreadable", "this is not a FHIR resource") in issues(record)
    assert [gap.reference for gap in record.gaps(ListName.ALLERGIES)] == ["the file, line 3"]


def test_a_file_of_several_patients_needs_to_be_told_which():
    sent = raw(bundle(PATIENT, {"resourceType": "Patient", "id": "q"}, CONDITION))
    with pytest.raises(FhirDataError, match="2 patients"):
        read_record(sent)
    assert references(read_record(sent, patient_id="p"), "Condition", "Patient") == [
        "Condition/c",
        "Patient/p",
    ]
    with pytest.raises(FhirDataError, match="2 patients"):
        read_record(raw(bundle(CONDITION, {**LAB, "subject": {"reference": "Patient/q"}})))


@pytest.mark.parametrize("sent", [b"", b"nonsense", b'{"resourceType": "Bundle"', b"\xff\xfe{\x00}\x00"])
def test_a_file_that_is_neither_json_nor_ndjson_is_refused(sent):
    with pytest.raises(FhirDataError):
        read_record(sent)


def test_a_byte_order_mark_is_not_data():
    assert references(read_record(b"\xef\xbb\xbf" + raw(bundle(PATIENT, CONDITION))), "Condition") == [
        "Condition/c"
    ]


def test_the_order_in_which_things_came_never_shows():
    entries = [{**CONDITION, "id": str(number)} for number in range(5)] + [
        {"resourceType": "Condition", "subject": P}
    ]
    one, other = (prefetch({"conditions": bundle(*order)}) for order in (entries, entries[::-1]))
    assert [bytes(entry.raw) for entry in one] == [bytes(entry.raw) for entry in other]
