"""Every status and intent of the four medication resources, STU3 to R5 (inventory: MEDS, ORDER, STOP)."""

import pytest

from engine.facts import OrderAction
from tests.fhir_adapters.mapping.medicines import CURRENT, ENDED, PLANNED, read, request, statement


@pytest.mark.parametrize(
    ("kind", "status", "expected", "said"),
    [
        ("MedicationRequest", "active", CURRENT, ""),
        ("MedicationRequest", "on-hold", CURRENT, "it is on hold; it counts as current"),
        ("MedicationRequest", "completed", ENDED, ""),
        ("MedicationRequest", "stopped", ENDED, ""),
        ("MedicationRequest", "cancelled", ENDED, ""),
        ("MedicationRequest", "ended", ENDED, ""),
        ("MedicationRequest", "draft", PLANNED, "it is a draft that nobody has signed; it counts as planned"),
        ("MedicationStatement", "active", CURRENT, ""),
        ("MedicationStatement", "on-hold", CURRENT, "it is on hold; it counts as current"),
        ("MedicationStatement", "intended", CURRENT, ""),
        ("MedicationStatement", "recorded", CURRENT, ""),
        ("MedicationStatement", "completed", ENDED, ""),
        ("MedicationStatement", "stopped", ENDED, ""),
        ("MedicationUsage", "recorded", CURRENT, ""),
        ("MedicationAdministration", "in-progress", CURRENT, ""),
        ("MedicationAdministration", "on-hold", CURRENT, "it is on hold; it counts as current"),
        ("MedicationAdministration", "completed", ENDED, ""),
        ("MedicationAdministration", "stopped", ENDED, ""),
        ("MedicationDispense", "preparation", PLANNED, "it is being prepared; it counts as planned"),
        ("MedicationDispense", "in-progress", PLANNED, "it is being prepared; it counts as planned"),
        ("MedicationDispense", "on-hold", PLANNED, "it is on hold; it counts as planned"),
        ("MedicationDispense", "stopped", ENDED, ""),
    ],
)
def test_a_status_that_is_certain_and_what_is_said_of_one_that_waits(kind, status, expected, said):
    fact, issues = read({"resourceType": kind, "status": status, "intent": "order"})
    assert fact is not None
    assert (fact.status, fact.status_certain) == (expected, True)
    assert issues == ([("status", "assumed", said)] if said else [])


KINDS = ["MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "said"), [("unknown", "unknown"), (None, "missing"), ("aktiv", "not one of FHIR's")]
)
def test_a_status_that_says_nothing_counts_as_current_and_is_marked(kind, status, said):
    fact, issues = read({"resourceType": kind, "status": status, "intent": "order"})
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, False)
    assert ("status", "assumed", f"the status is {said}; it counts as current") in issues


def test_a_statement_still_being_written_is_not_certain():
    fact, _ = read(statement(status="draft"))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("draft", [False, True])
def test_what_was_entered_in_error_is_left_out(kind, draft):
    fact, issues = read({"resourceType": kind, "status": "entered-in-error"}, draft)
    assert fact is None
    assert issues == [("status", "ignored", "it was entered in error")]


def coded(*codes):
    return {"coding": [{"system": "http://hl7.org/fhir/any", "code": code} for code in codes]}


UNREAD = [
    *("finished", "discontinued", "suspended", "aborted", "revoked", 7, {"text": "it is over"}),
    *(["stopped", "active"], coded("stopped", "active"), coded("finished"), "unknown"),
]


@pytest.mark.parametrize("status", UNREAD, ids=str)
def test_an_order_with_a_status_that_nobody_can_read_may_do_anything_and_says_so(status):
    fact, issues = read({"resourceType": "MedicationRequest", "status": status}, draft=True)
    assert fact is not None
    assert (fact.status, fact.action) == (CURRENT, OrderAction.UNKNOWN)
    assert ("status", "unreadable") in {(element, effect) for element, effect, _ in issues}


FORMS = [str, str.upper, str.title, lambda code: f" {code} ", lambda code: [code], coded]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("status", "action"),
    [
        ("stopped", OrderAction.STOP),
        ("cancelled", OrderAction.STOP),
        ("ended", OrderAction.STOP),
        ("on-hold", OrderAction.HOLD),
        ("draft", OrderAction.START),
        ("active", OrderAction.START),
    ],
)
def test_the_status_of_an_order_under_review_is_read_in_any_form(form, status, action):
    fact, issues = read({"resourceType": "MedicationRequest", "status": form(status)}, draft=True)
    assert fact is not None
    assert fact.action is action
    assert "status" not in {element for element, _, _ in issues}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("MedicationRequest", "stopped", ENDED),
        ("MedicationStatement", "completed", ENDED),
        ("MedicationAdministration", "in-progress", CURRENT),
        ("MedicationDispense", "stopped", ENDED),
    ],
)
def test_so_is_that_of_an_entry_of_the_record(form, kind, status, expected):
    fact, _ = read({"resourceType": kind, "status": form(status), "intent": "Order"})
    assert fact is not None
    assert (fact.status, fact.status_certain) == (expected, True)
    for left_out in ("entered-in-error", *(["not-taken"] if kind == "MedicationStatement" else [])):
        assert read({"resourceType": kind, "status": form(left_out), "intent": "order"})[0] is None


@pytest.mark.parametrize("status", [None, "", {}, {"extension": [{"url": "http://example.org"}]}])
def test_an_order_that_states_no_status_is_one_that_nobody_has_sent_yet(status):
    fact, _ = read({"resourceType": "MedicationRequest", "status": status}, draft=True)
    assert fact is not None
    assert fact.action is OrderAction.START


