"""The checks: each finds its fault in a service that has it, and none finds one in a service that conforms."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fhir_adapters.conformance.check import Check, State
from fhir_adapters.conformance.checks import CHECKS, answers
from fhir_adapters.conformance.examination import Examination
from fhir_adapters.conformance.service import Service, ServiceError
from tests.fhir_adapters.conformance.faults import (
    MOVED,
    always,
    answered,
    any_origin,
    asking,
    case_sensitive,
    changing,
    discovered,
    echoing,
    headed,
    in_action,
    in_link,
    in_source,
    in_suggestion,
    instead,
    on_card,
    open_to,
    rank,
    rewriting,
    telling,
    unheaded,
    unless,
    when,
)
from tests.fhir_adapters.conformance.stand_in import ORIGIN, Call, Fault, Reply, StandIn, refusal, serving

NOTHING = Reply(200, {"cards": []})
REFUSED = refusal(400)
BROKEN = Reply(500, {"detail": "x"})
PATIENT = "conformance-patient"


def slash(call: Call, reply: Reply) -> Reply:
    return Reply(307, b"") if call.path.endswith("/") else reply


def cards_without_text(call: Call, reply: Reply) -> Reply:
    """Cards that repeat the order as it was written."""
    return on_card(detail="<img src=x onerror=alert(1)>")(call, reply) if b"onerror" in call.body else reply


FAULTS: dict[str, Fault] = {
    "ch_002_answers_are_strict_json_and_declared_as_it": headed(Content_Type="text/html"),
    "ch_003_no_member_is_null": rewriting('"Stand-in"', "null"),
    "ch_004_nothing_is_empty_but_cards_and_services": on_card(links=[]),
    "ch_005_white_space_is_not_a_value": on_card(summary="  "),
    "ch_006_embedded_fhir_is_an_object": in_action(0, resource="{}"),
    "ch_007_a_body_that_is_not_json_is_a_400": instead(422, of=400),
    "ch_007_another_media_type_is_a_415": instead(400, of=415),
    "ch_007_another_method_is_a_405": instead(404, of=405),
    "ch_008_members_that_nobody_knows_change_nothing": when('"foo"', REFUSED),
    "ch_010_discovery_answers": instead(503, of=200, kind="discovery"),
    "ch_010_a_slash_at_the_end_of_the_address_does_no_harm": slash,
    "ch_011_discovery_is_an_object_with_an_array_of_services": instead(200, of=200, body={"services": {}}),
    "ch_012_a_service_has_hook_description_and_id": discovered(description=None),
    "ch_013_a_service_has_a_title": discovered(title=None),
    "ch_014_usage_requirements_are_a_text": discovered(usageRequirements=["none"]),
    "ch_015_prefetch_maps_keys_to_templates": discovered(prefetch={}),
    "ch_018_every_id_takes_a_post": discovered(id="somewhere-else"),
    "ch_019_an_id_has_one_hook": lambda call, reply: (
        reply.having({"services": reply.body["services"] * 2}) if call.kind == "discovery" else reply
    ),
    "ch_020_a_version_is_a_semantic_version": discovered(version="2.0"),
    "ch_021_a_hook_version_is_a_published_one": discovered(hookVersion="7.0"),
    "ch_023_discovery_is_the_same_every_time": unheaded("ETag"),
    "ch_030_what_is_required_is_refused_when_it_is_missing": instead(422, of=400),
    "ch_030_what_is_missing_is_named": instead(400, of=400, body={"resourceType": "OperationOutcome"}),
    "ch_031_a_request_for_another_hook_is_refused": instead(200, of=400, body={"cards": []}),
    "ch_032_a_hook_instance_in_capitals_is_a_uuid": lambda call, reply: (
        REFUSED
        if isinstance(call.json, dict) and str(call.json.get("hookInstance", "a")).isupper()
        else reply
    ),
    "ch_033_a_repeated_hook_instance_gets_the_same_cards": changing(),
    "ch_034_an_authorization_needs_its_server": instead(200, of=400, body={"cards": []}),
    "ch_036_a_context_without_its_patient_is_refused": instead(412, of=400),
    "ch_036_context_fields_that_are_not_known_are_ignored": when("fulfillmentReason", REFUSED),
    "ch_037_orders_of_another_fhir_version_are_never_silently_fine": instead(200, of=400, body={"cards": []}),
    "ch_038_members_left_over_from_1_0_are_ignored": when('"user"', REFUSED),
    "ch_039_a_service_that_does_not_exist_is_a_404": instead(405, of=404),
    "ch_232_extensions_wherever_they_stand_change_nothing": when('"extension"', REFUSED),
    "ch_233_extensions_hold_values_of_any_kind": when('"extension": []', REFUSED),
    "ch_241_orders_that_are_not_finished_yet_are_answered": unless("dosageInstruction", BROKEN),
    "ch_060_tokens_stand_between_double_braces": asking("Condition?patient={context.patientId}"),
    "ch_061_a_token_is_a_context_field_or_a_user_id": asking("Condition?date=gt{{today() - 90 days}}"),
    "ch_062_only_fields_marked_for_prefetch_are_tokens": asking("Medication?_id={{context.draftOrders}}"),
    "ch_064_templates_keep_to_the_restricted_queries": asking("Patient/{{context.patientId}}/$everything"),
    "ch_065_the_user_id_stands_alone": asking("Practitioner/{{context.userId}}"),
    "ch_066_no_template_holds_a_date": asking("Condition?recorded-date=ge2026-01-01"),
    "ch_069_keys_are_plain": asking("Condition?patient={{context.patientId}}", key="all conditions"),
    "ch_067_keys_that_were_not_asked_for_do_no_harm": when("nobody-asked-for-this", REFUSED),
    "ch_081_null_and_empty_bundles_are_answered_alike": when('"conditions": null', NOTHING),
    "ch_083_a_failed_query_is_answered": when("the query failed", BROKEN),
    "ch_086_a_value_of_the_wrong_type_breaks_nothing": when('"123"', BROKEN),
    "ch_087_without_any_data_the_answer_is_cards_or_a_412": unless('"prefetch"', REFUSED),
    "ch_088_a_patient_without_a_birth_date_is_no_412": unless("birthDate", Reply(412, {})),
    "ch_050_an_answer_is_an_object_with_an_array_of_cards": answered(cards=None),
    "ch_052_every_error_is_an_operation_outcome": instead(404, of=404, body={"detail": "Not Found"}),
    "ch_052_no_error_repeats_the_request": echoing,
    "ch_017_no_error_shows_the_code": instead(400, of=400, body={"trace": 'File "service.py", line 1'}),
    "ch_053_what_is_wrong_with_a_request_is_a_4xx": instead(500, of=400),
    "ch_056_the_same_request_gets_the_same_cards_in_the_same_order": changing(),
    "ch_056_the_most_urgent_card_comes_first": rank,
    "ch_170_system_actions_are_an_array_that_is_not_empty": answered(systemActions=[]),
    "ch_171_a_system_action_has_a_description": answered(systemActions=[{"type": "create"}]),
    "ch_230_an_extension_is_an_object": answered(extension=[{"url": "x"}]),
    "ch_231_names_of_extensions_are_unique_in_the_world": answered(extension={"evaluation": {}}),
    "ch_129_text_of_the_request_is_inert_on_a_card": cards_without_text,
    "ch_120_a_summary_is_under_140_characters": on_card(summary="x" * 140),
    "ch_121_an_indicator_is_info_warning_or_critical": on_card(indicator="hard-stop"),
    "ch_122_a_source_has_a_label": in_source(label=None),
    "ch_123_the_addresses_of_a_source_are_absolute": in_source(url="example.org"),
    "ch_125_a_source_address_does_not_name_the_patient": in_source(url=f"https://example.org/{PATIENT}"),
    "ch_126_a_topic_is_a_coding_with_code_and_system": in_source(topic={"display": "order"}),
    "ch_127_a_card_has_a_uuid_of_its_own": on_card(uuid=None),
    "ch_128_links_in_a_detail_stand_in_links_too": on_card(detail="[see](https://example.org/other)"),
    "ch_132_override_reasons_are_codings_with_display": on_card(overrideReasons=[{"code": "x"}]),
    "ch_132_the_codes_of_override_reasons_differ": on_card(
        overrideReasons=[{"code": "x", "system": "urn:x", "display": "X"}] * 2
    ),
    "ch_133_warnings_and_contraindications_offer_reasons_to_override": on_card(overrideReasons=None),
    "ch_134_a_card_holds_no_other_members": on_card(rule="x"),
    "ch_140_suggestions_come_with_a_selection_behaviour": on_card(selectionBehavior=None),
    "ch_141_a_selection_behaviour_is_at_most_one_or_any": on_card(selectionBehavior="all"),
    "ch_142_a_suggestion_has_a_label": in_suggestion(0, label=None),
    "ch_143_a_suggestion_has_a_uuid": in_suggestion(0, uuid="first"),
    "ch_144_several_are_recommended_only_where_any_may_be_chosen": lambda call, reply: in_suggestion(
        0, isRecommended=True
    )(call, in_suggestion(1, isRecommended=True)(call, reply)),
    "ch_148_an_action_creates_updates_or_deletes": in_action(0, type="UPDATE"),
    "ch_149_an_action_has_a_description": in_action(0, description=None),
    "ch_150_a_create_carries_a_whole_resource_about_the_patient": in_action(
        2, resource={"resourceType": "Task", "for": {"reference": "Patient/other"}}
    ),
    "ch_151_an_update_carries_the_resource_whole": in_action(
        0, resource={"resourceType": "MedicationRequest", "id": "conformance-order", "status": "on-hold"}
    ),
    "ch_152_an_update_keeps_type_and_id_of_a_draft": in_action(0, resource=MOVED),
    "ch_153_a_delete_names_type_and_id_and_carries_no_resource": in_action(
        1, resourceId="https://example.org/MedicationRequest/1"
    ),
    "ch_154_only_drafts_of_the_session_are_deleted": in_action(1, resourceId="MedicationRequest/signed"),
    "ch_155_a_card_with_suggestions_says_in_words_what_to_do": on_card(detail=None),
    "ch_147_no_action_selection_behaviour_unasked": in_suggestion(0, actionSelectionBehavior="all"),
    "ch_160_a_link_has_label_url_and_type": in_link(0, label=None),
    "ch_161_a_link_is_absolute_or_smart": in_link(0, type="relative"),
    "ch_162_an_absolute_link_is_a_full_address": in_link(0, url="/guide"),
    "ch_163_a_smart_link_is_the_bare_launch_address": in_link(1, url="https://example.org/launch?iss="),
    "ch_164_only_a_smart_link_has_an_app_context": in_link(0, appContext="a"),
    "ch_165_no_warning_can_be_launched_away": in_link(1, autolaunchable=True),
    "ch_180_every_service_takes_feedback": instead(302, of=200, kind="feedback"),
    "ch_181_many_reports_come_in_one_array": instead(202, of=200, kind="feedback"),
    "ch_181_a_body_without_the_array_is_refused": instead(200, of=400),
    "ch_182_card_outcome_and_time_are_required": instead(200, of=400),
    "ch_182_times_with_any_zone_are_read": when("+02:00", REFUSED),
    "ch_183_accepted_names_the_suggestions": instead(200, of=400),
    "ch_184_a_reason_to_override_has_many_forms": when("userComment", REFUSED),
    "ch_185_the_same_report_may_come_again": instead(409, of=200, kind="feedback"),
    "ch_187_a_card_that_nobody_knows_is_no_error": when("overridden", refusal(404)),
    "ch_221_preflights_are_answered_without_a_token": unheaded("Access-Control-Allow-Headers"),
    "ch_222_errors_carry_the_cors_headers": unheaded("Access-Control-Allow-Origin", of=404),
    "ch_223_an_origin_that_is_not_listed_is_not_allowed": any_origin,
}
"""A fault for each check of a service that is open."""

FAULTS_OF_AUTHENTICATION: dict[str, Fault] = {
    "ch_022_discovery_asks_for_a_token_too": lambda call, reply: (
        Reply(200, {"services": []}) if call.kind == "discovery" and reply.status == 401 else reply
    ),
    "ch_200_callers_without_a_token_are_refused": instead(403, of=401),
    "ch_201_one_header_of_scheme_bearer": open_to("Basic"),
    "ch_201_the_scheme_is_read_in_any_case": case_sensitive,
    "ch_202_tokens_without_a_signature_are_refused": open_to("Bearer eyJhbGciOiAibm9uZSIs"),
    "ch_203_tokens_under_a_shared_secret_are_refused": open_to("Bearer eyJhbGciOiAiSFMyNTYi"),
    "ch_212_a_token_is_used_once": open_to(".signature"),
    "ch_214_a_401_does_not_say_why": telling,
}
"""A fault for each check of a service that authenticates its callers."""

BY_NAME = {check.name: check for check in CHECKS}
ELSEWHERE = {
    "ch_001_production_traffic_goes_over_tls",
    "ch_055_nine_answers_in_ten_come_within_500_ms",
}
"""Checks that no fault of an answer can show; they have tests of their own."""


@pytest.fixture
def examined() -> Iterator[Any]:
    """Examines a stand-in with a fault."""
    open_now = []

    def examine(fault: Fault | None = None, *, authenticates: bool = False) -> Examination:
        context = serving(StandIn(fault=fault, authenticates=authenticates))
        stand_in = context.__enter__()
        open_now.append(context)
        token_for = stand_in.token_for if authenticates else None
        return Examination(Service(stand_in.address, token_for=token_for, origin=ORIGIN))

    yield examine
    for context in open_now:
        context.__exit__(None, None, None)


@pytest.fixture(scope="module")
def conformant() -> Iterator[dict[str, Examination]]:
    """A stand-in without a fault that is open, and one that asks for tokens."""
    with serving(StandIn()) as opened, serving(StandIn(authenticates=True)) as closed:
        yield {
            "open": Examination(Service(opened.address, origin=ORIGIN)),
            "closed": Examination(Service(closed.address, token_for=closed.token_for, origin=ORIGIN)),
        }


NO_SYSTEM_ACTIONS = {"CH-170", "CH-171"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_service_that_conforms_passes(check: Check, conformant: dict[str, Examination]) -> None:
    kind = "closed" if check.name in FAULTS_OF_AUTHENTICATION else "open"
    verdict = check.run(conformant[kind])
    unseen = check.row.id in {"CH-001", *NO_SYSTEM_ACTIONS}
    assert (verdict.state, verdict.reasons if not unseen else ()) == (
        State.NOT_APPLICABLE if unseen else State.PASSED,
        (),
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str, examined: Any) -> None:
    assert BY_NAME[name].run(examined(FAULTS[name])).state is State.FAILED


@pytest.mark.parametrize("name", FAULTS_OF_AUTHENTICATION)
def test_a_fault_of_authentication_is_found(name: str, examined: Any) -> None:
    faulty = examined(FAULTS_OF_AUTHENTICATION[name], authenticates=True)
    assert BY_NAME[name].run(faulty).state is State.FAILED


def test_every_check_is_shown_to_find_its_fault() -> None:
    assert FAULTS.keys() | FAULTS_OF_AUTHENTICATION.keys() | ELSEWHERE == BY_NAME.keys()


def test_ch_001_plain_http_is_for_this_machine_only() -> None:
    check = BY_NAME["ch_001_production_traffic_goes_over_tls"]
    verdict = check.run(Examination(Service("http://cds.example.org")))
    assert (verdict.state, verdict.reasons) == (State.FAILED, ("the address begins with http://",))


@pytest.mark.parametrize(("seconds", "state"), [(0.4, State.PASSED), (0.6, State.FAILED)])
def test_ch_055_slow_answers_are_told(
    seconds: float, state: State, examined: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that moves on by as much whenever it is looked at."""
    clock = iter(place * seconds for place in range(1000))
    monkeypatch.setattr(answers, "perf_counter", lambda: next(clock))
    assert BY_NAME["ch_055_nine_answers_in_ten_come_within_500_ms"].run(examined()).state is state


