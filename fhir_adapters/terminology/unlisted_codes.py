"""Unlisted codes: SNOMED CT codes of a request that neither the rules nor the expansions name, asked about at once.

It is the last look, and one that cards never wait for long (CDS Hooks 2.0.1 wants an answer in about 500 ms): a request
waits ``DEADLINE`` at most. An answer that comes later serves the next request. *Yes* adds the code to the concept;
*no* is remembered and changes nothing, because a server may only add. Where there is no answer, and where the server says that it
does not know the code (of another edition, or retired), the code denies none of the concepts that the server was to be asked about:
whoever names a server relies on it, and silence must not mean that it was late. The evaluation and the card say so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal

from msgspec import Raw
from starlette.concurrency import run_in_threadpool

from engine.concepts import Coding, ConceptLibrary, Membership
from engine.grammars import SNOMED, holds
from fhir_adapters.cds_hooks.envelope import HookRequest
from fhir_adapters.errors import FhirDataError
from fhir_adapters.journal import note
from fhir_adapters.mapping.elements import code, text
from fhir_adapters.outbound import Outbound, Targets
from fhir_adapters.terminology.looked_up import LookedUp
from fhir_adapters.terminology.server import LARGEST_ANSWER, TerminologyError, TerminologyServer
from fhir_adapters.wire import RawJson, decode_value

DEADLINE: Final = 0.15
"""Seconds that a request waits at most."""
PATIENCE: Final = 5.0
"""Seconds after which an answer does not come any more."""
QUIET: Final = 30.0
"""Seconds for which a server that failed is left alone."""
MOST_AT_ONCE: Final = 50
"""Codes that are asked about for one request; the others are asked about for the next one."""
MOST_REMEMBERED: Final = 50_000

# Where rules never look: a code there would be asked about for nothing.
_SKIPPED: Final = frozenset({"meta", "extension", "modifierExtension", "bodySite", "severity", "text"})


class UnlistedCodes:
    """Looks up what no list names, and remembers the answers; belongs to one event loop until it is closed."""

    def __init__(
        self,
        targets: Targets,
        concepts: ConceptLibrary,
        expressions: Mapping[str, str],
        *,
        deadline: float = DEADLINE,
    ) -> None:
        """``targets`` has the one address of the server; ``expressions`` are in ECL, by concept."""
        self._targets = targets
        self._concepts = concepts
        self._expressions = expressions
        self._deadline = deadline
        self._outbound: Outbound | None = None
        self._known: dict[str, frozenset[str]] = {}
        self._incomplete: dict[str, frozenset[str]] = {}
        self._unsettled: set[str] = set()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._quiet_until = 0.0
        self.state: Literal["not asked yet", "ok", "failing"] = "not asked yet"

    @property
    def address(self) -> str:
        """The server's FHIR base."""
        return self._targets.addresses[0]

    async def look_up(self, request: HookRequest) -> HookRequest:
        """The request with what the server says of its codes, as far as it says so in time."""
        unlisted = await run_in_threadpool(self._unlisted, request)
        new = self._open(unlisted)
        if new and asyncio.get_running_loop().time() >= self._quiet_until:
            await asyncio.wait(self._ask(new), timeout=self._deadline)
        members = tuple(
            (concept, SNOMED, found)
            for found in unlisted
            for concept in sorted(self._known.get(found, frozenset()))
        )
        still_open = frozenset(self._open(unlisted))
        answered = tuple(found for found in unlisted if found not in still_open | self._unsettled)
        unanswered = tuple(
            (concept, SNOMED, found)
            for found in unlisted
            if found in still_open or found in self._unsettled
            for concept in sorted(self._left_open(found))
        )
        problem = _problem(len(still_open), len(self._unsettled.intersection(unlisted) - still_open))
        looked_up = LookedUp(members, problem, answered, tuple(sorted(self._expressions)), unanswered)
        return replace(request, looked_up=looked_up)

    async def aclose(self) -> None:
        """Stop asking."""
        for task in set(self._asking.values()):
            task.cancel()
        if self._outbound is not None:
            await self._outbound.aclose()

    def _open(self, codes: Iterable[str]) -> list[str]:
        """Those on which the server has not said all that it was asked."""
        return [each for each in codes if each not in self._known or each in self._incomplete]

    def _left_open(self, code: str) -> Iterable[str]:
        """The concepts on which the server has not told a code yes or no."""
        if code in self._unsettled:
            return self._expressions.keys() - self._known[code]
        return self._incomplete.get(code, self._expressions.keys())

    def _ask(self, new: Sequence[str]) -> set[asyncio.Task[None]]:
        """The tasks that bring the answers, one of them new for what nobody is asking yet."""
        wanted = [found for found in new if found not in self._asking][:MOST_AT_ONCE]
        if wanted:
            task = asyncio.create_task(self._answer(wanted))
            self._asking |= dict.fromkeys(wanted, task)
        return {self._asking[found] for found in new if found in self._asking}

    async def _answer(self, wanted: Sequence[str]) -> None:
        try:
            found = await self._server().members(self._expressions, wanted)
        except TerminologyError as error:
            self._fail(str(error))
        except Exception as error:
            # The cards must come, whatever is wrong with a look-up that only adds to them.
            note("defect", level=logging.ERROR, error=error)
            self._fail("asking failed because of a defect here")
        else:
            self._remember(wanted, found)
        finally:
            for each in wanted:
                del self._asking[each]

    def _server(self) -> TerminologyServer:
        if self._outbound is None:
            self._outbound = Outbound(self._targets, max_bytes=LARGEST_ANSWER, seconds=PATIENCE)
        return TerminologyServer(self._outbound, self.address)

    def _remember(self, wanted: Sequence[str], found: Mapping[tuple[str, str], Membership]) -> None:
        if len(self._known) + len(wanted) > MOST_REMEMBERED:
            self._known.clear()
            self._incomplete.clear()
            self._unsettled.clear()
        for each in wanted:
            self._known[each] = frozenset(
                concept for concept in self._expressions if found.get((concept, each)) is Membership.YES
            )
        unsettled = {each for (_, each), said in found.items() if said is Membership.UNKNOWN}
        self._unsettled = self._unsettled - set(wanted) | unsettled
        missing = {
            each: frozenset(concept for concept in self._expressions if (concept, each) not in found)
            for each in wanted
        }
        incomplete = {each: concepts for each, concepts in missing.items() if concepts}
        kept = {each: concepts for each, concepts in self._incomplete.items() if each not in missing}
        self._incomplete = kept | incomplete
        if incomplete:
            self._fail(f"the server did not answer all that it was asked of {len(incomplete)} codes")
        else:
            self.state = "ok"

    def _fail(self, reason: str) -> None:
        self.state = "failing"
        self._quiet_until = asyncio.get_running_loop().time() + QUIET
        note("terminology-not-asked", level=logging.WARNING, reason=reason)

    def _unlisted(self, request: HookRequest) -> list[str]:
        """The SNOMED CT codes of a request that the library has never heard of, in order."""
        found: set[str] = set()
        for value in _values(request):
            found.update(_snomed_codes(value, self._concepts))
        return sorted(each for each in found if not self._concepts.names(Coding(SNOMED, each)))


