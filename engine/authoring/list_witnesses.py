"""Witnesses of the conditions on the lists of a record: diagnoses, allergies, medicines, procedures, devices, appointments and so on.

What a witness is stands in :mod:`engine.authoring.witnesses`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from engine.authoring.witnesses import Side, Witness, World, not_supplied
from engine.language import (
    AllergyLeaf,
    AppointmentLeaf,
    ConditionLeaf,
    DeviceLeaf,
    EncounterLeaf,
    MedicationLeaf,
    OrderLeaf,
    ProcedureLeaf,
    ServiceLeaf,
)


def _windowed(
    key: str,
    entry: Mapping[str, Any],
    words: str,
    date_key: str,
    within: str | None,
    world: World,
    *,
    ahead: bool = False,
    undated: Side = "missing",
) -> Iterator[Witness]:
    """An entry inside a window of time, at its edge, beyond it, and without a date."""
    if within is None:
        yield Witness(words, {key: [dict(entry)]}, "inside")
        return
    edge, beyond = world.edge(within, ahead=ahead), world.edge(within, ahead=ahead, beyond=True)
    yield Witness(
        f"{words} on {edge} (the last day that counts)", {key: [{**entry, date_key: edge}]}, "inside"
    )
    yield Witness(f"{words} on {beyond} (out of time)", {key: [{**entry, date_key: beyond}]}, "outside")
    yield Witness(f"{words} without a date", {key: [dict(entry)]}, undated)


def _condition(leaf: ConditionLeaf, world: World) -> Iterator[Witness]:
    status = {"current": "current", "current-or-remission": "remission", "past": "past", "ever": "past"}[
        leaf.status
    ]
    entry: dict[str, Any] = {"is": leaf.condition}
    if status != "current":
        entry["status"] = status
    if leaf.certainty == "suspected":
        entry["suspected"] = True
    title = world.title(leaf.condition)
    if leaf.since is None:
        yield from _windowed("conditions", entry, f"{title} on the problem list", "onset", leaf.within, world)
    yield Witness(f"{title} not on the problem list", {"conditions": []}, "outside")
    other = {"current": "past", "current-or-remission": "past", "past": "current"}.get(leaf.status)
    if other is not None:
        yield Witness(
            f"{title} only as {other}", {"conditions": [{"is": leaf.condition, "status": other}]}, "outside"
        )
    if leaf.certainty == "confirmed":
        yield Witness(f"{title} only suspected", {"conditions": [{**entry, "suspected": True}]}, "outside")
    for left_out in leaf.excluding:
        yield Witness(
            f"{world.title(left_out)} instead", {"conditions": [{**entry, "is": left_out}]}, "outside"
        )
    uncoded = {key: value for key, value in entry.items() if key != "is"}
    yield Witness("a problem without a code", {"conditions": [{"text": "see letter", **uncoded}]}, "missing")
    yield from not_supplied("conditions")


def _allergy(leaf: AllergyLeaf, world: World) -> Iterator[Witness]:
    entry: dict[str, Any] = {"is": leaf.allergy}
    if leaf.status == "inactive":
        entry["status"] = "inactive"
    if leaf.type == "intolerance":
        entry["type"] = "intolerance"
    title = world.title(leaf.allergy)
    yield Witness(f"{title} on the allergy list", {"allergies": [entry]}, "inside")
    yield Witness(f"{title} not on the allergy list", {"allergies": []}, "outside")
    if leaf.status == "active":
        yield Witness(
            f"{title} only as inactive", {"allergies": [{**entry, "status": "inactive"}]}, "outside"
        )
    if leaf.type == "allergy":
        yield Witness(
            f"{title} only as an intolerance", {"allergies": [{**entry, "type": "intolerance"}]}, "outside"
        )
    yield from not_supplied("allergies")


def _medication(leaf: MedicationLeaf, world: World) -> Iterator[Witness]:
    what = world.other_medicine(*leaf.excluding) if leaf.medication == "any" else leaf.medication
    entry: dict[str, Any] = {"is": what} | ({"route": leaf.route} if leaf.route is not None else {})
    title = world.title(what)
    if leaf.status == "recent":
        ended = {**entry, "status": "ended"}
        yield from _windowed("medications", ended, f"{title} ended", "ended", leaf.within, world)
    else:
        several = [entry, *({**entry, "is": name} for name in world.concepts.concept(what).includes)]
        taken = several[: leaf.different] if leaf.different > 1 else [entry]
        yield Witness(f"{title} is taken", {"medications": taken}, "inside")
        side: Side = "outside" if leaf.status == "current" else "inside"
        ended = {**entry, "status": "ended", "ended": world.edge("1 day")}
        yield Witness(f"{title} ended yesterday", {"medications": [ended]}, side)
    yield Witness(f"{title} is not taken", {"medications": []}, "outside")
    for left_out in leaf.excluding:
        yield Witness(
            f"{world.title(left_out)} is taken instead",
            {"medications": [{**entry, "is": left_out}]},
            "outside",
        )
    yield from not_supplied("medications")


def _order(leaf: OrderLeaf, world: World) -> Iterator[Witness]:
    what = world.other_medicine(*leaf.excluding) if leaf.order == "any" else leaf.order
    entry: dict[str, Any] = {"is": what}
    if leaf.route is not None:
        entry["route"] = leaf.route
    if leaf.action is not None:
        entry["action"] = leaf.action
    group: dict[str, Any] = {"group": "1"} if leaf.same_group else {}
    title = world.title(what)
    yield Witness(f"{title} ordered too", {"beside": [entry | group], "order": group}, "inside")
    yield Witness(f"{title} not ordered", {"beside": []}, "outside")
    if leaf.same_group:
        yield Witness(
            f"{title} ordered in another group",
            {"beside": [entry | {"group": "2"}], "order": group},
            "outside",
        )
    if leaf.action is not None:
        other = "start" if leaf.action != "start" else "stop"
        yield Witness(f"{title} ordered to {other}", {"beside": [{**entry, "action": other}]}, "outside")


def _procedure(leaf: ProcedureLeaf, world: World) -> Iterator[Witness]:
    title = world.title(leaf.procedure)
    planned = leaf.status == "planned"
    entry: dict[str, Any] = {"is": leaf.procedure} | ({"status": "planned"} if planned else {})
    words = f"{title} {'planned' if planned else 'done'}"
    yield from _windowed("procedures", entry, words, "on", leaf.within, world, ahead=planned)
    yield Witness(f"{title} not on record", {"procedures": []}, "outside")
    yield from not_supplied("procedures")


def _device(leaf: DeviceLeaf, world: World) -> Iterator[Witness]:
    title = world.title(leaf.device)
    entry: dict[str, Any] = {"is": leaf.device} | (
        {"status": "inactive"} if leaf.status == "inactive" else {}
    )
    if leaf.replacement is not None:
        for ahead, words in ((False, "yesterday"), (True, "tomorrow")):
            due = {**entry, "replace_by": world.edge("1 day", ahead=ahead)}
            said = f"{title} to be replaced by {words}"
            yield Witness(said, {"devices": [due]}, "outside" if ahead else "inside")
        yield Witness(f"{title} without a replacement date", {"devices": [entry]}, "outside")
    else:
        yield Witness(f"{title} in the record", {"devices": [entry]}, "inside")
    yield Witness(f"{title} not in the record", {"devices": []}, "outside")
    if leaf.status == "active":
        yield Witness(f"{title} no longer active", {"devices": [{**entry, "status": "inactive"}]}, "outside")
    yield from not_supplied("devices")


def _appointment(leaf: AppointmentLeaf, world: World) -> Iterator[Witness]:
    title = world.title(leaf.appointment)
    status = {"missed": "noshow", "planned": "booked", "kept": "fulfilled"}[leaf.state]
    ahead = leaf.state == "planned"
    day = world.edge("1 day", ahead=ahead)
    entry = {"is": leaf.appointment, "status": status}
    if leaf.within is None:
        yield Witness(
            f"an appointment for {title} {leaf.state}", {"appointments": [{**entry, "on": day}]}, "inside"
        )
    else:
        words = f"an appointment for {title} {leaf.state}"
        yield from _windowed("appointments", entry, words, "on", leaf.within, world, ahead=ahead)
    yield Witness(f"no appointment for {title}", {"appointments": []}, "outside")
    yield from not_supplied("appointments")


def _encounter(leaf: EncounterLeaf, world: World) -> Iterator[Witness]:
    title = world.title(leaf.encounter)
    if leaf.state == "now":
        entry = {"is": leaf.encounter, "in_context": True, "on": world.today.isoformat()}
        yield Witness(f"the encounter is {title}", {"encounters": [entry]}, "inside")
    else:
        entry = {"is": leaf.encounter, "status": "finished"}
        yield from _windowed("encounters", entry, f"{title} ended", "on", leaf.within, world)
    yield Witness(f"no encounter that is {title}", {"encounters": []}, "outside")
    yield from not_supplied("encounters")


def _service(leaf: ServiceLeaf, world: World) -> Iterator[Witness]:
    title = world.title(leaf.service)
    yield from _windowed(
        "services",
        {"is": leaf.service},
        f"{title} requested",
        "on",
        leaf.within,
        world,
        ahead=True,
        undated="inside",
    )
    yield Witness(f"{title} not requested", {"services": []}, "outside")
    yield from not_supplied("services")


LIST_WRITERS: Final[Mapping[str, Callable[[Any, World], Iterator[Witness]]]] = MappingProxyType(
    {
        "allergy": _allergy,
        "appointment": _appointment,
        "condition": _condition,
        "device": _device,
        "encounter": _encounter,
        "medication": _medication,
        "order": _order,
        "procedure": _procedure,
        "service": _service,
    }
)
"""What makes the witnesses of each noun."""
