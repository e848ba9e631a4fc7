"""The checks that any service can be put to, on Primum: open to browsers, and authenticated behind a prefix.

They are those of ``primum conformance``. How fast answers come is measured by that command and by `benchmarks/`, and
asserted nowhere, because it depends on the machine.
"""

from collections.abc import Callable

import pytest

from fhir_adapters.conformance.check import Check, State
from fhir_adapters.conformance.checks import CHECKS
from fhir_adapters.conformance.examination import Examination
from tests.conformance.live import Live
from tests.conformance.requests import demonstration, side_effect

MEASURED = {"CH-055"}
NOTHING_TO_SEE = {
    "open": {"CH-001", "CH-020", "CH-021", "CH-022", "CH-163", "CH-170", "CH-171"}
    | {"CH-200", "CH-201", "CH-202", "CH-203", "CH-212", "CH-214"},
    "authenticated": {"CH-001", "CH-020", "CH-021", "CH-163", "CH-170", "CH-171"},
}
"""Rows of which a configuration gives nothing to see: no TLS on this machine, no member of 3.0, no smart link, no
system action, no token."""

DEPARTURES = {
    "CH-133": "nothing justifies another route than the one into the spinal canal, so that card offers no reason"
}
"""Advice that is not followed, and why."""

Examined = Callable[[str], Examination]


@pytest.fixture(scope="module")
def examined(request: pytest.FixtureRequest) -> Examined:
    """The examination of each configuration, begun when it is first asked for."""
    begun: dict[str, Examination] = {}

    def of(configuration: str) -> Examination:
        if configuration not in begun:
            live: Live = request.getfixturevalue("browsed" if configuration == "open" else configuration)
            service = live.service if configuration == "open" else live.signed_service()
            begun[configuration] = Examination(service, [demonstration(), side_effect()])
        return begun[configuration]

    return of


def shown() -> set[str]:
    """The rows that are shown by this file: those of which some configuration gives something to see."""
    unseen = set.intersection(*NOTHING_TO_SEE.values())
    return {check.row.id for check in CHECKS} - unseen - DEPARTURES.keys() - MEASURED


@pytest.mark.parametrize("configuration", ["open", "authenticated"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_conforms(check: Check, configuration: str, examined: Examined) -> None:
    row = check.row.id
    if row in MEASURED:
        pytest.skip("measured, not asserted")
    verdict = check.run(examined(configuration))
    if row in DEPARTURES:
        assert verdict.state is State.FAILED
        pytest.skip(DEPARTURES[row])
    if row in NOTHING_TO_SEE[configuration]:
        assert verdict.state is State.NOT_APPLICABLE
        pytest.skip("this configuration gives nothing to see")
    assert (verdict.state, verdict.reasons) == (State.PASSED, ())
