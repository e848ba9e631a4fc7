"""Codes that no list has: an evaluation names those that count as nothing only for want of being listed, and few lines say it."""

from pathlib import Path
from typing import Any

import pytest

from engine.concept import CodeSystem
from engine.facts import ListName
from engine.record import Presumed
from fhir_adapters.issues import MOST_NAMED
from fhir_adapters.terminology.looked_up import NOT_LOOKED_UP, LookedUp
from fhir_adapters.terminology.presumed import presumed_issues
from tests.fhir_adapters.terminology.site import (
    ECL,
    JUVENILE,
    answers,
    asking,
    evaluation,
    outcome,
    pin,
    service,
)
from tests.fhir_adapters.terminology.stub import SNOMED, Stub

ICD = "http://hl7.org/fhir/sid/icd-10"
SYSTEMS = (
    CodeSystem("snomed", SNOMED, title="SNOMED CT"),
    CodeSystem("loinc", "http://loinc.org", title="LOINC"),
)


def unlisted(answer: dict[str, Any]) -> list[str]:
    """What the evaluation says of unlisted codes of problems."""
    return [
        each["reason"]
        for each in evaluation(answer).get("data_issues", ())
        if each["resource"] == "Condition" and "not in the lists" in each["reason"]
    ]


class TestAnAnswer:
    def test_without_a_server_names_a_code_that_no_list_has_and_the_card_has_a_line_on_it(
        self, rules: Path
    ) -> None:
        (answer,) = answers(service(rules), asking(JUVENILE))
        assert outcome(answer) == "not_met"
        assert unlisted(answer) == [
            "1 code of SNOMED CT is not in the lists that a rule looked in and was not checked against a hierarchy: "
            f"{JUVENILE} (Condition/c1)"
        ]
        (told,) = [card for card in answer["cards"] if JUVENILE in card["detail"]]
        assert "not checked" in told["summary"]
        assert "**Compared with short lists only**: 1 code of SNOMED CT" in told["detail"]

    def test_with_an_expansion_or_a_server_no_card_has_that_line(self, rules: Path, stub: Stub) -> None:
        """A site that has seen to it is not told so again."""
        found = answers(service(rules, stub.address), asking("38341003"))
        pin(rules, JUVENILE)
        found += answers(service(rules), asking("38341003"))
        assert not any("short lists" in card["detail"] for answer in found for card in answer["cards"])

    @pytest.mark.parametrize(
        ("code", "system"),
        [
            pytest.param("84757009", SNOMED, id="a code that a list has"),
            pytest.param("I10", ICD, id="a code of a system whose codes tell what is above them"),
            pytest.param(
                "EPI", "urn:oid:1.2.3.4", id="a code of a system that nobody knows: that is unknown"
            ),
        ],
    )
    def test_is_silent_about_what_is_known(self, rules: Path, code: str, system: str) -> None:
        (answer,) = answers(service(rules), asking(code, system))
        assert unlisted(answer) == []

    def test_is_silent_about_a_code_beside_one_that_denies_by_itself(self, rules: Path) -> None:
        body = asking(JUVENILE)
        coding = body["prefetch"]["conditions"]["entry"][0]["resource"]["code"]["coding"]
        coding.append({"system": ICD, "code": "I10"})
        (answer,) = answers(service(rules), body)
        assert unlisted(answer) == []

    def test_names_a_code_that_a_pin_does_not_hold_either(self, rules: Path) -> None:
        """A pin may have been cut short, and lacks what was retired: it adds, and takes no doubt away."""
        pin(rules, JUVENILE)
        (answer,) = answers(service(rules), asking("38341003"))
        assert ["38341003" in reason for reason in unlisted(answer)] == [True]

    @pytest.mark.usefixtures("_patient_service")
    def test_is_silent_where_a_server_has_said_no(self, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = [JUVENILE]
        (answer,) = answers(service(rules, stub.address), asking("38341003"))
        assert unlisted(answer) == []

    @pytest.mark.usefixtures("_patient_service")
    def test_names_a_code_that_the_server_does_not_know(self, rules: Path, stub: Stub) -> None:
        stub.unknown = frozenset({"38341003"})
        (answer,) = answers(service(rules, stub.address), asking("38341003"))
        assert unlisted(answer) == []
        told = [each["reason"] for each in evaluation(answer)["data_issues"] if each["resource"] == "request"]
        assert ["the terminology server does not know it" in reason for reason in told] == [True]

    @pytest.mark.usefixtures("_patient_service")
    def test_presumes_nothing_of_a_code_on_which_the_server_said_nothing(
        self, rules: Path, stub: Stub
    ) -> None:
        """It leaves the rules open, which says more."""
        stub.status = 503
        (answer,) = answers(service(rules, stub.address), asking("38341003"))
        assert outcome(answer) == "unknown"
        assert unlisted(answer) == []


def presumed(
    code: str, *references: str, system: str = SNOMED, of: ListName = ListName.CONDITIONS
) -> Presumed:
    return Presumed(of, system, code, frozenset({"epilepsy", "stroke"}), references or ("Condition/1",))


def told(*found: Presumed, looked_up: LookedUp = NOT_LOOKED_UP) -> list[tuple[str, str, str]]:
    return [
        (issue.reference, issue.element, issue.reason) for issue in presumed_issues(found, looked_up, SYSTEMS)
    ]


class TestIssues:
    def test_are_one_for_each_kind_of_resource_and_code_system(self) -> None:
        found = told(
            presumed("38341003", "Condition/1", "Condition/2", "Condition/3"),
            presumed("44054006", "Condition/4"),
            presumed("718-7", "Observation/1", system="http://loinc.org", of=ListName.OBSERVATIONS),
            presumed("1", "MedicationStatement/1", of=ListName.MEDICATIONS),
        )
        assert [(kind, element) for kind, element, _ in found] == [
            ("Condition", "code"),
            ("MedicationStatement", "medication"),
            ("Observation", "code"),
        ]
        assert found[0][2] == (
            "2 codes of SNOMED CT are not in the lists that a rule looked in and were not checked against a hierarchy: "
            "38341003 (Condition/1 and 2 more), 44054006 (Condition/4)"
        )
        assert "1 code of LOINC is" in found[2][2]

    def test_name_so_many_codes_and_count_the_others(self) -> None:
        ((_, _, reason),) = told(*(presumed(str(code)) for code in range(100, 100 + MOST_NAMED + 7)))
        assert reason.startswith(f"{MOST_NAMED + 7} codes")
        assert reason.endswith(", 7 more")
        assert reason.count("Condition/") == MOST_NAMED

    def test_repeat_nothing_that_may_be_words(self) -> None:
        ((_, _, reason),) = told(presumed("Jan Kowalski"), presumed("38341003"))
        assert reason.endswith(": 38341003 (Condition/1), 1 more")
        ((_, _, reason),) = told(presumed("Jan Kowalski"))
        assert reason.endswith(": not repeated here")

    def test_say_where_a_server_was_asked_for_some_of_the_concepts_only(self) -> None:
        some = LookedUp(answered=("38341003",), concepts=("epilepsy",))
        ((_, _, reason),) = told(presumed("38341003"), looked_up=some)
        assert "the terminology server was asked of the concepts with an expression only" in reason
        both = LookedUp(answered=("38341003",), concepts=("epilepsy", "stroke"))
        assert told(presumed("38341003"), looked_up=both) == []

    def test_leave_out_what_no_hierarchy_stands_over(self) -> None:
        assert told(presumed("1", "Encounter/1", of=ListName.ENCOUNTERS)) == []
