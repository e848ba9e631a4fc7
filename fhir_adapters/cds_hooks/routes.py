"""Routes: discovery and the services over HTTP.

The body is read raw and decoded by the record's own reader; FastAPI never parses it. Small requests are
decided on the event loop, where they take about as long as handing them to a thread would; large ones are
decided on a thread, so that health checks are answered meanwhile.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from time import perf_counter
from typing import Final, ParamSpec, Protocol, TypeVar

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from fhir_adapters.cds_hooks.auth import caller_of
from fhir_adapters.cds_hooks.description import JSON, HookCall, answers, takes
from fhir_adapters.cds_hooks.dialects import answer_told, discovery_told
from fhir_adapters.cds_hooks.envelope import HookRequest, read_request
from fhir_adapters.cds_hooks.models import Discovery, HookResponse, encode
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.clients import Client
from fhir_adapters.decision import Decision
from fhir_adapters.journal import note
from fhir_adapters.outcomes import Refusal

Complete = Callable[[HookRequest, HookService, Client | None], Awaitable[HookRequest]]
"""Fetches what a request left out."""
Decide = Callable[[HookRequest, HookService, Client | None], Decision]
"""Decides what a service was asked, by a client; None where nobody is authenticated."""
Explained = Callable[[bytes, Decision, Client | None], bytes]
"""Puts into the answer to a decision why it was taken, as far as the client is to be told."""

P = ParamSpec("P")
T = TypeVar("T")

ON_THE_LOOP: Final = 256 * 1024
"""Bytes of the largest request that is decided without a thread."""
AN_ORDER: Final = 64 * 1024
"""Bytes of record that take about as long to decide as one order more."""
DISCARDED: Final = 4
"""How many times the limit is read and thrown away, so that a client gets to read why it was refused."""


class Record(Protocol):
    """Stores a decision; the answer that comes back is the one to send."""

    def __call__(
        self, decision: Decision, body: bytes, answer: bytes, *, service: str, client: str
    ) -> Awaitable[bytes]:
        """Store it before it is acknowledged."""


def cds_hooks_router(
    services: Services,
    complete: Complete,
    decide: Decide,
    *,
    body_limit: int,
    on_the_loop: int = ON_THE_LOOP,
    record: Record | None = None,
    explained: Explained | None = None,
) -> APIRouter:
    """The addresses under ``/cds-services`` (CH-010, CH-018).

    They answer with one slash too many as well: a client that is told ``/cds-services/`` adds its own to every call.

    ``on_the_loop``: bytes of the largest request that is decided without a thread.
    """
    router = APIRouter(tags=["CDS Hooks"])

    async def beside(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work on so many bytes on the event loop, or where that would hold up others on a thread."""
        if size <= on_the_loop:
            return work(*args, **kwargs)
        return await run_in_threadpool(work, *args, **kwargs)

    @router.get("/cds-services/", include_in_schema=False)
    @router.get("/cds-services", responses=answers(Discovery, "The services."), response_class=Response)
    async def discovery(request: Request) -> Response:
        """List the services with what each wants prefetched."""
        caller = caller_of(request)
        told = services.discovery
        if caller is not None:
            told = discovery_told(told, caller.client.switches)
        etag = f'"{sha256(told).hexdigest()[:32]}"'
        headers = {"etag": etag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(told, headers=headers, media_type=JSON)

    @router.post("/cds-services//{service_id}", include_in_schema=False)
    @router.post(
        "/cds-services/{service_id}",
        responses=answers(HookResponse, "Cards, most urgent first."),
        response_class=Response,
        openapi_extra=takes(HookCall),
    )
    async def call(service_id: str, request: Request) -> Response:
        """Check a patient's orders, or the patient, and answer with cards."""
        started = perf_counter()
        service = service_at(service_id, services)
        check_media_type(request)
        body = await read_body(request, body_limit)
        caller = caller_of(request)
        client = caller.client if caller is not None else None
        asked = await beside(len(body), read_request, body, service.hook)
        asked = await complete(asked, service, client)
        size = len(body) + asked.fetched + AN_ORDER * len(asked.context.orders[1:])
        decision, answer = await beside(size, _decided, decide, asked, service, client)
        if record is not None:
            answer = await record(
                decision,
                body,
                answer,
                service=service.shown.id,
                client=client.iss if client is not None else "",
            )
        if explained is not None:
            answer = await beside(size, explained, answer, decision, client)
        if client is not None:
            answer = answer_told(answer, client.switches)
        note(
            "decision",
            decision=decision.id,
            service=service.shown.id,
            hook_instance=decision.instance,
            client=client.name if client is not None else "",
            jti=caller.token_id if caller is not None else "",
            rules=decision.rules_shown,
            cards=len(decision.response.cards),
            milliseconds=round((perf_counter() - started) * 1000, 1),
        )
        return Response(answer, headers={"cache-control": "no-store"}, media_type=JSON)

    return router


def _decided(
    decide: Decide, asked: HookRequest, service: HookService, client: Client | None
) -> tuple[Decision, bytes]:
    decision = decide(asked, service, client)
    try:
        return decision, encode(decision.response)
    except RecursionError:
        # What could just be read may be too deep to write, some levels further down in a card.
        mend = "Send resources that nest less."
        raise Refusal(400, "structure", "the JSON nests too deeply", where="context", mend=mend) from None


def service_at(service_id: str, services: Services) -> HookService:
    """The service at an address.

    Raises:
        Refusal: 404 when there is none (CH-039).
    """
    service = services.by_id.get(service_id)
    if service is None:
        mend = "GET /cds-services lists the services."
        raise Refusal(404, "not-found", "there is no such service", mend=mend)
    return service


def check_media_type(request: Request) -> None:
    """See that a body is JSON as it stands.

    Raises:
        Refusal: 415 when it is declared to be something else, or compressed.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != JSON and not (media_type.startswith("application/") and "json" in media_type):
        mend = "Send the request with Content-Type: application/json."
        raise Refusal(
            415, "not-supported", "the body is not declared to be JSON", where="Content-Type", mend=mend
        )
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        mend = "Send the body without Content-Encoding."
        raise Refusal(415, "not-supported", "the body is compressed", where="Content-Encoding", mend=mend)


async def read_body(request: Request, limit: int) -> bytes:
    """The body of a request, at most so many bytes long.

    Raises:
        Refusal: 413 for a longer one, after the rest was read and thrown away, within bounds.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > DISCARDED * limit:
            break
        else:
            chunks.clear()
    if size > limit:
        mend = f"Send at most {limit} bytes; leave out prefetch keys, they are then reported as not checked."
        raise Refusal(413, "too-long", "the body is too large", mend=mend)
    return b"".join(chunks)
