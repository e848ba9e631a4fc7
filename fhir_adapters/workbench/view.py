"""The view of one look: chart, cards, trace and marks are drawn together and go together, and never stay for another patient."""

from __future__ import annotations

from fhir_adapters.workbench.card_pane import CardPane
from fhir_adapters.workbench.looks import Look, Scope
from fhir_adapters.workbench.patient_pane import PatientPane
from fhir_adapters.workbench.patients import Patient
from fhir_adapters.workbench.rule_pane import RulePane
from fhir_adapters.workbench.trace_pane import TracePane

Asked = tuple[Patient, Scope]
"""Whom one looks at, and with which rules."""


class View:
    """The regions that show a look; ``look`` is what they show, an empty one while they show none."""

    def __init__(self, rule: RulePane, patient: PatientPane, cards: CardPane, trace: TracePane) -> None:
        """Begin with nothing shown."""
        self._rule, self._patient, self._cards, self._trace = rule, patient, cards, trace
        self.look = Look()
        self._asked: Asked | None = None

    def show(self, found: Look, asked: Asked) -> None:
        """Draw what came of a look."""
        self._draw(found)
        self._asked = asked

    def keep(self, asked: Asked, text: str, otherwise: str, *, busy: bool = False) -> None:
        """Say that what is drawn is of before; where it is of someone else, take it away and say ``otherwise``."""
        if asked == self._asked:
            self._cards.wait(text, busy=busy)
        else:
            self.clear(otherwise)

    def clear(self, why: str) -> None:
        """Take everything away, and say why nothing is shown."""
        self._draw(Look((why,)))
        self._asked = None

    def _draw(self, found: Look) -> None:
        self.look = found
        self._patient.show(found)
        self._cards.show(found)
        self._trace.show(found)
        self._rule.show_findings(found)
