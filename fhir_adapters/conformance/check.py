"""Checks: each shows one row of one service, and says what is wrong, or why it could not be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType

from fhir_adapters.conformance.examination import Examination, NotApplicable
from fhir_adapters.conformance.row import ROWS, Row
from fhir_adapters.conformance.service import ServiceError


class State(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a check ended, and the reasons when it did not pass."""

    row: Row
    check: str
    state: State
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A function ``ch_120_a_summary_is_under_140_characters`` that yields what is wrong, and nothing when all is well."""

    name: str
    problems: Callable[[Examination], Iterable[str]]

    @property
    def row(self) -> Row:
        """The row that it shows."""
        return ROWS[f"CH-{self.name[3:6]}"]

    @property
    def words(self) -> str:
        """What it shows, as a sentence."""
        return self.name[7:].replace("_", " ")

    def run(self, examination: Examination) -> Verdict:
        """Put a service to it.

        A service that does not answer has failed, and so has one whose answer has a shape that nobody expected.
        """
        try:
            problems = tuple(dict.fromkeys(self.problems(examination)))
        except NotApplicable as reason:
            return Verdict(self.row, self.words, State.NOT_APPLICABLE, (str(reason),))
        except ServiceError as error:
            return Verdict(self.row, self.words, State.FAILED, (str(error),))
        except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            shape = f"an answer has a shape that cannot be examined ({type(error).__name__})"
            return Verdict(self.row, self.words, State.FAILED, (shape,))
        return Verdict(self.row, self.words, State.FAILED if problems else State.PASSED, problems)


def checks_of(module: ModuleType) -> Iterator[Check]:
    """The checks of a module, in the order in which they stand there."""
    for name, found in vars(module).items():
        if name.startswith("ch_"):
            yield Check(name, found)
