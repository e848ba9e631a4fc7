"""The terminology server: what it makes of a SNOMED CT expression, and which codes it counts to one (FHIR R4).

Expressions are expanded with an inline value set, so that nothing has to be installed on the server
(``ValueSet/$expand``, R4 terminology service 4.7). An answer that is cut short, open-ended or of another code system is
refused whole: half an expansion would pass for one. Codes are looked up with one ``batch`` of
``ValueSet/$validate-code``. Only codes and expressions are sent, never anything else of a record.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec

from engine.concepts import Membership
from engine.errors import CdsError
from engine.expansions import Expansion
from engine.grammars import SNOMED, holds
from fhir_adapters.errors import FhirDataError
from fhir_adapters.mapping.elements import code, node, nodes, text
from fhir_adapters.outbound import Outbound, OutboundError
from fhir_adapters.wire import decode_value

PAGE: Final = 1000
"""Codes that are asked for at once."""
MOST_CODES: Final = 100_000
"""Codes of the largest expansion that is taken: a larger one is not a clinical idea, it is a code system."""
EXPANSION_SECONDS: Final = 300.0
"""How long one expression may take, all pages together."""
LARGEST_ANSWER: Final = 16 * 1024 * 1024

_MEDIA_TYPE: Final = "application/fhir+json"
_HEADERS: Final = {"accept": _MEDIA_TYPE, "content-type": _MEDIA_TYPE}
_INCOMPLETE: Final = {
    "http://hl7.org/fhir/StructureDefinition/valueset-unclosed": "the server cannot list all of it (unclosed)",
    "http://hl7.org/fhir/StructureDefinition/valueset-toocostly": "the server cut it short (too costly)",
}
_LONGEST_WORDS: Final = 200

_EVERYTHING: Final = ""
"""Stands for all of SNOMED CT among the concepts that codes are asked about."""

# The codes of terminology issues that the FHIR terminology services of HL7 use: these two say that a code is not in the value set,
# the others that the code, the code system or its version is not known, or not read.
_ISSUE_TYPE: Final = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"
_NOT_A_MEMBER: Final = frozenset({"not-in-vs", "this-code-not-in-vs"})
_NOT_KNOWN: Final = re.compile(r"unknown|could not be found|unable to find|invalid code", re.IGNORECASE)

Progress = Callable[[int, int | None], None]
"""Told after each page: how many codes have come, and of how many where the server says so."""


class TerminologyError(CdsError):
    """The terminology server did not give what was asked for; the message is a clause, without codes of a record."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """An expansion, and the server's terms for its codes, for whoever looks at it; terms are under licence and not kept."""

    expansion: Expansion
    displays: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of an expansion: all that it lists with its terms, and what of it counts.

    ``total`` is None where the server does not say.
    """

    listed: Mapping[str, str]
    counting: frozenset[str]
    total: int | None
    versions: frozenset[str]
    identifier: str


class TerminologyServer:
    """One server, called over connections that are the caller's to close."""

    def __init__(self, outbound: Outbound, address: str) -> None:
        """``address`` is the FHIR base, to which operations are added."""
        self._outbound = outbound
        self.address = address.rstrip("/")

    async def expand(
        self, ecl: str, *, today: date, progress: Progress = lambda got, total: None
    ) -> Expanded:
        """All active codes that an expression means, page by page.

        Raises:
            TerminologyError: the server does not give all of them.
        """
        try:
            async with asyncio.timeout(EXPANSION_SECONDS):
                return await self._expanded(ecl, today, progress)
        except TimeoutError:
            raise TerminologyError(f"it takes longer than {EXPANSION_SECONDS:.0f} seconds") from None

    async def _expanded(self, ecl: str, today: date, progress: Progress) -> Expanded:
        first = await self._page(ecl, 0)
        listed, counting = dict(first.listed), set(first.counting)
        while True:
            progress(len(listed), first.total)
            if max(len(listed), first.total or 0) > MOST_CODES:
                raise TerminologyError(f"it has more than {MOST_CODES:,} codes")
            if first.total is not None and len(listed) >= first.total:
                if len(listed) > first.total:
                    raise TerminologyError(f"the server gave {len(listed)} codes and counts {first.total}")
                break
            page = await self._page(ecl, len(listed))
            if (page.versions, page.total) != (first.versions, first.total) and page.listed:
                raise TerminologyError("it changed while it was read: try again")
            if page.listed.keys() <= listed.keys():
                # Without a total this is how the end shows, also with a server that ignores paging.
                if first.total is not None:
                    raise TerminologyError(f"the server gave {len(listed)} of {first.total} codes")
                break
            listed |= page.listed
            counting |= page.counting
        codes = frozenset((SNOMED, each) for each in counting)
        version = _version(first.versions)
        expansion = Expansion(codes, self.address, version, first.identifier, today.isoformat(), ecl)
        return Expanded(expansion, listed)

    async def _page(self, ecl: str, offset: int) -> _Page:
        parameters = [
            {"name": "valueSet", "resource": _value_set(ecl)},
            {"name": "activeOnly", "valueBoolean": True},
            {"name": "excludeNested", "valueBoolean": True},
            {"name": "count", "valueInteger": PAGE},
            {"name": "offset", "valueInteger": offset},
        ]
        answer = await self._post(
            "/ValueSet/$expand", {"resourceType": "Parameters", "parameter": parameters}
        )
        return _page_of(answer)

    async def members(
        self, expressions: Mapping[str, str], codes: Iterable[str]
    ) -> dict[tuple[str, str], Membership]:
        """Whether each SNOMED CT code is a member of each concept, by (concept, code).

        *No* is taken only from a server that knows the code: it is asked, too, whether all of SNOMED CT has it. What its edition does
        not hold, a retired code or one of another country, it would deny of anything; that is *unknown*. A pair on which the server
        has nothing to say is left out.

        Raises:
            TerminologyError: there is no answer to the whole of it.
        """
        value_sets = {concept: _value_set(ecl) for concept, ecl in expressions.items()}
        value_sets[_EVERYTHING] = _value_set()
        asked = [(concept, wanted) for wanted in codes for concept in value_sets]
        entries = [_question(value_sets[concept], wanted) for concept, wanted in asked]
        answer = await self._post("", {"resourceType": "Bundle", "type": "batch", "entry": entries})
        told = answer.get("entry")
        if answer.get("resourceType") != "Bundle" or not isinstance(told, list) or len(told) != len(asked):
            raise TerminologyError("the server does not answer batches of $validate-code")
        said = {pair: _membership(node(entry)) for pair, entry in zip(asked, told, strict=True)}
        return {
            (concept, wanted): _believed(found, said[_EVERYTHING, wanted])
            for (concept, wanted), found in said.items()
            if concept != _EVERYTHING and found is not None
        }

    async def _post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        content = msgspec.json.encode(body)
        try:
            answer = await self._outbound.send("POST", self.address + path, headers=_HEADERS, content=content)
        except OutboundError as error:
            raise TerminologyError(str(error)) from None
        try:
            found = node(decode_value(answer.body))
        except FhirDataError:
            found = {}
        if answer.status != 200:
            raise TerminologyError(f"the server answered {answer.status}{_words(found)}")
        if not found:
            raise TerminologyError("the server's answer is not FHIR in JSON")
        return found