def test_a_service_that_does_not_answer_fails(examined: Any) -> None:
    examination = examined()
    examination.service = Service("http://127.0.0.1:9", seconds=1)
    verdict = BY_NAME["ch_010_discovery_answers"].run(examination)
    assert (verdict.state, verdict.reasons) == (
        State.FAILED,
        ("http://127.0.0.1:9 does not answer (ConnectionRefusedError)",),
    )


def test_without_cards_the_checks_of_cards_say_that_they_saw_none(examined: Any) -> None:
    verdict = BY_NAME["ch_120_a_summary_is_under_140_characters"].run(examined(answered(cards=[])))
    assert (verdict.state, verdict.reasons) == (
        State.NOT_APPLICABLE,
        ("no card was seen: name a request that brings one up",),
    )


def test_a_service_that_answers_nothing_but_500_passes_nothing_by_being_silent(examined: Any) -> None:
    broken = examined(always(BROKEN))
    passed = {check.name for check in CHECKS if check.run(broken).state is State.PASSED}
    assert passed == set()


def test_a_service_that_answers_nothing_but_500_breaks_one_row_and_not_those_that_could_not_be_seen(
    examined: Any,
) -> None:
    broken = examined(when('"hookInstance"', BROKEN))
    assert BY_NAME["ch_050_an_answer_is_an_object_with_an_array_of_cards"].run(broken).reasons == (
        "stand-in-sign: 500",
    )
    assert BY_NAME["ch_152_an_update_keeps_type_and_id_of_a_draft"].run(broken).state is State.NOT_APPLICABLE
    verdict = BY_NAME["ch_067_keys_that_were_not_asked_for_do_no_harm"].run(broken)
    assert (verdict.state, verdict.reasons) == (
        State.NOT_APPLICABLE,
        ("no request was answered with cards, or with none, so that there is nothing to vary",),
    )