def test_an_order_that_is_completed_is_one_to_give_which_is_said():
    fact, issues = read({"resourceType": "MedicationRequest", "status": "completed"}, draft=True)
    assert fact is not None
    assert fact.action is OrderAction.START
    assert issues == [("status", "assumed", "it is completed; it counts as an order to give")]


@pytest.mark.parametrize(
    ("kind", "members", "element"),
    [
        pytest.param("MedicationStatement", {"status": "not-taken"}, "status", id="R4: not taken"),
        pytest.param(
            "MedicationStatement", {"status": "active", "taken": "n"}, "taken", id="STU3: not taken"
        ),
        pytest.param("MedicationAdministration", {"status": "not-done"}, "status", id="R4: not done"),
        pytest.param(
            "MedicationAdministration",
            {"status": "completed", "notGiven": True},
            "notGiven",
            id="STU3: not given",
        ),
        pytest.param("MedicationDispense", {"status": "cancelled"}, "status", id="dispense cancelled"),
        pytest.param("MedicationDispense", {"status": "declined"}, "status", id="dispense declined"),
        pytest.param(
            "MedicationRequest",
            {"status": "active", "doNotPerform": True},
            "doNotPerform",
            id="an order not to give it",
        ),
    ],
)
def test_what_was_never_given_or_taken_is_no_fact(kind, members, element):
    """So that it cannot count as a medicine that was taken recently (IX-11)."""
    fact, issues = read({"resourceType": kind, "intent": "order", **members})
    assert fact is None
    assert [(issue[0], issue[1]) for issue in issues] == [(element, "ignored")]


@pytest.mark.parametrize(
    "intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"]
)
def test_orders_by_intent(intent):
    fact, issues = read(request(intent=intent))
    assert fact is not None
    assert (fact.status, issues) == (CURRENT, [])


def test_a_plan_may_be_what_the_patient_reports_and_counts_as_its_status_says():
    """US Core writes what a patient says they take as an active plan."""
    plan, issues = read(request(intent="plan"))
    assert plan is not None
    assert (plan.status, plan.status_certain) == (CURRENT, False)
    assert [(element, effect) for element, effect, _ in issues] == [("intent", "assumed")]
    for status, expected in (("stopped", ENDED), ("draft", PLANNED)):
        other, issues = read(request(intent="plan", status=status))
        assert other is not None
        assert (other.status, other.status_certain) == (expected, True)
        assert not any(element == "intent" for element, _, _ in issues)


@pytest.mark.parametrize("intent", ["proposal", "option"])
def test_suggestions_are_left_out(intent):
    assert read(request(intent=intent)) == (None, [("intent", "ignored", f"it is not an order ({intent})")])


@pytest.mark.parametrize("intent", [None, "wish", 5])
def test_an_intent_that_is_not_fhirs_counts_as_an_order(intent):
    fact, issues = read(request(intent=intent))
    assert fact is not None
    assert fact.status is CURRENT
    assert [(issue[0], issue[1]) for issue in issues] == [("intent", "assumed")]


@pytest.mark.parametrize(
    ("said", "expected", "certain"),
    [
        ("taking", CURRENT, True),
        ("taking-as-directed", CURRENT, True),
        ("on-hold", CURRENT, True),
        ("not-taking", ENDED, True),
        ("stopped-as-directed", ENDED, True),
        ("unknown", CURRENT, False),
    ],
)
def test_adherence_of_r5(said, expected, certain):
    adherence = {"code": {"coding": [{"code": said}]}}
    fact, _ = read(statement(status="recorded", adherence=adherence))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (expected, certain)


@pytest.mark.parametrize(
    "said",
    [
        {"code": coded("taking", "not-taking")},
        {"code": coded("not-taking", "taking")},
        {"code": coded("stopped-by-nurse-but-resumed")},
        {"code": coded("not-taking-since")},
        {"code": {"text": "she says so"}},
        {"code": [coded("taking"), coded("not-taking")]},
        {"reason": coded("1")},
        coded("not-taking"),
        "not-taking",
    ],
    ids=str,
)
def test_an_adherence_that_says_two_things_or_none_leaves_open_whether_it_is_taken(said):
    fact, issues = read(statement(status="recorded", adherence=said))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, False)
    assert [(element, effect) for element, effect, _ in issues] == [("adherence", "assumed")]


@pytest.mark.parametrize("said", [None, {}, {"extension": [{"url": "http://example.org"}]}])
def test_an_adherence_that_says_nothing_is_as_good_as_none(said):
    fact, issues = read(statement(status="recorded", adherence=said))
    assert fact is not None
    assert (fact.status_certain, issues) == (True, [])


@pytest.mark.parametrize(
    ("taken", "certain"), [("y", True), ("Y", True), ("na", True), ("unk", False), ("yes", False)]
)
def test_taken_of_stu3(taken, certain):
    fact, _ = read(statement(taken=taken))
    assert fact is not None
    assert (fact.status, fact.status_certain) == (CURRENT, certain)


def test_what_was_handed_out_for_nobody_knows_how_long_is_named():
    dispensed = {"resourceType": "MedicationDispense", "status": "completed", "whenHandedOver": "2026-05-31"}
    fact, issues = read(dispensed)
    assert fact is not None
    assert (fact.status, fact.status_certain, fact.ended) == (CURRENT, False, None)
    assert [issue[:2] for issue in issues] == [("daysSupply", "not checked")]
    assert read(dispensed | {"daysSupply": {"value": 30, "unit": "d"}})[1] == []
