"""Suggestions, their actions, and links: what the user can do from a card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fhir_adapters.conformance.checks.cards import is_absolute, says
from fhir_adapters.conformance.examination import Examination, NotApplicable, Shown, objects

_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[^\s/]+")
_TYPES: Final = ("create", "update", "delete")


def _with_suggestions(examination: Examination) -> list[tuple[Shown, list[dict[str, Any]]]]:
    found = [
        (shown, objects(shown.card["suggestions"]))
        for shown in examination.shown
        if "suggestions" in shown.card
    ]
    if not found:
        raise NotApplicable("no card with suggestions was seen")
    return found


def _actions(
    examination: Examination, *types: str, told: str = "with actions"
) -> list[tuple[Shown, dict[str, Any]]]:
    found = [
        (shown, action)
        for shown, suggestions in _with_suggestions(examination)
        for suggestion in suggestions
        for action in objects(suggestion.get("actions"))
        if not types or action.get("type") in types
    ]
    if not found:
        raise NotApplicable(f"no suggestion {told} was seen")
    return found


def _resource(action: dict[str, Any]) -> dict[str, Any]:
    resource = action.get("resource")
    return resource if isinstance(resource, dict) else {}


def ch_140_suggestions_come_with_a_selection_behaviour(examination: Examination) -> Iterator[str]:
    """An empty array counts as none."""
    for shown, suggestions in _with_suggestions(examination):
        if not suggestions or not says(shown.card.get("selectionBehavior")):
            yield f"{shown.where}: suggestions without selectionBehavior, or none"


def ch_141_a_selection_behaviour_is_at_most_one_or_any(examination: Examination) -> Iterator[str]:
    """1.0 knows only the first."""
    for shown, _ in _with_suggestions(examination):
        if shown.card.get("selectionBehavior") not in ("at-most-one", "any"):
            yield f"{shown.where}: selectionBehavior is something else"


def ch_142_a_suggestion_has_a_label(examination: Examination) -> Iterator[str]:
    """It is what the user clicks."""
    for shown, suggestions in _with_suggestions(examination):
        if not all(says(suggestion.get("label")) for suggestion in suggestions):
            yield f"{shown.where}: a suggestion has no label"


def ch_143_a_suggestion_has_a_uuid(examination: Examination) -> Iterator[str]:
    """Without it, nobody hears that it was accepted."""
    for shown, suggestions in _with_suggestions(examination):
        for suggestion in suggestions:
            try:
                UUID(str(suggestion.get("uuid")))
            except ValueError:
                yield f"{shown.where}: a suggestion has no UUID"


def ch_144_several_are_recommended_only_where_any_may_be_chosen(examination: Examination) -> Iterator[str]:
    """Invariant cds-resp-1."""
    for shown, suggestions in _with_suggestions(examination):
        recommended = [suggestion.get("isRecommended", False) for suggestion in suggestions]
        if not all(isinstance(value, bool) for value in recommended):
            yield f"{shown.where}: isRecommended is neither true nor false"
        elif sum(recommended) > 1 and shown.card.get("selectionBehavior") != "any":
            yield f"{shown.where}: several suggestions are recommended, and one may be chosen"


def ch_148_an_action_creates_updates_or_deletes(examination: Examination) -> Iterator[str]:
    """In lower case."""
    for shown, action in _actions(examination):
        if action.get("type") not in _TYPES:
            yield f"{shown.where}: an action's type is something else"


def ch_149_an_action_has_a_description(examination: Examination) -> Iterator[str]:
    """It is what the user agrees to."""
    for shown, action in _actions(examination):
        if not says(action.get("description")):
            yield f"{shown.where}: an action has no description"


def ch_150_a_create_carries_a_whole_resource_about_the_patient(examination: Examination) -> Iterator[str]:
    """With its type, and the patient of the context."""
    for shown, action in _actions(examination, "create", told="that creates"):
        resource = _resource(action)
        if not says(resource.get("resourceType")):
            yield f"{shown.where}: a create carries no resource"
            continue
        subject = resource.get("subject") or resource.get("for") or resource.get("patient")
        patient = shown.exchange.request["context"].get("patientId", "").rpartition("/")[2]
        if isinstance(subject, dict) and subject.get("reference") != f"Patient/{patient}":
            yield f"{shown.where}: a create is about somebody else"


def _updates(examination: Examination) -> Iterator[tuple[Shown, dict[str, Any], dict[str, Any] | None]]:
    """Each updated resource with the draft that it replaces."""
    for shown, action in _actions(examination, "update", told="that updates"):
        updated = _resource(action)
        same = [
            draft
            for draft in shown.exchange.drafts
            if (draft.get("resourceType"), draft.get("id"))
            == (updated.get("resourceType"), updated.get("id"))
        ]
        yield shown, updated, same[0] if same else None


def ch_151_an_update_carries_the_resource_whole(examination: Examination) -> Iterator[str]:
    """No member of the draft is lost."""
    for shown, updated, draft in _updates(examination):
        if draft is not None and draft.keys() - updated.keys():
            yield f"{shown.where}: an update leaves out members of the draft"


def ch_152_an_update_keeps_type_and_id_of_a_draft(examination: Examination) -> Iterator[str]:
    """It replaces a draft of the session."""
    for shown, _, draft in _updates(examination):
        if draft is None:
            yield f"{shown.where}: what is updated is no draft of the session"


def _deletes(examination: Examination) -> list[tuple[Shown, dict[str, Any]]]:
    return _actions(examination, "delete", told="that deletes")


def ch_153_a_delete_names_type_and_id_and_carries_no_resource(examination: Examination) -> Iterator[str]:
    """Invariant cds-resp-2."""
    for shown, action in _deletes(examination):
        if not _RELATIVE.fullmatch(str(action.get("resourceId", ""))):
            yield f"{shown.where}: a delete names no type and id"
        if "resource" in action:
            yield f"{shown.where}: a delete carries a resource"


def ch_154_only_drafts_of_the_session_are_deleted(examination: Examination) -> Iterator[str]:
    """What has been signed is not a draft any more."""
    for shown, action in _deletes(examination):
        drafts = {f"{draft.get('resourceType')}/{draft.get('id')}" for draft in shown.exchange.drafts}
        if action.get("resourceId") not in drafts:
            yield f"{shown.where}: what is deleted is no draft of the session"


def ch_155_a_card_with_suggestions_says_in_words_what_to_do(examination: Examination) -> Iterator[str]:
    """The client may refuse a suggestion."""
    for shown, _ in _with_suggestions(examination):
        if not says(shown.card.get("detail")):
            yield f"{shown.where}: there is no detail"


def ch_147_no_action_selection_behaviour_unasked(examination: Examination) -> Iterator[str]:
    """It goes to clients that are known to know it, and nothing here says so."""
    for shown, suggestions in _with_suggestions(examination):
        if any("actionSelectionBehavior" in suggestion for suggestion in suggestions):
            yield f"{shown.where}: a suggestion has actionSelectionBehavior"


def _links(examination: Examination, *types: str) -> list[tuple[Shown, dict[str, Any]]]:
    found = [
        (shown, link)
        for shown in examination.shown
        for link in objects(shown.card.get("links"))
        if not types or link.get("type") in types
    ]
    if not found:
        raise NotApplicable(f"no {' or '.join(types)} link was seen".replace("  ", " "))
    return found


def ch_160_a_link_has_label_url_and_type(examination: Examination) -> Iterator[str]:
    """All three are texts."""
    for shown, link in _links(examination):
        for name in ("label", "url", "type"):
            if not says(link.get(name)):
                yield f"{shown.where}: a link has no {name}"


def ch_161_a_link_is_absolute_or_smart(examination: Examination) -> Iterator[str]:
    """There is no third."""
    for shown, link in _links(examination):
        if link.get("type") not in ("absolute", "smart"):
            yield f"{shown.where}: a link is of another type"


def ch_162_an_absolute_link_is_a_full_address(examination: Examination) -> Iterator[str]:
    """It is opened as it stands."""
    for shown, link in _links(examination, "absolute"):
        if not is_absolute(link.get("url")):
            yield f"{shown.where}: an absolute link is not a full address"


def ch_163_a_smart_link_is_the_bare_launch_address(examination: Examination) -> Iterator[str]:
    """The client adds launch and iss."""
    for shown, link in _links(examination, "smart"):
        parts = urlsplit(str(link.get("url")))
        if {"launch", "iss"} & parse_qs(parts.query, keep_blank_values=True).keys() or parts.fragment:
            yield f"{shown.where}: a smart link holds launch, iss or a fragment"


def ch_164_only_a_smart_link_has_an_app_context(examination: Examination) -> Iterator[str]:
    """Which is a text."""
    for shown, link in _links(examination):
        if "appContext" in link and (link.get("type") != "smart" or not isinstance(link["appContext"], str)):
            yield f"{shown.where}: appContext on an absolute link, or not a text"


def ch_165_no_warning_can_be_launched_away(examination: Examination) -> Iterator[str]:
    """A client that launches the app may never show the card."""
    for shown, link in _links(examination):
        if link.get("autolaunchable") and shown.card.get("indicator") in ("warning", "critical"):
            yield f"{shown.where}: a warning holds an autolaunchable link"
