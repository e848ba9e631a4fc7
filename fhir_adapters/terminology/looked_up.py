"""What a terminology server said for one request; it belongs to what the decision was taken from, and is kept with it."""

from __future__ import annotations

from msgspec import Struct

from fhir_adapters.issues import DataIssue


class LookedUp(Struct, frozen=True, omit_defaults=True):
    """Codes of the request that the server counts to concepts, as (concept, system, code), and why it was not asked of all.

    ``answered`` are the codes of SNOMED CT that it knows and on which it has said all that it was asked, now or before, and ``concepts``
    those that it was asked about. ``problem`` is empty where every code that needed looking up has been; else ``unanswered`` are the codes
    on which it did not answer in time, or not in a way that can be read, with the concepts that this leaves open.
    """

    members: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""
    answered: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    unanswered: tuple[tuple[str, str, str], ...] = ()

    @property
    def issues(self) -> tuple[DataIssue, ...]:
        """What the evaluation says of codes that could be compared with the lists of the rules only."""
        return (DataIssue("request", "", "not checked", self.problem),) if self.problem else ()


NOT_LOOKED_UP = LookedUp()