def test_a_page_in_place_of_cards_is_no_answer_and_nothing_is_like_it(examined: Any) -> None:
    page = examined(when('"hookInstance"', Reply(200, b"<html></html>", {"Content-Type": "text/html"})))
    failed = {check.row.id for check in CHECKS if check.run(page).state is State.FAILED}
    assert {"CH-002", "CH-050"} <= failed
    for name in (
        "ch_008_members_that_nobody_knows_change_nothing",
        "ch_033_a_repeated_hook_instance_gets_the_same_cards",
    ):
        assert BY_NAME[name].run(page).state is State.NOT_APPLICABLE


def test_a_service_that_hangs_up_is_asked_each_question_once(examined: Any) -> None:
    broken = examined()
    asked: list[str] = []

    def hang_up(path: str, body: Any) -> Any:
        asked.append(path)
        raise ServiceError("it does not answer")

    broken.service.post = hang_up
    verdicts = {
        name: check.run(broken) for name, check in BY_NAME.items() if check.row.id in ("CH-050", "CH-120")
    }
    told = verdicts["ch_050_an_answer_is_an_object_with_an_array_of_cards"]
    assert (told.state, told.reasons) == (State.FAILED, ("stand-in-sign: it does not answer",))
    assert len(asked) == 1


@pytest.mark.parametrize("id_", ["two words", "a/b", "schl\u00fcssel", "?", ".."])
def test_an_id_of_any_characters_is_called_and_told(id_: str, examined: Any) -> None:
    called = BY_NAME["ch_018_every_id_takes_a_post"].run(examined(discovered(id=id_)))
    assert called.state is State.FAILED
    assert "does not answer" not in " ".join(called.reasons)


