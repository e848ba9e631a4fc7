"""Conditions on what else is being ordered in the same session."""

from dataclasses import replace
from typing import Any

import pytest

from engine.facts import Gap, MedicationFact, OrderAction
from engine.finding import Finding, Truth
from tests.engine.builders import (
    coded,
    look,
    medicine,
    order,
    patient,
    reasons,
)

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
OPIOIDS, OWN = {"medication": "opioids"}, order()
MORPHINE = replace(coded("opioids"), text="Morphine")


def beside(
    condition: dict[str, Any], *record: MedicationFact, orders: tuple[MedicationFact, ...] = ()
) -> Finding:
    """What a condition comes to where the rule's own medicine is being ordered."""
    return look(condition, patient(medications=record, orders=(OWN, *orders)))


class TestOtherOrders:
    def other(self, what: Any = MORPHINE, **more: Any) -> MedicationFact:
        return order(what, **({"route": "oral", "reference": "MedicationRequest/other"} | more))

    def test_it_is_another_order_of_the_session(self) -> None:
        condition = {"order": "opioids"}
        assert beside(condition, orders=(self.other(),)).truth is MET
        assert beside(condition, medicine(MORPHINE)).truth is NOT_MET
        assert beside({"order": "any"}).truth is NOT_MET
        assert beside({"order": "any"}, orders=(self.other(),)).truth is MET

    ACTIONS = tuple(action for action in OrderAction if action is not OrderAction.UNKNOWN)

    @pytest.mark.parametrize("action", ACTIONS)
    def test_it_may_have_to_do_something(self, action: OrderAction) -> None:
        for asked in self.ACTIONS:
            finding = beside({"order": "opioids", "action": asked.value}, orders=(self.other(action=action),))
            assert finding.truth is (MET if asked is action else NOT_MET)

    @pytest.mark.parametrize("asked", ACTIONS)
    def test_one_whose_status_cannot_be_read_may_do_anything(self, asked: OrderAction) -> None:
        unread = self.other(action=OrderAction.UNKNOWN)
        finding = beside({"order": "opioids", "action": asked.value}, orders=(unread,))
        assert finding.truth is UNKNOWN
        assert reasons(finding) == ["its status cannot be read"]
        other = beside({"order": "relaxants", "action": asked.value}, orders=(unread,))
        assert other.truth is NOT_MET  # it is none of these, whatever it does
        assert beside({"order": "opioids"}, orders=(unread,)).truth is MET

    def test_route_and_exclusion(self) -> None:
        spinal = self.other(route="intrathecal")
        condition = {"order": "any", "route": "intrathecal"}
        assert beside(condition, orders=(spinal,)).truth is MET
        assert beside(condition | {"excluding": ["opioids"]}, orders=(spinal,)).truth is NOT_MET
        assert beside(condition, orders=(self.other(),)).truth is NOT_MET

    def test_the_same_group(self) -> None:
        grouped = order(group="g1")
        condition = {"order": "opioids", "same_group": True}

        def together(own: MedicationFact, group: str | None) -> Truth:
            return look(condition, patient(orders=[own, self.other(group=group)])).truth

        assert together(grouped, "g1") is MET
        assert together(grouped, "g2") is NOT_MET
        assert together(OWN, None) is NOT_MET

    def test_without_an_order_to_stand_beside_no_group_is_the_same(self) -> None:
        facts = patient(
            order_gaps=(Gap("MedicationRequest/9", "no medicine"),), orders=[self.other(group="g1")]
        )
        assert look({"order": "opioids", "same_group": True}, facts).truth is UNKNOWN
        assert look({"order": "opioids"}, facts).truth is MET
