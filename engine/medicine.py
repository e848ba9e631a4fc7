"""A medicine that rules are written for, as ``medicines.yaml`` describes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine that rules are written for, told apart from its siblings by route, product and form.

    Intrathecal and oral baclofen share ATC and ingredient codes; only route, product code, dose form or concentration decide
    (terminology trap 2). The members are concept ids; ``strengths`` are quantities such as ``50 ug/mL``, and those of them that a
    sibling is sold in, too, are ``shared_strengths``. A medicine that names
    nothing of the kind has no siblings: its substance alone tells it.
    """

    id: str
    title: str
    substance: str
    routes: str | None = None
    products: str | None = None
    forms: str | None = None
    other_products: str | None = None
    other_forms: str | None = None
    wrong_routes: str | None = None
    other_routes: str | None = None
    strengths: tuple[str, ...] = ()
    shared_strengths: tuple[str, ...] = ()
    device: str | None = None
    presence: str | None = None
    removal: str | None = None
    other_devices: str | None = None
    current_for_days: int = 180

    @property
    def own_strengths(self) -> tuple[str, ...]:
        """The concentrations that no sibling is sold in."""
        return tuple(strength for strength in self.strengths if strength not in self.shared_strengths)

    @property
    def alone(self) -> bool:
        """Whether its substance is in no other medicine that it would have to be told from."""
        told_by = (self.routes, self.products, self.forms, self.strengths)
        told_from = (self.other_products, self.other_forms, self.wrong_routes, self.other_routes)
        return not any((*told_by, *told_from))
