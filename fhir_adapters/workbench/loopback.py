"""Loopback: a page that writes files is for browsers on its own machine.

It must not be reachable for others, nor for pages of other sites that a browser on this machine has open; so the address is a
loopback address, and so are the names by which and from which it is called.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# NiceGUI writes its page with scripts and styles of its own in it. Nothing may come from, or go to, elsewhere.
_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; form-action 'none'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def is_loopback(host: str) -> bool:
    """Whether a name or an address is only of this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


_ASKED: Final = (b"host", b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest")


class OnlyHere:
    """Answers browsers on this machine: a call under another name, or from a page of another site, gets 403."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the call on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        if not _from_here(scope["headers"]):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await PlainTextResponse("This page is for browsers on its own machine.", 403)(
                scope, receive, protected
            )
            return

        await self.app(scope, receive, protected)


def _from_here(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the host that is called, and the site that calls where one does, are this machine, and the same.

    A link may lead here from another site. What a browser fetches for another site, it says so in ``Sec-Fetch-Site``.
    """
    found = {name: value.decode("latin-1") for name, value in headers if name in _ASKED}
    try:
        host = urlsplit(f"//{found.get(b'host', '')}")
        origin = urlsplit(found.get(b"origin", f"//{host.netloc}"))
    except ValueError:  # a bracket that is not closed
        return False
    followed = found.get(b"sec-fetch-mode") == "navigate" and found.get(b"sec-fetch-dest") == "document"
    ours = found.get(b"sec-fetch-site", "none") in ("same-origin", "none")
    return is_loopback(host.hostname or "") and origin.netloc == host.netloc and (ours or followed)
