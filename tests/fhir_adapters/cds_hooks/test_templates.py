"""Prefetch templates: derived from the rules, and valid in CDS Hooks 2.0.1.

`problems_of` is a linter for any template; it is shown to work on a list of bad ones, and finds nothing in ours.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_rules
from engine.concept import CodeSystem, Concept, ConceptCode
from engine.concepts import CodedText, ConceptLibrary
from engine.evaluation import Engine
from engine.facts import ListName, MedicationFact, PatientFacts
from engine.language import NOUNS
from engine.medicine import Medicine
from engine.rule import Hook, Rule, SharedFinding
from engine.ruleset import RuleSet
from fhir_adapters.cds_hooks.templates import LISTS_OF_NOUN, templates_of

CONTEXT_TOKENS = {
    Hook.ORDER_SELECT: {"userId", "patientId", "encounterId"},
    Hook.ORDER_SIGN: {"userId", "patientId", "encounterId"},
    Hook.PATIENT_VIEW: {"userId", "patientId", "encounterId"},
    Hook.ENCOUNTER_START: {"userId", "patientId", "encounterId"},
    Hook.ENCOUNTER_DISCHARGE: {"userId", "patientId", "encounterId"},
    Hook.MEDICATION_REFILL: {"userId", "patientId", "encounterId"},
    Hook.APPOINTMENT_BOOK: {"userId", "patientId", "encounterId"},
    Hook.ORDER_DISPATCH: {"patientId", "dispatchedOrders", "performer"},
    Hook.PROBLEM_LIST_ITEM_CREATE: {"userId", "patientId", "encounterId"},
    Hook.ALLERGYINTOLERANCE_CREATE: {"userId", "patientId", "encounterId"},
}
USER_TOKENS = {"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"}
READ = re.compile(r"[A-Z][A-Za-z]+/\{\{[^{}]+\}\}")
SEARCH = re.compile(r"[A-Z][A-Za-z]+\?[a-z-]+(:in)?=[^&]+(&[_a-z-]+(:in)?=[^&]+)*")


def problems_of(query: str, hook: Hook) -> Iterator[str]:
    tokens = re.findall(r"\{\{(.*?)\}\}", query)
    if re.search(r"[{}]", re.sub(r"\{\{.*?\}\}", "", query)):
        yield "CH-060 a token is not between {{ and }}"
    for token in tokens:
        if token not in USER_TOKENS and not re.fullmatch(r"context\.[A-Za-z]+", token):
            yield f"CH-061 {token} is not a token of 2.0.1"
        elif token not in USER_TOKENS and token.removeprefix("context.") not in CONTEXT_TOKENS[hook]:
            yield f"CH-062 {hook} has no token {token}"
    if query == "{{context.userId}}":
        return
    if re.search(r"[A-Z][A-Za-z]+/\{\{context\.userId\}\}|=\{\{context\.userId\}\}", query):
        yield "CH-065 context.userId is Type/id already"
    if not READ.fullmatch(query) and not SEARCH.fullmatch(query):
        yield "CH-064 this is neither a read nor a plain search"
    parameters = [pair.partition("=") for pair in query.partition("?")[2].split("&")]
    for name, _, value in parameters:
        if (
            name in ("_include", "_revinclude", "_has")
            or "." in name
            or (":" in name and not name.endswith(":in"))
        ):
            yield f"CH-064 {name} is not in the restricted set"
        if re.match(r"(ne|sa|eb)\d", value):
            yield "CH-064 only eq, lt, gt, ge and le compare dates"
        if re.search(r"\d{4}-\d{2}-\d{2}", value):
            yield "CH-066 a date goes stale in the client's copy"


@pytest.mark.parametrize(
    ("row", "query"),
    [
        ("CH-060", "Patient/{context.patientId}"),
        ("CH-061", "Condition?date=gt{{today() - 90 days}}"),
        ("CH-061", "Medication/{{context.draftOrders.MedicationRequest.id}}"),
        ("CH-061", "{{%patient.id}}"),
        ("CH-062", "MedicationRequest?_id={{context.selections}}"),
        ("CH-062", "MedicationRequest?_id={{context.draftOrders}}"),
        ("CH-064", "Condition?subject.name=x"),
        ("CH-064", "Condition?patient={{context.patientId}}&_include=Condition:encounter"),
        ("CH-064", "Condition?patient={{context.patientId}}&code:text=x"),
        ("CH-064", "Observation?patient={{context.patientId}}&sort:desc=date"),
        ("CH-064", "Patient/{{context.patientId}}/$everything"),
        ("CH-065", "Practitioner/{{context.userId}}"),
        ("CH-066", "Observation?patient={{context.patientId}}&date=ge2026-01-01"),
    ],
)
def test_ch_060_to_066_the_linter_finds_what_is_not_valid(row: str, query: str) -> None:
    assert any(problem.startswith(row) for problem in problems_of(query, Hook.ORDER_SIGN))


CONCEPTS = ConceptLibrary(
    concepts={
        concept.id: concept
        for concept in (
            Concept("epilepsy", "epilepsy"),
            Concept("surgery", "an operation"),
            Concept("baclofen", "baclofen"),
            Concept("intrathecal", "the intrathecal route"),
            Concept("pump", "a pump"),
            Concept("lab-egfr", "eGFR", (ConceptCode("loinc", "98979-8"), ConceptCode("local", "GFR"))),
            Concept("lab-creatinine", "creatinine", (ConceptCode("loinc", "2160-0"),)),
            Concept("vital-height", "height", (ConceptCode("loinc", "8302-2"),)),
            Concept("vital-weight", "weight", (ConceptCode("loinc", "29463-7"),)),
            Concept("pregnancy-status", "pregnancy status", (ConceptCode("loinc", "82810-3"),)),
            Concept("breastfeeding-status", "breastfeeding", (ConceptCode("loinc", "63895-7"),)),
        )
    },
    systems={"loinc": CodeSystem("loinc", "http://loinc.org"), "local": CodeSystem("local", "urn:x:local")},
    medicines={
        "it": Medicine(
            "it", "intrathecal baclofen", "baclofen", "intrathecal", device="pump", presence="surgery"
        ),
        "oral": Medicine("oral", "oral baclofen", "baclofen", "intrathecal"),
    },
)
NO_RULES = RuleSet((), {})


def rule(when: dict[str, Any] | None = None, **members: Any) -> Rule:
    return Rule.model_validate(
        {
            "id": "it.a",
            "title": "A",
            "kind": "warning",
            "status": "active",
            "version": "1.0.0",
            "hooks": ["order-sign"],
            "medicine": "it",
            "when": when,
            "card": {"indicator": "info", "summary": "A"},
            "sources": [{"statement": "WP-01"}],
            "review": {"state": "unreviewed", "next": "2027-01-01"},
        }
        | members
    )


def queries(*rules: Rule, rule_set: RuleSet = NO_RULES) -> dict[str, str]:
    return {template.key: template.query for template in templates_of(rules, rule_set, CONCEPTS)}


@pytest.mark.parametrize(
    ("system", "code", "token"),
    [
        ("urn:oid:1.2.3", "KREA", "urn:oid:1.2.3|KREA"),
        ("1.2.3", "KREA", "urn:oid:1.2.3|KREA"),
        ("https://lab.example/codes", "Krea,S|mg $1 {{x}}&y", "https://lab.example/codes|Krea%5C%2CS%5C%7Cmg%20%5C%241%20%7B%7Bx%7D%7D%26y"),
    ],
)  # fmt: skip
def test_measurements_are_asked_for_by_the_codes_of_the_site_too(system: str, code: str, token: str) -> None:
    own = replace(
        CONCEPTS, local_codes={(system, code): frozenset({"lab-egfr"}), ("x", "y"): frozenset({"pump"})}
    )
    asking = rule({"lab": "lab-egfr", "below": "60 mL/min/{1.73_m2}", "within": "12 months"})
    (query,) = [each.query for each in templates_of((asking,), NO_RULES, own) if each.key == "labs"]
    codes = f"http://loinc.org|98979-8,{token}"
    assert query == f"Observation?patient={{{{context.patientId}}}}&code={codes}&_sort=-date&_count=100"


def test_a_rule_without_conditions_asks_for_the_patient_only() -> None:
    assert queries(rule()) == {"patient": "Patient/{{context.patientId}}"}


@pytest.mark.parametrize(
    ("when", "key", "query"),
    [
        ({"condition": "epilepsy"}, "conditions", "Condition?patient={{context.patientId}}"),
        ({"allergy": "baclofen"}, "allergies", "AllergyIntolerance?patient={{context.patientId}}"),
        (
            {"medication": "baclofen"},
            "medicationRequests",
            "MedicationRequest?patient={{context.patientId}}&status=active,on-hold,unknown",
        ),
        (
            {"medication": "baclofen"},
            "medicationStatements",
            "MedicationStatement?patient={{context.patientId}}",
        ),
        (
            {"medication": "baclofen", "status": "ever"},
            "medicationRequests",
            "MedicationRequest?patient={{context.patientId}}"
            "&status=active,on-hold,unknown,completed,stopped,cancelled",
        ),
        (
            {"lab": "lab-egfr", "below": "60 mL/min/{1.73_m2}", "within": "12 months"},
            "labs",
            "Observation?patient={{context.patientId}}&code=http://loinc.org|98979-8&_sort=-date&_count=100",
        ),
        (
            {"vital": "vital-height", "below": "100 cm", "within": "1 month"},
            "vitals",
            "Observation?patient={{context.patientId}}&code=http://loinc.org|8302-2&_sort=-date&_count=100",
        ),
        (
            {"pregnancy": "current"},
            "pregnancy",
            "Observation?patient={{context.patientId}}&code=http://loinc.org|82810-3&_sort=-date&_count=100",
        ),
        (
            {"lactation": "current"},
            "pregnancy",
            "Observation?patient={{context.patientId}}&code=http://loinc.org|63895-7&_sort=-date&_count=100",
        ),
        ({"procedure": "surgery"}, "procedures", "Procedure?patient={{context.patientId}}"),
        ({"device": "pump"}, "devices", "Device?patient={{context.patientId}}"),
        (
            {"appointment": "surgery", "state": "missed"},
            "appointments",
            "Appointment?patient={{context.patientId}}",
        ),
        ({"encounter": "surgery"}, "encounter", "Encounter/{{context.encounterId}}"),
        (
            {"encounter": "surgery", "state": "finished", "within": "1 month"},
            "encounters",
            "Encounter?patient={{context.patientId}}&_sort=-date&_count=100",
        ),
        (
            {"service": "surgery"},
            "services",
            "ServiceRequest?patient={{context.patientId}}&status=active,on-hold",
        ),
        ({"specialty": "surgery"}, "userRoles", "PractitionerRole?practitioner={{userPractitionerId}}"),
        (
            {"supply": {"empty_within": "1 week"}},
            "medicationDispenses",
            "MedicationDispense?patient={{context.patientId}}&_sort=-whenhandedover&_count=100",
        ),
    ],
)
def test_ch_068_a_noun_asks_for_its_list(when: dict[str, Any], key: str, query: str) -> None:
    found = queries(rule(when))
    assert found[key] == query
    assert [problem for text in found.values() for problem in problems_of(text, Hook.ORDER_SIGN)] == []


def test_an_estimate_asks_for_creatinine_and_height_too() -> None:
    when = {
        "lab": "lab-egfr",
        "below": "60 mL/min/{1.73_m2}",
        "within": "1 year",
        "estimate": "creatinine",
    }
    found = queries(rule(when))
    assert "code=http://loinc.org|2160-0,http://loinc.org|98979-8&" in found["labs"]
    assert "code=http://loinc.org|8302-2&" in found["vitals"]


def test_an_estimated_clearance_asks_for_creatinine_and_weight_and_the_patient() -> None:
    clearance = {"lab": "lab-egfr", "within": "1 year", "estimate": "creatinine-and-weight"}
    found = queries(rule(clearance))
    assert "code=http://loinc.org|2160-0,http://loinc.org|98979-8&" in found["labs"]
    assert "code=http://loinc.org|29463-7&" in found["vitals"]
    assert found["patient"] == "Patient/{{context.patientId}}"
    both = queries(rule({"all": [clearance, clearance | {"estimate": "creatinine"}]}))
    assert "code=http://loinc.org|29463-7,http://loinc.org|8302-2&" in both["vitals"]


def test_conditions_are_found_in_groups_exceptions_variants_and_shared_findings() -> None:
    shared = SharedFinding.model_validate({"id": "shared", "title": "S", "when": {"device": "pump"}})
    nested = rule(
        {
            "all": [
                {"any": [{"condition": "epilepsy"}, {"finding": "shared"}]},
                {"none": [{"allergy": "baclofen"}]},
            ]
        },
        unless={"at_least": 1, "of": [{"procedure": "surgery"}, {"sex": ["male"]}]},
        card={
            "indicator": "info",
            "summary": "A",
            "variants": [{"when": {"service": "surgery"}, "summary": "B"}],
        },
    )
    keys = set(queries(nested, rule_set=RuleSet((nested,), {}, {"shared": shared})))
    assert keys == {"patient", "conditions", "devices", "allergies", "procedures", "services"}


def test_a_rule_brought_up_by_therapy_asks_where_therapy_shows() -> None:
    keys = set(queries(rule(brought_up_by=["therapy"])))
    therapy = {"medicationRequests", "medicationStatements", "medicationAdministrations"}
    assert keys == {"patient", "conditions", "devices", "procedures"} | therapy
    assert set(queries(rule(brought_up_by=["stop"], medicine="oral"))) == {"patient"} | therapy


@pytest.mark.parametrize(
    "when",
    [
        {"condition": "epilepsy", "since": "therapy-start"},
        {"dose": {"of": "day", "rise_above": 20}},
        {"dose": {"of": "day", "fall_above": 20}},
        {"dose": {"of": "day", "above_test_dose": {"times": 2, "largest": "100 ug"}}},
        {"therapy": {"status": "current"}},
    ],
)
def test_a_condition_that_compares_with_therapy_asks_where_therapy_shows(when: dict[str, Any]) -> None:
    assert {"medicationRequests", "medicationStatements", "devices"} <= set(queries(rule(when)))


@pytest.mark.parametrize(
    "members",
    [
        {"brought_up_by": ["ended"]},
        {"when": {"condition": "epilepsy", "since": "therapy-start"}},
        {"when": {"therapy": {"status": "current", "longer_than": "12 months"}}},
        {"when": {"therapy": {"status": "current", "rise_above": 50, "over": "6 months"}}},
    ],
)
def test_how_long_therapy_has_run_past_entries_tell(members: dict[str, Any]) -> None:
    assert "stopped" in queries(rule(**members))["medicationRequests"]
    assert "stopped" not in queries(rule(brought_up_by=["therapy"]))["medicationRequests"]


def test_a_test_dose_is_looked_for_where_it_was_given() -> None:
    first = {"dose": {"of": "day", "above_test_dose": {"times": 2, "largest": "100 ug"}}}
    assert "medicationAdministrations" in queries(rule(first))


@pytest.mark.parametrize("change", ["rise_above", "fall_above"])
def test_that_a_pump_runs_is_looked_for_where_it_is_given(change: str) -> None:
    assert "medicationAdministrations" in queries(rule({"dose": {"of": "day", change: 20}}))


def test_administrations_only_add_evidence() -> None:
    templates = templates_of([rule(brought_up_by=["therapy"])], NO_RULES, CONCEPTS)
    lists = {template.key: template.lists for template in templates}
    assert lists["medicationAdministrations"] == frozenset()
    assert lists["medicationRequests"] == {ListName.MEDICATIONS}


def test_nouns_are_those_of_the_language() -> None:
    assert set(LISTS_OF_NOUN) <= set(NOUNS)


@pytest.fixture(scope="module")
def shipped() -> Loaded:
    return load_rules()


@pytest.mark.parametrize("hook", list(Hook))
def test_ch_060_to_069_the_templates_of_the_shipped_rules_are_valid(hook: Hook, shipped: Loaded) -> None:
    templates = templates_of(shipped.rules.active(hook), shipped.rules, shipped.concepts)
    assert [problem for template in templates for problem in problems_of(template.query, hook)] == []
    assert all(re.fullmatch("[A-Za-z]+", template.key) for template in templates)


def test_ch_080_whatever_an_evaluation_misses_was_asked_for(shipped: Loaded) -> None:
    engine = Engine(shipped.rules, shipped.concepts)
    order = MedicationFact("MedicationRequest/1", CodedText(), draft=True)
    for hook in {hook for rule in shipped.rules.active() for hook in rule.hooks}:
        templates = templates_of(shipped.rules.active(hook), shipped.rules, shipped.concepts)
        asked = frozenset[ListName]().union(*(template.lists for template in templates))
        facts = PatientFacts(now=datetime(2026, 5, 1, tzinfo=UTC), hook=hook.value, orders=(order,))
        missed = {
            gap.list for outcome in engine.evaluate(facts).outcomes for gap in outcome.missing if gap.list
        }
        assert missed <= asked
