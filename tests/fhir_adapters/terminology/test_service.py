"""A service beside a terminology server: what the server may add, and that it can neither take away nor hold up anything.

The rows are those of ``../shared/leaflet/terminology.md``, section 4.8.
"""

import asyncio
import json
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from fhir_adapters.settings import Settings
from tests.fhir_adapters.terminology.site import (
    DEAD,
    ECL,
    JUVENILE,
    answers,
    asking,
    evaluation,
    issues,
    outcome,
    pin,
    service,
    without_uuids,
)
from tests.fhir_adapters.terminology.stub import SNOMED, VERSION, Stub

OPEN = {"baclofen-it.epilepsy"}
"""What asks for epilepsy, which is the one concept with an expression."""


@pytest.mark.usefixtures("_patient_service")
class TestWhatAServerAdds:
    def test_without_a_server_a_descendant_is_not_known(self, rules: Path) -> None:
        (answer,) = answers(service(rules), asking(JUVENILE))
        assert outcome(answer) == "not_met"
        assert "terminology" not in evaluation(answer)

    def test_a_pinned_descendant_brings_the_card_up_and_the_answer_names_the_expansion(
        self, rules: Path
    ) -> None:
        pinned = pin(rules, JUVENILE)
        answer, health = answers(service(rules), asking(JUVENILE), path="/health/ready")
        assert outcome(answer) == "met"
        (source,) = evaluation(answer)["terminology"]["expansions"]
        assert (source["server"], source["version"], source["concepts"]) == (
            "https://tx.example/r4",
            VERSION,
            1,
        )
        assert health["terminology"] == {
            "expansions": [
                {
                    "concept": "epilepsy",
                    "codes": 1,
                    "server": "https://tx.example/r4",
                    "version": VERSION,
                    "identifier": "urn:1",
                    "date": "2026-05-01",
                    "sha256": pinned.sha256,
                }
            ],
            "server": None,
        }

    def test_a_descendant_that_is_looked_up_brings_the_card_up_and_the_answer_names_the_code(
        self, rules: Path, stub: Stub
    ) -> None:
        stub.members[ECL] = [JUVENILE]
        answer, health = answers(service(rules, stub.address), asking(JUVENILE), path="/health/ready")
        assert outcome(answer) == "met"
        assert evaluation(answer)["terminology"] == {
            "looked_up": [{"concept": "epilepsy", "system": SNOMED, "code": JUVENILE}]
        }
        assert health["terminology"]["server"] == {"address": stub.address, "state": "ok"}
        assert issues(answer) == []

    def test_the_system_may_be_written_as_an_oid(self, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = [JUVENILE]
        (answer,) = answers(service(rules, stub.address), asking(JUVENILE, "urn:oid:2.16.840.1.113883.6.96"))
        assert outcome(answer) == "met"

    def test_a_code_is_asked_about_once_whatever_the_answer(self, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = [JUVENILE]
        body, other = asking(JUVENILE), asking("38341003")
        found = answers(service(rules, stub.address), body, body, other, other, body)
        assert list(map(outcome, found)) == ["met", "met", "not_met", "not_met", "met"]
        assert len(stub.asked) == 2
        assert stub.codes_asked == ["38341003"]

    def test_a_code_below_a_member_counts_for_one_request_as_for_the_next_and_for_no_other(
        self, rules: Path, stub: Stub
    ) -> None:
        stub.members[ECL] = [JUVENILE]
        met, other = answers(service(rules, stub.address), asking(JUVENILE), asking("38341003"))
        assert "looked_up" in evaluation(met)["terminology"]
        assert "terminology" not in evaluation(other)


@pytest.mark.usefixtures("_patient_service")
class TestWhatAServerCannotTakeAway:
    @pytest.mark.parametrize(
        ("code", "system"), [("84757009", SNOMED), ("G40.3", "http://hl7.org/fhir/sid/icd-10")]
    )
    def test_a_no_to_a_code_of_the_rules_changes_nothing_and_is_not_even_asked_for(
        self, rules: Path, stub: Stub, code: str, system: str
    ) -> None:
        """The server counts nothing to epilepsy; the rules do."""
        (answer,) = answers(service(rules, stub.address), asking(code, system))
        assert outcome(answer) == "met"
        assert stub.asked == []

    def test_an_expansion_without_a_code_of_the_rules_changes_nothing(self, rules: Path) -> None:
        pin(rules, JUVENILE)
        (answer,) = answers(service(rules), asking("84757009"))
        assert outcome(answer) == "met"

    def test_a_system_that_nobody_knows_is_still_a_gap(self, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = ["EPI"]
        (answer,) = answers(service(rules, stub.address), asking("EPI", "urn:oid:1.2.3.4"))
        assert outcome(answer) == "unknown"
        assert any("not checked" in card["summary"] for card in answer["cards"])
        assert stub.asked == []

    def test_a_text_is_still_not_matched(self, rules: Path, stub: Stub) -> None:
        stub.members[ECL] = [JUVENILE]
        body = asking(JUVENILE)
        body["prefetch"]["conditions"]["entry"][0]["resource"]["code"] = {"text": "epilepsy"}
        (answer,) = answers(service(rules, stub.address), body)
        assert outcome(answer) == "unknown"
        assert stub.asked == []

    @pytest.mark.parametrize("number", ["4930154377", "19800302", "0049301543"])
    def test_a_number_that_is_no_code_does_not_leave(self, rules: Path, stub: Stub, number: str) -> None:
        """A patient's number, or a birth date, where a code belongs: its check digit is wrong."""
        answers(service(rules, stub.address), asking(number))
        assert stub.asked == []

    def test_only_codes_leave_and_words_where_a_code_belongs_do_not(self, rules: Path, stub: Stub) -> None:
        answers(service(rules, stub.address), asking("Jane Doe, epilepsy", display="Jane Doe"))
        assert stub.asked == []
        answers(service(rules, stub.address), asking(JUVENILE, display="Jane Doe"))
        assert "Jane" not in json.dumps(stub.asked)
        assert "p1" not in json.dumps(stub.asked)


class TestACodeThatTheServerDoesNotKnow:
    @pytest.mark.usefixtures("_patient_service")
    def test_leaves_the_rules_open_and_the_card_says_so(self, rules: Path, stub: Stub) -> None:
        """A code of another edition, or one that was retired."""
        rule = rules / "baclofen-it" / "monitoring" / "epilepsy.yaml"
        rule.write_text(rule.read_text("utf-8").replace("if_unknown: silent", "if_unknown: tell"), "utf-8")
        known = answers(service(rules, stub.address), asking(JUVENILE))[0]
        stub.unknown = frozenset({JUVENILE})
        answer = answers(service(rules, stub.address), asking(JUVENILE))[0]
        assert (outcome(known), outcome(answer)) == ("not_met", "unknown")
        (card,) = [each for each in answer["cards"] if "not checked" in each["summary"]]
        assert (
            "a code on which the terminology server did not answer, or that it does not know"
            in card["detail"]
        )


class TestAServerThatFails:
    @pytest.mark.parametrize("code", ["84757009", None])
    def test_a_dead_server_takes_nothing_away_and_adds_nothing_to_what_the_lists_have(
        self, rules: Path, code: str | None
    ) -> None:
        alone, beside = (answers(service(rules, server), asking(code))[0] for server in ("", DEAD))
        assert without_uuids(beside) == without_uuids(alone)

    def test_a_code_that_it_was_to_be_asked_about_leaves_the_rules_open_and_the_card_says_so(
        self, rules: Path
    ) -> None:
        rule = rules / "baclofen-it" / "monitoring" / "epilepsy.yaml"
        rule.write_text(rule.read_text("utf-8").replace("if_unknown: silent", "if_unknown: tell"), "utf-8")
        alone, beside = (answers(service(rules, server), asking(JUVENILE))[0] for server in ("", DEAD))
        assert (outcome(alone), outcome(beside)) == ("not_met", "unknown")
        (card,) = [each for each in beside["cards"] if "not checked" in each["summary"]]
        assert (
            "a code on which the terminology server did not answer, or that it does not know"
            in card["detail"]
        )
        others = [
            {
                name: rule["outcome"]
                for rule in evaluation(answer)["rules"]
                if (name := rule["id"]) not in OPEN
            }
            for answer in (alone, beside)
        ]
        assert others[0] == others[1]

    def test_the_evaluation_says_that_the_lists_of_the_rules_decided_alone(self, rules: Path) -> None:
        (answer,) = answers(service(rules, DEAD), asking(JUVENILE))
        assert issues(answer) == [
            "1 code of SNOMED CT was compared with the lists of the rules only (embedded-only): the terminology server "
            "did not answer, so it denies nothing"
        ]

    def test_a_server_that_does_not_answer_does_not_hold_up_the_cards_and_its_answer_serves_the_next_request(
        self, rules: Path, stub: Stub
    ) -> None:
        stub.members[ECL] = [JUVENILE]
        stub.held.clear()
        app = service(rules, stub.address)

        async def send() -> list[str]:
            transport = httpx.ASGITransport(app)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://primum.example") as client,
            ):
                found = []
                for number in range(60):
                    answer = await client.post("/cds-services/primum-order-sign", json=asking(JUVENILE))
                    found.append(outcome(answer.json()))
                    if found[-1] == "met":
                        break
                    if number == 1:
                        stub.held.set()
                    await asyncio.sleep(0.05)
                return found

        first, second, *_, last = asyncio.run(send())
        assert (first, second, last) == ("unknown", "unknown", "met")
        assert len(stub.asked) == 1

    def test_a_private_network_is_called_only_where_the_settings_list_it(self) -> None:
        settings = Settings(terminology_server="https://tx.example.org/fhir")
        assert settings.terminology_networks == ()
        listed = Settings.model_validate(
            {
                "terminology_server": "https://tx.example.org/fhir",
                "terminology_networks": "10.1.0.0/16, fd00::/8",
            }
        )
        assert listed.terminology_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
        with pytest.raises(ValueError, match="this machine only"):
            Settings(terminology_server="http://tx.example.org/fhir")
