"""Connections: a request comes whole within a time, and what never becomes one is refused in the one shape of errors.

uvicorn waits without end for a request that has begun, and tells in plain text what is wrong with one that is not HTTP.
The parser is h11, which takes heads of up to 64 KiB. httptools would be some tenths of a millisecond faster, takes heads
of any length, and loses the body of a request that offers to speak another protocol, as Java's client does.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from fhir_adapters.journal import note
from fhir_adapters.outcomes import Refusal

GRACE: Final = 5
"""Seconds for requests that have begun, once the service is told to stop; containers are killed after ten."""

_NOT_HTTP: Final = Refusal(
    400,
    "structure",
    "this is not an HTTP request, or its head is too long",
    mend="Send HTTP/1.1 with at most 64 KiB before the body.",
)
_TOO_SLOW: Final = Refusal(
    408, "timeout", "the request did not come to its end in time", mend="Send the same again, faster."
)


def connection(seconds: float) -> type[asyncio.Protocol]:
    """Connections on which a request takes no longer than so many seconds, from its first byte to its last."""
    return type("Connection", (_Connection,), {"seconds": seconds})


class _Connection(H11Protocol):
    seconds: float
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answering = self.conn.our_state in (h11.SEND_RESPONSE, h11.SEND_BODY)
        if answering and self.conn.their_state is not h11.SEND_BODY:
            self._stop_waiting()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(_NOT_HTTP)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: an offer to speak another protocol may be ignored (RFC 9110, 7.8), and the words are uvicorn's."""

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.seconds, self._end)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _end(self) -> None:
        begun = self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]
        if begun:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer, unless this request has been answered already, and close; whoever reads its body learns of that."""
        note("refused", level=logging.WARNING, status=refusal.status, code=refusal.code, where="")
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = refusal.response({"connection": "close"})
            begin = h11.Response(status_code=refusal.status, headers=answer.raw_headers)
            for event in (begin, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
