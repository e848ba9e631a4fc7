"""What becomes of orders of one session that replace, stop or follow each other."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from engine.concepts import CodedText, Coding
from engine.facts import Dosage, MedicationFact, OrderAction
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.medications import medication_fact
from fhir_adapters.mapping.switches import resolve_switches

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ATC, SNOMED, EDQM, UCUM = (
    "http://www.whocc.no/atc",
    "http://snomed.info/sct",
    "http://standardterms.edqm.eu",
    "http://unitsofmeasure.org",
)
BACLOFEN = {"coding": [{"system": ATC, "code": "M03BX01", "display": "baclofen"}]}
INTRATHECAL = {"coding": [{"system": SNOMED, "code": "72607000"}]}
SPASTICITY = {"coding": [{"system": SNOMED, "code": "397790002"}]}
CONDITION = {"resourceType": "Condition", "id": "s", "code": SPASTICITY}

# The first unit loads the unit libraries, which takes longer than Hypothesis allows one example.
untimed = settings(deadline=None)


def read(resource, known=None, **options) -> tuple[MedicationFact, list[tuple[str, str, str]]]:
    issues = DataIssues()
    fact = medication_fact(resource, (known or {}).get, issues, now=NOW, **options)
    assert fact is not None
    return fact, [(issue.element, issue.effect, issue.reason) for issue in issues]


def request(**members):
    return {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": BACLOFEN,
        **members,
    }


class TestSwitches:
    def order(self, name, action, route="72607000", system=SNOMED, **members) -> MedicationFact:
        given_by = CodedText((Coding(system, route),)) if route else None
        return MedicationFact(
            reference=name,
            product=CodedText((Coding(ATC, "M03BX01"),)),
            dosages=(Dosage(route=given_by),),
            draft=True,
            action=action,
            **members,
        )

    def actions(self, *orders: MedicationFact) -> list[str]:
        return [order.action.value for order in resolve_switches(orders)]

    def test_a_stop_with_a_successor_by_the_same_route_is_a_change(self):
        """DC-01: a switch is not a stop."""
        stop, start = self.order("a", OrderAction.STOP), self.order("b", OrderAction.START)
        switched = resolve_switches([stop, start])
        assert [order.action for order in switched] == [OrderAction.CHANGE, OrderAction.CHANGE]
        assert switched[1].replaces == "a"

    def test_the_order_that_takes_over_is_reviewed_and_the_one_that_ends_is_not(self):
        stop, start = self.order("a", OrderAction.STOP), self.order("b", OrderAction.START)
        assert [order.selected for order in resolve_switches([stop, start])] == [False, True]
        unselected = replace(start, selected=False)
        assert [order.selected for order in resolve_switches([stop, unselected])] == [True, False]

    def test_an_order_of_another_substance_takes_nothing_over_even_where_it_says_so(self):
        """DC-01: to replace baclofen in the pump by something else stops baclofen."""
        stop = self.order("a", OrderAction.STOP)
        for route in ("72607000", None):
            other = replace(
                self.order("b", OrderAction.START, route=route, replaces="a"),
                product=CodedText((Coding(ATC, "N02BG08"),)),
            )
            assert self.actions(stop, other) == ["stop", "start"]

    def test_codes_of_products_may_differ_in_a_switch_that_is_linked(self):
        rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
        old, new = (CodedText((Coding(rxnorm, code),)) for code in ("308517", "308518"))
        stop = replace(self.order("a", OrderAction.STOP), product=old)
        start = replace(self.order("b", OrderAction.START, replaces="a"), product=new)
        assert self.actions(stop, start) == ["change", "change"]

    def test_the_order_of_the_two_does_not_matter(self):
        assert self.actions(self.order("b", OrderAction.START), self.order("a", OrderAction.STOP)) == [
            "change",
            "change",
        ]

    def test_tablets_are_no_successor_of_the_pump(self):
        stop, start = self.order("a", OrderAction.STOP), self.order("b", OrderAction.START, route="26643006")
        assert self.actions(stop, start) == ["stop", "start"]
        assert self.actions(stop, replace(start, replaces="a")) == ["stop", "start"]

    @pytest.mark.parametrize("route", [{"route": None}, {"route": "20042000", "system": EDQM}])
    def test_without_a_comparable_route_only_a_link_makes_a_successor(self, route):
        stop, start = self.order("a", OrderAction.STOP), self.order("b", OrderAction.START, **route)
        assert self.actions(stop, start) == ["stop", "start"]
        assert self.actions(stop, replace(start, replaces="a")) == ["change", "change"]

    def test_both_may_name_the_therapy_before(self):
        stop = self.order("a", OrderAction.STOP, route=None, replaces="MedicationRequest/0")
        start = self.order("b", OrderAction.CHANGE, replaces="MedicationRequest/0")
        assert self.actions(stop, start) == ["change", "change"]

    def test_another_substance_is_no_successor(self):
        other = replace(self.order("b", OrderAction.START), product=CodedText((Coding(ATC, "N02AA01"),)))
        assert self.actions(self.order("a", OrderAction.STOP), other) == ["stop", "start"]

    def test_two_stops_do_not_succeed_each_other(self):
        assert self.actions(self.order("a", OrderAction.STOP), self.order("b", OrderAction.STOP)) == [
            "stop",
            "stop",
        ]

    def test_medicines_without_codes_are_not_the_same(self):
        stop, start = (
            replace(self.order(name, action), product=CodedText(text="baclofen"))
            for name, action in (("a", OrderAction.STOP), ("b", OrderAction.START))
        )
        assert self.actions(stop, start) == ["stop", "start"]
