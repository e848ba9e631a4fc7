"""Elements of a wrong JSON type: none that is read passes for one that is not there without a word."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.facts import Gap, PatientFacts
from fhir_adapters.issues import DataIssue
from fhir_adapters.mapping.facts import patient_facts
from fhir_adapters.mapping.shapes import MODIFIED, NOT_READ, faults
from fhir_adapters.record import read_record
from fhir_adapters.review import ReviewContext, read_context
from tests.fhir_adapters.mapping.samples import (
    DOSAGE,
    SAMPLES,
    Resource,
    condition,
    observation,
    procedure,
    request,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ABSENT = object()
WRONG: tuple[Any, ...] = (1, True, 1.5, "no such thing", {"unexpected": 1}, ["unexpected"], [1])

Path = tuple[str | int, ...]

# A text where a CodeableConcept belongs is read, as its words; these say that it is no replacement of a device.
WORDS = {("property", 0, "type"), ("property", 0, "type", "text")}


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in ("resourceType", "id") and member is not None:
                yield (*path, name)
                yield from paths(member, (*path, name))
    elif isinstance(value, list):
        for place, entry in enumerate(value):
            yield from paths(entry, (*path, place))


def at(resource: Resource, path: Path) -> Any:
    value: Any = resource
    for step in path:
        value = value[step]
    return value


def with_(resource: Resource, path: Path, value: Any) -> Resource:
    changed = deepcopy(resource)
    holder = at(changed, path[:-1])
    if value is ABSENT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def read(resource: Resource) -> tuple[PatientFacts, list[DataIssue]]:
    someone = {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01"}
    sent = [resource] if resource["resourceType"] == "Patient" else [someone, resource]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in sent]}
    facts, issues = patient_facts(
        read_record(json.dumps(bundle).encode()), ReviewContext("patient-view", "p"), now=NOW
    )
    return facts, [issue for issue in issues if issue.element]


def wrong(value: Any) -> Iterator[Any]:
    """What is of another JSON type than the value, and the value in a list."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    for other in (*WRONG, [value]):
        same = type(other) is type(value) or (number and type(other) in (int, float))
        same = same or (
            isinstance(value, list) and isinstance(other, dict)
        )  # an object stands for a list of one
        if not same or (isinstance(value, list) and other == [value]):
            yield other


def root(issue: DataIssue) -> str:
    return issue.element.partition(".")[0].partition("[")[0]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_what_cannot_be_read_never_passes_for_what_is_not_there(sample: Resource) -> None:
    """For each element whose absence shows: in its place each other type of JSON gives other facts, or an issue that names it.

    Or it is read for what it says, so that nothing at all changes: a status in a list of one.
    """
    before, name, tried = read(sample), f"{sample['resourceType']}/{sample['id']}", 0
    for path in paths(sample):
        absent = read(with_(sample, path, ABSENT))
        if absent == before or path in WORDS:
            continue
        for value in wrong(at(sample, path)):
            facts, issues = read(with_(sample, path, value))
            named = any(issue.reference == name and root(issue) == path[0] for issue in issues)
            understood = (facts, issues) == before
            assert named or understood or facts != absent[0], (path, value)
            tried += 1
    assert tried


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_what_is_in_the_form_of_fhir_is_not_called_misshapen(sample: Resource) -> None:
    assert list(faults(sample)) == []


NOT_BOOLEAN = [1, 0, "yes", [True], {"value": True}, 1.0]