def _value_set(ecl: str = "") -> dict[str, Any]:
    """An expression as an inline value set (filter ``constraint``, FHIR R4 page *Using SNOMED CT with HL7 standards*).

    Without one it is all of SNOMED CT.
    """
    constraint = {"property": "constraint", "op": "=", "value": ecl}
    include = {"system": SNOMED, "filter": [constraint]} if ecl else {"system": SNOMED}
    return {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}


def _question(value_set: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    parameters = [
        {"name": "valueSet", "resource": value_set},
        {"name": "system", "valueUri": SNOMED},
        {"name": "code", "valueCode": wanted},
    ]
    return {
        "request": {"method": "POST", "url": "ValueSet/$validate-code"},
        "resource": {"resourceType": "Parameters", "parameter": parameters},
    }


def _believed(found: Membership, in_everything: Membership | None) -> Membership:
    if found is Membership.NO and in_everything is not Membership.YES:
        return Membership.UNKNOWN
    return found


def _membership(entry: Mapping[str, Any]) -> Membership | None:
    """The answer of one entry of a batch; None where it is none: an error, no ``result``, or two of them.

    *False* for any other reason than that the value set lacks the code, by the ``issues`` (tx-issue-type) or the words of ``message``,
    is *unknown*.
    """
    parameters, status = node(entry.get("resource")), text(node(entry.get("response")).get("status"))
    if parameters.get("resourceType") != "Parameters" or (status and not status.startswith("2")):
        return None
    told = nodes(parameters.get("parameter"))
    results = [each.get("valueBoolean") for each in told if each.get("name") == "result"]
    if len(results) != 1 or not isinstance(results[0], bool):
        return None
    if results[0]:
        return Membership.YES
    issues = (each.get("resource") for each in told if each.get("name") == "issues")
    kinds = {
        kind for outcome in issues for issue in nodes(node(outcome).get("issue")) for kind in _kinds(issue)
    }
    message = " ".join(text(each.get("valueString")) for each in told if each.get("name") == "message")
    doubtful = kinds - _NOT_A_MEMBER or _NOT_KNOWN.search(message)
    return Membership.UNKNOWN if doubtful else Membership.NO


def _kinds(issue: Mapping[str, Any]) -> Iterable[str]:
    """What an issue of an answer is of; a warning or a note on it is of nothing."""
    if text(issue.get("severity")) in {"warning", "information"}:
        return
    codings = nodes(node(issue.get("details")).get("coding"))
    yield from [code(each.get("code")) for each in codings if text(each.get("system")) == _ISSUE_TYPE] or [""]


def _page_of(answer: Mapping[str, Any]) -> _Page:
    expansion = answer.get("expansion")
    if answer.get("resourceType") != "ValueSet" or not isinstance(expansion, dict):
        raise TerminologyError("the server's answer is not an expansion")
    for extension in nodes(expansion.get("extension")):
        why = _INCOMPLETE.get(text(extension.get("url")))
        if why is not None and extension.get("valueBoolean") is not False:
            raise TerminologyError(why)
    entries = list(_flat(expansion.get("contains")))
    if any(text(entry.get("system")) != SNOMED or not code(entry.get("code")) for entry in entries):
        raise TerminologyError("the server gave codes of another code system than SNOMED CT")
    if not all(holds(SNOMED, code(entry.get("code"))) for entry in entries):
        raise TerminologyError("the server gave what SNOMED CT cannot hold as a code")
    marks = [entry.get(mark, False) for entry in entries for mark in ("inactive", "abstract")]
    if not all(isinstance(mark, bool) for mark in marks):
        raise TerminologyError("the server marks codes as inactive or abstract in another way than FHIR does")
    counting = (entry for entry in entries if True not in (entry.get("inactive"), entry.get("abstract")))
    return _Page(
        {code(entry.get("code")): text(entry.get("display")) for entry in entries},
        frozenset(code(entry.get("code")) for entry in counting),
        _total(expansion),
        _versions(expansion, entries),
        text(expansion.get("identifier")),
    )


def _total(expansion: Mapping[str, Any]) -> int | None:
    total = expansion.get("total")
    if total is not None and (not isinstance(total, int) or isinstance(total, bool) or total < 0):
        raise TerminologyError("the server's total is not a number of codes")
    return total


def _flat(contains: object) -> Iterable[Mapping[str, Any]]:
    """The entries of an expansion, those below others too, whether or not the server was asked to nest them."""
    waiting = nodes(contains)
    while waiting:
        entry = waiting.pop()
        yield entry
        waiting += nodes(entry.get("contains"))


def _versions(expansion: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The versions of SNOMED CT that are told, in the parameters ``version`` or ``used-codesystem`` and with each entry."""
    told = {text(entry.get("version")) for entry in entries}
    for parameter in nodes(expansion.get("parameter")):
        system, _, version = text(parameter.get("valueUri")).partition("|")
        if text(parameter.get("name")) in {"version", "used-codesystem"} and system == SNOMED:
            told.add(version)
    return frozenset(told - {""})


def _version(told: frozenset[str]) -> str:
    """The one version of an expansion: codes of none, or of several, are not those of any."""
    if len(told) != 1:
        problem = "names more than one version" if told else "does not say which version"
        raise TerminologyError(f"the server {problem} of SNOMED CT")
    return next(iter(told))


def _words(outcome: Mapping[str, Any]) -> str:
    """What the server says of its refusal; it was told nothing of a patient, and its words go to an operator."""
    for issue in nodes(outcome.get("issue")):
        said = text(issue.get("diagnostics")) or text(node(issue.get("details")).get("text"))
        words = ": ".join(filter(None, (text(issue.get("code")), said)))
        if words:
            return f" ({_printable(words[:_LONGEST_WORDS])})"
    return ""


def _printable(words: str) -> str:
    """Words in one line, without characters that would move the cursor of a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