def _problem(unanswered: int, unknown: int) -> str:
    said = ((unanswered, "did not answer"), (unknown, "does not know " + ("it" if unknown == 1 else "them")))
    return "; ".join(_compared(count, why) for count, why in said if count)


def _compared(count: int, why: str) -> str:
    one = count == 1
    codes, they = ("code of SNOMED CT was", "it denies") if one else ("codes of SNOMED CT were", "they deny")
    return (
        f"{count} {codes} compared with the lists of the rules only (embedded-only): "
        f"the terminology server {why}, so {they} nothing"
    )


def _values(request: HookRequest) -> Iterator[Any]:
    """All that a request brought or had fetched; what is not JSON is for the record's reader to report."""
    pages: list[RawJson] = [entry.raw for entry in request.context.entries()]
    for value in request.prefetch.values():
        pages += [value] if isinstance(value, Raw | bytes) else value
    for page in pages:
        try:
            yield decode_value(page)
        except FhirDataError:
            continue


def _snomed_codes(value: Any, concepts: ConceptLibrary) -> Iterable[str]:
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            found = code(here.get("code"))
            # Nothing else leaves: where a code belongs, a record may hold words, a number of the patient, a date.
            if holds(SNOMED, found) and concepts.system_uri(text(here.get("system"))) == SNOMED:
                yield found
            waiting += [member for name, member in here.items() if name not in _SKIPPED]
        elif isinstance(here, list):
            waiting += here