class TestFlags:
    """What denies a whole resource: read as set only when it is, and as unset only when it is that."""

    @pytest.mark.parametrize("flag", NOT_BOOLEAN)
    @pytest.mark.parametrize("element", ["notDone", "notPerformed"])
    def test_a_procedure_that_may_not_have_been_done_is_a_gap(self, element: str, flag: Any) -> None:
        facts, _ = read(procedure(**{element: flag}))
        assert facts.procedures.items == ()
        assert facts.procedures.gaps == (Gap("Procedure/1", "whether it is denied cannot be read"),)

    @pytest.mark.parametrize("flag", NOT_BOOLEAN)
    def test_a_service_that_may_not_be_wanted_is_a_gap(self, flag: Any) -> None:
        facts, _ = read({**SAMPLES["a service"], "doNotPerform": flag})
        assert facts.services.items == ()
        assert len(facts.services.gaps) == 1

    @pytest.mark.parametrize("flag", NOT_BOOLEAN)
    def test_a_medicine_that_may_not_be_given_counts_as_taken_and_not_for_certain(self, flag: Any) -> None:
        facts, issues = read(request(doNotPerform=flag))
        (found,) = facts.medications.items
        assert (found.status, found.status_certain) == ("current", False)
        assert [(issue.element, issue.reason) for issue in issues] == [
            ("doNotPerform", "whether it is denied cannot be read")
        ]

    @pytest.mark.parametrize("flag", NOT_BOOLEAN)
    def test_an_order_under_review_is_reviewed_as_one_to_give(self, flag: Any) -> None:
        """To read it as a stop would pass over what the order starts."""
        draft = {**request(doNotPerform=flag), "status": "draft"}
        orders = {"resourceType": "Bundle", "entry": [{"resource": draft}]}
        context = read_context(
            "order-sign",
            json.dumps({"userId": "Practitioner/1", "patientId": "p", "draftOrders": orders}).encode(),
        )
        record = read_record(json.dumps({"resourceType": "Patient", "id": "p"}).encode())
        facts, issues = patient_facts(record, context, now=NOW)
        assert [order.action for order in facts.orders] == ["start"]
        assert ("doNotPerform", "whether it is denied cannot be read") in {
            (issue.element, issue.reason) for issue in issues
        }

    @pytest.mark.parametrize("flag", NOT_BOOLEAN)
    @pytest.mark.parametrize("element", ["asNeededBoolean", "asNeeded"])
    def test_a_dosage_that_may_be_as_needed_has_only_an_upper_limit(self, element: str, flag: Any) -> None:
        facts, _ = read(request(dosageInstruction=[{**DOSAGE, element: flag}]))
        (found,) = facts.medications.items[0].dosages
        assert found.daily is not None
        assert found.daily.low == 0
        assert "whether it is given as needed cannot be read" in found.problems

    @pytest.mark.parametrize("extensions", ["x", 1, ["x"], [1], {"url": "http://x/notDone"}])
    def test_a_modifier_extension_that_cannot_be_read_is_not_passed_over(self, extensions: Any) -> None:
        facts, _ = read({**condition(), "modifierExtension": extensions})
        assert facts.conditions.items == ()
        assert len(facts.conditions.gaps) == 1

    def test_true_and_false_in_words_are_what_they_say(self) -> None:
        assert read(procedure(notDone="true"))[0].procedures.items == ()
        assert len(read(procedure(notDone="False"))[0].procedures.items) == 1


class TestStatuses:
    @pytest.mark.parametrize(
        "status", [1, True, 1.5, [1], [[]], {"unexpected": 1}, {"coding": "refuted"}, {"coding": 5}]
    )
    def test_one_that_cannot_be_read_may_deny_the_entry(self, status: Any) -> None:
        facts, issues = read(condition(verificationStatus=status))
        assert facts.conditions.items == ()
        assert len(facts.conditions.gaps) == 1
        assert "verificationStatus" in {issue.element for issue in issues}

    @pytest.mark.parametrize("status", [None, "", {}, [], {"extension": [{"url": "x"}]}])
    def test_one_that_is_left_out_as_fhir_allows_it_is_absent(self, status: Any) -> None:
        facts, issues = read(condition(verificationStatus=status))
        assert len(facts.conditions.items) == 1
        assert {issue.element for issue in issues} == {"clinicalStatus"}

    @pytest.mark.parametrize(
        ("element", "said"), [("taken", 1), ("taken", "perhaps"), ("adherence", {"code": {"text": "hm"}})]
    )
    def test_a_medicine_of_which_it_cannot_be_told_whether_it_is_taken_is_not_certain(
        self, element: str, said: Any
    ) -> None:
        facts, issues = read({**SAMPLES["a statement of a day"], element: said})
        assert [found.status_certain for found in facts.medications.items] == [False]
        assert element in {issue.element for issue in issues}


@pytest.mark.parametrize("comparator", [1, True, ["<"], {"value": "<"}])
def test_a_comparator_that_cannot_be_read_leaves_no_value(comparator: Any) -> None:
    """Over 60 is not 60."""
    value = {"value": 60, "unit": "mL/min", "comparator": comparator}
    facts, issues = read(observation(valueQuantity=value))
    (found,) = facts.observations.items
    assert found.value is None
    assert found.absent == "the value has a comparator that does not limit it"
    assert {issue.element for issue in issues} == {"value[x]", "valueQuantity.comparator"}