ODD: list[Any] = [None, 7, "x", [], [[]], {}, {"a": [1]}, True, [None], [{"uuid": []}]]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "fault",
    [
        lambda odd: answered(cards=[odd]),
        lambda odd: answered(cards=odd, extension=odd, systemActions=odd),
        lambda odd: on_card(uuid=odd, indicator=odd, source=odd, links=odd),
        lambda odd: on_card(summary=odd, detail=odd, suggestions=odd, overrideReasons=odd),
        lambda odd: in_suggestion(0, uuid=odd, label=odd, actions=odd, isRecommended=odd),
        lambda odd: in_action(0, type=odd, resource=odd, resourceId=odd),
        lambda odd: in_link(0, url=odd, type=odd, label=odd, appContext=odd),
        lambda odd: discovered(prefetch=odd, hookVersion=odd, version=odd, title=odd),
        lambda odd: discovered(prefetch={"k": odd}, id=odd),
    ],
    ids=[
        "card",
        "answer",
        "card's members",
        "card's texts",
        "suggestion",
        "action",
        "link",
        "service",
        "template",
    ],
)
def test_no_answer_breaks_an_examination(fault: Callable[[Any], Fault], odd: Any, examined: Any) -> None:
    """Whatever is there in place of what the specification has, every check comes to a verdict."""
    examination = examined(fault(odd))
    verdicts = [check.run(examination) for check in CHECKS if check.row.id not in ("CH-055", "CH-022")]
    assert all(verdict.reasons or verdict.state is State.PASSED for verdict in verdicts)
    assert any(verdict.state is State.PASSED for verdict in verdicts)
