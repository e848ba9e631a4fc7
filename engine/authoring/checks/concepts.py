"""Checks of the concepts: that their codes mean what they seem to, and that somebody uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.authoring.checks.check import Check, Fault, RuleCheck, Scope
from engine.authoring.documents import Document
from engine.authoring.files import ConceptFile
from engine.authoring.problems import Problem
from engine.authoring.references import comparisons_in
from engine.authoring.validation import spoken_unit
from engine.rule import Rule
from engine.trace import Path

_FINDABLE: Final = re.compile(r"\d|\w[/:]\w|\w{2}\.\w{2}")
"""A version, a date or a number; an address or a place in a repository; a host or a file."""

_MEMORY: Final = re.compile(r"\b(memory|remember\w*|by heart)\b", re.IGNORECASE)


class ConceptEmpty(Check):
    """A concept holds nothing, so that every condition on it stays unknown, and no note says what it waits for."""

    code = "concept-empty"
    family = "concepts"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such concept."""
        for document, path, name, concept in _concepts(scope):
            if not (concept.codes or concept.includes or concept.ecl or concept.texts or concept.note):
                mend = "add codes, or say under note what a site has to map"
                yield self.problem(document, path, f"{name} holds nothing", mend, subject=name, key=True)


class CodeRepeated(Check):
    """The same code stands twice in one concept."""

    code = "code-repeated"
    family = "concepts"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every second one."""
        for document, path, name, concept in _concepts(scope):
            for system, codes in concept.codes.items():
                listed = [entry.code for entry in codes]
                for number, code in enumerate(listed):
                    if code in listed[:number]:
                        place = (*path, "codes", system, number)
                        yield self.problem(
                            document, place, f"{code} is already listed", "delete it", subject=name
                        )


class CodeUnseen(Check):
    """What a code's ``seen`` says can be looked up nowhere: it names no version, date, page, file or repository."""

    code = "code-unseen"
    family = "concepts"

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such code; the code itself, where its source is quoted with it, says nothing of the source."""
        for document, path, name, concept in _concepts(scope):
            for part, by_system in (("codes", concept.codes), ("exclude", concept.exclude)):
                for system, codes in by_system.items():
                    for number, entry in enumerate(codes):
                        source = entry.seen.replace(entry.code, "")
                        if _MEMORY.search(source) or not _FINDABLE.search(source):
                            place = (*path, part, system, number, "seen")
                            message = f"nobody can look up where {entry.code} was seen"
                            mend = "name the page, the package and its version, or  owner/repository:path"
                            yield self.problem(document, place, message, mend, subject=name)


class CodeExcluded(Check):
    """A code is listed and excluded in the same concept, and so is not in it."""

    code = "code-excluded"
    family = "concepts"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such code."""
        for document, path, name, concept in _concepts(scope):
            for system, codes in concept.exclude.items():
                listed = {entry.code for entry in concept.codes.get(system, ())}
                for number, entry in enumerate(codes):
                    if entry.code in listed:
                        place = (*path, "exclude", system, number)
                        message = f"{entry.code} is also listed under codes"
                        yield self.problem(
                            document, place, message, "decide for one of the two", subject=name
                        )


class BelowUnfit(Check):
    """A code of a system without a hierarchy in its codes is taken with all that begin with it, which are unrelated."""

    code = "below-unfit"
    family = "concepts"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such code."""
        for document, path, name, concept in _concepts(scope):
            for part, by_system in (("codes", concept.codes), ("exclude", concept.exclude)):
                for system, codes in by_system.items():
                    described = scope.loaded.concepts.systems.get(system)
                    flat = described is not None and not described.hierarchical
                    for number, entry in enumerate(codes):
                        if flat and entry.below:
                            place = (*path, part, system, number)
                            message = f"codes of {system} that begin with {entry.code} are not below it"
                            yield self.problem(document, place, message, "list each code", subject=name)


class PlausibleReversed(Check):
    """The plausible values of a concept go from the greater to the smaller, so that no value is plausible."""

    code = "plausible-reversed"
    family = "concepts"
    severity = "error"
    on_load = True

    def problems(self, scope: Scope) -> Iterator[Problem]:
        """Every such range."""
        for document, path, name, concept in _concepts(scope):
            if concept.plausible is not None and concept.plausible[0] > concept.plausible[1]:
                yield self.problem(
                    document,
                    (*path, "plausible"),
                    "no value is between these",
                    "write the smaller one first",
                    subject=name,
                )


class PlausibleMissing(RuleCheck):
    """A value is compared whose concept names no unit, or no plausible values, so that a slip of the pen is taken for a finding."""

    code = "plausible-missing"
    family = "concepts"

    def faults(self, rule: Rule, scope: Scope) -> Iterator[Fault]:
        """Values that are taken as they come."""
        for path, model, (_, quantities), concept in comparisons_in(rule, scope.loaded.concepts):
            if concept.unit is None:
                unit = spoken_unit(quantities[0].unit)
                yield Fault(
                    (*path, model.noun), f"{concept.id} names no unit", f"add  unit: {unit}  to the concept"
                )
            elif concept.plausible is None:
                yield Fault(
                    (*path, model.noun),
                    f"{concept.id} names no plausible values",
                    "add  plausible: [low, high]  to the concept",
                )


def _concepts(scope: Scope) -> Iterator[tuple[Document, Path, str, ConceptFile]]:
    """Every concept with the file and the place where it stands."""
    for document in scope.loaded.documents.values():
        entries = document.data.get("concepts") if isinstance(document.data, dict) else None
        for name in entries if isinstance(entries, dict) else ():
            if name in scope.loaded.concept_files:
                yield document, ("concepts", name), name, scope.loaded.concept_files[name]