def test_an_issue_names_the_element_where_it_stands_and_nothing_of_what_is_there() -> None:
    order = request(dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"end": ["Zebrafinch"]}}}}])
    _, issues = read(order)
    path = "dosageInstruction[0].timing.repeat.boundsPeriod.end"
    assert DataIssue("MedicationRequest/1", path, "unreadable", NOT_READ) in issues
    assert not any("Zebrafinch" in issue.reason + issue.element for issue in issues)


def test_what_a_contained_device_is_is_known() -> None:
    facts, _ = read(SAMPLES["the use of a device"])
    assert [found.code.codings[0].code for found in facts.devices.items] == ["1"]


MODIFIER = [{"url": "urn:x:not-for-this-patient", "valueBoolean": True}]


class TestModifierExtensionsOfParts:
    """FHIR forbids to read an element as if its modifier extension were not there, in a part of a resource too."""

    def test_a_dosage_says_nothing_but_its_words(self) -> None:
        facts, issues = read(request(dosageInstruction=[{**DOSAGE, "modifierExtension": MODIFIER}, DOSAGE]))
        first, second = facts.medications.items[0].dosages
        assert (first.route, first.dose, first.text, first.problems) == (
            None,
            None,
            "once a day",
            (MODIFIED,),
        )
        assert second.dose is not None
        assert DataIssue("MedicationRequest/1", "dosageInstruction[0]", "unreadable", MODIFIED) in issues

    def test_a_component_is_a_gap_and_the_others_are_read(self) -> None:
        (component,) = SAMPLES["a value of components"]["component"]
        facts, _ = read(observation(component=[component, {**component, "modifierExtension": MODIFIER}]))
        assert (len(facts.observations.items), len(facts.observations.gaps)) == (1, 1)

    def test_an_allergy_with_such_a_reaction_is_a_gap(self) -> None:
        reaction = [{"substance": {"text": "nuts"}, "modifierExtension": MODIFIER}]
        facts, _ = read({**SAMPLES["an allergy"], "reaction": reaction})
        assert (len(facts.allergies.items), len(facts.allergies.gaps)) == (0, 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"modifierExtension": MODIFIER},
            {"ingredient": [{"itemCodeableConcept": {"text": "x"}, "modifierExtension": MODIFIER}]},
            {"status": "entered-in-error"},
        ],
        ids=["the medicine", "its ingredient", "entered in error"],
    )
    def test_a_medicine_that_is_named_is_neither_known_nor_denied(self, change: Resource) -> None:
        sample = deepcopy(SAMPLES["an order of a product"])
        sample["contained"][0] |= change
        facts, issues = read(sample)
        (found,) = facts.medications.items
        assert (found.product.codings, found.ingredients) == ((), ())
        assert [issue.element for issue in issues] == ["medication"]

    def test_a_device_that_is_in_use_is_a_gap(self) -> None:
        sample = deepcopy(SAMPLES["the use of a device"])
        sample["contained"][0]["modifierExtension"] = MODIFIER
        facts, _ = read(sample)
        assert (len(facts.devices.items), len(facts.devices.gaps)) == (0, 1)


@pytest.mark.parametrize("rules", ["https://site.example/rules", 5])
def test_a_resource_that_is_to_be_read_by_rules_of_its_own_is_not_read_without_them(rules: Any) -> None:
    facts, issues = read(condition(implicitRules=rules))
    assert (len(facts.conditions.items), len(facts.conditions.gaps)) == (0, 1)
    assert [issue.element for issue in issues] == ["implicitRules"]
    facts, _ = read(request(implicitRules=rules))
    assert [found.status_certain for found in facts.medications.items] == [False]


@pytest.mark.parametrize(
    ("status", "active"), [("active", [True]), ("inactive", [False]), ("entered-in-error", [])]
)
def test_a_device_in_use_is_as_active_as_it_says_itself(status: str, active: list[bool]) -> None:
    sample = deepcopy(SAMPLES["the use of a device"]) | {"status": "active"}
    sample["contained"][0]["status"] = status
    facts, issues = read(sample)
    assert [found.active for found in facts.devices.items] == active
    assert bool(issues) is (not active)
