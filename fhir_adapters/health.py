"""Health: whether the process runs, and with which rules it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter

from engine.concepts import ConceptLibrary
from engine.ruleset import RuleSet
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.recording import Recorder
from fhir_adapters.terminology.unlisted_codes import UnlistedCodes


def health_router(
    rules: RuleSet,
    concepts: ConceptLibrary,
    services: Services,
    *,
    recorder: Recorder | None = None,
    unlisted: UnlistedCodes | None = None,
    clock: Callable[[], datetime],
) -> APIRouter:
    """``/health/live`` answers as long as the process does; ``/health/ready`` says with what it answers.

    That is packs and versions, what the site has adjusted, expansions with their hashes, the store and the terminology server.
    Neither of the last two makes the service unready when it fails: cards reach the prescriber all the same.
    """
    router = APIRouter(prefix="/health", tags=["Health"])

    @router.get("/live")
    async def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "live"}

    @router.get("/ready")
    async def ready() -> dict[str, Any]:
        """Say that requests are answered, and with which rules."""
        packs = [
            {
                "id": pack.id,
                "version": pack.version,
                "label": pack.source_label,
                "label_version": pack.label_version,
            }
            for pack in rules.packs.values()
        ]
        return {
            "status": "ready",
            "version": version("primum"),
            "services": list(services.by_id),
            "rules": len(rules.active()),
            "packs": packs,
            "adjustments": _adjustments(rules, clock().date()),
            "terminology": _terminology(concepts, unlisted),
            "store": {"kind": recorder.store.kind, "state": recorder.state} if recorder else {"kind": "none"},
        }

    return router


def _adjustments(rules: RuleSet, today: date) -> list[dict[str, Any]]:
    return [
        {
            "rule": rule,
            "set": adjustment.words,
            "reason": adjustment.reason,
            "approved_by": adjustment.approved_by,
            "until": adjustment.until.isoformat(),
            "in_force": adjustment.holds(today),
        }
        for rule, adjustment in sorted(rules.adjustments.items())
    ]


def _terminology(concepts: ConceptLibrary, unlisted: UnlistedCodes | None) -> dict[str, Any]:
    expansions = [
        {
            "concept": concept,
            "codes": len(expansion.codes),
            "server": expansion.server,
            "version": expansion.version,
            "identifier": expansion.identifier,
            "date": expansion.date,
            "sha256": expansion.sha256,
        }
        for concept, expansion in sorted(concepts.expansions.items())
    ]
    asked = {"address": unlisted.address, "state": unlisted.state} if unlisted is not None else None
    return {"expansions": expansions, "server": asked}
