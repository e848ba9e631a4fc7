"""The application: the one place where rules, engine, services and HTTP are joined."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from importlib.metadata import version
from types import MappingProxyType
from uuid import uuid4

import uvicorn
from fastapi import Depends, FastAPI

from engine.authoring.folder import Loaded
from engine.authoring.loading import load_strict
from engine.concepts import ConceptLibrary
from engine.evaluation import Engine
from engine.ruleset import RuleSet
from fhir_adapters import journal
from fhir_adapters.boundary import guard
from fhir_adapters.cds_hooks.auth import Authenticator, admission
from fhir_adapters.cds_hooks.description import describe
from fhir_adapters.cds_hooks.envelope import HookRequest
from fhir_adapters.cds_hooks.explanations import Explainer
from fhir_adapters.cds_hooks.feedback import Feedback, Stored, feedback_router
from fhir_adapters.cds_hooks.prefetch import Fetching
from fhir_adapters.cds_hooks.routes import ON_THE_LOOP, cds_hooks_router
from fhir_adapters.cds_hooks.services import HookService, Services
from fhir_adapters.cds_hooks.used_tokens import TokensOfThisProcess
from fhir_adapters.clients import Client, Clients, read_clients
from fhir_adapters.connections import GRACE, connection
from fhir_adapters.decision import Decision, decide_call, uuids_of
from fhir_adapters.health import health_router
from fhir_adapters.mapping.validation import prepare
from fhir_adapters.outbound import LOOPBACK, Targets
from fhir_adapters.recording import PATIENCE, Recorder
from fhir_adapters.repeats import Repeats
from fhir_adapters.settings import Settings
from fhir_adapters.store.errors import SchemaError, StoreError
from fhir_adapters.terminology.unlisted_codes import UnlistedCodes
from fhir_adapters.wire import MEMBERS, WHOLE


def now_here() -> datetime:
    """The present moment in the time zone of this machine, which is the one that ages are counted in."""
    return datetime.now().astimezone()


def create_app(settings: Settings, *, clock: Callable[[], datetime] = now_here) -> FastAPI:
    """The service as an ASGI application, with the rules that the settings name.

    Raises:
        RuleFileError: the rules folder holds errors; the message is for the authors of the rules.
        PackError: an archive of a pack, or the file of trusted keys, must not be used; the message is for the operator.
        ClientsError: the file of the clients cannot be used; the message is for the operator.
        SchemaError: the store is of another version.
    """
    loaded = loaded_rules(settings)
    recorder = opened_recorder(settings)
    expressions = {name: file.ecl for name, file in loaded.concept_files.items() if file.ecl}
    return application(
        loaded.rules,
        loaded.concepts,
        settings,
        clock=clock,
        recorder=recorder,
        expressions=expressions,
    )


def loaded_rules(settings: Settings) -> Loaded:
    """The rules that the settings name: those of verified archives, or of a folder; raises as :func:`create_app` does."""
    if settings.pack_keys is None:
        return load_strict(settings.rules, local=settings.local, examples=settings.examples)
    from fhir_adapters.packs.loading import load_archives, open_archive, trusted_keys  # loads what signs

    keys = trusted_keys(settings.pack_keys)
    archives = [open_archive(file, keys) for file in settings.packs]
    for archive in archives:
        signed = archive.manifest
        journal.note(
            "pack-verified",
            pack=signed.pack,
            version=signed.version,
            files=len(signed.files),
            key=archive.key,
        )
    return load_archives(archives, local=settings.local)


def opened_recorder(settings: Settings) -> Recorder | None:
    """What stores decisions and feedback; None when the settings name no place for them.

    A store that cannot be reached is tried again with every decision: cards matter more than records of them.

    Raises:
        SchemaError: the store can be reached, and is of another version.
    """
    if settings.database_url is None:
        return None
    from fhir_adapters.store.store import Store  # loads SQLAlchemy, which nothing else needs

    store = Store(settings.database_url.get_secret_value(), patience=PATIENCE)
    recorder = Recorder(store, keep_requests=settings.keep_requests == "full")
    try:
        store.database.open()
    except SchemaError:
        raise
    except StoreError as error:
        recorder.state = "failing"
        journal.note("store-unreachable", level=logging.ERROR, error=error, reason=str(error))
    return recorder


def application(
    rules: RuleSet,
    concepts: ConceptLibrary,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    recorder: Recorder | None = None,
    expressions: Mapping[str, str] = MappingProxyType({}),
) -> FastAPI:
    """The service for rules that are already in memory; without a recorder nothing is stored.

    ``expressions`` are what a terminology server can be asked about the concepts, in ECL.
    """
    rules = replace(rules, critical_needs_review=settings.critical_needs_review)
    services = Services(rules, concepts)
    clients = read_clients(settings.clients) if settings.clients is not None else Clients(())
    clients.check_services(services.by_id)
    authenticator = (
        Authenticator(clients, recorder or TokensOfThisProcess()) if settings.clients is not None else None
    )
    engine = Engine(rules, concepts)

    fetching = Fetching(
        {
            "": Targets(settings.fhir_servers, LOOPBACK),
            **{client.iss: client.fhir_targets for client in clients},
        },
        seconds=settings.fetch_deadline,
        without_token=settings.fhir_without_token,
    )

    unlisted = None
    if settings.terminology_server and expressions:
        there = Targets((settings.terminology_server,), (*LOOPBACK, *settings.terminology_networks))
        unlisted = UnlistedCodes(there, concepts, expressions)

    async def complete(request: HookRequest, service: HookService, client: Client | None) -> HookRequest:
        completed = await fetching.complete(request, service, client)
        return await unlisted.look_up(completed) if unlisted is not None else completed

    def decide(request: HookRequest, service: HookService, client: Client | None) -> Decision:
        asked = partial(decide_call, request, service, engine, now=clock())
        if recorder is None:
            return asked()
        id_ = uuid4()
        heeds = client.switches.configuration_items if client is not None else settings.configuration_items
        repeats = Repeats(client.iss if client is not None else "", recorder.recall) if heeds else None
        return asked(id=str(id_), new_uuid=uuids_of(id_), repeats=repeats)

    explainer = Explainer(rules, concepts)

    def explained(answer: bytes, decision: Decision, client: Client | None) -> bytes:
        explain = client.switches.explain if client is not None else settings.explain
        return explainer.explained(answer, decision, explain)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settle_memory()
        journal.note(
            "ready",
            services=sorted(services.by_id),
            rules=len(rules.active()),
            mode="open" if authenticator is None else "authenticated",
            clients=[client.name for client in clients],
            adjusted=sorted(rules.adjusted_on(clock().date())),
            store=recorder.store.kind if recorder is not None else "none: PRIMUM_DATABASE_URL is not set",
        )
        for name in sorted(rules.adjustments.keys() - rules.adjusted_on(clock().date()).keys()):
            until = rules.adjustments[name].until.isoformat()
            journal.note("adjustment-expired", level=logging.WARNING, rule=name, until=until)
        yield
        await fetching.aclose()
        if unlisted is not None:
            await unlisted.aclose()
        engine.close()
        if recorder is not None:
            recorder.close()

    app = FastAPI(
        title="Primum",
        version=version("primum"),
        description="Checks orders against medicines' labels, over CDS Hooks 2.0.1.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    admit = admission(
        authenticator, public_url=settings.public_url, path_prefix=settings.path_prefix, clock=clock
    )
    looks_up = settings.configuration_items or any(each.switches.configuration_items for each in clients)
    hooks = cds_hooks_router(
        services,
        complete,
        decide,
        body_limit=settings.body_limit,
        on_the_loop=0 if looks_up else ON_THE_LOOP,
        record=recorder.record if recorder is not None else None,
        explained=explained,
    )
    reports = feedback_router(
        services,
        recorder.keep if recorder is not None else None,
        clock=clock,
        body_limit=settings.body_limit,
        keep_comments=settings.keep_comments,
    )
    for router in (hooks, reports):
        app.include_router(router, prefix=settings.path_prefix, dependencies=[Depends(admit)])
    app.include_router(
        health_router(rules, concepts, services, recorder=recorder, unlisted=unlisted, clock=clock)
    )
    describe(app, (Feedback, Stored), authenticated=authenticator is not None)
    guard(app, {*settings.cors_origins, *(origin for client in clients for origin in client.origins)})
    return app


def settle_memory() -> None:
    """Take what start-up left behind out of garbage collection: its passes, not the rules, make the slowest answers."""
    prepare(MEMBERS.keys() | WHOLE)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def serve(settings: Settings, *, formatter: logging.Formatter | None = None) -> None:
    """Run the service until it is told to stop; ``formatter`` makes the lines of the journal, JSON by default."""
    journal.start(settings.log_level, formatter=formatter)
    app = create_app(settings)
    # A thread that stores asks for the interpreter once a statement, and by default gets it from a decision under way after
    # five milliseconds.
    sys.setswitchinterval(0.0005)
    # What uvicorn would log of calls and WebSockets holds their addresses, and those hold whatever a client puts there.
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=connection(settings.receive_deadline),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
