"""An examination: one service, the requests it is sent, and what has come back so far."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from engine.errors import CdsError
from fhir_adapters.conformance.samples import SAMPLED, sample
from fhir_adapters.conformance.service import DISCOVERY, Answer, Service, ServiceError


class NotApplicable(CdsError):
    """This service, or what it was asked, gives a check nothing to look at; the message says what."""


_PREFERRED: Final = ("order-sign", "order-select", "patient-view")
_ORDERS: Final = ("draftOrders", "medications", "orders")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, the service it went to, and the answer."""

    service: str
    hook: str
    request: dict[str, Any]
    answer: Answer

    @property
    def path(self) -> str:
        """Where the service is called."""
        return path_of(self.service)

    @property
    def drafts(self) -> list[dict[str, Any]]:
        """The resources of the session that are under review."""
        return drafts_of(self.request)


@dataclass(frozen=True, slots=True)
class Shown:
    """A card, where it stood, and the exchange that brought it."""

    where: str
    card: dict[str, Any]
    exchange: Exchange


class Examination:
    """Puts questions to a service, and keeps the answers that many checks look at."""

    def __init__(self, service: Service, requests: Sequence[dict[str, Any]] = ()) -> None:
        """``requests`` are sent beside the samples, each to the first service of its hook."""
        self.service = service
        self._requests = requests
        self.silences: list[str] = []

    @cached_property
    def discovery(self) -> Answer:
        """The answer to discovery."""
        return self.service.get()

    @cached_property
    def listed(self) -> list[dict[str, Any]]:
        """The services of discovery that can be called: those with a hook and an id."""
        services = self.discovery.members.get("services")
        return [
            service
            for service in (services if isinstance(services, list) else [])
            if isinstance(service, dict)
            and all(isinstance(service.get(name), str) and service[name] for name in ("hook", "id"))
        ]

    @cached_property
    def exchanges(self) -> list[Exchange]:
        """The samples and the requests of one's own that were answered, whatever the answer; the others are ``silences``."""
        found = []
        for service, request in self._questions():
            try:
                answer = self.service.post(path_of(service["id"]), request)
            except ServiceError as error:
                self.silences.append(f"{service['id']}: {error}")
            else:
                found.append(Exchange(service["id"], service["hook"], request, answer))
        return found

    @cached_property
    def succeeded(self) -> list[Exchange]:
        """The exchanges that ended with 200, whatever came with it."""
        return [exchange for exchange in self.exchanges if exchange.answer.status == 200]

    @cached_property
    def answered(self) -> list[Exchange]:
        """The exchanges that ended with 200 and an array of cards."""
        return [
            exchange for exchange in self.succeeded if isinstance(exchange.answer.members.get("cards"), list)
        ]

    @cached_property
    def shown(self) -> list[Shown]:
        """Every card that has come back."""
        return [
            Shown(f"cards[{place}] of {exchange.service}", card, exchange)
            for exchange in self.answered
            for place, card in enumerate(cards_of(exchange.answer))
        ]

    @cached_property
    def subject(self) -> Exchange:
        """The exchange that other requests are made from: answered, about an order if possible, with cards if possible.

        Raises:
            NotApplicable: no request was answered.
        """
        if not self.answered:
            raise NotApplicable(
                "no request was answered with cards, or with none, so that there is nothing to vary"
            )
        return min(self.answered, key=_rank)

    def varied(self, **members: Any) -> dict[str, Any]:
        """The subject's request with other members, under a ``hookInstance`` of its own; None leaves one out."""
        request = copy.deepcopy(self.subject.request) | {"hookInstance": str(uuid4())} | members
        return {name: value for name, value in request.items() if value is not None}

    def ask(self, request: Any) -> Answer:
        """Send a request to the subject's service."""
        return self.service.post(self.subject.path, request)

    def _questions(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for service in self.listed:
            if service["hook"] in SAMPLED:
                prefetch = service.get("prefetch")
                yield service, sample(service["hook"], prefetch if isinstance(prefetch, dict) else {})
        for request in self._requests:
            for service in self.listed:
                if service["hook"] == request.get("hook"):
                    yield service, request
                    break


def path_of(service_id: str) -> str:
    """The address of a service, whatever characters its id holds."""
    return f"{DISCOVERY}/{quote(service_id, safe='')}"


def cards_of(answer: Answer) -> list[dict[str, Any]]:
    """The cards of an answer that are objects."""
    cards = answer.members.get("cards")
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of an array; none where it is something else."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def drafts_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources under review of a request, themselves and not copies."""
    context = request.get("context")
    bundles = [context.get(name) for name in _ORDERS] if isinstance(context, dict) else []
    entries = [
        entry for bundle in bundles if isinstance(bundle, dict) for entry in objects(bundle.get("entry"))
    ]
    return [entry["resource"] for entry in entries if isinstance(entry.get("resource"), dict)]


def comparable(answer: Answer) -> list[Any]:
    """The cards without the uuids, which differ from answer to answer."""
    return [_without_uuids(card) for card in cards_of(answer)]


def _without_uuids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_uuids(member) for name, member in value.items() if name != "uuid"}
    return [_without_uuids(entry) for entry in value] if isinstance(value, list) else value


def _rank(exchange: Exchange) -> tuple[int, bool]:
    hook = exchange.hook
    return _PREFERRED.index(hook) if hook in _PREFERRED else len(_PREFERRED), not cards_of(exchange.answer)
