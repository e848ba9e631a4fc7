"""Expressions expanded and codes looked up on a terminology server, and what is not taken from one."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pytest

from engine.concepts import Membership
from engine.expansions import Expansion
from fhir_adapters.outbound import LOOPBACK, Outbound, Targets
from fhir_adapters.terminology import server as server_module
from fhir_adapters.terminology.server import TerminologyError, TerminologyServer
from tests.fhir_adapters.terminology.stub import SNOMED, VERSION, Stub, named, sctids

ECL = "<< 84757009 |Epilepsy|"
TODAY = date(2026, 5, 1)


YES, NO, UNKNOWN = Membership.YES, Membership.NO, Membership.UNKNOWN
FALSE = {"name": "result", "valueBoolean": False}


def issues(*kinds: str, severity: str = "error") -> dict[str, Any]:
    """The parameter in which a server says why, with one issue for each reason; without any, it says none."""
    system = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"
    codings = [[{"system": system, "code": kind}] for kind in kinds] or [[]]
    issue = [{"severity": severity, "details": {"coding": coding}} for coding in codings]
    return {"name": "issues", "resource": {"resourceType": "OperationOutcome", "issue": issue}}


def calling(stub: Stub, method: str, *args: Any, **members: Any) -> Any:
    async def call() -> Any:
        targets = Targets((stub.address,), LOOPBACK)
        async with Outbound(targets, max_bytes=100_000, seconds=2.0) as outbound:
            return await getattr(TerminologyServer(outbound, stub.address), method)(*args, **members)

    return asyncio.run(call())


def expanded(stub: Stub, ecl: str = ECL) -> Expansion:
    found: Expansion = calling(stub, "expand", ecl, today=TODAY).expansion
    return found


def codes(found: Expansion) -> list[str]:
    assert {system for system, _ in found.codes} <= {SNOMED}
    return sorted(code for _, code in found.codes)


def looked_up(
    stub: Stub, expressions: Mapping[str, str], asked: Iterable[str]
) -> dict[tuple[str, str], Membership]:
    found: dict[tuple[str, str], Membership] = calling(stub, "members", expressions, asked)
    return found


class TestExpansion:
    def test_it_has_every_code_and_says_where_it_is_from(self, stub: Stub) -> None:
        stub.members[ECL] = ["84757009", "230381009"]
        found = expanded(stub)
        assert codes(found) == ["230381009", "84757009"]
        assert (found.server, found.version) == (stub.address, VERSION)
        assert (found.identifier, found.date) == ("urn:uuid:1", "2026-05-01")

    def test_only_active_codes_are_asked_for_with_an_inline_value_set(self, stub: Stub) -> None:
        stub.members[ECL] = ["84757009"]
        expanded(stub)
        ((path, body),) = stub.asked
        assert path == "/r4/ValueSet/$expand"
        asked = named(body)
        assert (asked["activeOnly"], asked["offset"]) == (True, 0)

    def test_a_page_smaller_than_the_expansion_is_followed_by_the_others(self, stub: Stub) -> None:
        stub.members[ECL] = sctids(25)
        stub.page = 10
        told: list[tuple[int, int | None]] = []
        found = calling(
            stub, "expand", ECL, today=TODAY, progress=lambda got, total: told.append((got, total))
        )
        assert codes(found.expansion) == stub.members[ECL]
        assert [named(body)["offset"] for _, body in stub.asked] == [0, 10, 20]
        assert told == [(10, 25), (20, 25), (25, 25)]

    def test_pages_are_read_to_the_end_also_where_the_server_does_not_say_how_many_codes_there_are(
        self, stub: Stub
    ) -> None:
        stub.members[ECL] = sctids(25)
        stub.page, stub.total = 10, False
        assert codes(expanded(stub)) == stub.members[ECL]

    def test_a_server_that_gives_everything_at_once_whatever_page_is_asked_for_is_read_once(
        self, stub: Stub
    ) -> None:
        stub.members[ECL] = ["84757009", "230381009"]
        stub.total = stub.paging = False
        assert len(expanded(stub).codes) == 2
        assert len(stub.asked) == 2

    def test_codes_below_others_are_found_in_a_nested_answer(self, stub: Stub) -> None:
        stub.members[ECL] = ["84757009"]
        stub.total = False
        stub.entry = {"contains": [{"system": SNOMED, "code": "230381009"}]}
        assert codes(expanded(stub)) == ["230381009", "84757009"]

    @pytest.mark.parametrize("mark", ["inactive", "abstract"])
    def test_inactive_and_abstract_entries_are_no_members(self, stub: Stub, mark: str) -> None:
        stub.members[ECL] = ["84757009"]
        stub.entry = {mark: True}
        assert codes(expanded(stub)) == []

    @pytest.mark.parametrize(
        ("parameters", "entry"),
        [
            ([{"name": "used-codesystem", "valueUri": f"{SNOMED}|{VERSION}"}], {}),
            ([{"name": "used-codesystem", "valueUri": f"{SNOMED}|{VERSION}"}], {"version": VERSION}),
            ([{"name": "version", "valueUri": "http://loinc.org|2.80"}], {"version": VERSION}),
            ([], {"version": VERSION}),
        ],
    )
    def test_the_version_is_found_where_servers_put_it(
        self, stub: Stub, parameters: list[Any], entry: dict[str, Any]
    ) -> None:
        stub.members[ECL], stub.entry = ["84757009"], entry
        stub.expansion = {"parameter": parameters}
        assert expanded(stub).version == VERSION

    def test_the_servers_terms_are_there_to_be_shown(self, stub: Stub) -> None:
        stub.members[ECL] = ["84757009"]
        stub.entry = {"display": "Epilepsy"}
        assert calling(stub, "expand", ECL, today=TODAY).displays == {"84757009": "Epilepsy"}

    def test_an_expression_that_means_nothing_here_has_no_codes(self, stub: Stub) -> None:
        stub.members[ECL] = []
        assert codes(expanded(stub)) == []


class TestWhatIsNotTaken:
    @pytest.mark.parametrize(
        ("bent", "message"),
        [
            ({"total": 3}, "gave 1 of 3 codes"),
            ({"total": 100_001}, "more than 100,000 codes"),
            (
                {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/valueset-unclosed", "valueBoolean": True}]},
                "unclosed",
            ),
            (
                {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/valueset-toocostly", "valueBoolean": True}]},
                "too costly",
            ),
            ({"contains": [{"system": "http://loinc.org", "code": "1-8"}]}, "another code system"),
            ({"contains": [{"system": SNOMED}]}, "another code system"),
            ({"total": 0}, "gave 1 codes and counts 0"),
            ({"total": -5}, "not a number of codes"),
            ({"total": "1"}, "not a number of codes"),
            ({"total": True}, "not a number of codes"),
            ({"contains": [{"system": SNOMED, "code": "Jane Doe"}]}, "cannot hold as a code"),
            ({"contains": [{"system": SNOMED, "code": "84757008"}]}, "cannot hold as a code"),
            ({"contains": [{"system": SNOMED, "code": "84757009", "inactive": "true"}]}, "inactive or abstract"),
            ({"contains": [{"system": SNOMED, "code": "84757009", "abstract": 1}]}, "inactive or abstract"),
            ({"parameter": []}, "does not say which version of SNOMED CT"),
            ({"contains": [{"system": SNOMED, "code": "84757009", "version": "B"}]}, "more than one version"),
            (
                {"parameter": [{"name": "version", "valueUri": f"{SNOMED}|{version}"} for version in "AB"]},
                "more than one version",
            ),
        ],
    )  # fmt: skip
    def test_half_an_expansion_is_refused_whole(self, stub: Stub, bent: dict[str, Any], message: str) -> None:
        stub.members[ECL] = ["84757009"]
        stub.expansion = bent
        with pytest.raises(TerminologyError, match=message):
            expanded(stub)

    def test_an_expansion_that_is_said_to_be_closed_is_taken(self, stub: Stub) -> None:
        stub.members[ECL] = ["84757009"]
        url = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"
        stub.expansion = {"extension": [{"url": url, "valueBoolean": False}, {"url": "http://other.example"}]}
        assert len(expanded(stub).codes) == 1

    def test_too_costly_is_told_in_the_words_of_the_server(self, stub: Stub) -> None:
        stub.status = 422
        stub.answer = {
            "resourceType": "OperationOutcome",
            "issue": [{"code": "too-costly", "details": {"text": "more than 10000 codes"}}],
        }
        with pytest.raises(TerminologyError, match=r"answered 422 \(too-costly: more than 10000 codes\)"):
            expanded(stub)

    @pytest.mark.parametrize(
        ("status", "answer", "message"),
        [
            (500, [], "answered 500$"),
            (
                500,
                {"issue": [{"code": "x", "diagnostics": "a\n\x1b[31mb"}]},
                r"answered 500 \(x: a \[31mb\)$",
            ),
            (404, {"issue": [{}]}, "answered 404$"),
            (200, [], "not FHIR in JSON"),
            (200, b"<html>", "not FHIR in JSON"),
            (200, {"resourceType": "Bundle"}, "not an expansion"),
            (200, {"resourceType": "ValueSet"}, "not an expansion"),
        ],
    )
    def test_an_answer_that_is_none_is_refused(
        self, stub: Stub, status: int, answer: Any, message: str
    ) -> None:
        stub.status, stub.answer = status, answer
        with pytest.raises(TerminologyError, match=message):
            expanded(stub)

    def test_an_answer_that_changes_between_pages_is_refused(self, stub: Stub) -> None:
        first, *others = sctids(4)
        stub.members[ECL] = others
        stub.page = 2

        def grow(got: int, total: int | None) -> None:
            stub.members[ECL].append(first)

        with pytest.raises(TerminologyError, match="changed while it was read"):
            calling(stub, "expand", ECL, today=TODAY, progress=grow)

    def test_a_larger_answer_than_fits_is_refused(self, stub: Stub) -> None:
        stub.members[ECL] = ["84757009"]
        stub.entry = {"display": "x" * 200_000}
        with pytest.raises(TerminologyError, match="longer than"):
            expanded(stub)

    def test_an_expression_that_takes_too_long_is_given_up(
        self, stub: Stub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server_module, "EXPANSION_SECONDS", 0.01)
        stub.held.clear()
        with pytest.raises(TerminologyError, match="takes longer than"):
            expanded(stub)

    def test_a_server_that_is_not_there_is_told(self) -> None:
        with pytest.raises(TerminologyError, match="there was no answer"):
            expanded(Stub(address="http://127.0.0.1:9/r4"))


class TestLookingCodesUp:
    def test_every_code_is_asked_about_for_every_concept_in_one_batch(self, stub: Stub) -> None:
        stub.members = {ECL: ["230381009"], "<< 2": ["4", "230381009"]}
        found = looked_up(stub, {"epilepsy": ECL, "stroke": "<< 2"}, ["230381009", "4"])
        assert found == {
            ("epilepsy", "230381009"): YES,
            ("stroke", "230381009"): YES,
            ("epilepsy", "4"): NO,
            ("stroke", "4"): YES,
        }
        ((path, batch),) = stub.asked
        assert (path, batch["type"]) == ("/r4", "batch")
        assert {entry["request"]["url"] for entry in batch["entry"]} == {"ValueSet/$validate-code"}

    def test_what_the_server_cannot_say_is_left_out(self, stub: Stub) -> None:
        stub.members, stub.cannot = {ECL: ["1"]}, frozenset({"<< 2"})
        assert looked_up(stub, {"epilepsy": ECL, "stroke": "<< 2"}, ["1"]) == {("epilepsy", "1"): YES}

    def test_what_the_server_does_not_know_it_cannot_deny(self, stub: Stub) -> None:
        """What it says of the code is that it is none of its own; a member is one all the same."""
        stub.members, stub.unknown = {ECL: ["2"]}, frozenset({"1", "2"})
        assert looked_up(stub, {"epilepsy": ECL}, ["1", "2"]) == {
            ("epilepsy", "1"): UNKNOWN,
            ("epilepsy", "2"): YES,
        }

    def test_a_server_that_cannot_say_what_it_knows_denies_nothing(self, stub: Stub) -> None:
        stub.cannot = frozenset({""})
        assert looked_up(stub, {"epilepsy": ECL}, ["1"]) == {("epilepsy", "1"): UNKNOWN}

    @pytest.mark.parametrize(
        ("told", "membership"),
        [
            ([], NO),
            ([issues("not-in-vs")], NO),
            ([issues("this-code-not-in-vs")], NO),
            ([{"name": "message", "valueString": "The code was not found in the value set"}], NO),
            ([issues("not-in-vs", severity="error"), issues("status-check", severity="warning")], NO),
            ([issues("not-in-vs", "invalid-code")], UNKNOWN),
            ([issues("not-found")], UNKNOWN),
            ([issues()], UNKNOWN),
            ([{"name": "message", "valueString": "Unknown code '1' in the CodeSystem"}], UNKNOWN),
            ([{"name": "message", "valueString": "CodeSystem 'x' could not be found"}], UNKNOWN),
            (
                [{"name": "message", "valueString": "Unable to find code 1 in http://snomed.info/sct"}],
                UNKNOWN,
            ),
            ([{"name": "message", "valueString": "Invalid code: 1"}], UNKNOWN),
        ],
    )
    def test_a_no_for_another_reason_than_that_the_code_is_not_in_the_value_set_is_none(
        self, stub: Stub, told: list[dict[str, Any]], membership: Membership
    ) -> None:
        stub.told = told
        assert looked_up(stub, {"epilepsy": ECL}, ["1"]) == {("epilepsy", "1"): membership}

    @pytest.mark.parametrize(
        "entry",
        [
            {
                "resource": {
                    "resourceType": "Parameters",
                    "parameter": [FALSE, FALSE | {"valueBoolean": True}],
                }
            },
            {"resource": {"resourceType": "Parameters", "parameter": [FALSE, FALSE]}},
            {"resource": {"resourceType": "Parameters", "parameter": [FALSE | {"valueBoolean": "false"}]}},
            {"resource": {"resourceType": "Parameters", "parameter": [FALSE]}, "response": {"status": "500"}},
            {"resource": {"resourceType": "Patient", "parameter": [FALSE]}},
            {"resource": {"resourceType": "Parameters"}},
        ],
    )
    def test_a_contradiction_or_an_error_is_no_answer(self, stub: Stub, entry: dict[str, Any]) -> None:
        stub.answer = {"resourceType": "Bundle", "type": "batch-response", "entry": [entry, entry]}
        assert looked_up(stub, {"epilepsy": ECL}, ["1"]) == {}

    @pytest.mark.parametrize(
        "answer",
        [
            {"resourceType": "Bundle", "type": "batch-response", "entry": []},
            {"resourceType": "Bundle"},
            {"resourceType": "OperationOutcome", "entry": [{}]},
        ],
    )
    def test_a_server_that_knows_no_batches_is_told(self, stub: Stub, answer: Any) -> None:
        stub.answer = answer
        with pytest.raises(TerminologyError, match="does not answer batches"):
            looked_up(stub, {"epilepsy": ECL}, ["1"])
