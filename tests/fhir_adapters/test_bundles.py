"""What clients send under a prefetch key, as entries and a state."""

import json

import pytest

from engine.facts import ListState
from fhir_adapters.bundles import entries_of, joined, read_answer, read_lines
from fhir_adapters.errors import FhirDataError

CONDITION = {"resourceType": "Condition", "id": "c"}
NEXT = [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}


def names(answer, where):
    return [entry if isinstance(entry, str) else entry.reference for entry in entries_of(answer, where)]


def answer(value):
    return read_answer(json.dumps(value).encode())


def bundle(*resources, **members):
    return {"resourceType": "Bundle", "entry": [{"resource": r} for r in resources], **members}


@pytest.mark.parametrize(
    ("value", "state", "count"),
    [
        (None, ListState.EMPTY, 0),
        ([], ListState.EMPTY, 0),
        ({"resourceType": "Bundle", "type": "searchset", "total": 0}, ListState.EMPTY, 0),
        ({"resourceType": "Bundle"}, ListState.EMPTY, 0),
        (bundle(), ListState.EMPTY, 0),
        ({"resourceType": "Bundle", "entry": None}, ListState.EMPTY, 0),
        # A list under a name that a Bundle does not have may be its entries; what else nobody knows changes nothing.
        ({"resourceType": "Bundle", "Entry": [{"resource": CONDITION}]}, ListState.PARTIAL, 0),
        ({"resourceType": "Bundle", "Entry": {"resource": CONDITION}}, ListState.PARTIAL, 0),
        ({"resourceType": "Bundle", "resource": CONDITION}, ListState.PARTIAL, 0),
        # It may be so beside entries that are spelt right, too: those are read, and deny nothing.
        (bundle(CONDITION, Entry=[{"resource": CONDITION}]), ListState.PARTIAL, 1),
        (bundle(CONDITION, ENTRY=[{"resource": CONDITION}], type="searchset", total=1), ListState.PARTIAL, 1),
        (bundle(CONDITION, entries=[CONDITION]), ListState.PARTIAL, 1),
        (bundle(CONDITION, resources=["as text"]), ListState.PARTIAL, 1),
        (bundle(CONDITION, Entry={"resource": CONDITION}), ListState.PARTIAL, 1),
        (bundle(CONDITION, Entry=CONDITION), ListState.PARTIAL, 1),
        (
            bundle(CONDITION, Entry=[], entries=None, total=1, foo={"bar": 1}, vendor="x"),
            ListState.PRESENT,
            1,
        ),
        (bundle(CONDITION, type="searchset", link=[], issues=OUTCOME, signature={}), ListState.PRESENT, 1),
        ({"resourceType": "Bundle", "total": 0, "entries": []}, ListState.EMPTY, 0),
        ({"resourceType": "Bundle", "total": 0, "foo": {"bar": 1}}, ListState.EMPTY, 0),
        ({"resourceType": "Bundle", "_type": {}, "issues": OUTCOME}, ListState.EMPTY, 0),
        (bundle(CONDITION, type="searchset", total=1), ListState.PRESENT, 1),
        (bundle(CONDITION), ListState.PRESENT, 1),
        (bundle(CONDITION, type="collection", total=7), ListState.PRESENT, 1),
        (bundle(CONDITION, type="nonsense"), ListState.PRESENT, 1),
        (bundle(CONDITION, type="searchset", link=NEXT), ListState.PARTIAL, 1),
        (bundle(CONDITION, link=NEXT[1]), ListState.PARTIAL, 1),
        (bundle(CONDITION, type="searchset", total=2), ListState.PARTIAL, 1),
        (bundle(type="searchset", total=2), ListState.PARTIAL, 0),
        (bundle(type="searchset", total=2.0), ListState.PARTIAL, 0),
        (bundle(type="searchset", total="many"), ListState.PARTIAL, 0),
        (bundle(type="searchset", total=1e300), ListState.PARTIAL, 0),
        (bundle(CONDITION, type="searchset", total={}), ListState.PARTIAL, 1),
        (bundle(type="searchset", link=[{"relation": " Next"}]), ListState.PARTIAL, 0),
        (bundle(type="searchset", link=[None, {"relation": 5}]), ListState.EMPTY, 0),
        (CONDITION, ListState.PRESENT, 1),
        ([CONDITION, CONDITION], ListState.PRESENT, 2),
        ([{"fullUrl": "urn:uuid:c", "resource": CONDITION}], ListState.PRESENT, 1),
        ({"response": {"status": "200 OK"}, "resource": CONDITION}, ListState.PRESENT, 1),
        ({"response": {"status": "200 OK"}, "resource": bundle(CONDITION)}, ListState.PRESENT, 1),
        ({"response": {"status": "200 OK"}, "resource": None}, ListState.EMPTY, 0),
        ({"response": {"status": "404 Not Found"}, "resource": None}, ListState.FAILED, 0),
        ({"resource": {"resource": CONDITION}}, ListState.NOT_SUPPLIED, 0),
        (OUTCOME, ListState.FAILED, 0),
        ("123", ListState.NOT_SUPPLIED, 0),
        (7, ListState.NOT_SUPPLIED, 0),
        (True, ListState.NOT_SUPPLIED, 0),
        ({}, ListState.NOT_SUPPLIED, 0),
        ({"id": "no type"}, ListState.NOT_SUPPLIED, 0),
    ],
)
def test_state_of_what_was_sent(value, state, count):
    found = answer(value)
    assert (found.state, len(found.slots)) == (state, count)
    assert found.state.complete or found.detail


