"""The server of the workbench: a process of its own, and never a part of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI, Request
from nicegui import app as library
from nicegui import ui
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from fhir_adapters.workbench.desk import Desk
from fhir_adapters.workbench.inbox import LARGEST, Inbox
from fhir_adapters.workbench.loopback import OnlyHere
from fhir_adapters.workbench.page import Page
from fhir_adapters.workbench.shelf import Shelf

TITLE: Final = "Primum workbench"

PATIENCE: Final = 300.0
"""Seconds for which a tab that does not answer is waited for: a busy machine must not take the page away."""

_HERE: Final = Path(__file__).parent


def application(shelf: Shelf, file: str, *, clock: Callable[[], datetime]) -> ASGIApp:
    """The workbench for a rules folder, with one rule file open at first; may be made once in a process."""
    inbox = Inbox()
    app = FastAPI(title=TITLE, docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/record")
    async def record(request: Request) -> PlainTextResponse:
        """Take what was pasted or opened, up to a size, into memory."""
        content = bytearray()
        async for chunk in request.stream():
            content += chunk
            if len(content) > LARGEST:
                return PlainTextResponse("", 413)
        return PlainTextResponse(inbox.put(bytes(content)))

    async def page() -> None:
        """One tab of the browser."""
        ui.add_css((_HERE / "workbench.css").read_text(encoding="utf-8"))
        ui.add_body_html(f"<script>{(_HERE / 'workbench.js').read_text(encoding='utf-8')}</script>")
        opened = Page(await asyncio.to_thread(Desk, shelf, file), inbox, clock)
        await ui.context.client.connected(timeout=30)
        await opened.begin()

    # The folder may have to be read again first.
    ui.page("/", title=TITLE, response_timeout=PATIENCE)(page)
    # NiceGUI's own answer writes the address into the log, with all that someone put into it.
    library.add_exception_handler(404, _nothing_here)
    ui.run_with(
        app,
        title=TITLE,
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=PATIENCE,
    )
    return OnlyHere(app)


async def _nothing_here(request: Request, error: Exception) -> PlainTextResponse:
    return PlainTextResponse("There is nothing here.", 404)


def serve(shelf: Shelf, file: str, *, host: str, port: int, clock: Callable[[], datetime]) -> None:
    """Run the workbench until it is told to stop."""
    app = application(shelf, file, clock=clock)
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False, server_header=False)
