"""The boundary of the HTTP application: no exception leaves it, every error has one shape, CORS covers both.

Exceptions are caught inside the CORS layer, so that a browser client can read what went wrong (conformance
rows CH-052, CH-221 to CH-223).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_adapters.journal import note
from fhir_adapters.outcomes import INTERNAL, Refusal

_WORDS: Final = {
    404: ("not-found", "there is nothing at this address", "GET /cds-services lists the services."),
    405: (
        "not-supported",
        "this address does not take this method",
        "The header Allow names those that it takes.",
    ),
}


def guard(app: FastAPI, origins: Iterable[str]) -> None:
    """Put the boundary around an app; ``origins`` are the browser origins that may call it."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_middleware(LastResort)
    app.add_middleware(Heads)
    allowed = tuple(origins)
    if allowed:
        app.add_middleware(
            Cors,
            allow_origins=allowed,
            allow_methods=("GET", "POST", "OPTIONS"),
            allow_headers=("Authorization", "Content-Type"),
        )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    note("refused", status=error.status, code=error.code, where=error.where)
    return error.response()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code, what, mend = _WORDS.get(error.status_code, ("processing", phrase, ""))
    return Refusal(error.status_code, code, what, mend=mend).response(error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    return Refusal(400, "invalid", "the request does not fit this address").response()


class LastResort:
    """Answers an exception that nobody expected with an OperationOutcome, and notes its type and place."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; what is raised before the answer began becomes a 500."""
        begun = False

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except ClientDisconnect:
            return
        except Exception as error:
            note("defect", level=logging.ERROR, error=error)
            if begun or scope["type"] != "http":
                raise
            await INTERNAL.response()(scope, receive, send)


class Heads:
    """Answers HEAD as GET is answered, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; what is sent of the body is dropped."""

        async def bare(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self.app({**scope, "method": "GET"}, receive, bare)
        else:
            await self.app(scope, receive, send)


class Cors(CORSMiddleware):
    """CORS for an explicit list of origins; a preflight that is turned down is an OperationOutcome too."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight; it is never asked to authenticate."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        mend = "Add the origin to PRIMUM_CORS_ORIGINS; methods are GET and POST, headers Authorization and Content-Type."
        return Refusal(403, "forbidden", "this origin, method or header is not allowed", mend=mend).response()
