"""Reproduction: a stored decision taken again, from the request that was kept, at the moment at which it was taken.

With the rules of then the answer is the same to the last byte, the uuids of its cards included. With other rules it says
which of them changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from uuid import UUID

import msgspec

from engine.errors import CdsError
from engine.evaluation import Engine
from engine.outcome import RuleOutcome
from engine.rule import Hook
from fhir_adapters.cds_hooks.models import encode
from fhir_adapters.cds_hooks.services import Services
from fhir_adapters.decision import decide_asked, uuids_of
from fhir_adapters.kept_requests import as_kept
from fhir_adapters.store.records import DecisionRecord


class ReproductionError(CdsError):
    """A decision cannot be taken again; the message says why."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is of another version than when the decision was taken; a side on which it was not is empty."""

    what: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A decision taken again: the answer, and what has changed since; ``same`` when the answer is what was sent."""

    record: DecisionRecord
    answer: bytes
    same: bool
    changes: tuple[Change, ...]


def reproduce(record: DecisionRecord, engine: Engine, services: Services) -> Reproduction:
    """Take a stored decision again.

    Raises:
        ReproductionError: its request was not kept, or no active rule answers its hook any more.
    """
    if record.kept is None:
        raise ReproductionError(
            "the request of this decision was not kept: PRIMUM_KEEP_REQUESTS=full keeps requests from then on"
        )
    service = services.of(Hook(record.hook))
    if service is None:
        raise ReproductionError(f"no active rule answers the hook {record.hook} any more")
    left_out = {(outcome.rule, outcome.order) for outcome in record.outcomes if outcome.filtered}

    def was_left_out(outcome: RuleOutcome) -> bool:
        order = (outcome.subject.order or "") if outcome.subject is not None else ""
        return (outcome.rule.id, order) in left_out

    decision = decide_asked(
        as_kept(record.kept.request, service.hook),
        service,
        engine,
        now=record.taken_at,
        new_uuid=uuids_of(UUID(record.id)),
        id=record.id,
        is_repeat=was_left_out,
    )
    answer = encode(decision.response)
    sent = record.kept.response
    return Reproduction(record, answer, answer == sent, tuple(_changes(record, sent, answer, engine)))


def _changes(record: DecisionRecord, sent: bytes, answer: bytes, engine: Engine) -> Iterator[Change]:
    """What is of another version: Primum, packs, expansions, the rules of the hook, and the site's adjustments."""
    if record.primum_version != version("primum"):
        yield Change("Primum", record.primum_version, version("primum"))
    then = {f"pack {pack.id}": f"{pack.version}, label {pack.label_version}" for pack in record.packs}
    packs = engine.rules.packs
    now = {f"pack {id_}": f"{pack.version}, label {pack.label_version}" for id_, pack in packs.items()}
    yield from _differences(then, {name: now.get(name, "") for name in then})
    yield from _differences(
        {_source(each.server): f"{each.version} {each.sha256}" for each in record.terminology},
        {_source(each.server): f"{each.version} {each.sha256}" for each in engine.concepts.sources},
    )
    looked_at = {outcome.rule: outcome.version for outcome in record.outcomes}
    active = {rule.id: rule.version for rule in engine.rules.active(Hook(record.hook))}
    yield from _differences(looked_at, active)
    yield from _differences(_adjusted(sent), _adjusted(answer))


def _adjusted(answer: bytes) -> dict[str, str]:
    """What an answer says that the site has set of each rule, and until when; one that cannot be read says nothing."""
    try:
        told = msgspec.json.decode(answer)["extension"]["org.primum.evaluation"]["rules"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return {}
    return {
        f"adjustment of {rule['id']}": f"{rule['adjusted']['set']} until {rule['adjusted']['until']}"
        for rule in told
        if "adjusted" in rule
    }


def _source(server: str) -> str:
    return f"expansions of {server}"


def _differences(then: dict[str, str], now: dict[str, str]) -> Iterator[Change]:
    for name in sorted(then | now):
        if then.get(name) != now.get(name):
            yield Change(name, then.get(name, ""), now.get(name, ""))