def test_total_counts_matches_but_not_what_was_included():
    entries = [
        {"resource": CONDITION, "search": {"mode": "match"}},
        {"resource": {"resourceType": "Practitioner", "id": "p"}, "search": {"mode": "include"}},
    ]
    whole = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    assert answer({**whole, "total": 1}).state is ListState.PRESENT
    assert answer({**whole, "total": 2}).state is ListState.PARTIAL


def test_an_entry_that_is_no_resource_costs_no_other():
    sent = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": CONDITION},
            7,
            None,
            {"fullUrl": "x"},
            {"resource": "text"},
            {"resource": {"id": "1"}},
        ],
    }
    assert names(answer(sent), "conditions") == [
        "Condition/c",
        *(f"conditions, entry {number}" for number in range(2, 7)),
    ]


def test_illegible_bytes_cost_only_their_own_entry():
    sent = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Condition","id":"\xff"}},'
    sent += b'{"resource":{"resourceType":"Condition","id":"good"}}]}'
    found = list(entries_of(read_answer(sent), "conditions"))
    assert [isinstance(entry, str) for entry in found] == [True, False]


def test_resources_in_the_place_of_entries_are_read():
    mixed = {"resourceType": "Bundle", "entry": [CONDITION, {"resource": CONDITION}]}
    assert names(answer(mixed), "conditions") == ["Condition/c", "Condition/c"]


def test_an_entry_without_id_is_called_by_its_full_url_or_its_place():
    nameless = {"resourceType": "Condition"}
    sent = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:17", "resource": nameless},
            {"fullUrl": "https://example.org/fhir/Condition/18", "resource": nameless},
            {"resource": nameless},
        ],
    }
    assert names(answer(sent), "conditions") == [
        "Condition/17",
        "Condition/18",
        "Condition (conditions, entry 3)",
    ]


PAGE_1 = bundle(CONDITION, type="searchset", total=2, link=NEXT)
PAGE_2 = bundle({**CONDITION, "id": "d"}, type="searchset", total=2)


@pytest.mark.parametrize(
    ("pages", "state", "count"),
    [
        ([], ListState.NOT_SUPPLIED, 0),
        ([PAGE_1, PAGE_2], ListState.PRESENT, 2),
        ([PAGE_1], ListState.PARTIAL, 1),
        ([PAGE_1, PAGE_1], ListState.PARTIAL, 2),
        ([bundle(CONDITION, total=3, link=NEXT), bundle(CONDITION, total=3)], ListState.PARTIAL, 2),
        ([PAGE_1, OUTCOME], ListState.PARTIAL, 1),
        ([OUTCOME], ListState.FAILED, 0),
        ([bundle(total=0)], ListState.EMPTY, 0),
    ],
)
def test_pages_are_complete_when_the_last_one_is_the_end(pages, state, count):
    found = joined(map(answer, pages))
    assert (found.state, len(found.slots)) == (state, count)


def test_lines_keep_their_numbers():
    good = json.dumps(CONDITION).encode()
    found = read_lines(good + b"\n\nnot json\n" + good + b"\n[1]\n")
    assert found is not None
    assert [slot is not None for slot in found.slots] == [True, False, True, False]
    assert [found.place(index) for index in range(4)] == ["line 1", "line 3", "line 4", "line 5"]


def test_text_without_any_resource_is_no_ndjson():
    assert read_lines(b'{"a": 1}\nnot json\n') is None


@pytest.mark.parametrize("raw", [b"", b"{", b"nonsense", b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_not_json_raises_only_our_error(raw):
    with pytest.raises(FhirDataError):
        read_answer(raw)
