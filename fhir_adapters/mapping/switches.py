"""Switches: the orders of one session that stop a medicine and start it anew, which together stop nothing (DC-01)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from engine.facts import MedicationFact, OrderAction, TherapyStatus

_ATC: Final = "http://www.whocc.no/atc"


def resolve_switches(orders: Iterable[MedicationFact]) -> tuple[MedicationFact, ...]:
    """The orders of a session, with a stop that has a successor among them turned into a change (DC-01).

    The successor is linked by ``priorPrescription``, or has a substance code in common and the same route: a stop of
    the pump is no switch because tablets of the same substance are started. Where the routes are not known to be the
    same only the link counts, and where routes or substances are known to differ nothing does.
    """
    found = list(orders)
    for index, stopped in enumerate(found):
        if stopped.action is not OrderAction.STOP:
            continue
        for place, successor in enumerate(found):
            if successor.action in (OrderAction.START, OrderAction.CHANGE) and _succeeds(successor, stopped):
                # One card about the new order is enough; the old one is reviewed only where the new one is not.
                reviewed = stopped.selected and not successor.selected
                found[index] = replace(stopped, action=OrderAction.CHANGE, selected=reviewed)
                found[place] = replace(
                    successor, action=OrderAction.CHANGE, replaces=successor.replaces or stopped.reference
                )
                break
    return tuple(found)


def _succeeds(successor: MedicationFact, stopped: MedicationFact) -> bool:
    if successor.status is TherapyStatus.ENDED:
        return False
    same_route = _same_route(successor, stopped)
    linked = successor.replaces is not None and successor.replaces in (stopped.reference, stopped.replaces)
    if linked:
        return same_route is not False and not _other_substance(successor, stopped)
    return same_route is True and not _substances(successor).isdisjoint(_substances(stopped))


def _other_substance(one: MedicationFact, other: MedicationFact) -> bool:
    """Whether the two are known to be different substances: by ATC, as codes of products differ for one substance, too."""
    codes = [{code for system, code in _substances(fact) if system == _ATC} for fact in (one, other)]
    return all(codes) and codes[0].isdisjoint(codes[1])


def _substances(fact: MedicationFact) -> set[tuple[str, str]]:
    codes = (fact.product, *(part.code for part in fact.ingredients if part.active))
    return {(coding.system, coding.code) for concept in codes for coding in concept.codings if coding.code}


def _same_route(one: MedicationFact, other: MedicationFact) -> bool | None:
    """Whether both are given by a route in common; None when one does not say, or says it in another code system."""
    routes = [_routes(one), _routes(other)]
    if not routes[0].isdisjoint(routes[1]):
        return True
    systems = [{system for system, _ in found if system} for found in routes]
    return None if systems[0].isdisjoint(systems[1]) else False


def _routes(fact: MedicationFact) -> set[tuple[str, str]]:
    routes = [dosage.route for dosage in fact.dosages if dosage.route is not None]
    coded = {(coding.system, coding.code) for route in routes for coding in route.codings if coding.code}
    return coded | {("", route.text.casefold()) for route in routes if not route.codings}
