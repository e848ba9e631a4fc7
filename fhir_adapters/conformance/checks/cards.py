"""Cards: what the user is shown, and what must be true of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from fhir_adapters.conformance.examination import Examination, NotApplicable, Shown, objects

_MEMBERS: Final = frozenset(
    {
        "uuid",
        "summary",
        "detail",
        "indicator",
        "source",
        "suggestions",
        "selectionBehavior",
        "overrideReasons",
        "links",
        "extension",
    }
)
_LINK: Final = re.compile(r"\]\((https?://[^)\s]+)\)")


def _cards(examination: Examination) -> list[Shown]:
    if not examination.shown:
        raise NotApplicable("no card was seen: name a request that brings one up")
    return examination.shown


def _sources(examination: Examination) -> Iterator[tuple[str, dict[str, Any]]]:
    for shown in _cards(examination):
        source = shown.card.get("source")
        yield shown.where, source if isinstance(source, dict) else {}


def says(value: Any) -> bool:
    """Whether a value is a text that says something."""
    return isinstance(value, str) and bool(value.strip())


def is_absolute(value: Any) -> bool:
    """Whether a value is an absolute http or https address with a host."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)


def ch_120_a_summary_is_under_140_characters(examination: Examination) -> Iterator[str]:
    """139 at most."""
    for shown in _cards(examination):
        summary = shown.card.get("summary")
        if not isinstance(summary, str) or not summary.strip():
            yield f"{shown.where}: summary is missing or not a text"
        elif len(summary) >= 140:
            yield f"{shown.where}: summary has {len(summary)} characters"


def ch_121_an_indicator_is_info_warning_or_critical(examination: Examination) -> Iterator[str]:
    """Drafts of 1.0 had others."""
    for shown in _cards(examination):
        if shown.card.get("indicator") not in ("info", "warning", "critical"):
            yield f"{shown.where}: indicator is something else"


def ch_122_a_source_has_a_label(examination: Examination) -> Iterator[str]:
    """The one thing that the user must always see beside the summary."""
    for where, source in _sources(examination):
        if not says(source.get("label")):
            yield f"{where}: source.label is missing or not a text"


def ch_123_the_addresses_of_a_source_are_absolute(examination: Examination) -> Iterator[str]:
    """Clients resolve nothing."""
    for where, source in _sources(examination):
        for name in ("url", "icon"):
            if name in source and not is_absolute(source[name]):
                yield f"{where}: source.{name} is not an absolute address"


def ch_125_a_source_address_does_not_name_the_patient(examination: Examination) -> Iterator[str]:
    """It leads to whoever made the guidance."""
    for shown in _cards(examination):
        source, context = shown.card.get("source"), shown.exchange.request.get("context")
        patient = context.get("patientId") if isinstance(context, dict) else None
        if isinstance(source, dict) and patient and str(patient) in str(source.get("url", "")):
            yield f"{shown.where}: source.url names the patient"


def ch_126_a_topic_is_a_coding_with_code_and_system(examination: Examination) -> Iterator[str]:
    """Inferno requires it."""
    for where, source in _sources(examination):
        topic = source.get("topic")
        if not isinstance(topic, dict) or not says(topic.get("code")) or not says(topic.get("system")):
            yield f"{where}: source.topic has no code and system"


def ch_127_a_card_has_a_uuid_of_its_own(examination: Examination) -> Iterator[str]:
    """Feedback names it."""
    found = Counter(shown.card.get("uuid") for shown in _cards(examination))
    for uuid, times in found.items():
        try:
            UUID(uuid if isinstance(uuid, str) else "")
        except ValueError:
            yield f"{times} of the cards have no UUID"
            continue
        if times > 1:
            yield f"{times} cards have the same UUID"


def ch_128_links_in_a_detail_stand_in_links_too(examination: Examination) -> Iterator[str]:
    """Not every client makes links of Markdown."""
    for shown in _cards(examination):
        detail = shown.card.get("detail", "-")
        if not says(detail):
            yield f"{shown.where}: detail is not a text"
            continue
        listed = {link.get("url") for link in objects(shown.card.get("links"))}
        if set(_LINK.findall(detail)) - listed:
            yield f"{shown.where}: detail holds a link that is not in links"


def _reasons(examination: Examination) -> list[tuple[Shown, list[dict[str, Any]]]]:
    found = [
        (shown, objects(shown.card["overrideReasons"]))
        for shown in _cards(examination)
        if "overrideReasons" in shown.card
    ]
    if not found:
        raise NotApplicable("no card offers reasons to override")
    return found


def ch_132_override_reasons_are_codings_with_display(examination: Examination) -> Iterator[str]:
    """The user chooses by display."""
    for shown, reasons in _reasons(examination):
        for name in ("code", "system", "display"):
            if not reasons or not all(says(reason.get(name)) for reason in reasons):
                yield f"{shown.where}: an override reason has no {name}"


def ch_132_the_codes_of_override_reasons_differ(examination: Examination) -> Iterator[str]:
    """Or feedback would not say which was meant."""
    for shown, reasons in _reasons(examination):
        codes = [(str(reason.get("system")), str(reason.get("code"))) for reason in reasons]
        if len(set(codes)) < len(codes):
            yield f"{shown.where}: two override reasons have the same code"


def ch_133_warnings_and_contraindications_offer_reasons_to_override(
    examination: Examination,
) -> Iterator[str]:
    """Whoever goes on regardless can say why."""
    for shown in _cards(examination):
        if shown.card.get("indicator") in ("warning", "critical") and not shown.card.get("overrideReasons"):
            yield f"{shown.where}: there are no reasons to override"


def ch_134_a_card_holds_no_other_members(examination: Examination) -> Iterator[str]:
    """What is not specified belongs into its extension."""
    for shown in _cards(examination):
        for name in sorted(shown.card.keys() - _MEMBERS):
            yield f"{shown.where}: {name} is not a member of cards"
