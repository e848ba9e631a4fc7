"""The line on codes of SNOMED CT that count as nothing for want of being listed, and the card that is there for it alone."""

from dataclasses import replace
from typing import Any

import pytest

from engine.cards import Card, cards_of
from engine.concepts import CodedText, Coding
from engine.facts import ListName, PatientFacts
from engine.grammars import SNOMED
from engine.record import Presumed
from engine.rule import Indicator
from engine.short_lists import told_of_short_lists
from tests.engine.builders import device, diagnosis, evaluate, order, patient, pump, rule, rule_set

JUVENILE = CodedText((Coding(SNOMED, "6204001", "Juvenile absence epilepsy"),))
EPILEPSY = rule(
    "epilepsy", when={"condition": "epilepsy"}, hooks=["order-sign", "order-select", "patient-view"]
)
KIDNEY = rule("kidney", when={"lab": "egfr", "below": "60 mL/min/1.73m2", "within": "1 year"})


def told(facts: PatientFacts, *rules: Any, alone: bool = True, presumed: Any = None) -> tuple[Card, ...]:
    evaluation = evaluate(facts, *rules)
    found = evaluation.presumed if presumed is None else presumed
    return told_of_short_lists(
        cards_of(evaluation, rule_set(rules)), evaluation, rule_set(rules), found, alone
    )


def presumed(code: str, label: str = "", system: str = SNOMED) -> Presumed:
    return Presumed(ListName.CONDITIONS, system, code, frozenset({"epilepsy"}), ("Condition/1",), label)


def test_an_order_that_leaves_nothing_else_unchecked_gets_a_card_that_says_just_this() -> None:
    facts = patient(orders=[order(reference="MedicationRequest/o1")], conditions=[diagnosis(JUVENILE)])
    (card,) = told(facts, EPILEPSY)
    assert (card.tier, card.indicator, card.order) == ("unchecked", Indicator.INFO, "MedicationRequest/o1")
    assert "compared with short lists only" in card.summary
    assert "1 code of SNOMED CT (“Juvenile absence epilepsy”)" in card.detail
    assert card.rules == ()


def test_the_card_of_what_could_not_be_checked_gets_the_line_and_no_other_card_comes() -> None:
    facts = patient(orders=[order()], conditions=[diagnosis(JUVENILE)])
    (card,) = told(facts, EPILEPSY, KIDNEY)
    assert card.rules == ("itb.kidney",)
    assert card.detail.startswith("Order:")
    assert "**Compared with short lists only**" in card.detail


def test_other_cards_stay_as_they_are() -> None:
    facts = patient(orders=[order()], conditions=[diagnosis(), diagnosis(JUVENILE, "Condition/2")])
    first, second = told(facts, EPILEPSY)
    assert first.rules == ("itb.epilepsy",)
    assert "short lists" not in first.detail
    assert second.rules == ()


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(patient(hook="patient-view", devices=[device()], medications=[pump()]), id="a record"),
        pytest.param(patient(hook="order-select", orders=[order()]), id="an order that is being written"),
        pytest.param(patient(orders=[order("opioids", "oral")], medications=[pump()]), id="another medicine"),
    ],
)
def test_nothing_but_an_order_of_the_medicine_about_to_be_signed_gets_a_card_of_its_own(
    facts: PatientFacts,
) -> None:
    asking = rule(
        "epilepsy",
        when={"condition": "epilepsy"},
        hooks=["order-sign", "order-select", "patient-view"],
        brought_up_by=["order", "record"],
    )
    facts = replace(facts, conditions=patient(conditions=[diagnosis(JUVENILE)]).conditions)
    assert told(facts, asking, presumed=[presumed("6204001")]) == ()


def test_nor_does_one_that_the_caller_has_shown_before() -> None:
    facts = patient(orders=[order()], conditions=[diagnosis(JUVENILE)])
    assert told(facts, EPILEPSY, alone=False) == ()


def test_a_code_beside_which_the_entry_has_one_of_icd_is_no_part_of_it() -> None:
    """Also for a concept without codes of ICD, which that one does not deny: it tells what the entry is."""
    facts = patient(orders=[order()])
    assert told(facts, EPILEPSY, presumed=[replace(presumed("44054006"), alone=False)]) == ()


def test_two_orders_get_a_card_each() -> None:
    orders = [order(reference="MedicationRequest/o1"), order(reference="MedicationRequest/o2")]
    cards = told(patient(orders=orders, conditions=[diagnosis(JUVENILE)]), EPILEPSY)
    assert [card.order for card in cards] == ["MedicationRequest/o1", "MedicationRequest/o2"]


def test_nothing_is_said_where_nothing_is_presumed_or_only_in_another_system() -> None:
    facts = patient(orders=[order()])
    assert told(facts, EPILEPSY) == ()
    assert told(facts, EPILEPSY, presumed=[presumed("8867-4", system="http://loinc.org")]) == ()


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([""], "1 code of SNOMED CT. No list of the rules has it, so it counts"),
        (["", ""], "2 codes of SNOMED CT. No list of the rules has them, so they count"),
        (["Gout", "", "Acne"], "3 codes of SNOMED CT (“Gout”, “Acne”, 1 more)."),
        (["a", "b", "c", "d", "d"], "5 codes of SNOMED CT (“a”, “b”, “c”, 2 more)."),
        (["Gout *severe*"], r"(“Gout \*severe\*”)"),
        (["x" * 80], f"(“{'x' * 59}…”)"),
    ],
)
def test_the_line_names_the_first_few_and_counts_the_others(labels: list[str], said: str) -> None:
    found = [presumed(str(number), label) for number, label in enumerate(labels)]
    (card,) = told(patient(orders=[order()]), EPILEPSY, presumed=found)
    assert said in card.detail


def test_a_code_has_the_name_that_stands_beside_it_or_that_of_its_entry() -> None:
    bare = CodedText((Coding(SNOMED, "44054006"),), "Diabetes")
    other = CodedText((Coding(SNOMED, "6204001", "Absence epilepsy"),))
    entries = [diagnosis(JUVENILE), diagnosis(other, "Condition/2"), diagnosis(bare, "Condition/3")]
    found = evaluate(patient(orders=[order()], conditions=entries), EPILEPSY).presumed
    assert [(each.code, each.label) for each in found] == [
        ("44054006", "Diabetes"),
        ("6204001", "Absence epilepsy"),
    ]
