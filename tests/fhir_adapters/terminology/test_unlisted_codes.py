"""Codes that no list names: what is asked for them, how often, and what of the answers is remembered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from engine.authoring.loading import load_rules
from engine.rule import Hook
from fhir_adapters.cds_hooks.envelope import HookRequest, read_request
from fhir_adapters.outbound import LOOPBACK, Targets
from fhir_adapters.terminology import unlisted_codes
from fhir_adapters.terminology.looked_up import LookedUp
from fhir_adapters.terminology.server import TerminologyServer
from fhir_adapters.terminology.unlisted_codes import UnlistedCodes
from tests.fhir_adapters.terminology.site import DEAD, ECL, JUVENILE, asking
from tests.fhir_adapters.terminology.stub import SNOMED, Stub, sctids

EXPRESSIONS = {"epilepsy": ECL}
YES = LookedUp((("epilepsy", SNOMED, JUVENILE),))
NO = LookedUp()
ONE_OPEN = (
    "1 code of SNOMED CT was compared with the lists of the rules only (embedded-only): the terminology server "
    "did not answer, so it denies nothing"
)

Look = Callable[[str], Awaitable[LookedUp]]
Story = Callable[[UnlistedCodes, Look], Awaitable[None]]


def with_codes(*codes: str) -> HookRequest:
    """A request whose patient has problems with these codes."""
    body = asking(codes[0])
    (first,) = body["prefetch"]["conditions"]["entry"]
    coding = [{"system": SNOMED, "code": code} for code in codes]
    first["resource"]["code"] = {"coding": coding}
    return read_request(msgspec.json.encode(body), Hook.ORDER_SIGN)


def tell(rules: Path, address: str, story: Story, **members: Any) -> None:
    concepts = load_rules(rules).concepts

    async def told() -> None:
        settings: dict[str, Any] = {"deadline": 5.0} | members
        unlisted = UnlistedCodes(Targets((address,), LOOPBACK), concepts, **settings)

        async def look(*codes: str) -> LookedUp:
            """What came, without on which codes: two tests are about that."""
            found = (await unlisted.look_up(with_codes(*codes))).looked_up
            return msgspec.structs.replace(found, answered=(), concepts=(), unanswered=())

        await story(unlisted, look)
        await unlisted.aclose()

    asyncio.run(told())


def test_it_is_told_on_which_codes_the_server_has_said_all_that_it_was_asked(rules: Path, stub: Stub) -> None:
    stub.members[ECL], stub.cannot = [JUVENILE], frozenset({"<< 2"})

    async def story(unlisted: UnlistedCodes, look: Look) -> None:
        del look
        asked = with_codes(JUVENILE, "38341003")
        found = (await unlisted.look_up(asked)).looked_up
        assert (found.answered, found.concepts) == ((), ("epilepsy", "stroke"))
        assert found.unanswered == (("stroke", SNOMED, "38341003"), ("stroke", SNOMED, JUVENILE))
        stub.cannot, unlisted._quiet_until = frozenset(), 0.0
        found = (await unlisted.look_up(asked)).looked_up
        assert (found.answered, found.unanswered) == (("38341003", JUVENILE), ())

    tell(rules, stub.address, story, expressions=EXPRESSIONS | {"stroke": "<< 2"})


def test_a_code_without_an_answer_is_told_with_every_concept_that_was_to_be_asked_about(rules: Path) -> None:
    async def story(unlisted: UnlistedCodes, look: Look) -> None:
        del look
        found = (await unlisted.look_up(with_codes(JUVENILE, "84757009"))).looked_up
        assert found.unanswered == (("epilepsy", SNOMED, JUVENILE), ("stroke", SNOMED, JUVENILE))

    tell(rules, DEAD, story, expressions=EXPRESSIONS | {"stroke": "<< 2"})


def test_a_code_that_the_server_does_not_know_denies_nothing_and_is_not_asked_about_again(
    rules: Path, stub: Stub
) -> None:
    """A retired code, or one of another edition: the server denies it of everything."""
    stub.unknown = frozenset({"38341003"})

    async def story(unlisted: UnlistedCodes, look: Look) -> None:
        del look
        for _ in range(2):
            found = (await unlisted.look_up(with_codes(JUVENILE, "38341003"))).looked_up
            assert (found.answered, found.unanswered) == ((JUVENILE,), (("epilepsy", SNOMED, "38341003"),))
            assert found.problem == (
                "1 code of SNOMED CT was compared with the lists of the rules only (embedded-only): the terminology server "
                "does not know it, so it denies nothing"
            )
        assert (len(stub.asked), unlisted.state) == (1, "ok")

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_a_server_that_failed_is_left_alone_for_a_while(
    rules: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.members[ECL] = [JUVENILE]
    stub.status = 503

    async def story(unlisted: UnlistedCodes, look: Look) -> None:
        assert (await look(JUVENILE)).problem == ONE_OPEN
        states = [unlisted.state]
        stub.status = 200
        assert (await look(JUVENILE)).problem == ONE_OPEN
        assert len(stub.asked) == 1
        unlisted._quiet_until = 0.0
        assert await look(JUVENILE) == YES
        assert [*states, unlisted.state] == ["failing", "ok"]

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_what_the_server_does_say_counts_where_it_cannot_say_all(rules: Path, stub: Stub) -> None:
    stub.members[ECL], stub.cannot = [JUVENILE], frozenset({"<< 2"})

    async def story(unlisted: UnlistedCodes, look: Look) -> None:
        found = await look(JUVENILE)
        assert found == LookedUp(YES.members, ONE_OPEN)
        assert unlisted.state == "failing"
        stub.cannot, stub.members["<< 2"] = frozenset(), [JUVENILE]
        unlisted._quiet_until = 0.0
        found = await look(JUVENILE)
        assert found == LookedUp((*YES.members, ("stroke", SNOMED, JUVENILE)))

    tell(rules, stub.address, story, expressions=EXPRESSIONS | {"stroke": "<< 2"})


def test_a_request_waits_for_what_another_has_asked(rules: Path, stub: Stub) -> None:
    stub.members[ECL] = [JUVENILE]
    stub.held.clear()

    async def story(_: UnlistedCodes, look: Look) -> None:
        looks = [asyncio.ensure_future(look(JUVENILE)) for _ in range(3)]
        while not stub.asked:
            await asyncio.sleep(0.01)
        stub.held.set()
        assert await asyncio.gather(*looks) == [YES, YES, YES]
        assert len(stub.asked) == 1

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_no_request_makes_a_batch_without_end_and_the_next_one_asks_for_the_rest(
    rules: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlisted_codes, "MOST_AT_ONCE", 2)
    codes = sctids(3)

    async def story(unlisted: UnlistedCodes, look: Callable[..., Awaitable[LookedUp]]) -> None:
        assert (await look(*codes)).problem == ONE_OPEN
        assert await look(*codes) == NO
        assert [len(body["entry"]) for _, body in stub.asked] == [4, 2]

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_what_is_remembered_is_bounded_and_forgetting_costs_a_question_only(
    rules: Path, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlisted_codes, "MOST_REMEMBERED", 2)
    stub.members[ECL] = [JUVENILE]

    async def story(unlisted: UnlistedCodes, look: Callable[..., Awaitable[LookedUp]]) -> None:
        for codes in ([JUVENILE], sctids(2), [JUVENILE]):
            assert await look(*codes) == (YES if JUVENILE in codes else NO)
        assert len(stub.asked) == 3

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_codes_where_no_rule_looks_are_not_asked_about(rules: Path, stub: Stub) -> None:
    body = asking("84757009")
    (first,) = body["prefetch"]["conditions"]["entry"]
    elsewhere = {"coding": [{"system": SNOMED, "code": JUVENILE}]}
    first["resource"] |= {"bodySite": [elsewhere], "severity": elsewhere, "meta": {"tag": [elsewhere]}}
    request = read_request(msgspec.json.encode(body), Hook.ORDER_SIGN)

    async def story(unlisted: UnlistedCodes, _: Look) -> None:
        assert (await unlisted.look_up(request)).looked_up.answered == ()
        assert stub.asked == []

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_codes_of_drafts_and_of_every_page_are_asked_about_and_what_is_no_json_is_passed_over(
    rules: Path, stub: Stub
) -> None:
    stub.members[ECL] = [JUVENILE]
    body = asking("84757009")
    medicine = {"coding": [{"system": SNOMED, "code": "387467008"}]}
    body["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"] = medicine
    request = read_request(msgspec.json.encode(body), Hook.ORDER_SIGN)
    page = Raw(msgspec.json.encode({"code": JUVENILE, "system": SNOMED}))
    request = replace(request, prefetch={"conditions": (Raw(b"{"), page)})

    async def story(unlisted: UnlistedCodes, _: Look) -> None:
        assert (await unlisted.look_up(request)).looked_up.members == YES.members
        assert stub.codes_asked == ["387467008", JUVENILE]

    tell(rules, stub.address, story, expressions=EXPRESSIONS)


def test_a_defect_costs_the_look_up_and_not_the_cards(
    rules: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: TerminologyServer, expressions: Any, codes: Sequence[str]) -> Any:
        raise KeyError(JUVENILE)

    monkeypatch.setattr(TerminologyServer, "members", broken)

    async def story(_: UnlistedCodes, look: Look) -> None:
        assert (await look(JUVENILE)).problem == ONE_OPEN

    tell(rules, DEAD, story, expressions=EXPRESSIONS)
    assert [record.message for record in caplog.records] == ["defect", "terminology-not-asked"]
    assert JUVENILE not in caplog.text


def test_closing_stops_what_is_still_being_asked(rules: Path, stub: Stub) -> None:
    stub.held.clear()

    async def story(unlisted: UnlistedCodes, look: Look) -> None:
        assert (await look(JUVENILE)).problem == ONE_OPEN

    tell(rules, stub.address, story, expressions=EXPRESSIONS, deadline=0.01)
